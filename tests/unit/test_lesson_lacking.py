"""A step that goes back to the numbers of another one says so while that is not done."""

from __future__ import annotations

from lesson_cases import lesson_named

from backprop_studio.lessons import Progress, Runner

MEANING = "09_no_understanding"


def test_that_a_step_names_the_first_step_whose_numbers_it_needs() -> None:
    lesson = lesson_named(MEANING)
    ids = [step.id for step in lesson.steps]
    runner = Runner(lesson)
    assert runner.lacking is None, "the first step needs none"
    runner.go(ids.index("renamed"))
    assert runner.lacking == ids.index("fair")
    runner.go(ids.index("lots"))
    assert runner.lacking == ids.index("start")


def test_that_numbers_that_were_kept_are_not_asked_for_again() -> None:
    lesson = lesson_named(MEANING)
    place = [step.id for step in lesson.steps].index("renamed")
    kept = {e.key: 1.0 for e in lesson.steps[place].expressions() if e.step}
    runner = Runner(lesson, Progress(digest=lesson.digest, step="renamed", kept=kept))
    assert runner.lacking is None
    done = Runner(lesson, Progress(digest=lesson.digest, step="renamed", solved=["quiz"]))
    done.go(len(lesson.steps) - 1)
    assert done.lacking is None, "what is done needs nothing"
