"""What instructions cost, against counts by hand."""

from __future__ import annotations

import pytest

from backprop_studio.autograd import BATCH, Builder, Instr, Op, Program
from backprop_studio.autograd.ops import attention
from backprop_studio.autograd.ops.matmul import MatMul, RowProduct
from backprop_studio.insight.cost import multiply_adds
from backprop_studio.network import analyze
from backprop_studio.nn import layers
from tests.networks import Layers, chain


def costs(shown: Layers, batch: int, **setup: object) -> dict[str, list[int]]:
    """Costs of the training step of a chain, by name of op."""
    lowered = analyze(chain(shown, **setup)).lowered
    assert lowered is not None
    found: dict[str, list[int]] = {}
    for instr in lowered.program.instructions:
        cost = multiply_adds(lowered.program, instr, batch)
        found.setdefault(instr.op.name, []).append(cost)
    return found


def cost_of(op: Op, *shapes: tuple[int | str, ...], batch: int = 1) -> int:
    """Cost of one op on inputs of these shapes."""
    b = Builder()
    with b.scope(node="it"):
        b.apply_all(op, *(b.input(f"x{k}", s) for k, s in enumerate(shapes)))  # type: ignore[arg-type]
    program = b.build()
    return multiply_adds(program, program.instructions[-1], batch)


def cost_of_layer(layer: str, shape: tuple[int, ...], batch: int, **config: object) -> int:
    b = Builder()
    with b.scope(node="it"):
        layers()[layer].from_config(config).lower(b, b.input("x", (BATCH, *shape)))
    program: Program = b.build()
    (instr,) = (i for i in program.instructions if i.op.name == layer)
    return multiply_adds(program, instr, batch)


def test_that_a_dense_layer_costs_a_product_for_each_row_and_weight() -> None:
    found = costs(
        [
            ("input", {}),
            ("dense", {"units": 32}),
            ("relu", {}),
            ("dense", {"units": 10}),
            ("softmax_cross_entropy", {}),
        ],
        10,
    )
    forward = found["affine"]
    assert forward == [10 * 64 * 32, 10 * 32 * 10]
    # Back, each layer's weights cost as much again, and the error signal below the second too.
    assert sorted(found["affine_gradient"]) == sorted(forward)
    assert found["matmul"] == [10 * 32 * 10]
    assert found["relu"] == found["relu_backward"] == [10 * 32]
    assert found["softmax_cross_entropy"] == [10 * 10]
    # A parameter at a time: weights and biases of both layers.
    assert sorted(found["descend"] if "descend" in found else found["adam_step"]) == [
        10,
        32,
        320,
        2048,
    ]


def test_that_the_cost_follows_the_batch() -> None:
    one, ten = costs(chain_layers(), 1), costs(chain_layers(), 10)
    assert [10 * c for c in one["affine"]] == ten["affine"]


def chain_layers() -> Layers:
    return [("input", {}), ("dense", {"units": 10}), ("softmax_cross_entropy", {})]


@pytest.mark.parametrize(
    ("op", "shapes", "wanted"),
    [
        (MatMul(), ((3, 5), (5, 7)), 3 * 5 * 7),
        (MatMul(transpose_a=True), ((5, 3), (5, 7)), 3 * 5 * 7),
        (MatMul(transpose_b=True), ((3, 5), (7, 5)), 3 * 5 * 7),
        (MatMul(), ((2, 4, 3, 5), (5, 7)), 2 * 4 * 3 * 5 * 7),
        (RowProduct(), ((2, 6, 3), (2, 6, 4)), 2 * 6 * 3 * 4),
        (attention.AttentionScores(), ((2, 4, 6), (2, 5, 6)), 2 * 4 * 5 * 6),
        (attention.Attention(), ((2, 4, 5), (2, 5, 6)), 2 * 4 * 5 * 6),
        (attention.AttentionToValue(), ((2, 4, 5), (2, 4, 6)), 2 * 4 * 5 * 6),
        (attention.AttentionWeights(), ((2, 4, 5),), 2 * 4 * 5),
    ],
)
def test_that_products_of_matrices_cost_rows_times_columns_times_common(
    op: Op, shapes: tuple[tuple[int, ...], ...], wanted: int
) -> None:
    assert cost_of(op, *shapes) == wanted


def test_that_a_convolution_costs_its_window_at_every_place() -> None:
    found = costs(
        [
            ("input", {}),
            ("reshape", {"channels": 1, "height": 8, "width": 8}),
            ("conv2d", {"channels": 4, "kernel": 3, "padding": 0}),
            ("conv2d", {"channels": 6, "kernel": 3, "padding": 0}),
            ("flatten", {}),
            ("dense", {"units": 10}),
            ("softmax_cross_entropy", {}),
        ],
        5,
    )
    first, second = 5 * 6 * 6 * 4 * 9, 5 * 4 * 4 * 6 * (4 * 9)
    assert found["conv2d"] == [first, second]
    assert found["conv2d_weight_gradient"] == [second, first]
    assert found["conv2d_input_gradient"] == [second]


@pytest.mark.parametrize(("layer", "gates"), [("simple_rnn", 1), ("lstm", 4), ("gru", 3)])
def test_that_a_recurrent_layer_costs_its_weights_at_every_step(layer: str, gates: int) -> None:
    wanted = 2 * 7 * (3 * gates * 5 + 5 * gates * 5)
    assert cost_of_layer(layer, (7, 3), 2, units=5) == wanted


@pytest.mark.parametrize(("layer", "gates"), [("simple_rnn", 1), ("lstm", 4), ("gru", 3)])
def test_that_the_way_back_through_time_starts_at_the_last_step(layer: str, gates: int) -> None:
    found = costs(
        [
            ("input", {}),
            ("reshape", {"channels": 0, "height": 8, "width": 8}),
            (layer, {"units": 5, "returns": "sequence"}),
            (layer, {"units": 6}),
            ("dense", {"units": 10}),
            ("softmax_cross_entropy", {}),
        ],
        2,
    )
    upper, lower = gates * 6, gates * 5
    assert found[f"{layer}_backward"] == [7 * 2 * 6 * upper, 7 * 2 * 5 * lower]
    to_input = "gru_input_gradient" if layer == "gru" else "recurrent_input_gradient"
    to_weights = "gru_weight_gradient" if layer == "gru" else "recurrent_weight_gradient"
    assert found[to_input] == [8 * 2 * 5 * upper]
    assert found[to_weights] == [8 * 2 * (5 + 6) * upper, 8 * 2 * (8 + 5) * lower]


def test_that_every_instruction_has_a_cost() -> None:
    lowered = analyze(chain()).lowered
    assert lowered is not None
    program = lowered.program
    free: list[Instr] = [i for i in program.instructions if multiply_adds(program, i, 4) <= 0]
    assert free == []


def test_that_one_step_without_one_before_it_still_costs_its_gates() -> None:
    found = costs(
        [
            ("input", {}),
            ("reshape", {"channels": 0, "height": 1, "width": 64}),
            ("lstm", {"units": 5}),
            ("dense", {"units": 10}),
            ("softmax_cross_entropy", {}),
        ],
        2,
    )
    # Gates, cells and hidden states.
    assert found["lstm_backward"] == [(4 + 1 + 1) * 5 * 2]
