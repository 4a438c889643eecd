"""The view: shows the scene, and hands the mouse and the keyboard to gestures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGraphicsView, QWidget

from backprop_studio.network import edits
from backprop_studio.nn import nodes
from backprop_studio.ui import theme
from backprop_studio.ui.canvas import accessible, camera, geometry, style
from backprop_studio.ui.canvas.activity import Activity
from backprop_studio.ui.canvas.interactions import draw_wire, keys
from backprop_studio.ui.canvas.interactions.draw_wire import DrawWire
from backprop_studio.ui.canvas.interactions.drop_layer import DropLayer
from backprop_studio.ui.canvas.interactions.gesture import Gesture, Press
from backprop_studio.ui.canvas.interactions.move_nodes import MoveNodes
from backprop_studio.ui.canvas.interactions.pan import Pan
from backprop_studio.ui.canvas.interactions.select_area import SelectArea
from backprop_studio.ui.canvas.overlay import Bubble, EmptyHint
from backprop_studio.ui.canvas.scene import Hit, NetworkScene
from backprop_studio.ui.controllers.document import Document

_GESTURES = (Pan, DrawWire, MoveNodes, SelectArea)
_SMALLEST_REACH = 9.0
_WHEEL_NOTCH = 120


class CanvasView(QGraphicsView):
    """The canvas of a document.

    Signals
    -------
    selection_changed(ids)
        Ids of the selected nodes, a tuple in the order in which they were selected.
    refused(reason)
        Something that was asked for cannot be done; a sentence says why.
    """

    selection_changed = Signal(object)
    refused = Signal(str)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.canvas_scene = NetworkScene(document, self)
        self.current: str | None = None
        self.bubble = Bubble(self)
        self.hint = EmptyHint(self)
        self._ground = camera.Ground()
        self._drop = DropLayer(self)
        self._gesture: Gesture | None = None
        self._hovered = Hit()
        self._space = False
        self._by_keyboard = False
        self._fitted = False
        self.setScene(self.canvas_scene)
        camera.set_up(self)
        accessible.install()
        self.setAccessibleName("Network canvas")
        self.canvas_scene.selection_noted.connect(self.selection_changed)
        document.network_changed.connect(self._note_change)

    # Selection

    def selected_nodes(self) -> tuple[str, ...]:
        """Ids of the selected nodes, in the order in which they were selected."""
        return self.canvas_scene.selected_nodes()

    def select(self, ids: Iterable[str]) -> None:
        """Select these nodes, in this order, and nothing else."""
        self.canvas_scene.select(ids)

    def select_all(self) -> None:
        """Select every node and every wire."""
        self.canvas_scene.select(keys.reading_order(self), self.canvas_scene.wires)

    def set_current(self, node_id: str | None) -> None:
        """Move the keyboard to a node, and scroll to it."""
        self.current = node_id
        self._by_keyboard = node_id is not None
        if node_id is not None:
            self.ensureVisible(self.canvas_scene.nodes[node_id].content_rect(), 24, 24)
        self._mark()
        accessible.tell_focus(self)

    # Edits

    def add_layer(self, layer_id: str, scene_pos: QPointF | None = None) -> str:
        """Add a layer and select it.

        Parameters
        ----------
        layer_id
            Which layer or loss.
        scene_pos
            Its centre; None for a free place right of the selected or the last node.

        Returns
        -------
        str
            Id of the new node.
        """
        spec = nodes()[layer_id]()
        if scene_pos is None:
            scene_pos = self._free_place()
        x, y = geometry.snap(scene_pos.x(), scene_pos.y())
        network, node_id = edits.add_node(
            self.document.network, spec, x, y, retired=self.document.retired
        )
        self.document.apply(f"Add {spec.info.title}", network)
        self.select([node_id])
        self.current = node_id
        self.ensureVisible(self.canvas_scene.nodes[node_id].card_rect(), 24, 24)
        return node_id

    def delete_selection(self) -> None:
        """Delete the selected nodes and wires, as one edit."""
        network = self.document.network
        chosen, wires = self.selected_nodes(), self.canvas_scene.selected_wires()
        if not chosen and not wires:
            return
        if len(chosen) == 1:
            what = network.node(chosen[0]).name
        elif chosen:
            what = f"{len(chosen)} layers"
        else:
            what = "wire" if len(wires) == 1 else f"{len(wires)} wires"
        self.document.apply(f"Delete {what}", edits.remove(network, chosen, wires))

    def connect_selection(self) -> None:
        """Wire the first of two selected nodes to the second; says why when it cannot."""
        chosen = self.selected_nodes()
        if len(chosen) != 2:
            self.refuse("Select two layers to wire: first the source, then the target.")
            return
        source, target = chosen
        port = draw_wire.first_free(self.document.network, target)
        reason = draw_wire.connect(self, draw_wire.Wire(source, target, port))
        if reason is not None:
            self.refuse(str(reason))

    def refuse(self, reason: str) -> None:
        """Tell that something cannot be done."""
        accessible.announce(self, reason)
        self.refused.emit(reason)

    def _free_place(self) -> QPointF:
        placed = self.canvas_scene.nodes
        chosen = self.selected_nodes()
        last = chosen[-1] if chosen else next(reversed(placed), None)
        if last is None:
            return self.mapToScene(self.viewport().rect().center())
        rect = placed[last].card_rect()
        # The new card may turn out wider than usual; its left port then comes a little nearer.
        start = QPointF(rect.right() + geometry.GAP + geometry.WIDTH / 2, rect.center().y())
        taken = [item.card_rect() for item in placed.values()]
        return geometry.free_place(start, geometry.WIDTH, taken)

    # Looks

    def set_activity(self, activity: Activity | None) -> None:
        """Show where training stands; None while it does not run."""
        self.canvas_scene.set_activity(activity)

    def restyle(self) -> None:
        """Take over new colours and fonts."""
        style.refresh()
        self.canvas_scene.restyle()
        self.resetCachedContent()
        self.viewport().update()

    def zoom_to_fit(self) -> None:
        """Show the whole network."""
        camera.fit(self, self.canvas_scene.content())

    def zoom_by(self, factor: float) -> None:
        """Zoom about the middle."""
        camera.zoom(self, factor, self.viewport().rect().center())

    def scroll_by(self, by: QPoint) -> None:
        """Scroll by pixels."""
        camera.scroll(self, by)

    def show_hint(self) -> None:
        """Say how to begin, when there is nothing yet."""
        self.hint.setVisible(not self.document.network.nodes)

    def node_center(self, node_id: str) -> QPoint:
        """Centre of a node, in the viewport."""
        return self.mapFromScene(self.canvas_scene.nodes[node_id].pos())

    def port_point(self, node_id: str, kind: Literal["in", "out"]) -> QPoint:
        """Centre of a node's output or first input, in the viewport."""
        item = self.canvas_scene.nodes[node_id]
        return self.mapFromScene(item.port_pos(geometry.PortRef(node_id, kind)))

    def hit(self, at: QPoint) -> Hit:
        """What lies at a point of the viewport."""
        scale = self.transform().m11()
        reach = max(geometry.PORT_REACH, _SMALLEST_REACH / scale)
        return self.canvas_scene.hit(self.mapToScene(at), reach)

    def _note_change(self) -> None:
        # What a gesture has taken hold of may be gone.
        self.cancel_gesture()
        self._hover(Hit())
        if self.current not in self.canvas_scene.nodes:
            self.current = None
        self.show_hint()
        self._mark()
        accessible.tell_children(self)

    def _hover(self, hit: Hit) -> None:
        if self._hovered.wire is not None:
            self._hovered.wire.set_hovered(False)
        self._hovered = hit
        if hit.wire is not None:
            hit.wire.set_hovered(True)
        self._mark()
        self._show_cursor()

    def _mark(self) -> None:
        focused = self.current if self._by_keyboard and self.hasFocus() else None
        under = self._hovered.node
        for node_id, item in self.canvas_scene.nodes.items():
            item.set_marks(hovered=item is under, focused=node_id == focused)
            item.point_at(self._hovered.port if item is under else None)

    def _show_cursor(self) -> None:
        if isinstance(self._gesture, Pan):
            shape = Qt.CursorShape.ClosedHandCursor
        elif self._space:
            shape = Qt.CursorShape.OpenHandCursor
        elif isinstance(self._gesture, DrawWire) or self._hovered.port is not None:
            shape = Qt.CursorShape.CrossCursor
        else:
            shape = Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)

    # Mouse

    def cancel_gesture(self) -> bool:
        """Leave everything as it was before the gesture; False when there is none."""
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            gesture.cancel()
            self._show_cursor()
        return gesture is not None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()
        if self._gesture is not None:
            return
        at = event.position().toPoint()
        hit = self.hit(at)
        self._by_keyboard = False
        if hit.node is not None:
            self.current = hit.node.node.id
        self._mark()
        self.bubble.hide()
        press = Press(at, event.button(), event.modifiers(), hit, self._space)
        for kind in _GESTURES:
            if kind.begins(press):
                self._gesture = kind(self, press)
                self._show_cursor()
                return

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        if self._gesture is not None:
            self._gesture.move(at)
        else:
            self._hover(self.hit(at))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        gesture = self._gesture
        if gesture is None or event.button() != gesture.press.button:
            return
        # Given up first: what it does changes the document, and that cancels gestures.
        self._gesture = None
        at = event.position().toPoint()
        gesture.finish(at)
        self._hover(self.hit(at))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn = event.angleDelta()
        if turn.y():
            camera.zoom(self, 1.2 ** (turn.y() / _WHEEL_NOTCH), event.position().toPoint())
        else:
            self.scroll_by(QPoint(-turn.x(), 0))
        event.accept()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self._drop.enter(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._drop.move(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drop.leave()

    def dropEvent(self, event: QDropEvent) -> None:
        self._drop.drop(event)

    # Keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.modifiers():
            self._space = True
            self._show_cursor()
        elif not keys.press(self, event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self._show_cursor()
        super().keyReleaseEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        # At either end the focus leaves: a canvas must not trap the keyboard.
        return keys.walk(self, forward=forward) or super().focusNextPrevChild(forward)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        tabs = {Qt.FocusReason.TabFocusReason: True, Qt.FocusReason.BacktabFocusReason: False}
        if event.reason() in tabs:
            self.current = None
            keys.walk(self, forward=tabs[event.reason()])
        self._mark()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._space = False
        super().focusOutEvent(event)
        self._mark()

    # Window

    def drawBackground(self, painter: QPainter, rect: QRectF | object) -> None:
        self._ground.paint(painter, QRectF(rect))  # type: ignore[arg-type]

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave and self._gesture is None:
            self._hover(Hit())
        return super().viewportEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if theme.is_theme_change(event):
            self.restyle()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        size = self.hint.sizeHint()
        self.hint.resize(size)
        self.hint.move((self.width() - size.width()) // 2, (self.height() - size.height()) // 2)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._fitted:
            # Only now is the size known.
            self._fitted = True
            self.zoom_to_fit()
        self.show_hint()
