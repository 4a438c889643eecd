"""What goes between the worker and the screen: commands one way, snapshots the other.

All are frozen values. Arrays in a snapshot are copies and read-only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from backprop_studio.autograd import Array
from backprop_studio.data import own
from backprop_studio.errors import Diagnostic
from backprop_studio.network import Lowered, Lowering, TrainingSetup
from backprop_studio.training.breakpoints import Breakpoint
from backprop_studio.training.cursor import Boundary, Cursor
from backprop_studio.training.interventions import Intervention
from backprop_studio.training.metrics import TEST_COLUMNS, Evaluation
from backprop_studio.training.session import Session
from backprop_studio.training.timeline import Event

if TYPE_CHECKING:
    from backprop_studio.training.aside import Aside

# Commands: from the screen to the worker.


@dataclass(frozen=True)
class Load:
    """Train this network from now on, keeping every weight that still fits.

    `lowering` is None while the network has errors: weights are kept, nothing runs. The worker is
    the one that waits until the programs are written. `revision` comes back in every snapshot, so
    that the screen can drop answers about an older network.
    """

    revision: int
    lowering: Lowering | None
    setup: TrainingSetup
    weights: Mapping[tuple[str, str], Array] = field(default_factory=dict)
    """Weights from elsewhere to begin with; what was learned stays as another branch."""
    forget: bool = False
    """Forget all weights that were learned before: another document."""
    branch: int | None = None
    """Go on with this branch, which trains the same network, where it was left."""
    redraw: frozenset[str] = frozenset()
    """Names of weights that begin anew, as the seed draws them."""
    back_to: int | None = None
    """Revision with which this network was left for other data, as it comes back by undo."""

    @property
    def lowered(self) -> Lowered | None:
        """The programs, written now if they are not yet."""
        return None if self.lowering is None else self.lowering.lowered

    def changes_rows_only(self, previous: Load | None) -> bool:
        """Whether the program of `previous` goes on, with other rows of the same data."""
        if previous is None or previous.lowered is None or self.lowered is None or self.forget:
            return False
        setups = [replace(s, dataset="", batch_size=1) for s in (previous.setup, self.setup)]
        return (
            own.continues(previous.setup.dataset, self.setup.dataset)
            and setups[0] == setups[1]
            and previous.lowered.program == self.lowered.program
        )


def begins_anew(before: TrainingSetup, after: TrainingSetup) -> bool:
    """Whether what was learned does not belong to what is to be learned now.

    It was learned from other data, or began with the first weights of another seed.
    """
    return (
        before.seed != after.seed
        or not own.continues(before.dataset, after.dataset)
        or before.data != after.data
        or before.validation != after.validation
    )


@dataclass(frozen=True)
class Run:
    """Train until something stops it.

    With `until`, that is before the instruction with this index too, the next time.
    """

    until: int | None = None


@dataclass(frozen=True)
class Pause:
    """Stop within one instruction."""


@dataclass(frozen=True)
class Step:
    """Execute one step of this size, then pause."""

    boundary: Boundary


@dataclass(frozen=True)
class Back:
    """Go back one step of this size, then pause."""

    boundary: Boundary


@dataclass(frozen=True)
class Seek:
    """Go to the moment after so many finished iterations, within what is recorded."""

    completed: int


@dataclass(frozen=True)
class Intervene:
    """Put a number in by hand; in the past, this starts a branch."""

    intervention: Intervention


@dataclass(frozen=True)
class Fork:
    """Start another branch at this moment."""


@dataclass(frozen=True)
class Switch:
    """Go on with another branch of the same network."""

    branch: int


@dataclass(frozen=True)
class DropBranch:
    """Forget a branch."""

    branch: int


@dataclass(frozen=True)
class RenameBranch:
    """Call a branch something else."""

    branch: int
    name: str


@dataclass(frozen=True)
class SetBreakpoints:
    """Stop at these from now on."""

    breakpoints: tuple[Breakpoint, ...]


@dataclass(frozen=True)
class SetSpeed:
    """Execute so many instructions a second while running; None for as fast as possible."""

    instructions: float | None


@dataclass(frozen=True)
class SetBudget:
    """Keep keyframes of at most so many bytes."""

    nbytes: int


@dataclass(frozen=True)
class Restart:
    """Begin again with the first weights of the seed."""


@dataclass(frozen=True)
class Watch:
    """Ids of the values whose arrays the visible panels want in each snapshot."""

    values: frozenset[int]


@dataclass(frozen=True)
class FetchWeights:
    """Put copies of all weights into `reply`, by node id and name."""

    reply: Future[dict[tuple[str, str], Array]]


@dataclass(frozen=True)
class Ask:
    """Answer a question about the session, between two instructions.

    `question` gets the session and must leave it as it is; `Session.twin` is there to be
    changed. What it returns, or raises, goes into `reply`, which is cancelled without a session.
    """

    question: Callable[[Session], Any]
    reply: Future[Any]


@dataclass(frozen=True)
class PutAside:
    """Put the run with all that belongs to it into `reply`, and begin anew with nothing."""

    reply: Future[Aside]


@dataclass(frozen=True)
class BringBack:
    """Go on with a run that was put aside, and drop the one that stood in its place."""

    aside: Aside


@dataclass(frozen=True)
class Quit:
    """End the loop."""


Change = Seek | Intervene | Fork | Switch | DropBranch | RenameBranch | SetBudget
"""What the learner does to the timeline."""

Command = (
    Load | Run | Pause | Step | Back | Restart | Change | SetBreakpoints | SetSpeed
    | Watch | FetchWeights | Ask | PutAside | BringBack | Quit
)  # fmt: skip


# Answers: from the worker to the screen.


class State(StrEnum):
    """What the worker is doing."""

    EMPTY = "empty"
    """There is no network that could be trained."""
    PAUSED = "paused"
    RUNNING = "running"
    FAILED = "failed"
    """A result was not finite, or an unexpected error came up."""


@dataclass(frozen=True)
class BranchView:
    """What the screen knows of a branch.

    Attributes
    ----------
    id, name
        Which one.
    revision
        Of the network that it trains.
    start
        Epochs at which it begins.
    completed
        Iterations that it has finished.
    losses
        Points (epochs, loss of the batch) from where it begins; empty for the active one, whose
        points are in the curves.
    tests
        Points of tests (see `TEST_COLUMNS`), in the same way.
    events
        What the learner did to it.
    """

    id: int
    name: str
    revision: int
    start: float
    completed: int
    losses: Array
    tests: Array = field(default_factory=lambda: np.empty((0, TEST_COLUMNS)))
    events: tuple[Event, ...] = ()


@dataclass(frozen=True)
class Snapshot:
    """The training run at one moment.

    Attributes
    ----------
    revision
        Of the network that this is about.
    state
        What the worker is doing.
    cursor
        Where the session stands; None without a session.
    epoch
        Passes over the training rows so far, with the fraction.
    batch_size
        Rows of the current batch.
    loss
        Of the last batch; None before the first.
    test
        The last test on held-out rows.
    rate
        Iterations a second while running, else 0.
    arrays
        Watched values that have been computed in this iteration, by id. What is missing here
        has not been computed yet.
    journal_bytes
        Size of the journal.
    failure
        Why the state is FAILED.
    completed
        Iterations finished at the cursor.
    first, live
        The fewest and the most finished iterations that the timeline can go to.
    journal_budget
        Bytes that the journal may take.
    branches
        All of them.
    branch
        Id of the active one.
    hit
        The breakpoint that stopped the run.
    refused
        Why the last command was not carried out, or no further.
    edited
        Whether a number was put in by hand at this very moment.
    slow
        Whether the worker is running in slow motion, where every instruction is shown.
    element, elements
        How many entries of the next instruction's result have been stepped through, and how
        many it has.
    """

    revision: int
    state: State
    cursor: Cursor | None = None
    epoch: float = 0.0
    batch_size: int = 0
    loss: float | None = None
    test: Evaluation | None = None
    rate: float = 0.0
    arrays: Mapping[int, Array] = field(default_factory=dict)
    journal_bytes: int = 0
    failure: Diagnostic | None = None
    completed: int = 0
    first: int = 0
    live: int = 0
    journal_budget: int = 0
    branches: tuple[BranchView, ...] = ()
    branch: int = 0
    hit: Breakpoint | None = None
    refused: Diagnostic | None = None
    edited: bool = False
    slow: bool = False
    element: int = 0
    elements: int = 1

    @property
    def at_speed(self) -> bool:
        """Whether the worker runs too fast for a single instruction to be seen."""
        return self.state is State.RUNNING and not self.slow


@dataclass(frozen=True)
class CurveUpdate:
    """New points of the curves.

    Attributes
    ----------
    keep_until
        Points after this many epochs are to be dropped first; None drops nothing, a negative
        number drops all.
    losses
        Array of shape (points, 2): epochs, loss of the batch.
    tests
        Array of shape (points, TEST_COLUMNS).
    """

    keep_until: float | None
    losses: Array
    tests: Array
