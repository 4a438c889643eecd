"""Attention of queries to keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value, format_shape
from backprop_studio.autograd.ops.attention import attend
from backprop_studio.errors import ShapeError
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info, flag


@dataclass(frozen=True)
class Attention(LayerSpec):
    """Each query looks at all keys, and takes the mean of their values by how well they fit.

    As `torch.nn.functional.scaled_dot_product_attention` without dropout: scores are divided by
    the root of the queries' width. Its `is_causal` counts queries and keys from the first of
    each, and so does this. There is no other mask, and with this one each query sees at least
    the first key, so that no query has all its keys hidden.
    """

    causal: bool = flag(
        False, label="Causal", doc="Hide from each query the keys that come later than it."
    )

    info: ClassVar[Info] = Info(
        id="attention",
        title="Attention",
        category=Category.SEQUENCE,
        summary="Each query takes the mean of the values, weighted by how well their keys fit it.",
        also="dot-product, query key value, transformer",
        latex=r"Y = \mathrm{softmax}\left(\frac{Q K^\top}{\sqrt{d}}\right) V",
        plain="Y = softmax(Q·Kᵀ / √d)·V",
        shape="(N, T, d), (N, S, d) and (N, S, v) → (N, T, v)",
    )
    ports: ClassVar[tuple[str, ...]] = ("query", "key", "value")

    def lower(self, b: Builder, *inputs: Value) -> Value:
        query, key, value = inputs
        known = (*query.shape[1:], *key.shape[1:], *value.shape[1:])
        for role, given in zip(self.ports, inputs, strict=True):
            if len(given.shape) != 3 or not all(isinstance(d, int) for d in known):
                raise ShapeError.of("attention", f"a {role} of N×T×features", given.shape)
        n, _, width = query.shape
        steps = key.shape[1]
        if key.shape != (n, steps, width):
            expected = f"a key as wide as its query, {format_shape(query.shape)},"
            raise ShapeError.of("attention", expected, key.shape)
        if value.shape[:2] != (n, steps):
            expected = f"as many values as keys, {format_shape(key.shape)},"
            raise ShapeError.of("attention", expected, value.shape)
        return attend(b, query, key, value, causal=self.causal)
