"""Draw the data set by hand: with a point, a brush and an eraser, also while training runs."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QSignalBlocker, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap, QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from backprop_studio import data
from backprop_studio.data import Dataset, Options, own
from backprop_studio.data import drawing as drawings
from backprop_studio.data.drawing import Drawing
from backprop_studio.errors import StudioError
from backprop_studio.network import edits
from backprop_studio.ui import counts, theme
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.widgets.flow import Flow
from backprop_studio.ui.widgets.plane import Plane, Tool, class_color, paint_mark

_CLASSES, _NUMBERS = "classes", "numbers"


class DrawPanel(QWidget):
    """A plane with the rows of the data set, where it has one; each gesture is one undo entry.

    What is drawn goes on from the data set in use, so training keeps its weights and goes on.
    Where that is no plane, the first point begins a data set of its own.

    Parameters
    ----------
    document
        Whose data set is drawn.
    """

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._shown: tuple[object, ...] | None = None
        self._source: str = ""
        self._kind = _CLASSES
        self._count = 2
        self._batch: tuple[int, int] | None = None
        """The batch size that was wanted, and the smaller one that there were rows for."""
        self.story = QLabel()
        self.story.setTextFormat(Qt.TextFormat.PlainText)
        self.story.setWordWrap(True)
        theme.set_role(self.story, "muted")
        self.plane = Plane()
        self.plane.setToolTip(
            self.tr("Click to add a point, drag one to move it, right-click to delete it")
        )
        self.plane.gesture.connect(self._take)
        self.plane.class_chosen.connect(self._choose_class)
        self.status = QLabel()
        self.status.setWordWrap(True)
        theme.set_role(self.status, "muted")
        self.plane.pointed.connect(self.status.setText)

        self.tools: dict[Tool, QToolButton] = {}
        group = QButtonGroup(self)
        tools = QHBoxLayout()
        tools.setSpacing(0)
        for tool, name, tip, role in (
            (Tool.POINT, self.tr("Point"), self.tr("Click adds, drag moves"), "segment-left"),
            (Tool.BRUSH, self.tr("Brush"), self.tr("Drag to spray points"), "segment-middle"),
            (Tool.ERASER, self.tr("Eraser"), self.tr("Drag to delete points"), "segment-right"),
        ):
            button = QToolButton()
            button.setText(name)
            button.setToolTip(tip)
            button.setAccessibleDescription(tip)
            button.setCheckable(True)
            button.setChecked(tool is Tool.POINT)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            theme.set_role(button, role)
            button.clicked.connect(partial(self._set_tool, tool))
            group.addButton(button)
            tools.addWidget(button)
            self.tools[tool] = button
        tools.addStretch(1)
        self.clear_button = QPushButton(self.tr("Clear"))
        self.clear_button.setToolTip(self.tr("Delete all points"))
        self.clear_button.clicked.connect(self._clear)
        tools.addWidget(self.clear_button)

        self.kind = QComboBox()
        self.kind.addItem(self.tr("Classes"), _CLASSES)
        self.kind.addItem(self.tr("Numbers: y from x"), _NUMBERS)
        self.kind.setAccessibleName(self.tr("What is learned"))
        self.kind.setToolTip(self.tr("Which class a point has, or how high it lies"))
        self.kind.activated.connect(self._change_kind)
        self.count = QSpinBox()
        self.count.setRange(drawings.MIN_CLASSES, drawings.MAX_CLASSES)
        self.count.setAccessibleName(self.tr("Number of classes"))
        self.count.setToolTip(self.tr("How many classes there are"))
        self.count.setKeyboardTracking(False)
        self.count.valueChanged.connect(self._change_count)
        self.label = QComboBox()
        self.label.setAccessibleName(self.tr("Class of new points"))
        self.label.setToolTip(self.tr("Class of new points; digits choose it on the plane"))
        self.label.currentIndexChanged.connect(self._set_label)
        self.label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        kinds = Flow(self.kind, self.count, self.label)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addWidget(self.story)
        layout.addLayout(tools)
        layout.addWidget(kinds)
        layout.addWidget(self.plane, 1)
        layout.addWidget(self.status)
        self.setFocusProxy(self.plane)
        document.analysis_changed.connect(self._refresh)

    # Overrides of Qt.

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if theme.is_theme_change(event) and hasattr(self, "label"):
            for place in range(self.label.count()):
                self.label.setItemIcon(place, _swatch(place))

    # Showing.

    def _refresh(self) -> None:
        """Show the data set in use; nothing while hidden."""
        if not self.isVisible():
            return
        setup = self._document.network.setup
        key = setup.dataset, setup.data.options, setup.validation, setup.seed
        if key == self._shown:
            return
        self._shown = key
        options = setup.data.options
        few = getattr(options, "count", 0) <= drawings.MAX_POINTS
        dataset = _found(setup.dataset, options if few else None)
        if few and dataset is not None and drawings.is_plane(dataset):
            self._source = dataset.id
            drawing = drawings.of(dataset)
            self._kind = _CLASSES if drawing.classes else _NUMBERS
            self._count = len(drawing.classes) or self._count
            self.story.setText(
                self.tr("The rows of '{title}'. Change them while training runs.").format(
                    title=dataset.title
                )
            )
        else:
            self._source = ""
            drawing = self._empty()
            if dataset is None:
                story = self.tr("The first point begins a data set of your own.")
            else:
                many = not few or dataset.size > drawings.MAX_POINTS
                story = (
                    self.tr("'{title}' has more than {most} points.")
                    if many
                    else self.tr("'{title}' is not made of points on a plane.")
                ).format(title=dataset.title, most=f"{drawings.MAX_POINTS:,}")
                story += " " + self.tr(
                    "The first point begins a data set of your own in its place; Undo brings it "
                    "back."
                )
            self.story.setText(story)
        self._show(drawing, self._held_out(dataset if self._source else None))

    def _show(self, drawing: Drawing, held_out: npt.NDArray[np.bool_]) -> None:
        self.plane.set_drawing(drawing, held_out)
        classes = self._kind == _CLASSES
        with QSignalBlocker(self.kind), QSignalBlocker(self.count), QSignalBlocker(self.label):
            self.kind.setCurrentIndex(self.kind.findData(self._kind))
            needed = int(drawing.labels.max()) + 1 if len(drawing) else 0
            self.count.setMinimum(max(drawings.MIN_CLASSES, needed if classes else 0))
            self.count.setValue(self._count)
            chosen = max(self.label.currentIndex(), 0)
            self.label.clear()
            for place, name in enumerate(drawing.classes):
                self.label.addItem(_swatch(place), name)
            self.label.setCurrentIndex(min(chosen, len(drawing.classes) - 1))
        self.plane.label = max(self.label.currentIndex(), 0)
        self.count.setVisible(classes)
        self.label.setVisible(classes)
        self.clear_button.setEnabled(len(drawing) > 0)
        kept = int(held_out.sum())
        if len(held_out):
            self.status.setText(
                self.tr("{rows}, filled; {kept} held out, hollow.").format(
                    rows=counts.training_rows(len(drawing) - kept), kept=f"{kept:,}"
                )
            )
        elif len(drawing):
            self.status.setText(self.tr("Training needs at least two points."))
        else:
            self.status.setText(self.tr("No points yet. Click to add one, or drag the brush."))

    def _held_out(self, dataset: Dataset | None) -> npt.NDArray[np.bool_]:
        setup = self._document.network.setup
        if dataset is None or dataset.size < 2 or setup.problems(""):
            return np.zeros(0, bool)
        split = data.split(
            dataset,
            validation_fraction=setup.validation,
            seed=setup.seed,
            stratified=setup.data.stratified,
        )
        held_out = np.zeros(dataset.size, bool)
        held_out[split.validation] = True
        return held_out

    def _empty(self) -> Drawing:
        return drawings.empty(self._count if self._kind == _CLASSES else 0)

    # The person.

    def _set_tool(self, tool: Tool) -> None:
        self.plane.tool = tool
        self.tools[tool].setChecked(True)
        self.plane.setFocus()

    def _set_label(self, index: int) -> None:
        self.plane.label = max(index, 0)

    def _choose_class(self, index: int) -> None:
        if index < self.label.count():
            self.label.setCurrentIndex(index)
            self.status.setText(
                self.tr("New points are '{name}'.").format(name=self.label.currentText())
            )

    def _take(self, name: str, drawing: Drawing) -> None:
        labels = {
            "add": self.tr("Add Point"),
            "brush": self.tr("Draw Points"),
            "move": self.tr("Move Point"),
            "erase": self.tr("Erase Points"),
        }
        self._apply(labels[name], drawing)

    def _clear(self) -> None:
        self._apply(self.tr("Clear Points"), self._empty())

    def _change_kind(self) -> None:
        if self.kind.currentData() == self._kind:
            return
        self._kind = self.kind.currentData()
        if self._source:
            self._apply(self.tr("Clear Points"), self._empty())
        else:
            self._show(self._empty(), np.zeros(0, bool))

    def _change_count(self, count: int) -> None:
        self._count = count
        drawing = drawings.with_classes(self.plane.drawing, count)
        if len(drawing):
            self._apply(self.tr("Change Number of Classes"), drawing)
        else:
            self._show(drawing, np.zeros(0, bool))

    def _apply(self, label: str, drawing: Drawing) -> None:
        """Make what was drawn the document's data set."""
        network = self._document.network
        dataset_id, same = "", False
        if len(drawing):
            made = drawings.to_dataset(drawing)
            before = _found(self._source)
            # Other classes are another question: what was learned does not answer it.
            same = before is not None and made.class_names == before.class_names
            dataset_id = own.keep(made, continuing=self._source if same else "").id
        # While one goes on with own data, their scaling stays as it was chosen.
        goes_on = same and own.is_own(network.setup.dataset)
        setup = (
            replace(network.setup, dataset=dataset_id)
            if goes_on
            else network.setup.for_dataset(dataset_id)
        )
        dataset = _found(dataset_id)
        if dataset is not None and dataset.size > 1 and not setup.problems(""):
            setup = replace(setup, batch_size=self._batch_for(dataset))
        self._document.apply(label, edits.set_setup(network, setup))

    def _batch_for(self, dataset: Dataset) -> int:
        """The batch size that is wanted, as far as there are rows for it."""
        setup = self._document.network.setup
        train = dataset.size - data.held_out(dataset.size, setup.validation)
        wanted = setup.batch_size
        if self._batch is not None and self._batch[1] == wanted:
            wanted = self._batch[0]
        size = min(wanted, train)
        self._batch = (wanted, size) if size < wanted else None
        return size


def _found(dataset_id: str, options: Options | None = None) -> Dataset | None:
    try:
        return data.load(dataset_id, options) if dataset_id else None
    except (StudioError, OSError):
        # What to do about it is told by the set-up panel.
        return None


def _swatch(label: int) -> QIcon:
    pixmap = QPixmap(14, 14)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(class_color(label))
    paint_mark(painter, QPointF(7, 7), label, 5)
    painter.end()
    return QIcon(pixmap)
