"""A table of how often each class is taken for each class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from backprop_studio.ui import text_size, theme
from backprop_studio.ui.words import plain

_NARROWEST, _LOWEST = 30, 20
"""Pixels of a column and of a row at the least, beside text of the system's size."""
_MOST_ROWS = 12
"""As many are in sight without scrolling in it."""


class ConfusionTable(QTableWidget):
    """Rows are true classes, columns what the network says. Ctrl+C copies all of it."""

    cell_chosen = Signal(int, int)
    """True class, and the class that is said."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: npt.NDArray[np.integer] = np.zeros((0, 0), np.int64)
        self._names: tuple[str, ...] = ()
        self.setAccessibleName(self.tr("Confusion matrix"))
        self.setToolTip(self.tr("Choose a cell: its examples are listed below"))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setHighlightSections(True)
            header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self._fit()
        self.currentCellChanged.connect(self._tell)

    def set_counts(self, names: Sequence[str], counts: npt.NDArray[np.integer]) -> None:
        """Show other counts, of shape (classes, classes). The chosen cell stays chosen."""
        now = theme.current()
        if tuple(names) != self._names:
            self._names = tuple(names)
            self.blockSignals(True)
            self.setRowCount(len(names))
            self.setColumnCount(len(names))
            self.setHorizontalHeaderLabels(list(names))
            self.setVerticalHeaderLabels(list(names))
            self.updateGeometry()
            self.blockSignals(False)
        self._counts = counts
        totals = counts.sum(axis=1)
        right, wrong, ground = now.color("ok"), now.color("error"), now.color("surface")
        for true in range(len(names)):
            for said in range(len(names)):
                count = int(counts[true, said])
                item = self.item(true, said)
                if item is None:
                    item = QTableWidgetItem()
                    item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                    self.setItem(true, said, item)
                share = count / totals[true] if totals[true] else 0.0
                item.setText(str(count) if count else "·")
                item.setBackground(_mix(ground, right if true == said else wrong, share))
                item.setForeground(now.color("text" if count else "muted"))
                told = self.tr("{count} of {total} that are {true} are said to be {said} ({share})")
                item.setToolTip(
                    plain(
                        told.format(
                            count=count, total=int(totals[true]), true=names[true],
                            said=names[said], share=f"{share:.0%}",
                        )
                    )
                )  # fmt: skip

    def minimumSizeHint(self) -> QSize:
        rows = min(max(self.rowCount(), 2), _MOST_ROWS)
        height = self.horizontalHeader().sizeHint().height() + 2 * self.frameWidth()
        return QSize(
            super().minimumSizeHint().width(), height + rows * text_size.scaled(_LOWEST) + 2
        )

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        """Let every cell have room for its number."""
        self.horizontalHeader().setMinimumSectionSize(text_size.scaled(_NARROWEST))
        self.verticalHeader().setMinimumSectionSize(text_size.scaled(_LOWEST))
        self.updateGeometry()

    def as_text(self) -> str:
        """The counts with tabs between the columns."""
        head = "\t".join([self.tr("true \\ said"), *self._names])
        lines = (
            "\t".join([name, *map(str, row)])
            for name, row in zip(self._names, self._counts.tolist(), strict=True)
        )
        return "\n".join([head, *lines])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            QApplication.clipboard().setText(self.as_text())
        else:
            super().keyPressEvent(event)

    def _tell(self, row: int, column: int, *_: int) -> None:
        if row >= 0 and column >= 0:
            self.cell_chosen.emit(row, column)


def _mix(ground: QColor, color: QColor, share: float) -> QColor:
    # The square root: one mistake in a hundred is to be seen.
    part = 0.55 * share**0.5
    return QColor(
        round(ground.red() + part * (color.red() - ground.red())),
        round(ground.green() + part * (color.green() - ground.green())),
        round(ground.blue() + part * (color.blue() - ground.blue())),
    )
