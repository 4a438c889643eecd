"""Weights on their way from a file into the network."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from backprop_studio.errors import StudioError
from backprop_studio.project.importing import fit, read_weights
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.controllers.engine import Engine
from backprop_studio.ui.dialogs.import_weights import ImportWeightsDialog
from backprop_studio.ui.settings import Settings
from backprop_studio.ui.words import plain


class WeightsController(QObject):
    """Asks for a file, shows what of it fits, and trains on from that on a branch of its own.

    Undo leads back to the weights and the moment before.

    Signals
    -------
    told(text)
        What was imported.
    """

    told = Signal(str)

    def __init__(
        self, document: Document, engine: Engine, settings: Settings, window: QWidget
    ) -> None:
        super().__init__(window)
        self._document = document
        self._engine = engine
        self._settings = settings
        self._window = window

    def ask(self) -> None:
        """Weights from a file that the person picks."""
        name, _ = QFileDialog.getOpenFileName(
            self._window,
            self.tr("Import weights"),
            str(self._settings.last_folder),
            self.tr("Weights (*.safetensors *.npz);;All files (*)"),
        )
        if name:
            self.open(Path(name))

    def open(self, path: Path) -> bool:
        """Weights from this file; False, with a message or by choice, when nothing was changed."""
        document = self._document
        try:
            if document.analysis.preparing:
                raise StudioError("data-preparing")
            document.analysis.require()
            tensors = read_weights(path)
            fitting = fit(document.network, self._engine.weights(), tensors)
        except (StudioError, TimeoutError) as error:
            failed = self.tr("The weights were not imported")
            QMessageBox.warning(self._window, failed, plain(str(error)))
            return False
        self._settings.last_folder = path.parent
        dialog = ImportWeightsDialog(path.name, fitting, self._window)
        accepted = dialog.exec()
        dialog.deleteLater()
        if not accepted or not fitting.weights:
            return False
        self._engine.bring_in(self.tr("Import Weights"), fitting.weights)
        text = self.tr("Imported {taken} of {wanted} weights. Training begins with them.")
        self.told.emit(text.format(taken=len(fitting.weights), wanted=fitting.wanted))
        return True
