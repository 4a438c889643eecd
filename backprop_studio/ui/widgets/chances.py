"""A bar for each class: how likely the network holds it to be."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from backprop_studio.ui import text_size, theme
from backprop_studio.ui.words import plain

_MOST = 12


class ChanceBars(QWidget):
    """Named bars from 0 to 1 with their numbers; the longest one stands out, or a marked one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bars: list[tuple[str, float]] = []
        self._percent = True
        self._marked: str | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.set_bars((), percent=True)

    def set_bars(
        self, bars: Sequence[tuple[str, float]], *, percent: bool, marked: str | None = None
    ) -> None:
        """Show other numbers.

        Parameters
        ----------
        bars
            Names and numbers, in the order of the classes. Of many, the largest are shown.
        percent
            Whether they are probabilities.
        marked
            Name of the bar that stands out, and is always among those shown; the longest if None.
        """
        self._bars, self._marked = list(bars), marked
        if len(self._bars) > _MOST:
            ranked = sorted(self._bars, key=lambda bar: -bar[1])
            rest = [bar for bar in ranked[_MOST - 1 :] if bar[0] == marked] or ranked[_MOST - 1 :]
            self._bars = [*ranked[: _MOST - 1], rest[0]]
        self._percent = percent
        self.setAccessibleName(self.tr("What the network says"))
        self.setAccessibleDescription(self.text())
        self.setToolTip(plain(self.text()))
        self.updateGeometry()
        self.update()

    def text(self) -> str:
        """The bars as text."""
        return "\n".join(f"{name}\t{self._number(value)}" for name, value in self._bars)

    def _number(self, value: float) -> str:
        return f"{value:.1%}" if self._percent else f"{value:.3g}"

    def sizeHint(self) -> QSize:
        return QSize(
            text_size.scaled(150), max(len(self._bars), 4) * (self.fontMetrics().height() + 1)
        )

    def minimumSizeHint(self) -> QSize:
        return QSize(text_size.scaled(110), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        now, metrics = theme.current(), self.fontMetrics()
        with QPainter(self) as painter:
            if not self._bars:
                return
            names = min(
                max(metrics.horizontalAdvance(n) for n, _ in self._bars) + 8, text_size.scaled(90)
            )
            numbers = max(metrics.horizontalAdvance(self._number(v)) for _, v in self._bars) + 6
            height = min(self.height() / len(self._bars), metrics.height() + 8.0)
            finite = [v for _, v in self._bars if math.isfinite(v)]
            best = max(finite, default=0.0)
            longest = 1.0 if self._percent else max((abs(v) for v in finite), default=1.0) or 1.0
            room = max(self.width() - names - numbers, 10)
            middle = Qt.AlignmentFlag.AlignVCenter
            for place, (name, value) in enumerate(self._bars):
                top = place * height
                chosen = value == best if self._marked is None else name == self._marked
                painter.setPen(QColor(now.text if chosen else now.muted))
                shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, names - 6)
                left = QRectF(0, top, names - 6, height)
                painter.drawText(left, Qt.AlignmentFlag.AlignRight | middle, shown)
                length = room * min(abs(value) / longest, 1.0) if math.isfinite(value) else 0.0
                track = QRectF(names, top + 2, room, height - 4)
                painter.fillRect(track, QColor(now.surface_alt))
                bar = QRectF(names, top + 2, length, height - 4)
                painter.fillRect(bar, QColor(now.accent if chosen else now.border_strong))
                right = QRectF(names + room + 4, top, numbers, height)
                painter.drawText(right, Qt.AlignmentFlag.AlignLeft | middle, self._number(value))
