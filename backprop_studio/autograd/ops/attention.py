"""Scaled dot-product attention, one visible step after the other.

Vaswani et al. 2017, *Attention is all you need*, equation 1, as
`torch.nn.functional.scaled_dot_product_attention` has it. Queries Q are (…, T, d), keys K
(…, S, d), values V (…, S, v); axes in front (the batch, the heads) are the same in all of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op, constant
from backprop_studio.autograd.ops.matmul import MatMul
from backprop_studio.autograd.ops.softmax import Softmax, SoftmaxBackward
from backprop_studio.autograd.symbol import Array, TensorType
from backprop_studio.errors import ShapeError

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value


class _Product(Op):
    """A product of two stacks of matrices. Subclasses say which one, and what it means."""

    product: ClassVar[MatMul]

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        a, b = (x.shape for x in inputs)
        if len(a) != len(b):
            raise ShapeError.of(self.name, a, b)
        return self.product.infer(*inputs)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        return self.product.bind(inputs, outputs)


class _ScaledProduct(_Product):
    """A product divided by √d; the second input is the keys or the queries, whose width d is."""

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (out,) = outputs
        factor = constant(1 / math.sqrt(inputs[1].shape[-1]), out)
        return [*super().bind(inputs, outputs), (np.multiply, (out, factor, out))]


@dataclass(frozen=True)
class AttentionScoresToQuery(_ScaledProduct):
    """`dS K / √d`: the gradient of the queries, (…, T, d)."""

    name: ClassVar[str] = "attention_scores_to_query"
    product: ClassVar[MatMul] = MatMul()

    def formula(self) -> Formula:
        return Formula(
            r"dQ = \frac{dS\, K}{\sqrt{d}}",
            "dQ = dS · K / √d",
            ("dS", "K"),
            ("dQ",),
            "A query moves towards the keys whose scores should grow.",
        )


@dataclass(frozen=True)
class AttentionScoresToKey(_ScaledProduct):
    """`dSᵀ Q / √d`: the gradient of the keys, (…, S, d)."""

    name: ClassVar[str] = "attention_scores_to_key"
    product: ClassVar[MatMul] = MatMul(transpose_a=True)

    def formula(self) -> Formula:
        return Formula(
            r"dK = \frac{dS^\top Q}{\sqrt{d}}",
            "dK = dSᵀ · Q / √d",
            ("dS", "Q"),
            ("dK",),
            "A key moves towards the queries that should find it.",
        )


@dataclass(frozen=True)
class AttentionScores(_ScaledProduct):
    """`Q Kᵀ / √d`: how well each query fits each key, (…, T, S)."""

    name: ClassVar[str] = "attention_scores"
    product: ClassVar[MatMul] = MatMul(transpose_b=True)

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
        query, key = inputs
        return [
            b.apply(AttentionScoresToQuery(), g, key) if needs[0] else None,
            b.apply(AttentionScoresToKey(), g, query) if needs[1] else None,
        ]

    def formula(self) -> Formula:
        return Formula(
            r"S = \frac{Q K^\top}{\sqrt{d}}",
            "S = Q · Kᵀ / √d",
            ("Q", "K"),
            ("S",),
            "How well each query fits each key; √d keeps the scores of wide vectors from growing.",
        )


@dataclass(frozen=True)
class AttentionWeights(Op):
    """Softmax of the scores over the keys: positive weights, summing to one for each query.

    With `causal`, query i sees keys 0 to i alone, counted from the first of each, whether or not
    there are as many keys as queries: PyTorch's `is_causal`. Hidden keys get a weight of exactly
    zero, and so does their gradient. The hiding is part of this op because it needs scores of
    minus infinity, which would look like a failure as a result of their own. Every query sees
    key 0, so there is no row in which all is hidden.
    """

    causal: bool = False
    name: ClassVar[str] = "attention_weights"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (s,) = inputs
        if len(s.shape) < 2:
            raise ShapeError.of(self.name, "…×queries×keys", s.shape)
        return (s,)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        if not self.causal:
            return Softmax().bind(inputs, outputs)
        (s,), (out,) = inputs, outputs
        hidden = np.triu(np.full(s.shape[-2:], -np.inf, s.dtype), 1)
        return [(np.add, (s, hidden, out)), *Softmax().bind(outputs, outputs)]

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
        # A weight of zero passes no gradient, so the hidden keys need no rule of their own.
        return [b.apply(SoftmaxBackward(), outputs[0], g)]

    def formula(self) -> Formula:
        seen, plain = (r"_{k \le i}", "_{k ≤ i}") if self.causal else ("_k", "_k")
        says = "Turns the scores of each query into shares of one"
        return Formula(
            rf"P_{{ij}} = \frac{{e^{{S_{{ij}}}}}}{{\sum{seen} e^{{S_{{ik}}}}}}"
            + (r" \;\; (j \le i)" if self.causal else ""),
            f"P[i, j] = exp(S[i, j]) / Σ{plain} exp(S[i, k])"
            + (" for j ≤ i, else 0" if self.causal else ""),
            ("S",),
            ("P",),
            f"{says}; what comes later gets none." if self.causal else f"{says}.",
        )


@dataclass(frozen=True)
class AttentionToWeights(_Product):
    """`dY Vᵀ`: the gradient of the attention weights, (…, T, S)."""

    name: ClassVar[str] = "attention_to_weights"
    product: ClassVar[MatMul] = MatMul(transpose_b=True)

    def formula(self) -> Formula:
        return Formula(
            r"dP = dY\, V^\top",
            "dP = dY · Vᵀ",
            ("dY", "V"),
            ("dP",),
            "A weight should grow where its value points the way the output should go.",
        )


@dataclass(frozen=True)
class AttentionToValue(_Product):
    """`Pᵀ dY`: the gradient of the values, (…, S, v)."""

    name: ClassVar[str] = "attention_to_value"
    product: ClassVar[MatMul] = MatMul(transpose_a=True)

    def formula(self) -> Formula:
        return Formula(
            r"dV = P^\top dY",
            "dV = Pᵀ · dY",
            ("P", "dY"),
            ("dV",),
            "A value collects the error signal of every query, in the measure it was looked at.",
        )


@dataclass(frozen=True)
class Attention(_Product):
    """`P V`: for each query the mean of the values, weighted by attention, (…, T, v)."""

    name: ClassVar[str] = "attention"
    product: ClassVar[MatMul] = MatMul()

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
        weights, value = inputs
        return [
            b.apply(AttentionToWeights(), g, value) if needs[0] else None,
            b.apply(AttentionToValue(), weights, g) if needs[1] else None,
        ]

    def formula(self) -> Formula:
        return Formula(
            r"Y = P V",
            "Y = P · V",
            ("P", "V"),
            ("Y",),
            "Each query takes the mean of the values, weighted by its attention.",
        )


def attend(b: Builder, query: Value, key: Value, value: Value, *, causal: bool) -> Value:
    """Emit scaled dot-product attention: scores, weights and the weighted mean of the values.

    Parameters
    ----------
    b
        Where to emit it.
    query, key, value
        Of shape (…, T, d), (…, S, d) and (…, S, v).
    causal
        Whether query i sees only keys 0 to i.

    Returns
    -------
    Value
        Of shape (…, T, v).

    Raises
    ------
    ShapeError
        The shapes do not go together.
    """
    scores = b.apply(AttentionScores(), query, key)
    weights = b.apply(AttentionWeights(causal), scores)
    return b.apply(Attention(), weights, value)
