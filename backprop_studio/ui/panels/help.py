"""Context help: what a layer, a loss, a corruption or a panel is, in the words of the code."""

from __future__ import annotations

import html
import inspect
from collections.abc import Callable, Collection, Mapping

from PySide6.QtWidgets import QComboBox, QLabel, QTextBrowser, QVBoxLayout, QWidget

from backprop_studio import data
from backprop_studio.data import Corruption
from backprop_studio.nn import nodes, optimizers, schedules
from backprop_studio.specs import Spec
from backprop_studio.ui.guide import TOPIC, TOPICS, corruption_topic
from backprop_studio.ui.widgets.formula import FormulaView


class HelpPanel(QWidget):
    """One topic at a time; the list has all of them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._specs: dict[str, type[Spec]] = {
            spec.info.title: spec
            for registry in (nodes(), optimizers(), schedules())
            for spec in registry.values()
        }
        self._specs |= {corruption_topic(kind): kind for kind in data.corruptions().values()}
        self._places: dict[str, QWidget] = {}
        self._kind: Callable[[str], type[QWidget]] = lambda title: QWidget
        self._silent: frozenset[str] = frozenset()
        self._guides: dict[str, str] = dict(TOPICS)
        self.topic = QComboBox()
        self.topic.setAccessibleName(self.tr("Topic"))
        self.topic.setToolTip(
            self.tr("Layers, losses, optimizers, schedules, corruptions of data, and panels")
        )
        self.topic.addItems(list(TOPICS))
        self.topic.addItems(sorted(self._specs))
        self.topic.currentTextChanged.connect(self._show)
        self.formula = FormulaView()
        self.text = QTextBrowser()
        self.text.setAccessibleName(self.tr("Help"))
        self.text.setFrameShape(QTextBrowser.Shape.NoFrame)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addWidget(self.topic)
        self.heading = QLabel()
        layout.addWidget(self.heading)
        layout.addWidget(self.formula)
        layout.addWidget(self.text, 1)
        self._show(self.topic.currentText())

    def set_panels(
        self,
        places: Mapping[str, QWidget],
        kind: Callable[[str], type[QWidget]],
        guides: Mapping[str, str],
        silent: Collection[str] = (),
    ) -> None:
        """Take in the panels of the window: their classes say what they are.

        Parameters
        ----------
        places
            What each panel stands in, by title.
        kind
            The class of a panel, by title; asked for when its help is.
        guides
            How to read them, by title, where there is more to say.
        silent
            Titles of those that speak of the selected layer: with the keyboard in them, that is
            what is explained.
        """
        self._places = dict(places)
        self._kind = kind
        self._silent = frozenset(silent)
        self._guides |= {self._panel_topic(title): text for title, text in guides.items()}
        self.topic.addItems([self._panel_topic(title) for title in self._places])

    def explain_topic(self, topic: str) -> None:
        """Show one of `TOPICS`."""
        self.topic.setCurrentText(topic)

    def explain_focus(self, focus: QWidget | None) -> bool:
        """Show the help of the panel that a widget is in; False when it is in none."""
        at = focus
        while at is not None:
            topic = at.property(TOPIC)
            if topic:
                self.topic.setCurrentText(topic)
                return True
            at = at.parentWidget()
        return self._explain_panel(focus, [t for t in self._places if t not in self._silent])

    def explain_silent(self, focus: QWidget | None) -> bool:
        """The same of those that speak of the selected layer, for when none is selected."""
        return self._explain_panel(focus, self._silent)

    def _explain_panel(self, focus: QWidget | None, titles: Collection[str]) -> bool:
        for title in titles:
            place = self._places[title]
            if focus is not None and (place is focus or place.isAncestorOf(focus)):
                self.topic.setCurrentText(self._panel_topic(title))
                return True
        return False

    def explain_spec(self, spec: type[Spec]) -> None:
        """Show the help of a layer, loss, optimizer or schedule."""
        self.topic.setCurrentText(spec.info.title)

    def _panel_topic(self, title: str) -> str:
        return self.tr("Panel: {title}").format(title=title)

    def _show(self, topic: str) -> None:
        self.heading.setText(f"<b>{html.escape(topic)}</b>")
        spec = self._specs.get(topic)
        self.formula.setVisible(spec is not None and bool(spec.info.plain))
        if spec is not None:
            self.formula.set_formula(spec.info.latex, spec.info.plain)
            self.text.setHtml(self._of_spec(spec))
            return
        own = next((self._kind(t) for t in self._places if self._panel_topic(t) == topic), None)
        # What is made of a plain widget of Qt has Qt's words, which say nothing here.
        ours = own is not None and own.__module__.startswith("backprop_studio")
        words = _of_docstring(own) if own is not None and ours else ""
        self.text.setHtml(words + _paragraphs(self._guides.get(topic, "")))

    def _of_spec(self, spec: type[Spec]) -> str:
        parts = [f"<p>{html.escape(spec.info.summary)}</p>"]
        if issubclass(spec, Corruption):
            # Why one would do that to data is what the file begins with.
            parts.insert(0, _paragraphs(inspect.getdoc(inspect.getmodule(spec)) or ""))
        if spec.info.shape:
            label = html.escape(self.tr("Shapes"))
            parts.append(f"<p><b>{label}:</b> {html.escape(spec.info.shape)}</p>")
        for field in spec.fields():
            parts.append(
                f"<p><b>{html.escape(field.label)}</b>: {html.escape(field.doc)} "
                f"<i>({html.escape(field.allowed)})</i></p>"
            )
        return "".join(parts)


def _of_docstring(panel: type[QWidget]) -> str:
    """The prose of a class, without the sections for programmers."""
    text = inspect.getdoc(panel) or ""
    prose = []
    lines = text.splitlines()
    for place, line in enumerate(lines):
        under = lines[place + 1] if place + 1 < len(lines) else ""
        if under and not under.strip("-"):
            break  # the heading of a section
        prose.append(line)
    return _paragraphs("\n".join(prose))


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{html.escape(p)}</p>" for p in text.strip().split("\n\n") if p)
