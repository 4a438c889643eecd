"""Somebody who does not take the steps of a lesson in their order, by mouse and keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from hands import Desk, desk, missing_tools

pytestmark = [
    pytest.mark.skipif(bool(missing_tools()), reason=f"needs {', '.join(missing_tools())}"),
    pytest.mark.timeout(120),
]

FIRST = "1. How does each parameter know how to change?"
LOCAL = "5. Local information is enough"
CARRIED = "What comes before this step was done for you in the app."


def says(state: dict[str, object], words: str) -> bool:
    told = state["says"]
    assert isinstance(told, list)
    return any(words in text for text in told)


def begin(person: Desk) -> None:
    person.wait("the example is ready to run", lambda s: s["state"] == "paused", seconds=60)
    person.wait("the window is active", lambda s: s["active"], seconds=60)


def test_that_steps_are_done_in_any_order_with_a_break_between(tmp_path: Path) -> None:
    with desk(tmp_path) as person:
        begin(person)
        person.press(FIRST)
        person.lesson("the lesson is open", lambda s: s["lesson"] == "one-neuron")

        # Straight to the update: the gradients are there, as its text says.
        person.go_to(4)
        state = person.lesson(
            "its numbers are known", lambda s: says(s, "w = 3 with its gradient −8")
        )
        assert says(state, CARRIED)
        person.wait("so are they in the window", lambda s: len(s["computed"]) == 2)
        person.answer(0, 3.4)
        person.answer(1, 1.2)
        person.lesson("the update is known", lambda s: s["solved"])

        # The next step goes on from here.
        person.press_lesson("next")
        state = person.lesson("the next one is there", lambda s: s["step"] == "update")
        assert not says(state, CARRIED)
        person.wait("nothing has moved", lambda s: len(s["computed"]) == 2)

        # Back to the second one: nothing tells what the neuron will predict.
        person.go_to(1)
        state = person.lesson("it is open", lambda s: says(s, "x is 2, w is 3, b is 1"))
        assert [mark for _, mark in state["checks"]] == ["○"] and says(state, CARRIED)
        assert person.wait("no loss yet", lambda s: s["loss"] is None)["computed"] == []
        person.predict(0, 7)
        person.key("F8")
        person.lesson("it is done", lambda s: s["solved"] and says(s, "So the neuron is wrong"))

        # Far ahead, where the text compares with the loss of a step that was never done.
        person.go_to(6)
        person.lesson("it is open", lambda s: says(s, "begin again with the same weights"))
        person.picture("1-far-ahead")
        person.predict(0, "larger")
        person.key("ctrl+q")
        assert person.app.wait(60) == 0, "a lesson is left without a question"

    with desk(tmp_path) as person:
        begin(person)
        person.press(FIRST)
        state = person.lesson(
            "it goes on where it was", lambda s: s["step"] == "too-far" and s["ready"]
        )
        assert state["done"] == ["by-hand", "forward"]
        person.wait("the first update was made", lambda s: s["completed"] == 1 and s["loss"] == 1)
        person.click(person.see("widget", "Learning rate", "setup"))
        person.key("ctrl+a")
        person.type("0.3")
        person.key("Return")
        person.lesson("the rate is set", lambda s: s["checks"][0][1] == "✓")
        person.wait("it can be trained again", lambda s: s["state"] == "paused")
        person.key("ctrl+r")
        person.wait("it is at its start", lambda s: s["cursor"] == [0, 0])
        person.key("F9")
        for _ in range(3):
            person.key("F8")
        state = person.lesson("the loss rose", lambda s: s["solved"])
        assert says(state, "the loss rose to 16") and "✓ It was: larger" in state["outcomes"][0]
        person.press_lesson("leave")

        # Inside a layer is closed where the text wants it so, and open where it is looked into.
        person.wait("the own project is back", lambda s: s["dataset"] == "digits")
        person.key("alt+Home")
        person.press(LOCAL)
        person.lesson("the other lesson is open", lambda s: s["lesson"] == "local-information")
        person.go_to(3)
        person.answer(0, 0.5)
        person.answer(1, "the same once more")
        person.lesson("a sum copies", lambda s: s["solved"])
        person.picture("2-a-sum-copies")
        person.go_to(6)
        person.hear("inside", "0 of 10 right")
        person.picture("3-your-own-weights")
