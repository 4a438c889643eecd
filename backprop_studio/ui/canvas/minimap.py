"""The whole network in a corner, with a frame around what is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from backprop_studio.ui import theme
from backprop_studio.ui.canvas.interactions import wheel

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.group_item import GroupItem
    from backprop_studio.ui.canvas.node_item import NodeItem
    from backprop_studio.ui.canvas.view import CanvasView

WIDTH, HEIGHT = 180, 110
_INSET = 10
_PAD = 6.0
_SMALLEST = 2.0


class MiniMap(QWidget):
    """Drawn only while a part of the network is out of sight. A click or a drag goes there.

    The wheel zooms.
    """

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._wanted = True
        self._picture: QPixmap | None = None
        self._drawn_for: object = None
        self.setAccessibleName(self.tr("Map of the network"))
        self.setToolTip(self.tr("Click or drag to go there"))
        self.resize(WIDTH, HEIGHT)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        for bar in (view.horizontalScrollBar(), view.verticalScrollBar()):
            bar.valueChanged.connect(self.follow)
        view.document.analysis_changed.connect(self._forget)
        self.hide()

    @property
    def wanted(self) -> bool:
        """Whether it may appear."""
        return self._wanted

    def set_wanted(self, wanted: bool, /) -> None:
        """Let it appear when it is of use, or not at all."""
        self._wanted = wanted
        self.follow()

    def follow(self) -> None:
        """Take its place in the corner, if there is something out of sight."""
        area = self._view.viewport()
        self.move(area.width() - WIDTH - _INSET, area.height() - HEIGHT - _INSET)
        content = self._view.canvas_scene.content()
        room = area.width() > 2 * WIDTH and area.height() > 2 * HEIGHT
        hidden = not content.isEmpty() and not self._seen().contains(content)
        self.setVisible(self._wanted and room and hidden)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        now, scale, origin = theme.current(), *self._scale()
        key = (now, scale, origin, self.devicePixelRatioF())
        if self._picture is None or self._drawn_for != key:
            self._picture, self._drawn_for = self._draw(scale, origin), key
        with QPainter(self) as painter:
            painter.drawPixmap(0, 0, self._picture)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            seen = self._seen()
            frame = QRectF((seen.topLeft() - origin) * scale, seen.size() * scale)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(now.color("accent"), 2))
            painter.drawRect(frame.intersected(QRectF(self.rect()).adjusted(2, 2, -2, -2)))

    def _draw(self, scale: float, origin: QPointF) -> QPixmap:
        """The network. It is kept until something of it changes: panning moves the frame only."""
        now, ratio = theme.current(), self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        scene = self._view.canvas_scene
        middles: dict[str, tuple[float, float]] = {}
        rects: dict[str, list[QRectF]] = {}
        kinds: list[tuple[str, NodeItem | GroupItem]] = []
        kinds += (
            (str(i.node.spec.info.category), i) for i in scene.nodes.values() if i.isVisible()
        )
        kinds += (("operation", i) for i in scene.marks.groups() if i.collapsed)
        left, top = origin.x(), origin.y()
        for kind, item in kinds:
            card = item.card_rect()
            x, y = (card.x() - left) * scale, (card.y() - top) * scale
            width, height = card.width() * scale, card.height() * scale
            middles[item.part] = x + width / 2, y + height / 2
            seen = QRectF(x, y, max(width, _SMALLEST), max(height, _SMALLEST))
            rects.setdefault(kind, []).append(seen)
        blocks = scene.marks.blocks
        lines = [
            QLineF(
                *middles[blocks.get(wire.source, wire.source)],
                *middles[blocks.get(wire.target, wire.target)],
            )
            for wire, drawn in scene.wires.items()
            if drawn.isVisible()
        ]
        with QPainter(picture) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            ground = now.color("surface")
            ground.setAlpha(225)
            painter.setBrush(ground)
            painter.setPen(QPen(now.color("border_strong"), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
            painter.drawLines(lines)
            painter.setPen(Qt.PenStyle.NoPen)
            for kind, cards in rects.items():
                painter.setBrush(QColor(now.node_title(kind)))
                painter.drawRects(cards)
        return picture

    def _forget(self) -> None:
        """Something has changed: draw anew when it is shown."""
        self._picture = None
        self.follow()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._go(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event.position())

    def wheelEvent(self, event: QWheelEvent) -> None:
        # About the middle: that is what the frame is around.
        self._view.zoom_by(wheel.factor(event.angleDelta().y()))
        event.accept()

    def _go(self, at: QPointF) -> None:
        scale, origin = self._scale()
        self._view.sight.go_to(at / scale + origin)

    def _seen(self) -> QRectF:
        """What the canvas shows, in the scene."""
        return self._view.mapToScene(self._view.viewport().rect()).boundingRect()

    def _scale(self) -> tuple[float, QPointF]:
        """Pixels for each unit of the scene, and the point of the scene in the corner."""
        content = self._view.canvas_scene.content()
        room = QRectF(self.rect()).adjusted(_PAD, _PAD, -_PAD, -_PAD)
        scale = min(
            room.width() / max(content.width(), 1.0), room.height() / max(content.height(), 1.0)
        )
        return scale, content.center() - QPointF(WIDTH / 2, HEIGHT / 2) / scale
