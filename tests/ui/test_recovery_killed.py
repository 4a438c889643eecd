"""Nothing is lost when the program is killed: it is, for real, and started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from backprop_studio import project
from backprop_studio.training import State
from backprop_studio.ui.controllers import left_behind
from tests.ui.recovery_help import ROOT, end, start, takes

START = """
import os, signal, sys
from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox
from backprop_studio import app as application, project
from backprop_studio.lessons.library import find
from backprop_studio.network import edits
from backprop_studio.nn import nodes
from backprop_studio.training import Boundary
from backprop_studio.ui.controllers import recovery
from backprop_studio.ui.dialogs.recover import RecoverDialog
from backprop_studio.ui.settings import Settings

app = QApplication([])
store = Settings(QSettings(sys.argv[1], QSettings.Format.IniFormat))
window, engine = application.build(store)
window.show_at_last_place()
engine.start()

def add():
    network, _ = edits.add_node(window._document.network, nodes()["tanh"](), 0.0, 200.0)
    window._document.apply("Add", network)
"""

EDITED = """
recovery.DEBOUNCE = 50
window.project.load_example()

def edit():
    add()
    print("edited", flush=True)

QTimer.singleShot(500, edit)
app.exec()
"""


def _run(script: str, *arguments: str) -> list[str]:
    """The command that runs a script in a window of its own."""
    return [sys.executable, "-c", START + script, *arguments]


def test_that_work_is_offered_after_the_program_was_killed(
    tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "settings.ini"
    with subprocess.Popen(_run(EDITED, str(settings)), cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"edited"
        folder, deadline = tmp_path / "recovery", time.monotonic() + 30
        while not list(folder.glob("*.bps")):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        # While its program lives, nobody else is offered its work.
        window, engine = start(settings)
        assert window.project.recovery.found() == ((), ())
        process.send_signal(signal.SIGKILL)
    told = takes(monkeypatch, "later", "open")
    assert not window.project.recover()
    assert window.project.recover()
    assert len(told) == 2 and "6: " in told[0] and "tanh" in told[0]
    assert any(n.name == "tanh_1" for n in window._document.network.nodes)
    assert window.isWindowModified()
    qtbot.waitUntil(lambda: engine.state is State.PAUSED)
    # It is this program's now, and goes when it is closed properly.
    assert len(list(folder.glob("*.bps"))) == 1
    end(window)
    assert list(folder.glob("*.bps")) == []


IN_A_LESSON = """
QMessageBox.question = None
recovery.DEBOUNCE = int(sys.argv[2])
window.project.load_example()

def learn():
    add()
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
    script = _run(IN_A_LESSON, str(settings), str(debounce))
    with subprocess.Popen(script, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"entered"
        if debounce < 1000:
            assert process.stdout.readline().strip() == b"gone on"
        process.send_signal(signal.SIGKILL)
    told = takes(monkeypatch, "open")
    window, _ = start(settings)
    assert window.project.recover()
    assert "trained to step 3" in told[0]
    assert any(n.name == "tanh_1" for n in window._document.network.nodes)
    end(window)


LEARNING = """
recovery.LEARNING = 300
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
        _run(LEARNING, str(settings)), cwd=ROOT, stdout=subprocess.PIPE
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
    window, engine = start(settings)
    told = takes(monkeypatch, "open")
    assert window.project.recover()
    assert f"trained to step {_trained(folder):,}" in told[0]
    qtbot.waitUntil(lambda: engine.state is State.PAUSED)
    now = window._engine.weights()
    assert all((now[key] == array).all() for key, array in kept.items())
    assert any((now[key] != array).any() for key, array in first.items()) or not first
    assert window.project.has_changes()
    end(window)
    assert list(folder.glob("*.bps")) == []


RECOVERING = """
moment = sys.argv[2]

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

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
        _run(RECOVERING, str(tmp_path / "settings.ini"), moment),
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    window, _ = start(tmp_path / "settings.ini")
    (found,), lost = window.project.recovery.found()
    assert found.path == Path("/home/ann/net.bps")
    kept = project.load(ROOT / "resources" / "examples" / "digits.bps")
    loaded = left_behind.load(found.file)
    assert loaded.network == found.network == kept.network and lost == ()
    assert loaded.weights.keys() == kept.weights.keys()
    end(window)
    assert (folder / "a.bps").exists(), "it was not this program's to delete"


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
