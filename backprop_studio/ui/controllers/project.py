"""New, open, save and export, with a person to ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from backprop_studio import assets, data, project
from backprop_studio.data import own
from backprop_studio.errors import StudioError
from backprop_studio.files import shown
from backprop_studio.network import Network
from backprop_studio.project import SUFFIX, Project
from backprop_studio.ui.canvas.picture import FORMATS
from backprop_studio.ui.controllers import left_behind
from backprop_studio.ui.controllers.document import Document, History
from backprop_studio.ui.controllers.engine import Engine, HeldRun
from backprop_studio.ui.controllers.left_behind import Found, Stamp, Unreadable, stamp_of
from backprop_studio.ui.controllers.recovery import Recovery
from backprop_studio.ui.settings import Settings
from backprop_studio.ui.words import plain


def stem_of(path: Path | None) -> str:
    """Name of a file without folder and ending; empty when there is no file."""
    return "" if path is None else path.stem


@dataclass(frozen=True)
class Aside:
    """A document that was put aside.

    Attributes
    ----------
    history
        Its network with the edits that led to it.
    run
        Its training.
    data
        Its own data sets: other documents do not keep them.
    path, stamp
        Its file, if it has one, and how that was.
    saved_at
        How far the training was when it was saved.
    """

    history: History
    run: HeldRun
    data: own.Kept
    path: Path | None
    stamp: Stamp | None
    saved_at: int


class ProjectController(QObject):
    """Moves documents between the window and files.

    A failed open or save changes nothing: the document stays as it was, and so does the file.

    Signals
    -------
    path_changed
        The document may have another file, or none: it was opened, or saved.
    shown
        Another document is on the screen.
    told(text)
        Something was done that is worth a word.
    """

    path_changed = Signal()
    shown = Signal()
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
        # How its file was when it was last read or written here.
        self._stamp: Stamp | None = None
        self._saved_at = 0
        # Whether a document is put aside, and will want its data again.
        self._waits = False
        self.before_discard: Callable[[], object] | None = None
        """Called before the document may go, to bring back what was put aside."""
        self.recovery = Recovery(settings.recovery_folder, document, engine, self)
        self.path_changed.connect(lambda: self.recovery.set_path(self._path, self._stamp))

    @property
    def path(self) -> Path | None:
        """File of the document; None before it is saved for the first time."""
        return self._path

    @property
    def name(self) -> str:
        """Name of the document's file, with its folder where another recent one is called so."""
        if self._path is None:
            return self.tr("Untitled")
        twins = [p for p in self._settings.recent_files if p.name == self._path.name]
        if any(p != self._path.absolute() for p in twins):
            return f"{self._path.name} ({self._path.absolute().parent})"
        return self._path.name

    def new(self) -> None:
        """An empty canvas, after asking about unsaved changes."""
        self.begin_with(Network())

    def begin_with(self, network: Network) -> None:
        """A network as a document of its own, after asking about unsaved changes."""
        if self.may_discard():
            self._show(Project(network), None)

    def open_example(self, name: str = "digits") -> None:
        """An example, as a document of its own without a file."""
        if self.may_discard():
            self.load_example(name)

    def load_example(self, name: str = "digits") -> None:
        """An example, without asking: the digits are the first thing a person sees."""
        self.show(project.load(assets.path("examples", f"{name}.bps")))

    def recover(self) -> bool:
        """Offer what crashes have left; whether one of it was opened."""
        found, lost = self.recovery.found()
        self._tell_lost(lost)
        if not found:
            return False
        from backprop_studio.ui.dialogs.recover import RecoverDialog

        dialog = RecoverDialog(found, self._window)
        dialog.discarded.connect(self.recovery.drop)
        dialog.exec()
        chosen = dialog.chosen
        dialog.deleteLater()
        return chosen is not None and self._take_up(chosen)

    def _take_up(self, found: Found) -> bool:
        try:
            loaded = left_behind.load(found.file)
        except StudioError as error:
            self._complain(self.tr("The unsaved work was not opened"), error)
            return False
        self._show(loaded, found.path, found.stamp)
        self.recovery.adopt(found, loaded.weights)
        # It is not what the document's file holds, and is kept again after every edit.
        self._document.undo_stack.resetClean()
        return True

    def _tell_lost(self, lost: tuple[Unreadable, ...]) -> None:
        for one in lost:
            if not one.damaged:
                self.told.emit(
                    self.tr("Unsaved work stays where it is. {why}").format(why=one.reason)
                )
        damaged = [one for one in lost if one.damaged]
        if damaged:
            text = self.tr(
                "What was not saved then cannot be read any more. {why}\n\nIt is kept in {file}"
            )
            words = (text.format(why=one.reason, file=shown(one.file)) for one in damaged[:3])
            QMessageBox.warning(
                self._window, self.tr("Unsaved work is damaged"), plain("\n\n".join(words))
            )

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
        stamp = stamp_of(path)
        try:
            loaded = project.load(path)
        except StudioError as error:
            if error.code == "file-missing":
                self._settings.remove_recent_file(path)
            self._complain(self.tr("The project was not opened"), error)
            return False
        # What a crash while saving may have left there.
        project.sweep(path.parent)
        self._remember(path)
        self._show(loaded, path, stamp)
        return True

    def save(self) -> bool:
        """To the document's file, or to one that the person picks."""
        if self._path is None:
            return self.save_as()
        if self._stamp is None or stamp_of(self._path) in (None, self._stamp):
            return self.save_path(self._path)
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self._window,
            self.tr("The file has changed"),
            plain(
                self.tr(
                    "{path} was changed by another window or program since it was opened here. "
                    "Replace it with what is on the canvas?\n\nNo lets you save under another name."
                ).format(path=self._path)
            ),
            buttons.Yes | buttons.No | buttons.Cancel,
            buttons.No,
        )
        if answer == buttons.No:
            return self.save_as()
        return answer == buttons.Yes and self.save_path(self._path)

    def save_as(self) -> bool:
        """To a file that the person picks."""
        suggestion = self._path or self._settings.last_folder / f"network{SUFFIX}"
        filters = {SUFFIX: self.tr("Backprop Studio projects")}
        path = self._ask_where(self.tr("Save project"), suggestion, filters)
        return path is not None and self.save_path(path)

    def save_path(self, path: Path) -> bool:
        """Write to a file; False, with a message, when it cannot be written."""
        try:
            # What is learned while it is written is not in the file.
            trained = self._trained()
            project.save(self.current(), path)
        except (StudioError, TimeoutError) as error:
            self._complain(self.tr("The project was not saved"), error)
            return False
        self._path = path
        self._stamp = stamp_of(path)
        self._saved_at = trained
        self._document.undo_stack.setClean()
        self._remember(path)
        self.path_changed.emit()
        self.told.emit(self.tr("Saved {path}").format(path=path))
        return True

    def export(self) -> None:
        """The trained weights, to a file that the person picks."""
        stem = stem_of(self._path) or "weights"
        filters = {suffix: exporter.title for suffix, exporter in project.formats().items()}
        suggestion = self._settings.last_folder / stem
        path = self._ask_where(self.tr("Export weights and scaling"), suggestion, filters)
        if path is not None:
            self.export_path(path)

    def export_path(self, path: Path) -> bool:
        """The trained weights to this file; False, with a message, when it fails."""
        try:
            network = self._document.network
            if self._document.analysis.preparing:
                raise StudioError("data-preparing")
            carried = project.carried(network, self._engine.weights())
            name, tensors = stem_of(self._path), carried.tensors
            project.export(path, tensors, network_name=name, notes=carried.notes)
        except (StudioError, TimeoutError) as error:
            self._complain(self.tr("The weights were not exported"), error)
            return False
        self._settings.last_folder = path.parent
        text = self.tr("Exported {n} tensors to {path}")
        if "input/shift" in tensors:
            text += self.tr(": input/shift and input/unit tell how to scale rows")
        self.told.emit(text.format(n=len(tensors), path=path))
        return True

    def export_picture(self, write: Callable[[Path], None]) -> None:
        """The diagram as a picture, to a file that the person picks."""
        failed = self.tr("The diagram was not exported")
        self._export(self.tr("Export diagram"), stem_of(self._path), FORMATS, failed, write)

    def export_curves(self, write: Callable[[Path], None]) -> None:
        """The curves as a picture or as numbers, to a file that the person picks."""
        from backprop_studio.ui.panels.loss_curves import FORMATS as CURVE_FORMATS

        failed = self.tr("The curves were not exported")
        name = f"{stem_of(self._path)}-curves"
        self._export(self.tr("Export curves"), name, CURVE_FORMATS, failed, write)

    def _export(
        self, title: str, name: str, formats: dict[str, str], failed: str,
        write: Callable[[Path], None],
    ) -> None:  # fmt: skip
        suggestion = self._settings.last_folder / f"{name}{next(iter(formats))}"
        path = self._ask_where(title, suggestion, formats)
        if path is None:
            return
        try:
            write(path)
        except (StudioError, OSError) as error:
            self._complain(failed, error)
            return
        self.told.emit(self.tr("Exported {path}").format(path=path))

    def may_discard(self) -> bool:
        """Whether the document may go: it is saved, or the person says so."""
        if self.before_discard is not None:
            self.before_discard()
        return not self.has_changes() or self._may_lose()

    def has_changes(self) -> bool:
        """Whether something of the document would be lost."""
        # A document with a file is expected to keep what it has learned; a first try is not.
        learned = self._path is not None and self._trained() != self._saved_at
        return learned or not self._document.undo_stack.isClean()

    def current(self) -> Project:
        """The document with its weights, as it would be saved.

        Raises
        ------
        TimeoutError
            The worker does not answer.
        """
        return Project(self._document.network, self._engine.weights())

    def may_put_aside(self) -> bool:
        """Whether the document may wait for a lesson: nothing of it can be lost meanwhile.

        It comes back whole afterwards, and a crash leaves what is kept for one. The person is asked
        only where that could not be kept.
        """
        if not self.has_changes() or self.recovery.secure():
            return True
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self._window,
            self.tr("Your project is not saved"),
            self.tr(
                "Your project waits while the lesson is open, and comes back when you leave it. "
                "It has changes that are not saved, and they could not be kept for a crash: "
                "should the program end in the lesson, they are lost. Save them first?"
            ),
            buttons.Save | buttons.Ignore | buttons.Cancel,
            buttons.Save,
        )
        if answer == buttons.Save:
            return self.save()
        return answer == buttons.Ignore

    def put_aside(self) -> Aside:
        """Let go of the document with its history and its training, to be brought back later.

        Another one has to be shown next. Should the program crash meanwhile, what was not saved of
        this one is found at the next start.

        Raises
        ------
        TimeoutError
            The worker does not answer; the document stays.
        """
        self.recovery.guard()
        try:
            run = self._engine.put_aside()
        except TimeoutError:
            self.recovery.release()
            raise
        self._waits = True
        saved = self._path, self._stamp, self._saved_at
        return Aside(self._document.put_aside(), run, own.kept(), *saved)

    def bring_back(self, aside: Aside) -> None:
        """Show a document that was put aside, with all that could be undone and gone back to."""
        self._waits = False
        own.bring_back(aside.data)
        self._engine.expect_back(aside.run)
        self._path, self._stamp, self._saved_at = aside.path, aside.stamp, aside.saved_at
        self._document.bring_back(aside.history)
        self.path_changed.emit()
        self.shown.emit()
        self.recovery.release()
        self.recovery.keep()

    def show(self, loaded: Project) -> None:
        """A project without a file, without asking."""
        self._show(loaded, None)

    def _may_lose(self) -> bool:
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self._window,
            self.tr("Unsaved changes"),
            plain(
                self.tr("{name} has changes that are not saved. Save them?").format(name=self.name)
            ),
            buttons.Save | buttons.Discard | buttons.Cancel,
            buttons.Save,
        )
        if answer == buttons.Save:
            return self.save()
        return answer == buttons.Discard

    def _show(self, loaded: Project, path: Path | None, stamp: Stamp | None = None) -> None:
        """Show a project; `stamp` is how its file was when it was read."""
        self._engine.expect(loaded.weights)
        self._document.reset(loaded.network)
        own.release({loaded.network.setup.dataset})
        if not self._waits:
            data.release({loaded.network.setup.dataset})
        self._path = path
        self._stamp = stamp or (None if path is None else stamp_of(path))
        self._saved_at = 0
        self.path_changed.emit()
        self.shown.emit()

    def _trained(self) -> int:
        """Instructions executed so far: what tells one moment of the training from another."""
        cursor = self._engine.snapshot.cursor
        program = None if cursor is None else self._document.analysis.program
        if cursor is None or program is None:
            return 0
        return cursor.iteration * len(program.instructions) + cursor.index

    def _ask_where(self, title: str, suggestion: Path, filters: dict[str, str]) -> Path | None:
        """A file to write; the dialog adds the ending, and asks before one is replaced."""
        dialog = QFileDialog(self._window, title, str(suggestion.parent))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        by_filter = {f"{name} (*{suffix})": suffix for suffix, name in filters.items()}
        dialog.setNameFilters(list(by_filter))

        def use(chosen: str) -> None:
            dialog.setDefaultSuffix(by_filter[chosen].lstrip("."))

        use(next(iter(by_filter)))
        dialog.filterSelected.connect(use)
        dialog.selectFile(suggestion.name)
        accepted = dialog.exec() == QFileDialog.DialogCode.Accepted
        path = Path(dialog.selectedFiles()[0]) if accepted else None
        if path is not None and path.suffix not in filters:
            # "net v1.2" has a dot and no ending. What is there already is not replaced unasked.
            whole = path.with_name(f"{path.name}.{dialog.defaultSuffix()}")
            path = path if whole.exists() else whole
        dialog.deleteLater()
        return path

    def _remember(self, path: Path) -> None:
        self._settings.add_recent_file(path)

    def _complain(self, title: str, error: Exception) -> None:
        QMessageBox.warning(self._window, title, plain(str(error) or type(error).__name__))
