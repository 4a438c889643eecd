"""Writes what was said and done in a lesson to a file, for a teacher to verify."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from backprop_studio.errors import StudioError
from backprop_studio.lessons import Runner, evidence
from backprop_studio.lessons.own_rows import OwnRows
from backprop_studio.lessons.recorder import Recorder
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.controllers.engine import Engine
from backprop_studio.ui.settings import Settings
from backprop_studio.ui.words import plain


class EvidenceExport(QObject):
    """Collects the evidence of the lesson that is open, and saves it.

    Parameters
    ----------
    document, engine
        Where the network and its weights are.
    settings
        Where files were saved last.
    rows
        Data that the learner drew or imported in lessons.
    window
        Dialogs stand before it.
    tell
        Says a sentence to the person.
    """

    def __init__(
        self,
        document: Document,
        engine: Engine,
        settings: Settings,
        rows: OwnRows,
        window: QWidget,
        tell: Callable[[str], object],
    ) -> None:
        super().__init__(window)
        self._document, self._engine = document, engine
        self._settings, self._rows = settings, rows
        self._window, self._tell = window, tell

    def ask(self, runner: Runner, recorder: Recorder) -> None:
        """Write it to a file that the person picks."""
        suggestion = self._settings.last_folder / f"{runner.lesson.head.id}-evidence.json"
        name, _ = QFileDialog.getSaveFileName(
            self._window,
            self.tr("Export evidence"),
            str(suggestion),
            self.tr("Evidence (*.json)"),
        )
        if name:
            self.write(runner, recorder, Path(name))

    def write(self, runner: Runner, recorder: Recorder, path: Path) -> bool:
        """Write it to this file; False, with a message, when that fails."""
        try:
            weights = self._engine.weights()
            made = evidence.collect(
                runner.lesson,
                runner.progress,
                recorder.events,
                self._document.network,
                weights,
                recorder.last,
                self._rows.load(runner.lesson.head.id),
            )
            evidence.save(made, path)
        except (StudioError, TimeoutError) as error:
            QMessageBox.warning(
                self._window, self.tr("The evidence was not exported"), plain(str(error))
            )
            return False
        self._settings.last_folder = path.parent
        self._tell(self.tr("Exported {path}").format(path=path))
        return True
