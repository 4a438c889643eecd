"""The view: shows the scene, and hands the mouse and the keyboard to gestures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGraphicsView, QWidget

from backprop_studio.insight.flow import Flow
from backprop_studio.network import Wire
from backprop_studio.network.remedy import Fix
from backprop_studio.ui import theme
from backprop_studio.ui.canvas import accessible, camera, mime, style
from backprop_studio.ui.canvas.activity import Activity
from backprop_studio.ui.canvas.flowing import Flowing
from backprop_studio.ui.canvas.geometry import PortRef
from backprop_studio.ui.canvas.hitting import Hit
from backprop_studio.ui.canvas.inline_editor import InlineEditor
from backprop_studio.ui.canvas.interactions import (
    clipboard,
    edit_actions,
    keys,
    marks,
    pointing,
    wheel,
)
from backprop_studio.ui.canvas.interactions.add_preset import add_preset
from backprop_studio.ui.canvas.interactions.drop_layer import DropLayer
from backprop_studio.ui.canvas.interactions.mouse import Mouse
from backprop_studio.ui.canvas.marked import Marked
from backprop_studio.ui.canvas.minimap import MiniMap
from backprop_studio.ui.canvas.overlay import Bubble, EmptyHint
from backprop_studio.ui.canvas.picture import save_picture
from backprop_studio.ui.canvas.scene import NetworkScene
from backprop_studio.ui.canvas.sight import Sight
from backprop_studio.ui.controllers.document import Document


class CanvasView(QGraphicsView):
    """The canvas of a document.

    Signals
    -------
    selection_changed(ids)
        Ids of the selected nodes, a tuple in the order in which they were selected.
    node_opened(id)
        A node was double-clicked, entered, or zoomed into: its operations are wanted.
    marks_changed(ids)
        Ids of the selected notes, arrows and groups.
    add_requested(at, port)
        Something is to be added at a point of the viewport, and wired to a port unless it is None.
    insert_requested(wire)
        A layer is to be put into a wire.
    menu_wanted(at)
        The menu of what is selected is wanted at a point of the screen.
    refused(reason)
        Something that was asked for cannot be done; a sentence says why.
    """

    selection_changed = Signal(object)
    marks_changed = Signal(object)
    refused = Signal(str)
    node_opened = Signal(str)
    add_requested = Signal(QPoint, object)
    insert_requested = Signal(object)
    menu_wanted = Signal(QPoint)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.canvas_scene = NetworkScene(document, self)
        self.current: str | None = None
        self.aimed: QPointF | None = None
        """Place in the scene that an open menu is about; None while there is none."""
        self.bubble = Bubble(self)
        self.hint = EmptyHint(self)
        self._ground = camera.Ground()
        self._stream = Flowing(self.canvas_scene, self)
        self._drop = DropLayer(self)
        self._mouse = Mouse(self)
        self.sight = Sight(self, self.canvas_scene.content, self._mouse.again)
        self._by_keyboard = False
        self._marked = Marked(self.canvas_scene)
        self.minimap = MiniMap(self)
        self.editor = InlineEditor(self, self.tr("Text on the canvas"))
        self.setScene(self.canvas_scene)
        camera.set_up(self)
        for bar in (self.horizontalScrollBar(), self.verticalScrollBar()):
            bar.valueChanged.connect(self.bubble.pass_by)
        accessible.install()
        self.setAccessibleName(self.tr("Network canvas"))
        self.canvas_scene.selection_noted.connect(self.selection_changed)
        self.canvas_scene.marks_noted.connect(self.marks_changed)
        document.network_changed.connect(self._note_change)

    # Selection

    def selected_nodes(self) -> tuple[str, ...]:
        """Ids of the selected nodes, in the order in which they were selected."""
        return self.canvas_scene.selected_nodes()

    def selected_parts(self) -> tuple[str, ...]:
        """Ids of the selected nodes, notes, arrows and groups, in that order."""
        return self.canvas_scene.selected_parts()

    def select(self, ids: Iterable[str]) -> None:
        """Select these parts, in this order, and nothing else; scroll to the last one."""
        self.canvas_scene.select(ids)
        chosen = self.selected_parts()
        if chosen:
            self.current = chosen[-1]
            self._scroll_to(self.current)

    def reveal(self, node_id: str) -> None:
        """Select a node; a block that it is in is unfolded for that."""
        marks.reveal(self, node_id)
        self.select((node_id,))

    def select_all(self) -> None:
        """Select every node, mark and wire."""
        self.canvas_scene.select(keys.reading_order(self), self.canvas_scene.wires)

    def set_current(self, node_id: str | None) -> None:
        """Move the keyboard to a node, and scroll to it."""
        self.current = node_id
        self._by_keyboard = node_id is not None
        if node_id is not None:
            self._scroll_to(node_id)
        self.mark()
        accessible.tell_focus(self)

    def _scroll_to(self, part: str) -> None:
        item = self.canvas_scene.part(part)
        if item is not None:
            self.ensureVisible(item.content_rect(), 24, 24)

    # Edits

    def add_layer(
        self,
        layer_id: str,
        scene_pos: QPointF | None = None,
        joined: Sequence[PortRef] = (),
        into: Wire | None = None,
    ) -> str:
        """Add a layer and select it.

        Parameters
        ----------
        layer_id
            Which layer or loss.
        scene_pos
            Its centre; None for a free place right of the selected or the last node. An output
            of the selected one that leads nowhere is then wired to it.
        joined
            Ports that it is wired to, as far as that is possible.
        into
            The wire that it goes into; None for the one under it, if there is one.

        Returns
        -------
        str
            Id of the new node; empty when the project holds as many as it can.
        """
        return edit_actions.add_layer(self, layer_id, scene_pos, joined, into)

    def delete_selection(self) -> None:
        """Delete what is selected, as one edit."""
        edit_actions.delete_selection(self)

    def delete(self, wires: tuple[Wire, ...], parts: tuple[str, ...] = ()) -> None:
        """Delete these wires as one edit; without any, these parts."""
        edit_actions.delete(self, () if wires else parts, wires)

    def copy_selection(self) -> None:
        """Copy the selected nodes."""
        clipboard.copy(self)

    def cut_selection(self) -> None:
        """Copy the selected nodes, and delete them."""
        clipboard.cut(self)

    def paste(self) -> None:
        """Add the nodes that were copied."""
        clipboard.paste(self)

    def duplicate_selection(self, *, shared: bool) -> None:
        """Add the selected nodes once more, with weights of their own or the same."""
        clipboard.duplicate(self, shared=shared)

    def add_preset(self, key: str, scene_pos: QPointF | None = None) -> None:
        """Add a network of `PRESETS` around a point of the scene, or below all that there is."""
        add_preset(self, key, scene_pos)

    def add_chosen(self, chosen: str) -> None:
        """Add what was chosen in the palette, a layer or a network, where there is room."""
        key = mime.preset_in(chosen)
        if key is None:
            self.add_layer(chosen)
        else:
            self.add_preset(key)

    def add_note(self) -> None:
        """Write a note at the pointer."""
        marks.add_note(self)

    def add_arrow(self) -> None:
        """An arrow between two selected parts; else the next drag draws one."""
        marks.add_arrow(self)

    def arm_arrow(self) -> None:
        """Let the next drag draw an arrow."""
        self._mouse.want_arrow(True)
        self.tell(self.tr("Drag from where the arrow begins to where it points. Esc gives up."))

    def disarm(self) -> None:
        """Let a drag do what it usually does."""
        self._mouse.want_arrow(False)

    def group_selection(self) -> None:
        """Put what is selected into a group."""
        marks.group(self)

    def ungroup_selection(self) -> None:
        """Take the selected groups apart."""
        marks.ungroup(self)

    def leave_group(self) -> None:
        """Take what is selected out of its group."""
        marks.leave_group(self)

    def fold_selection(self) -> None:
        """Fold the selected groups into blocks, or unfold them."""
        marks.fold(self)

    def rename_selection(self) -> None:
        """Write another name or text in place."""
        marks.rename(self)

    def select_next_wire(self) -> None:
        """Select the next wire at the node where the keyboard is."""
        keys.next_wire(self)

    def fix_selection(self) -> None:
        """Mend the first problem of the selected nodes, or else of the document."""
        edit_actions.fix(self, self.selected_nodes())

    def apply_fix(self, fix: Fix) -> None:
        """Carry a remedy out, as one edit."""
        edit_actions.apply_fix(self, fix)

    def open_part(self, part: str) -> None:
        """Enter a node, unfold or fold a group, write in a note."""
        marks.open_part(self, part)

    def arrange(self) -> None:
        """Lay the network out automatically, and show all of it."""
        edit_actions.arrange(self)
        self.zoom_to_fit()

    def save_picture(self, path: Path) -> None:
        """Write the diagram to an SVG, PDF or PNG file.

        Raises
        ------
        ProjectError
            The file cannot be written.
        """
        save_picture(self.canvas_scene, self.canvas_scene.content(), path)

    def save_selection(self, path: Path) -> None:
        """Write what is selected, and the wires between it, to such a file.

        Raises
        ------
        ProjectError
            The file cannot be written.
        """
        content, items = edit_actions.selection_items(self)
        save_picture(self.canvas_scene, content, path, items)

    def want_menu(self) -> None:
        """Ask for the menu of what is selected, as the keyboard does."""
        at = pointing.aim_with_keyboard(self)
        self.menu_wanted.emit(self.viewport().mapToGlobal(at))

    def connect_selection(self) -> None:
        """Wire the first of two selected nodes to the second; says why when it cannot."""
        self.connect_parts(self.selected_parts())

    def connect_parts(self, parts: tuple[str, ...]) -> None:
        """Wire the first of two parts to the second; says why when it cannot."""
        edit_actions.connect_parts(self, parts)

    def refuse(self, reason: str) -> None:
        """Tell that something cannot be done."""
        self.tell(reason)

    def tell(self, text: str) -> None:
        """Say something below the canvas, where a screen reader hears it, too."""
        self.refused.emit(text)

    # Looks

    def set_activity(self, activity: Activity | None) -> None:
        """Show where training stands; None while it does not run."""
        self.canvas_scene.set_activity(activity)

    def set_flow(self, flow: Flow | None) -> None:
        """Show one example on its way through the network; None for none."""
        self.canvas_scene.set_flow(flow)

    def set_flowing(self, flowing: bool) -> None:
        """Let what flows be seen to flow, in slow motion and unless motion is not wanted."""
        self._stream.set_flowing(flowing)

    def set_badges(self, badges: Mapping[str, str]) -> None:
        """Write something below nodes, by their ids; nothing below the others."""
        self.canvas_scene.set_badges(badges)

    def set_focus_node(self, node_id: str) -> None:
        """Grey out everything but a node and its wires; nothing for an empty id."""
        self.canvas_scene.set_focus_node(node_id)

    def restyle(self) -> None:
        """Take over new colours and fonts."""
        style.refresh()
        camera.choose_updates(self)
        self.canvas_scene.restyle()
        self.resetCachedContent()
        self.viewport().update()

    def zoom_to_fit(self) -> None:
        """Show the whole network."""
        self.sight.fit()
        self.minimap.follow()

    def zoom_by(self, factor: float, at: QPoint | None = None) -> None:
        """Zoom about a point of the viewport, by default its middle."""
        self.sight.zoom(factor, at)
        self.minimap.follow()

    def show_hint(self) -> None:
        """Say how to begin, when there is nothing yet."""
        self.hint.setVisible(not self.document.network.nodes)

    def node_center(self, node_id: str) -> QPoint:
        """Centre of a node, in the viewport."""
        return self.mapFromScene(self.canvas_scene.nodes[node_id].pos())

    def port_point(self, node_id: str, kind: Literal["in", "out"], index: int = 0) -> QPoint:
        """Centre of a node's output or of one of its inputs, in the viewport."""
        return self.mapFromScene(self.canvas_scene.port_pos(PortRef(node_id, kind, index)))

    def hit(self, at: QPoint) -> Hit:
        """What lies at a point of the viewport."""
        return self.canvas_scene.hit(self.mapToScene(at), camera.port_reach(self))

    def _note_change(self) -> None:
        # What a gesture has taken hold of may be gone.
        self.cancel_gesture()
        self.bubble.pass_by()
        self._mouse.look_at(Hit())
        if self.current is not None:
            seen = self.canvas_scene.part(self.current)
            if seen is None or not seen.isVisible():
                self.current = self.canvas_scene.marks.blocks.get(self.current)
        self.show_hint()
        self.mark()
        accessible.tell_children(self)

    def mark(self) -> None:
        """Show where the pointer and the keyboard are."""
        focused = self.current if self._by_keyboard and self.hasFocus() else None
        self._marked.show(self._mouse.over, focused)

    # Mouse

    def cancel_gesture(self) -> bool:
        """Leave everything as it was before the gesture; False when there is none."""
        return self._mouse.cancel()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self._by_keyboard = False
        hit = self.hit(event.position().toPoint())
        if hit.part:
            self.current = hit.part
        self.bubble.hide()
        self._mouse.press(event)
        self.mark()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._mouse.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._mouse.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._mouse.double(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        wheel.turn(self, event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self._drop.enter(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._drop.move(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drop.leave()

    def dropEvent(self, event: QDropEvent) -> None:
        self._drop.drop(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            self.cancel_gesture()
            pointing.aim_with_mouse(self, event.pos())
            self.menu_wanted.emit(event.globalPos())
        else:
            self.want_menu()
        event.accept()

    # Keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.modifiers():
            self._mouse.hold(True)
        elif not keys.press(self, event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._mouse.hold(False)
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
        self.mark()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._mouse.hold(False)
        self._mouse.let_go()
        super().focusOutEvent(event)
        self.mark()

    # Window

    def paintEvent(self, event: QPaintEvent) -> None:
        if not camera.afar(self):
            super().paintEvent(event)
            return
        seen = self.mapToScene(event.rect()).boundingRect()
        with QPainter(self.viewport()) as painter:
            painter.setTransform(self.viewportTransform())
            self._ground.paint(painter, seen)
            self.canvas_scene.paint_afar(painter, seen)

    def drawBackground(self, painter: QPainter, rect: QRectF | object) -> None:
        self._ground.paint(painter, QRectF(rect))  # type: ignore[arg-type]

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._mouse.leave()
        if isinstance(event, QNativeGestureEvent) and wheel.pinch(self, event):
            return True
        return super().viewportEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if theme.is_theme_change(event):
            self.restyle()
        elif event.type() == QEvent.Type.FontChange:
            self.hint.place()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.hint.place()
        self.sight.resized()
        self.minimap.follow()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.sight.shown()
        self.minimap.follow()
        self.show_hint()
