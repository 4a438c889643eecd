"""Slices through the loss, against what is known of them; PCA against a reference."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from networks import chain
from sessions import bits, everything

from backprop_studio.errors import StudioError
from backprop_studio.insight.landscape import (
    Kind,
    Landscape,
    Slice,
    Survey,
    Way,
    contours,
    principal,
    project,
    random_direction,
)
from backprop_studio.network import analyze
from backprop_studio.training import Boundary, Session


def _session(epochs: int = 1, **setup: object) -> Session:
    network = chain(**{"batch_size": 64, **setup})  # type: ignore[arg-type]
    session = Session(analyze(network).require(), network.setup)
    for _ in range(epochs):
        session.step(Boundary.EPOCH)
    return session


def _whole(session: Session, wanted: Slice) -> Landscape:
    return Survey(wanted).go_on(60.0, session)


def _way(moments: np.ndarray) -> Way:
    return Way(tuple(moments), np.zeros(moments.shape[1]))


def test_pca_is_that_of_the_covariance_matrix() -> None:
    rng = np.random.default_rng(1)
    way = rng.standard_normal((40, 6)) @ np.diag([5.0, 3.0, 1.0, 0.5, 0.2, 0.1]) + 7.0
    first, second, shares = principal(_way(way))
    variances, vectors = np.linalg.eigh(np.cov(way.T))
    for found, wanted in ((first, vectors[:, -1]), (second, vectors[:, -2])):
        assert abs(found @ wanted) == pytest.approx(1.0, abs=1e-9)
    assert shares == pytest.approx((variances[-1], variances[-2]) / variances.sum())
    still = principal(_way(np.ones((3, 6))))
    assert not still[0].any() and still[2] == (0.0, 0.0)


@pytest.mark.parametrize(("moments", "numbers"), [(1, 5), (2, 5), (3, 20_000), (40, 20_000)])
def test_pca_in_pieces_is_that_of_the_whole(moments: int, numbers: int) -> None:
    rng = np.random.default_rng(moments)
    steps = rng.standard_normal((moments, numbers)) * np.geomspace(1, 1e-3, numbers)
    walk, centre = steps.cumsum(axis=0), rng.standard_normal(numbers)
    way = Way(tuple(walk + centre), centre)
    first, second, shares = principal(way)
    centred = walk - walk.mean(axis=0)
    _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
    wanted = np.zeros(2)
    wanted[: moments - 1] = sizes[: min(moments - 1, 2)] ** 2 / max(np.sum(sizes**2), 1e-300)
    assert shares == pytest.approx(tuple(wanted), abs=1e-12)
    for k, found in enumerate((first, second)):
        if k < moments - 1:
            assert abs(found @ directions[k]) == pytest.approx(1.0, abs=1e-9)
            assert found @ (walk[-1] - walk[0]) >= 0.0, "it leads to the right, and upwards"
    assert abs(first @ second) < 1e-12
    seen = project(way, first, second)
    assert np.allclose(seen, walk @ np.stack([first, second], axis=1), atol=1e-9)


def test_that_a_straight_way_has_one_direction_and_another_at_a_right_angle() -> None:
    line = np.outer(np.arange(5.0), np.array([3.0, 4.0, 0.0]))
    first, second, shares = principal(_way(line))
    assert np.allclose(first, [0.6, 0.8, 0.0]) and abs(first @ second) < 1e-12
    assert shares == pytest.approx((1.0, 0.0), abs=1e-12)
    assert np.allclose(project(_way(line), first, second)[:, 0], 5.0 * np.arange(5.0))


def test_that_a_long_way_of_a_large_network_takes_a_few_megabytes() -> None:
    rng = np.random.default_rng(1)
    moments = tuple(rng.standard_normal(100_000).astype(np.float32) for _ in range(100))
    way = Way(moments, moments[-1].astype(np.float64))
    tracemalloc.start()
    first, second, _ = principal(way)
    path = project(way, first, second)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert path.shape == (100, 2)
    # All moments at once would be 80 million bytes, and their decomposition as much again.
    assert peak < 25e6, f"{peak:,} bytes"


def test_random_directions_are_as_long_as_each_unit_s_weights_and_leave_biases() -> None:
    session = _session()
    program = session.program
    centre = session.storage.arena("parameters").astype(float)
    direction = random_direction(program, centre, np.random.default_rng(3))
    weight = session.storage.view(program.parameters[0]).astype(float)
    size = weight.size
    drawn = direction[:size].reshape(weight.shape)
    assert np.allclose(np.linalg.norm(drawn, axis=0), np.linalg.norm(weight, axis=0))
    assert not direction[size : size + weight.shape[1]].any()


def test_a_point_has_the_loss_of_a_network_with_these_weights() -> None:
    session = _session()
    (weight, *_) = session.program.parameters
    entry = 20 * weight.shape[1] + 3
    found = _whole(session, Slice(Kind.PAIR, 5, pair=((weight.id, entry), (weight.id, 70)),
                                  reach=2.0))  # fmt: skip
    assert found.losses.shape == (5, 5) and found.done == 1.0
    assert list(found.xs) == [-2, -1, 0, 1, 2]
    view = session.storage.view(weight).reshape(-1)
    view[entry] += 1.0
    view[70] -= 2.0
    rows = session.training_rows
    machine = session.used(rows[:: -(-len(rows) // 256)])
    assert found.losses[0, 3] == pytest.approx(
        float(machine.array(session.lowered.heads[0].loss)), rel=1e-6
    )
    # The path ends where the weights are.
    assert np.allclose(found.path[-1], 0.0, atol=1e-6)


def test_the_path_lies_in_its_plane_and_its_losses_fall_along_it() -> None:
    session = _session(8)
    found = _whole(session, Slice(Kind.PATH, 15))
    assert found.explained is not None and 0.7 < sum(found.explained) <= 1.0 + 1e-9
    assert np.allclose(found.path[-1], 0.0, atol=1e-6)

    def near(place: np.ndarray) -> float:
        column = int(np.abs(found.xs - place[0]).argmin())
        row = int(np.abs(found.ys - place[1]).argmin())
        return float(found.losses[row, column])

    assert near(found.path[-1]) < 0.7 * near(found.path[0])
    flat = _whole(session, Slice(Kind.PATH, 9, flat=True))
    assert flat.losses.shape == (1, 9) and flat.ys[0] == 0.0


def test_slices_are_bounded_go_on_and_leave_the_run_alone() -> None:
    session = _session()
    session.step(Boundary.PHASE)
    session.step(Boundary.PHASE)
    before = bits(session), everything(session), session.cursor
    survey = Survey(Slice(Kind.RANDOM, 5))
    shares = []
    while not shares or shares[-1] < 1.0:
        part = survey.go_on(0.0, session)
        shares.append(part.done)
        assert np.isfinite(part.losses).sum() == round(part.done * 25)
    assert len(shares) == 25
    assert (bits(session), everything(session), session.cursor) == before
    # It is about the weights that it began with, also when training goes on.
    late = Survey(Slice(Kind.RANDOM, 5))
    late.go_on(0.0, session)
    session.step(Boundary.EPOCH)
    assert np.array_equal(late.go_on(60.0, session).losses, part.losses)


def test_contours_of_a_cone_are_circles() -> None:
    xs, ys = np.linspace(-2, 2, 81), np.linspace(-3, 3, 121)
    table = np.sqrt(xs[None, :] ** 2 + ys[:, None] ** 2)
    pieces = contours(xs, ys, table, 1.5)
    assert len(pieces) > 50
    assert np.allclose(np.linalg.norm(pieces.reshape(-1, 2), axis=1), 1.5, atol=2e-3)
    assert len(contours(xs, ys, table, 99.0)) == 0
    table[60, 40] = np.nan
    assert np.isfinite(contours(xs, ys, table, 0.06)).all()


def test_projection_finds_what_lies_in_the_plane() -> None:
    first, second = np.array([1.0, 1.0, 0.0]), np.array([0.0, 1.0, 0.0])
    way = np.array([2 * first - 3 * second, first + 5 * np.array([0, 0, 1.0])])
    assert np.allclose(project(_way(way), first, second), [[2, -3], [1, 0]])


def test_what_cannot_be_moved_is_refused_with_a_reason() -> None:
    session = _session(0)
    bias = session.program.parameters[1]
    with pytest.raises(StudioError, match="no entry"):
        _whole(session, Slice(Kind.PAIR, pair=((bias.id, 0), (bias.id, 999))))
    # Before the first step there is no path, and nothing varies along it.
    still = _whole(session, Slice(Kind.PATH, 5))
    assert still.explained == (0.0, 0.0) and np.isfinite(still.losses).all()
