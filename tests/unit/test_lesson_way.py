"""The way to a step: what is done in the app before it, from wherever one comes."""

from __future__ import annotations

import pytest
from lesson_cases import lesson_named, scene_of

from backprop_studio.lessons import Progress, Rehearsal, Runner, parse
from backprop_studio.lessons.lesson import Lesson
from backprop_studio.lessons.way import Leg, way_to

NEURON = "01_one_neuron"
CASES = "11_do_not_blame_backprop"
MEANING = "09_no_understanding"


def place(lesson: Lesson, step: str) -> int:
    return [s.id for s in lesson.steps].index(step)


def test_that_all_steps_since_the_scene_come_before_a_step() -> None:
    lesson = lesson_named(CASES)
    assert way_to(lesson, 0, {}) == (Leg(None),)
    assert way_to(lesson, 1, {}) == (Leg(1),)
    assert way_to(lesson, 2, {}) == (Leg(1, (1,)),)
    assert way_to(lesson_named(NEURON), 3, {}) == (Leg(None, (0, 1, 2)),)


def test_that_numbers_from_before_the_scene_are_found_first() -> None:
    text = """+++
id = "numbers"
title = "Numbers"
summary = "Of another scene."
minutes = 5
+++
## Here {#here}
```check
kind = "reached"
text = "Go"
phase = "loss"
```
```solution
do = [{step = "phase", times = 3}]
```
## There {#there}
```scene
do = [{set = "optimizer/learning_rate", to = 0.01}]
```
```check
kind = "reached"
text = "Train"
epoch = 1
```
```solution
do = [{epochs = 1}]
```
## Compare {#compare}
It was {{loss@here}}.
```check
kind = "number"
text = "Go on"
about = "iteration"
above = 30
```
```solution
do = [{epochs = 1}]
```
"""
    lesson = parse(text).lesson
    assert lesson is not None
    assert way_to(lesson, 2, {}) == (Leg(None, (0,)), Leg(1, (1,)))
    assert way_to(lesson, 2, {"loss@here": 1.0}) == (Leg(1, (1,)),)
    jumped = Rehearsal(lesson, scene_of(CASES))
    played = jumped.play_step(2)
    assert played.sound and not played.untold
    assert jumped.driver.network.setup.optimizer.config()["learning_rate"] == 0.01
    # Who comes to the second scene without the first has its numbers found all the same.
    walked = Rehearsal(lesson, scene_of(CASES))
    assert walked.play_step(1).sound and "loss@here" not in walked.runner.progress.kept
    assert walked.play_step(2).sound and "loss@here" in walked.runner.progress.kept


@pytest.fixture
def neuron() -> Rehearsal:
    return Rehearsal(lesson_named(NEURON), scene_of(NEURON))


def test_that_the_step_after_the_one_that_was_done_needs_nothing(neuron: Rehearsal) -> None:
    runner = neuron.runner
    neuron.play_step(0)
    runner.go(1)
    assert runner.take_way() == () and not runner.is_carried
    runner.go(0)
    assert runner.take_way() == (), "what is done is only looked at"
    runner.go(1)
    assert runner.take_way() == (), "and the app is still as the next step needs it"


def test_that_steps_in_any_order_are_open_and_can_be_done(neuron: Rehearsal) -> None:
    lesson = neuron.runner.lesson
    for step in ("update", "forward", "too-far", "backward", "meet", "quiz", "loss", "by-hand"):
        played = neuron.play_step(place(lesson, step))
        assert played.sound, played
    assert neuron.runner.is_finished


def test_that_a_way_that_was_broken_off_is_gone_again(neuron: Rehearsal) -> None:
    runner = neuron.runner
    runner.go(3)
    assert runner.take_way() == (Leg(None, (0, 1, 2)),) and runner.is_carried
    runner.hold()
    runner.go(0)
    assert runner.take_way() == (Leg(None),)
    runner.hold()
    runner.go(3)
    assert runner.take_way() == (Leg(None, (0, 1, 2)),)
    runner.hold()
    runner.release()
    runner.go(3)
    assert runner.take_way() == (), "it is there"


def test_that_who_comes_back_finds_the_app_as_it_was_left(neuron: Rehearsal) -> None:
    lesson = neuron.runner.lesson
    runner = Runner(lesson, Progress(digest=lesson.digest, step="loss", solved=["meet"]))
    assert runner.take_way_back(beyond=True) == (Leg(None, (0, 1)),)
    neuron.play_step(0)
    neuron.play_step(1)
    runner = Runner(lesson, neuron.runner.progress)
    assert runner.take_way_back(beyond=True) == (Leg(None, (0, 1)),)
    runner.go(2)
    assert runner.take_way() == (), "the step that was done is done in the app, too"
    runner.go(1)
    assert runner.take_way_back() == (Leg(None, (0,)),), "to do it once more"


def test_that_numbers_of_another_text_are_found_anew() -> None:
    lesson = lesson_named(MEANING)
    kept = {e.key: 1.0 for step in lesson.steps for e in step.expressions() if e.step}
    assert Runner(lesson, Progress(digest="of an older text", kept=kept)).progress.kept == {}
    assert Runner(lesson, Progress(digest=lesson.digest, kept=kept)).progress.kept == kept


EXTRAS = """+++
id = "extras"
title = "Extras"
summary = "With and without a scene."
minutes = 5
+++
## One {#one}
STEP
## Aside {#aside extra}
```scene
do = [{set = "optimizer/learning_rate", to = 0.01}]
```
STEP
## Further aside {#aside-on extra}
STEP
## Other {#other extra}
```scene
do = [{set = "optimizer/learning_rate", to = 0.02}]
```
STEP
## Two {#two}
STEP
## Last {#last extra}
STEP
""".replace(
    "STEP",
    """```check
kind = "number"
text = "Go on"
about = "iteration"
above = 30
```
```solution
do = [{epochs = 2}]
```""",
)


@pytest.fixture
def extras() -> Lesson:
    lesson = parse(EXTRAS).lesson
    assert lesson is not None
    return lesson


def test_that_next_passes_extras_by_and_back_comes_the_same_way(extras: Lesson) -> None:
    one, aside, on, other, two, last = range(6)
    assert [extras.after(i) for i in range(6)] == [two, on, two, two, None, None]
    assert [extras.before(i) for i in range(6)] == [None, one, aside, one, one, two]
    assert [extras.number_of(i) for i in range(6)] == [1, 1, 1, 1, 2, 2]
    runner = Runner(extras)
    offered = []
    for place in range(6):
        runner.go(place)
        offered.append(runner.offered)
    assert offered == [aside, None, other, None, aside, aside]
    runner.progress.solved += ["aside", "other"]
    assert [runner.go(place) or runner.offered for place in (two, last)] == [last, last]
    runner.progress.solved += ["last"]
    runner.go(two)
    assert runner.offered is None


def test_that_a_step_rests_on_no_extra_but_its_own(extras: Lesson) -> None:
    assert way_to(extras, 1, {}) == (Leg(1),)
    assert way_to(extras, 2, {}) == (Leg(1, (1,)),)
    assert way_to(extras, 4, {}) == (Leg(None, (0,)),)
    assert way_to(extras, 5, {}) == (Leg(None, (0, 4)),)


def test_that_extras_that_are_passed_by_leave_the_app_as_the_next_step_needs_it(
    extras: Lesson,
) -> None:
    walked = Rehearsal(extras, scene_of(CASES))
    assert walked.play_step(0).sound
    walked.runner.go(4)
    assert walked.runner.take_way() == () and not walked.runner.is_carried
    jumped = Rehearsal(extras, scene_of(CASES))
    assert jumped.play_step(0).sound and jumped.play_step(1).sound
    jumped.runner.go(4)
    assert jumped.runner.take_way() == (Leg(None, (0,)),), "out of the extra's scene"


def test_that_a_lesson_of_extras_alone_is_gone_through_as_any_other() -> None:
    lesson = parse(
        EXTRAS.replace("{#one}", "{#one extra}").replace("{#two}", "{#two extra}")
    ).lesson
    assert lesson is not None
    assert [lesson.after(i) for i in range(6)] == [1, 2, 3, 4, 5, None]
    assert lesson.number_of(5) == 6 and Runner(lesson).offered is None
