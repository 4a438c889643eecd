"""Random hands at the real window; `python -m benchmarks.soak` does the same for longer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from lesson_cases import path_of

from backprop_studio.network import edits
from backprop_studio.ui.canvas.scene import NetworkScene
from backprop_studio.ui.main_window import MainWindow
from benchmarks import soak
from benchmarks.monkey.hands import Hands
from benchmarks.monkey.looking import NOISE, unlike
from benchmarks.monkey.studies import watching_what_waits
from tests.ui.lesson_help import NEURON

ROOT = Path(__file__).parents[2]

QUIT_WHILE_TRAINING = """
import sys, threading
from PySide6.QtCore import QTimer
from backprop_studio import app
from backprop_studio.training import State

application, window = app.start([])
engine, actions, seen = window._engine, window.actions_by_id, []

def follow(state):
    seen.append(state)
    if state is State.RUNNING:
        QTimer.singleShot(300, actions["quit"].trigger)
    elif len(seen) == 1:
        actions["run"].trigger()

engine.state_changed.connect(follow)
engine._thread.finished.connect(lambda: seen.append("finished"))
code = app.run(application, window)
assert seen == [State.PAUSED, State.RUNNING, "finished"], seen
assert engine._worker.session.completed > 0
assert threading.enumerate() == [threading.main_thread()]
sys.exit(code)
"""


@pytest.mark.parametrize("seed", [1, 2])
def test_that_the_window_bears_random_hands(window: MainWindow, tmp_path: Path, seed: int) -> None:
    report = soak.run(window, tmp_path, actions=400, seed=seed)
    assert not report.failures, report.text()
    assert report.actions == 400


def test_that_an_error_in_a_slot_is_noticed(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(soak, "BATCH", 1)
    faulty = window._document.network_changed.connect(lambda *_: 1 / 0)
    report = soak.run(window, tmp_path, actions=200, seed=1)
    window._document.disconnect(faulty)  # a lesson that is open is left when the test ends
    assert "ZeroDivisionError" in report.text()
    assert report.last


def test_that_a_scene_unlike_the_document_is_noticed(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgets_to_move(self: NetworkScene, before: object, after: object) -> None:
        follow(self, before, after)  # type: ignore[arg-type]
        for item in self.nodes.values():
            item.moveBy(1, 0)

    follow = NetworkScene._follow
    scene = window.canvas.canvas_scene
    window._document.network_changed.disconnect(scene._follow)
    monkeypatch.setattr(NetworkScene, "_follow", forgets_to_move)
    window._document.network_changed.connect(scene._follow)
    report = soak.run(window, tmp_path, actions=200, seed=1)
    assert "the scene shows" in report.text()


def test_that_a_project_that_comes_back_from_a_lesson_otherwise_is_noticed(
    window: MainWindow, tmp_path: Path
) -> None:
    hands = Hands(window, tmp_path, 1)
    with watching_what_waits(hands):
        assert window.lessons.open(path_of(NEURON))
        window.lessons.leave()
        assert not hands.report.failures
        assert window.lessons.open(path_of(NEURON))
        assert window.lessons._aside is not None
        session = window.lessons._aside.run.aside.timeline.session
        assert session is not None
        session.storage.view(session.program.parameters[0])[...] += 1.0
        window.lessons.leave()
    assert hands.report.failures == ["other weights came back after the lesson"]


def test_that_a_network_that_comes_while_hands_wait_is_waited_for(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It came just before the answer to the one before; both cannot be trained, and are as empty.

    Run could be pressed then, against what the window knew, until the second was answered.
    """
    engine, document = window._engine, window._document
    sound = document.network
    cut = [edits.remove(sound, (), [wire]) for wire in sound.wires]
    hands, ask = Hands(window, tmp_path, 1), engine.weights

    def weights() -> object:
        answer = ask()
        if document.network is cut[0]:
            document.apply("Cut elsewhere", cut[1])
        return answer

    monkeypatch.setattr(engine, "weights", weights)
    document.apply("Cut", cut[0])
    hands.settle()
    assert document.network is cut[1]
    assert not list(unlike(window))
    assert not window.transport.run_button.isEnabled()


def test_that_quitting_while_training_leaves_no_thread_and_no_error() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", QUIT_WHILE_TRAINING],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    noise = [line for line in done.stderr.splitlines() if not line.startswith(NOISE)]
    assert noise == []
