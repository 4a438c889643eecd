"""The worker, driven without a thread."""

from __future__ import annotations

from concurrent.futures import Future

import numpy as np
import pytest
from networks import chain, diverging

from backprop_studio.network import analyze
from backprop_studio.training import (
    Aside,
    Ask,
    Back,
    Boundary,
    BringBack,
    DropBranch,
    Fork,
    Intervene,
    Intervention,
    Load,
    Pause,
    PutAside,
    RenameBranch,
    Run,
    Seek,
    Session,
    SetBreakpoints,
    SetBudget,
    SetSpeed,
    State,
    Step,
    Switch,
    Watch,
)
from backprop_studio.training.breakpoints import AtIteration
from tests.desk import Desk


def test_that_a_loaded_network_is_paused_at_the_start(desk: Desk) -> None:
    snapshot, curves = desk.take()
    assert snapshot.state is State.PAUSED
    assert snapshot.cursor is not None and snapshot.cursor.index == 0
    assert snapshot.revision == 1
    assert curves[0].keep_until == -1.0


def test_that_running_makes_points_and_no_point_is_lost(desk: Desk) -> None:
    desk.worker.turn(Run())
    points = []
    for turn in range(20):
        desk.worker.turn(None)
        if turn % 3 == 0:  # a slow screen
            points += [u.losses for u in desk.take()[1]]
    desk.worker.turn(Pause())
    points += [u.losses for u in desk.take()[1]]
    assert desk.worker.session is not None
    assert (np.concatenate(points) == desk.worker.session.losses.points).all()


def test_that_pause_stops_at_once(desk: Desk) -> None:
    desk.worker.turn(Run())
    desk.worker.turn(None)
    desk.worker.turn(Pause())
    before = desk.take()[0].cursor
    desk.worker.turn(None)
    assert desk.worker.session is not None and desk.worker.session.cursor == before
    assert desk.worker.state is State.PAUSED


def test_that_a_waiting_command_ends_the_slice(desk: Desk) -> None:
    desk.worker.turn(Run())
    desk.worker.send(Pause())
    assert desk.worker.session is not None
    desk.worker.turn(None)
    # The first iteration counts as slow until it is measured: one instruction is the unit.
    assert (desk.worker.session.cursor.iteration, desk.worker.session.cursor.index) == (0, 1)


def test_that_what_is_shown_of_a_slow_network_at_speed_is_a_whole_iteration(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gradients would come and go otherwise, as the screen looks before or after them."""
    monkeypatch.setattr("backprop_studio.training.session.SLOW_ITERATION", 0.0)
    session = desk.worker.session
    assert session is not None
    gradients = frozenset(session.program.gradients.values())
    desk.worker.turn(Watch(gradients))
    desk.worker.turn(Run())
    desk.take()
    for _ in range(20):
        desk.worker.turn(None)
        snapshot, _ = desk.take()
        assert snapshot.cursor is not None
        assert snapshot.cursor.index == len(session.program.instructions)
        assert snapshot.arrays.keys() == gradients


def test_that_only_computed_values_are_shown(desk: Desk) -> None:
    assert desk.worker.session is not None
    program = desk.worker.session.program
    gradients = frozenset(program.gradients[p.id] for p in program.parameters)
    desk.worker.turn(Watch(gradients))
    desk.worker.turn(Step(Boundary.PHASE))
    assert not set(desk.take()[0].arrays) & gradients
    while desk.worker.session.cursor.index < len(program.instructions):
        desk.worker.turn(Step(Boundary.OP))
        index = desk.worker.session.cursor.index
        shown = set(desk.take()[0].arrays) & gradients
        assert shown == {g for g in gradients if program.producer[g] < index}
    desk.worker.turn(Back(Boundary.BATCH))
    assert not set(desk.take()[0].arrays) & gradients


def test_that_shown_arrays_are_copies_and_read_only(desk: Desk) -> None:
    assert desk.worker.session is not None
    program = desk.worker.session.program
    weight = program.parameters[0].id
    desk.worker.turn(Watch(frozenset({weight})))
    first = desk.take()[0].arrays[weight]
    kept = first.copy()
    desk.worker.turn(Step(Boundary.BATCH))
    assert (first == kept).all()
    with pytest.raises(ValueError, match="read-only"):
        first[0, 0] = 1.0


def test_that_a_failure_is_told_with_its_reason() -> None:
    desk = Desk()
    desk.load(diverging())
    desk.worker.turn(Run())
    for _ in range(100):
        desk.worker.turn(None)
        if desk.worker.state is State.FAILED:
            break
    snapshot = desk.take()[0]
    assert snapshot.state is State.FAILED
    assert snapshot.failure is not None and snapshot.failure.code == "non-finite"
    desk.worker.turn(Back(Boundary.BATCH))
    assert desk.take()[0].state is State.PAUSED


def test_that_an_unexpected_error_reaches_the_screen_and_the_worker_lives_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert desk.worker.session is not None

    def explode(boundary: Boundary) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(desk.worker.session, "step", explode)
    desk.worker.turn(Step(Boundary.OP))
    snapshot = desk.take()[0]
    assert snapshot.failure is not None and "planted" in snapshot.failure.text
    desk.load(chain(seed=2))
    assert desk.take()[0].state is State.PAUSED


def test_that_watching_what_does_not_exist_does_no_harm(desk: Desk) -> None:
    desk.worker.turn(Watch(frozenset({-1, 10**6})))
    assert desk.take()[0].state is State.PAUSED


def test_that_a_question_is_answered_and_shows_nothing(desk: Desk) -> None:
    desk.take()
    told, reply = desk.told, Future()
    desk.worker.turn(Ask(lambda session: session.cursor, reply))
    assert desk.worker.session is not None
    assert reply.result(0) == desk.worker.session.cursor
    assert desk.told == told
    assert desk.mailbox.take()[0] is None


def test_that_a_question_that_fails_stops_nothing(desk: Desk) -> None:
    reply: Future[float] = Future()
    desk.worker.turn(Ask(lambda session: 1 / 0, reply))
    assert isinstance(reply.exception(0), ZeroDivisionError)
    assert desk.worker.state is State.PAUSED


def test_that_a_question_gives_way_to_a_command_and_is_asked_again(desk: Desk) -> None:
    begun: list[int] = []

    def many_runs(session: Session) -> int:
        begun.append(session.completed)
        machine = session.precise()
        for _ in range(3):
            machine.run()
            if len(begun) == 1:
                desk.worker.send(Step(Boundary.BATCH))
        return session.completed

    reply: Future[int] = Future()
    desk.worker.send(Ask(many_runs, reply))
    for _ in range(2):
        desk.worker.turn(desk.worker._next_command())
        assert not reply.done()
    desk.worker.turn(desk.worker._next_command())
    assert (begun, reply.result(0)) == ([0, 1], 1)


def test_that_another_network_cancels_a_question_that_gave_way(desk: Desk) -> None:
    def long(session: Session) -> None:
        desk.worker.send(Load(2, analyze(chain()).lowering, chain().setup))
        session.give_way()

    reply: Future[None] = Future()
    desk.worker.turn(Ask(long, reply))
    desk.worker.turn(desk.worker._next_command())
    assert reply.cancelled() and desk.take()[0].revision == 2


def test_that_a_question_without_a_session_is_cancelled() -> None:
    reply: Future[int] = Future()
    Desk().worker.turn(Ask(lambda session: 1, reply))
    assert reply.cancelled()


def test_that_a_breakpoint_pauses_the_run_and_says_which_it_was(desk: Desk) -> None:
    point = AtIteration(3)
    desk.worker.turn(SetBreakpoints((point,)))
    desk.worker.turn(Run())
    while desk.worker.state is State.RUNNING:
        desk.worker.turn(None)
    snapshot, _ = desk.take()
    assert (snapshot.state, snapshot.hit) == (State.PAUSED, point)
    desk.worker.turn(Step(Boundary.OP))
    assert desk.take()[0].hit is None


def test_that_running_to_an_instruction_stops_there_once(desk: Desk) -> None:
    desk.worker.turn(Run(until=5))
    while desk.worker.state is State.RUNNING:
        desk.worker.turn(None)
    snapshot, _ = desk.take()
    assert snapshot.cursor is not None and snapshot.cursor.index == 5
    assert snapshot.hit is None
    desk.worker.turn(Run())
    for _ in range(20):
        desk.worker.turn(None)
    assert desk.worker.state is State.RUNNING


def test_that_slow_motion_executes_one_instruction_at_a_time(desk: Desk) -> None:
    desk.worker.turn(SetSpeed(1000.0))
    desk.worker.turn(Run())
    for count in range(1, 8):
        desk.worker.turn(None)
        snapshot, _ = desk.take()
        assert snapshot.cursor is not None and snapshot.cursor.index == count


def test_that_changing_the_past_keeps_the_old_future_and_its_points(desk: Desk) -> None:
    for _ in range(6):
        desk.worker.turn(Step(Boundary.BATCH))
    desk.take()
    desk.worker.turn(Seek(2))
    weight = desk.worker.session.program.parameters[0]  # type: ignore[union-attr]
    desk.worker.turn(Intervene(Intervention(weight.id, (0, 0), 0.25)))
    snapshot, curves = desk.take()
    assert snapshot.refused is None and snapshot.edited
    assert [b.name for b in snapshot.branches] == ["main", "branch 2"]
    assert snapshot.branch == snapshot.branches[1].id
    assert len(snapshot.branches[0].losses) == 6
    assert (curves[-1].keep_until, len(curves[-1].losses)) == (-1.0, 2)
    desk.worker.turn(Switch(snapshot.branches[0].id))
    snapshot, curves = desk.take()
    assert len(curves[-1].losses) == 6
    assert (snapshot.first, snapshot.live) == (0, 6)


def test_that_what_is_refused_says_why_and_changes_nothing(desk: Desk) -> None:
    desk.worker.turn(Step(Boundary.BATCH))
    desk.take()
    weight = desk.worker.session.program.parameters[0]  # type: ignore[union-attr]
    before = desk.weights()
    for command in (
        Intervene(Intervention(weight.id, (0, 0), float("nan"))),
        Intervene(Intervention(weight.id, (0, 10_000), 1.0)),
        Intervene(Intervention(weight.id, (0,), 1.0)),
        Switch(99),
        DropBranch(1),
        RenameBranch(1, "  "),
    ):
        desk.worker.turn(command)
        snapshot, _ = desk.take()
        assert snapshot.refused is not None and snapshot.refused.text
    after = desk.weights()
    assert all(np.array_equal(before[key], after[key]) for key in before)


def test_that_too_many_branches_are_refused(desk: Desk) -> None:
    desk.worker.turn(SetBudget(40_000))
    for _ in range(4):
        desk.worker.turn(Step(Boundary.BATCH))
        desk.worker.turn(Fork())
    snapshot, _ = desk.take()
    assert snapshot.refused is not None and snapshot.refused.code == "branches-full"
    assert snapshot.journal_bytes <= 40_000


def test_that_a_journal_that_is_made_too_small_says_what_the_branches_keep(desk: Desk) -> None:
    for _ in range(3):
        desk.worker.turn(Step(Boundary.EPOCH))
        desk.worker.turn(Fork())
    desk.worker.turn(SetBudget(20_000))
    snapshot, _ = desk.take()
    assert snapshot.refused is not None and snapshot.refused.code == "journal-over"
    assert snapshot.refused.text.startswith("4 branches keep ")
    assert snapshot.journal_bytes > snapshot.journal_budget == 20_000
    assert len(snapshot.branches) == 4, "no future is dropped unasked"
    desk.worker.turn(Seek(0))
    assert desk.take()[0].completed == 0, "and every moment can be gone back to"
    desk.worker.turn(SetBudget(2**20))
    assert desk.take()[0].refused is None


def test_that_a_run_that_was_put_aside_comes_back_as_it_was(desk: Desk) -> None:
    worker = desk.worker
    for _ in range(3):
        worker.turn(Step(Boundary.BATCH))
    worker.turn(Seek(1))
    worker.turn(Fork())
    worker.turn(Step(Boundary.OP))
    desk.take()
    weights, worker_before = desk.weights(), worker.timeline
    worker.turn(Run())
    worker.turn(None)
    reply: Future[Aside] = Future()
    worker.turn(PutAside(reply))
    aside = reply.result(0)
    assert aside.state is State.PAUSED, "nothing runs that is not to be seen"
    left = aside.snapshot
    assert desk.take()[0].state is State.EMPTY and desk.weights() == {}

    desk.load(diverging(), forget=True)
    worker.turn(SetBudget(7 << 20))
    for _ in range(2):
        worker.turn(Step(Boundary.BATCH))
    assert worker.timeline is not worker_before and len(worker.timeline.branches) == 1

    worker.turn(BringBack(aside))
    snapshot, curves = desk.take()
    assert (snapshot.revision, snapshot.cursor) == (left.revision, left.cursor)
    assert [b.name for b in snapshot.branches] == [b.name for b in left.branches]
    assert snapshot.journal_budget == 7 << 20, "what was set meanwhile holds for it too"
    assert curves[-1].keep_until == -1.0 and len(curves[-1].losses) == left.completed
    worker.turn(Seek(1))
    worker.turn(Step(Boundary.OP))
    again = desk.weights()
    assert all(np.array_equal(again[key], weights[key]) for key in weights)


def test_that_a_network_with_errors_can_be_put_aside_too(desk: Desk) -> None:
    weights = desk.weights()
    desk.revision += 1
    desk.worker.turn(Load(desk.revision, None, chain().setup))
    reply: Future[Aside] = Future()
    desk.worker.turn(PutAside(reply))
    desk.load(diverging(), forget=True)
    desk.worker.turn(BringBack(reply.result(0)))
    snapshot, _ = desk.take()
    assert snapshot.state is State.EMPTY and snapshot.revision == desk.revision - 1
    again = desk.weights()
    assert all(np.array_equal(again[key], weights[key]) for key in weights)


def test_that_a_run_which_nobody_looks_after_pauses_before_it_fills_the_memory(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backprop_studio.training.worker.AT_ONE_GO", 30)

    def train() -> int:
        desk.worker.turn(Run())
        while desk.worker.state is State.RUNNING:
            desk.worker.turn(None)
        snapshot, _ = desk.take()
        assert snapshot.state is State.PAUSED and snapshot.failure is None
        assert snapshot.refused is not None and snapshot.refused.code == "run-long"
        return snapshot.completed

    first = train()
    assert first >= 30
    # Run goes on, as far again.
    assert train() >= first + 30
    desk.worker.turn(Step(Boundary.OP))
    assert desk.take()[0].refused is None
