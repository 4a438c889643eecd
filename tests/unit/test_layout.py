"""Where values lie in memory, and that it changes no shape and no number."""

from __future__ import annotations

import numpy as np

from backprop_studio.autograd import BATCH, Builder, Machine, Program
from backprop_studio.autograd.layout import plan
from backprop_studio.autograd.ops.affine import Affine
from backprop_studio.autograd.ops.softmax import Softmax
from backprop_studio.autograd.room import Grid, Last, Ones
from tests.programs import Scattered, machine_of, perceptron


def array_of(machine: Machine, name: str, place: int = 0) -> np.ndarray:
    values = [v for v in machine.program.values if v.name == name]
    return machine.array(values[place])


def test_that_hidden_values_of_dense_layers_lie_batch_innermost() -> None:
    machine = machine_of(perceptron(3, 5, 4, 2), batch=6)
    machine.run()
    for name in ("affine", "tanh", "tanh_backward"):
        assert len(array_of(machine, name)) == 6
        assert array_of(machine, name).strides[0] == 8, "the next row's entry lies beside it"
    rows = machine.array(machine.program.inputs["x"])
    assert rows.strides[1] == 8, "rows of data are copied whole"


def layer() -> tuple[Program, Machine]:
    b = Builder()
    x, w = b.input("x", (BATCH, 3)), b.parameter("weight", (3, 4), Scattered())
    b.apply(Softmax(), b.apply(Affine(), x, w, b.parameter("bias", (4,), Scattered())))
    program = b.build()
    return program, machine_of(program, batch=5)


def test_that_one_op_that_needs_rows_is_enough_for_rows() -> None:
    program, machine = layer()
    assert set(plan(program, 5).values()) == {Ones(by_row=True)}
    assert array_of(machine, "affine").flags.c_contiguous


def test_that_the_ones_beside_a_layers_input_survive_training() -> None:
    _, machine = layer()
    x, w, b = (array_of(machine, name) for name in ("x", "weight", "bias"))
    for seed in range(3):
        machine.feed("x", np.random.default_rng(seed).standard_normal((5, 3)), np.arange(5))
        machine.run()
        np.testing.assert_allclose(array_of(machine, "affine"), x @ w + b, rtol=1e-12)


def test_that_an_empty_batch_needs_no_room() -> None:
    program, _ = layer()
    assert plan(program, 0) == {}


def test_that_a_room_gives_an_array_of_the_shape_asked_for() -> None:
    kinds = (np.dtype(np.float32), np.dtype(np.float64))
    for dtype in kinds:
        for room, shape in (
            (Last(), (6, 2, 3, 4)),
            (Ones(), (6, 4)),
            (Ones(by_row=True), (6, 4)),
            (Grid(3, 5, 7, 9, clean=True), (6, 2, 3, 4)),
            (Grid(1, 5, 2, 2, clean=True), (6, 2, 4)),
        ):
            buffer, array = room.make(shape, dtype)
            assert array.shape == shape
            assert array.dtype == dtype
            assert np.shares_memory(buffer, array)
