"""What the window does while a lesson is open: its panels, and nothing that only distracts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QEvent, QObject, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDialog, QMainWindow

from backprop_studio.ui import docks as layout
from backprop_studio.ui import text_size
from backprop_studio.ui.actions import ACTIONS
from backprop_studio.ui.start.cards import Entry

if TYPE_CHECKING:
    from backprop_studio.lessons.lesson import Head
    from backprop_studio.ui.controllers.lesson import LessonController
    from backprop_studio.ui.main_window import MainWindow
    from backprop_studio.ui.widgets.run_status import RunStatus

LESSON_WIDTH = 360
"""Pixels in which a lesson is read, where text has the system's size."""

_PANEL = "lesson"
_EDITOR = "lesson-editor"


def handlers(lessons: LessonController, window: MainWindow) -> dict[str, Callable[[], object]]:
    """What the actions about lessons do."""
    return {
        "lessons": lambda: _choose(lessons, window),
        "open_lesson": lessons.open_file,
        "write_lesson": lambda: _write(lessons, window),
        "export_evidence": lessons.export_evidence,
        "leave_lesson": lessons.leave,
    }


_NOT_IN_LESSONS = ("import_weights",)
"""Whoever verifies a lesson does again what was done in it, and has no weights from elsewhere."""


def _choose(lessons: LessonController, window: MainWindow) -> None:
    """Offer the lessons; one that is open comes back into sight, should its dock be closed."""
    from backprop_studio.ui.dialogs.lesson_list import LessonList

    if lessons.runner is not None:
        window.layouts.open(_PANEL)
    LessonList(lessons, window).exec()


def _write(lessons: LessonController, window: MainWindow) -> None:
    """Open the editor, or bring it to the front."""
    from backprop_studio.ui.dialogs.lesson_editor import LessonEditor
    from backprop_studio.ui.dialogs.lesson_keeping import Keeping

    editor = window.findChild(LessonEditor)
    keeping = None
    if editor is None:
        editor = LessonEditor(lessons, window.project.current, window)
        editor.setObjectName(_EDITOR)
        recovery = window.project.recovery
        keeping = Keeping(editor, recovery.lessons_folder)
        recovery.securing.connect(keeping.secure)
    editor.show()
    editor.raise_()
    editor.activateWindow()
    if keeping is not None:
        keeping.offer()


def _bring_editor_back(window: MainWindow) -> None:
    """Show the editor that has stepped aside for its lesson."""
    editor = window.findChild(QDialog, _EDITOR)
    if editor is not None and editor.isHidden():
        editor.show()


def install(window: MainWindow) -> None:
    """Let lessons and the rest of the window know of each other."""
    lessons = window.lessons
    mode = LessonMode(window, window.docks, window.actions_by_id, window.status)
    lessons.witness.watch_docks(window.docks)
    lessons.opened.connect(mode.enter)
    lessons.closed.connect(mode.leave)
    for anew in (lessons.opened, lessons.begun):
        # Out of a layer that was opened; the keyboard stays where it is.
        anew.connect(lambda *_: window.pages.setCurrentWidget(window.canvas))
    lessons.closed.connect(partial(_bring_editor_back, window))
    lessons.told.connect(lambda text: window.statusBar().showMessage(text, 8000))
    shown = lessons.demonstration
    shown.panel_wanted.connect(lambda key: _open(key, window))
    shown.panel_unwanted.connect(lambda key: _close(key, window))
    window.canvas.node_opened.connect(lessons.witness.see_layer)
    window.instruments.hear("efficiency", "raced", lambda: lessons.witness.see_opened("race"))
    shown.check_wanted.connect(partial(window.instruments.tell, "gradient_check", "check"))
    shown.breakpoint_wanted.connect(window.breakpoints.toggle)
    window.instruments.hear("gradient_check", "checked", lessons.witness.see_check)
    window.breakpoints.breakpoints_changed.connect(lessons.witness.set_breakpoints)
    window.start.offer_lessons(partial(_offered, lessons))
    lessons.opened.connect(window.start.leave)
    for key in ("export_evidence", "leave_lesson"):
        window.actions_by_id[key].setEnabled(False)


def _offered(lessons: LessonController) -> list[Entry]:
    """The lessons for the start page: what each is about, how long it takes, how far one is."""
    offered = []
    for number, entry in enumerate(lessons.entries(), 1):
        if entry.is_done:
            state = lessons.tr("done")
        elif entry.done:
            state = lessons.tr("{done} of {steps} steps done")
        else:
            state = lessons.tr("{minutes} minutes")
        state = state.format(done=entry.done, steps=entry.steps, minutes=entry.minutes)
        offered.append(Entry(f"{number}. {entry.title}", state, partial(lessons.open, entry.path)))
    return offered


def _open(key: str, window: MainWindow) -> None:
    """Open for the learner what a check `opened` may name."""
    kind, slash, name = key.partition("/")
    if slash and kind == "layer":
        node = window.canvas.document.network.named(name)
        if node is not None:
            window.canvas.node_opened.emit(node.id)
    elif key == "race":
        window.layouts.open("efficiency")
        window.instruments.efficiency.race()
    elif key in window.docks:
        window.layouts.open(key)


def _close(key: str, window: MainWindow) -> None:
    """Close a panel for the learner."""
    if key in window.docks:
        window.docks[key].close()


class LessonMode(QObject):
    """Shows what a lesson needs, hides what it does not, and puts all back.

    Parameters
    ----------
    window, docks, actions, status
        Of the application.
    """

    def __init__(
        self,
        window: QMainWindow,
        docks: Mapping[str, layout.Dock],
        actions: Mapping[str, QAction],
        status: RunStatus,
    ) -> None:
        super().__init__(window)
        window.installEventFilter(self)
        self._window, self._docks, self._actions = window, docks, actions
        self._status = status
        self._before: QByteArray | None = None
        self._hidden: list[QAction] = []
        self._instruments = {s.key for s in layout.DOCKS if s.behind == "setup"}

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # A lesson that is being written is not lost with the window.
        if watched is self._window and event.type() == QEvent.Type.Close:
            editor = self._window.findChild(QDialog, _EDITOR)
            if editor is not None and not editor.close():
                event.ignore()
                return True
        if watched is self._window and event.type() == QEvent.Type.FontChange:
            self._widen()
        return super().eventFilter(watched, event)

    def enter(self, head: Head) -> None:
        """Arrange the window for a lesson."""
        if self._before is None:
            self._before = self._window.saveState(layout.LAYOUT_VERSION)
        self._reveal()
        wished = (*head.hide_actions, *_NOT_IN_LESSONS)
        hidden = [self._actions[key] for key in wished if key in self._actions]
        for key in (key for key in head.hide_panels if key in self._docks):
            hidden.append(self._docks[key].toggleViewAction())
            in_view = [s.id for s in ACTIONS if s.menu == "view" and s.id == f"open_{key}"]
            hidden += [self._actions[action] for action in in_view]
        for action in hidden:
            # Its shortcut goes with it.
            action.setVisible(False)
        self._hidden = hidden
        self._status.leave_out(head.hide_status)
        for key in ("export_evidence", "leave_lesson"):
            self._actions[key].setEnabled(True)
        # A lesson is read from the top to the bottom of the window.
        self._window.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        for key, dock in self._docks.items():
            dock.open(key == _PANEL or key in head.open)
        for key in (*head.open, _PANEL):
            if key in self._docks:
                self._docks[key].raise_()
        lesson = self._docks[_PANEL]
        self._widen()
        self._window.resizeDocks([lesson], [lesson.minimumWidth()], Qt.Orientation.Horizontal)
        self._share(head)
        instruments = [key for key in head.open if key in self._instruments]
        if instruments:
            layout.make_readable(self._window, self._docks, instruments[-1])

    def _share(self, head: Head) -> None:
        """Give what is open its usual room, however wide it was for something else before."""
        window, areas = self._window, Qt.DockWidgetArea
        opened = [s for s in layout.DOCKS if s.key in head.open]
        places = {s.key: window.dockWidgetArea(self._docks[s.key]) for s in opened}
        right = [k for k in places if places[k] == areas.RightDockWidgetArea]
        beside = layout.settings_width(window) if right else 0
        if right:
            window.resizeDocks([self._docks[right[0]]], [beside], Qt.Orientation.Horizontal)
        if {"inspector", "setup"} <= set(right):
            both = [self._docks["inspector"], self._docks["setup"]]
            window.resizeDocks(both, [260, 340], Qt.Orientation.Vertical)
        below = [s for s in opened if places[s.key] == areas.BottomDockWidgetArea]
        if not below:
            return
        # Those behind another one share its place.
        columns = [self._docks[s.key] for s in below if s.behind not in places] or [
            self._docks[below[0].key]
        ]
        room = window.width() - self._docks[_PANEL].minimumWidth() - beside
        each = [max(room // len(columns), 1)] * len(columns)
        window.resizeDocks(columns, each, Qt.Orientation.Horizontal)
        window.resizeDocks(columns[:1], [250], Qt.Orientation.Vertical)

    def leave(self) -> None:
        """Put the window back as it was before the lesson."""
        self._reveal()
        for key in ("export_evidence", "leave_lesson"):
            self._actions[key].setEnabled(False)
        self._window.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.BottomDockWidgetArea)
        self._docks[_PANEL].setMinimumWidth(0)
        before, self._before = self._before, None
        if before is not None:
            self._window.restoreState(before, layout.LAYOUT_VERSION)

    def _widen(self) -> None:
        """Whatever is opened beside it, the lesson can be read and gone on with."""
        if self._before is not None:
            width = round(LESSON_WIDTH * max(text_size.factor(), 1.0))
            self._docks[_PANEL].setMinimumWidth(min(width, self._window.width() // 2))

    def _reveal(self) -> None:
        for action in self._hidden:
            action.setVisible(True)
        self._hidden = []
        self._status.leave_out(())
