"""A learned gain and bias, as several layers end with."""

from __future__ import annotations

from backprop_studio.autograd import Builder, Shape, Value
from backprop_studio.autograd.ops.arithmetic import Add
from backprop_studio.autograd.ops.multiply import Multiply
from backprop_studio.nn.initializers import Ones


def scale_and_shift(b: Builder, x: Value, shape: Shape, *, bias: bool = True) -> Value:
    """Emit `x · gain + bias` and return it.

    Parameters
    ----------
    b
        Where to emit it.
    x
        What to multiply.
    shape
        Shape of the parameters `gain`, ones at first, and `bias`, zeros; it broadcasts to `x`.
    bias
        Whether there is a bias.
    """
    y = b.apply(Multiply(), x, b.parameter("gain", shape, Ones()))
    return b.apply(Add(), y, b.parameter("bias", shape)) if bias else y
