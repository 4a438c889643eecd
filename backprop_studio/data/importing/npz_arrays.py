"""The arrays in an NPZ file. Nothing is unpickled, and no claim of a size is believed."""

from __future__ import annotations

import math
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any, BinaryIO, Literal

import numpy as np
import numpy.typing as npt

from backprop_studio.data.importing.binary import UnsoundBytesError, read_exactly
from backprop_studio.data.importing.result import carry_on, fault
from backprop_studio.errors import ImportDataError
from backprop_studio.files import open_regular, shorten, shown, size

MAX_BYTES = 2**30
MAX_ARRAYS = 1_000
SHOWN_ROWS = 12
"""Rows of an array that are looked at before it is read, at most."""

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
_DESCR = re.compile(rb"'descr': '([<>|=])([biufUS])(\d{1,5})'")
_SHAPE = re.compile(rb"'shape': \(([0-9, ]{0,200})\)")
_FORTRAN = re.compile(rb"'fortran_order': (True|False)")


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


@contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[zipfile.ZipFile]:
    """Open the archive; whatever is wrong with it is one kind of error.

    Raises
    ------
    ImportDataError
        It is no archive, too large, or damaged, also where that shows only while it is read.
    """
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


def numbers(path: str | os.PathLike[str]) -> dict[str, npt.NDArray[Any]]:
    """All arrays of numbers as they are, by name; those of other kinds are left out.

    Raises
    ------
    ImportDataError
        It is no NPZ file, is damaged, or holds more than may be.
    """
    found = {}
    with opened(path) as archive:
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
                    info = header_of(name, part)
                except UnsoundBytesError:
                    continue
                if info.dtype.kind in "biuf" and 0 not in info.shape:
                    found[name] = read_raw(path, info, part, limit=MAX_BYTES)
    return found


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


def header_of(name: str, part: IO[bytes]) -> ArrayInfo:
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


def first_rows(info: ArrayInfo, part: IO[bytes]) -> npt.NDArray[Any] | None:
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


def open_array(
    path: str | os.PathLike[str], archive: zipfile.ZipFile, name: str
) -> tuple[ArrayInfo, IO[bytes]]:
    """Open an array behind its header.

    Raises
    ------
    ImportDataError
        It is not there, of a kind that cannot be read, or shorter than it says.
    """
    titles = archive.namelist()
    if titles.count(f"{name}.npy") != 1:
        count = "twice" if f"{name}.npy" in titles else "not"
        raise array_fault(path, name, f"it is {count} in the file")
    part = archive.open(f"{name}.npy")
    try:
        info = header_of(name, part)
    except UnsoundBytesError as error:
        part.close()
        raise array_fault(path, name, str(error)) from None
    # Before anything is allocated.
    if math.prod(info.shape) * info.dtype.itemsize > archive.getinfo(f"{name}.npy").file_size:
        part.close()
        raise array_fault(path, name, "it is shorter than it says")
    return info, part


def read_raw(
    path: str | os.PathLike[str], info: ArrayInfo, part: IO[bytes], limit: int = _MAX_TEXT
) -> npt.NDArray[Any]:
    """An array as it is.

    Raises
    ------
    ImportDataError
        It is empty, damaged, or takes more bytes than `limit`.
    """
    nbytes = math.prod(info.shape) * info.dtype.itemsize
    if nbytes > limit:
        raise array_fault(path, info.name, f"it takes more than {size(limit)}")
    if info.dtype.itemsize == 0 or 0 in info.shape:
        raise array_fault(path, info.name, "it is empty")
    try:
        raw = read_exactly(part.read, nbytes, carry_on)
        return _decoded(raw, info.dtype, info.shape, "F" if info.fortran else "C")
    except UnsoundBytesError as error:
        raise array_fault(path, info.name, str(error)) from None


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


def array_fault(path: str | os.PathLike[str], name: str, reason: str) -> ImportDataError:
    """The error that one array is at fault."""
    return ImportDataError("import-array", path=shown(path), array=shorten(name, 60), reason=reason)
