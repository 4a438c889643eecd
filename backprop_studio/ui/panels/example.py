"""Choose the example that is traced: among the points of the batch, by number, or typed in."""

from __future__ import annotations

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
from backprop_studio.insight.examples import Examples, examples
from backprop_studio.network import Analysis, Source
from backprop_studio.training import Intervention, Snapshot, State
from backprop_studio.ui import theme
from backprop_studio.ui.asking import Ask, Enquiry

_IMAGE = 72


class ExamplePanel(QWidget):
    """The examples of the batch as points, one of them traced through the network.

    Parameters
    ----------
    ask
        Asks the worker.
    """

    row_chosen = Signal(int)
    """Row of the batch, from 0, that is to be traced."""
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
        self.story = QLabel(
            self.tr(
                "Each point is an example of this batch. Click one: the canvas shows it on its "
                "way through the network, and its error signal on the way back."
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
        self.row.valueChanged.connect(self._choose)
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
        side_ = QVBoxLayout()
        side_.addWidget(self.row)
        side_.addWidget(self.words, 1)
        about.addLayout(side_, 1)
        typing = QHBoxLayout()
        typing.addWidget(self.numbers, 1)
        typing.addWidget(self.apply)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addWidget(self.story)
        layout.addWidget(self.plot, 1)
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
        cursor = snapshot.cursor
        self._moment = None
        if cursor is not None and snapshot.state is not State.RUNNING:
            self._moment = (snapshot.branch, cursor.iteration, snapshot.edited and cursor.index)
        last = max(snapshot.batch_size - 1, 0)
        if self.row.maximum() != last:
            with QSignalBlocker(self.row):
                self.row.setMaximum(last)
        self._refresh()

    def trace(self, row: int) -> None:
        """Trace another row of the batch, from 0."""
        if row == self.row.value():
            self.row_chosen.emit(row)
        self.row.setValue(row)

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
            self._enquiry.put(examples, self._show)

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
        self._draw()
        self._describe()

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
        spots: list[dict[str, Any]] = []
        for place, (x, y) in enumerate(found.places):
            kind = found.classes[place] if found.classes else 0
            marked = place == chosen
            spots.append(
                {
                    "pos": (float(x), float(y)),
                    "data": place,
                    "size": 15 if marked else 9,
                    "brush": QColor(now.curves[kind % len(now.curves)]),
                    "pen": pg.mkPen(QColor(now.text), width=2 if marked else 0.5),
                    # Colours repeat after a few classes; shapes then tell them apart.
                    "symbol": "ostd+"[(kind // len(now.curves)) % 5],
                }
            )
        self.points.setData(spots=spots)

    def _describe(self) -> None:
        found = self._found
        if found is None:
            return
        row = min(self.row.value(), len(found.rows) - 1)
        self.words.setText(
            self.tr("Example {example}: target <b>{target}</b>, the network says <b>{said}</b>.")
            .format(
                example=f"{found.rows[row]:,}",
                target=found.labels[row],
                said=found.predicted[row],
            )
        )  # fmt: skip
        numbers = found.features[row]
        self.numbers.setText(", ".join(f"{n:.4g}" for n in numbers))
        self.numbers.setCursorPosition(0)
        typed = self._input is not None
        self.numbers.setEnabled(typed)
        self.apply.setEnabled(typed)
        self.image.setVisible(found.image_shape is not None)
        if found.image_shape is not None:
            self.image.setPixmap(_picture(numbers.reshape(found.image_shape)))

    # The user.

    def _click(self, _: object, points: list[Any], *__: object) -> None:
        if len(points):
            self.row.setValue(int(points[0].data()))

    def _choose(self) -> None:
        self._draw()
        self._describe()
        self.row_chosen.emit(self.row.value())

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
