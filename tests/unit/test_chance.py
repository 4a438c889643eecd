"""Dropout and noise: what is drawn has the right distribution, and nothing else depends on it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import chain

from backprop_studio.autograd import BATCH, Array, Builder, Machine, Storage
from backprop_studio.network import analyze
from backprop_studio.nn import layers, optimizers
from backprop_studio.training import Boundary, Session

ROWS, WIDTH = 100, 80
SIGMAS = 6.0
"""Farther from what is expected than this, a sum of independent numbers hardly ever is."""

seeds = st.integers(0, 2**32 - 1)
iterations = st.integers(0, 2**31)


def draws(
    layer: str,
    config: dict[str, object],
    *,
    seed: int = 0,
    iteration: int = 0,
    node: str = "it",
    dtype: type = np.float32,
    training: bool = True,
) -> tuple[Array, ...]:
    """What a layer makes of ones, and what it drew; its input, when it is used."""
    b = Builder(training=training)
    with b.scope(node=node):
        y = layers()[layer].from_config(config).lower(b, b.input("x", (BATCH, WIDTH)))
    program = b.build()
    machine = Machine(program, Storage(program, dtype), batch=ROWS)
    machine.feed("x", np.ones((ROWS, WIDTH), dtype), np.arange(ROWS))
    machine.at(seed=seed, iteration=iteration)
    machine.run()
    return tuple(machine.array(i) for i in (y.id, program.instructions[-1].outputs[-1]))


@given(p=st.floats(0.1, 0.9), seed=seeds, iteration=iterations)
@settings(max_examples=60)
def test_that_dropout_drops_its_share_and_keeps_the_expectation(
    p: float, seed: int, iteration: int
) -> None:
    y, mask = draws("dropout", {"p": p}, seed=seed, iteration=iteration, dtype=np.float64)
    assert np.array_equal(y, mask)
    assert set(np.unique(mask)) <= {0.0, 1 / (1 - p)}
    spread = math.sqrt(p / (1 - p) / y.size)
    assert abs(y.mean() - 1.0) <= SIGMAS * spread
    # In no row and no column more than chance allows.
    for axis, count in ((0, ROWS), (1, WIDTH)):
        shares = (mask == 0).mean(axis=axis)
        assert np.abs(shares - p).max() <= 1.5 * SIGMAS * math.sqrt(p * (1 - p) / count)


@pytest.mark.parametrize("layer", ["dropout", "noise"])
@given(seed=seeds, iteration=iterations)
@settings(max_examples=30)
def test_that_nodes_iterations_and_seeds_draw_independently(
    layer: str, seed: int, iteration: int
) -> None:
    here = {"seed": seed, "iteration": iteration, "node": "dropout_1"}
    others = ({"node": "dropout_2"}, {"iteration": iteration + 1}, {"seed": (seed + 1) % 2**32})
    first = draws(layer, {}, **here)[1]
    for other in others:
        second = draws(layer, {}, **{**here, **other})[1]
        r = np.corrcoef(first.reshape(-1), second.reshape(-1))[0, 1]
        assert abs(r) <= SIGMAS / math.sqrt(first.size)


@given(deviation=st.floats(0.01, 100.0), seed=seeds, iteration=iterations)
@settings(max_examples=60)
def test_that_noise_is_normal_with_mean_zero_and_its_deviation(
    deviation: float, seed: int, iteration: int
) -> None:
    config = {"deviation": deviation}
    y, noise = draws("noise", config, seed=seed, iteration=iteration, dtype=np.float64)
    np.testing.assert_allclose(y, 1.0 + noise)
    z = np.sort(noise.reshape(-1) / deviation)
    n = z.size
    assert abs(z.mean()) <= SIGMAS / math.sqrt(n)
    assert abs(z.var() - 1.0) <= SIGMAS * math.sqrt(2 / n)
    # Kolmogorov and Smirnov's distance; above 2.5 / √n it is with a chance of 1 in 130,000.
    below = np.array([0.5 * math.erfc(-t / math.sqrt(2)) for t in z])
    assert np.abs(below - np.arange(n) / n).max() <= 2.5 / math.sqrt(n)


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_that_the_ends_of_the_range_drop_none_and_all(p: float) -> None:
    with np.errstate(all="raise"):
        y, _ = draws("dropout", {"p": p})
    assert (y == 1.0 - p).all()


@pytest.mark.parametrize(("layer", "config"), [("dropout", {"p": 0.3}), ("noise", {})])
def test_that_both_precisions_draw_the_same(layer: str, config: dict[str, object]) -> None:
    single, double = (draws(layer, config, dtype=t)[1] for t in (np.float32, np.float64))
    np.testing.assert_allclose(single, double, rtol=1e-6)


@pytest.mark.parametrize(("layer", "config"), [("dropout", {"p": 0.9}), ("noise", {})])
def test_that_a_network_in_use_is_left_to_no_chance(layer: str, config: dict[str, object]) -> None:
    y, _ = draws(layer, config, training=False)
    assert (y == 1.0).all()


def test_that_a_second_look_at_a_batch_sees_the_same_mask_and_moves_no_statistics() -> None:
    """Optimizers without gradient compare two looks; chance must not differ between them."""
    network = chain(
        [
            ("input", {}),
            ("dense", {"units": 12}),
            ("batch_norm", {}),
            ("dropout", {}),
            ("dense", {"units": 10}),
            ("softmax_cross_entropy", {}),
        ],
        optimizer=optimizers()["perturbation"](),
    )
    session = Session(analyze(network).require(), network.setup)
    program = session.program
    drops = [i for i in program.instructions if i.op.name == "dropout"]
    assert len(drops) > 1
    assert sum(i.op.name == "track_variance" for i in program.instructions) == 1
    session.step(Boundary.BATCH)
    assert len({session.machine.array(i.outputs[1]).tobytes() for i in drops}) == 1


def test_that_two_layers_and_two_iterations_have_masks_of_their_own_which_come_again() -> None:
    network = chain(
        [
            ("input", {}),
            ("dropout", {}),
            ("dropout", {}),
            ("dense", {"units": 10}),
            ("softmax_cross_entropy", {}),
        ]
    )
    session = Session(analyze(network).require(), network.setup)
    found = [v.id for v in session.program.values if v.name == "mask"]
    assert len(found) == 2

    def masks() -> list[bytes]:
        return [session.machine.array(i).tobytes() for i in found]

    seen = []
    for _ in range(3):
        session.step(Boundary.BATCH)
        seen.append(masks())
    assert len({m for pair in seen for m in pair}) == 6
    session.back(Boundary.BATCH)
    session.back(Boundary.OP)
    assert masks() == seen[1]
    session.step(Boundary.BATCH)
    session.step(Boundary.BATCH)
    assert masks() == seen[2]
    assert not any(v.name == "mask" for v in session.lowered.evaluation.values)
