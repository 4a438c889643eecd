"""Random numbers that depend on a key alone, so that any of them can be drawn again."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_WORD = 2**32


def philox(stream: int, *, seed: int, index: int = 0) -> np.random.Philox:
    """Make the counter-based bit generator of one key.

    `SeedSequence` cuts a large number into 32-bit words and pads with zeros, so unequal lists
    such as ``[5, 1]`` and ``[5 + 2**32]`` would give equal streams. Here every part of the key
    has a fixed number of words; different keys fill the pool differently.

    Parameters
    ----------
    stream
        What the numbers are for, one number a purpose, in [0, 2**32).
    seed
        Seed that the learner sees, in [0, 2**64).
    index
        Epoch, class or the like, in [0, 2**32).

    Raises
    ------
    ValueError
        If a part of the key is out of range.

    References
    ----------
    Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
    """
    if not 0 <= seed < _WORD**2:
        raise ValueError(f"seed is {seed}; it must be at least 0 and below 2**64")
    if not 0 <= stream < _WORD or not 0 <= index < _WORD:
        raise ValueError(f"stream {stream} and index {index} must be at least 0 and below 2**32")
    key = [stream, seed % _WORD, seed // _WORD, index]
    return np.random.Philox(np.random.SeedSequence(key))


def permutation(count: int, stream: int, *, seed: int, index: int = 0) -> npt.NDArray[np.int64]:
    """Return a random order of ``range(count)`` that depends on the key alone.

    Sorts raw 64-bit words rather than calling ``Generator.permutation``: NumPy promises that bit
    generators never change, but not so the methods of ``Generator`` (NEP 19), and a project file
    must replay to the same bits years later.

    Returns
    -------
    int64 array of shape (count,)
        Writable.
    """
    words = philox(stream, seed=seed, index=index).random_raw(count)
    return np.argsort(words, kind="stable").astype(np.int64, copy=False)
