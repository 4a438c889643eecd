"""Credit assignment: which parameter is responsible for the loss, and by how much."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from backprop_studio.autograd import Phase
from backprop_studio.errors import StudioError
from backprop_studio.training import Session

ENTRIES = 200
"""Single numbers that are told; those with the most responsibility."""

_DELTAS = np.logspace(-4, 0, 13)
"""How far a number is moved for the curve of gaps, in units of its size, at least 1."""

_ROUNDING = 1e-13
"""A gap below this, in units of the loss, is rounding and tells nothing."""


@dataclass(frozen=True)
class Credit:
    """The part of one parameter, or of one number in it.

    Attributes
    ----------
    parameter
        Id of the value.
    entry
        Which number of it; None for all of it.
    gradient
        Derivative of the loss with respect to the number; of a whole parameter, the norm.
    update
        What the update will add to the number; of a whole parameter, the norm.
    effect
        |gradient · update|, summed over a whole parameter: by how much the loss changes, to
        first order, because of it.
    share
        `effect` as a share of that of all parameters, from 0 to 1.
    """

    parameter: int
    entry: tuple[int, ...] | None
    gradient: float
    update: float
    effect: float
    share: float


@dataclass(frozen=True)
class Ledger:
    """Who is responsible in one iteration.

    Attributes
    ----------
    parameters
        Whole parameters that have a gradient, the most responsible first.
    entries
        Single numbers, the most responsible first, at most `ENTRIES`.
    predicted
        Sum of gradient · update: by how much the update changes the loss, to first order.
    loss
        Of the batch, before the update.
    """

    parameters: tuple[Credit, ...]
    entries: tuple[Credit, ...]
    predicted: float
    loss: float


@np.errstate(all="ignore")
def credit(only: Collection[int] | None, session: Session) -> Ledger:
    """Who is responsible for the loss of the current batch, and what is done about it.

    Parameters
    ----------
    only
        Parameters whose single numbers are wanted; None for all.
    session
        The run; it is left as it is.
    """
    machine = session.twin()
    program = machine.program
    trained = [v for v in program.parameters if v.id in program.gradients]
    machine.run(0, program.start_of(Phase.UPDATE))
    before = [machine.array(v.id).astype(np.float64) for v in trained]
    slopes = [machine.array(program.gradients[v.id]).astype(np.float64) for v in trained]
    loss = machine.loss()
    machine.run(program.start_of(Phase.UPDATE))
    steps = [machine.array(v.id) - b for v, b in zip(trained, before, strict=True)]
    effects = [np.abs(g * d) for g, d in zip(slopes, steps, strict=True)]
    predicted = float(sum(np.sum(g * d) for g, d in zip(slopes, steps, strict=True)))
    total = float(sum(e.sum() for e in effects)) or 1.0
    whole, single = [], []
    for value, slope, step, effect in zip(trained, slopes, steps, effects, strict=True):
        size = float(effect.sum())
        norms = float(np.linalg.norm(slope)), float(np.linalg.norm(step))
        whole.append(Credit(value.id, None, *norms, size, size / total))
        if only is not None and value.id not in only:
            continue
        flat = effect.reshape(-1)
        first = np.argpartition(flat, -min(ENTRIES, flat.size))[-ENTRIES:]
        for place in first:
            entry = tuple(int(i) for i in np.unravel_index(int(place), slope.shape))
            numbers = float(slope[entry]), float(step[entry]), float(effect[entry])
            single.append(Credit(value.id, entry, *numbers, numbers[2] / total))
    whole.sort(key=lambda c: -c.effect)
    single.sort(key=lambda c: -c.effect)
    return Ledger(tuple(whole), tuple(single[:ENTRIES]), predicted, loss)


@dataclass(frozen=True)
class Nudge:
    """What moving one number does to the loss, beside what its gradient says.

    Attributes
    ----------
    parameter, entry
        The number.
    gradient
        Derivative of the loss with respect to it.
    delta
        How far it is moved.
    predicted
        gradient · delta.
    real
        The change of the loss, by a forward pass with the number moved.
    deltas, gaps
        Distances, ascending, and |real − predicted| at each.
    slope
        How steeply the gap falls in a log-log plot, among gaps that are not rounding; NaN with
        fewer than three of them.
    """

    parameter: int
    entry: tuple[int, ...]
    gradient: float
    delta: float
    predicted: float
    real: float
    deltas: tuple[float, ...]
    gaps: tuple[float, ...]
    slope: float

    @property
    def gap(self) -> float:
        """|real − predicted|."""
        return abs(self.real - self.predicted)


def nudge(parameter: int, entry: tuple[int, ...], delta: float, session: Session) -> Nudge:
    """Move one number of a parameter and see what the loss does; in float64, on copies.

    By Taylor's theorem the real change is gradient · delta + curvature · delta² / 2 + …, so the
    gap shrinks as delta² where the loss is smooth: its slope in a log-log plot is 2.

    Raises
    ------
    StudioError
        The parameter has no such entry, or no gradient.
    """
    machine = session.precise()
    program = machine.program
    if parameter not in program.gradients:
        raise StudioError("edit-not-computed")
    start, stop = program.start_of(Phase.FORWARD), program.start_of(Phase.BACKWARD)
    numbers = machine.writable(program.values[parameter])
    if len(entry) != numbers.ndim or not all(
        0 <= i < size for i, size in zip(entry, numbers.shape, strict=True)
    ):
        raise StudioError("edit-no-entry", entry=str(list(entry)))
    with np.errstate(all="ignore"):
        machine.run(0, program.start_of(Phase.UPDATE))
        gradient = float(machine.array(program.gradients[parameter])[entry])
        loss, kept = machine.loss(), float(numbers[entry])

        def change(by: float) -> float:
            numbers[entry] = kept + by
            machine.run(start, stop)
            return machine.loss() - loss

        real = change(delta)
        sign = -1.0 if delta < 0 else 1.0
        deltas = _DELTAS * max(1.0, abs(kept))
        gaps = np.array([abs(change(sign * d) - gradient * sign * d) for d in deltas])
        told = gaps > _ROUNDING * max(abs(loss), 1.0)
        slope = float("nan")
        # Far away from the number, what is measured is no longer its neighbourhood.
        told &= deltas <= 0.1 * deltas[-1]
        if told.sum() >= 3:
            slope = float(np.polyfit(np.log(deltas[told]), np.log(gaps[told]), 1)[0])
    return Nudge(
        parameter,
        entry,
        gradient,
        delta,
        gradient * delta,
        real,
        tuple(float(d) for d in deltas),
        tuple(float(g) for g in gaps),
        slope,
    )
