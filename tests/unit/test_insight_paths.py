"""Paths from a weight to the loss: they add up to the gradient, and are counted right."""

from __future__ import annotations

import pytest
from networks import DIGITS, Layers, chain

from backprop_studio.autograd import Role
from backprop_studio.errors import StudioError
from backprop_studio.insight.paths import LIMIT, paths
from backprop_studio.network import analyze
from backprop_studio.training import Boundary, Session

DEEP: Layers = [
    ("input", {}),
    ("dense", {"units": 9}),
    ("tanh", {}),
    ("dense", {"units": 8}),
    ("tanh", {}),
    ("dense", {"units": 7}),
    ("tanh", {}),
    ("dense", {"units": 10}),
    ("softmax_cross_entropy", {}),
]


def _session(layers: Layers) -> Session:
    network = chain(layers, batch_size=8)
    session = Session(analyze(network).require(), network.setup)
    session.step(Boundary.BATCH)
    return session


@pytest.mark.parametrize("layers", [DIGITS, DEEP])
def test_the_paths_of_all_rows_add_up_to_the_gradient(layers: Layers) -> None:
    session = _session(layers)
    weight = session.program.parameters[0]
    found = [paths(weight.id, (20, 3), row, 30.0, session) for row in range(8)]
    assert any(f.count for f in found)
    for f in found:
        assert f.total == pytest.approx(f.backward, rel=1e-6, abs=1e-12)
        if f.count <= LIMIT:
            assert len(f.paths) == f.count
            assert sum(p.product for p in f.paths) == pytest.approx(f.total, abs=1e-12)
    assert sum(f.total for f in found) == pytest.approx(found[0].gradient, rel=1e-6, abs=1e-12)


def test_paths_are_counted_without_being_walked_and_the_largest_come_first() -> None:
    session = _session(DEEP)
    weight = next(v for v in session.program.parameters if v.role is Role.PARAMETER)
    found = next(
        f for row in range(8) if (f := paths(weight.id, (20, 3), row, 30.0, session)).count
    )
    # One unit of the first layer, then every unit of each layer that follows.
    assert found.count == 8 * 7 * 10
    sizes = [abs(path.product) for path in found.paths]
    assert sizes == sorted(sizes, reverse=True)
    for path in found.paths[:20]:
        product = 1.0
        for slope in path.slopes:
            product *= slope
        assert product == pytest.approx(path.product)
        assert path.spots[0].entry == (20, 3)
        assert path.spots[-1].value == session.program.loss


def test_what_is_not_there_or_too_much_is_told() -> None:
    session = _session(DEEP)
    weight = session.program.parameters[0]
    with pytest.raises(StudioError, match="no row 8"):
        paths(weight.id, (20, 3), 8, 1.0, session)
    with pytest.raises(StudioError, match="entry"):
        paths(weight.id, (20,), 0, 1.0, session)
    with pytest.raises(StudioError, match="Too many numbers"):
        paths(weight.id, (20, 3), 0, 0.0, session)


def test_without_an_entry_and_a_row_the_strongest_are_taken() -> None:
    session = _session(DEEP)
    weight = session.program.parameters[0]
    found = paths(weight.id, None, None, 30.0, session)
    assert found.count
    for row in range(8):
        other = paths(weight.id, found.entry, row, 30.0, session)
        assert abs(other.backward) <= abs(found.backward) + 1e-12
        assert other.gradient == found.gradient
    for entry in ((20, 3), (30, 1), (43, 8)):
        assert abs(paths(weight.id, entry, 0, 30.0, session).gradient) <= abs(found.gradient)
