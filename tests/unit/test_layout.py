"""Automatic layout: nothing overlaps, wires run to the right, the middle stays."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import chain, residual

from backprop_studio import nn
from backprop_studio.errors import EditError
from backprop_studio.network import Network, edits
from backprop_studio.network.layout import arranged
from backprop_studio.network.presets import PRESETS


def _checked(network: Network) -> dict[str, tuple[float, float]]:
    places = arranged(network)
    assert set(places) == {n.id for n in network.nodes}
    for (ax, ay), (bx, by) in itertools.combinations(places.values(), 2):
        assert abs(ax - bx) >= 150 or abs(ay - by) >= 80
    return places


@pytest.mark.parametrize("key", PRESETS)
def test_presets_are_laid_out_from_left_to_right(key: str) -> None:
    network = PRESETS[key].make()
    places = _checked(network)
    assert all(places[w.source][0] < places[w.target][0] for w in network.wires)


def test_a_chain_is_a_line_and_a_skip_has_a_line_of_its_own() -> None:
    network = chain()
    assert len({y for _, y in _checked(network).values()}) == 1
    network, ids = residual()
    places = _checked(network)
    names = {n.name: n.id for n in network.nodes}
    # Nothing stands on the straight line from dense_1 to add_1.
    (x1, y1), (x2, y2) = places[ids["dense_1"]], places[ids["add_1"]]
    for name in ("relu_1", "dense_2"):
        x, y = places[names[name]]
        on_line = y1 + (y2 - y1) * (x - x1) / (x2 - x1)
        assert abs(y - on_line) > 30


def test_the_middle_stays_and_a_second_time_changes_nothing() -> None:
    network = edits.move(residual()[0], {n.id: (n.x + 400, n.y - 300) for n in residual()[0].nodes})
    places = arranged(network)
    xs, before = [p[0] for p in places.values()], [n.x for n in network.nodes]
    assert abs((min(xs) + max(xs)) - (min(before) + max(before))) <= 20
    once = edits.move(network, places)
    assert arranged(once) == places


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20))
@settings(max_examples=60, deadline=None)
def test_any_network_is_laid_out(pairs: list[tuple[int, int]]) -> None:
    network, ids = Network(), []
    for place in range(8):
        network, node = edits.add_node(network, nn.nodes()["concatenate"](), 10.0 * place, 0.0)
        ids.append(node)
    for a, b in pairs:
        for port in (0, 1):
            try:
                network = edits.connect(network, ids[a], ids[b], port)
            except EditError:
                continue
            break
    _checked(network)


def test_a_node_is_put_into_a_wire() -> None:
    network = chain()
    first = network.wires[0]
    network, tanh = edits.add_node(network, nn.nodes()["tanh"](), 0.0, 0.0)
    made = edits.insert_into(network, tanh, first)
    assert first not in made.wires
    assert {(w.source, w.target) for w in made.wires} >= {
        (first.source, tanh),
        (tanh, first.target),
    }
    network, data = edits.add_node(network, nn.nodes()["input"](), 0.0, 0.0)
    with pytest.raises(EditError):
        edits.insert_into(network, data, first)
