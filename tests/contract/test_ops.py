"""What every op promises; a new one fails here until it has an example in `tests/examples/`."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
from collections.abc import Callable

import numpy as np
import pytest

from backprop_studio.autograd import (
    BATCH,
    Array,
    Builder,
    Machine,
    Op,
    Phase,
    Role,
    Shape,
    Storage,
    TensorType,
    differentiate,
    gradcheck,
    ops,
    resolve,
)
from backprop_studio.autograd.ops.data import Load
from tests.examples import (
    MOMENT,
    Example,
    N,
    activation,
    arithmetic,
    attention,
    batch,
    loss,
    operation,
    recurrent,
    some,
    update,
    window,
)
from tests.programs import Contract

FAMILIES = (
    activation,
    arithmetic,
    attention,
    batch,
    loss,
    operation,
    recurrent,
    update,
    window,
)
EXAMPLES: dict[str, list[Example]] = {
    Load.name: [],  # bound by the machine; see the test of its own below
    **{name: examples for family in FAMILIES for name, examples in family.EXAMPLES.items()},
}


def all_ops() -> dict[str, type[Op]]:
    """Every op of the engine: each class in `autograd.ops` that has a name of its own."""
    found: dict[str, type[Op]] = {}
    for entry in pkgutil.iter_modules(ops.__path__):
        module = importlib.import_module(f"{ops.__name__}.{entry.name}")
        for _, cls in inspect.getmembers(module, inspect.isclass):
            if issubclass(cls, Op) and cls.__module__ == module.__name__ and "name" in vars(cls):
                assert cls.name not in found, f"two ops are called '{cls.name}'"
                found[cls.name] = cls
    return found


OPS = all_ops()
every_op = pytest.mark.parametrize("name", sorted(OPS))
ALL = [pytest.param(e, id=f"{n}-{i}") for n, es in EXAMPLES.items() for i, e in enumerate(es)]


def examples_where(
    chosen: Callable[[Example], object] = lambda _: True,
) -> pytest.MarkDecorator:
    params = [p for p in ALL if isinstance(p.values[0], Example) and chosen(p.values[0])]
    return pytest.mark.parametrize("example", params)


every_example = examples_where()


def type_of(array: Array, *, symbolic: bool = False) -> TensorType:
    shape: Shape = tuple(BATCH if symbolic and d == N else d for d in array.shape)
    return TensorType(shape, "int" if array.dtype == np.int64 else "float")


def compute(op: Op, inputs: tuple[Array, ...], dtype: type = np.float64) -> tuple[Array, ...]:
    """Outputs of `op` in buffers of the shapes that it infers; inputs are copied first."""
    given = [x.copy() if x.dtype == np.int64 else x.astype(dtype) for x in inputs]
    types = op.infer(*(type_of(x) for x in given))
    outputs = (
        [given[0]] if op.updates else [np.full(resolve(t.shape, {}), 77.0, dtype) for t in types]
    )
    for function, arguments in op.bind_in(MOMENT, given, outputs):
        function(*arguments)
    for index, (before, after) in enumerate(zip(inputs, given, strict=True)):
        if not (op.updates and index == 0):
            assert np.array_equal(before.astype(after.dtype), after), "an input was changed"
    return tuple(outputs)


@every_op
def test_that_every_op_has_an_example(name: str) -> None:
    assert name in EXAMPLES, f"give the op '{name}' an example in its family's EXAMPLES"
    assert all(type(e.op) is OPS[name] for e in EXAMPLES[name])
    assert EXAMPLES[name] or name == Load.name


@every_op
def test_that_an_op_is_a_frozen_dataclass_so_that_equal_settings_are_equal_ops(name: str) -> None:
    cls = OPS[name]
    assert dataclasses.is_dataclass(cls)
    assert cls.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert cls.__doc__
    for example in EXAMPLES[name]:
        assert dataclasses.replace(example.op) == example.op
        assert hash(dataclasses.replace(example.op)) == hash(example.op)


@every_op
def test_that_an_op_can_be_explained(name: str) -> None:
    examples = EXAMPLES[name]
    for op in [e.op for e in examples] or [Load("x")]:
        formula = op.formula()
        assert formula.latex.count("{") == formula.latex.count("}")
        assert formula.plain
        assert formula.says.endswith(".")
        assert all(symbol in formula.latex for symbol in formula.inputs)
    for example in examples:
        formula = example.op.formula()
        types = example.op.infer(*(type_of(x) for x in example.inputs))
        assert len(formula.inputs) == len(example.inputs)
        assert len(formula.outputs) == len(types)


@every_example
def test_that_values_and_shapes_are_those_of_the_plain_formula(example: Example) -> None:
    outputs = compute(example.op, example.inputs)
    for out, expected in zip(outputs, example.expected(*example.inputs), strict=True):
        assert out.shape == np.shape(expected)
        np.testing.assert_allclose(out, expected, rtol=1e-12, atol=1e-14)


@every_example
def test_that_single_precision_is_the_same_computation(example: Example) -> None:
    outputs = compute(example.op, example.inputs, np.float32)
    for out, expected in zip(outputs, example.expected(*example.inputs), strict=True):
        assert out.dtype == np.float32
        np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-5)


@every_example
def test_that_the_shape_rule_holds_for_a_batch_of_unknown_size(example: Example) -> None:
    types = example.op.infer(*(type_of(x, symbolic=True) for x in example.inputs))
    outputs = compute(example.op, example.inputs)
    assert [resolve(t.shape, {BATCH: N}) for t in types] == [out.shape for out in outputs]


@every_example
def test_that_an_empty_batch_is_no_special_case(example: Example) -> None:
    empty = tuple(
        np.array(x[tuple(slice(0) if d == N else slice(None) for d in x.shape)])
        for x in example.inputs
    )
    outputs = compute(example.op, empty)
    for out, expected in zip(outputs, example.expected(*empty), strict=True):
        assert out.shape == np.shape(expected)
        np.testing.assert_allclose(out, expected, rtol=1e-12)


@every_example
def test_that_binding_twice_and_running_twice_give_the_same_bits(example: Example) -> None:
    first, second = compute(example.op, example.inputs), compute(example.op, example.inputs)
    assert [a.tobytes() for a in first] == [a.tobytes() for a in second]
    if not example.op.updates:
        types = example.op.infer(*(type_of(x) for x in example.inputs))
        outputs = [np.empty(resolve(t.shape, {})) for t in types]
        calls = example.op.bind_in(MOMENT, example.inputs, outputs)
        for function, arguments in [*calls, *calls]:
            function(*arguments)
        assert [a.tobytes() for a in outputs] == [a.tobytes() for a in first]


def takes_any_layout(example: Example) -> bool:
    types = example.op.infer(*(type_of(x) for x in example.inputs))
    shapes = [x.shape for x in example.inputs] + [resolve(t.shape, {}) for t in types]
    return example.op.any_layout(shapes) and not example.op.updates


@examples_where(takes_any_layout)
def test_that_an_op_that_takes_any_layout_does(example: Example) -> None:
    """The machine lays values out with the batch innermost, and with gaps between rows."""

    def laid_out(x: Array) -> Array:
        if x.ndim < 2 or len(x) != N:  # it has no batch
            return x.copy()
        gaps = np.full((*(n + 1 for n in x.shape[1:]), x.shape[0]), 55.0, x.dtype)
        view = np.moveaxis(gaps[tuple(slice(n) for n in x.shape[1:])], -1, 0)
        view[...] = x
        return view

    given = [laid_out(x) for x in example.inputs]
    outputs = [laid_out(np.full_like(e, 77.0)) for e in example.expected(*example.inputs)]
    for function, arguments in example.op.bind(given, outputs):
        function(*arguments)
    for out, expected in zip(outputs, compute(example.op, example.inputs), strict=True):
        np.testing.assert_allclose(out, expected, rtol=1e-12, atol=1e-14)


@examples_where(lambda e: e.op.elementwise)
def test_that_an_elementwise_op_gives_the_same_bits_in_pieces(example: Example) -> None:
    """The machine relies on it when it updates all parameters at once."""
    flat = [x.reshape(-1) if x.shape else x for x in example.inputs]
    whole = compute(example.op, tuple(flat))
    for cut in range(1, 5):
        pieces = [
            compute(example.op, tuple(x[part] if x.shape else x for x in flat))
            for part in (slice(cut), slice(cut, None))
            if whole[0].shape
        ]
        for index, out in enumerate(whole):
            if pieces:
                joined = np.concatenate([p[index] for p in pieces])
                assert joined.tobytes() == out.tobytes()


@examples_where(lambda e: e.wrt)
def test_that_the_vjp_of_a_random_vector_is_the_derivative(example: Example) -> None:
    for output in range(len(example.op.infer(*(type_of(x) for x in example.inputs)))):
        machine = contracted(example, output)
        if machine is None:
            assert output > 0, "the first output must have a gradient"
            continue
        errors = gradcheck(machine)
        for i in example.wrt:
            parameter = next(p for p in machine.program.parameters if p.name == f"x{i}")
            assert errors[parameter.id] <= 1e-7
            assert machine.array(machine.program.gradients[parameter.id]).any()


@examples_where(lambda e: e.wrt)
def test_that_a_gradient_nobody_needs_is_not_computed(example: Example) -> None:
    for wanted in example.wrt:
        b = Builder()
        values = [
            b.parameter(f"x{i}", x.shape)
            if i == wanted
            else b.input(f"x{i}", x.shape, type_of(x).kind)
            for i, x in enumerate(example.inputs)
        ]
        y = b.apply(example.op, *values)
        loss = b.apply(Contract(), y, b.input("c", y.shape))
        gradients = differentiate(b, loss, [values[wanted]])
        assert gradients[values[wanted].id].shape == example.inputs[wanted].shape
        assert not {v.id for i, v in enumerate(values) if i != wanted} & set(gradients)


@examples_where(lambda e: not e.wrt)
def test_that_an_op_without_gradient_refuses_to_be_differentiated(example: Example) -> None:
    b = Builder()
    values = [b.input(f"x{i}", x.shape, type_of(x).kind) for i, x in enumerate(example.inputs)]
    outputs = b.apply_all(example.op, *values)
    with pytest.raises(NotImplementedError):
        example.op.vjp(b, values, outputs, outputs, [True] * len(values))


def test_that_load_takes_the_rows_of_the_batch() -> None:
    b = Builder()
    x, y = b.input("x", (BATCH, 2)), b.input("y", (BATCH,), "int")
    program = b.build()
    assert [i.op for i in program.instructions] == [Load("x"), Load("y")]
    assert all(i.phase is Phase.DATA for i in program.instructions)
    machine = Machine(program, Storage(program, np.float64), batch=3)
    rows = np.array([4, 0, 4])
    features, labels = some(5, 2), np.arange(5) * 10
    machine.feed("x", features, rows)
    machine.feed("y", labels, rows)
    machine.run()
    assert np.array_equal(machine.array(x), features[rows])
    assert np.array_equal(machine.array(y), labels[rows])


def contracted(example: Example, output: int) -> Machine | None:
    """A machine for a random combination of one output's entries; None without gradient."""
    b = Builder()
    with b.scope(node="op"):
        values = [
            b.input(f"x{i}", x.shape, "int")
            if type_of(x).kind == "int"
            else b.parameter(f"x{i}", x.shape)
            for i, x in enumerate(example.inputs)
        ]
        y = b.apply_all(example.op, *values)[output]
    weights = b.parameter("weights", y.shape)
    loss = b.apply(Contract(), y, weights) if y.shape else y
    try:
        differentiate(b, loss, [values[i] for i in example.wrt])
    except NotImplementedError:
        return None
    storage = Storage(b.build(loss), np.float64)
    machine = Machine(storage.program, storage, batch=N)
    for value, x in zip(values, example.inputs, strict=True):
        if value.role is Role.INPUT:
            machine.feed(value.name, x, np.arange(N))
        else:
            storage.view(value)[...] = x
    storage.view(weights)[...] = some(*y.shape, seed=5)
    return machine
