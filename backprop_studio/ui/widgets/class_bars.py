"""How many rows each class has, as bars and numbers."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from backprop_studio.insight.rows import Group
from backprop_studio.ui import theme
from backprop_studio.ui.words import plain

_LINE = 20
_DIM = 0.4
"""How much is seen of what is about to change."""

_WIDEST_NAME = 120
_GAP = 8


class ClassBars(QWidget):
    """A line for each class: its name, a bar for training and held-out rows, and their numbers.

    Rows that are left out are an empty frame at the end of the bar.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._groups: tuple[Group, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Rows of each class"))

    @property
    def groups(self) -> tuple[Group, ...]:
        """What is shown."""
        return self._groups

    def set_groups(self, groups: Sequence[Group]) -> None:
        """Show other counts."""
        self._groups = tuple(groups)
        lines = [f"{g.name}: {self._numbers(g)}" for g in self._groups]
        self.setAccessibleDescription("; ".join(lines))
        self.setToolTip(plain("\n".join(lines)))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, _LINE * (len(self._groups) + 1) if self._groups else 0)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._groups:
            return
        colors, metrics = theme.current(), self.fontMetrics()
        names = [g.name for g in self._groups]
        left = min(max(metrics.horizontalAdvance(n) for n in names) + 2, _WIDEST_NAME) + _GAP
        right = max(metrics.horizontalAdvance(self._short(g)) for g in self._groups) + _GAP
        room = max(self.width() - left - right, 20)
        most = max(1, *(g.total for g in self._groups))
        with QPainter(self) as painter:
            painter.setOpacity(1.0 if self.isEnabled() else _DIM)
            for place, group in enumerate(self._groups):
                top = place * _LINE
                name = metrics.elidedText(group.name, Qt.TextElideMode.ElideRight, left - _GAP)
                painter.setPen(colors.color("text"))
                middle = Qt.AlignmentFlag.AlignVCenter
                painter.drawText(QRectF(0, top, left - _GAP, _LINE), middle, name)
                x = float(left)
                for count, color in (
                    (group.training, "curve_train"),
                    (group.held_out, "curve_validation"),
                ):
                    width = room * count / most
                    painter.fillRect(QRectF(x, top + 4, width, _LINE - 8), colors.color(color))
                    x += width
                if group.left_out:
                    painter.setPen(QPen(colors.color("border_strong"), 1, Qt.PenStyle.DashLine))
                    width = room * group.left_out / most
                    painter.drawRect(QRectF(x, top + 4.5, max(width - 1, 1), _LINE - 9))
                painter.setPen(colors.color("muted"))
                end = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                painter.drawText(
                    QRectF(self.width() - right, top, right, _LINE), end, self._short(group)
                )
            self._draw_key(painter, len(self._groups) * _LINE)

    def _draw_key(self, painter: QPainter, top: float) -> None:
        colors, x = theme.current(), 0.0
        parts = [
            (self.tr("training"), "curve_train"),
            (self.tr("held out"), "curve_validation"),
        ]
        if any(g.left_out for g in self._groups):
            parts.append((self.tr("left out"), ""))
        for text, color in parts:
            square = QRectF(x, top + 6, 9, 9)
            if color:
                painter.fillRect(square, colors.color(color))
            else:
                painter.setPen(QPen(colors.color("border_strong"), 1, Qt.PenStyle.DashLine))
                painter.drawRect(square)
            painter.setPen(colors.color("muted"))
            painter.drawText(QPointF(x + 14, top + 15), text)
            x += 14 + self.fontMetrics().horizontalAdvance(text) + 14

    def _short(self, group: Group) -> str:
        numbers = [group.training, group.held_out]
        text = " + ".join(f"{n:,}" for n in numbers)
        return f"{text} (−{group.left_out:,})" if group.left_out else text

    def _numbers(self, group: Group) -> str:
        text = self.tr("{training} training, {held_out} held out")
        if group.left_out:
            text = self.tr("{training} training, {held_out} held out, {left_out} left out")
        return text.format(
            training=f"{group.training:,}",
            held_out=f"{group.held_out:,}",
            left_out=f"{group.left_out:,}",
        )
