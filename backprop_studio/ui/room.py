"""The room that a panel gets when somebody opens it, and what the canvas gets back afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QDockWidget, QMainWindow, QScrollArea, QStyle, QWidget

from backprop_studio.ui import columns, docks, text_size

HEIGHT, LARGEST_HEIGHT = 264, 0.36
"""Pixels that a panel below the canvas needs to be read, beside text of the system's size; and
the share of the window's height that it takes at most for larger text."""

CANVAS = 0.3
"""Share of the window that is left to the canvas from top to bottom, whatever is opened."""

WIDTHS: Mapping[str, int] = MappingProxyType(
    {
        "losses": 330,
        "timeline": 460,
        "gradients": 460,
        "breakpoints": 330,
        "current_step": 340,
        "program": 440,
        "messages": 300,
        "palette": 200,
        "outline": 250,
        "lesson": 360,
    }
)
"""Pixels that panels below and left of the canvas need from left to right, beside text of the
system's size."""

_SETTINGS: Mapping[str, int] = MappingProxyType({"inspector": 280, "setup": 340})
"""Pixels that settings need from top to bottom."""

_LARGEST_LEFT = 0.25
_NEARLY = 0.88
"""Of what it needs, with which a panel is left as it is; tabs take a part of the height."""

_LEFT = Qt.DockWidgetArea.LeftDockWidgetArea
_RIGHT = Qt.DockWidgetArea.RightDockWidgetArea
_BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea
_BORDER = QStyle.PixelMetric.PM_DockWidgetSeparatorExtent
_ACROSS, _DOWN = Qt.Orientation.Horizontal, Qt.Orientation.Vertical


class Room(QObject):
    """Gives a panel that is opened what it needs, as far as the canvas can spare it.

    Whoever has made a place large enough finds it as it was. What the canvas has given comes back
    to it when those are closed that it was given for, unless somebody has moved the border since.

    Parameters
    ----------
    window, panels
        Of the application.
    """

    def __init__(self, window: QMainWindow, panels: Mapping[str, docks.Dock]) -> None:
        super().__init__(window)
        self._window, self._docks = window, panels
        # By area: its size before, the size it was given, and the keys it was given for.
        self._lent: dict[Qt.DockWidgetArea, tuple[int, int, set[str]]] = {}
        for key, dock in panels.items():
            dock.closed.connect(lambda key=key: self._take_back(key))

    def open(self, key: str) -> None:
        """Show a dock in front of the others at its place, with the room that it needs."""
        area = self._window.dockWidgetArea(self._docks[key])
        docks.settle(self._window)
        before = self._size(area)
        docks.bring_to_front(self._docks[key])
        self.give(key)
        docks.settle(self._window)
        after = self._size(area)
        first, given, keys = self._lent.get(area, (before, before, set()))
        if given != before:  # somebody has moved the border
            first, keys = before, set()
        # An area that was empty needs nothing back: it goes with its last dock.
        if before and (after > before or keys):
            self._lent[area] = first, after, keys | {key}

    def give(self, key: str) -> None:
        """Give a dock that is open the room that it needs."""
        dock = self._docks[key]
        if dock.isFloating() or not dock.isVisible():
            return
        area = self._window.dockWidgetArea(dock)
        docks.settle(self._window)
        if key in _SETTINGS and area == _RIGHT:
            self._give_settings(key)
        elif area == _RIGHT:
            docks.make_readable(self._window, self._docks, key)
        elif area == _LEFT:
            largest = round(self._window.width() * _LARGEST_LEFT)
            wanted = min(text_size.scaled(WIDTHS.get(key, columns.NARROWEST)), largest)
            if dock.width() < wanted * _NEARLY:
                self._window.resizeDocks([dock], [wanted], _ACROSS)
        elif area == _BOTTOM:
            self._raise_below(dock)
            self._widen_below(key)

    def forget(self) -> None:
        """The docks stand otherwise now: nothing is owed to the canvas."""
        self._lent.clear()

    def _give_settings(self, key: str) -> None:
        """Settings need less width than instruments, and a part of the column's height."""
        dock, window = self._docks[key], self._window
        width = docks.settings_width(window)
        if dock.width() < width * _NEARLY:
            window.resizeDocks([dock], [width], _ACROSS)
        column = [
            other
            for other in self._docks.values()
            if window.dockWidgetArea(other) == _RIGHT
            and not other.isFloating()
            and (other is dock or docks.is_in_front(other))
            and other.geometry().left() <= dock.geometry().center().x() <= other.geometry().right()
        ]
        both = sum(other.height() for other in column)
        wanted = min(text_size.scaled(_SETTINGS[key]), both // 2)
        if len(column) == 2 and dock.height() < wanted * _NEARLY:
            heights = [wanted if other is dock else both - wanted for other in column]
            docks.resize(window, column, heights)

    def _raise_below(self, dock: QDockWidget) -> None:
        wanted = min(text_size.scaled(HEIGHT), round(self._window.height() * LARGEST_HEIGHT))
        if dock is self._docks["messages"]:
            # A list, of few or many lines: it says itself how much there is to read.
            wanted = min(wanted, max(_all_of(dock), text_size.scaled(docks.FEW_LINES)))
        spare = self._middle().height() - round(self._window.height() * CANVAS)
        wanted = min(wanted, dock.height() + max(spare, 0))
        if dock.height() < wanted * _NEARLY:
            self._window.resizeDocks([dock], [wanted], _DOWN)

    def _widen_below(self, key: str) -> None:
        """Give a dock its share of the row that it stands in; none gets too narrow to be read."""
        row = self._row(self._docks[key])
        have = [dock.width() for dock in row]
        place = row.index(self._docks[key])
        wanted = text_size.scaled(WIDTHS.get(key, columns.NARROWEST))
        least = [min(width, text_size.scaled(columns.NARROWEST)) for width in have]
        spare = [width - low for width, low in zip(have, least, strict=True)]
        spare[place] = 0
        more = min(wanted - have[place], sum(spare))
        if have[place] >= wanted * _NEARLY or more <= 0:
            return
        given = [more * part // sum(spare) for part in spare]
        widths = [width - part for width, part in zip(have, given, strict=True)]
        widths[place] += more
        self._window.resizeDocks(row, widths, _ACROSS)

    def _row(self, dock: QDockWidget) -> list[QDockWidget]:
        """The docks below the canvas that stand beside one, with it, from left to right."""
        middle = dock.geometry().center().y()
        row = [
            other
            for other in self._docks.values()
            if self._window.dockWidgetArea(other) == _BOTTOM
            and not other.isFloating()
            and (other is dock or docks.is_in_front(other))
            and other.geometry().top() <= middle <= other.geometry().bottom()
        ]
        return sorted(row, key=lambda other: other.x())

    def _size(self, area: Qt.DockWidgetArea) -> int:
        """What an area takes from the canvas, with its tabs; 0 while nothing stands there."""
        middle, window = self._middle().geometry(), self._window
        border = window.style().pixelMetric(_BORDER, None, window)
        if area == _LEFT:
            size = middle.left()
        elif area == _RIGHT:
            size = window.width() - middle.right() - 1
        else:
            size = window.statusBar().y() - middle.bottom() - 1
        return max(size - border, 0)

    def _middle(self) -> QWidget:
        middle = self._window.centralWidget()
        assert middle is not None
        return middle

    def _take_back(self, key: str) -> None:
        # Once the others have its place.
        QTimer.singleShot(0, self, lambda: self._return(key))

    def _return(self, key: str) -> None:
        for area, (before, given, keys) in list(self._lent.items()):
            if key not in keys or not self._docks[key].isHidden():
                continue
            keys.discard(key)
            if keys:
                continue
            del self._lent[area]
            left = [
                dock
                for dock in self._docks.values()
                if self._window.dockWidgetArea(dock) == area
                and not (dock.isHidden() or dock.isFloating())
            ]
            docks.settle(self._window)
            if left and self._size(area) == given:
                way = _DOWN if area == _BOTTOM else _ACROSS
                self._window.resizeDocks(left[:1], [before], way)


def _all_of(dock: QDockWidget) -> int:
    """Height of a dock in which its panel need not scroll."""
    area = dock.widget()
    panel = area.widget() if isinstance(area, QScrollArea) else None
    return 0 if panel is None else panel.sizeHint().height() + dock.height() - area.height()
