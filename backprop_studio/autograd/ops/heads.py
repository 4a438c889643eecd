"""Heads of attention: the features cut into groups that attend side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op, constant
from backprop_studio.autograd.symbol import Array, TensorType
from backprop_studio.errors import ShapeError

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value

PARTS = 3
"""Queries, keys and values, which lie side by side in the packed projection."""


def _divided(name: str, x: TensorType, by: int) -> int:
    """How many features each of `by` parts of the last axis has, for x of (N, T, features)."""
    width = x.shape[-1] if len(x.shape) == 3 else None
    if not isinstance(width, int) or width % by:
        raise ShapeError.of(name, f"N×T×a multiple of {by}", x.shape)
    return width // by


def _packed(x: Array, heads: int) -> Array:
    """View of (N, T, parts · heads · d) as (parts, N, heads, T, d)."""
    n, steps, width = x.shape
    return x.reshape(n, steps, PARTS, heads, width // (PARTS * heads)).transpose(2, 0, 3, 1, 4)


@dataclass(frozen=True)
class SplitHeadsBackward(Op):
    """The gradients of queries, keys and values, put back side by side.

    Inputs: those of the three that are `given`; the others' places are zero.
    """

    heads: int
    given: tuple[bool, bool, bool] = (True, True, True)
    name: ClassVar[str] = "split_heads_backward"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        first = inputs[0].shape
        width = first[-1]
        if len(first) != 4 or first[1] != self.heads or not isinstance(width, int):
            raise ShapeError.of(self.name, f"N×{self.heads}×T×d", first)
        for other in inputs[1:]:
            if other.shape != first:
                raise ShapeError.of(self.name, first, other.shape)
        return (TensorType((first[0], first[2], PARTS * self.heads * width)),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (out,) = outputs
        given = iter(inputs)
        zero = constant(0.0, out)
        return [
            (np.copyto, (part, next(given) if there else zero))
            for part, there in zip(_packed(out, self.heads), self.given, strict=True)
        ]

    def formula(self) -> Formula:
        names = ("dQ", "dK", "dV")
        there = tuple(n for n, given in zip(names, self.given, strict=True) if given)
        row = [n if n in there else "0" for n in names]
        typeset = r" \mid ".join(row)
        return Formula(
            rf"dX = [\,{typeset}\,]",
            f"dX = [{' | '.join(row)}]",
            there,
            ("dX",),
            "The error signals of queries, keys and values stand side by side again.",
        )


@dataclass(frozen=True)
class SplitHeads(Op):
    """Queries, keys and values of each head: (N, T, 3·heads·d) → three of (N, heads, T, d).

    The first third of the features are the queries, head after head, then come keys and values:
    the order of PyTorch's `in_proj_weight`.
    """

    heads: int
    name: ClassVar[str] = "split_heads"
    results: ClassVar[tuple[str, ...]] = ("query", "key", "value")

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (x,) = inputs
        width = _divided(self.name, x, PARTS * self.heads)
        return (TensorType((x.shape[0], self.heads, x.shape[1], width)),) * PARTS

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        parts = _packed(inputs[0], self.heads)
        return [(np.copyto, (out, part)) for out, part in zip(outputs, parts, strict=True)]

    def vjp(
        self,
        b: Builder,
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        upstream: Sequence[Value | None],
        needs: Sequence[bool],
    ) -> Sequence[Value | None]:
        q, k, v = (g is not None for g in upstream)
        there = [g for g in upstream if g is not None]
        return [b.apply(SplitHeadsBackward(self.heads, (q, k, v)), *there)]

    def formula(self) -> Formula:
        return Formula(
            r"[\,Q \mid K \mid V\,] = X",
            "[Q | K | V] = X",
            ("X",),
            ("Q", "K", "V"),
            "Cuts the features into queries, keys and values, a set of them for each head.",
        )


@dataclass(frozen=True)
class MergeHeadsBackward(Op):
    """Each head's part of the gradient: (N, T, heads·d) → (N, heads, T, d)."""

    heads: int
    name: ClassVar[str] = "merge_heads_backward"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (g,) = inputs
        width = _divided(self.name, g, self.heads)
        return (TensorType((g.shape[0], self.heads, g.shape[1], width)),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (g,), (out,) = inputs, outputs
        n, heads, steps, width = out.shape
        return [(np.copyto, (out, g.reshape(n, steps, heads, width).swapaxes(1, 2)))]

    def formula(self) -> Formula:
        return Formula(
            r"dX_h = dY_{\mathrm{head}\, h}",
            "dX[h] = dY of head h",
            ("dY",),
            ("dX",),
            "Each head gets its own features' error signal back.",
        )


@dataclass(frozen=True)
class MergeHeads(Op):
    """What the heads found, side by side: (N, heads, T, d) → (N, T, heads·d)."""

    name: ClassVar[str] = "merge_heads"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (x,) = inputs
        if len(x.shape) != 4 or not all(isinstance(x.shape[i], int) for i in (1, 3)):
            raise ShapeError.of(self.name, "N×heads×T×d", x.shape)
        n, heads, steps, width = x.shape
        return (TensorType((n, steps, int(heads) * int(width))),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x,), (out,) = inputs, outputs
        n, heads, steps, width = x.shape
        return [(np.copyto, (out.reshape(n, steps, heads, width), x.swapaxes(1, 2)))]

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
        return [b.apply(MergeHeadsBackward(int(inputs[0].shape[1])), g)]

    def formula(self) -> Formula:
        return Formula(
            r"Y = [\,X_1 \mid X_2 \mid \dots\,]",
            "Y = [X[1] | X[2] | …]",
            ("X",),
            ("Y",),
            "Puts what the heads found side by side.",
        )
