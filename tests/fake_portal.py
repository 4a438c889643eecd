"""A desktop portal that says what it is told to: the part of a desktop that has settings.

Runs by itself, on the bus of its session. A line on its standard input sets a key
(``["org.freedesktop.appearance", "color-scheme", 1]``) and tells of it.
"""

from __future__ import annotations

import json
import sys

from PySide6.QtCore import QCoreApplication, QSocketNotifier
from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusVariant, QDBusVirtualObject

SERVICE, PATH = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop"
INTERFACE = "org.freedesktop.portal.Settings"


class Settings(QDBusVirtualObject):
    """Answers `Read`, and refuses keys that it does not know."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[tuple[str, str], object] = {}

    def introspect(self, path: str) -> str:
        return ""

    def handleMessage(self, message: QDBusMessage, connection: QDBusConnection) -> bool:
        if message.interface() != INTERFACE or message.member() != "Read":
            return False
        key = tuple(message.arguments())
        if key in self.known:
            # Wrapped twice, as the real one does.
            answer = message.createReply(QDBusVariant(QDBusVariant(self.known[key])))
        else:
            answer = message.createErrorReply("org.freedesktop.portal.Error.NotFound", "not found")
        return connection.send(answer)


def main() -> int:
    app = QCoreApplication(sys.argv)
    bus, settings = QDBusConnection.sessionBus(), Settings()

    def hear() -> None:
        line = sys.stdin.readline()
        if not line:
            app.quit()
            return
        space, name, value = json.loads(line)
        settings.known[(space, name)] = value
        told = QDBusMessage.createSignal(PATH, INTERFACE, "SettingChanged")
        told.setArguments([space, name, QDBusVariant(value)])
        bus.send(told)
        print("set", flush=True)

    assert bus.registerVirtualObject(PATH, settings) and bus.registerService(SERVICE)
    notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(hear)
    print("ready", flush=True)
    return app.exec()


if __name__ == "__main__":
    sys.exit(main())
