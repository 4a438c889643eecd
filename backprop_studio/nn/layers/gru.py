"""The gated recurrent unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Op, Value
from backprop_studio.autograd.ops import gru
from backprop_studio.nn.recurrent import SHAPE, RecurrentLayer
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class GRU(RecurrentLayer):
    """Reads a sequence with a state that gates mix with what is new.

    `torch.nn.GRU` with one layer and one direction, `batch_first`. `bias` is the sum of its two for
    the gates r and z, and its `bias_ih_l0` for the candidate n; `hidden_bias` is n's `bias_hh_l0`,
    which is not the same, because the reset gate multiplies it.
    """

    info: ClassVar[Info] = Info(
        id="gru",
        title="GRU",
        category=Category.SEQUENCE,
        summary="Reads a sequence with a state that gates mix with what is new.",
        also="recurrent, gated recurrent unit, rnn",
        latex=r"H_t = (1 - Z_t) \odot N_t + Z_t \odot H_{t-1}",
        plain="H[t] = (1 − Z[t])×N[t] + Z[t]×H[t−1]",
        shape=SHAPE,
        rank=2,
    )
    gates: ClassVar[int] = 3

    def _biases(self, b: Builder) -> list[Value]:
        return [*super()._biases(b), b.parameter("hidden_bias", (self.units,))]

    def _op(self, sequence: bool) -> Op:
        return gru.GRU(sequence, self.bias)
