"""Writes a file so that it is either the old one or the new one, whenever the power fails."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from backprop_studio.errors import ProjectError, StudioError
from backprop_studio.files import cause, shown

Content = bytes | Callable[[BinaryIO], None]
"""What to write, or what writes it into an open file."""

_TEMPORARY = re.compile(r"\.backprop-studio-[0-9a-f]{16}\.tmp")
_NO_SUCH_SERVICE = {errno.EINVAL, errno.ENOTSUP, errno.EBADF}


def write_atomically(
    path: str | os.PathLike[str], content: Content, *, error: type[StudioError] = ProjectError
) -> None:
    """Make `content` the content of the file at `path`, all of it or nothing.

    A temporary file in the same folder is written, flushed to the disk and put in the place of
    the old one; then the folder is flushed. A link is kept and its target replaced. An existing
    file keeps its mode bits. After any failure no temporary file is left.

    Parameters
    ----------
    path
        Where to write.
    content
        The bytes, or a function that writes them.
    error
        What to raise.

    Raises
    ------
    StudioError
        Of the class `error`: ``file-unwritable`` when nothing was changed, ``file-unconfirmed``
        when the new file stands there but may not outlive a power failure.
    """
    with _naming(path, error):
        target = _target(path)
        descriptor, temporary = _create(target)
        try:
            with _opened(descriptor) as file:
                if callable(content):
                    content(file)
                else:
                    file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    try:
        _flush_folder(target.parent)
    except OSError as reason:
        raise error("file-unconfirmed", path=shown(path), reason=cause(reason)) from reason


def check_writable(
    path: str | os.PathLike[str], *, error: type[StudioError] = ProjectError
) -> None:
    """Try whether `write_atomically` could begin, leaving everything as it is.

    Raises
    ------
    StudioError
        Of the class `error`: ``file-unwritable``.
    """
    with _naming(path, error):
        descriptor, temporary = _create(_target(path))
        try:
            os.close(descriptor)
        finally:
            os.unlink(temporary)


def sweep(folder: str | os.PathLike[str], *, older_than: float = 3600.0) -> int:
    """Remove temporary files that a killed process left, and tell how many.

    Parameters
    ----------
    folder
        Where to look; not below it. A folder that cannot be read is as good as clean.
    older_than
        Seconds since the last write. Younger ones may belong to a process that is alive.
    """
    removed = 0
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if not _TEMPORARY.fullmatch(entry.name) or not entry.is_file(follow_symlinks=False):
                continue
            with contextlib.suppress(OSError):
                if time.time() - entry.stat(follow_symlinks=False).st_mtime >= older_than:
                    os.unlink(entry.path)
                    removed += 1
    return removed


@contextmanager
def _naming(path: str | os.PathLike[str], error: type[StudioError]) -> Iterator[None]:
    """Turn the system's errors into one that names the path and the cause."""
    try:
        yield
    except OSError as reason:
        raise error("file-unwritable", path=shown(path), reason=cause(reason)) from reason


def _target(path: str | os.PathLike[str]) -> Path:
    """The file at the end of all links, after a check that it may be replaced."""
    try:
        target = _end_of_links(path)
        status = os.stat(target)
    except FileNotFoundError:
        return target
    except ValueError as error:
        raise OSError(None, cause(error)) from error
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(None, "it is not an ordinary file")
    # Replacing needs the right to the folder only; a file that was locked on purpose stays.
    if not os.access(target, os.W_OK):
        code = errno.EROFS if _read_only(target) else errno.EACCES
        raise OSError(code, os.strerror(code))
    return target


def _read_only(path: Path) -> bool:
    """Whether it is the whole disk that takes nothing, as far as the system tells."""
    if not hasattr(os, "statvfs"):
        return False
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)


def _end_of_links(path: str | os.PathLike[str]) -> Path:
    """Where a path leads, with or without a file there.

    Strictly at first: otherwise a link that cannot be looked at just now would be taken for a
    file, and be replaced by one.
    """
    try:
        return Path(os.path.realpath(path, strict=True))
    except FileNotFoundError:
        return Path(os.path.realpath(path))


def _create(target: Path) -> tuple[int, Path]:
    """Make an empty file beside `target`, with its mode bits if there is one."""
    # Not named after the target, whose name may already be as long as a name can be.
    temporary = target.with_name(f".backprop-studio-{secrets.token_hex(8)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        mode = stat.S_IMODE(os.stat(target).st_mode)
    except FileNotFoundError:
        mode = None
    descriptor = os.open(temporary, flags, 0o666)
    try:
        if mode is not None:
            os.chmod(temporary, mode)
    except BaseException:
        # Each of them, whatever becomes of the other.
        with contextlib.suppress(OSError):
            os.close(descriptor)
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    return descriptor, temporary


def _opened(descriptor: int) -> BinaryIO:
    """A file to write to; when there is none to be had, the descriptor is closed."""
    try:
        return os.fdopen(descriptor, "wb")
    except BaseException:
        with contextlib.suppress(OSError):
            os.close(descriptor)
        raise


def _flush_folder(folder: Path) -> None:
    """Make the new name outlive a power failure, where the system has a way to."""
    if os.name != "posix":
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:
        # One may be allowed to write into a folder and not to list it.
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SUCH_SERVICE:
            raise
    finally:
        os.close(descriptor)
