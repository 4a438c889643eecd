"""Follows one example through the network, on the canvas."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject

from backprop_studio.insight.flow import Flow, flow, trace
from backprop_studio.training import Snapshot
from backprop_studio.ui.asking import Ask, Enquiry
from backprop_studio.ui.canvas.trace_note import TraceNote
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
        self._enquiry = Enquiry(ask, lambda _: self._clear())
        self._row = 0
        self._example: int | None = None
        self._note = TraceNote(canvas)
        self._moment: object = None
        self._snapshot: Snapshot | None = None
        document.analysis_changed.connect(self._start_over)

    def set_row(self, row: int) -> None:
        """Follow another row of the batch, from 0: whatever example it is."""
        self._row, self._example = row, None
        self._look_again()

    def set_example(self, example: int) -> None:
        """Follow an example of the data from now on, whether it is in the batch or not."""
        self._example = example
        self._look_again()

    def _look_again(self) -> None:
        if self._snapshot is not None:
            self.show_snapshot(self._snapshot)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show another moment; nothing while training runs too fast to be followed."""
        self._snapshot = snapshot
        self._canvas.set_flowing(snapshot.slow)
        cursor = snapshot.cursor
        moment: object = None
        # Alone, an example can be followed before anything of the batch is computed.
        begun = cursor is not None and (cursor.index or self._example is not None)
        if begun and not snapshot.at_speed:
            what = (self._row, self._example)
            moment = (snapshot.revision, snapshot.branch, cursor, snapshot.edited, what)
        if moment == self._moment:
            return
        self._moment = moment
        if moment is None:
            self._clear()
            return
        network = self._document.network
        question = (
            partial(flow, network, self._row)
            if self._example is None
            else partial(trace, network, self._example)
        )
        self._enquiry.put(question, partial(self._show, moment))

    def _show(self, moment: object, found: Flow) -> None:
        if moment == self._moment:
            self._canvas.set_flow(found)
            self._note.say(self._told(found))

    def _told(self, found: Flow) -> str:
        if not found.nodes and not found.wires:
            return ""
        if found.only:
            text = self.tr("Traced: the only example")
        else:
            text = self.tr("Traced: example {n}").format(n=f"{found.example:,}")
        if found.alone:
            text += self.tr(", in a pass of its own with the weights of this moment")
        return text

    def _clear(self) -> None:
        self._canvas.set_flow(None)
        self._note.say("")

    def _start_over(self) -> None:
        self._enquiry.reset()
        self._moment = None
        self._clear()
