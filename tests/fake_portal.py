"""A desktop portal that says what it is told to: the part of a desktop that has settings.

Runs by itself, on the bus of its session. A line on its standard input sets a key
(``["org.freedesktop.appearance", "color-scheme", 1]``) and tells of it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QSocketNotifier
from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusVariant, QDBusVirtualObject

SERVICE, PATH = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop"
INTERFACE = "org.freedesktop.portal.Settings"

# A bus that starts no services: the desktop's own portal stays out of this.
_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>
<policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
</policy></busconfig>
"""

Tell = Callable[[tuple[str, str], object], None]


@contextmanager
def session_bus(folder: Path) -> Iterator[str]:
    """A bus of its own, by its address, with a folder for its configuration."""
    config = folder / "bus.conf"
    config.write_text(_BUS)
    with subprocess.Popen(
        ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address"],
        stdout=subprocess.PIPE, text=True,
    ) as daemon:  # fmt: skip
        assert daemon.stdout is not None
        try:
            yield daemon.stdout.readline().strip()
        finally:
            daemon.terminate()


@contextmanager
def running(address: str) -> Iterator[Tell]:
    """A portal on a bus, and what makes it say something."""
    with subprocess.Popen(
        [sys.executable, __file__],
        env={**os.environ, "DBUS_SESSION_BUS_ADDRESS": address},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None and process.stdout is not None
        stdin, stdout = process.stdin, process.stdout
        assert stdout.readline() == "ready\n"

        def say(key: tuple[str, str], value: object) -> None:
            stdin.write(json.dumps([*key, value]) + "\n")
            stdin.flush()
            assert stdout.readline() == "set\n"

        try:
            yield say
        finally:
            stdin.close()


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
