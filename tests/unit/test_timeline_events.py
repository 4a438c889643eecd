"""What the learner did to a run, as it is marked on the curves."""

from __future__ import annotations

from dataclasses import replace

from networks import chain

from backprop_studio.network import analyze
from backprop_studio.nn import optimizers
from backprop_studio.training import Boundary, Event, Intervention, Session, Timeline, What

ADAM = optimizers()["adam"]
NETWORK = chain(batch_size=300)
STEPS = 5  # batches in an epoch of 1438 rows


def session_of(rate: float = 0.001, start: int = 0, **setup: object) -> Session:
    optimizer = ADAM.from_config({"learning_rate": rate})
    network = replace(NETWORK, setup=replace(NETWORK.setup, optimizer=optimizer, **setup))
    return Session(analyze(network).require(), network.setup, start=start)


def begun(steps: int) -> tuple[Timeline, Session]:
    timeline, session = Timeline(), session_of()
    timeline.begin(session, 1)
    for _ in range(steps):
        session.step(Boundary.BATCH)
    return timeline, session


def events(timeline: Timeline) -> tuple[Event, ...]:
    assert timeline.active is not None
    return timeline.active.all_events()


def test_another_rate_is_told_with_both_numbers() -> None:
    timeline, session = begun(3)
    timeline.go_on(session_of(0.01, start=session.completed), 2)
    assert events(timeline) == (Event(3 / STEPS, What.RATE, "0.001 → 0.01"),)
    timeline.go_on(session_of(0.01, start=3, l2=0.5), 3)
    assert events(timeline)[-1] == Event(3 / STEPS, What.DESIGN)


def test_what_is_set_up_before_the_first_step_is_no_event() -> None:
    timeline, _ = begun(0)
    timeline.go_on(session_of(0.01), 2)
    assert events(timeline) == ()


def test_an_edit_by_hand_is_an_event_until_it_is_taken_back() -> None:
    timeline, session = begun(2)
    weight = session.program.parameters[0].id
    timeline.intervene(Intervention(weight, (0, 0), 1.0))
    timeline.intervene(Intervention(weight, (0, 1), 1.0))
    assert events(timeline) == (Event(2 / STEPS, What.EDIT, "2"),)
    timeline.back(Boundary.OP)
    assert events(timeline) == ()


def test_a_branch_has_what_was_done_before_it_and_not_what_was_done_after() -> None:
    timeline, session = begun(2)
    weight = session.program.parameters[0].id
    timeline.intervene(Intervention(weight, (0, 0), 1.0))
    for _ in range(4):
        session.step(Boundary.BATCH)
    timeline.intervene(Intervention(weight, (0, 0), 2.0))
    timeline.seek(4)
    timeline.fork()
    before = Event(2 / STEPS, What.EDIT, "1")
    assert events(timeline) == (before, Event(4 / STEPS, What.BRANCH))
    timeline.switch(timeline.branches[0].id)
    assert events(timeline) == (before, Event(6 / STEPS, What.EDIT, "1"))


def test_another_rate_in_the_past_is_a_branch_with_that_rate() -> None:
    timeline, session = begun(4)
    timeline.seek(2)
    timeline.go_on(session_of(0.1, start=2), 2)
    assert [(e.what, e.detail) for e in events(timeline)] == [
        (What.BRANCH, ""), (What.RATE, "0.001 → 0.1"),
    ]  # fmt: skip
    assert session is not timeline.session
