"""Import own data: what was found out is shown and may be changed before anything is loaded."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.data import Task, own
from backprop_studio.data.importing import Imported, Progress, Source, source_of
from backprop_studio.errors import Severity, StudioError
from backprop_studio.ui import counts, guide, theme
from backprop_studio.ui.background import Job
from backprop_studio.ui.dialogs import sizing
from backprop_studio.ui.dialogs.explaining import explain_with_f1
from backprop_studio.ui.dialogs.import_npz import NpzPage
from backprop_studio.ui.dialogs.import_page import Page, class_list
from backprop_studio.ui.dialogs.import_pictures import IdxPage, PicturesPage
from backprop_studio.ui.dialogs.import_table import TablePage
from backprop_studio.ui.widgets.note import Note

_WIDTH, _HEIGHT = 780, 560


class ImportDialog(QDialog):
    """Asks for a file or a folder, shows how it begins, and loads it.

    Accepted, it has a data set in `imported`, with the id of an own one. Nothing of the document
    is touched.

    Parameters
    ----------
    folder
        Where its file dialogs start.
    """

    def __init__(self, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Import data"))
        explain_with_f1(self, guide.DATA_IMPORT)
        self.imported: Imported | None = None
        self._folder = folder
        self._path: Path | None = None
        self._looking = Job(self)
        self._loading = Job(self)
        self.path_edit = QLineEdit()
        self.path_edit.setPlaceholderText(self.tr("A file, or a folder of pictures"))
        self.path_edit.setAccessibleName(self.tr("File or folder"))
        self.path_edit.returnPressed.connect(self._take_typed)
        file = QPushButton(self.tr("&File…"))
        file.setToolTip(self.tr("CSV, TSV, NPZ or IDX"))
        file.clicked.connect(self._choose_file)
        pictures = QPushButton(self.tr("F&older…"))
        pictures.setToolTip(self.tr("A folder that holds a folder of pictures for each class"))
        pictures.clicked.connect(self._choose_folder)
        self.pages: dict[Source, Page] = {
            Source.TABLE: TablePage(),
            Source.PICTURES: PicturesPage(),
            Source.IDX: IdxPage(),
            Source.NPZ: NpzPage(),
        }
        self._stack = QStackedWidget()
        welcome = QLabel(
            self.tr(
                "Choose a table (CSV or TSV), an NPZ file with arrays, IDX files like those of "
                "MNIST, or a folder that holds a folder of pictures for each class. You can also "
                "drop it on the window."
            )
        )
        welcome.setWordWrap(True)
        welcome.setAlignment(Qt.AlignmentFlag.AlignCenter)
        theme.set_role(welcome, "muted")
        self._stack.addWidget(welcome)
        for page in self.pages.values():
            self._stack.addWidget(page)
            page.changed.connect(self._show_state)
            page.look_again.connect(self._look)
        self.summary = QLabel()
        self.summary.setTextFormat(Qt.TextFormat.PlainText)
        self.summary.setWordWrap(True)
        self.note = Note()
        self.progress = QProgressBar()
        self.progress.setRange(0, 100)
        self.progress.setAccessibleName(self.tr("How much is loaded"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.import_button = buttons.addButton(
            self.tr("&Import"), QDialogButtonBox.ButtonRole.ActionRole
        )
        theme.set_role(self.import_button, "primary")
        self.import_button.clicked.connect(self._import)
        buttons.rejected.connect(self.reject)
        top = QHBoxLayout()
        for widget in (self.path_edit, file, pictures):
            top.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self.summary)
        layout.addWidget(self.note)
        layout.addWidget(self.progress)
        layout.addWidget(buttons)
        for button in (file, pictures):
            # Enter in the line of the path means this path.
            button.setAutoDefault(False)
        sizing.fit(self, _WIDTH, _HEIGHT, "import-data")
        self._looking.done.connect(self._show_found)
        self._looking.failed.connect(self._refuse)
        self._loading.progressed.connect(lambda share: self.progress.setValue(int(share * 100)))
        self._loading.done.connect(self._show_loaded)
        self._loading.failed.connect(self._refuse)
        self._found = False
        self._show_state()

    @property
    def page(self) -> Page | None:
        """What is shown for the source; None before there is one."""
        page = self._stack.currentWidget()
        return page if isinstance(page, Page) else None

    @property
    def busy(self) -> bool:
        """Whether it looks or loads."""
        return self._looking.busy or self._loading.busy

    def choose(self, path: Path) -> None:
        """Look at a file or folder."""
        self._path = path
        self.path_edit.setText(str(path))
        try:
            source = source_of(path)
        except StudioError as error:
            self._stack.setCurrentIndex(0)
            self._refuse(str(error))
            return
        page = self.pages[source]
        if isinstance(page, TablePage | PicturesPage):
            page.start_over()
        self._stack.setCurrentWidget(page)
        self._look()

    # Overrides of Qt.

    def done(self, result: int) -> None:
        self._looking.cancel()
        self._loading.cancel()
        super().done(result)

    # Looking.

    def _look(self) -> None:
        page, path = self.page, self._path
        if page is None or path is None:
            return
        self._forget()
        self._found = False
        self._looking.start(lambda progress: page.inspect(path, progress))
        self.note.show_text("")
        self.summary.setText(self.tr("Looking at it…"))
        self.import_button.setEnabled(False)

    def _show_found(self, found: object) -> None:
        page = self.page
        if page is not None:
            self._found = True
            page.show_found(found)
            self._show_state()

    def _show_state(self) -> None:
        """Say what would be imported, or why not."""
        self._forget()
        page = self.page
        ready = self._found and page is not None
        problem = page.problem() if ready and page is not None else ""
        self.summary.setText(page.summary() if ready and page is not None else "")
        self.note.show_text(problem)
        self.progress.setVisible(False)
        self.import_button.setEnabled(bool(ready) and not problem)

    def _refuse(self, reason: str) -> None:
        self.progress.setVisible(False)
        self._stack.setEnabled(True)
        self.summary.clear()
        self.note.show_text(reason)
        # After a change it may work; as it is, it does not.
        self.import_button.setEnabled(False)

    # Loading.

    def _import(self) -> None:
        if self.imported is not None:
            self.accept()
            return
        page, path = self.page, self._path
        if page is None or path is None:
            return
        self.progress.setValue(0)
        self.progress.setVisible(True)
        self._stack.setEnabled(False)
        self.import_button.setEnabled(False)
        self.note.show_text("")
        self._loading.start(partial(_load, page, path))

    def _show_loaded(self, imported: Imported) -> None:
        self._stack.setEnabled(True)
        self.progress.setVisible(False)
        self.imported = imported
        if not imported.warnings:
            self.accept()
            return
        self.summary.setText(self._facts(imported))
        self.note.show_text("\n".join(w.text for w in imported.warnings), Severity.WARNING)
        self.import_button.setText(self.tr("&Use these data"))
        self.import_button.setEnabled(True)
        self.import_button.setFocus()

    def _forget(self) -> None:
        """What was loaded is not what would be loaded now."""
        self.imported = None
        self.import_button.setText(self.tr("&Import"))

    def _facts(self, imported: Imported) -> str:
        dataset = imported.dataset
        features = 1
        for size in dataset.feature_shape:
            features *= size
        what = self.tr("{count} features") if features != 1 else self.tr("one feature")
        facts = f"{counts.rows(dataset.size)} · {what.format(count=f'{features:,}')}"
        if dataset.task is Task.CLASSIFICATION:
            sizes = imported.class_counts
            facts += " · " + self.tr("{count} classes: {names}").format(
                count=len(sizes), names=class_list(sizes)
            )
        return facts

    # The person.

    def _take_typed(self) -> None:
        if self.path_edit.text().strip():
            self.choose(Path(self.path_edit.text().strip()).expanduser())

    def _choose_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self,
            self.tr("Choose a file with data"),
            str(self._folder),
            self.tr("Data (*.csv *.tsv *.tab *.txt *.data *.npz *.idx *.gz *ubyte);;All files (*)"),
        )
        if name:
            self.choose(Path(name))

    def _choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(
            self, self.tr("Choose a folder of pictures"), str(self._folder)
        )
        if name:
            self.choose(Path(name))


def _load(page: Page, path: Path, progress: Progress) -> Imported:
    """All that takes long, so that the window only has to take the result over."""
    imported = page.load(path, progress)
    return Imported(own.named(imported.dataset), imported.warnings)
