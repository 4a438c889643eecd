"""What is done with a layer that is more than an edit: open it, stop at it, explain it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt

from backprop_studio.insight.flow import outputs
from backprop_studio.training import Breakpoint
from backprop_studio.training.breakpoints import AtNode
from backprop_studio.ui import finding
from backprop_studio.ui.canvas_menu import CanvasMenu
from backprop_studio.ui.controllers.document import Document

if TYPE_CHECKING:
    from backprop_studio.ui.main_window import MainWindow


class LayerController(QObject):
    """Leads from a layer on the canvas to what other parts of the window know of it, and back.

    Parameters
    ----------
    window
        With canvas and panels in it.
    document
        Whose layers.
    tell
        Says a sentence to the person.
    """

    def __init__(
        self, window: MainWindow, document: Document, tell: Callable[[str], object]
    ) -> None:
        super().__init__(window)
        self._window = window
        self._document = document
        self._tell = tell
        canvas, operations, outline = window.canvas, window.operations, window.outline
        self.menu = CanvasMenu(canvas, window.actions_by_id, self)
        canvas.menu_wanted.connect(self.menu.open)
        canvas.add_requested.connect(partial(finding.quick_add, canvas))
        canvas.insert_requested.connect(partial(finding.insert, canvas))
        canvas.node_opened.connect(self.open)
        canvas.selection_changed.connect(self._show_selected)
        operations.left.connect(self.leave)
        operations.instruction_chosen.connect(self._show_instruction)
        outline.nodes_chosen.connect(canvas.select)
        outline.delete_requested.connect(canvas.delete)
        outline.connect_requested.connect(canvas.connect_parts)
        outline.open_requested.connect(canvas.open_part)
        outline.rename_requested.connect(self._rename)
        outline.menu_requested.connect(self._open_menu)
        window.breakpoints.breakpoints_changed.connect(self._show_stops)
        window.messages.node_requested.connect(self.go_to)
        window.instruments.node_chosen.connect(self.go_to)
        window.program.node_selected.connect(lambda node: canvas.select((node,)))

    def handlers(self) -> dict[str, Callable[[], object]]:
        """What the actions on layers do, by their ids."""
        return {
            "enter": self._open_selected,
            "insert_layer": self._insert,
            "explain_output": self._explain,
            "stop_here": self._stop_here,
            "export_picture": self._export_picture,
            "export_selection": self._export_selection,
        }

    def _export_picture(self) -> None:
        """The whole diagram, if there is one."""
        window = self._window
        if window.canvas.canvas_scene.content().isEmpty():
            self._tell(self.tr("The canvas is empty: there is nothing to export."))
        else:
            window.project.export_picture(window.canvas.save_picture)

    def _export_selection(self) -> None:
        window = self._window
        if window.canvas.selected_parts() or window.canvas.canvas_scene.selected_wires():
            window.project.export_picture(window.canvas.save_selection)
        else:
            self._tell(self.tr("Select the layers and notes to export first."))

    def open(self, node: str) -> None:
        """Show the operations of a layer in place of the canvas."""
        window = self._window
        if window.operations.open_node(node):
            window.pages.setCurrentWidget(window.operations)
            window.operations.setFocus()
        else:
            self._tell(self.tr("This layer has no operations: it only names the data."))

    def leave(self) -> None:
        """Go back to the canvas."""
        self._window.pages.setCurrentWidget(self._window.canvas)
        self._window.canvas.setFocus()

    def go_to(self, node: str) -> None:
        """Select a layer on the canvas, and give that the keyboard."""
        self._window.canvas.reveal(node)
        self._window.canvas.setFocus()

    def _open_selected(self) -> None:
        chosen = self._window.canvas.selected_parts()
        if chosen:
            self._window.canvas.open_part(chosen[-1])
        else:
            self._tell(self.tr("Select a layer, a group or a note first."))

    def _insert(self) -> None:
        wires = self._window.canvas.canvas_scene.selected_wires()
        if wires:
            finding.insert(self._window.canvas, wires[-1])
        else:
            self._tell(self.tr("Select a wire first: click it, or press W at a layer."))

    def _explain(self) -> None:
        """Explain the first number that leaves the selected layer, or flows in the wire."""
        canvas, network = self._window.canvas, self._document.network
        nodes, wires = canvas.selected_nodes(), canvas.canvas_scene.selected_wires()
        if not nodes and not wires:
            self._tell(self.tr("Select a layer or a wire first."))
            return
        node = nodes[-1] if nodes else wires[-1].source
        lowered = self._document.analysis.lowered
        if lowered is None:
            self._tell(self.tr("There are no numbers yet: mend what Messages tells first."))
            return
        program = lowered.program
        value = outputs(program, network).get(node)
        if value is None:
            made = [i.outputs[0] for i in program.instructions if i.node == node]
            if not made:
                self._tell(self.tr("Nothing is computed in this layer."))
                return
            value = made[0] if program.loss is None else program.loss
        self._window.instruments.explain(value, (0,) * len(program.values[value].shape))

    def _stop_here(self) -> None:
        nodes = self._window.canvas.selected_nodes()
        if nodes:
            self._window.breakpoints.toggle(AtNode(nodes[-1]))
        else:
            self._tell(self.tr("Select a layer first."))
        self._show_selected(nodes)

    def _show_stops(self, points: tuple[Breakpoint, ...]) -> None:
        self._show_selected(self._window.canvas.selected_nodes())

    def _show_selected(self, nodes: tuple[str, ...]) -> None:
        """Let the actions know which layer is selected."""
        window = self._window
        stops = bool(nodes) and AtNode(nodes[-1]) in window.breakpoints.breakpoints
        window.actions_by_id["stop_here"].setChecked(stops)
        if len(nodes) == 1:
            window.program.select_node(nodes[0])
            window.instruments.tell("inside", "set_node", nodes[0])

    def _open_menu(self, at: QPoint) -> None:
        """The canvas's menu for what is selected in the outline."""
        canvas, outline = self._window.canvas, self._window.outline
        if outline.wires():
            canvas.canvas_scene.select((), outline.wires())
        elif outline.selected() and not canvas.selected_parts():
            self._tell(
                self.tr("It stands in a folded group. Unfold that first, with Return on it.")
            )
            return
        self.menu.open(at)

    def _show_instruction(self, index: int) -> None:
        self._window.layouts.open("program", keyboard=False)
        self._window.program.select_instruction(index)

    def _rename(self, node: str) -> None:
        window = self._window
        window.canvas.select((node,))
        if node not in self._document.network:
            window.canvas.rename_selection()
            return
        window.layouts.open("inspector", keyboard=False)
        # For this reason the whole name is selected: what is typed takes its place.
        window.inspector.name_edit.setFocus(Qt.FocusReason.ShortcutFocusReason)
