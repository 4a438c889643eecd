"""Limits on memory, checked before anything is allocated."""

from __future__ import annotations

from backprop_studio.errors import StudioError

MEMORY_LIMIT = 4 * 2**30
"""Bytes that a program may need unless a higher limit is asked for."""


def check_memory(need: int, limit: int = MEMORY_LIMIT) -> None:
    """Refuse what needs more than `limit` bytes.

    Raises
    ------
    StudioError
        ``network-too-large``; the text says how much it needs.
    """
    if need > limit:
        raise StudioError("network-too-large", need=in_words(need), limit=in_words(limit))


def in_words(size: int) -> str:
    """A number of bytes for people: `4.0 GiB`."""
    # Whole numbers first: a size that nothing could hold may be beyond all floats.
    return f"{(size * 10 // 2**30) / 10:,.1f} GiB" if size < 2**100 else "over 2^70 GiB"
