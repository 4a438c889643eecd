"""What the layers that are a single operation share, so that a network can be built of scalars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import BATCH, Builder, Op, Shape, Value
from backprop_studio.autograd.ops.arithmetic import broadcast
from backprop_studio.errors import ShapeError
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import integer

MAX_SIZE = 100_000
"""Of each axis of what a learner makes up."""

LARGEST = 1e6
"""Of the numbers that a learner makes up."""


@dataclass(frozen=True)
class Operation(LayerSpec):
    """One op of one input."""

    op: ClassVar[Op]

    def lower(self, b: Builder, *inputs: Value) -> Value:
        return b.apply(self.op, *inputs)


@dataclass(frozen=True)
class BinaryOperation(Operation):
    """One op of two inputs, under numpy's (and PyTorch's) broadcasting rules.

    The batch must stay the first axis: what would put two examples into one row is refused.
    """

    ports: ClassVar[tuple[str, ...]] = ("a", "b")

    def lower(self, b: Builder, *inputs: Value) -> Value:
        first, second = inputs
        check_broadcast(self.info.id, first.shape, second.shape)
        return super().lower(b, *inputs)


def check_broadcast(name: str, first: Shape, second: Shape) -> None:
    """Refuse shapes that do not go together, or that would move the batch from its place.

    Raises
    ------
    ShapeError
        They do not; the layer is called `name`.
    """
    if first == second and BATCH not in first[1:]:
        return
    try:
        shape = broadcast(name, first, second)
    except ShapeError:
        raise ShapeError.differ(name, first, second) from None
    if BATCH in shape[1:]:
        raise ShapeError.differ(name, first, second)


def rows() -> int:
    """The field `rows` of a node that makes up its own shape."""
    made: int = integer(
        0,
        low=0,
        high=MAX_SIZE,
        label="Rows",
        doc="Rows of a matrix; 0 makes a plain list of numbers, as for a bias.",
    )
    return made


def columns() -> int:
    """The field `columns` of a node that makes up its own shape."""
    made: int = integer(
        1, low=1, high=MAX_SIZE, label="Columns", doc="Numbers in the list, or in each row."
    )
    return made


def made_shape(rows: int, columns: int) -> tuple[int, ...]:
    """The shape that these two settings mean."""
    return (rows, columns) if rows else (columns,)
