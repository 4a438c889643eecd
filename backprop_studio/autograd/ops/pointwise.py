"""What the functions of each entry share, and the two simplest: passing it on, turning its sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op
from backprop_studio.autograd.symbol import Array, TensorType
from backprop_studio.errors import ShapeError

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value


class Pointwise(Op):
    """A function of each entry whose derivative is computed from its input, or from its output.

    `results` may name a second output, which backward then reads as well.
    """

    elementwise = True
    backward_from: ClassVar[Literal["input", "output", "nothing"]] = "input"
    """What its derivative depends on, and so what backward is given before the upstream."""

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (inputs[0],) * max(1, len(self.results))

    def backward(self) -> Op:
        """The op that turns what was kept, second output if any, and upstream into `dX`."""
        raise NotImplementedError

    def vjp(
        self,
        b: Builder,
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        upstream: Sequence[Value | None],
        needs: Sequence[bool],
    ) -> Sequence[Value | None]:
        g, *others = upstream
        if g is None or any(other is not None for other in others):
            raise NotImplementedError("only the first output has a gradient")
        kept = {"input": inputs[:1], "output": outputs[:1], "nothing": ()}[self.backward_from]
        return [b.apply(self.backward(), *kept, *outputs[1:], g)]


class PointwiseBackward(Op):
    """Upstream gradient times local derivative, entry by entry; the upstream comes last."""

    elementwise = True

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        for other in inputs[1:]:
            if other.shape != inputs[0].shape:
                raise ShapeError.of(self.name, inputs[0].shape, other.shape)
        return (inputs[0],)


@dataclass(frozen=True)
class IdentityBackward(PointwiseBackward):
    """`dY`, as it is."""

    name: ClassVar[str] = "identity_backward"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        return [(np.copyto, (outputs[0], inputs[0]))]

    def formula(self) -> Formula:
        return Formula("dX = dY", "dX = dY", ("dY",), ("dX",), "The error signal passes as it is.")


@dataclass(frozen=True)
class Identity(Pointwise):
    """The input, as it is: a step that can be stopped at, though nothing is computed."""

    name: ClassVar[str] = "identity"
    integers: ClassVar[tuple[int, ...]] = (0,)
    backward_from = "nothing"

    def backward(self) -> Op:
        return IdentityBackward()

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        return [(np.copyto, (outputs[0], inputs[0]))]

    def formula(self) -> Formula:
        return Formula("Y = X", "Y = X", ("X",), ("Y",), "Passes the value on.")


@dataclass(frozen=True)
class NegateBackward(PointwiseBackward):
    """`-dY`."""

    name: ClassVar[str] = "negate_backward"

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        return [(np.negative, (*inputs, *outputs))]

    def formula(self) -> Formula:
        return Formula(
            "dX = -dY", "dX = −dY", ("dY",), ("dX",), "The error signal comes back turned round."
        )


@dataclass(frozen=True)
class Negate(Pointwise):
    """The number on the other side of zero."""

    name: ClassVar[str] = "negate"
    backward_from = "nothing"

    def backward(self) -> Op:
        return NegateBackward()

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        return [(np.negative, (*inputs, *outputs))]

    def formula(self) -> Formula:
        return Formula("Y = -X", "Y = −X", ("X",), ("Y",), "Turns the sign round.")
