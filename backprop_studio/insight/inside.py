"""Sit inside a layer: its gradients from its own numbers and the incoming error signal alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from backprop_studio.autograd import (
    BATCH,
    Array,
    Builder,
    Instr,
    Machine,
    Op,
    Phase,
    Program,
    Storage,
)
from backprop_studio.autograd.ops.affine import Affine
from backprop_studio.autograd.ops.arithmetic import Broadcasting
from backprop_studio.autograd.ops.extrema import Maximum, Minimum
from backprop_studio.autograd.ops.loss import MeanSquaredError, SoftmaxCrossEntropy
from backprop_studio.autograd.ops.multiply import Multiply
from backprop_studio.autograd.ops.reduction import MEAN, Loss
from backprop_studio.autograd.ops.scores import BinaryCrossEntropy
from backprop_studio.errors import StudioError
from backprop_studio.insight.flow import contributions, outputs
from backprop_studio.network import Network
from backprop_studio.training import Session

SIDE = 2
"""Examples, inputs and units of a cut-out: few enough to compute by hand."""

_TOLERANCE = 0.02
"""The numbers have two digits, and so may an answer."""

_STEP = 1e-6


class Mistake(StrEnum):
    """What usually goes wrong."""

    SIGN = "sign"
    NO_DERIVATIVE = "no local derivative"
    WRONG_SIDE = "derivative at the output"
    ONE_BRANCH = "one branch"
    ONE_EXAMPLE = "one example"
    NO_MEAN = "no mean"
    MEAN_AGAIN = "mean again"
    UNTRANSPOSED = "untransposed"
    OWN_FACTOR = "own factor"
    NOT_TAKEN = "not taken"
    NO_TWO = "no two"


@dataclass(frozen=True)
class Task:
    """One number to compute.

    Attributes
    ----------
    name
        What it is: `dW[0, 1]`.
    answer
        Its value.
    worked
        How it is computed, with the numbers.
    mistakes
        Wrong answers that say what was done.
    """

    name: str
    answer: float
    worked: str
    mistakes: tuple[tuple[Mistake, float], ...]

    def judge(self, given: float) -> Mistake | bool:
        """True for the right answer, the mistake that it comes of, or False for another."""
        if _near(given, self.answer):
            return True
        return next((m for m, value in self.mistakes if _near(given, value)), False)


@dataclass(frozen=True)
class Worksheet:
    """A cut-out of a layer: all that is needed, and nothing of any other layer.

    Attributes
    ----------
    rule
        What the layer computes, in plain text.
    tables
        Names and numbers of what is given, each of two axes at most.
    tasks
        What is to be computed.
    """

    rule: str
    tables: tuple[tuple[str, Array], ...]
    tasks: tuple[Task, ...]


def layers(program: Program, network: Network) -> tuple[str, ...]:
    """Ids of the nodes that one can sit inside, in the order of the forward pass."""
    found = []
    for instr in program.instructions[: program.start_of(Phase.BACKWARD)]:
        # What no error signal comes back to has nothing to compute.
        taught = any(i in program.gradients for i in (*instr.inputs, *instr.outputs))
        new = instr.node in network and instr.node not in found
        if taught and new and _fits(program, instr):
            found.append(instr.node)
    return tuple(found)


@np.errstate(all="ignore")
def sit(node: str, network: Network, session: Session) -> Worksheet:
    """The worksheet of a layer, with numbers of the current batch.

    A cut-out of two examples, two inputs and two units is taken, where the error signal is
    strongest, and its numbers are rounded to two digits. All sums run over the cut-out.

    Parameters
    ----------
    node
        Id of the layer, one of `layers`.
    network
        That it is in.
    session
        The run; it is left as it is.

    Raises
    ------
    StudioError
        There is nothing to compute in this layer.
    """
    program = session.program
    machine = session.rerun(program.start_of(Phase.UPDATE))
    instr = next(
        (
            i
            for i in program.instructions[: program.start_of(Phase.BACKWARD)]
            if i.node == node and _fits(program, i)
        ),
        None,
    )
    if instr is None:
        raise StudioError("no-worksheet")
    x = _table(machine.array(instr.inputs[0]))
    if isinstance(instr.op, _LOSSES):
        squared = isinstance(instr.op, MeanSquaredError)
        given, targets = (
            machine.array(i)
            for i in (instr.inputs[0] if squared else instr.outputs[1], instr.inputs[1])
        )
        rows, units = _strongest(given - targets)
        corner = np.ix_(rows, units)
        return loss_sheet(_short(given[corner]), _short(targets[corner]), instr.op)
    (made,) = instr.outputs[:1]
    leaving = [w for w in network.wires if w.source == node]
    value = outputs(program, network).get(node, made)
    parts = list(contributions(program, value, leaving).values()) if value == made else []
    if len(parts) < 2:
        if made not in program.gradients:
            raise StudioError("no-worksheet")
        parts = [program.gradients[made]]
    signals = [_table(machine.array(part)) for part in parts]
    rows, units = _strongest(np.sum(signals, axis=0))
    cut = [_short(s[np.ix_(rows, units)]) for s in signals]
    if isinstance(instr.op, Affine):
        weight = machine.array(instr.inputs[1])
        _, inside = _strongest(x[rows])
        return dense_sheet(
            _short(x[np.ix_(rows, inside)]), _short(weight[np.ix_(inside, units)]), cut
        )
    op, corner = instr.op, np.ix_(rows, units)
    if isinstance(op, Broadcasting):
        b = _table(machine.array(instr.inputs[1]))
        return pair_sheet(
            _short(x[corner]), _short(b[corner]), lambda *arrays: _apply(op, *arrays), op, cut
        )
    return pointwise_sheet(_short(x[corner]), lambda array: _apply(op, array), op, cut)


def dense_sheet(x: Array, w: Array, parts: Sequence[Array]) -> Worksheet:
    """Y = X·W + b: dX = dY·Wᵀ, dW = Xᵀ·dY, db = Σ dY.

    Parameters
    ----------
    x, w
        Of shapes (examples, inputs) and (inputs, units).
    parts
        What comes back by each wire that leaves the layer, of shape (examples, units).
    """
    dy = np.sum(parts, axis=0)
    tasks = []
    for i, j in np.ndindex(w.shape):
        column = dy[:, j]
        tasks.append(
            _task(
                f"dW[{i}, {j}]",
                list(zip(x[:, i], column, strict=True)),
                [
                    (Mistake.ONE_BRANCH, float(x[:, i] @ parts[0][:, j])),
                    (Mistake.ONE_EXAMPLE, float(x[0, i] * column[0])),
                    (Mistake.MEAN_AGAIN, float(x[:, i] @ column) / len(x)),
                ],
            )
        )
    for j in range(w.shape[1]):
        tasks.append(
            _task(
                f"db[{j}]",
                [(1.0, float(v)) for v in dy[:, j]],
                [
                    (Mistake.ONE_BRANCH, float(parts[0][:, j].sum())),
                    (Mistake.ONE_EXAMPLE, float(dy[0, j])),
                    (Mistake.MEAN_AGAIN, float(dy[:, j].mean())),
                ],
            )
        )
    for n, i in np.ndindex(x.shape):
        wrong = [(Mistake.ONE_BRANCH, float(parts[0][n] @ w[i]))]
        if w.shape[0] == w.shape[1]:
            wrong.append((Mistake.UNTRANSPOSED, float(dy[n] @ w[:, i])))
        tasks.append(_task(f"dX[{n}, {i}]", list(zip(dy[n], w[i], strict=True)), wrong))
    return Worksheet("Y = X · W + b", (("X", x), ("W", w), *_signals(parts)), tuple(tasks))


def pointwise_sheet(
    x: Array, function: Callable[[Array], Array], op: Op, parts: Sequence[Array]
) -> Worksheet:
    """Y = f(X), entry by entry: dX = dY × f'(X).

    Parameters
    ----------
    x
        Of shape (examples, units).
    function
        f, of an array.
    op
        Whose rule is told.
    parts
        What comes back by each wire that leaves the layer, of the shape of `x`.
    """
    y, dy = _short(function(x)), np.sum(parts, axis=0)
    slope = (function(x + _STEP) - function(x - _STEP)) / (2 * _STEP)
    at_output = (function(y + _STEP) - function(y - _STEP)) / (2 * _STEP)
    tasks = []
    for place in np.ndindex(x.shape):
        signal, local = float(dy[place]), float(slope[place])
        tasks.append(
            _task(
                f"dX[{place[0]}, {place[1]}]",
                [(signal, local)],
                [
                    (Mistake.NO_DERIVATIVE, signal),
                    (Mistake.ONE_BRANCH, float(parts[0][place]) * local),
                    (Mistake.WRONG_SIDE, signal * float(at_output[place])),
                ],
            )
        )
    return Worksheet(op.formula().plain, (("X", x), ("Y", y), *_signals(parts)), tuple(tasks))


def pair_sheet(
    a: Array, b: Array, function: Callable[[Array, Array], Array], op: Op, parts: Sequence[Array]
) -> Worksheet:
    """Y = f(A, B), entry by entry: dA = dY × ∂f/∂A, and dB alike.

    A sum passes the signal on to both, a product gives each the other's factor, and a maximum gives
    all of it to the one that was taken.

    Parameters
    ----------
    a, b
        Of shape (examples, units).
    function
        f, of two arrays.
    op
        Whose rule is told.
    parts
        What comes back by each wire that leaves the layer, of the shape of `a`.
    """
    y, dy = _short(function(a, b)), np.sum(parts, axis=0)
    slopes = {
        "dA": (function(a + _STEP, b) - function(a - _STEP, b)) / (2 * _STEP),
        "dB": (function(a, b + _STEP) - function(a, b - _STEP)) / (2 * _STEP),
    }
    own = {"dA": a, "dB": b}
    picks = isinstance(op, Maximum | Minimum)
    # Of a quotient, or of what was not taken, the signal as it came is another mistake.
    passed = Mistake.NOT_TAKEN if picks else Mistake.NO_DERIVATIVE
    tasks = []
    for name, slope in slopes.items():
        for place in np.ndindex(a.shape):
            signal, local = float(dy[place]), float(slope[place])
            wrong = [(passed, signal), (Mistake.ONE_BRANCH, float(parts[0][place]) * local)]
            if isinstance(op, Multiply):
                wrong.append((Mistake.OWN_FACTOR, signal * float(own[name][place])))
            tasks.append(_task(f"{name}[{place[0]}, {place[1]}]", [(signal, local)], wrong))
    tables = (("A", a), ("B", b), ("Y", y), *_signals(parts))
    return Worksheet(op.formula().plain.replace("C =", "Y ="), tables, tuple(tasks))


def loss_sheet(p: Array, t: Array, op: Loss) -> Worksheet:
    """The gap between what was predicted and what was right, shared out by the mean.

    Softmax and sigmoid with cross-entropy: dZ = (P − T) / N; squared errors: dP = 2 (P − T) / n.

    Parameters
    ----------
    p, t
        Predictions, probabilities where there are some, and targets; of shape (N, classes).
    op
        The loss. Softmax averages over the N examples, the others over all n entries.
    """
    squared = isinstance(op, MeanSquaredError)
    name = "dP" if squared else "dZ"
    letter, count = ("N", len(p)) if isinstance(op, SoftmaxCrossEntropy) else ("n", p.size)
    averages = op.reduction == MEAN
    times, before = (2.0, "2 · ") if squared else (1.0, "")
    share, after = (1 / count, f" / {count}") if averages else (1.0, "")
    tasks = []
    for place in np.ndindex(p.shape):
        gap = times * float(p[place] - t[place])
        answer = gap * share
        kinds = [(Mistake.NO_MEAN, gap), (Mistake.SIGN, -answer)]
        if squared:
            kinds += [(Mistake.NO_TWO, answer / 2), (Mistake.SIGN, -answer / 2)]
        else:
            kinds.append((Mistake.NO_DERIVATIVE, float(p[place]) * share))
        worked = f"{before}({p[place]:g} − {_told(float(t[place]))}){after} = {answer:.3g}"
        title = f"{name}[{place[0]}, {place[1]}]"
        tasks.append(Task(title, answer, worked, _telling(kinds, answer)))
    rule = op.formula().plain + (f" with {letter} = {count}" if averages else "")
    return Worksheet(rule, (("P", p), ("T", t)), tuple(tasks))


_LOSSES = (SoftmaxCrossEntropy, BinaryCrossEntropy, MeanSquaredError)


def _task(name: str, pairs: list[tuple[float, float]], wrong: list[tuple[Mistake, float]]) -> Task:
    """A sum of products."""
    answer = float(sum(a * b for a, b in pairs))
    worked = " + ".join(f"{_told(a)} · {_told(b)}" for a, b in pairs) + f" = {answer:.3g}"
    # Which mistake comes first matters only where two give the same number.
    kinds = [*wrong, (Mistake.SIGN, -answer)]
    return Task(name, answer, worked, _telling(kinds, answer))


def _telling(
    wrong: Sequence[tuple[Mistake, float]], answer: float
) -> tuple[tuple[Mistake, float], ...]:
    """The mistakes that give another number than the right one."""
    return tuple((m, v) for m, v in wrong if not _near(v, answer))


def _told(number: float) -> str:
    return f"({number:.3g})" if number < 0 else f"{number:.3g}"


def _signals(parts: Sequence[Array]) -> list[tuple[str, Array]]:
    if len(parts) == 1:
        return [("dY", parts[0])]
    return [(f"dY by wire {place + 1}", part) for place, part in enumerate(parts)]


def _near(given: float, wanted: float) -> bool:
    return abs(given - wanted) <= _TOLERANCE * abs(wanted) + 1e-12


def _fits(program: Program, instr: Instr) -> bool:
    """Whether a worksheet is known for what an instruction does."""
    op = instr.op
    if isinstance(op, Broadcasting) and len(instr.inputs) == 2:
        # What is stretched collects the signals of many entries, more than a cut-out has.
        one, other = (program.values[i].shape for i in instr.inputs)
        return one == other and len(one) > 1
    simple = op.elementwise and not op.updates and type(op).vjp is not Op.vjp
    return simple or isinstance(op, (Affine, *_LOSSES))


def _table(array: Array) -> Array:
    """One row an example, all other axes side by side."""
    return np.asarray(array, np.float64).reshape(len(array), -1) if array.ndim else array


def _strongest(array: Array) -> tuple[list[int], list[int]]:
    """The rows and columns that hold most, in their order."""
    size = np.abs(array)
    rows = sorted(int(i) for i in np.argsort(-size.sum(axis=1), kind="stable")[:SIDE])
    columns = np.argsort(-size[rows].sum(axis=0), kind="stable")[:SIDE]
    return rows, sorted(int(i) for i in columns)


def _short(array: Array) -> Array:
    """Rounded to two digits; a zero has no sign."""
    return np.array([float(f"{v:.2g}") + 0.0 for v in np.ravel(array)]).reshape(array.shape)


def _apply(op: Op, *arrays: Array) -> Array:
    """An op of one entry of each input, on arrays of one shape."""
    b = Builder()
    given = [b.input(f"x{k}", (BATCH, x.shape[1])) for k, x in enumerate(arrays)]
    made = b.apply_all(op, *given)[0]
    program = b.build()
    machine = Machine(program, Storage(program, np.float64), batch=len(arrays[0]))
    for k, x in enumerate(arrays):
        machine.feed(f"x{k}", np.ascontiguousarray(x))
    machine.run()
    return np.array(machine.array(made))
