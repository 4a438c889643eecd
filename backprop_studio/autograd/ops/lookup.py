"""Rows of a table, chosen by number: how tokens become vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op
from backprop_studio.autograd.symbol import Array, TensorType
from backprop_studio.errors import DataError, ShapeError

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value


@dataclass(frozen=True)
class LookupBackward(Op):
    """Adds the error signal of every place to the row that was looked up there.

    Inputs: tokens of any shape, and the gradient with one more axis. Output: (vocabulary, width).
    """

    vocabulary: int
    name: ClassVar[str] = "lookup_backward"
    integers: ClassVar[tuple[int, ...]] = (0,)

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        tokens, g = inputs
        if tokens.kind != "int" or g.shape[:-1] != tokens.shape or not g.shape:
            raise ShapeError.of(self.name, (*tokens.shape, "width"), g.shape)
        return (TensorType((self.vocabulary, g.shape[-1])),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (tokens, g), (out,) = inputs, outputs
        width = out.shape[1]
        first = np.empty((*tokens.shape, 1), np.int64)
        entries = np.empty(g.shape, np.int64)
        # Entry by entry in one dimension, np.add.at is five times as fast as by rows; repeated
        # entries add up, always in the same order.
        return [
            (np.multiply, (tokens[..., None], np.int64(width), first)),
            (np.add, (first, np.arange(width), entries)),
            (out.fill, (0.0,)),
            (np.add.at, (out.reshape(-1), entries.reshape(-1), g.reshape(-1))),
        ]

    def formula(self) -> Formula:
        return Formula(
            r"dE_{k} = \sum_{p:\; T_p = k} dY_{p}",
            "dE[k] = Σ of dY[p] over all places p where T[p] = k",
            ("T", "dY"),
            ("dE",),
            "A row that was looked up in several places collects the error signal of all; one "
            "that was not gets zero.",
        )


@dataclass(frozen=True)
class Lookup(Op):
    """Row `T[p]` of a table for every place p. Source: `torch.nn.functional.embedding`.

    Inputs: tokens of any shape, whole numbers from 0, and a table (vocabulary, width). Output:
    the tokens' shape with one more axis, the width. Tokens out of the table's range, negative
    ones too, are refused when data are fed (`check_data`).
    """

    vocabulary: int
    name: ClassVar[str] = "lookup"
    integers: ClassVar[tuple[int, ...]] = (0,)

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        tokens, table = inputs
        if tokens.kind != "int" or not tokens.shape:
            raise ShapeError.of(self.name, "tokens (whole numbers), N or N×steps", tokens.shape)
        if len(table.shape) != 2 or table.shape[0] != self.vocabulary:
            raise ShapeError.of(self.name, (self.vocabulary, "width"), table.shape)
        return (TensorType((*tokens.shape, table.shape[1])),)

    def check_data(self, data: Array) -> None:
        if not data.size:
            return
        for value in (int(data.min()), int(data.max())):
            if not 0 <= value < self.vocabulary:
                count = self.vocabulary
                raise DataError(
                    "token-range", name=self.name, count=count, last=count - 1, value=value
                )

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (tokens, table), (out,) = inputs, outputs
        # mode "clip" lets take write straight into out; tokens were checked with the data.
        return [(table.take, (tokens, 0, out, "clip"))]

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
        return [None, b.apply(LookupBackward(self.vocabulary), inputs[0], g) if needs[1] else None]

    def formula(self) -> Formula:
        return Formula(
            r"Y_{p} = E_{T_p}",
            "Y[p] = E[T[p]]",
            ("T", "E"),
            ("Y",),
            "Each token is replaced by its row of a learned table.",
        )
