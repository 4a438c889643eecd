"""The open document: the network, its history of edits, and what is known about it."""

from __future__ import annotations

import weakref
from dataclasses import replace

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from backprop_studio.network import Analysis, Network, analyze


class _ReplaceNetwork(QUndoCommand):
    """The one undo command: a network before and after an edit."""

    def __init__(self, document: Document, label: str, before: Network, after: Network) -> None:
        super().__init__(label)
        # The document owns the stack that owns this. In a circle, Python's collector would destroy
        # the commands before the stack, which destroys them again.
        self._document = weakref.proxy(document)
        self._before = before
        self._after = after

    def undo(self) -> None:
        self._document._show(self._before)

    def redo(self) -> None:
        self._document._show(self._after)


class Document(QObject):
    """The network being edited. Everything on the screen listens to it; nothing owns a copy.

    Signals
    -------
    network_changed(before, after)
        Two `Network` values, after every edit, undo, redo and opening.
    analysis_changed(analysis)
        The `Analysis` of the network, after each change of it.
    clean_changed(clean)
        Whether the document is as it was saved.
    """

    network_changed = Signal(object, object)
    analysis_changed = Signal(object)
    clean_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self.undo_stack.cleanChanged.connect(self.clean_changed)
        self._network = Network()
        self._analysis = analyze(self._network)
        self._retired: set[str] = set()

    @property
    def network(self) -> Network:
        """The network as it is now."""
        return self._network

    @property
    def analysis(self) -> Analysis:
        """Problems, shapes and program of the network as it is now."""
        return self._analysis

    @property
    def retired(self) -> frozenset[str]:
        """Ids of all nodes that ever stood in this document, so that none is given again."""
        return frozenset(self._retired)

    def apply(self, label: str, network: Network) -> None:
        """Make `network` the current one, as one entry of the undo history called `label`."""
        if network != self._network:
            self.undo_stack.push(_ReplaceNetwork(self, label, self._network, network))

    def reset(self, network: Network) -> None:
        """Make `network` the current one with an empty history: New and Open."""
        self._retired = set()
        # Shown before the history is emptied: who listens to cleanChanged sees the new network.
        self._show(network)
        self.undo_stack.clear()
        self.undo_stack.setClean()

    def _show(self, network: Network) -> None:
        before, known = self._network, self._analysis
        if before.trains_like(network) and _names(before) == _names(network):
            # Nothing but places changed: what is known stays known, and a drag stays cheap.
            known = replace(known, network=network)
        else:
            known = analyze(network)
        self._network, self._analysis = network, known
        self._retired.update(n.id for n in network.nodes)
        self.network_changed.emit(before, network)
        self.analysis_changed.emit(self._analysis)


def _names(network: Network) -> list[str]:
    return [n.name for n in network.nodes]
