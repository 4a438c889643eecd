"""Whoever jumps to a step of a lesson finds the app as its text says, and can do it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from backprop_studio import lessons
from backprop_studio.lessons import Rehearsal, Rehearsed, Step
from backprop_studio.lessons.lesson import NUMBER, numbers_in, words
from backprop_studio.lessons.recorder import plain
from backprop_studio.network import Network
from backprop_studio.nn import losses, optimizers

every_lesson = pytest.mark.parametrize("path", lessons.shipped(), ids=lambda p: p.parent.name)

CODE = re.compile(r"`([^`]*)`")
NAME = re.compile(r"([A-Za-z_]\w*)(/[a-z_]+)?( \[[\d, ]+\])?")
TYPED = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?")

NO_SETTINGS = {
    ("hand-on", "dX"): "a column of the panel",
    ("weights", "dW"): "a column of the panel",
    ("unit", "14"): "a place in the list of units",
}
"""What texts name in code that is neither a layer nor a setting."""


def to_read(step: Step) -> list[str]:
    """What a learner reads before the step is done."""
    return [
        *(words(block) for block in step.blocks),
        *(check.text for check in step.checks),
        *step.hints,
    ]


@every_lesson
def test_that_each_step_can_be_done_by_who_jumps_to_it(path: Path) -> None:
    lesson = lessons.load(path)
    project = lessons.load_project(lesson, path)
    wrong = []
    for index, step in enumerate(lesson.steps):
        jumped = Rehearsal(lesson, project)
        jumped.runner.go(index)
        problem = jumped.make_ready()
        jumped.look()
        reasons = [problem] if problem else [*strange(jumped, step)]
        before = jumped.driver.network
        reasons += complaints(jumped, jumped.play_step(index))
        reasons += untrue(step, before, jumped.driver.network)
        wrong += [f"{step.id}: {reason}" for reason in reasons]
    assert wrong == []


@pytest.mark.parametrize("path", lessons.shipped()[:6], ids=lambda p: p.parent.name)
def test_that_a_lesson_is_done_from_its_end_to_its_beginning(path: Path) -> None:
    lesson = lessons.load(path)
    walked = Rehearsal(lesson, lessons.load_project(lesson, path))
    for index in reversed(range(len(lesson.steps))):
        assert list(complaints(walked, walked.play_step(index))) == []
        assert walked.runner.is_carried is (index > 0)
    assert walked.runner.is_finished


def strange(jumped: Rehearsal, step: Step) -> Iterator[str]:
    """Numbers that a text speaks of at its beginning, and that are none."""
    for expression in (e for text in to_read(step) for e in numbers_in(text)):
        number = jumped.runner.number(expression)
        if number is None or not math.isfinite(number):
            yield f"{expression.key} is {number} in its text"


def complaints(jumped: Rehearsal, played: Rehearsed) -> Iterator[str]:
    """What went wrong when its solution alone was carried out."""
    if played.problem:
        yield played.problem
    if not played.open_before:
        yield "it is done before anything is"
    if not played.tasks_open:
        yield "its tasks are met before it begins"
    if not played.done_after:
        met = zip(played.step.checks, jumped.runner.met, strict=True)
        yield f"its solution does not do it: {[check.text for check, is_met in met if not is_met]}"
    yield from (f"{e.key} is not known when it is told" for e in played.untold)
    for expression in played.step.in_explanation():
        if not math.isfinite(jumped.runner.told(expression) or 0.0):
            yield f"{expression.key} is told to be no number"


def untrue(step: Step, before: Network, after: Network) -> Iterator[str]:
    """Layers, settings, optimizers and losses that a text names and the design has not.

    Parameters
    ----------
    step
        The step.
    before, after
        The design at its beginning, and with its solution.
    """
    layers = {node.name for network in (before, after) for node in network.nodes}
    layers |= {x.info.id for x in losses().values()}
    settings = _numbers([plain(before), plain(after), *_tables(step)])
    ids = {network.setup.optimizer.info.id for network in (before, after)}
    for text in to_read(step):
        bare = NUMBER.sub("", text)
        for code in CODE.findall(bare):
            name = NAME.fullmatch(code)
            if name is not None and name[1] in layers:
                continue
            if TYPED.fullmatch(code) and float(code.replace(",", "")) in settings:
                continue
            spoken = code if name is None else name[1]
            if (name or TYPED.fullmatch(code)) and (step.id, spoken) not in NO_SETTINGS:
                yield f"`{code}` is no layer and no setting"
        for kind in optimizers().values():
            title = re.escape(kind.info.title)
            if re.search(rf"\*\*{title}\*\*", bare) and kind.info.id not in ids:
                yield f"the optimizer is not {kind.info.title}"


def _tables(step: Step) -> list[object]:
    parts = (*step.checks, *step.solution, *step.predictions)
    return [msgspec.to_builtins(part) for part in parts]


def _numbers(found: object) -> set[float]:
    """All numbers of a document, those in its names of numbers too: `change:w by 0.1`."""
    match found:
        case dict():
            return set().union(*(_numbers(x) for x in found.values()))
        case list() | tuple():
            return set().union(*(_numbers(x) for x in found))
        case int() | float():
            return {float(found)}
        case str():
            return {float(x) for x in re.findall(r"(?<= by )[\d.]+", found)}
        case _:
            return set()
