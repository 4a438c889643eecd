"""Memory that is free, and that the system does not know to be free."""

from __future__ import annotations

import ctypes
import sys


def give_back() -> None:
    """Give the memory that the allocator keeps for later back to the system, where it can be.

    glibc keeps what large arrays have left behind: hundreds of megabytes after a large network. It
    takes some ten milliseconds if there is much, and is left out on other systems.
    """
    if sys.platform != "linux":
        return
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):  # another C library than glibc
        return
    trim(ctypes.c_size_t(0))
