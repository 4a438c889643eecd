"""What there is to choose before arrays are imported: NPZ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from backprop_studio.data import Task
from backprop_studio.data.importing import Imported, Progress, npz
from backprop_studio.data.importing.npz_arrays import ArrayInfo
from backprop_studio.files import shorten
from backprop_studio.ui import counts, text_size, theme
from backprop_studio.ui.dialogs.import_page import Page, choice_box, choices
from backprop_studio.ui.widgets.data_table import Cell, DataTable
from backprop_studio.ui.widgets.picture_row import PictureRow
from backprop_studio.ui.widgets.scale_bar import number

_COLUMNS = 24
"""Numbers of a row that are shown."""

_BEGINS = 6
_WORD = 40
_ARRAYS_HEIGHT = 122


class NpzPage(Page):
    """Two of the arrays of an NPZ file, with all that there are and how the chosen ones begin."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found: npz.Preview | None = None
        self.features = choice_box(self.tr("Features"))
        self.target = choice_box(self.tr("Target"))
        self.task = choice_box(
            self.tr("Learn"),
            (
                (Task.CLASSIFICATION.value, self.tr("Classes")),
                (Task.REGRESSION.value, self.tr("Numbers")),
            ),
        )
        self.arrays = DataTable(
            [self.tr("Array"), self.tr("Shape"), self.tr("Type"), self.tr("Begins with")],
            self.tr("Arrays of the file"),
        )
        self.arrays.setMaximumHeight(text_size.scaled(_ARRAYS_HEIGHT))
        self.caption = QLabel()
        theme.set_role(self.caption, "heading")
        self.strip = PictureRow()
        self.strip.setAccessibleName(self.tr("The first pictures"))
        self.rows = DataTable([], self.tr("The first rows"))
        self.rows.horizontalHeader().setDefaultSectionSize(text_size.scaled(84))
        note = QLabel(self.tr("An array has one row for each example, along its first axis."))
        theme.set_role(note, "muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(choices(self.features, self.target, self.task))
        layout.addWidget(note)
        layout.addWidget(self.arrays)
        layout.addWidget(self.caption)
        layout.addWidget(self.strip)
        layout.addWidget(self.rows, 1)
        # Takes the room that the rows leave while there are pictures, or nothing, in their place.
        layout.addStretch(0)
        self.features.activated.connect(self._choose)
        self.target.activated.connect(self._retask)
        self.task.activated.connect(self.changed)

    def inspect(self, path: Path, progress: Progress) -> npz.Preview:
        return npz.inspect(path)

    def show_found(self, found: object) -> None:
        assert isinstance(found, npz.Preview)
        self._found = found
        for chooser, chosen in ((self.features, found.x), (self.target, found.y)):
            chooser.clear()
            for array in found.arrays:
                chooser.addItem(shorten(array.name, _WORD), array.name)
            chooser.setCurrentIndex(chooser.findData(chosen))
        self.arrays.set_rows(
            [self._listed(array) for array in found.arrays]
            + [
                (
                    Cell(shorten(name, _WORD), color="muted"),
                    Cell(""),
                    Cell(""),
                    Cell(self.tr("Of no use: {reason}").format(reason=reason), color="muted"),
                )
                for name, reason in found.unusable
            ]
        )
        self._retask()

    def problem(self) -> str:
        if self.features.currentIndex() < 0 or self.target.currentIndex() < 0:
            return self.tr("Choose one array as the features and one as the target.")
        if self.features.currentIndex() == self.target.currentIndex():
            return self.tr("Features and target are the same array.")
        x, y = self._chosen()
        if x.shape[:1] != y.shape[:1]:
            return self.tr("'{x}' has {rows} and '{y}' {others}: choose two of the same.").format(
                x=x.name, rows=self._rows(x), y=y.name, others=self._rows(y)
            )
        return ""

    def summary(self) -> str:
        if self._found is None or self.problem():
            return ""
        x, _ = self._chosen()
        numbers = " × ".join(f"{n:,}" for n in x.shape[1:]) or "1"
        told = self.tr("{rows} of {numbers} numbers").format(rows=self._rows(x), numbers=numbers)
        if x.dtype == np.uint8:
            told += " · " + self.tr("bytes, which become shares of 255")
        return told

    def _chosen(self) -> tuple[ArrayInfo, ArrayInfo]:
        assert self._found is not None
        arrays = self._found.arrays
        return arrays[self.features.currentIndex()], arrays[self.target.currentIndex()]

    def _rows(self, array: ArrayInfo) -> str:
        if not array.shape:
            return self.tr("one number")
        return counts.rows(array.shape[0])

    def load(self, path: Path, progress: Progress) -> Imported:
        task = Task(self.task.currentData())
        return npz.load(
            path, self.features.currentData(), self.target.currentData(), task, progress
        )

    def _listed(self, array: ArrayInfo) -> tuple[Cell, ...]:
        """A row of the table of arrays."""
        shape = " × ".join(f"{n:,}" for n in array.shape) or self.tr("one number")
        begins = ""
        if array.first is not None:
            numbers = array.first.reshape(-1)[:_BEGINS]
            begins = "  ".join(map(_text, numbers)) + (" …" if array.first.size > _BEGINS else "")
        kind = self.tr("text") if array.dtype.kind in "US" else array.dtype.name
        return Cell(shorten(array.name, _WORD)), Cell(shape), Cell(kind), Cell(begins)

    def _retask(self) -> None:
        if self._found is not None and self.target.currentIndex() >= 0:
            array = self._found.arrays[self.target.currentIndex()]
            self.task.setCurrentIndex(self.task.findData(npz.likely_task(array).value))
        self._choose()

    def _choose(self) -> None:
        """Show how the chosen arrays begin."""
        x = self._first(self.features.currentIndex())
        y = self._first(self.target.currentIndex())
        targets = [] if y is None else [_joined(row) for row in y]
        pictures = None if x is None else npz.pictures(x)
        shown = pictures is not None and bool(np.isfinite(pictures).all())
        self.strip.set_pictures(
            pictures if shown and pictures is not None else np.zeros((0, 1, 1), np.float32),
            targets,
        )
        self.caption.setText(self.tr("The first pictures") if shown else self.tr("The first rows"))
        self.caption.setVisible(x is not None)
        self.rows.setVisible(x is not None and not shown)
        if x is not None and not shown:
            self._show_rows(x.reshape(len(x), -1), targets)
        self.changed.emit()

    def _show_rows(self, x: npt.NDArray[Any], targets: list[str]) -> None:
        width = x.shape[1]
        shown = min(width, _COLUMNS)
        headers = [self.tr("Target"), *(f"{k + 1}" for k in range(shown))]
        if width > shown:
            headers.append("…")
        self.rows.setColumnCount(len(headers))
        self.rows.setHorizontalHeaderLabels(headers)
        more = [Cell("…")] if width > shown else []
        self.rows.set_rows(
            [
                [
                    Cell(targets[k] if k < len(targets) else ""),
                    *(Cell(_text(n), 0.0) for n in row[:shown]),
                    *more,
                ]
                for k, row in enumerate(x)
            ]
        )

    def _first(self, place: int) -> npt.NDArray[Any] | None:
        """How an array begins; None where there is none, or it cannot be seen."""
        if self._found is None or place < 0:
            return None
        first = self._found.arrays[place].first
        return first if first is not None and first.size else None


def _text(value: Any) -> str:
    """An entry of an array as it is shown."""
    if isinstance(value, bytes):
        return shorten(value.decode("utf-8", errors="replace"), _WORD)
    if isinstance(value, str):
        return shorten(value, _WORD)
    if isinstance(value, np.bool_):
        return "1" if value else "0"
    if isinstance(value, np.integer):
        return str(int(value))
    return number(float(value))


def _joined(row: Any) -> str:
    """A target as it is shown: itself, or the few numbers that it consists of."""
    numbers = np.asarray(row).reshape(-1)
    return "  ".join(map(_text, numbers[:_BEGINS])) + (" …" if len(numbers) > _BEGINS else "")
