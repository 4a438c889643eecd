"""The rows of the data as a table, a choice of them, and the picture of the one selected."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QImage, QKeyEvent, QKeySequence, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QSpinBox,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.insight.rows import Rows, Which
from backprop_studio.ui import counts, text_size, theme
from backprop_studio.ui.models.rows_model import THUMBNAIL, RowsModel
from backprop_studio.ui.widgets.elided_label import ElidedLabel
from backprop_studio.ui.widgets.note import Note
from backprop_studio.ui.words import plain

_NARROWEST, _WIDEST = 84, 170
"""Pixels of a feature's column."""

_MEASURED = 200
"""Columns that are made as wide as their names; the others, as of pictures, are narrow."""

_PICTURE = 72
"""Pixels that the picture of the selected row is wide, at least."""

_COPIED = 10_000
"""Rows that are copied at most."""


class RowsTable(QWidget):
    """Every row with its part, label and features; what was corrupted is marked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.which = QComboBox()
        self.which.setAccessibleName(self.tr("Which rows"))
        self.which.setToolTip(self.tr("Which rows are listed"))
        for which, text in (
            (Which.ALL, self.tr("All rows")),
            (Which.TRAINING, self.tr("Training")),
            (Which.HELD_OUT, self.tr("Held out")),
            (Which.LEFT_OUT, self.tr("Left out")),
            (Which.CHANGED, self.tr("Changed by corruption")),
        ):
            self.which.addItem(text, which)
        self.which.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.which.setMinimumContentsLength(10)
        self.which.currentIndexChanged.connect(self._list)
        self.count = ElidedLabel()
        theme.set_role(self.count, "muted")
        self.go_to = QSpinBox()
        self.go_to.setPrefix(self.tr("row "))
        self.go_to.setKeyboardTracking(False)
        self.go_to.setAccessibleName(self.tr("Go to row"))
        self.go_to.setToolTip(self.tr("Go to a row by its number, counted from 0"))
        self.go_to.valueChanged.connect(self._go)
        self.reason = Note()
        self.model = RowsModel(self)
        self.table = _Table()
        self.table.setModel(self.model)
        self.table.setAccessibleName(self.tr("Rows of the data set"))
        self.table.selectionModel().currentRowChanged.connect(self._show_row)
        self.before, self.after = QLabel(), QLabel()
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.pictures = QWidget()
        row = QHBoxLayout(self.pictures)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.before)
        row.addWidget(self.after)
        row.addWidget(self.said, 1)
        top = QHBoxLayout()
        top.addWidget(self.which, 2)
        top.addWidget(self.go_to)
        top.addWidget(self.count, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addLayout(top)
        layout.addWidget(self.reason)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.pictures)
        self.pictures.hide()

    def set_rows(self, rows: Rows | None, reason: str = "") -> None:
        """Show other data; the same choice of rows, and the same place as far as there is one.

        Parameters
        ----------
        rows
            The data; None while there are none to show.
        reason
            Why there are none.
        """
        self.reason.show_text(reason)
        for part in (self.which, self.go_to):
            part.setEnabled(rows is not None)
        line = max(self.table.rowAt(0), 0)
        number = self.model.number(line) if line < self.model.rowCount() else 0
        self.model.set_rows(rows, Which(self.which.currentData()))
        pictures = rows is not None and rows.prepared.raw.image_shape is not None
        self.table.setColumnWidth(0, text_size.scaled(108 if pictures else 78))
        self.table.setColumnWidth(1, text_size.scaled(130))
        for column in range(2, min(self.model.columnCount(), _MEASURED)):
            name = str(self.model.headerData(column, Qt.Orientation.Horizontal))
            room = self.fontMetrics().horizontalAdvance(name) + 20
            self.table.setColumnWidth(column, min(max(room, _NARROWEST), _WIDEST))
        self.go_to.blockSignals(True)
        self.go_to.setRange(0, max(0 if rows is None else rows.size - 1, 0))
        self.go_to.blockSignals(False)
        self._tell()
        found = self.model.line(number)
        if found is not None:
            self.table.scrollTo(
                self.model.index(found, 0), QAbstractItemView.ScrollHint.PositionAtTop
            )
        self._show_row()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        fresh = theme.is_theme_change(event) or event.type() == QEvent.Type.FontChange
        if fresh and hasattr(self, "model"):
            self.model.forget_pictures()
            self._show_row()

    def _list(self) -> None:
        self.model.set_rows(self.model.rows, Which(self.which.currentData()))
        self._tell()
        self._show_row()

    def _tell(self) -> None:
        rows = self.model.rows
        count, total = self.model.rowCount(), 0 if rows is None else rows.size
        some = self.tr("{count} of {total}").format(count=f"{count:,}", total=f"{total:,}")
        text = counts.rows(total) if count == total else some
        self.count.setText(text if rows is not None else self.tr("no rows"))
        self.count.setToolTip(plain(self.count.text()))

    def _go(self, number: int) -> None:
        line = self.model.line(number)
        if line is None:
            # Not in this choice of rows, but in the whole.
            self.which.setCurrentIndex(0)
            line = self.model.line(number)
        if line is not None:
            self.table.selectRow(line)
            self.table.scrollTo(self.model.index(line, 0))

    def _show_row(self, *_: object) -> None:
        rows, index = self.model.rows, self.table.currentIndex()
        if rows is None or not index.isValid() or self.model.rowCount() == 0:
            self.pictures.hide()
            return
        row = self.model.number(index.row())
        self.go_to.blockSignals(True)
        self.go_to.setValue(row)
        self.go_to.blockSignals(False)
        now, was = self.model.picture(row), self.model.original(row)
        self.pictures.setVisible(now is not None)
        if now is None or was is None:
            return
        changed = bool(rows.features_changed[row])
        self.before.setVisible(changed)
        self.before.setPixmap(_enlarged(was))
        self.after.setPixmap(_enlarged(now))
        label, before = rows.label(row)
        lines = [self.tr("Row {row}").format(row=f"{row:,}")]
        if changed:
            lines.append(self.tr("Left as it was, right as it is now."))
        if label != before:
            lines.append(self.tr("Labelled {now}, was {was}.").format(now=label, was=before))
        else:
            lines.append(self.tr("Labelled {now}.").format(now=label))
        self.said.setText("\n".join(lines))


class _Table(QTableView):
    """A table that is read: it selects whole rows and copies them with tabs between the cells."""

    def __init__(self) -> None:
        super().__init__()
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        vertical, horizontal = self.verticalHeader(), self.horizontalHeader()
        # Rows of one height are never measured, so a million of them are as cheap as ten.
        vertical.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self._fit_rows()
        vertical.setHighlightSections(False)
        horizontal.setDefaultSectionSize(_NARROWEST)
        horizontal.setTextElideMode(Qt.TextElideMode.ElideRight)
        horizontal.setHighlightSections(False)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit_rows()

    def _fit_rows(self) -> None:
        """Let pictures and rows be as high as the text wants them."""
        side = text_size.scaled(THUMBNAIL)
        self.setIconSize(QSize(side, side))
        self.verticalHeader().setDefaultSectionSize(max(side + 2, self.fontMetrics().height() + 4))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not event.matches(QKeySequence.StandardKey.Copy):
            super().keyPressEvent(event)
            return
        model, columns = self.model(), range(self.model().columnCount())
        heads = [str(model.headerData(c, Qt.Orientation.Horizontal)) for c in columns]
        lines = ["\t".join(("", *heads))]
        for selected in self.selectionModel().selectedRows()[:_COPIED]:
            line = selected.row()
            cells = [str(model.data(model.index(line, c))) for c in columns]
            lines.append("\t".join((str(model.headerData(line, Qt.Orientation.Vertical)), *cells)))
        QApplication.clipboard().setText("\n".join(lines))


def _enlarged(image: QImage) -> QPixmap:
    """By a whole number, so that every pixel stays a square."""
    factor = max(_PICTURE // max(image.width(), image.height(), 1), 1)
    return QPixmap.fromImage(image.scaled(image.width() * factor, image.height() * factor))
