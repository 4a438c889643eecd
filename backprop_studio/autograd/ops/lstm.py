"""Long short-term memory over a whole sequence, and its way back through time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op, constant
from backprop_studio.autograd.ops.recurrence import Recurrent, check_upstream, spread_upstream
from backprop_studio.autograd.symbol import Array, TensorType
from backprop_studio.errors import ShapeError

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value


@dataclass(frozen=True)
class LSTMBackward(Op):
    """From the last step to the first: the gradients of hidden states, cells and gates.

    Inputs: `u` (units, 4 · units), cells (steps, units, N), gates (steps, 4 · units, N), and the
    gradient of all hidden states (N, steps, units) or of the last (N, units). Outputs: gradients
    of the gates before their functions (steps, 4 · units, N), in the order i, f, g, o; of the
    cells; and of the hidden states, both (steps, units, N). Each is the whole gradient at its
    step, what comes back from later steps included.
    """

    name: ClassVar[str] = "lstm_backward"
    results: ClassVar[tuple[str, ...]] = ("gate_gradients", "cell_gradients", "hidden_gradients")

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        u, cells, gates, g = inputs
        units = u.shape[0]
        steps, _, n = cells.shape
        if gates.shape != (steps, 4 * int(units), n) or cells.shape[1] != units:
            raise ShapeError.of(self.name, (steps, 4 * int(units), n), gates.shape)
        check_upstream(self.name, cells.shape, g.shape)
        return (gates, cells, cells)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        u, cells, gates, g = inputs
        d, dc, dh = outputs
        steps, units, n = cells.shape
        four = (steps, 4, units, n)
        a, d4 = gates.reshape(four), d.reshape(four)
        i, f, new, o = (a[:, k] for k in range(4))
        one = constant(1.0, cells)
        # The local derivatives of all steps at once: of the cell by i, f and g, of the hidden state
        # by o, each before its function, and of the hidden state by the cell.
        slopes, to_cell = np.empty(four, cells.dtype), np.empty_like(cells)
        by_i, by_f, by_g, by_o = (slopes[:, k] for k in range(4))
        back, carried = np.empty((2, units, n), cells.dtype)
        calls: list[Call] = [
            (np.tanh, (cells, to_cell)),
            (np.subtract, (one, a, slopes)),
            (np.multiply, (slopes, a, slopes)),
            (np.multiply, (by_o, to_cell, by_o)),
            (np.multiply, (by_i, new, by_i)),
            (np.multiply, (by_f[1:], cells[:-1], by_f[1:])),
            (by_f[0].fill, (0.0,)),
            (np.multiply, (new, new, by_g)),
            (np.subtract, (one, by_g, by_g)),
            (np.multiply, (by_g, i, by_g)),
            (np.multiply, (to_cell, to_cell, to_cell)),
            (np.subtract, (one, to_cell, to_cell)),
            (np.multiply, (to_cell, o, to_cell)),
            *spread_upstream(g, dh),
        ]
        for t in reversed(range(steps)):
            calls.append((np.multiply, (dh[t], to_cell[t], dc[t])))
            if t + 1 < steps:
                calls.append((np.multiply, (dc[t + 1], f[t + 1], carried)))
                calls.append((np.add, (dc[t], carried, dc[t])))
            calls.append((np.multiply, (slopes[t, :3], dc[t], d4[t, :3])))
            calls.append((np.multiply, (by_o[t], dh[t], d4[t, 3])))
            if t and g.ndim == 3:
                calls.append((np.dot, (u, d[t], back)))
                calls.append((np.add, (dh[t - 1], back, dh[t - 1])))
            elif t:
                calls.append((np.dot, (u, d[t], dh[t - 1])))
        return calls

    def formula(self) -> Formula:
        return Formula(
            r"dH_t = dY_t + dA_{t+1} U^\top, \quad "
            r"dC_t = dH_t \odot O_t \odot (1 - \tanh^2 C_t) + dC_{t+1} \odot F_{t+1}, \quad "
            r"dA_t = [\,dC_t \odot G_t,\; dC_t \odot C_{t-1},\; dC_t \odot I_t,\; "
            r"dH_t \odot \tanh C_t\,] \odot A_t'",
            "dH[t] = dY[t] + dA[t+1] · Uᵀ, "
            "dC[t] = dH[t] × O[t] × (1 − tanh²(C[t])) + dC[t+1] × F[t+1], "
            "dA[t] = [dC[t] × G[t], dC[t] × C[t−1], dC[t] × I[t], dH[t] × tanh(C[t])] × A'[t]",
            ("U", "C", "A", "dY"),
            ("dA", "dC", "dH"),
            "From the last step to the first, the error signal of the cell passes through the "
            "forget gate alone, so it can survive many steps.",
        )


@dataclass(frozen=True)
class LSTM(Recurrent):
    """Long short-term memory: gates decide what a cell forgets, takes in and shows.

    Inputs: `x` (N, steps, features), `w` (features, 4 · units), `u` (units, 4 · units) and, with
    `bias`, one vector (4 · units,), in the order i, f, g, o of `torch.nn.LSTM`, whose equations
    these are; it has two biases, which only ever occur as their sum. Hidden state and cell start
    at zero.

    Outputs: the hidden states (N, steps, units), or with `sequence` off the last (N, units); cells
    (steps, units, N); gates after their functions (steps, 4 · units, N); and `seen`, as
    `recurrence` tells. Hochreiter and Schmidhuber 1997; forget gate: Gers et al. 2000.
    """

    sequence: bool = False
    bias: bool = True
    name: ClassVar[str] = "lstm"
    results: ClassVar[tuple[str, ...]] = ("hidden", "cells", "gates", "seen")
    blocks: ClassVar[int] = 4
    computed: ClassVar[int] = 4

    def _kept(self, units: int) -> list[int]:
        return [units, 4 * units]

    def _join(self, w: Array, u: Array, biases: Sequence[Array], joined: Array) -> list[Call]:
        # sigmoid(x) = (1 + tanh(x / 2)) / 2: halving the weights first makes it one tanh for all.
        halves = np.repeat(np.array([0.5, 0.5, 1.0, 0.5], w.dtype), len(u))
        first = len(w) + len(biases)
        return [
            (np.multiply, (w, halves, joined[: len(w)])),
            (np.multiply, (u, halves, joined[first:])),
            *((np.multiply, (bias, halves, joined[len(w)])) for bias in biases),
        ]

    def _steps(
        self, joined: Array, seen: Array, states: Sequence[Array], kept: Sequence[Array]
    ) -> list[Call]:
        cells, gates = kept
        steps, units, n = cells.shape
        factor, offset = (
            np.repeat(np.array(numbers, gates.dtype), units * n).reshape(4 * units, n)
            for numbers in ([0.5, 0.5, 1.0, 0.5], [0.5, 0.5, 0.0, 0.5])
        )
        part = np.empty((units, n), gates.dtype)
        calls: list[Call] = []
        for t in range(steps):
            a, c = gates[t], cells[t]
            i, f, new, o = a.reshape(4, units, n)
            calls += [
                (np.dot, (joined, seen[t], a)),
                (np.tanh, (a, a)),
                (np.multiply, (a, factor, a)),
                (np.add, (a, offset, a)),
                (np.multiply, (i, new, c)),
            ]
            if t:
                calls.append((np.multiply, (f, cells[t - 1], part)))
                calls.append((np.add, (c, part, c)))
            calls.append((np.tanh, (c, part)))
            calls.append((np.multiply, (o, part, states[t + 1])))
        return calls

    def _backward(self, b: Builder, u: Value, outputs: Sequence[Value], g: Value) -> Value:
        _, cells, gates, _ = outputs
        return b.apply(LSTMBackward(), u, cells, gates, g)

    def formula(self) -> Formula:
        bias = ("b + ", ", 1") if self.bias else ("", "")
        return Formula(
            rf"S_t = [X_t{bias[1]}, H_{{t-1}}], \quad A_t = [I, F, G, O]_t = "
            rf"[\sigma, \sigma, \tanh, \sigma]({bias[0]}X_t W + H_{{t-1}} U), \quad "
            r"C_t = F_t \odot C_{t-1} + I_t \odot G_t, \quad H_t = O_t \odot \tanh C_t",
            f"A[t] = [I, F, G, O][t] = [σ, σ, tanh, σ]({bias[0]}X[t] · W + H[t−1] · U), "
            "C[t] = F[t] × C[t−1] + I[t] × G[t], H[t] = O[t] × tanh(C[t])",
            ("X", "W", "U", "b") if self.bias else ("X", "W", "U"),
            ("H", "C", "A", "S"),
            "At every step, a cell forgets a share of what it holds, takes in a share of what is "
            "new, and shows a share of itself.",
        )
