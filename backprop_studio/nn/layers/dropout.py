"""Dropout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops.chance import Dropout as DropoutOp
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info, number


@dataclass(frozen=True)
class Dropout(LayerSpec):
    """Sets numbers to zero at random in training; passes them on when the network is used.

    Srivastava et al. 2014, as `torch.nn.Dropout`: what is kept is divided by `1 - p`, entry by
    entry and row by row. Each layer draws its own mask in each iteration; the same iteration has
    the same mask again, however it is reached. A frozen network drops nonetheless: nothing here
    is learned.
    """

    p: float = number(
        0.5,
        low=0.0,
        high=1.0,
        label="Probability",
        doc="How likely each number is to be dropped, from 0 (none) to 1 (all).",
    )

    info: ClassVar[Info] = Info(
        id="dropout",
        title="Dropout",
        category=Category.NORMALIZATION,
        summary="Sets numbers to zero at random in training; passes them on in use.",
        also="regularization, drop",
        latex=r"Y = X \odot M, \quad M_i \in \left\{0, \tfrac{1}{1 - p}\right\}",
        plain="Y = X × M, M[i] = 0 with probability p, else 1 / (1 − p)",
        shape="any shape → the same shape",
    )

    def lower(self, b: Builder, *inputs: Value) -> Value:
        (x,) = inputs
        return b.apply(DropoutOp(self.p, b.node), x) if b.training else x
