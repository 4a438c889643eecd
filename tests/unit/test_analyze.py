"""Every way in which a network can be wrong is said, on the node at fault."""

from __future__ import annotations

from dataclasses import replace

import pytest
from networks import DIGITS, chain

from backprop_studio import nn
from backprop_studio.autograd import BATCH
from backprop_studio.errors import MESSAGES, Severity, StudioError
from backprop_studio.network import Network, Node, TrainingSetup, UnknownLayer, Wire, analyze, edits


def codes(network: Network) -> dict[str, set[str | None]]:
    """Code of each problem to the nodes that it is shown on."""
    found: dict[str, set[str | None]] = {}
    for d in analyze(network).diagnostics:
        assert d.text
        found.setdefault(d.code, set()).add(d.node)
    return found


def with_node(network: Network, layer: str, **config: object) -> tuple[Network, str]:
    return edits.add_node(network, nn.nodes()[layer].from_config(config), 0, 0)


def test_that_a_sound_network_has_no_problem_and_all_shapes() -> None:
    analysis = analyze(chain())
    assert analysis.diagnostics == ()
    assert analysis.shapes == {
        "input_1": (BATCH, 64),
        "dense_1": (BATCH, 16),
        "relu_1": (BATCH, 16),
        "dense_2": (BATCH, 10),
        "loss_1": (),
    }
    assert analysis.parameters["dense_1"] == 64 * 16 + 16
    assert analysis.lowered is not None


def test_that_the_empty_canvas_says_how_to_begin() -> None:
    assert "network-empty" in codes(Network())


def test_that_a_cycle_is_named_on_each_of_its_nodes() -> None:
    network = chain()
    looped = replace(network, wires=(Wire("dense_2", "dense_1"), *network.wires[1:]))
    assert codes(looped)["cycle"] == {"dense_1", "relu_1", "dense_2"}
    text = next(d.text for d in analyze(looped).diagnostics if d.code == "cycle")
    assert "dense_1 → relu_1 → dense_2 → dense_1" in text


@pytest.mark.parametrize("lost", ["dense_1", "relu_1", "dense_2"])
def test_that_a_missing_link_is_an_error_on_the_layer_without_input(lost: str) -> None:
    network = edits.remove(chain(), [lost])
    follower = next(w.target for w in chain().wires if w.source == lost)
    assert codes(network)["port-unconnected"] == {follower}
    assert analyze(network).lowered is None


def test_that_a_spare_layer_is_a_warning_and_training_goes_on() -> None:
    network, spare = with_node(chain(), "tanh")
    analysis = analyze(network)
    (problem,) = analysis.diagnostics
    assert (problem.node, problem.severity) == (spare, Severity.WARNING)
    assert analysis.lowered is not None
    wired = edits.connect(network, "dense_1", spare)
    assert codes(wired) == {"node-unused": {spare}}
    assert analyze(wired).shapes[spare] == (BATCH, 16)
    assert analyze(wired).require().program == analyze(chain()).require().program


def test_that_a_gap_is_told_at_its_two_edges_and_not_of_every_layer_before_it() -> None:
    layers = [DIGITS[0], *DIGITS[1:3] * 3, *DIGITS[3:]]
    found = codes(edits.remove(chain(layers), ["dense_3"]))
    assert found == {"node-unused": {"relu_2"}, "port-unconnected": {"relu_3"}}


def test_that_a_network_without_loss_or_input_says_so() -> None:
    assert "loss-missing" in codes(edits.remove(chain(), ["loss_1"]))
    assert "input-missing" in codes(edits.remove(chain(), ["input_1"]))


def test_that_a_second_input_that_leads_nowhere_is_a_warning() -> None:
    network, second = with_node(chain(), "input")
    assert codes(network) == {"node-unused": {second}}
    assert analyze(network).lowered is not None


def test_that_a_network_without_weights_is_refused() -> None:
    network = chain([("input", {}), ("mse", {})], dataset="sine")
    assert "parameters-none" in codes(network)


def test_that_no_data_set_or_an_unknown_one_is_said() -> None:
    assert "dataset-missing" in codes(chain(dataset=""))
    unknown = analyze(chain(dataset="nonesuch")).errors[0]
    assert unknown.code == "dataset-unknown" and "digits" in unknown.text


def test_that_a_wrong_width_names_both_shapes_on_the_loss() -> None:
    layers = [*DIGITS[:3], ("dense", {"units": 7}), DIGITS[4]]
    (problem,) = analyze(chain(layers)).errors
    assert problem.node == "loss_1"
    assert "N×10" in problem.text and "N×7" in problem.text


def test_that_classes_are_needed_where_the_loss_needs_them() -> None:
    layers = [("input", {}), ("dense", {"units": 1}), ("softmax_cross_entropy", {})]
    assert "target-kind" in codes(chain(layers, dataset="sine"))


def test_that_a_batch_larger_than_the_data_is_refused_with_both_numbers() -> None:
    (problem,) = analyze(chain(batch_size=2000)).errors
    assert problem.field == "batch_size"
    assert "2000" in problem.text and "1438" in problem.text


@pytest.mark.parametrize("rate", [0.0, -0.1, 1e9])
def test_that_a_learning_rate_out_of_range_is_refused(rate: float) -> None:
    sgd = nn.optimizers()["sgd"].from_config({"learning_rate": rate})
    (problem,) = analyze(chain(optimizer=sgd)).errors
    assert problem.field == "learning_rate"
    assert f"{rate}" in problem.text


def test_that_an_absurd_learning_rate_is_a_warning() -> None:
    sgd = nn.optimizers()["sgd"].from_config({"learning_rate": 1000.0})
    (problem,) = analyze(chain(optimizer=sgd)).diagnostics
    assert (problem.code, problem.severity) == ("rate-large", Severity.WARNING)


def test_that_a_billion_units_are_refused_before_anything_is_made() -> None:
    layers = [DIGITS[0], ("dense", {"units": 10**9}), *DIGITS[2:]]
    (problem,) = analyze(chain(layers)).errors
    assert (problem.code, problem.node) == ("field-range-memory", "dense_1")
    assert "from 1 to 100,000" in problem.text
    assert "245.8 GiB" in problem.text


def test_that_a_network_too_large_for_memory_is_refused_with_its_size() -> None:
    wide = ("dense", {"units": 100_000})
    network = chain([("input", {}), wide, wide, ("dense", {"units": 10}), DIGITS[4]])
    (problem,) = analyze(network).errors
    assert problem.code == "network-too-large"
    assert "GiB" in problem.text


def test_that_an_unknown_layer_is_kept_and_said() -> None:
    network = chain()
    unknown = Node("x", "x", UnknownLayer(type="quantum", settings={"qubits": 3}))
    assert codes(replace(network, nodes=(*network.nodes, unknown)))["layer-unknown"] == {"x"}


def test_that_requiring_a_program_of_a_broken_network_says_why() -> None:
    with pytest.raises(StudioError, match="no loss"):
        analyze(edits.remove(chain(), ["loss_1"])).require()


def test_that_a_branch_that_leads_nowhere_has_no_part_in_the_gradient() -> None:
    network, spare = with_node(chain(), "relu")
    forked = edits.connect(network, "dense_1", spare)
    names = [i.op.name for i in analyze(forked).require().program.instructions]
    assert "accumulate" not in names


def test_that_every_message_can_be_written() -> None:
    for code, text in MESSAGES.items():
        assert text.strip() == text and text, code


def test_that_the_default_setup_is_in_range() -> None:
    setup = TrainingSetup()
    assert setup.problems("") == [] and setup.optimizer.problems("") == []
