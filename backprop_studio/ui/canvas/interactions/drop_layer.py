"""Takes a layer or a whole network from the palette.

A pale card shows where it will stand and what it is wired to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QDragMoveEvent, QDropEvent, QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from backprop_studio.nn import nodes
from backprop_studio.ui.canvas import card, geometry, mime, style
from backprop_studio.ui.canvas.geometry import PortRef
from backprop_studio.ui.canvas.interactions import add_preset, edit_actions, joining
from backprop_studio.ui.canvas.interactions.ghosts import Ghosts
from backprop_studio.ui.canvas.repainting import leave_place, repaint
from backprop_studio.ui.canvas.wire_item import WirePreview

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.view import CanvasView


class GhostItem(QGraphicsItem):
    """The card of a layer that is not there yet."""

    def __init__(self, layer_id: str) -> None:
        super().__init__()
        self.setZValue(4)
        self.setOpacity(0.7)
        self.spec = nodes()[layer_id]()
        info = self.spec.info
        look = style.current()
        self._texts = card.Texts.fit(look, info.title, "", "", info.plain)
        self._category = str(info.category)

    @property
    def width(self) -> float:
        """Width of the card."""
        return self._texts.width

    def boundingRect(self) -> QRectF:
        return geometry.card(self._texts.width).adjusted(-4, -4, 4, 4)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        look = style.current()
        scale = option.levelOfDetailFromTransform(painter.worldTransform())
        if scale < style.detail():
            words = (self._texts.title, "")
            card.paint_afar(painter, look, words, self._texts.width, self._category, scale)
        else:
            card.paint_card(painter, look, self._texts, self._category)
        painter.setBrush(look.hollow)
        painter.setPen(look.tone("accent").dashed)
        style.rounded(painter, geometry.card(self._texts.width), 0, geometry.RADIUS)

    def shape(self) -> QPainterPath:
        return QPainterPath()


class DropLayer:
    """The part of drag and drop that happens over the canvas."""

    def __init__(self, view: CanvasView) -> None:
        self._view = view
        self._ghost: GhostItem | Ghosts | None = None
        self._wires: list[WirePreview] = []
        self._joined: list[PortRef] = []
        self._invitation = joining.Invitation(view)

    def enter(self, event: QDragMoveEvent) -> None:
        """Accept a layer that is known; show where it would stand."""
        layer_id = mime.decode(event.mimeData())
        if layer_id is None:
            event.ignore()
            return
        self.leave()
        preset = mime.preset_in(layer_id)
        self._ghost = GhostItem(layer_id) if preset is None else add_preset.ghosts(preset)
        self._view.canvas_scene.addItem(self._ghost)
        self._view.hint.hide()
        self._view.bubble.pass_by()
        self.move(event)

    def move(self, event: QDragMoveEvent) -> None:
        """Follow the pointer."""
        if self._ghost is None:
            event.ignore()
            return
        leave_place(self._ghost)
        self._ghost.setPos(self._place(event))
        repaint(self._ghost)
        view, at = self._view, event.position().toPoint()
        place = view.mapToScene(at)
        into = joining.frame_at(view.canvas_scene, view.document.network, place)
        self._invitation.show(into, at)
        if isinstance(self._ghost, GhostItem):
            self._offer(self._ghost, event)
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def leave(self) -> None:
        """Forget about it."""
        self._joined = []
        self._invitation.clear()
        self._show_wires(())
        if self._ghost is not None:
            self._view.canvas_scene.removeItem(self._ghost)
            self._ghost = None
        self._view.show_hint()

    def drop(self, event: QDropEvent) -> None:
        """Add it, as one edit."""
        layer_id = mime.decode(event.mimeData())
        joined = self._joined
        self.leave()
        if layer_id is None:
            event.ignore()
            return
        preset = mime.preset_in(layer_id)
        if preset is None:
            self._view.add_layer(layer_id, self._place(event), joined)
        else:
            self._view.add_preset(preset, self._place(event))
        self._view.setFocus(Qt.FocusReason.OtherFocusReason)
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def _offer(self, ghost: GhostItem, event: QDropEvent) -> None:
        """Show which wires it would get here: with Shift, in a block and on a wire it gets none."""
        place = ghost.pos()
        apart = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        into = self._invitation.into
        if (
            apart
            or (into is not None and into.collapsed)
            or edit_actions.wire_under(self._view, ghost.spec, place) is not None
        ):
            self._joined = []
        else:
            self._joined = edit_actions.ports_near(self._view, ghost.spec, place, ghost.width)
        self._show_wires(self._joined)

    def _show_wires(self, ports: Sequence[PortRef]) -> None:
        scene, ghost = self._view.canvas_scene, self._ghost
        while len(self._wires) > len(ports):
            scene.removeItem(self._wires.pop())
        while len(self._wires) < len(ports):
            self._wires.append(WirePreview())
            scene.addItem(self._wires[-1])
        for wire, port in zip(self._wires, ports, strict=True):
            assert isinstance(ghost, GhostItem)
            there, half = scene.port_pos(port), QPointF(ghost.width / 2, 0)
            if port.side == "out":
                wire.show_between(there, ghost.pos() - half, there, "accent")
            else:
                wire.show_between(ghost.pos() + half, there, there, "accent")

    def _place(self, event: QDropEvent) -> QPointF:
        at = self._view.mapToScene(event.position().toPoint())
        return QPointF(*geometry.snap(at.x(), at.y()))
