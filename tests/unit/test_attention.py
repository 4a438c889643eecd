"""Attention looks where it may, stays finite, and what does not fit is said in its own words."""

from __future__ import annotations

import numpy as np
import pytest
from networks import Layers, chain

from backprop_studio.autograd import BATCH, Array, Builder, Machine, Program, Storage, Value
from backprop_studio.errors import ShapeError
from backprop_studio.network import Network, analyze, edits
from backprop_studio.nn import layers, nodes, optimizers
from backprop_studio.training import Session
from tests.contract.test_layers import whole_step
from tests.programs import bits, feed_random, machine_of

both_precisions = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def lowered(layer: str, *shapes: tuple[int, ...], **config: object) -> tuple[Program, Value]:
    """A program of one layer whose inputs `x0`, `x1`, … have rows of these shapes."""
    b = Builder()
    inputs = [b.input(f"x{i}", (BATCH, *shape)) for i, shape in enumerate(shapes)]
    y = layers()[layer].from_config(config).lower(b, *inputs)
    return b.build(), y


def run(program: Program, *given: Array) -> Machine:
    storage = Storage(program, given[0].dtype.type)
    storage.initialize(1)
    machine = Machine(program, storage, batch=len(given[0]))
    for i, x in enumerate(given):
        machine.feed(f"x{i}", x, np.arange(len(x)))
    with np.errstate(over="raise", invalid="raise", divide="raise", under="ignore"):
        machine.run()
    return machine


def weights_of(machine: Machine) -> Array:
    (found,) = (v for v in machine.program.values if v.name == "attention_weights")
    return machine.array(found)


@both_precisions
def test_that_causal_weights_hide_what_comes_later_exactly_and_sum_to_one(dtype: type) -> None:
    program, _ = lowered("multi_head_attention", (6, 8), heads=2, causal=True)
    x = np.random.default_rng(1).standard_normal((3, 6, 8)).astype(dtype)
    weights = weights_of(run(program, x))
    assert weights.shape == (3, 2, 6, 6)
    assert (weights == np.tril(weights)).all()
    assert (weights[..., 0, 0] == 1.0).all()
    np.testing.assert_allclose(weights.sum(-1), 1.0, rtol=1e-6)


def test_that_the_past_does_not_depend_on_the_future_of_a_causal_sequence() -> None:
    program, y = lowered("multi_head_attention", (6, 8), heads=2, causal=True)
    x = np.random.default_rng(2).standard_normal((3, 6, 8))
    changed = x.copy()
    changed[:, 4:] += 1.0
    before, after = (run(program, given).array(y) for given in (x, changed))
    assert np.array_equal(before[:, :4], after[:, :4])
    assert not np.isclose(before[:, 4:], after[:, 4:]).any(axis=-1).all()


@both_precisions
@pytest.mark.parametrize("causal", [False, True])
def test_that_huge_scores_pick_one_key_and_every_result_stays_finite(
    causal: bool, dtype: type
) -> None:
    program, y = lowered("attention", (4, 4), (4, 4), (4, 2), causal=causal)
    query = np.eye(4, dtype=dtype)[None] * 1e8
    key = np.eye(4, dtype=dtype)[None] * 1e8
    value = np.arange(8, dtype=dtype).reshape(1, 4, 2)
    machine = run(program, query, key, value)
    assert all(
        np.isfinite(machine.array(i)).all() for instr in program.instructions for i in instr.outputs
    )
    assert np.array_equal(weights_of(machine)[0], np.eye(4))
    assert np.array_equal(machine.array(y), value)


@pytest.mark.parametrize("keys", [3, 33])
def test_that_equal_scores_share_the_attention_equally_in_rows_short_and_long(keys: int) -> None:
    program, y = lowered("attention", (2, 4), (keys, 4), (keys, 1))
    value = np.random.default_rng(3).standard_normal((5, keys, 1))
    machine = run(program, np.zeros((5, 2, 4)), np.ones((5, keys, 4)), value)
    np.testing.assert_allclose(weights_of(machine), 1 / keys, rtol=1e-14)
    expected = np.repeat(value.mean(1, keepdims=True), 2, axis=1)
    np.testing.assert_allclose(machine.array(y), expected, rtol=1e-13)


def test_that_one_head_is_plain_attention_of_the_projected_sequence() -> None:
    """By its definition, from the packed weights: queries first, then keys, then values."""
    program, y = lowered("multi_head_attention", (5, 3), heads=1)
    x = np.random.default_rng(4).standard_normal((2, 5, 3))
    machine = run(program, x)
    w_in, b_in, w_out, b_out = (machine.storage.view(p) for p in program.parameters)
    assert [p.name for p in program.parameters] == [
        "in_weight",
        "in_bias",
        "out_weight",
        "out_bias",
    ]
    q, k, v = np.split(x @ w_in + b_in, 3, axis=-1)
    e = np.exp(q @ k.swapaxes(1, 2) / np.sqrt(3))
    expected = (e / e.sum(-1, keepdims=True)) @ v @ w_out + b_out
    np.testing.assert_allclose(machine.array(y), expected, rtol=1e-12)


def test_that_first_weights_are_drawn_as_pytorch_draws_them() -> None:
    """`in_proj_weight` is xavier_uniform over (3E, E); `out_proj.weight` is even within 1/√E."""
    program, _ = lowered("multi_head_attention", (2, 64), heads=4)
    storage = Storage(program, np.float64)
    storage.initialize(5)
    limits = {"in_weight": (6 / 256) ** 0.5, "out_weight": 1 / 8, "in_bias": 0, "out_bias": 0}
    for p in program.parameters:
        largest = np.abs(storage.view(p)).max()
        assert 0.98 * limits[p.name] <= largest <= limits[p.name]


@pytest.mark.parametrize(
    ("layer", "config", "shapes", "says"),
    [
        ("multi_head_attention", {"heads": 3}, [(5, 8)], ["3 heads", "N×5×8"]),
        ("multi_head_attention", {}, [(8,)], ["N×T×features", "N×8"]),
        ("attention", {}, [(8,), (8,), (8,)], ["query", "N×8"]),
        ("attention", {}, [(5, 8), (6, 7), (6, 8)], ["N×5×8", "N×6×7"]),
        ("attention", {}, [(5, 8), (6, 8), (5, 8)], ["N×6×8", "N×5×8"]),
        ("attention", {}, [(5, 8), (6, 8), (2, 6, 8)], ["value", "N×2×6×8"]),
        ("positional_encoding", {}, [(2, 3, 4)], ["N×T×features", "N×2×3×4"]),
        ("group_norm", {"groups": 3}, [(4, 5, 5)], ["3 groups", "N×4×5×5"]),
        ("dense", {}, [(1, 8, 8)], ["Flatten", "N×1×8×8"]),
    ],
)
def test_that_what_does_not_fit_is_said_with_both_shapes(
    layer: str, config: dict[str, object], shapes: list[tuple[int, ...]], says: list[str]
) -> None:
    with pytest.raises(ShapeError) as caught:
        lowered(layer, *shapes, **config)
    assert all(part in str(caught.value) for part in says), str(caught.value)


def test_that_dense_treats_every_step_of_a_sequence_alike() -> None:
    b = Builder()
    steps, rows = b.input("x0", (BATCH, 4, 3)), b.input("x1", (BATCH, 3))
    dense = layers()["dense"].from_config({"units": 5})
    outputs = []
    for node, x in (("steps", steps), ("rows", rows)):
        with b.scope(node=node):
            outputs.append(dense.lower(b, x))
    program = b.build()
    storage = Storage(program, np.float64)
    for p in program.parameters:
        shape = storage.view(p).shape
        storage.view(p)[...] = np.random.default_rng(6).standard_normal(shape)
    machine = Machine(program, storage, batch=2)
    x = np.random.default_rng(7).standard_normal((2, 4, 3))
    machine.feed("x0", x, np.arange(2))
    for step in range(4):
        machine.feed("x1", np.ascontiguousarray(x[:, step]), np.arange(2))
        machine.run()
        mine, other = (machine.array(y) for y in outputs)
        np.testing.assert_allclose(mine[:, step], other, rtol=1e-14)


def test_that_positions_are_told_apart_by_waves_that_repeat_in_every_row() -> None:
    program, y = lowered("positional_encoding", (50, 6))
    moved = run(program, np.zeros((2, 50, 6))).array(y)
    assert np.array_equal(moved[0], moved[1])
    assert np.array_equal(moved[0, 0], [0, 1, 0, 1, 0, 1])
    gaps = np.abs(moved[0][:, None] - moved[0][None]).max(-1) + np.eye(50)
    assert gaps.min() > 0.01


def test_that_learned_positions_start_small_and_have_a_gradient() -> None:
    spec = layers()["positional_encoding"].from_config({"kind": "learned"})
    program = whole_step(spec, (5, 4))
    machine = machine_of(program, batch=3)
    (positions,) = program.parameters
    assert 0.005 < machine.array(positions).std() < 0.05
    machine.run()
    got = machine.array(program.gradients[positions.id])
    c = machine.array(program.inputs["y"])
    np.testing.assert_allclose(got, c.sum(0), rtol=1e-14)


@pytest.mark.parametrize("layer", ["multi_head_attention", "attention", "layer_norm"])
def test_that_stepping_gives_the_same_bits_as_running(layer: str) -> None:
    program = whole_step(layers()[layer](), (3, 12))
    results = []
    for stepwise in (False, True):
        machine = machine_of(program, batch=3, seed=5, dtype=np.float32)
        for iteration in range(3):
            feed_random(machine, iteration)
            stops = range(1, len(program.instructions) + 1) if stepwise else [None]
            start = 0
            for stop in stops:
                machine.run(start, stop)
                start = stop or 0
        results.append(bits(machine))
    assert results[0] == results[1]


def transformer() -> Network:
    """The digits, read row by row from top to bottom."""
    before: Layers = [
        ("input", {}),
        ("reshape", {"channels": 0, "height": 8, "width": 8}),
        ("dense", {"units": 16}),
        ("positional_encoding", {}),
        ("layer_norm", {}),
        ("multi_head_attention", {"heads": 4}),
        ("add", {}),
        ("layer_norm", {}),
        ("dense", {"units": 16}),
        ("gelu", {}),
        ("flatten", {}),
        ("dense", {"units": 10}),
        ("softmax_cross_entropy", {}),
    ]
    adam = optimizers()["adam"].from_config({"learning_rate": 0.003})
    network = chain(before, optimizer=adam)
    return edits.connect(network, "positional_encoding_1", "add_1", 1)


def test_that_attention_learns_the_digits_read_row_by_row() -> None:
    network = transformer()
    analysis = analyze(network)
    assert analysis.diagnostics == ()
    session = Session(analysis.require(), network.setup)
    for _ in range(8):
        session.run_epoch()
    accuracy = session.evaluate().accuracy
    assert accuracy is not None and accuracy > 0.93


def test_that_a_node_says_how_many_heads_and_groups_it_has() -> None:
    assert nodes()["multi_head_attention"]().caption == "4 heads"
    assert nodes()["group_norm"]().caption == "8 groups"
