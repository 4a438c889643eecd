"""Recurrent layers and embeddings: first weights, names of results, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_studio.autograd import BATCH, Builder, Machine, Program, Storage
from backprop_studio.errors import DataError, ShapeError
from backprop_studio.nn import layers
from tests.programs import machine_of

RECURRENT = ("simple_rnn", "lstm", "gru")


def program_of(layer: str, shape: tuple[int, ...] = (4, 3), **config: object) -> Program:
    b = Builder()
    with b.scope(node="it"):
        layers()[layer].from_config(config).lower(b, b.input("x", (BATCH, *shape)))
    return b.build()


def first(program: Program, name: str) -> np.ndarray:
    storage = Storage(program, np.float64)
    storage.initialize(3)
    return storage.view(next(p for p in program.parameters if p.name == name))


@pytest.mark.parametrize("layer", RECURRENT)
@pytest.mark.parametrize("shape", [(0, 3), (4, 0)])
def test_that_sequences_without_steps_or_features_are_refused(
    layer: str, shape: tuple[int, ...]
) -> None:
    with pytest.raises(ShapeError, match="at least one step") as caught:
        program_of(layer, shape)
    assert f"N×{shape[0]}×{shape[1]}" in str(caught.value)


@pytest.mark.parametrize("layer", RECURRENT)
def test_that_tokens_are_refused_with_what_to_do(layer: str) -> None:
    b = Builder()
    with pytest.raises(ShapeError, match="Embedding"):
        layers()[layer]().lower(b, b.input("x", (BATCH, 4, 3), "int"))


@pytest.mark.parametrize(("layer", "gates"), [("simple_rnn", 1), ("lstm", 4), ("gru", 3)])
def test_that_each_gate_starts_with_recurrent_weights_of_its_own(layer: str, gates: int) -> None:
    blocks = np.split(first(program_of(layer, units=5), "recurrent_weight"), gates, axis=1)
    for block in blocks:
        np.testing.assert_allclose(block @ block.T, np.eye(5), atol=1e-12)
    assert all(not np.allclose(blocks[0], other) for other in blocks[1:])


def test_that_only_the_forget_gate_of_an_lstm_starts_open() -> None:
    bias = first(program_of("lstm", units=2, forget_bias=1.5), "bias")
    assert bias.tolist() == [0, 0, 1.5, 1.5, 0, 0, 0, 0]
    assert not first(program_of("gru"), "bias").any()


def test_that_what_an_lstm_kept_can_be_read_step_by_step() -> None:
    program = program_of("lstm", units=2, returns="sequence")
    machine = machine_of(program, batch=5, dtype=np.float32)
    machine.run()
    named = {v.name: machine.array(v) for v in program.values if v.id in program.producer}
    hidden, cells, gates, seen = (named[k] for k in ("hidden", "cells", "gates", "seen"))
    assert [a.shape for a in (hidden, cells, gates, seen)] == [
        *((5, 4, 2), (4, 2, 5), (4, 8, 5), (4, 6, 5))
    ]
    _, forget, new, shown = np.split(gates, 4, axis=1)
    entered = gates[:, :2]
    for t in range(4):
        before = cells[t - 1] if t else 0
        np.testing.assert_allclose(
            cells[t], forget[t] * before + entered[t] * new[t], rtol=1e-5, atol=1e-6
        )
        np.testing.assert_allclose(hidden[:, t].T, shown[t] * np.tanh(cells[t]), rtol=1e-5)
        assert np.array_equal(seen[t, :3].T, named["x"][:, t])
        assert (seen[t, 3] == 1).all()
        assert np.array_equal(seen[t, 4:].T, hidden[:, t - 1] if t else np.zeros((5, 2)))


@pytest.mark.parametrize("through", [(), ("linear",)])
@pytest.mark.parametrize("bad", [-1, 9, 2**40])
def test_that_tokens_out_of_range_are_refused_when_fed(through: tuple[str, ...], bad: int) -> None:
    b = Builder()
    x = b.input("x", (BATCH, 3), "int")
    for layer in through:
        x = layers()[layer]().lower(b, x)
    layers()["embedding"].from_config({"vocabulary": 9, "width": 2}).lower(b, x)
    program = b.build()
    machine = Machine(program, Storage(program), batch=2)
    tokens = np.array([[0, 8, 3], [1, 2, 8], [0, bad, 0]])
    # The whole data set is looked at, not only the rows that are taken first.
    with pytest.raises(DataError, match=f"9 tokens, numbered 0 to 8, but the data hold {bad}"):
        machine.feed("x", tokens, np.array([0, 1]))
    machine.feed("x", tokens[:2], np.array([0, 1]))
    machine.run()


def test_that_numbers_are_no_tokens() -> None:
    b = Builder()
    with pytest.raises(ShapeError, match="tokens"):
        layers()["embedding"]().lower(b, b.input("x", (BATCH, 3)))
    with pytest.raises(ShapeError, match="tokens"):
        layers()["embedding"]().lower(b, b.input("y", (BATCH, 3, 2), "int"))
