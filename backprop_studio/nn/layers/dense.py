"""The fully connected layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Initializer, Value
from backprop_studio.autograd.ops.affine import Affine
from backprop_studio.autograd.ops.arithmetic import Add
from backprop_studio.autograd.ops.matmul import MatMul
from backprop_studio.errors import ShapeError
from backprop_studio.nn import initializers
from backprop_studio.nn.operation import LARGEST
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info, choice, flag, integer, number, numbers

_LISTED = "listed"


@dataclass(frozen=True)
class Dense(LayerSpec):
    """Every output is a weighted sum of every input, plus a bias.

    As PyTorch's Linear, on the last axis: every step of a sequence (N, T, features) goes through
    the same weights. Pictures are refused, other than there, since a Flatten was forgotten. Other
    than there, where the weight is (units, features), it is (features, units): Y = XW + b.

    Examples
    --------
    >>> from backprop_studio.autograd import BATCH, Builder
    >>> from backprop_studio.nn.layers.dense import Dense
    >>> b = Builder()
    >>> y = Dense(units=10, init="xavier").add(b, b.input("x", (BATCH, 64)), node="output")
    >>> y.shape, [(p.name, p.shape) for p in b.parameters]
    (('N', 10), [('weight', (64, 10)), ('bias', (10,))])
    >>> [instr.op.name for instr in b.instructions]
    ['load', 'affine']
    """

    units: int = integer(
        32, low=1, high=100_000, label="Units", doc="Number of outputs: one neuron each."
    )
    bias: bool = flag(True, label="Bias", doc="Add a learned number to each output.")
    init: str = choice(
        "he",
        choices={**initializers.CHOICES, _LISTED: "As listed"},
        label="First weights",
        doc="How the weights are drawn at the start. Biases start at zero.",
    )
    scale: float = number(
        initializers.SCALE,
        low=0.0,
        high=1000.0,
        label="First scale",
        doc="Standard deviation of normal, limit of uniform, value of constant first weights.",
    )
    values: tuple[float, ...] = numbers(
        (),
        low=-LARGEST,
        high=LARGEST,
        most=1000,
        label="Numbers",
        doc="The first weights, those of the first input to all units, then of the second and so "
        "on; after them the biases, which may be left out. Without any, all are zero.",
    )

    info: ClassVar[Info] = Info(
        id="dense",
        title="Dense",
        category=Category.LAYER,
        summary="Every output is a weighted sum of every input, plus a bias.",
        also="fully connected, fc, linear layer, affine, weights, hidden layer",
        latex=r"Y = XW + b",
        plain="Y = X·W + b",
        shape="(N, features) or (N, T, features) → the same with units as features",
        rank=0,
    )

    def unused(self) -> frozenset[str]:
        idle = {"scale"} if self.init not in initializers.SCALED else set()
        return frozenset(idle if self.init == _LISTED else idle | {"values"})

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        if len(x.shape) not in (2, 3) or not isinstance(x.shape[-1], int):
            hint = " (add a Flatten layer before it)" if len(x.shape) > 3 else ""
            raise ShapeError.of("dense", f"N×features or N×T×features{hint}", x.shape)
        features = x.shape[-1]
        init, first_bias = self._starts(features)
        weight = b.parameter("weight", (features, self.units), init)
        if not self.bias:
            return b.apply(MatMul(), x, weight)
        bias = b.parameter("bias", (self.units,), first_bias)
        if len(x.shape) == 2:
            return b.apply(Affine(), x, weight, bias)
        return b.apply(Add(), b.apply(MatMul(), x, weight), bias)

    def _starts(self, features: int) -> tuple[Initializer, Initializer]:
        """How weights and biases start.

        Raises
        ------
        ShapeError
            As many numbers as are listed go with no layer of this size.
        """
        if self.init != _LISTED:
            scheme = initializers.scheme(self.init, features, self.units, self.scale)
            return scheme, initializers.Zeros()
        count, needed = len(self.values), features * self.units
        if not count:
            return initializers.Zeros(), initializers.Zeros()
        biases = self.units if self.bias else 0
        if count not in (needed, needed + biases):
            raise ShapeError(
                "weights-listed", name="dense", count=count, needed=needed, biases=biases
            )
        listed = initializers.Listed(self.values[:needed])
        if count == needed:
            return listed, initializers.Zeros()
        return listed, initializers.Listed(self.values[needed:])
