"""The gradient doctor: what is wrong with the run, why, and what to try."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from backprop_studio.insight.doctor import Finding, Report, Rule, consult
from backprop_studio.insight.history import History
from backprop_studio.insight.remedies import Experiment, experiments
from backprop_studio.network import Analysis, Network
from backprop_studio.training import Snapshot, State
from backprop_studio.training.naming import node_name
from backprop_studio.ui import counts, theme
from backprop_studio.ui.asking import Ask, Enquiry
from backprop_studio.ui.models.doctor_text import remedy_name, rule_name, what, why
from backprop_studio.ui.pacing import Pace
from backprop_studio.ui.widgets.copy_button import CopyButton
from backprop_studio.ui.widgets.data_table import Cell, DataTable


class DoctorPanel(QWidget):
    """Findings about the run, each with its reason and experiments to try on a branch.

    Parameters
    ----------
    ask
        Asks the worker.
    history
        What has been seen of the past; others may look into the same one.
    """

    node_chosen = Signal(str)
    """Id of the node whose finding was double-clicked, or entered."""
    experiment_requested = Signal(str, object, object)
    """Label, network, and names of weights to draw anew, of what is to be tried on a branch."""

    def __init__(self, ask: Ask, history: History, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._enquiry = Enquiry(ask, self._say)
        self._pace = Pace(self, self._look)
        self._history = history
        self._network: Network | None = None
        self._snapshot: Snapshot | None = None
        self._report: Report | None = None
        self._asked: object = None
        self._tried = ""
        self._shown: tuple[Finding, ...] = ()
        self._experiments: tuple[Experiment, ...] = ()
        self.verdict = QLabel()
        self.verdict.setWordWrap(True)
        self.table = DataTable(
            [self.tr("Finding"), self.tr("Where"), self.tr("Since iteration")],
            self.tr("What is wrong"),
        )
        self.table.setToolTip(
            self.tr("Select a finding to read about it. Double-click or Enter: go to the layer")
        )
        self.table.row_chosen.connect(self._explain)
        self.table.row_entered.connect(self._go)
        self.what, self.why, self.note = QLabel(), QLabel(), QLabel()
        for label in (self.what, self.why, self.note):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        theme.set_role(self.why, "muted")
        theme.set_role(self.note, "muted")
        self.heading = QLabel(self.tr("Try on a branch, from the first moment on:"))
        self.buttons: list[QPushButton] = []
        self._offers = QVBoxLayout()
        self._offers.setSpacing(4)
        self.copy = CopyButton(self.as_text)
        below = QHBoxLayout()
        below.addWidget(self.note, 1)
        below.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignBottom)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addWidget(self.verdict)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.what)
        layout.addWidget(self.why)
        layout.addWidget(self.heading)
        layout.addLayout(self._offers)
        layout.addStretch(0)
        layout.addLayout(below)
        self.setFocusProxy(self.table)
        self._show()

    # What the window tells.

    def set_network(self, analysis: Analysis) -> None:
        """Take over another network."""
        self._network = analysis.network
        self._enquiry.reset()
        self._report, self._asked = None, None
        self._show()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Look at this moment, soon."""
        self._snapshot = snapshot
        if snapshot.cursor is None:
            self._report = None
            self._show()
            return
        if snapshot.completed > snapshot.first:
            self._tried = ""
        self._plan()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._plan()

    # Asking.

    def _moment(self) -> object:
        s = self._snapshot
        return None if s is None else (s.revision, s.branch, s.completed, s.live, s.state, s.edited)

    def _plan(self) -> None:
        snapshot = self._snapshot
        if snapshot is None or snapshot.cursor is None:
            return
        fresh = self._report is not None and not self._report.missing
        if not fresh or self._moment() != self._asked:
            self._pace.want(running=snapshot.state is State.RUNNING)

    def _look(self) -> None:
        if not self._enquiry.busy and self._snapshot is not None:
            self._asked = self._moment()
            self._enquiry.put(partial(consult, self._history), self._take)

    def _take(self, report: Report) -> None:
        self._report = report
        self._show()
        self._plan()

    def _say(self, reason: str) -> None:
        self.verdict.setText(self.tr("Cannot be examined: {reason}").format(reason=reason))

    # Showing.

    def as_text(self) -> str:
        """All findings with what was measured, one a line."""
        findings = () if self._report is None else self._report.findings
        head = [self.tr("Finding"), self.tr("Where"), self.tr("Since"), self.tr("What")]
        lines = ["\t".join(head)]
        for finding in findings:
            cells = [rule_name(finding.rule), self._where(finding), self._since(finding)]
            lines.append("\t".join([*cells, what(finding)]))
        return "\n".join(lines)

    def _show(self) -> None:
        report = self._report
        findings = () if report is None else report.findings
        text, role = self._judge()
        self.verdict.setText(text)
        theme.set_role(self.verdict, role)
        kept = self._chosen_rule()
        places = {(f.rule, f.node): i for i, f in enumerate(findings)}
        rows = [
            [
                Cell(rule_name(f.rule)),
                Cell(self._where(f)),
                Cell(self._since(f), -1.0 if f.since is None else float(f.since)),
            ]
            for f in findings
        ]
        self.table.setVisible(bool(rows))
        self.copy.setVisible(bool(rows))
        self._shown = findings
        chosen = 0 if kept is None else places.get(kept, 0)
        self.table.set_rows(rows, chosen if rows else None)
        self.note.setText(self._tell())
        self._explain()

    def _judge(self) -> tuple[str, str]:
        report, snapshot = self._report, self._snapshot
        if self._network is None or not self._network.nodes:
            return self.tr("There is no network yet. Build one, and train it."), "muted"
        if snapshot is None or snapshot.cursor is None:
            return self.tr("This network cannot be trained yet. See Messages."), "muted"
        if report is None:
            return self.tr("Examining…"), "muted"
        if report.findings:
            count = len(report.findings)
            if count == 1:
                return self.tr("One thing is wrong."), "warning"
            return self.tr("{count} things are wrong.").format(count=count), "warning"
        if self._tried:
            return self._tried, "ok"
        if not report.iterations:
            return self.tr("Nothing is wrong so far. Train, and the doctor sees more."), "muted"
        return self.tr("Nothing is wrong with this run."), "ok"

    def _tell(self) -> str:
        report = self._report
        if report is None or not report.iterations:
            return ""
        one = self.tr("Looked back at one iteration")
        many = self.tr("Looked back at {count:,} iterations")
        text = one if report.iterations == 1 else many.format(count=report.iterations)
        if report.rows:
            if report.rows == report.all_rows:
                some = counts.training_rows(report.rows)
            else:
                some = self.tr("{rows:,} of {all:,} training rows").format(
                    rows=report.rows, all=report.all_rows
                )
            text += self.tr(", at every unit with {rows}").format(rows=some)
        return f"{text}."

    def _explain(self, _: int = 0) -> None:
        finding = self._chosen()
        shown = finding is not None
        for label in (self.what, self.why, self.heading):
            label.setVisible(shown)
        offers: tuple[Experiment, ...] = ()
        if finding is not None and self._network is not None:
            self.what.setText(what(finding))
            self.why.setText(self.tr("Why: {why}").format(why=why(finding.rule)))
            offers = experiments(finding, self._network)
        self.heading.setVisible(bool(offers))
        names = [remedy_name(offer.remedy) for offer in offers]
        while len(self.buttons) < len(offers):
            button = QPushButton()
            button.clicked.connect(partial(self._try, len(self.buttons)))
            self.buttons.append(button)
            self._offers.addWidget(button)
        self._experiments = offers
        for place, button in enumerate(self.buttons):
            button.setVisible(place < len(offers))
            if place < len(offers):
                button.setText(names[place])
                button.setToolTip(
                    self.tr("An edit on a branch of its own; Undo leads back to this one")
                )

    def _try(self, place: int) -> None:
        if place >= len(self._experiments):
            return
        offer = self._experiments[place]
        name = remedy_name(offer.remedy)
        self._tried = self.tr(
            "{name}: a branch stands at the first moment. Run it, and compare the loss curves; "
            "Undo goes back."
        ).format(name=name)
        self.experiment_requested.emit(name, offer.network, offer.redraw)

    def _chosen(self) -> Finding | None:
        row = self.table.chosen()
        return None if row is None or row >= len(self._shown) else self._shown[row]

    def _chosen_rule(self) -> tuple[Rule, str | None] | None:
        finding = self._chosen()
        return None if finding is None else (finding.rule, finding.node)

    def _where(self, finding: Finding) -> str:
        if finding.node is None or self._network is None:
            return self.tr("the whole run")
        return node_name(self._network, finding.node)

    def _since(self, finding: Finding) -> str:
        return "–" if finding.since is None else f"{finding.since + 1:,}"

    def _go(self, row: int) -> None:
        network, finding = self._network, self._shown[row]
        if network is None or finding.node is None:
            return
        sharing = network.sharing(finding.node)
        if finding.node in network or sharing:
            known = finding.node in network
            self.node_chosen.emit(finding.node if known else sharing[0].id)
