"""How many docks stand side by side below the canvas: as many as can be read there.

Where the window is narrow, or the text large, those that belong further right come as tabs into
the last column that there is room for. With more room they stand side by side again. Docks that
somebody has moved elsewhere are left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow

from backprop_studio.ui import text_size
from backprop_studio.ui.docks import DOCKS, is_in_front

NARROWEST = 236
"""Pixels that a column needs to be read, beside text of the system's size."""

_BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea
_RIGHT = Qt.DockWidgetArea.RightDockWidgetArea
_LEFT = Qt.DockWidgetArea.LeftDockWidgetArea

Groups = list[list[QDockWidget]]


def fit(window: QMainWindow, docks: Mapping[str, QDockWidget]) -> bool:
    """Bring the docks below the canvas into as many columns as there is room for.

    Parameters
    ----------
    window
        Whose docks they are; laid out.
    docks
        All of them, by key.

    Returns
    -------
    bool
        Whether any had to move.
    """
    shown = [group for group in _standard(window, docks) if any(not d.isHidden() for d in group)]
    if len(shown) < 2:
        return False
    now, most = _together(shown), len(shown)
    if now is None:
        return False  # somebody has put them together in another way
    columns = min(max(_room(window, docks) // text_size.scaled(NARROWEST), 1), most)
    if columns == now:
        return False
    _gather(window, _merged(shown, columns))
    return True


def _standard(window: QMainWindow, docks: Mapping[str, QDockWidget]) -> Groups:
    """Those that belong below the canvas and stand there, in their usual columns."""
    groups: dict[str, list[QDockWidget]] = {}
    for spec in DOCKS:
        dock = docks[spec.key]
        here = window.dockWidgetArea(dock) == _BOTTOM and not dock.isFloating()
        if spec.area == _BOTTOM and here:
            groups.setdefault(spec.behind or spec.key, []).append(dock)
    return list(groups.values())


def _merged(groups: Groups, columns: int) -> Groups:
    """As many groups as columns: the last one takes in what has none of its own."""
    last = [dock for group in groups[columns - 1 :] for dock in group]
    return [*groups[: columns - 1], last]


def _together(groups: Groups) -> int | None:
    """In how many columns they stand now; None if not in a way that this file makes."""
    window: Any = groups[0][0].parentWidget()
    seen = [{d for d in group if not d.isHidden()} for group in groups]
    for columns in range(1, len(groups) + 1):
        wanted = [{d for d in g if not d.isHidden()} for g in _merged(groups, columns)]
        if all({d, *window.tabifiedDockWidgets(d)} & set().union(*seen) == group
               for group in wanted for d in group):  # fmt: skip
            return columns
    return None


def _room(window: QMainWindow, docks: Mapping[str, QDockWidget]) -> int:
    """Pixels below the canvas from left to right."""
    room = window.width()
    for corner, area in (
        (Qt.Corner.BottomLeftCorner, _LEFT),
        (Qt.Corner.BottomRightCorner, _RIGHT),
    ):
        if window.corner(corner) == area:
            beside = (d for d in docks.values() if window.dockWidgetArea(d) == area)
            room -= max((d.width() for d in beside if is_in_front(d)), default=0)
    return room


def _gather(window: QMainWindow, groups: Groups) -> None:
    front = [dock for group in groups for dock in group if is_in_front(dock)]
    hidden = {dock for group in groups for dock in group if dock.isHidden()}
    for group in groups:
        first = group[0]
        # At the right end of the row, out of whatever tabs it stood in.
        window.addDockWidget(_BOTTOM, first, Qt.Orientation.Horizontal)
        for dock in group[1:]:
            window.tabifyDockWidget(first, dock)
    for dock in hidden:
        dock.hide()
    for group in groups:
        # Of those that were in front, the one furthest left stays there.
        _raise_first(group, front)
    firsts = [next((d for d in group if not d.isHidden()), group[0]) for group in groups]
    window.resizeDocks(firsts, [1] * len(firsts), Qt.Orientation.Horizontal)


def _raise_first(group: Sequence[QDockWidget], front: Sequence[QDockWidget]) -> None:
    chosen = [d for d in group if d in front] or [d for d in group if not d.isHidden()]
    if chosen:
        chosen[0].raise_()
