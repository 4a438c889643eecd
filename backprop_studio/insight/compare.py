"""Two moments of training beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from backprop_studio.autograd import Array
from backprop_studio.training import Session


@dataclass(frozen=True)
class Moment:
    """A session at one moment, to be looked at later.

    Attributes
    ----------
    completed
        Finished iterations.
    loss
        Of the last batch; None before the first.
    test
        Held-out loss at this moment.
    accuracy
        Held-out accuracy from 0 to 1; None where there are no classes.
    weights
        Key of each parameter and buffer to a copy of it. Keys, as ids change with the network.
    """

    completed: int
    loss: float | None
    test: float
    accuracy: float | None
    weights: Mapping[tuple[str, ...], Array]


def capture(session: Session) -> Moment:
    """The present moment of a session, with copies of all that it has learned."""
    program = session.program
    weights = {}
    for value in (*program.parameters, *program.buffers):
        copy = np.array(session.storage.view(value))
        # Read-only, so that it can be shown without another copy.
        copy.flags.writeable = False
        weights[value.key] = copy
    test = session.evaluate()
    return Moment(session.completed, session.last_loss, test.loss, test.accuracy, weights)


@dataclass(frozen=True)
class Change:
    """What became of one parameter between two moments.

    Attributes
    ----------
    key
        What it is known by in every program of its network.
    before, after
        Its norm at both.
    moved
        Norm of the difference.
    largest
        The largest change of a single number, with its sign.
    entry
        Where that is.
    cosine
        Of the angle between both, from -1 to 1; NaN where one of them is zero.
    """

    key: tuple[str, ...]
    before: float
    after: float
    moved: float
    largest: float
    entry: tuple[int, ...]
    cosine: float


@np.errstate(all="ignore")
def compare(a: Moment, b: Moment) -> tuple[Change, ...]:
    """What changed from `a` to `b`, of the parameters that both have in the same shape."""
    changes = []
    for key, first in a.weights.items():
        second = b.weights.get(key)
        if second is None or second.shape != first.shape:
            continue
        x, y = first.astype(np.float64), second.astype(np.float64)
        gap = y - x
        entry = tuple(int(i) for i in np.unravel_index(int(np.abs(gap).argmax()), gap.shape))
        norms = float(np.linalg.norm(x)), float(np.linalg.norm(y))
        product = norms[0] * norms[1]
        changes.append(
            Change(
                key,
                *norms,
                float(np.linalg.norm(gap)),
                float(gap[entry]),
                entry,
                float(np.sum(x * y)) / product if product else float("nan"),
            )
        )
    return tuple(changes)
