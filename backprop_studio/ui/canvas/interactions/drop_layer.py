"""Takes a layer from the palette. A pale card shows where it will stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QDragMoveEvent, QDropEvent, QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from backprop_studio.nn import nodes
from backprop_studio.ui.canvas import card, geometry, mime, style

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.view import CanvasView


class GhostItem(QGraphicsItem):
    """The card of a layer that is not there yet."""

    def __init__(self, layer_id: str) -> None:
        super().__init__()
        self.setZValue(4)
        self.setOpacity(0.7)
        info = nodes()[layer_id].info
        look = style.current()
        self._texts = card.Texts.fit(look, info.title, "", "", info.plain)
        self._band = card.band_path(self._texts.width)
        self._category = str(info.category)

    def boundingRect(self) -> QRectF:
        return geometry.card(self._texts.width).adjusted(-4, -4, 4, 4)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        look = style.current()
        scale = option.levelOfDetailFromTransform(painter.worldTransform())
        card.paint_card(painter, look, self._texts, self._band, self._category, scale)
        painter.setBrush(look.hollow)
        painter.setPen(look.tone("accent").dashed)
        style.rounded(painter, geometry.card(self._texts.width), 0, geometry.RADIUS)

    def shape(self) -> QPainterPath:
        return QPainterPath()


class DropLayer:
    """The part of drag and drop that happens over the canvas."""

    def __init__(self, view: CanvasView) -> None:
        self._view = view
        self._ghost: GhostItem | None = None

    def enter(self, event: QDragMoveEvent) -> None:
        """Accept a layer that is known; show where it would stand."""
        layer_id = mime.decode(event.mimeData())
        if layer_id is None:
            event.ignore()
            return
        self.leave()
        self._ghost = GhostItem(layer_id)
        self._view.canvas_scene.addItem(self._ghost)
        self._view.hint.hide()
        self.move(event)

    def move(self, event: QDragMoveEvent) -> None:
        """Follow the pointer."""
        if self._ghost is None:
            event.ignore()
            return
        self._ghost.setPos(self._place(event))
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def leave(self) -> None:
        """Forget about it."""
        if self._ghost is not None:
            self._view.canvas_scene.removeItem(self._ghost)
            self._ghost = None
        self._view.show_hint()

    def drop(self, event: QDropEvent) -> None:
        """Add the layer, as one edit."""
        layer_id = mime.decode(event.mimeData())
        self.leave()
        if layer_id is None:
            event.ignore()
            return
        self._view.add_layer(layer_id, self._place(event))
        self._view.setFocus(Qt.FocusReason.OtherFocusReason)
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def _place(self, event: QDropEvent) -> QPointF:
        at = self._view.mapToScene(event.position().toPoint())
        return QPointF(*geometry.snap(at.x(), at.y()))
