"""A learner who takes the steps of lessons in an order of their own, leaves and comes back."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hands import Desk, desk, missing_tools

pytestmark = [
    pytest.mark.skipif(bool(missing_tools()), reason=f"needs {', '.join(missing_tools())}"),
    pytest.mark.timeout(120),
]


def open_lesson(person: Desk, title: str) -> None:
    person.key("alt+l")
    person.wait("the lessons are listed", lambda s: s["dialog"] == "Lessons")
    place: list[int] = []
    while place != (place := person.see("row", "", title)):
        time.sleep(0.1)  # the window manager is still putting the dialog somewhere
    person.double_click(place)
    person.lesson("it is open, and ready", lambda s: s["ready"])


def go_to(person: Desk, step: str, place: int) -> dict[str, Any]:
    person.go_to(place)
    person.wait("the run rests", lambda s: s["state"] == "paused")
    return person.lesson(f"the numbers of {step} are there", lambda s: "…" not in told(s))


def train(person: Desk, epochs: int) -> None:
    for _ in range(epochs):
        before = person.state()["completed"]
        person.key("ctrl+F9")
        person.wait(
            "an epoch is done",
            lambda s, b=before: s["completed"] > b and s["state"] == "paused",  # type: ignore[misc]
        )


def told(state: dict[str, Any]) -> str:
    return " ".join(state["says"])


def test_that_each_step_finds_the_app_as_its_text_says_whatever_was_done_before(
    tmp_path: Path,
) -> None:
    with desk(tmp_path) as person:
        person.wait("the program is there", lambda s: s["state"] == "paused" and s["active"])
        open_lesson(person, "Backprop is not the learning rule")

        # Late: another rule, compared with a run that one has not seen.
        state = go_to(person, "sign", 4)
        assert [mark for _, mark in state["checks"]] == ["○", "✓", "✓"]
        assert "What comes before this step was done for you" in told(state)
        person.predict(0, "larger")
        train(person, 5)
        state = person.lesson("Sign has learned", lambda s: s["solved"])
        assert "Held-out loss with Sign: 0.2013. With descent it was 0.1972." in told(state)

        # Early again, with the rule that the project came with, and not trained.
        state = go_to(person, "descent", 2)
        assert "The learning rate is 0.3" in told(state)
        assert person.state()["completed"] == 0
        # In between: the same gradient, to be compared with what was found on the way.
        go_to(person, "same", 3)
        person.predict(0, "the same")
        person.click(person.see("widget", "Optimizer", "setup"))
        person.type("Sign")
        person.key("Return")
        person.lesson("the rule is chosen", lambda s: s["checks"][0][1] == "✓")
        person.wait("it can be stepped", lambda s: s["state"] == "paused")
        for _ in range(4):
            person.key("F8")
        state = person.lesson("the gradient is there", lambda s: s["solved"])
        assert "✓ It was: the same" in state["outcomes"][0]

        # Left in the middle of a step, and opened again.
        go_to(person, "bad-rule", 6)
        person.press_lesson("leave")
        person.wait("the own project is back", lambda s: s["dataset"] == "digits")
        open_lesson(person, "Backprop is not the learning rule")
        state = person.lesson("it is the same step", lambda s: s["step"] == "bad-rule")
        assert state["done"] == ["sign", "same"] and "the 0.1972 of careful descent" in told(state)
        assert person.state()["dataset"] == "moons" and person.state()["completed"] == 0
        person.picture("1-a-bad-rule")

        # Cases: the last one's proof, then the first step of all.
        open_lesson(person, "Do not blame backprop")
        state = go_to(person, "units-verdict", 14)
        assert (person.state()["dataset"], person.state()["completed"]) == ("breast_cancer", 290)
        state = go_to(person, "alibi", 0)
        assert (person.state()["dataset"], person.state()["completed"]) == ("circles", 0)
        person.predict(0, "that the network is good")
        train(person, 10)
        person.key("ctrl+9")
        person.press("Check gradients", "gradient_check")
        state = person.lesson("backprop has an alibi", lambda s: s["solved"])
        assert "would pass on a network that only guesses" in told(state)
        person.picture("2-an-alibi")

        # Wrong answers, each with a word of its own, and a chain that was built before one came.
        open_lesson(person, "When the signal fades")
        go_to(person, "skip-learns", 4)
        assert ["squash1", "add_1"] in person.state()["wires"]
        state = go_to(person, "quiz", 11)
        assert "add_1" not in person.state()["nodes"]
        person.answer(0, "These layers are perfect")
        person.lesson("why not", lambda s: "no better than by guessing" in told(s))
        person.answer(0, "The signal shrank")
        person.lesson("that is it", lambda s: s["solved"])
