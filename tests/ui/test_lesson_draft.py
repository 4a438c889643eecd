"""The text of a lesson outlives a crash: the program is killed for real, and started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from lesson_cases import scene_of
from PySide6.QtGui import Qt
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from backprop_studio import lessons
from backprop_studio.ui.controllers import lesson_draft
from backprop_studio.ui.controllers.lesson_draft import LessonDraft
from backprop_studio.ui.dialogs import lesson_keeping
from backprop_studio.ui.dialogs.lesson_editor import TEMPLATE, LessonEditor
from backprop_studio.ui.main_window import MainWindow
from tests.ui.lesson_help import NEURON

ROOT = Path(__file__).parents[2]
BUTTONS = QMessageBox.StandardButton

WRITING = """
import sys
from PySide6.QtCore import QTimer
from backprop_studio import app as application
from backprop_studio.ui.controllers import lesson_draft
from backprop_studio.ui.dialogs.lesson_editor import LessonEditor

lesson_draft.DEBOUNCE = int(sys.argv[1])
app, window = application.start([])

def write():
    window.actions_by_id["write_lesson"].trigger()
    editor = window.findChild(LessonEditor)
    editor.text.appendPlainText("One more thing.")
    print("written", flush=True)

QTimer.singleShot(300, write)
application.run(app, window)
"""


def _written(tmp_path: Path, debounce: int) -> subprocess.Popen[bytes]:
    """A program in which somebody has written something."""
    home = {f"XDG_{what}_HOME": str(tmp_path) for what in ("CONFIG", "DATA", "CACHE")}
    process = subprocess.Popen(
        [sys.executable, "-c", WRITING, str(debounce)], cwd=ROOT, stdout=subprocess.PIPE,
        env={**os.environ, **home, "QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline().strip() == b"written"
    return process


def _folder(window: MainWindow) -> Path:
    return window.project.recovery.lessons_folder


def _write(window: MainWindow) -> LessonEditor:
    window.actions_by_id["write_lesson"].trigger()
    editor = window.findChild(LessonEditor)
    assert isinstance(editor, LessonEditor)
    return editor


def _kept(window: MainWindow) -> list[str]:
    return [lesson_draft.read(file).text for file in _folder(window).glob("*.draft")]


@pytest.fixture
def wishes(monkeypatch: pytest.MonkeyPatch) -> list[BUTTONS]:
    """Given in this order to what is offered, the first first."""
    left: list[BUTTONS] = []
    monkeypatch.setattr(lesson_keeping.Keeping, "_ask", lambda self, one: left.pop(0))
    return left


@pytest.fixture
def left(window: MainWindow) -> Callable[..., LessonDraft]:
    """Leave a text behind, as a program that was killed does."""

    def leave(text: str, path: Path | None = None, **origin: object) -> LessonDraft:
        draft = LessonDraft(_folder(window))
        draft.keep(text, path, origin.get("stamp"), origin.get("scene"))  # type: ignore[arg-type]
        draft.finish()
        assert draft._lock is not None
        draft._lock.unlock()  # the system does that for the dead
        return draft

    return leave


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("number", "debounce"), [(signal.SIGKILL, 20), (signal.SIGTERM, 3_600_000)]
)
def test_that_a_text_outlives_a_kill_and_the_end_of_the_session(
    number: signal.Signals, debounce: int, tmp_path: Path
) -> None:
    with _written(tmp_path, debounce) as process:
        deadline = time.monotonic() + 30
        while number is signal.SIGKILL and not list(tmp_path.rglob("*.draft")):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(number)
        assert process.wait(30) == -number
    (file,) = tmp_path.rglob("*.draft")
    (one,), damaged = LessonDraft(file.parent).found()
    assert one.text == TEMPLATE + "\nOne more thing." and one.path is None and not damaged


def test_that_what_was_left_is_offered_and_gone_on_with(
    window: MainWindow, left: Callable[..., LessonDraft], wishes: list[BUTTONS]
) -> None:
    left("# Another", scene=scene_of(NEURON))
    wishes += [BUTTONS.Cancel]
    editor = _write(window)
    assert editor.text.toPlainText() == TEMPLATE, "it is kept for later"
    editor.close()
    editor.setObjectName("gone")
    editor.setParent(None)
    wishes += [BUTTONS.Open]
    editor = _write(window)
    assert editor.text.toPlainText() == "# Another" and editor.text.document().isModified()
    assert editor._scene is not None and editor._scene.network == scene_of(NEURON).network
    # A second crash finds it again, and nobody else is offered it while this editor is open.
    assert _kept(window) == ["# Another"]
    assert LessonDraft(_folder(window)).found() == ((), ())
    editor.text.document().setModified(False)
    editor.close()
    assert list(_folder(window).iterdir()) == []


def test_that_what_was_left_can_be_discarded(
    window: MainWindow,
    left: Callable[..., LessonDraft],
    wishes: list[BUTTONS],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left("one")
    left("two")
    monkeypatch.setattr(QMessageBox, "question", lambda *a, **k: sure.pop())
    sure = [BUTTONS.Discard, BUTTONS.Cancel]
    wishes += [BUTTONS.Discard, BUTTONS.Cancel]
    editor = _write(window)
    assert sorted(_kept(window)) == ["one", "two"], "that was asked first"
    editor.close()
    editor.setObjectName("gone")
    editor.setParent(None)
    wishes += [BUTTONS.Discard, BUTTONS.Cancel]
    editor = _write(window)
    assert editor.text.toPlainText() == TEMPLATE
    assert _kept(window) == ["one"], "the newest comes first"


def test_that_a_text_is_kept_while_it_is_not_saved_and_no_longer(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lesson_draft, "DEBOUNCE", 10)
    editor = _write(window)
    qtbot.wait(40)
    assert not _folder(window).exists(), "nothing is written yet"
    editor.text.appendPlainText("more")
    qtbot.waitUntil(lambda: _kept(window) == [TEMPLATE + "\nmore"])
    assert editor.save_to(tmp_path / "lesson.md")
    assert list(_folder(window).iterdir()) == []
    editor.text.appendPlainText("and more")
    qtbot.waitUntil(lambda: len(_kept(window)) == 1)
    monkeypatch.setattr(QMessageBox, "question", lambda *a, **k: BUTTONS.Discard)
    assert editor.close()
    assert list(_folder(window).iterdir()) == []


def test_that_a_file_that_has_changed_meanwhile_is_not_replaced_unasked(
    window: MainWindow, left: Callable[..., LessonDraft], wishes: list[BUTTONS],
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    file = tmp_path / "lesson.md"
    editor = _write(window)
    assert editor.save_to(file)
    stamp = editor.origin()[1]
    editor.close()
    editor.setObjectName("gone")
    editor.setParent(None)
    left("# Mine", file, stamp=stamp)
    file.write_text("# Theirs, which is newer")
    wishes += [BUTTONS.Open]
    editor = _write(window)
    monkeypatch.setattr(QMessageBox, "question", lambda *a, **k: BUTTONS.Cancel)
    assert not editor.save()
    assert file.read_text() == "# Theirs, which is newer"
    assert editor.text.document().isModified() and _kept(window) == ["# Mine"]
    monkeypatch.setattr(QMessageBox, "question", lambda *a, **k: BUTTONS.Yes)
    assert editor.save()
    assert lessons.library.read_text(file) == "# Mine"


def test_that_a_damaged_text_is_put_aside_and_told(
    window: MainWindow, left: Callable[..., LessonDraft], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(QMessageBox, "warning", lambda *a, **k: told.append(a[2]))
    _folder(window).mkdir(parents=True)
    for name, content in (("a", "no json"), ("b", json.dumps({"text": 3})), ("c", "[" * 90_000)):
        (_folder(window) / f"{name}.draft").write_text(content)
    editor = _write(window)
    assert editor.text.toPlainText() == TEMPLATE
    assert len(told) == 3 and all(".damaged" in text for text in told)
    assert not list(_folder(window).glob("*.draft"))
    assert len(list(_folder(window).glob("*.damaged"))) == 3


def test_that_it_is_told_when_the_text_cannot_be_kept(window: MainWindow, qtbot: QtBot) -> None:
    _folder(window).parent.mkdir(parents=True, exist_ok=True)
    _folder(window).write_text("a file where the folder should be")
    editor = _write(window)
    editor.text.appendPlainText("more")
    window.project.recovery.securing.emit()
    qtbot.waitUntil(lambda: "Not kept for the case of a crash" in editor.place.text())
    _folder(window).unlink()
    window.project.recovery.securing.emit()
    qtbot.waitUntil(lambda: "Not kept" not in editor.place.text())
    assert _kept(window) == [TEMPLATE + "\nmore"]


def test_that_what_is_offered_says_what_it_is(
    window: MainWindow, left: Callable[..., LessonDraft], qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:  # fmt: skip
    file = tmp_path / "<b>lesson.md"
    file.write_text("old")
    left("# Mine\nand more", file, stamp=(1, 2, 3))
    seen: list[QMessageBox] = []

    def look(box: QMessageBox) -> int:
        seen.append(box)
        told.append((box.text(), box.detailedText(), [b.text() for b in box.buttons()]))
        next(b for b in box.buttons() if b.text() == "&Keep for later").click()
        return 0

    told: list[tuple[str, str, list[str]]] = []
    monkeypatch.setattr(QMessageBox, "exec", look)
    _write(window)
    ((text, details, buttons),) = told
    assert "2 lines" in text and "changed since" in text and not Qt.mightBeRichText(text)
    assert details == "# Mine\nand more"
    assert {"&Go on with it", "&Keep for later", "&Discard…"} <= set(buttons)
    assert _kept(window) == ["# Mine\nand more"]
