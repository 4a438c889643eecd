"""Why backpropagation is efficient: the same gradient by four methods, timed and counted."""

from __future__ import annotations

import itertools
import math
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np

from backprop_studio.autograd import (
    BATCH,
    KEPT,
    Array,
    Builder,
    Machine,
    Phase,
    Program,
    Role,
    differentiate,
    resolve,
)
from backprop_studio.autograd.ops.activation import Tanh
from backprop_studio.autograd.ops.affine import Affine
from backprop_studio.autograd.ops.loss import SoftmaxCrossEntropy
from backprop_studio.errors import StudioError
from backprop_studio.insight.cost import multiply_adds
from backprop_studio.insight.paths import paths
from backprop_studio.training import Session

_STEP = 1e-6
_REPEATS = 9
_SAMPLED_PATHS = 8


class Method(StrEnum):
    """How a gradient may be computed."""

    BACKWARD = "backward"
    DIFFERENCES = "differences"
    FORWARD_MODE = "forward mode"
    PATHS = "paths"


@dataclass(frozen=True)
class Run:
    """One method on the current batch, for the gradient of all parameters.

    Attributes
    ----------
    method
        Which.
    passes
        Passes over the network, or paths.
    operations
        Multiply-adds of all passes.
    seconds
        For all passes; None where it was counted and not run.
    sampled
        Derivatives that were really computed, of `derivatives`; the time of the others is taken
        to be the same.
    derivatives
        How many there are to compute.
    digits
        Decimal digits in which the sampled ones agree with backward, 0 to 15; None if not run.
    """

    method: Method
    passes: float
    operations: float
    seconds: float | None
    sampled: int
    derivatives: int
    digits: float | None


def race(seconds: float, session: Session) -> tuple[Run, ...]:
    """Compute the gradient of the current batch by every method, in float64, on copies.

    Parameters
    ----------
    seconds
        About how long each slow method may sample; it does two derivatives at least.
    session
        The run; it is left as it is.

    Returns
    -------
    tuple of Run
        Backward first. Without the walk over paths where they cannot be counted in that time.

    Notes
    -----
    Forward mode carries one tangent through the network for each derivative (Griewank and
    Walther, *Evaluating Derivatives*, 2008, section 3.1). Here each op's tangent is measured by
    moving its inputs along it both ways, which takes as many products as dual numbers would.
    """
    machine = session.precise()
    program = machine.program
    start, back = program.start_of(Phase.FORWARD), program.start_of(Phase.BACKWARD)
    update = program.start_of(Phase.UPDATE)
    trained = [v for v in program.parameters if v.id in program.gradients]
    if not trained:
        return ()
    forward_cost, backward_cost = costs(program, machine.batch)
    with np.errstate(all="ignore"):
        machine.run(0, update)
        times = []
        for _ in range(_REPEATS):
            began = time.perf_counter()
            machine.run(start, update)
            times.append(time.perf_counter() - began)
        slopes = {v.id: np.array(machine.array(program.gradients[v.id])) for v in trained}
        total = sum(s.size for s in slopes.values())
        backward = Run(
            Method.BACKWARD,
            2,
            forward_cost + backward_cost,
            statistics.median(times),
            total,
            total,
            None,
        )
        rng = np.random.default_rng(0)
        order = _sample(slopes, rng, 4096)
        runs = [backward]
        for method, derivative, cost in (
            (Method.DIFFERENCES, _difference, 2 * forward_cost),
            (Method.FORWARD_MODE, _tangent, 2 * forward_cost),
        ):
            pairs, began = [], time.perf_counter()
            for count, (value, entry) in enumerate(order[:total]):
                if count >= 2 and time.perf_counter() - began > seconds:
                    break
                pairs.append((derivative(machine, value, entry, start, back), slopes[value][entry]))
            each = (time.perf_counter() - began) / len(pairs)
            # Of the scale of the whole gradient: a derivative near 0 has no digits of its own.
            scale = max(float(np.abs(s).max()) for s in slopes.values()) or 1.0
            gap = max(abs(a - b) for a, b in pairs) / scale
            runs.append(
                Run(
                    method,
                    2 * total if method is Method.DIFFERENCES else total,
                    cost * total,
                    each * total,
                    len(pairs),
                    total,
                    min(-math.log10(gap), 15.0) if gap else 15.0,
                )
            )
    walk = _walk(order, total, seconds, session)
    return (*runs, *((walk,) if walk is not None else ()))


def _sample(
    slopes: Mapping[int, Array], rng: np.random.Generator, count: int
) -> list[tuple[int, tuple[int, ...]]]:
    """Entries of parameters by chance, each parameter as often as the others."""
    chosen = []
    for value in rng.choice(np.array(list(slopes)), count):
        shape = slopes[int(value)].shape
        place = np.unravel_index(int(rng.integers(math.prod(shape))), shape)
        chosen.append((int(value), tuple(int(i) for i in place)))
    return chosen


def costs(program: Program, batch: int) -> tuple[int, int]:
    """Multiply-adds of the forward pass with the loss, and of the backward pass."""
    sums = {True: 0, False: 0}
    for instr in program.instructions:
        if Phase.FORWARD <= instr.phase <= Phase.BACKWARD:
            sums[instr.phase < Phase.BACKWARD] += multiply_adds(program, instr, batch)
    return sums[True], sums[False]


def _difference(
    machine: Machine, value: int, entry: tuple[int, ...], start: int, back: int
) -> float:
    """One derivative by two forward passes."""
    numbers = machine.writable(machine.program.values[value])
    kept = float(numbers[entry])
    step = _STEP * max(1.0, abs(kept))
    losses = []
    for moved in (kept + step, kept - step):
        numbers[entry] = moved
        machine.run(start, back)
        losses.append(machine.loss())
    numbers[entry] = kept
    machine.run(start, back)
    return (losses[0] - losses[1]) / (2 * step)


def _tangent(machine: Machine, value: int, entry: tuple[int, ...], start: int, back: int) -> float:
    """One derivative by one tangent, carried forward from op to op."""
    program = machine.program
    seed = np.zeros(machine.array(value).shape)
    seed[entry] = 1.0
    tangents: dict[int, Array] = {value: seed}
    for index in range(start, back):
        instr = program.instructions[index]
        moved = [i for i in dict.fromkeys(instr.inputs) if i in tangents]
        if not moved or instr.op.updates:
            continue
        kept = {i: np.array(machine.array(i)) for i in moved}
        sides = []
        for step in (_STEP, -_STEP):
            for i in moved:
                machine.writable(program.values[i])[...] = kept[i] + step * tangents[i]
            machine.run(index, index + 1)
            sides.append([np.array(machine.array(i)) for i in instr.outputs])
        for i in moved:
            machine.writable(program.values[i])[...] = kept[i]
        machine.run(index, index + 1)
        for made, high, low in zip(instr.outputs, *sides, strict=True):
            tangents[made] = (high - low) / (2 * _STEP)
    assert program.loss is not None
    return float(tangents.get(program.loss, np.zeros(())))


def _walk(
    order: Sequence[tuple[int, tuple[int, ...]]], total: int, seconds: float, session: Session
) -> Run | None:
    """What it would take to walk every path by itself; counted on a few weights."""
    counts, rows = [], len(session.rows)
    deadline = time.perf_counter() + seconds
    for place, (value, entry) in enumerate(order[:_SAMPLED_PATHS]):
        left = deadline - time.perf_counter()
        if left <= 0:
            break
        try:
            found = paths(value, entry, place % rows, left, session)
        except StudioError:
            break
        length = len(found.paths[0].slopes) if found.paths else 0
        counts.append((found.count, found.count * length))
    if not counts:
        return None
    number, products = (statistics.fmean(c[i] for c in counts) for i in (0, 1))
    scale = total * rows
    return Run(Method.PATHS, number * scale, products * scale, None, len(counts), total, None)


@dataclass(frozen=True)
class Growth:
    """What each method costs on networks of growing size.

    Attributes
    ----------
    sizes
        Number of parameters, or of layers.
    operations
        Multiply-adds for one gradient, by method, one for each size.
    """

    sizes: tuple[float, ...]
    operations: Mapping[Method, tuple[float, ...]]


@lru_cache(maxsize=8)
def growth(batch: int, features: int = 64, classes: int = 10) -> tuple[Growth, Growth]:
    """Costs of plain networks: with one hidden layer of growing width, and with more layers.

    Parameters
    ----------
    batch, features, classes
        Rows of the batch, inputs of the first layer, outputs of the last.

    Returns
    -------
    tuple of Growth
        Against the number of parameters, and against the number of layers.
    """
    wide = [_plain(batch, features, [width], classes) for width in (2, 8, 32, 128, 512)]
    deep = [_plain(batch, features, [16] * depth, classes) for depth in range(1, 9)]
    by_width = Growth(
        tuple(float(size) for size, _ in wide), {m: tuple(c[m] for _, c in wide) for m in Method}
    )
    by_depth = Growth(
        tuple(float(depth) for depth in range(2, 10)),
        {m: tuple(c[m] for _, c in deep) for m in Method},
    )
    return by_width, by_depth


def _plain(
    batch: int, features: int, hidden: Sequence[int], classes: int
) -> tuple[int, dict[Method, float]]:
    """Number of parameters of a chain of dense layers, and what each method costs on it."""
    b = Builder()
    widths = [features, *hidden, classes]
    h, weights = b.input("x", (BATCH, features)), []
    for place, (inside, outside) in enumerate(itertools.pairwise(widths)):
        weights.append(b.parameter(f"w{place}", (inside, outside)))
        weights.append(b.parameter(f"b{place}", (outside,)))
        h = b.apply(Affine(), h, *weights[-2:])
        if place < len(hidden):
            h = b.apply(Tanh(), h)
    targets = b.input("t", (BATCH, classes))
    with b.scope(node="", phase=Phase.LOSS):
        loss = b.apply_all(SoftmaxCrossEntropy(), h, targets)[0]
    differentiate(b, loss, weights)
    forward, backward = costs(b.build(loss), batch)
    count, walked = 0, 0.0
    for place, (inside, outside) in enumerate(itertools.pairwise(widths)):
        here = (inside + 1) * outside
        count += here
        ways = math.prod(widths[place + 2 :])
        # Two factors for each layer that is left, and one for each of this layer and the loss.
        walked += float(here) * batch * ways * 2 * (len(widths) - 1 - place)
    return count, {
        Method.BACKWARD: float(forward + backward),
        Method.DIFFERENCES: 2.0 * count * forward,
        Method.FORWARD_MODE: 2.0 * count * forward,
        Method.PATHS: walked,
    }


@dataclass(frozen=True)
class Reused:
    """A forward result that the backward pass reads.

    Attributes
    ----------
    value
        Its id.
    size
        Bytes that are kept for it until then.
    spared
        Multiply-adds that it would take to compute it again.
    readers
        Backward instructions that read it.
    """

    value: int
    size: int
    spared: int
    readers: int


def reused(program: Program, batch: int, itemsize: int = 4) -> tuple[Reused, ...]:
    """The forward results that the backward pass reads, in the order of their making.

    They are why a backward pass costs about two forward passes: without them, each would have
    to be computed again from the inputs.
    """
    back, update = program.start_of(Phase.BACKWARD), program.start_of(Phase.UPDATE)
    found = []
    for instr in program.instructions[:back]:
        for made in instr.outputs:
            value = program.values[made]
            readers = sum(made in i.inputs for i in program.instructions[back:update])
            if readers and value.role not in KEPT:
                spared = 0
                if value.role is Role.RESULT:
                    needed = program.computing(value).instructions
                    spared = sum(
                        multiply_adds(program, i, batch) for i in needed if i.phase > Phase.DATA
                    )
                size = math.prod(resolve(value.shape, {"N": batch})) * itemsize
                found.append(Reused(made, size, spared, readers))
    return tuple(found)
