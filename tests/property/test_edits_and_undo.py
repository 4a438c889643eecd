"""Any sequence of edits leads back to the start by undo, forward by redo, and through a file."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtWidgets import QApplication

from backprop_studio import assets, data, project
from backprop_studio.data import DataSettings
from backprop_studio.errors import StudioError
from backprop_studio.network import Analysis, Network, aligning, analyze, edits, grouping, layout
from backprop_studio.network.fixes import fix_for
from backprop_studio.network.presets import PRESETS
from backprop_studio.nn import nodes, optimizers, schedules
from backprop_studio.project import Project
from backprop_studio.project.decode import decode
from backprop_studio.project.encode import encode
from backprop_studio.ui.controllers.document import Document

LAYERS = sorted(nodes())
START = project.load(assets.path("examples", "xor.bps")).network
KINDS = (
    "add", "remove", "connect", "cut", "move", "rename", "settings", "setup", "optimizer",
    "paste", "share", "freeze", "arrange", "preset", "insert", "schedule", "data", "fix",
    "note", "text", "width", "arrow", "tie", "group", "ungroup", "join", "leave", "fold",
    "rename group", "replace", "align",
)  # fmt: skip
TEXTS = ("", "words", "é🙂 <b>", "two\nlines", "w" * 3_000)


def _edit(network: Network, kind: str, a: int, b: int, retired: frozenset[str]) -> Network:
    """One edit as a person makes it; the numbers choose what it is about."""
    ids = [n.id for n in network.nodes]
    if kind == "add":
        spec = nodes()[LAYERS[a % len(LAYERS)]]()
        return edits.add_node(network, spec, float(a), float(b), retired=retired)[0]
    if kind == "preset":
        piece = PRESETS[sorted(PRESETS)[a % len(PRESETS)]].make()
        return edits.insert(network, piece, float(a), float(b), retired=retired)[0]
    if kind == "setup":
        return edits.set_setup(network, replace(network.setup, seed=a, batch_size=1 + b % 64))
    if kind == "optimizer":
        made = optimizers()[sorted(optimizers())[a % len(optimizers())]]()
        return edits.set_setup(network, replace(network.setup, optimizer=made))
    if kind == "schedule":
        made = schedules()[sorted(schedules())[a % len(schedules())]]()
        return edits.set_setup(network, replace(network.setup, schedule=made, warmup=b))
    if kind == "data":
        return edits.set_setup(network, replace(network.setup, data=_data(network, a, b)))
    if kind == "fix":
        found = analyze(network)
        fixes = [fix for d in found.diagnostics if (fix := fix_for(found, d)) is not None]
        return fixes[a % len(fixes)].edit(network) if fixes else network
    if kind in MARKS:
        return _mark(network, kind, a, b, retired)
    if not ids:
        return network
    first, second = ids[a % len(ids)], ids[b % len(ids)]
    if kind == "remove":
        return edits.remove(network, {first, second} if a % 2 else {first})
    if kind == "connect":
        return edits.connect(network, first, second, a % 2)
    if kind == "replace":
        return edits.connect(network, first, second, b % 2, replacing=True)
    if kind == "cut" and network.wires:
        return edits.remove(network, wires=[network.wires[a % len(network.wires)]])
    if kind == "insert" and network.wires:
        return edits.insert_into(network, first, network.wires[b % len(network.wires)])
    if kind == "align":
        boxes = {
            n.id: (n.x - 60, n.y - 32, n.x + 60 + len(n.name), n.y + 32) for n in network.nodes
        }
        some = dict(list(boxes.items())[a % 3 :])
        by = aligning.steps(some, get_args(aligning.How)[b % 8], grid=10.0)
        return edits.move(
            network,
            {k: (network.node(k).x + s[0], network.node(k).y + s[1]) for k, s in by.items()},
        )
    if kind == "move":
        return edits.move(network, {first: (a / 7, b / 3), second: (float(b), float(a))})
    if kind == "rename":
        return edits.rename(network, first, f"name_{b}")
    if kind == "settings" and network.node(first).spec.info.id == "dense":
        return edits.set_spec(network, first, nodes()["dense"].from_config({"units": 1 + b}))
    if kind == "paste":
        piece = edits.excerpt(network, {first, second})
        return edits.insert(
            network, piece, float(a), float(b), retired=retired, shared=bool(a % 2)
        )[0]
    if kind == "share":
        return edits.share_weights(network, first, second if a % 3 else None)
    if kind == "freeze":
        return edits.freeze(network, first, bool(b % 2))
    return edits.move(network, layout.arranged(network))


MARKS = KINDS[KINDS.index("note") : KINDS.index("rename group") + 1]


def _mark(network: Network, kind: str, a: int, b: int, retired: frozenset[str]) -> Network:
    """An edit of what stands on the canvas for people alone."""
    text = TEXTS[a % len(TEXTS)]
    if kind == "note":
        return grouping.add_note(network, text, float(a), float(b), retired=retired)[0]
    parts = [*(n.id for n in network.nodes), *network.marks]
    if not parts:
        return network
    first, second = parts[a % len(parts)], parts[b % len(parts)]
    tied = [part for part in (first, second) if part in network]
    if kind == "arrow":
        source, target = (*tied, "", "")[:2]
        start, end = (float(a), float(b)), (float(b), float(a))
        return grouping.add_arrow(
            network, start, end, source=source, target=target, retired=retired
        )[0]
    if kind == "group":
        name = text[:10] if b % 2 else ""
        return grouping.group(network, {first, second}, name, retired=retired)[0]
    notes, arrows, groups = network.notes, network.arrows, network.groups
    if kind in ("text", "width") and notes:
        note = notes[b % len(notes)].id
        if kind == "text":
            return grouping.set_text(network, note, text)
        return grouping.set_width(network, note, 40.0 * a)
    if kind == "tie" and arrows:
        arrow = replace(arrows[b % len(arrows)], x1=float(a), target=(*tied, "")[0])
        return grouping.set_arrow(network, arrow)
    if not groups:
        return network
    one = groups[b % len(groups)].id
    match kind:
        case "ungroup":
            return grouping.ungroup(network, [one])
        case "join":
            return grouping.join(network, one, [first])
        case "leave":
            return grouping.leave(network, [first])
        case "fold":
            return grouping.set_collapsed(network, [one], bool(a % 2))
        case "rename group":
            return grouping.rename_group(network, one, text)
    return network


def _data(network: Network, a: int, b: int) -> DataSettings:
    """What is done to the data, done otherwise."""
    kinds = data.corruptions()
    made = kinds[sorted(kinds)[a % len(kinds)]]()
    corruptions = (*network.setup.data.corruptions, made)[-3:]
    return replace(
        network.setup.data,
        corruptions=corruptions,
        scaling=("none", "standard", "range")[b % 3],
        shuffle=bool(a % 2),
    )


STEPS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 99), st.integers(0, 99)), max_size=30
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, back=st.lists(st.integers(0, 30), max_size=4))
def test_that_any_edits_are_undone_and_redone_and_saved(
    steps: list[tuple[str, int, int]], back: list[int], qapp: QApplication, tmp_path: Path
) -> None:
    document = Document()
    document.reset(START)
    moments = [START]
    refused = 0
    for kind, a, b in steps:
        before = document.network
        try:
            after = _edit(before, kind, a, b, document.retired)
        except StudioError:
            refused += 1
            assert document.network is before
            continue
        document.apply(kind, after)
        if after != before:
            moments.append(after)
    stack = document.undo_stack
    assert stack.count() == len(moments) - 1
    # All the way back and forth, and to any moment of the history.
    for place in range(len(moments) - 1, -1, -1):
        assert document.network == moments[place]
        stack.undo()
    assert document.network == START and stack.isClean()
    for place in range(len(moments)):
        assert document.network == moments[place]
        stack.redo()
    for place in back:
        stack.setIndex(min(place, len(moments) - 1))
        assert document.network == moments[min(place, len(moments) - 1)]
        assert document.analysis.network == document.network
    # What any edits lead to can be written, and reads back as it is.
    last = moments[-1]
    assert decode(encode(last)) == last
    path = tmp_path / "net.bps"
    project.save(Project(last), path)
    assert project.load(path).network == last
    document.deleteLater()


def _makers(module: ModuleType) -> set[str]:
    """Names of the public functions of a module that make a network."""
    return {
        name
        for name, made in inspect.getmembers(module, inspect.isfunction)
        if made.__module__ == module.__name__
        and not name.startswith("_")
        and re.match(r"(tuple\[)?Network\b", str(made.__annotations__.get("return", "")))
    }


def test_that_the_edits_reach_every_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The property above would hold for edits that do nothing, or leave some kinds out, too."""
    start, _ = edits.add_node(START, nodes()["relu"](), 0.0, 200.0)
    start, _ = edits.add_node(start, nodes()["add"](), 0.0, 400.0)
    start, note = grouping.add_note(start, "words", 0.0, 0.0)
    start, _ = grouping.add_arrow(start, (0.0, 0.0), (9.0, 9.0), source=note)
    start, _ = grouping.group(start, [note, start.nodes[0].id])
    called: set[str] = set()
    wanted: set[str] = set()
    for module in (edits, grouping):
        for name in _makers(module):
            wanted.add(f"{module.__name__}.{name}")
            whole = getattr(module, name)

            def counted(*args: Any, _whole: Any = whole, **kwargs: Any) -> Any:
                called.add(f"{_whole.__module__}.{_whole.__name__}")
                return _whole(*args, **kwargs)

            monkeypatch.setattr(module, name, counted)
    done = set()
    for kind in KINDS:
        for a in range(12):
            for b in range(12):
                try:
                    if _edit(start, kind, a, b, frozenset()) != start:
                        done.add(kind)
                except StudioError:
                    continue
    assert done == set(KINDS)
    # Whoever adds a kind of edit adds it to `KINDS`.
    assert len(wanted) > 20 and wanted - called == set()


def _compare(known: Analysis, network: Network) -> None:
    """What is found from before an edit is what is found of such a network that nobody knows."""
    afresh = replace(network)
    fresh = analyze(afresh)
    assert (known, known.lowered) == (fresh, fresh.lowered)
    assert network.used == afresh.used
    mine, other = network.wiring, afresh.wiring
    assert (mine.order, mine.cycle) == (other.order, other.cycle)
    # Also in the order in which they are listed.
    assert [(k, list(v.items())) for k, v in sorted(mine.into.items())] == [
        (k, list(v.items())) for k, v in sorted(other.into.items())
    ]
    assert sorted(mine.onward.items()) == sorted(other.onward.items())


@settings(max_examples=50, deadline=None)
@given(steps=STEPS)
def test_that_an_analysis_after_edits_is_the_one_from_scratch(
    steps: list[tuple[str, int, int]],
) -> None:
    network, known = START, analyze(START)
    moments = [START]
    for kind, a, b in steps:
        try:
            network = _edit(network, kind, a, b, frozenset())
        except StudioError:
            continue
        moments.append(network)
        known = analyze(network, known)
        _compare(known, network)
    # To any moment of the history at once, as undo and redo go.
    for _, a, _ in steps[:6]:
        network = replace(moments[a % len(moments)])
        known = analyze(network, known)
        _compare(known, network)
    # Beside what is trained: a branch that leads nowhere, and one that cannot be.
    loose, made = edits.add_node(START, nodes()["dense"](), 0.0, 300.0)
    joined = edits.connect(loose, START.wires[0].source, made)
    wrong = edits.set_spec(joined, made, nodes()["dense"].from_config({"units": 0}))
    known = analyze(START)
    for network in (loose, joined, wrong, joined, edits.remove(joined, (made,))):
        known = analyze(network, known)
        _compare(known, network)
    renamed = edits.rename(START, START.nodes[0].id, "another")
    assert analyze(renamed, analyze(START)) == analyze(renamed)
