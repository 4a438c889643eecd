"""One array as the bytes of a `.npy` file, and back without trusting them."""

from __future__ import annotations

import io
import math
import re
from typing import Any

import numpy as np

from backprop_studio.autograd import Array
from backprop_studio.project.unsound import UnsoundError

# numpy's own reader evaluates the header as Python and allocates what it claims.
_HEADER = re.compile(
    rb"\{'descr': '(<f4|<f8|<i8)', 'fortran_order': False, 'shape': \(([0-9, ]*)\), \} *\n"
)
WEIGHTS = (np.dtype("<f4"), np.dtype("<f8"))
"""Types of weights."""

DATA = (np.dtype("<f4"), np.dtype("<i8"))
"""Types of features and targets."""

_MAGIC = b"\x93NUMPY\x01\x00"
_START = len(_MAGIC) + 2
_MAX_DIMENSIONS = 16
_MAX_DIGITS = 12


def to_bytes(array: Array, kinds: tuple[np.dtype[Any], ...] = WEIGHTS) -> bytes:
    """The bytes of a `.npy` file, version 1.0, little-endian and in C order.

    Raises
    ------
    ValueError
        The array is of none of these types.
    """
    kind = array.dtype.newbyteorder("<")
    if kind not in kinds:
        raise ValueError(f"an array is {array.dtype}; it must be {_names(kinds)}")
    file = io.BytesIO()
    ordered = np.asarray(array, dtype=kind, order="C")
    np.lib.format.write_array(file, ordered, version=(1, 0), allow_pickle=False)
    return file.getvalue()


def from_bytes(
    data: bytes, kinds: tuple[np.dtype[Any], ...] = WEIGHTS, *, what: str = "weights"
) -> Array:
    """The read-only array of a `.npy` file, version 1.0.

    Parameters
    ----------
    data
        All of the file.
    kinds
        Types that it may have.
    what
        What it holds, for messages.

    Raises
    ------
    UnsoundError
        It is damaged, or holds anything but one of these types in C order.
    """
    if data[: len(_MAGIC)] != _MAGIC or len(data) < _START:
        raise UnsoundError(f"{what} are not in the npy format")
    stop = _START + int.from_bytes(data[len(_MAGIC) : _START], "little")
    header = _HEADER.fullmatch(data[_START:stop])
    if header is None:
        raise UnsoundError(f"{what} have a header that cannot be read")
    parts = [p.strip() for p in header[2].split(b",") if p.strip()]
    if len(parts) > _MAX_DIMENSIONS or any(b" " in p or len(p) > _MAX_DIGITS for p in parts):
        raise UnsoundError(f"{what} have a shape that cannot be read")
    shape = tuple(int(p) for p in parts)
    dtype = np.dtype(header[1].decode())
    if dtype not in kinds:
        raise UnsoundError(f"{what} are {dtype.name} and must be {_names(kinds)}")
    if math.prod(shape) * dtype.itemsize != len(data) - stop:
        raise UnsoundError(f"{what} are shorter or longer than their shape says")
    array = np.empty(shape, dtype.newbyteorder("="))
    array.reshape(-1)[...] = np.frombuffer(data, dtype, offset=stop)
    array.flags.writeable = False
    return array


def _names(kinds: tuple[np.dtype[Any], ...]) -> str:
    return " or ".join(kind.name for kind in kinds)
