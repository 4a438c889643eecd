"""What is not saved is kept, and offered at the next start."""

from __future__ import annotations

import errno
import io
import json
import os
import zipfile
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QLockFile
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
from backprop_studio.ui.widgets.unkept_strip import UnkeptStrip
from tests.ui.recovery_help import ROOT, answers, end, leave, start, takes


def test_that_edits_are_kept_shortly_after_and_forgotten_when_saved(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, do: Callable[[str], None]
) -> None:
    keeper = window.project.recovery
    keeper._timer.setInterval(30)
    do("step_batch")
    network = window._document.network
    relu = next(n for n in network.nodes if n.name == "relu_1")
    window._document.apply("Rename", edits.rename(network, relu.id, "bend"))
    # What the step has taught may have been kept before.
    qtbot.waitUntil(lambda: not keeper._timer.isActive())
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
    qtbot.waitUntil(lambda: not keeper._timer.isActive())
    keeper._finish()
    note = json.loads(keeper._file.with_suffix(".json").read_text())
    assert note["path"] == str(tmp_path / "net.bps")
    window._document.undo_stack.undo()
    assert not keeper._file.exists()


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
    window, _ = start(tmp_path / "settings.ini")
    told = takes(monkeypatch, "discard", "discard")
    asked = answers(monkeypatch, "Cancel", "Discard")
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
    end(window)


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
    window, _ = start(tmp_path / "settings.ini")
    network = window._document.network
    window._document.apply("Edit", edits.set_setup(network, network.setup))
    window.project.recovery.keep()
    answers(monkeypatch, "Discard")
    window.close()
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    application.dispose(app, window)
    window, _ = start(tmp_path / "settings.ini")
    assert window.project.recovery.found() == ((), ())
    end(window)


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
    left = leave(tmp_path / "left", "a", kept.with_suffix(".json").read_text())
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
    asked = answers(monkeypatch, "Cancel")
    assert not window.project.save() and len(asked) == 1
    assert path.read_bytes() == theirs


def test_that_work_of_a_later_version_stays_and_is_told(window: MainWindow, tmp_path: Path) -> None:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as made:
        made.writestr("project.json", '{"format": 99}')
    file = leave(tmp_path / "left", "a", {"path": None, "when": WHEN}, whole=whole.getvalue())
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
    file = leave(tmp_path / "left", "a", about)
    window.project.recovery._folder = file.parent
    told = takes(monkeypatch, "open")
    assert window.project.recover() and len(told) == 1
    assert window._document.network == project.load(ROOT / "resources/examples/xor.bps").network


def test_that_of_ten_projects_each_can_be_opened_kept_or_discarded(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "left"
    for i in range(10):
        leave(folder, f"n{i}", {"path": f"/home/ann/net {i}.bps", "when": f"2026-01-0{9 - i % 9}"})
    window.project.recovery._folder = folder
    answers(monkeypatch, "Discard", "Discard")

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
    file = leave(tmp_path / "left", "a", {"path": None, "when": WHEN})
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
    whole = leave(folder, "whole", {"path": None, "when": WHEN})
    damaged = leave(folder, "damaged", {"path": None, "when": WHEN})
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
    file = leave(tmp_path / "left", "a", {"path": None, "when": WHEN})
    window.project.recovery._folder = file.parent
    lock = file.with_suffix(".lock")
    lock.write_text(text)
    assert window.project.recovery.found() == ((), ()), "somebody may be about to fill it"
    os.utime(lock, (1e9, 1e9))
    assert [found.file for found in window.project.recovery.found()[0]] == [file]
    assert not lock.exists()
