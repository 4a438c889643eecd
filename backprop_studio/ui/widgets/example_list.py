"""Examples with what a network says of them, one of them as a picture."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QCoreApplication, QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from backprop_studio.insight.predictions import Predictions
from backprop_studio.ui.widgets.data_table import Cell, DataTable
from backprop_studio.ui.widgets.pixels import PixelView

MOST = 200
"""Examples that are listed, at most."""


class ExampleCard(QWidget):
    """One example: its picture, what is said of it, and the way to the canvas."""

    traced = Signal(int)
    """Row of the data set that is to be traced through the network."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row = -1
        self.picture = PixelView(self.tr("Picture of the example"), 64)
        self.words = QLabel()
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.trace = QPushButton(self.tr("Trace this example"))
        self.trace.clicked.connect(self.go)
        side = QVBoxLayout()
        side.addWidget(self.words, 1)
        side.addWidget(self.trace)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.picture)
        layout.addLayout(side, 1)
        self._fit()
        self.set_example(None, None)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "words"):
            self._fit()

    def _fit(self) -> None:
        """Keep room for two lines: a layout does not ask words how often they have to break."""
        self.words.setMinimumHeight(2 * self.words.fontMetrics().lineSpacing())

    def set_example(self, found: Predictions | None, place: int | None, empty: str = "") -> None:
        """Describe the example at a place of the predictions; None for none."""
        self._row = -1
        self.trace.setEnabled(False)
        if found is None or place is None:
            self.words.setText(empty)
            self.picture.hide()
            self.trace.setToolTip(self.tr("Choose an example first"))
            return
        picture = found.image_shape is not None
        self.picture.setVisible(picture)
        if found.image_shape is not None:
            self.picture.set_pixels(found.x[place].reshape(found.image_shape))
        self.words.setText(tell(found, place, numbers=not picture))
        self._row = int(found.rows[place])
        self.trace.setEnabled(True)
        told = self.tr("Follow it through the network on the canvas.")
        if found.held[place]:
            told += " " + self.tr("It is held out, and so it goes through in a pass of its own.")
        elif found.batch[place] < 0:
            told += " " + self.tr(
                "It is in batch {n} of this epoch; now it goes through in a pass of its own."
            ).format(n=int(found.comes[place]))
        self.trace.setToolTip(told)

    def go(self) -> None:
        """Have it traced."""
        if self._row >= 0:
            self.traced.emit(self._row)


class ExampleList(QWidget):
    """A table of examples. Enter, a double click or the button traces one."""

    traced = Signal(int)
    """Row of the data set that is to be traced through the network."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found: Predictions | None = None
        self._places: npt.NDArray[np.integer] = np.empty(0, np.int64)
        self._row = -1
        self.table = DataTable(
            [
                self.tr("Example"),
                self.tr("True"),
                self.tr("Said"),
                self.tr("Sure"),
                self.tr("Loss"),
            ],
            name,
            sortable=True,
        )
        self.table.row_chosen.connect(self._choose)
        self.table.row_entered.connect(self._enter)
        self.card = ExampleCard()
        self.card.traced.connect(self.traced)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.card)
        self.setFocusProxy(self.table)

    @property
    def chosen(self) -> int | None:
        """Place in the predictions of the example that is described."""
        if self._found is None:
            return None
        places = np.flatnonzero(self._found.rows == self._row)
        return int(places[0]) if len(places) else None

    def set_examples(self, found: Predictions | None, places: npt.NDArray[np.integer]) -> None:
        """List these of the predictions, by their places in them, in this order."""
        self._found, self._places = found, places[:MOST]
        listed = [] if found is None else [int(found.rows[place]) for place in self._places]
        chosen = listed.index(self._row) if self._row in listed else (0 if listed else None)
        self._row = listed[chosen] if chosen is not None else -1
        self.table.set_rows([self._cells(int(place)) for place in self._places], chosen)
        self.card.set_example(found, self.chosen)

    def _cells(self, place: int) -> list[Cell]:
        found = self._found
        assert found is not None
        held = self.tr("{row} held out") if found.held[place] else "{row}"
        row = int(found.rows[place])
        said, sure = self._said(place)
        loss = float(found.losses[place])
        return [
            Cell(held.format(row=f"{row:,}"), row),
            Cell(_true(found, place)),
            Cell(said, color="error" if found.wrong[place] else ""),
            Cell("–" if math.isnan(sure) else f"{sure:.0%}", -1.0 if math.isnan(sure) else sure),
            Cell(f"{loss:.3g}", loss if math.isfinite(loss) else math.inf),
        ]

    def _said(self, place: int) -> tuple[str, float]:
        """What is said of an example, and how sure the network is of it."""
        found = self._found
        assert found is not None
        if not found.classes:
            return _numbers(found.outputs[place]), math.nan
        guess = int(found.guesses[place])
        chances = found.chances
        return found.classes[guess], math.nan if chances is None else float(chances[place, guess])

    def _choose(self, row: int) -> None:
        assert self._found is not None
        self._row = int(self._found.rows[self._places[row]])
        self.card.set_example(self._found, self.chosen)

    def _enter(self, row: int) -> None:
        self._choose(row)
        self.card.go()


def tell(found: Predictions, place: int, *, numbers: bool = True) -> str:
    """An example in one sentence.

    Parameters
    ----------
    found
        What is known.
    place
        Which of the rows.
    numbers
        Whether its features are told too.
    """
    tr = partial(QCoreApplication.translate, "ExampleList")
    held = tr("held out") if found.held[place] else tr("training")
    words = tr("Example {row} ({held}): true {true}, said {said}, loss {loss}.").format(
        row=f"{int(found.rows[place]):,}",
        held=held,
        true=_true(found, place),
        said=_guess(found, place),
        loss=f"{float(found.losses[place]):.4g}",
    )
    return f"{words} [{_numbers(found.x[place])}]" if numbers else words


def _true(found: Predictions, place: int) -> str:
    if found.classes:
        return found.classes[int(found.targets[place])]
    return _numbers(np.atleast_1d(found.targets[place]))


def _guess(found: Predictions, place: int) -> str:
    if not found.classes:
        return _numbers(found.outputs[place])
    guess = int(found.guesses[place])
    chances = found.chances
    sure = "" if chances is None else f" ({float(chances[place, guess]):.1%})"
    return found.classes[guess] + sure


def _numbers(row: npt.NDArray[np.floating]) -> str:
    text = ", ".join(f"{v:.3g}" for v in row[:4])
    return f"{text}, …" if len(row) > 4 else text
