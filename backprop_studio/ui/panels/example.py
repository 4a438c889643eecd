"""Choose the example that is traced: in the batch, anywhere in the data, or typed in."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPixmap, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.autograd import Program, resolve
from backprop_studio.insight.examples import Examples, Guest, examples
from backprop_studio.insight.rows import Part
from backprop_studio.network import Analysis, Source
from backprop_studio.training import Intervention, Snapshot
from backprop_studio.ui import theme
from backprop_studio.ui.asking import Ask, Enquiry, resting_at
from backprop_studio.ui.widgets.kinds import kind_color, kind_symbol

_IMAGE = 72


class ExamplePanel(QWidget):
    """The examples of the batch as points, one of them traced through the network.

    Click a point, choose a row of the batch, or any example of the data by its number. One that is
    not in the batch is drawn as a star, and goes through the network in a pass of its own.

    Parameters
    ----------
    ask
        Asks the worker.
    """

    row_chosen = Signal(int)
    """Row of the batch, from 0, that is to be traced: whatever example it is."""
    example_chosen = Signal(int)
    """Row of the data set that is to be traced from now on."""
    numbers_typed = Signal(object)
    """Tuple of `Intervention`: the features of the example, as they were typed in."""

    def __init__(self, ask: Ask, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._enquiry = Enquiry(ask, self._say)
        self._program: Program | None = None
        self._input: int | None = None
        self._found: Examples | None = None
        self._moment: object = None
        self._asked: object = None
        self._wanted: int | None = None
        self.story = QLabel(
            self.tr(
                "Each point is an example of this batch. Click one, or name any example of the "
                "data: the canvas shows it on its way through the network, and its error signal "
                "on the way back."
            )
        )
        self.story.setWordWrap(True)
        theme.set_role(self.story, "muted")
        self.plot = pg.PlotWidget()
        self.plot.setAccessibleName(self.tr("Examples of the batch"))
        self.plot.setToolTip(
            self.tr("The two directions in which the batch varies most; click an example")
        )
        # As high as the panel leaves it, and no higher.
        self.plot.setMinimumHeight(120)
        self.plot.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.plot.setFrameShape(pg.PlotWidget.Shape.NoFrame)
        item = self.plot.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.setMouseEnabled(x=False, y=False)
        for side in ("bottom", "left"):
            item.getAxis(side).setStyle(showValues=False)
        self.points = pg.ScatterPlotItem(size=9, pxMode=True)
        self.points.sigClicked.connect(self._click)
        item.addItem(self.points)
        self.row = QSpinBox()
        self.row.setPrefix(self.tr("row "))
        self.row.setAccessibleName(self.tr("Row of the batch"))
        self.row.setToolTip(self.tr("Which example of the batch is traced, from 0"))
        self.row.valueChanged.connect(self._take_row)
        self.example = QSpinBox()
        self.example.setPrefix(self.tr("example "))
        self.example.setMaximum(2**31 - 1)
        self.example.setAccessibleName(self.tr("Example of the data"))
        self.example.setToolTip(
            self.tr(
                "Any example of the data, from 0. One that is not in this batch goes through the "
                "network in a pass of its own."
            )
        )
        self.example.valueChanged.connect(self.trace)
        self.image = QLabel()
        self.image.setFixedSize(_IMAGE, _IMAGE)
        self.image.setAccessibleName(self.tr("Picture of the example"))
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.numbers = QLineEdit()
        self.numbers.setAccessibleName(self.tr("Features of the example"))
        self.numbers.setToolTip(
            self.tr("The numbers of the example. Type others and press Enter: what if…")
        )
        self.numbers.returnPressed.connect(self._type)
        self.apply = QPushButton(self.tr("Put in"))
        self.apply.setToolTip(self.tr("Give the example these numbers, from this moment on"))
        self.apply.clicked.connect(self._type)
        about = QHBoxLayout()
        about.addWidget(self.image)
        numbers = QHBoxLayout()
        numbers.addWidget(self.row, 1)
        numbers.addWidget(self.example, 2)
        side_ = QVBoxLayout()
        side_.addLayout(numbers)
        side_.addWidget(self.words, 1)
        about.addLayout(side_, 1)
        typing = QHBoxLayout()
        typing.addWidget(self.numbers, 1)
        typing.addWidget(self.apply)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addWidget(self.story)
        # It keeps the plot's least height: that of one that takes what is left does not count.
        place = QWidget()
        inside = QVBoxLayout(place)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.plot)
        layout.addWidget(place, 1)
        layout.addLayout(about)
        layout.addLayout(typing)
        self._restyle()
        self._start_over()

    # What the window tells.

    def set_network(self, analysis: Analysis) -> None:
        """Take over another network."""
        lowered = analysis.lowered
        program = None if lowered is None else lowered.program
        if program is not None and program == self._program:
            return
        self._program = program
        self._input = None
        if lowered is not None:
            whole = (
                lowered.program.inputs[feed.name]
                for feed in lowered.feeds
                if feed.source is Source.FEATURES and feed.columns is None
            )
            self._input = next(whole, None)
        self._start_over()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show another batch when the moment has changed, unless training runs."""
        self._moment = resting_at(snapshot)
        last = max(snapshot.batch_size - 1, 0)
        if self.row.maximum() != last:
            with QSignalBlocker(self.row):
                self.row.setMaximum(last)
                # In a batch of one there is nothing to choose.
                self.row.setSpecialValueText("" if last else self.tr("the only row"))
        self._refresh()

    def trace(self, example: int) -> None:
        """Trace an example of the data, whether it is in the batch or not."""
        self._wanted = example
        with QSignalBlocker(self.example):
            self.example.setValue(example)
        self._settle()
        self.example_chosen.emit(example)
        if self._guest() is None and not self._inside(example):
            self._asked = None
            self._refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if theme.is_theme_change(event) and hasattr(self, "points"):
            self._restyle()
            self._draw()

    # Showing.

    def _refresh(self) -> None:
        if self.isVisible() and self._moment is not None and self._moment != self._asked:
            self._asked = self._moment
            self._enquiry.put(partial(examples, wanted=self._wanted), self._show)

    def _start_over(self) -> None:
        self._enquiry.reset()
        self._found, self._asked = None, None
        self.points.clear()
        self.image.clear()
        self.numbers.clear()
        self.words.setText(self.tr("The examples appear here when training is possible."))
        for widget in (self.numbers, self.apply):
            widget.setEnabled(False)

    def _say(self, reason: str) -> None:
        self.words.setText(self.tr("The examples cannot be shown: {reason}").format(reason=reason))

    def _show(self, found: Examples) -> None:
        self._found = found
        with QSignalBlocker(self.example):
            self.example.setMaximum(found.of - 1)
        if self._wanted is not None:
            self._wanted = min(self._wanted, found.of - 1)
        self._settle()

    def _settle(self) -> None:
        """Let the two numbers say the same, as far as the example is in the batch."""
        found = self._found
        if found is None:
            return
        if self._wanted is None:
            with QSignalBlocker(self.example):
                self.example.setValue(found.rows[min(self.row.value(), len(found.rows) - 1)])
        elif self._inside(self._wanted):
            with QSignalBlocker(self.row):
                self.row.setValue(found.rows.index(self._wanted))
        self._draw()
        self._describe()

    def _inside(self, example: int) -> bool:
        return self._found is not None and example in self._found.rows

    def _guest(self) -> Guest | None:
        """The example that is wanted and not in the batch, once it is known."""
        guest = None if self._found is None else self._found.guest
        return guest if guest is not None and guest.row == self._wanted else None

    def _restyle(self) -> None:
        now = theme.current()
        self.plot.setBackground(now.plot_background)
        for side in ("bottom", "left"):
            self.plot.getPlotItem().getAxis(side).setPen(now.plot_axis)

    def _draw(self) -> None:
        found = self._found
        if found is None:
            return
        now = theme.current()
        chosen = min(self.row.value(), len(found.rows) - 1)
        guest = self._guest()
        if guest is not None:
            chosen = -1
        spots: list[dict[str, Any]] = []
        for place, (x, y) in enumerate(found.places):
            kind = found.classes[place] if found.classes else 0
            marked = place == chosen
            spots.append(
                {
                    "pos": (float(x), float(y)),
                    "data": place,
                    "size": 15 if marked else 9,
                    "brush": kind_color(kind),
                    "pen": pg.mkPen(QColor(now.text), width=2 if marked else 0.5),
                    "symbol": kind_symbol(kind),
                }
            )
        if guest is not None:
            spots.append(
                {
                    "pos": (float(guest.place[0]), float(guest.place[1])),
                    "data": -1,
                    "size": 18,
                    "brush": kind_color(guest.kind),
                    "pen": pg.mkPen(QColor(now.text), width=2),
                    "symbol": "star",
                }
            )
        self.points.setData(spots=spots)

    def _describe(self) -> None:
        found = self._found
        if found is None:
            return
        row, guest = min(self.row.value(), len(found.rows) - 1), self._guest()
        which = self.tr("The only example") if found.only else self.tr("Example {example}")
        told = which + self.tr(": target <b>{target}</b>, the network says <b>{said}</b>.")
        # With one example there is nothing to choose, however many rows repeat it.
        self.example.setVisible(not found.only)
        if guest is None:
            label, said, numbers = found.labels[row], found.predicted[row], found.features[row]
            self.words.setText(
                told.format(example=f"{found.rows[row]:,}", target=escape(label), said=escape(said))
            )
        else:
            numbers = guest.features
            text = told.format(
                example=f"{guest.row:,}", target=escape(guest.label), said=escape(guest.predicted)
            )
            self.words.setText(text + " " + self._why(guest))
        self.numbers.setText(", ".join(f"{n:.4g}" for n in numbers))
        self.numbers.setCursorPosition(0)
        typed = self._input is not None and guest is None
        self.numbers.setEnabled(typed)
        self.apply.setEnabled(typed)
        self.image.setVisible(found.image_shape is not None)
        if found.image_shape is not None:
            self.image.setPixmap(_picture(numbers.reshape(found.image_shape)))

    # The user.

    def _click(self, _: object, points: list[Any], *__: object) -> None:
        row = int(points[0].data()) if len(points) else -1
        if row >= 0:
            with QSignalBlocker(self.row):
                self.row.setValue(row)
            self._take_row(row)

    def _take_row(self, row: int) -> None:
        self._wanted = None
        self._settle()
        self.row_chosen.emit(row)

    def _why(self, guest: Guest) -> str:
        """Why an example is not in the batch, and what is shown of it."""
        why = {
            Part.HELD_OUT: self.tr("It is held out, so that it is never in a batch:"),
            Part.TRAINING: self.tr("It is not in this batch:"),
            Part.LEFT_OUT: self.tr("It is left out of training:"),
        }[guest.part]
        return (
            why
            + " "
            + self.tr("the canvas shows a pass of its own, with the weights of this moment.")
        )

    def _type(self) -> None:
        found, program, value = self._found, self._program, self._input
        if found is None or program is None or value is None:
            return
        row, width = self.row.value(), found.features.shape[1]
        try:
            numbers = [float(part) for part in self.numbers.text().split(",")]
        except ValueError:
            self._refuse(
                self.tr("These are not numbers. Type {count} of them, with commas."), width
            )
            return
        if len(numbers) != width:
            self._refuse(
                self.tr("The example has {count} numbers, not {n}.").replace(
                    "{n}", str(len(numbers))
                ),
                width,
            )
            return
        shape = resolve(program.values[value].shape, {"N": len(found.rows)})[1:]
        changes = []
        for place in np.flatnonzero([f"{n:.4g}" for n in found.features[row]] != _texts(numbers)):
            inside = tuple(int(i) for i in np.unravel_index(int(place), shape))
            changes.append(Intervention(value, (row, *inside), numbers[int(place)]))
        if changes:
            self.numbers_typed.emit(tuple(changes))

    def _refuse(self, text: str, count: int) -> None:
        self.words.setText(text.format(count=count))


def _texts(numbers: list[float]) -> np.ndarray[Any, Any]:
    return np.array([f"{n:.4g}" for n in numbers])


def _picture(numbers: np.ndarray[Any, Any]) -> QPixmap:
    """Grey levels, the largest number black on white as ink is."""
    low, high = float(numbers.min()), float(numbers.max())
    ink = 255 - np.ascontiguousarray((numbers - low) / ((high - low) or 1.0) * 255)
    grey = np.ascontiguousarray(ink.astype(np.uint8))
    rows, columns = grey.shape
    image = QImage(grey.data, columns, rows, columns, QImage.Format.Format_Grayscale8)
    return QPixmap.fromImage(image.copy()).scaled(
        _IMAGE, _IMAGE, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.FastTransformation
    )
