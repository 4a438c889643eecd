"""Scenes of a lesson, settings of the data by name, and numbers about classes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lesson_cases import facts_of, lesson_named, scene_of

from backprop_studio import data, lessons
from backprop_studio.data import own
from backprop_studio.errors import StudioError
from backprop_studio.lessons import Driver, Rehearsal, Runner, parse_expression
from backprop_studio.lessons.actions import action, set_at_once
from backprop_studio.lessons.check import kinds
from backprop_studio.lessons.evidence import collect, load, save, verify
from backprop_studio.lessons.recorder import Event, plain
from backprop_studio.lessons.way import Leg
from backprop_studio.network import analyze, edits
from backprop_studio.project.container import OWN_DATA

CASES = "11_do_not_blame_backprop"
LOOP = "12_the_learning_loop"

TEXT = """+++
id = "two-scenes"
title = "Two scenes"
summary = "As opened, then spoilt, then otherwise."
minutes = 5
+++

## Plain {#plain}

```check
kind = "reached"
text = "Train"
epoch = 1
```

```solution
do = [{epochs = 1}]
```

## Spoilt {#spoilt}

```scene
do = [
  {set = "setup/data/scaling", to = "standard"},
  {spoil = "label_noise", settings = {share = 0.3}},
  {epochs = 1},
]
```

```check
kind = "gradient_check"
text = "Check"
```

```solution
do = [{gradient_check = true}]
```

## More of it {#more}

```check
kind = "reached"
text = "Train"
epoch = 2
```

```solution
do = [{epochs = 1}]
```

## Otherwise {#otherwise}

```scene
do = [{set = "hidden/units", to = 3}]
```

```check
kind = "gradient_check"
text = "Check once more"
```

```solution
do = [{gradient_check = true}]
```
"""


def number(driver: Driver, text: str) -> float | None:
    return driver.facts([parse_expression(text)]).number(parse_expression(text))


def do(driver: Driver, *tables: dict[str, object]) -> Driver:
    for table in tables:
        driver.perform(action(table))
    return driver


@pytest.fixture
def lesson() -> lessons.Lesson:
    parsed = lessons.parse(TEXT)
    assert parsed.lesson is not None, parsed.faults
    return parsed.lesson


def test_that_a_scene_begins_anew_with_the_lessons_project(lesson: lessons.Lesson) -> None:
    rehearsal = Rehearsal(lesson, scene_of(CASES))
    driver = rehearsal.driver
    seen = []
    for played in rehearsal.play():
        assert played.sound, played
        setup = driver.network.setup
        units = driver.network.named("hidden").spec.units  # type: ignore[union-attr]
        seen.append((len(setup.data.corruptions), setup.data.scaling, units))
    assert seen == [(0, "none", 8), (1, "standard", 8), (1, "standard", 8), (0, "none", 3)]
    assert number(driver, "epoch") == 0.0, "the last scene has not been trained"


def test_that_what_the_gradient_check_found_ends_with_the_scene(lesson: lessons.Lesson) -> None:
    rehearsal = Rehearsal(lesson, scene_of(CASES))
    played = list(rehearsal.play())
    assert played[3].tasks_open and played[3].done_after


def test_that_a_scene_is_taken_once_and_again_after_another(lesson: lessons.Lesson) -> None:
    runner = Runner(lesson)
    assert runner.take_way() == ()
    runner.go(2)
    assert runner.take_way() == (Leg(1, (1,)),)
    assert runner.take_way() == (), "it is the scene that is set"
    runner.go(3)
    assert runner.take_way() == (Leg(3),)
    runner.progress.solved.append("spoilt")
    runner.go(1)
    assert runner.take_way() == (), "a step that is done is only looked at"
    runner.progress.solved += ["plain", "more", "otherwise"]
    assert runner.take_way() == (Leg(1),), "a lesson that is done is looked at whole"


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        ('{predict = "x", say = 1}', "says nothing for the learner"),
        ('{spoil = 3}', "text"),
        ('{shake = "x"}', "no action"),
    ],
)  # fmt: skip
def test_that_a_wrong_scene_is_a_fault(block: str, reason: str) -> None:
    scene = f"```scene\ndo = [{block}]\n```\n"
    broken = TEXT.replace("## Plain {#plain}\n", f"## Plain {{#plain}}\n\n{scene}")
    assert any(reason in fault.reason for fault in lessons.parse(broken).faults)


def test_that_evidence_of_scenes_is_confirmed_and_a_lie_is_not(lesson: lessons.Lesson) -> None:
    rehearsal = Rehearsal(lesson, scene_of(CASES))
    runner, driver = rehearsal.runner, rehearsal.driver
    steps = rehearsal.play()
    next(steps)
    next(steps)
    events = [
        Event("done", id="plain", at=(25, 0)),
        Event("go", id="spoilt", at=(25, 0)),
        Event("design", at=(25, 0), network=plain(driver.network)),
        Event("restart", at=(0, 0)),
        Event("go", id="spoilt", at=(25, 0)),
        Event("gradient_check", at=(25, 0)),
        Event("done", id="spoilt", at=(25, 0)),
    ]
    assert driver.session is not None
    made = collect(
        lesson, runner.progress, events, driver.network, driver.session.weights(), (25, 0)
    )
    assert all(f.confirmed for f in verify(made, lesson, scene_of(CASES)))
    made.events.pop(5)
    found = verify(made, lesson, scene_of(CASES))
    assert any(not f.confirmed for f in found), "the check before the scene does not count"


def test_that_settings_of_the_data_are_read_and_changed_by_name() -> None:
    driver = Driver(scene_of(CASES))
    do(
        driver,
        {"set": "setup/data/options/noise", "to": 0.1},
        {"set": "setup/data/shuffle", "to": False},
        {"spoil": "label_noise", "settings": {"share": 0.5}},
        {"set": "setup/data/label_noise/share", "to": 0.25},
        {"spoil": "feature_noise"},
    )
    made_of = driver.network.setup.data
    assert [c.info.id for c in made_of.corruptions] == ["label_noise", "feature_noise"]
    for text, expected in {
        "setting:setup/data/options/noise": 0.1, "setting:setup/data/label_noise/share": 0.25,
        "setting:setup/data/corruptions": 2.0, "setting:setup/data/nonsense": None,
        "setting:setup/data/leaked_feature/column": None,
    }.items():  # fmt: skip
        assert number(driver, text) == expected, text
    made = kinds()["setting"]
    there = made(text="x", of="setup/data/label_noise", equals=True)  # type: ignore[call-arg]
    weights = made(text="x", of="loss/class_weights", equals=[2, 1])  # type: ignore[call-arg]
    assert there.met(facts_of(driver, there)) and not weights.met(facts_of(driver, weights))
    do(driver, {"mend": "label_noise"}, {"set": "loss/class_weights", "to": [2, 1]})
    assert not there.met(facts_of(driver, there)) and weights.met(facts_of(driver, weights))
    do(driver, {"mend": "all"})
    assert driver.network.setup.data.corruptions == ()
    for wrong in (
        "setup/data/nonsense",
        "setup/data/options/nonsense",
        "setup/data/leaked_feature",
    ):
        with pytest.raises(StudioError):
            do(driver, {"set": wrong, "to": 1})
    with pytest.raises(StudioError):
        do(driver, {"spoil": "nonsense"})


def test_that_a_layer_of_another_type_keeps_its_name_place_and_wires() -> None:
    network = scene_of(CASES).network
    changed, rest = set_at_once(
        network, [action({"set": "loss", "to": "mae"}), action({"epochs": 2})]
    )
    before, after = network.named("loss"), changed.named("loss")
    assert before is not None and after is not None
    assert after.spec.info.id == "mae" and (after.x, after.y) == (before.x, before.y)
    assert changed.wires == network.wires and analyze(changed).errors == ()
    assert rest == (action({"epochs": 2}),)


@pytest.mark.parametrize("key", ["breast_cancer", "digits", "moons", ""])
def test_that_a_lesson_chooses_data_as_a_hand_does(key: str) -> None:
    network = scene_of(CASES).network
    spirals = network.setup.for_dataset("spirals")
    kind = data.recipe("spirals")
    assert kind is not None
    turned = replace(
        spirals, data=replace(spirals.data, options=kind(), scaling=data.Scaling.RANGE)
    )
    before = edits.set_setup(network, turned)
    chosen = action({"set": "setup/dataset", "to": key}).edit(before)
    assert chosen.setup == turned.for_dataset(key)
    assert chosen.setup.data.options is None


def test_that_a_lesson_that_chooses_unknown_data_says_so_and_changes_nothing() -> None:
    with pytest.raises(StudioError, match="no_such_data"):
        action({"set": "setup/dataset", "to": "no_such_data"}).edit(scene_of(CASES).network)


def test_that_classes_are_counted_and_found_as_a_plain_count_says() -> None:
    driver = do(Driver(scene_of(CASES)), {"spoil": "biased_sample"}, {"epochs": 10})
    session = driver.session
    assert session is not None
    prepared, train = session.prepared, session.prepared.split.train
    held = prepared.split.validation
    y = prepared.dataset.y
    machine = session.used(np.arange(len(y)))
    guesses = machine.array(session.lowered.heads[0].prediction).argmax(axis=1)
    assert number(driver, "training_rows") == len(train)
    assert number(driver, "held_out_rows") == len(held)
    assert number(driver, "training_accuracy") == np.mean(guesses[train] == y[train])
    for k, name in enumerate(("inner disc", "outer ring")):
        right = np.mean(guesses[held][y[held] == k] == k)
        assert number(driver, f"recall:{k}") == number(driver, f"recall:{name}") == right
        assert number(driver, f"rows_of:{name}") == np.count_nonzero(y[train] == k)
    assert number(driver, "recall:2") is None and number(driver, "recall:blue") is None
    with pytest.raises(ValueError, match="is not a class"):
        parse_expression("recall:{}")
    numbers = do(driver, {"set": "setup/dataset", "to": "sine"}).facts(
        [parse_expression("training_accuracy"), parse_expression("rows_of:0")]
    )
    assert numbers.moment is None or not numbers.moment.numbers


def test_the_cases_of_the_shipped_lesson_begin_with_scenes() -> None:
    lesson = lesson_named(CASES)
    assert sum(bool(step.scene) for step in lesson.steps) == 8
    assert lesson.scene_of(0) is None and lesson.scene_of(2) == 1


def test_that_the_last_challenge_can_be_met_with_forty_two_parameters_as_its_text_says() -> None:
    driver = do(
        Driver(scene_of("13_take_away")),
        *({"remove": name, "bridge": True} for name in ("sum", "relu", "second")),
        {"set": "optimizer", "to": "adam"},
        {"set": "optimizer/learning_rate", "to": 0.03},
        {"restart": True},
        {"epochs": 300},
    )
    accuracy = number(driver, "accuracy")
    assert number(driver, "parameters") == 42.0
    assert accuracy is not None and accuracy > 0.9


def test_that_evidence_takes_the_learners_own_points_along(tmp_path: Path) -> None:
    lesson = lesson_named(LOOP)
    at = next(i for i, step in enumerate(lesson.steps) if step.id == "own")
    rehearsal = Rehearsal(lesson, scene_of(LOOP))
    played = rehearsal.play()
    for _ in range(at + 1):
        assert next(played).sound
    driver, session = rehearsal.driver, rehearsal.driver.session
    assert session is not None
    end = (session.completed, 0)
    progress = replace(rehearsal.runner.progress, solved=["own"], forecasts={}, answers={})
    events = [
        Event("go", id="own"),
        Event("design", network=plain(driver.network)),
        Event("restart"),
        Event("go", id="own", at=(0, 0)),
        Event("done", id="own", at=end),
    ]
    made = collect(lesson, progress, events, driver.network, session.weights(), end)
    save(made, tmp_path / "evidence.json")
    own.release()
    with pytest.raises(StudioError):
        data.load(driver.network.setup.dataset)
    handed_in = load(tmp_path / "evidence.json")
    found = verify(handed_in, lesson, scene_of(LOOP))
    assert all(f.confirmed for f in found), found
    assert {"step own", "weights"} <= {f.what for f in found}
    # Other points under the same name are not believed.
    own.release()
    (entries,) = handed_in.data.values()
    entries[OWN_DATA[1]] = entries[OWN_DATA[2]]
    found = verify(handed_in, lesson, scene_of(LOOP))
    assert any(f.what == "events" and not f.confirmed for f in found)
