"""A second window, files that are dropped or double-clicked, and files that others change."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QFileOpenEvent
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from backprop_studio import app as application
from backprop_studio import project
from backprop_studio.network import Network, edits
from backprop_studio.network.presets import PRESETS
from backprop_studio.nn import nodes
from backprop_studio.project import Project
from backprop_studio.ui import windows
from backprop_studio.ui.controllers import left_behind
from backprop_studio.ui.main_window import MainWindow
from tests.hostile import HOSTILE

Buttons = QMessageBox.StandardButton


def _answer(monkeypatch: pytest.MonkeyPatch, button: Buttons) -> list[str]:
    asked: list[str] = []

    def question(parent: object, title: str, text: str, *_: object) -> Buttons:
        asked.append(text)
        return button

    monkeypatch.setattr(QMessageBox, "question", question)
    return asked


def _saved(path: Path, preset: str = "neuron") -> Path:
    project.save(Project(PRESETS[preset].make()), path)
    return path


def _edit(window: MainWindow) -> Network:
    network, _ = edits.add_node(window._document.network, nodes()["tanh"](), 0.0, 300.0)
    window._document.apply("Add", network)
    return network


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for the process in /proc")
def test_that_a_second_window_is_a_process_of_its_own(window: MainWindow, tmp_path: Path) -> None:
    path = _saved(tmp_path / "zweites Fenster ☂.bps")
    assert windows.open_another(str(path))
    found: list[int] = []
    deadline = time.monotonic() + 20
    while not found and time.monotonic() < deadline:
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if os.fsencode(path) in words:
                found.append(int(process.name))
        time.sleep(0.05)
    (child,) = found
    assert child != os.getpid()
    # Its end is none of ours.
    os.kill(child, signal.SIGKILL)
    assert window.isVisible() and not window._document.analysis.errors


def test_that_the_command_of_a_second_window_opens_one() -> None:
    words = [*windows.command(), "--version"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    assert "Backprop Studio" in done.stdout or "backprop-studio" in done.stdout


def test_that_a_bundle_starts_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert windows.command("a.bps") == [sys.executable, "a.bps"]


def test_that_a_dropped_project_opens_and_others_are_not_taken(
    window: MainWindow, tmp_path: Path
) -> None:
    path = _saved(tmp_path / "dropped file.bps")

    def drop(*paths: Path) -> bool:
        content = QMimeData()
        content.setUrls([QUrl.fromLocalFile(str(p)) for p in paths])
        copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
        none = Qt.KeyboardModifier.NoModifier
        enter = QDragEnterEvent(QPoint(5, 5), copy, content, left, none)
        enter.ignore()
        QApplication.sendEvent(window, enter)
        if enter.isAccepted():
            QApplication.sendEvent(window, QDropEvent(QPointF(5, 5), copy, content, left, none))
        return enter.isAccepted()

    assert not drop(tmp_path / "notes.odt")
    assert window.project.path is None
    assert drop(tmp_path / "notes.odt", path)
    assert window.project.path == path


def test_that_a_file_that_the_system_hands_over_opens(window: MainWindow, tmp_path: Path) -> None:
    path = _saved(tmp_path / "handed over.bps")
    opener = application._FileOpener(window)
    assert opener.eventFilter(window, QFileOpenEvent(QUrl.fromLocalFile(str(path))))
    assert window.project.path == path
    assert not opener.eventFilter(window, QEvent(QEvent.Type.User))


def test_that_the_title_tells_files_of_one_name_apart(window: MainWindow, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        _saved(tmp_path / folder / "net.bps")
    window.project.open_path(tmp_path / "a" / "net.bps")
    assert window.windowTitle() == "net.bps[*] — Backprop Studio"
    window.project.open_path(tmp_path / "b" / "net.bps")
    assert window.windowTitle() == f"net.bps ({tmp_path / 'b'})[*] — Backprop Studio"
    assert not window.isWindowModified()
    _edit(window)
    assert window.isWindowModified()


@pytest.mark.parametrize("answer", [Buttons.Cancel, Buttons.Yes, Buttons.No])
def test_that_a_file_that_another_has_changed_is_not_replaced_unasked(
    answer: Buttons, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _saved(tmp_path / "shared.bps")
    window.project.open_path(path)
    mine = _edit(window)
    _saved(path, "mazur")  # another window
    theirs = path.read_bytes()
    asked = _answer(monkeypatch, answer)
    elsewhere = tmp_path / "mine.bps"
    monkeypatch.setattr(window.project, "_ask_where", lambda *_: elsewhere)
    saved = window.project.save()
    assert str(path) in asked[0] and "another window" in asked[0]
    assert saved is (answer != Buttons.Cancel)
    assert (path.read_bytes() == theirs) is (answer != Buttons.Yes)
    assert elsewhere.exists() is (answer == Buttons.No)
    if saved:
        where = path if answer == Buttons.Yes else elsewhere
        assert project.load(where).network == mine
        # What was written here is no surprise.
        asked.clear()
        _edit(window)
        assert window.project.save() and asked == []


def test_that_a_file_that_is_gone_is_written_anew(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _saved(tmp_path / "gone.bps")
    window.project.open_path(path)
    path.unlink()
    asked = _answer(monkeypatch, Buttons.Cancel)
    assert window.project.save() and asked == [] and path.exists()


@pytest.mark.parametrize("harm", ["cut off", "nested", "pickle", "pipe", "folder", "gone"])
def test_that_a_hostile_file_leaves_the_window_as_it_was(
    harm: str, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(QMessageBox, "warning", lambda parent, title, text: told.append(text))
    window.project.open_path(_saved(tmp_path / "mine.bps"))
    _edit(window)
    path = tmp_path / "bad.bps"
    if harm == "cut off":
        path.write_bytes((tmp_path / "mine.bps").read_bytes()[:-40])
    elif harm == "nested":
        with zipfile.ZipFile(path, "w") as made:
            made.writestr("project.json", "[" * 100_000)
    elif harm == "pickle":
        path.write_bytes(pickle.dumps({"weights": [1, 2]}))
    elif harm == "pipe":
        if not hasattr(os, "mkfifo"):
            pytest.skip("the system has no such files")
        os.mkfifo(path)
    elif harm == "folder":
        path.mkdir()
    before = (window._document.network, window.windowTitle(), window._document.undo_stack.count())
    _answer(monkeypatch, Buttons.Discard)
    window.project.reopen(path)
    assert len(told) == 1 and str(path) in told[0] and len(told[0]) < 2_000
    now = (window._document.network, window.windowTitle(), window._document.undo_stack.count())
    assert now == before and window.isWindowModified()


def test_that_no_kind_of_hostile_file_changes_the_window(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(QMessageBox, "warning", lambda parent, title, text: told.append(text))
    _answer(monkeypatch, Buttons.Discard)
    window.project.open_path(_saved(tmp_path / "mine.bps"))
    _edit(window)
    before = (window._document.network, window.windowTitle(), window._document.undo_stack.count())
    for kind, make in HOSTILE.items():
        if any(word in kind for word in ("gigabyte", "million", "sixty")):
            continue  # measured in tests/property/test_hostile_files.py
        path = tmp_path / "bad.bps"
        path.write_bytes(make())
        told.clear()
        window.project.reopen(path)
        assert len(told) == 1 and str(path) in told[0] and len(told[0]) < 2_000, kind
        now = (
            window._document.network,
            window.windowTitle(),
            window._document.undo_stack.count(),
        )
        assert now == before and window.isWindowModified(), kind


def test_that_a_billion_units_are_refused_by_the_name_of_the_layer(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(QMessageBox, "warning", lambda parent, title, text: told.append(text))
    path = tmp_path / "huge.bps"
    path.write_bytes(HOSTILE["a billion units"]())
    before = window._document.network
    assert not window.project.open_path(path)
    assert window._document.network is before
    assert "hidden" in told[0] and "1000000000" in told[0] and "100,000" in told[0]


def test_that_the_title_marks_what_closing_would_ask_about(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, do: Callable[[str], None]
) -> None:
    do("step_batch")
    assert not window.isWindowModified(), "a first try is no work to be saved"
    path = tmp_path / "net.bps"
    assert window.project.save_path(path) and not window.isWindowModified()
    do("step_batch")
    assert window.isWindowModified() and window.project.has_changes()
    assert window.project.save() and not window.isWindowModified()
    _edit(window)
    assert window.isWindowModified()
    window._document.undo_stack.undo()
    qtbot.waitUntil(lambda: not window.isWindowModified())


def test_that_a_file_with_the_same_time_and_size_is_known_for_another(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _saved(tmp_path / "shared.bps")
    window.project.open_path(path)
    _edit(window)
    other = tmp_path / "other.bps"
    other.write_bytes(path.read_bytes())
    status = path.stat()
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)
    asked = _answer(monkeypatch, Buttons.Cancel)
    assert not window.project.save() and len(asked) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="names of bytes that are no text")
def test_that_a_name_that_is_no_text_is_opened_saved_and_not_listed(
    window: MainWindow, tmp_path: Path
) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.bps"))
    _saved(path)
    assert window.project.open_path(path)
    network = _edit(window)
    window.project.recovery.secure()
    assert left_behind.read(window.project.recovery._file).path == path
    assert window.project.save() and project.load(path).network == network
    assert window._settings.recent_files == []
