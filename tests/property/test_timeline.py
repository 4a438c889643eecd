"""Any mix of steps, rewinds, edits and branches equals a straight run with the same edits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sessions import bits, everything, session_of

from backprop_studio.autograd import Storage
from backprop_studio.training import Boundary, Intervention, Session, Timeline
from backprop_studio.training.cursor import Cursor

SIZES = tuple(Boundary)

ACTIONS = st.one_of(
    st.tuples(st.just("step"), st.sampled_from(SIZES)),
    st.tuples(st.just("back"), st.sampled_from(SIZES)),
    st.tuples(st.just("seek"), st.integers(0, 12)),
    st.tuples(st.just("edit"), st.integers(0, 10_000)),
    st.tuples(st.just("fork"), st.just(0)),
    st.tuples(st.just("switch"), st.integers(0, 5)),
)


def edit(timeline: Timeline, draw: int) -> None:
    """Put a number into some entry of some value that is there."""
    session = timeline.session
    assert session is not None
    index = session.cursor.index % len(session.program.instructions)
    there = [
        v.id
        for v in session.program.values
        if v.type.kind == "float"
        and (v in session.program.parameters or session.program.producer.get(v.id, index) < index)
    ]
    value = there[draw % len(there)]
    array = session.machine.array(value)
    entry = tuple(int(i) for i in np.unravel_index(draw % array.size, array.shape))
    timeline.intervene(Intervention(value, entry, (draw % 17 - 8) / 16))


def straight(name: str, session: Session) -> Session:
    """A new session, run straight to where another one stands, with the same edits."""
    other = session_of(name)
    # Edits before a fork are in the sessions that it left.
    other.interventions = dict(session.interventions)
    other._restore(session.cursor)
    return other


@pytest.mark.parametrize("name", ("adam", "chance and running statistics"))
@settings(max_examples=20, deadline=None)
@given(actions=st.lists(ACTIONS, max_size=14))
def test_that_any_mix_of_steps_rewinds_edits_and_branches_equals_the_straight_run(
    name: str, actions: list[tuple[str, object]]
) -> None:
    timeline = Timeline()
    timeline.begin(session_of(name, interval=3), revision=1)
    for what, value in actions:
        session = timeline.session
        assert session is not None
        if session.cursor.iteration > 14:
            continue
        match what:
            case "step":
                session.step(value)  # type: ignore[arg-type]
            case "back":
                timeline.back(value)  # type: ignore[arg-type]
            case "seek":
                timeline.seek(value)  # type: ignore[arg-type]
            case "edit":
                edit(timeline, value)  # type: ignore[arg-type]
            case "fork":
                timeline.fork()
            case "switch":
                ids = [b.id for b in timeline.branches]
                timeline.switch(ids[value % len(ids)])  # type: ignore[operator]
        session = timeline.session
        assert session is not None and session.failure is None
        reference = straight(name, with_past(timeline))
        assert bits(session) == bits(reference)
        assert everything(session) == everything(reference)
        # What a question about this moment starts from, and what is kept for the next one.
        for _ in range(2):
            assert kept(session._again().storage) == kept(replayed(session))


def kept(storage: Storage) -> dict[str, bytes]:
    return {name: a.tobytes() for name, a in storage.save().arenas.items()}


def replayed(session: Session) -> Storage:
    """What was kept when the iteration began, made again from a keyframe."""
    storage = Storage(session.program, session.storage.dtype.type)
    session.replay(session.cursor.iteration, storage, {})
    return storage


def with_past(timeline: Timeline) -> Session:
    """The active session, knowing the edits of the branches that it comes from as well."""
    branch = timeline.active
    assert branch is not None
    session = branch.session
    moments = dict(session.interventions)
    start, parent = Cursor(session.start, 0), branch.parent
    while parent is not None:
        for moment, done in parent.session.interventions.items():
            if moment < start:
                moments.setdefault(moment, done)
        start, parent = min(start, Cursor(parent.session.start, 0)), parent.parent
    stand_in = object.__new__(Session)
    stand_in.__dict__.update(session.__dict__, interventions=moments)
    return stand_in


def test_that_the_old_future_stays_when_the_past_is_changed() -> None:
    timeline = Timeline()
    timeline.begin(session_of("adam"), revision=1)
    session = timeline.session
    assert session is not None
    for _ in range(6):
        session.step(Boundary.BATCH)
    end, losses = bits(session), session.losses.points.copy()
    timeline.seek(2)
    edit(timeline, 5)
    assert len(timeline.branches) == 2
    other = timeline.session
    assert other is not None and other is not session
    for _ in range(4):
        other.step(Boundary.BATCH)
    branch = timeline.active
    assert branch is not None
    assert np.array_equal(branch.all_losses()[:2], losses[:2])
    assert not np.array_equal(branch.all_losses()[2:6], losses[2:])
    timeline.switch(timeline.branches[0].id)
    timeline.seek(6)
    assert bits(session) == end


def test_that_stepping_back_right_after_an_edit_takes_it_back() -> None:
    session = session_of("sgd")
    session.step(Boundary.PHASE)
    before = bits(session), everything(session), session.cursor
    weight = session.program.parameters[0]
    session.intervene(Intervention(weight.id, (0, 0), 0.5))
    assert session.storage.view(weight)[0, 0] == 0.5
    session.back(Boundary.OP)
    assert (bits(session), everything(session), session.cursor) == before


def test_that_going_back_past_the_start_of_a_branch_leads_into_the_one_it_left() -> None:
    timeline = Timeline()
    timeline.begin(session_of("sgd"), revision=1)
    session = timeline.session
    assert session is not None
    for _ in range(4):
        session.step(Boundary.BATCH)
    timeline.fork()
    assert timeline.session is not session
    timeline.back(Boundary.BATCH)
    assert timeline.session is session
    assert session.completed == 3
