"""Gradient clipping: limits on how far one batch may move the weights.

Pascanu, Mikolov and Bengio 2013, *On the difficulty of training recurrent neural networks*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op, constant
from backprop_studio.autograd.symbol import Array, TensorType
from backprop_studio.errors import ShapeError


@dataclass(frozen=True)
class ClipValue(Op):
    """Each entry cut to at most `limit` in size: `torch.nn.utils.clip_grad_value_`."""

    limit: float
    name: ClassVar[str] = "clip_value"
    elementwise: ClassVar[bool] = True

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return inputs

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (g,), (out,) = inputs, outputs
        return [
            (partial(np.maximum, out=out), (g, constant(-self.limit, g))),
            (partial(np.minimum, out=out), (out, constant(self.limit, g))),
        ]

    def formula(self) -> Formula:
        a = f"{self.limit:g}"
        return Formula(
            rf"dW' = \min(\max(dW, -{a}), {a})",
            f"dW′ = min(max(dW, −{a}), {a})",
            ("dW",),
            ("dW'",),
            "Cuts entries that stick out; the gradient may point elsewhere after that.",
        )


@dataclass(frozen=True)
class TotalNorm(Op):
    """The Euclidean norm of all gradients together, as if they were one long vector."""

    count: int
    name: ClassVar[str] = "total_norm"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        if len(inputs) != self.count:
            raise ShapeError.of(self.name, f"{self.count} inputs", f"{len(inputs)}")
        return (TensorType(()),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (out,) = outputs
        squares = np.empty(len(inputs), out.dtype)
        flat = [g.reshape(-1) for g in inputs]
        return [
            *((np.dot, (g, g, squares[i : i + 1].reshape(()))) for i, g in enumerate(flat)),
            (np.add.reduce, (squares, 0, None, out)),
            (np.sqrt, (out, out)),
        ]

    def formula(self) -> Formula:
        symbols = [f"dW_{{{i}}}" if i > 9 else f"dW_{i}" for i in range(1, self.count + 1)]
        squares = [rf"\|{s}\|^2" for s in symbols]
        if self.count > 3:
            squares[1:-1] = [r"\dots"]
        return Formula(
            rf"n = \sqrt{{{' + '.join(squares)}}}",
            "n = √(sum of all dW²)",
            tuple(symbols),
            ("n",),
            "How long the step would be, over all weights of the network.",
        )


@dataclass(frozen=True)
class ClipFactor(Op):
    """What all gradients are to be multiplied by, so that their norm is at most `limit`.

    As in `torch.nn.utils.clip_grad_norm_`, with its 1e-6 against division by zero. So a norm just
    below the limit is shortened by a millionth, and a norm that overflows gives a step of zero.
    """

    limit: float
    name: ClassVar[str] = "clip_factor"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        if inputs[0].shape != ():
            raise ShapeError.of(self.name, (), inputs[0].shape)
        return inputs

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (norm,), (out,) = inputs, outputs
        return [
            (np.add, (norm, constant(1e-6, norm), out)),
            (np.divide, (constant(self.limit, norm), out, out)),
            (partial(np.minimum, out=out), (out, constant(1.0, norm))),
        ]

    def formula(self) -> Formula:
        return Formula(
            rf"c = \min\left(\frac{{{self.limit:g}}}{{n + 10^{{-6}}}},\, 1\right)",
            f"c = min({self.limit:g} / (n + 1e-6), 1)",
            ("n",),
            ("c",),
            "One where the gradients are short enough; otherwise what makes them so.",
        )


@dataclass(frozen=True)
class ScaleGradient(Op):
    """A gradient times a scalar."""

    name: ClassVar[str] = "scale_gradient"
    elementwise: ClassVar[bool] = True

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        g, factor = inputs
        if factor.shape != ():
            raise ShapeError.of(self.name, (), factor.shape)
        return (g,)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (g, factor), (out,) = inputs, outputs
        return [(np.multiply, (g, factor, out))]

    def formula(self) -> Formula:
        return Formula(
            r"dW' = c\, dW",
            "dW′ = c · dW",
            ("dW", "c"),
            ("dW'",),
            "Shortens all gradients alike, so that the step keeps its direction.",
        )
