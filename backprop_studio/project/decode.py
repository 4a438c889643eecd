"""From the text of `project.json` to a network: text, plain values, checked record, network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from backprop_studio import data
from backprop_studio.data import DataSettings, Options
from backprop_studio.errors import StudioError
from backprop_studio.files import shorten
from backprop_studio.network import (
    Arrow,
    Group,
    Network,
    Node,
    Note,
    TrainingSetup,
    UnknownLayer,
    Wire,
    grouping,
)
from backprop_studio.network.marks import MAX_DEPTH
from backprop_studio.nn import LayerSpec, nodes, optimizers, schedules
from backprop_studio.project import migrations, schema, strict_json
from backprop_studio.project.unsound import UnsoundError
from backprop_studio.specs import ConfigError, Field, Kind, Spec

S = TypeVar("S", bound=Spec)

_LONGEST = 2_000
"""Characters of a text in the settings of a layer, or numbers in a list."""


def decode(text: bytes) -> Network:
    """A network from the text of `project.json`.

    Anything that could have been drawn on the canvas opens, circles and settings that are too
    small too: the document shows its problems. What no canvas could hold is refused, and so are
    layers that are larger than any form allows, and texts and lists far longer than those. (So the
    limits of forms may grow, never shrink.)

    Raises
    ------
    UnsoundError
        The text is not that of a project.
    NewerError
        Its format is not known yet.
    """
    record = schema.validate(migrations.upgrade(strict_json.loads(text)))
    network = Network(
        nodes=tuple(_node(i, n) for i, n in enumerate(record.nodes)),
        wires=tuple(Wire(w.source, w.target, w.port) for w in record.wires),
        setup=_setup(record.setup),
        notes=tuple(Note(n.id, n.text, n.x, n.y, n.width) for n in record.notes),
        arrows=tuple(
            Arrow(a.id, a.x1, a.y1, a.x2, a.y2, a.source or "", a.target or "")
            for a in record.arrows
        ),
        groups=tuple(Group(g.id, g.name, tuple(g.members), g.collapsed) for g in record.groups),
    )
    _require_distinct("id", [*(n.id for n in network.nodes), *_mark_ids(network)])
    _require_distinct("name", [n.name for n in network.nodes])
    _check_wires(network)
    _check_marks(network)
    return network


def _node(index: int, record: schema.NodeRecord) -> Node:
    known = nodes()
    spec: LayerSpec
    if record.type not in known:
        spec = UnknownLayer(type=record.type, settings=record.config)
    else:
        try:
            spec = known[record.type].from_config(record.config, record.name)
        except ConfigError as error:
            raise UnsoundError(f"nodes[{index}]: {_reason(error)}") from None
        _check_sizes(f"nodes[{index}]", record.name, spec, layer=True)
    shares = record.shares or ""
    return Node(record.id, record.name, spec, record.x, record.y, shares, record.frozen)


def _check_sizes(place: str, name: str, spec: Spec, *, layer: bool = False) -> None:
    """Refuse very long texts and lists, and of a layer more units or channels than there can be."""
    for problem in spec.problems(name):
        field = next(f for f in spec.fields() if f.name == problem.field)
        if _is_too_large(field, getattr(spec, field.name), layer=layer):
            raise UnsoundError(f"{place}: {shorten(problem.text.rstrip('.'))}")


def _is_too_large(field: Field, value: Any, *, layer: bool) -> bool:
    match field.kind:
        case Kind.INTEGER:
            return layer and field.high is not None and value > field.high
        case Kind.TEXT | Kind.CHOICE | Kind.NUMBERS:
            # Well above what any form takes: a little too long is seen and can be put right.
            return len(value) > max(2 * field.most, _LONGEST)
    return False


def _setup(record: schema.SetupRecord) -> TrainingSetup:
    return TrainingSetup(
        dataset=record.dataset,
        optimizer=_part("optimizer", record.optimizer, optimizers()),
        schedule=_part("schedule", record.schedule, schedules()),
        batch_size=record.batch_size,
        validation=record.validation,
        seed=record.seed,
        precision=record.precision,
        l1=record.l1,
        l2=record.l2,
        warmup=record.warmup,
        clip=record.clip,
        clip_at=record.clip_at,
        data=_data(record.dataset, record.data),
    )


def _data(dataset: str, record: schema.DataRecord) -> DataSettings:
    return DataSettings(
        options=None if record.options is None else _options(dataset, record.options),
        corruptions=tuple(
            _part(f"data.corruptions[{i}]", c, data.corruptions())
            for i, c in enumerate(record.corruptions)
        ),
        scaling=record.scaling,
        scale_targets=record.scale_targets,
        stratified=record.stratified,
        shuffle=record.shuffle,
    )


def _options(dataset: str, config: Mapping[str, object]) -> Options:
    try:
        kind = data.recipe(dataset)
    except StudioError:  # of another version or machine, perhaps; the document tells
        kind = None
    if kind is None:
        raise UnsoundError(
            f"setup.data.options are given, and no data set '{shorten(dataset, 60)}' has options"
        )
    try:
        options = kind.from_config(config)
    except ConfigError as error:
        raise UnsoundError(f"setup.data.options: {_reason(error)}") from None
    _check_sizes("setup.data.options", options.info.title, options)
    return options


def _part(
    name: str,
    record: schema.OptimizerRecord | schema.ScheduleRecord | schema.CorruptionRecord,
    known: Mapping[str, type[S]],
) -> S:
    kind = known.get(record.type)
    if kind is None:
        raise UnsoundError(
            f"setup.{name}.type is '{shorten(record.type, 60)}'; known are {', '.join(known)}"
        )
    try:
        made = kind.from_config(record.config)
    except ConfigError as error:
        raise UnsoundError(f"setup.{name}: {_reason(error)}") from None
    _check_sizes(f"setup.{name}", made.info.title, made)
    return made


def _check_wires(network: Network) -> None:
    taken: set[tuple[str, int]] = set()
    for index, wire in enumerate(network.wires):
        for end in (wire.source, wire.target):
            if end not in network:
                raise UnsoundError(f"wires[{index}] is wired to '{end}', which is not there")
        source, target = network.node(wire.source), network.node(wire.target)
        if not source.spec.has_output:
            raise UnsoundError(f"wires[{index}] starts at '{source.name}', which has no output")
        if not isinstance(target.spec, UnknownLayer) and wire.port >= len(target.spec.ports):
            raise UnsoundError(f"wires[{index}] ends at a port that '{target.name}' does not have")
        if (wire.target, wire.port) in taken:
            raise UnsoundError(f"wires[{index}] ends at a port of '{target.name}' that is taken")
        taken.add((wire.target, wire.port))


def _mark_ids(network: Network) -> Iterable[str]:
    yield from (n.id for n in network.notes)
    yield from (a.id for a in network.arrows)
    yield from (g.id for g in network.groups)


def _check_marks(network: Network) -> None:
    there = {n.id for n in network.nodes} | {n.id for n in network.notes}
    for index, arrow in enumerate(network.arrows):
        for end in (arrow.source, arrow.target):
            if end and end not in there:
                raise UnsoundError(f"arrows[{index}] is tied to '{end}', which is not there")
    there |= {g.id for g in network.groups}
    held: set[str] = set()
    for index, group in enumerate(network.groups):
        if not group.name.isprintable():
            raise UnsoundError(f"groups[{index}] has a name with signs that cannot be seen")
        for member in group.members:
            if member not in there:
                raise UnsoundError(f"groups[{index}] holds '{member}', which is not there")
            if member in held:
                raise UnsoundError(f"groups[{index}] holds '{member}', which is in a group already")
            held.add(member)
    if grouping.depth(network) > MAX_DEPTH:
        raise UnsoundError(f"more than {MAX_DEPTH} groups stand in each other")


def _require_distinct(what: str, keys: Iterable[str]) -> None:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            raise UnsoundError(f"two nodes have the {what} '{key}'")
        seen.add(key)


def _reason(error: ConfigError) -> str:
    return shorten(str(error).rstrip("."))
