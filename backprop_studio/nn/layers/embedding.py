"""Tokens as vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops.lookup import Lookup
from backprop_studio.errors import ShapeError
from backprop_studio.nn import initializers
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info, integer, number


@dataclass(frozen=True)
class Embedding(LayerSpec):
    """Replaces each token by a learned vector.

    `torch.nn.Embedding` without its options; vectors start normal with deviation 1, as there.
    """

    vocabulary: int = integer(
        256,
        low=1,
        high=1_000_000,
        label="Vocabulary",
        doc="How many tokens there are; they are numbered from 0. Bytes are 256.",
    )
    width: int = integer(32, low=1, high=10_000, label="Width", doc="Numbers in each vector.")
    scale: float = number(
        1.0, low=0.0, high=1000.0, label="First scale", doc="Standard deviation of first vectors."
    )

    info: ClassVar[Info] = Info(
        id="embedding",
        title="Embedding",
        category=Category.SEQUENCE,
        summary="Replaces each token by a learned vector.",
        also="lookup table, word vectors, tokens",
        latex=r"Y_{p} = E_{T_p}",
        plain="Y[p] = E[T[p]]",
        shape="(N,) → (N, width) or (N, steps) → (N, steps, width)",
        rank=2,
    )

    @property
    def caption(self) -> str:
        return f"{self.vocabulary:,} tokens, width {self.width:,}"

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        if x.type.kind != "int" or len(x.shape) not in (1, 2):
            raise ShapeError.of("embedding", "tokens (whole numbers), N or N×steps", x.shape)
        init = initializers.Normal(self.scale)
        table = b.parameter("weight", (self.vocabulary, self.width), init)
        return b.apply(Lookup(self.vocabulary), x, table)
