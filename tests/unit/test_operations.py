"""Networks made by hand of single operations: shapes, sources, formulas, and what goes wrong."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_studio.autograd import Builder, Machine, Storage, differentiate, gradcheck
from backprop_studio.network import Analysis, analyze, edits
from backprop_studio.nn import layers, nodes
from backprop_studio.nn.initializers import CHOICES
from backprop_studio.project.decode import decode
from backprop_studio.project.encode import encode
from backprop_studio.training import Boundary, Session
from tests.programs import Contract, machine_of
from tests.unit.test_skip_connections import wired


def scalar_chain(**setup: object) -> Analysis:
    """y = w₂ · sin(w₁ · mean(x) + b₁) + b₂, on the sine's data."""
    return analyze(
        wired(
            ("input", {}, ()),
            ("parameter", {"value": 0.7}, ()),
            ("multiply", {}, (0, 1)),
            ("parameter", {"value": 0.1}, ()),
            ("add", {}, (2, 3)),
            ("sin", {}, (4,)),
            ("parameter", {"value": -0.4}, ()),
            ("multiply", {}, (5, 6)),
            ("parameter", {"value": 0.2}, ()),
            ("add", {}, (7, 8)),
            ("mse", {}, (9,)),
            **{"dataset": "sine", "precision": "float64", **setup},
        )
    )


def test_that_a_chain_of_scalars_trains_steps_and_goes_back() -> None:
    analysis = scalar_chain(batch_size=16)
    assert analysis.diagnostics == ()
    assert analysis.shapes["parameter_1"] == (1,)
    assert analysis.shapes["multiply_1"] == ("N", 1)
    assert analysis.parameters["parameter_1"] == 1
    session = Session(analysis.require(), analysis.network.setup)
    start = session.evaluate().loss
    weights = session.weights()
    for _ in range(10):
        session.run_epoch()
    assert session.evaluate().loss < start
    for _ in range(10):
        session.back(Boundary.EPOCH)
    assert session.weights() == weights
    assert session.evaluate().loss == start


def test_that_the_gradients_of_a_chain_of_scalars_are_right() -> None:
    machine = machine_of(scalar_chain().require().program, batch=4)
    assert max(gradcheck(machine).values()) <= 1e-7


@pytest.mark.parametrize(
    ("shapes", "got"),
    [
        (((0, 1), (0, 1)), (1,)),
        (((0, 3), (1, 3)), (1, 3)),
        (((4, 1), (0, 3)), (4, 3)),
    ],
)
def test_that_values_without_a_batch_combine_among_themselves(
    shapes: tuple[tuple[int, int], ...], got: tuple[int, ...]
) -> None:
    parts = [("parameter", {"rows": r, "columns": c}, ()) for r, c in shapes]
    analysis = analyze(wired(*parts, ("add", {}, (0, 1)), ("mse", {}, (2,))))
    assert analysis.shapes["add_1"] == got


@pytest.mark.parametrize("rows", [0, 1])
def test_that_a_prediction_without_a_batch_is_the_same_for_every_row(rows: int) -> None:
    network = wired(
        ("parameter", {"columns": 10, "rows": rows, "value": 0.5, "init": "normal"}, ()),
        ("softmax_cross_entropy", {}, (0,)),
        precision="float64",
    )
    analysis = analyze(network)
    assert analysis.diagnostics == ()
    lowered = analysis.require()
    assert lowered.program.inputs.keys() == {"y"}
    assert max(gradcheck(machine_of(lowered.program, batch=5)).values()) <= 1e-7
    session = Session(lowered, network.setup)
    session.run_epoch()
    evaluation = session.evaluate()
    assert evaluation.accuracy is not None and 0.05 < evaluation.accuracy < 0.2
    assert evaluation.loss < 2.6


def test_that_an_input_that_the_loss_does_not_need_is_pointed_out() -> None:
    network = wired(
        ("input", {}, ()),
        ("parameter", {"columns": 10}, ()),
        ("softmax_cross_entropy", {}, (1,)),
    )
    analysis = analyze(network)
    assert [(d.code, d.node) for d in analysis.diagnostics] == [("node-unused", "input_1")]
    Session(analysis.require(), network.setup).run_epoch()


@pytest.mark.parametrize("kind", ["parameter", "constant_value"])
def test_that_a_source_that_leads_nowhere_is_pointed_out(kind: str) -> None:
    network = wired(
        ("input", {}, ()),
        ("dense", {"units": 10}, (0,)),
        ("softmax_cross_entropy", {}, (1,)),
        (kind, {}, ()),
    )
    analysis = analyze(network)
    assert [(d.code, d.node) for d in analysis.diagnostics] == [("node-unused", f"{kind}_1")]


def test_that_two_batches_are_never_crossed() -> None:
    """64 numbers a row, and as many as 1×64: stretched, every row would meet every other one."""
    network = wired(
        ("input", {}, ()),
        ("reshape", {"channels": 1, "height": 64, "width": 0}, (0,)),
        ("add", {}, (0, 1)),
        ("mse", {}, (2,)),
    )
    problem = next(d for d in analyze(network).errors if d.node == "add_1")
    assert problem.code == "shapes-differ"
    assert "N×64" in problem.text


@pytest.mark.parametrize(
    ("rows", "expected"), [(0, "matrices"), (5, "a second input of 64 rows"), (64, "")]
)
def test_that_a_matrix_product_says_what_fits(rows: int, expected: str) -> None:
    network = wired(
        ("input", {}, ()),
        ("parameter", {"rows": rows, "columns": 10, "init": "xavier"}, ()),
        ("matmul", {}, (0, 1)),
        ("softmax_cross_entropy", {}, (2,)),
    )
    errors = analyze(network).errors
    assert [d.node for d in errors] == (["matmul_1"] if expected else [])
    assert not expected or expected in errors[0].text


@pytest.mark.parametrize("init", sorted(CHOICES))
@pytest.mark.parametrize("rows", [0, 3])
def test_that_a_parameter_can_start_in_every_way(init: str, rows: int) -> None:
    spec = layers()["parameter"].from_config(
        {"init": init, "rows": rows, "columns": 4, "value": -0.5}
    )
    b = Builder()
    value = spec.lower(b)
    storage = Storage(b.build(), np.float64)
    storage.initialize(1)
    view = storage.view(value)
    assert view.shape == ((3, 4) if rows else (4,))
    assert np.isfinite(view).all()
    assert (view == -0.5).all() == (init == "constant")
    assert spec.caption == ("from -0.5" if init == "constant" else f"from {init}").replace(
        "_", " "
    ) + (", 3×4" if rows else ", 4")


EDGES = {
    "log": ([0.0, -1.0, 1.0], [-np.inf, np.nan, 0.0], [np.inf, -1.0, 1.0]),
    "sqrt": ([0.0, -1.0, 4.0], [0.0, np.nan, 2.0], [np.inf, np.nan, 0.25]),
    "reciprocal": ([0.0, -0.0, 2.0], [np.inf, -np.inf, 0.5], [-np.inf, -np.inf, -0.25]),
    "absolute": ([0.0, -2.0, 3.0], [0.0, 2.0, 3.0], [0.0, -1.0, 1.0]),
    "exp": ([-np.inf, 710.0, 0.0], [0.0, np.inf, 1.0], [0.0, np.inf, 1.0]),
    "square": ([0.0, 1e200, -3.0], [0.0, np.inf, 9.0], [0.0, 2e200, -6.0]),
}
"""Inputs, and PyTorch's outputs and gradients there."""


@pytest.mark.parametrize("layer", sorted(EDGES))
def test_that_edges_are_those_of_the_standard_and_gradients_those_of_pytorch(layer: str) -> None:
    given, expected, slopes = (np.array(numbers) for numbers in EDGES[layer])
    b = Builder()
    x = b.parameter("x", (3,))
    y = layers()[layer]().lower(b, x)
    loss = b.apply(Contract(), y, b.input("c", y.shape))
    gradient = differentiate(b, loss, [x])[x.id]
    storage = Storage(b.build(loss), np.float64)
    storage.view(x)[...] = given
    machine = Machine(storage.program, storage, batch=3)
    machine.feed("c", np.ones(3), np.arange(3))
    with np.errstate(all="ignore"):
        machine.run()
    np.testing.assert_array_equal(machine.array(y), expected)
    np.testing.assert_array_equal(machine.array(gradient), slopes)


@pytest.mark.parametrize(
    ("operation", "what"), [("log", "NaN (not a number)"), ("reciprocal", "infinity")]
)
def test_that_a_result_that_is_not_finite_is_found_and_named(operation: str, what: str) -> None:
    network = wired(
        ("input", {}, ()),
        ("constant_value", {"value": -1.0 if operation == "log" else 0.0}, ()),
        (operation, {}, (1,)),
        ("multiply", {}, (0, 2)),
        ("dense", {"units": 1}, (3,)),
        ("mse", {}, (4,)),
        dataset="sine",
    )
    session = Session(analyze(network).require(), network.setup)
    session.run_epoch()
    assert session.failure is not None
    assert session.failure.params["op"] == operation
    assert session.failure.params["what"] == what


def formula_network(**settings: object) -> Analysis:
    return analyze(
        wired(
            ("input", {}, ()),
            ("dense", {"units": 4}, (0,)),
            ("tanh", {}, (1,)),
            ("custom", settings, (1, 2) if settings.get("inputs") == "two" else (2,)),
            ("dense", {"units": 10}, (3,)),
            ("softmax_cross_entropy", {}, (4,)),
            precision="float64",
        )
    )


def worst_error(**settings: object) -> float:
    """Of any gradient of a network with this formula in it, against differences."""
    analysis = formula_network(**settings)
    assert analysis.diagnostics == ()
    return max(gradcheck(machine_of(analysis.require().program, batch=3)).values())


@pytest.mark.parametrize(
    "settings",
    [
        {"expression": "x * sigmoid(x)"},
        {"expression": "sin(x) ** 2", "derivative": "2 * sin(x) * cos(x)"},
        {"inputs": "two", "expression": "a * tanh(b)"},
        {"inputs": "two", "expression": "a * tanh(b)", "derivative": "tanh(b)"},
        {"inputs": "two", "expression": "a * b", "derivative": "b", "derivative_b": "a"},
    ],
    ids=lambda settings: str(settings["expression"]),
)
def test_that_the_gradient_of_a_formula_is_right(settings: dict[str, object]) -> None:
    assert worst_error(**settings) <= 1e-6


@pytest.mark.parametrize(
    "settings",
    [
        {"expression": "x ** 2", "derivative": "x"},
        {"expression": "x ** 2", "derivative": "2"},
        {"inputs": "two", "expression": "a * b", "derivative": "a"},
        {"inputs": "two", "expression": "a ** 2 * b", "derivative_b": "a"},
    ],
    ids=str,
)
def test_that_a_wrong_derivative_is_used_and_the_check_reveals_it(
    settings: dict[str, object],
) -> None:
    assert worst_error(**settings) > 1e-2


def test_that_a_typed_derivative_is_exactly_what_backward_computes() -> None:
    b = Builder()
    x = b.parameter("x", (3,))
    spec = layers()["custom"].from_config({"expression": "x ** 2", "derivative": "x + 10"})
    y = spec.lower(b, x)
    loss = b.apply(Contract(), y, b.input("c", y.shape))
    gradient = differentiate(b, loss, [x])[x.id]
    storage = Storage(b.build(loss), np.float64)
    storage.view(x)[...] = [0.0, 1.0, -2.0]
    machine = Machine(storage.program, storage, batch=3)
    machine.feed("c", np.array([1.0, 1.0, 2.0]), np.arange(3))
    machine.run()
    assert machine.array(y).tolist() == [0.0, 1.0, 4.0]
    assert machine.array(gradient).tolist() == [10.0, 11.0, 16.0]
    backward = next(i.op for i in storage.program.instructions if i.op.name == "custom_backward")
    assert "X + 10" in backward.formula().plain
    assert "typed" in backward.formula().says


@pytest.mark.parametrize(
    ("settings", "field", "code"),
    [
        ({"expression": "x +"}, "expression", "formula-syntax"),
        ({"expression": ""}, "expression", "formula-empty"),
        ({"expression": "a * b"}, "expression", "formula-word"),
        ({"derivative": "2 y"}, "derivative", "formula-word"),
        ({"inputs": "two", "expression": "x"}, "expression", "formula-word"),
        (
            {"inputs": "two", "expression": "a", "derivative_b": "sin"},
            "derivative_b",
            "formula-call",
        ),
        ({"inputs": "three"}, "inputs", "field-range"),
        ({"expression": "x" * 300}, "expression", "field-range"),
    ],
)
def test_that_a_bad_formula_stays_in_the_document_and_is_a_problem_of_its_node(
    settings: dict[str, object], field: str, code: str
) -> None:
    analysis = formula_network(**settings)
    found = [d for d in analysis.errors if d.node == "custom_1"]
    assert [(d.field, d.code) for d in found] == [(field, code)]
    assert "custom_1" in found[0].text
    assert analysis.lowered is None
    spec = analysis.network.node("custom_1").spec
    assert all(getattr(spec, key) == value for key, value in settings.items())
    assert decode(encode(analysis.network)) == analysis.network
    # The form, the card and the tooltip show it while it is bad.
    assert spec.formula() == (spec.info.latex, spec.info.plain) or field != "expression"


def test_that_a_formula_is_shown_as_it_was_typed() -> None:
    spec = layers()["custom"].from_config({"expression": "x * sigmoid(x)"})
    assert spec.formula() == (
        r"Y = f(X) = X \cdot \sigma\left(X\right)",
        "Y = f(X) = X · σ(X)",
    )
    assert spec.caption == "x * sigmoid(x)"


def test_that_a_wire_into_a_port_that_is_gone_is_gone_too() -> None:
    network = wired(
        ("input", {}, ()),
        ("custom", {"inputs": "two", "expression": "a + b"}, (0, 0)),
    )
    assert len(network.wires) == 2
    one = nodes()["custom"].from_config({"inputs": "one", "expression": "x"})
    fewer = edits.set_spec(network, "custom_1", one)
    assert [(w.target, w.port) for w in fewer.wires] == [("custom_1", 0)]
    assert decode(encode(fewer)) == fewer
    back = edits.set_spec(fewer, "custom_1", network.node("custom_1").spec)
    assert back.wires == fewer.wires


@pytest.mark.parametrize(
    ("weights", "fits"), [((), True), ((1.0,) * 10, True), ((1.0,) * 9, False)]
)
def test_that_class_weights_must_be_as_many_as_classes(
    weights: tuple[float, ...], fits: bool
) -> None:
    network = wired(
        ("input", {}, ()),
        ("dense", {"units": 10}, (0,)),
        ("softmax_cross_entropy", {"class_weights": weights}, (1,)),
    )
    analysis = analyze(network)
    assert decode(encode(network)) == network
    if fits:
        assert analysis.diagnostics == ()
        return
    (problem,) = analysis.errors
    assert (problem.node, problem.field) == ("loss_1", "class_weights")
    assert "9 class weights" in problem.text
    assert "10 classes" in problem.text


def test_that_equal_class_weights_change_nothing_and_others_do() -> None:
    results = []
    for weights in ((), (2.0,) * 10, (2.0, *(1.0,) * 9)):
        network = wired(
            ("input", {}, ()),
            ("dense", {"units": 10}, (0,)),
            ("softmax_cross_entropy", {"class_weights": weights, "label_smoothing": 0.1}, (1,)),
            precision="float64",
        )
        session = Session(analyze(network).require(), network.setup)
        session.run_epoch()
        results.append(session.evaluate().loss)
    assert results[0] == pytest.approx(results[1], rel=1e-9)
    assert results[0] != pytest.approx(results[2], rel=1e-6)
