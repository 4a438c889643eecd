"""Edits make new networks, and refuse what cannot be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import chain

from backprop_studio import nn
from backprop_studio.errors import EditError
from backprop_studio.network import Network, Wire, edits


def test_that_an_edit_leaves_the_old_network_alone() -> None:
    before = chain()
    copy = chain()
    edits.remove(before, ["relu_1"])
    edits.move(before, {"relu_1": (1.0, 2.0)})
    edits.rename(before, "relu_1", "hinge")
    assert before == copy


def test_that_a_removed_node_takes_its_wires_along() -> None:
    after = edits.remove(chain(), ["relu_1"])
    assert all("relu_1" not in (w.source, w.target) for w in after.wires)
    assert len(after.wires) == 2


def test_that_ids_are_new_even_when_they_have_been_retired() -> None:
    network, first = edits.add_node(Network(), nn.nodes()["dense"](), 0, 0)
    again, second = edits.add_node(
        edits.remove(network, [first]), nn.nodes()["dense"](), 0, 0, retired={first}
    )
    assert (first, second) == ("dense_1", "dense_2")
    assert [n.id for n in again.nodes] == ["dense_2"]


@pytest.mark.parametrize(
    ("source", "target", "code"),
    [
        ("loss_1", "relu_1", "wire-no-output"),
        ("relu_1", "input_1", "wire-no-input"),
        ("relu_1", "relu_1", "wire-self"),
        ("dense_1", "relu_1", "wire-exists"),
        ("input_1", "relu_1", "port-taken"),
        ("dense_2", "dense_1", "wire-cycle"),
    ],
)
def test_that_a_wire_that_cannot_be_is_refused_with_its_reason(
    source: str, target: str, code: str
) -> None:
    network = chain()
    reason = edits.why_not_connect(network, source, target)
    assert reason is not None and reason.code == code
    with pytest.raises(EditError):
        edits.connect(network, source, target)


def test_that_a_wire_takes_the_place_of_the_one_at_its_input_where_that_is_meant() -> None:
    network = chain()
    assert edits.why_not_connect(network, "input_1", "relu_1", replacing=True) is None
    made = edits.connect(network, "input_1", "relu_1", replacing=True)
    assert set(network.wires) - set(made.wires) == {Wire("dense_1", "relu_1")}
    assert set(made.wires) - set(network.wires) == {Wire("input_1", "relu_1")}
    # What is no wire for another reason is none now either.
    for source, target, code in (
        ("dense_2", "dense_1", "wire-cycle"),
        ("relu_1", "relu_1", "wire-self"),
        ("dense_1", "relu_1", "wire-exists"),
    ):
        reason = edits.why_not_connect(network, source, target, replacing=True)
        assert reason is not None and reason.code == code


def test_that_a_wire_that_would_close_a_circle_is_refused() -> None:
    network = edits.remove(chain(), wires=[Wire("input_1", "dense_1")])
    reason = edits.why_not_connect(network, "dense_2", "dense_1")
    assert reason is not None and reason.code == "wire-cycle"


@pytest.mark.parametrize("name", ["", "  ", "relu_1", "a b", "a/b", "ü", "x" * 65])
def test_that_a_bad_name_is_refused(name: str) -> None:
    with pytest.raises(EditError):
        edits.rename(chain(), "dense_1", name)


def test_that_a_node_may_keep_its_own_name() -> None:
    assert edits.rename(chain(), "dense_1", "dense_1") == chain()


def test_that_names_and_places_do_not_change_the_training() -> None:
    network = chain()
    assert network.trains_like(edits.rename(network, "dense_1", "hidden"))
    assert network.trains_like(edits.move(network, {"dense_1": (9.0, 9.0)}))
    assert not network.trains_like(edits.remove(network, ["relu_1"]))


@given(st.data())
def test_that_the_order_has_every_source_before_its_target(data: st.DataObject) -> None:
    network = Network()
    for _ in range(data.draw(st.integers(1, 8))):
        network, _ = edits.add_node(network, nn.nodes()["tanh"](), 0, 0)
    ids = [n.id for n in network.nodes]
    for target in ids:
        source = data.draw(st.sampled_from(ids))
        if edits.why_not_connect(network, source, target) is None:
            network = edits.connect(network, source, target)
    wiring = network.wiring
    order = wiring.order
    assert wiring.cycle == () and sorted(order) == sorted(ids)
    for wire in network.wires:
        assert order.index(wire.source) < order.index(wire.target)
        assert wire.target in wiring.downstream([wire.source])
        assert wire.source in wiring.upstream([wire.target])


def test_that_a_node_that_becomes_a_loss_leads_nowhere() -> None:
    network = edits.set_spec(chain(), "relu_1", nn.nodes()["mse"]())
    assert [(w.source, w.target) for w in network.wires if "relu_1" in (w.source, w.target)] == [
        ("dense_1", "relu_1")
    ]
