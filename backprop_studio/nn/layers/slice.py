"""Takes a part of the features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops import part
from backprop_studio.errors import ShapeError
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info, integer


@dataclass(frozen=True)
class Slice(LayerSpec):
    """Keeps some entries of the last axis, as Python's `x[..., start:stop:step]` does.

    Negative numbers count from the end, and ends beyond the axis are moved to it. The step is above
    zero, as in PyTorch, and nothing must not be the result. A stop of 0 stands for the end, for
    which Python writes no number.
    """

    start: int = integer(
        0,
        low=-1_000_000,
        high=1_000_000,
        label="Start",
        doc="First entry that is kept, counted from 0; negative numbers count from the end.",
    )
    stop: int = integer(
        0,
        low=-1_000_000,
        high=1_000_000,
        label="Stop",
        doc="First entry that is no longer kept; 0 keeps all up to the end.",
    )
    step: int = integer(
        1, low=1, high=1_000_000, label="Step", doc="1 keeps every entry, 2 every second one."
    )

    info: ClassVar[Info] = Info(
        id="slice",
        title="Slice",
        category=Category.SHAPE,
        summary="Keeps a part of the last axis: from start, up to stop, in steps.",
        also="crop, part, columns, split",
        latex=r"Y = X_{\mathrm{start}:\mathrm{stop}:\mathrm{step}}",
        plain="Y = X[start:stop:step]",
        shape="(N, …, features) → (N, …, features kept)",
    )

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        size = x.shape[-1] if len(x.shape) > 1 else None
        if not isinstance(size, int):
            raise ShapeError.of("slice", "N×features", x.shape)
        kept = range(size)[self.start : self.stop or None : self.step]
        if not kept:
            expected = f"a last axis where {self.caption} finds something"
            raise ShapeError.of("slice", expected, x.shape)
        return b.apply(part.Slice(len(x.shape) - 1, kept[0], kept[-1] + 1, self.step), x)

    @property
    def caption(self) -> str:
        stop = str(self.stop) if self.stop else ""
        return f"{self.start}:{stop}" + (f":{self.step}" if self.step != 1 else "")
