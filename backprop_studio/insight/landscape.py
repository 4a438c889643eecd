"""The loss around the weights: slices through their space, and the way that training took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from backprop_studio.autograd import Array, Machine, Program, Storage, resolve
from backprop_studio.errors import StudioError
from backprop_studio.insight.history import lineage
from backprop_studio.training import Session

SLICE = 0.05
"""Seconds that a question may compute, unless one point alone takes longer."""

ROWS = 256
"""Training rows that the loss is taken over, at most: every so many of them."""

STEPS = 100
"""Moments of the way that are drawn, at most."""

PIECE = 2**13
"""Numbers of every moment of the way that are worked with at once: a few megabytes for all."""

_PARAMETERS = "parameters"


class Kind(StrEnum):
    """Along which directions the weights are moved."""

    RANDOM = "random"
    """Two random ones, each unit's part as long as its weights: Li et al. 2018, section 4."""
    PATH = "path"
    """The two along which the way of the training varies most: its principal components."""
    PAIR = "pair"
    """Two single numbers."""


@dataclass(frozen=True)
class Slice:
    """What is wanted.

    Attributes
    ----------
    kind
        Which directions.
    points
        Along each side.
    flat
        Whether only the first direction is gone along.
    seed
        Of random directions.
    pair
        For two single numbers: id of the parameter and flat index of the entry, of both.
    reach
        How far, in units of the direction; of the path it is taken from where it lies.
    """

    kind: Kind
    points: int = 25
    flat: bool = False
    seed: int = 1
    pair: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 1))
    reach: float = 1.0


@dataclass(frozen=True, eq=False)
class Landscape:
    """What is known of a slice so far.

    Attributes
    ----------
    xs, ys
        Places along both directions, 0 being where the weights are; `ys` is one 0 if it is flat.
    losses
        Array of shape (ys, xs): mean loss of the data; NaN where it is not computed yet.
    path
        Array of shape (moments, 2): where training was, as seen in the slice; the last is now.
    explained
        Share of the path's variance along each direction; None but for the path.
    done
        Share of the points that are computed, 0 to 1.
    rows
        How many training rows the loss is taken over.
    """

    xs: Array
    ys: Array
    losses: Array
    path: Array
    explained: tuple[float, float] | None
    done: float
    rows: int


@dataclass(frozen=True, eq=False)
class Way:
    """Moments of a training, as seen from one of them.

    They may be many times as large as the network: they stay as they are kept, and are looked at
    in pieces.

    Attributes
    ----------
    moments
        Arrays of shape (numbers,), of any precision.
    centre
        Where it is seen from: float64 array of shape (numbers,).
    """

    moments: tuple[Array, ...]
    centre: Array

    def pieces(self) -> Iterator[tuple[slice, Array]]:
        """Which numbers, and how far all moments are from the centre in them.

        Yields
        ------
        slice
            Of the numbers.
        Array of shape (moments, numbers of the piece), float64
        """
        for start in range(0, len(self.centre), PIECE):
            part = slice(start, start + PIECE)
            piece = np.array([moment[part] for moment in self.moments], np.float64)
            yield part, piece - self.centre[part]


@dataclass(eq=False)
class Survey:
    """Computes one slice, bit by bit, around the weights as they were when it began.

    Everything happens on copies; the session is left alone, and may go on.
    """

    wanted: Slice
    _begun: bool = field(default=False, init=False)

    def go_on(self, seconds: float, session: Session) -> Landscape:
        """Compute for about this long, one point at least.

        Raises
        ------
        StudioError
            A parameter has no such entry.
        """
        if not self._begun:
            self._begin(session)
            self._begun = True
        deadline = time.perf_counter() + seconds
        arena = self._storage.arena(_PARAMETERS)
        flat = self._losses.reshape(-1)
        with np.errstate(all="ignore"):
            while self._next < flat.size:
                row, column = divmod(self._next, len(self._xs))
                arena[:] = (
                    self._centre + self._xs[column] * self._first + self._ys[row] * self._second
                )
                self._machine.run()
                flat[self._next] = sum(
                    head.weight * float(self._machine.array(head.loss))
                    for head in session.lowered.heads
                )
                self._next += 1
                if time.perf_counter() >= deadline:
                    break
        losses = self._losses.copy()
        losses.flags.writeable = False
        done = self._next / flat.size
        return Landscape(self._xs, self._ys, losses, self._path, self._explained, done, self._rows)

    def _begin(self, session: Session) -> None:
        program, wanted = session.program, self.wanted
        self._storage = Storage(program, session.storage.dtype.type)
        self._storage.restore(session.storage.save())
        self._centre = session.storage.arena(_PARAMETERS).astype(np.float64)
        way = Way(_moments(session), self._centre)
        self._explained: tuple[float, float] | None = None
        if wanted.kind is Kind.RANDOM:
            rng = np.random.default_rng(wanted.seed)
            self._first, self._second = (
                random_direction(program, self._centre, rng) for _ in range(2)
            )
        elif wanted.kind is Kind.PATH:
            self._first, self._second, self._explained = principal(way)
        else:
            self._first, self._second = (
                _single(program, len(self._centre), *number) for number in wanted.pair
            )
        self._path = project(way, self._first, self._second)
        reach = wanted.reach, wanted.reach
        low, high = -np.array(reach), np.array(reach)
        if wanted.kind is Kind.PATH:
            low, high = self._path.min(axis=0), self._path.max(axis=0)
            margin = 0.25 * max(float((high - low).max()), 1e-3)
            low, high = low - margin, high + margin
        self._xs = np.linspace(low[0], high[0], wanted.points)
        self._ys = np.zeros(1) if wanted.flat else np.linspace(low[1], high[1], wanted.points)
        self._losses = np.full((len(self._ys), len(self._xs)), np.nan)
        self._next = 0
        rows = session.training_rows
        rows = rows[:: -(-len(rows) // ROWS)]
        self._rows = len(rows)
        self._machine: Machine = session.used(rows, self._storage)


def random_direction(program: Program, centre: Array, rng: np.random.Generator) -> Array:
    """A random direction in which every unit's part is as long as the unit's weights.

    Biases and other vectors stay where they are, as in the paper: Li et al. 2018, "Visualizing
    the Loss Landscape of Neural Nets", section 4.

    Returns
    -------
    Array of shape (parameters,), float64
    """
    direction, start = np.zeros_like(centre), 0
    for value in program.parameters:
        shape = resolve(value.shape, {})
        size = int(np.prod(shape))
        if len(shape) > 1:
            # Units are the columns of a matrix, and the first axis of kernels.
            axes = (0,) if len(shape) == 2 else tuple(range(1, len(shape)))
            weights = centre[start : start + size].reshape(shape)
            drawn = rng.standard_normal(shape)
            lengths = np.sqrt(np.sum(drawn**2, axis=axes, keepdims=True))
            wanted = np.sqrt(np.sum(weights**2, axis=axes, keepdims=True))
            direction[start : start + size] = (drawn * wanted / lengths).reshape(-1)
        start += size
    return direction


def principal(way: Way) -> tuple[Array, Array, tuple[float, float]]:
    """The two orthogonal unit directions along which moments vary most, and their shares of it.

    Returns
    -------
    first, second
        Arrays of shape (numbers,); zero where the moments do not vary.
    shares
        Of the variance, for both.

    Notes
    -----
    There are far fewer moments than numbers. So the directions are found among the combinations of
    moments, by the eigenvectors of their inner products ("method of snapshots", Sirovich 1987).
    """
    count = len(way.moments)
    products = np.zeros((count, count))
    for _, piece in way.pieces():
        piece -= piece.mean(axis=0)
        products += piece @ piece.T
    found = np.zeros((2, len(way.centre)))
    total = float(np.trace(products))
    if not total:
        return found[0], found[1], (0.0, 0.0)
    # The largest come last.
    variances, mixes = (each[..., :-3:-1] for each in np.linalg.eigh(products))
    # Their signs mean nothing: the way leads to the right and upwards.
    mixes = mixes * np.where(mixes[-1] < mixes[0], -1.0, 1.0)
    for part, piece in way.pieces():
        found[: len(variances), part] = mixes.T @ (piece - piece.mean(axis=0))
    for k, direction in enumerate(found):
        # Where the moments lie on a line, what is left for the second is rounding.
        direction -= (direction @ found[0]) * found[0] if k else 0.0
        direction /= np.linalg.norm(direction) or 1.0
    shares = np.zeros(2)
    shares[: len(variances)] = np.maximum(variances, 0.0) / total
    return found[0], found[1], (float(shares[0]), float(shares[1]))


def project(way: Way, first: Array, second: Array) -> Array:
    """The nearest places to moments in the plane of two directions: Array of shape (moments, 2)."""
    plane = np.stack([first, second], axis=1)
    seen = np.zeros((len(way.moments), 2))
    for part, piece in way.pieces():
        seen += piece @ plane[part]
    solved: Array = np.linalg.lstsq(plane.T @ plane, seen.T, rcond=None)[0].T
    return solved


def contours(xs: Array, ys: Array, table: Array, level: float) -> Array:
    """Straight pieces along which a table has a level, by marching squares.

    Parameters
    ----------
    xs, ys
        Places of the columns and rows.
    table
        Array of shape (ys, xs). Squares with a corner that is not finite have no pieces.
    level
        Of the line.

    Returns
    -------
    Array of shape (pieces, 2, 2)
        Both ends of each, as (x, y).
    """
    pieces: list[tuple[tuple[float, float], tuple[float, float]]] = []
    above = table > level
    crossed = (above[:-1, :-1] != above[1:, 1:]) | (above[:-1, 1:] != above[1:, :-1])
    for row, column in np.argwhere(crossed):
        corners = ((row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column))
        if not all(np.isfinite(table[c]) for c in corners):
            continue
        cuts = []
        for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
            if above[a] == above[b]:
                continue
            share = (level - table[a]) / (table[b] - table[a])
            cuts.append(
                (
                    float(xs[a[1]] + share * (xs[b[1]] - xs[a[1]])),
                    float(ys[a[0]] + share * (ys[b[0]] - ys[a[0]])),
                )
            )
        pieces += [(cuts[i], cuts[i + 1]) for i in range(0, len(cuts) - 1, 2)]
    return np.array(pieces).reshape(-1, 2, 2)


def _moments(session: Session) -> tuple[Array, ...]:
    """The parameters at recorded moments up to now, each of shape (numbers,), as they are kept."""
    now = session.storage.arena(_PARAMETERS)
    kept = []
    for part, stop in lineage(session):
        stop = min(stop, session.completed) if part is session else stop
        for iteration in part.journal.iterations:
            if iteration <= stop:
                _, saved = part.journal.before(iteration)
                if saved.arenas[_PARAMETERS].size == now.size:
                    kept.append(saved.arenas[_PARAMETERS])
    chosen = kept[:: max(-(-len(kept) // STEPS), 1)]
    return *chosen, now


def _single(program: Program, numbers: int, parameter: int, entry: int) -> Array:
    """The direction in which one number grows by one."""
    direction, start = np.zeros(numbers), 0
    for value in program.parameters:
        size = int(np.prod(resolve(value.shape, {})))
        if value.id == parameter and 0 <= entry < size:
            direction[start + entry] = 1.0
            return direction
        start += size
    raise StudioError("edit-no-entry", entry=f"[{entry}]")
