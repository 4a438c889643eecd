"""Layer normalisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops.normalize import Normalize
from backprop_studio.errors import ShapeError
from backprop_studio.nn.affine import scale_and_shift
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info, choice, flag, number


@dataclass(frozen=True)
class LayerNorm(LayerSpec):
    """Brings the features of each row, or of each step, to mean zero and variance one.

    Ba, Kiros and Hinton 2016, as `torch.nn.LayerNorm` with the last axis, or all but the batch,
    as its `normalized_shape`: the biased variance, ε inside the root, and a gain and a bias for
    each entry of those axes.
    """

    over: str = choice(
        "last",
        choices={"last": "The last axis", "all": "All axes but the batch"},
        label="Over",
        doc="What is normalised together: the features of each step, or the whole row.",
    )
    epsilon: float = number(
        1e-5, above=0.0, high=1.0, label="Epsilon", doc="Added to the variance before the root."
    )
    affine: bool = flag(
        True, label="Gain and bias", doc="Multiply and add learned numbers afterwards."
    )

    info: ClassVar[Info] = Info(
        id="layer_norm",
        title="LayerNorm",
        category=Category.NORMALIZATION,
        summary="Brings the features of each row to mean zero and variance one.",
        also="layer normalization, ln",
        latex=r"Y = \frac{X - m}{\sqrt{v + \varepsilon}} \odot g + b",
        plain="Y = (X − m) / √(v + ε) × g + b",
        shape="(N, …, features) → the same shape",
    )

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        rank = len(x.shape)
        first = 1 if self.over == "all" else max(rank - 1, 1)
        shape = x.shape[first:]
        if not shape or not all(isinstance(d, int) for d in shape):
            raise ShapeError.of("layer_norm", "N×features", x.shape)
        y = b.apply(Normalize(tuple(range(first, rank)), self.epsilon), x)
        return scale_and_shift(b, y, shape) if self.affine else y
