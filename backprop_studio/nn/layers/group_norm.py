"""Group normalisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops.normalize import Normalize
from backprop_studio.errors import ShapeError
from backprop_studio.nn.affine import scale_and_shift
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info, flag, integer, number


@dataclass(frozen=True)
class GroupNorm(LayerSpec):
    """Brings each group of channels of each row to mean zero and variance one.

    Wu and He 2018, as `torch.nn.GroupNorm`: the biased variance, ε inside the root, and a gain
    and a bias for each channel. One group is layer normalisation of the row, as many groups as
    channels is instance normalisation.
    """

    groups: int = integer(
        8,
        low=1,
        high=100_000,
        label="Groups",
        doc="Into how many groups the channels are cut; it must divide their number.",
    )
    epsilon: float = number(
        1e-5, above=0.0, high=1.0, label="Epsilon", doc="Added to the variance before the root."
    )
    affine: bool = flag(
        True, label="Gain and bias", doc="Multiply and add learned numbers afterwards."
    )

    info: ClassVar[Info] = Info(
        id="group_norm",
        title="GroupNorm",
        category=Category.NORMALIZATION,
        summary="Brings each group of channels of each row to mean zero and variance one.",
        also="group normalization, gn, instance norm",
        latex=r"Y = \frac{X - m}{\sqrt{v + \varepsilon}} \odot g + b",
        plain="Y = (X − m) / √(v + ε) × g + b",
        shape="(N, channels, …) → the same shape",
    )

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        channels = x.shape[1] if len(x.shape) > 1 else None
        if not isinstance(channels, int) or channels % self.groups:
            expected = f"N×channels, a number of channels that {self.groups} groups divide,"
            raise ShapeError.of("group_norm", expected, x.shape)
        axes = tuple(range(1, len(x.shape)))
        y = b.apply(Normalize(axes, self.epsilon, self.groups), x)
        ones = (1,) * (len(x.shape) - 2)
        return scale_and_shift(b, y, (channels, *ones)) if self.affine else y
