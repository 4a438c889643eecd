"""Opens what may be anything: checks first, plain words when it fails."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from backprop_studio.errors import ProjectError, StudioError

_SHOWN = 300
_WORDS = {
    errno.EACCES: "permission is denied",
    errno.EPERM: "permission is denied",
    errno.EROFS: "the disk is read-only",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would be too large for this disk",
    errno.EIO: "the disk reported an error",
    errno.ENOENT: "the folder does not exist",
    errno.ENOTDIR: "a part of the path is not a folder",
    errno.EISDIR: "it is a folder",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ELOOP: "its links go in a circle",
    errno.EMFILE: "too many files are open",
    errno.ENFILE: "too many files are open",
}


def shorten(text: str, limit: int = _SHOWN) -> str:
    """`text` on one line, unprintable characters escaped, the middle of a long one left out."""
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}…{text[-half:]}"


def shown(path: str | os.PathLike[str]) -> str:
    """A path as messages show it."""
    return shorten(os.fspath(path))


def cause(error: OSError | ValueError) -> str:
    """Why the system refused, in plain words without a full stop."""
    if isinstance(error, OSError):
        words = _WORDS.get(error.errno or 0) or error.strerror or str(error)
        return shorten(words[:1].lower() + words[1:].rstrip("."))
    # NUL characters, and characters that no file name can hold.
    return "this cannot be the name of a file"


@contextmanager
def open_regular(
    path: str | os.PathLike[str], *, limit: int, error: type[StudioError] = ProjectError
) -> Iterator[BinaryIO]:
    """Open an ordinary file for reading; a pipe or a device is refused instead of waited for.

    Parameters
    ----------
    path
        Links are followed.
    limit
        Most bytes that the file may have.
    error
        What to raise.

    Raises
    ------
    StudioError
        Of the class `error`: ``file-missing``, ``file-not-regular``, ``file-too-large`` or
        ``file-unreadable``, the last also for an `OSError` inside the block.
    """
    try:
        status = os.stat(path)
    except FileNotFoundError:
        raise error("file-missing", path=shown(path)) from None
    except (OSError, ValueError) as reason:
        raise error("file-unreadable", path=shown(path), reason=cause(reason)) from reason
    if not stat.S_ISREG(status.st_mode):
        raise error("file-not-regular", path=shown(path))
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with os.fdopen(os.open(path, flags), "rb") as file:
            # What stands there may have been exchanged since.
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise error("file-not-regular", path=shown(path))
            if status.st_size > limit:
                raise error(
                    "file-too-large", path=shown(path), size=size(status.st_size), limit=size(limit)
                )
            yield file
    except OSError as reason:
        raise error("file-unreadable", path=shown(path), reason=cause(reason)) from reason


def size(count: int) -> str:
    """A number of bytes for people."""
    for unit, scale in (("GB", 2**30), ("MB", 2**20), ("kB", 2**10)):
        if count >= scale:
            return f"{count / scale:.3g} {unit}"
    return f"{count} bytes"
