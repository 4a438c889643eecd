"""The plain recurrent layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Op
from backprop_studio.autograd.ops import simple_rnn
from backprop_studio.nn.recurrent import SHAPE, RecurrentLayer
from backprop_studio.specs import Category, Info, choice


@dataclass(frozen=True)
class SimpleRNN(RecurrentLayer):
    """Reads a sequence step by step; its state is all that it remembers.

    `torch.nn.RNN` with one layer and one direction, `batch_first`, and its two biases as one.
    """

    activation: str = choice(
        "tanh",
        choices={"tanh": "tanh", "relu": "ReLU"},
        label="Activation",
        doc="The function of each new state; ReLU lets it grow without bound.",
    )

    info: ClassVar[Info] = Info(
        id="simple_rnn",
        title="SimpleRNN",
        category=Category.SEQUENCE,
        summary="Reads a sequence step by step; its state is all that it remembers.",
        also="recurrent, elman, sequence",
        latex=r"H_t = \tanh(X_t W + H_{t-1} U + b)",
        plain="H[t] = tanh(X[t]·W + H[t−1]·U + b)",
        shape=SHAPE,
        rank=2,
    )

    def formula(self) -> tuple[str, str]:
        if self.activation == "tanh":
            return super().formula()
        latex, plain = super().formula()
        return latex.replace(r"\tanh", r"\mathrm{ReLU}"), plain.replace("tanh", "ReLU")

    def _op(self, sequence: bool) -> Op:
        return simple_rnn.SimpleRNN(sequence, self.bias, self.activation == "relu")
