"""Runs that stop by themselves."""

from __future__ import annotations

import numpy as np
import pytest
from networks import chain

from backprop_studio.autograd import Phase
from backprop_studio.network import analyze
from backprop_studio.training import Boundary, Quantity, Session, Stops, When
from backprop_studio.training.breakpoints import (
    AtInstruction,
    AtIteration,
    AtNode,
    AtOp,
    AtPhase,
    Breakpoint,
    measure,
    op_at,
    place_of,
)
from backprop_studio.training.cursor import Cursor


@pytest.fixture
def session() -> Session:
    network = chain()
    return Session(analyze(network).require(), network.setup)


def run(session: Session, *points: Breakpoint) -> Breakpoint | None:
    session.run(20.0, lambda: session.completed > 200, Stops(session.program, points))
    return session.hit


def test_that_a_run_stops_before_an_instruction_and_goes_on_from_it(session: Session) -> None:
    point = AtInstruction(4)
    assert run(session, point) == point
    assert session.cursor == Cursor(0, 4)
    assert run(session, point) == point
    assert session.cursor == Cursor(1, 4)


def test_that_a_run_stops_before_each_pass_through_a_node(session: Session) -> None:
    node = session.program.parameters[0].node
    point = AtNode(node)
    phases = []
    for _ in range(3):
        assert run(session, point) == point
        following = session.program.instructions[session.cursor.index]
        assert following.node == node
        phases.append(following.phase)
    assert phases[:2] == [Phase.FORWARD, Phase.BACKWARD]


def test_that_a_run_stops_at_a_phase_and_at_an_iteration(session: Session) -> None:
    assert run(session, AtPhase(Phase.UPDATE)) is not None
    assert session.cursor.index == session.program.start_of(Phase.UPDATE)
    assert run(session, AtIteration(9)) == AtIteration(9)
    assert session.completed == 9


def test_that_a_run_stops_at_the_very_first_instruction_of_the_next_iteration(
    session: Session,
) -> None:
    assert run(session, AtPhase(Phase.DATA)) == AtPhase(Phase.DATA)
    assert session.completed == 1


@pytest.mark.parametrize("quantity", (Quantity.LOSS, Quantity.GRADIENT_NORM))
def test_that_a_condition_stops_the_first_time_that_it_holds(
    session: Session, quantity: Quantity
) -> None:
    limit = {Quantity.LOSS: 1.5, Quantity.GRADIENT_NORM: 0.8}[quantity]
    point = When(quantity, above=False, limit=limit)
    assert run(session, point) == point
    stopped = session.cursor
    assert measure(session.program, session.machine, point) < limit
    session.go_to(Cursor(0, 0))
    for _ in range(stopped.iteration):
        session.step(Boundary.PHASE)
        while session.cursor.index < stopped.index:
            session.step(Boundary.OP)
        assert measure(session.program, session.machine, point) >= limit
        session.step(Boundary.BATCH)


def test_that_dead_units_are_columns_that_are_zero_for_every_row() -> None:
    network = chain()
    session = Session(analyze(network).require(), network.setup)
    relu = next(i for i in session.program.instructions if i.op.name == "relu")
    bias = next(p for p in session.program.parameters if p.name == "bias")
    view = session.storage.view(bias)
    view[: len(view) // 4] = -1e3
    point = When(Quantity.DEAD_UNITS, above=True, limit=0.2, node=relu.node)
    assert run(session, point) == point
    assert measure(session.program, session.machine, point) >= 0.25
    assert np.isfinite(session.machine.loss())


def test_that_breakpoints_without_a_place_are_idle(session: Session) -> None:
    lost = (
        AtNode("gone"),
        AtInstruction(10_000),
        AtOp(Phase.FORWARD, "gone", "affine"),
        AtOp(Phase.FORWARD, "dense_1", "affine", 1),
        When(Quantity.DEAD_UNITS, True, 0.5, "gone"),
    )
    stops = Stops(session.program, lost)
    assert stops.idle == lost
    assert not stops


def test_that_every_instruction_has_a_breakpoint_of_its_own(session: Session) -> None:
    program = session.program
    points = [op_at(program, index) for index in range(len(program.instructions))]
    assert len(set(points)) == len(points)
    assert [place_of(program, point) for point in points] == list(range(len(points)))
    assert run(session, points[-2]) == points[-2]
    assert session.cursor.index == len(points) - 2
