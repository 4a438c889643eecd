"""Nothing is lost in a crash: the program is killed for real, and started again."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from backprop_studio import app as application
from backprop_studio import data, project
from backprop_studio.data import own
from backprop_studio.network import edits
from backprop_studio.project import atomic
from backprop_studio.training import State
from backprop_studio.ui.controllers import recovery
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.settings import Settings

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
        assert window.project.recovery.found() == ()
        process.send_signal(signal.SIGKILL)
    asked = _answers(monkeypatch, "Cancel", "Open")
    assert not window.project.recover()
    assert window.project.recover()
    assert len(asked) == 2 and "5 layers" not in asked[0] and "tanh" in asked[0]
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
    asked = _answers(monkeypatch, "Open")
    window, _ = _start(settings)
    assert window.project.recover()
    assert "tanh" in asked[0] and "trained to step 3" in asked[0]
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
    asked = _answers(monkeypatch, "Open")
    assert window.project.recover()
    assert f"trained to step {_trained(folder):,}" in asked[0]
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
    asked = _answers(monkeypatch, "Discard")
    before = window._document.network
    qtbot.waitUntil(window.isVisible)
    assert not window.project.recover()
    assert len(asked) == 1 and "without a file" in asked[0]
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
    assert [found.file.stem for found in keeper.found()] == ["b", "c"]


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
from PySide6.QtWidgets import QApplication, QMessageBox
from backprop_studio import app as application, project
from backprop_studio.ui.controllers import recovery
from backprop_studio.ui.settings import Settings

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

moment = sys.argv[2]
app = QApplication([])
store = Settings(QSettings(sys.argv[1], QSettings.Format.IniFormat))
window, engine = application.build(store)
window.show_at_last_place()
engine.start()
QMessageBox.question = staticmethod(
    die if moment == "asked" else lambda *_: QMessageBox.StandardButton.Open
)
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
    (found,) = window.project.recovery.found()
    assert found.path == Path("/home/ann/net.bps")
    kept = project.load(ROOT / "resources" / "examples" / "digits.bps")
    assert found.project.network == kept.network
    assert found.project.weights.keys() == kept.weights.keys()
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
    assert window.project.recovery.found() == ()
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
    found = recovery._read(keeper._file)
    assert found.project.network == window._document.network
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
    assert recovery._read(keeper._file).project.network.setup.dataset == other.id
    qtbot.waitUntil(lambda: window._engine.state is not State.RUNNING)
