"""In which order the worker does what it is told, and answers what it is asked."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from backprop_studio.training import Ask, Boundary, Load, Pause, Session, Step
from backprop_studio.training.inbox import LONGEST, SHARE, Inbox


def question() -> Ask:
    return Ask(Session.twin, Future())


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_that_commands_come_in_their_order_and_questions_after_them() -> None:
    inbox = Inbox()
    first, second = question(), question()
    for command in (first, Step(Boundary.OP), second, Pause()):
        inbox.put(command)
    taken = [inbox.take(0.0) for _ in range(5)]
    assert taken == [Step(Boundary.OP), Pause(), first, second, None]


def test_that_a_command_that_arrives_meanwhile_goes_before_a_question_that_waited() -> None:
    inbox = Inbox()
    first, second = question(), question()
    inbox.put(first)
    inbox.put(second)
    assert inbox.take(0.0) is first
    inbox.put(Pause())
    assert inbox.take(0.0) == Pause()
    assert inbox.take(0.0) is second


def test_that_questions_get_their_share_of_the_time_and_no_more() -> None:
    clock = Clock()
    inbox = Inbox(clock)
    asked = [question() for _ in range(3)]
    for each in asked:
        inbox.put(each)
    answered, end = [], clock.now + 10.0
    while clock.now < end:
        if (found := inbox.take(0.0, sparing=True)) is None:
            clock.now += 0.008
            continue
        clock.now += 0.03
        inbox.answered(0.03)
        answered.append(found)
        inbox.put(found)
    assert len(answered) * 0.03 == pytest.approx(10.0 * SHARE, abs=0.1)
    # All in turn.
    assert answered[:4] == [*asked, asked[0]]


def test_that_a_long_question_does_not_keep_the_next_one_waiting_for_long() -> None:
    clock = Clock()
    inbox = Inbox(clock)
    inbox.put(question())
    inbox.answered(5.0)
    assert inbox.take(0.0, sparing=True) is None
    clock.now += LONGEST
    assert inbox.take(0.0, sparing=True) is not None


def test_that_nobody_waits_for_an_answer_while_training_rests() -> None:
    inbox = Inbox(Clock())
    inbox.answered(5.0)
    inbox.put(question())
    assert inbox.take(0.0, sparing=True) is None
    assert inbox.take(None) is not None


def test_that_waiting_ends_when_something_arrives_or_the_time_is_over() -> None:
    inbox = Inbox()
    assert inbox.take(0.001) is None
    inbox.put(Pause())
    assert inbox.empty is False
    assert inbox.take(60.0) == Pause()
    assert inbox.empty


def test_that_what_was_asked_before_another_network_is_cancelled_and_not_what_comes_after() -> None:
    inbox = Inbox()
    before, broken_off, after = question(), question(), question()
    inbox.put(before)
    inbox.put(Load(2, None, None))  # type: ignore[arg-type]
    inbox.put(after)
    assert inbox.pressed()
    inbox.put_back(broken_off)
    assert isinstance(inbox.take(0.0), Load)
    assert before.reply.cancelled() and broken_off.reply.cancelled()
    assert inbox.take(0.0) is after and not after.reply.cancelled()
