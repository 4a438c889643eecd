"""Running, stepping and rewinding are one thing: any mix gives the same bits."""

from __future__ import annotations

import hashlib
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sessions import NETWORKS, bits, everything, session_of

from backprop_studio.training import Boundary, Cursor, Session

ITERATIONS = 12
SIZES = tuple(b for b in Boundary if b is not Boundary.EPOCH)


def moment(session: Session) -> tuple[int, int]:
    """The cursor, with the end of one iteration and the start of the next being the same."""
    cursor = session.cursor
    if cursor.index == len(session.program.instructions):
        return cursor.iteration + 1, 0
    return cursor.iteration, cursor.index


def digest(found: dict[str, bytes] | dict[int, bytes]) -> bytes:
    """Short for all these bits: those of every moment take gigabytes."""
    told = hashlib.blake2b(digest_size=16)
    for key, value in found.items():
        told.update(f"{key}:{len(value)}:".encode())
        told.update(value)
    return told.digest()


@cache
def straight(name: str) -> tuple[dict[tuple[int, int], bytes], dict[Cursor, bytes]]:
    """The bits at each moment, and all values at each cursor, of a run without a turn."""
    session = session_of(name)
    moments, values = {(0, 0): digest(bits(session))}, {}
    for _ in range(ITERATIONS * len(session.program.instructions)):
        session.step(Boundary.OP)
        moments[moment(session)] = digest(bits(session))
        values[session.cursor] = digest(everything(session))
    return moments, values


MOVES = st.lists(st.tuples(st.booleans(), st.sampled_from(SIZES)), max_size=60)


@pytest.mark.parametrize("name", NETWORKS)
def test_that_running_equals_stepping_op_by_op(name: str) -> None:
    whole, slices = session_of(name), session_of(name)
    for _ in range(ITERATIONS):
        whole.step(Boundary.BATCH)
    assert digest(bits(whole)) == straight(name)[0][ITERATIONS, 0]
    while slices.completed < ITERATIONS:
        slices.run(0.0, lambda: True)
    assert digest(bits(slices)) == straight(name)[0][moment(slices)]


@pytest.mark.parametrize("name", NETWORKS)
@given(moves=MOVES)
@settings(max_examples=40)
def test_that_any_mix_of_steps_and_rewinds_equals_the_straight_run(
    name: str, moves: list[tuple[bool, Boundary]]
) -> None:
    moments, values = straight(name)
    session = session_of(name)
    for forward, boundary in moves:
        if forward and session.completed >= ITERATIONS - 1:
            continue
        (session.step if forward else session.back)(boundary)
        assert digest(bits(session)) == moments[moment(session)]
        if session.cursor.index:
            assert digest(everything(session)) == values[session.cursor]


@pytest.mark.parametrize("budget", [1, 2**26])
@pytest.mark.parametrize("name", NETWORKS)
@given(moves=MOVES)
@settings(max_examples=15)
def test_that_every_keyframe_gives_the_same_bits(
    name: str, budget: int, moves: list[tuple[bool, Boundary]]
) -> None:
    session = session_of(name, budget=budget, interval=2)
    for _ in range(ITERATIONS - 2):
        session.step(Boundary.BATCH)
    for forward, boundary in moves:
        if not forward:
            session.back(boundary)
            assert digest(bits(session)) == straight(name)[0][moment(session)]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("index", (0, 3, -1))
def test_that_a_twin_runs_the_iteration_again_to_the_same_bits(name: str, index: int) -> None:
    session = session_of(name, interval=4)
    for _ in range(7):
        session.step(Boundary.BATCH)
    length = len(session.program.instructions)
    session.back(Boundary.BATCH)
    for _ in range(index % (length + 1)):
        session.step(Boundary.OP)
    before, stood = bits(session), everything(session)
    twin = session.twin()
    twin.run(0, session.cursor.index)
    saved = twin.storage.save()
    assert {name: a.tobytes() for name, a in saved.arenas.items()} == before
    assert {i: twin.array(i).tobytes() for i in stood} == stood
    twin.run(session.cursor.index)
    assert (bits(session), everything(session)) == (before, stood)


@pytest.mark.parametrize("name", NETWORKS)
@given(moves=MOVES)
@settings(max_examples=20)
def test_that_elements_are_steps_within_an_op(
    name: str, moves: list[tuple[bool, Boundary]]
) -> None:
    session = session_of(name)

    def place() -> tuple[tuple[int, int], int]:
        return moment(session), session.element

    for forward, boundary in moves:
        if forward and session.completed >= ITERATIONS - 1:
            continue
        (session.step if forward else session.back)(boundary)
        assert 0 <= session.element < session.elements
        if boundary is not Boundary.ELEMENT:
            assert session.element == 0
        # There and back again by one element, in both directions.
        here = place()
        session.step(Boundary.ELEMENT)
        assert place() > here
        session.back(Boundary.ELEMENT)
        assert place() == here
    # All that is left of an op, element by element, is the op.
    left = session.elements - session.element
    if left > 200 or session.completed >= ITERATIONS - 1:
        return
    other = session_of(name)
    while moment(other) != moment(session):
        other.step(Boundary.OP)
    other.step(Boundary.OP)
    for _ in range(left):
        session.step(Boundary.ELEMENT)
    assert (place(), bits(session)) == ((moment(other), 0), bits(other))
