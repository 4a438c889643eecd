"""The inspector: what the selected layer is, its settings, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.autograd import format_shape
from backprop_studio.errors import Diagnostic, EditError
from backprop_studio.files import shorten
from backprop_studio.network import (
    Analysis,
    Arrow,
    Group,
    Network,
    Node,
    UnknownLayer,
    edits,
    fixes,
    grouping,
)
from backprop_studio.network.remedy import Fix
from backprop_studio.ui import theme
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.widgets.chip import Chip
from backprop_studio.ui.widgets.field_editors import ChoiceEditor, FlagEditor, LineEditor
from backprop_studio.ui.widgets.formula import FormulaView
from backprop_studio.ui.widgets.note import Note
from backprop_studio.ui.widgets.spec_form import FieldGrid, SpecForm

_SETTINGS = 20
"""Settings of an unknown layer that are shown."""


class InspectorPanel(QWidget):
    """Shows and edits the one selected layer; each committed change is one entry of the history.

    Parameters
    ----------
    document : Document
        Where the layers are, and where changes go.
    parent : QWidget, optional

    Signals
    -------
    fix_requested(fix)
        The remedy of a problem is wanted, a `Fix`.
    """

    fix_requested = Signal(object)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._selection: tuple[str, ...] = ()
        self._marks: tuple[str, ...] = ()
        self._shown: str | None = None
        self._notes: list[Note] = []
        self._remedies: dict[Note, Fix | None] = {}

        self._hint = QLabel()
        self._hint.setTextFormat(Qt.TextFormat.PlainText)
        self._hint.setWordWrap(True)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setContentsMargins(16, 16, 16, 16)
        theme.set_role(self._hint, "muted")
        self._pages = QStackedWidget()
        self._pages.addWidget(self._hint)
        self._scroll = self._build()
        self._pages.addWidget(self._scroll)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)

        document.analysis_changed.connect(self._refresh)
        self._refresh()

    @property
    def form(self) -> SpecForm:
        """The settings of the layer shown."""
        return self._form

    @property
    def name_edit(self) -> LineEditor:
        """The name of the layer shown."""
        return self._name

    @property
    def problems(self) -> tuple[str, ...]:
        """The problems of the layer shown, as they are written below it."""
        return tuple(note.text for note in self._notes)

    @property
    def name_reason(self) -> str:
        """Why the last name was refused; empty when it was not."""
        return self._names.note("name")

    @property
    def weights_editor(self) -> ChoiceEditor:
        """Whose weights the layer shown has."""
        return self._weights

    @property
    def frozen_editor(self) -> FlagEditor:
        """Whether the layer shown is kept from learning."""
        return self._frozen

    @property
    def facts(self) -> tuple[str, str]:
        """Shape and number of parameters, as shown."""
        return self._shape.text(), self._count.text()

    @property
    def message(self) -> str:
        """What is said in place of settings; empty while there are settings to show."""
        hidden = self._pages.currentWidget() is self._hint
        return self._hint.text() if hidden else self._summary.text()

    def content_width(self) -> int:
        """The least width in pixels that shows everything."""
        return self._content.minimumSizeHint().width()

    def set_selection(self, node_ids: Iterable[str]) -> None:
        """Show these nodes: the settings of one, how many they are of several."""
        self._selection = tuple(node_ids)
        self._refresh()

    def set_marks(self, mark_ids: Iterable[str]) -> None:
        """Say what these notes, arrows and groups are, while no node is shown."""
        self._marks = tuple(mark_ids)
        self._refresh()

    def commit_edits(self) -> None:
        """Take an edit in progress as meant, as before training or saving."""
        self._name.commit()
        self._form.commit()

    def _build(self) -> QScrollArea:
        self._chip = Chip(26)
        self._title = QLabel()
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        theme.set_role(self._title, "heading")
        self._summary = QLabel()
        self._summary.setWordWrap(True)
        self._summary.setTextFormat(Qt.TextFormat.PlainText)
        theme.set_role(self._summary, "muted")
        header = QHBoxLayout()
        header.setSpacing(8)
        header.addWidget(self._chip)
        header.addWidget(self._title, 1)

        self._name = LineEditor()
        self._name.setMaxLength(64)
        self._name.committed.connect(self._rename)
        self._names = FieldGrid()
        tip = self.tr("Letters, digits, '_', '-' or '.'; exported weights carry this name.")
        self._names.add_row("name", self.tr("Name"), self._name, tip)
        self._name.textEdited.connect(lambda: self._names.set_reason("name", ""))
        self._form = SpecForm(after=self._name)
        self._form.edited.connect(self._set)

        self._weights, self._frozen = ChoiceEditor(()), FlagEditor()
        self._learning = FieldGrid()
        tip = self.tr("Layers that share weights are one layer in several places.")
        self._learning.add_row("weights", self.tr("Weights"), self._weights, tip)
        tip = self.tr("Keep the weights as they are while the other layers learn.")
        self._learning.add_row("frozen", self.tr("Frozen"), self._frozen, tip)
        self._weights.committed.connect(self._share)
        self._frozen.committed.connect(self._freeze)
        self._formula = FormulaView()
        self._shape, self._count = QLabel(), QLabel()
        self._facts = FieldGrid()
        tip = self.tr("Shape of what goes in and of what comes out. N is the number of rows.")
        self._facts.add_row("shape", self.tr("Shape"), self._shape, tip)
        tip = self.tr("How many numbers this layer learns.")
        self._facts.add_row("parameters", self.tr("Parameters"), self._count, tip)
        for label in (self._shape, self._count):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._problems = QVBoxLayout()
        self._problems.setSpacing(5)

        self._content = QWidget()
        column = QVBoxLayout(self._content)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addLayout(header)
        column.addWidget(self._summary)
        column.addWidget(self._formula)
        column.addWidget(self._names)
        column.addWidget(self._form)
        column.addWidget(self._learning)
        column.addWidget(self._facts)
        column.addLayout(self._problems)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self._content)
        return scroll

    def _refresh(self) -> None:
        network = self._document.network
        chosen = [network.node(i) for i in self._selection if i in network]
        if len(chosen) == 1:
            self._show(chosen[0])
            return
        if self._shown is not None:
            # First of all: once it is hidden, an edit in progress loses the focus and is reported.
            self._shown = None
            self._form.clear()
            self._name.discard()
        if chosen:
            self._hint.setText(self.tr("%n layers selected", "", len(chosen)))
        elif marks := [m for m in self._marks if m in network.marks]:
            self._hint.setText(self._describe_marks(network, marks))
        else:
            self._hint.setText(self.tr("Select a layer to see its settings."))
        self._pages.setCurrentWidget(self._hint)

    def _describe_marks(self, network: Network, marks: list[str]) -> str:
        """A sentence about what is selected that is no layer."""
        mark = network.marks[marks[0]]
        if len(marks) > 1:
            return self.tr("%n notes, arrows and groups selected", "", len(marks))
        if isinstance(mark, Arrow):
            return self.tr("An arrow: drag its ends to where they belong.")
        if not isinstance(mark, Group):
            return self.tr("A note: F2 or a double-click changes its text.")
        nodes = grouping.nodes_in(network, mark.id)
        known = self._document.analysis.parameters
        owners = {network.node(n).weights: n for n in nodes}
        count = sum(known.get(n, 0) for n in owners.values())
        names = ", ".join(network.node(n).name for n in nodes[:8])
        names += ", …" if len(nodes) > 8 else ""
        return self.tr(
            "Group “{name}”\n{layers} layers, {count} parameters\n{names}\n\n"
            "F2 renames it. Return folds it into a block, and unfolds it."
        ).format(name=mark.name, layers=len(nodes), count=f"{count:,}", names=names)

    def _show(self, node: Node) -> None:
        other, self._shown = self._shown != node.id, node.id
        spec, info = node.spec, node.spec.info
        known = not isinstance(spec, UnknownLayer)
        if other:
            self._name.discard()
            self._names.clear_reasons()
            self._scroll.verticalScrollBar().setValue(0)
        self._chip.set_category(info.category)
        self._title.setText(info.title)
        self._title.setToolTip(info.summary)
        self._summary.setText("" if known else self._describe(spec))
        self._summary.setVisible(not known)
        self._name.setReadOnly(not known)
        if not self._name.is_pending():
            self._name.show_value(node.name)
        self._form.set_spec(spec, node.id)
        self._form.setVisible(bool(spec.fields()))
        latex, plain = spec.formula()
        self._formula.set_formula(latex, plain)
        self._formula.setToolTip(plain)
        self._formula.setVisible(bool(plain))
        analysis = self._document.analysis
        self._show_learning(node, analysis)
        self._show_facts(node, analysis)
        self._facts.setVisible(known)
        self._show_problems([d for d in analysis.diagnostics if d.node == node.id])
        self._pages.setCurrentWidget(self._scroll)

    def _describe(self, spec: object) -> str:
        if not isinstance(spec, UnknownLayer):
            return ""
        shown = list(spec.settings.items())[:_SETTINGS]
        # Their values may be megabytes; nobody knows what they are.
        settings = ", ".join(f"{shorten(key, 60)} = {shorten(str(v), 200)}" for key, v in shown)
        settings += ", …" if len(spec.settings) > len(shown) else ""
        lines = [spec.info.summary, self.tr("Type: {type}").format(type=spec.type)]
        if settings:
            lines.append(self.tr("Settings: {settings}").format(settings=settings))
        return "\n".join(lines)

    def _show_learning(self, node: Node, analysis: Analysis) -> None:
        """Whose weights they are, for layers that have some."""
        network = self._document.network
        owners = {n.weights: n for n in reversed(network.nodes) if type(n.spec) is type(node.spec)}
        owners |= {key: network.sharing(key)[0] for key in owners}
        others = [
            (key, self.tr("Those of {name}").format(name=owner.name))
            for key, owner in reversed(owners.items())
            if owner.id != node.id
        ]
        own = ("", self.tr("Its own"))
        self._weights.set_choices((own, *others))
        self._weights.show_value(node.weights if node.weights in dict(others) else "")
        self._weights.setEnabled(bool(others))
        self._frozen.show_value(node.frozen)
        learns = bool(analysis.parameters.get(node.id)) or bool(node.shares) or node.frozen
        self._learning.setVisible(learns)

    def _show_facts(self, node: Node, analysis: Analysis) -> None:
        unknown = self.tr("not known yet")
        network = self._document.network
        wires = network.incoming(node.id)
        shapes = []
        for port in range(len(node.spec.ports)):
            shape = analysis.shapes.get(wires[port].source) if port in wires else None
            shapes.append("?" if shape is None else format_shape(shape))
        result = analysis.shapes.get(node.id)
        if result is None and all(text == "?" for text in shapes):
            self._shape.setText(unknown)
        else:
            after = "?" if result is None else format_shape(result)
            self._shape.setText(f"{', '.join(shapes)} → {after}".strip())
        count = analysis.parameters.get(node.id)
        self._count.setText(unknown if count is None else f"{count:,}")

    def _show_problems(self, problems: list[Diagnostic]) -> None:
        self._form.set_problems(problems)
        analysis = self._document.analysis
        remedies = {id(d): fixes.fix_for(analysis, d) for d in problems}
        # What stands beside its field needs no second place, unless there is a remedy to offer.
        rest = [d for d in problems if d.field not in self._form.names() or remedies[id(d)]]
        while len(self._notes) < len(rest):
            note = Note()
            note.remedy_chosen.connect(partial(self._mend, note))
            self._problems.addWidget(note)
            self._notes.append(note)
        for note in self._notes[len(rest) :]:
            note.hide()
            note.deleteLater()
            self._remedies.pop(note, None)
        del self._notes[len(rest) :]
        for note, problem in zip(self._notes, rest, strict=True):
            beside = problem.field in self._form.names()
            remedy = remedies[id(problem)]
            text = self.tr("This can be mended:") if beside else problem.text
            note.show_text(text, problem.severity)
            note.offer("" if remedy is None else remedy.text)
            self._remedies[note] = remedy

    def _mend(self, note: Note) -> None:
        remedy = self._remedies.get(note)
        if remedy is not None:
            self.fix_requested.emit(remedy)

    def _rename(self, name: str) -> None:
        network = self._document.network
        if self._shown is None or self._shown not in network:
            return
        old = network.node(self._shown).name
        try:
            renamed = edits.rename(network, self._shown, name)
        except EditError as error:
            self._names.set_reason("name", str(error))
            return
        self._names.set_reason("name", "")
        self._document.apply(self.tr("Rename {name}").format(name=old), renamed)

    def _share(self, weights: object) -> None:
        network = self._document.network
        if self._shown is None or self._shown not in network:
            return
        other = network.sharing(str(weights))
        shared = edits.share_weights(network, self._shown, other[0].id if weights else None)
        name = network.node(self._shown).name
        self._document.apply(self.tr("Change weights of {name}").format(name=name), shared)

    def _freeze(self, frozen: object) -> None:
        network = self._document.network
        if self._shown is None or self._shown not in network:
            return
        name = network.node(self._shown).name
        text = self.tr("Freeze {name}") if frozen else self.tr("Unfreeze {name}")
        after = edits.freeze(network, self._shown, bool(frozen))
        self._document.apply(text.format(name=name), after)

    def _set(self, field: str, value: object) -> None:
        network = self._document.network
        if self._shown is None or self._shown not in network:
            return
        node = network.node(self._shown)
        label = next(f.label for f in node.spec.fields() if f.name == field)
        spec = replace(node.spec, **{field: value})
        text = self.tr("Change {field} of {name}").format(field=label, name=node.name)
        self._document.apply(text, edits.set_spec(network, node.id, spec))
