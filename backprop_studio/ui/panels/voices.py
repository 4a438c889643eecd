"""Batch voices: what single examples ask of one weight, their mean and their disagreement."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.insight.voices import Voices, voices
from backprop_studio.network import Analysis
from backprop_studio.training import Snapshot
from backprop_studio.training.naming import value_name
from backprop_studio.ui import theme
from backprop_studio.ui.asking import Ask
from backprop_studio.ui.following import Follower, Question
from backprop_studio.ui.widgets.data_table import Cell, DataTable
from backprop_studio.ui.widgets.dot_plot import DotPlot, Dots, Path, View
from backprop_studio.ui.widgets.kinds import KindLegend
from backprop_studio.ui.widgets.scale_bar import number
from backprop_studio.ui.widgets.short_edit import ShortEdit
from backprop_studio.ui.widgets.two_views import TwoViews

_JITTER = 0.3


class VoicesPanel(QWidget):
    """What each example of the batch asks of one weight.

    Every point is an example: to the left of zero it asks for a larger weight, to the right for a
    smaller one, as a step goes against the gradient. The solid line is their mean, which is the
    gradient of the batch. The wider they are spread around it, the more they disagree, and the
    noisier a step with few examples is.
    """

    example_traced = Signal(int)
    """Row of the data set that is to be traced through the network."""
    number_chosen = Signal(int, object)
    """Id of a gradient and the entry that is to be explained."""

    def __init__(self, ask: Ask, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._analysis: Analysis | None = None
        self._found: Voices | None = None
        self._entry: tuple[int, ...] | None = None
        self._follower = Follower(self, ask, self._question, self._show, self._say)
        self.story = QLabel()
        self.story.setWordWrap(True)
        theme.set_role(self.story, "muted")
        self.parameter = QComboBox()
        self.parameter.setAccessibleName(self.tr("Parameter"))
        self.parameter.setToolTip(self.tr("Of which parameter"))
        self.parameter.currentIndexChanged.connect(self._choose_largest)
        self.entry = ShortEdit(7)
        self.entry.setAccessibleName(self.tr("Entry of the parameter"))
        self.entry.setToolTip(self.tr("Which number of it: its indices with commas, and Enter"))
        self.entry.editingFinished.connect(self._type)
        self.largest = QPushButton(self.tr("Largest"))
        self.largest.setToolTip(self.tr("The number of this parameter with the largest gradient"))
        self.largest.clicked.connect(self._choose_largest)
        self.verdict = QLabel()
        self.verdict.setWordWrap(True)
        self.legend = KindLegend()
        self.plot = DotPlot()
        self.plot.setAccessibleName(self.tr("What each example asks"))
        self.plot.tell_dot = self._tell
        self.plot.dot_chosen.connect(self._choose)
        table = DataTable(
            [
                self.tr("Example"),
                self.tr("Target"),
                self.tr("Asks"),
                self.tr("Cosine"),
                self.tr("Norm"),
            ],
            self.tr("Examples and what they ask"),
            sortable=True,
        )
        table.row_chosen.connect(self._choose)
        table.row_entered.connect(self._trace)
        self.views = TwoViews(self.plot, table, self._rows)
        # As high as the panel leaves it, and no higher.
        self.views.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.trace = QPushButton(self.tr("Trace this example"))
        self.trace.setToolTip(self.tr("Follow it through the network on the canvas"))
        self.trace.clicked.connect(lambda: self._trace(self.plot.current))
        self.explain = QPushButton(self.tr("Explain the gradient"))
        self.explain.setToolTip(self.tr("Where the gradient of this number comes from"))
        self.explain.clicked.connect(self._explain)
        choice = QHBoxLayout()
        choice.addWidget(self.parameter, 1)
        choice.addWidget(self.entry)
        choice.addWidget(self.largest)
        buttons = QHBoxLayout()
        buttons.addWidget(self.trace)
        buttons.addWidget(self.explain)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addWidget(self.story)
        layout.addLayout(choice)
        layout.addWidget(self.verdict)
        layout.addWidget(self.legend)
        layout.addWidget(self.views, 1)
        layout.addWidget(self.words)
        layout.addLayout(buttons)
        self.setFocusProxy(self.parameter)
        self._start_over()

    # What the window tells.

    def set_network(self, analysis: Analysis) -> None:
        """Take over another network; what was found is forgotten if its program has changed."""
        self._analysis = analysis
        if self._follower.set_network(analysis):
            self._start_over()
        chosen = self.parameter.currentData()
        with QSignalBlocker(self.parameter):
            self.parameter.clear()
            if analysis.lowered is not None:
                program = analysis.lowered.program
                for value in program.parameters:
                    if value.id in program.gradients:
                        name = value_name(analysis.network, program, value.id)
                        self.parameter.addItem(name, value.id)
            self.parameter.setCurrentIndex(max(0, self.parameter.findData(chosen)))

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Ask the examples of another batch, or with other weights."""
        self._follower.show_snapshot(snapshot)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follower.refresh()

    # Asking.

    def _question(self) -> Question:
        return partial(voices, self.parameter.currentData(), self._entry)

    def _choose_largest(self) -> None:
        self._entry = None
        self._follower.ask()

    def _type(self) -> None:
        found = self._found
        if found is None or self.entry.text() == _indices(found.entry):
            return
        try:
            typed = tuple(int(part) for part in self.entry.text().split(",") if part.strip())
        except ValueError:
            typed = ()
        if len(typed) != len(found.entry) or min(typed, default=0) < 0:
            self.words.setText(
                self.tr("Type {n} whole numbers from 0, with commas: the place of the number.")
                .format(n=len(found.entry))
            )  # fmt: skip
            self.entry.setText(_indices(found.entry))
            return
        self._entry = typed
        self._follower.ask()

    # Showing.

    def _start_over(self) -> None:
        self._found, self._entry = None, None
        self.story.setText(
            self.tr(
                "What each example of the batch asks of one weight. It appears here when training "
                "is possible."
            )
        )
        self._clear("")

    def _clear(self, empty: str) -> None:
        self.plot.set_view(None, empty)
        self.legend.set_names(())
        self.entry.clear()
        for label in (self.verdict, self.words, self.views.caption):
            label.clear()
        for button in (self.trace, self.explain):
            button.setEnabled(False)
        self.views.refresh()

    def _say(self, reason: str) -> None:
        self.story.setText(self.tr("This could not be found: {reason}").format(reason=reason))

    def _show(self, found: Voices | None) -> None:
        self._found = found
        self.story.setText(
            self.tr(
                "Each point is an example of the batch: left of zero it asks for a larger number, "
                "right of zero for a smaller one. The line is their mean."
            )
        )
        if found is None:
            self._clear(self.tr("There is no gradient: the optimizer uses none."))
            return
        self.entry.setText(_indices(found.entry))
        self.explain.setEnabled(True)
        self._judge(found)
        self._draw(found)
        self.views.refresh()
        self._choose(self.plot.current)

    def _judge(self, found: Voices) -> None:
        if not np.isfinite(found.asked).all():
            self.verdict.setText(
                self.tr("Some gradients are not finite (NaN): training has diverged.")
            )
            return
        parts = [
            self.tr("Their mean, <b>{mean}</b>, is the gradient of the batch.").format(
                mean=number(found.mean)
            )
            if not found.sums
            else self.tr(
                "The loss is a sum: together they ask for <b>{g}</b>, the gradient."
            ).format(g=f"{found.gradient:.4g}"),
            self.tr("They disagree by ±{spread}; {share} ask for the other direction.").format(
                spread=f"{found.spread:.3g}", share=f"{found.against:.0%}"
            ),
        ]
        if math.isfinite(found.clarity):
            clear = found.clarity >= 2
            parts.append(
                (
                    self.tr("The mean is {n} standard errors from zero: a clear demand.")
                    if clear
                    else self.tr("The mean is {n} standard errors from zero: mostly noise.")
                ).format(n=f"{found.clarity:.1f}")
            )
        if found.penalty:
            parts.append(self.tr("Penalties on weights add {p}.").format(p=f"{found.penalty:+.3g}"))
        if len(found.asked) < found.of:
            parts.append(
                self.tr("Only {n} of {all} examples were asked: the network takes long.").format(
                    n=len(found.asked), all=found.of
                )
            )
        self.verdict.setText(" ".join(parts))

    def _draw(self, found: Voices) -> None:
        asked = found.asked
        finite = asked[np.isfinite(asked)]
        if not len(finite):
            self.plot.set_view(None, self.tr("No example asks for a finite number."))
            return
        names = self._names(found)
        self.legend.set_names(names)
        lanes = max(len(names), 1)
        # Spread a little within the lane of their class, so that equal ones are told apart.
        turn = np.arange(len(asked)) * 0.618034 % 1.0
        heights = found.kinds + _JITTER * (2 * turn - 1)
        # Zero and the mean are always in sight.
        ends = np.array([finite.min(initial=0.0), finite.max(initial=0.0)])
        room = 0.06 * float(ends[1] - ends[0]) or 1.0
        low, high = (float(ends[0]) - room, -0.7), (float(ends[1]) + room, lanes - 0.3)
        mean = Path(np.array([[found.mean, low[1]], [found.mean, high[1]]]), color="backward")
        zero = Path(np.array([[0.0, low[1]], [0.0, high[1]]]), dashed=True, color="muted")
        against = np.sign(asked) == -np.sign(found.mean)
        none = np.zeros(len(asked), bool)
        self.plot.set_view(
            View(
                low, high,
                Dots(np.stack([asked, heights], axis=1), found.kinds, against, none),
                (zero, mean),
                labels=(self.tr("gradient that the example asks for"),
                        self.tr("class") if names else ""),
                upright=False,
            )
        )  # fmt: skip
        self.views.caption.setText(self.tr("Outlined: asks for the other direction."))

    def _names(self, found: Voices) -> tuple[str, ...]:
        names: dict[int, str] = {}
        if found.kinds.any():
            for kind, label in zip(found.kinds, found.labels, strict=True):
                names[int(kind)] = label
        return tuple(names.get(n, "") for n in range(max(names, default=-1) + 1))

    def _rows(self) -> Sequence[Sequence[Cell]]:
        found = self._found
        if found is None:
            return []
        return [
            [
                Cell(f"{int(row):,}", int(row)),
                Cell(label),
                Cell(f"{asks:.4g}", float(asks)),
                Cell("–" if math.isnan(cosine) else f"{cosine:.2f}", float(cosine)),
                Cell(f"{norm:.3g}", float(norm)),
            ]
            for row, label, asks, cosine, norm in zip(
                found.rows, found.labels, found.asked, found.cosines, found.norms, strict=True
            )
        ]

    def _tell(self, dot: int) -> str:
        found = self._found
        if found is None or dot >= len(found.asked):
            return ""
        return self.tr("Example {row}, {label}: asks for {g}; cosine {c} with the batch").format(
            row=f"{int(found.rows[dot]):,}",
            label=found.labels[dot],
            g=number(float(found.asked[dot])),
            c=f"{found.cosines[dot]:.2f}",
        )

    # The user.

    def _choose(self, dot: int) -> None:
        self.plot.set_current(dot)
        self.trace.setEnabled(dot >= 0)
        hint = self.tr("Choose an example: click it, or use the arrow keys and Enter.")
        self.words.setText(self._tell(dot) if dot >= 0 else hint)

    def _trace(self, dot: int) -> None:
        if self._found is not None and 0 <= dot < len(self._found.rows):
            self.example_traced.emit(int(self._found.rows[dot]))

    def _explain(self) -> None:
        found, analysis = self._found, self._analysis
        if found is not None and analysis is not None and analysis.lowered is not None:
            gradient = analysis.lowered.program.gradients[found.parameter]
            self.number_chosen.emit(gradient, found.entry)


def _indices(entry: tuple[int, ...]) -> str:
    return ", ".join(str(i) for i in entry)
