"""The text of a lesson: Markdown and formulas, one below the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QTextCursor, QTextDocument, QTextTable
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from backprop_studio.lessons import Expression, Formula, Text
from backprop_studio.lessons.lesson import fill
from backprop_studio.ui import theme
from backprop_studio.ui.widgets.formula import FormulaView

# What a lesson from elsewhere holds is shown as it was written, never loaded or run.
_MARKDOWN = (
    QTextDocument.MarkdownFeature.MarkdownDialectGitHub
    | QTextDocument.MarkdownFeature.MarkdownNoHTML
)


_PICTURE = re.compile(r"<img\b[^>]*>")
"""What would have a file fetched, perhaps from another machine."""


class MarkdownLabel(QLabel):
    """A paragraph or a few, as Markdown. It can be selected, and links lead nowhere."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._markdown = ""
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)
        self.setOpenExternalLinks(False)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)

    def set_markdown(self, markdown: str) -> None:
        """Show a text; nothing happens when it is shown already."""
        if markdown != self._markdown:
            self._markdown = markdown
            self._show()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.FontChange or theme.is_theme_change(event):
            self._show()
        super().changeEvent(event)

    def _show(self) -> None:
        document = QTextDocument()
        document.setDefaultFont(self.font())
        document.setMarkdown(self._markdown, _MARKDOWN)
        for frame in document.rootFrame().childFrames():
            if isinstance(frame, QTextTable):
                lines = frame.format()
                lines.setBorderBrush(theme.current().color("border"))
                frame.setFormat(lines)
        self._draw_lists_in(document)
        # Qt has escaped all signs of words: what is left as a tag is one.
        self.setText(_PICTURE.sub(self.tr("[a picture]"), document.toHtml()))
        self.setAccessibleName(document.toPlainText())

    def _draw_lists_in(self, document: QTextDocument) -> None:
        """Begin lists near the edge: by itself, Qt leaves a fifth of the panel's width free."""
        depths: dict[int, int] = {}
        block = document.begin()
        while block.isValid():
            points = block.textList()
            if points is not None:
                look = points.format()
                depth = depths.setdefault(points.objectIndex(), look.indent())
                look.setIndent(0)
                points.setFormat(look)
                place = block.blockFormat()
                place.setLeftMargin(depth * 1.4 * self.fontMetrics().height())
                QTextCursor(block).setBlockFormat(place)
            block = block.next()


class LessonText(QWidget):
    """Texts and formulas of a lesson.

    Parameters
    ----------
    blocks
        What to show.
    """

    def __init__(self, blocks: Sequence[Text | Formula], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._blocks = tuple(blocks)
        self._views: list[QWidget] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for block in self._blocks:
            view = MarkdownLabel() if isinstance(block, Text) else FormulaView()
            self._views.append(view)
            layout.addWidget(view)

    def fill(self, number: Callable[[Expression], float | None]) -> None:
        """Show the blocks with their numbers.

        Parameters
        ----------
        number
            Gives a number; None while it is not known.
        """
        for block, view in zip(self._blocks, self._views, strict=True):
            if isinstance(block, Text) and isinstance(view, MarkdownLabel):
                view.set_markdown(fill(block.markdown, number))
            elif isinstance(block, Formula) and isinstance(view, FormulaView):
                latex = fill(block.latex, number, latex=True)
                if latex != view.property("latex"):
                    view.setProperty("latex", latex)
                    view.set_formula(latex, latex)
