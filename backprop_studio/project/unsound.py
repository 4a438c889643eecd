"""Why a file is refused, before anyone knows which file it was."""

from __future__ import annotations


class UnsoundError(Exception):
    """Content that no project file has; the text is a short reason without a full stop."""


class NewerError(Exception):
    """Content of a format that this version does not know yet.

    Attributes
    ----------
    found, known
        The format's number, and the highest that can be read.
    """

    def __init__(self, found: int, known: int) -> None:
        super().__init__(found, known)
        self.found = found
        self.known = known
