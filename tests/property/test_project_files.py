"""Any network can be saved, and no damage to a file is anything but refused or harmless."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backprop_studio import data, project
from backprop_studio.errors import ProjectError
from backprop_studio.network import (
    Arrow,
    Group,
    Network,
    Node,
    Note,
    TrainingSetup,
    UnknownLayer,
    Wire,
)
from backprop_studio.nn import nodes, optimizers, schedules
from backprop_studio.project import container
from backprop_studio.project.decode import decode
from backprop_studio.project.encode import encode
from backprop_studio.specs import Field, Kind, Spec

MAKE_FILE = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])

integers = st.integers(-(2**63) + 1, 2**63 - 1)
numbers = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(codec="utf-8"), max_size=20)
ids = st.from_regex(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}", fullmatch=True)
names = st.from_regex(r"[A-Za-z0-9_.-]{1,64}", fullmatch=True)
places = st.floats(-1e9, 1e9)
plain = st.recursive(
    st.none() | st.booleans() | integers | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def values(field: Field) -> st.SearchStrategy[object]:
    match field.kind:
        case Kind.INTEGER:
            return integers
        case Kind.NUMBER:
            return numbers
        case Kind.FLAG:
            return st.booleans()
        case Kind.CHOICE:
            return st.sampled_from([key for key, _ in field.choices]) | texts
        case Kind.TEXT:
            return texts
        case Kind.NUMBERS:
            return st.lists(numbers, max_size=4)


def configs(spec: type[Spec]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({f.name: values(f) for f in spec.fields()})


def sizes(spec: type[Spec]) -> st.SearchStrategy[dict[str, Any]]:
    """Settings of a layer, whose whole numbers are at most too small; too large is refused."""
    found = {f.name: values(f) for f in spec.fields()}
    found |= {
        f.name: st.integers(-(2**63) + 1, int(f.high))
        for f in spec.fields()
        if f.kind is Kind.INTEGER and f.high is not None
    }
    return st.fixed_dictionaries(found)


unknown = st.builds(
    UnknownLayer,
    type=st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).filter(
        lambda t: t not in nodes()
    ),
    settings=st.dictionaries(texts, plain, max_size=3),
)
specs = unknown | st.sampled_from(list(nodes().values())).flatmap(
    lambda kind: sizes(kind).map(kind.from_config)
)


@st.composite
def setups(draw: st.DrawFn) -> TrainingSetup:
    kind = draw(st.sampled_from(list(optimizers().values())))
    plan = draw(st.sampled_from(list(schedules().values())))
    recipes = {i.id: r for i in data.infos() if (r := data.recipe(i.id)) is not None}
    dataset = draw(st.sampled_from(list(recipes)) | texts)
    options = None
    if dataset in recipes and draw(st.booleans()):
        options = recipes[dataset].from_config(draw(configs(recipes[dataset])))
    spoilt = draw(st.lists(st.sampled_from(list(data.corruptions().values())), max_size=3))
    return TrainingSetup(
        dataset=dataset,
        data=data.DataSettings(
            options=options,
            corruptions=tuple(k.from_config(draw(configs(k))) for k in spoilt),
            **draw(configs(data.DataSettings)),
        ),
        optimizer=kind.from_config(draw(configs(kind))),
        schedule=plan.from_config(draw(configs(plan))),
        **draw(configs(TrainingSetup)),
    )


@st.composite
def networks(draw: st.DrawFn) -> Network:
    keys = draw(st.lists(ids, max_size=6, unique=True))
    titles = draw(st.lists(names, min_size=len(keys), max_size=len(keys), unique=True))
    made = tuple(
        Node(key, title, draw(specs), draw(places), draw(places))
        for key, title in zip(keys, titles, strict=True)
    )
    sources = [n.id for n in made if n.spec.has_output]
    wires = tuple(
        Wire(draw(st.sampled_from(sources)), n.id, port)
        for n in made
        for port in range(len(n.spec.ports))
        if sources and draw(st.booleans())
    )
    marks = draw(st.lists(ids.filter(lambda i: i not in keys), max_size=4, unique=True))
    notes = tuple(
        Note(key, draw(texts), draw(places), draw(places), draw(st.floats(60.0, 1200.0)))
        for key in marks[:2]
    )
    ends = st.sampled_from(["", *keys, *(n.id for n in notes)])
    arrows = tuple(
        Arrow(key, *(draw(places) for _ in range(4)), draw(ends), draw(ends)) for key in marks[2:3]
    )
    members = [*keys, *(n.id for n in notes)]
    groups = tuple(
        Group(key, draw(names), tuple(members), draw(st.booleans())) for key in marks[3:] if members
    )
    return Network(made, wires, draw(setups()), notes, arrows, groups)


@given(networks())
def test_that_any_network_reads_back_the_same(network: Network) -> None:
    text = encode(network)
    assert decode(text) == network
    assert encode(decode(text)) == text


@MAKE_FILE
@given(network=networks(), drawn=st.data())
def test_that_any_project_opens_as_it_was_saved(
    network: Network, drawn: st.DataObject, tmp_path: Path
) -> None:
    weights = {}
    for node in network.nodes:
        for name in drawn.draw(st.lists(ids, max_size=2, unique=True)):
            shape = drawn.draw(st.lists(st.integers(0, 3), max_size=3))
            kind = drawn.draw(st.sampled_from([np.float32, np.float64]))
            weights[node.id, name] = np.full(shape, drawn.draw(st.floats(-9.0, 9.0)), kind)
    path = tmp_path / "net.bps"
    project.save(project.Project(network, weights), path)
    opened = project.load(path)
    assert opened.network == network
    assert opened.weights.keys() == weights.keys()
    for key, array in weights.items():
        assert opened.weights[key].dtype == array.dtype
        assert np.array_equal(opened.weights[key], array)


# --- Damage


def sound() -> project.Project:
    kinds = nodes()
    network = Network(
        (
            Node("input_1", "input", kinds["input"]()),
            Node("dense_1", "hidden", kinds["dense"](), 170.0),
        ),
        (Wire("input_1", "dense_1"),),
        TrainingSetup(dataset="digits"),
    )
    return project.Project(network, {("dense_1", "bias"): np.arange(5, dtype=np.float32)})


def content() -> bytes:
    file = io.BytesIO()
    made = sound()
    container.write(file, encode(made.network), made.weights)
    return file.getvalue()


CONTENT = content()


def assert_refused_or_the_same(path: Path, damaged: bytes) -> None:
    path.write_bytes(damaged)
    try:
        opened = project.load(path)
    except ProjectError as error:
        assert len(str(error)) < 2_000
        assert error.code in ("project-corrupt", "project-newer")
        return
    assert opened.network == sound().network
    assert list(opened.weights) == list(sound().weights)
    for key, array in sound().weights.items():
        assert np.array_equal(opened.weights[key], array)


@settings(MAKE_FILE, max_examples=400)
@given(place=st.integers(0, len(CONTENT) - 1), flip=st.integers(1, 255))
def test_that_a_changed_byte_is_refused_or_harmless(place: int, flip: int, tmp_path: Path) -> None:
    damaged = bytearray(CONTENT)
    damaged[place] ^= flip
    assert_refused_or_the_same(tmp_path / "net.bps", bytes(damaged))


@settings(MAKE_FILE, max_examples=100)
@given(length=st.integers(0, len(CONTENT) - 1))
def test_that_a_cut_off_file_is_refused(length: int, tmp_path: Path) -> None:
    path = tmp_path / "net.bps"
    path.write_bytes(CONTENT[:length])
    with pytest.raises(ProjectError) as caught:
        project.load(path)
    assert caught.value.code == "project-corrupt"


@settings(MAKE_FILE, max_examples=100)
@given(tail=st.binary(max_size=100), start=st.binary(max_size=10))
def test_that_bytes_around_a_file_are_refused_or_harmless(
    tail: bytes, start: bytes, tmp_path: Path
) -> None:
    assert_refused_or_the_same(tmp_path / "net.bps", start + CONTENT + tail)


@settings(MAKE_FILE, max_examples=100)
@given(document=plain)
def test_that_any_other_json_is_refused(document: object, tmp_path: Path) -> None:
    path = tmp_path / "net.bps"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("project.json", json.dumps(document))
    with pytest.raises(ProjectError):
        project.load(path)
