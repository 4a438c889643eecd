"""Own data, a quiz, the next lesson and what is kept of it all, by mouse and keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from hands import Desk, desk, missing_tools

pytestmark = [
    pytest.mark.skipif(bool(missing_tools()), reason=f"needs {', '.join(missing_tools())}"),
    pytest.mark.timeout(120),
]

LOOP, LAST = "12. The learning loop", "13. Take-away"


def marks(state: dict[str, object]) -> list[str]:
    """The marks before the tasks of the step in front."""
    checks = state["checks"]
    assert isinstance(checks, list)
    return [mark for _, mark in checks]


def paint(person: Desk, down: int) -> None:
    """A stroke across the plane, so many pixels below its middle."""
    x, y = person.see("widget", "Plane to draw on", "draw")
    person.drag([x - 70, y + down], [x + 70, y + down])


def test_that_own_data_are_learned_a_quiz_is_answered_and_the_next_lesson_follows(
    tmp_path: Path,
) -> None:
    with desk(tmp_path) as person:
        before = person.wait("the example is ready to run", lambda s: s["state"] == "paused")
        person.wait("the window is active", lambda s: s["active"])
        assert "minutes" in person.see("described", LOOP)
        person.press(LOOP)
        person.lesson("the lesson is open", lambda s: s["lesson"] == "the-learning-loop")
        person.predict(0, "gradients")
        for _ in range(5):
            person.key("F8")
        state = person.lesson("one step went around the loop", lambda s: s["solved"])
        assert "✗ It was: optimisation" in state["outcomes"][0]

        # The learner's own data.
        person.go_to(8)
        person.wait("the scene is set", lambda s: s["state"] == "paused" and s["modified"])
        person.key("ctrl+shift+w")
        person.press("Clear", "draw")
        person.press("Brush", "draw")
        paint(person, -60)
        person.hear("draw", "training rows, filled")
        person.lesson("one class is not enough", lambda s: marks(s) == ["○", "○"])
        person.key("2")
        paint(person, 60)
        person.lesson("points of two classes are there", lambda s: marks(s) == ["✓", "○"])
        person.key("F5")
        state = person.lesson("what was drawn is learned", lambda s: s["solved"])
        person.key("F5")
        person.wait("training rests", lambda s: s["state"] == "paused")
        assert any("of your points were trained on" in text for text in state["says"])
        person.picture("1-own-data")

        # The quiz: what is not right gets a word and another try.
        person.press_lesson("next")
        person.lesson("the quiz is in front", lambda s: s["step"] == "quiz")
        person.answer(0, "All of them")
        state = person.lesson("it is not right", lambda s: any("Not yet" in t for t in s["says"]))
        assert marks(state) == ["○", "○"]
        person.answer(0, "The weights after the update")
        person.answer(1, "What the network says of each row")
        state = person.lesson("the quiz is done", lambda s: s["solved"])
        assert state["done"] == ["round", "own", "quiz"]
        person.picture("2-quiz")

        # One lesson leads to the next.
        person.press_lesson("onward")
        person.lesson("the last lesson is open", lambda s: s["lesson"] == "take-away")
        for _ in range(4):
            person.key("F8")
        person.lesson("the gradients are there", lambda s: marks(s) == ["✓", "○"])
        person.answer(1, "computes how the loss depends on each weight")
        state = person.lesson("the roles are known", lambda s: s["solved"])
        assert any("None of them learns. The loop does." in text for text in state["says"])
        person.picture("3-roles")
        person.press_lesson("leave")

        # The learner's project waited, and the start page knows how far one is.
        state = person.wait("the own project is back", lambda s: s["nodes"] == before["nodes"])
        assert (state["dataset"], state["modified"]) == (before["dataset"], False)
        person.key("alt+Home")
        assert person.see("described", LOOP) == "3 of 10 steps done"
        assert person.see("described", LAST) == "1 of 9 steps done"
        person.picture("4-start-page")
        person.press(LOOP)
        state = person.lesson("it goes on where it was left", lambda s: s["step"] == "quiz")
        assert state["done"] == ["round", "own", "quiz"]
