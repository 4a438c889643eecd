"""Bug hunt: find the one wrong backward rule, with the gradient check for a magnifying glass."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from backprop_studio.autograd import Program
from backprop_studio.insight.bugs import Hunt, Kind, bugs, hunt
from backprop_studio.network import Analysis, Network
from backprop_studio.training import Snapshot, State
from backprop_studio.training.naming import instruction_name, node_name, value_name
from backprop_studio.ui import theme
from backprop_studio.ui.asking import Ask, Enquiry
from backprop_studio.ui.widgets.check_table import CheckTable

SECONDS = 0.6
"""How long the check may take."""


class BugHuntPanel(QWidget):
    """A bug is planted in a copy of the backward pass; the learner accuses a layer and a kind.

    Parameters
    ----------
    ask
        Asks the worker.
    """

    node_chosen = Signal(str)
    """Id of the node whose row was double-clicked, or entered."""

    def __init__(self, ask: Ask, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._enquiry = Enquiry(ask, self._say)
        self._network: Network | None = None
        self._program: Program | None = None
        self._hunt: Hunt | None = None
        self._seed = 0
        self._right = 0
        self._tried = 0
        self.story = QLabel(
            self.tr(
                "One backward rule is made wrong, on a copy: your training is safe. An error "
                "signal that is wrong spoils every layer before it, on its way to the input, and "
                "none after it. Who is it?"
            )
        )
        self.story.setWordWrap(True)
        theme.set_role(self.story, "muted")
        self.button = QPushButton(self.tr("Plant a bug"))
        self.button.setToolTip(self.tr("Make one backward rule wrong, and check the gradients"))
        self.button.clicked.connect(self.plant)
        self.score = QLabel()
        self.table = CheckTable()
        self.table.setToolTip(self.tr("Double-click or Enter: go to the layer"))
        self.table.set_invitation(
            self.tr(
                "Plant a bug: the gradient check of all parameters stands here then. Say below "
                "which layer is to blame, and what is wrong with it."
            )
        )
        self.table.row_entered.connect(self._go)
        self.node = QComboBox()
        self.node.setAccessibleName(self.tr("Layer"))
        self.node.setToolTip(self.tr("The layer whose backward rule is wrong"))
        self.kind = QComboBox()
        self.kind.setAccessibleName(self.tr("Kind of bug"))
        self.kind.setToolTip(self.tr("What is wrong with it"))
        for kind, text in self._kinds().items():
            self.kind.addItem(text, kind)
        self.accuse = QPushButton(self.tr("Accuse"))
        self.accuse.setToolTip(self.tr("Say that this layer has this bug"))
        self.accuse.clicked.connect(self._judge)
        self.give_up = QPushButton(self.tr("Tell me"))
        self.give_up.setToolTip(self.tr("Show where the bug is"))
        self.give_up.clicked.connect(self._tell)
        self.verdict = QLabel()
        self.verdict.setWordWrap(True)
        top = QHBoxLayout()
        top.addWidget(self.button)
        top.addWidget(self.score, 1)
        suspects = QHBoxLayout()
        suspects.addWidget(self.node, 1)
        suspects.addWidget(self.kind, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.accuse)
        buttons.addWidget(self.give_up)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addWidget(self.story)
        layout.addLayout(top)
        layout.addWidget(self.table, 1)
        layout.addLayout(suspects)
        layout.addLayout(buttons)
        layout.addWidget(self.verdict)
        self._clear()

    def set_network(self, analysis: Analysis) -> None:
        """Take over another network; a hunt ends when its program is no more."""
        program = analysis.program
        same = program is not None and program == self._program
        self._network, self._program = analysis.network, program
        chosen = self.node.currentData() if same else None
        with QSignalBlocker(self.node):
            self.node.clear()
            suspects = () if program is None else dict.fromkeys(b.node for b in bugs(program))
            for node in suspects:
                self.node.addItem(node_name(analysis.network, node), node)
            self.node.setCurrentIndex(max(self.node.findData(chosen), 0))
        if not same:
            self._enquiry.reset()
            self._clear()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Offer a hunt while training is possible."""
        self.button.setEnabled(snapshot.state is State.PAUSED)

    def plant(self) -> None:
        """Begin another hunt."""
        if not self._enquiry.busy:
            self._seed += 1
            self.verdict.setText(self.tr("Planting…"))
            self._enquiry.put(partial(hunt, self._seed, SECONDS), self._show)

    def _clear(self) -> None:
        self._hunt = None
        self.table.set_rows([])
        self.verdict.clear()
        self._count()
        for widget in (self.accuse, self.give_up):
            widget.setEnabled(False)

    def _say(self, reason: str) -> None:
        self._clear()
        self.verdict.setText(reason)

    def _show(self, found: Hunt) -> None:
        self._hunt = found
        self.table.show_checks(found.checks, [self._name(c.parameter) for c in found.checks])
        for widget in (self.accuse, self.give_up):
            widget.setEnabled(True)
        self.verdict.setText(
            self.tr("A bug is in. Which layers are wrong, and which one is nearest to the loss?")
        )

    def _count(self) -> None:
        self.score.setText(
            self.tr("{right} of {tried} found").format(right=self._right, tried=self._tried)
            if self._tried
            else ""
        )

    def _judge(self) -> None:
        found = self._hunt
        if found is None:
            return
        node = self.node.currentData() == found.bug.node
        kind = self.kind.currentData() == found.bug.kind
        if node and kind:
            self._right += 1
            self._end(self.tr("Found! "))
        elif node:
            self.verdict.setText(self.tr("The layer is right. What is wrong with it?"))
        elif kind:
            self.verdict.setText(
                self.tr(
                    "The kind is right, the layer is not. The culprit is where errors begin, "
                    "seen from the loss."
                )
            )
        else:
            self.verdict.setText(
                self.tr(
                    "Neither. Go from the loss to the input: the first wrong gradient is at the "
                    "culprit, or right before it."
                )
            )

    def _tell(self) -> None:
        self._end(self.tr("Here it is. "))

    def _end(self, word: str) -> None:
        found = self._hunt
        if found is None or self._program is None or self._network is None:
            return
        self._tried += 1
        self._count()
        instr = self._program.instructions[found.bug.index]
        self.verdict.setText(
            word
            + self.tr("<b>{instruction}</b>, instruction {number}: {reason}").format(
                instruction=instruction_name(self._network, instr),
                number=found.bug.index + 1,
                reason=self._reason(found.bug.kind),
            )
        )
        for widget in (self.accuse, self.give_up):
            widget.setEnabled(False)

    def _go(self, row: int) -> None:
        if self._hunt is not None and self._program is not None and self._network is not None:
            owner = self._program.values[self._hunt.checks[row].parameter].node
            self.node_chosen.emit(self._network.sharing(owner)[0].id)

    def _name(self, parameter: int) -> str:
        if self._program is None or self._network is None:
            return ""
        return value_name(self._network, self._program, parameter)

    def _kinds(self) -> dict[Kind, str]:
        return {
            Kind.NO_DERIVATIVE: self.tr("missing local derivative"),
            Kind.OVERWRITTEN: self.tr("= instead of += at a fork"),
            Kind.UNTRANSPOSED: self.tr("weight not transposed"),
            Kind.STALE_CACHE: self.tr("stale cached activation"),
            Kind.NOT_ZEROED: self.tr("gradient not zeroed"),
        }

    def _reason(self, kind: Kind) -> str:
        return {
            Kind.NO_DERIVATIVE: self.tr(
                "it passed the error signal on without its local derivative. Everything before it "
                "is wrong; its own layer has no weights to give it away."
            ),
            Kind.OVERWRITTEN: self.tr(
                "of the error signals that meet there, only the last one was kept. What lies "
                "before the fork is wrong; both branches are right."
            ),
            Kind.UNTRANSPOSED: self.tr(
                "it went back through W instead of its transpose. Its own weights are right; all "
                "before it are wrong."
            ),
            Kind.STALE_CACHE: self.tr(
                "it used an activation of other examples. The error signal is right up to here."
            ),
            Kind.NOT_ZEROED: self.tr(
                "the gradient was added to that of the iteration before: twice too large, and "
                "only this one."
            ),
        }[kind]
