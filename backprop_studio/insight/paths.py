"""The paths from one weight to the loss: what backward sums up without walking any of them."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count

import numpy as np

from backprop_studio.autograd import BATCH, Array, Machine, Phase
from backprop_studio.errors import StudioError
from backprop_studio.insight.local import Spot, reached
from backprop_studio.training import Session

LIMIT = 2000
"""Paths that are told one by one; those with the largest products."""


@dataclass(frozen=True)
class Path:
    """One way from a weight to the loss.

    Attributes
    ----------
    spots
        The numbers on the way, the weight first and the loss last.
    slopes
        Local derivative of each with respect to the one before.
    product
        Of all slopes: what this path adds to the gradient.
    """

    spots: tuple[Spot, ...]
    slopes: tuple[float, ...]
    product: float


@dataclass(frozen=True)
class Paths:
    """All ways from a weight to the loss that lead through one row of the batch.

    Attributes
    ----------
    paths
        The largest, by the size of their product.
    count
        How many there are; counted by adding up along the edges, not by walking.
    total
        Sum of the products of all of them, by the same way of counting.
    backward
        What the backward pass says of this row: upstream times local, summed over the entries
        of the row that the weight reaches directly.
    gradient
        The weight's gradient, of all rows.
    numbers
        How many numbers lie on the paths.
    entry, row
        Of the weight, and of the batch.
    """

    paths: tuple[Path, ...]
    count: int
    total: float
    backward: float
    gradient: float
    numbers: int
    entry: tuple[int, ...]
    row: int


def paths(
    parameter: int,
    entry: tuple[int, ...] | None,
    row: int | None,
    seconds: float,
    session: Session,
) -> Paths:
    """Find the paths from one number of a parameter to the loss.

    Parameters
    ----------
    parameter, entry
        The number; without an entry, the one with the largest gradient.
    row
        Row of the batch, from 0: all rows would give as many copies of each path. Without one,
        the row by which most of the gradient comes.
    seconds
        Give up after this long.
    session
        The run; it is left as it is.

    Raises
    ------
    StudioError
        There is no such number or row, no gradient, or too much to follow in this time.

    Notes
    -----
    Each edge is one number moved through one instruction, in float64. Count and sum come from
    the edges by dynamic programming: the sum over all paths from a number is the sum over its
    edges of slope times the sum from there. That is the recursion of backpropagation.
    """
    machine = session.precise()
    program = machine.program
    assert program.loss is not None
    if parameter not in program.gradients:
        raise StudioError("edit-not-computed")
    with np.errstate(all="ignore"):
        machine.run(0, program.start_of(Phase.UPDATE))
        gradients = {
            value: np.array(machine.array(own)) for value, own in program.gradients.items()
        }
        slopes = gradients[parameter]
        if entry is None:
            entry = tuple(int(i) for i in np.unravel_index(np.abs(slopes).argmax(), slopes.shape))
        inside = len(entry) == slopes.ndim and all(
            0 <= i < n for i, n in zip(entry, slopes.shape, strict=True)
        )
        if not inside:
            raise StudioError("edit-no-entry", entry=str(list(entry)))
        start, end = Spot(parameter, entry), Spot(program.loss, ())
        if row is None:
            row = _strongest_row(start, gradients, machine)
        if not 0 <= row < machine.batch:
            raise StudioError("no-such-row", row=row, rows=machine.batch)
        edges = _edges(start, end, row, machine, session, time.perf_counter() + seconds)
    order = sorted(edges, key=lambda s: program.producer.get(s.value, -1), reverse=True)
    counts: dict[Spot, int] = defaultdict(int, {end: 1})
    sums: dict[Spot, float] = defaultdict(float, {end: 1.0})
    most: dict[Spot, float] = defaultdict(float, {end: 1.0})
    for spot in order:
        for there, slope in edges[spot]:
            counts[spot] += counts[there]
            sums[spot] += slope * sums[there]
            most[spot] = max(most[spot], abs(slope) * most[there])
    backward = sum(
        float(gradients[there.value][there.entry]) * slope for there, slope in edges[start]
    )
    return Paths(
        _largest(start, end, edges, most),
        counts[start],
        sums[start],
        backward,
        float(slopes[entry]),
        len(edges),
        entry,
        row,
    )


def _strongest_row(start: Spot, gradients: Mapping[int, Array], machine: Machine) -> int:
    """The row of the batch by which a weight's gradient comes most; 0 where there are no rows."""
    parts: dict[int, float] = defaultdict(float)
    for made, entry, slope in reached(machine, start):
        if machine.program.values[made].shape[:1] == (BATCH,):
            parts[entry[0]] += abs(float(gradients[made][entry]) * slope)
    return max(parts, key=lambda row: parts[row], default=0)


Edges = dict[Spot, list[tuple[Spot, float]]]


def _edges(
    start: Spot, end: Spot, row: int, machine: Machine, session: Session, deadline: float
) -> Edges:
    """What each number reaches directly, from the start on."""
    values = machine.program.values
    edges: Edges = {}
    waiting = [start]
    while waiting:
        spot = waiting.pop()
        if spot in edges or spot == end:
            continue
        session.give_way()
        if time.perf_counter() > deadline:
            raise StudioError("paths-too-many", numbers=len(edges))
        found = []
        for made, entry, slope in reached(machine, spot):
            # From the weight, which all rows share, into one of them.
            own = values[made].shape[:1] == (BATCH,)
            if spot == start and own and entry[0] != row:
                continue
            found.append((Spot(made, entry), slope))
        edges[spot] = found
        waiting += [there for there, _ in found]
    return edges


def _largest(start: Spot, end: Spot, edges: Edges, most: dict[Spot, float]) -> tuple[Path, ...]:
    """The paths with the largest products, by best-first search.

    The largest product from a number on is known, so no path that cannot be among the largest
    is followed (A*, with a bound that is exact).
    """
    ticket = count()
    heap = [(-most[start], next(ticket), (start,), (), 1.0)]
    found: list[Path] = []
    while heap and len(found) < LIMIT:
        _, _, spots, slopes, product = heappop(heap)
        last = spots[-1]
        if last == end:
            found.append(Path(spots, slopes, product))
            continue
        for there, slope in edges[last]:
            bound = abs(product * slope) * most[there]
            if bound > 0.0:
                step = (-bound, next(ticket), (*spots, there), (*slopes, slope), product * slope)
                heappush(heap, step)  # type: ignore[misc]
    return tuple(found)
