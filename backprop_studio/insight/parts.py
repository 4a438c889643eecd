"""The parts of an operation that does several things at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backprop_studio.autograd import (
    Builder,
    Instr,
    Machine,
    Op,
    Phase,
    Program,
    Storage,
    Value,
    pull_back,
)
from backprop_studio.autograd.ops import (
    affine,
    attention,
    divergence,
    gated,
    loss,
    normalize,
    robust,
    running,
    scores,
    softmax,
    weighted,
)
from backprop_studio.autograd.ops import elementary as el
from backprop_studio.autograd.ops.activation import ReLU, Sigmoid, Tanh
from backprop_studio.autograd.ops.arithmetic import Add, Subtract, SumTo
from backprop_studio.autograd.ops.arrange import Reshape
from backprop_studio.autograd.ops.channels import ScaleChannels
from backprop_studio.autograd.ops.data import Constant
from backprop_studio.autograd.ops.extrema import Maximum, Minimum
from backprop_studio.autograd.ops.gru import GRU
from backprop_studio.autograd.ops.lstm import LSTM
from backprop_studio.autograd.ops.matmul import MatMul
from backprop_studio.autograd.ops.multiply import Divide, Multiply
from backprop_studio.autograd.ops.over import MeanOver, SumOver
from backprop_studio.autograd.ops.part import Concatenate, Slice
from backprop_studio.autograd.ops.pointwise import Negate
from backprop_studio.autograd.ops.rectifier import Softplus
from backprop_studio.autograd.ops.reduction import MEAN
from backprop_studio.autograd.ops.simple_rnn import SimpleRNN
from backprop_studio.autograd.ops.weigh import Weigh

MOST = 240
"""Parts that an operation may have; a recurrent layer has some for each step of the sequence."""

Results = Sequence[Value | None]
"""A value for each result of the whole; None where the parts have no use for it."""


@dataclass(frozen=True)
class Parts:
    """An operation as a small program.

    Attributes
    ----------
    program
        Of the parts; what the whole reads are its inputs.
    outer
        Id of a value in it to that of the same value in the network's program: of all inputs, and
        of the results that the parts compute.
    """

    program: Program
    outer: Mapping[int, int]

    @property
    def own(self) -> range:
        """Places of the parts among the instructions; those before them load the inputs."""
        return range(len(self.program.inputs), len(self.program.instructions))

    def inner(self, value: int) -> int | None:
        """The id of a result of the whole among the parts; None if they do not compute it."""
        made = (i for i, outer in self.outer.items() if outer == value)
        return next((i for i in made if self.program.producer[i] in self.own), None)

    def on(self, machine: Machine) -> Machine:
        """The parts computed, in float64, from the numbers of a machine that has run the whole."""
        apart = Machine(self.program, Storage(self.program, np.float64), batch=machine.batch)
        for value in self.program.inputs.values():
            apart.writable(self.program.values[value])[...] = machine.array(self.outer[value])
        apart.run(len(self.program.inputs))
        return apart


def parts(program: Program, index: int) -> Parts | None:
    """The operations that an instruction stands for.

    The machine computes them as one, because that is faster. Their results differ by rounding at
    most. The parts of a backward operation are those that the chain rule makes of the parts of the
    forward one.

    Parameters
    ----------
    program
        Of the network.
    index
        Of one of its instructions.

    Returns
    -------
    Parts or None
        None for an operation that does one thing.
    """
    instr = program.instructions[index]
    if instr.phase is Phase.BACKWARD:
        forward = _way_there(program, instr)
        if forward is not None:
            return _way_back(program, forward, instr)
    if type(instr.op) not in RULES:
        return None
    b = Builder()
    given = _inputs(b, program, instr.inputs)
    with b.scope(node=instr.node, phase=instr.phase):
        made = RULES[type(instr.op)](b, instr.op, *(given[i] for i in instr.inputs))
    return None if made is None else _built(b, given, instr.outputs, made)


def _inputs(b: Builder, program: Program, ids: Sequence[int]) -> dict[int, Value]:
    """Stand-ins for values of the network, by their ids."""
    found: dict[int, Value] = {}
    for place, i in enumerate(dict.fromkeys(ids)):
        found[i] = b.input(f"x{place}", program.values[i].shape, program.values[i].type.kind)
    return found


def _built(b: Builder, given: Mapping[int, Value], ids: Sequence[int], made: Results) -> Parts:
    outer = {value.id: i for i, value in given.items()}
    results = {v.id: i for i, v in zip(ids, made, strict=True) if v is not None}
    return Parts(b.build(), results | outer)


def _way_there(program: Program, instr: Instr) -> Instr | None:
    """The forward instruction with parts that a backward one computes a gradient for by itself."""
    if len(instr.outputs) != 1:
        return None
    for index, forward in enumerate(program.instructions[: program.start_of(Phase.BACKWARD)]):
        wanted = any(program.gradients.get(i) == instr.outputs[0] for i in forward.inputs)
        signal = program.gradients.get(forward.outputs[0])
        # Where it reads the error signal itself, nothing else stands between the two.
        if wanted and signal in instr.inputs and parts(program, index) is not None:
            alone = sum(
                signal in other.inputs
                for other in program.instructions
                if other.phase is Phase.BACKWARD
            )
            return forward if alone == 1 else None
    return None


def _way_back(program: Program, forward: Instr, instr: Instr) -> Parts | None:
    """The chain rule over the parts of the forward instruction."""
    signal = program.gradients[forward.outputs[0]]
    b = Builder()
    given = _inputs(b, program, [*forward.inputs, signal])
    with b.scope(node=instr.node, phase=forward.phase):
        made = RULES[type(forward.op)](b, forward.op, *(given[i] for i in forward.inputs))
    assert made is not None and made[0] is not None
    wanted = next(i for i in forward.inputs if program.gradients.get(i) == instr.outputs[0])
    with b.scope(node=instr.node, phase=Phase.BACKWARD):
        try:
            found = pull_back(b, {made[0].id: given[signal]}, [given[wanted]])
        except NotImplementedError:
            return None
    back = found.get(given[wanted].id)
    if back is None:
        return None
    return _built(b, given, (*forward.outputs, *instr.outputs), (*made, back))


# What the operations are made of. Each function emits the parts and gives the results.


def _affine(b: Builder, op: Op, x: Value, weight: Value, bias: Value) -> Results:
    return [b.apply(Add(), b.apply(MatMul(), x, weight), bias)]


def _affine_gradient(b: Builder, op: Op, x: Value, signal: Value) -> Results:
    weight = b.apply(MatMul(transpose_a=True), x, signal)
    return [weight, b.apply(SumTo(signal.shape[1:]), signal)]


def _reduced(b: Builder, op: Any, terms: Value) -> Value:
    """The mean or the sum of all entries."""
    over = MeanOver if op.reduction == MEAN else SumOver
    return b.apply(over(tuple(range(len(terms.shape)))), terms)


def _by_row(b: Builder, op: Any, terms: Value) -> Value:
    """The sum of each row, and the mean or the sum of these."""
    return _reduced(b, op, b.apply(SumOver((1,)), terms))


def _number(b: Builder, value: float) -> Value:
    return b.apply(Constant(value, ()))


def _mse(b: Builder, op: Op, p: Value, t: Value) -> Results:
    difference = b.apply(Subtract(), p, t)
    return [_reduced(b, op, b.apply(el.Square(), difference)), difference]


def _mae(b: Builder, op: Op, p: Value, t: Value) -> Results:
    difference = b.apply(Subtract(), p, t)
    return [_reduced(b, op, b.apply(el.Absolute(), difference)), difference]


def _huber(b: Builder, op: robust.Huber, p: Value, t: Value) -> Results:
    difference = b.apply(Subtract(), p, t)
    clipped = b.apply(Minimum(), difference, _number(b, op.delta))
    clipped = b.apply(Maximum(), clipped, _number(b, -op.delta))
    rest = b.apply(Subtract(), difference, b.apply(Weigh(0.5), clipped))
    return [_reduced(b, op, b.apply(Multiply(), clipped, rest)), clipped]


def _binary_cross_entropy(b: Builder, op: Op, z: Value, t: Value) -> Results:
    # ln(1 + e^z) − z · t is −(t ln p + (1 − t) ln(1 − p)), and overflows nowhere.
    p = b.apply(Sigmoid(), z)
    charge = b.apply(Subtract(), b.apply(Softplus(1.0, 40.0), z), b.apply(Multiply(), z, t))
    return [_reduced(b, op, charge), p]


def _hinge(b: Builder, op: scores.Hinge, z: Value, t: Value) -> Results:
    right = b.apply(SumOver((1,)), b.apply(Multiply(), z, t))
    above = b.apply(Add(), b.apply(Subtract(), z, right), _number(b, op.margin))
    wrong = b.apply(Subtract(), _number(b, 1.0), t)
    excess = b.apply(Multiply(), b.apply(ReLU(), above), wrong)
    return [_reduced(b, op, b.apply(MeanOver((1,)), excess)), excess]


def _kl_divergence(b: Builder, op: Op, q: Value, t: Value) -> Results:
    # Of a target of zero, any finite logarithm will do: it is multiplied by zero.
    tiny = _number(b, float(np.finfo(np.float32).tiny))
    logs = b.apply(el.Log(), b.apply(Maximum(), t, tiny))
    terms = b.apply(Multiply(), b.apply(Subtract(), logs, q), t)
    return [_by_row(b, op, terms), terms]


def _shares(b: Builder, z: Value) -> Value:
    """The softmax along the last axis. The machine takes the largest score off first."""
    power = b.apply(el.Exp(), z)
    return b.apply(Divide(), power, b.apply(SumOver((len(z.shape) - 1,)), power))


def _softmax_cross_entropy(b: Builder, op: Op, z: Value, t: Value) -> Results:
    p = _shares(b, z)
    charge = b.apply(Negate(), b.apply(Multiply(), t, b.apply(el.Log(), p)))
    return [_by_row(b, op, charge), p]


def _weighted_cross_entropy(b: Builder, op: Op, z: Value, v: Value) -> Results:
    p = _shares(b, z)
    charge = b.apply(Negate(), b.apply(Multiply(), v, b.apply(el.Log(), p)))
    return [b.apply(SumOver((0, 1)), charge), p]


def _softmax(b: Builder, op: Op, z: Value) -> Results:
    return [_shares(b, z)]


def _log_softmax(b: Builder, op: Op, z: Value) -> Results:
    total = b.apply(SumOver((1,)), b.apply(el.Exp(), z))
    return [b.apply(Subtract(), z, b.apply(el.Log(), total))]


def _silu(b: Builder, op: Op, x: Value) -> Results:
    gate = b.apply(Sigmoid(), x)
    return [b.apply(Multiply(), x, gate), gate]


def _attention_scores(b: Builder, op: Op, query: Value, key: Value) -> Results:
    product = b.apply(MatMul(transpose_b=True), query, key)
    return [b.apply(Weigh(float(key.shape[-1]) ** -0.5), product)]


def _attention_weights(b: Builder, op: attention.AttentionWeights, s: Value) -> Results | None:
    # Hidden scores are minus infinity, which no part may give as its result.
    return None if op.causal else [_shares(b, s)]


def _normalize(b: Builder, op: normalize.Normalize, x: Value) -> Results | None:
    axes, tail = op.axes, x.shape[1:]
    cut = x
    if op.groups:
        first = axes[0]
        size = x.shape[first]
        if first == 0 or not isinstance(size, int):
            return None
        grouped = (*x.shape[1:first], op.groups, size // op.groups, *x.shape[first + 1 :])
        cut, axes = b.apply(Reshape(grouped), x), tuple(a + 1 for a in axes)
    mean = b.apply(MeanOver(axes), cut)
    middle = b.apply(Subtract(), cut, mean)
    variance = b.apply(MeanOver(axes), b.apply(el.Square(), middle))
    root = b.apply(el.Sqrt(), b.apply(Add(), variance, _number(b, op.epsilon)))
    y = b.apply(Divide(), middle, root)
    return [b.apply(Reshape(tail), y) if op.groups else y, mean, variance]


def _normalize_by(b: Builder, op: running.NormalizeBy, *given: Value) -> Results | None:
    x, mean, variance = given
    if len(x.shape) != 2:
        return None
    root = b.apply(el.Sqrt(), b.apply(Add(), variance, _number(b, op.epsilon)))
    return [b.apply(Divide(), b.apply(Subtract(), x, mean), root)]


def _scale_channels(b: Builder, op: Op, x: Value, weight: Value, bias: Value) -> Results | None:
    if len(x.shape) != 2:
        return None
    return [b.apply(Add(), b.apply(Multiply(), x, weight), bias)]


_State = tuple[Value | None, Value | None]
"""The hidden state, and what a cell holds; None for zero, before the first step."""


def _recurrent(step: Callable[..., _State]) -> Callable[..., Results | None]:
    """A layer that reads a sequence, unrolled: a line of parts for each step."""

    def rule(b: Builder, op: Any, x: Value, w: Value, u: Value, *bias: Value) -> Results | None:
        steps, features = x.shape[1:]
        if not isinstance(steps, int) or steps * _PER_STEP > MOST:
            return None
        node, hidden = b.node, []
        state: _State = None, None
        for t in range(steps):
            with b.scope(node=f"{node} step {t + 1}"):
                now = b.apply(Reshape((features,)), b.apply(Slice(1, t, t + 1), x))
                state = step(b, op, now, *state, w, u, bias)
                assert state[0] is not None
                hidden.append(state[0])
        result = hidden[-1]
        if op.sequence:
            with b.scope(node=f"{node} together"):
                rows = [b.apply(Reshape((1, *h.shape[1:])), h) for h in hidden]
                result = rows[0]
                for row in rows[1:]:
                    result = b.apply(Concatenate(1), result, row)
        return [result, *(None for _ in op.result_names()[1:])]

    return rule


_PER_STEP = 20
"""Parts of a step, at most."""


def _part(b: Builder, x: Value, place: int, units: int) -> Value:
    """The columns of one gate."""
    return b.apply(Slice(1, place * units, (place + 1) * units), x)


def _seen(b: Builder, now: Value, h: Value | None, w: Value, u: Value, bias: Results) -> Value:
    """`X W + H U + b`."""
    found = b.apply(MatMul(), now, w)
    if h is not None:
        found = b.apply(Add(), found, b.apply(MatMul(), h, u))
    for one in bias:
        assert one is not None
        found = b.apply(Add(), found, one)
    return found


def _simple_step(
    b: Builder, op: Any, now: Value, h: Value | None, c: Value | None, w: Value, u: Value, bias: Any
) -> _State:
    return b.apply(ReLU() if op.relu else Tanh(), _seen(b, now, h, w, u, bias)), None


def _lstm_step(
    b: Builder, op: Any, now: Value, h: Value | None, c: Value | None, w: Value, u: Value, bias: Any
) -> _State:
    units = int(u.shape[0])
    found = _seen(b, now, h, w, u, bias)
    new = b.apply(
        Multiply(),
        b.apply(Sigmoid(), _part(b, found, 0, units)),
        b.apply(Tanh(), _part(b, found, 2, units)),
    )
    if c is not None:
        forget = b.apply(Sigmoid(), _part(b, found, 1, units))
        new = b.apply(Add(), b.apply(Multiply(), forget, c), new)
    shown = b.apply(Sigmoid(), _part(b, found, 3, units))
    return b.apply(Multiply(), shown, b.apply(Tanh(), new)), new


def _gru_step(
    b: Builder, op: Any, now: Value, h: Value | None, c: Value | None, w: Value, u: Value, bias: Any
) -> _State:
    units = int(u.shape[0])
    given = _seen(b, now, None, w, u, bias[:1])
    old = None if h is None else b.apply(MatMul(), h, u)

    def gate(place: int) -> Value:
        found = _part(b, given, place, units)
        if old is not None:
            found = b.apply(Add(), found, _part(b, old, place, units))
        return b.apply(Sigmoid(), found)

    recalled = None if old is None else _part(b, old, 2, units)
    if bias:
        recalled = bias[1] if recalled is None else b.apply(Add(), recalled, bias[1])
    new = _part(b, given, 2, units)
    if recalled is not None:
        new = b.apply(Add(), new, b.apply(Multiply(), gate(0), recalled))
    new, keep = b.apply(Tanh(), new), gate(1)
    if h is None:
        return b.apply(Subtract(), new, b.apply(Multiply(), keep, new)), None
    gap = b.apply(Subtract(), h, new)
    return b.apply(Add(), new, b.apply(Multiply(), keep, gap)), None


RULES: dict[type[Op], Callable[..., Results | None]] = {
    affine.Affine: _affine,
    affine.AffineGradient: _affine_gradient,
    attention.AttentionScores: _attention_scores,
    attention.AttentionWeights: _attention_weights,
    divergence.KLDivergence: _kl_divergence,
    divergence.LogSoftmax: _log_softmax,
    gated.SiLU: _silu,
    GRU: _recurrent(_gru_step),
    loss.MeanSquaredError: _mse,
    loss.SoftmaxCrossEntropy: _softmax_cross_entropy,
    LSTM: _recurrent(_lstm_step),
    normalize.Normalize: _normalize,
    robust.AbsoluteError: _mae,
    robust.Huber: _huber,
    running.NormalizeBy: _normalize_by,
    ScaleChannels: _scale_channels,
    scores.BinaryCrossEntropy: _binary_cross_entropy,
    scores.Hinge: _hinge,
    SimpleRNN: _recurrent(_simple_step),
    softmax.Softmax: _softmax,
    weighted.WeightedCrossEntropy: _weighted_cross_entropy,
}
"""What emits the parts of an operation; None where it does one thing after all."""
