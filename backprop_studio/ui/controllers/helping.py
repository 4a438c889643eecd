"""F1: leads to the page of the help that is about what is in front."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from backprop_studio.ui import guide
from backprop_studio.ui.controllers.document import Document

if TYPE_CHECKING:
    from backprop_studio.ui.main_window import MainWindow


class HelpController(QObject):
    """Finds the page for where the keyboard is and for what is selected.

    Parameters
    ----------
    window
        With canvas and panels in it.
    document
        Whose layers.
    """

    def __init__(self, window: MainWindow, document: Document) -> None:
        super().__init__(window)
        self._window = window
        self._document = document

    def help(self) -> None:
        """Explain what has the keyboard, or else what is selected, or else the page in front."""
        window, focus = self._window, QApplication.focusWidget()
        pages, canvas = window.help, window.canvas
        if pages.explain_focus(focus):
            pass  # a panel, or a part of the window with a page of its own
        elif window.start.shown:
            pages.explain_topic(guide.START_PAGE)
        elif canvas.selected_nodes():
            spec = self._document.network.node(canvas.selected_nodes()[-1]).spec
            pages.explain_spec(type(spec))
        elif canvas.selected_parts():
            pages.explain_topic(guide.MARKS)
        elif not pages.explain_silent(focus):
            pages.explain_topic(guide.CANVAS)
        window.layouts.open("help", beside_start=window.start.shown)
