"""IDX, the format of MNIST: a file of pictures and one of labels, as they are or with gzip.

The format is that of http://yann.lecun.com/exdb/mnist/: two zero bytes, a code for the type of
the numbers, how many axes there are, the size of each as a big-endian 32-bit number, the numbers.
"""

from __future__ import annotations

import math
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from backprop_studio.data.dataset import Task
from backprop_studio.data.importing.binary import (
    Read,
    UnsoundBytesError,
    read_exactly,
    read_features,
)
from backprop_studio.data.importing.result import (
    MAX_CLASSES,
    Imported,
    Progress,
    carry_on,
    check_size,
    fault,
    finish,
    title_of,
)
from backprop_studio.errors import ImportDataError
from backprop_studio.files import open_regular, shorten

SUFFIXES = (".idx", ".gz")
MAX_BYTES = 2**30

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_GZIP = b"\x1f\x8b"
_MAX_AXES = 8
_MOST_PACKED = 1_032
"""Bytes that one byte of deflate can stand for (RFC 1951), so more than that is a lie."""

_PART = 2**16

_MOST_SHOWN, _LARGEST_SHOWN = 12, 2**20
"""Pictures that a preview has, and pixels of one."""


@dataclass(frozen=True)
class Preview:
    """A pair of IDX files.

    Attributes
    ----------
    features, labels
        Which file is which; no labels if their file was not found.
    shape
        Of the features, rows first; empty as long as their file was not found.
    first
        The first pictures, float32 of shape (pictures, height, width) from 0 to 1; none where the
        features are no pictures, or cannot be read.
    first_labels
        The first labels, as far as they can be read.
    """

    features: Path | None
    labels: Path | None
    shape: tuple[int, ...]
    first: npt.NDArray[np.float32] = field(
        default_factory=lambda: np.zeros((0, 1, 1), np.float32), compare=False
    )
    first_labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Header:
    dtype: np.dtype[Any]
    shape: tuple[int, ...]


def is_named(path: str | os.PathLike[str]) -> bool:
    """Whether a file is named as the files of MNIST are, which have no ending."""
    name = os.path.basename(os.fspath(path)).casefold()
    return name.endswith(("ubyte", "-idx1", "-idx3", *SUFFIXES))


def inspect(path: str | os.PathLike[str]) -> Preview:
    """Look at one of the two files, and find the other by its name.

    Raises
    ------
    ImportDataError
        It is no IDX file.
    """
    file = Path(path)
    with _opened(file) as (header, _):
        pass
    labels_first = len(header.shape) == 1
    other = _partner(file, labels_first=labels_first)
    features, labels = (other, file) if labels_first else (file, other)
    shape = header.shape
    if labels_first and features is not None:
        with _opened(features) as (found, _):
            shape = found.shape
    if features is None:
        return Preview(features, labels, ())
    named = () if labels is None else _first_labels(labels)
    return Preview(features, labels, shape, _first(features), named)


def load(
    features: str | os.PathLike[str],
    labels: str | os.PathLike[str],
    progress: Progress = carry_on,
) -> Imported:
    """Make a data set of a file of features or pictures and one of labels.

    Raises
    ------
    ImportDataError
        One of the files is at fault, or they do not belong together; nothing was loaded.
    ImportCancelled
        `progress` said so.
    """
    with _opened(labels) as (header, read):
        if len(header.shape) != 1 or header.dtype.kind == "f":
            raise fault(labels, "it holds no labels, which are whole numbers in a single row")
        count = header.shape[0]
        try:
            raw = read_exactly(read, count * header.dtype.itemsize, carry_on)
        except UnsoundBytesError as error:
            raise fault(labels, str(error)) from None
        values = np.frombuffer(raw, header.dtype).astype(np.int64)
    with _opened(features) as (header, read):
        if len(header.shape) < 2:
            raise fault(features, "it holds labels, and no features")
        if header.shape[0] != count:
            raise fault(
                features, f"it has {header.shape[0]:,} rows, and there are {count:,} labels"
            )
        check_size(features, math.prod(header.shape) + count)
        try:
            x = read_features(read, header.shape, header.dtype, progress)
        except UnsoundBytesError as error:
            raise fault(features, str(error)) from None
    image = header.shape[1:] if len(header.shape) == 3 else None
    names, y = np.unique(values, return_inverse=True)
    if len(names) > MAX_CLASSES:
        raise fault(labels, f"it has more than {MAX_CLASSES:,} different labels")
    x = x.reshape(count, -1).copy() if x.ndim > 2 else x
    return finish(
        features,
        title=title_of(features),
        summary=f"{count:,} rows of the file {shorten(os.path.basename(features), 80)}.",
        x=x,
        y=y.astype(np.int64, copy=False),
        task=Task.CLASSIFICATION,
        class_names=tuple(str(name) for name in names),
        image_shape=None if image is None else (image[0], image[1]),
    )


def _first(features: Path) -> npt.NDArray[np.float32]:
    """The first pictures. What is wrong with the file is told when all of it is read."""
    none = np.zeros((0, 1, 1), np.float32)
    try:
        with _opened(features) as (header, read):
            if len(header.shape) != 3 or header.dtype != np.uint8:
                return none
            count, height, width = header.shape
            size = height * width
            if size > _LARGEST_SHOWN:
                return none
            data = _take(read, min(count, _MOST_SHOWN) * size)
    except ImportDataError:
        return none
    whole = len(data) // size
    pictures = np.frombuffer(data, np.uint8, whole * size).astype(np.float32) / np.float32(255)
    return pictures.reshape(whole, height, width)


def _first_labels(labels: Path) -> tuple[str, ...]:
    try:
        with _opened(labels) as (header, read):
            if len(header.shape) != 1 or header.dtype.kind == "f":
                return ()
            count = min(header.shape[0], _MOST_SHOWN)
            data = _take(read, count * header.dtype.itemsize)
    except ImportDataError:
        return ()
    whole = len(data) // header.dtype.itemsize
    return tuple(str(label) for label in np.frombuffer(data, header.dtype, whole))


@contextmanager
def _opened(path: str | os.PathLike[str]) -> Iterator[tuple[_Header, Read]]:
    """Open a file, and read its header."""
    with open_regular(path, limit=MAX_BYTES, error=ImportDataError) as file:
        packed = file.read(2) == _GZIP
        file.seek(0)
        read = _inflated(file) if packed else file.read
        try:
            header = _header(path, read)
            check_size(path, math.prod(header.shape))
            # Before anything is allocated.
            most = os.fstat(file.fileno()).st_size * (_MOST_PACKED if packed else 1)
            if math.prod(header.shape) * header.dtype.itemsize > most:
                raise fault(path, "it is shorter than it says")
            yield header, read
        except zlib.error:
            raise fault(path, "its compression is damaged") from None


def _header(path: str | os.PathLike[str], read: Read) -> _Header:
    start = _take(read, 4)
    unpack = "; unpack what it holds first" if os.fspath(path).casefold().endswith(".gz") else ""
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in _TYPES:
        raise fault(path, "it is no IDX file, as those of MNIST are" + unpack)
    axes = start[3]
    if not 1 <= axes <= _MAX_AXES:
        raise fault(path, f"it says that it has {axes} axes, and 1 to {_MAX_AXES} can be read")
    sizes = _take(read, 4 * axes)
    if len(sizes) < 4 * axes:
        raise fault(path, "it is cut off")
    shape = struct.unpack(f">{axes}I", sizes)
    if not all(shape):
        raise fault(path, "it holds no rows")
    return _Header(np.dtype(_TYPES[start[2]]), shape)


def _take(read: Read, count: int) -> bytes:
    data = b""
    while len(data) < count and (part := read(count - len(data))):
        data += part
    return data


def _inflated(file: BinaryIO) -> Read:
    """Reads what a gzip file holds, never more at once than is asked for."""
    stream = zlib.decompressobj(wbits=31)

    def read(count: int) -> bytes:
        while not stream.eof:
            packed = stream.unconsumed_tail or file.read(_PART)
            if not packed:
                raise zlib.error("cut off")
            part = stream.decompress(packed, count)
            if part:
                return part
        return b""

    return read


def _partner(file: Path, *, labels_first: bool) -> Path | None:
    """The other file of a pair, if it lies beside the first under the usual name."""
    names = ("images", "labels"), ("idx3", "idx1")
    name = file.name
    for image, label in names:
        old, new = (label, image) if labels_first else (image, label)
        name = name.replace(old, new)
    if name == file.name:
        return None
    stems = [name, name.removesuffix(".gz"), f"{name}.gz"]
    return next((file.with_name(n) for n in stems if file.with_name(n).is_file()), None)
