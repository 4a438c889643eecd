"""Ops that draw random numbers: dropout and noise.

What is drawn depends on the run's seed, the iteration and the node, and on nothing else (see
`Stream`). It is drawn in single precision and then written in that of the run, so that both
precisions drop the same entries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op, RunContext, constant
from backprop_studio.autograd.streams import Stream
from backprop_studio.autograd.symbol import Array, TensorType
from backprop_studio.errors import ShapeError

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value


class _Drawing(Op):
    """An op whose second result is what it drew."""

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (x,) = inputs
        return (x, x)


@dataclass(frozen=True)
class DropoutBackward(Op):
    """`dY · mask`: what was dropped has no part in the loss."""

    name: ClassVar[str] = "dropout_backward"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        g, mask = inputs
        if g.shape != mask.shape:
            raise ShapeError.of(self.name, mask.shape, g.shape)
        return (g,)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        return [(np.multiply, (*inputs, *outputs))]

    def formula(self) -> Formula:
        return Formula(
            r"dX = dY \odot M",
            "dX = dY × M",
            ("dY", "M"),
            ("dX",),
            "What was dropped had no part in the loss, so no error signal reaches it.",
        )


@dataclass(frozen=True)
class Dropout(_Drawing):
    """Sets each entry to zero with probability `p`, and divides the others by `1 - p`.

    Inverted dropout, as `torch.nn.functional.dropout`: the expectation stays as it was, so that
    nothing has to be scaled when the network is used. Srivastava et al., *Dropout*, 2014,
    section 10. With `p` of 1 all is zero.

    Results: the array, and the mask with which it was multiplied, of zeros and `1 / (1 - p)`.
    The mask is another one for each `node` and in each iteration. Probabilities are multiples
    of 2⁻²⁴, which `p` is rounded to.
    """

    p: float
    node: str
    name: ClassVar[str] = "dropout"
    results: ClassVar[tuple[str, ...]] = ("dropped", "mask")

    def bind_in(
        self, context: RunContext, inputs: Sequence[Array], outputs: Sequence[Array]
    ) -> list[Call]:
        (x,), (out, mask) = inputs, outputs
        stream = Stream(context, f"{self.name}:{self.node}")
        drawn, kept = np.empty(x.shape, np.float32), np.empty(x.shape, np.bool_)

        def draw() -> None:
            stream.rewound().random(out=drawn, dtype=np.float32)

        scale = 0.0 if self.p >= 1.0 else 1.0 / (1.0 - self.p)
        return [
            (draw, ()),
            (np.greater_equal, (drawn, constant(self.p, drawn), kept)),
            (np.multiply, (kept, constant(scale, mask), mask)),
            (np.multiply, (x, mask, out)),
        ]

    def vjp(
        self,
        b: Builder,
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        upstream: Sequence[Value | None],
        needs: Sequence[bool],
    ) -> Sequence[Value | None]:
        g, drawn = upstream
        if g is None or drawn is not None:
            raise NotImplementedError("a mask has no gradient")
        return [b.apply(DropoutBackward(), g, outputs[1])]

    def formula(self) -> Formula:
        scale = "0" if self.p >= 1.0 else f"{1 / (1 - self.p):.4g}"
        return Formula(
            rf"Y = X \odot M, \quad M_i = 0 \text{{ with probability }} {self.p:g}"
            rf"\text{{, else }} {scale}",
            f"Y = X × M, M[i] = 0 with probability {self.p:g}, else {scale}",
            ("X",),
            ("Y", "M"),
            "Drops numbers at random, so that no unit can rely on a single other one.",
        )


@dataclass(frozen=True)
class AddNoise(_Drawing):
    """Adds independent normal numbers of mean 0 and standard deviation `deviation`.

    Bishop, *Training with noise is equivalent to Tikhonov regularization*, 1995. Results: the sum,
    and the noise in it, which is another one for each `node` and in each iteration.
    """

    deviation: float
    node: str
    name: ClassVar[str] = "add_noise"
    results: ClassVar[tuple[str, ...]] = ("noisy", "noise")

    def bind_in(
        self, context: RunContext, inputs: Sequence[Array], outputs: Sequence[Array]
    ) -> list[Call]:
        (x,), (out, noise) = inputs, outputs
        stream = Stream(context, f"{self.name}:{self.node}")
        drawn = np.empty(x.shape, np.float32)

        def draw() -> None:
            stream.rewound().standard_normal(out=drawn, dtype=np.float32)

        return [
            (draw, ()),
            (np.multiply, (drawn, constant(self.deviation, noise), noise)),
            (np.add, (x, noise, out)),
        ]

    def vjp(
        self,
        b: Builder,
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        upstream: Sequence[Value | None],
        needs: Sequence[bool],
    ) -> Sequence[Value | None]:
        g, drawn = upstream
        if g is None or drawn is not None:
            raise NotImplementedError("noise has no gradient")
        return [g]

    def formula(self) -> Formula:
        return Formula(
            rf"Y = X + E, \quad E_i \sim \mathcal{{N}}(0, {self.deviation:g}^2)",
            f"Y = X + E, E[i] normal with mean 0 and standard deviation {self.deviation:g}",
            ("X",),
            ("Y", "E"),
            "Shakes the numbers a little, so that the network learns what does not hang on them.",
        )
