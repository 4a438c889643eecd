"""Nothing is lost in a crash: the program is killed for real, and started again."""

from __future__ import annotations

import errno
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QLockFile, QSettings
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from backprop_studio import app as application
from backprop_studio import data, project
from backprop_studio.data import own
from backprop_studio.network import edits
from backprop_studio.project import atomic
from backprop_studio.training import State
from backprop_studio.ui.controllers import left_behind, recovery
from backprop_studio.ui.dialogs.recover import RecoverDialog
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.settings import Settings
from backprop_studio.ui.widgets.unkept_strip import UnkeptStrip

ROOT = Path(__file__).parents[2]

CRASH = """
import sys
from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication
from backprop_studio import app as application
from backprop_studio.network import edits
from backprop_studio.nn import nodes
from backprop_studio.ui.controllers import recovery
from backprop_studio.ui.settings import Settings

recovery.DEBOUNCE = 50
app = QApplication([])
store = Settings(QSettings(sys.argv[1], QSettings.Format.IniFormat))
window, engine = application.build(store)
window.show_at_last_place()
engine.start()
window.project.load_example()

def edit():
    network, _ = edits.add_node(window._document.network, nodes()["tanh"](), 0.0, 200.0)
    window._document.apply("Add", network)
    print("edited", flush=True)

QTimer.singleShot(500, edit)
app.exec()
"""


def _start(settings: Path) -> tuple[MainWindow, object]:
    window, engine = application.build(
        Settings(QSettings(str(settings), QSettings.Format.IniFormat))
    )
    window.show_at_last_place()
    engine.start()
    return window, engine


def _end(window: MainWindow) -> None:
    window._document.undo_stack.setClean()
    window.project._path = None
    window.close()
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    application.dispose(app, window)


def _takes(monkeypatch: pytest.MonkeyPatch, *what: str) -> list[str]:
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


def _answers(monkeypatch: pytest.MonkeyPatch, *buttons: str) -> list[str]:
    """Answer the questions in this order, and note what was asked."""
    asked: list[str] = []
    left = [getattr(QMessageBox.StandardButton, b) for b in buttons]

    def question(parent: object, title: str, text: str, *_: object) -> object:
        asked.append(text)
        return left.pop(0)

    monkeypatch.setattr(QMessageBox, "question", staticmethod(question))
    return asked


def test_that_work_is_offered_after_the_program_was_killed(
    tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "settings.ini"
    with subprocess.Popen(
        [sys.executable, "-c", CRASH, str(settings)], cwd=ROOT, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"edited"
        folder, deadline = tmp_path / "recovery", time.monotonic() + 30
        while not list(folder.glob("*.bps")):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        # While its program lives, nobody else is offered its work.
        window, engine = _start(settings)
        assert window.project.recovery.found() == ((), ())
        process.send_signal(signal.SIGKILL)
    told = _takes(monkeypatch, "later", "open")
    assert not window.project.recover()
    assert window.project.recover()
    assert len(told) == 2 and "6: " in told[0] and "tanh" in told[0]
    assert any(n.name == "tanh_1" for n in window._document.network.nodes)
    assert window.isWindowModified()
    qtbot.waitUntil(lambda: engine.state is State.PAUSED)  # type: ignore[attr-defined]
    # It is this program's now, and goes when it is closed properly.
    assert len(list(folder.glob("*.bps"))) == 1
    _end(window)
    assert list(folder.glob("*.bps")) == []


CRASH_IN_A_LESSON = """
import sys
from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox
from backprop_studio import app as application
from backprop_studio.lessons.library import find
from backprop_studio.network import edits
from backprop_studio.nn import nodes
from backprop_studio.training import Boundary
from backprop_studio.ui.controllers import recovery
from backprop_studio.ui.settings import Settings

QMessageBox.question = None
recovery.DEBOUNCE = int(sys.argv[2])
app = QApplication([])
store = Settings(QSettings(sys.argv[1], QSettings.Format.IniFormat))
window, engine = application.build(store)
window.show_at_last_place()
engine.start()
window.project.load_example()

def learn():
    network, _ = edits.add_node(window._document.network, nodes()["tanh"](), 0.0, 200.0)
    window._document.apply("Add", network)
    for _ in range(3):
        engine.step(Boundary.BATCH)
    QTimer.singleShot(300, enter)

def enter():
    assert window.lessons.open(find("one-neuron"))
    print("entered", flush=True)
    if recovery.DEBOUNCE < 1000:
        QTimer.singleShot(100, go_on)

def go_on():
    for _ in range(5):
        engine.step(Boundary.BATCH)
    network = window._document.network
    window._document.apply("Move", edits.move(network, {network.nodes[0].id: (1.0, 1.0)}))
    QTimer.singleShot(500, lambda: print("gone on", flush=True))

QTimer.singleShot(300, learn)
app.exec()
"""


@pytest.mark.parametrize("debounce", [100_000, 20])
def test_that_the_own_project_outlives_a_kill_in_a_lesson(
    debounce: int, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "settings.ini"
    script = [sys.executable, "-c", CRASH_IN_A_LESSON, str(settings), str(debounce)]
    with subprocess.Popen(script, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"entered"
        if debounce < 1000:
            assert process.stdout.readline().strip() == b"gone on"
        process.send_signal(signal.SIGKILL)
    told = _takes(monkeypatch, "open")
    window, _ = _start(settings)
    assert window.project.recover()
    assert "trained to step 3" in told[0]
    assert any(n.name == "tanh_1" for n in window._document.network.nodes)
    _end(window)


def test_that_edits_are_kept_shortly_after_and_forgotten_when_saved(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, do: Callable[[str], None]
) -> None:
    keeper = window.project.recovery
    keeper._timer.setInterval(30)
    do("step_batch")
    network = window._document.network
    relu = next(n for n in network.nodes if n.name == "relu_1")
    window._document.apply("Rename", edits.rename(network, relu.id, "bend"))
    qtbot.waitUntil(keeper._file.exists, timeout=10_000)
    keeper._finish()
    kept = project.load(keeper._file)
    assert kept.network == window._document.network
    weights = window._engine.weights()
    assert kept.weights.keys() == weights.keys()
    assert all((kept.weights[key] == array).all() for key, array in weights.items())
    assert window.project.save_path(tmp_path / "net.bps")
    assert not keeper._file.exists()
    # Another edit, and undone: the document is as it was saved.
    window._document.apply("Rename", edits.rename(window._document.network, relu.id, "kink"))
    qtbot.waitUntil(keeper._file.exists, timeout=10_000)
    keeper._finish()
    note = json.loads(keeper._file.with_suffix(".json").read_text())
    assert note["path"] == str(tmp_path / "net.bps")
    window._document.undo_stack.undo()
    assert not keeper._file.exists()


TRAIN = """
import sys
from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication
from backprop_studio import app as application
from backprop_studio.ui.controllers import recovery
from backprop_studio.ui.settings import Settings

recovery.LEARNING = 300
app = QApplication([])
store = Settings(QSettings(sys.argv[1], QSettings.Format.IniFormat))
window, engine = application.build(store)
window.show_at_last_place()
engine.start()
window.project.load_example()
QTimer.singleShot(300, engine.run)
print("running", flush=True)
app.exec()
"""


def _trained(folder: Path) -> int:
    """Steps that are in what is kept; 0 for none, or while it is written."""
    try:
        (note,) = folder.glob("*.json")
        return int(json.loads(note.read_text())["trained"]) if list(folder.glob("*.bps")) else 0
    except (ValueError, OSError):
        return 0


def test_that_what_was_learned_without_an_edit_outlives_a_kill_in_the_middle_of_training(
    tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, folder = tmp_path / "settings.ini", tmp_path / "recovery"
    with subprocess.Popen(
        [sys.executable, "-c", TRAIN, str(settings)], cwd=ROOT, stdout=subprocess.PIPE
    ) as process:
        deadline = time.monotonic() + 60
        while _trained(folder) < 100:
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    (file,) = folder.glob("*.bps")
    kept = project.load(file).weights
    first = project.load(ROOT / "resources" / "examples" / "digits.bps").weights
    assert kept.keys() >= first.keys()
    window, engine = _start(settings)
    told = _takes(monkeypatch, "open")
    assert window.project.recover()
    assert f"trained to step {_trained(folder):,}" in told[0]
    qtbot.waitUntil(lambda: engine.state is State.PAUSED)  # type: ignore[attr-defined]
    now = window._engine.weights()
    assert all((now[key] == array).all() for key, array in kept.items())
    assert any((now[key] != array).any() for key, array in first.items()) or not first
    assert window.project.has_changes()
    _end(window)
    assert list(folder.glob("*.bps")) == []


def test_that_what_was_learned_is_kept_at_a_pause_and_written_once(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, do: Callable[[str], None]
) -> None:
    keeper, engine = window.project.recovery, window._engine
    assert not keeper._file.exists() and window._document.undo_stack.isClean()
    keeper._timer.setInterval(30)
    do("step_op")
    assert not keeper._timer.isActive(), "nothing is learned by it"
    do("step_batch")
    do("step_batch")
    qtbot.waitUntil(keeper._file.exists, timeout=10_000)
    keeper._finish()
    qtbot.waitUntil(lambda: not keeper._timer.isActive())
    keeper._finish()
    kept, weights = project.load(keeper._file).weights, engine.weights()
    assert all((kept[key] == array).all() for key, array in weights.items())
    note = json.loads(keeper._file.with_suffix(".json").read_text())
    assert note["trained"] == engine.snapshot.completed > 0
    written = keeper._file.stat().st_mtime_ns
    for _ in range(3):
        do("step_op")
    qtbot.wait(100)
    assert not keeper._timer.isActive() and not keeper._pace.isActive()
    assert keeper._file.stat().st_mtime_ns == written, "nothing has changed"
    # Saved, nothing is left; trained on, it is kept again.
    assert window.project.save_path(tmp_path / "net.bps")
    assert not keeper._file.exists()
    do("step_batch")
    qtbot.waitUntil(keeper._file.exists, timeout=10_000)
    keeper._finish()
    # An edit that is undone does not take what was learned with it.
    network = window._document.network
    relu = next(n for n in network.nodes if n.name == "relu_1")
    window._document.apply("Rename", edits.rename(network, relu.id, "bend"))
    window._document.undo_stack.undo()
    qtbot.waitUntil(lambda: not keeper._timer.isActive())
    keeper._finish()
    assert project.load(keeper._file).network == network


def test_that_keeping_while_training_waits_for_its_time(window: MainWindow, qtbot: QtBot) -> None:
    keeper, engine = window.project.recovery, window._engine
    engine.run()
    qtbot.waitUntil(lambda: engine.snapshot.completed > 5)
    assert keeper._pace.isActive() and not keeper._timer.isActive()
    assert keeper._pace.interval() >= recovery.LEARNING and not keeper._file.exists()
    keeper._timer.setInterval(30)
    engine.pause()
    qtbot.waitUntil(keeper._file.exists, timeout=10_000)
    keeper._finish()


def test_that_damaged_work_is_put_aside_and_discarded_work_deleted(
    tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "recovery"
    folder.mkdir()
    (folder / "a.bps").write_bytes(b"not a project")
    whole = ROOT / "resources" / "examples" / "xor.bps"
    (folder / "b.bps").write_bytes(whole.read_bytes())
    (folder / "b.json").write_text("{")
    window, _ = _start(tmp_path / "settings.ini")
    told = _takes(monkeypatch, "discard", "discard")
    asked = _answers(monkeypatch, "Cancel", "Discard")
    complaints: list[str] = []
    monkeypatch.setattr(QMessageBox, "warning", lambda parent, title, text: complaints.append(text))
    before = window._document.network
    qtbot.waitUntil(window.isVisible)
    assert not window.project.recover()
    assert (folder / "b.bps").exists() and len(asked) == 1, "it asks before it deletes"
    assert len(complaints) == 1 and "a.bps.damaged" in complaints[0]
    assert not window.project.recover()
    assert len(asked) == len(told) == 2 and "without a file" in told[0]
    assert len(complaints) == 1, "it is told once"
    assert sorted(p.name for p in folder.iterdir() if p.suffix != ".lock") == ["a.bps.damaged"]
    assert window._document.network == before
    _end(window)


def test_that_damaged_work_that_cannot_be_put_aside_does_not_keep_the_rest_back(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = window.project.recovery
    keeper._folder = tmp_path / "left"
    keeper._folder.mkdir()
    (keeper._folder / "a.bps").write_bytes(b"not a project")
    whole = ROOT / "resources" / "examples" / "xor.bps"
    for name, when in (("b", '"2026-01-02"'), ("c", '"2026-01-01T10:00:00+00:00"')):
        (keeper._folder / f"{name}.bps").write_bytes(whole.read_bytes())
        (keeper._folder / f"{name}.json").write_text(f'{{"path": null, "when": {when}}}')

    def refuse(*_: object) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr(Path, "replace", refuse)
    assert [found.file.stem for found in keeper.found()[0]] == ["b", "c"]


def test_that_a_folder_that_cannot_be_made_is_no_reason_to_stop(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    keeper = window.project.recovery
    (tmp_path / "file").write_text("")
    keeper._folder = tmp_path / "file" / "recovery"
    keeper._file = keeper._folder / "x.bps"
    network = window._document.network
    relu = next(n for n in network.nodes if n.name == "relu_1")
    window._document.apply("Rename", edits.rename(network, relu.id, "bend"))
    keeper.keep()
    assert not keeper._file.exists()
    assert recovery.DEBOUNCE > 0


CRASH_AGAIN = """
import os, signal, sys
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from backprop_studio import app as application, project
from backprop_studio.ui.controllers import recovery
from backprop_studio.ui.dialogs.recover import RecoverDialog
from backprop_studio.ui.settings import Settings

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

moment = sys.argv[2]
app = QApplication([])
store = Settings(QSettings(sys.argv[1], QSettings.Format.IniFormat))
window, engine = application.build(store)
window.show_at_last_place()
engine.start()
RecoverDialog.exec = die if moment == "asked" else lambda dialog: dialog.open_button.click()
if moment == "shown":
    recovery.Recovery.adopt = die
elif moment == "adopted":
    window._document.undo_stack.cleanChanged.connect(die)
elif moment == "writing":
    project.save = die
assert window.project.recover() and moment in ("writing", "recovered")
if moment == "writing":
    window.project.recovery.keep()
    window.project.recovery._finish()
die()
"""


@pytest.mark.parametrize("moment", ["asked", "shown", "adopted", "writing", "recovered"])
def test_that_work_survives_a_second_crash_during_recovery(moment: str, tmp_path: Path) -> None:
    folder = tmp_path / "recovery"
    folder.mkdir()
    whole = (ROOT / "resources" / "examples" / "digits.bps").read_bytes()
    (folder / "a.bps").write_bytes(whole)
    (folder / "a.json").write_text(
        json.dumps({"path": "/home/ann/net.bps", "when": "2026-01-01T10:00:00+00:00"})
    )
    done = subprocess.run(
        [sys.executable, "-c", CRASH_AGAIN, str(tmp_path / "settings.ini"), moment],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    window, _ = _start(tmp_path / "settings.ini")
    (found,), lost = window.project.recovery.found()
    assert found.path == Path("/home/ann/net.bps")
    kept = project.load(ROOT / "resources" / "examples" / "digits.bps")
    loaded = left_behind.load(found.file)
    assert loaded.network == found.network == kept.network and lost == ()
    assert loaded.weights.keys() == kept.weights.keys()
    _end(window)
    assert (folder / "a.bps").exists(), "it was not this program's to delete"


def test_that_learned_weights_are_kept_when_the_worker_does_not_answer(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, do: Callable[[str], None]
) -> None:
    keeper = window.project.recovery
    do("step_batch")
    network = window._document.network
    relu = next(n for n in network.nodes if n.name == "relu_1")
    window._document.apply("Rename", edits.rename(network, relu.id, "bend"))
    keeper.keep()
    keeper._finish()
    learned = window._engine.weights()

    monkeypatch.setattr(recovery, "REPLY_TIMEOUT", 0.1)
    monkeypatch.setattr(window._engine, "fetch_weights", Future)
    window._document.apply("Rename", edits.rename(window._document.network, relu.id, "kink"))
    keeper.keep()
    keeper._finish()
    kept = project.load(keeper._file)
    assert kept.network == window._document.network
    assert all((kept.weights[key] == array).all() for key, array in learned.items())


def test_that_a_clean_exit_asks_nothing_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, _ = _start(tmp_path / "settings.ini")
    network = window._document.network
    window._document.apply("Edit", edits.set_setup(network, network.setup))
    window.project.recovery.keep()
    _answers(monkeypatch, "Discard")
    window.close()
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    application.dispose(app, window)
    window, _ = _start(tmp_path / "settings.ini")
    assert window.project.recovery.found() == ((), ())
    _end(window)


@pytest.mark.parametrize("call", ["open", "fsync", "replace"])
def test_that_what_was_not_saved_is_never_called_saved(
    call: str, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "net.bps"
    assert window.project.save_path(path)
    old = path.read_bytes()
    network = window._document.network
    relu = next(n for n in network.nodes if n.name == "relu_1")
    window._document.apply("Rename", edits.rename(network, relu.id, "bend"))
    told: list[str] = []
    monkeypatch.setattr(QMessageBox, "warning", lambda parent, title, text: told.append(text))

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(atomic.os, call, full)
        assert not window.project.save()
    assert "the disk is full" in told[0] and str(path) in told[0]
    assert window.isWindowModified() and path.read_bytes() == old
    assert [p.name for p in tmp_path.iterdir() if p.suffix in (".bps", ".tmp")] == ["net.bps"]
    assert window.project.save() and not window.isWindowModified()


def test_that_own_data_are_kept_once_and_come_back_after_a_crash(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    keeper = window.project.recovery
    moons = data.load("moons")
    kept = own.keep(replace(moons, title="Mine"))
    network = window._document.network
    setup = replace(network.setup, dataset=kept.id)
    window._document.apply("Import", edits.set_setup(network, setup))
    keeper.keep()
    keeper._finish()
    (beside,) = keeper._folder.glob("*.data")
    written = beside.stat().st_mtime_ns
    relu = next(n for n in network.nodes if n.name == "relu_1")
    window._document.apply("Rename", edits.rename(window._document.network, relu.id, "bend"))
    keeper.keep()
    keeper._finish()
    assert beside.stat().st_mtime_ns == written
    own.release()
    found = left_behind.load(keeper._file)
    assert found.network == window._document.network
    assert np.array_equal(data.load(kept.id).x, moons.x)
    # Other data take their place, and nothing is left when all is saved.
    other = own.keep(replace(moons, title="Other"), continuing=kept.id)
    setup = replace(setup, dataset=other.id)
    window._document.apply("Draw", edits.set_setup(window._document.network, setup))
    keeper.keep()
    keeper._finish()
    assert [beside] != list(keeper._folder.glob("*.data")) and not beside.exists()
    assert window.project.save_path(tmp_path / "net.bps")
    assert [p for p in keeper._folder.iterdir() if p.suffix != ".lock"] == []
    window.project.open_path(tmp_path / "net.bps")
    assert [i.id for i in own.infos()] == [other.id]
    beside.write_bytes(b"damaged")
    keeper._file.write_bytes((tmp_path / "net.bps").read_bytes())
    assert left_behind.load(keeper._file).network.setup.dataset == other.id
    qtbot.waitUntil(lambda: window._engine.state is not State.RUNNING)


def _leave(folder: Path, name: str, about: object = None, *, whole: bytes = b"") -> Path:
    """What a crash leaves: a kept file, with a note."""
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}.bps"
    file.write_bytes(whole or (ROOT / "resources" / "examples" / "xor.bps").read_bytes())
    if about is not None:
        file.with_suffix(".json").write_text(about if isinstance(about, str) else json.dumps(about))
    return file


WHEN = "2026-01-01T10:00:00+00:00"


def test_that_recovered_work_does_not_replace_a_file_that_was_saved_since(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, examples = tmp_path / "net.bps", ROOT / "resources" / "examples"
    path.write_bytes((examples / "xor.bps").read_bytes())
    assert window.project.open_path(path)
    network = window._document.network
    window._document.apply("Rename", edits.rename(network, network.nodes[0].id, "mine"))
    window.project.recovery.secure()
    kept = window.project.recovery._file
    left = _leave(tmp_path / "left", "a", kept.with_suffix(".json").read_text())
    left.write_bytes(kept.read_bytes())
    # Somebody goes on with the file, in another window or another program.
    path.write_bytes((examples / "digits.bps").read_bytes())
    theirs = path.read_bytes()

    window._document.undo_stack.setClean()
    window.project.recovery._folder = left.parent
    (found,), _ = window.project.recovery.found()
    assert found.path == path and found.is_outrun
    warned: list[str] = []

    def take(dialog: RecoverDialog) -> None:
        warned.append(dialog.warning.text)
        dialog.accept()

    monkeypatch.setattr(RecoverDialog, "exec", take)
    assert window.project.recover() and "changed since" in warned[0]
    asked = _answers(monkeypatch, "Cancel")
    assert not window.project.save() and len(asked) == 1
    assert path.read_bytes() == theirs


def test_that_work_of_a_later_version_stays_and_is_told(window: MainWindow, tmp_path: Path) -> None:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as made:
        made.writestr("project.json", '{"format": 99}')
    file = _leave(tmp_path / "left", "a", {"path": None, "when": WHEN}, whole=whole.getvalue())
    window.project.recovery._folder = file.parent
    told: list[str] = []
    window.project.told.connect(told.append)
    for _ in range(2):
        assert not window.project.recover()
    assert file.exists() and file.with_suffix(".json").exists()
    assert len(told) == 2 and "newer" in told[0] and str(file) in told[0]


@pytest.mark.parametrize(
    "about",
    ["[]", "3", '"x"', "{", "null", "[" * 30_000, '{"path": 3, "when": 4}', "\x00", "1e999",
     '{"path": null, "when": "0001-01-01T00:00:00+14:00"}',
     '{"path": "\\u0000", "when": "2026-01-01", "trained": 1e999}',
     '{"path": "\\ud800", "when": "2026-01-01", "trained": -5, "stamp": [1, 2]}',
     '{"path": "/x", "when": "2026-01-01", "trained": "9", "stamp": [1e3, null, {}]}',
     '{"path": "' + "n" * 70_000 + '", "when": "2026-01-01"}'],
)  # fmt: skip
def test_that_a_damaged_note_costs_nothing_but_the_note(
    about: str, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = _leave(tmp_path / "left", "a", about)
    window.project.recovery._folder = file.parent
    told = _takes(monkeypatch, "open")
    assert window.project.recover() and len(told) == 1
    assert window._document.network == project.load(ROOT / "resources/examples/xor.bps").network


def test_that_of_ten_projects_each_can_be_opened_kept_or_discarded(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "left"
    for i in range(10):
        _leave(folder, f"n{i}", {"path": f"/home/ann/net {i}.bps", "when": f"2026-01-0{9 - i % 9}"})
    window.project.recovery._folder = folder
    _answers(monkeypatch, "Discard", "Discard")

    def meet(dialog: RecoverDialog) -> None:
        assert dialog.list.count() == 10 and not dialog.list.isHidden()
        dialog.list.setCurrentRow(4)
        dialog.discard()
        dialog.discard()
        dialog.list.setCurrentRow(2)
        dialog.accept()

    monkeypatch.setattr(RecoverDialog, "exec", meet)
    assert window.project.recover()
    assert len(list(folder.glob("*.bps"))) == 8
    assert str(window.project.path) == "/home/ann/net 1.bps"
    found, _ = window.project.recovery.found()
    assert len(found) == 7, "those that were not chosen are offered again"


def test_that_what_another_window_has_taken_up_is_not_discarded(
    window: MainWindow, tmp_path: Path
) -> None:
    keeper = window.project.recovery
    file = _leave(tmp_path / "left", "a", {"path": None, "when": WHEN})
    keeper._folder = file.parent
    (found,), _ = keeper.found()
    other = QLockFile(str(file.with_suffix(".lock")))
    assert other.tryLock(0)
    keeper.drop(found)
    assert file.exists()
    other.unlock()
    keeper.drop(found)
    assert not file.exists() and list(file.parent.iterdir()) == []


def test_that_what_a_kill_leaves_half_done_is_cleared_away(
    window: MainWindow, tmp_path: Path
) -> None:
    folder = tmp_path / "left"
    whole = _leave(folder, "whole", {"path": None, "when": WHEN})
    damaged = _leave(folder, "damaged", {"path": None, "when": WHEN})
    damaged.rename(f"{damaged}.damaged")
    alive = QLockFile(str(folder / "alive.lock"))
    assert alive.tryLock(0)
    (folder / "dead.lock").write_text("999999999\npython\n\n\n\n")
    for name in ("gone.json", "gone.0123.data", "alive.json"):
        (folder / name).write_text("{}")
    temporary = folder / f".backprop-studio-{'0' * 16}.tmp"
    temporary.write_text("half")
    os.utime(temporary, (0, 0))
    keeper = window.project.recovery
    keeper._folder = folder
    assert [found.file for found in keeper.found()[0]] == [whole]
    left = sorted(p.name for p in folder.iterdir())
    assert left == ["alive.json", "alive.lock", "damaged.bps.damaged", "damaged.json",
                    "whole.bps", "whole.json"]  # fmt: skip
    alive.unlock()


def test_that_it_is_seen_when_nothing_can_be_kept_and_when_it_can_again(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strip = window.statusBar().findChild(UnkeptStrip)
    assert strip is not None and strip.isHidden()
    network = window._document.network
    window._document.apply("Rename", edits.rename(network, network.nodes[1].id, "bend"))

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(atomic.os, "fsync", full)
        window.project.recovery.secure()
        qtbot.waitUntil(strip.isVisible)
    assert "the disk is full" in strip.toolTip() and window.project.recovery._pace.isActive()
    window.project.recovery.secure()
    qtbot.waitUntil(strip.isHidden)
    # Where there is no folder at all.
    (tmp_path / "file").write_text("")
    window.project.recovery.close()
    window.project.recovery._folder = tmp_path / "file" / "recovery"
    window.project.recovery._file = tmp_path / "file" / "recovery" / "x.bps"
    window.project.recovery.keep()
    assert strip.isVisible() and "a part of the path" in strip.toolTip()
    # What is saved needs no keeping.
    assert window.project.save_path(tmp_path / "net.bps") and strip.isHidden()


@pytest.mark.parametrize("text", ["", "cut o"])
def test_that_a_lock_cut_off_by_a_power_failure_does_not_hide_the_work(
    text: str, window: MainWindow, tmp_path: Path
) -> None:
    file = _leave(tmp_path / "left", "a", {"path": None, "when": WHEN})
    window.project.recovery._folder = file.parent
    lock = file.with_suffix(".lock")
    lock.write_text(text)
    assert window.project.recovery.found() == ((), ()), "somebody may be about to fill it"
    os.utime(lock, (1e9, 1e9))
    assert [found.file for found in window.project.recovery.found()[0]] == [file]
    assert not lock.exists()


ENDED = """
import os, signal, sys
from PySide6.QtCore import QTimer
from backprop_studio import app as application
from backprop_studio.network import edits
from backprop_studio.nn import nodes
from backprop_studio.ui.controllers import recovery

recovery.DEBOUNCE = 3_600_000  # kept when it ends, or not at all
application.signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
app, window = application.start([])

def edit():
    if not window._document.analysis.trainable:
        QTimer.singleShot(50, edit)
        return
    network, _ = edits.add_node(window._document.network, nodes()["tanh"](), 0.0, 200.0)
    window._document.apply("Add", network)
    print("edited", flush=True)
    if "asked" in sys.argv:
        window.close()  # and the person does not answer

QTimer.singleShot(300, edit)
application.run(app, window)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("how", ["working", "asked"])
def test_that_the_end_of_the_session_keeps_what_is_not_saved(how: str, tmp_path: Path) -> None:
    home = {f"XDG_{what}_HOME": str(tmp_path) for what in ("CONFIG", "DATA", "CACHE")}
    with subprocess.Popen(
        [sys.executable, "-c", ENDED, how], cwd=ROOT, stdout=subprocess.PIPE,
        env={**os.environ, **home, "QT_QPA_PLATFORM": "offscreen"},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"edited"
        time.sleep(0.3)
        process.send_signal(signal.SIGHUP)
        time.sleep(0.2)
        assert process.poll() is None and not list(tmp_path.rglob("*.bps")), "that was turned off"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == -signal.SIGTERM
    (file,) = tmp_path.rglob("*.bps")
    assert any(n.name == "tanh_1" for n in left_behind.read(file).network.nodes)
