"""Noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops.chance import AddNoise
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info, number


@dataclass(frozen=True)
class Noise(LayerSpec):
    """Adds normal noise in training; passes its input on when the network is used.

    Bishop 1995. Each layer draws its own noise in each iteration; the same iteration has the same
    noise again, however it is reached.
    """

    deviation: float = number(
        0.1,
        low=0.0,
        high=1000.0,
        label="Standard deviation",
        doc="How strong the noise is, in units of the input.",
    )

    info: ClassVar[Info] = Info(
        id="noise",
        title="Noise",
        category=Category.NORMALIZATION,
        summary="Adds random numbers in training; passes its input on in use.",
        also="gaussian noise, regularization",
        latex=r"Y = X + E, \quad E_i \sim \mathcal{N}(0, \sigma^2)",
        plain="Y = X + E, E[i] normal with mean 0 and standard deviation σ",
        shape="any shape → the same shape",
    )

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        return b.apply(AddNoise(self.deviation, b.node), x) if b.training else x
