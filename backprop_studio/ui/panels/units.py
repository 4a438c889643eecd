"""What the units of a layer respond to, and what matters in the traced example."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.insight.flow import outputs
from backprop_studio.insight.units import Units, units
from backprop_studio.network import Analysis
from backprop_studio.training import Snapshot
from backprop_studio.training.naming import node_name
from backprop_studio.ui import theme
from backprop_studio.ui.asking import Ask
from backprop_studio.ui.following import Follower, Question
from backprop_studio.ui.widgets.chances import ChanceBars
from backprop_studio.ui.widgets.data_table import Cell, DataTable
from backprop_studio.ui.widgets.pixels import PixelView
from backprop_studio.ui.widgets.scale_bar import number
from backprop_studio.ui.widgets.two_views import TwoViews

_TILE = 52
_TOP = 5


class UnitsPanel(QWidget):
    """What each unit of a layer responds to.

    With two features, each unit has a map of the plane: blue where its output is below zero, orange
    where it is above. In a layer of pictures, each channel is a picture of the traced example. Of
    the chosen unit you see the examples that it answers most to, and an input that it answers to
    even more, found by climbing the unit's gradient. Below is how much each feature of the traced
    example matters: the size of the gradient of the loss, or of an output, by that feature. Click
    one of the examples that a unit answers to, and it is traced.
    """

    example_traced = Signal(int)
    """Row of the data set that is to be traced through the network."""

    def __init__(self, ask: Ask, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._analysis: Analysis | None = None
        self._found: Units | None = None
        self._row = 0
        self._example: int | None = None
        self._follower = Follower(self, ask, self._question, self._show, self._say)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        self.story, self.answers, self.matters = QLabel(), QLabel(), QLabel()
        for text in (self.story, self.answers, self.matters):
            text.setWordWrap(True)
        self.matters.setTextFormat(Qt.TextFormat.PlainText)
        theme.set_role(self.story, "muted")
        layout.addWidget(self.story)
        layout.addLayout(self._make_choice())
        layout.addWidget(self._make_views())
        layout.addWidget(self.answers)
        layout.addLayout(self._make_strip())
        layout.addLayout(self._make_score())
        layout.addWidget(self.matters)
        layout.addLayout(self._make_pair())
        layout.addStretch(1)
        self.setFocusProxy(self.layer)
        self._start_over()

    def _make_choice(self) -> QHBoxLayout:
        """The layer, and the unit that is looked at closely."""
        self.layer = QComboBox()
        self.layer.setAccessibleName(self.tr("Layer"))
        self.layer.setToolTip(self.tr("Whose units are shown"))
        self.layer.currentIndexChanged.connect(self._ask)
        self.unit = QSpinBox()
        self.unit.setPrefix(self.tr("unit "))
        self.unit.setAccessibleName(self.tr("Unit"))
        self.unit.setToolTip(self.tr("Which unit is looked at closely, from 0"))
        self.unit.valueChanged.connect(self._ask)
        choice = QHBoxLayout()
        choice.addWidget(self.layer, 1)
        choice.addWidget(self.unit)
        return choice

    def _make_views(self) -> TwoViews:
        """All units of the layer, as pictures or as bars, or as a table."""
        self.maps = _Gallery()
        self.maps.chosen.connect(self.unit.setValue)
        self.bars = ChanceBars()
        picture = QWidget()
        inside = QVBoxLayout(picture)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.maps)
        inside.addWidget(self.bars)
        inside.addStretch(1)
        self.views = TwoViews(picture, self._make_table(), self._rows)
        return self.views

    def _make_table(self) -> DataTable:
        table = DataTable(
            [
                self.tr("Unit"),
                self.tr("Here"),
                self.tr("Mean"),
                self.tr("Largest"),
                self.tr("Above 0"),
            ],
            self.tr("Units of the layer"),
            sortable=True,
        )
        table.setMinimumHeight(90)
        table.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        table.row_entered.connect(self.unit.setValue)
        return table

    def _make_strip(self) -> QHBoxLayout:
        """The examples that the unit answers to most, and what it would answer to even more."""
        self.top = [
            PixelView(self.tr("Example that the unit answers to"), _TILE) for _ in range(_TOP)
        ]
        for view in self.top:
            view.installEventFilter(self)
        self.climbed = PixelView(self.tr("What the unit answers to most"), _TILE)
        strip = QHBoxLayout()
        strip.setSpacing(4)
        for view in (*self.top, self.climbed):
            strip.addWidget(view)
        strip.addStretch(1)
        return strip

    def _make_score(self) -> QHBoxLayout:
        """Of what it is asked which features matter."""
        self.score = QComboBox()
        self.score.setAccessibleName(self.tr("Of what the gradient is"))
        self.score.setToolTip(self.tr("Of what the gradient by the features is"))
        self.score.currentIndexChanged.connect(self._ask)
        of = QHBoxLayout()
        of.addWidget(QLabel(self.tr("What matters for")))
        of.addWidget(self.score, 1)
        return of

    def _make_pair(self) -> QHBoxLayout:
        """The traced example, and how much each of its features matters."""
        self.example = PixelView(self.tr("The traced example"), 84)
        self.saliency = PixelView(self.tr("How much each pixel matters"), 84)
        self.features = ChanceBars()
        pair = QHBoxLayout()
        pair.addWidget(self.example)
        pair.addWidget(self.saliency)
        pair.addWidget(self.features, 1)
        pair.addStretch(0)
        return pair

    # What the window tells.

    def set_network(self, analysis: Analysis) -> None:
        """Take over another network; what was found is forgotten if its program has changed."""
        self._analysis = analysis
        if self._follower.set_network(analysis):
            self._start_over()
        self._list(analysis)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Look again, if the weights or the batch have changed."""
        self._follower.show_snapshot(snapshot)

    def set_row(self, row: int) -> None:
        """Look at another row of the batch, from 0."""
        self._row, self._example = row, None
        self._ask()

    def set_example(self, example: int) -> None:
        """Look at an example of the data, whether it is in the batch or not."""
        self._example = example
        self._ask()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follower.refresh()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonPress and watched in self.top:
            place = self.top.index(watched)
            if self._found is not None and place < len(self._found.top):
                self.example_traced.emit(int(self._found.top[place]))
        return super().eventFilter(watched, event)

    # Asking.

    def _list(self, analysis: Analysis) -> None:
        """The layers to choose from, the chosen one as before where it is still there."""
        chosen = self.layer.currentData()
        lowered = analysis.lowered
        with QSignalBlocker(self.layer):
            self.layer.clear()
            if lowered is not None:
                for node in outputs(lowered.evaluation, analysis.network):
                    self.layer.addItem(node_name(analysis.network, node), node)
            # The first layer after the data.
            known = self.layer.findData(chosen)
            self.layer.setCurrentIndex(known if known >= 0 else min(1, self.layer.count() - 1))
        with QSignalBlocker(self.score):
            before = self.score.currentIndex()
            self.score.clear()
            self.score.addItem(self.tr("the loss"))
            if lowered is not None:
                for place in range(lowered.dataset.target_width):
                    self.score.addItem(self.tr("output {n}").format(n=place))
            self.score.setCurrentIndex(max(0, min(before, self.score.count() - 1)))

    def _question(self) -> Question | None:
        node = self.layer.currentData()
        if self._analysis is None or node is None:
            return None
        score = self.score.currentIndex() - 1
        return partial(
            units, self._analysis.network, node, self.unit.value(), self._row,
            score if score >= 0 else None, example=self._example,
        )  # fmt: skip

    def _ask(self) -> None:
        self._follower.ask()

    # Showing.

    def _start_over(self) -> None:
        self._found = None
        self.story.setText(
            self.tr("What each unit responds to. It appears here when training is possible.")
        )
        self._clear()

    def _clear(self) -> None:
        self.maps.set_maps(np.zeros((0, 1, 1)), 1.0, 0)
        self.bars.set_bars((), percent=False)
        for view in (*self.top, self.climbed, self.example, self.saliency):
            view.set_pixels(None)
            view.hide()
        for label in (self.answers, self.matters, self.views.caption):
            label.clear()
        self.features.set_bars((), percent=False)
        self.features.hide()
        self.views.refresh()

    def _say(self, reason: str) -> None:
        self.story.setText(self.tr("This could not be found: {reason}").format(reason=reason))

    def _show(self, found: Units | None) -> None:
        self._found = found
        if found is None:
            self._clear()
            self.story.setText(self.tr("This layer has no numbers for each example."))
            return
        count = len(found.here)
        with QSignalBlocker(self.unit):
            self.unit.setMaximum(count - 1)
            self.unit.setValue(found.unit)
        self.unit.setSuffix(self.tr(" of {n}").format(n=count))
        self._show_layer(found)
        self._show_unit(found)
        self._show_example(found)
        self.views.refresh()

    def _show_layer(self, found: Units) -> None:
        scale = float(np.abs(found.maps[np.isfinite(found.maps)]).max(initial=0.0)) or 1.0
        # Upwards is up in a plane; pictures have their first row on top.
        maps = found.maps[:, ::-1] if found.plane else found.maps
        self.maps.set_maps(maps, scale, found.unit)
        self.maps.setVisible(bool(len(found.maps)))
        self.bars.setVisible(not len(found.maps))
        shown = [(self.tr("unit {n}").format(n=n), float(v)) for n, v in enumerate(found.here)]
        self.bars.set_bars(
            shown if not len(found.maps) else (), percent=False, marked=shown[found.unit][0]
        )
        left = len(found.here) - len(found.maps)
        if found.plane:
            told = self.tr("Each unit over the plane of the two features. Blue: below zero, "
                           "orange: above, to ±{scale}.").format(scale=number(scale))  # fmt: skip
        elif len(found.maps):
            told = self.tr("Each channel for the traced example. Blue: below zero, orange: above, "
                           "to ±{scale}.").format(scale=number(scale))  # fmt: skip
        else:
            told = self.tr("What the units answer to the traced example; the largest of {n}.")
            told = told.format(n=len(found.here))
            left = 0
        if left > 0:
            told += " " + self.tr("{n} more units are in the table.").format(n=left)
        self.story.setText(told)
        silent = int((found.active == 0).sum())
        self.views.caption.setText(
            self.tr("{n} of {all} units are never above zero").format(n=silent, all=len(found.here))
            if silent
            else ""
        )

    def _show_unit(self, found: Units) -> None:
        shape = found.image_shape
        start, end = found.climb
        told = self.tr("<b>Unit {n}</b> answers {mean} on average, and at most {most}.").format(
            n=found.unit,
            mean=number(float(found.mean[found.unit])),
            most=number(float(found.largest[found.unit])),
        )
        if found.ascent is None:
            told += " " + self.tr("There is no gradient by these inputs to climb.")
        elif start == end:
            told += " " + self.tr("Its gradient is zero at the mean example: nothing to climb.")
        else:
            told += " " + self.tr("Climbing its gradient leads from {a} to {b}").format(
                a=number(start), b=number(end)
            )
            told += self.tr(", the last picture.") if shape else f": ({_numbers(found.ascent)})."
        if shape is None:
            rows = (
                f"{row:,} ({_numbers(x)}) → {number(float(a))}"
                for row, x, a in zip(found.top[:3], found.pictures, found.answers, strict=False)
            )
            told += "<br>" + self.tr("Most to examples {rows}").format(rows="; ".join(rows))
        self.answers.setText(told)
        for place, view in enumerate(self.top):
            there = shape is not None and place < len(found.top)
            view.setVisible(there)
            if there and shape is not None:
                view.set_pixels(
                    found.pictures[place].reshape(shape),
                    caption=number(float(found.answers[place])),
                )
        climbed = shape is not None and found.ascent is not None
        self.climbed.setVisible(climbed)
        if climbed and shape is not None and found.ascent is not None:
            self.climbed.set_pixels(found.ascent.reshape(shape), caption=number(end))

    def _show_example(self, found: Units) -> None:
        shape, salient = found.image_shape, found.saliency
        self.example.setVisible(shape is not None)
        self.saliency.setVisible(shape is not None and salient is not None)
        self.features.setVisible(shape is None and salient is not None)
        about = self.tr("Example {row}, {label}.").format(
            row=f"{found.example:,}", label=found.label
        )
        if shape is not None:
            self.example.set_pixels(found.x.reshape(shape), caption=self.tr("example"))
        if salient is None:
            self.matters.setText(
                about + " " + self.tr("Its features are tokens, which have no gradient.")
            )
            return
        self.matters.setText(
            about + " " + self.tr("Each feature by the size of the gradient, to {most}.").format(
                most=number(float(np.nan_to_num(salient).max(initial=0.0)))
            )
        )  # fmt: skip
        if shape is not None:
            most = float(np.nan_to_num(salient).max(initial=0.0)) or 1.0
            self.saliency.set_pixels(salient.reshape(shape), scale=most, caption=self.tr("matters"))
        else:
            bars = [
                (self.tr("feature {n}").format(n=n + 1), float(v)) for n, v in enumerate(salient)
            ]
            self.features.set_bars(bars, percent=False)

    def _rows(self) -> Sequence[Sequence[Cell]]:
        found = self._found
        if found is None:
            return []
        return [
            [
                Cell(str(n), n),
                Cell(f"{found.here[n]:.4g}", float(found.here[n])),
                Cell(f"{found.mean[n]:.4g}", float(found.mean[n])),
                Cell(f"{found.largest[n]:.4g}", float(found.largest[n])),
                Cell(f"{found.active[n]:.0%}", float(found.active[n])),
            ]
            for n in range(len(found.here))
        ]


class _Gallery(QWidget):
    """A picture for each unit. Arrow keys go from one to the next; a click chooses one."""

    chosen = Signal(int)
    """Number of the unit."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._views: list[PixelView] = []
        self._unit = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(3, 3, 3, 3)
        self._grid.setSpacing(4)
        self._grid.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Pictures of the units"))

    def set_maps(self, maps: np.ndarray, scale: float, unit: int) -> None:
        """Show other pictures, of shape (units, down, across), all on one scale."""
        self._unit = unit
        while len(self._views) > len(maps):
            view = self._views.pop()
            self._grid.removeWidget(view)
            view.hide()
            view.deleteLater()
        while len(self._views) < len(maps):
            view = PixelView(self.tr("Unit {n}").format(n=len(self._views)), _TILE)
            view.installEventFilter(self)
            self._views.append(view)
        for number_, (view, pixels) in enumerate(zip(self._views, maps, strict=True)):
            view.set_pixels(pixels, scale=scale, caption=str(number_))
            view.set_chosen(number_ == unit)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _columns(self) -> int:
        return max(1, (self.width() - 2) // (_TILE + 4))

    def _arrange(self) -> None:
        for place, view in enumerate(self._views):
            self._grid.addWidget(view, place // self._columns(), place % self._columns())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setPen(QPen(QColor(theme.current().accent), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonPress and isinstance(watched, PixelView):
            self.chosen.emit(self._views.index(watched))
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        columns = self._columns()
        steps = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -columns, Qt.Key.Key_Down: columns,
        }  # fmt: skip
        step = steps.get(Qt.Key(event.key()))
        if step is None or not self._views:
            super().keyPressEvent(event)
            return
        self.chosen.emit(min(max(self._unit + step, 0), len(self._views) - 1))


def _numbers(row: np.ndarray) -> str:
    text = ", ".join(f"{v:.3g}" for v in row[:4])
    return f"{text}, …" if len(row) > 4 else text
