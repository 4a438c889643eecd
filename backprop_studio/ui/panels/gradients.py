"""One heatmap for each parameter: gradients, weights, updates and more, all on one fixed scale."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial

import numpy as np
from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAction, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QScrollArea,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.autograd import Array, Program
from backprop_studio.insight.pictures import places
from backprop_studio.insight.stations import norm
from backprop_studio.insight.updates import Update, updates
from backprop_studio.network import Analysis, Network
from backprop_studio.training import Snapshot, State
from backprop_studio.training.naming import value_name
from backprop_studio.ui import theme
from backprop_studio.ui.asking import Ask, Enquiry
from backprop_studio.ui.pacing import Pace, Seldom
from backprop_studio.ui.widgets.data_table import Cell, DataTable
from backprop_studio.ui.widgets.heatmap import HeatmapTile
from backprop_studio.ui.widgets.menus import open_below
from backprop_studio.ui.widgets.scale_bar import ColorScaleBar

SCALES = (10.0, 1.0, 0.1, 0.01, 0.001, 0.0001)
OWN = 0.0
"""Stands for a scale of its own for each tile."""

TILE_WIDTH = 180
TILE_HEIGHT = 112
PICTURE_HEIGHT = 140
TILES_AT_ONCE = 4
"""How many are painted anew at a time while training runs at speed."""

GRADIENT, VALUE, UPDATE, CHANGE = "gradient", "value", "update", "change"


class GradientsPanel(QWidget):
    """What there is of every parameter, as far as it is computed.

    The colour scale is the same for all tiles and never changes by itself, so that a gradient
    that fades from layer to layer, or from step to step, is seen to fade. A scale of its own is
    for whoever asks for it, and written on the tile.

    Parameters
    ----------
    ask
        Asks the worker, for what the update adds.
    """

    watch_changed = Signal(object)
    """Ids of the values that this panel wants: a frozenset, empty while it is hidden."""

    number_chosen = Signal(int, object)
    """Id of a value and the entry that is to be explained."""

    def __init__(self, ask: Ask, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._enquiry = Enquiry(ask, lambda reason: None)
        self._pace = Pace(self, self._ask_updates)
        self._program: Program | None = None
        self._tiles: dict[int, HeatmapTile] = {}
        self._pictures: dict[int, Array | None] = {}
        self._snapshot: Snapshot | None = None
        self._updates: dict[int, Update] = {}
        self._updated: object = None
        self._seldom = Seldom()
        self._turn = 0
        self._mark: dict[int, Array] | None = None
        self._marked_at = 0.0

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._make_header())
        layout.addLayout(self._make_bar())
        layout.addWidget(self._make_empty(), 1)
        layout.addWidget(self._make_pages(), 1)
        self._pages.hide()
        self._offer(None)

    def _make_header(self) -> QHBoxLayout:
        """What is shown, and how."""
        self.what = QComboBox()
        self.what.setAccessibleName(self.tr("What is shown"))
        self.what.setToolTip(self.tr("What is shown of every parameter"))
        self.what.currentIndexChanged.connect(self._choose)
        self._scale = QComboBox()
        for value in SCALES:
            self._scale.addItem(f"±{value:g}", value)
        self._scale.addItem(self.tr("± own"), OWN)
        self._scale.setCurrentIndex(SCALES.index(0.1))
        self._scale.setToolTip(
            self.tr("The number that gets the strongest colour, everywhere; or each tile its own")
        )
        self._scale.setAccessibleName(self.tr("Colour scale"))
        self._scale.currentIndexChanged.connect(self._refresh)
        self._log = QCheckBox(self.tr("log"))
        self._log.setChecked(True)
        self._log.setToolTip(self.tr("Logarithmic colours: small numbers stay visible"))
        self._log.toggled.connect(self._refresh)
        header = QHBoxLayout()
        header.setContentsMargins(8, 4, 8, 2)
        header.addWidget(self.what, 1)
        header.addWidget(self._scale)
        header.addWidget(self._log)
        header.addWidget(self._make_more())
        return header

    def _make_more(self) -> QToolButton:
        """The menu of what is not chosen every day."""
        self.more = QToolButton()
        self.more.setText("⋯")
        self.more.setToolTip(self.tr("Pictures, means, numbers, and from when change is measured"))
        self.more.setAccessibleName(self.tr("How it is shown"))
        menu = QMenu(self.more)
        self.mark = QAction(self.tr("Measure change from &now"), menu)
        self.mark.triggered.connect(self._take_mark)
        self.as_pictures = self._switch(menu, self.tr("Weights as &pictures"), on=True)
        self.as_pictures.setToolTip(
            self.tr("Kernels of convolutions, and what first units look for, as pictures")
        )
        self.as_pictures.toggled.connect(self._lay_out)
        self.averaged = self._switch(menu, self.tr("&Mean where there is no room for all"))
        self.averaged.setToolTip(self.tr("Otherwise the entry of largest magnitude is shown"))
        self.averaged.toggled.connect(self._average)
        self.numbers = self._switch(menu, self.tr("&Table of numbers"))
        self.numbers.toggled.connect(self._show_page)
        menu.addAction(self.tr("&Copy as text")).triggered.connect(lambda _: self.copy_text())
        menu.insertAction(self.as_pictures, self.mark)
        open_below(self.more, menu)
        return self.more

    def _make_bar(self) -> QHBoxLayout:
        """What the colours mean."""
        self._bar = ColorScaleBar()
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 0, 8, 2)
        bar.addWidget(self._bar)
        return bar

    def _make_pages(self) -> QStackedWidget:
        """The tiles, and in their place the table."""
        self._grid_host = QWidget()
        self._grid = QGridLayout(self._grid_host)
        self._grid.setContentsMargins(8, 2, 8, 6)
        self._grid.setSpacing(8)
        self._scroll = QScrollArea()
        self._scroll.setWidget(self._grid_host)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table = DataTable(
            [
                self.tr("Parameter"),
                self.tr("Norm"),
                self.tr("Largest"),
                self.tr("Zeros"),
                self.tr("Δ/w"),
            ],
            self.tr("Numbers of every parameter"),
            sortable=True,
        )
        self.table.setToolTip(self.tr("Double-click or Enter: explain the largest entry"))
        self.table.row_entered.connect(self._explain_largest)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._scroll)
        self._pages.addWidget(self.table)
        return self._pages

    def _make_empty(self) -> QLabel:
        """What stands there while there is nothing to show."""
        self._empty = QLabel(self.tr("The gradients of the weights appear here."))
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        theme.set_role(self._empty, "muted")
        return self._empty

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
        lowered = analysis.lowered
        program = None if lowered is None else lowered.program
        if program is not None and program == self._program:
            self._name_tiles(analysis.network, program)
            return
        self._program = program
        self._snapshot = None
        self._enquiry.reset()
        self._updates, self._updated, self._mark = {}, None, None
        for tile in self._tiles.values():
            tile.deleteLater()
        self._tiles, self._pictures = {}, {}
        if program is not None and lowered is not None:
            for p in program.parameters:
                if p.id not in program.gradients:
                    continue  # frozen: a gradient that never comes is not waited for
                tile = HeatmapTile(value_name(analysis.network, program, p.id), norm_label="‖·‖")
                tile.set_shape(tuple(int(d) for d in p.shape))
                tile.set_note(" ")
                tile.set_average(self.averaged.isChecked())
                tile.entry_chosen.connect(partial(self._explain, p.id))
                self._tiles[p.id] = tile
                self._pictures[p.id] = places(lowered, p.id)
        self._pages.setVisible(bool(self._tiles))
        self._empty.setVisible(not self._tiles)
        self._empty.setText(self._why_empty())
        self._offer(program)
        self._lay_out()
        self._arrange()
        self._announce()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show what is computed at this moment."""
        self._snapshot = snapshot
        if self._mark is None and self._mode() == CHANGE:
            self._take_mark()
        self._plan()
        if snapshot.at_speed and not self.numbers.isChecked():
            self._refresh_some()
        elif self._seldom.due(snapshot):
            self._refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._announce()
        self._plan()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._announce()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if theme.is_theme_change(event):
            self.update()

    # What is shown.

    def _switch(self, menu: QMenu, text: str, *, on: bool = False) -> QAction:
        action = menu.addAction(text)
        action.setCheckable(True)
        action.setChecked(on)
        return action

    def _why_empty(self) -> str:
        program = self._program
        if program is None or program.gradients:
            return self.tr("The gradients of the weights appear here.")
        return self.tr("This optimizer uses no gradient.")

    def _offer(self, program: Program | None) -> None:
        """Name what can be shown: the optimizer's states are other ones with each optimizer."""
        states = () if program is None else program.states
        names = dict.fromkeys(v.name for v in states if v.of is not None)
        entries = [
            (self.tr("Gradient"), GRADIENT),
            (self.tr("Value"), VALUE),
            (self.tr("Update"), UPDATE),
            *((self.tr("State {name}").format(name=name), f"state:{name}") for name in names),
            (self.tr("Change"), CHANGE),
        ]
        kept = self._mode()
        self.what.blockSignals(True)
        self.what.clear()
        for text, key in entries:
            self.what.addItem(text, key)
        self.what.setCurrentIndex(max(self.what.findData(kept), 0))
        self.what.blockSignals(False)

    def _mode(self) -> str:
        return str(self.what.currentData() or GRADIENT)

    def _choose(self) -> None:
        if self._mode() == CHANGE and self._mark is None:
            self._take_mark()
        self._announce()
        self._plan()
        self._refresh()

    def _take_mark(self) -> None:
        """Keep the values of this moment, or of the next at which they are there."""
        arrays = {} if self._snapshot is None else self._snapshot.arrays
        known = {p: arrays[p] for p in self._tiles if p in arrays}
        if known and self._snapshot is not None:
            self._mark, self._marked_at = known, self._snapshot.epoch
        else:
            self._mark = None
        if self.sender() is self.mark:
            self.what.setCurrentIndex(self.what.findData(CHANGE))
        self._refresh()

    def _source(self, parameter: int) -> int | None:
        """The value whose array, as it is, is shown for a parameter."""
        program, mode = self._program, self._mode()
        if program is None or mode == UPDATE:
            return None
        if mode == GRADIENT:
            return program.gradients.get(parameter)
        if mode in (VALUE, CHANGE):
            return parameter
        key = program.values[parameter].key
        name = mode.removeprefix("state:")
        return next((v.id for v in program.states if v.of == key and v.name == name), None)

    def _array(self, parameter: int, arrays: Mapping[int, Array]) -> Array | None:
        if self._mode() == UPDATE:
            update = self._updates.get(parameter)
            return None if update is None else update.change
        source = self._source(parameter)
        array = None if source is None else arrays.get(source)
        if self._mode() != CHANGE or array is None:
            return array
        before = None if self._mark is None else self._mark.get(parameter)
        if before is None:
            return None
        change: Array = array - before
        change.flags.writeable = False
        return change

    # Asking for updates.

    def _plan(self) -> None:
        snapshot = self._snapshot
        if snapshot is None or snapshot.cursor is None or not self._tiles:
            return
        if self._moment() != self._updated and self.isVisible():
            self._pace.want(running=snapshot.state is State.RUNNING)

    def _moment(self) -> object:
        s = self._snapshot
        if s is None or s.cursor is None:
            return None
        return s.revision, s.branch, s.cursor.iteration, s.edited, s.state

    def _ask_updates(self) -> None:
        if not self._enquiry.busy and self._snapshot is not None:
            self._updated = self._moment()
            running = self._snapshot.state is State.RUNNING
            self._enquiry.put(partial(updates, running), self._take_updates)

    def _take_updates(self, found: tuple[Update, ...]) -> None:
        self._updates = {u.parameter: u for u in found}
        self._refresh()
        self._plan()

    # The screen.

    def _name_tiles(self, network: Network, program: Program) -> None:
        for parameter, tile in self._tiles.items():
            tile.set_title(value_name(network, program, parameter))

    def _announce(self) -> None:
        wanted = {self._source(p) for p in self._tiles}
        shown = self._program is not None and self.isVisible()
        ids = frozenset(i for i in wanted if i is not None)
        self.watch_changed.emit(ids if shown else frozenset())

    def _arrange(self) -> None:
        columns = max(1, self.width() // TILE_WIDTH)
        for place, (parameter, tile) in enumerate(self._tiles.items()):
            picture = self.as_pictures.isChecked() and self._pictures[parameter] is not None
            tile.setMinimumHeight(PICTURE_HEIGHT if picture else TILE_HEIGHT)
            self._grid.addWidget(tile, place // columns, place % columns)
        for column in range(self._grid.columnCount()):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)

    def _lay_out(self) -> None:
        for parameter, tile in self._tiles.items():
            tile.set_places(self._pictures[parameter] if self.as_pictures.isChecked() else None)
        self._refresh()

    def _average(self, on: bool) -> None:
        for tile in self._tiles.values():
            tile.set_average(on)

    def _show_page(self, on: bool) -> None:
        self._pages.setCurrentIndex(1 if on else 0)
        self._refresh()

    def _refresh(self) -> None:
        scale, log = float(self._scale.currentData()), self._log.isChecked()
        self._bar.setVisible(scale != OWN)
        self._bar.set_scale(scale or 1.0, log=log)
        rows = self._show_all()
        if self.numbers.isChecked():
            self.table.set_rows(rows, self.table.chosen())
        self.what.setToolTip(self._explain_mode())

    def copy_text(self) -> None:
        """Put the table of numbers into the clipboard, shown or not."""
        if not self.numbers.isChecked():
            self.table.set_rows(self._show_all())
        QApplication.clipboard().setText(self.table.as_text())

    def _show_all(self) -> list[list[Cell]]:
        return [[Cell(tile.title), *self._show(p)] for p, tile in self._tiles.items()]

    def _refresh_some(self) -> None:
        """Show the next few tiles of those in sight: all of them at once would be felt."""
        seen = [p for p, tile in self._tiles.items() if not tile.visibleRegion().isEmpty()]
        for turn in range(self._turn, self._turn + min(TILES_AT_ONCE, len(seen))):
            self._show(seen[turn % len(seen)])
        self._turn += TILES_AT_ONCE

    def _show(self, parameter: int) -> list[Cell]:
        """Show what there is of a parameter on its tile; its cells in the table of numbers."""
        tile, scale = self._tiles[parameter], float(self._scale.currentData())
        array = self._array(parameter, {} if self._snapshot is None else self._snapshot.arrays)
        size = None if array is None else norm(array)
        note, cells = self._describe(parameter, array, size)
        own = scale
        if scale == OWN:
            own = 1.0 if array is None or not array.size else _largest(array)
            own = own if math.isfinite(own) and own > 0 else 1.0
            note = self.tr("own ±{scale}   {note}").format(
                scale=f"{own:.2g}", note=note.partition("   ")[2]
            )
        tile.set_note(note or " ")
        tile.set_data(array, size, scale=own, log=self._log.isChecked())
        return cells

    def _describe(
        self, parameter: int, array: Array | None, size: float | None
    ) -> tuple[str, list[Cell]]:
        """Largest entry, share of zeros and update-to-weight ratio: as a line, and as cells."""
        update = self._updates.get(parameter)
        ratio = math.nan if update is None else update.ratio
        told = "–" if math.isnan(ratio) else f"{ratio:.1e}"
        if array is None or not array.size or size is None:
            return self.tr("Δ/w {ratio}").format(ratio=told), [
                Cell("–", -1.0), Cell("–", -1.0), Cell("–", -1.0), Cell(told, ratio),
            ]  # fmt: skip
        largest = _largest(array)
        zeros = 1.0 - np.count_nonzero(array) / array.size
        line = self.tr("max {largest}   zeros {zeros}   Δ/w {ratio}").format(
            largest=f"{largest:.1e}", zeros=f"{zeros:.0%}", ratio=told
        )
        return line, [
            Cell(f"{size:.4g}", size), Cell(f"{largest:.4g}", largest),
            Cell(f"{zeros:.1%}", zeros), Cell(told, ratio),
        ]  # fmt: skip

    def _explain_mode(self) -> str:
        if self._mode() == CHANGE and self._mark is not None:
            text = self.tr("Change since epoch {epoch}; the menu at the right marks another moment")
            return text.format(epoch=f"{self._marked_at:.3g}")
        return self.tr("What is shown of every parameter")

    def _explain(self, parameter: int, entry: tuple[int, ...]) -> None:
        source = self._source(parameter)
        self.number_chosen.emit(parameter if source is None else source, entry)

    def _explain_largest(self, row: int) -> None:
        parameter = list(self._tiles)[row]
        array = self._array(parameter, {} if self._snapshot is None else self._snapshot.arrays)
        if array is not None and array.size:
            entry = np.unravel_index(int(np.abs(array).argmax()), array.shape)
            self._explain(parameter, tuple(int(i) for i in entry))


def _largest(array: Array) -> float:
    """The largest magnitude, without a copy of the array."""
    return float(max(array.max(), -array.min()))
