"""A plane to draw points on, with the mouse or the keyboard."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from backprop_studio.data import drawing as drawings
from backprop_studio.data.drawing import Drawing
from backprop_studio.ui import theme

_REACH = 9.0
"""Pixels from a point within which it is meant."""

_BRUSH = 22.0
"""Pixels from the middle of the brush, and of the eraser, to its rim."""

_SPRAYED = 3
"""Points for every step of the brush."""

_MARGIN = 26.0
_RADIUS = 4.0
_STEPS = 40
"""Steps of the arrow keys across the plane."""


class Tool(StrEnum):
    """What the mouse does."""

    POINT = "point"
    BRUSH = "brush"
    ERASER = "eraser"


class Plane(QWidget):
    """Shows a drawing, and tells what a gesture is to make of it.

    While a gesture goes on, the drawing is shown as it would be; it is reported once, at its end.

    Signals
    -------
    gesture(name, drawing)
        "add", "brush", "move" or "erase", and the new `Drawing`.
    class_chosen(index)
        A digit was typed.
    pointed(text)
        Where the cross is now, in words.
    """

    gesture = Signal(str, object)
    class_chosen = Signal(int)
    pointed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Plane to draw on"))
        self.setAccessibleDescription(
            self.tr(
                "Arrow keys move the cross, with Shift by small steps. Space uses the tool there, "
                "M picks the nearest point up and puts it down, Delete removes it, digits choose "
                "the class."
            )
        )
        self.tool = Tool.POINT
        self.label = 0
        self._drawing = drawings.empty(2)
        self._held_out = np.zeros(0, bool)
        self._view = QRectF(-2.0, -2.0, 4.0, 4.0)
        self._now: Drawing | None = None
        self._gesture = ""
        self._point = -1
        self._last: QPointF | None = None
        self._cross = QPointF(0.0, 0.0)
        self._hover: QPointF | None = None
        self._keyboard = False

    @property
    def drawing(self) -> Drawing:
        """What is shown, a gesture in progress included."""
        return self._drawing if self._now is None else self._now

    def set_drawing(self, drawing: Drawing, held_out: npt.NDArray[np.bool_]) -> None:
        """Show another drawing.

        Parameters
        ----------
        drawing
            What was drawn.
        held_out
            Boolean array of shape (points,): whether each is kept from training.
        """
        self._end()
        self._drawing, self._held_out = drawing, held_out
        left, bottom, right, top = drawing.bounds
        wanted = QRectF(left, bottom, right - left, top - bottom)
        inside = self._view.contains(wanted) and wanted.width() > self._view.width() / 3
        if not inside or len(drawing) == 0:
            self._view = wanted
            self._cross = wanted.center()
        self.update()

    def at(self, x: float, y: float) -> QPointF:
        """Where a place on the plane is on the screen."""
        area, view = self._area(), self._view
        across = (x - view.left()) / view.width()
        up = (y - view.top()) / view.height()
        return QPointF(area.left() + across * area.width(), area.bottom() - up * area.height())

    # The mouse.

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._keyboard = False
        place = event.position()
        if event.button() == Qt.MouseButton.RightButton:
            self._remove_nearest(place)
        elif event.button() == Qt.MouseButton.LeftButton:
            self._begin(place)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover = event.position()
        if self._gesture:
            self._go_on(event.position())
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._report()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = None
        self.update()

    # The keyboard.

    def event(self, event: QEvent) -> bool:
        # Delete means a point here, and not the layer that is selected on the canvas.
        own = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_M)
        override = event.type() == QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and event.key() in own:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        steps = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, 1),
            Qt.Key.Key_Down: (0, -1),
        }
        cross = self.at(self._cross.x(), self._cross.y())
        if key in steps:
            self._step(*steps[Qt.Key(key)], fine=bool(event.modifiers() & _SHIFT))
        elif key in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self._gesture != "move":
                self._begin(cross, grab=False)
            self._report()
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._remove_nearest(cross)
        elif key == Qt.Key.Key_M:
            self._pick_or_put(cross)
        elif key == Qt.Key.Key_Escape and self._gesture:
            self._end()
        elif Qt.Key.Key_0 <= key <= Qt.Key.Key_9 and not event.modifiers() & ~_KEYPAD:
            self.class_chosen.emit((key - Qt.Key.Key_1) % 10)
        else:
            super().keyPressEvent(event)
            return
        self._keyboard = True
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._keyboard = event.reason() != Qt.FocusReason.MouseFocusReason
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._keyboard = False
        if self._gesture == "move" and self._last is None:
            self._end()
        super().focusOutEvent(event)
        self.update()

    def _step(self, across: int, up: int, *, fine: bool) -> None:
        step = self._view.width() / _STEPS / (5 if fine else 1)
        rise = self._view.height() / _STEPS / (5 if fine else 1)
        x = min(max(self._cross.x() + across * step, self._view.left()), self._view.right())
        y = min(max(self._cross.y() + up * rise, self._view.top()), self._view.bottom())
        self._cross = QPointF(x, y)
        if self._gesture == "move":
            self._now = drawings.move(self._drawing, self._point, (x, y))
        self.pointed.emit(self.tr("Cross at {x}, {y}").format(x=f"{x:.2f}", y=f"{y:.2f}"))

    def _pick_or_put(self, place: QPointF) -> None:
        if self._gesture == "move":
            self._report()
            return
        found = self._near(place, 4 * _REACH)
        if len(found):
            self._gesture, self._point = "move", int(found[0])
            x, y = self._drawing.places[self._point].tolist()
            self._cross, self._last = QPointF(x, y), None
            self._now = self._drawing
            self.pointed.emit(self.tr("Picked up. Arrow keys move it, M puts it down."))

    # Gestures.

    def _begin(self, place: QPointF, *, grab: bool = True) -> None:
        """Start what the tool does here; with `grab`, a point that is there can be dragged."""
        self._now, self._last = self._drawing, None
        found = self._near(place, _REACH)
        if len(found) and grab and self.tool is Tool.POINT:
            self._gesture, self._point, self._last = "move", int(found[0]), place
        elif self.tool is Tool.POINT:
            self._gesture = "add"
            self._now = drawings.add(self._drawing, self._plane_of(place), self.label)
            self._point = len(self._drawing)
        else:
            self._gesture = "brush" if self.tool is Tool.BRUSH else "erase"
            self._go_on(place)

    def _go_on(self, place: QPointF) -> None:
        assert self._now is not None
        x, y = self._plane_of(place).tolist()
        if self._gesture in ("move", "add"):
            if self._point < len(self._now):
                self._now = drawings.move(self._now, self._point, (x, y))
        elif self._gesture == "erase":
            self._now = drawings.remove(self._now, self._near(place, _BRUSH))
        elif self._last is None or (place - self._last).manhattanLength() > _BRUSH / 3:
            reach = self._reach(_BRUSH)
            fresh = drawings.spray((x, y), reach, _SPRAYED, number=len(self._now))
            self._now = drawings.add(self._now, fresh, self.label)
        else:
            return
        self._last = place

    def _report(self) -> None:
        name, now, before = self._gesture, self._now, self._drawing
        self._end()
        if not name or now is None or now is before:
            return
        if len(now) == len(before) and np.array_equal(now.places, before.places):
            return
        self.gesture.emit(name, now)

    def _end(self) -> None:
        self._gesture, self._now, self._last = "", None, None
        self.update()

    def _remove_nearest(self, place: QPointF) -> None:
        self._end()
        found = self._near(place, 2 * _REACH)
        if len(found):
            self.gesture.emit("erase", drawings.remove(self._drawing, found[:1]))

    # Geometry.

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(_MARGIN, 8.0, -8.0, -_MARGIN + 6.0)

    def _plane_of(self, place: QPointF) -> npt.NDArray[np.float32]:
        """The place on the plane that is here on the screen, within what is shown."""
        area, view = self._area(), self._view
        across = min(max((place.x() - area.left()) / area.width(), 0.0), 1.0)
        up = min(max((area.bottom() - place.y()) / area.height(), 0.0), 1.0)
        x, y = view.left() + across * view.width(), view.top() + up * view.height()
        return np.array([x, y], np.float32)

    def _reach(self, pixels: float) -> tuple[float, float]:
        area, view = self._area(), self._view
        return pixels * view.width() / area.width(), pixels * view.height() / area.height()

    def _near(self, place: QPointF, pixels: float) -> npt.NDArray[np.int64]:
        x, y = self._plane_of(place).tolist()
        return drawings.near(self.drawing, (x, y), self._reach(pixels))

    def sizeHint(self) -> QSize:
        return QSize(300, 300)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 160)

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        now = theme.current()
        painter = QPainter(self)
        area = self._area()
        painter.fillRect(area, now.color("plot_background"))
        self._paint_grid(painter, area, now)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(area.adjusted(-_RADIUS, -_RADIUS, _RADIUS, _RADIUS))
        shown = self.drawing
        # What was held out is told for the points that the split knows.
        same = shown is self._drawing and len(self._held_out) == len(shown)
        for label in range(max(len(shown.classes), 1)):
            self._paint_class(painter, shown, label, self._held_out if same else None)
        if self._keyboard and self.hasFocus():
            at = self.at(self._cross.x(), self._cross.y())
            painter.setPen(QPen(now.color("text"), 1.5))
            painter.drawLine(at - QPointF(9, 0), at + QPointF(9, 0))
            painter.drawLine(at - QPointF(0, 9), at + QPointF(0, 9))
        elif self._hover is not None and self.tool is not Tool.POINT:
            painter.setPen(QPen(now.color("muted"), 1.0, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(self._hover, _BRUSH, _BRUSH)
        painter.setClipping(False)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        focus = self.hasFocus()
        painter.setPen(QPen(now.color("accent" if focus else "border_strong"), 2.0 if focus else 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area)
        painter.end()

    def _paint_grid(self, painter: QPainter, area: QRectF, now: theme.Theme) -> None:
        font = painter.font()
        font.setPointSizeF(max(font.pointSizeF() - 1.5, 6.5))
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        for low, high, flat in (
            (self._view.left(), self._view.right(), True),
            (self._view.top(), self._view.bottom(), False),
        ):
            for value in _ticks(low, high):
                at = self.at(value, self._view.top()) if flat else self.at(self._view.left(), value)
                painter.setPen(now.color("plot_axis" if value == 0.0 else "plot_grid"))
                text = f"{value:.4g}"
                size = metrics.size(0, text)
                if flat:
                    painter.drawLine(QPointF(at.x(), area.top()), QPointF(at.x(), area.bottom()))
                    corner = QPointF(at.x() - size.width() / 2, area.bottom() + size.height() - 1)
                else:
                    painter.drawLine(QPointF(area.left(), at.y()), QPointF(area.right(), at.y()))
                    corner = QPointF(area.left() - size.width() - 4, at.y() + size.height() / 3)
                painter.setPen(now.color("plot_axis"))
                painter.drawText(corner, text)

    def _paint_class(
        self,
        painter: QPainter,
        shown: Drawing,
        label: int,
        held_out: npt.NDArray[np.bool_] | None,
    ) -> None:
        color = class_color(label)
        rows = np.flatnonzero(shown.labels == label)
        rim = QPen(theme.current().color("plot_background"), 0.8)
        for row in rows.tolist():
            at = self.at(*shown.places[row].tolist())
            if held_out is not None and held_out[row]:
                painter.setPen(QPen(color, 1.8))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                paint_mark(painter, at, label, _RADIUS - 0.4)
            else:
                painter.setPen(rim)
                painter.setBrush(color)
                paint_mark(painter, at, label, _RADIUS)


def class_color(label: int) -> QColor:
    """The colour of a class; after a few, they come again with another mark."""
    now = theme.current()
    colors = (now.forward, now.backward, *now.curves[:3])
    return QColor(colors[label % len(colors)])


def paint_mark(painter: QPainter, at: QPointF, label: int, radius: float) -> None:
    """A circle, or a square for the classes whose colours have been before."""
    box = QRectF(at.x() - radius, at.y() - radius, 2 * radius, 2 * radius)
    if label < 5:
        painter.drawEllipse(box)
    else:
        painter.drawRect(box)


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers, about five of them."""
    rough = (high - low) / 4.0
    power = 10.0 ** np.floor(np.log10(rough))
    step = float(next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= rough * 0.999))
    first = int(np.ceil(low / step - 1e-9))
    last = int(np.floor(high / step + 1e-9))
    return [i * step for i in range(first, last + 1)][:12]


_SHIFT = Qt.KeyboardModifier.ShiftModifier
_KEYPAD = Qt.KeyboardModifier.KeypadModifier
