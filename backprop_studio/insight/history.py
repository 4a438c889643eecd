"""How sizes and distributions went since the start: asked of the journal, moment by moment."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from weakref import WeakKeyDictionary

import numpy as np

from backprop_studio.autograd import Array, Machine, Storage
from backprop_studio.insight.stations import norm, rms, stations
from backprop_studio.training import Session

MOMENTS = 128
"""About how many moments of a run are looked at: from half of it to all of it."""

SLICE = 0.05
"""Seconds that a question about the past may take, unless one moment alone takes longer."""

OCTAVES = (-24, 12)
"""Magnitudes from 2**-24 (6e-8) up to 2**12 are told apart, by factors of two."""

LEVELS = OCTAVES[1] - OCTAVES[0]
"""Bins of a histogram on each side of zero."""

BINS = 2 * LEVELS + 1
"""Bins of a histogram: negative ones from the largest magnitude on, zero, positive ones."""


class Quantity(StrEnum):
    """What is followed over time."""

    GRADIENT = "gradient"
    """Of a parameter."""
    WEIGHT = "weight"
    """The parameter itself, before the iteration's update."""
    UPDATE = "update"
    """What the iteration's update adds to a parameter."""
    ACTIVATION = "activation"
    """What a node hands on."""
    SIGNAL = "signal"
    """The gradient with respect to what a node hands on."""


Track = tuple[Quantity, tuple[str, ...]]
"""A quantity, and the key of the parameter or the id of the node that it belongs to."""


@dataclass(frozen=True, eq=False)
class Sample:
    """One iteration of a run.

    Attributes
    ----------
    iteration
        Its number, from 0.
    epochs
        Passes over the training rows when it begins.
    loss
        Of its batch.
    sizes
        Euclidean norms of parameters, their gradients and updates; root mean squares of what
        nodes hand on and of the error signals there.
    counts
        Histograms of all but the updates: int64 of shape (BINS,). See `histogram`.
    """

    iteration: int
    epochs: float
    loss: float
    sizes: Mapping[Track, float]
    counts: Mapping[Track, Array]


@dataclass(frozen=True, eq=False)
class Answer:
    """What is known of a run so far.

    Attributes
    ----------
    samples
        In the order of time, along the branches that lead to the present one.
    missing
        Moments that are still to be computed.
    first
        Passes over the training rows where the record begins.
    """

    samples: tuple[Sample, ...]
    missing: int
    first: float


@dataclass(eq=False)
class History:
    """Looks into the past of sessions, and remembers what it saw.

    Everything happens on a machine of its own: a keyframe is restored, what comes after it is
    replayed, and so the numbers have the bits that they had in the run. Sessions are left alone.
    Sessions that are gone are forgotten.
    """

    _seen: WeakKeyDictionary[Session, dict[int, Sample]] = field(default_factory=WeakKeyDictionary)

    def look(self, seconds: float, session: Session) -> Answer:
        """Compute as many of the missing moments as fit the time, one at least.

        Parameters
        ----------
        seconds
            Begin no further moment after this long.
        session
            The run. The branches that it came from are looked at too.
        """
        deadline = time.perf_counter() + seconds
        past = lineage(session)
        stride = 1
        while sum(stop - part.start for part, stop in past) > MOMENTS * stride:
            stride *= 2
        samples: list[Sample] = []
        missing, looked = 0, False
        for part, stop in past:
            seen = self._seen.setdefault(part, {})
            wanted = moments(part, stop, stride, seen)
            # The newest moment is another one each time. Those that were it are not wanted any
            # more, and would be thousands in an hour of training.
            for iteration in {i for i in seen if i < stop}.difference(wanted):
                del seen[iteration]
            replay = _Replay(part)
            # The newest first: that is where somebody looks.
            for iteration in dict.fromkeys((*wanted[-1:], *wanted)):
                if iteration in seen:
                    continue
                if looked and time.perf_counter() >= deadline:
                    missing += 1
                    continue
                session.give_way()
                seen[iteration] = replay.sample(iteration)
                looked = True
            samples += [seen[i] for i in wanted if i in seen]
        first, _ = past[0]
        return Answer(tuple(samples), missing, first.start / first.batches_per_epoch)


def lineage(session: Session) -> list[tuple[Session, int]]:
    """The sessions that lead to this one, the oldest first, each with the iteration it is left at.

    The last is `session` itself, up to the last iteration that it has finished.
    """
    parts = [(session, session.live.iteration)]
    while (before := parts[0][0].before) is not None:
        child = parts[0][0]
        # A branch with another batch size counts its iterations differently.
        left = round(child.start / child.batches_per_epoch * before.batches_per_epoch)
        parts.insert(0, (before, min(left, before.live.iteration)))
    return [part for part in parts if part[1] > part[0].start] or parts[-1:]


def moments(session: Session, stop: int, stride: int, seen: Iterable[int] = ()) -> list[int]:
    """Which iterations to look at: the first cheap one of every `stride`, and the last.

    Where `stride` is less than a journal's interval, any iteration is cheap; beyond, those that
    have a keyframe, or have been looked at, are, and of a slow session no others. When `stride`
    doubles, those that are taken were taken before.
    """
    if stop <= session.start:
        return []
    if stride < session.journal.interval and not session.slow:
        cheap: Iterable[int] = range(-(-session.start // stride) * stride, stop, stride)
        cheap = (session.start, *cheap)
    else:
        cheap = sorted({*session.journal.iterations, *seen})
    first: dict[int, int] = {}
    for iteration in cheap:
        if session.start <= iteration < stop:
            first.setdefault(iteration // stride, iteration)
    known = [i for i in (*session.journal.iterations, *seen) if i < stop]
    last = max(known, default=stop - 1) if session.slow else stop - 1
    return sorted({*first.values(), last})


def histogram(array: Array) -> Array:
    """How many entries there are of each sign and size.

    Bin ``LEVELS`` counts what is smaller than 2**OCTAVES[0]; ``LEVELS + k`` counts positive
    entries from 2**(OCTAVES[0] + k - 1) up to twice that, ``LEVELS - k`` negative ones. The
    outermost bins count all that is larger. What is not finite is left out.

    Returns
    -------
    Array of shape (BINS,), int64
    """
    flat = array.reshape(-1)
    finite = np.isfinite(flat)
    if not finite.all():
        flat = flat[finite]
    mantissa, exponent = np.frexp(flat)
    # |x| = |mantissa| · 2**exponent with |mantissa| from 1/2 up to 1, or zero.
    level = np.clip(exponent - OCTAVES[0], 0, LEVELS)
    bins = LEVELS + np.sign(mantissa).astype(np.int64) * level
    counted: Array = np.bincount(bins, minlength=BINS)
    return counted


class _Replay:
    """A machine of its own that goes through recorded iterations."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._storage: Storage | None = None
        self._machines: dict[int, Machine] = {}
        self._standing: int | None = None

    def sample(self, iteration: int) -> Sample:
        session = self._session
        if self._storage is None:
            self._storage = Storage(session.program, session.storage.dtype.type)
        machine = session.replay(iteration, self._storage, self._machines, self._standing)
        before = {v.id: machine.array(v.id).copy() for v in session.program.parameters}
        session.execute(machine, iteration, 0, len(session.program.instructions))
        self._standing = iteration + 1
        return measure(session, machine, before, iteration)


def measure(
    session: Session, machine: Machine, before: Mapping[int, Array], iteration: int
) -> Sample:
    """Look at a machine that has executed an iteration of a session.

    Parameters
    ----------
    session
        Whose iteration it is.
    machine
        Where all values of the iteration stand.
    before
        Copies of all parameters, by id, as they were at its start.
    iteration
        Its number.
    """
    program = session.program
    sizes: dict[Track, float] = {}
    counts: dict[Track, Array] = {}

    def take(track: Track, array: Array, size: float) -> None:
        sizes[track] = size
        counts[track] = histogram(array)

    with np.errstate(all="ignore"):
        for value in program.parameters:
            old = before[value.id]
            take((Quantity.WEIGHT, value.key), old, norm(old))
            if value.id in program.gradients:
                gradient = machine.array(program.gradients[value.id])
                take((Quantity.GRADIENT, value.key), gradient, norm(gradient))
                sizes[Quantity.UPDATE, value.key] = norm(machine.array(value.id) - old)
        for station in stations(program):
            array = machine.array(station.value)
            if array.dtype.kind != "f":
                continue
            take((Quantity.ACTIVATION, (station.node,)), array, rms(array))
            if station.signal is not None:
                signal = machine.array(station.signal)
                take((Quantity.SIGNAL, (station.node,)), signal, rms(signal))
    epochs = iteration / session.batches_per_epoch
    return Sample(iteration, epochs, machine.loss(), sizes, counts)
