"""What the canvas says about a node in words."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetricsF, QTextLayout

from backprop_studio import data
from backprop_studio.autograd import format_shape
from backprop_studio.errors import Diagnostic, Severity, StudioError
from backprop_studio.network import Analysis, Network, Node, UnknownLayer
from backprop_studio.nn import LossSpec
from backprop_studio.nn.layers.input import Input


def title(node: Node) -> str:
    """Name of the layer type."""
    if isinstance(node.spec, UnknownLayer):
        return node.spec.type or node.spec.info.title
    return node.spec.info.title


def key_setting(node: Node) -> str:
    """The setting that tells a layer from others of its type, such as "64 units"."""
    return node.spec.caption


def parameter_count(count: int) -> str:
    """How many numbers a layer learns, in words."""
    return f"{count:,} parameter" + ("" if count == 1 else "s")


def learning_state(node: Node, network: Network) -> str:
    """What sets the weights of a node apart: frozen, shared, or nothing."""
    words = ["frozen"] if node.frozen else []
    if len(network.sharing(node.weights)) > 1:
        words.append("shared")
    return ", ".join(words)


def detail(node: Node, analysis: Analysis) -> str:
    """Second line of a card: what the layer learns, where the data come from, or its formula."""
    count = analysis.parameters.get(node.id, 0)
    if count:
        state = learning_state(node, analysis.network)
        # Short enough for a card: the state is what makes this layer special.
        return f"{count:,} {state}" if state else parameter_count(count)
    if isinstance(node.spec, Input):
        return dataset_title(analysis.network)
    if isinstance(node.spec, LossSpec) and node.id in analysis.shapes:
        # The formula of a loss is longer than a card is wide; the tooltip has it.
        wires = analysis.network.incoming(node.id).values()
        sources = [format_shape(analysis.shapes[w.source]) for w in wires]
        return f"{', '.join(sources)} → {format_shape(analysis.shapes[node.id])}"
    return node.spec.formula()[1]


def dataset_title(network: Network) -> str:
    """Name of the chosen data set; empty when none is chosen or it is not known."""
    try:
        return data.info(network.setup.dataset).title
    except StudioError:
        return ""


def tooltip(node: Node, analysis: Analysis, findings: Sequence[Diagnostic]) -> str:
    """Everything about a node, as rich text, so that long sentences wrap."""
    lines = [f"<b>{escape(title(node))}</b> · {escape(node.name)}", escape(node.spec.info.summary)]
    if plain := node.spec.formula()[1]:
        lines.append(escape(plain))
    if node.id in analysis.shapes:
        lines.append(f"Output: {format_shape(analysis.shapes[node.id])}")
    if analysis.parameters.get(node.id):
        lines.append(parameter_count(analysis.parameters[node.id]))
    sharing = [n.name for n in analysis.network.sharing(node.weights) if n.id != node.id]
    if sharing:
        lines.append(f"Shares its weights with {escape(', '.join(sharing))}")
    if node.frozen:
        lines.append("Frozen: its weights are not changed")
    lines += [f"<b>{d.severity.title()}:</b> {escape(d.text)}" for d in findings]
    return "<br>".join(lines)


def spoken(node: Node, analysis: Analysis, findings: Sequence[Diagnostic]) -> str:
    """State of a node for a screen reader, in one line."""
    network = analysis.network
    parts = [key_setting(node)]
    if analysis.parameters.get(node.id):
        parts.append(parameter_count(analysis.parameters[node.id]))
    parts.append(learning_state(node, network))
    if node.id in analysis.shapes:
        parts.append(f"output {format_shape(analysis.shapes[node.id])}")
    # The document may be one edit ahead of its analysis.
    incoming = network.incoming(node.id).values()
    sources = [network.node(w.source).name for w in incoming if w.source in network]
    if sources:
        parts.append("wired from " + ", ".join(sources))
    elif node.spec.ports:
        parts.append("nothing wired in")
    parts += [f"{d.severity}: {d.text}" for d in findings]
    return "; ".join(p for p in parts if p)


def worst(findings: Sequence[Diagnostic]) -> Severity | None:
    """The most serious of some problems; None when there are none."""
    if any(d.severity is Severity.ERROR for d in findings):
        return Severity.ERROR
    return Severity.WARNING if findings else None


def wrap(text: str, font: QFont, width: float, most: int) -> tuple[str, ...]:
    """`text` in lines of at most `width`, and at most `most` of them; the last may be elided."""
    layout = QTextLayout(text, font)
    layout.beginLayout()
    starts: list[int] = []
    while (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        starts.append(line.textStart())
    layout.endLayout()
    lines = [text[a:b].strip() for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]
    if len(lines) <= most:
        return tuple(lines)
    rest = text[starts[most - 1] :]
    metrics = QFontMetricsF(font)
    return (*lines[: most - 1], metrics.elidedText(rest, Qt.TextElideMode.ElideRight, width))
