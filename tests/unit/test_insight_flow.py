"""What flows along wires, and what the examples of a batch are."""

from __future__ import annotations

import numpy as np
import pytest
from networks import Layers, chain, residual

from backprop_studio import data
from backprop_studio.autograd import Phase
from backprop_studio.insight.examples import examples
from backprop_studio.insight.flow import contributions, flow, outputs
from backprop_studio.network import Network, Wire, analyze
from backprop_studio.training import Boundary, Session


@pytest.fixture
def fork() -> tuple[Network, dict[str, str], Session]:
    network, ids = residual()
    return network, ids, Session(analyze(network).require(), network.setup)


def test_forward_a_wire_carries_its_source_s_output(
    fork: tuple[Network, dict[str, str], Session],
) -> None:
    network, ids, session = fork
    assert not flow(network, 3, session).wires
    session.step(Boundary.PHASE)
    session.step(Boundary.LAYER)
    found = flow(network, 3, session)
    assert not found.backward
    assert found.example == session.rows[3]
    assert {w.source for w in found.wires} == {ids["input_1"], ids["dense_1"]}
    made = outputs(session.program, network)[ids["dense_1"]]
    row = session.machine.array(made)[3].astype(float)
    assert found.nodes[ids["dense_1"]] == pytest.approx(np.sqrt(np.mean(row**2)))
    assert np.array_equal(found.pictures[ids["dense_1"]].ravel(), row)
    assert found.pictures[ids["input_1"]].shape == (8, 8)


def test_back_each_wire_carries_its_own_part_and_the_node_their_sum(
    fork: tuple[Network, dict[str, str], Session],
) -> None:
    network, ids, session = fork
    while session.cursor.index < session.program.start_of(Phase.UPDATE):
        session.step(Boundary.OP)
    found = flow(network, 3, session)
    assert found.backward
    value = outputs(session.program, network)[ids["dense_1"]]
    leaving = [w for w in network.wires if w.source == ids["dense_1"]]
    assert len(leaving) == 2
    parts = contributions(session.program, value, leaving)
    machine = session.machine
    total = machine.array(session.program.gradients[value])
    assert np.allclose(sum(machine.array(part) for part in parts.values()), total)
    straight = Wire(ids["dense_1"], ids["add_1"], 1)
    after = outputs(session.program, network)[ids["add_1"]]
    # An addition hands the error signal on as it is.
    assert np.array_equal(
        machine.array(parts[straight]), machine.array(session.program.gradients[after])
    )
    for wire, part in parts.items():
        row = machine.array(part)[3].astype(float)
        assert found.wires[wire] == pytest.approx(np.sqrt(np.mean(row**2)))
    assert len({found.wires[w] for w in leaving} | {found.nodes[ids["dense_1"]]}) == 3


def test_back_only_what_is_computed_is_shown(
    fork: tuple[Network, dict[str, str], Session],
) -> None:
    network, ids, session = fork
    while session.cursor.index < session.program.start_of(Phase.BACKWARD):
        session.step(Boundary.OP)
    session.step(Boundary.LAYER)
    assert {w.target for w in flow(network, 0, session).wires} == {ids["loss_1"]}


def test_the_examples_of_a_batch_are_those_of_the_data_set() -> None:
    network = chain(batch_size=32)
    session = Session(analyze(network).require(), network.setup)
    for _ in range(15):
        session.step(Boundary.EPOCH)
    found = examples(session)
    dataset = data.load("digits")
    rows = list(found.rows)
    assert np.array_equal(found.features, dataset.x[rows])
    assert list(found.classes) == list(dataset.y[rows])
    assert found.labels == tuple(dataset.class_names[c] for c in found.classes)
    assert found.places.shape == (len(rows), 2)
    assert found.image_shape == (8, 8)
    # After fifteen epochs, most of what it was trained on is right.
    right = sum(a == b for a, b in zip(found.labels, found.predicted, strict=True))
    assert right > 0.7 * len(rows)
    # The first direction is the one along which the batch varies most.
    assert found.places[:, 0].var() >= found.places[:, 1].var() > 0


def test_examples_of_numbers_are_told_as_numbers() -> None:
    info = data.info("sine")
    layers: Layers = [("input", {}), ("dense", {"units": info.target_width}), ("mse", {})]
    network = chain(layers, dataset=info.id, batch_size=16)
    found = examples(Session(analyze(network).require(), network.setup))
    assert found.classes == ()
    targets = data.load(info.id).y[list(found.rows)]
    for label, target in zip(found.labels, targets, strict=True):
        assert [float(part) for part in label.split(",")] == pytest.approx(list(target), rel=1e-2)
