"""A picture and the same as a table, one at a time, with the table to be copied as text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.ui import theme
from backprop_studio.ui.widgets.data_table import Cell, DataTable


class TwoViews(QWidget):
    """Nothing that a picture shows is in colour alone: *Table* has its numbers, *Copy* takes them.

    Parameters
    ----------
    picture
        What is shown at first.
    table
        What has the numbers.
    rows
        Makes the rows of the table; asked only while the table is in sight, or copied.
    """

    def __init__(
        self,
        picture: QWidget,
        table: DataTable,
        rows: Callable[[], Sequence[Sequence[Cell]]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._rows = rows
        self.table = table
        self.caption = QLabel()
        self.caption.setWordWrap(True)
        self.caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        theme.set_role(self.caption, "muted")
        self.as_table = QToolButton()
        self.as_table.setText(self.tr("Table"))
        self.as_table.setCheckable(True)
        self.as_table.setToolTip(self.tr("Show the numbers of this picture as a table"))
        self.as_table.toggled.connect(self._switch)
        self.copy = QToolButton()
        self.copy.setText(self.tr("Copy"))
        self.copy.setToolTip(self.tr("Copy the numbers as text, with tabs between the columns"))
        self.copy.clicked.connect(self.copy_text)
        self._pages = QStackedWidget()
        self._pages.addWidget(picture)
        self._pages.addWidget(table)
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(2)
        head.addWidget(self.caption, 1)
        head.addWidget(self.as_table)
        head.addWidget(self.copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addWidget(self._pages, 1)
        self.setFocusProxy(picture)

    def hasHeightForWidth(self) -> bool:
        # The caption wraps; the picture takes what is left, and asks for no more.
        return False

    def refresh(self) -> None:
        """Tell that the numbers have changed."""
        if self.as_table.isChecked():
            self.table.set_rows(self._rows(), self.table.chosen())

    def copy_text(self) -> None:
        """Put the table into the clipboard."""
        if not self.as_table.isChecked():
            self.table.set_rows(self._rows())
        QApplication.clipboard().setText(self.table.as_text())

    def _switch(self, table: bool) -> None:
        self._pages.setCurrentIndex(int(table))
        self.refresh()
