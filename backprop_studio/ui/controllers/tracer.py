"""Follows one example of the batch through the network, on the canvas."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject

from backprop_studio.insight.flow import Flow, flow
from backprop_studio.training import Snapshot
from backprop_studio.ui.asking import Ask, Enquiry
from backprop_studio.ui.canvas.view import CanvasView
from backprop_studio.ui.controllers.document import Document


class Tracer(QObject):
    """Asks the worker what flows at the moment that is shown, and tells the canvas.

    Parameters
    ----------
    ask
        Asks the worker.
    document, canvas
        Whose network, and where it is drawn.
    parent
        The window.
    """

    def __init__(
        self, ask: Ask, document: Document, canvas: CanvasView, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._canvas = canvas
        self._enquiry = Enquiry(ask, lambda _: canvas.set_flow(None))
        self._row = 0
        self._moment: object = None
        self._snapshot: Snapshot | None = None
        document.analysis_changed.connect(self._start_over)

    def set_row(self, row: int) -> None:
        """Follow another row of the batch, from 0."""
        self._row = row
        if self._snapshot is not None:
            self.show_snapshot(self._snapshot)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show another moment; nothing while training runs too fast to be followed."""
        self._snapshot = snapshot
        self._canvas.set_flowing(snapshot.slow)
        cursor = snapshot.cursor
        moment: object = None
        if cursor is not None and cursor.index and not snapshot.at_speed:
            moment = (snapshot.revision, snapshot.branch, cursor, snapshot.edited, self._row)
        if moment == self._moment:
            return
        self._moment = moment
        if moment is None:
            self._canvas.set_flow(None)
            return
        network = self._document.network
        self._enquiry.put(partial(flow, network, self._row), partial(self._show, moment))

    def _show(self, moment: object, found: Flow) -> None:
        if moment == self._moment:
            self._canvas.set_flow(found)

    def _start_over(self) -> None:
        self._enquiry.reset()
        self._moment = None
        self._canvas.set_flow(None)
