"""The whole network in a corner, with a frame around what is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from backprop_studio.ui import theme

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.view import CanvasView

WIDTH, HEIGHT = 180, 110
_INSET = 10
_PAD = 6.0
_SMALLEST = 2.0


class MiniMap(QWidget):
    """Drawn only while a part of the network is out of sight. A click or a drag goes there."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._wanted = True
        self.setAccessibleName("Map of the network")
        self.setToolTip("Click or drag to go there")
        self.resize(WIDTH, HEIGHT)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        for bar in (view.horizontalScrollBar(), view.verticalScrollBar()):
            bar.valueChanged.connect(self.follow)
        view.document.network_changed.connect(self.follow)
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
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            ground = now.color("surface")
            ground.setAlpha(225)
            painter.setBrush(ground)
            painter.setPen(QPen(now.color("border_strong"), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
            painter.setPen(QPen(now.color("border_strong"), 1))
            scene = self._view.canvas_scene
            for wire, drawn in scene.wires.items():
                if not drawn.isVisible():
                    continue
                blocks = scene.marks.blocks
                cards = (scene.part(blocks.get(end, end)) for end in (wire.source, wire.target))
                ends = [card.card_rect().center() for card in cards if card is not None]
                a, b = ((p - origin) * scale for p in ends)
                painter.drawLine(a, b)
            painter.setPen(Qt.PenStyle.NoPen)
            colors = [
                (item.card_rect(), now.node_title(str(item.node.spec.info.category)))
                for item in scene.nodes.values()
                if item.isVisible()
            ]
            colors += [
                (item.card_rect(), now.node_title("operation"))
                for item in scene.marks.groups()
                if item.collapsed
            ]
            for card, color in colors:
                painter.setBrush(QColor(color))
                size = card.size() * scale
                painter.drawRect(
                    QRectF(
                        (card.topLeft() - origin) * scale,
                        size.expandedTo(QRectF(0, 0, _SMALLEST, _SMALLEST).size()),
                    )
                )
            seen = self._seen()
            frame = QRectF((seen.topLeft() - origin) * scale, seen.size() * scale)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(now.color("accent"), 2))
            painter.drawRect(frame.intersected(QRectF(self.rect()).adjusted(2, 2, -2, -2)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._go(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event.position())

    def _go(self, at: QPointF) -> None:
        scale, origin = self._scale()
        self._view.go_to(at / scale + origin)

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
