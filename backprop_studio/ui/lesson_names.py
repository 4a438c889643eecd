"""Names of controls and panels in a lesson that the window does not have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from backprop_studio.lessons import Lesson
from backprop_studio.lessons.actions import Close, Open
from backprop_studio.ui.actions import ACTIONS
from backprop_studio.ui.docks import DOCKS
from backprop_studio.ui.widgets.run_status import PARTS


@dataclass(frozen=True)
class Unknown:
    """A name that means nothing.

    Attributes
    ----------
    line
        Where it stands, from 1.
    name
        As it was written.
    near
        Names that there are, the likeliest first.
    """

    line: int
    name: str
    near: tuple[str, ...]


def unknown_names(lesson: Lesson, text: str) -> tuple[Unknown, ...]:
    """What a lesson hides, opens or waits for, and that is not there.

    Such a lesson can be opened: another version of the program may have it. Its writer wants to
    know.

    Parameters
    ----------
    lesson
        The lesson.
    text
        That it was read from.
    """
    found, lines = [], text.splitlines()
    for name, known, after in _names(lesson):
        if name not in known:
            places = (n for n, line in enumerate(lines, 1) if n >= after and f'"{name}"' in line)
            near = tuple(get_close_matches(name, known, n=3, cutoff=0.5))
            found.append(Unknown(next(places, after), name, near))
    return tuple(found)


def _names(lesson: Lesson) -> Iterator[tuple[str, tuple[str, ...], int]]:
    """Names, what they have to be among, and the line from which on they stand."""
    actions = tuple(spec.id for spec in ACTIONS)
    docks = tuple(spec.key for spec in DOCKS)
    for name in lesson.head.hide_actions:
        yield name, actions, 1
    for name in (*lesson.head.hide_panels, *lesson.head.open):
        yield name, docks, 1
    for name in lesson.head.hide_status:
        yield name, PARTS, 1
    for step in lesson.steps:
        for check in step.checks:
            panel = getattr(check, "panel", None)
            if isinstance(panel, str) and not panel.startswith("layer/"):
                yield panel, (*docks, "race"), step.line
        for action in (*step.scene, *step.solution):
            match action:
                case Open(open=panel) if not panel.startswith("layer/"):
                    yield panel, (*docks, "race"), step.line
                case Close(close=panel):
                    yield panel, docks, step.line
