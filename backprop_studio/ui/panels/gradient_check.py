"""Check every gradient against central differences, at the press of a button."""

from __future__ import annotations

import math
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from backprop_studio.insight.check import Band, ParameterCheck, check_gradients
from backprop_studio.network import Analysis
from backprop_studio.training import Snapshot, State
from backprop_studio.training.naming import value_name
from backprop_studio.ui import theme
from backprop_studio.ui.asking import Ask, Enquiry
from backprop_studio.ui.widgets.check_table import CheckTable

SECONDS = 0.8
"""How long a check may take before it leaves entries out."""


class GradientCheckPanel(QWidget):
    """Each parameter's gradient beside what the loss really does when a weight is moved.

    Parameters
    ----------
    ask
        Asks the worker.
    """

    node_chosen = Signal(str)
    """Id of the node whose parameter was double-clicked, or entered."""
    number_chosen = Signal(int, object)
    """Id of the gradient, and the entry with the largest gap, that is to be explained."""
    checked = Signal(object)
    """A tuple of `ParameterCheck`: what was found."""

    def __init__(self, ask: Ask, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._enquiry = Enquiry(ask, self._say)
        self._analysis: Analysis | None = None
        self._checks: tuple[ParameterCheck, ...] = ()
        self._now: tuple[int, int] | None = None
        self._asked: tuple[int, int] | None = None
        self.button = QPushButton(self.tr("Check gradients"))
        self.button.setToolTip(
            self.tr("Move single weights a little both ways and compare with the backward pass")
        )
        self.button.clicked.connect(self.check)
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        theme.set_role(self.summary, "muted")
        self.table = CheckTable()
        self.table.setToolTip(self.tr("Double-click or Enter: go to the layer"))
        self.table.set_invitation(
            self.tr(
                "Here stands how far each parameter's gradient is from central differences, by "
                "the usual bands: below 1e-7 right, 1e-4 close, 1e-2 doubtful, else wrong."
            )
        )
        self.table.row_entered.connect(self._go)
        self.table.itemSelectionChanged.connect(self._explain)
        self.detail = QLabel()
        self.detail.setWordWrap(True)
        self.detail.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.explain = QPushButton(self.tr("Explain this entry"))
        self.explain.setToolTip(self.tr("Upstream times local: where this gradient comes from"))
        self.explain.clicked.connect(self._explain_entry)
        top = QHBoxLayout()
        top.addWidget(self.button)
        top.addWidget(self.summary, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addLayout(top)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.detail)
        layout.addWidget(self.explain)
        self._start_over()

    def set_network(self, analysis: Analysis) -> None:
        """Take over another network; what was checked is forgotten if its program has changed."""
        before, self._analysis = self._analysis, analysis
        program = analysis.program
        known = None if before is None else before.program
        if program is None or program != known:
            self._start_over()
        else:
            self._fill()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Offer the check while there is something to check; say when a result is of the past."""
        self.button.setEnabled(snapshot.state in (State.PAUSED, State.RUNNING))
        cursor = snapshot.cursor
        self._now = None if cursor is None else (snapshot.branch, cursor.iteration)
        if self._checks and self._now != self._asked:
            self.summary.setText(self.tr("Of another iteration. Check again for this one."))

    def check(self) -> None:
        """Check the gradients of the current batch."""
        if self._enquiry.busy:
            return
        self.summary.setText(self.tr("Checking…"))
        self._asked = self._now
        self._enquiry.put(partial(check_gradients, SECONDS), self._show)

    def _start_over(self) -> None:
        self._enquiry.reset()
        self._checks = ()
        self.table.set_rows([])
        self.detail.clear()
        self.explain.setEnabled(False)
        self.summary.setText(
            self.tr("Is backward right? Each weight is moved a little, and the loss tells.")
        )

    def _say(self, reason: str) -> None:
        self.summary.setText(self.tr("Could not be checked: {reason}").format(reason=reason))

    def _show(self, checks: tuple[ParameterCheck, ...]) -> None:
        self._checks = checks
        self.checked.emit(checks)
        self._fill()
        wrong = sum(check.band is Band.WRONG for check in checks)
        if not checks:
            text = self.tr("This network computes no gradients.")
        elif wrong:
            text = self.tr("{wrong} of {all} parameters have a wrong gradient.").format(
                wrong=wrong, all=len(checks)
            )
        else:
            passes = 2 * sum(check.checked for check in checks)
            text = self.tr(
                "Backward agrees with {passes:,} forward passes. It needed one pass for all."
            ).format(passes=passes)
        self.summary.setText(text)
        if checks:
            self.table.choose(0)

    def _fill(self) -> None:
        self.table.show_checks(self._checks, [self._name(check) for check in self._checks])

    def _name(self, check: ParameterCheck) -> str:
        analysis = self._analysis
        if analysis is None or analysis.lowered is None:
            return ""
        return value_name(analysis.network, analysis.lowered.program, check.parameter)

    def _chosen(self) -> ParameterCheck | None:
        row = self.table.chosen()
        return None if row is None or row >= len(self._checks) else self._checks[row]

    def _explain(self) -> None:
        check = self._chosen()
        self.explain.setEnabled(check is not None)
        if check is None:
            return
        entry = ", ".join(str(i) for i in check.entry)
        numbers = self.tr(
            "Largest gap at [{entry}]: backward {a:.9g}, central differences {b:.9g}."
        ).format(entry=entry, a=check.backward, b=check.numeric)
        self.detail.setText(f"{numbers} {self._reason(check)}")

    def _reason(self, check: ParameterCheck) -> str:
        """What such an agreement usually comes of."""
        if check.band is Band.RIGHT:
            return self.tr("Below 1e-7: as near as these numbers can tell.")
        if check.band is Band.CLOSE:
            return self.tr("Below 1e-4: rounding, where the gradient itself is tiny, or a kink.")
        if check.band is Band.DOUBTFUL:
            return self.tr("Below 1e-2: most likely a kink, such as that of ReLU at 0, is near.")
        ratio = check.backward / check.numeric if check.numeric else math.inf
        if math.isclose(ratio, -1.0, rel_tol=1e-3):
            return self.tr("The sign is wrong: somewhere a minus is missing, or there is one more.")
        if check.backward == 0.0:
            return self.tr("Backward says 0: a signal is dropped, or the weight sits on a kink.")
        return self.tr("A kink lies in the way, or a backward rule from here to the loss is wrong.")

    def _explain_entry(self) -> None:
        check, analysis = self._chosen(), self._analysis
        if check is not None and analysis is not None and analysis.lowered is not None:
            gradient = analysis.lowered.program.gradients[check.parameter]
            self.number_chosen.emit(gradient, check.entry)

    def _go(self, _: int) -> None:
        check, analysis = self._chosen(), self._analysis
        if check is not None and analysis is not None and analysis.lowered is not None:
            weights = analysis.lowered.program.values[check.parameter].node
            self.node_chosen.emit(analysis.network.sharing(weights)[0].id)
