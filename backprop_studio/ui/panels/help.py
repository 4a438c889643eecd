"""Context help: what a layer, a loss, an optimizer or a panel is, in the words of the code."""

from __future__ import annotations

import html
import inspect
from collections.abc import Mapping

from PySide6.QtWidgets import QComboBox, QLabel, QTextBrowser, QVBoxLayout, QWidget

from backprop_studio.nn import nodes, optimizers, schedules
from backprop_studio.specs import Spec
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
        self._panels: dict[str, QWidget] = {}
        self.topic = QComboBox()
        self.topic.setAccessibleName(self.tr("Topic"))
        self.topic.setToolTip(self.tr("Layers, losses, optimizers, schedules and panels"))
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

    def set_panels(self, panels: Mapping[str, QWidget]) -> None:
        """Take in the panels of the window, by their titles: their classes say what they are."""
        self._panels = dict(panels)
        self.topic.addItems([self._panel_topic(title) for title in self._panels])

    def explain_focus(self, focus: QWidget | None) -> bool:
        """Show the help of the panel that a widget is in; False when it is in none."""
        for title, panel in self._panels.items():
            if focus is not None and (panel is focus or panel.isAncestorOf(focus)):
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
        self.formula.setVisible(spec is not None)
        if spec is not None:
            self.formula.set_formula(spec.info.latex, spec.info.plain)
            self.text.setHtml(self._of_spec(spec))
            return
        for title, panel in self._panels.items():
            if self._panel_topic(title) == topic:
                self.text.setHtml(_of_docstring(type(panel)))

    def _of_spec(self, spec: type[Spec]) -> str:
        parts = [f"<p>{html.escape(spec.info.summary)}</p>"]
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
    paragraphs = "\n".join(prose).strip().split("\n\n")
    return "".join(f"<p>{html.escape(p)}</p>" for p in paragraphs if p)
