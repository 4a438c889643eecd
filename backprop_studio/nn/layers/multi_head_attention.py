"""Self-attention with several heads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Shape, Value
from backprop_studio.autograd.ops.arithmetic import Add
from backprop_studio.autograd.ops.attention import attend
from backprop_studio.autograd.ops.heads import MergeHeads, SplitHeads
from backprop_studio.autograd.ops.matmul import MatMul
from backprop_studio.errors import ShapeError
from backprop_studio.nn.initializers import Uniform
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info, flag, integer


@dataclass(frozen=True)
class MultiHeadAttention(LayerSpec):
    """Every step of a sequence looks at all steps, in several ways at once.

    Vaswani et al. 2017, section 3.2.2, as `torch.nn.MultiheadAttention(batch_first=True)` with
    the same sequence as query, key and value, and without dropout. `in_weight` (E, 3E) projects
    to queries, keys and values in one product; it and `out_weight` (E, E) are the transposes of
    PyTorch's `in_proj_weight` and `out_proj.weight`, and are drawn as those are. PyTorch returns
    the mean of the heads' attention weights; here the result `attention_weights` (N, heads, T,
    T) has those of each head.
    """

    heads: int = integer(
        4,
        low=1,
        high=1_000,
        label="Heads",
        doc="How many ways of looking there are; the features are shared out among them.",
    )
    causal: bool = flag(
        False, label="Causal", doc="Hide from each step the steps that come later than it."
    )
    bias: bool = flag(True, label="Bias", doc="Add a learned number to each projected feature.")

    info: ClassVar[Info] = Info(
        id="multi_head_attention",
        title="MultiHeadAttention",
        category=Category.SEQUENCE,
        summary="Every step of a sequence looks at all its steps, in several ways at once.",
        also="self-attention, mha, transformer",
        latex=r"Y = [\,H_1 \mid \dots \mid H_h\,]\, W_o, \quad "
        r"H_i = \mathrm{softmax}\left(\frac{Q_i K_i^\top}{\sqrt{d}}\right) V_i",
        plain="Y = [H1 | … | Hh]·Wo, Hi = softmax(Qi·Kiᵀ / √d)·Vi",
        shape="(N, T, features) → the same shape",
    )

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        width = _width(x.shape)
        if width % self.heads:
            expected = f"features that {self.heads} heads can share out evenly"
            raise ShapeError.of("multi_head_attention", expected, x.shape)
        packed = self._project(b, "in", x, 3 * width, Uniform((6 / (4 * width)) ** 0.5))
        query, key, value = b.apply_all(SplitHeads(self.heads), packed)
        found = attend(b, query, key, value, causal=self.causal)
        merged = b.apply(MergeHeads(), found)
        return self._project(b, "out", merged, width, Uniform(width**-0.5))

    def _project(self, b: Builder, name: str, x: Value, units: int, init: Uniform) -> Value:
        y = b.apply(MatMul(), x, b.parameter(f"{name}_weight", (_width(x.shape), units), init))
        return b.apply(Add(), y, b.parameter(f"{name}_bias", (units,))) if self.bias else y


def _width(shape: Shape) -> int:
    if len(shape) != 3 or not all(isinstance(d, int) for d in shape[1:]):
        raise ShapeError.of("multi_head_attention", "N×T×features", shape)
    return int(shape[2])
