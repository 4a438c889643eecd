"""What there is to choose before a table is imported: CSV and TSV."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSignalBlocker, Qt, QTimer
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QSpinBox,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.data import Task
from backprop_studio.data.importing import Imported, Progress, table
from backprop_studio.data.importing.layout import DELIMITERS, ENCODINGS, Layout
from backprop_studio.ui import counts, text_size
from backprop_studio.ui.dialogs.import_page import Page, choice_box, choices, class_list
from backprop_studio.ui.models.table_preview import SETTINGS, TablePreviewModel

Index = QModelIndex | QPersistentModelIndex


class _Choices(QStyledItemDelegate):
    """Opens the list of what may be chosen, and takes what is chosen at once."""

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        model = index.model()
        assert isinstance(model, TablePreviewModel)
        box = QComboBox(parent)
        box.setAccessibleName(str(index.data(Qt.ItemDataRole.AccessibleTextRole)))
        for key, name in model.choices(index):
            box.addItem(name, str(key))
        box.setCurrentIndex(box.findData(str(model.chosen(index))))
        box.activated.connect(lambda: self.commitData.emit(box))
        box.activated.connect(lambda: self.closeEditor.emit(box))
        # Once the view has put it in its place.
        QTimer.singleShot(0, box, box.showPopup)
        return box

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """Nothing: the box knows already."""

    def setModelData(self, editor: QWidget, model: object, index: Index) -> None:
        assert isinstance(editor, QComboBox) and isinstance(model, TablePreviewModel)
        model.setData(index, editor.currentData())


class TablePage(Page):
    """CSV and TSV."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found: table.Preview | None = None
        self._layout: Layout | None = None
        self.delimiter = choice_box(self.tr("Cells are separated by"), DELIMITERS.items())
        self.decimal = choice_box(
            self.tr("Decimal mark"), ((".", self.tr("Point")), (",", self.tr("Comma")))
        )
        self.encoding = choice_box(self.tr("Encoding"), ENCODINGS.items())
        self.header = QCheckBox(self.tr("The first row names the columns"))
        self.skip = QSpinBox()
        self.skip.setRange(0, 999)
        self.skip.setKeyboardTracking(False)
        self.skip.setAccessibleName(self.tr("Skip rows"))
        self.skip.setToolTip(self.tr("Rows above the table, such as a title"))
        self.target = choice_box(self.tr("Target"))
        self.task = choice_box(
            self.tr("Learn"),
            (
                (Task.CLASSIFICATION.value, self.tr("Classes")),
                (Task.REGRESSION.value, self.tr("A number")),
            ),
        )
        self.model = TablePreviewModel(self)
        self.view = QTableView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(_Choices(self.view))
        self.view.setAccessibleName(self.tr("Columns and first rows of the table"))
        self.view.setEditTriggers(
            QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.DoubleClicked
        )
        self.view.activated.connect(self._edit)
        self.view.clicked.connect(self._edit)
        self.view.setTabKeyNavigation(False)
        self.view.horizontalHeader().setDefaultSectionSize(text_size.scaled(110))
        self.view.horizontalHeader().setMinimumHeight(text_size.scaled(26))
        self.view.horizontalHeader().setTextElideMode(Qt.TextElideMode.ElideRight)
        self.view.verticalHeader().setDefaultSectionSize(text_size.scaled(24))
        self.view.setMinimumHeight(220)
        self.delimiter.activated.connect(self._relayout)
        self.decimal.activated.connect(self._relayout)
        self.encoding.activated.connect(self._relayout)
        self.header.clicked.connect(self._relayout)
        self.skip.valueChanged.connect(self._relayout)
        self.target.activated.connect(lambda: self.model.set_target(self.target.currentData()))
        self.task.activated.connect(lambda: self.model.set_task(Task(self.task.currentData())))
        self.model.plan_changed.connect(self._show_plan)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(choices(self.delimiter, self.decimal, self.encoding))
        layout.addWidget(choices(self.target, self.task, self.skip, self.header))
        layout.addWidget(self.view, 1)

    def start_over(self) -> None:
        """Find the layout out again: another file comes."""
        self._layout = None

    def inspect(self, path: Path, progress: Progress) -> table.Preview:
        return table.inspect(path, self._layout)

    def show_found(self, found: object) -> None:
        assert isinstance(found, table.Preview)
        self._found, self._layout = found, found.plan.layout
        layout = found.plan.layout
        for box, key in (
            (self.delimiter, layout.delimiter),
            (self.decimal, layout.decimal),
            (self.encoding, layout.encoding),
        ):
            box.setCurrentIndex(box.findData(key))
        self.header.setChecked(layout.header)
        with QSignalBlocker(self.skip):
            self.skip.setValue(layout.skip)
        self.target.clear()
        for place, column in enumerate(found.plan.columns):
            self.target.addItem(column.name, place)
        self.model.set_preview(found)

    def problem(self) -> str:
        if self._found is None or self.model.plan is None:
            return ""
        fault = self.model.plan.fault
        return self._found.problem or (f"{fault[:1].upper()}{fault[1:]}." if fault else "")

    def summary(self) -> str:
        found, plan = self._found, self.model.plan
        if found is None or plan is None or found.problem:
            return ""
        many = counts.rows(len(found.rows))
        parts = [
            many if found.whole else self.tr("In the first {rows}").format(rows=many),
            self.tr("one feature column")
            if len(plan.features) == 1
            else self.tr("{count} feature columns").format(count=f"{len(plan.features):,}"),
        ]
        sizes = table.tally(found, plan)
        if plan.task is Task.CLASSIFICATION and sizes:
            named = self.tr("{count} classes: {names}")
            parts.append(
                named.format(count=len(sizes), names=class_list(dict(sorted(sizes.items()))))
            )
        if found.missing:
            one = found.missing == 1
            cells = self.tr("one missing cell") if one else self.tr("{n} missing cells")
            parts.append(cells.format(n=f"{found.missing:,}"))
        return " · ".join(parts)

    def load(self, path: Path, progress: Progress) -> Imported:
        assert self.model.plan is not None
        return table.load(path, self.model.plan, progress)

    def _relayout(self) -> None:
        self._layout = Layout(
            self.delimiter.currentData(),
            self.decimal.currentData(),
            self.encoding.currentData(),
            self.header.isChecked(),
            self.skip.value(),
        )
        self.look_again.emit()

    def _edit(self, index: QModelIndex) -> None:
        if index.row() < SETTINGS and index.flags() & Qt.ItemFlag.ItemIsEditable:
            self.view.edit(index)

    def _show_plan(self) -> None:
        plan = self.model.plan
        if plan is not None:
            self.target.setCurrentIndex(-1 if plan.target is None else plan.target)
            self.task.setCurrentIndex(self.task.findData(plan.task.value))
        self.changed.emit()
