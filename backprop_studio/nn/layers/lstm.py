"""Long short-term memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Initializer, Op
from backprop_studio.autograd.ops import lstm
from backprop_studio.nn import initializers
from backprop_studio.nn.recurrent import SHAPE, RecurrentLayer
from backprop_studio.specs import Category, Info, number


@dataclass(frozen=True)
class LSTM(RecurrentLayer):
    """Reads a sequence with cells that keep what they hold until a gate forgets it.

    `torch.nn.LSTM` with one layer and one direction, `batch_first`, without projection, and its
    two biases as one. Other than there, the forget gate's bias starts at 1, after Gers et al. 2000
    and Jozefowicz et al. 2015, section 2.2, so that cells remember at first.
    """

    forget_bias: float = number(
        1.0,
        low=-100.0,
        high=100.0,
        label="First forget bias",
        doc="Where the forget gate's bias starts; above zero, cells remember at first.",
    )

    info: ClassVar[Info] = Info(
        id="lstm",
        title="LSTM",
        category=Category.SEQUENCE,
        summary="Reads a sequence with cells that keep what they hold until a gate forgets it.",
        also="recurrent, long short-term memory, rnn",
        latex=r"C_t = F_t \odot C_{t-1} + I_t \odot G_t, \quad H_t = O_t \odot \tanh C_t",
        plain="C[t] = F[t]×C[t−1] + I[t]×G[t], H[t] = O[t]×tanh(C[t])",
        shape=SHAPE,
        rank=2,
    )
    gates: ClassVar[int] = 4

    def _first_bias(self) -> Initializer | None:
        return initializers.Levels((0.0, self.forget_bias, 0.0, 0.0))

    def _op(self, sequence: bool) -> Op:
        return lstm.LSTM(sequence, self.bias)
