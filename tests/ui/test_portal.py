"""The desktop says that it is dark, or that things should stand still, and the program follows."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from PySide6.QtDBus import QDBusConnection
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backprop_studio.ui import motion, theme
from backprop_studio.ui.portal import ANIMATIONS, REDUCED, SCHEME, Portal, portal
from tests import fake_portal
from tests.fake_portal import Tell

pytestmark = pytest.mark.skipif(not shutil.which("dbus-daemon"), reason="needs a bus")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A bus of its own for these tests."""
    with fake_portal.session_bus(tmp_path_factory.mktemp("bus")) as found:
        yield found


@pytest.fixture
def bus(address: str) -> Iterator[QDBusConnection]:
    name = f"tests-{time.monotonic_ns()}"
    connection = QDBusConnection.connectToBus(address, name)
    assert connection.isConnected()
    # It stays until the bus ends. Closing it has the bus's thread ask Python for each listener, and
    # whoever opens the next one waits for that thread, with Python in hand: neither would go on.
    yield connection


@pytest.fixture
def tell(address: str) -> Iterator[Tell]:
    """A portal on the bus, and what makes it say something."""
    with fake_portal.running(address) as say:
        yield say


@pytest.fixture
def parent() -> Iterator[QObject]:
    owner = QObject()
    yield owner
    owner.deleteLater()


def test_that_a_dark_desktop_is_dark_from_the_start_and_changes_are_heard(
    bus: QDBusConnection, tell: Tell, parent: QObject, qtbot: QtBot
) -> None:
    tell(SCHEME, 1)
    desktop = Portal(bus, parent)
    desktop.settle(10)
    assert desktop.dark is True
    for value, dark in ((2, False), (1, True), (0, None), (7, None)):
        # Waited for by its value: what was told before may be heard late, too.
        tell(SCHEME, value)
        qtbot.waitUntil(lambda dark=dark: desktop.dark is dark)


def test_that_less_motion_is_heard_in_both_of_its_forms(
    bus: QDBusConnection, tell: Tell, parent: QObject, qtbot: QtBot
) -> None:
    tell(ANIMATIONS, True)
    desktop = Portal(bus, parent)
    desktop.settle(10)
    assert desktop.less_motion is False and desktop.dark is None
    for key, value, less in (
        (ANIMATIONS, False, True), (ANIMATIONS, True, False),
        (REDUCED, 1, True), (REDUCED, 0, False),
    ):  # fmt: skip
        tell(key, value)
        qtbot.waitUntil(lambda less=less: desktop.less_motion is less)


def test_that_nothing_is_known_and_nobody_waits_long_without_a_portal(
    bus: QDBusConnection, parent: QObject
) -> None:
    began = time.monotonic()
    desktop = Portal(bus, parent)
    desktop.settle()
    assert time.monotonic() - began < 2
    assert (desktop.dark, desktop.less_motion) == (None, None)


def test_that_an_answer_that_comes_late_is_heard_late(
    bus: QDBusConnection, tell: Tell, parent: QObject, qtbot: QtBot
) -> None:
    tell(SCHEME, 1)
    desktop = Portal(bus, parent)
    desktop.settle(0)
    qtbot.waitUntil(lambda: desktop.dark is True)


def test_that_other_settings_do_not_disturb(
    bus: QDBusConnection, tell: Tell, parent: QObject, qtbot: QtBot
) -> None:
    desktop = Portal(bus, parent)
    desktop.settle(10)
    heard: list[None] = []
    desktop.heard.connect(lambda: heard.append(None))
    tell(("org.gnome.desktop.interface", "font-name"), "Cantarell 11")
    tell(("another.desktop", "color-scheme"), 1)
    with qtbot.waitSignal(desktop.heard):
        tell(SCHEME, 1)
    assert len(heard) == 1


def test_that_where_no_desktop_is_nobody_asks(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert portal(qapp) is None  # the tests have no screen

    class OnXWithoutBus(QObject):
        def platformName(self) -> str:
            return "xcb"

    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/nowhere")
    assert portal(OnXWithoutBus()) is None  # type: ignore[arg-type]


def test_that_what_the_desktop_says_counts_before_what_qt_says(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        theme.hear_desktop(True)
        assert theme.apply(qapp, "system") is theme.DARK
        theme.hear_desktop(False)
        assert theme.current() is theme.LIGHT
        theme.apply(qapp, "light")
        theme.hear_desktop(True)
        assert theme.current() is theme.LIGHT, "what the person has chosen here counts most"
        motion.apply("system")
        for less in (True, False):
            motion.hear_desktop(less)
            assert motion.reduced() is less
        motion.hear_desktop(True)
        motion.apply("full")
        assert not motion.reduced()
    finally:
        theme.hear_desktop(None)
        motion.hear_desktop(None)
        motion.apply("system")
        theme.apply(qapp, "light")
