"""The questions of a panel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from backprop_studio.ui.asking import Enquiry

Pending = tuple[Callable[[Any], Any], Callable[[Any], object], Callable[[], object]]


def _answer(pending: list[Pending]) -> None:
    question, answer, _ = pending.pop(0)
    answer(question(None))


def test_that_of_the_questions_that_wait_only_the_newest_is_asked() -> None:
    pending: list[Pending] = []
    enquiry = Enquiry(lambda *all_three: pending.append(all_three), [].append)
    heard: list[int] = []
    for number in range(5):
        enquiry.put(lambda _, n=number: n, heard.append)  # type: ignore[misc]
    assert len(pending) == 1 and enquiry.busy
    _answer(pending)
    _answer(pending)
    assert heard == [0, 4] and not pending and not enquiry.busy


def test_that_a_failure_is_told_and_the_next_question_is_asked() -> None:
    pending: list[Pending] = []
    failures: list[str] = []
    enquiry = Enquiry(lambda *all_three: pending.append(all_three), failures.append)
    heard: list[int] = []
    enquiry.put(lambda _: 1 // 0, heard.append)
    enquiry.put(lambda _: 7, heard.append)
    _answer(pending)
    _answer(pending)
    assert heard == [7] and "division" in failures[0]


def test_that_an_answer_about_an_old_network_is_not_heard() -> None:
    pending: list[Pending] = []
    enquiry = Enquiry(lambda *all_three: pending.append(all_three), [].append)
    heard: list[int] = []
    enquiry.put(lambda _: 1, heard.append)
    enquiry.reset()
    enquiry.put(lambda _: 2, heard.append)
    _answer(pending)
    _answer(pending)
    assert heard == [2]


def test_that_a_question_that_gets_no_answer_does_not_hold_up_the_next_one() -> None:
    pending: list[Pending] = []
    enquiry = Enquiry(lambda *all_three: pending.append(all_three), pytest.fail)
    heard: list[int] = []
    enquiry.put(lambda _: 1, heard.append)
    enquiry.put(lambda _: 2, heard.append)
    _, _, dropped = pending.pop(0)
    dropped()
    _answer(pending)
    assert heard == [2] and not enquiry.busy
