"""What goes between the worker and the screen: commands one way, snapshots the other.

All are frozen values. Arrays in a snapshot are copies and read-only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from backprop_studio.autograd import Array
from backprop_studio.errors import Diagnostic
from backprop_studio.network import Lowered, TrainingSetup
from backprop_studio.training.cursor import Boundary, Cursor
from backprop_studio.training.metrics import Evaluation
from backprop_studio.training.session import Session

# Commands: from the screen to the worker.


@dataclass(frozen=True)
class Load:
    """Train this network from now on, keeping every weight that still fits.

    `lowered` is None while the network has errors: weights are kept, nothing runs. `revision`
    comes back in every snapshot, so that the screen can drop answers about an older network.
    """

    revision: int
    lowered: Lowered | None
    setup: TrainingSetup
    weights: Mapping[tuple[str, str], Array] = field(default_factory=dict)
    forget: bool = False
    """Forget all weights that were learned before: another document."""


@dataclass(frozen=True)
class Run:
    """Train until something stops it."""


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
class Quit:
    """End the loop."""


Command = Load | Run | Pause | Step | Back | Restart | Watch | FetchWeights | Ask | Quit


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
        Array of shape (points, 3): epochs, held-out loss, held-out accuracy or NaN.
    """

    keep_until: float | None
    losses: Array
    tests: Array
