"""What the ops of recurrent layers share: shapes, the products, the gradients of the weights.

A recurrent op computes a whole sequence, step after step. All that it keeps is laid out as
(steps, entries, N), other than its input and output (N, steps, entries): so the numbers of one
step and one gate lie together, which numpy computes with more than twice as fast.

What every step sees is kept as `seen`: the features of the step, a one (if there is a bias), and
the hidden state of the step before. So one matrix product a step gives everything, and one product
of all steps gives the gradients of all weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op
from backprop_studio.autograd.symbol import Array, Dim, Shape, TensorType
from backprop_studio.errors import ShapeError

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value


def check_sequences(name: str, given: TensorType) -> tuple[Dim, int, int]:
    """Batch, steps and features of an input.

    Raises
    ------
    ShapeError
        It is no batch of sequences with at least one step of at least one number.
    """
    expected = "sequences of numbers, N×steps×features"
    if given.kind != "float":
        raise ShapeError.of(name, f"{expected} (add an Embedding layer before it)", given.shape)
    if len(given.shape) != 3 or not all(isinstance(d, int) for d in given.shape[1:]):
        raise ShapeError.of(name, expected, given.shape)
    n, steps, features = given.shape
    if int(steps) < 1 or int(features) < 1:
        raise ShapeError.of(name, f"{expected}, at least one step and feature", given.shape)
    return n, int(steps), int(features)


def check_upstream(name: str, state: Shape, g: Shape) -> None:
    """Refuse a gradient of neither all hidden states nor the last one.

    Parameters
    ----------
    name
        Of the op.
    state
        (steps, units, N).
    g
        Must be (N, steps, units) or (N, units).

    Raises
    ------
    ShapeError
        It is neither.
    """
    steps, units, n = state
    if g not in ((n, steps, units), (n, units)):
        raise ShapeError.of(name, (n, steps, units), g)


def spread_upstream(g: Array, states: Array) -> list[Call]:
    """Calls that write the gradient of the output to where those of the hidden states are made.

    Parameters
    ----------
    g
        (N, steps, units), or (N, units) for the last step alone.
    states
        (steps, units, N); of steps without a gradient nothing is written.
    """
    if g.ndim == 3:
        return [(np.copyto, (states, g.transpose(1, 2, 0)))]
    return [(np.copyto, (states[-1], g.T))]


class Recurrent(Op):
    """A layer that reads a sequence step by step. Subclasses compute one kind of step.

    Inputs: `x` (N, steps, features), `w` (features, blocks · units), `u` (units, blocks · units),
    and the biases. Outputs: the hidden states (N, steps, units), or with `sequence` off the last
    one (N, units); what a subclass keeps; and `seen` (steps, features [+ 1] + units, N).
    """

    sequence: bool
    bias: bool
    blocks: ClassVar[int]
    """Gates, candidates included: as many blocks of columns the weights have, in this order."""
    computed: ClassVar[int]
    """Blocks that the product of a step gives."""

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        n, steps, features = check_sequences(self.name, inputs[0])
        w, u, *biases = (t.shape for t in inputs[1:])
        units = int(u[0]) if u else 0
        wide = self.blocks * units
        expected = [(features, wide), (units, wide), *(self._biases(units) if self.bias else [])]
        for index, shape in enumerate(expected):
            given = (w, u, *biases)[index] if index < 2 + len(biases) else ()
            if given != shape:
                raise ShapeError.of(self.name, shape, given)
        hidden = (n, steps, units) if self.sequence else (n, units)
        kept = [(steps, height, n) for height in self._kept(units)]
        seen = (steps, features + self.bias + units, n)
        return tuple(TensorType(s) for s in (hidden, *kept, seen))

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        x, w, u, *biases = inputs
        hidden, *kept, seen = outputs
        features, units = len(w), len(u)
        first = features + self.bias
        joined = np.zeros((first + units, self.computed * units), w.dtype)
        last = np.empty((units, x.shape[0]), w.dtype)
        calls: list[Call] = [
            *self._join(w, u, biases, joined),
            (np.copyto, (seen[:, :features], x.transpose(1, 2, 0))),
            (seen[0, first:].fill, (0.0,)),
        ]
        if self.bias:
            calls.append((seen[:, features].fill, (1.0,)))
        # A step writes its hidden state to where the next one sees it.
        states = [seen[0, first:], *seen[1:, first:], last]
        calls += self._steps(joined.T, seen, states, kept)
        if self.sequence:
            calls.append((np.copyto, (hidden[:, :-1], seen[1:, first:].transpose(2, 0, 1))))
            calls.append((np.copyto, (hidden[:, -1], last.T)))
        else:
            calls.append((np.copyto, (hidden, last.T)))
        return calls

    def vjp(
        self,
        b: Builder,
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        upstream: Sequence[Value | None],
        needs: Sequence[bool],
    ) -> Sequence[Value | None]:
        g, *others = upstream
        if g is None or any(other is not None for other in others):
            raise NotImplementedError("only the hidden states have a gradient")
        signals = self._backward(b, inputs[2], outputs, g)
        to_input, to_weights = self._gradients()
        dx = b.apply(to_input, inputs[1], signals) if needs[0] else None
        if not any(needs[1:]):
            return [dx, *(None for _ in needs[1:])]
        found = b.apply_all(to_weights, outputs[-1], signals)
        return [dx, *(d if need else None for d, need in zip(found, needs[1:], strict=True))]

    def _biases(self, units: int) -> list[Shape]:
        """Shapes of the biases."""
        return [(self.blocks * units,)]

    def _kept(self, units: int) -> list[int]:
        """Heights of what is kept of each step besides what it saw."""
        raise NotImplementedError

    def _join(self, w: Array, u: Array, biases: Sequence[Array], joined: Array) -> list[Call]:
        """Calls that write all weights to one matrix (entries of `seen`, computed · units)."""
        raise NotImplementedError

    def _steps(
        self, joined: Array, seen: Array, states: Sequence[Array], kept: Sequence[Array]
    ) -> list[Call]:
        """Calls that compute `states[t + 1]` (units, N) from `seen[t]` for each step t."""
        raise NotImplementedError

    def _backward(self, b: Builder, u: Value, outputs: Sequence[Value], g: Value) -> Value:
        """Emit the way back through time; gives the gradients before the gates' functions."""
        raise NotImplementedError

    def _gradients(self) -> tuple[Op, Op]:
        """The ops that turn the gates' gradients into those of the input and of the weights."""
        return RecurrentInputGradient(), RecurrentWeightGradient(self.bias, self.blocks)


@dataclass(frozen=True)
class RecurrentInputGradient(Op):
    """`dX` (N, steps, features) from `w` and the gates' gradients (steps, blocks · units, N)."""

    name: ClassVar[str] = "recurrent_input_gradient"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        w, d = (t.shape for t in inputs)
        if len(d) != 3 or len(w) != 2 or self._height(int(w[1])) != d[1]:
            raise ShapeError.of(self.name, ("steps", self._height(int(w[-1])), "N"), d)
        return (TensorType((d[2], d[0], w[0])),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (w, d), (out,) = inputs, outputs
        weights, calls = self._weights(w)
        found = np.empty((len(d), len(w), d.shape[2]), d.dtype)
        calls.append((np.matmul, (weights, d, found)))
        calls.append((np.copyto, (out, found.transpose(2, 0, 1))))
        return calls

    def _height(self, columns: int) -> int:
        """Height of the gates' gradients for weights with so many columns."""
        return columns

    def _weights(self, w: Array) -> tuple[Array, list[Call]]:
        """The weights as the gates' gradients need them, and the calls that make them so."""
        return w, []

    def formula(self) -> Formula:
        return Formula(
            r"dX_t = dA_t\, W^\top",
            "dX[t] = dA[t] · Wᵀ",
            ("W", "dA"),
            ("dX",),
            "At every step, the error signals of the gates go back through the input's weights.",
        )


@dataclass(frozen=True)
class RecurrentWeightGradient(Op):
    """Gradients of all weights: what each step saw times its gates' gradients, over all steps.

    Inputs: `seen` (steps, features [+ 1] + units, N) and the gates' gradients (steps, blocks ·
    units, N). Outputs: those of `w` (features, blocks · units), of `u` (units, blocks · units) and
    with `bias` of the bias (blocks · units,).
    """

    bias: bool
    blocks: int = 4
    name: ClassVar[str] = "recurrent_weight_gradient"

    def result_names(self) -> tuple[str, ...]:
        names = ("weight_gradient", "recurrent_gradient")
        return (*names, "bias_gradient") if self.bias else names

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        seen, d = (t.shape for t in inputs)
        if len(seen) != 3 or len(d) != 3 or (seen[0], seen[2]) != (d[0], d[2]):
            raise ShapeError.of(self.name, seen, d)
        units = int(d[1]) // self.blocks
        return tuple(TensorType(s) for s in self._shapes(int(seen[1]) - self.bias - units, units))

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        seen, d = inputs
        steps, entries, n = seen.shape
        # One product needs each entry's numbers of all steps in one row.
        left = np.empty((entries, steps, n), seen.dtype)
        right = np.empty((d.shape[1], steps, n), d.dtype)
        total = np.empty((entries, d.shape[1]), d.dtype)
        return [
            (np.copyto, (left, seen.transpose(1, 0, 2))),
            (np.copyto, (right, d.transpose(1, 0, 2))),
            (np.dot, (left.reshape(entries, -1), right.reshape(len(right), -1).T, total)),
            *((np.copyto, pair) for pair in self._parts(total, outputs)),
        ]

    def _shapes(self, features: int, units: int) -> list[Shape]:
        """Shapes of the outputs."""
        wide = self.blocks * units
        return [(features, wide), (units, wide), *([(wide,)] if self.bias else [])]

    def _parts(self, total: Array, outputs: Sequence[Array]) -> list[tuple[Array, Array]]:
        """Each output and its part of the product."""
        dw, du, *db = outputs
        features = len(dw)
        return [
            (dw, total[:features]),
            (du, total[features + self.bias :]),
            *((out, total[features]) for out in db),
        ]

    def formula(self) -> Formula:
        latex = r"dW = \sum_t X_t^\top dA_t, \quad dU = \sum_t H_{t-1}^\top dA_t"
        plain = "dW = Σ_t X[t]ᵀ · dA[t], dU = Σ_t H[t−1]ᵀ · dA[t]"
        if self.bias:
            latex += r", \quad db = \sum_{t,n} dA_t"
            plain += ", db = Σ_{t,n} dA[t]"
        parts = "[X_t, 1, H_{t-1}]" if self.bias else "[X_t, H_{t-1}]"
        return Formula(
            rf"S_t = {parts}, \quad {latex}",
            plain,
            ("S", "dA"),
            ("dW", "dU", "db") if self.bias else ("dW", "dU"),
            "The same weights were used at every step, so they collect the error signals of all: "
            "what the step saw times the error signal of its gates.",
        )
