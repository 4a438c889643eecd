"""What is so in the app at one moment: all that checks look at, without the app."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from backprop_studio.autograd import Array, Phase
from backprop_studio.lessons.expressions import Expression, read
from backprop_studio.network import Network
from backprop_studio.training import Breakpoint, Cursor, Session

MAX_CURVE = 100_000
"""Losses of a run that are looked at, from its beginning."""


@dataclass(frozen=True)
class Moment:
    """What a session says of itself.

    Attributes
    ----------
    cursor
        Where it stands.
    phase
        Of the last instruction that was executed in this iteration; None before the first.
    completed
        Finished iterations.
    epoch
        Finished passes over the training rows.
    numbers
        What was asked for and is computed, by `Expression.text`.
    curve
        Losses of the iterations, in the order in which they were run, at most `MAX_CURVE`: float64.
    by_hand
        How many numbers were put in by hand.
    """

    cursor: Cursor
    phase: Phase | None
    completed: int
    epoch: int
    numbers: Mapping[str, float]
    curve: Array
    by_hand: int


def observe(network: Network, wanted: Iterable[Expression], session: Session) -> Moment:
    """Look at a session, which is left as it is.

    Parameters
    ----------
    network
        That the session trains.
    wanted
        The numbers to read.
    session
        The run.
    """
    numbers = {e.text: read(e, network, session) for e in wanted}
    index = session.cursor.index
    return Moment(
        cursor=session.cursor,
        phase=session.program.instructions[index - 1].phase if index else None,
        completed=session.completed,
        epoch=session.epoch,
        numbers={key: number for key, number in numbers.items() if number is not None},
        curve=session.losses.points[:MAX_CURVE, 1].copy(),
        by_hand=sum(len(put_in) for put_in in session.interventions.values()),
    )


@dataclass(frozen=True)
class Facts:
    """What is so in the app, as the window and the headless driver both can tell.

    Attributes
    ----------
    network
        The document.
    moment
        Where the run stands; None while the network cannot be trained.
    branches
        How many futures the timeline has.
    breakpoints
        Where the run is to stop.
    opened
        Keys of the docks that were opened since the lesson, or a scene of it, began.
    gradient_error
        Largest relative error that the gradient check found since then, or None.
    earlier
        Curves of runs that were ended by a restart or by other data, and of resting branches.
    answers
        What the learner answered to questions, by the question's id.
    """

    network: Network
    moment: Moment | None = None
    branches: int = 1
    breakpoints: tuple[Breakpoint, ...] = ()
    opened: frozenset[str] = frozenset()
    gradient_error: float | None = None
    earlier: tuple[Array, ...] = ()
    answers: Mapping[str, float | int] = field(default_factory=dict)

    def number(self, expression: Expression) -> float | None:
        """A number that was asked for; None when it is not computed."""
        return None if self.moment is None else self.moment.numbers.get(expression.key)


class Curves:
    """The curves of earlier runs: a run that is shorter than it was is another one."""

    def __init__(self) -> None:
        self._last: Array = np.empty(0)
        self._earlier: list[Array] = []

    def see(self, curve: Array) -> tuple[Array, ...]:
        """Take note of the curve of the run that goes on; return those of earlier ones."""
        known = min(len(curve), len(self._last))
        if len(curve) < len(self._last) or not np.array_equal(curve[:known], self._last[:known]):
            self._earlier.append(self._last)
            # A lesson compares with its last few runs.
            del self._earlier[:-8]
        self._last = curve
        return tuple(self._earlier)
