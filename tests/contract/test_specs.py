"""What every layer, loss and optimizer promises about its settings and texts."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from backprop_studio.network import Network, Node, TrainingSetup, Wire, analyze
from backprop_studio.nn import (
    LayerSpec,
    OptimizerSpec,
    ScheduleSpec,
    layers,
    losses,
    optimizers,
    schedules,
)
from backprop_studio.specs import Category, ConfigError, Field, Kind, Spec

SPECS: dict[str, type[Spec]] = {**layers(), **losses(), **optimizers(), **schedules()}
every_spec = pytest.mark.parametrize("spec_id", sorted(SPECS))
every_optimizer = pytest.mark.parametrize("spec_id", sorted(optimizers()))
every_field = pytest.mark.parametrize(
    ("spec_id", "field"),
    [
        pytest.param(spec_id, field, id=f"{spec_id}-{field.name}")
        for spec_id, cls in sorted(SPECS.items())
        for field in cls.fields()
    ],
)

WRONG_TYPES: dict[Kind, list[object]] = {
    Kind.INTEGER: ["3", 2.5, True, None, [1]],
    Kind.NUMBER: ["0.5", True, None, float("nan"), float("inf"), -float("inf"), 10**400],
    Kind.FLAG: [0, 1, "true", None],
    Kind.CHOICE: [0, None, True, ["he"]],
    Kind.TEXT: [0, None, True, ["x"]],
    Kind.NUMBERS: [1.0, None, "1, 2", [1.0, "2"], [True], [float("nan")], {"0": 1.0}],
}


ALSO: dict[tuple[str, str], dict[str, object]] = {("custom", "inputs"): {"expression": "a * b"}}
"""Settings that must change with another, which would not be sound alone."""


def outside(field: Field) -> list[object]:
    """Values of the right type that are not allowed."""
    match field.kind:
        case Kind.FLAG:
            return []
        case Kind.CHOICE:
            return ["", "no-such-choice"]
        case Kind.TEXT:
            return ["x" * (field.most + 1), "x\n", "x\ud800"]
        case Kind.NUMBERS:
            assert field.low is not None
            return [[field.low - 1.0], [1.0] * (field.most + 1)]
        case Kind.INTEGER:
            assert field.low is not None
            assert field.high is not None
            return [int(field.low) - 1, int(field.high) + 1]
        case Kind.NUMBER:
            assert field.high is not None
            under = field.above if field.above is not None else field.low
            assert under is not None
            return [under if field.above is not None else under - 1.0, field.high * 2]


def other(field: Field) -> object:
    """An allowed value that is not the default."""
    match field.kind:
        case Kind.FLAG:
            return not field.default
        case Kind.CHOICE:
            return next(key for key, _ in field.choices if key != field.default)
        case Kind.TEXT:
            return "x + 1"
        case Kind.NUMBERS:
            return (1.0, 0.5)
        case Kind.INTEGER:
            assert field.low is not None
            return int(field.low) if field.low != field.default else int(field.low) + 1
        case Kind.NUMBER:
            assert field.high is not None
            return field.high


def around(spec: Spec) -> Network:
    """A network that holds `spec` as node `it`, or trains with it."""
    source = Node("in", "in", layers()["input"]())
    if isinstance(spec, OptimizerSpec):
        return Network((source,), (), TrainingSetup("digits", spec))
    if isinstance(spec, ScheduleSpec):
        return Network((source,), (), TrainingSetup("digits", schedule=spec))
    assert isinstance(spec, LayerSpec)
    wires = tuple(Wire("in", "it", port) for port in range(len(spec.ports)))
    return Network((source, Node("it", "it", spec)), wires, TrainingSetup("digits"))


@every_spec
def test_that_a_spec_is_documented(spec_id: str) -> None:
    cls = SPECS[spec_id]
    info = cls.info
    assert info.id == spec_id
    assert cls.__doc__
    assert info.title
    assert info.summary.endswith(".")
    assert info.latex
    assert info.latex.count("{") == info.latex.count("}")
    assert info.plain
    assert (info.category is Category.OPTIMIZER) == issubclass(cls, OptimizerSpec)
    assert (info.category is Category.SCHEDULE) == issubclass(cls, ScheduleSpec)
    if issubclass(cls, LayerSpec):
        assert "→" in info.shape


def test_that_no_two_specs_share_an_id_or_a_title() -> None:
    assert len(SPECS) == len(layers()) + len(losses()) + len(optimizers()) + len(schedules())
    titles = [cls.info.title for cls in SPECS.values()]
    assert sorted(titles) == sorted(set(titles))


def test_that_no_setting_of_training_has_the_name_of_another() -> None:
    """They stand in one panel, and a problem finds its place there by the name."""
    for optimizer in optimizers().values():
        for schedule in schedules().values():
            names = [f.name for c in (TrainingSetup, optimizer, schedule) for f in c.fields()]
            assert sorted(names) == sorted(set(names))


@every_optimizer
def test_that_the_rate_of_an_optimizer_is_one_of_its_settings(spec_id: str) -> None:
    spec = optimizers()[spec_id]()
    assert getattr(spec, spec.rate_field) == spec.rate > 0.0
    assert spec.rate_field in {f.name for f in spec.fields()}


@every_field
def test_that_a_field_is_documented_and_its_default_is_allowed(spec_id: str, field: Field) -> None:
    assert field.label
    assert field.doc.endswith(".")
    assert field.allowed
    assert field.fits_type(field.default)
    assert field.fits_range(field.default)
    if field.kind is Kind.CHOICE:
        assert all(key and label for key, label in field.choices)


@every_spec
def test_that_default_settings_survive_a_file(spec_id: str) -> None:
    spec = SPECS[spec_id]()
    assert type(spec).from_config(json.loads(json.dumps(spec.config()))) == spec
    assert type(spec).from_config({}) == spec
    assert not spec.problems("it")


@every_field
def test_that_changed_settings_survive_a_file(spec_id: str, field: Field) -> None:
    cls = SPECS[spec_id]
    also = ALSO.get((spec_id, field.name), {})
    changed = replace(cls(), **{field.name: other(field), **also})
    assert changed != cls()
    assert cls.from_config(json.loads(json.dumps(changed.config()))) == changed
    assert not changed.problems("it")


@every_field
def test_that_a_setting_of_the_wrong_type_is_refused_by_name(spec_id: str, field: Field) -> None:
    for value in WRONG_TYPES[field.kind]:
        with pytest.raises(ConfigError) as caught:
            SPECS[spec_id].from_config({field.name: value}, "my node")
        assert caught.value.code == "field-type"
        assert field.name in str(caught.value)
        assert field.allowed in str(caught.value)
        assert "my node" in str(caught.value)


@every_spec
def test_that_an_unknown_setting_is_refused_by_name(spec_id: str) -> None:
    with pytest.raises(ConfigError) as caught:
        SPECS[spec_id].from_config({"no_such_setting": 1})
    assert caught.value.code == "field-unknown"
    assert "no_such_setting" in str(caught.value)


@every_field
def test_that_a_setting_out_of_range_is_shown_where_it_is_with_its_range(
    spec_id: str, field: Field
) -> None:
    cls = SPECS[spec_id]
    for value in outside(field):
        spec = cls.from_config({field.name: value})
        analysis = analyze(around(spec))
        found = [d for d in analysis.errors if d.code in ("field-range", "setup-range")]
        assert [(d.field, d.node) for d in found] == [
            (field.name, "it" if issubclass(cls, LayerSpec) else None)
        ]
        assert field.allowed in found[0].text
        assert str(getattr(spec, field.name))[:80] in found[0].text
        assert len(found[0].text) < 2_000
        assert analysis.lowered is None
