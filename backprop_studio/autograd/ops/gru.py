"""The gated recurrent unit over a whole sequence, and its way back through time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op, constant
from backprop_studio.autograd.ops.recurrence import (
    Recurrent,
    RecurrentInputGradient,
    RecurrentWeightGradient,
    check_upstream,
    spread_upstream,
)
from backprop_studio.autograd.symbol import Array, Shape, TensorType
from backprop_studio.errors import ShapeError

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value

# Blocks of a step: reset r, update z, what is recalled m, and the candidate n. The hidden state has
# no weights to n, which sees it as r·m alone, and the input has none to m.


@dataclass(frozen=True)
class GRUInputGradient(RecurrentInputGradient):
    """The same for a GRU: the input reaches all blocks but what is recalled."""

    name: ClassVar[str] = "gru_input_gradient"

    def _height(self, columns: int) -> int:
        return columns // 3 * 4

    def _weights(self, w: Array) -> tuple[Array, list[Call]]:
        units = w.shape[1] // 3
        weights = np.zeros((len(w), 4 * units), w.dtype)
        return weights, [
            (np.copyto, (weights[:, : 2 * units], w[:, : 2 * units])),
            (np.copyto, (weights[:, 3 * units :], w[:, 2 * units :])),
        ]


@dataclass(frozen=True)
class GRUWeightGradient(RecurrentWeightGradient):
    """The same for a GRU, whose candidate has two biases: outputs have one more, (units,)."""

    name: ClassVar[str] = "gru_weight_gradient"

    def result_names(self) -> tuple[str, ...]:
        names = super().result_names()
        return (*names, "hidden_bias_gradient") if self.bias else names

    def _shapes(self, features: int, units: int) -> list[Shape]:
        biases: list[Shape] = [(3 * units,), (units,)] if self.bias else []
        return [(features, 3 * units), (units, 3 * units), *biases]

    def _parts(self, total: Array, outputs: Sequence[Array]) -> list[tuple[Array, Array]]:
        dw, du, *biases = outputs
        features, cut = len(dw), 2 * len(du)
        recalled, candidate = slice(cut, cut + len(du)), slice(cut + len(du), None)
        found = [
            (dw[:, :cut], total[:features, :cut]),
            (dw[:, cut:], total[:features, candidate]),
            (du, total[features + self.bias :, : recalled.stop]),
        ]
        if self.bias:
            db, hidden = biases
            found += [
                (db[:cut], total[features, :cut]),
                (db[cut:], total[features, candidate]),
                (hidden, total[features, recalled]),
            ]
        return found

    def formula(self) -> Formula:
        latex = (
            r"dA = [dR, dZ, dM, dN], \quad dW = \sum_t X_t^\top [dR, dZ, dN]_t, \quad "
            r"dU = \sum_t H_{t-1}^\top [dR, dZ, dM]_t"
        )
        plain = "dW = Σ_t X[t]ᵀ · [dR, dZ, dN][t], dU = Σ_t H[t−1]ᵀ · [dR, dZ, dM][t]"
        if self.bias:
            latex += r", \quad db = \sum_{t,n} [dR, dZ, dN]_t, \quad dc = \sum_{t,n} dM_t"
            plain += ", db = Σ_{t,n} [dR, dZ, dN][t], dc = Σ_{t,n} dM[t]"
        parts = "[X_t, 1, H_{t-1}]" if self.bias else "[X_t, H_{t-1}]"
        return Formula(
            rf"S_t = {parts}, \quad {latex}",
            plain,
            ("S", "dA"),
            ("dW", "dU", "db", "dc") if self.bias else ("dW", "dU"),
            "The same weights were used at every step, so they collect the error signals of all: "
            "what the step saw times the error signal of its gates.",
        )


@dataclass(frozen=True)
class GRUBackward(Op):
    """From the last step to the first: the gradients of hidden states and gates.

    Inputs: `u` (units, 3 · units), gates (steps, 4 · units, N), `seen` (steps, entries, N), and the
    gradient of all hidden states (N, steps, units) or of the last (N, units). Outputs: gradients of
    r, z, m and n before their functions (steps, 4 · units, N), and of the hidden states (steps,
    units, N), what comes back from later steps included.
    """

    name: ClassVar[str] = "gru_backward"
    results: ClassVar[tuple[str, ...]] = ("gate_gradients", "hidden_gradients")

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        u, gates, seen, g = inputs
        units = int(u.shape[0])
        steps, _, n = seen.shape
        if gates.shape != (steps, 4 * units, n):
            raise ShapeError.of(self.name, (steps, 4 * units, n), gates.shape)
        check_upstream(self.name, (steps, units, n), g.shape)
        return (gates, TensorType((steps, units, n)))

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        u, gates, seen, g = inputs
        d, dh = outputs
        steps, units, n = dh.shape
        four = (steps, 4, units, n)
        a, d4 = gates.reshape(four), d.reshape(four)
        r, z, m, new = (a[:, k] for k in range(4))
        one = constant(1.0, gates)
        # The local derivatives of the hidden state, all steps at once.
        slopes = np.empty(four, gates.dtype)
        by_r, by_z, by_m, by_n = (slopes[:, k] for k in range(4))
        other = np.empty_like(dh)
        back, kept = np.empty((2, units, n), gates.dtype)
        calls: list[Call] = [
            (np.subtract, (one, z, other)),
            (np.multiply, (new, new, by_n)),
            (np.subtract, (one, by_n, by_n)),
            (np.multiply, (by_n, other, by_n)),
            (np.multiply, (by_n, r, by_m)),
            (np.multiply, (other, z, other)),
            (np.subtract, (seen[:, -units:], new, by_z)),
            (np.multiply, (by_z, other, by_z)),
            (np.subtract, (one, r, by_r)),
            (np.multiply, (by_r, m, by_r)),
            (np.multiply, (by_r, by_m, by_r)),
            *spread_upstream(g, dh),
        ]
        for t in reversed(range(steps)):
            calls.append((np.multiply, (slopes[t], dh[t], d4[t])))
            if t:
                calls.append((np.dot, (u, d[t, : 3 * units], back)))
                calls.append((np.multiply, (dh[t], z[t], kept)))
                if g.ndim == 3:
                    calls.append((np.add, (dh[t - 1], back, dh[t - 1])))
                    calls.append((np.add, (dh[t - 1], kept, dh[t - 1])))
                else:
                    calls.append((np.add, (back, kept, dh[t - 1])))
        return calls

    def formula(self) -> Formula:
        return Formula(
            r"dH_t = dY_t + dH_{t+1} \odot Z_{t+1} + [dR, dZ, dM]_{t+1} U^\top, \quad "
            r"dN_t = dH_t \odot (1 - Z_t) \odot (1 - N_t^2), \quad dM_t = dN_t \odot R_t, \quad "
            r"dR_t = dN_t \odot M_t \odot R_t \odot (1 - R_t), \quad "
            r"dZ_t = dH_t \odot (H_{t-1} - N_t) \odot Z_t \odot (1 - Z_t), \quad "
            r"A = [R, Z, M, N], \; S = [\ldots, H_{t-1}]",
            "dH[t] = dY[t] + dH[t+1] × Z[t+1] + [dR, dZ, dM][t+1] · Uᵀ, "
            "dN[t] = dH[t] × (1 − Z[t]) × (1 − N[t]²), dM[t] = dN[t] × R[t], "
            "dR[t] = dN[t] × M[t] × R[t] × (1 − R[t]), "
            "dZ[t] = dH[t] × (H[t−1] − N[t]) × Z[t] × (1 − Z[t])",
            ("U", "A", "S", "dY"),
            ("dA", "dH"),
            "From the last step to the first, the update gate lets the error signal through to "
            "the step before, as far as it kept the old state.",
        )


@dataclass(frozen=True)
class GRU(Recurrent):
    """The gated recurrent unit: one gate mixes old and new, one says what of the old is recalled.

    Inputs: `x` (N, steps, features), `w` (features, 3 · units), `u` (units, 3 · units) and, with
    `bias`, `b` (3 · units,) and `c` (units,), in the order r, z, n of `torch.nn.GRU`, whose
    equations these are: `n = tanh(x W_n + b_n + r (h U_n + c))`. Of PyTorch's two biases of r and z
    only the sum ever occurs, so there is one. The hidden state starts at zero.

    Outputs: the hidden states (N, steps, units), or with `sequence` off the last (N, units); r, z,
    `m = h U_n + c` and n (steps, 4 · units, N); and `seen`, as `recurrence` tells. Cho et al. 2014;
    as in PyTorch, the reset gate acts after the product with the weights.
    """

    sequence: bool = False
    bias: bool = True
    name: ClassVar[str] = "gru"
    results: ClassVar[tuple[str, ...]] = ("hidden", "gates", "seen")
    blocks: ClassVar[int] = 3
    computed: ClassVar[int] = 4

    def _biases(self, units: int) -> list[Shape]:
        return [(3 * units,), (units,)]

    def _kept(self, units: int) -> list[int]:
        return [4 * units]

    def _join(self, w: Array, u: Array, biases: Sequence[Array], joined: Array) -> list[Call]:
        # sigmoid(x) = (1 + tanh(x / 2)) / 2, so the weights of the gates are halved first.
        units, features = len(u), len(w)
        gates, recalled = slice(2 * units), slice(2 * units, 3 * units)
        new, half = slice(3 * units, None), constant(0.5, w)
        hidden = joined[features + bool(biases) :]
        calls: list[Call] = [
            (np.multiply, (w[:, gates], half, joined[:features, gates])),
            (np.copyto, (joined[:features, new], w[:, recalled])),
            (np.multiply, (u[:, gates], half, hidden[:, gates])),
            (np.copyto, (hidden[:, recalled], u[:, recalled])),
        ]
        if biases:
            b, c = biases
            row = joined[features]
            calls += [
                (np.multiply, (b[gates], half, row[gates])),
                (np.copyto, (row[recalled], c)),
                (np.copyto, (row[new], b[recalled])),
            ]
        return calls

    def _steps(
        self, joined: Array, seen: Array, states: Sequence[Array], kept: Sequence[Array]
    ) -> list[Call]:
        (gates,) = kept
        half = constant(0.5, gates)
        units, n = states[0].shape
        part = np.empty((units, n), gates.dtype)
        calls: list[Call] = []
        for t, a in enumerate(gates):
            r, z, m, new = a.reshape(4, units, n)
            both, out = a[: 2 * units], states[t + 1]
            calls += [
                (np.dot, (joined, seen[t], a)),
                (np.tanh, (both, both)),
                (np.multiply, (both, half, both)),
                (np.add, (both, half, both)),
                (np.multiply, (r, m, part)),
                (np.add, (new, part, new)),
                (np.tanh, (new, new)),
                (np.subtract, (states[t], new, part)),
                (np.multiply, (part, z, part)),
                (np.add, (new, part, out)),
            ]
        return calls

    def _backward(self, b: Builder, u: Value, outputs: Sequence[Value], g: Value) -> Value:
        _, gates, seen = outputs
        return b.apply(GRUBackward(), u, gates, seen, g)

    def _gradients(self) -> tuple[Op, Op]:
        return GRUInputGradient(), GRUWeightGradient(self.bias)

    def formula(self) -> Formula:
        b, c, one = ("b_{%s} + ", "c + ", ", 1") if self.bias else ("", "", "")
        gate = (b % "RZ") if b else ""
        new = (b % "N") if b else ""
        plain_gate, plain_new, plain_c = (
            ("b_RZ + ", "b_N + ", "c + ") if self.bias else ("", "", "")
        )
        return Formula(
            rf"S_t = [X_t{one}, H_{{t-1}}], \quad "
            rf"[R, Z]_t = \sigma({gate}X_t W_{{RZ}} + H_{{t-1}} U_{{RZ}}), \quad "
            rf"M_t = {c}H_{{t-1}} U_N, \quad "
            rf"N_t = \tanh({new}X_t W_N + R_t \odot M_t), \quad "
            r"H_t = (1 - Z_t) \odot N_t + Z_t \odot H_{t-1}, \quad A = [R, Z, M, N]",
            f"[R, Z][t] = σ({plain_gate}X[t] · W_RZ + H[t−1] · U_RZ), "
            f"M[t] = {plain_c}H[t−1] · U_N, N[t] = tanh({plain_new}X[t] · W_N + R[t] × M[t]), "
            "H[t] = (1 − Z[t]) × N[t] + Z[t] × H[t−1]",
            ("X", "W", "U", "b", "c") if self.bias else ("X", "W", "U"),
            ("H", "A", "S"),
            "At every step, the state is a mix of its old self and something new, and the new "
            "looks at as much of the old as the reset gate lets through.",
        )
