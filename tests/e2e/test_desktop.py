"""The application in a desktop's session looks as the desktop does."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hands import desk, missing_tools

from tests import fake_portal

SCHEME = ("org.freedesktop.appearance", "color-scheme")
DARK, LIGHT = 1, 2


@pytest.mark.skipif(
    bool(missing_tools()) or not shutil.which("dbus-daemon"), reason="needs a display and a bus"
)
def test_that_it_follows_the_desktop_from_the_start(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with fake_portal.session_bus(tmp_path) as address, fake_portal.running(address) as tell:
        tell(SCHEME, DARK)
        session = {"DBUS_SESSION_BUS_ADDRESS": address, "XDG_CURRENT_DESKTOP": "openbox"}
        with desk(home, **session) as person:
            person.wait("the example is ready to run", lambda s: s["state"] == "paused")
            person.meet("it is dark, as the desktop is", lambda s: s["theme"] == "dark")
            tell(SCHEME, LIGHT)
            person.meet("it is light, as the desktop is", lambda s: s["theme"] == "light")
            tell(SCHEME, DARK)
            person.meet("it is dark again", lambda s: s["theme"] == "dark")
            person.wait("the window is active", lambda s: s["active"])
            person.key("ctrl+q")
            assert person.app.wait(20) == 0
