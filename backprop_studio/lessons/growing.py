"""Files that grow by lines: what was done in a lesson, and the learner's own rows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from backprop_studio.files import cause, shown
from backprop_studio.lessons.runner import LessonError


def add_lines(path: Path, lines: Sequence[bytes], *, most: int | None = None) -> None:
    """Write lines behind those that are there. Half a line that a crash has left is cut off.

    Parameters
    ----------
    path
        The file; it is made with its folder if need be.
    lines
        Each without its end.
    most
        Bytes that the file may have; with more, nothing is written.

    Raises
    ------
    LessonError
        The disk refuses.
    """
    text = b"".join(line + b"\n" for line in lines)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as file:
            # The next line would be lost with the half one.
            size = _end_last_line(file)
            if most is None or size + len(text) <= most:
                file.write(text)
    except OSError as error:
        raise LessonError("file-unwritable", path=shown(path), reason=cause(error)) from error


def _end_last_line(file: BinaryIO) -> int:
    """Cut off what comes after the last whole line, and tell how many bytes are left."""
    size = file.seek(0, os.SEEK_END)
    if size == 0:
        return 0
    file.seek(-1, os.SEEK_END)
    if file.read(1) == b"\n":
        return size
    file.seek(0)
    return file.truncate(file.read().rfind(b"\n") + 1)
