"""Random numbers of instructions can be replayed, and belong to one instruction each."""

import numpy as np
import pytest

from backprop_studio.autograd.op import RunContext
from backprop_studio.autograd.streams import Stream


def draw(name: str, seed: int, iteration: int, size: int = 64) -> list[float]:
    context = RunContext()
    context.seed, context.iteration = seed, iteration
    return Stream(context, name).rewound().random(size).tolist()


def test_the_same_moment_gives_the_same_numbers_whatever_came_before() -> None:
    context = RunContext()
    stream = Stream(context, "dropout_1")
    for iteration in (0, 7, 1, 7):
        context.iteration = iteration
        assert stream.rewound().random(64).tolist() == draw("dropout_1", 0, iteration)


def test_half_used_numbers_do_not_leak_into_the_next_moment() -> None:
    stream = Stream(RunContext(), "dropout_1")
    first = stream.rewound().random(3, dtype=np.float32).tolist()
    assert stream.rewound().random(3, dtype=np.float32).tolist() == first


@pytest.mark.parametrize("other", [("b", 0, 0), ("a", 1, 0), ("a", 2**32 - 1, 0), ("a", 0, 1)])
def test_name_seed_and_iteration_each_give_other_numbers(other: tuple[str, int, int]) -> None:
    first, second = draw("a", 0, 0, 4096), draw(*other, 4096)
    assert not set(first) & set(second)
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.1
