"""The gradient doctor: what is wrong with a run, where, and since when."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

import numpy as np

from backprop_studio.autograd import Array
from backprop_studio.insight.depth import EXPLODED, VANISHED
from backprop_studio.insight.history import SLICE, History, Quantity, Sample
from backprop_studio.insight.vitals import Vitals, examine, shares_of_signal
from backprop_studio.training import Session

RECENT = 5
"""Moments that a finding about gradients has to hold for, in most of them."""

DEEP = 3
"""Layers with weights from which on a signal that fades is a matter of depth."""

DEAD = 0.5
"""Share of a layer's ReLUs that never answer, from which on it is told."""

SATURATED = 0.7
"""Share of a layer's outputs on the flat ends of their sigmoid or tanh."""

TOO_FAST = 0.1
"""Update over weight above which a step replaces what was learned; 1e-3 is usual."""

TOO_SLOW = 1e-6
"""Update over weight below which nothing is learned, if nothing was learned before."""

AT_CHANCE = 0.985
"""Share of the loss of chance above which nothing has been learned."""

GROWN = 1.6
"""Growth of the held-out loss from its best, from which on it is overfitting."""

NOTICED = 0.05
"""That growth as a share of the first held-out loss, below which it is of no account: where all is
learned, the loss of a few rows doubles easily, and stays next to nothing."""

GAP = 0.5
"""Training loss over held-out loss below which the training rows are learned by heart."""


class Rule(StrEnum):
    """What can be wrong; the key of its words."""

    NON_FINITE = "non-finite"
    RATE_HIGH = "rate-high"
    EXPLODING = "exploding"
    VANISHING = "vanishing"
    DEAD_RELU = "dead-relu"
    SATURATED = "saturated"
    SYMMETRIC = "symmetric"
    UPDATE_LARGE = "update-large"
    UPDATE_SMALL = "update-small"
    CHANCE = "chance"
    OVERFIT = "overfit"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Attributes
    ----------
    rule
        What is wrong.
    node
        Where: a node's id or the name that its weights are kept under; None for all of the run.
    since
        The iteration from which on it was seen, as far as the record is looked at; None where
        that is not known.
    numbers
        What was measured, for the words.
    """

    rule: Rule
    node: str | None
    since: int | None
    numbers: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """What a doctor says.

    Attributes
    ----------
    findings
        The gravest first.
    iterations
        How many finished ones were looked back at.
    rows, all_rows
        Training rows that all units were looked at with, and how many there are.
    missing
        Moments of the past that are not looked at yet.
    """

    findings: tuple[Finding, ...]
    iterations: int
    rows: int
    all_rows: int
    missing: int


def consult(history: History, session: Session) -> Report:
    """Look at a run, and say what is wrong with it.

    Parameters
    ----------
    history
        Remembers what was seen of the past.
    session
        The run; it is left as it is.
    """
    past = history.look(SLICE, session)
    samples = tuple(s for s in past.samples if s.epochs <= session.epochs)
    vitals = examine(session, samples)
    rows = max((u.rows for u in vitals.units), default=0)
    whole = max((u.all_rows for u in vitals.units), default=0)
    return Report(diagnose(vitals), vitals.iterations, rows, whole, past.missing)


def diagnose(vitals: Vitals) -> tuple[Finding, ...]:
    """Apply every rule."""
    with np.errstate(all="ignore"):
        return tuple(finding for rule in RULES for finding in rule(vitals))


# The rules. Their limits leave the presets and the examples alone, over many seeds.


def non_finite(v: Vitals) -> Iterator[Finding]:
    """A result that is no finite number has stopped the run."""
    if v.failure is not None and v.failure.code == "non-finite":
        params = v.failure.params
        since = int(str(params["iteration"])) - 1
        numbers = {"op": str(params["op"]), "what": str(params["what"])}
        yield Finding(Rule.NON_FINITE, v.failure.node, since, numbers)


def rate_high(v: Vitals) -> Iterator[Finding]:
    """The loss grows instead of falling, or did before it was no number any more."""
    losses = v.losses[:, 1]
    if len(losses) < 2:
        return
    width = min(max(len(losses) // 5, 1), 50)
    if len(losses) < 10 and v.failure is None:
        return
    # A first batch may be lucky; the held-out rows are many.
    start = max(float(losses[0]), float(v.tests[0, 1]) if len(v.tests) else 0.0)
    now = float(losses[-width:].mean())
    best = float(_smooth(losses, width).min())
    peak = float(_smooth(losses, min(3, len(losses))).max())
    grown = now > 1.5 * start and now > 2 * best
    # Or it leapt up, and what was learned before is lost.
    thrown = peak > 2 * start and now > 0.85 * start
    if grown or thrown:
        above = np.flatnonzero(losses > 1.5 * start)
        first = v.iteration_at(float(v.losses[0, 0])) - 1
        numbers = {"start": start, "peak": max(peak, now), "now": now}
        yield Finding(Rule.RATE_HIGH, None, first + int(above[0]), numbers)


def exploding(v: Vitals) -> Iterator[Finding]:
    """The error signal grows from layer to layer on its way back."""
    yield from _trend(v, Rule.EXPLODING, lambda share: share > EXPLODED, max)


def vanishing(v: Vitals) -> Iterator[Finding]:
    """Next to nothing of the error signal reaches the first layers."""
    if len({key[0] for key in v.matrices}) < DEEP:
        return
    yield from _trend(v, Rule.VANISHING, lambda share: share < VANISHED, min)


def dead_relu(v: Vitals) -> Iterator[Finding]:
    """Units that answer to no training row get no gradient, and stay as they are."""
    for units in v.units:
        if units.kind == "relu" and units.dead > DEAD * units.count and units.dead > 1:
            numbers = {
                "dead": units.dead, "count": units.count, "share": units.dead / units.count,
                "rows": units.rows,
            }  # fmt: skip
            since = _since(v, partial(_silent, units.node))
            yield Finding(Rule.DEAD_RELU, units.node, since, numbers)


def saturated(v: Vitals) -> Iterator[Finding]:
    """Outputs on the flat ends of a sigmoid or tanh let hardly any gradient through."""
    for units in v.units:
        if units.kind != "relu" and units.flat > SATURATED:
            numbers = {"share": units.flat, "rows": units.rows}
            yield Finding(Rule.SATURATED, units.node, None, numbers)


def symmetric(v: Vitals) -> Iterator[Finding]:
    """Units with the same weights and the same gradients stay the same for ever."""
    for twins in v.twins:
        if twins.same >= 2:
            numbers = {"same": twins.same, "count": twins.count}
            yield Finding(Rule.SYMMETRIC, twins.parameter[0], None, numbers)


def update_size(v: Vitals) -> Iterator[Finding]:
    """Updates that are far from a thousandth of the weights replace them, or do nothing."""
    recent = v.samples[-RECENT:]
    if len(recent) < RECENT or v.iterations < 30:
        return
    losses = v.losses[:, 1]
    learned = float(losses[-10:].mean()) < 0.9 * float(losses[:5].mean())
    for key in v.matrices:
        ratio = float(np.median([_ratio(s, key) for s in recent]))
        if ratio > TOO_FAST:
            since = _since(v, partial(_outside, key, 0.0, TOO_FAST))
            yield Finding(Rule.UPDATE_LARGE, key[0], since, {"ratio": ratio})
        elif ratio < TOO_SLOW and not learned:
            since = _since(v, partial(_outside, key, TOO_SLOW, math.inf))
            yield Finding(Rule.UPDATE_SMALL, key[0], since, {"ratio": ratio})


def at_chance(v: Vitals) -> Iterator[Finding]:
    """The network is no better than one that ignores its input."""
    if v.chance is None or v.iterations < max(2 * v.batches, 100):
        return
    losses = v.losses[:, 1]
    now = float(losses[-max(v.batches, 30) :].mean())
    # What is far above chance has not been learned either, but is on its way, or ill otherwise.
    if AT_CHANCE * v.chance <= now <= 1.2 * v.chance:
        yield Finding(Rule.CHANCE, None, 0, {"loss": now, "chance": v.chance})


def overfitting(v: Vitals) -> Iterator[Finding]:
    """The held-out loss grows while the training loss goes on falling."""
    if len(v.tests) < 6 or not v.iterations:
        return
    epochs, held_out = v.tests[:, 0], v.tests[:, 1]
    best = int(np.argmin(held_out))
    now = float(held_out[-3:].mean())
    training = float(v.losses[-v.batches :, 1].mean())
    lost = now - float(held_out[best])
    grown = now > GROWN * float(held_out[best]) and len(held_out) - best > 3
    grown &= lost > NOTICED * float(held_out[0])
    if grown and training < GAP * now:
        numbers = {"best": float(held_out[best]), "now": now, "training": training}
        since = v.iteration_at(float(epochs[best]))
        yield Finding(Rule.OVERFIT, None, since, numbers)


RULES: tuple[Callable[[Vitals], Iterator[Finding]], ...] = (
    non_finite, rate_high, symmetric, exploding, vanishing, dead_relu, saturated, update_size,
    at_chance, overfitting,
)  # fmt: skip
"""All of them, the gravest first."""


def _trend(
    v: Vitals,
    rule: Rule,
    bad: Callable[[float], bool],
    worst: Callable[..., float],
) -> Iterator[Finding]:
    recent = [shares_of_signal(s, v.way) for s in v.samples[-RECENT:]]
    recent = [shares for shares in recent if shares]
    if not recent:
        return
    marked = [any(map(bad, shares.values())) for shares in recent]
    if not marked[-1] or sum(marked) <= len(marked) / 2:
        return
    shares = recent[-1]
    share = worst(shares.values())
    # The one nearest to the loss is where it begins.
    node = next(n for n in reversed(list(shares)) if bad(shares[n]))
    since = _since(v, lambda s: any(map(bad, shares_of_signal(s, v.way).values())))
    yield Finding(rule, node, since, {"share": share})


def _since(v: Vitals, holds: Callable[[Sample], bool]) -> int | None:
    """The first of the last moments in a row at which something holds."""
    since = None
    for sample in reversed(v.samples):
        if not holds(sample):
            break
        since = sample.iteration
    return since


def _silent(node: str, sample: Sample) -> bool:
    """Whether most of what a node hands on is zero."""
    counts = sample.counts.get((Quantity.ACTIVATION, (node,)))
    return counts is not None and float(counts[len(counts) // 2]) > DEAD * float(counts.sum())


def _ratio(sample: Sample, key: tuple[str, ...]) -> float:
    update = sample.sizes.get((Quantity.UPDATE, key), math.nan)
    weight = sample.sizes.get((Quantity.WEIGHT, key), math.nan)
    return update / weight if weight else math.inf


def _outside(key: tuple[str, ...], low: float, high: float, sample: Sample) -> bool:
    return not low <= _ratio(sample, key) <= high


def _smooth(values: Array, width: int) -> Array:
    """Means over so many in a row."""
    sums = np.cumsum(np.concatenate([[0.0], values]))
    means: Array = (sums[width:] - sums[:-width]) / width
    return means
