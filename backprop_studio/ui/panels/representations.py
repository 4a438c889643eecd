"""The same examples layer by layer: how they come apart on their way through the network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.insight.predictions import window
from backprop_studio.insight.representations import Layer, Representations, representations
from backprop_studio.network import Analysis
from backprop_studio.training import Snapshot
from backprop_studio.training.naming import node_name
from backprop_studio.ui import theme
from backprop_studio.ui.asking import Ask
from backprop_studio.ui.following import Follower, Question
from backprop_studio.ui.widgets.data_table import Cell, DataTable
from backprop_studio.ui.widgets.dot_plot import DotPlot, Dots, View
from backprop_studio.ui.widgets.kinds import KindLegend
from backprop_studio.ui.widgets.two_views import TwoViews

_GAIN = 0.02
"""Difference between two probes from which on it is told."""

_COLUMN = 165
"""Pixels that a plot needs across."""


class RepresentationsPanel(QWidget):
    """The same examples as each layer sees them, one small plot a layer.

    At first the examples of all classes lie among each other. From layer to layer they come apart,
    until the last one can tell them by a straight line. The bar below each plot measures that: a
    linear probe, which is the best straight-line rule for the numbers of this layer, got from
    training rows in closed form and measured on held-out rows. Point at an example, and every plot
    shows where it is; click it, or press Enter, to trace it through the network.
    """

    node_chosen = Signal(str)
    """Id of the node whose name was pressed."""
    example_traced = Signal(int)
    """Row of the data set that is to be traced through the network."""

    def __init__(self, ask: Ask, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found: Representations | None = None
        self._analysis: Analysis | None = None
        self._cards: dict[str, _LayerCard] = {}
        self._follower = Follower(self, ask, self._question, self._show, self._say)
        self.story = QLabel()
        self.story.setWordWrap(True)
        theme.set_role(self.story, "muted")
        self.axes = QComboBox()
        self.axes.addItems([self.tr("Main directions (PCA)"), self.tr("Two units")])
        self.axes.setAccessibleName(self.tr("Axes of the plots"))
        self.axes.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.axes.setToolTip(
            self.tr("The two directions in which a layer varies most, or two of its units")
        )
        self.units = (QSpinBox(), QSpinBox())
        for place, box in enumerate(self.units):
            box.setRange(0, 9999)
            box.setValue(place)
            box.setAccessibleName(
                self.tr("Unit to the right") if place == 0 else self.tr("Unit upwards")
            )
            box.setToolTip(self.tr("Number of the unit, from 0; of narrower layers, the last one"))
            box.valueChanged.connect(self._choose_axes)
            box.hide()
        self.axes.currentIndexChanged.connect(self._choose_axes)
        self.legend = KindLegend()
        self._grid_host = QWidget()
        self._grid = QGridLayout(self._grid_host)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(8)
        self.empty = QLabel(self.tr("Nothing to show yet."))
        self.empty.setWordWrap(True)
        table = DataTable(
            [
                self.tr("Layer"),
                self.tr("Numbers"),
                self.tr("Probe"),
                self.tr("Fitted"),
                self.tr("Across"),
                self.tr("Up"),
            ],
            self.tr("Layers and their probes"),
        )
        table.row_entered.connect(self._enter)
        self.views = TwoViews(self._grid_host, table, self._rows)
        choice = QHBoxLayout()
        choice.addWidget(self.axes, 1)
        for box in self.units:
            choice.addWidget(box)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addWidget(self.story)
        layout.addLayout(choice)
        layout.addWidget(self.legend)
        layout.addWidget(self.empty)
        layout.addWidget(self.views, 1)
        self.setFocusProxy(self.axes)
        self._start_over()

    # What the window tells.

    def set_network(self, analysis: Analysis) -> None:
        """Take over another network; what was found is forgotten if its program has changed."""
        self._analysis = analysis
        if self._follower.set_network(analysis):
            self._start_over()
        elif self._found is not None:
            self._draw()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Look at the layers again, if the weights have changed."""
        self._follower.show_snapshot(snapshot)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follower.refresh()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if theme.is_theme_change(event):
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    # Asking.

    def _question(self) -> Question | None:
        if self._analysis is None:
            return None
        before = {}
        if self._found is not None:
            before = {layer.node: layer.places for layer in self._found.layers}
        units = None
        if self.axes.currentIndex() == 1:
            before, units = {}, (self.units[0].value(), self.units[1].value())
        return partial(representations, self._analysis.network, before, units)

    def _choose_axes(self) -> None:
        for box in self.units:
            box.setVisible(self.axes.currentIndex() == 1)
        self._follower.ask()

    # Showing.

    def _start_over(self) -> None:
        self._found = None
        for card in self._cards.values():
            self._grid.removeWidget(card)
            card.hide()
            card.deleteLater()
        self._cards = {}
        self.legend.set_names(())
        self.views.hide()
        self.empty.show()
        self.story.setText(
            self.tr(
                "The same examples as each layer sees them: on the way through the network, the "
                "classes come apart."
            )
        )
        self.empty.setText(self.tr("The layers appear here when training is possible."))

    def _say(self, reason: str) -> None:
        self.story.setText(self.tr("This could not be found: {reason}").format(reason=reason))

    def _show(self, found: Representations) -> None:
        self._found = found
        if found.classes:
            told = self._trend(found) + self.tr(
                "The bar is a linear probe: fitted to training rows by ridge regression, measured "
                "on held-out rows."
            )
        else:
            told = self.tr(
                "Colours are fifths of the target, from the lowest to the highest. The bar is a "
                "linear probe: fitted to training rows by ridge regression; R² on held-out rows."
            )
        if found.layers and not np.ptp(found.layers[0].places, axis=0).any():
            told += " " + self.tr("All examples are the same: nothing can tell them apart.")
        if len(set(found.kinds.tolist())) < 2:
            told += " " + self.tr("All examples are of one class: there is nothing to tell apart.")
        if found.left_out:
            told += " " + self.tr("{n} layers are left out.").format(n=found.left_out)
        self.story.setText(told)
        self.legend.set_names(
            found.classes or (self.tr("lowest"), "2", "3", "4", self.tr("highest"))
        )
        self.empty.setVisible(not found.layers)
        self.empty.setText(self.tr("No layer has numbers that could be plotted."))
        self.views.setVisible(bool(found.layers))
        self._draw()

    def _trend(self, found: Representations) -> str:
        """How the probes go from the first layer to the last; nothing where that is not known."""
        probes = [layer.probe for layer in found.layers if not math.isnan(layer.probe)]
        if len(probes) < 2 or len(set(found.kinds.tolist())) < 2:
            return ""
        gained = probes[-1] - probes[0]
        if gained > _GAIN:
            told = self.tr(
                "A straight line tells the classes apart better at the end than at the start."
            )
        elif gained < -_GAIN:
            told = self.tr(
                "A straight line tells the classes apart worse at the end than at the start."
            )
        else:
            told = self.tr(
                "A straight line tells the classes apart no better at the end than at the start."
            )
        return told + " "

    def _draw(self) -> None:
        found = self._found
        if found is None:
            return
        nodes = [layer.node for layer in found.layers]
        if list(self._cards) != nodes:
            for card in self._cards.values():
                self._grid.removeWidget(card)
                card.hide()
                card.deleteLater()
            self._cards = {node: self._new_card(node) for node in nodes}
            self._arrange()
        for layer in found.layers:
            self._cards[layer.node].show_layer(self._name(layer.node), layer, found)
        first, last = found.layers[0], found.layers[-1]
        self.views.caption.setText(
            self.tr("probe: {first} at {a}, {last} at {b}").format(
                first=_percent(first.probe),
                a=self._name(first.node),
                last=_percent(last.probe),
                b=self._name(last.node),
            )
        )
        self.views.refresh()

    def _new_card(self, node: str) -> _LayerCard:
        card = _LayerCard()
        card.plot.dot_hovered.connect(self._point_at)
        card.plot.dot_chosen.connect(self._trace)
        card.name.clicked.connect(partial(self.node_chosen.emit, node))
        return card

    def _arrange(self) -> None:
        columns = max(1, self.width() // _COLUMN)
        for place, card in enumerate(self._cards.values()):
            self._grid.addWidget(card, place // columns, place % columns)
        for column in range(self._grid.columnCount()):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)

    def _point_at(self, dot: int) -> None:
        for card in self._cards.values():
            card.plot.set_current(dot)

    def _rows(self) -> Sequence[Sequence[Cell]]:
        found = self._found
        if found is None:
            return []
        return [
            [
                Cell(self._name(layer.node)),
                Cell(f"{layer.width:,}", layer.width),
                Cell(_percent(layer.probe), layer.probe),
                Cell(_percent(layer.train), layer.train),
                Cell(f"{layer.shares[0]:.0%}", layer.shares[0]),
                Cell(f"{layer.shares[1]:.0%}", layer.shares[1]),
            ]
            for layer in found.layers
        ]

    def _name(self, node: str) -> str:
        return "" if self._analysis is None else node_name(self._analysis.network, node)

    def _trace(self, dot: int) -> None:
        if self._found is not None:
            self.example_traced.emit(int(self._found.rows[dot]))

    def _enter(self, row: int) -> None:
        if self._found is not None:
            self.node_chosen.emit(self._found.layers[row].node)


class _LayerCard(QWidget):
    """One layer: its name, its plot, its probe."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = QToolButton()
        self.name.setAutoRaise(True)
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.name.setToolTip(self.tr("Select this layer on the canvas"))
        self.plot = DotPlot(compact=True)
        self.plot.setMinimumHeight(100)
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.name)
        layout.addWidget(self.plot, 1)
        layout.addWidget(self.bar)

    def show_layer(self, name: str, layer: Layer, found: Representations) -> None:
        """Show what a layer makes of the examples."""
        self.name.setText(self.tr("{name} · {n} numbers").format(name=name, n=f"{layer.width:,}"))
        self.plot.setAccessibleName(self.tr("Examples at {name}").format(name=name))
        probe = 0.0 if math.isnan(layer.probe) else min(max(layer.probe, 0.0), 1.0)
        self.bar.setValue(round(1000 * probe))
        self.bar.setFormat(self.tr("probe {p}").format(p=_percent(layer.probe)))
        self.bar.setAccessibleName(self.tr("Linear probe at {name}").format(name=name))
        across, up = layer.shares
        told = (
            self.tr("Across and up: {a} and {b} of this layer's variance.")
            if layer.axes[0] < 0
            else self.tr("Across unit {first}, up unit {second}: {a} and {b} of the variance.")
        ).format(a=f"{across:.0%}", b=f"{up:.0%}", first=layer.axes[0], second=layer.axes[1])
        self.bar.setToolTip(
            self.tr("{held} on held-out rows, {train} on the rows it was fitted to. {axes}")
            .format(held=_percent(layer.probe), train=_percent(layer.train), axes=told)
        )  # fmt: skip
        if not np.isfinite(layer.places).all():
            self.plot.set_view(None, self.tr("Not finite (NaN): training has diverged."))
            return
        low, high = window(layer.places)
        none = np.zeros(len(found.rows), bool)
        self.plot.set_view(
            View(
                (float(low[0]), float(low[1])),
                (float(high[0]), float(high[1])),
                Dots(layer.places, found.kinds, found.held, none),
            )
        )
        self.plot.tell_dot = partial(self._tell, found)
        self.plot.tell_place = lambda x, y: told

    def _tell(self, found: Representations, dot: int) -> str:
        kind = int(found.kinds[dot])
        held = self.tr("held out") if found.held[dot] else self.tr("training")
        name = found.classes[kind] if found.classes else self.tr("fifth {n}").format(n=kind + 1)
        return self.tr("Example {row} ({held}): {name}").format(
            row=f"{int(found.rows[dot]):,}", held=held, name=name
        )


def _percent(share: float) -> str:
    return "–" if math.isnan(share) else f"{share:.1%}"
