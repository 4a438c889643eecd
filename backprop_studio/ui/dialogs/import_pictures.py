"""What there is to choose before pictures are imported: folders of them, and IDX files."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.data.importing import Imported, Progress, idx, pictures
from backprop_studio.ui import counts, theme
from backprop_studio.ui.dialogs.import_page import Page, class_list, narrow_form
from backprop_studio.ui.widgets.picture_row import PictureRow

_THUMBNAILS = 12


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
        self.strip = PictureRow()
        self.strip.setAccessibleName(self.tr("The first picture of each class"))
        self._thumbnails = np.zeros((0, 1, 1), np.float32)
        self._names: tuple[str, ...] = ()
        self.classes = QLabel()
        self.classes.setTextFormat(Qt.TextFormat.PlainText)
        self.classes.setWordWrap(True)
        note = QLabel(
            self.tr(
                "Each picture is scaled to this size in shades of grey; what stands over at the "
                "sides is cut off. Below, as everywhere in the program, 1 is drawn like ink."
            )
        )
        note.setWordWrap(True)
        theme.set_role(note, "muted")
        form = narrow_form()
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
        self._names = tuple(counts)[: len(self._thumbnails)]
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
        self.strip.set_pictures(shown, self._names)


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
        self.strip = PictureRow()
        self.strip.setAccessibleName(self.tr("The first pictures"))
        form.addRow(self.strip)

    def inspect(self, path: Path, progress: Progress) -> idx.Preview:
        return idx.inspect(path)

    def show_found(self, found: object) -> None:
        assert isinstance(found, idx.Preview)
        self._found = found
        self.features.setText(str(found.features or ""))
        self.labels.setText(str(found.labels or ""))
        self.strip.set_pictures(found.first, found.first_labels)
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
        return self.tr("{rows} of {shape} numbers").format(
            rows=counts.rows(rows), shape=" × ".join(map(str, shape))
        )

    def load(self, path: Path, progress: Progress) -> Imported:
        return idx.load(self.features.text(), self.labels.text(), progress)

    def _choose(self, field: QLineEdit) -> None:
        folder = str(Path(self.features.text() or self.labels.text()).parent)
        name, _ = QFileDialog.getOpenFileName(self, self.tr("Choose an IDX file"), folder)
        if name:
            field.setText(name)
