"""Canvas and outline that have followed any edits show what new ones show of the result."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtWidgets import QApplication, QTreeWidgetItem

from backprop_studio.errors import StudioError
from backprop_studio.network import grouping
from backprop_studio.ui.canvas.scene import NetworkScene
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.panels.outline import _NODE, _WIRE, OutlinePanel
from tests.property.test_edits_and_undo import KINDS, START, _edit

STEPS = st.lists(
    st.tuples(
        st.sampled_from((*KINDS, "undo", "redo", "group", "fold")),
        st.integers(0, 99),
        st.integers(0, 99),
    ),
    max_size=20,
)


def _shown(scene: NetworkScene) -> dict[object, object]:
    """All that can be seen of each part, but for the way that a wire takes."""
    found: dict[object, object] = {}
    for key, item in scene.nodes.items():
        found[key] = (
            item.node, item.pos().toTuple(), item.width, item.isVisible(), item.opacity(),
            item.findings, item.fix, item.note, item.toolTip(), item.look_afar(),
            item._captions,
        )  # fmt: skip
    for wire, drawn in scene.wires.items():
        start, end = scene._ends(wire)
        found[wire] = (
            drawn.label, drawn.broken, drawn.isVisible(), drawn.runs_between(start, end),
            drawn.look_afar(),
        )  # fmt: skip
    for key, mark in scene.marks.items.items():
        found[key] = mark.card_rect().getRect(), mark.isVisible()
    found["cards"] = dict(scene._cards._rects)
    wired = {(key, item.wire) for key, items in scene._at_node.items() for item in items}
    found["wires at nodes"] = wired
    return found


def _listed(item: QTreeWidgetItem) -> object:
    """All that an outline says, from an item on down."""
    wire, key = item.data(0, _WIRE), item.data(0, _NODE)
    below = [_listed(item.child(row)) for row in range(item.childCount())]
    error = item.foreground(0).color().name() if item.toolTip(0) else ""
    return [item.text(k) for k in range(3)], item.toolTip(0), error, key, wire, below


def _group(document: Document, kind: str, a: int, b: int) -> None:
    network = document.network
    if kind == "group" and network.nodes:
        ids = [n.id for n in network.nodes]
        parts = {ids[a % len(ids)], ids[b % len(ids)]}
        document.apply("Group", grouping.group(network, parts)[0])
    elif kind == "fold" and network.groups:
        chosen = network.groups[a % len(network.groups)]
        folded = grouping.set_collapsed(network, (chosen.id,), not chosen.collapsed)
        document.apply("Fold", folded)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_that_canvas_and_outline_after_edits_are_like_those_made_anew(
    steps: list[tuple[str, int, int]], qapp: QApplication
) -> None:
    document = Document()
    document.reset(START)
    scene, outline = NetworkScene(document), OutlinePanel()
    document.analysis_changed.connect(outline.set_network)
    outline.set_network(document.analysis)
    for kind, a, b in steps:
        try:
            if kind == "undo":
                document.undo_stack.undo()
            elif kind == "redo":
                document.undo_stack.redo()
            elif kind in ("group", "fold"):
                _group(document, kind, a, b)
            else:
                after = _edit(document.network, kind, a, b, document.retired)
                document.apply(kind, after)
        except StudioError:
            continue
    other = Document()
    other.reset(document.network)
    anew = NetworkScene(other)
    assert _shown(scene) == _shown(anew)
    assert scene.content().isEmpty() == anew.content().isEmpty()
    again = OutlinePanel()
    again.set_network(document.analysis)
    root, other_root = (o.tree.invisibleRootItem() for o in (outline, again))
    assert _listed(root) == _listed(other_root)
    for each in (outline, again, scene, anew, document, other):
        each.deleteLater()
