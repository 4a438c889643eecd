"""Where the panels stand: the four arrangements, each as it was left, and what is kept of them."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QByteArray, QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication, QMainWindow

from backprop_studio.ui import columns, docks, text_size
from backprop_studio.ui.room import Room
from backprop_studio.ui.settings import Settings


class Layouts(QObject):
    """Shows, keeps and restores the places of a window's docks.

    Each arrangement comes back as it was left. Choosing the one that is in use already puts its
    docks back to where they belong.

    Parameters
    ----------
    window
        Its docks are built already.
    panels
        The docks by key.
    settings
        Where places are remembered.

    Signals
    -------
    put_back_now
        Docks that were put aside are there again.

    Attributes
    ----------
    arrangement
        The one in use; empty for none. It is kept along with the places, when the window closes:
        after a crash the docks do not stand as that arrangement, and another window has its own.
    """

    put_back_now = Signal()

    def __init__(
        self, window: QMainWindow, panels: Mapping[str, docks.Dock], settings: Settings
    ) -> None:
        super().__init__(window)
        self._window = window
        self._docks: Mapping[str, docks.Dock] = panels
        self._settings = settings
        self._standard = QByteArray()
        self._aside: QByteArray | None = None
        self.arrangement = ""
        self._text = text_size.factor()
        self._room = Room(window, panels)
        self._opened = ""
        self._fitting = QTimer(self)
        self._fitting.setSingleShot(True)
        self._fitting.setInterval(0)
        self._fitting.timeout.connect(self._fit)
        window.installEventFilter(self)
        for key, dock in panels.items():
            dock.toggleViewAction().triggered.connect(
                lambda shown, key=key: self._toggled(key, shown)
            )

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.FontChange, QEvent.Type.Show):
            self._fitting.start()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        """Let the docks have as much room as the window and the text allow now."""
        if self._aside is not None or not self._window.isVisible():
            return
        before, self._text = self._text, text_size.factor()
        if before != self._text:
            docks.follow_text(self._window, self._docks, self._text / before)
        opened, self._opened = self._opened, ""
        if columns.fit(self._window, self._docks) and opened:
            # It has come to stand elsewhere, perhaps behind what stood there.
            self._docks[opened].raise_()
            self._room.give(opened)

    def restore(self) -> None:
        """Put window and docks where they were the last time, or at their standard places."""
        window = self._window
        room = window.screen().availableGeometry()
        docks.settle(window)
        # The frame is not there before the window is shown; a title bar takes about this much.
        window.resize(min(1280, room.width()), min(800, room.height() - 32))
        docks.arrange(window, self._docks)
        self._standard = self._state()
        window.restoreGeometry(self._settings.window_geometry)
        if self._restore(self._settings.window_state):
            self.arrangement = self._settings.arrangement

    def keep(self) -> None:
        """Remember the places for the next start."""
        self._settings.window_geometry = self._window.saveGeometry()
        self._settings.window_state = self._state()
        self._settings.arrangement = self.arrangement

    def clear(self) -> None:
        """Put all docks aside, until something needs them or `put_back` is called."""
        if self._aside is None:
            self._aside = self._state()
            self._room.forget()
            for dock in self._docks.values():
                dock.hide()

    def put_back(self) -> None:
        """Put the docks back that were put aside."""
        if self._aside is not None:
            state, self._aside = self._aside, None
            self._restore(state)
            self._fitting.start()
            self.put_back_now.emit()

    def reset(self) -> None:
        """Put the docks at their standard places, and forget how the arrangements were left."""
        self.put_back()
        self._room.forget()
        docks.close_instruments(self._docks)
        self._restore(self._standard)
        docks.arrange(self._window, self._docks)
        self._fitting.start()
        self.arrangement = ""
        for name in docks.ARRANGEMENTS:
            self._settings.set_layout(name, QByteArray())

    def show_arrangement(self, name: str) -> None:
        """Open the docks of an arrangement as they were left, and close all others."""
        self.put_back()
        self._room.forget()
        before = self.arrangement
        if before in docks.ARRANGEMENTS and before != name:
            self._settings.set_layout(before, self._state())
        self.arrangement = name
        if before == name or not self._restore(self._settings.layout(name)):
            docks.show_arrangement(self._window, self._docks, name)
        self._fitting.start()

    def open(self, key: str, *, beside_start: bool = False, keyboard: bool = True) -> None:
        """Open a dock in front of the others at its place, with the room that it needs.

        Parameters
        ----------
        key
            Of the dock.
        beside_start
            Whether those that were put aside stay there.
        keyboard
            Whether it gets that as well.
        """
        if not beside_start:
            self.put_back()
        self._room.open(key)
        self._opened = key
        if keyboard:
            docks.turn_to(self._docks[key])
        self._fitting.start()

    def close(self) -> bool:
        """Close the dock that has the keyboard; False where none has."""
        focus = QApplication.focusWidget()
        for dock in self._docks.values():
            if focus is not None and (focus is dock or dock.isAncestorOf(focus)):
                dock.close()
                return True
        return False

    def _state(self) -> QByteArray:
        if self._aside is not None:
            return self._aside
        return self._window.saveState(docks.LAYOUT_VERSION)

    def _restore(self, state: QByteArray) -> bool:
        return not state.isEmpty() and self._window.restoreState(state, docks.LAYOUT_VERSION)

    def _toggled(self, key: str, shown: bool) -> None:
        """It was chosen in the menu of the docks: to be seen, not to open behind another tab."""
        if shown:
            self.open(key)
        elif self._aside is not None:
            self.put_back()
            self._docks[key].setVisible(False)
