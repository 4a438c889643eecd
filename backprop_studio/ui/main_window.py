"""The window: puts the canvas, the panels and the actions together. It has no logic of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QMainWindow,
    QStackedWidget,
    QUndoView,
    QWidget,
)

from backprop_studio.network import Analysis
from backprop_studio.project import SUFFIX
from backprop_studio.training import (
    CurveUpdate,
    Snapshot,
)
from backprop_studio.ui import actions, docks, finding, lesson_mode, theme, windows
from backprop_studio.ui.canvas.progress import activity_at
from backprop_studio.ui.controllers import spoken
from backprop_studio.ui.controllers.appearance import Appearance
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.controllers.engine import Engine
from backprop_studio.ui.controllers.layouts import Layouts
from backprop_studio.ui.controllers.project import ProjectController
from backprop_studio.ui.controllers.shortcuts import Shortcuts
from backprop_studio.ui.controllers.stage import Stage
from backprop_studio.ui.controllers.start import StartController
from backprop_studio.ui.dialogs import about
from backprop_studio.ui.dialogs.sizing import Sizes
from backprop_studio.ui.instruments import INSTRUMENTS, Instruments, kind
from backprop_studio.ui.lesson_hold import Hold
from backprop_studio.ui.recent import RecentMenu
from backprop_studio.ui.settings import Settings
from backprop_studio.ui.sharing import Sharing
from backprop_studio.ui.toolbar import add_strip, add_toolbar
from backprop_studio.ui.widgets.loop_strip import LoopStrip
from backprop_studio.ui.widgets.preparing_strip import PreparingStrip
from backprop_studio.ui.widgets.run_status import RunStatus
from backprop_studio.ui.widgets.transport import Transport
from backprop_studio.ui.widgets.unkept_strip import UnkeptStrip

_OF_LAYERS = ("inspector", "outline", "help")


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
        self.statusBar().addPermanentWidget(UnkeptStrip(self.project.recovery))
        self.statusBar().addPermanentWidget(self.preparing)
        self.statusBar().addPermanentWidget(self.status)
        self.statusBar().setSizeGripEnabled(False)

        self.appearance = Appearance(self, settings)
        self.actions_by_id, self._menus = actions.build(self, self._act)
        actions.follow_undo(self.actions_by_id, document.history)
        self.appearance.set_actions(self.actions_by_id)
        self.shortcuts = Shortcuts(self.actions_by_id, settings)
        self.transport = Transport(self.actions_by_id)
        add_toolbar(self, self.actions_by_id, self.transport)
        add_strip(self, self.loop, self.tr("Learning loop"))
        self.docks = docks.build(self, self.panel)
        # A panel without a place would not go when the window does.
        self.instruments.built.connect(lambda key: self.docks[key].fill())
        self._menus["view"].insertAction(
            self.actions_by_id["open_current_step"], self.actions_by_id["open_breakpoints"]
        )
        self.layouts = Layouts(self, self.docks, settings)
        Sizes(settings, self)
        self.start = StartController(
            self.pages, self._furnished_canvas, self.project, settings, self.layouts
        )
        self.start.leave_for(self.actions_by_id)
        self.stage = Stage(self)
        self._recent = RecentMenu(settings, self.project.reopen, self)
        self._menus["file"].insertMenu(self.actions_by_id["example"], self._recent)
        self._told: Analysis | None = None
        self._untold = False
        self._refusal = ""
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
        from backprop_studio.ui.canvas.interactions import commands

        project, canvas = self.project, self.canvas
        undo = self._document.history
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
            "import_weights": partial(self._after_edits, self.weights.ask),
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
            "commands": partial(finding.find_command, self, self.actions_by_id),
            "find": partial(finding.find_layer, canvas),
            "arrange": canvas.arrange,
            "history": partial(self._open_instrument, "history"),
            "outline": partial(self._open_instrument, "outline"),
            "data": partial(self._open_instrument, "data"),
            **self.stage.handlers(),
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
            **commands.handlers(canvas),
            "zoom_in": lambda: canvas.zoom_by(1.25),
            "zoom_out": lambda: canvas.zoom_by(0.8),
            "zoom_fit": canvas.zoom_to_fit,
            "minimap": lambda: canvas.minimap.set_wanted(not canvas.minimap.wanted),
            **self.appearance.handlers(),
            **self.run.handlers(),
            **self.layers.handlers(),
            "help": self.helping.help,
            **{f"open_{key}": partial(self._open_instrument, key) for key in INSTRUMENTS},
            **{
                f"open_{spec.key}": partial(self._open_instrument, spec.key)
                for spec in docks.DOCKS
                if spec.shown
            },
            "close_panel": self._close_panel,
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
        from backprop_studio.ui.controllers.helping import HelpController
        from backprop_studio.ui.controllers.importing import ImportController
        from backprop_studio.ui.controllers.layers import LayerController
        from backprop_studio.ui.controllers.lesson import LessonController
        from backprop_studio.ui.controllers.run import RunController
        from backprop_studio.ui.controllers.tracer import Tracer
        from backprop_studio.ui.controllers.weights import WeightsController
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
        self.weights = WeightsController(document, engine, settings, self)
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
        self.history = QUndoView(document.history)
        self.history.setSpacing(2)
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
        self.layers = LayerController(self, document, self._tell)
        self.helping = HelpController(self, document)
        self.run = RunController(self, document, engine, self._after_edits, self._tell)
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
        if not self.hold.refuses(action):
            self._handlers[action]()

    def _connect(self) -> None:
        document, engine = self._document, self._engine
        document.analysis_changed.connect(self._show_analysis)
        self.project.shown.connect(partial(self.canvas.select, ()))
        self.project.shown.connect(self.canvas.zoom_to_fit)
        self.project.shown.connect(self.messages.clear_notices)
        self.project.told.connect(self._tell)
        self.appearance.told.connect(self._tell)
        self.importing.told.connect(self._tell)
        self.weights.told.connect(self._tell)
        self.setup.import_requested.connect(self.actions_by_id["import_data"].trigger)
        self.setup.draw_requested.connect(self.actions_by_id["open_draw"].trigger)
        self.palette_panel.layer_chosen.connect(self.canvas.add_chosen)
        self.canvas.selection_changed.connect(self.inspector.set_selection)
        self.canvas.selection_changed.connect(Sharing(self, self.docks).make_room)
        self.canvas.marks_changed.connect(self.inspector.set_marks)
        self.canvas.marks_changed.connect(self.outline.select_marks)
        self.canvas.refused.connect(self._refuse)
        document.history.indexChanged.connect(self._forget_refusal)
        spoken.Spoken(document, self)
        self.canvas.selection_changed.connect(self.outline.select)
        self.setup.data_requested.connect(self.actions_by_id["data"].trigger)
        self.messages.fix_requested.connect(self.canvas.apply_fix)
        self.inspector.fix_requested.connect(self.canvas.apply_fix)
        self.gradients.number_chosen.connect(self.instruments.explain)
        self.program.number_chosen.connect(self.instruments.explain)
        self.loop.panel_requested.connect(self._open_instrument)
        self.losses.export_requested.connect(self.project.export_curves)
        for key, signal, slot in (
            ("example", "row_chosen", self.tracer.set_row),
            ("example", "example_chosen", self.tracer.set_example),
            ("inside", "focus_changed", self.canvas.set_focus_node),
            ("efficiency", "overlay_changed", self.canvas.set_badges),
        ):
            self.instruments.hear(key, signal, slot)
        self.instruments.opened.connect(self._open_instrument)
        engine.updated.connect(self._show_update)
        lesson_mode.install(self)
        self.lessons.closed.connect(self.stage.settle)
        self.hold = Hold(self)

    # What the document and the engine say.

    def _show_analysis(self, analysis: Analysis) -> None:
        before, self._told = self._told, analysis
        if before is not None and analysis.shapes is before.shapes:
            if before.network.marks != analysis.network.marks:
                self.outline.set_network(analysis)
            return  # only places have changed: a drag through a large network stays cheap
        self.outline.set_network(analysis)
        self.operations.set_network(analysis)
        self.status.set_seed(analysis.network.setup.seed)
        self._untold = True
        if analysis.lowering is None or analysis.lowering.is_done:
            self._tell_network(analysis)

    def _tell_network(self, analysis: Analysis) -> None:
        """Tell those that show the programs, once these are written: the canvas does not wait."""
        self._untold = False
        self.gradients.set_network(analysis)
        self.current_step.set_network(analysis)
        self.breakpoints.set_network(analysis)
        self.instruments.set_network(analysis)
        self.program.set_network(analysis)
        self.loop.set_network(analysis)

    def _show_update(self, snapshot: Snapshot, curves: tuple[CurveUpdate, ...]) -> None:
        analysis = self._document.analysis
        if self._untold and self._told is analysis:
            # The worker speaks of the new network: it has written the programs.
            self._tell_network(analysis)
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
        program = None if snapshot.cursor is None else analysis.program
        self.canvas.set_activity(activity_at(program, snapshot))
        self.tracer.show_snapshot(snapshot)
        self._mark()

    def _tell(self, text: str) -> None:
        self.statusBar().showMessage(text, 8000)
        spoken.say(self, text)

    def _refuse(self, reason: str) -> None:
        self._refusal = reason
        self._tell(reason)

    def _forget_refusal(self) -> None:
        """What could be done after all needs no reason any more why not."""
        if self._refusal and self.statusBar().currentMessage() == self._refusal:
            self.statusBar().clearMessage()
        self._refusal = ""

    def _show_title(self, *_: object) -> None:
        self.setWindowTitle(f"{self.project.name}[*] — Backprop Studio")
        self.setWindowFilePath("" if self.project.path is None else str(self.project.path))
        self._mark()

    def _mark(self) -> None:
        """Show the mark of what is not saved wherever closing would ask."""
        lowering = self._document.analysis.lowering
        if lowering is None or lowering.is_done:
            self.setWindowModified(self.project.has_changes())
        else:  # how far it is trained is told when the programs are written
            self.setWindowModified(not self._document.undo_stack.isClean())

    # Small actions.

    def _after_edits(self, action: Callable[[], object]) -> None:
        """Do something with what is typed, also where a field has not been left yet."""
        self.inspector.commit_edits()
        self.setup.commit_edits()
        self.data.commit_edits()
        action()

    def _open_instrument(self, key: str) -> None:
        self.layouts.open(key)

    def _close_panel(self) -> None:
        front = self.pages.currentWidget()
        if self.layouts.close() and front is not None:
            front.setFocus()  # and not whatever is next in the window
        else:
            self._tell(self.tr("No panel has the keyboard. Click into one first."))

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
