"""How far predicted probabilities are from given ones, and what can be done to the given ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op, constant
from backprop_studio.autograd.ops.reduction import (
    MEAN,
    Loss,
    LossBackward,
    over,
    share,
    spread,
    total,
)
from backprop_studio.autograd.symbol import Array, TensorType
from backprop_studio.errors import ShapeError

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value


@dataclass(frozen=True)
class SmoothLabels(Op):
    """Takes a share of each row's ones and deals it out to all classes alike.

    Szegedy et al. 2016, section 7, as `torch.nn.CrossEntropyLoss(label_smoothing=…)` has it.
    """

    amount: float
    name: ClassVar[str] = "smooth_labels"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (target,) = inputs
        if len(target.shape) != 2:
            raise ShapeError.of(self.name, "N×classes", target.shape)
        return (target,)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (target,), (out,) = inputs, outputs
        return [
            (np.multiply, (target, constant(1.0 - self.amount, out), out)),
            (np.add, (out, constant(self.amount / max(out.shape[1], 1), out), out)),
        ]

    def formula(self) -> Formula:
        return Formula(
            rf"T' = {1 - self.amount:g}\, T + \frac{{{self.amount:g}}}{{C}}",
            f"T' = {1 - self.amount:g} · T + {self.amount:g} / C",
            ("T",),
            ("T'",),
            "Asks for a little less than certainty, so that scores need not grow for ever.",
        )


@dataclass(frozen=True)
class LogSoftmaxBackward(Op):
    """`dY - exp(Y) · Σ dY` of each row."""

    name: ClassVar[str] = "log_softmax_backward"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (inputs[0],)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (y, g), (out,) = inputs, outputs
        rowsum, ones = np.empty((len(y), 1), y.dtype), np.ones(y.shape[1], y.dtype)
        return [
            (np.exp, (y, out)),
            (np.dot, (g, ones, rowsum.reshape(-1))),
            (np.multiply, (out, rowsum, out)),
            (np.subtract, (g, out, out)),
        ]

    def formula(self) -> Formula:
        return Formula(
            r"dZ_{ij} = dY_{ij} - e^{Y_{ij}} \sum_k dY_{ik}",
            "dZ[i, j] = dY[i, j] − exp(Y[i, j]) · Σ_k dY[i, k]",
            ("Y", "dY"),
            ("dZ",),
            "A class can only gain what the others lose: their error signals are shared out.",
        )


@dataclass(frozen=True)
class LogSoftmax(Op):
    """Logarithm of the softmax of each row, the largest score subtracted first."""

    name: ClassVar[str] = "log_softmax"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (z,) = inputs
        if len(z.shape) != 2:
            raise ShapeError.of(self.name, "N×classes", z.shape)
        return (z,)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (z,), (out,) = inputs, outputs
        top, total = (np.empty((len(z), 1), z.dtype) for _ in range(2))
        power, ones = np.empty_like(z), np.ones(z.shape[1], z.dtype)
        return [
            (np.maximum.reduce, (z, 1, None, top, True)),
            (np.subtract, (z, top, out)),
            (np.exp, (out, power)),
            (np.dot, (power, ones, total.reshape(-1))),
            (np.log, (total, total)),
            (np.subtract, (out, total, out)),
        ]

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
        return [b.apply(LogSoftmaxBackward(), outputs[0], g)]

    def formula(self) -> Formula:
        return Formula(
            r"Y_{ij} = Z_{ij} - \ln \sum_k e^{Z_{ik}}",
            "Y[i, j] = Z[i, j] − ln Σ_k exp(Z[i, k])",
            ("Z",),
            ("Y",),
            "Turns scores into logarithms of probabilities, which never round to zero.",
        )


@dataclass(frozen=True)
class KLDivergenceBackward(LossBackward):
    """`-dL · T / N`."""

    reduction: str = MEAN
    name: ClassVar[str] = "kl_divergence_backward"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (target, g), (out,) = inputs, outputs
        return spread(target, g, -share(self.reduction, len(out)), out)

    def formula(self) -> Formula:
        latex, plain = over(self.reduction, "N")
        return Formula(
            rf"dQ = -{latex}T\,dL",
            f"dQ = −T · dL{plain}",
            ("T", "dL"),
            ("dQ",),
            "Each logarithm counts as much as its class was asked for.",
        )


@dataclass(frozen=True)
class KLDivergence(Loss):
    """Divergence of predicted probabilities from the targets', over the N rows; 0 · ln 0 is 0.

    Kullback and Leibler 1951. Inputs: logarithms of the predicted probabilities, targets.
    Outputs: loss, the terms of its sum.
    """

    reduction: str = MEAN
    name: ClassVar[str] = "kl_divergence"
    results: ClassVar[tuple[str, ...]] = ("loss", "terms")

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (logs, target), (loss, terms) = inputs, outputs
        tiny = np.full_like(target, np.finfo(target.dtype).tiny)
        return [
            # Where the target is zero, any finite logarithm will do: it is multiplied by zero.
            (partial(np.maximum, out=terms), (target, tiny)),
            (np.log, (terms, terms)),
            (np.subtract, (terms, logs, terms)),
            (np.multiply, (terms, target, terms)),
            *total(terms, share(self.reduction, len(terms)), loss),
        ]

    def backward(
        self, b: Builder, inputs: Sequence[Value], outputs: Sequence[Value], g: Value
    ) -> Value:
        return b.apply(KLDivergenceBackward(self.reduction), inputs[1], g)

    def formula(self) -> Formula:
        latex, plain = over(self.reduction, "N")
        return Formula(
            r"K_{ij} = T_{ij} (\ln T_{ij} - Q_{ij}), \quad"
            rf" L = {latex}\sum_{{ij}} K_{{ij}}",
            f"K = T · (ln T − Q),  L = Σ K{plain}",
            ("Q", "T"),
            ("L", "K"),
            "How many nats are wasted by believing the prediction where the targets are true.",
        )
