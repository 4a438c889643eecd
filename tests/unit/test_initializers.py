"""First weights are spread as their sources say."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_studio.nn import initializers

FAN_IN, UNITS = 300, 200


def sample(key: str, shape: tuple[int, ...] = (FAN_IN, UNITS), scale: float = 0.1) -> np.ndarray:
    rng = np.random.default_rng(3)
    return initializers.scheme(key, shape[0], shape[-1], scale).sample(rng, shape)


@pytest.mark.parametrize(
    ("key", "variance"),
    [
        ("he", 2 / FAN_IN),
        ("he_uniform", 2 / FAN_IN),
        ("xavier", 2 / (FAN_IN + UNITS)),
        ("xavier_normal", 2 / (FAN_IN + UNITS)),
        ("normal", 0.01),
        ("uniform", 0.01 / 3),
        ("orthogonal", 1 / FAN_IN),
    ],
)
def test_that_the_variance_is_the_one_of_the_source(key: str, variance: float) -> None:
    weights = sample(key)
    assert weights.var() == pytest.approx(variance, rel=0.03)
    assert abs(weights.mean()) < 4 * (variance / weights.size) ** 0.5


@pytest.mark.parametrize(
    ("key", "limit"),
    [
        ("he_uniform", (6 / FAN_IN) ** 0.5),
        ("xavier", (6 / (FAN_IN + UNITS)) ** 0.5),
        ("uniform", 0.1),
    ],
)
def test_that_uniform_weights_fill_their_range_and_keep_to_it(key: str, limit: float) -> None:
    assert 0.99 * limit < np.abs(sample(key)).max() <= limit


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4), (1, 7), (7, 1), (2, 3, 4)])
def test_that_orthogonal_rows_or_columns_are_orthonormal(shape: tuple[int, ...]) -> None:
    weights = sample("orthogonal", shape)
    assert weights.shape == shape
    matrix = weights.reshape(-1, shape[-1])
    small = matrix.T @ matrix if len(matrix) >= shape[-1] else matrix @ matrix.T
    np.testing.assert_allclose(small, np.eye(len(small)), atol=1e-12)


def test_that_orthogonal_weights_have_no_preferred_side() -> None:
    """Without the correction of signs, numpy's QR would give -1 for every 1 by 1 matrix."""
    rng = np.random.default_rng(0)
    scheme = initializers.scheme("orthogonal", 1, 1)
    drawn = [float(scheme.sample(rng, (1, 1))[0, 0]) for _ in range(200)]
    assert set(drawn) == {1.0, -1.0}
    assert 70 < drawn.count(1.0) < 130


def test_that_constant_and_zeros_are_what_they_say() -> None:
    assert (sample("constant", (3, 2), 0.25) == 0.25).all()
    assert (sample("zeros", (3, 2)) == 0).all()


def test_that_every_choice_has_a_scheme_and_an_unknown_one_is_an_error() -> None:
    for key in initializers.CHOICES:
        assert sample(key, (3, 2)).shape == (3, 2)
    with pytest.raises(KeyError):
        sample("no-such-scheme")
