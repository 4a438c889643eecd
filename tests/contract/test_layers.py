"""What every layer promises; a new one is tested by existing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest

from backprop_studio import data
from backprop_studio.autograd import (
    BATCH,
    Array,
    Builder,
    Phase,
    Program,
    Shape,
    Value,
    differentiate,
    format_shape,
    gradcheck,
    resolve,
)
from backprop_studio.autograd.ops.loss import MeanSquaredError
from backprop_studio.autograd.ops.schedule import ConstantRate
from backprop_studio.autograd.ops.update import Descend
from backprop_studio.errors import ShapeError
from backprop_studio.network import Network, Node, TrainingSetup, Wire, analyze
from backprop_studio.nn import LayerSpec, layers
from backprop_studio.nn.layers.input import Input
from backprop_studio.specs import Kind
from tests.networks import described
from tests.programs import Contract, Scattered, bits, feed_random, machine_of

TAILS: tuple[tuple[int, ...], ...] = (
    *((1,), (3,), (6,), ()),
    *((4, 3), (2, 4, 4), (1, 6, 6)),
    *((3, 5), (3, 3, 4)),
    *((64,), (3, 12)),
)
"""Shapes of one row that a layer is tried with; those that it refuses, it must refuse politely."""

ROWS = 3
"""Of the batch whose gradients are checked; of two rows, normalised ones are always 1 and -1."""

SMALL: dict[str, dict[str, object]] = {
    # Of two numbers, the normalised ones are always 1 and -1: groups must have more.
    "group_norm": {"groups": 2},
    "slice": {"start": 0, "stop": -1, "step": 2},
    "reshape": {"channels": 2, "height": 3, "width": 0},
}
"""Small settings of layers whose whole numbers depend on each other."""

FLAT = {
    ("softmax", (1,)): "one share alone is always one, so nothing can change it",
    ("layer_norm", (1,)): "one number alone is its mean, so nothing is left of it",
}
"""Layers and inputs whose gradient is zero wherever they are, and why."""

TOGETHER: dict[tuple[str, str], dict[str, object]] = {
    ("custom", "two"): {"expression": "a * sin(b)"},
}
"""Choices that need other settings to go with them."""

ABOVE = {"log", "sqrt"}
"""Layers of numbers above zero only."""

SOURCES = {"constant_value", "parameter"}
"""Layers without inputs, whose output has no batch; they have tests of their own."""

TOKENS = {"embedding"}
"""Layers that take whole numbers and nothing else."""

every_layer = pytest.mark.parametrize("layer_id", sorted(set(layers()) - SOURCES))


@dataclass(frozen=True)
class Positive:
    """Scattered numbers without their signs."""

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        return np.abs(Scattered().sample(rng, shape))


def variants(layer_id: str) -> Iterator[LayerSpec]:
    """The default, a small one, and small ones with each flag turned and each choice taken."""
    cls = layers()[layer_id]
    yield cls()
    sizes = SMALL.get(layer_id) or {
        f.name: int(min(max(3, f.low or 0), f.high or 3))
        for f in cls.fields()
        if f.kind is Kind.INTEGER
    }
    small = replace(cls(), **sizes)
    if small.problems(""):  # a window's padding is at most half of it
        small = replace(small, padding=1)
    if sizes:
        yield small
    for f in cls.fields():
        if f.kind is Kind.FLAG:
            yield replace(small, **{f.name: not f.default})
        for key, _ in f.choices:
            if key != f.default:
                also = TOGETHER.get((layer_id, key), {})
                yield replace(small, **{f.name: key, **also})


def kind_of(spec: LayerSpec) -> str:
    """The kind of input that a layer takes."""
    return "int" if spec.info.id in TOKENS else "float"


def inputs_of(b: Builder, spec: LayerSpec, shape: Shape, kind: str = "") -> list[Value]:
    """An input of `shape` for every port, of the kind that the layer takes if not said."""
    ports = range(max(1, len(spec.ports)))
    return [b.input(f"x{i}", shape, kind or kind_of(spec)) for i in ports]


def attempt(spec: LayerSpec, shape: Shape, kind: str = "") -> Value | ShapeError:
    """The output of `spec` for inputs of `shape` at every port, or why there is none."""
    b = Builder()
    inputs = inputs_of(b, spec, shape, kind)
    try:
        return spec.lower(b, *inputs)
    except ShapeError as error:
        return error


def accepted(spec: LayerSpec) -> list[tuple[int, ...]]:
    return [t for t in TAILS if isinstance(attempt(spec, (BATCH, *t)), Value)]


def with_trained_input(spec: LayerSpec, tail: tuple[int, ...]) -> Program:
    """Loss and gradients of a layer whose input is itself a parameter, off every kink."""
    b = Builder()
    with b.scope(node="source"):
        if kind_of(spec) == "int":  # which has no gradient
            inputs = inputs_of(b, spec, (ROWS, *tail))
        else:
            ports = range(max(1, len(spec.ports)))
            init = Positive() if spec.info.id in ABOVE else Scattered()
            inputs = [b.parameter(f"x{i}", (ROWS, *tail), init) for i in ports]
    with b.scope(node="layer"):
        y = spec.lower(b, *inputs)
    with b.scope(node="loss", phase=Phase.LOSS):
        target = b.input("y", y.shape)
        loss = b.apply(MeanSquaredError() if len(y.shape) == 2 else Contract(), y, target)
    differentiate(b, loss, b.build().parameters)
    return b.build(loss)


def whole_step(spec: LayerSpec, tail: tuple[int, ...]) -> Program:
    """Forward, loss, backward (to the input, too) and update of a layer."""
    b = Builder()
    inputs = inputs_of(b, spec, (BATCH, *tail))
    with b.scope(node="layer"):
        y = spec.lower(b, *inputs)
    with b.scope(node="loss", phase=Phase.LOSS):
        loss = b.apply(Contract(), y, b.input("y", y.shape))
    parameters = b.build().parameters
    gradients = differentiate(b, loss, [*parameters, *inputs])
    with b.scope(phase=Phase.UPDATE):
        rate = b.apply(ConstantRate(0.1))
        for p in parameters:
            b.apply(Descend(), p, gradients[p.id], rate)
    return b.build(loss)


@every_layer
def test_that_a_layer_takes_some_shape_with_every_setting(layer_id: str) -> None:
    for spec in variants(layer_id):
        assert accepted(spec), f"{spec} takes none of {TAILS}"


@every_layer
def test_that_a_shape_it_cannot_take_is_refused_naming_both_shapes(layer_id: str) -> None:
    for spec in variants(layer_id):
        for tail in TAILS:
            result = attempt(spec, (BATCH, *tail))
            if isinstance(result, ShapeError):
                assert result.code == "shape-mismatch"
                assert result.params["expected"]
                assert result.params["got"] == format_shape((BATCH, *tail))


@every_layer
def test_that_the_inferred_shape_is_the_computed_one_at_any_batch(layer_id: str) -> None:
    for spec in variants(layer_id):
        for tail in accepted(spec):
            b = Builder()
            inputs = inputs_of(b, spec, (BATCH, *tail))
            with b.scope(node="layer"):
                y = spec.lower(b, *inputs)
            program = b.build()
            assert y.shape[0] is BATCH
            for batch in (1, 2, 7):
                machine = machine_of(program, batch=batch, above=layer_id in ABOVE)
                machine.run()
                assert machine.array(y).shape == resolve(y.shape, {BATCH: batch})
                assert np.isfinite(machine.array(y)).all()
                concrete = attempt(spec, (batch, *tail))
                assert isinstance(concrete, Value)
                assert concrete.shape == machine.array(y).shape


@every_layer
def test_that_gradients_of_parameters_and_input_are_right(layer_id: str) -> None:
    for spec in variants(layer_id):
        for tail in accepted(spec):
            program = with_trained_input(spec, tail)
            machine = machine_of(program, batch=ROWS)
            rng = np.random.default_rng(3)
            for p in program.parameters:
                view = machine.storage.view(p)
                if not view.any():  # at zero, a wrong gradient of its neighbours can hide
                    view[...] = rng.standard_normal(view.shape)
            errors = gradcheck(machine)
            assert len(errors) == len(program.parameters)
            assert max(errors.values()) <= 1e-6, (spec, tail, errors)
            # Of two inputs, the smaller ones may all be the other's.
            learned = program.parameters
            sources = [p for p in learned if p.node == "source"] or learned
            moves = any(machine.array(program.gradients[p.id]).any() for p in sources)
            assert moves == ((layer_id, tail) not in FLAT)


@every_layer
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_that_the_same_seed_gives_the_same_bits(layer_id: str, dtype: type) -> None:
    for spec in variants(layer_id):
        program = whole_step(spec, accepted(spec)[0])
        results = []
        for _ in range(2):
            above = layer_id in ABOVE
            machine = machine_of(program, batch=3, seed=5, dtype=dtype, above=above)
            machine.run()
            feed_random(machine, 2, above=above)
            machine.run()
            results.append(bits(machine))
        assert results[0] == results[1]


@every_layer
def test_that_another_seed_gives_other_first_weights_where_they_are_random(layer_id: str) -> None:
    for spec in variants(layer_id):
        program = whole_step(spec, accepted(spec)[-1])
        one, two = (machine_of(program, batch=2, seed=s).storage for s in (1, 2))
        for p in program.parameters:
            shape = one.view(p).shape
            drawn = [
                np.zeros(shape)
                if p.init is None
                else p.init.sample(np.random.default_rng(s), shape)
                for s in (1, 2)
            ]
            is_random = not np.array_equal(*drawn)
            assert is_random == (not np.array_equal(one.view(p), two.view(p)))


@every_layer
def test_that_parameters_are_named_once_and_belong_to_the_node(layer_id: str) -> None:
    for spec in variants(layer_id):
        program = whole_step(spec, accepted(spec)[0])
        names = [p.name for p in program.parameters]
        assert len(names) == len(set(names))
        assert {p.node for p in program.parameters} <= {"layer"}


def test_that_only_the_input_and_what_is_made_up_have_no_ports() -> None:
    assert {key for key, cls in layers().items() if not cls().ports} == {"input", *SOURCES}
    assert all(cls.has_output for cls in layers().values())


@every_layer
@pytest.mark.parametrize("tail", TAILS)
def test_that_analysis_shows_shape_or_mismatch_at_the_node(
    layer_id: str, tail: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a data set whose rows have this shape."""
    known = data.info("digits")
    rows = described(replace(known, feature_shape=tail), rows=1000)
    monkeypatch.setattr(TrainingSetup, "prepared", lambda _: rows)
    source = Node("in", "in", layers()["input"]())
    for spec in variants(layer_id):
        if isinstance(spec, Input):
            if not spec.takes_all:
                continue  # what it takes of the columns is tested with the analysis
            network = Network((replace(source, spec=spec),), (), TrainingSetup("digits"))
            image = getattr(spec, "shape", "flat") == "image"
            row = (1, *known.image_shape) if image and known.image_shape else tail
            assert analyze(network).shapes["in"] == (BATCH, *row)
            continue
        wires = tuple(Wire("in", "it", port) for port in range(len(spec.ports)))
        node = Node("it", "it's name", spec)
        analysis = analyze(Network((source, node), wires, TrainingSetup("digits")))
        mismatches = [d for d in analysis.errors if d.code == "shape-mismatch"]
        expected = attempt(spec, (BATCH, *tail), "float")  # as the digits are
        if isinstance(expected, Value):
            assert not mismatches
            assert analysis.shapes["it"] == expected.shape
            program = whole_step(spec, tail)
            count = sum(math.prod(int(d) for d in p.shape) for p in program.parameters)
            assert analysis.parameters["it"] == count
        else:
            assert [d.node for d in mismatches] == ["it"]
            assert "it's name" in mismatches[0].text
            assert str(expected.params["expected"]) in mismatches[0].text
            assert format_shape((BATCH, *tail)) in mismatches[0].text
            assert "it" not in analysis.shapes
