"""How numbers enter a program: from the data, or fixed in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op, RunContext, constant
from backprop_studio.autograd.symbol import Array, Shape, TensorType
from backprop_studio.errors import DataError, ShapeError


@dataclass(frozen=True)
class Load(Op):
    """Copies the rows of the current batch into an input."""

    source: str
    name: ClassVar[str] = "load"

    def bind_in(
        self, context: RunContext, inputs: Sequence[Array], outputs: Sequence[Array]
    ) -> list[Call]:
        feeds, (out,) = context.feeds, outputs
        # take would make a copy of an array with gaps in memory each time.
        target = out if out.flags.c_contiguous else np.empty(out.shape, out.dtype)

        def load() -> None:
            source, rows = feeds[self.source]
            # mode "clip" lets take write straight into it; the rows are known to be in range.
            source.take(rows, 0, target, "clip")

        return [(load, ())] if target is out else [(load, ()), (np.copyto, (out, target))]

    def any_layout(self, shapes: Sequence[tuple[int, ...]]) -> bool:
        return True

    def formula(self) -> Formula:
        return Formula(
            rf"{self.source} \leftarrow \mathrm{{batch}}",
            f"{self.source} ← batch",
            (),
            (self.source,),
            "Takes the rows of this batch from the data set.",
        )


def _check_classes(name: str, labels: Array, count: int) -> None:
    wrong = (labels < 0) | (labels >= count)
    if wrong.any():
        row = int(wrong.argmax())
        value = labels[row]
        raise DataError("class-range", name=name, count=count, last=count - 1, row=row, value=value)


@dataclass(frozen=True)
class Constant(Op):
    """The same number at every place of an array of `shape`; it has no input."""

    value: float
    shape: Shape
    name: ClassVar[str] = "constant"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (TensorType(self.shape),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        return [(np.copyto, (outputs[0], constant(self.value, outputs[0])))]

    def formula(self) -> Formula:
        value = f"{self.value:g}"
        return Formula(f"Y = {value}", f"Y = {value}", (), ("Y",), "A number that never changes.")


@dataclass(frozen=True)
class OneHot(Op):
    """Class indices of shape (N,) to rows of shape (N, classes) with a single one."""

    classes: int
    name: ClassVar[str] = "one_hot"
    integers: ClassVar[tuple[int, ...]] = (0,)

    def check_data(self, data: Array) -> None:
        _check_classes(self.name, data, self.classes)

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (labels,) = inputs
        if labels.kind != "int" or len(labels.shape) != 1:
            raise ShapeError.of(self.name, "class indices of shape N", labels.shape)
        return (TensorType((labels.shape[0], self.classes)),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (labels,), (out,) = inputs, outputs
        # mode "clip" lets take write straight into out; labels were checked when they were fed.
        return [(np.eye(self.classes, dtype=out.dtype).take, (labels, 0, out, "clip"))]

    def formula(self) -> Formula:
        return Formula(
            r"t_{ij} = [\,y_i = j\,]",
            "t[i, j] = 1 if y[i] = j, else 0",
            ("y",),
            ("t",),
            "Writes each class as a row of zeros with a one at its place.",
        )


@dataclass(frozen=True)
class Column(Op):
    """Class indices of shape (N,) as one column of numbers, 0 or 1 where there are two classes."""

    name: ClassVar[str] = "column"
    integers: ClassVar[tuple[int, ...]] = (0,)

    def check_data(self, data: Array) -> None:
        _check_classes(self.name, data, 2)

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (labels,) = inputs
        if labels.kind != "int" or len(labels.shape) != 1:
            raise ShapeError.of(self.name, "class indices of shape N", labels.shape)
        return (TensorType((labels.shape[0], 1)),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (labels,), (out,) = inputs, outputs
        return [(np.copyto, (out[:, 0], labels))]

    def formula(self) -> Formula:
        return Formula(
            r"t_{i1} = y_i",
            "t[i, 1] = y[i]",
            ("y",),
            ("t",),
            "Of two classes, the second is a one and the first a zero.",
        )
