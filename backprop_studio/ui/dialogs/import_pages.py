"""What there is to choose before own data are imported, one page for each kind of source."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.data import Task
from backprop_studio.data.importing import Imported, Progress, idx, npz, pictures, table
from backprop_studio.data.importing.layout import DELIMITERS, ENCODINGS, Layout
from backprop_studio.ui import theme
from backprop_studio.ui.models.table_preview import SETTINGS, TablePreviewModel, counted
from backprop_studio.ui.widgets.examples_strip import ExamplesStrip

Index = QModelIndex | QPersistentModelIndex

_THUMBNAILS = 12
_CLASSES_SHOWN = 6


def class_list(counts: dict[str, int] | Counter[str]) -> str:
    """The classes with their numbers of rows, the first of them by name."""
    shown = [f"{name} {count:,}" for name, count in list(counts.items())[:_CLASSES_SHOWN]]
    return ", ".join(shown) + (", …" if len(counts) > _CLASSES_SHOWN else "")


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


class Page(QWidget):
    """One kind of source.

    Signals
    -------
    changed
        Something else was chosen.
    look_again
        The source has to be looked at again, as it is read differently now.
    """

    changed = Signal()
    look_again = Signal()

    def inspect(self, path: Path, progress: Progress) -> object:
        """Look at the source, on a thread of its own."""
        raise NotImplementedError

    def show_found(self, found: object) -> None:
        """Show what `inspect` has found."""
        raise NotImplementedError

    def problem(self) -> str:
        """Why it cannot be imported like this; empty if it can."""
        return ""

    def summary(self) -> str:
        """What would be imported, as far as that is known."""
        raise NotImplementedError

    def load(self, path: Path, progress: Progress) -> Imported:
        """Make the data set, on a thread of its own."""
        raise NotImplementedError


class TablePage(Page):
    """CSV and TSV."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found: table.Preview | None = None
        self._layout: Layout | None = None
        self.delimiter = _box(self.tr("Cells are separated by"), DELIMITERS.items())
        self.decimal = _box(
            self.tr("Decimal mark"), ((".", self.tr("Point")), (",", self.tr("Comma")))
        )
        self.encoding = _box(self.tr("Encoding"), ENCODINGS.items())
        self.header = QCheckBox(self.tr("The first row names the columns"))
        self.target = _box(self.tr("Target"), ())
        self.task = _box(
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
        self.view.horizontalHeader().setDefaultSectionSize(110)
        self.view.horizontalHeader().setMinimumHeight(26)
        self.view.verticalHeader().setDefaultSectionSize(24)
        self.view.setMinimumHeight(220)
        self.delimiter.activated.connect(self._relayout)
        self.decimal.activated.connect(self._relayout)
        self.encoding.activated.connect(self._relayout)
        self.header.clicked.connect(self._relayout)
        self.target.activated.connect(lambda: self.model.set_target(self.target.currentData()))
        self.task.activated.connect(lambda: self.model.set_task(Task(self.task.currentData())))
        self.model.plan_changed.connect(self._show_plan)
        first, second = QHBoxLayout(), QHBoxLayout()
        for line, boxes in ((first, (self.delimiter, self.decimal, self.encoding)),
                            (second, (self.target, self.task))):  # fmt: skip
            for box in boxes:
                label = QLabel(box.accessibleName())
                label.setBuddy(box)
                line.addWidget(label)
                line.addWidget(box)
                line.addSpacing(8)
            line.addStretch(1)
        second.insertWidget(second.count() - 1, self.header)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(first)
        layout.addLayout(second)
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
        many = f"{len(found.rows):,}"
        parts = [
            self.tr("{count} rows").format(count=many)
            if found.whole
            else self.tr("In the first {count} rows").format(count=many),
            self.tr("one feature column")
            if len(plan.features) == 1
            else self.tr("{count} feature columns").format(count=f"{len(plan.features):,}"),
        ]
        counts = table.tally(found, plan)
        if plan.task is Task.CLASSIFICATION and counts:
            named = self.tr("{count} classes: {names}")
            parts.append(
                named.format(count=len(counts), names=class_list(dict(sorted(counts.items()))))
            )
        missing = counted(found.rows)
        if missing:
            cells = self.tr("one missing cell") if missing == 1 else self.tr("{n} missing cells")
            parts.append(cells.format(n=f"{missing:,}"))
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


class _Strip(ExamplesStrip):
    """Pictures large enough to be looked at."""

    SIDE = 72
    GAP = 6


class PicturesPage(Page):
    """A folder with a folder of pictures for each class."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found: pictures.Preview | None = None
        self._size: tuple[int, int] | None = None
        self.height_box, self.width_box = QSpinBox(), QSpinBox()
        for box, name in (
            (self.height_box, self.tr("Height in pixels")),
            (self.width_box, self.tr("Width in pixels")),
        ):
            box.setRange(1, pictures.MAX_SIDE)
            box.setSuffix(self.tr(" px"))
            box.setAccessibleName(name)
            box.setKeyboardTracking(False)
            box.valueChanged.connect(self._resized)
        self.dark = QCheckBox(self.tr("Dark is 1 and white is 0, as for ink on paper"))
        self.dark.toggled.connect(self._draw)
        self.strip = _Strip()
        self.strip.setAccessibleName(self.tr("The first picture of each class"))
        self._thumbnails = np.zeros((0, 1, 1), np.float32)
        self.classes = QLabel()
        self.classes.setWordWrap(True)
        note = QLabel(
            self.tr(
                "Each picture is scaled to this size in shades of grey; what stands over at the "
                "sides is cut off. Below, as everywhere in the program, 1 is drawn like ink."
            )
        )
        note.setWordWrap(True)
        theme.set_role(note, "muted")
        form = _form()
        form.addRow(self.tr("Height"), self.height_box)
        form.addRow(self.tr("Width"), self.width_box)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        layout.addWidget(self.dark)
        layout.addWidget(note)
        layout.addWidget(self.strip)
        layout.addWidget(self.classes)
        layout.addStretch(1)

    def start_over(self) -> None:
        """Find a size out again: another folder comes."""
        self._size = None

    def inspect(self, path: Path, progress: Progress) -> tuple[pictures.Preview, object]:
        found = pictures.inspect(path)
        height, width = self._size or (found.height, found.width)
        first = [paths[0] for _, paths in found.files[:_THUMBNAILS]]
        small = [pictures.thumbnail(file, height, width) for file in first]
        return found, np.stack(small)

    def show_found(self, found: object) -> None:
        assert isinstance(found, tuple)
        self._found, self._thumbnails = found
        assert self._found is not None
        if self._size is None:
            self._size = self._found.height, self._found.width
            with QSignalBlocker(self.dark):
                # Mostly bright: it is paper that something dark stands on.
                self.dark.setChecked(float(np.median(self._thumbnails)) > 0.5)
        for box, side in zip((self.height_box, self.width_box), self._size, strict=True):
            with QSignalBlocker(box):
                box.setValue(side)
        counts = {name: len(paths) for name, paths in self._found.files}
        self.classes.setText(
            self.tr("{count} classes: {names}").format(count=len(counts), names=class_list(counts))
        )
        self._draw()
        self.changed.emit()

    def summary(self) -> str:
        if self._found is None or self._size is None:
            return ""
        count, features = self._found.count, self._size[0] * self._size[1]
        return self.tr("{count} pictures · {features} features").format(
            count=f"{count:,}", features=f"{features:,}"
        )

    def load(self, path: Path, progress: Progress) -> Imported:
        assert self._size is not None
        return pictures.load(
            path, *self._size, dark_is_one=self.dark.isChecked(), progress=progress
        )

    def _resized(self) -> None:
        self._size = self.height_box.value(), self.width_box.value()
        self.look_again.emit()

    def _draw(self) -> None:
        shown = 1.0 - self._thumbnails if self.dark.isChecked() else self._thumbnails
        self.strip.set_pictures(shown)


class IdxPage(Page):
    """The two files of IDX."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found: idx.Preview | None = None
        self.features, self.labels = QLineEdit(), QLineEdit()
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for field, name in (
            (self.features, self.tr("Pictures or features")),
            (self.labels, self.tr("Labels")),
        ):
            field.setAccessibleName(name)
            field.textChanged.connect(self.changed)
            button = QPushButton(self.tr("Choose…"))
            button.setAccessibleName(self.tr("Choose the file: {name}").format(name=name))
            button.clicked.connect(partial(self._choose, field))
            line = QHBoxLayout()
            line.addWidget(field, 1)
            line.addWidget(button)
            form.addRow(name, line)
        self.strip = _Strip()
        self.strip.setAccessibleName(self.tr("The first pictures"))
        form.addRow(self.strip)

    def inspect(self, path: Path, progress: Progress) -> idx.Preview:
        return idx.inspect(path)

    def show_found(self, found: object) -> None:
        assert isinstance(found, idx.Preview)
        self._found = found
        self.features.setText(str(found.features or ""))
        self.labels.setText(str(found.labels or ""))
        self.strip.set_pictures(found.first)
        self.changed.emit()

    def problem(self) -> str:
        if not self.labels.text():
            return self.tr("The file with the labels was not found beside it. Choose it.")
        if not self.features.text():
            return self.tr("The file with the pictures was not found beside it. Choose it.")
        return ""

    def summary(self) -> str:
        if self._found is None or not self._found.shape:
            return ""
        rows, *shape = self._found.shape
        return self.tr("{count} rows of {shape} numbers").format(
            count=f"{rows:,}", shape=" × ".join(map(str, shape))
        )

    def load(self, path: Path, progress: Progress) -> Imported:
        return idx.load(self.features.text(), self.labels.text(), progress)

    def _choose(self, field: QLineEdit) -> None:
        folder = str(Path(self.features.text() or self.labels.text()).parent)
        name, _ = QFileDialog.getOpenFileName(self, self.tr("Choose an IDX file"), folder)
        if name:
            field.setText(name)


class NpzPage(Page):
    """Two of the arrays of an NPZ file."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found: npz.Preview | None = None
        self.features = _box(self.tr("Features"), ())
        self.target = _box(self.tr("Target"), ())
        self.task = _box(
            self.tr("Learn"),
            (
                (Task.CLASSIFICATION.value, self.tr("Classes")),
                (Task.REGRESSION.value, self.tr("Numbers")),
            ),
        )
        form = _form()
        self.setLayout(form)
        for box in (self.features, self.target, self.task):
            form.addRow(box.accessibleName(), box)
        note = QLabel(self.tr("An array has one row for each example, along its first axis."))
        theme.set_role(note, "muted")
        form.addRow(note)
        self.features.activated.connect(self.changed)
        self.target.activated.connect(self._retask)
        self.task.activated.connect(self.changed)

    def inspect(self, path: Path, progress: Progress) -> npz.Preview:
        return npz.inspect(path)

    def show_found(self, found: object) -> None:
        assert isinstance(found, npz.Preview)
        self._found = found
        for box, chosen in ((self.features, found.x), (self.target, found.y)):
            box.clear()
            for array in found.arrays:
                shape = " × ".join(map(str, array.shape)) or self.tr("one number")
                box.addItem(f"{array.name}  ({shape}, {array.dtype.name})", array.name)
            box.setCurrentIndex(box.findData(chosen))
        self._retask()

    def problem(self) -> str:
        if self.features.currentIndex() < 0 or self.target.currentIndex() < 0:
            return self.tr("Choose one array as the features and one as the target.")
        if self.features.currentIndex() == self.target.currentIndex():
            return self.tr("Features and target are the same array.")
        x, y = self._chosen()
        if x.shape[:1] != y.shape[:1]:
            return self.tr("'{x}' has {rows} and '{y}' {others}: choose two of the same.").format(
                x=x.name, rows=self._rows(x), y=y.name, others=self._rows(y)
            )
        return ""

    def summary(self) -> str:
        if self._found is None or self.problem():
            return ""
        x, _ = self._chosen()
        numbers = " × ".join(f"{n:,}" for n in x.shape[1:]) or "1"
        return self.tr("{rows} of {numbers} numbers").format(rows=self._rows(x), numbers=numbers)

    def _chosen(self) -> tuple[npz.ArrayInfo, npz.ArrayInfo]:
        assert self._found is not None
        arrays = self._found.arrays
        return arrays[self.features.currentIndex()], arrays[self.target.currentIndex()]

    def _rows(self, array: npz.ArrayInfo) -> str:
        if not array.shape:
            return self.tr("one number")
        return self.tr("{count} rows").format(count=f"{array.shape[0]:,}")

    def load(self, path: Path, progress: Progress) -> Imported:
        task = Task(self.task.currentData())
        return npz.load(
            path, self.features.currentData(), self.target.currentData(), task, progress
        )

    def _retask(self) -> None:
        if self._found is not None and self.target.currentIndex() >= 0:
            array = self._found.arrays[self.target.currentIndex()]
            task = Task.REGRESSION if array.dtype.kind == "f" else Task.CLASSIFICATION
            self.task.setCurrentIndex(self.task.findData(task.value))
        self.changed.emit()


def _form() -> QFormLayout:
    """Fields as wide as what they hold."""
    form = QFormLayout()
    form.setContentsMargins(0, 0, 0, 0)
    form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.FieldsStayAtSizeHint)
    return form


def _box(name: str, choices: object) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    # What can be chosen may come later.
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    for key, label in choices:  # type: ignore[attr-defined]
        box.addItem(label, key)
    return box
