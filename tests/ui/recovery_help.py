"""A program that starts where another one crashed, and hands for what it asks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QMessageBox

from backprop_studio import app as application
from backprop_studio.ui.controllers.engine import Engine
from backprop_studio.ui.dialogs.recover import RecoverDialog
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.settings import Settings

ROOT = Path(__file__).parents[2]


def start(settings: Path) -> tuple[MainWindow, Engine]:
    """Start the program with the settings of that file."""
    window, engine = application.build(
        Settings(QSettings(str(settings), QSettings.Format.IniFormat))
    )
    window.show_at_last_place()
    engine.start()
    return window, engine


def end(window: MainWindow) -> None:
    """Close it; nothing is asked."""
    window._document.undo_stack.setClean()
    window.project._path = None
    window.close()
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    application.dispose(app, window)


def takes(monkeypatch: pytest.MonkeyPatch, *what: str) -> list[str]:
    """Do this with what is offered, each time that it is, and note what was told of the first."""
    told: list[str] = []
    left = list(what)

    def meet(dialog: RecoverDialog) -> int:
        told.append("\n".join(label.text() for label in dialog.facts.values()))
        match left.pop(0):
            case "open":
                dialog.open_button.click()
            case "later":
                dialog.later_button.click()
            case "discard":
                dialog.discard_button.click()
        return dialog.result()

    monkeypatch.setattr(RecoverDialog, "exec", meet)
    return told


def answers(monkeypatch: pytest.MonkeyPatch, *buttons: str) -> list[str]:
    """Answer the questions in this order, and note what was asked."""
    asked: list[str] = []
    left = [getattr(QMessageBox.StandardButton, b) for b in buttons]

    def question(parent: object, title: str, text: str, *_: object) -> object:
        asked.append(text)
        return left.pop(0)

    monkeypatch.setattr(QMessageBox, "question", staticmethod(question))
    return asked


def leave(folder: Path, name: str, about: object = None, *, whole: bytes = b"") -> Path:
    """What a crash leaves: a kept file, with a note."""
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}.bps"
    file.write_bytes(whole or (ROOT / "resources" / "examples" / "xor.bps").read_bytes())
    if about is not None:
        file.with_suffix(".json").write_text(about if isinstance(about, str) else json.dumps(about))
    return file
