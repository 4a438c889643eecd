"""What lies over the canvas and does not scroll with it: the first hint, and a bubble of text."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QWidget

from backprop_studio.ui import icons, text_size, theme
from backprop_studio.ui.canvas import geometry

_LINGER_MS = 4000
_WIDEST = 280
_OFFSET = QPoint(18, 18)


class EmptyHint(QWidget):
    """Says how to begin, in the middle of an empty canvas."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._within = parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._title = self.tr("Drag an Input layer here from the palette")
        self._more = self.tr("or double-click here, or press /, for a layer or a whole network")
        self.setAccessibleName(f"{self._title} {self._more}")

    def sizeHint(self) -> QSize:
        return QSize(round(420 * text_size.factor()), round(170 * text_size.factor()))

    def place(self) -> None:
        """Stand in the middle of the canvas."""
        size, canvas = self.sizeHint(), self._within
        self.resize(size)
        self.move((canvas.width() - size.width()) // 2, (canvas.height() - size.height()) // 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.width() / 2
        outline = QRectF(middle - geometry.WIDTH / 2, 8, geometry.WIDTH, geometry.HEIGHT)
        painter.setPen(QPen(colors.color("border_strong"), 1.5, Qt.PenStyle.DashLine))
        painter.setBrush(colors.color("canvas"))
        painter.drawRoundedRect(outline, geometry.RADIUS, geometry.RADIUS)
        painter.setBrush(colors.color("canvas"))
        painter.drawEllipse(QPointF(outline.right(), outline.center().y()), 5, 5)
        picture = icons.pixmap("data", 26, ratio=self.devicePixelRatioF(), tint="muted")
        painter.drawPixmap(outline.center() - QPointF(13, 13), picture)
        larger = text_size.factor()
        below = QRectF(0, outline.bottom() + 18, self.width(), 26 * larger)
        font = QFont(self.font())
        font.setPixelSize(round(17 * larger))
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(colors.color("text"))
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, self._title)
        font.setPixelSize(round(13 * larger))
        font.setWeight(QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(colors.color("muted"))
        painter.drawText(below.translated(0, 28 * larger), Qt.AlignmentFlag.AlignCenter, self._more)


class Bubble(QLabel):
    """A short text beside the pointer: why a wire cannot be dropped here, or what it would do."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._within = parent
        self._tone = "error"
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setWordWrap(True)
        self.setMargin(7)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_LINGER_MS)
        self._timer.timeout.connect(self.hide)
        self.hide()

    def say(self, text: str, at: QPoint, *, tone: str = "error") -> None:
        """Show `text` beside a point of the parent, inside of it, until told otherwise."""
        self._timer.stop()
        if tone != self._tone:
            self._tone = tone
            self.update()
        if text != self.text() or not self.isVisible():
            self.setText(text)
            need = self.fontMetrics().horizontalAdvance(text) + 2 * self.margin() + 4
            self.setFixedWidth(min(need, _WIDEST))
            self.setFixedHeight(self.heightForWidth(self.width()))
        x = min(at.x() + _OFFSET.x(), self._within.width() - self.width() - 4)
        y = at.y() + _OFFSET.y()
        if y + self.height() > self._within.height() - 4:
            y = at.y() - _OFFSET.y() - self.height()
        self.move(max(x, 4), max(y, 4))
        self.show()
        self.raise_()

    def linger(self) -> None:
        """Stay a few seconds more, to be read after the gesture has ended."""
        self._timer.start()

    def pass_by(self) -> None:
        """Go, if it only lingers: what it stood beside has moved, or something else has begun."""
        if self._timer.isActive():
            self._timer.stop()
            self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colors.color(self._tone), 1.5))
        painter.setBrush(colors.color("surface"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 5, 5)
        painter.setPen(colors.color("error" if self._tone == "error" else "text"))
        inside = self.rect().adjusted(*(self.margin() * k for k in (1, 1, -1, -1)))
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(inside, int(flags), self.text())
