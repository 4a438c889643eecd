"""A whole lesson, as somebody does it who has never seen it: with mistakes, a hint and a break."""

from __future__ import annotations

from pathlib import Path

import pytest
from hands import Desk, desk, missing_tools

pytestmark = [
    pytest.mark.skipif(bool(missing_tools()), reason=f"needs {', '.join(missing_tools())}"),
    pytest.mark.timeout(240),
]


def _open_the_first_that_is_not_done(person: Desk) -> None:
    person.wait("the program is there", lambda s: s["state"] == "paused", seconds=60)
    person.wait("the window is active", lambda s: s["active"], seconds=60)
    person.key("alt+l")
    person.wait("the lessons are listed", lambda s: s["dialog"] == "Lessons")
    person.double_click(person.see("row", "", "How does each parameter know how to change?"))
    person.lesson("the lesson is open", lambda s: s["lesson"] == "one-neuron")


def _solved(person: Desk, step: str, *words: str) -> None:
    """Wait until a step is done, see what is said of it, and go on."""
    state = person.lesson(f"{step} is done", lambda s: s["step"] == step and s["solved"])
    told = " ".join((*state["says"], *state["outcomes"]))
    for word in words:
        assert word in told
    assert state["explained"] and state["buttons"][1] in ("Next", "Finish")
    if "Next" in state["buttons"]:
        person.press_lesson("next")
        person.lesson("the next step is there", lambda s: s["number"] == state["number"] + 1)


def test_that_a_lesson_is_done_by_hand_with_mistakes_a_hint_and_a_break(tmp_path: Path) -> None:
    with desk(tmp_path) as person:
        _open_the_first_that_is_not_done(person)
        person.key("F8")
        _solved(person, "meet", "the answer should be t = 9")

        person.predict(0, 5)
        person.press_lesson("hint")
        person.lesson("the hint is given", lambda s: "Multiply first" in s["hints"][0])
        person.key("F8")
        _solved(person, "forward", "You said: 5", "✗ It was: 7")

        person.key("F8")
        person.lesson(
            "it is said what is missing",
            lambda s: "One thing is left: say above what you expected." in s["says"],
        )
        person.predict(0, 4)
        _solved(person, "loss", "✓ It was: 4")

        person.predict(0, "negative")
        person.predict(1, "the bias b")
        person.key("F8")
        _solved(person, "backward", "✓ It was: negative", "✗ It was: the weight w")

        person.answer(0, 2.6)
        person.lesson("that was not right", lambda s: any("Not yet" in w for w in s["says"]))
        person.answer(0, -3.4)
        person.lesson("it is near", lambda s: "The size is right. Look at the sign." in s["says"])
        person.press_lesson("hint")
        person.lesson("another hint", lambda s: "Minus times minus" in s["hints"][0])
        person.picture("lesson-before-the-break")
        person.key("ctrl+q")
        assert person.app.wait(60) == 0, "a lesson is left without a question"

    with desk(tmp_path) as person:
        _open_the_first_that_is_not_done(person)
        state = person.lesson(
            "it goes on where it was", lambda s: s["step"] == "by-hand" and s["ready"]
        )
        assert state["done"] == ["meet", "forward", "loss", "backward"]
        assert "Minus times minus" in state["hints"][0]
        person.wait("the steps before are done", lambda s: len(s["computed"]) == 2)
        person.answer(0, 3.4)
        person.answer(1, 1.2)
        _solved(person, "by-hand", "w becomes 3.4 and b becomes 1.2")

        person.predict(0, "smaller")
        for _ in range(4):
            person.key("F8")
        _solved(person, "update", "the neuron now predicts 8")

        person.predict(0, "larger")
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
        _solved(person, "too-far", "the loss rose to 16")

        person.answer(0, "The right value of w")
        person.lesson("that was not it", lambda s: any("Not yet" in w for w in s["says"]))
        person.answer(0, "The error signal that came back")
        _solved(person, "quiz", "What you now know")
        person.picture("lesson-at-its-end")
        person.press_lesson("onward")
        person.lesson("the next lesson is open", lambda s: s["lesson"] == "a-model-is-a-chain")
        person.press_lesson("leave")
        state = person.wait("the own project is back", lambda s: s["dataset"] == "digits")
        assert not state["modified"]
        person.key("ctrl+q")
        assert person.app.wait(60) == 0
