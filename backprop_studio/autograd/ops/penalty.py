"""Penalties: terms of the loss that grow with the weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op, constant
from backprop_studio.autograd.ops.reduction import spread, total
from backprop_studio.autograd.symbol import Array, TensorType

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value


class _Penalty(Op):
    """A number for how large the weights are. Subclasses have a field `rate`."""

    rate: float
    derivative: ClassVar[type[_PenaltyBackward]]

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (TensorType(()),)

    def vjp(
        self,
        b: Builder,
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        upstream: Sequence[Value | None],
        needs: Sequence[bool],
    ) -> Sequence[Value | None]:
        (g,) = upstream
        assert g is not None
        return [b.apply(self.derivative(self.rate), inputs[0], g)]


@dataclass(frozen=True)
class _PenaltyBackward(Op):
    """The derivative of a penalty: inputs are weights and the gradient of the penalty."""

    rate: float

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (inputs[0],)


@dataclass(frozen=True)
class L2PenaltyBackward(_PenaltyBackward):
    """`rate · W · dL`."""

    name: ClassVar[str] = "l2_penalty_backward"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (w, g), (out,) = inputs, outputs
        return spread(w, g, self.rate, out)

    def formula(self) -> Formula:
        return Formula(
            rf"dW = {self.rate:g}\, W\, dL",
            f"dW = {self.rate:g} · W · dL",
            ("W", "dL"),
            ("dW",),
            "Pulls every weight towards zero, the harder the larger it is.",
        )


@dataclass(frozen=True)
class L2Penalty(_Penalty):
    """Half the sum of the squares, so that its gradient is `rate · W`: PyTorch's `weight_decay`."""

    rate: float
    name: ClassVar[str] = "l2_penalty"
    derivative: ClassVar[type[_PenaltyBackward]] = L2PenaltyBackward

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (w,), (out,) = inputs, outputs
        flat, part = w.reshape(-1), np.empty_like(out)
        return [
            (np.dot, (flat, flat, part)),
            (np.multiply, (part, constant(0.5 * self.rate, out), out)),
        ]

    def formula(self) -> Formula:
        return Formula(
            rf"R = \frac{{{self.rate:g}}}{{2}} \sum_{{ij}} W_{{ij}}^2",
            f"R = {self.rate:g} / 2 · Σ W²",
            ("W",),
            ("R",),
            "Charges for large weights, so that only those that pay for themselves grow.",
        )


@dataclass(frozen=True)
class L1PenaltyBackward(_PenaltyBackward):
    """`rate · sign(W) · dL`, zero where a weight is zero."""

    name: ClassVar[str] = "l1_penalty_backward"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (w, g), (out,) = inputs, outputs
        return [(np.sign, (w, out)), *spread(out, g, self.rate, out)]

    def formula(self) -> Formula:
        return Formula(
            rf"dW = {self.rate:g}\, \mathrm{{sign}}(W)\, dL",
            f"dW = {self.rate:g} · sign(W) · dL",
            ("W", "dL"),
            ("dW",),
            "Pulls every weight towards zero with the same force, small ones all the way.",
        )


@dataclass(frozen=True)
class L1Penalty(_Penalty):
    """`rate` times the sum of the absolute values."""

    rate: float
    name: ClassVar[str] = "l1_penalty"
    derivative: ClassVar[type[_PenaltyBackward]] = L1PenaltyBackward

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (w,), (out,) = inputs, outputs
        size = np.empty_like(w)
        return [(np.abs, (w, size)), *total(size, self.rate, out)]

    def formula(self) -> Formula:
        return Formula(
            rf"R = {self.rate:g} \sum_{{ij}} |W_{{ij}}|",
            f"R = {self.rate:g} · Σ |W|",
            ("W",),
            ("R",),
            "Charges every weight for its distance from zero, which makes many of them vanish.",
        )
