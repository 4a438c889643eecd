"""Brings documents of older formats up to date, one step a format.

A step takes the plain document of format n and returns that of format n + 1; it may change the
document it is given. It must never import today's schema or specs: those go on changing, and
what an old file means does not. Every format that was released has a fixture that must open for
ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from backprop_studio.project.schema import FORMAT
from backprop_studio.project.unsound import NewerError, UnsoundError

Plain = dict[str, object]

STEPS: Mapping[int, Callable[[Plain], Plain]] = {}
"""Format to the step that leads on from it. Format 1 is the first, so there are none yet."""


def upgrade(
    document: object,
    *,
    steps: Mapping[int, Callable[[Plain], Plain]] = STEPS,
    current: int = FORMAT,
) -> Plain:
    """A plain document of the current format.

    Raises
    ------
    UnsoundError
        It does not say its format.
    NewerError
        Its format is not known yet.
    """
    if not isinstance(document, dict):
        raise UnsoundError("the document must be an object")
    found = document.get("format")
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise UnsoundError("format must be a whole number from 1")
    if found > current:
        raise NewerError(found, current)
    for number in range(found, current):
        document = steps[number](document) | {"format": number + 1}
    return document
