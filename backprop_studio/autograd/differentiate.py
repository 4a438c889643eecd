"""Reverse-mode differentiation: from a loss to the instructions that compute its gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backprop_studio.autograd.builder import Builder
from backprop_studio.autograd.ops.arithmetic import Accumulate, Fill
from backprop_studio.autograd.program import Instr, Phase, Value


def differentiate(b: Builder, loss: Value, wrt: Sequence[Value]) -> Mapping[int, Value]:
    """Emit the backward phase of `loss` and return the gradient of every value on the way.

    The instructions of the forward pass are walked from the last to the first. Each one's
    vector-Jacobian product turns the gradients of its outputs into those of its inputs, so
    every intermediate result is used once and no path is followed twice. Where a value is used
    several times, its gradients meet in an explicit `Accumulate`.

    Parameters
    ----------
    b
        The builder that holds the forward pass; the backward phase is added to it.
    loss
        Scalar to differentiate.
    wrt
        Values whose gradients are wanted.

    Returns
    -------
    Mapping[int, Value]
        Id of a value to its gradient. A value in `wrt` that the loss does not depend on is
        missing: its gradient is zero.

    Raises
    ------
    ValueError
        `loss` is not a scalar.

    Notes
    -----
    Griewank and Walther, *Evaluating Derivatives*, 2008, section 3.2.

    Examples
    --------
    The backward phase is made of ordinary instructions, here for a mean of squares:

    >>> from backprop_studio.autograd import BATCH, Builder, Phase, differentiate
    >>> from backprop_studio.autograd.ops.loss import MeanSquaredError
    >>> from backprop_studio.autograd.ops.matmul import MatMul
    >>> b = Builder()
    >>> x, t = b.input("x", (BATCH, 3)), b.input("t", (BATCH, 2))
    >>> weight = b.parameter("weight", (3, 2))
    >>> loss = b.apply(MeanSquaredError(), b.apply(MatMul(), x, weight), t)
    >>> gradients = differentiate(b, loss, [weight])
    >>> gradients[weight.id].shape
    (3, 2)
    >>> [i.op.name for i in b.instructions if i.phase is Phase.BACKWARD]
    ['fill', 'mse_backward', 'matmul']
    """
    if loss.shape != ():
        raise ValueError(f"only a scalar can be differentiated; this has shape {loss.shape}")
    last = next((i for i in reversed(_forward(b)) if loss.id in i.outputs), None)
    if last is None or loss.id not in _reached(b, wrt):
        return pull_back(b, {}, wrt)
    with b.scope(node=last.node, phase=Phase.BACKWARD):
        one = b.apply(Fill(1.0), loss)
    return pull_back(b, {loss.id: one}, wrt)


def pull_back(
    b: Builder, upstream: Mapping[int, Value], wrt: Sequence[Value]
) -> Mapping[int, Value]:
    """Emit a backward phase that starts from given gradients, and not from a loss of one.

    So the derivative of any score is had, such as that of a single unit in the middle: its
    upstream gradient is one there and zero everywhere else.

    Parameters
    ----------
    b
        The builder that holds the forward pass; the backward phase is added to it.
    upstream
        Id of a value to a gradient of its shape.
    wrt
        Values whose gradients are wanted.

    Returns
    -------
    Mapping[int, Value]
        As of `differentiate`.
    """
    relevant = _reached(b, wrt)
    pending = {index: [given] for index, given in upstream.items()}
    done: dict[int, Value] = {}

    def settle(index: int, node: str) -> Value | None:
        """Sum what has arrived for a value; the sum belongs to the node that made the value."""
        parts = pending.pop(index, [])
        if not parts:
            return None
        total = parts[0]
        with b.scope(node=node, phase=Phase.BACKWARD):
            for part in parts[1:]:
                total = b.apply(Accumulate(), total, part)
        done[index] = total
        b.set_gradient(b.value(index), total)
        return total

    for instr in reversed(_forward(b)):
        if not any(i in relevant for i in instr.inputs):
            continue
        arrived = [settle(i, instr.node) for i in instr.outputs]
        if all(g is None for g in arrived):
            continue
        needs = [i in relevant for i in instr.inputs]
        with b.scope(node=instr.node, phase=Phase.BACKWARD):
            gradients = instr.op.vjp(
                b,
                [b.value(i) for i in instr.inputs],
                [b.value(i) for i in instr.outputs],
                arrived,
                needs,
            )
        for index, wanted, gradient in zip(instr.inputs, needs, gradients, strict=True):
            if wanted and gradient is not None:
                pending.setdefault(index, []).append(gradient)
    for value in wrt:
        settle(value.id, value.node)
    return done


def _forward(b: Builder) -> list[Instr]:
    # What comes later (updates that layers have emitted, of running statistics, and all that
    # reads the loss) is no part of it.
    return [i for i in b.instructions if i.phase < Phase.BACKWARD]


def _reached(b: Builder, wrt: Sequence[Value]) -> set[int]:
    """Ids of all that depends on some values, and of these values."""
    relevant = {v.id for v in wrt}
    for instr in _forward(b):
        if any(i in relevant for i in instr.inputs):
            relevant.update(instr.outputs)
    return relevant
