"""A/B: any two moments of training, of one branch or of two, as a table and as pictures."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from backprop_studio.autograd import Program, Value
from backprop_studio.insight.compare import Change, Moment, capture, compare
from backprop_studio.insight.filling import digits
from backprop_studio.insight.stations import norm
from backprop_studio.network import Analysis, Network
from backprop_studio.training import Snapshot, State
from backprop_studio.training.naming import value_name
from backprop_studio.ui import theme
from backprop_studio.ui.asking import Ask, Enquiry
from backprop_studio.ui.widgets.data_table import Cell, DataTable, compact
from backprop_studio.ui.widgets.heatmap import HeatmapTile


class ComparePanel(QWidget):
    """What changed between a moment A and a moment B, or the moment that is shown now.

    Parameters
    ----------
    ask
        Asks the worker.
    """

    node_chosen = Signal(str)
    """Id of the node whose row was double-clicked, or entered."""

    def __init__(self, ask: Ask, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._marks = Enquiry(ask, self._say)
        self._follow = Enquiry(ask, self._say)
        self._network: Network | None = None
        self._program: Program | None = None
        self._a: tuple[Moment, str] | None = None
        self._b: tuple[Moment, str] | None = None
        self._now: tuple[Moment, str] | None = None
        self._changes: tuple[Change, ...] = ()
        self._place = ""
        self._moment: object = None
        self._asked: object = None
        self.story = QLabel()
        self.story.setWordWrap(True)
        theme.set_role(self.story, "muted")
        self.mark_a = QPushButton(self.tr("Mark A"))
        self.mark_a.setToolTip(self.tr("Keep the moment that is shown now as A"))
        self.mark_a.clicked.connect(partial(self._mark, "a"))
        self.mark_b = QPushButton(self.tr("Mark B"))
        self.mark_b.setToolTip(
            self.tr("Keep the moment that is shown now as B; without it, B is always now")
        )
        self.mark_b.clicked.connect(partial(self._mark, "b"))
        self.swap = QPushButton(self.tr("Swap"))
        self.swap.setToolTip(self.tr("Exchange A and B"))
        self.swap.clicked.connect(self._swap)
        self.clear = QPushButton(self.tr("Clear"))
        self.clear.setToolTip(self.tr("Forget both"))
        self.clear.clicked.connect(self._forget)
        self.marks = QLabel()
        self.marks.setWordWrap(True)
        self.table = DataTable(
            [
                self.tr("Parameter"),
                self.tr("‖B−A‖"),
                self.tr("max"),
                self.tr("cos"),
                self.tr("‖A‖"),
                self.tr("‖B‖"),
            ],
            self.tr("Parameters at both moments"),
            sortable=True,
        )
        self.table.set_tips(
            self.tr("Layer and name"),
            self.tr("How far apart both moments are: the norm of the difference"),
            self.tr("The largest change of a single number"),
            self.tr("Cosine of the angle between both: 1 where the direction is the same"),
            self.tr("Norm at moment A"),
            self.tr("Norm at moment B"),
        )
        self.table.setToolTip(self.tr("Select a row for its picture; Enter: go to the layer"))
        self.table.row_chosen.connect(lambda _: self._draw())
        self.table.row_entered.connect(self._go)
        self.side = QComboBox()
        self.side.addItems([self.tr("B − A"), self.tr("A"), self.tr("B")])
        self.side.setAccessibleName(self.tr("What the picture shows"))
        self.side.setToolTip(self.tr("The difference, or one of the two"))
        self.side.currentIndexChanged.connect(self._draw)
        self.reading = QLabel()
        theme.set_role(self.reading, "muted")
        self.tile = HeatmapTile(norm_label="‖·‖")
        self.tile.setMinimumHeight(120)
        self.tile.hovered.connect(self.reading.setText)
        buttons = QHBoxLayout()
        for button in (self.mark_a, self.mark_b, self.swap, self.clear):
            buttons.addWidget(button)
        below = QHBoxLayout()
        below.addWidget(self.side)
        below.addWidget(self.reading, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addWidget(self.story)
        layout.addLayout(buttons)
        layout.addWidget(self.marks)
        layout.addWidget(self.table, 2)
        layout.addLayout(below)
        layout.addWidget(self.tile, 2)
        self._forget()

    # What the window tells.

    def set_network(self, analysis: Analysis) -> None:
        """Take over another network; of what was marked, only what is still there is compared."""
        self._network = analysis.network
        self._program = analysis.program
        self._show()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Compare with the present when it has changed, unless training runs."""
        cursor = snapshot.cursor
        paused = cursor is not None and snapshot.state is not State.RUNNING
        for button in (self.mark_a, self.mark_b):
            button.setEnabled(paused)
        self._moment = None
        if cursor is not None and paused:
            names = {b.id: b.name for b in snapshot.branches}
            name = names.get(snapshot.branch, "")
            self._place = self.tr("{branch}, after {count} iterations").format(
                branch=name, count=f"{snapshot.completed:,}"
            )
            self._moment = (snapshot.revision, snapshot.branch, cursor, snapshot.edited)
        self._refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    # Asking.

    def _refresh(self) -> None:
        wanted = self._a is not None and self._b is None
        fresh = self._moment is not None and self._moment != self._asked
        if wanted and fresh and self.isVisible():
            self._asked = self._moment
            self._follow.put(capture, partial(self._take, "now", self._place))

    def _mark(self, which: str) -> None:
        self._marks.put(capture, partial(self._take, which, self._place))

    def _take(self, which: str, place: str, moment: Moment) -> None:
        if which == "a":
            self._a = moment, place
            self._asked = None
        elif which == "b":
            self._b = moment, place
        else:
            self._now = moment, place
        self._refresh()
        self._show()

    def _swap(self) -> None:
        if self._a is not None and self._b is not None:
            self._a, self._b = self._b, self._a
            self._show()

    def _forget(self) -> None:
        self._marks.reset()
        self._follow.reset()
        self._a = self._b = self._now = None
        self._asked = None
        self._changes = ()
        self._show()

    def _say(self, reason: str) -> None:
        self.marks.setText(self.tr("This moment cannot be kept: {reason}").format(reason=reason))

    # Showing.

    def _pair(self) -> tuple[tuple[Moment, str], tuple[Moment, str]] | None:
        other = self._b or self._now
        return None if self._a is None or other is None else (self._a, other)

    def _show(self) -> None:
        self.swap.setEnabled(self._a is not None and self._b is not None)
        self.clear.setEnabled(self._a is not None or self._b is not None)
        self.story.setText(
            self.tr(
                "Mark a moment as A. Go on, go back, or switch to another branch: the table says "
                "what is different there."
            )
        )
        pair = self._pair()
        lines = []
        for letter, marked in (("A", self._a), ("B", self._b)):
            if marked is not None:
                lines.append(self._line(letter, marked))
        if self._b is None and self._now is not None and self._a is not None:
            lines.append(self._line(self.tr("now"), self._now))
        self._changes = compare(pair[0][0], pair[1][0]) if pair is not None else ()
        if pair is not None and not self._changes:
            lines.append(self.tr("They have no parameter in common."))
        self.marks.setText("<br>".join(lines))
        chosen = self.table.chosen()
        self.table.set_rows([self._cells(change) for change in self._changes], chosen or 0)
        self._draw()

    def _line(self, letter: str, marked: tuple[Moment, str]) -> str:
        moment, place = marked
        text = self.tr("<b>{letter}</b>: {place}; held-out loss {loss}").format(
            letter=letter, place=place, loss=digits(moment.test)
        )
        if moment.accuracy is not None:
            text += self.tr(", accuracy {accuracy}").format(accuracy=f"{moment.accuracy:.1%}")
        return text

    def _cells(self, change: Change) -> list[Cell]:
        return [
            Cell(self._name(change.key)),
            Cell(compact(change.moved), change.moved),
            Cell(compact(change.largest), abs(change.largest)),
            Cell("–" if np.isnan(change.cosine) else f"{change.cosine:.3f}", change.cosine),
            Cell(compact(change.before), change.before),
            Cell(compact(change.after), change.after),
        ]

    def _name(self, key: tuple[str, ...]) -> str:
        value = self._value(key)
        if value is None or self._program is None or self._network is None:
            return "/".join(key)
        return value_name(self._network, self._program, value.id)

    def _value(self, key: tuple[str, ...]) -> Value | None:
        """The parameter or buffer of the network as it is now."""
        program = self._program
        kept = () if program is None else (*program.parameters, *program.buffers)
        return next((v for v in kept if v.key == key), None)

    def _draw(self) -> None:
        pair, row = self._pair(), self.table.chosen()
        self.reading.clear()
        if pair is None or row is None or row >= len(self._changes):
            self.tile.set_title("")
            self.tile.set_data(None, None, scale=1.0)
            return
        key = self._changes[row].key
        a, b = (moment.weights[key] for moment, _ in pair)
        which = self.side.currentIndex()
        with np.errstate(over="ignore"):  # after training has diverged
            array = (b - a, a, b)[which]
        # A and B share one scale, so that they can be told apart; the difference has its own.
        largest = np.abs(array).max() if which == 0 else max(np.abs(a).max(), np.abs(b).max())
        self.tile.set_title(f"{self._name(key)}: {self.side.currentText()}")
        self.tile.set_data(array, norm(array), scale=float(largest) or 1.0)

    def _go(self, row: int) -> None:
        value = self._value(self._changes[row].key)
        if value is not None and self._network is not None:
            self.node_chosen.emit(self._network.sharing(value.node)[0].id)
