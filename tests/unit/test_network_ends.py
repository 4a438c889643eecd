"""Several inputs, several losses, shared and frozen weights: what they mean to a training run."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_studio import nn, project
from backprop_studio.autograd import Phase
from backprop_studio.errors import EditError
from backprop_studio.network import Network, TrainingSetup, analyze, edits
from backprop_studio.training import Boundary, Session
from backprop_studio.training.naming import value_name
from tests.networks import chain


def build(
    nodes: list[tuple[str, dict[str, object]]], wires: list[tuple[int, int, int]], **setup: object
) -> tuple[Network, list[str]]:
    """A network of these nodes; wires go from a place in the list to a place and port."""
    network, ids = Network(setup=TrainingSetup(**{"dataset": "digits", **setup})), []
    for layer, config in nodes:
        network, node_id = edits.add_node(network, nn.nodes()[layer].from_config(config), 0.0, 0.0)
        ids.append(node_id)
    for source, target, port in wires:
        network = edits.connect(network, ids[source], ids[target], port)
    return network, ids


def session_of(network: Network) -> Session:
    return Session(analyze(network).require(), network.setup)


def two_inputs() -> tuple[Network, list[str]]:
    return build(
        [
            ("input", {"columns": 32}),
            ("input", {"first": 33}),
            ("dense", {"units": 8}),
            ("dense", {"units": 8}),
            ("add", {}),
            ("dense", {"units": 10}),
            ("softmax_cross_entropy", {}),
        ],
        [(0, 2, 0), (1, 3, 0), (2, 4, 0), (3, 4, 1), (4, 5, 0), (5, 6, 0)],
    )


def test_that_two_inputs_bring_their_columns_of_the_same_rows() -> None:
    session = session_of(two_inputs()[0])
    session.step(Boundary.PHASE)
    x, x2 = (session.machine.array(session.program.inputs[name]) for name in ("x", "x2"))
    assert x.shape == (32, 32) and x2.shape == (32, 32)
    whole = session_of(chain())
    whole.step(Boundary.PHASE)
    rows = whole.machine.array(whole.program.inputs["x"])
    assert np.array_equal(np.hstack([x, x2]), rows)


def test_that_a_network_with_two_inputs_learns() -> None:
    session = session_of(two_inputs()[0])
    before = session.evaluate()
    for _ in range(20):
        session.step(Boundary.EPOCH)
    after = session.evaluate()
    assert after.loss < before.loss / 2 and after.accuracy is not None and after.accuracy > 0.8


@pytest.mark.parametrize("config", [{"first": 65}, {"first": 60, "columns": 6}, {"columns": 65}])
def test_that_columns_which_the_data_do_not_have_are_refused(config: dict[str, object]) -> None:
    network = chain([("input", config), ("dense", {"units": 10}), ("softmax_cross_entropy", {})])
    (problem,) = analyze(network).errors
    assert problem.code == "columns-missing" and problem.node == "input_1"


def autoencoder(**losses: object) -> tuple[Network, list[str]]:
    """Rebuilds the digits and names them, from one hidden layer."""
    return build(
        [
            ("input", {}),
            ("dense", {"units": 16}),
            ("tanh", {}),
            ("dense", {"units": 64}),
            ("mse", {"target": "features", **losses}),
            ("dense", {"units": 10}),
            ("softmax_cross_entropy", {}),
        ],
        [(0, 1, 0), (1, 2, 0), (2, 3, 0), (3, 4, 0), (2, 5, 0), (5, 6, 0)],
    )


def test_that_several_losses_are_added_with_their_weights() -> None:
    network, _ = autoencoder(weight=0.25)
    lowered = analyze(network).require()
    session = Session(lowered, network.setup)
    session.step(Boundary.BATCH)
    program, machine = lowered.program, session.machine
    names = {i.op.name: machine.array(i.outputs[0]) for i in program.instructions}
    total = 0.25 * names["mse"] + names["softmax_cross_entropy"]
    assert program.loss is not None
    assert float(machine.array(program.loss)) == pytest.approx(float(total), rel=1e-6)
    assert [head.weight for head in lowered.heads] == [0.25, 1.0]
    assert value_name(network, program, program.loss) == "total loss"
    assert value_name(network, program, lowered.heads[1].loss) == "loss_2: loss"


def test_that_held_out_rows_are_measured_by_all_losses_and_judged_by_the_classes() -> None:
    session = session_of(autoencoder(weight=2.0)[0])
    for _ in range(10):
        session.step(Boundary.EPOCH)
    found = session.evaluate()
    assert found.accuracy is not None and found.accuracy > 0.8
    rest = session_of(autoencoder(weight=0.0)[0])
    assert rest.evaluate().loss < session_of(autoencoder(weight=2.0)[0]).evaluate().loss


def test_that_an_autoencoder_has_no_accuracy_and_rebuilds_what_it_is_given() -> None:
    network = chain(
        [("input", {}), ("dense", {"units": 64}), ("mse", {"target": "features"})], batch_size=16
    )
    session = session_of(network)
    first = session.evaluate()
    for _ in range(20):
        session.step(Boundary.EPOCH)
    last = session.evaluate()
    assert first.accuracy is None and last.accuracy is None
    assert last.loss < 0.1 * first.loss


def test_that_a_rebuilt_row_of_another_width_is_refused() -> None:
    network = chain([("input", {}), ("dense", {"units": 9}), ("mse", {"target": "features"})])
    (problem,) = analyze(network).errors
    assert problem.code == "target-features" and "9" in problem.text and "64" in problem.text


def siamese(frozen: bool = False) -> Network:
    """Two halves of a digit go through one Dense layer's weights."""
    network, ids = two_inputs()
    network = edits.share_weights(network, ids[3], ids[2])
    return edits.freeze(network, ids[2], frozen)


def test_that_shared_weights_are_one_parameter_whose_gradients_add() -> None:
    network = siamese()
    lowered = analyze(network).require()
    names = [value_name(network, lowered.program, p.id) for p in lowered.program.parameters]
    assert names == ["dense_1/weight", "dense_1/bias", "dense_3/weight", "dense_3/bias"]
    backward = [i for i in lowered.program.instructions if i.phase is Phase.BACKWARD]
    sums = [i for i in backward if i.op.name == "accumulate"]
    assert len(sums) == 2
    for instr, parameter in zip(sums, ("dense_1/weight", "dense_1/bias"), strict=True):
        told = [value_name(network, lowered.program, i) for i in (*instr.inputs, *instr.outputs)]
        whole = f"gradient of {parameter}"
        assert told == [f"part of {whole}", f"part of {whole}", whole]
    counts = analyze(network).parameters
    assert counts["dense_1"] == counts["dense_2"] == 32 * 8 + 8


def test_that_the_gradient_of_shared_weights_is_right() -> None:
    network = edits.set_setup(siamese(), TrainingSetup("digits", precision="float64"))
    session = session_of(network)
    session.step(Boundary.BATCH)
    session.back(Boundary.PHASE)
    machine, program = session.machine, session.program
    weight = program.parameters[0]
    gradient = np.array(machine.array(program.gradients[weight.id]))
    view, loss = session.storage.view(weight), program.loss
    assert loss is not None
    for place in [(0, 0), (5, 3), (30, 7)]:
        losses = []
        for nudge in (1e-5, -2e-5):
            view[place] += nudge
            machine.run(0, program.start_of(Phase.BACKWARD))
            losses.append(float(machine.array(loss)))
        view[place] += 1e-5
        assert (losses[0] - losses[1]) / 2e-5 == pytest.approx(gradient[place], abs=1e-8)


def test_that_shared_weights_survive_the_layer_that_they_were_first_of(tmp_path: object) -> None:
    network = siamese()
    session = session_of(network)
    session.step(Boundary.EPOCH)
    weights = session.weights()
    assert ("dense_1", "weight") in weights
    rest = edits.remove(network, ["dense_1"])
    names = project.tensor_names(rest, weights)
    assert np.array_equal(names["dense_2/weight"], weights["dense_1", "weight"])
    path = f"{tmp_path}/shared.bps"
    project.save(project.Project(rest, weights), path)
    again = project.load(path)
    assert again.network == rest and ("dense_1", "weight") in again.weights
    # The name is taken, so that no new layer gets the old weights by accident.
    _, fresh = edits.add_node(rest, nn.nodes()["dense"](), 0.0, 0.0)
    assert fresh != "dense_1"


def test_that_weights_of_other_types_or_shapes_cannot_be_shared() -> None:
    network, ids = two_inputs()
    with pytest.raises(EditError, match="different types"):
        edits.share_weights(network, ids[3], ids[4])
    wrong = edits.share_weights(network, ids[5], ids[2])
    (problem,) = analyze(wrong).errors
    assert problem.code == "weights-differ" and problem.node == ids[5]
    assert "8×10" in problem.text and "32×8" in problem.text


def test_that_own_weights_come_back_when_sharing_ends() -> None:
    network = edits.share_weights(siamese(), "dense_2", None)
    assert network == two_inputs()[0]


def test_that_frozen_weights_stay_and_the_rest_learns() -> None:
    session = session_of(siamese(frozen=True))
    before = session.weights()
    session.step(Boundary.EPOCH)
    after = session.weights()
    for (node, name), array in before.items():
        assert np.array_equal(array, after[node, name]) == (node == "dense_1")
    frozen = {p.id for p in session.program.parameters if not p.trainable}
    assert frozen and not frozen & set(session.program.gradients)


def test_that_a_frozen_layer_still_passes_the_error_on() -> None:
    network = chain()
    last = network.nodes[3].id
    session = session_of(edits.freeze(network, last, True))
    before = session.weights()
    session.step(Boundary.EPOCH)
    after = session.weights()
    assert not np.array_equal(before["dense_1", "weight"], after["dense_1", "weight"])
    assert np.array_equal(before[last, "weight"], after[last, "weight"])


def test_that_a_network_with_everything_frozen_is_refused() -> None:
    network = chain()
    for node in network.nodes:
        network = edits.freeze(network, node.id, True)
    assert [d.code for d in analyze(network).errors] == ["parameters-frozen"]


def test_that_weighed_classes_are_weighed_over_all_held_out_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    weights = [0.0, 5.0, 1.0, 1.0, 0.5, 2.0, 1.0, 1.0, 3.0, 0.1]
    network = chain(
        [
            ("input", {}),
            ("dense", {"units": 10}),
            ("softmax_cross_entropy", {"class_weights": weights}),
        ]
    )
    whole = session_of(network).evaluate()
    monkeypatch.setattr("backprop_studio.network.memory.CHUNK", 7)
    parts = session_of(network).evaluate()
    assert parts.loss == pytest.approx(whole.loss, rel=1e-6)
