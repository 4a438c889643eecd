"""What cannot be is refused in words before anything is allocated, wherever it comes in."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from backprop_studio import data, nn, project
from backprop_studio.autograd import (
    BATCH,
    Array,
    Builder,
    Machine,
    Op,
    Phase,
    Program,
    Storage,
    TensorType,
    Value,
)
from backprop_studio.autograd.op import Call
from backprop_studio.autograd.ops.activation import ReLU
from backprop_studio.autograd.ops.arithmetic import Add
from backprop_studio.autograd.ops.convolution import Conv2d
from backprop_studio.autograd.ops.data import OneHot
from backprop_studio.autograd.ops.loss import MeanSquaredError
from backprop_studio.autograd.ops.matmul import MatMul
from backprop_studio.autograd.ops.pooling import AvgPool, MaxPool
from backprop_studio.autograd.ops.softmax import Softmax
from backprop_studio.autograd.windows import Window
from backprop_studio.data import Dataset, Task
from backprop_studio.errors import DataError, EditError, ProjectError, ShapeError, StudioError
from backprop_studio.network import (
    Analysis,
    Lowered,
    Network,
    Node,
    TrainingSetup,
    analysis,
    analyze,
    edits,
    memory,
    presets,
)
from backprop_studio.network.lowered import Feed, Head, Source
from backprop_studio.network.network import MAX_NODES
from backprop_studio.specs import ConfigError, Kind
from backprop_studio.training import Session
from tests.networks import DIGITS, Layers, chain

MEGABYTE = 2**20
END: Layers = [("flatten", {}), ("dense", {"units": 10}), ("softmax_cross_entropy", {})]


def analyzed(network: Network) -> Analysis:
    """The analysis, which must not have allocated what it speaks of."""
    data.load("digits")
    tracemalloc.start()
    try:
        found = analyze(network)
        assert tracemalloc.get_traced_memory()[1] < 20 * MEGABYTE
    finally:
        tracemalloc.stop()
    assert found.lowered is None
    return found


# On the canvas.


@pytest.mark.parametrize(
    ("layer", "config", "says"),
    [
        ("dense", {"units": 10**9}, "GiB"),
        ("dense", {"units": 10**30}, "over 2^70 GiB"),
        ("dense", {"units": 100_001}, "from 1 to 100,000"),
        ("dense", {"units": 0}, "Units"),
        ("dense", {"units": -5}, "Units of 'dense_1' is -5"),
        ("conv2d", {"kernel": 9, "padding": 0}, "at least 9×9"),
        ("conv2d", {"groups": 3}, "divisor of 8"),
        ("conv2d", {"groups": 2}, "2 groups divide"),
        ("conv2d", {"channels": 10**9}, "GiB"),
        ("conv2d", {"channels": -1}, "Channels"),
        ("conv2d", {"kernel": 10**9}, "Kernel"),
        ("conv2d", {"padding": -1}, "Padding"),
        ("conv2d", {"stride": 0}, "Stride"),
        ("conv1d", {}, "sequences"),
        ("max_pool2d", {"kernel": 9, "padding": 0}, "at least 9×9"),
        ("reshape", {"channels": 7, "height": 3, "width": 1}, "N×1×8×8"),
    ],
)
def test_that_an_impossible_layer_is_said_on_its_node(
    layer: str, config: dict[str, object], says: str
) -> None:
    head: Layers = [("input", {} if layer == "dense" else {"shape": "image"})]
    found = analyzed(chain([*head, (layer, config), *END]))
    mine = [d.text for d in found.errors if d.node == f"{layer}_1"]
    assert any(says in text for text in mine), mine


@pytest.mark.parametrize("layer_id", sorted(nn.layers()))
def test_that_no_setting_is_too_large_to_be_analysed(layer_id: str) -> None:
    cls = nn.layers()[layer_id]
    for field in cls.fields():
        if field.kind is Kind.INTEGER:
            for value in (10**9, 10**40):
                spec = cls.from_config({field.name: value})
                for head in ({}, {"shape": "image"}):
                    first: Layers = [("input", head)] if cls.ports else []
                    found = analyzed(chain([*first, (layer_id, spec.config()), *END]))
                    assert any(d.field == field.name for d in found.errors)


def test_that_a_network_of_allowed_layers_that_is_too_large_says_how_large() -> None:
    wide = ("dense", {"units": 100_000})
    (problem,) = analyzed(chain([DIGITS[0], wide, wide, *DIGITS[3:]])).errors
    assert problem.code == "network-too-large"
    # A weight of 10^10 numbers: itself, its gradient and the two states of Adam.
    assert float(str(problem.params["need"]).split()[0].replace(",", "")) > 4 * 10**10 * 4 / 2**30


def test_that_a_batch_beyond_the_data_is_said_with_both_numbers() -> None:
    (problem,) = analyzed(chain(batch_size=1_000_000)).errors
    assert (problem.code, problem.field) == ("batch-too-large", "batch_size")


def test_that_the_estimate_counts_evaluation_and_journal_and_is_near_the_truth() -> None:
    """Measured is what numpy really allocates; Python's own objects are in it as well."""
    layers: Layers = [("input", {}), ("dense", {"units": 2000}), ("relu", {}), *DIGITS[3:]]
    network = chain(layers, batch_size=500)
    lowered = analyze(network).require()
    need = memory.estimate(
        lowered.program, lowered.evaluation, batch=500, train=1438, test=359, itemsize=4
    )
    data.load("digits")
    tracemalloc.start()
    try:
        session = Session(lowered, network.setup)
        for _ in range(20):
            session.run_epoch()
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    # Of the journal the estimate counts all that it may become, which takes a long run.
    unused = memory.JOURNAL_BYTES - session.journal.nbytes
    assert 2 / 3 < taken / (need - unused) < 3 / 2
    assert need > lowered.program.memory(500) + memory.JOURNAL_BYTES


def test_that_a_run_that_only_fits_without_its_journal_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = chain()
    step = analyze(network).require().program.memory(network.setup.batch_size)
    monkeypatch.setattr(analysis, "MEMORY_LIMIT", step + MEGABYTE)
    (problem,) = analyze(network).errors
    assert problem.code == "network-too-large"


def crowd(count: int) -> Network:
    relu = nn.layers()["relu"]()
    return Network(tuple(Node(f"n{i}", f"n{i}", relu) for i in range(count)))


def test_that_a_project_holds_5000_layers_and_no_more(tmp_path: Path) -> None:
    full = crowd(MAX_NODES)
    assert MAX_NODES == 5_000
    project.save(project.Project(full), tmp_path / "full.bps")
    assert project.load(tmp_path / "full.bps").network == full
    with pytest.raises(EditError, match="5,000"):
        edits.add_node(full, nn.layers()["relu"](), 0, 0)
    more = crowd(MAX_NODES + 1)
    assert "nodes-many" in [d.code for d in analyze(more).errors]
    with pytest.raises(ProjectError):
        project.save(project.Project(more), tmp_path / "more.bps")
    assert not (tmp_path / "more.bps").exists()


def test_that_tokens_are_kept_from_layers_that_measure_and_said_on_the_node() -> None:
    layers: Layers = [("input", {}), ("dense", {"units": 29}), ("softmax_cross_entropy", {})]
    found = analyze(chain(layers, dataset="story"))
    (problem,) = found.errors
    assert (problem.code, problem.node) == ("shape-mismatch", "dense_1")
    assert "real numbers" in problem.text
    assert "whole numbers, N×16" in problem.text
    assert found.shapes["input_1"] == (BATCH, 16)


# In a program of one's own.


def image(b: Builder, *shape: int) -> Value:
    return b.input("x", (BATCH, *shape))


SMALL = Window.of(2, 3, 1, 0, 1)


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda b: b.input("x", (BATCH, -3)), ["x", "N×-3"]),
        (lambda b: b.parameter("weight", (4, -1)), ["weight", "4×-1"]),
        (lambda b: b.apply(MatMul(), image(b, 4), b.parameter("w", (5, 2))), ["N×4", "5×2"]),
        (lambda b: b.apply(Add(), image(b, 4), b.parameter("b", (5,))), ["N×4", "5"]),
        (lambda b: b.apply(MaxPool(SMALL), image(b, 1, 2, 2)), ["3×3", "N×1×2×2"]),
        (lambda b: b.apply(AvgPool(SMALL), image(b, 1, 2, 2)), ["3×3", "N×1×2×2"]),
        (
            lambda b: b.apply(
                Conv2d(SMALL, 1, False), image(b, 1, 2, 2), b.parameter("w", (8, 1, 3, 3))
            ),
            ["3×3", "N×1×2×2"],
        ),
        (
            lambda b: b.apply(
                Conv2d(SMALL, 2, False), image(b, 3, 8, 8), b.parameter("w", (8, 1, 3, 3))
            ),
            ["conv2d", "N×3×8×8"],
        ),
        (
            lambda b: nn.layers()["conv2d"](groups=2, channels=8).add(b, image(b, 3, 8, 8)),
            ["2 groups", "N×3×8×8"],
        ),
    ],
)
def test_that_impossible_shapes_are_refused_naming_them(
    build: Callable[[Builder], object], says: list[str]
) -> None:
    with pytest.raises(ShapeError) as caught:
        build(Builder())
    for text in says:
        assert text in str(caught.value)


@pytest.mark.parametrize("op", [ReLU(), Softmax(), MatMul(), Add(), MeanSquaredError()])
@pytest.mark.parametrize("place", [0, 1])
def test_that_whole_numbers_are_kept_from_an_op_of_real_ones(op: Op, place: int) -> None:
    b = Builder()
    kinds = ["float", "float"]
    kinds[place] = "int"
    given = [b.input(f"x{i}", (BATCH, 4), kind) for i, kind in enumerate(kinds)]
    if isinstance(op, ReLU | Softmax):
        given = [given[place]]
    before = b.instructions
    with pytest.raises(ShapeError) as caught:
        b.apply(op, *given)
    assert f"'{op.name}' expects real numbers but gets whole numbers, N×4" in str(caught.value)
    assert b.instructions == before


def test_that_classes_must_be_whole_numbers() -> None:
    b = Builder()
    with pytest.raises(ShapeError, match="class indices"):
        b.apply(OneHot(3), b.input("y", (BATCH,)))


def test_that_layers_without_a_name_and_inputs_are_told_apart() -> None:
    b = Builder()
    x = image(b, 4)
    dense = nn.layers()["dense"](units=4)
    dense.add(b, x)
    dense.add(b, x)
    assert len({p.key for p in b.parameters}) == 4
    with pytest.raises(ValueError, match="already an input 'x'"):
        b.input("x", (BATCH, 1))


def test_that_settings_out_of_range_are_refused_where_a_layer_is_used() -> None:
    b = Builder()
    with pytest.raises(ConfigError, match="from 1 to 100,000"):
        nn.layers()["dense"](units=10**9).add(b, image(b, 4))
    assert not b.parameters


def wide(units: int) -> Program:
    b = Builder()
    b.apply(MatMul(), image(b, 1000), b.parameter("weight", (1000, units)))
    return b.build()


@pytest.mark.parametrize("units", [10**9, 10**30])
def test_that_storage_and_machine_refuse_what_no_memory_holds(units: int) -> None:
    with pytest.raises(StudioError, match="GiB") as caught:
        Storage(wide(units))
    assert caught.value.code == "network-too-large"


def test_that_a_machine_for_too_many_rows_is_refused_and_a_limit_can_be_chosen() -> None:
    program = wide(10)
    with pytest.raises(StudioError, match=r"needs about 7\.5 GiB"):
        Machine(program, Storage(program, np.float64), batch=10**6)
    with pytest.raises(StudioError, match="limit is 0"):
        Storage(program, limit=1000)
    storage = Storage(program, limit=100_000)
    Machine(program, storage, batch=2)
    with pytest.raises(StudioError):
        Machine(program, storage, batch=200)


@pytest.mark.parametrize("wrong", [-1, 3, 10**12])
def test_that_classes_out_of_range_are_refused_when_they_are_fed(wrong: int) -> None:
    b = Builder()
    b.apply(OneHot(3), b.input("y", (BATCH,), "int"))
    program = b.build()
    machine = Machine(program, Storage(program), batch=4)
    with pytest.raises(DataError, match=f"numbered 0 to 2, but row 2 holds {wrong}"):
        machine.feed("y", np.array([0, 1, wrong, wrong]))
    machine.feed("y", np.array([0, 1, 2, 2]))


def test_that_a_step_says_what_does_not_fit() -> None:
    b = Builder()
    x, y = image(b, 2), b.input("y", (BATCH, 2))
    program = b.build(b.apply(MeanSquaredError(), x, y))
    machine = Machine(program, Storage(program, np.float64), batch=2)
    rows, good = np.arange(2), np.ones((2, 2))
    for given, says in [
        ({"x": good}, "nothing is fed to the inputs: y"),
        ({"x": good, "y": good, "z": good}, "no input 'z'"),
        ({"x": good, "y": np.ones((2, 3))}, "'y' takes"),
        ({"x": good, "y": np.ones((2, 2), np.int64)}, "holds float64"),
        ({"x": good, "y": np.ones((1, 2))}, "rows 0 to 0"),
    ]:
        with pytest.raises(ValueError, match=says):
            machine.step(rows, **given)
    assert machine.step(rows, x=good, y=3 * good) == 4.0
    assert machine.step(x=good, y=good) == 0.0


# In a data set.


def made(**changes: Any) -> Dataset:
    known: dict[str, Any] = {
        "id": "made",
        "title": "Made up",
        "summary": "Rows.",
        "x": np.zeros((5, 4), np.float32),
        "y": np.array([0, 1, 2, 0, 1]),
        "task": Task.CLASSIFICATION,
        "class_names": ("a", "b", "c"),
        "feature_names": (),
        "image_shape": None,
        "citation": "",
        "licence": "",
    }
    return Dataset(**{**known, **changes})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"y": np.array([0, 1, 2, 3, 1])}, "label of row 3 is 3, and 3 classes are named: 0 to 2"),
        ({"y": np.array([0, -1, 2, 3, 1])}, "label of row 1 is -1"),
        ({"x": np.full((5, 4), np.inf, np.float32)}, "feature of row 0 is infinite"),
        ({"x": np.zeros((5, 4), np.int64)}, "int64 and must be float32"),
        ({"vocabulary": 7}, "float32 and must be int64"),
        ({"x": np.full((5, 4), 7), "vocabulary": 7}, "token of row 0 is 7"),
        ({"x": np.zeros((5, 4), np.int64), "vocabulary": 2, "image_shape": (2, 2)}, "picture"),
    ],
)
def test_that_rows_out_of_range_are_named(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(StudioError) as caught:
        made(**changes)
    assert caught.value.code == "dataset-invalid"
    assert says in str(caught.value)


def test_that_sound_tokens_are_kept_as_they_are() -> None:
    tokens = np.arange(20).reshape(5, 4)
    kept = made(x=tokens, vocabulary=20)
    assert kept.info.vocabulary == 20
    assert np.array_equal(kept.x, tokens)
    assert kept.x.dtype == np.int64
    assert replace(kept.info, vocabulary=None) != kept.info


@dataclass(frozen=True)
class Scaled(Op):
    """Tokens as numbers between 0 and 1, for a network without an Embedding."""

    count: int
    name: ClassVar[str] = "scaled"
    integers: ClassVar[tuple[int, ...]] = (0,)

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (TensorType(inputs[0].shape),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        return [(np.divide, (inputs[0], self.count, outputs[0]))]


def test_that_a_session_feeds_tokens_as_whole_numbers() -> None:
    info = data.info("story")
    assert info.vocabulary is not None
    b = Builder()
    x = b.input("x", (BATCH, *info.feature_shape), "int")
    scores = nn.layers()["dense"](units=info.target_width).add(b, b.apply(Scaled(29), x))
    loss = nn.losses()["softmax_cross_entropy"]().add(b, scores, b.input("y", (BATCH,), "int"))
    program = nn.training_step(b, loss, nn.optimizers()["adam"]())
    lowered = Lowered(
        program,
        replace(program, instructions=program.instructions[: program.start_of(Phase.BACKWARD)]),
        (
            Feed("x", Source.FEATURES, info.feature_shape),
            Feed("y", Source.TARGETS, ()),
        ),
        (Head("loss", scores.id, loss.id, 1.0, False, True),),
        info,
    )
    session = Session(lowered, TrainingSetup("story"))
    first = session.evaluate()
    session.run_epoch()
    seen = session.machine.array(x)
    assert seen.dtype == np.int64
    assert (data.load("story").x == seen[0]).all(axis=1).any()
    assert session.failure is None
    assert session.evaluate().loss < first.loss


def forms() -> list[Network]:
    """Networks with each layer, optimizer and preset, for as many kinds of data as they take."""
    found = [chain(DIGITS, optimizer=made()) for made in nn.optimizers().values()]
    for name, made in nn.layers().items():
        for head in ({}, {"shape": "image"}):
            for batch in (1, 32):
                if made().ports:
                    found.append(chain([("input", head), (name, {}), *END], batch_size=batch))
    found += [preset.started() for preset in presets.PRESETS.values()]
    recurrent = presets.PRESETS["lstm"].started()
    (place,) = (node.id for node in recurrent.nodes if node.spec.info.id == "lstm")
    for name in ("simple_rnn", "gru"):
        found.append(edits.set_spec(recurrent, place, nn.layers()[name]()))
    return found


def test_that_no_run_needs_more_than_is_told_by_its_forward_pass() -> None:
    """Else a network that does not fit would be found sound, and refused when it is to run."""
    seen, most = set(), 0.0
    for network in forms():
        analysis = analyze(network)
        if analysis.lowering is None:
            continue
        seen |= {node.spec.info.id for node in network.nodes}
        size = sum(part.size for part in analysis.parts.values())
        kept = analysis.lowering.lowered.program.kept * network.setup.itemsize
        need = analysis.lowering.need() - max(memory.JOURNAL_BYTES, memory.JOURNAL_COPIES * kept)
        assert need <= memory.bound(size, row=0, rows=0) - memory.JOURNAL_BYTES
        step = analysis.require().program.memory(network.setup.batch_size, network.setup.itemsize)
        most = max(most, (2 * step + memory.JOURNAL_COPIES * kept) / size)
    assert seen >= {"lstm", "gru", "simple_rnn", "embedding", "multi_head_attention", "batch_norm"}
    assert most < memory.MOST_TIMES / 2
