"""How large the error signal is at each depth, from the loss back to the input."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from backprop_studio.autograd import Phase, Role
from backprop_studio.insight.stations import Station, norm, rms, stations
from backprop_studio.training import Session

VANISHED = 1e-2
"""Share of the loss's error signal below which little is left to learn from."""

EXPLODED = 1e2
"""Multiple of the loss's error signal above which an update overshoots."""


class Trend(StrEnum):
    """What becomes of the error signal on its way back."""

    STEADY = "steady"
    VANISHING = "vanishing"
    EXPLODING = "exploding"
    BROKEN = "broken"
    """It is not finite somewhere."""


@dataclass(frozen=True)
class Stop:
    """One layer on the way.

    Attributes
    ----------
    node
        Its id.
    signal
        Root mean square of the gradient with respect to what it hands on; None while it is not
        computed, or where none is.
    share
        `signal` as a multiple of that nearest to the loss.
    gradient
        Root mean square of the gradients of its parameters; None where it has none, or they are
        not computed yet.
    activation
        Root mean square of what it hands on; None while it is not computed.
    """

    node: str
    signal: float | None
    share: float | None
    gradient: float | None
    activation: float | None


@dataclass(frozen=True)
class Profile:
    """The error signal over the depth of a network.

    Attributes
    ----------
    stops
        From the loss to the input.
    ratio
        The smallest or largest share, whichever is further from 1: how much is left, or how much
        has become of it. None before two layers are computed.
    per_layer
        The factor by which a layer changes it, in the geometric mean from the loss to there.
    trend
        What that means.
    whole
        Whether the backward pass of this batch is done.
    """

    stops: tuple[Stop, ...]
    ratio: float | None
    per_layer: float | None
    trend: Trend
    whole: bool


def profile(session: Session) -> Profile:
    """How large the error signal is at each layer, as far as it is computed at this moment.

    Only arrays that are there are measured; nothing is run.
    """
    program, machine, done = session.program, session.machine, session.cursor.index

    def size(value: int | None) -> float | None:
        if value is None or program.producer.get(value, done) >= done:
            return None
        array = machine.array(value)
        return rms(array) if array.dtype.kind == "f" else None

    learned: dict[str, dict[int, None]] = {}
    for instr in program.instructions[: program.start_of(Phase.BACKWARD)]:
        for given in instr.inputs:
            if program.values[given].role is Role.PARAMETER and given in program.gradients:
                # By who reads it: its own name may be that of another node, which shares it.
                learned.setdefault(instr.node, {})[program.gradients[given]] = None

    def slope(node: str) -> float | None:
        found = [g for g in learned.get(node, ()) if program.producer.get(g, done) < done]
        if not found:
            return None
        count = sum(machine.array(g).size for g in found)
        return math.hypot(*(norm(machine.array(g)) for g in found)) / math.sqrt(count)

    with np.errstate(all="ignore"):
        way = list(reversed(stations(program)))
        signals = [size(station.signal) for station in way]
        first = next((s for s in signals if s is not None), None)
        stops = tuple(_stop(st, s, first, slope(st.node), size(st.value))
                      for st, s in zip(way, signals, strict=True))  # fmt: skip
    return _judge(stops, whole=done >= program.start_of(Phase.UPDATE))


def _stop(
    station: Station, signal: float | None, first: float | None, slope: float | None,
    activation: float | None,
) -> Stop:  # fmt: skip
    share = signal / first if signal is not None and first else None
    return Stop(station.node, signal, share, slope, activation)


def _judge(stops: tuple[Stop, ...], *, whole: bool) -> Profile:
    known = [(place, s.share) for place, s in enumerate(stops) if s.share is not None]
    if any(s.signal is not None and not math.isfinite(s.signal) for s in stops):
        return Profile(stops, None, None, Trend.BROKEN, whole)
    if len(known) < 2:
        return Profile(stops, None, None, Trend.STEADY, whole)
    start = known[0][0]
    place, ratio = max(known[1:], key=lambda k: abs(math.log10(max(k[1], 1e-300))))
    per_layer = ratio ** (1 / (place - start))
    trend = Trend.STEADY
    if ratio < VANISHED:
        trend = Trend.VANISHING
    elif ratio > EXPLODED:
        trend = Trend.EXPLODING
    return Profile(stops, ratio, per_layer, trend, whole)
