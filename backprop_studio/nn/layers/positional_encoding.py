"""Tells a network where in the sequence it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops.arithmetic import Add
from backprop_studio.autograd.ops.positions import Waves
from backprop_studio.errors import ShapeError
from backprop_studio.nn.initializers import Normal
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info, choice


@dataclass(frozen=True)
class PositionalEncoding(LayerSpec):
    """Adds to each step a vector that only its position decides.

    Attention alone would not notice if the steps were shuffled. The waves are those of Vaswani et
    al. 2017, section 3.5. Learned positions (T, features) start as normal numbers with a standard
    deviation of 0.02, as those of GPT-2 do (Radford et al. 2019).
    """

    kind: str = choice(
        "waves",
        choices={"waves": "Sines and cosines", "learned": "Learned"},
        label="Positions",
        doc="Fixed waves of many lengths, or numbers that are learned for each position.",
    )

    info: ClassVar[Info] = Info(
        id="positional_encoding",
        title="PositionalEncoding",
        category=Category.SEQUENCE,
        summary="Adds to each step of a sequence a vector that tells its position.",
        also="position embedding, transformer",
        latex=r"Y_t = X_t + P_t",
        plain="Y[t] = X[t] + P[t]",
        shape="(N, T, features) → the same shape",
    )

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        if len(x.shape) != 3 or not all(isinstance(d, int) for d in x.shape[1:]):
            raise ShapeError.of("positional_encoding", "N×T×features", x.shape)
        steps, features = (int(d) for d in x.shape[1:])
        if self.kind == "learned":
            positions = b.parameter("positions", (steps, features), Normal(0.02))
        else:
            positions = b.apply(Waves(steps, features))
        return b.apply(Add(), x, positions)
