"""Classes as colours and marks: the same ones in every plot."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from backprop_studio.ui import theme
from backprop_studio.ui.words import plain

_FIELDS = ("forward", "backward", "curve_train", "update", "curve_validation")
"""Of the theme; the first five kinds. The next five are the theme's curves."""

_MARKS = 4


def kind_color(kind: int) -> QColor:
    """Colour of a class. Ten are told apart; marks do the rest."""
    now = theme.current()
    colors = (*(getattr(now, name) for name in _FIELDS), *now.curves)
    return QColor(colors[kind % len(colors)])


def kind_symbol(kind: int) -> str:
    """The same mark as `draw_mark` draws, by pyqtgraph's name for it."""
    return ("o", "s", "d", "t1")[(kind // len(_FIELDS)) % _MARKS]


def draw_mark(
    painter: QPainter, place: QPointF, kind: int, size: float, *, hollow: bool, ground: QColor
) -> None:
    """Draw one point of a class: a disc, a square, a diamond or a triangle.

    Parameters
    ----------
    painter
        Of the plot.
    place
        Middle of the mark, in pixels.
    kind
        Class, from 0.
    size
        Pixels across.
    hollow
        Whether it is only an outline.
    ground
        What is behind: the colour of a full mark's rim.
    """
    color = kind_color(kind)
    half = size / 2
    if hollow:
        painter.setPen(QPen(color, 1.6))
        painter.setBrush(ground)
    else:
        painter.setPen(QPen(ground, 0.8))
        painter.setBrush(color)
    match (kind // len(_FIELDS)) % _MARKS:
        case 0:
            painter.drawEllipse(place, half, half)
        case 1:
            side = half * 0.9
            painter.drawRect(QRectF(place.x() - side, place.y() - side, 2 * side, 2 * side))
        case 2:
            _polygon(painter, place, half * 1.2, ((0, -1), (1, 0), (0, 1), (-1, 0)))
        case _:
            _polygon(painter, place, half * 1.2, ((0, -1), (1, 0.8), (-1, 0.8)))


def draw_cross(painter: QPainter, place: QPointF, size: float) -> None:
    """Mark a point as wrong."""
    half = size / 2
    for width, name in ((3.2, "plot_background"), (1.6, "text")):
        color, solid = theme.current().color(name), Qt.PenStyle.SolidLine
        painter.setPen(QPen(color, width, solid, Qt.PenCapStyle.RoundCap))
        for way in (1, -1):
            painter.drawLine(
                QPointF(place.x() - half, place.y() - way * half),
                QPointF(place.x() + half, place.y() + way * half),
            )


def _polygon(
    painter: QPainter, place: QPointF, half: float, corners: tuple[tuple[float, float], ...]
) -> None:
    points = [QPointF(place.x() + x * half, place.y() + y * half) for x, y in corners]
    painter.drawPolygon(QPolygonF(points))


class KindLegend(QWidget):
    """Which mark is which class, on as many lines as the width asks, at most three."""

    _MOST_LINES = 3

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(self.tr("Classes"))
        self.hide()

    def set_names(self, names: Sequence[str]) -> None:
        """Show other classes; hidden without any. One without a name is left out."""
        if tuple(names) != self._names:
            self._names = tuple(names)
            told = ", ".join(filter(None, names))
            self.setToolTip(plain(told))
            self.setAccessibleDescription(told)
            self.setVisible(bool(told))
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, self.heightForWidth(max(self.width(), 200)))

    def heightForWidth(self, width: int) -> int:
        lines = self._places(width)[-1][1] + 1 if self._names else 1
        return min(lines, self._MOST_LINES) * (self.fontMetrics().height() + 2)

    def _places(self, width: int) -> list[tuple[int, int]]:
        """Left, in pixels, and line of each name."""
        x, line, found = 0, 0, []
        for name in self._names:
            if not name:
                found.append((x, line))
                continue
            wide = self.fontMetrics().horizontalAdvance(name) + 26
            if x and x + wide - 10 > width:
                x, line = 0, line + 1
            found.append((x, line))
            x += wide
        return found

    def paintEvent(self, event: QPaintEvent) -> None:
        now, height = theme.current(), self.fontMetrics().height() + 2
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for kind, (name, (x, line)) in enumerate(
                zip(self._names, self._places(self.width()), strict=True)
            ):
                if not name:
                    continue
                middle = QPointF(x + 6, line * height + height / 2)
                draw_mark(painter, middle, kind, 8, hollow=False, ground=QColor(now.window))
                painter.setPen(QColor(now.muted))
                place = QRectF(x + 14, line * height, self.width(), height)
                left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
                painter.drawText(place, left, name)
