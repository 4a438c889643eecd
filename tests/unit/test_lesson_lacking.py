"""A step that goes back to the numbers of another one says so while that is not done."""

from __future__ import annotations

from lesson_cases import lesson_named

from backprop_studio.lessons import Forecast, Progress, Runner

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


def test_that_another_text_takes_over_what_came_of_a_step_unless_more_is_needed_of_it() -> None:
    lesson = lesson_named(MEANING)
    ids = [step.id for step in lesson.steps]
    needed = {e.key: 1.0 for step in lesson.steps for e in step.expressions() if e.step == "start"}
    progress = Progress(
        digest="of an older text",
        solved=["start", "fair", "why"],
        forecasts={
            name: Forecast(said, 70, truth=said, right=True)
            for name, said in (("first-loss", 16.0), ("fair-loss", "smaller"))
        },
        shown={"start": {"loss": 16.0}},
        told={"start": {"loss": 16.0}, "fair": {"accuracy": 0.5}},
        kept=needed,
    )
    runner = Runner(lesson, progress)
    assert runner.progress.solved == ["start", "why"], "other steps need more of the fair run"
    assert runner.progress.told == {"start": {"loss": 16.0}}
    assert not runner.progress.shown
    runner.go(ids.index("lots"))
    assert runner.lacking is None
    runner.go(ids.index("renamed"))
    assert runner.lacking == ids.index("fair")
