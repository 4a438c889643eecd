"""What a doctor looks at: losses, tests, the recent past, every unit over the training rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from backprop_studio.autograd import Array, Machine, Phase, Program, Role
from backprop_studio.errors import Diagnostic
from backprop_studio.insight.history import Quantity, Sample, lineage
from backprop_studio.insight.stations import Station, stations, unit_axis
from backprop_studio.training import Session

SECONDS = 0.06
"""For looking at all units; rows that do not fit are left out, evenly."""

FLAT = 0.05
"""Share of its steepest slope below which a sigmoid or tanh hardly passes a gradient on."""

_CHUNK = 512
_UNITS = 256
"""Units of a layer that are compared with each other."""

_UNIT_AXIS = {"affine": -1, "matmul": -1, "conv2d": 0, "conv1d": 0}
"""Along which axis of its weights an operation has its units."""


@dataclass(frozen=True)
class Units:
    """The units of one activation, over the training rows.

    Attributes
    ----------
    node
        Id of the node.
    kind
        Name of its op: `relu`, `sigmoid` or `tanh`.
    count
        How many units there are: features of a row or of a step, channels of pictures.
    dead
        How many of them gave 0 for every row; of `relu` only.
    flat
        Share of all outputs where the slope is below `FLAT` of the steepest; not of `relu`.
    rows, all_rows
        How many rows were looked at, and how many there are.
    """

    node: str
    kind: str
    count: int
    dead: int
    flat: float
    rows: int
    all_rows: int


@dataclass(frozen=True)
class Twins:
    """Units of one layer that have the same weights and the same gradients.

    Attributes
    ----------
    parameter
        Key of the weights.
    same
        How many units have a twin.
    count
        How many units there are.
    """

    parameter: tuple[str, ...]
    same: int
    count: int


@dataclass(frozen=True)
class Vitals:
    """A run, as far as it tells whether all is well.

    Attributes
    ----------
    losses
        Points (epochs, loss of the batch) since the beginning.
    tests
        Points of tests: epochs, held-out loss, and more; see `TEST_COLUMNS`.
    batches
        Iterations in one pass over the training rows.
    samples
        Moments of the past, in the order of time.
    way
        What the nodes hand on, from the input to the loss.
    matrices
        Keys of weights with two axes or more.
    units
        Of every activation whose units can die or saturate.
    twins
        Layers with units that are the same.
    chance
        Loss of always giving each class its share of the training rows; None where the loss is
        not a cross-entropy.
    failure
        Why the run has stopped by itself.
    """

    losses: Array
    tests: Array
    batches: int
    samples: tuple[Sample, ...]
    way: tuple[Station, ...]
    matrices: tuple[tuple[str, ...], ...]
    units: tuple[Units, ...]
    twins: tuple[Twins, ...]
    chance: float | None
    failure: Diagnostic | None

    @property
    def iterations(self) -> int:
        """Finished ones, since the beginning."""
        return len(self.losses)

    def iteration_at(self, epochs: float) -> int:
        """The iteration that begins at so many epochs."""
        return round(epochs * self.batches)


def examine(session: Session, samples: tuple[Sample, ...]) -> Vitals:
    """Look at a run.

    Parameters
    ----------
    session
        The run; it is left as it is.
    samples
        What `History.look` has found of its past.
    """
    program = session.program
    losses, tests = (
        _points(session, lambda s: s.losses.points),
        _points(session, lambda s: s.tests.points),
    )
    matrices = tuple(
        v.key for v in program.parameters if len(v.shape) > 1 and v.id in program.gradients
    )
    return Vitals(
        losses,
        tests,
        session.batches_per_epoch,
        samples,
        stations(program),
        matrices,
        _units(session),
        _twins(session),
        _chance(session),
        session.failure,
    )


def _points(session: Session, read: Callable[[Session], Array]) -> Array:
    """A series of points along the branches that lead to a session, up to where it stands."""
    parts = []
    for part, stop in lineage(session):
        points = read(part)
        end = session.epochs if part is session else stop / part.batches_per_epoch
        parts.append(points[points[:, 0] <= end])
    return np.concatenate(parts)


def _units(session: Session) -> tuple[Units, ...]:
    program = session.lowered.evaluation
    watched = _activations(program)
    rows = session.training_rows
    if not watched or not len(rows):
        return ()
    # Every so many rows, so that a part of them stands for all.
    parts = -(-len(rows) // _CHUNK)
    order = np.concatenate([rows[part::parts] for part in range(parts)])
    active: dict[int, Array] = {}
    flat, entries, looked = dict.fromkeys(watched, 0), dict.fromkeys(watched, 0), 0
    deadline = time.perf_counter() + SECONDS
    machine: Machine | None = None
    for start in range(0, len(order), _CHUNK):
        if start and time.perf_counter() > deadline:
            break
        batch = order[start : start + _CHUNK]
        machine = session.used(batch)
        looked += len(batch)
        for value, (_, kind) in watched.items():
            out = machine.array(value)
            if kind == "relu":
                unit = unit_axis(program, value)
                axes = tuple(axis for axis in range(out.ndim) if axis != unit)
                alive: Array = np.asarray((out > 0).any(axis=axes))
                active[value] = active[value] | alive if value in active else alive
            else:
                slope = 1 - out * out if kind == "tanh" else 4 * out * (1 - out)
                flat[value] += int(np.count_nonzero(slope < FLAT))
                entries[value] += out.size
    assert machine is not None
    found = []
    for value, (node, kind) in watched.items():
        alive = active.get(
            value, np.ones(machine.array(value).shape[unit_axis(program, value)], bool)
        )
        count, dead = alive.size, alive.size - int(np.count_nonzero(alive))
        share = flat[value] / entries[value] if entries[value] else 0.0
        found.append(Units(node, kind, count, dead, share, looked, len(order)))
    return tuple(found)


def _activations(program: Program) -> dict[int, tuple[str, str]]:
    """Results of activations that other layers read, with their nodes and kinds.

    What the loss reads is left out: an output may be as sure as it likes.
    """
    read = {i for instr in program.instructions if instr.phase is Phase.FORWARD
            for i in instr.inputs}  # fmt: skip
    return {
        instr.outputs[0]: (instr.node, instr.op.name)
        for instr in program.instructions
        if instr.op.name in ("relu", "sigmoid", "tanh") and instr.outputs[0] in read
    }


def _twins(session: Session) -> tuple[Twins, ...]:
    program = session.program
    axes = {
        i: _UNIT_AXIS[instr.op.name]
        for instr in program.instructions
        if instr.phase is Phase.FORWARD and instr.op.name in _UNIT_AXIS
        for i in instr.inputs
        if program.values[i].role is Role.PARAMETER and len(program.values[i].shape) > 1
        and i in program.gradients
    }  # fmt: skip
    if not axes:
        return ()
    twin = session.recent()
    with np.errstate(all="ignore"):
        twin.run(0, program.start_of(Phase.UPDATE))
    found = []
    for parameter, axis in axes.items():
        value = program.values[parameter]
        weights = np.moveaxis(twin.array(parameter), axis, 0)
        slopes = np.moveaxis(twin.array(program.gradients[parameter]), axis, 0)
        count = len(weights)
        if count < 2:
            continue
        same = _same(weights.reshape(count, -1), slopes.reshape(count, -1))
        if same:
            found.append(Twins(value.key, same, min(count, _UNITS)))
    return tuple(found)


def _same(weights: Array, slopes: Array) -> int:
    """How many rows have another one with the same weights and, but for rounding, gradients."""
    weights, slopes = weights[:_UNITS], slopes[:_UNITS]
    rough = 1e-4 * float(np.abs(slopes).max(initial=0.0))
    if not np.isfinite(rough):
        return 0  # of numbers that are none, nothing can be said
    groups: dict[bytes, list[int]] = {}
    scale = float(np.abs(weights).max(initial=0.0)) or 1.0
    for place, row in enumerate(np.round(weights / scale, 6) + 0.0):
        groups.setdefault(row.tobytes(), []).append(place)
    same = 0
    for group in groups.values():
        alike = [p for p in group if np.allclose(slopes[p], slopes[group[0]], atol=rough)]
        same += len(alike) if len(alike) > 1 else 0
    return same


def _chance(session: Session) -> float | None:
    """Entropy of the classes among the training rows."""
    heads = session.lowered.heads
    if len(heads) != 1 or not heads[0].classes or heads[0].sums or heads[0].class_weights:
        return None
    program = session.program
    if not any("cross_entropy" in i.op.name for i in program.instructions):
        return None
    counts = np.bincount(session.targets[session.training_rows])
    shares = counts[counts > 0] / counts.sum()
    return float(-np.sum(shares * np.log(shares)))


def shares_of_signal(sample: Sample, way: tuple[Station, ...]) -> Mapping[str, float]:
    """The error signal at each node as a multiple of that nearest to the loss."""
    signals = {
        s.node: sample.sizes[Quantity.SIGNAL, (s.node,)]
        for s in way
        if (Quantity.SIGNAL, (s.node,)) in sample.sizes
    }
    if not signals:
        return {}
    last = list(signals.values())[-1]
    return {node: size / last for node, size in signals.items()} if last else {}
