"""While a lesson does something in the app, nobody else touches its run and its design.

What comes before a step, and the step itself after *Show me*, is done by the worker, and takes a
moment. A key pressed meanwhile would be mixed with it, and the step would begin with something
else than its text says, or end with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QToolBar, QWidget

from backprop_studio.ui.actions import ACTIONS

if TYPE_CHECKING:
    from backprop_studio.ui.main_window import MainWindow

_MENUS = ("edit", "network", "train")
"""What these do is done to the run or to the design."""

_LOOKS = frozenset({
    "history", "copy", "select_all", "find", "outline",  # of Edit
    "next_wire", "explain_output",  # of Network
    "open_breakpoints", "data", "open_draw",  # of Train
})  # fmt: skip
"""These only look, or open a panel."""

WAITING = frozenset(
    {spec.id for spec in ACTIONS if spec.menu in _MENUS and spec.id not in _LOOKS}
    | {"import_data", "import_weights", "export_evidence"}
)
"""Actions that wait until the lesson has done what it does."""

_DEEDS = frozenset({
    QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick, QEvent.Type.KeyPress,
    QEvent.Type.Wheel, QEvent.Type.ContextMenu, QEvent.Type.DragEnter,
})  # fmt: skip

_MOVES = frozenset({
    Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Escape, Qt.Key.Key_F10, Qt.Key.Key_Shift,
    Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_AltGr, Qt.Key.Key_Meta,
})  # fmt: skip
"""Keys that lead elsewhere, or do nothing by themselves."""


class Hold(QObject):
    """Keeps hands off the canvas, the toolbar and the panels while a step is made ready or shown.

    Nothing goes grey, since it is over in the blink of an eye as a rule; and the keyboard stays
    where it is. The lesson's own buttons can be pressed: one may choose another step, or leave.
    Escape stops a step that is shown, wherever in the window the keyboard is.

    Parameters
    ----------
    window
        The application's.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._lessons = window, window.lessons
        window.lessons.busy_changed.connect(self._switch)

    def refuses(self, action: str) -> bool:
        """Whether an action has to wait; if so, that is said."""
        if action not in WAITING or not self._lessons.is_busy:
            return False
        asked = self._window.actions_by_id[action]
        if asked.isCheckable():
            asked.toggle()
        self._lessons.ask_for_patience()
        return True

    def _switch(self, on: bool) -> None:
        app = QApplication.instance()
        assert app is not None
        if on:
            app.installEventFilter(self)
        else:
            app.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() not in _DEEDS or not isinstance(watched, QWidget):
            return False
        if isinstance(event, QKeyEvent) and event.key() in _MOVES:
            stops = event.key() == Qt.Key.Key_Escape and self._is_ours(watched)
            return stops and self._lessons.stop_showing()
        brought = event.type() == QEvent.Type.DragEnter and watched is self._window
        if not (brought or self._is_held(watched)):
            return False
        if event.type() not in (QEvent.Type.Wheel, QEvent.Type.ContextMenu):
            self._lessons.ask_for_patience()
        return True

    def _is_ours(self, widget: QWidget) -> bool:
        """Whether a widget is in the window or in a panel of it, and not in a menu or a dialog."""
        top = widget.window()
        return top is self._window or isinstance(top, QDockWidget)

    def _is_held(self, widget: QWidget) -> bool:
        """Whether a widget belongs to what nobody may touch now."""
        window, panel = self._window, self._lessons.panel
        held: tuple[QWidget | None, ...] = (window.pages, panel.area.widget())
        part: QWidget | None = widget
        while part is not None:
            if part in held or isinstance(part, QToolBar):
                return True
            above = part.parentWidget()
            if isinstance(above, QDockWidget):
                return part is above.widget() and above is not window.docks["lesson"]
            # A menu or a dialog stands for itself, whoever opened it.
            part = None if part.isWindow() else above
        return False
