"""What the recurrent layers share: their settings and how they are lowered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Initializer, Op, Value
from backprop_studio.autograd.ops.recurrence import check_sequences
from backprop_studio.nn import initializers
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import choice, flag, integer

SHAPE = "(N, steps, features) → (N, units) or (N, steps, units)"


@dataclass(frozen=True)
class RecurrentLayer(LayerSpec):
    """A layer that reads a sequence step by step, with the same weights at every step.

    Weights are stored as Dense stores them, features first: the transposed of PyTorch's
    `weight_ih_l0` and `weight_hh_l0`, with the same order of gates. They start by schemes for
    each gate, where PyTorch draws all numbers evenly within ±1/√units; biases start at zero.

    PyTorch adds two biases where one would do, and trains both, so that their sum moves twice as
    far in each step of SGD or Adam. Here is one; with PyTorch's second held fixed, both train
    alike.
    """

    units: int = integer(
        32, low=1, high=10_000, label="Units", doc="Size of the state that goes from step to step."
    )
    returns: str = choice(
        "last",
        choices={"last": "Last state", "sequence": "State of every step"},
        label="Returns",
        doc="What comes out: the state after the last step, or the states of all steps.",
    )
    bias: bool = flag(True, label="Bias", doc="Add learned numbers to each sum.")
    init: str = choice(
        "xavier",
        choices=initializers.CHOICES,
        label="First weights",
        doc="How the weights of the input are drawn at the start, each gate for itself.",
    )
    recurrent_init: str = choice(
        "orthogonal",
        choices=initializers.CHOICES,
        label="First recurrent weights",
        doc="How the weights from state to state are drawn; orthogonal ones keep its length.",
    )

    gates: ClassVar[int] = 1
    """Blocks of columns in the weights."""

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        _, _, features = check_sequences(self.info.id, x.type)
        wide = self.gates * self.units
        init, recurrent = (
            initializers.SideBySide(initializers.scheme(key, size, self.units), self.gates)
            for key, size in ((self.init, features), (self.recurrent_init, self.units))
        )
        parts = [
            b.parameter("weight", (features, wide), init),
            b.parameter("recurrent_weight", (self.units, wide), recurrent),
        ]
        if self.bias:
            parts += self._biases(b)
        return b.apply(self._op(self.returns == "sequence"), x, *parts)

    def _biases(self, b: Builder) -> list[Value]:
        """The parameters that are added."""
        return [b.parameter("bias", (self.gates * self.units,), self._first_bias())]

    def _first_bias(self) -> Initializer | None:
        """How the bias starts; None for zero."""
        return None

    def _op(self, sequence: bool) -> Op:
        """The op that computes the whole sequence."""
        raise NotImplementedError
