"""Weights that are kept for layers that come back."""

from __future__ import annotations

import numpy as np

from backprop_studio.training.memory import Memory


def _weights(units: int) -> dict[tuple[str, str], np.ndarray]:
    return {
        ("dense_1", "weight"): np.full((10, units), units, np.float32),
        ("dense_1", "bias"): np.full(units, units, np.float32),
    }


def _held(memory: Memory) -> int:
    return sum(array.nbytes for array in memory._arrays.values())


def test_that_a_size_that_is_turned_through_keeps_no_more_than_the_budget() -> None:
    memory = Memory(budget=20_000)
    for units in range(1, 200):
        memory.keep(_weights(units))
        assert _held(memory) <= 20_000
        assert memory._nbytes == _held(memory)
    # The last ones are there, the first ones are gone.
    sizes = {shape[-1] for _, _, shape in memory._arrays}
    assert 199 in sizes and 198 in sizes and 1 not in sizes
    assert memory.newest()["dense_1", "bias"].shape == (199,)


def test_that_what_was_kept_last_stays_however_large_it_is() -> None:
    memory = Memory(budget=100)
    memory.keep(_weights(5))
    memory.keep(_weights(50))
    assert {shape[-1] for _, _, shape in memory._arrays} == {50}
    memory.clear()
    assert memory._nbytes == 0 and not memory.newest()


def test_that_what_is_trained_again_counts_as_new_and_once() -> None:
    memory = Memory(budget=4 * 11 * 8)
    for units in (3, 5, 3):
        memory.keep(_weights(units))
    assert memory._nbytes == 4 * 11 * 8
    memory.keep(_weights(1))
    # The five units were trained before the three: they go first, and no more than has to.
    assert [shape for _, _, shape in memory._arrays] == [(5,), (10, 3), (3,), (10, 1), (1,)]
