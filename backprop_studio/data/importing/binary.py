"""Numbers from bytes that may be anything: block by block, checked as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from backprop_studio.data.importing.result import Progress, tell

BLOCK = 2**22
"""Bytes that are looked at together."""

Read = Callable[[int], bytes]
"""Returns at most so many of the next bytes, and none at the end."""


class UnsoundBytesError(Exception):
    """The bytes are not what they were said to be; the text is a reason without a full stop."""


def read_features(
    read: Read, shape: tuple[int, ...], dtype: np.dtype[Any], progress: Progress
) -> npt.NDArray[np.float32]:
    """Read an array as features; whole numbers of one byte become shares of 255.

    Parameters
    ----------
    read
        Gives the bytes, in C order.
    shape
        Of what is read; found small enough already.
    dtype
        Boolean, whole or floating-point numbers.
    progress
        Is told how much has been read.

    Raises
    ------
    UnsoundBytesError
        There are too few or too many bytes, or a number is not finite.
    """
    out = np.empty(shape, np.float32)
    flat = out.reshape(-1)
    scale = np.float32(255.0) if dtype == np.uint8 else None
    row_size = max(flat.size // max(shape[0], 1), 1)
    place = 0
    for block in _blocks(read, flat.size * dtype.itemsize, progress):
        numbers = np.frombuffer(block, dtype)
        part = flat[place : place + len(numbers)]
        with np.errstate(all="ignore"):
            part[...] = numbers
        bad = np.flatnonzero(~np.isfinite(part))
        if bad.size:
            what = "is not a number" if np.isnan(part[bad]).any() else "is infinite or too large"
            row = (place + int(bad.min())) // row_size + 1
            raise UnsoundBytesError(f"a number of row {row:,} {what}")
        if scale is not None:
            part /= scale
        place += len(numbers)
    return out


def read_exactly(read: Read, count: int, progress: Progress) -> bytes:
    """Read so many bytes, after which there must be no more.

    Raises
    ------
    UnsoundBytesError
        There are too few or too many.
    """
    return b"".join(_blocks(read, count, progress))


def _blocks(read: Read, count: int, progress: Progress) -> Iterator[bytes]:
    left = count
    while left:
        parts, wanted = [], min(BLOCK, left)
        while wanted:
            part = read(wanted)
            if not part:
                raise UnsoundBytesError("it is shorter than it says")
            parts.append(part)
            wanted -= len(part)
        block = b"".join(parts)
        left -= len(block)
        yield block
        tell(progress, 1.0 - left / count)
    if read(1):
        raise UnsoundBytesError("it is longer than it says")
