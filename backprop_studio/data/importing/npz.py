"""NPZ: arrays as NumPy saves them. Nothing is unpickled, and no claim of a size is believed."""

from __future__ import annotations

import math
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import IO, Any, BinaryIO, Literal

import numpy as np
import numpy.typing as npt

from backprop_studio.data.dataset import Task
from backprop_studio.data.importing.binary import (
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
    sort_names,
    title_of,
    warning,
)
from backprop_studio.errors import Diagnostic, ImportDataError
from backprop_studio.files import open_regular, shorten, shown, size

SUFFIXES = (".npz",)
MAX_BYTES = 2**30
MAX_ARRAYS = 1_000
SHOWN_ROWS = 12
"""Rows that a preview has, at most."""

_MOST_SHOWN = 2**20
"""Bytes of an array that a preview reads."""

_NO_ARRAY = "it is no array of plain numbers or words"
_OBJECTS = "it holds Python objects, which are never read, as they could run code"
_MAX_HEADER = 10_000
_MAX_AXES = 6
_MAX_TEXT = 2**26
_MAX_RATIO, _SMALL = 20, 2**24
"""Weights hardly shrink at all: of large ones that do, the file was made to blow up."""

_END, _END_MARK = struct.Struct("<10xHL6x"), b"PK\x05\x06"
_FAR, _FAR_MARK = 20, b"PK\x06\x07"
_MAX_END = _END.size + 2**16
_MAX_DIRECTORY = 2**20
_FEATURES = ("x", "x_train", "train_x", "features", "images", "data", "inputs")
_TARGETS = ("y", "y_train", "train_y", "targets", "target", "labels", "outputs")
_DESCR = re.compile(rb"'descr': '([<>|=])([biufUS])(\d{1,5})'")
_SHAPE = re.compile(rb"'shape': \(([0-9, ]{0,200})\)")
_FORTRAN = re.compile(rb"'fortran_order': (True|False)")
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class ArrayInfo:
    """One array of a file, as its header describes it.

    Attributes
    ----------
    name, shape, dtype, fortran
        As the file has them.
    first
        The first rows as they are stored, of shape (rows, ...); None where they are too long to be
        looked at, or cannot be read.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool = False
    first: npt.NDArray[Any] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Preview:
    """What a file holds.

    Attributes
    ----------
    arrays
        Those that can be features or targets.
    x, y
        Names of the likely features and targets; empty where nothing is likely.
    unusable
        Names of the arrays that are of no use, each with the reason.
    """

    arrays: tuple[ArrayInfo, ...]
    x: str
    y: str
    unusable: tuple[tuple[str, str], ...] = ()


def inspect(path: str | os.PathLike[str]) -> Preview:
    """Look at the headers of all arrays, and at their first rows.

    Raises
    ------
    ImportDataError
        It is no NPZ file, or holds no array of numbers.
    """
    found = []
    unusable = []
    with _opened(path) as archive:
        for entry in archive.infolist():
            if not entry.filename.endswith(".npy"):
                continue
            name = entry.filename.removesuffix(".npy")
            with archive.open(entry) as part:
                try:
                    info = _header(name, part)
                except UnsoundBytesError as error:
                    unusable.append((name, str(error)))
                else:
                    found.append(replace(info, first=_first_rows(info, part)))
    if not found:
        why = f": of '{shorten(unusable[0][0], 60)}', {unusable[0][1]}" if unusable else ""
        raise fault(path, f"it holds no arrays of numbers{why}")
    return Preview(tuple(found), *_guess(found), tuple(unusable))


def numbers(path: str | os.PathLike[str]) -> dict[str, npt.NDArray[Any]]:
    """All arrays of numbers as they are, by name; those of other kinds are left out.

    Raises
    ------
    ImportDataError
        It is no NPZ file, is damaged, or holds more than may be.
    """
    found = {}
    with _opened(path) as archive:
        titles = [e.filename for e in archive.infolist() if e.filename.endswith(".npy")]
        if len(set(titles)) != len(titles):
            raise fault(path, "two of its arrays have the same name")
        inflated = sum(archive.getinfo(title).file_size for title in titles)
        if inflated > MAX_BYTES:
            raise fault(path, "its arrays take more than 1 GB")
        packed = os.path.getsize(path)
        if inflated > max(_SMALL, _MAX_RATIO * packed):
            raise fault(path, f"it would blow up from {size(packed)} to {size(inflated)}")
        for title in titles:
            name = title.removesuffix(".npy")
            with archive.open(title) as part:
                try:
                    info = _header(name, part)
                except UnsoundBytesError:
                    continue
                if info.dtype.kind in "biuf" and 0 not in info.shape:
                    found[name] = _raw(path, info, part, limit=MAX_BYTES)
    return found


def likely_task(targets: ArrayInfo) -> Task:
    """Whether an array of targets is likely to hold classes or numbers."""
    if targets.dtype.kind != "f":
        return Task.CLASSIFICATION
    first = targets.first
    one_hot = (
        first is not None
        and first.ndim == 2
        and first.shape[1] > 1
        and bool(np.isin(first, (0, 1)).all() and (first.sum(axis=1) == 1).all())
    )
    return Task.CLASSIFICATION if one_hot else Task.REGRESSION


def pictures(x: npt.NDArray[Any]) -> npt.NDArray[np.float32] | None:
    """Rows of an array as the pictures that they would be imported as.

    Parameters
    ----------
    x
        Array of shape (rows, ...), of any numbers.

    Returns
    -------
    Array of shape (rows, height, width), or None where the rows are no pictures.
    """
    if x.dtype.kind not in "biuf" or not 3 <= x.ndim <= 4:
        return None
    with np.errstate(all="ignore"):
        flat, image = _pictures(x.astype(np.float32), [])
    return None if image is None else flat.reshape(-1, *image)


def load(
    path: str | os.PathLike[str],
    x: str,
    y: str,
    task: Task | None = None,
    progress: Progress = carry_on,
) -> Imported:
    """Make a data set of two arrays.

    Parameters
    ----------
    path
        The file.
    x, y
        Names of the features and the targets.
    task
        Whether the targets are classes or numbers; words and whole numbers are classes if left
        out.

    Raises
    ------
    ImportDataError
        The file or one of the arrays is at fault; nothing was loaded.
    ImportCancelled
        `progress` said so.
    """
    with _opened(path) as archive:
        features, source = _find(path, archive, x)
        with source:
            if features.dtype.kind not in "biuf":
                raise _of_array(path, x, "features must be numbers")
            if not 1 <= len(features.shape) <= 4 or 0 in features.shape:
                raise _of_array(path, x, f"it has shape {features.shape}, and needs 1 to 4 axes")
            check_size(path, math.prod(features.shape))
            rows = _read_features(path, features, source, progress)
        targets, source = _find(path, archive, y)
        with source:
            if targets.shape[:1] != features.shape[:1]:
                count = targets.shape[0] if targets.shape else 0
                raise _of_array(
                    path, y, f"it has {count:,} rows, and '{shorten(x, 60)}' has {len(rows):,}"
                )
            check_size(path, math.prod(features.shape) + math.prod(targets.shape))
            if task is None:
                task = Task.REGRESSION if targets.dtype.kind == "f" else Task.CLASSIFICATION
            values: npt.NDArray[Any]
            names: tuple[str, ...] = ()
            if task is Task.CLASSIFICATION:
                values, names = _read_classes(path, targets, source)
            else:
                values = _read_numbers(path, targets, source)
    warnings: list[Diagnostic] = []
    flat, image = _pictures(rows, warnings)
    return finish(
        path,
        title=title_of(path),
        summary=f"{len(flat):,} rows of the file {shorten(os.path.basename(path), 80)}.",
        x=flat,
        y=values,
        task=task,
        class_names=names,
        image_shape=image,
        warnings=tuple(warnings),
    )


@contextmanager
def _opened(path: str | os.PathLike[str]) -> Iterator[zipfile.ZipFile]:
    """Open the archive; whatever is wrong with it is one kind of error."""
    with open_regular(path, limit=MAX_BYTES, error=ImportDataError) as file:
        if file.read(4) != b"PK\x03\x04":
            raise fault(path, "it is no NPZ file, which is a zip archive of arrays")
        try:
            _check_directory(path, file)
            with zipfile.ZipFile(file) as archive:
                if len(archive.infolist()) > MAX_ARRAYS:
                    raise fault(path, f"it holds more than {MAX_ARRAYS:,} arrays")
                yield archive
        except (
            # zipfile has no one error for archives that are damaged.
            zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, EOFError,
            IndexError, NotImplementedError, OverflowError, RuntimeError, ValueError,
        ):  # fmt: skip
            raise fault(path, "the archive is damaged") from None


def _check_directory(path: str | os.PathLike[str], file: BinaryIO) -> None:
    """Refuse a directory that is too long, before zipfile makes objects of all its entries."""
    length = file.seek(0, os.SEEK_END)
    start = file.seek(max(length - _MAX_END, 0))
    tail = file.read(_MAX_END)
    at = tail.rfind(_END_MARK)
    if at < 0 or len(tail) - at < _END.size:
        raise fault(path, "the archive is damaged")
    _, directory = _END.unpack_from(tail, at)
    if directory > _MAX_DIRECTORY:
        raise fault(path, f"it holds more than {MAX_ARRAYS:,} arrays")
    # A second record, for sizes above 4 GB, would be believed in its place.
    file.seek(max(start + at - _FAR, 0))
    if file.read(4) == _FAR_MARK:
        raise fault(path, "the archive is of the kind for sizes above 4 GB")
    file.seek(0)


def _header(name: str, part: IO[bytes]) -> ArrayInfo:
    """Read the header of an array.

    Raises
    ------
    UnsoundBytesError
        It is of a kind that cannot be read.
    """
    start = part.read(8)
    if start[:6] != b"\x93NUMPY" or len(start) < 8:
        raise UnsoundBytesError(_NO_ARRAY)
    width = 2 if start[6] == 1 else 4
    length = int.from_bytes(part.read(width), "little")
    if length > _MAX_HEADER:
        raise UnsoundBytesError(_NO_ARRAY)
    # NumPy's own reader evaluates the header as Python; a pattern cannot be made to do anything.
    text = part.read(length)
    found = [pattern.search(text) for pattern in (_DESCR, _SHAPE, _FORTRAN)]
    if b"'descr': '|O'" in text:
        raise UnsoundBytesError(_OBJECTS)
    if len(text) != length or any(match is None for match in found):
        raise UnsoundBytesError(_NO_ARRAY)
    descr, shape, fortran = (match for match in found if match is not None)
    parts = [p.strip() for p in shape[1].split(b",") if p.strip()]
    if len(parts) > _MAX_AXES or any(b" " in p or len(p) > 12 for p in parts):
        raise UnsoundBytesError(_NO_ARRAY)
    try:
        dtype = np.dtype(b"".join(descr.groups()).decode().replace("=", "<"))
    except TypeError:
        raise UnsoundBytesError(_NO_ARRAY) from None
    return ArrayInfo(name, tuple(int(p) for p in parts), dtype, fortran[1] == b"True")


def _first_rows(info: ArrayInfo, part: IO[bytes]) -> npt.NDArray[Any] | None:
    """The first rows of an array behind its header. What is wrong with it is told at the import."""
    shape = info.shape or (1,)
    if 0 in shape or info.dtype.itemsize == 0:
        return None
    row = math.prod(shape[1:]) * info.dtype.itemsize
    count = min(shape[0], SHOWN_ROWS, _MOST_SHOWN // row)
    # Of an array that is stored by columns, no row is whole before the last column.
    scattered = info.fortran and len(shape) > 1
    nbytes = shape[0] * row if scattered else count * row
    if count == 0 or nbytes > _MOST_SHOWN:
        return None
    raw = b""
    while len(raw) < nbytes and (more := part.read(nbytes - len(raw))):
        raw += more
    if scattered:
        if len(raw) < nbytes:
            return None
    else:
        # Of one that is cut off, those rows that are there.
        shape = (len(raw) // row, *shape[1:])
        raw = raw[: shape[0] * row]
    try:
        return _decoded(raw, info.dtype, shape, "F" if scattered else "C")[:count]
    except UnsoundBytesError:
        return None


def _guess(arrays: list[ArrayInfo]) -> tuple[str, str]:
    by_name = {a.name.casefold(): a.name for a in reversed(arrays)}
    x = next((by_name[n] for n in _FEATURES if n in by_name), "")
    y = next((by_name[n] for n in _TARGETS if n in by_name), "")
    if not x:
        numeric = [a for a in arrays if a.dtype.kind in "biuf" and a.name != y and a.shape]
        x = max(numeric, key=lambda a: math.prod(a.shape)).name if numeric else ""
    if not y and x:
        rows = next(a.shape[:1] for a in arrays if a.name == x)
        same = [a for a in arrays if a.name != x and a.shape and a.shape[:1] == rows]
        y = min(same, key=lambda a: math.prod(a.shape)).name if same else ""
    return x, y


def _find(
    path: str | os.PathLike[str], archive: zipfile.ZipFile, name: str
) -> tuple[ArrayInfo, IO[bytes]]:
    """Open an array behind its header."""
    titles = archive.namelist()
    if titles.count(f"{name}.npy") != 1:
        count = "twice" if f"{name}.npy" in titles else "not"
        raise _of_array(path, name, f"it is {count} in the file")
    part = archive.open(f"{name}.npy")
    try:
        info = _header(name, part)
    except UnsoundBytesError as error:
        part.close()
        raise _of_array(path, name, str(error)) from None
    # Before anything is allocated.
    if math.prod(info.shape) * info.dtype.itemsize > archive.getinfo(f"{name}.npy").file_size:
        part.close()
        raise _of_array(path, name, "it is shorter than it says")
    return info, part


def _read_features(
    path: str | os.PathLike[str], info: ArrayInfo, part: IO[bytes], progress: Progress
) -> npt.NDArray[np.float32]:
    shape = info.shape[::-1] if info.fortran else info.shape
    try:
        array = read_features(part.read, shape, info.dtype, progress)
    except UnsoundBytesError as error:
        raise _of_array(path, info.name, str(error)) from None
    return np.ascontiguousarray(array.T) if info.fortran else array


def _read_numbers(
    path: str | os.PathLike[str], info: ArrayInfo, part: IO[bytes]
) -> npt.NDArray[np.float32]:
    if info.dtype.kind not in "biuf" or len(info.shape) not in (1, 2) or 0 in info.shape:
        raise _of_array(path, info.name, "targets must be numbers, in one row or in columns")
    # Bytes are shares of 255 as features only.
    wide = np.dtype("<u2") if info.dtype == np.uint8 else info.dtype
    if wide is info.dtype:
        array = _read_features(path, info, part, carry_on)
    else:
        array = _raw(path, info, part).astype(np.float32)
    return array.reshape(len(array), -1).copy()


def _read_classes(
    path: str | os.PathLike[str], info: ArrayInfo, part: IO[bytes]
) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    values = _raw(path, info, part)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim == 2 and values.dtype.kind in "biuf":
        # One column a class, of which one is 1.
        if not (np.isin(values, (0, 1)).all() and (values.sum(axis=1) == 1).all()):
            raise _of_array(path, info.name, "classes must be in one row, or one-hot in columns")
        values = values.argmax(axis=1)
    if values.ndim != 1:
        raise _of_array(path, info.name, f"it has shape {values.shape}, and classes have one axis")
    if values.dtype.kind == "f" and not (np.isfinite(values).all() and (values % 1 == 0).all()):
        raise _of_array(path, info.name, "it holds other than whole numbers, which are no classes")
    there, y = np.unique(values, return_inverse=True)
    if len(there) > MAX_CLASSES:
        raise _of_array(path, info.name, f"it has more than {MAX_CLASSES:,} different classes")
    if there.dtype.kind == "S":
        names = [name.decode("utf-8", errors="replace") for name in there.tolist()]
    elif there.dtype.kind == "U":
        names = [str(name) for name in there]
    else:
        names = [str(int(name)) for name in there]
    order = sort_names(names)
    place = {name: i for i, name in enumerate(order)}
    y = np.array([place[name] for name in names], np.int64)[y.reshape(-1)]
    return y, tuple(shorten(name, 80) or "(empty)" for name in order)


def _raw(
    path: str | os.PathLike[str], info: ArrayInfo, part: IO[bytes], limit: int = _MAX_TEXT
) -> npt.NDArray[Any]:
    """An array as it is."""
    nbytes = math.prod(info.shape) * info.dtype.itemsize
    if nbytes > limit:
        raise _of_array(path, info.name, f"it takes more than {size(limit)}")
    if info.dtype.itemsize == 0 or 0 in info.shape:
        raise _of_array(path, info.name, "it is empty")
    try:
        raw = read_exactly(part.read, nbytes, carry_on)
        return _decoded(raw, info.dtype, info.shape, "F" if info.fortran else "C")
    except UnsoundBytesError as error:
        raise _of_array(path, info.name, str(error)) from None


def _decoded(
    raw: bytes, dtype: np.dtype[Any], shape: tuple[int, ...], order: Literal["C", "F"]
) -> npt.NDArray[Any]:
    """An array of its bytes.

    Raises
    ------
    UnsoundBytesError
        There are words among them that are none.
    """
    array: npt.NDArray[Any] = np.frombuffer(raw, dtype)
    if dtype.kind == "U":
        codes = np.frombuffer(raw, dtype.byteorder.replace("=", "<") + "u4")
        if (codes > 0x10FFFF).any() or ((codes >= 0xD800) & (codes < 0xE000)).any():
            raise UnsoundBytesError("its words are damaged")
    return array.reshape(shape, order=order)


def _pictures(
    x: npt.NDArray[np.float32], warnings: list[Diagnostic]
) -> tuple[npt.NDArray[np.float32], tuple[int, int] | None]:
    """Rows of numbers, and as what picture each may be drawn."""
    if x.ndim == 4:
        if x.shape[3] in (3, 4) and min(x.shape[1:3]) > 1:
            x = x[..., :3] @ _LUMA
            warnings.append(warning("import-grey"))
        elif x.shape[1] == 3 and min(x.shape[2:]) > 1:
            x = np.einsum("nchw,c->nhw", x, _LUMA)
            warnings.append(warning("import-grey"))
        elif 1 in (x.shape[1], x.shape[3]):
            x = x.reshape(len(x), *(x.shape[2:] if x.shape[1] == 1 else x.shape[1:3]))
    image = (x.shape[1], x.shape[2]) if x.ndim == 3 else None
    if x.ndim != 2:
        x = x.reshape(len(x), -1).copy()
    return x, image


def _of_array(path: str | os.PathLike[str], name: str, reason: str) -> ImportDataError:
    return ImportDataError("import-array", path=shown(path), array=shorten(name, 60), reason=reason)
