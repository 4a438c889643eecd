"""One array as the bytes of a `.npy` file, and back without trusting them."""

from __future__ import annotations

import io
import math
import re

import numpy as np

from backprop_studio.autograd import Array
from backprop_studio.project.unsound import UnsoundError

# numpy's own reader evaluates the header as Python and allocates what it claims.
_HEADER = re.compile(
    rb"\{'descr': '(<f4|<f8)', 'fortran_order': False, 'shape': \(([0-9, ]*)\), \} *\n"
)
_MAGIC = b"\x93NUMPY\x01\x00"
_START = len(_MAGIC) + 2
_MAX_DIMENSIONS = 16
_MAX_DIGITS = 12


def to_bytes(array: Array) -> bytes:
    """The bytes of a `.npy` file, version 1.0, little-endian and in C order.

    Raises
    ------
    ValueError
        The array is of neither float32 nor float64.
    """
    if array.dtype not in (np.float32, np.float64):
        raise ValueError(f"weights are {array.dtype}; they must be float32 or float64")
    file = io.BytesIO()
    ordered = np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")
    np.lib.format.write_array(file, ordered, version=(1, 0), allow_pickle=False)
    return file.getvalue()


def from_bytes(data: bytes) -> Array:
    """The read-only array of a `.npy` file, version 1.0.

    Raises
    ------
    UnsoundError
        It is damaged, or holds anything but float32 or float64 in C order.
    """
    if data[: len(_MAGIC)] != _MAGIC or len(data) < _START:
        raise UnsoundError("weights are not in the npy format")
    stop = _START + int.from_bytes(data[len(_MAGIC) : _START], "little")
    header = _HEADER.fullmatch(data[_START:stop])
    if header is None:
        raise UnsoundError("weights have a header that cannot be read")
    parts = [p.strip() for p in header[2].split(b",") if p.strip()]
    if len(parts) > _MAX_DIMENSIONS or any(b" " in p or len(p) > _MAX_DIGITS for p in parts):
        raise UnsoundError("weights have a shape that cannot be read")
    shape = tuple(int(p) for p in parts)
    dtype = np.dtype(header[1].decode())
    if math.prod(shape) * dtype.itemsize != len(data) - stop:
        raise UnsoundError("weights are shorter or longer than their shape says")
    array = np.frombuffer(data, dtype, offset=stop).astype(dtype.newbyteorder("="))
    array = array.reshape(shape)
    array.flags.writeable = False
    return array
