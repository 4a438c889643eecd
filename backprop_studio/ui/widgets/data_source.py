"""Which data set it is: a list to choose from, the facts, and a few of its pictures."""

from __future__ import annotations

import html

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from backprop_studio import data
from backprop_studio.data import Dataset, Task, own
from backprop_studio.errors import StudioError
from backprop_studio.network import TrainingSetup, edits
from backprop_studio.ui import counts, theme
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.widgets.examples_strip import ExamplesStrip
from backprop_studio.ui.widgets.field_editors import ChoiceEditor
from backprop_studio.ui.widgets.spec_form import FieldGrid

_EXAMPLES = 12
"""Pictures kept for the strip; it shows as many as fit."""


class DataSource(QWidget):
    """Shows and chooses the data set of a document. Rows are shown as corruptions leave them.

    Parameters
    ----------
    document
        Whose data set it is; whoever listens to it calls `refresh`.
    """

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._shown: object = None
        self._offered: tuple[str, ...] = ()
        self.combo = ChoiceEditor(())
        self.combo.setPlaceholderText(self.tr("Choose a data set…"))
        self.combo.committed.connect(self._choose)
        self.grid = FieldGrid()
        self.grid.add_row("dataset", self.tr("Data set"), self.combo, wide=True)
        self.caption = QLabel()
        self.caption.setWordWrap(True)
        theme.set_role(self.caption, "muted")
        self.strip = ExamplesStrip()
        self.strip.setAccessibleName(self.tr("Examples from the data set"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        for part in (self.grid, self.caption, self.strip):
            column.addWidget(part)
        self.refresh()

    def refresh(self) -> None:
        """Show what the document says now."""
        setup = self._document.network.setup
        infos = data.infos()
        # An earlier state of the learner's own data is offered while it is in use.
        current = own.find(setup.dataset)
        if current is not None and all(info.id != current.id for info in infos):
            infos = (*infos, current.info)
        offered = tuple(info.id for info in infos)
        if offered != self._offered:
            self._offered = offered
            self.combo.set_choices((info.id, info.title) for info in infos)
            for row, info in enumerate(infos):
                tip = _paragraph(info.summary)
                self.combo.setItemData(row, tip, Qt.ItemDataRole.ToolTipRole)
        self.combo.show_value(setup.dataset)
        if self._document.analysis.preparing:
            # What was last said stands until there is something new to say.
            self._shown = None
            return
        key = (setup.dataset, setup.data, setup.validation, setup.seed)
        if key != self._shown:
            self._shown = key
            self._describe(setup)

    def _describe(self, setup: TrainingSetup) -> None:
        facts, tip, pictures = "", "", np.zeros((0, 1, 1), np.float32)
        if setup.dataset:
            try:
                dataset = _rows_of(setup)
            except (StudioError, OSError) as error:
                # What to do about it stands below the box, as a diagnostic.
                tip = _paragraph(str(error))
            else:
                facts, tip = self._facts(dataset), self._tip(dataset)
                pictures = _pictures(dataset)
        self.caption.setText(facts)
        self.caption.setVisible(bool(facts))
        self.caption.setToolTip(tip)
        self.combo.setToolTip(tip)
        self.strip.set_pictures(pictures)
        self.strip.setToolTip(tip)

    def _facts(self, dataset: Dataset) -> str:
        features = int(np.prod(dataset.feature_shape))
        if dataset.vocabulary is not None:
            what = self.tr("{count} tokens out of {vocabulary}")
        else:
            what = self.tr("{count} features") if features != 1 else self.tr("one feature")
        parts = [
            counts.rows(dataset.size),
            what.format(count=f"{features:,}", vocabulary=dataset.vocabulary),
        ]
        if dataset.size > 1 and dataset.is_one_example:
            parts[0] = self.tr("{rows}, all alike").format(rows=parts[0])
        width = dataset.target_width
        if dataset.task is Task.CLASSIFICATION:
            parts.append(self.tr("{count} classes").format(count=f"{width:,}"))
        elif width == 1:
            parts.append(self.tr("one number to predict"))
        else:
            parts.append(self.tr("{count} numbers to predict").format(count=f"{width:,}"))
        return " · ".join(parts)

    def _tip(self, dataset: Dataset) -> str:
        source = self.tr("Source: {citation} Licence: {licence}.")
        source = source.format(citation=dataset.citation, licence=dataset.licence)
        return _paragraph(dataset.summary) + _paragraph(source)

    def _choose(self, dataset_id: object) -> None:
        network = self._document.network
        key = str(dataset_id)
        if key == network.setup.dataset:
            return
        chosen = edits.set_setup(network, network.setup.for_dataset(key))
        self._document.apply(self.tr("Choose Data Set"), chosen)


def _rows_of(setup: TrainingSetup) -> Dataset:
    """The rows as they are before scaling; as the source has them, where settings are not sound."""
    if setup.has_quick_data:
        try:
            return setup.prepared().raw
        except (StudioError, ValueError):
            pass
    return data.load(setup.dataset)


def _paragraph(text: str) -> str:
    """Rich text, which tooltips wrap and plain text they do not."""
    return f"<p>{html.escape(text)}</p>"


def _pictures(dataset: Dataset) -> npt.NDArray[np.float32]:
    """One row of each class in turn, as Array of shape (count, height, width)."""
    if dataset.image_shape is None:
        return np.zeros((0, 1, 1), np.float32)
    rows = list(range(min(_EXAMPLES, dataset.size)))
    if dataset.task is Task.CLASSIFICATION:
        rows = [int(first) for first in np.unique(dataset.y, return_index=True)[1][:_EXAMPLES]]
    # Whatever can be a picture is measured, in float32 (see `Dataset`).
    pictures = dataset.x[rows].astype(np.float32, copy=False)
    return pictures.reshape(-1, *dataset.image_shape)
