"""Any sequence of edits can be undone to the start, and whatever it makes can be kept in a file."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks import chain
from PySide6.QtWidgets import QApplication

from backprop_studio.errors import EditError
from backprop_studio.network import Network, analyze, edits, fixes, grouping, layout
from backprop_studio.network.presets import PRESETS
from backprop_studio.nn import nodes
from backprop_studio.nn.layers.dense import Dense
from backprop_studio.project import decode, encode
from backprop_studio.ui.controllers.document import Document

LAYERS = ("input", "dense", "relu", "add", "flatten", "conv2d", "mse", "softmax_cross_entropy")
places = st.integers(-500, 500).map(lambda k: 10.0 * k)


@dataclass(frozen=True, repr=False)
class Now:
    """What is edited. Hypothesis writes it down, and a network would be very long."""

    network: Network
    retired: frozenset[str]


@st.composite
def change(draw: st.DrawFn, now: Now) -> Network:
    """One edit of a kind that is drawn, as somebody at the canvas could make it."""
    network, retired = now.network, now.retired
    nodes_, marks = [n.id for n in network.nodes], list(network.marks)
    groups = [g.id for g in network.groups]
    parts = [*nodes_, *marks]
    some = st.lists(st.sampled_from(parts), min_size=1, max_size=4) if parts else st.just([])
    one = st.sampled_from(nodes_) if nodes_ else st.just("")
    kind = draw(st.integers(0, 17))
    match kind:
        case 0:
            spec = nodes()[draw(st.sampled_from(LAYERS))]()
            return edits.add_node(network, spec, draw(places), draw(places), retired=retired)[0]
        case 1 if nodes_:
            return edits.connect(network, draw(one), draw(one), draw(st.integers(0, 1)))
        case 2:
            wires = draw(st.lists(st.sampled_from(network.wires), max_size=2)) if (
                network.wires) else []  # fmt: skip
            return edits.remove(network, draw(some)[:2], wires)
        case 3:
            chosen = draw(some)
            return edits.move(
                network,
                {p: (draw(places), draw(places)) for p in chosen if p not in groups},
            )
        case 4 if nodes_:
            return edits.rename(network, draw(one), draw(st.sampled_from(("a", "b", "c"))))
        case 5 if nodes_:
            # A layer's settings change, its type does not.
            chosen = draw(one)
            spec = network.node(chosen).spec
            units = draw(st.integers(1, 9))
            changed = replace(spec, units=units) if isinstance(spec, Dense) else spec
            return edits.set_spec(network, chosen, changed)
        case 6:
            piece = edits.excerpt(network, draw(some))
            x, y, shared = draw(places), draw(places), draw(st.booleans())
            return edits.insert(network, piece, x, y, retired=retired, shared=shared)[0]
        case 7:
            piece = PRESETS[draw(st.sampled_from(sorted(PRESETS)))].make()
            return edits.insert(network, piece, draw(places), draw(places), retired=retired)[0]
        case 8 if nodes_:
            return edits.freeze(network, draw(one), draw(st.booleans()))
        case 9 if nodes_:
            return edits.share_weights(network, draw(one), draw(one))
        case 10:
            text = draw(st.text(max_size=9))
            return grouping.add_note(network, text, draw(places), draw(places))[0]
        case 11:
            ends = [p for p in parts if p not in groups and not p.startswith("arrow")]
            end = st.sampled_from(["", *ends])
            start, stop = (draw(places), draw(places)), (draw(places), draw(places))
            return grouping.add_arrow(network, start, stop, source=draw(end), target=draw(end))[0]
        case 12:
            return grouping.group(network, draw(some), retired=retired)[0]
        case 13 if groups:
            return grouping.ungroup(network, draw(st.lists(st.sampled_from(groups), max_size=2)))
        case 14 if groups:
            return grouping.set_collapsed(network, groups, draw(st.booleans()))
        case 15:
            return edits.move(network, layout.arranged(network))
        case 16:
            analysis = analyze(network)
            found = [f for p in analysis.diagnostics if (f := fixes.fix_for(analysis, p))]
            return draw(st.sampled_from(found)).edit(network) if found else network
        case 17:
            return grouping.leave(network, draw(some))
    return network


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_that_any_edits_undo_to_the_start_and_redo_to_the_end(
    qapp: QApplication, data: st.DataObject
) -> None:
    document = Document()
    document.reset(chain(batch_size=8))
    seen = [document.network]
    for _ in range(data.draw(st.integers(1, 12))):
        try:
            made = data.draw(change(Now(document.network, document.retired)))
        except EditError:
            continue
        document.apply("An edit", made)
        if document.network != seen[-1]:
            seen.append(document.network)
        text = encode(made)
        assert decode(text) == made and encode(decode(text)) == text
    assert document.undo_stack.count() == len(seen) - 1
    for network in reversed(seen[:-1]):
        document.undo_stack.undo()
        assert document.network == network
    for network in seen[1:]:
        document.undo_stack.redo()
        assert document.network == network
