"""Multiplication by a fixed number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op, constant
from backprop_studio.autograd.symbol import Array, TensorType

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value


@dataclass(frozen=True)
class Weigh(Op):
    """Every entry times the same number, as the weight of one loss among several."""

    factor: float
    name: ClassVar[str] = "weigh"
    elementwise = True

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (inputs[0],)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        return [(np.multiply, (inputs[0], constant(self.factor, inputs[0]), outputs[0]))]

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
        return [b.apply(self, g)]

    def formula(self) -> Formula:
        return Formula(
            rf"Y = {self.factor:g}\, X",
            f"Y = {self.factor:g} · X",
            ("X",),
            ("Y",),
            "Multiplies every entry by a fixed number.",
        )
