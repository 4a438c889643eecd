"""How the program looks: theme, size of the text, motion. Chosen in the menu, and remembered."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import cast, get_args

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QWidget

from backprop_studio.ui import motion, text_size, theme
from backprop_studio.ui.motion import Motion
from backprop_studio.ui.settings import Settings


def follow_desktop(app: QApplication) -> None:
    """Hear of the desktop whether it is dark and wants things to stand still, now and later."""
    if not sys.platform.startswith("linux"):
        return  # Qt knows it elsewhere
    from backprop_studio.ui.portal import portal  # QtDBus is not on every system

    desktop = portal(app)
    if desktop is not None:
        desktop.heard.connect(lambda: theme.hear_desktop(desktop.dark))
        desktop.heard.connect(lambda: motion.hear_desktop(desktop.less_motion))
        desktop.settle()


def apply_stored(app: QApplication, settings: Settings) -> None:
    """Let the program look as it did the last time. A presentation is over when it ends."""
    theme.apply(app, settings.theme_mode)
    text_size.apply(app, settings.text_size)
    motion.apply(settings.motion)


class Appearance(QObject):
    """Carries out what the View menu says about looks.

    Signals
    -------
    told(text)
        What has been changed, where one would not see it at once.
    presented(presenting)
        A presentation has begun or ended.
    """

    told = Signal(str)
    presented = Signal(bool)

    def __init__(self, window: QWidget, settings: Settings) -> None:
        super().__init__(window)
        self._window = window
        self._settings = settings
        self._actions: Mapping[str, QAction] = {}
        self._maximized = False
        self.presenting = False

    def handlers(self) -> dict[str, Callable[[], object]]:
        """What each of its actions does."""
        return {
            "theme": self._switch_theme,
            **{f"theme_{mode}": partial(self.set_theme, mode) for mode in get_args(theme.Mode)},
            **{f"motion_{mode}": partial(self.set_motion, mode) for mode in get_args(Motion)},
            "text_larger": lambda: self.set_text(self._settings.text_size + text_size.STEP),
            "text_smaller": lambda: self.set_text(self._settings.text_size - text_size.STEP),
            "text_normal": lambda: self.set_text(100),
            "presentation": self._present,
        }

    def set_actions(self, actions: Mapping[str, QAction]) -> None:
        """Take in the actions, which show what is chosen."""
        self._actions = actions
        self._mark()

    def set_theme(self, mode: theme.Mode) -> None:
        """Light, dark, or as the system is."""
        theme.apply(_app(), mode)
        self._settings.theme_mode = mode
        self._mark()

    def set_motion(self, mode: Motion) -> None:
        """Whether things may move by themselves."""
        motion.apply(mode)
        self._settings.motion = mode
        self._mark()
        if mode == "system":
            less = motion.reduced()
            self.told.emit(
                self.tr("The system asks for less motion.")
                if less
                else self.tr("The system has nothing against motion.")
            )

    def set_text(self, percent: int) -> None:
        """The size of all text, in percent of the system's."""
        self._settings.text_size = text_size.bounded(percent)
        text_size.apply(_app(), self._settings.text_size, presenting=self.presenting)
        self.told.emit(self.tr("Text at {n} %").format(n=self._settings.text_size))

    def end_presentation(self) -> None:
        """Go back to the usual size, if it is not that: no start is a presentation."""
        if self.presenting:
            self._present()

    def _switch_theme(self) -> None:
        self.set_theme("light" if theme.current().name == "dark" else "dark")

    def _present(self) -> None:
        """Large type and the whole screen, or back."""
        self.presenting = not self.presenting
        state = self._window.windowState()
        if self.presenting:
            self._maximized = bool(state & Qt.WindowState.WindowMaximized)
        text_size.apply(_app(), self._settings.text_size, presenting=self.presenting)
        if self.presenting:
            self._window.showFullScreen()
            keys = self._actions["presentation"].shortcut().toString()
            told = self.tr("Presentation: large type, and room for the network. {keys} ends it.")
            self.told.emit(told.format(keys=keys))
        else:
            self.told.emit("")
            if self._maximized:
                self._window.showMaximized()
            else:
                self._window.showNormal()
        self.presented.emit(self.presenting)
        self._mark()

    def _mark(self) -> None:
        chosen = (
            f"theme_{self._settings.theme_mode}",
            f"motion_{cast(str, self._settings.motion)}",
        )
        for key in chosen:
            self._actions[key].setChecked(True)
        self._actions["presentation"].setChecked(self.presenting)


def _app() -> QApplication:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    return app
