"""What losses have in common: two matrices of one shape become one number, a mean or a sum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from backprop_studio.autograd.op import Call, Op, constant
from backprop_studio.autograd.symbol import Array, TensorType
from backprop_studio.errors import ShapeError

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value

MEAN = "mean"
SUM = "sum"


class Loss(Op):
    """A loss of a prediction and a target of the same shape.

    Subclasses have a field `reduction`, `MEAN` or `SUM`. Their second output is like the
    prediction: what the forward pass keeps for the backward pass.
    """

    reduction: str

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        prediction, target = inputs
        if len(prediction.shape) != 2 or prediction.shape != target.shape:
            raise ShapeError.of(self.name, target.shape, prediction.shape)
        return (TensorType(()), prediction)

    def vjp(
        self,
        b: Builder,
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        upstream: Sequence[Value | None],
        needs: Sequence[bool],
    ) -> Sequence[Value | None]:
        g = upstream[0]
        if g is None or needs[1]:
            raise NotImplementedError("only the prediction of a loss has a gradient")
        return [self.backward(b, inputs, outputs, g), None]

    def backward(
        self, b: Builder, inputs: Sequence[Value], outputs: Sequence[Value], g: Value
    ) -> Value:
        """Emit the op that computes the prediction's gradient from that of the loss."""
        raise NotImplementedError


class LossBackward(Op):
    """The gradient of a loss by its prediction, which has the shape of the first input."""

    reduction: str

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (inputs[0],)


def share(reduction: str, count: int, times: float = 1.0) -> float:
    """What one of `count` terms contributes to the loss; an empty batch has a sum of zero."""
    return times / max(count, 1) if reduction == MEAN else times


def total(terms: Array, weight: float, loss: Array) -> list[Call]:
    """Calls that put `weight` times the sum of `terms` into the scalar `loss`."""
    flat, part = terms.reshape(-1), np.empty_like(loss)
    # A product with ones is the cheapest sum. On scalars numpy is slow when it works in place.
    return [
        (np.dot, (np.ones_like(flat), flat, part)),
        (np.multiply, (part, constant(weight, loss), loss)),
    ]


def spread(pattern: Array, g: Array, weight: float, out: Array) -> list[Call]:
    """Calls that put `weight · g · pattern` into `out`, which may be `pattern`."""
    scale = np.empty_like(g)
    return [
        (np.multiply, (g, constant(weight, g), scale)),
        (np.multiply, (pattern, scale, out)),
    ]


def over(reduction: str, count: str, times: str = "1") -> tuple[str, str]:
    r"""Factor before a sum (`\frac{1}{n}`, typeset) and what follows it in plain text (` / n`)."""
    if reduction == MEAN:
        return rf"\frac{{{times}}}{{{count}}}\,", f" / {count}"
    return (rf"{times}\," if times != "1" else ""), ""
