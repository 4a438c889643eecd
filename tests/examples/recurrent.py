"""Examples of the ops of recurrent layers and of embeddings; see `contract/test_ops.py`."""

from __future__ import annotations

from functools import partial

import numpy as np

from backprop_studio.autograd import Array
from backprop_studio.autograd.ops.gru import (
    GRU,
    GRUBackward,
    GRUInputGradient,
    GRUWeightGradient,
)
from backprop_studio.autograd.ops.lookup import Lookup, LookupBackward
from backprop_studio.autograd.ops.lstm import LSTM, LSTMBackward
from backprop_studio.autograd.ops.recurrence import (
    RecurrentInputGradient,
    RecurrentWeightGradient,
)
from backprop_studio.autograd.ops.simple_rnn import SimpleRNN, SimpleRNNBackward
from tests import naive_recurrent as naive
from tests.examples import Example, N, some

STEPS, FEATURES, UNITS = 4, 3, 2


def given(blocks: int, *biases: int) -> tuple[Array, ...]:
    """A sequence, weights of so many gates, and biases of so many."""
    wide = blocks * UNITS
    arrays = some(N, STEPS, FEATURES), some(FEATURES, wide), some(UNITS, wide, seed=1)
    return (*arrays, *(some(k * UNITS, seed=2) for k in biases))


def kept(blocks: int, seed: int = 0) -> Array:
    """Numbers of each step, between -1 and 1 as those of gates."""
    return np.tanh(some(STEPS, blocks * UNITS, N, seed=seed))


def forward() -> dict[str, list[Example]]:
    """All steps and the last one, with and without bias."""
    found: dict[str, list[Example]] = {"simple_rnn": [], "lstm": [], "gru": []}
    for sequence, bias in ((False, True), (True, True), (True, False)):
        for relu in (False, True):
            plain = given(1, 1) if bias else given(1)
            op = SimpleRNN(sequence, bias, relu)
            # No sum may come near ReLU's kink, where central differences are wrong.
            assert not relu or np.abs(totals(*plain)).min() > 1e-3
            found["simple_rnn"].append(
                Example(
                    op, plain, partial(naive.simple_rnn, sequence, relu), tuple(range(len(plain)))
                )
            )
        four = given(4, 4) if bias else given(4)
        three = given(3, 3, 1) if bias else given(3)
        found["lstm"].append(
            Example(
                LSTM(sequence, bias), four, partial(naive.lstm, sequence), tuple(range(len(four)))
            )
        )
        found["gru"].append(
            Example(
                GRU(sequence, bias), three, partial(naive.gru, sequence), tuple(range(len(three)))
            )
        )
    single = given(4, 4)
    one = (single[0][:, :1].copy(), *single[1:])
    # After a single step, nothing has passed the recurrent weights yet.
    found["lstm"].append(Example(LSTM(True), one, partial(naive.lstm, True), (0, 1, 3)))
    return found


def totals(x: Array, w: Array, u: Array, *b: Array) -> Array:
    """What ReLU is given at each step."""
    seen = naive.simple_rnn(True, True, x, w, u, *b)[1]
    joined = np.vstack([w, *(row[None] for row in b), u])
    return np.einsum("ku,tkn->tun", joined, seen)


def backward() -> dict[str, list[Example]]:
    """From the gradient of all states, and from that of the last."""
    found: dict[str, list[Example]] = {
        op.name: [] for op in (SimpleRNNBackward, LSTMBackward, GRUBackward)
    }
    seen = some(STEPS, FEATURES + 1 + UNITS, N)
    for shape in ((N, STEPS, UNITS), (N, UNITS)):
        g, y = some(*shape, seed=3), np.tanh(some(*shape, seed=4))
        for relu in (False, True):
            u = some(UNITS, UNITS)
            states = (np.maximum(y, 0), np.maximum(seen, 0)) if relu else (y, seen)
            found["simple_rnn_backward"].append(
                Example(
                    SimpleRNNBackward(relu), (u, *states, g), partial(naive.simple_rnn_back, relu)
                )
            )
        u = some(UNITS, 4 * UNITS)
        inputs = (u, some(STEPS, UNITS, N), kept(4), g)
        found["lstm_backward"].append(Example(LSTMBackward(), inputs, naive.lstm_back))
        inputs = (some(UNITS, 3 * UNITS), kept(4), seen, g)
        found["gru_backward"].append(Example(GRUBackward(), inputs, naive.gru_back))
    return found


def weights() -> dict[str, list[Example]]:
    """With and without bias."""
    return {
        "recurrent_weight_gradient": [
            Example(
                RecurrentWeightGradient(bias, blocks),
                (some(STEPS, FEATURES + bias + UNITS, N), some(STEPS, blocks * UNITS, N)),
                partial(naive.weights_back, UNITS, bias),
            )
            for blocks, bias in ((4, True), (1, False))
        ],
        "gru_weight_gradient": [
            Example(
                GRUWeightGradient(bias),
                (some(STEPS, FEATURES + bias + UNITS, N), some(STEPS, 4 * UNITS, N)),
                partial(naive.gru_weights_back, bias),
            )
            for bias in (True, False)
        ],
    }


TOKENS = np.array([3, 1, 3, 0, 3, 1, 4])

EXAMPLES: dict[str, list[Example]] = {
    **forward(),
    **backward(),
    **weights(),
    "recurrent_input_gradient": [
        Example(RecurrentInputGradient(), (some(FEATURES, 8), kept(4)), naive.input_back)
    ],
    "gru_input_gradient": [
        Example(GRUInputGradient(), (some(FEATURES, 6), kept(4)), naive.gru_input_back)
    ],
    "lookup": [
        Example(Lookup(5), (TOKENS, some(5, 3)), lambda t, e: (e[t],), (1,)),
        Example(Lookup(5), (np.stack([TOKENS] * 2, 1), some(5, 3)), lambda t, e: (e[t],), (1,)),
    ],
    "lookup_backward": [
        Example(LookupBackward(5), (TOKENS, some(N, 3)), partial(naive.lookup_back, 5)),
        Example(
            LookupBackward(5),
            (np.stack([TOKENS, TOKENS[::-1]], 1), some(N, 2, 3)),
            partial(naive.lookup_back, 5),
        ),
    ],
}
