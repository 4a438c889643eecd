"""The line above a plot: what each curve is called and what it reads."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QWidget

from backprop_studio.ui import theme
from backprop_studio.ui.words import plain

_SAMPLE = 16
_GAP = 6
_ROWS = 3


class CurveLegend(QWidget):
    """Line samples with names and values, on as many rows as the width asks, at most three.

    Each entry keeps the width of the widest value it has shown, so that the row stands still while
    values run.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: list[tuple[str, str, str]] = []
        self._place = ""
        self._widths: dict[str, int] = {}
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._lay_out()

    def set_entries(self, entries: list[tuple[str, str, str]], place: str) -> None:
        """Show curves as (name, colour, value), and the place on the x-axis read, if any."""
        if (entries, place) == (self._entries, self._place):
            return
        self._entries = entries
        self._place = place
        width = self.fontMetrics().horizontalAdvance
        self._widths = {
            name: max(self._widths.get(name, 0), width(value), width("0.0000") if value else 0)
            for name, _, value in entries
        }
        self.setToolTip(plain(self.text()))
        self._lay_out()
        self.update()

    def text(self) -> str:
        """The row as text."""
        parts = [f"{name} {value}".strip() for name, _, value in self._entries]
        return "   ".join([*parts, self._place] if self._place else parts)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and self._entries:
            # What was measured in other letters counts no more.
            entries, self._entries, self._widths = self._entries, [], {}
            self.set_entries(entries, self._place)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            self.paint(painter)

    def paint(self, painter: QPainter) -> None:
        """Draw the entries, also on a picture."""
        now = theme.current()
        metrics = self.fontMetrics()
        line = metrics.height() + 4
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        for (name, color, value), (x, y) in zip(self._entries, self._places(), strict=True):
            painter.setPen(QPen(QColor(color), 2.5))
            middle = y + line / 2
            painter.drawLine(QPointF(x, middle), QPointF(x + _SAMPLE, middle))
            left = x + _SAMPLE + _GAP
            # Where there is no room for both, the number is what is wanted.
            room = self.width() - left - _GAP - self._widths[name] - 2
            name_width, shown = metrics.horizontalAdvance(name), name
            if name_width > room:
                name_width = max(room, 0)
                shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, name_width)
            painter.setPen(QColor(now.muted))
            painter.drawText(QRectF(left, y, name_width + 1, line), flags, shown)
            left += name_width + _GAP
            painter.setPen(QColor(now.text))
            room = self.width() - left
            if metrics.horizontalAdvance(value) > room:
                value = metrics.elidedText(value, Qt.TextElideMode.ElideRight, max(room, 0))
            painter.drawText(QRectF(left, y, room, line), flags, value)
        end = self._row_end()
        if self._place and end + metrics.horizontalAdvance(self._place) <= self.width():
            painter.setPen(QColor(now.muted))
            top = self.height() - line - 1
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(end, top, self.width() - end - 6, line), right, self._place)

    def _entry_width(self, name: str) -> int:
        name_width = self.fontMetrics().horizontalAdvance(name)
        return _SAMPLE + 2 * _GAP + name_width + self._widths[name]

    def _places(self) -> list[tuple[int, int]]:
        """Left and top of each entry."""
        x, y, places = 0, 1, []
        for name, _, _ in self._entries:
            width = self._entry_width(name)
            if x > 0 and x + width > self.width():
                x, y = 0, y + self.fontMetrics().height() + 4
            places.append((x, y))
            x += width + 2 * _GAP + 2
        return places

    def _row_end(self) -> int:
        if not self._entries:
            return 0
        return self._places()[-1][0] + self._entry_width(self._entries[-1][0]) + 2 * _GAP

    def _lay_out(self) -> None:
        line = self.fontMetrics().height() + 4
        rows = len({y for _, y in self._places()}) or 1
        height = min(rows, _ROWS) * line + 2
        if height != self.maximumHeight():
            self.setFixedHeight(height)


class CurveHeader(QWidget):
    """A legend with buttons on its right; where it is narrow, the legend has a line of its own.

    Parameters
    ----------
    legend
        What is shown beside the buttons.
    """

    def __init__(self, legend: CurveLegend, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._legend = legend
        self._tools = QHBoxLayout()
        self._tools.setSpacing(2)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(8, 2, 4, 0)
        self._grid.setSpacing(2)
        self._grid.setColumnStretch(0, 1)
        top = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight
        self._grid.addLayout(self._tools, 0, 1, top)
        self._grid.addWidget(legend, 0, 0)

    def add_tool(self, tool: QWidget) -> None:
        """Put a button to the right of the others."""
        self._tools.addWidget(tool)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_grid"):
            self._fit()

    def _fit(self) -> None:
        """Give the legend a line of its own, or take it away."""
        # A name and a number for each of two curves.
        room = self.fontMetrics().horizontalAdvance("validation 0.0000") + _SAMPLE + 3 * _GAP
        narrow = self.width() - self._tools.sizeHint().width() < 2 * room
        place = (1, 0, 1, 2) if narrow else (0, 0, 1, 1)
        if self._grid.getItemPosition(self._grid.indexOf(self._legend)) != place:
            self._grid.addWidget(self._legend, *place)
