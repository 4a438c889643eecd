"""The plain recurrent layer over a whole sequence, and its way back through time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op, constant
from backprop_studio.autograd.ops.recurrence import Recurrent, check_upstream, spread_upstream
from backprop_studio.autograd.symbol import Array, TensorType

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value


@dataclass(frozen=True)
class SimpleRNNBackward(Op):
    """From the last step to the first: the gradients of the hidden states, after and before φ.

    Inputs: `u` (units, units), the output (N, steps, units) or (N, units), `seen` (steps, entries,
    N), and the output's gradient. Outputs: gradients of the states before their function and of the
    hidden states, both (steps, units, N), what comes back from later steps included.
    """

    relu: bool = False
    name: ClassVar[str] = "simple_rnn_backward"
    results: ClassVar[tuple[str, ...]] = ("sum_gradients", "hidden_gradients")

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        u, hidden, seen, g = inputs
        steps, _, n = seen.shape
        state = (steps, u.shape[0], n)
        check_upstream(self.name, state, hidden.shape)
        check_upstream(self.name, state, g.shape)
        return (TensorType(state), TensorType(state))

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        u, hidden, seen, g = inputs
        d, dh = outputs
        steps, units, n = d.shape
        slopes = np.empty_like(d)
        back = np.empty((units, n), d.dtype)
        last = hidden[:, -1] if hidden.ndim == 3 else hidden
        calls: list[Call] = [
            (np.copyto, (slopes[:-1], seen[1:, -units:])),
            (np.copyto, (slopes[-1], last.T)),
        ]
        if self.relu:  # its derivative is the sign of its output, which is not negative
            calls.append((np.sign, (slopes, slopes)))
        else:
            calls.append((np.multiply, (slopes, slopes, slopes)))
            calls.append((np.subtract, (constant(1.0, d), slopes, slopes)))
        calls += spread_upstream(g, dh)
        for t in reversed(range(steps)):
            calls.append((np.multiply, (slopes[t], dh[t], d[t])))
            if t and g.ndim == 3:
                calls.append((np.dot, (u, d[t], back)))
                calls.append((np.add, (dh[t - 1], back, dh[t - 1])))
            elif t:
                calls.append((np.dot, (u, d[t], dh[t - 1])))
        return calls

    def formula(self) -> Formula:
        slope = (r"[\,H_t > 0\,]", "[H[t] > 0]") if self.relu else (r"(1 - H_t^2)", "(1 − H[t]²)")
        return Formula(
            r"dH_t = dY_t + dA_{t+1} U^\top, \quad "
            rf"dA_t = dH_t \odot {slope[0]}, \quad S_t = [\ldots, H_{{t-1}}]",
            f"dH[t] = dY[t] + dA[t+1] · Uᵀ, dA[t] = dH[t] × {slope[1]}",
            ("U", "H", "S", "dY"),
            ("dA", "dH"),
            "From the last step to the first, the error signal passes the same weights again and "
            "again, so it tends to vanish or to explode.",
        )


@dataclass(frozen=True)
class SimpleRNN(Recurrent):
    """The plain recurrent layer: the new state is a function of the input and the old state.

    Inputs: `x` (N, steps, features), `w` (features, units), `u` (units, units) and, with `bias`,
    one vector (units,); `torch.nn.RNN`, whose equation this is, has two, which only ever occur as
    their sum. The function is tanh, or with `relu` ReLU. The hidden state starts at zero.

    Outputs: the hidden states (N, steps, units), or with `sequence` off the last (N, units); and
    `seen`, as `recurrence` tells. Elman 1990.
    """

    sequence: bool = False
    bias: bool = True
    relu: bool = False
    name: ClassVar[str] = "simple_rnn"
    results: ClassVar[tuple[str, ...]] = ("hidden", "seen")
    blocks: ClassVar[int] = 1
    computed: ClassVar[int] = 1

    def _kept(self, units: int) -> list[int]:
        return []

    def _join(self, w: Array, u: Array, biases: Sequence[Array], joined: Array) -> list[Call]:
        features = len(w)
        return [
            (np.copyto, (joined[:features], w)),
            (np.copyto, (joined[features + len(biases) :], u)),
            *((np.copyto, (joined[features], bias)) for bias in biases),
        ]

    def _steps(
        self, joined: Array, seen: Array, states: Sequence[Array], kept: Sequence[Array]
    ) -> list[Call]:
        calls: list[Call] = []
        zero = constant(0.0, seen)
        for now, out in zip(seen, states[1:], strict=True):
            calls.append((np.dot, (joined, now, out)))
            if self.relu:
                calls.append((partial(np.maximum, out=out), (out, zero)))
            else:
                calls.append((np.tanh, (out, out)))
        return calls

    def _backward(self, b: Builder, u: Value, outputs: Sequence[Value], g: Value) -> Value:
        hidden, seen = outputs
        return b.apply(SimpleRNNBackward(self.relu), u, hidden, seen, g)

    def formula(self) -> Formula:
        bias, one = ("b + ", ", 1") if self.bias else ("", "")
        name = ("ReLU", r"\mathrm{ReLU}") if self.relu else ("tanh", r"\tanh")
        return Formula(
            rf"S_t = [X_t{one}, H_{{t-1}}], \quad "
            rf"H_t = {name[1]}({bias}X_t W + H_{{t-1}} U)",
            f"H[t] = {name[0]}({bias}X[t] · W + H[t−1] · U)",
            ("X", "W", "U", "b") if self.bias else ("X", "W", "U"),
            ("H", "S"),
            "At every step, the new state is computed from the input and the state before, with "
            "the same weights.",
        )
