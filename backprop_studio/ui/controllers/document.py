"""The open document: the network, its history of edits, and what is known about it."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoGroup, QUndoStack

from backprop_studio.data import own
from backprop_studio.network import Analysis, Network, analyze
from backprop_studio.ui.controllers.preparing import Preparing

_PART = 400
"""Bytes of a node, with its settings."""

_TABLES = 100
"""Bytes of a part's entries in the tables of a network."""

_GESTURES = 1 << 30
"""Gestures that can be told apart; Qt numbers them in 32 bits."""

UNDO_BUDGET = 256 << 20
"""Bytes that the history may take; what is older is forgotten then."""


class _Step:
    """The networks before and after an edit, as long as there is room for them."""

    def __init__(self, before: Network, after: Network) -> None:
        self.networks: tuple[Network, Network] | None = (before, after)
        self.size = _own_size(before, after)

    def forget(self) -> None:
        """Give the memory back."""
        self.networks = None


class _ReplaceNetwork(QUndoCommand):
    """The one undo command: a network before and after an edit."""

    def __init__(self, document: Document, label: str, step: _Step, gesture: int) -> None:
        super().__init__(label)
        self._gesture = gesture
        # The document owns the stack that owns this. In a circle, Python's collector would destroy
        # the commands before the stack, which destroys them again.
        self._document = weakref.proxy(document)
        self._step = step

    def undo(self) -> None:
        if self._step.networks is None:
            # The stack drops it then, and with it the way back beyond it.
            self.setObsolete(True)
        else:
            self._document._show(self._step.networks[0])

    def redo(self) -> None:
        if self._step.networks is not None:
            self._document._show(self._step.networks[1])

    def id(self) -> int:
        return self._gesture

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Take in an edit of the same gesture, which Qt offers when it has been carried out."""
        if not isinstance(other, _ReplaceNetwork):
            return False
        before, after = self._step.networks, other._step.networks
        if before is None or after is None:
            return False
        self._step.networks = before[0], after[1]
        return True


@dataclass(frozen=True, eq=False)
class History:
    """A document that was put aside: its network, what is known of it, and its history."""

    network: Network
    analysis: Analysis
    stack: QUndoStack
    steps: list[weakref.ref[_Step]]
    retired: set[str]


class Document(QObject):
    """The network being edited. Everything on the screen listens to it; nothing owns a copy.

    Data that take long are prepared in the background: until they are there, the analysis says
    that it is `preparing`, and then comes again.

    Attributes
    ----------
    history
        The histories of edits: that of the document, and of one that was put aside. Whoever
        follows it, follows the document's.
    leads_back
        Gives the networks that somebody else than the history may bring back: those of branches.

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
        self.preparing = Preparing(self)
        self.preparing.done.connect(self._take)
        self.history = QUndoGroup(self)
        self.history.cleanChanged.connect(self.clean_changed)
        self._stack = QUndoStack(self.history)
        self._stack.setActive()
        self._network = Network()
        self._analysis = analyze(self._network)
        self._retired: set[str] = set()
        self._gesture = 0
        self.leads_back: Callable[[], Iterable[Network]] = tuple
        # The commands own them; those of commands that the stack has dropped are gone.
        self._steps: list[weakref.ref[_Step]] = []

    @property
    def undo_stack(self) -> QUndoStack:
        """The history of the document that is open."""
        return self._stack

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

    def apply(
        self, label: str, network: Network, *, again: bool = False, goes_on: bool = False
    ) -> None:
        """Make `network` the current one, as one entry of the undo history called `label`.

        Parameters
        ----------
        label
            What was done.
        network
            What came of it. One that is the same makes no entry.
        again
            It makes one all the same, because more comes with it.
        goes_on
            It is part of the gesture of the last edit, as when a key is held, and of its entry.
        """
        if not goes_on:
            self._gesture = (self._gesture + 1) % _GESTURES
        if again or network != self._network:
            step = _Step(self._network, network)
            self.undo_stack.push(_ReplaceNetwork(self, label, step, self._gesture))
            self._steps.append(weakref.ref(step))
            self._keep_within(UNDO_BUDGET)

    def reset(self, network: Network) -> None:
        """Make `network` the current one with an empty history: New and Open."""
        self._retired = set()
        # Shown before the history is emptied: who listens to cleanChanged sees the new network.
        self._show(network)
        self._steps.clear()
        self.undo_stack.clear()
        self.undo_stack.setClean()

    def put_aside(self) -> History:
        """Let go of the history, so that `reset` begins another document with one of its own."""
        kept = History(self._network, self._analysis, self._stack, self._steps, self._retired)
        self._stack, self._steps, self._retired = QUndoStack(self.history), [], set()
        self._stack.setActive()
        return kept

    def bring_back(self, kept: History) -> None:
        """Make a document that was put aside the current one, with all its history."""
        gone, self._stack = self._stack, kept.stack
        self._steps, self._retired = kept.steps, kept.retired
        before = self._network
        self._network, self._analysis = kept.network, kept.analysis
        self.preparing.forget()
        if self._analysis.preparing:
            self.preparing.start(self._network)
        self.network_changed.emit(before, self._network)
        self.analysis_changed.emit(self._analysis)
        # Shown before it is active: who listens to cleanChanged sees the network that it is of.
        self._stack.setActive()
        self.history.removeStack(gone)
        gone.deleteLater()

    def prepare(self) -> None:
        """Prepare the data, after all, if that was stopped."""
        if self._analysis.preparing and not self.preparing.busy:
            self.preparing.start(self._network)

    def _keep_within(self, budget: int) -> None:
        """Forget the oldest edits until the history takes no more than this; never the last."""
        alive = [step for ref in self._steps if (step := ref()) is not None]
        kept = [step for step in alive if step.networks is not None]
        total = sum(step.size for step in kept)
        for step in kept[:-1]:
            if total <= budget:
                break
            step.forget()
            total -= step.size
        left = [step for step in kept if step.networks is not None]
        self._steps = [weakref.ref(step) for step in left]
        if len(left) < len(kept):
            known = [n for step in left for n in step.networks or ()]
            known += (self._network, *self.leads_back())
            own.forget_followed({network.setup.dataset for network in known})

    def _show(self, network: Network) -> None:
        before, known = self._network, self._analysis
        if before.trains_like(network) and _names(before) == _names(network):
            # Nothing but places changed: what is known stays known, and a drag stays cheap.
            known = replace(known, network=network)
        else:
            known = analyze(network, known, wait=False)
            self._wait_for(before, known)
        self._network, self._analysis = network, known
        self._retired.update(n.id for n in network.nodes)
        self.network_changed.emit(before, network)
        self.analysis_changed.emit(self._analysis)

    def _wait_for(self, before: Network, known: Analysis) -> None:
        if not known.preparing:
            self.preparing.forget()
        elif _asks(before) != _asks(known.network) or not self._analysis.preparing:
            self.preparing.start(known.network)
        # Else the same data are waited for, or somebody has stopped that.

    def _take(self, analysis: Analysis) -> None:
        """The data are prepared, or what is wrong with them is known."""
        network = self._network
        if analysis.network is not network:
            # The canvas was edited meanwhile. The data are at hand, unless they are at fault.
            fresh = analyze(network, wait=False)
            if fresh.preparing:
                self.preparing.start(network)
                return
            analysis = fresh
        self._analysis = analysis
        self.analysis_changed.emit(analysis)


def _asks(network: Network) -> tuple[object, ...]:
    """What prepared data depend on."""
    setup = network.setup
    return setup.dataset, setup.data, setup.validation, setup.seed


def _own_size(before: Network, after: Network) -> int:
    """About how many bytes an edit adds: tuples that are new, new parts in them, and own data."""
    size = 0
    for name in ("nodes", "wires", "notes", "arrows", "groups"):
        old, new = getattr(before, name), getattr(after, name)
        if new is not old:
            size += 8 * len(new) + _PART * sum(a is not b for a, b in zip(old, new, strict=False))
            size += _PART * abs(len(new) - len(old))
    if after.setup.dataset != before.setup.dataset:
        size += own.nbytes(after.setup.dataset)
    # Each value also keeps a few tables of its parts, once somebody has asked for them.
    return size + _TABLES * (len(after.nodes) + len(after.wires))


def _names(network: Network) -> list[str]:
    return [n.name for n in network.nodes]
