"""Somebody impatient, who presses keys while the app is still made ready for a step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hands import Desk, desk, missing_tools

pytestmark = [
    pytest.mark.skipif(bool(missing_tools()), reason=f"needs {', '.join(missing_tools())}"),
    pytest.mark.timeout(180),
]

BLAME = "11. Do not blame backprop"
PROOF = 2


def jump(person: Desk, place: int, *keys: str) -> None:
    """Choose a step in the list, wait for nothing, and press keys at once."""
    person.press_lesson("steps")
    person.key("Home")
    for _ in range(place):
        person.key("Down")
    person.keys("Return", *keys)


def stands(state: dict[str, Any]) -> list[Any]:
    return [state[key] for key in ("cursor", "completed", "branches", "state")]


def test_that_keys_wait_until_the_app_is_ready_for_the_step(tmp_path: Path) -> None:
    with desk(tmp_path) as person:
        person.wait("the example is ready to run", lambda s: s["state"] == "paused", seconds=60)
        person.wait("the window is active", lambda s: s["active"], seconds=60)
        person.press(BLAME)
        person.lesson("the lesson is open", lambda s: s["lesson"] == "do-not-blame-backprop")
        jump(person, PROOF, "F8", "ctrl+r", "F5", "ctrl+b")
        said = ("One moment", "Ready now")
        person.wait("somebody says why", lambda s: s["message"].startswith(said))
        person.picture("1-one-moment")
        person.lesson("ready", lambda s: s["ready"] and s["number"] == PROOF, seconds=60)
        hurried = stands(person.state())
        jump(person, 0)
        person.lesson("the first step", lambda s: s["ready"] and s["number"] == 0, seconds=60)
        person.key("ctrl+r")
        jump(person, PROOF)
        person.lesson("ready once more", lambda s: s["ready"] and s["number"] == PROOF, seconds=60)
        assert stands(person.state()) == hurried
        person.key("ctrl+r")
        person.wait("keys work again", lambda s: s["cursor"] == [0, 0])
