"""The window: puts the canvas, the panels and the actions together. It has no logic of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QMainWindow,
    QStackedWidget,
    QUndoView,
    QWidget,
)

from backprop_studio.errors import Diagnostic, Severity
from backprop_studio.network import Analysis, edits
from backprop_studio.project import SUFFIX
from backprop_studio.training import (
    Boundary,
    Breakpoint,
    CurveUpdate,
    Intervention,
    Snapshot,
    State,
)
from backprop_studio.training.naming import breakpoint_name, with_names
from backprop_studio.ui import actions, docks, finding, lesson_mode, theme, windows
from backprop_studio.ui.canvas.progress import activity_at
from backprop_studio.ui.controllers.appearance import Appearance
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.controllers.engine import Engine
from backprop_studio.ui.controllers.layouts import Layouts
from backprop_studio.ui.controllers.project import ProjectController
from backprop_studio.ui.controllers.shortcuts import Shortcuts
from backprop_studio.ui.controllers.start import StartController
from backprop_studio.ui.dialogs import about
from backprop_studio.ui.instruments import INSTRUMENTS, Instruments, kind
from backprop_studio.ui.recent import RecentMenu
from backprop_studio.ui.settings import Settings
from backprop_studio.ui.toolbar import add_strip, add_toolbar
from backprop_studio.ui.widgets.loop_strip import LoopStrip
from backprop_studio.ui.widgets.preparing_strip import PreparingStrip
from backprop_studio.ui.widgets.run_status import RunStatus
from backprop_studio.ui.widgets.transport import Transport

_OF_LAYERS = ("inspector", "outline", "help", "history")
_NEEDS_A_RUN = ("run", "restart", "fork", "set_number")


class MainWindow(QMainWindow):
    """Canvas in the middle, panels around it, one toolbar on top."""

    def __init__(
        self, document: Document, engine: Engine, settings: Settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._panels: dict[str, QWidget] = {}
        self._document = document
        self._engine = engine
        self._settings = settings
        self.project = ProjectController(document, engine, settings, self)
        self.instruments = Instruments(engine.ask, self)
        self.status = RunStatus()
        self.loop = LoopStrip()
        self.pages = QStackedWidget()
        self.setCentralWidget(self.pages)
        self.preparing = PreparingStrip(document)
        self.statusBar().addPermanentWidget(self.preparing)
        self.statusBar().addPermanentWidget(self.status)
        self.statusBar().setSizeGripEnabled(False)

        self.appearance = Appearance(self, settings)
        self.actions_by_id, self._menus = actions.build(self, self._act)
        actions.follow_undo(self.actions_by_id, document.undo_stack)
        self.appearance.set_actions(self.actions_by_id)
        self.shortcuts = Shortcuts(self.actions_by_id, settings)
        self.transport = Transport(self.actions_by_id["run"])
        add_toolbar(self, self.actions_by_id, self.transport)
        add_strip(self, self.loop, self.tr("Learning loop"))
        self.docks = docks.build(self, self.panel)
        # A panel without a place would not go when the window does.
        self.instruments.built.connect(lambda key: self.docks[key].fill())
        for spec in docks.DOCKS:
            if spec.shown:
                self._menus["view"].addAction(self.docks[spec.key].toggleViewAction())
        self.layouts = Layouts(self, self.docks, settings)
        self.start = StartController(
            self.pages, self._furnished_canvas, self.project, settings, self.layouts
        )
        self.start.leave_for(self.actions_by_id)
        self._recent = RecentMenu(settings, self.project.reopen, self)
        self._menus["file"].insertMenu(self.actions_by_id["example"], self._recent)
        self._told: Analysis | None = None
        document.clean_changed.connect(self._show_title)
        self.project.path_changed.connect(self._show_title)
        self._show_title()

    def show_at_last_place(self, *, greet: bool = False) -> None:
        """Show the window where it was the last time, or at its standard size.

        Parameters
        ----------
        greet
            Whether the start page is in front, if the person wants it. The rest, which is not in
            sight then, is left to `furnish`, for after the first paint.
        """
        if not (greet and self._settings.start_page):
            self.furnish()
        self.layouts.restore()
        if greet:
            self.start.greet()
        self.show()

    # Overrides of Qt.

    def closeEvent(self, event: QCloseEvent) -> None:
        self.furnish()
        if not self.project.may_discard():
            event.ignore()
            return
        self.appearance.end_presentation()
        self.layouts.keep()
        self._settings.sync()
        self.importing.close()
        self.project.recovery.close()
        self._engine.shut_down()
        event.accept()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        project = any(u.toLocalFile().endswith(SUFFIX) for u in event.mimeData().urls())
        if project or self.importing.dropped(event.mimeData()) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for url in event.mimeData().urls():
            if url.toLocalFile().endswith(SUFFIX):
                self.project.reopen(Path(url.toLocalFile()))
                event.acceptProposedAction()
                return
        data = self.importing.dropped(event.mimeData())
        if data is not None:
            self.importing.open_soon(data)
            event.acceptProposedAction()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if theme.is_theme_change(event) and self._panels:
            self.canvas.restyle()

    # Composition.

    def _all_handlers(self) -> dict[str, Callable[[], object]]:
        engine, project, canvas = self._engine, self.project, self.canvas
        undo = self._document.undo_stack
        steps = {
            f"{word}_{boundary}": partial(self._after_edits, partial(move, boundary))
            for word, move in (("step", engine.step), ("back", engine.back))
            for boundary in Boundary
        }
        return {
            "new": project.new,
            "new_window": self._open_another,
            "start_page": self._show_start_page,
            "open": project.open,
            "example": project.open_example,
            "examples": partial(finding.open_example, self, project),
            "save": partial(self._after_edits, project.save),
            "save_as": partial(self._after_edits, project.save_as),
            "export": partial(self._after_edits, project.export),
            "import_data": partial(self._after_edits, self.importing.open),
            "open_draw": partial(self._open_instrument, "draw"),
            "quit": self.close,
            "undo": undo.undo,
            "redo": undo.redo,
            "cut": canvas.cut_selection,
            "copy": canvas.copy_selection,
            "paste": canvas.paste,
            "duplicate": partial(canvas.duplicate_selection, shared=False),
            "duplicate_shared": partial(canvas.duplicate_selection, shared=True),
            "quick_add": partial(finding.quick_add, canvas),
            "commands": lambda: finding.find_command(self, self.actions_by_id),
            "find": partial(finding.find_layer, canvas),
            "arrange": canvas.arrange,
            "history": partial(self._open_instrument, "history"),
            "outline": partial(self._open_instrument, "outline"),
            "data": partial(self._open_instrument, "data"),
            "help": self._help,
            "export_picture": partial(project.export_picture, canvas.save_picture),
            **{f"layout_{name}": partial(self._arrange_docks, name) for name in docks.ARRANGEMENTS},
            "connect": canvas.connect_selection,
            "fix": partial(self._after_edits, canvas.fix_selection),
            "rename": canvas.rename_selection,
            "group": canvas.group_selection,
            "ungroup": canvas.ungroup_selection,
            "leave_group": canvas.leave_group,
            "fold": canvas.fold_selection,
            "next_wire": canvas.select_next_wire,
            "note": canvas.add_note,
            "arrow": canvas.add_arrow,
            "delete": canvas.delete_selection,
            "select_all": canvas.select_all,
            "zoom_in": lambda: canvas.zoom_by(1.25),
            "zoom_out": lambda: canvas.zoom_by(0.8),
            "zoom_fit": canvas.zoom_to_fit,
            "minimap": lambda: canvas.minimap.set_wanted(not canvas.minimap.wanted),
            **self.appearance.handlers(),
            "reset_layout": self._reset_layout,
            "run": partial(self._after_edits, engine.toggle),
            **steps,
            "fork": engine.fork,
            "set_number": partial(self._after_edits, self._set_number),
            **{f"open_{key}": partial(self._open_instrument, key) for key in INSTRUMENTS},
            "restart": partial(self._after_edits, self._restart),
            "new_weights": self._draw_new_weights,
            "shortcuts": self._show_shortcuts,
            "about": partial(about.show_about, self),
            **lesson_mode.handlers(self.lessons, self),
        }

    def panel(self, key: str) -> QWidget:
        """The panel of a dock; if there is none yet, it is built."""
        if key in INSTRUMENTS:
            return self.instruments.panel(key)
        self.furnish()
        return self._panels[key]

    def furnish(self) -> None:
        """Build the canvas and what stands around it, and connect it all, if that is not done yet.

        The start page needs none of it, and so its first paint does not wait for these imports.
        """
        if self._panels:
            return
        from backprop_studio.ui.canvas.ops_view import OpsView
        from backprop_studio.ui.canvas.view import CanvasView
        from backprop_studio.ui.controllers.importing import ImportController
        from backprop_studio.ui.controllers.lesson import LessonController
        from backprop_studio.ui.controllers.tracer import Tracer
        from backprop_studio.ui.panels.breakpoints import BreakpointsPanel
        from backprop_studio.ui.panels.current_step import CurrentStepPanel
        from backprop_studio.ui.panels.data import DataPanel
        from backprop_studio.ui.panels.draw import DrawPanel
        from backprop_studio.ui.panels.gradients import GradientsPanel
        from backprop_studio.ui.panels.help import HelpPanel
        from backprop_studio.ui.panels.inspector import InspectorPanel
        from backprop_studio.ui.panels.loss_curves import LossCurvesPanel
        from backprop_studio.ui.panels.messages import MessagesPanel
        from backprop_studio.ui.panels.outline import OutlinePanel
        from backprop_studio.ui.panels.palette import PalettePanel
        from backprop_studio.ui.panels.program import ProgramPanel
        from backprop_studio.ui.panels.setup import SetupPanel
        from backprop_studio.ui.panels.timeline import TimelinePanel

        document, engine, settings = self._document, self._engine, self._settings
        self.canvas = CanvasView(document)
        self.pages.insertWidget(0, self.canvas)
        for action in actions.ACTIONS:
            if action.local:
                self.canvas.addAction(self.actions_by_id[action.id])
        self.lessons = LessonController(document, engine, self.project, settings, self)
        self.importing = ImportController(document, settings, self)
        self.tracer = Tracer(engine.ask, document, self.canvas, self)
        self.operations = OpsView()
        self.pages.addWidget(self.operations)
        self.palette_panel = PalettePanel()
        self.inspector = InspectorPanel(document)
        self.setup = SetupPanel(document)
        self.data = DataPanel(document)
        self.draw = DrawPanel(document)
        self.losses = LossCurvesPanel()
        self.gradients = GradientsPanel(engine.ask)
        self.current_step = CurrentStepPanel()
        self.messages = MessagesPanel(document)
        self.program = ProgramPanel(engine.ask)
        self.timeline = TimelinePanel()
        self.breakpoints = BreakpointsPanel()
        self.history = QUndoView(document.undo_stack)
        self.history.setEmptyLabel(self.tr("As it was opened"))
        self.history.setAccessibleName(self.tr("Undo history"))
        self.outline = OutlinePanel()
        self.help = HelpPanel()
        self._panels = {
            "palette": self.palette_panel,
            "inspector": self.inspector,
            "setup": self.setup,
            "data": self.data,
            "losses": self.losses,
            "timeline": self.timeline,
            "gradients": self.gradients,
            "breakpoints": self.breakpoints,
            "current_step": self.current_step,
            "program": self.program,
            "messages": self.messages,
            "history": self.history,
            "outline": self.outline,
            "help": self.help,
            "draw": self.draw,
            "lesson": self.lessons.panel,
        }
        for key in self._panels:
            self.docks[key].fill()
        self._explain_panels()
        self._handlers = self._all_handlers()
        self._connect()
        self.setAcceptDrops(True)
        self._show_analysis(document.analysis)

    def _explain_panels(self) -> None:
        """Let the help know the panels, also those that are not built."""
        from backprop_studio.ui.guide import GUIDE

        keys = {self.docks[spec.key].windowTitle(): spec.key for spec in docks.DOCKS}
        self.help.set_panels(
            {title: self.docks[key] for title, key in keys.items()},
            lambda title: self._kind(keys[title]),
            {title: GUIDE[key] for title, key in keys.items() if key in GUIDE},
            [title for title, key in keys.items() if key in _OF_LAYERS],
        )

    def _kind(self, key: str) -> type[QWidget]:
        return kind(key) if key in INSTRUMENTS else type(self.panel(key))

    def _furnished_canvas(self) -> QWidget:
        """The page behind the start page."""
        self.furnish()
        return self.canvas

    def _act(self, action: str) -> None:
        """Do what an action is for."""
        self.furnish()
        self._handlers[action]()

    def _connect(self) -> None:
        document, engine = self._document, self._engine
        document.analysis_changed.connect(self._show_analysis)
        self.project.path_changed.connect(self.canvas.zoom_to_fit)
        self.project.path_changed.connect(self.messages.clear_notices)
        self.project.told.connect(self._tell)
        self.appearance.told.connect(self._tell)
        self.importing.told.connect(self._tell)
        self.setup.import_requested.connect(self.actions_by_id["import_data"].trigger)
        self.setup.draw_requested.connect(self.actions_by_id["open_draw"].trigger)
        self.palette_panel.layer_chosen.connect(self.canvas.add_layer)
        self.canvas.selection_changed.connect(self.inspector.set_selection)
        self.canvas.marks_changed.connect(self.inspector.set_marks)
        self.canvas.marks_changed.connect(self.outline.select_marks)
        self.canvas.add_requested.connect(partial(finding.quick_add, self.canvas))
        self.canvas.refused.connect(self._tell)
        self.canvas.node_opened.connect(self._open_layer)
        self.operations.left.connect(self._leave_layer)
        self.operations.instruction_chosen.connect(self._show_instruction)
        self.canvas.selection_changed.connect(self.outline.select)
        self.outline.nodes_chosen.connect(self.canvas.select)
        self.outline.delete_requested.connect(self.canvas.delete)
        self.outline.connect_requested.connect(self.canvas.connect_parts)
        self.outline.open_requested.connect(self.canvas.open_part)
        self.outline.rename_requested.connect(self._rename)
        self.setup.data_requested.connect(self.actions_by_id["data"].trigger)
        self.messages.fix_requested.connect(self.canvas.apply_fix)
        self.inspector.fix_requested.connect(self.canvas.apply_fix)
        self.messages.node_requested.connect(self._go_to_node)
        self.timeline.sought.connect(engine.seek)
        self.timeline.fork_requested.connect(self.actions_by_id["fork"].trigger)
        self.timeline.switch_requested.connect(engine.switch)
        self.timeline.drop_requested.connect(engine.drop_branch)
        self.timeline.renamed.connect(engine.rename_branch)
        self.timeline.budget_changed.connect(engine.set_budget)
        self.breakpoints.breakpoints_changed.connect(self._set_breakpoints)
        self.program.breakpoint_toggled.connect(self.breakpoints.toggle_instruction)
        self.breakpoints.lost.connect(self._tell)
        self.program.run_to_requested.connect(engine.run_to)
        self.gradients.number_chosen.connect(self.instruments.explain)
        self.program.number_chosen.connect(self.instruments.explain)
        self.loop.panel_requested.connect(self._open_instrument)
        self.losses.export_requested.connect(self.project.export_curves)
        self.instruments.node_chosen.connect(self._go_to_node)
        for key, signal, slot in (
            ("example", "row_chosen", self.tracer.set_row),
            ("example", "numbers_typed", self._put_in),
            ("inside", "focus_changed", self.canvas.set_focus_node),
            ("efficiency", "overlay_changed", self.canvas.set_badges),
            ("doctor", "experiment_requested", engine.try_out),
            ("explanation", "change_requested", self._set_this_number),
        ):
            self.instruments.hear(key, signal, slot)
        self.instruments.opened.connect(self._open_instrument)
        self.program.node_selected.connect(lambda node: self.canvas.select((node,)))
        self.canvas.selection_changed.connect(self._show_in_program)
        engine.stopped.connect(self._show_stop)
        self.gradients.watch_changed.connect(engine.watch)
        self.transport.stepped.connect(self._step)
        self.transport.stepped_back.connect(self._step_back)
        self.transport.speed_chosen.connect(engine.set_speed)
        engine.updated.connect(self._show_update)
        engine.state_changed.connect(self._show_state)
        engine.failed.connect(self._show_failure)
        engine.unanswered.connect(self._tell)
        lesson_mode.install(self)

    # What the document and the engine say.

    def _show_analysis(self, analysis: Analysis) -> None:
        before, self._told = self._told, analysis
        if before is not None and analysis.shapes is before.shapes:
            if before.network.marks != analysis.network.marks:
                self.outline.set_network(analysis)
            return  # only places have changed: a drag through a large network stays cheap
        self.outline.set_network(analysis)
        self.gradients.set_network(analysis)
        self.current_step.set_network(analysis)
        self.breakpoints.set_network(analysis)
        self.instruments.set_network(analysis)
        self.program.set_network(analysis)
        self.operations.set_network(analysis)
        self.loop.set_network(analysis)
        self.status.set_seed(analysis.network.setup.seed)

    def _show_update(self, snapshot: Snapshot, curves: tuple[CurveUpdate, ...]) -> None:
        self.losses.show_update(snapshot, curves)
        self.gradients.show_snapshot(snapshot)
        self.timeline.show_snapshot(snapshot, self.losses.losses)
        self.current_step.show_snapshot(snapshot)
        self.instruments.show_snapshot(snapshot)
        self.program.show_snapshot(snapshot)
        self.operations.show_snapshot(snapshot)
        self.status.show_snapshot(snapshot)
        self.loop.show_snapshot(snapshot)
        self.instruments.follow(snapshot)
        lowered = self._document.analysis.lowered
        program = None if lowered is None else lowered.program
        self.canvas.set_activity(activity_at(program, snapshot))
        self.tracer.show_snapshot(snapshot)

    def _show_state(self, state: State) -> None:
        self.transport.set_state(state)
        for key, action in self.actions_by_id.items():
            if key.startswith(("step_", "back_")) or key in _NEEDS_A_RUN:
                action.setEnabled(state is not State.EMPTY)

    def _set_breakpoints(self, points: tuple[Breakpoint, ...]) -> None:
        self._engine.set_breakpoints(points)
        self.program.set_breakpoints(self.breakpoints.instructions())

    def _show_in_program(self, nodes: tuple[str, ...]) -> None:
        if len(nodes) == 1:
            self.program.select_node(nodes[0])
            self.instruments.tell("inside", "set_node", nodes[0])

    def _show_stop(self, point: Breakpoint) -> None:
        lowered = self._document.analysis.lowered
        program = None if lowered is None else lowered.program
        name = breakpoint_name(self._document.network, program, point)
        self._tell(self.tr("Stopped at a breakpoint: {name}").format(name=name))

    def _show_failure(self, failure: Diagnostic) -> None:
        text = with_names(self._document.network, failure).text
        self.messages.show_notice(text, Severity.ERROR)
        self.docks["messages"].show()
        self.docks["messages"].raise_()
        self._tell(text)

    def _tell(self, text: str) -> None:
        self.statusBar().showMessage(text, 8000)

    def _show_title(self, *_: object) -> None:
        self.setWindowTitle(f"{self.project.name}[*] — Backprop Studio")
        self.setWindowFilePath("" if self.project.path is None else str(self.project.path))
        self.setWindowModified(not self._document.undo_stack.isClean())

    def _go_to_node(self, node_id: str) -> None:
        self.canvas.reveal(node_id)
        self.canvas.setFocus()

    # Small actions.

    def _after_edits(self, action: Callable[[], object]) -> None:
        """Do something with what is typed, also where a field has not been left yet."""
        self.inspector.commit_edits()
        self.setup.commit_edits()
        self.data.commit_edits()
        action()

    def _step(self, boundary: Boundary) -> None:
        self._after_edits(partial(self._engine.step, boundary))

    def _step_back(self, boundary: Boundary) -> None:
        self._after_edits(partial(self._engine.back, boundary))

    def _restart(self) -> None:
        self.messages.clear_notices()
        self._engine.restart()

    def _open_layer(self, node: str) -> None:
        if self.operations.open_node(node):
            self.pages.setCurrentWidget(self.operations)
            self.operations.setFocus()
        else:
            self._tell(self.tr("This layer has no operations: it only names the data."))

    def _leave_layer(self) -> None:
        self.pages.setCurrentWidget(self.canvas)
        self.canvas.setFocus()

    def _show_instruction(self, index: int) -> None:
        self.docks["program"].show()
        self.docks["program"].raise_()
        self.program.select_instruction(index)

    def _rename(self, node: str) -> None:
        self.canvas.select((node,))
        if node not in self._document.network:
            self.canvas.rename_selection()
            return
        self.docks["inspector"].show()
        self.inspector.name_edit.setFocus()

    def _help(self) -> None:
        """Explain the panel that has the keyboard, or else the selected layer."""
        nodes = self.canvas.selected_nodes()
        if not self.help.explain_focus(QApplication.focusWidget()):
            if nodes:
                self.help.explain_spec(type(self._document.network.node(nodes[-1]).spec))
            elif self.canvas.hasFocus():
                self.help.explain_topic("The canvas")
        self._open_instrument("help")

    def _arrange_docks(self, name: str) -> None:
        self.layouts.show_arrangement(name)

    def _open_instrument(self, key: str) -> None:
        self.layouts.open(key)

    def _put_in(self, changes: tuple[Intervention, ...]) -> None:
        for change in changes:
            self._engine.intervene(change)

    def _set_this_number(self, value: int, entry: tuple[int, ...]) -> None:
        self._after_edits(partial(self._set_number, value, entry))

    def _set_number(self, value: int | None = None, entry: tuple[int, ...] = ()) -> None:
        from backprop_studio.ui.dialogs.set_number import SetNumberDialog

        lowered, snapshot = self._document.analysis.lowered, self._engine.snapshot
        if lowered is None or snapshot.cursor is None:
            return
        if snapshot.state is State.RUNNING:
            self._engine.pause()
            self._tell(self.tr("Paused. Choose Set a number again, at this moment."))
            return
        dialog = SetNumberDialog(
            self._document.network, lowered.program, snapshot, self._engine.ask, self
        )
        if value is not None and not dialog.choose(value, entry):
            self._tell(self.tr("This number is not computed yet. Step on to it first."))
            return
        if dialog.exec() == QDialog.DialogCode.Accepted:
            intervention = dialog.intervention()
            if intervention is not None:
                self._engine.intervene(intervention)
        dialog.deleteLater()

    def _draw_new_weights(self) -> None:
        network = self._document.network
        setup = replace(network.setup, seed=(network.setup.seed + 1) % 2**32)
        self._document.apply(self.tr("New weights"), edits.set_setup(network, setup))

    def _open_another(self) -> None:
        if not windows.open_another():
            self._tell(self.tr("The system could not start a second window."))

    def _show_start_page(self) -> None:
        self.start.show()

    def _show_shortcuts(self) -> None:
        from backprop_studio.ui.dialogs.shortcuts import ShortcutsDialog

        dialog = ShortcutsDialog(self.shortcuts, self)
        dialog.exec()
        dialog.deleteLater()

    def _reset_layout(self) -> None:
        self.layouts.reset()
