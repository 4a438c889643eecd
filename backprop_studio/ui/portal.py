"""What a person has told a Linux desktop: dark or light, and whether things should stand still.

Qt knows it from its platform themes, which exist for a few desktops, and which begin light where a
dark desktop has not changed since it was started. The desktop portal is there on all of them; it is
asked first, and tells of changes.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from PySide6.QtCore import SLOT, QObject, Signal, Slot
from PySide6.QtDBus import (
    QDBusConnection,
    QDBusMessage,
    QDBusPendingCall,
    QDBusPendingCallWatcher,
    QDBusVariant,
)
from PySide6.QtGui import QGuiApplication

_SERVICE = "org.freedesktop.portal.Desktop"
_PATH = "/org/freedesktop/portal/desktop"
_SETTINGS = "org.freedesktop.portal.Settings"

Key = tuple[str, str]
SCHEME: Key = ("org.freedesktop.appearance", "color-scheme")
"""0: no preference, 1: dark, 2: light."""
REDUCED: Key = ("org.freedesktop.appearance", "reduced-motion")
"""0: no preference, 1: less motion. Newer portals know it."""
ANIMATIONS: Key = ("org.gnome.desktop.interface", "enable-animations")
"""What GNOME and the desktops that share its settings know instead."""

_PATIENCE = 0.05
"""Seconds that a start waits for an answer: a portal that runs needs a tenth of it."""


def portal(app: QGuiApplication) -> Portal | None:
    """The portal of this desktop, already asked; None where there can be none."""
    if not sys.platform.startswith("linux") or not app.platformName().startswith(("xcb", "wayl")):
        return None
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    # Without a bus, asking for one may start one.
    if not os.environ.get("DBUS_SESSION_BUS_ADDRESS") and not Path(runtime, "bus").exists():
        return None
    return Portal(QDBusConnection.sessionBus(), app)


class Portal(QObject):
    """Asks the desktop's portal once, and listens to it from then on.

    Signals
    -------
    heard()
        It has told something new.

    Parameters
    ----------
    bus
        The session's bus.
    parent
        Whose child it becomes.
    """

    heard = Signal()

    def __init__(self, bus: QDBusConnection, parent: QObject) -> None:
        super().__init__(parent)
        self._said: dict[Key, object] = {}
        self._asked: dict[Key, QDBusPendingCall] = {}
        slot = SLOT("_change(QDBusMessage)")
        # The stubs ask for bytes, which it refuses.
        bus.connect(_SERVICE, _PATH, _SETTINGS, "SettingChanged", self, slot)  # type: ignore[call-overload]
        for key in (SCHEME, REDUCED, ANIMATIONS):
            # The method is older than `ReadOne`, and every portal has it.
            message = QDBusMessage.createMethodCall(_SERVICE, _PATH, _SETTINGS, "Read")
            message.setArguments(list(key))
            self._asked[key] = call = bus.asyncCall(message)
            QDBusPendingCallWatcher(call, self).finished.connect(self._take)

    def settle(self, seconds: float = _PATIENCE) -> None:
        """Wait for the answers, but not long: those that come later are heard later."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not all(c.isFinished() for c in self._asked.values()):
            time.sleep(0.001)
        self._take()

    @property
    def dark(self) -> bool | None:
        """Whether the desktop wants to be dark; None where it has no opinion."""
        return {1: True, 2: False}.get(_number(self._said.get(SCHEME)))

    @property
    def less_motion(self) -> bool | None:
        """Whether things should stand still; None where nothing is known, or not yet."""
        if _number(self._said.get(REDUCED)) == 1 or self._said.get(ANIMATIONS) is False:
            return True
        return False if self._said.keys() & {REDUCED, ANIMATIONS} else None

    @Slot()
    def _take(self) -> None:
        done = {key: call for key, call in self._asked.items() if call.isFinished()}
        for key, call in done.items():
            del self._asked[key]
            # A portal that does not know a key says so by an error.
            if not call.isError():
                # What has been heard in between is newer than the answer.
                self._said.setdefault(key, _plain(call.reply().arguments()[0]))
        if done:
            self.heard.emit()

    @Slot(QDBusMessage)
    def _change(self, message: QDBusMessage) -> None:
        match message.arguments():
            case [str(space), str(name), value] if (space, name) in (SCHEME, REDUCED, ANIMATIONS):
                self._said[(space, name)] = _plain(value)
                self.heard.emit()


def _plain(value: object) -> object:
    """A value without the wrappings that D-Bus puts around it."""
    while isinstance(value, QDBusVariant):
        value = value.variant()
    return value


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
