"""One-click fixes: each is a pure edit after which its problem is gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from networks import chain, residual

from backprop_studio import data, nn
from backprop_studio.data import Dataset, DataSettings, Task, own
from backprop_studio.network import Network, TrainingSetup, analyze, edits
from backprop_studio.network.fixes import first_fix, fix_for
from backprop_studio.network.presets import PRESETS

DENSE, LOSS = ("dense", {"units": 10}), ("softmax_cross_entropy", {})
INPUT, IMAGE = ("input", {}), ("input", {"shape": "image"})


def without(network: Network, *names: str) -> Network:
    return edits.remove(network, [n.id for n in network.nodes if n.name in names])


def unwired(network: Network, target: str) -> Network:
    return edits.remove(network, wires=[w for w in network.wires if w.target == target])


def circle() -> Network:
    network = chain([INPUT, ("add", {}), DENSE, LOSS])
    return replace(network, wires=(*network.wires, type(network.wires[0])("dense_1", "add_1", 1)))


def uneven() -> Network:
    network, ids = residual()
    spec = nn.nodes()["dense"](units=7)
    return edits.set_spec(network, ids["dense_2"], spec)


def unlike_sharing() -> Network:
    network = chain([INPUT, ("dense", {"units": 12}), ("dense", {"units": 10}), LOSS])
    return edits.share_weights(network, "dense_2", "dense_1")


CASES: dict[str, tuple[Callable[[], Network], str, str]] = {
    "no data": (
        lambda: chain(dataset=""), "dataset-missing", "Train on Handwritten digits"),
    "unknown data": (
        lambda: chain(dataset="gone"), "dataset-unknown", "Train on Handwritten digits"),
    "no input": (
        lambda: without(chain(), "input_1"), "input-missing", "Put an Input before 'dense_1'"),
    "no loss": (
        lambda: without(chain(), "loss_1"),
        "loss-missing", "Put Softmax cross-entropy after 'dense_2'"),
    "no loss of numbers": (
        lambda: without(chain([INPUT, DENSE, LOSS], dataset="sine"), "loss_1"),
        "loss-missing", "Put Mean squared error after 'dense_1'"),
    "an open port": (
        lambda: unwired(chain(), "relu_1"), "port-unconnected", "Wire 'dense_1' into 'relu_1'"),
    "a circle": (circle, "cycle", "Remove the wire from 'dense_1' to 'add_1'"),
    "an end": (
        lambda: edits.add_node(chain(), nn.nodes()["input"](), 0, 0)[0],
        "node-unused", "Delete 'input_2'"),
    "an end before a gap": (
        lambda: without(chain(), "relu_1"), "node-unused", "Wire 'dense_1' into 'dense_2'"),
    "too few units": (
        lambda: chain([INPUT, ("dense", {"units": 7}), LOSS]),
        "target-mismatch", "Give 'dense_1' 10 units"),
    "too few units behind an activation": (
        lambda: chain([INPUT, ("dense", {"units": 7}), ("tanh", {}), LOSS]),
        "target-mismatch", "Give 'dense_1' 10 units"),
    "nothing that could be set": (
        lambda: chain([INPUT, LOSS]), "target-mismatch",
        "Put a Dense layer of 10 before 'loss_1'"),
    "features to rebuild": (
        lambda: chain([INPUT, DENSE, ("mse", {"target": "features"})], dataset="moons"),
        "target-features", "Give 'dense_1' 2 units"),
    "classes of numbers": (
        lambda: chain([INPUT, ("dense", {"units": 1}), LOSS], dataset="sine"),
        "target-kind", "Make 'loss_1' a Mean squared error"),
    "a table for a network that reads pictures": (
        lambda: chain([IMAGE, ("conv2d", {}), ("flatten", {}), DENSE, LOSS], dataset="moons"),
        "image-missing", "Put a small network that fits 'Two moons' in its place"),
    "a table for a network that reads tokens": (
        lambda: chain([INPUT, ("embedding", {}), ("mean", {}), DENSE, LOSS], dataset="iris"),
        "shape-mismatch", "Put a small network that fits 'Irises' in its place"),
    "steps of another length": (
        lambda: chain([INPUT, ("reshape", {"channels": 8, "height": 8, "width": 0}),
                       ("lstm", {}), DENSE, LOSS], dataset="wine"),
        "shape-mismatch", "Let 'reshape_1' make 13×1 of each row"),
    "pictures of another size": (
        lambda: chain([INPUT, ("reshape", {}), ("flatten", {}), DENSE, LOSS], dataset="mnist"),
        "shape-mismatch", "Let 'reshape_1' make 28×28 of each row"),
    "more classes by the options of the data": (
        lambda: chain([INPUT, DENSE, LOSS], dataset="blobs",
                      data=DataSettings(options=data.recipe("blobs")(classes=5))),
        "target-mismatch", "Give 'dense_1' 5 units"),
    "a forgotten Flatten": (
        lambda: chain([IMAGE, ("conv2d", {}), DENSE, LOSS]),
        "shape-mismatch", "Put a Flatten before 'dense_1'"),
    "rows for a convolution": (
        lambda: chain([INPUT, ("conv2d", {}), ("flatten", {}), DENSE, LOSS]),
        "shape-mismatch", "Give 'input_1' pictures"),
    "rows for a layer that reads sequences": (
        lambda: chain([INPUT, ("lstm", {}), DENSE, LOSS]),
        "shape-mismatch", "Put a Reshape to 8×8 before 'lstm_1'"),
    "rows of no picture for a layer that reads sequences": (
        lambda: chain([INPUT, ("multi_head_attention", {"heads": 1}), ("flatten", {}),
                       ("dense", {"units": 3}), LOSS], dataset="wine"),
        "shape-mismatch", "Put a Reshape to 13×1 before 'multi_head_attention_1'"),
    "a layer of tokens in a network of numbers": (
        lambda: chain([INPUT, ("embedding", {}), DENSE, LOSS]),
        "shape-mismatch", "Take 'embedding_1' out"),
    "a layer of pictures that the data are not": (
        lambda: chain([INPUT, ("conv2d", {}), ("dense", {"units": 3}), LOSS], dataset="wine"),
        "shape-mismatch", "Take 'conv2d_1' out"),
    "a sum with one part": (
        lambda: chain([INPUT, ("add", {}), DENSE, LOSS]),
        "ports-unconnected", "Take 'add_1' out"),
    "branches of two widths": (uneven, "shapes-differ", "Give 'dense_2' 12 units"),
    "too many units": (
        lambda: chain([INPUT, ("dense", {"units": 10**9}), DENSE, LOSS]),
        "field-range-memory", "Set Units of 'dense_1' to 100,000"),
    "no units": (
        lambda: chain([INPUT, ("dense", {"units": 0}), DENSE, LOSS]),
        "field-range", "Set Units of 'dense_1' to 1"),
    "a way to draw weights that is not there": (
        lambda: chain([INPUT, ("dense", {"units": 10, "init": "magic"}), LOSS]),
        "field-range", "Set First weights of 'dense_1' to he"),
    "no batch": (lambda: chain(batch_size=0), "setup-range", "Set Batch size to 1"),
    "no rate": (
        lambda: chain(optimizer=nn.optimizers()["sgd"](learning_rate=-1.0)),
        "setup-range", "Set Learning rate to 0.1"),
    "a large rate": (
        lambda: chain(optimizer=nn.optimizers()["sgd"](learning_rate=50.0)),
        "rate-large", "Set the learning rate to 0.1"),
    "a batch of more than there is": (
        lambda: chain(batch_size=10_000), "batch-too-large", "Set the batch size to 1,438"),
    "a lonely row": (
        lambda: chain([INPUT, ("batch_norm", {}), DENSE, LOSS], batch_size=1),
        "batch-alone", "Set the batch size to 2"),
    "columns that are not there": (
        lambda: chain([("input", {"first": 100, "columns": 3}), DENSE, LOSS]),
        "columns-missing", "Let 'input_1' take all columns"),
    "pictures that are not there": (
        lambda: chain([IMAGE, DENSE, LOSS], dataset="moons"),
        "image-missing", "Let 'input_1' give rows"),
    "weights of other classes": (
        lambda: chain([INPUT, DENSE, ("softmax_cross_entropy", {"class_weights": [1.0, 2.0]})]),
        "class-weights", "Let all classes of 'loss_1' count alike"),
    "a list that is too short": (
        lambda: chain([INPUT, ("dense", {"units": 10, "init": "listed", "values": [1.0]}), LOSS]),
        "weights-listed", "Draw the first weights of 'dense_1'"),
    "weights of another shape": (
        unlike_sharing, "weights-differ", "Give 'dense_2' weights of its own"),
    "nothing that learns": (
        lambda: edits.freeze(edits.freeze(chain(), "dense_1", True), "dense_2", True),
        "parameters-frozen", "Let all layers learn"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_that_a_fix_mends_its_problem(case: str) -> None:
    make, code, text = CASES[case]
    network = make()
    analysis = analyze(network)
    problem = next(d for d in analysis.diagnostics if d.code == code)
    fix = fix_for(analysis, problem)
    assert fix is not None and fix.text == text
    mended = fix.edit(network)
    assert network == make()
    left = analyze(mended).diagnostics
    assert not any((d.code, d.node, d.field) == (code, problem.node, problem.field) for d in left)
    if text.startswith("Take "):
        assert not left
    # Nothing that stands is moved, and names stay.
    for node in network.nodes:
        if node.id in mended:
            now = mended.node(node.id)
            assert (now.x, now.y, now.name) == (node.x, node.y, node.name)


def test_that_what_a_fix_adds_covers_nothing() -> None:
    network = Network(setup=TrainingSetup(dataset="digits"))
    # A row of five, and two wires from its first layer: to one far away, and to one below.
    for place, kind in enumerate(("input", "dense", "relu", "dense", "lstm")):
        network, _ = edits.add_node(network, nn.nodes()[kind](), 200.0 * place, 0.0)
    network, _ = edits.add_node(network, nn.nodes()["dense"](), 200.0, 150.0)
    for source, target in (("input_1", "lstm_1"), ("lstm_1", "dense_1"), ("dense_1", "relu_1"),
                           ("relu_1", "dense_2")):  # fmt: skip
        network = edits.connect(network, source, target)
    for _ in range(6):
        fix = first_fix(analyze(network))
        if fix is None:
            break
        network = fix.edit(network)
    added = [n for n in network.nodes if n.id in ("reshape_1", "loss_1")]
    assert len(added) == 2
    for node in added:
        assert not any(
            abs(node.x - n.x) < 140 and abs(node.y - n.y) < 70
            for n in network.nodes
            if n is not node
        )


def test_that_data_chosen_by_a_fix_are_as_if_chosen_by_hand() -> None:
    moons = data.recipe("moons")
    assert moons is not None
    left = DataSettings(options=moons.from_config({"count": 99}), scaling="range")
    network = chain(dataset="gone", data=left)
    fix = fix_for(analyze(network), analyze(network).errors[0])
    assert fix is not None
    assert fix.edit(network).setup == network.setup.for_dataset("digits")


def test_that_what_only_a_person_can_know_has_no_fix() -> None:
    network = chain([INPUT, ("custom", {"expression": "x +"}), DENSE, LOSS])
    analysis = analyze(network)
    assert analysis.errors and first_fix(analysis) is None
    assert first_fix(analyze(chain())) is None
    lonely = analyze(edits.add_node(Network(), nn.nodes()["add"](), 0, 0)[0])
    assert first_fix(lonely, {"add_1"}) is None


def test_that_fixes_lead_from_two_layers_to_a_network_that_trains() -> None:
    network = Network(setup=TrainingSetup())
    for place, kind in enumerate(("conv2d", "dense")):
        network, _ = edits.add_node(network, nn.nodes()[kind](), 300.0 * place, 0.0)
    for _ in range(12):
        analysis = analyze(network)
        fix = first_fix(analysis)
        if fix is None:
            break
        network = fix.edit(network)
    assert analysis.lowered is not None and not analysis.diagnostics
    assert len({(n.x, n.y) for n in network.nodes}) == len(network.nodes)


def imported(kind: str) -> Dataset:
    """Data as somebody brings them: a table with classes or numbers, or pictures."""
    random, rows = np.random.default_rng(1), 60
    x = random.normal(size=(rows, 108 if kind == "pictures" else 5)).astype(np.float32)
    picture = (12, 9) if kind == "pictures" else None
    if kind == "numbers":
        y, task, names = random.normal(size=(rows, 1)).astype(np.float32), Task.REGRESSION, ()
    else:
        y, task, names = np.arange(rows) % 3, Task.CLASSIFICATION, ("a", "b", "c")
    return Dataset("", "Mine", "", x, y, task, names, (), picture, "", "")


@pytest.mark.parametrize("kind", ["classes", "numbers", "pictures"])
@pytest.mark.parametrize("preset", PRESETS)
def test_that_two_clicks_after_an_import_any_preset_trains(preset: str, kind: str) -> None:
    dataset = own.keep(imported(kind))
    network = PRESETS[preset].started()
    network = edits.set_setup(network, network.setup.for_dataset(dataset.id))
    for _ in range(2):
        fix = first_fix(analyze(network))
        if fix is not None:
            network = fix.edit(network)
    assert analyze(network).errors == ()
