"""Networks that are not chains: forks, joins, and what is said about them."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_studio.autograd import gradcheck
from backprop_studio.autograd.ops.arithmetic import Accumulate
from backprop_studio.network import Network, TrainingSetup, analyze, edits
from backprop_studio.nn import nodes, optimizers
from backprop_studio.training import Boundary, Session
from tests.programs import machine_of


def wired(*layers: tuple[str, dict[str, object], tuple[int, ...]], **setup: object) -> Network:
    """A network of layers, each with its settings and the places of its sources in this list."""
    network = Network(setup=TrainingSetup(**{"dataset": "digits", **setup}))
    ids: list[str] = []
    for layer, config, sources in layers:
        spec = nodes()[layer].from_config(config)
        network, node_id = edits.add_node(network, spec, 170.0 * len(ids), 0.0)
        ids.append(node_id)
        for port, source in enumerate(sources):
            network = edits.connect(network, ids[source], node_id, port)
    return network


def residual(join: str = "add", **setup: object) -> Network:
    """Two blocks of Dense and ReLU, each with a way around it."""
    return wired(
        ("input", {}, ()),
        ("dense", {"units": 16}, (0,)),
        ("relu", {}, (1,)),
        ("dense", {"units": 16}, (2,)),
        (join, {}, (3, 1)),
        ("relu", {}, (4,)),
        ("dense", {"units": 16 if join != "concatenate" else 32}, (5,)),
        (join, {}, (6, 4)),
        ("dense", {"units": 10}, (7,)),
        ("softmax_cross_entropy", {}, (8,)),
        **setup,
    )


def test_that_a_residual_network_learns_the_digits() -> None:
    network = residual(optimizer=optimizers()["adam"].from_config({"learning_rate": 0.005}))
    analysis = analyze(network)
    assert analysis.diagnostics == ()
    session = Session(analysis.require(), network.setup)
    for _ in range(20):
        session.run_epoch()
    accuracy = session.evaluate().accuracy
    assert accuracy is not None and accuracy > 0.93


@pytest.mark.parametrize("join", ["add", "multiply", "concatenate"])
def test_that_gradients_of_both_ways_add_up(join: str) -> None:
    program = analyze(residual(join, precision="float64")).require().program
    sums = [i for i in program.instructions if isinstance(i.op, Accumulate)]
    # Where the ways part: behind the first layer, and behind the first join.
    assert [i.node for i in sums] == [f"{join}_1", "dense_1"]
    machine = machine_of(program, batch=3)
    assert max(gradcheck(machine).values()) <= 1e-6


def test_that_a_value_joined_with_itself_gets_its_gradient_twice() -> None:
    network = wired(
        ("input", {}, ()),
        ("dense", {"units": 10}, (0,)),
        ("add", {}, (1, 1)),
        ("softmax_cross_entropy", {}, (2,)),
        precision="float64",
    )
    program = analyze(network).require().program
    assert any(isinstance(i.op, Accumulate) for i in program.instructions)
    assert max(gradcheck(machine_of(program, batch=3)).values()) <= 1e-6


def test_that_a_residual_network_can_be_stepped_and_stepped_back() -> None:
    network = residual(batch_size=8)
    session = Session(analyze(network).require(), network.setup)
    session.step(Boundary.BATCH)
    weights = session.storage.arena("parameters").copy()
    for _ in range(len(session.program.instructions)):
        session.step(Boundary.OP)
    assert not np.array_equal(session.storage.arena("parameters"), weights)
    for _ in range(len(session.program.instructions)):
        session.back(Boundary.OP)
    assert np.array_equal(session.storage.arena("parameters"), weights)


def joined(join: str, *units: int) -> Network:
    return wired(
        ("input", {}, ()),
        ("dense", {"units": units[0]}, (0,)),
        ("dense", {"units": units[1]}, (0,)),
        (join, {}, (1, 2)),
        ("dense", {"units": 10}, (3,)),
        ("softmax_cross_entropy", {}, (4,)),
    )


@pytest.mark.parametrize("join", ["add", "multiply"])
@pytest.mark.parametrize("units", [(8, 9), (9, 8)])
def test_that_unequal_inputs_are_refused_naming_both_shapes(
    join: str, units: tuple[int, int]
) -> None:
    (problem,) = analyze(joined(join, *units)).errors
    assert problem.code == "shapes-differ"
    assert problem.node == f"{join}_1"
    assert all(f"N×{u}" in problem.text for u in units)
    assert f"{join}_1" in problem.text


@pytest.mark.parametrize("join", ["add", "multiply"])
@pytest.mark.parametrize("units", [(8, 1), (1, 8)])
def test_that_a_single_column_is_stretched_over_all(join: str, units: tuple[int, int]) -> None:
    analysis = analyze(joined(join, *units))
    assert analysis.diagnostics == ()
    assert analysis.shapes[f"{join}_1"] == ("N", 8)


def test_that_inputs_of_different_sizes_can_be_put_side_by_side() -> None:
    analysis = analyze(joined("concatenate", 8, 9))
    assert analysis.diagnostics == ()
    assert analysis.shapes["concatenate_1"] == ("N", 17)


@pytest.mark.parametrize(
    ("axis", "first", "second"), [("first", (2, 8, 4), (2, 4, 8)), ("last", (2, 8, 4), (4, 4, 4))]
)
def test_that_sizes_beside_the_axis_must_agree(
    axis: str, first: tuple[int, ...], second: tuple[int, ...]
) -> None:
    names = ("channels", "height", "width")
    network = wired(
        ("input", {}, ()),
        ("reshape", dict(zip(names, first, strict=True)), (0,)),
        ("reshape", dict(zip(names, second, strict=True)), (0,)),
        ("concatenate", {"axis": axis}, (1, 2)),
    )
    found = [d for d in analyze(network).errors if d.node == "concatenate_1"]
    assert [d.code for d in found] == ["shapes-differ-beside"]
    assert "N×2×8×4" in found[0].text
    assert "×".join(map(str, ("N", *second))) in found[0].text


def test_that_a_join_with_one_wire_says_how_many_are_missing() -> None:
    network = wired(
        ("input", {}, ()),
        ("dense", {"units": 10}, (0,)),
        ("add", {}, (1,)),
        ("softmax_cross_entropy", {}, (2,)),
    )
    (problem,) = analyze(network).errors
    assert (problem.code, problem.node) == ("ports-unconnected", "add_1")
    assert "1 of its 2 inputs" in problem.text


def test_that_an_image_can_be_cut_turned_and_flattened_on_the_way() -> None:
    network = wired(
        ("input", {}, ()),
        ("reshape", {"channels": 0, "height": 8, "width": 8}, (0,)),
        ("slice", {"start": 0, "stop": -1, "step": 2}, (1,)),
        ("permute", {"order": "ba"}, (2,)),
        ("scale", {}, (3,)),
        ("flatten", {}, (4,)),
        ("dense", {"units": 10}, (5,)),
        ("softmax_cross_entropy", {}, (6,)),
    )
    analysis = analyze(network)
    assert analysis.diagnostics == ()
    shapes = [analysis.shapes[n.id][1:] for n in network.nodes[:6]]
    assert shapes == [(64,), (8, 8), (8, 4), (4, 8), (4, 8), (32,)]
    assert analysis.parameters["scale_1"] == 16
    session = Session(analysis.require(), network.setup)
    session.run_epoch()
    assert np.isfinite(session.evaluate().loss)
