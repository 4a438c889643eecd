"""New, open, save and export, with a person to ask."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from backprop_studio import assets, project
from backprop_studio.errors import StudioError
from backprop_studio.network import Network
from backprop_studio.project import SUFFIX, Project
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.controllers.engine import Engine
from backprop_studio.ui.settings import Settings


def stem_of(path: Path | None) -> str:
    """Name of a file without folder and ending; empty when there is no file."""
    return "" if path is None else path.stem


class ProjectController(QObject):
    """Moves documents between the window and files.

    A failed open or save changes nothing: the document stays as it was, and so does the file.

    Signals
    -------
    path_changed
        The document has another file, or none.
    told(text)
        Something was done that is worth a word.
    """

    path_changed = Signal()
    told = Signal(str)

    def __init__(
        self, document: Document, engine: Engine, settings: Settings, window: QWidget
    ) -> None:
        super().__init__(window)
        self._document = document
        self._engine = engine
        self._settings = settings
        self._window = window
        self._path: Path | None = None

    @property
    def path(self) -> Path | None:
        """File of the document; None before it is saved for the first time."""
        return self._path

    def new(self) -> None:
        """An empty canvas, after asking about unsaved changes."""
        if self.may_discard():
            self._show(Project(Network()), None)

    def open_example(self) -> None:
        """The digits example, as a document of its own without a file."""
        if self.may_discard():
            self.load_example()

    def load_example(self) -> None:
        """The digits example, without asking: the first thing a person sees."""
        self._show(project.load(assets.path("examples", "digits.bps")), None)

    def open(self) -> None:
        """A file that the person picks."""
        if not self.may_discard():
            return
        name, _ = QFileDialog.getOpenFileName(
            self._window,
            self.tr("Open project"),
            str(self._settings.last_folder),
            self.tr("Backprop Studio projects (*.bps);;All files (*)"),
        )
        if name:
            self.open_path(Path(name))

    def reopen(self, path: Path) -> None:
        """A file from the list, or dropped on the window, after asking about unsaved changes."""
        if self.may_discard():
            self.open_path(path)

    def open_path(self, path: Path) -> bool:
        """Open a file; False, with a message, when it cannot be opened."""
        try:
            loaded = project.load(path)
        except StudioError as error:
            self._settings.remove_recent_file(path)
            self._complain(self.tr("The project was not opened"), error)
            return False
        # What a crash while saving may have left there.
        project.sweep(path.parent)
        self._show(loaded, path)
        self._remember(path)
        return True

    def save(self) -> bool:
        """To the document's file, or to one that the person picks."""
        return self.save_as() if self._path is None else self.save_path(self._path)

    def save_as(self) -> bool:
        """To a file that the person picks."""
        suggestion = self._path or self._settings.last_folder / f"network{SUFFIX}"
        name, _ = QFileDialog.getSaveFileName(
            self._window,
            self.tr("Save project"),
            str(suggestion),
            self.tr("Backprop Studio projects (*.bps)"),
        )
        if not name:
            return False
        path = Path(name)
        return self.save_path(path if path.suffix else path.with_suffix(SUFFIX))

    def save_path(self, path: Path) -> bool:
        """Write to a file; False, with a message, when it cannot be written."""
        network = self._document.network
        try:
            project.save(Project(network, self._engine.weights()), path)
        except (StudioError, TimeoutError) as error:
            self._complain(self.tr("The project was not saved"), error)
            return False
        self._path = path
        self._document.undo_stack.setClean()
        self._remember(path)
        self.path_changed.emit()
        self.told.emit(self.tr("Saved {path}").format(path=path))
        return True

    def export(self) -> None:
        """The trained weights, to a file that the person picks."""
        stem = stem_of(self._path) or "weights"
        name, chosen = QFileDialog.getSaveFileName(
            self._window,
            self.tr("Export weights"),
            str(self._settings.last_folder / f"{stem}.safetensors"),
            self.tr("safetensors (*.safetensors);;NumPy archive (*.npz)"),
        )
        if not name:
            return
        path = Path(name)
        if not path.suffix:
            path = path.with_suffix(".npz" if "npz" in chosen else ".safetensors")
        self.export_path(path)

    def export_path(self, path: Path) -> bool:
        """The trained weights to this file; False, with a message, when it fails."""
        try:
            tensors = project.tensor_names(self._document.network, self._engine.weights())
            project.export(path, tensors, network_name=stem_of(self._path))
        except (StudioError, TimeoutError) as error:
            self._complain(self.tr("The weights were not exported"), error)
            return False
        self._settings.last_folder = path.parent
        self.told.emit(self.tr("Exported {n} tensors to {path}").format(n=len(tensors), path=path))
        return True

    def may_discard(self) -> bool:
        """Whether the document may go: it is saved, or the person says so."""
        if self._document.undo_stack.isClean():
            return True
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self._window,
            self.tr("Unsaved changes"),
            self.tr("The network has changes that are not saved. Save them?"),
            buttons.Save | buttons.Discard | buttons.Cancel,
            buttons.Save,
        )
        if answer == buttons.Save:
            return self.save()
        return answer == buttons.Discard

    def _show(self, loaded: Project, path: Path | None) -> None:
        self._engine.expect(loaded.weights)
        self._document.reset(loaded.network)
        self._path = path
        self.path_changed.emit()

    def _remember(self, path: Path) -> None:
        self._settings.add_recent_file(path)

    def _complain(self, title: str, error: Exception) -> None:
        QMessageBox.warning(self._window, title, str(error) or type(error).__name__)
