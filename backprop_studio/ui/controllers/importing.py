"""Own data on their way from a file into the document."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from backprop_studio import data
from backprop_studio.data import Dataset, own
from backprop_studio.data.importing import source_of
from backprop_studio.errors import StudioError
from backprop_studio.network import TrainingSetup, edits, fixes
from backprop_studio.ui import counts
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.dialogs.import_data import ImportDialog
from backprop_studio.ui.settings import Settings


def continues(before: Dataset, now: Dataset) -> bool:
    """Whether this is the same source in a later state: rows have changed, and nothing else."""
    return all(
        getattr(before, name) == getattr(now, name)
        for name in ("citation", "task", "class_names", "feature_names", "image_shape",
                     "feature_shape", "target_width")
    )  # fmt: skip


def fitted(setup: TrainingSetup, dataset: Dataset) -> TrainingSetup:
    """The set-up with this data set, its batches no larger than there are rows to train on."""
    before, scaling = own.find(setup.dataset), setup.data.scaling
    setup = setup.for_dataset(dataset.id)
    if before is not None and continues(before, dataset):
        setup = replace(setup, data=replace(setup.data, scaling=scaling))
    batch = setup.batch_size
    if dataset.size > 1 and not setup.problems(""):
        train = dataset.size - data.held_out(dataset.size, setup.validation)
        batch = min(batch, train)
    return replace(setup, batch_size=batch)


class ImportController(QObject):
    """Opens the dialog, and makes what it has loaded the document's data set.

    Signals
    -------
    told(text)
        What was imported.
    """

    told = Signal(str)

    def __init__(self, document: Document, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._document = document
        self._settings = settings
        self._window = window
        self.dialog: ImportDialog | None = None

    def open(self, path: Path | None = None) -> None:
        """Ask what to import, beginning with this file or folder."""
        if self.dialog is None:
            self.dialog = ImportDialog(self._settings.last_folder, self._window)
            self.dialog.finished.connect(self._finish)
            self.dialog.open()
        if path is not None:
            self.dialog.choose(path)

    def close(self) -> None:
        """Ask no more: the window goes."""
        if self.dialog is not None:
            self.dialog.reject()

    def dropped(self, mime: QMimeData) -> Path | None:
        """The file or folder among what is dragged that can be imported."""
        for url in mime.urls():
            path = Path(url.toLocalFile())
            try:
                source_of(path)
            except StudioError:
                continue
            if url.isLocalFile():
                return path
        return None

    def open_soon(self, path: Path) -> None:
        """Ask about what was dropped, once whoever dragged it is free again."""
        QTimer.singleShot(0, self, lambda: self.open(path))

    def _finish(self) -> None:
        dialog, self.dialog = self.dialog, None
        assert dialog is not None
        dialog.deleteLater()
        if not dialog.result() or dialog.imported is None:
            return
        self._settings.last_folder = Path(dialog.path_edit.text()).parent
        network, dataset = self._document.network, dialog.imported.dataset
        before = own.find(network.setup.dataset)
        again = before is not None and continues(before, dataset)
        dataset = own.keep(dataset, continuing=network.setup.dataset if again else "")
        setup = fitted(network.setup, dataset)
        said = self.tr("Imported '{title}': {rows}.")
        if again:
            said = self.tr("Imported '{title}' again: {rows}. What was learned stays.")
        text = said.format(title=dataset.title, rows=counts.rows(dataset.size))
        if setup.data.scaling != data.Scaling.NONE and not again:
            text += " " + self.tr("Its features are standardised, as some are large.")
        if setup.batch_size < network.setup.batch_size:
            fewer = self.tr("The batch size is {size} now, as there are no more rows.")
            text += " " + fewer.format(size=setup.batch_size)
        self._document.apply(self.tr("Import Data"), edits.set_setup(network, setup))
        fix = fixes.first_fix(self._document.analysis)
        if fix is not None:
            more = self.tr("The network does not fit yet; Ctrl+. would help: {fix}.")
            text += " " + more.format(fix=fix.text)
        self.told.emit(text)
