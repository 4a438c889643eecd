"""The gradient check: what backward says about a weight beside what moving the weight does."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from backprop_studio.autograd import Array, Machine, Phase
from backprop_studio.training import Session

STEP = 1e-6
"""How far a weight is moved, in units of its size, at least 1. In float64 it balances the error of
the formula, which grows with the step, and rounding, which grows as the step shrinks."""


class Band(StrEnum):
    """How good an agreement is; the limits are the usual ones for double precision."""

    RIGHT = "right"
    CLOSE = "close"
    DOUBTFUL = "doubtful"
    WRONG = "wrong"


_LIMITS = ((Band.RIGHT, 1e-7), (Band.CLOSE, 1e-4), (Band.DOUBTFUL, 1e-2))


@dataclass(frozen=True)
class ParameterCheck:
    """One parameter's gradient against central differences.

    Attributes
    ----------
    parameter
        Id of the value.
    error
        Largest difference over the largest magnitude, among the entries that were checked.
    checked, size
        How many entries were checked, and how many there are.
    entry
        The entry with the largest difference.
    backward, numeric
        Its derivative by the backward pass and by central differences.
    """

    parameter: int
    error: float
    checked: int
    size: int
    entry: tuple[int, ...]
    backward: float
    numeric: float

    @property
    def band(self) -> Band:
        """How good the agreement is."""
        return next((band for band, limit in _LIMITS if self.error <= limit), Band.WRONG)


def check_gradients(seconds: float, session: Session) -> tuple[ParameterCheck, ...]:
    """Check the gradients of the current batch, in float64, on copies.

    Parameters
    ----------
    seconds
        Begin no further entry after this long; every parameter gets one entry at least. The
        entry with the largest gradient comes first, the others in a random order.
    session
        The run; it is left as it is.

    Returns
    -------
    tuple of ParameterCheck
        In the order of the parameters; those without a gradient, such as frozen ones, are left
        out.

    Notes
    -----
    (L(w + h) - L(w - h)) / 2h: two forward passes for one entry, where backward needs one pass for
    all of them.
    """
    machine = session.precise()
    program = machine.program
    with np.errstate(all="ignore"):
        machine.run(0, program.start_of(Phase.UPDATE))
    slopes = {v: np.array(machine.array(g)) for v, g in program.gradients.items()}
    return compare(machine, slopes, seconds)


def compare(
    machine: Machine, gradients: Mapping[int, Array], seconds: float
) -> tuple[ParameterCheck, ...]:
    """Check gradients, wherever they come from, against central differences.

    Parameters
    ----------
    machine
        In float64, with a batch fed and the forward pass done. It is left as it was.
    gradients
        Id of a parameter to its gradient, of its shape; other ids are left alone.
    seconds
        As for `check_gradients`.
    """
    program = machine.program
    assert program.loss is not None
    start, stop = program.start_of(Phase.FORWARD), program.start_of(Phase.BACKWARD)
    rng = np.random.default_rng(0)
    deadline = time.perf_counter() + seconds
    with np.errstate(all="ignore"):
        parameters = [v for v in program.parameters if v.id in gradients]
        slopes = [gradients[v.id].reshape(-1) for v in parameters]
        orders = []
        for slope in slopes:
            order = rng.permutation(slope.size)
            largest = int(np.argmax(np.abs(slope)))
            orders.append(np.concatenate(([largest], order[order != largest])))
        found: list[list[float]] = [[] for _ in parameters]
        for turn in range(max((slope.size for slope in slopes), default=0)):
            for value, order, numbers in zip(parameters, orders, found, strict=True):
                if turn >= len(order) or (turn and time.perf_counter() >= deadline):
                    continue
                flat = machine.writable(value).reshape(-1)
                place, kept = order[turn], float(flat[order[turn]])
                step = STEP * max(1.0, abs(kept))
                losses = []
                for moved in (kept + step, kept - step):
                    flat[place] = moved
                    machine.run(start, stop)
                    losses.append(float(machine.array(program.loss)))
                flat[place] = kept
                numbers.append((losses[0] - losses[1]) / (2 * step))
        machine.run(start, stop)
    checks = []
    for value, slope, order, numbers in zip(parameters, slopes, orders, found, strict=True):
        numeric, places = np.array(numbers), order[: len(numbers)]
        backward = slope[places]
        gaps = np.abs(numeric - backward)
        # NaN counts as the largest for numpy, as it should.
        worst = int(np.argmax(gaps))
        scale = max(float(np.abs(numeric).max()), float(np.abs(backward).max()))
        shape = machine.array(value.id).shape
        checks.append(
            ParameterCheck(
                value.id,
                float(gaps[worst]) / scale if scale else 0.0,
                len(numbers),
                slope.size,
                tuple(int(i) for i in np.unravel_index(int(places[worst]), shape)),
                float(backward[worst]),
                float(numeric[worst]),
            )
        )
    return tuple(checks)
