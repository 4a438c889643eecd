"""The branches of a training run: what happened, and what would have happened instead."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from backprop_studio.autograd import Array
from backprop_studio.errors import Diagnostic, StudioError
from backprop_studio.training.cursor import Boundary, Cursor
from backprop_studio.training.interventions import Intervention
from backprop_studio.training.journal import DEFAULT_BUDGET
from backprop_studio.training.metrics import TEST_COLUMNS
from backprop_studio.training.session import Session

LEAST_KEYFRAMES = 2
"""That each branch needs: its first moment and its newest."""


class What(StrEnum):
    """What the learner did to a run."""

    RATE = "rate"
    """Trains at another learning rate."""
    DESIGN = "design"
    """Trains another network, or with another set-up."""
    EDIT = "edit"
    """Put a number in by hand."""
    BRANCH = "branch"
    """Began a branch."""


@dataclass(frozen=True)
class Event:
    """Something that the learner did to a run.

    Attributes
    ----------
    epochs
        When: passes over the training rows.
    what
        What it was.
    detail
        The rates before and after, or how many numbers were put in; empty where that is all.
    """

    epochs: float
    what: What
    detail: str = ""


@dataclass(eq=False)
class Branch:
    """One future.

    Attributes
    ----------
    id
        Never given twice in a timeline.
    name
        For people.
    session
        The run from where this branch begins.
    revision
        Of the network that it trains.
    parent
        The branch that it left.
    losses, tests
        Points of the curves before its session begins; see `Session.losses` and `.tests`.
    events
        What was done before its session began, and to begin it.
    """

    id: int
    name: str
    session: Session
    revision: int
    parent: Branch | None = None
    losses: Array = field(default_factory=lambda: np.empty((0, 2)))
    tests: Array = field(default_factory=lambda: np.empty((0, TEST_COLUMNS)))
    events: tuple[Event, ...] = ()

    @property
    def nbytes_at_rest(self) -> int:
        """Bytes that it takes beside its keyframes while another branch goes on, roughly."""
        return self.session.nbytes_at_rest + self.losses.nbytes + self.tests.nbytes

    def all_events(self) -> tuple[Event, ...]:
        """What the learner did, from the very beginning. What was taken back is not among it."""
        session = self.session
        counts: dict[int, int] = {}
        for moment, put_in in session.interventions.items():
            counts[moment.iteration] = counts.get(moment.iteration, 0) + len(put_in)
        edits = (
            Event(iteration / session.batches_per_epoch, What.EDIT, str(count))
            for iteration, count in sorted(counts.items())
        )
        return (*self.events, *edits)

    def all_losses(self) -> Array:
        """Points (epochs, loss), from the very beginning."""
        return np.concatenate([self.losses, self.session.losses.points])

    def all_tests(self) -> Array:
        """Points of tests, from the very beginning."""
        return np.concatenate([self.tests, self.session.tests.points])


class Timeline:
    """All branches of a run, one of which goes on.

    A change at the end of what is recorded belongs to the branch. A change in the past starts
    another branch, and the old future stays as it is.

    Parameters
    ----------
    budget
        Bytes for the keyframes of all branches together, and for what those that rest take besides.
    """

    def __init__(self, budget: int = DEFAULT_BUDGET) -> None:
        self._budget = budget
        self._branches: list[Branch] = []
        self._active: Branch | None = None
        self._count = 0

    @property
    def budget(self) -> int:
        """Bytes for the keyframes of all branches, and for what those that rest take besides."""
        return self._budget

    @budget.setter
    def budget(self, budget: int) -> None:
        self._budget = budget
        self._share()

    @property
    def nbytes(self) -> int:
        """Bytes that the keyframes of all branches take, and those that rest besides."""
        return self._at_rest() + sum(b.session.journal.nbytes for b in self._branches)

    @property
    def branches(self) -> tuple[Branch, ...]:
        """All branches in the order in which they began."""
        return tuple(self._branches)

    @property
    def active(self) -> Branch | None:
        """The branch that goes on; None before the first."""
        return self._active

    @property
    def active_id(self) -> int:
        """Id of the branch that goes on; 0 before the first."""
        return 0 if self._active is None else self._active.id

    @property
    def session(self) -> Session | None:
        """The session of the active branch."""
        return None if self._active is None else self._active.session

    def excess(self) -> Diagnostic | None:
        """That several branches take more than the budget, though all is given up that can be.

        What can be is how near the next keyframe is: every moment can still be gone back to.
        """
        if len(self._branches) < 2 or self.nbytes <= self._budget:
            return None
        told = {"take": _mb(self.nbytes), "budget": _mb(self._budget)}
        return Diagnostic("journal-over", {"count": len(self._branches), **told})

    def clear(self) -> None:
        """Forget all branches."""
        self._branches.clear()
        self._active = None
        self._count = 0

    def begin(self, session: Session, revision: int) -> None:
        """Start anew with one branch."""
        self.clear()
        self._add("main", session, revision, None)

    def go_on(self, session: Session, revision: int) -> None:
        """Go on with a session of another network, where the active one stands.

        At the end of the record it takes the place of the old session: the branch goes on. In the
        past it is another branch.
        """
        branch = self._require()
        old = branch.session
        at_end = old.completed >= old.live.iteration
        if at_end:
            epochs = session.start / session.batches_per_epoch
            branch.losses, branch.tests = _until(branch, epochs)
            if session.start > 0:
                # What is set up before the first step is no event of the training.
                branch.events = (*branch.all_events(), _change(old, session))
            branch.session, branch.revision, branch.parent = session, revision, None
            if old.live.iteration == old.start:
                session.before = old.before
            for other in self._branches:
                if other.session.before is old:
                    other.session.before = None
            self._share()
        else:
            self._check_room(old)
            self._add("", session, revision, branch)

    def intervene(self, intervention: Intervention) -> None:
        """Put a number in by hand; in the past this starts another branch.

        Raises
        ------
        StudioError
            The number does not fit, or there is no room for another branch.
        """
        branch = self._require()
        session = branch.session
        if not session.at_end:
            self._check_room(session)
            other = session.fork()
            other.intervene(intervention)
            self._add("", other, branch.revision, branch)
        else:
            session.intervene(intervention)

    def fork(self) -> None:
        """Start another branch at this moment, which the learner names a new beginning.

        Raises
        ------
        StudioError
            There is no room for another branch.
        """
        branch = self._require()
        self._check_room(branch.session)
        self._add("", branch.session.fork(), branch.revision, branch)

    def switch(self, branch_id: int) -> None:
        """Go on with another branch, where it was left.

        Raises
        ------
        StudioError
            There is no such branch any more.
        """
        self._activate(self.branch(branch_id))

    def branch(self, branch_id: int) -> Branch:
        """The branch with this id.

        Raises
        ------
        StudioError
            There is no such branch any more.
        """
        for branch in self._branches:
            if branch.id == branch_id:
                return branch
        raise StudioError("branch-gone")

    def drop(self, branch_id: int) -> None:
        """Forget a branch. Those that left it stay, but cannot be rewound into it.

        Raises
        ------
        StudioError
            It is the active one, or there is none such.
        """
        branch = self.branch(branch_id)
        if branch is self._active:
            raise StudioError("branch-active")
        self._branches.remove(branch)
        for other in self._branches:
            if other.parent is branch:
                other.parent = other.session.before = None
        self._share()

    def rename(self, branch_id: int, name: str) -> None:
        """Call a branch something else.

        Raises
        ------
        StudioError
            The name is empty or taken.
        """
        name = name.strip()
        if not name:
            raise StudioError("branch-name-empty")
        if any(b.name == name and b.id != branch_id for b in self._branches):
            raise StudioError("branch-name-taken", name=name)
        self.branch(branch_id).name = name

    def first(self) -> int:
        """The fewest finished iterations that can be gone back to from here."""
        branch = self._require()
        while (parent := self._way_back(branch)) is not None:
            branch = parent
        return branch.session.start

    def seek(self, completed: int) -> None:
        """Go to the moment after so many finished iterations, within what is recorded."""
        branch = self._require()
        while completed < branch.session.start:
            parent = self._way_back(branch)
            if parent is None:
                break
            branch = parent
        self._activate(branch)
        branch.session.seek(completed)

    def back(self, boundary: Boundary) -> None:
        """Go back one step, if need be into the branch that this one left."""
        branch = self._require()
        session = branch.session
        start = Cursor(session.start, 0)
        parent = self._way_back(branch)
        if session.cursor == start and start not in session.interventions and parent is not None:
            self._activate(parent)
            parent.session.seek(session.start)
            session = parent.session
        session.back(boundary)

    def _activate(self, branch: Branch) -> None:
        """Let this branch go on, and the one that did so rest."""
        before, self._active = self._active, branch
        if before is branch:
            return
        if before is not None:
            before.session.rest()
        branch.session.wake()
        self._share()

    def _require(self) -> Branch:
        if self._active is None:
            raise LookupError("there is no branch")
        return self._active

    def _way_back(self, branch: Branch) -> Branch | None:
        """The branch that this one left, if it trains the same network."""
        parent = branch.parent
        return parent if parent is not None and parent.revision == branch.revision else None

    def _add(self, name: str, session: Session, revision: int, parent: Branch | None) -> None:
        self._count += 1
        name = name or self._new_name()
        branch = Branch(self._count, name, session, revision, parent)
        if parent is not None:
            epochs = session.start / session.batches_per_epoch
            branch.losses, branch.tests = _until(parent, epochs)
            session.before = parent.session
            # What was put in during the iteration that it begins with is in its own session.
            branch.events = tuple(
                e for e in parent.all_events()
                if e.epochs < epochs or (e.what is not What.EDIT and e.epochs == epochs)
            )  # fmt: skip
            branch.events += (Event(epochs, What.BRANCH),)
            if revision != parent.revision:
                branch.events += (_change(parent.session, session),)
        self._branches.append(branch)
        self._activate(branch)

    def _new_name(self) -> str:
        taken = {branch.name for branch in self._branches}
        number = self._count
        while f"branch {number}" in taken:
            number += 1
        return f"branch {number}"

    def _check_room(self, session: Session) -> None:
        branches = len(self._branches) + 1
        need = session.storage.nbytes * LEAST_KEYFRAMES * branches
        # The one that goes on now would rest.
        need += self._at_rest() + self._require().nbytes_at_rest
        if need > self._budget:
            raise StudioError(
                "branches-full",
                count=len(self._branches),
                need=_mb(need),
                budget=_mb(self._budget),
            )

    def _share(self) -> None:
        """Give every branch its part of the budget."""
        room = max(self._budget - self._at_rest(), 0)
        for branch in self._branches:
            journal = branch.session.journal
            journal.budget = room // len(self._branches)
            journal.thin()

    def _at_rest(self) -> int:
        """Bytes that the branches which rest take beside their keyframes."""
        return sum(b.nbytes_at_rest for b in self._branches if b is not self._active)


def _until(branch: Branch, epochs: float) -> tuple[Array, Array]:
    """The points of a branch up to so many epochs."""
    losses, tests = branch.all_losses(), branch.all_tests()
    # Whoever goes on from there tests there too.
    return losses[losses[:, 0] <= epochs], tests[tests[:, 0] < epochs]


def _change(old: Session, new: Session) -> Event:
    """What is different about the training that goes on."""
    epochs = new.start / new.batches_per_epoch
    before, after = old.setup.optimizer.rate, new.setup.optimizer.rate
    if before != after:
        return Event(epochs, What.RATE, f"{before:g} → {after:g}")
    return Event(epochs, What.DESIGN)


def _mb(size: int) -> str:
    return f"{size / 2**20:.3g} MB"
