"""Answers to every dialog that random deeds bring up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from backprop_studio import lessons
from backprop_studio.errors import message
from backprop_studio.ui.controllers.project import ProjectController
from backprop_studio.ui.dialogs.import_data import ImportDialog
from backprop_studio.ui.dialogs.import_weights import ImportWeightsDialog
from backprop_studio.ui.dialogs.lesson_list import LessonList
from backprop_studio.ui.dialogs.set_number import SetNumberDialog
from backprop_studio.ui.dialogs.shortcuts import ShortcutsDialog
from benchmarks.monkey.hands import Hands

_TABLES = {
    "classes.csv": "a;b;kind\n" + "".join(f"{i},5;{i % 5};{'uv'[i % 2]}\n" for i in range(50)),
    "numbers.tsv": "a\tb\n" + "".join(f"{i}\t{i / 3}\n" for i in range(30)),
    "ragged.csv": "a,b\n1,2\n3\n",
    "one.csv": "a,b\n1,u\n2,u\n",
    "empty.csv": "",
}


@contextmanager
def _replaced(*replacements: tuple[Any, str, object]) -> Iterator[None]:
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in replacements]
    for owner, name, value in replacements:
        setattr(owner, name, value)
    try:
        yield
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)


@contextmanager
def answering(hands: Hands) -> Iterator[None]:
    """Answer every dialog at random, and any that is not known of after a moment."""
    buttons = QMessageBox.StandardButton

    def question(*_: object) -> object:
        return hands.random.choice((buttons.Save, buttons.Discard, buttons.Ignore, buttons.Cancel))

    def warning(parent: object, title: str, text: str) -> None:
        sound = hands.document.analysis.trainable
        if text != message("export-no-weights", {}) and (sound or "not imported" not in title):
            hands.complaints.append(f"{title}: {text}")

    def to_open(parent: object, title: str, folder: str, filters: str) -> tuple[str, str]:
        if "(*.md)" in filters:
            found = list(lessons.shipped())
        elif ".safetensors" in filters:
            found = [p for p in hands.folder.iterdir() if p.suffix in (".npz", ".safetensors")]
        else:
            found = list(hands.folder.glob("*.bps"))
        files = [str(p) for p in sorted(found)]
        return hands.random.choice([*files, ""]), ""

    def to_save(
        controller: object, title: str, suggestion: Path, filters: dict[str, str]
    ) -> Path | None:
        suffix = hands.random.choice(sorted(filters))
        names = [None, *(hands.folder / f"{n}{suffix}" for n in ("a", "b", "ü 1"))]
        return hands.random.choice(names)

    def to_save_anything(*_: object) -> tuple[str, str]:
        return hands.random.choice(("", str(hands.folder / "evidence.json"))), ""

    def to_folder(*_: object) -> str:
        return hands.random.choice(("", str(hands.folder)))

    def close() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, SetNumberDialog):
            dialog.value.setCurrentIndex(hands.random.randrange(max(dialog.value.count(), 1)))
            dialog.number.setText(hands.random.choice(("0.5", "-1e3", "1e40", "x", "")))
            dialog.accept()
            if dialog.isVisible():
                dialog.reject()
        elif isinstance(dialog, ShortcutsDialog):
            dialog.choose(hands.random.choice(sorted(hands.window.actions_by_id)))
            dialog.keys.setKeySequence(hands.random.choice(("Ctrl+S", "F5", "Ctrl+Alt+J", "")))
            dialog.assign.click()
            dialog.reset_all.click()  # the keys that are pressed here keep their meaning
            dialog.accept()
        elif isinstance(dialog, ImportDialog):
            _answer_import(hands, dialog)
        elif isinstance(dialog, ImportWeightsDialog):
            hands.random.choice((dialog.accept, dialog.reject))()
        elif isinstance(dialog, LessonList):
            dialog.list.setCurrentRow(hands.random.randrange(max(dialog.list.count(), 1)))
            hands.random.choice((dialog.open_button.click, dialog.reject))()
        elif dialog is not None:
            hands.report.failures.append(f"a dialog came up: {dialog.windowTitle()!r}")
            dialog.close()

    def static(answer: Callable[..., object]) -> object:
        return staticmethod(answer)

    watch = QTimer()
    watch.timeout.connect(close)
    watch.start(200)
    nothing = static(lambda *_: None)
    with _replaced(
        (QMessageBox, "question", static(question)),
        (QMessageBox, "warning", static(warning)),
        (QMessageBox, "critical", static(warning)),
        (QMessageBox, "information", nothing),
        (QMessageBox, "about", nothing),
        (QFileDialog, "getOpenFileName", static(to_open)),
        (QFileDialog, "getSaveFileName", static(to_save_anything)),
        (QFileDialog, "getExistingDirectory", static(to_folder)),
        (ProjectController, "_ask_where", to_save),
    ):
        yield
    watch.stop()


def _answer_import(hands: Hands, dialog: ImportDialog) -> None:
    """Import one of a few tables, good and bad, or none."""
    if dialog.busy:
        return
    if dialog.import_button.isEnabled() and hands.random.random() < 0.7:
        dialog.import_button.click()
    elif dialog.page is None and hands.random.random() < 0.7:
        name, text = hands.random.choice(sorted(_TABLES.items()))
        (hands.folder / name).write_text(text)
        dialog.choose(hands.folder / name)
    else:
        dialog.reject()
