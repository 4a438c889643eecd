"""Any mix of all that a learner can do to a run gives the bits of a run that goes straight there.

Here everything goes through the worker, as it does in the window: steps of every size, back, the
timeline, numbers put in by hand, forks, other designs in the present and in the past, switching
to branches and dropping them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import chain
from sessions import bits, everything

from backprop_studio.network import Lowered, analyze
from backprop_studio.nn import optimizers
from backprop_studio.training import (
    Back,
    Boundary,
    DropBranch,
    Fork,
    Intervene,
    Intervention,
    Load,
    Mailbox,
    Seek,
    Session,
    State,
    Step,
    Switch,
    Worker,
)
from backprop_studio.training.cursor import Cursor

DESIGNS = [
    chain(batch_size=300, optimizer=optimizers()["adam"].from_config({"learning_rate": rate}))
    for rate in (0.001, 0.02)
]
ANALYSED = [analyze(network) for network in DESIGNS]
LOWERED = [analysis.require() for analysis in ANALYSED]
SIZES = tuple(Boundary)
FARTHEST = 12
"""Iterations after which nothing goes on."""

ACTIONS = st.one_of(
    st.tuples(st.just("step"), st.integers(0, len(SIZES) - 1)),
    st.tuples(st.just("back"), st.integers(0, len(SIZES) - 1)),
    st.tuples(st.just("seek"), st.integers(0, FARTHEST)),
    st.tuples(st.just("edit"), st.integers(0, 10_000)),
    st.tuples(st.just("design"), st.just(0)),
    st.tuples(st.just("fork"), st.just(0)),
    st.tuples(st.just("switch"), st.integers(0, 5)),
    st.tuples(st.just("drop"), st.integers(0, 5)),
)


@dataclass(frozen=True)
class Stretch:
    """A part of a run: the iterations from `start` on, until the next stretch begins."""

    start: int
    lowered: Lowered
    put_in: dict[Cursor, tuple[Intervention, ...]]


class Learner:
    """Does things to a worker, and keeps a book of how each branch came about."""

    def __init__(self) -> None:
        self.worker = Worker(Mailbox(), lambda: None)
        self.revision = 0
        self.past: dict[int, tuple[Stretch, ...]] = {}
        self.seen: dict[int, Session] = {}
        self.left = Cursor(0, 0)
        self.load(0)

    @property
    def session(self) -> Session:
        session = self.worker.session
        assert session is not None and self.worker.state is State.PAUSED
        return session

    def load(self, design: int, branch: int | None = None) -> None:
        self.revision += 1
        lowering, setup = ANALYSED[design].lowering, DESIGNS[design].setup
        if self.worker.session is not None:
            self.left = self.worker.session.cursor
        self.worker.turn(Load(self.revision, lowering, setup, branch=branch))
        self.note()

    def do(self, what: str, draw: int) -> None:
        branches, active = self.worker.timeline.branches, self.worker.timeline.active
        assert active is not None
        chosen = branches[draw % len(branches)]
        match what:
            case "step":
                self.worker.turn(Step(SIZES[draw]))
            case "back":
                self.worker.turn(Back(SIZES[draw]))
            case "seek":
                self.worker.turn(Seek(draw))
            case "edit":
                self.worker.turn(Intervene(self.some_number(draw)))
            case "design":
                self.load(1 - LOWERED.index(self.session.lowered))
            case "fork":
                self.worker.turn(Fork())
            case "switch" if chosen.session.lowered is self.session.lowered:
                self.worker.turn(Switch(chosen.id))
            case "switch":
                self.load(LOWERED.index(chosen.session.lowered), chosen.id)
            case "drop" if chosen is not active:
                self.worker.turn(DropBranch(chosen.id))
        self.note()

    def some_number(self, draw: int) -> Intervention:
        """Some entry of some value that is there."""
        session = self.session
        program = session.program
        index = session.cursor.index % len(program.instructions)
        there = [
            v.id
            for v in program.values
            if v.type.kind == "float"
            and (v in program.parameters or program.producer.get(v.id, index) < index)
        ]
        value = there[draw % len(there)]
        array = session.machine.array(value)
        entry = tuple(int(i) for i in np.unravel_index(draw % array.size, array.shape))
        return Intervention(value, entry, (draw % 17 - 8) / 16)

    def note(self) -> None:
        """Write down where branches that are new, or go on with another design, come from."""
        for branch in self.worker.timeline.branches:
            session = branch.session
            if self.seen.get(branch.id) is session:
                continue
            before = branch.parent.id if branch.parent is not None else branch.id
            if before in self.seen:
                self.past[branch.id] = self.line(before, session)
            else:
                self.past[branch.id] = ()
            self.seen[branch.id] = session

    def line(self, branch: int, until: Session) -> tuple[Stretch, ...]:
        """How a branch came about, up to where another session leaves it."""
        left = self.seen[branch]
        end = Cursor(until.start, 0)
        # A fork takes what was put in at its first moment with it. Another design begins with
        # it, unless the end of the iteration before was shown, where it is not put in yet.
        whole = until.lowered is not left.lowered and self.left.iteration == until.start
        put_in = {m: d for m, d in left.interventions.items() if m < end or (m == end and whole)}
        return (
            *(stretch for stretch in self.past[branch] if stretch.start <= until.start),
            Stretch(left.start, left.lowered, put_in),
        )


def straight(past: tuple[Stretch, ...], session: Session) -> Session:
    """A run from the first weights to where a session stands, with the same changes."""
    now = Stretch(session.start, session.lowered, session.interventions)
    run: Session | None = None
    for stretch in (*past, now):
        if run is None:
            run = Session(stretch.lowered, session.setup)
        else:
            run._restore(Cursor(stretch.start, 0))
        if run.lowered is not stretch.lowered:
            design = LOWERED.index(stretch.lowered)
            run = Session(
                stretch.lowered, DESIGNS[design].setup, kept=run.storage, start=stretch.start
            )
        run.interventions = {**run.interventions, **stretch.put_in}
    assert run is not None
    run._restore(session.cursor)
    return run


@settings(max_examples=25, deadline=None)
@given(actions=st.lists(ACTIONS, max_size=14))
def test_that_whatever_a_learner_does_gives_the_bits_of_the_straight_run(
    actions: list[tuple[str, int]],
) -> None:
    learner = Learner()
    for what, draw in actions:
        if what == "step" and learner.session.completed >= FARTHEST:
            continue
        learner.do(what, draw)
        branch = learner.worker.timeline.active
        assert branch is not None
        session = learner.session
        reference = straight(learner.past[branch.id], session)
        assert bits(session) == bits(reference)
        assert everything(session) == everything(reference)


def test_that_the_mix_reaches_other_designs_in_the_past_and_in_the_present() -> None:
    # The property above is worth what its runs visit: this one visits the hard corners.
    batch = SIZES.index(Boundary.BATCH)
    learner = Learner()
    script = [
        ("step", batch), ("step", batch), ("edit", 40), ("design", 0), ("step", batch),
        ("edit", 7), ("step", batch), ("step", batch), ("seek", 3), ("design", 0),
        ("step", SIZES.index(Boundary.PHASE)), ("edit", 123), ("step", batch), ("fork", 0),
        ("step", batch), ("switch", 0), ("seek", 5), ("drop", 1), ("step", batch),
    ]  # fmt: skip
    designs, branches = set(), 0
    for what, draw in script:
        learner.do(what, draw)
        branch = learner.worker.timeline.active
        assert branch is not None
        designs.add(LOWERED.index(branch.session.lowered))
        branches = max(branches, len(learner.worker.timeline.branches))
        reference = straight(learner.past[branch.id], learner.session)
        assert bits(learner.session) == bits(reference), what
        assert everything(learner.session) == everything(reference), what
    assert designs == {0, 1} and branches == 3
