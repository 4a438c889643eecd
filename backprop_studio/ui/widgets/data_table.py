"""A table to read from: sorts by number, copies as text, says which row was entered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPointF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from backprop_studio.ui import text_size, theme
from backprop_studio.ui.widgets.tint import TINT, TintDelegate
from backprop_studio.ui.words import plain

_ROW = Qt.ItemDataRole.UserRole
_CURVE = Qt.ItemDataRole.UserRole + 1
_LEAST_ROW, _ABOUT_WORDS = 22, 5
"""Pixels of a row at the least, and what it has above and below its words."""
_NARROWEST, _WIDEST = 80, 190
"""Pixels of the first column where there is no room to spare."""


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes
    ----------
    text
        What it shows.
    number
        What it is sorted by, and why it stands at the right; None for words.
    color
        Field of the theme; empty for that of text.
    curve
        Numbers to draw as a small curve behind the text.
    """

    text: str
    number: float | None = None
    color: str = ""
    curve: tuple[float, ...] = ()


def compact(number: float, digits: int = 2) -> str:
    """A number for a narrow column: few digits, a true minus, no zeros in the exponent."""
    text = f"{number:.{digits}g}"
    if 0 < abs(number) < 1e-3:
        text = f"{number:.{digits - 1}e}"
    text = text.replace("e-0", "e-").replace("e+0", "e")
    return "\N{MINUS SIGN}" + text[1:] if text.startswith("-") else text


class DataTable(QTableWidget):
    """Rows of cells, one of them selected; Enter or a double click enters it, Ctrl+C copies all.

    Parameters
    ----------
    headers
        Names of the columns; the first one takes the room that is left.
    name
        For screen readers.
    sortable
        Whether a click on a column's name sorts by it.
    """

    row_chosen = Signal(int)
    """Position of the selected row in what `set_rows` got."""
    row_entered = Signal(int)
    """The same, of the row that was double-clicked or entered."""

    def __init__(
        self, headers: Sequence[str], name: str, *, sortable: bool = False,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(0, len(headers), parent)
        self._sortable = sortable
        self._widths: dict[int, int] = {}
        self._spare: tuple[int, ...] = ()
        self._invitation = ""
        self.setAccessibleName(name)
        self.setHorizontalHeaderLabels(list(headers))
        self.verticalHeader().hide()
        self._set_row_height()
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        header = self.horizontalHeader()
        self._fit_columns(QHeaderView.ResizeMode.ResizeToContents)
        header.setHighlightSections(False)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setSortIndicatorClearable(True)
        self.setItemDelegate(_CurveDelegate(self))
        self.itemSelectionChanged.connect(self._tell)
        self.itemActivated.connect(self._enter)

    @property
    def row_height(self) -> int:
        """Pixels of a row: as high as its words need."""
        return max(_LEAST_ROW, self.fontMetrics().height() + _ABOUT_WORDS)

    def height_of(self, rows: int) -> int:
        """Pixels that so many rows and the names above them take."""
        return rows * self.row_height + self.horizontalHeader().height()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._set_row_height()
            for column, pixels in self._widths.items():
                self.setColumnWidth(column, text_size.scaled(pixels))
            self._share_width()

    def _set_row_height(self) -> None:
        self.verticalHeader().setDefaultSectionSize(self.row_height)

    def set_tips(self, *tips: str) -> None:
        """Say of each column, where the pointer rests on its name, what stands in it."""
        for column, tip in enumerate(tips):
            header = self.horizontalHeaderItem(column)
            if header is not None:
                header.setToolTip(tip)

    def set_width(self, column: int, pixels: int) -> None:
        """Give a column, such as one of curves, a width that does not follow its words.

        It is that beside text of the system's size, and grows with it.
        """
        self._widths[column] = pixels
        self.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
        self.setColumnWidth(column, text_size.scaled(pixels))

    def set_spare(self, *columns: int) -> None:
        """Leave these out, in this order, where there is no room for all columns."""
        self._spare = columns
        self._share_width()

    def set_invitation(self, text: str) -> None:
        """Say in the middle, while there is no row, what will be here and how it gets here."""
        self._invitation = text
        self.setAccessibleDescription(text)
        self.viewport().update()

    def set_rows(self, rows: Sequence[Sequence[Cell]], chosen: int | None = None) -> None:
        """Show other rows, with one selected, sorted as before. Nobody is told of the selection."""
        # Items that are put into a sorted table would move while it is filled, and columns that
        # fit their contents would be measured anew after each of them: rows times rows.
        self.setSortingEnabled(False)
        self._fit_columns(QHeaderView.ResizeMode.Fixed)
        self.blockSignals(True)
        self.clearSelection()
        self.setRowCount(len(rows))
        for place, row in enumerate(rows):
            for column, cell in enumerate(row):
                item = _Item(cell)
                item.setData(_ROW, place)
                self.setItem(place, column, item)
        self._fit_columns(QHeaderView.ResizeMode.ResizeToContents)
        self.setSortingEnabled(self._sortable)
        if chosen is not None:
            self.choose(chosen)
        self.blockSignals(False)
        self._share_width()

    def _fit_columns(self, mode: QHeaderView.ResizeMode) -> None:
        """How wide all columns are but the first, which has what is left."""
        header = self.horizontalHeader()
        for column in range(1, self.columnCount()):
            if column not in self._widths:
                header.setSectionResizeMode(column, mode)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)

    def choose(self, row: int) -> None:
        """Select a row by its position in what `set_rows` got."""
        for shown in range(self.rowCount()):
            item = self.item(shown, 0)
            if item is not None and item.data(_ROW) == row:
                self.selectRow(shown)
                return

    def chosen(self) -> int | None:
        """Position of the selected row in what `set_rows` got; None without one."""
        item = self.item(self.currentRow(), 0)
        if item is None or not item.isSelected():
            return None
        row: int = item.data(_ROW)
        return row

    def as_text(self) -> str:
        """The table as it is sorted, with tabs between the columns."""
        columns = range(self.columnCount())
        lines = [[self.horizontalHeaderItem(c) for c in columns]]
        lines += [[self.item(r, c) for c in columns] for r in range(self.rowCount())]
        return "\n".join("\t".join("" if i is None else i.text() for i in line) for line in lines)

    def sizeHint(self) -> QSize:
        # It takes what is left. A taller hint would push what stands below it out of sight.
        return QSize(super().sizeHint().width(), self.height_of(4))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            QApplication.clipboard().setText(self.as_text())
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_width()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.rowCount() or not self._invitation:
            return
        with QPainter(self.viewport()) as painter:
            painter.setPen(theme.current().color("muted"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            room = self.viewport().rect().adjusted(16, 4, -16, -4)
            painter.drawText(room, flags, self._invitation)

    def _share_width(self) -> None:
        """Give the first column what is left, and no less than its words need, within reason."""
        for column in self._spare:
            self.setColumnHidden(column, False)
        others = sum(self._width_of(c) for c in range(1, self.columnCount()))
        narrowest, widest = text_size.scaled(_NARROWEST), text_size.scaled(_WIDEST)
        needed = min(max(self.sizeHintForColumn(0), narrowest), widest)
        for column in self._spare:
            if others + needed > self.viewport().width():
                others -= self._width_of(column)
                self.setColumnHidden(column, True)
        self.setColumnWidth(0, max(self.viewport().width() - others, needed))

    def _width_of(self, column: int) -> int:
        """Pixels that a column takes, or would take as soon as it is laid out."""
        if column in self._widths:
            return text_size.scaled(self._widths[column])
        header = self.horizontalHeader().sectionSizeHint(column)
        return max(self.sizeHintForColumn(column), header) if self._spare else (
            self.columnWidth(column)
        )  # fmt: skip

    def _tell(self) -> None:
        row = self.chosen()
        if row is not None:
            self.row_chosen.emit(row)

    def _enter(self, item: QTableWidgetItem) -> None:
        self.row_entered.emit(item.data(_ROW))


class _Item(QTableWidgetItem):
    def __init__(self, cell: Cell) -> None:
        super().__init__(cell.text)
        self._number = cell.number
        self.setToolTip(plain(cell.text))
        if cell.number is not None:
            self.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if cell.color:
            self.setData(TINT, cell.color)
        if cell.curve:
            self.setData(_CURVE, cell.curve)

    def __lt__(self, other: QTableWidgetItem) -> bool:
        if isinstance(other, _Item) and self._number is not None and other._number is not None:
            return self._number < other._number
        return self.text() < other.text()


class _CurveDelegate(TintDelegate):
    """Draws the small curve of a cell that has one."""

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        super().paint(painter, option, index)
        curve: Any = index.data(_CURVE)
        if not curve or len(curve) < 2:
            return
        heights = np.asarray(curve, float)
        if np.isnan(heights).all():
            return
        top = float(np.nanmax(heights)) or 1.0
        area = option.rect.adjusted(4, 4, -4, -4)  # type: ignore[attr-defined]
        xs = np.linspace(area.left(), area.right(), len(heights))
        ys = area.bottom() - np.nan_to_num(heights / top) * area.height()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.current().curve_train), 1.2))
        points = [QPointF(float(x), float(y)) for x, y in zip(xs, ys, strict=True)]
        painter.drawPolyline(QPolygonF(points))
        painter.restore()
