"""What the layers with a sliding window share: their settings and how they are lowered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops.convolution import Conv1d, Conv2d
from backprop_studio.autograd.ops.pooling import AvgPool, MaxPool
from backprop_studio.autograd.windows import Window
from backprop_studio.errors import Diagnostic, ShapeError
from backprop_studio.nn import initializers
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import choice, flag, integer

LARGEST = 1_000
"""Of a window's sizes; no data set here has longer axes."""

EXPECTED = {
    1: "sequences, N×channels×length",
    2: "pictures, N×channels×height×width (the Input can give them)",
}
"""By the number of axes that the window slides over."""


def check_axes(name: str, x: Value, axes: int) -> None:
    """Refuse an input that has other axes than batch, channels and `axes` more.

    Raises
    ------
    ShapeError
        It has.
    """
    if len(x.shape) != axes + 2 or not all(isinstance(d, int) for d in x.shape[1:]):
        raise ShapeError.of(name, EXPECTED[axes], x.shape)


def by(size: int, axes: int) -> str:
    """A size for people: `3×3`, or `3` along one axis."""
    return "×".join([str(size)] * axes)


@dataclass(frozen=True)
class Convolution(LayerSpec):
    """A convolution over `axes` axes."""

    channels: int = integer(
        8,
        low=1,
        high=10_000,
        label="Channels",
        doc="Patterns that are looked for: one output each.",
    )
    kernel: int = integer(
        3, low=1, high=LARGEST, label="Kernel", doc="Length of the window along each axis."
    )
    stride: int = integer(
        1,
        low=1,
        high=LARGEST,
        label="Stride",
        doc="Steps from one place of the window to the next; 2 halves the size.",
    )
    padding: int = integer(
        1,
        low=0,
        high=LARGEST,
        label="Padding",
        doc="Zeros added at each edge; half of the kernel keeps the size, where PyTorch adds none.",
    )
    dilation: int = integer(
        1,
        low=1,
        high=LARGEST,
        label="Dilation",
        doc="Steps between the entries that the window covers; above 1, it has gaps.",
    )
    groups: int = integer(
        1,
        low=1,
        high=10_000,
        label="Groups",
        doc="Parts that the channels are cut into; each output sees its own part only.",
    )
    bias: bool = flag(True, label="Bias", doc="Add a learned number to each output channel.")
    init: str = choice(
        "he",
        choices=initializers.CHOICES,
        label="First weights",
        doc="How the weights are drawn at the start. Biases start at zero.",
    )

    axes: ClassVar[int]
    op: ClassVar[type[Conv2d | Conv1d]]

    @property
    def caption(self) -> str:
        counted = "channel" if self.channels == 1 else "channels"
        return f"{self.channels:,} {counted}, {by(self.kernel, self.axes)}"

    def problems(self, name: str, node: str | None = None) -> list[Diagnostic]:
        found = super().problems(name, node)
        if not found and self.channels % self.groups:
            allowed = f"a divisor of {self.channels}, the number of channels"
            params = {"name": name, "field": "Groups", "value": self.groups, "allowed": allowed}
            found.append(Diagnostic("field-range", params, node=node, field="groups"))
        return found

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        check_axes(self.info.id, x, self.axes)
        window = Window.of(self.axes, self.kernel, self.stride, self.padding, self.dilation)
        window.infer(self.info.id, x.shape)
        incoming = int(x.shape[1])
        if self.groups < 1 or incoming % self.groups or self.channels % self.groups:
            expected = f"a number of channels that {self.groups} groups divide"
            raise ShapeError.of(self.info.id, expected, x.shape)
        seen = incoming // self.groups
        made = self.channels // self.groups
        init = initializers.scheme(self.init, seen * window.count, made * window.count)
        shape = (self.channels, seen, *window.kernel)
        parts = [b.parameter("weight", shape, init)]
        if self.bias:
            parts.append(b.parameter("bias", (self.channels,)))
        return b.apply(self.op(window, self.groups, self.bias), x, *parts)


@dataclass(frozen=True)
class Pooling(LayerSpec):
    """A pooling over `axes` axes."""

    kernel: int = integer(
        2, low=1, high=LARGEST, label="Kernel", doc="Length of the window along each axis."
    )
    stride: int = integer(
        2,
        low=1,
        high=LARGEST,
        label="Stride",
        doc="Steps from one place of the window to the next; with 2, the size is halved.",
    )
    padding: int = integer(
        0,
        low=0,
        high=LARGEST // 2,
        label="Padding",
        doc="Entries added at each edge, at most half of the kernel.",
    )

    axes: ClassVar[int]
    op: ClassVar[type[MaxPool | AvgPool]]

    @property
    def caption(self) -> str:
        return by(self.kernel, self.axes) + (
            "" if self.stride == self.kernel else f", stride {self.stride}"
        )

    def problems(self, name: str, node: str | None = None) -> list[Diagnostic]:
        found = super().problems(name, node)
        if not found and 2 * self.padding > self.kernel:
            allowed = f"at most half of the kernel, {self.kernel // 2}"
            params = {"name": name, "field": "Padding", "value": self.padding, "allowed": allowed}
            found.append(Diagnostic("field-range", params, node=node, field="padding"))
        return found

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        check_axes(self.info.id, x, self.axes)
        window = Window.of(self.axes, self.kernel, self.stride, self.padding)
        return b.apply(self.op(window), x)
