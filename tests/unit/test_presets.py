"""Networks to begin with, and what inserting and copying does."""

from __future__ import annotations

import pytest
from networks import chain

from backprop_studio import nn
from backprop_studio.errors import EditError
from backprop_studio.network import analyze, edits
from backprop_studio.network.network import MAX_NODES, Network
from backprop_studio.network.presets import PRESETS
from backprop_studio.project import decode, encode
from backprop_studio.training import Boundary, Session


@pytest.mark.parametrize("key", PRESETS)
def test_a_preset_trains_as_it_is(key: str) -> None:
    network = PRESETS[key].started()
    analysis = analyze(network)
    assert analysis.diagnostics == ()
    session = Session(analysis.require(), network.setup)
    for _ in range(2):
        session.step(Boundary.BATCH)
    assert session.last_loss is not None and session.failure is None


def test_mazurs_numbers_come_out() -> None:
    network = PRESETS["mazur"].started()
    session = Session(analyze(network).require(), network.setup)
    losses = []
    for _ in range(2):
        session.step(Boundary.BATCH)
        losses.append(session.last_loss)
    assert losses == pytest.approx([0.298371109, 0.291027774], abs=2e-8)


def test_the_neuron_goes_where_the_hand_takes_it() -> None:
    network = PRESETS["neuron"].started()
    session = Session(analyze(network).require(), network.setup)
    session.step(Boundary.BATCH)
    weights = {key[1]: float(value.ravel()[0]) for key, value in session.weights().items()}
    # dL/dw = 2·(7 − 9)·2 = −8 and dL/db = −4, at a learning rate of 0.05.
    assert session.last_loss == pytest.approx(4.0)
    assert weights == pytest.approx({"weight": 3.4, "bias": 1.2})


@pytest.mark.parametrize("key", PRESETS)
def test_a_preset_can_be_inserted_twice_and_kept_in_a_file(key: str) -> None:
    piece = PRESETS[key].make()
    network, first = edits.insert(Network(), piece, 0.0, 0.0)
    network, second = edits.insert(network, piece, 500.0, 300.0)
    assert len({n.id for n in network.nodes}) == 2 * len(piece.nodes)
    assert len({n.name for n in network.nodes}) == 2 * len(piece.nodes)
    assert len(network.wires) == 2 * len(piece.wires)
    assert not set(first) & set(second)
    assert decode(encode(network)) == network
    xs = [network.node(i).x for i in second]
    assert (min(xs) + max(xs)) / 2 == pytest.approx(500.0)


def test_an_excerpt_has_the_wires_between_its_nodes_and_no_others() -> None:
    network = chain()
    ids = [n.id for n in network.nodes]
    piece = edits.excerpt(network, ids[1:4])
    assert [n.id for n in piece.nodes] == ids[1:4]
    assert [(w.source, w.target) for w in piece.wires] == [(ids[1], ids[2]), (ids[2], ids[3])]


def test_a_copy_learns_its_own_numbers_or_the_same() -> None:
    network = chain()
    dense = next(n for n in network.nodes if n.name == "dense_1")
    piece = edits.excerpt(network, [dense.id])
    own, (new,) = edits.insert(network, piece, 0.0, 300.0)
    assert own.node(new).weights == new
    same, (new,) = edits.insert(network, piece, 0.0, 300.0, shared=True)
    assert same.node(new).weights == dense.weights
    assert same.node(new).spec == dense.spec
    # The original is not there: then the copy has nothing to share.
    alone, (new,) = edits.insert(Network(), piece, 0.0, 0.0, shared=True)
    assert alone.node(new).weights == new


def test_what_shares_weights_goes_on_sharing_them_among_the_copies() -> None:
    network = chain(
        [("input", {}), ("dense", {"units": 64}), ("dense", {"units": 64}), ("mse", {})]
    )
    first, second = (n.id for n in network.nodes if n.name.startswith("dense"))
    network = edits.share_weights(network, second, first)
    copied, (a, b) = edits.insert(network, edits.excerpt(network, [first, second]), 0.0, 300.0)
    assert copied.node(a).weights == copied.node(b).weights
    assert copied.node(a).weights != network.node(first).weights


def test_a_full_network_takes_no_more() -> None:
    spec = nn.nodes()["relu"]()
    network = Network()
    for _ in range(3):
        network, _ = edits.add_node(network, spec, 0.0, 0.0)
    full = Network(nodes=network.nodes * (MAX_NODES // 3 + 1))
    with pytest.raises(EditError):
        edits.insert(full, network, 0.0, 0.0)
