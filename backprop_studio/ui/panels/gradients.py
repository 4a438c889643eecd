"""One heatmap for each parameter's gradient, all on one fixed scale."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.autograd import Array, Program
from backprop_studio.network import Analysis, Network
from backprop_studio.training import Snapshot
from backprop_studio.training.naming import value_name
from backprop_studio.ui import theme
from backprop_studio.ui.widgets.heatmap import HeatmapTile
from backprop_studio.ui.widgets.scale_bar import ColorScaleBar

SCALES = (10.0, 1.0, 0.1, 0.01, 0.001, 0.0001)
TILE_WIDTH = 180
TILE_HEIGHT = 96
_PIECE = 1 << 16


class GradientsPanel(QWidget):
    """The gradient of the loss with respect to every parameter, as far as it is computed.

    The colour scale is the same for all tiles and never changes by itself, so that a gradient
    that fades from layer to layer, or from step to step, is seen to fade.
    """

    watch_changed = Signal(object)
    """Ids of the values that this panel wants: a frozenset, empty while it is hidden."""

    number_chosen = Signal(int, object)
    """Id of a gradient and the entry that is to be explained."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._program: Program | None = None
        self._tiles: dict[int, HeatmapTile] = {}
        self._snapshot: Snapshot | None = None

        self._scale = QComboBox()
        for value in SCALES:
            self._scale.addItem(f"±{value:g}", value)
        self._scale.setCurrentIndex(SCALES.index(0.1))
        self._scale.setToolTip(self.tr("The gradient that gets the strongest colour, everywhere"))
        self._scale.setAccessibleName(self.tr("Colour scale"))
        self._scale.currentIndexChanged.connect(self._refresh)
        self._log = QCheckBox(self.tr("log"))
        self._log.setChecked(True)
        self._log.setToolTip(self.tr("Logarithmic colours: small gradients stay visible"))
        self._log.toggled.connect(self._refresh)
        self._bar = ColorScaleBar()
        header = QHBoxLayout()
        header.setContentsMargins(8, 4, 8, 4)
        header.addWidget(self._scale)
        header.addWidget(self._log)
        header.addSpacing(6)
        header.addWidget(self._bar, 1)

        self._grid_host = QWidget()
        self._grid = QGridLayout(self._grid_host)
        self._grid.setContentsMargins(8, 2, 8, 6)
        self._grid.setSpacing(8)
        self._scroll = QScrollArea()
        self._scroll.setWidget(self._grid_host)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._empty = QLabel(self.tr("The gradients of the weights appear here."))
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        theme.set_role(self._empty, "muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(header)
        layout.addWidget(self._empty, 1)
        layout.addWidget(self._scroll, 1)
        self._scroll.hide()

    def tile(self, name: str) -> HeatmapTile:
        """The tile of the parameter with this name, such as `hidden/weight`.

        Raises
        ------
        KeyError
            There is none.
        """
        for tile in self._tiles.values():
            if tile.title == name:
                return tile
        raise KeyError(name)

    def set_network(self, analysis: Analysis) -> None:
        """Show the parameters of another network."""
        program = None if analysis.lowered is None else analysis.lowered.program
        if program is not None and program == self._program:
            self._name_tiles(analysis.network, program)
            return
        self._program = program
        self._snapshot = None
        for tile in self._tiles.values():
            tile.deleteLater()
        self._tiles = {}
        if program is not None:
            for p in program.parameters:
                if p.id not in program.gradients:
                    continue  # frozen: a gradient that never comes is not waited for
                tile = HeatmapTile(value_name(analysis.network, program, p.id))
                tile.set_shape(tuple(int(d) for d in p.shape))
                tile.entry_chosen.connect(partial(self.number_chosen.emit, program.gradients[p.id]))
                self._tiles[p.id] = tile
        self._scroll.setVisible(bool(self._tiles))
        self._empty.setVisible(not self._tiles)
        self._empty.setText(
            self.tr("The gradients of the weights appear here.")
            if program is None or program.gradients
            else self.tr("This optimizer uses no gradient.")
        )
        self._arrange()
        self._refresh()
        self._announce()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show what is computed at this moment."""
        self._snapshot = snapshot
        self._refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._announce()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._announce()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _name_tiles(self, network: Network, program: Program) -> None:
        for parameter, tile in self._tiles.items():
            tile.set_title(value_name(network, program, parameter))

    def _announce(self) -> None:
        shown = self._program is not None and self.isVisible()
        gradients = self._program.gradients if self._program is not None else {}
        ids = frozenset(gradients[p] for p in self._tiles if p in gradients)
        self.watch_changed.emit(ids if shown else frozenset())

    def _arrange(self) -> None:
        columns = max(1, self.width() // TILE_WIDTH)
        for place, tile in enumerate(self._tiles.values()):
            tile.setMinimumHeight(TILE_HEIGHT)
            self._grid.addWidget(tile, place // columns, place % columns)
        for column in range(self._grid.columnCount()):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)

    def _refresh(self) -> None:
        scale, log = float(self._scale.currentData()), self._log.isChecked()
        self._bar.set_scale(scale, log=log)
        arrays = {} if self._snapshot is None else self._snapshot.arrays
        gradients = self._program.gradients if self._program is not None else {}
        for parameter, tile in self._tiles.items():
            array = arrays.get(gradients.get(parameter, -1))
            norm = None if array is None else norm_of(array)
            tile.set_data(array, norm, scale=scale, log=log)


def norm_of(array: Array) -> float:
    """The Euclidean norm of an array, summed in double precision.

    In pieces: a copy of a large array in double precision takes several times as long, and the
    window waits for it.
    """
    flat, total = array.reshape(-1), 0.0
    for start in range(0, flat.size, _PIECE):
        piece = flat[start : start + _PIECE].astype(np.float64)
        total += float(np.dot(piece, piece))
    return math.sqrt(total)
