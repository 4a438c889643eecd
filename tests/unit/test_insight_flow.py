"""What flows along wires, and what the examples of a batch are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from networks import Layers, chain, residual

from backprop_studio import data
from backprop_studio.autograd import Phase
from backprop_studio.insight.examples import examples
from backprop_studio.insight.flow import contributions, flow, outputs, trace
from backprop_studio.insight.rows import Part
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


def test_any_example_is_traced_as_if_it_were_in_the_batch(
    fork: tuple[Network, dict[str, str], Session],
) -> None:
    network, ids, session = fork
    for _ in range(3):
        session.step(Boundary.BATCH)
    before = session.weights(), session.cursor
    held = int(session.prepared.split.validation[0])
    found = trace(network, held, session)
    assert (found.example, found.alone, found.backward) == (held, True, True)
    session.step(Boundary.PHASE)
    forward = trace(network, held, session)
    assert forward.alone and not forward.backward
    # Nothing here looks at other rows, so that it is what the network in use says of it.
    value = outputs(session.lowered.evaluation, network)[ids["dense_1"]]
    said = session.used(np.array([held])).array(value)[0].astype(float)
    assert forward.pictures[ids["dense_1"]].ravel() == pytest.approx(said, rel=1e-5)
    assert forward.pictures[ids["input_1"]].ravel() == pytest.approx(data.load("digits").x[held])
    assert set(forward.wires) == set(network.wires)
    assert all(np.array_equal(before[0][k], v) for k, v in session.weights().items())


def test_the_error_signal_of_an_example_alone_is_that_of_the_same_one_in_the_batch(
    fork: tuple[Network, dict[str, str], Session],
) -> None:
    network, _, session = fork
    while session.cursor.index < session.program.start_of(Phase.UPDATE):
        session.step(Boundary.OP)
    inside = int(session.rows[5])
    known = trace(network, inside, session)
    assert not known.alone and known.wires == flow(network, 5, session).wires
    # The same weights with another batch: what is asked for is not in it, and it is the same.
    other = Session(analyze(network).require(), replace(network.setup, seed=7),
                    weights=session.weights())  # fmt: skip
    while other.cursor.index < other.program.start_of(Phase.UPDATE):
        other.step(Boundary.OP)
    assert inside not in other.rows
    alone = trace(network, inside, other)
    assert alone.alone and alone.backward
    assert alone.wires == pytest.approx(known.wires, rel=1e-3)


def test_before_anything_is_computed_an_example_is_traced_forward(
    fork: tuple[Network, dict[str, str], Session],
) -> None:
    network, _, session = fork
    found = trace(network, int(session.rows[3]), session)
    assert found.alone and not found.backward and set(found.wires) == set(network.wires)
    # One that is not there any more, as the data have become fewer.
    assert trace(network, 10**9, session).example == session.prepared.dataset.size - 1


def test_an_example_beside_the_batch_is_told_with_what_it_is_for() -> None:
    network = chain(batch_size=32)
    session = Session(analyze(network).require(), network.setup)
    split = session.prepared.split
    dataset = data.load("digits")
    held = int(split.validation[3])
    guest = examples(session, held).guest
    assert guest is not None and (guest.row, guest.part) == (held, Part.HELD_OUT)
    assert guest.label == dataset.class_names[int(dataset.y[held])]
    assert np.array_equal(guest.features, dataset.x[held].ravel())
    other = next(int(r) for r in split.train if r not in session.rows)
    told = examples(session, other).guest
    assert told is not None and told.part is Part.TRAINING
    found = examples(session, int(session.rows[2]))
    assert found.guest is None and found.of == dataset.size
    # It lies in the batch's own two directions, as those that are in it.
    x = dataset.x[list(found.rows)].reshape(len(found.rows), -1).astype(float)
    _, _, directions = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
    for row, place in ((other, told.place), (int(found.rows[4]), found.places[4])):
        lies = (dataset.x[row].ravel() - x.mean(axis=0)) @ directions[:2].T
        assert np.abs(lies) == pytest.approx(np.abs(place), abs=1e-6)
