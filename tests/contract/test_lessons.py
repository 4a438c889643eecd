"""What every shipped lesson promises; a new one is tested by existing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backprop_studio import lessons
from backprop_studio.lessons import Rehearsal
from backprop_studio.lessons.lesson import NUMBER, Lesson, words
from backprop_studio.lessons.library import read_text
from backprop_studio.network import analyze
from backprop_studio.ui.actions import ACTIONS
from backprop_studio.ui.docks import DOCKS
from backprop_studio.ui.lesson_names import unknown_names
from backprop_studio.ui.widgets.run_status import PARTS

every_lesson = pytest.mark.parametrize("path", lessons.shipped(), ids=lambda p: p.parent.name)

CODE = re.compile(r"`[^`]*`")
KEYS = re.compile(r"\b(?:Shift\+|Ctrl\+|Alt\+)*F?\d{1,2}\b(?<=F\d|\+\d|\d\d)")
YEAR = re.compile(r"\b(?:1[89]|20)\d\d\b")


def open_lesson(path: Path) -> Lesson:
    parsed = lessons.parse(read_text(path))
    assert parsed.faults == ()
    assert parsed.lesson is not None
    return parsed.lesson


def test_that_there_are_lessons() -> None:
    assert len(lessons.shipped()) >= 1


@every_lesson
def test_that_each_step_is_open_as_shipped_and_done_by_its_solution(path: Path) -> None:
    lesson = open_lesson(path)
    rehearsal = Rehearsal(lesson, lessons.load_project(lesson, path))
    for played in rehearsal.play():
        assert played.problem == ""
        assert played.open_before, f"'{played.step.title}' is done before anything is"
        assert played.tasks_open, f"the tasks of '{played.step.title}' are met before it begins"
        assert played.done_after, f"'{played.step.title}' is not done by its solution"
        assert [e.key for e in played.untold] == []
        for asked in played.step.predictions:
            truth = rehearsal.runner.progress.forecasts[asked.id].truth
            assert asked.kind != "pick" or asked.reply(str(truth)) == "", (
                "what is right is no error"
            )
        assert played.step.solution
    assert rehearsal.runner.is_finished


@every_lesson
def test_that_its_project_can_be_trained(path: Path) -> None:
    project = lessons.load_project(open_lesson(path), path)
    assert analyze(project.network).errors == ()


@every_lesson
def test_that_no_number_in_its_texts_is_typed_by_hand(path: Path) -> None:
    lesson = open_lesson(path)
    for step in lesson.steps:
        texts = [words(block) for block in (*step.blocks, *step.explain)]
        for text in (*texts, *step.hints, *(check.text for check in step.checks), step.title):
            bare = KEYS.sub("", CODE.sub("", NUMBER.sub("", text)))
            # Exponents and factors of a formula are mathematics, no results.
            bare = re.sub(r"\^\{?\d\}?|\\frac\{1\}\{2\}|\b[12]\s*(?=\\cdot|\(|\\sum)", "", bare)
            bare = YEAR.sub("", bare)
            typed = re.findall(r"(?<![A-Za-z_{\d])\d+(?:\.\d+)?", bare)
            known = {"0.3", "0.5"} if "learning rate" in text else set()
            assert set(typed) <= known, f"'{step.title}' has {typed} in: {text}"


@every_lesson
def test_that_it_takes_five_to_fifteen_minutes_and_hides_and_opens_what_exists(path: Path) -> None:
    head = open_lesson(path).head
    assert 5 <= head.minutes <= 15
    assert set(head.hide_actions) <= {spec.id for spec in ACTIONS}
    assert set(head.hide_status) <= set(PARTS)
    docks = {spec.key for spec in DOCKS}
    assert set(head.open) <= docks
    assert set(head.hide_panels) <= docks - set(head.open)


@every_lesson
def test_that_it_names_only_controls_and_panels_that_the_window_has(path: Path) -> None:
    text = read_text(path)
    lesson = lessons.parse(text).lesson
    assert lesson is not None
    assert unknown_names(lesson, text) == ()


def test_that_no_two_lessons_have_the_same_id() -> None:
    ids = [open_lesson(path).head.id for path in lessons.shipped()]
    assert len(set(ids)) == len(ids)


@every_lesson
def test_that_what_is_said_of_a_wrong_answer_is_said_of_that_one(path: Path) -> None:
    for step in open_lesson(path).steps:
        for asked in (*step.checks, *step.predictions):
            replies = getattr(asked, "replies", ())
            right = getattr(asked, "right", 0)
            if replies:
                silent = [n for n, reply in enumerate(replies, 1) if not reply]
                assert len(silent) == 1, f"'{step.title}': all but the right one are answered"
                # Where numbers decide which one is right, it is known when the step is played.
                assert silent == [right] or not right, step.title
            for reply in replies:
                assert not re.search(r"\d", KEYS.sub("", CODE.sub("", reply)))


@every_lesson
def test_that_no_wrong_choice_is_left_with_a_bare_no(path: Path) -> None:
    for step in open_lesson(path).steps:
        for asked in (*step.checks, *step.predictions):
            assert asked.kind not in ("choice", "pick") or getattr(asked, "replies", ()), step.title
