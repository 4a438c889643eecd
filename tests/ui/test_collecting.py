"""Garbage with Qt's objects in it is taken apart on the thread of the window alone."""

from __future__ import annotations

import gc
import threading
import weakref

from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from backprop_studio.training import Session
from backprop_studio.ui.collecting import Collector
from backprop_studio.ui.main_window import MainWindow


class _Held:
    """Something that only a cycle keeps, with a menu that only it keeps."""

    def __init__(self, threads: list[str]) -> None:
        self.menu = QMenu()
        self.itself = self
        weakref.finalize(self, lambda: threads.append(threading.current_thread().name))


def test_that_a_busy_worker_collects_nothing(window: MainWindow, qtbot: QtBot) -> None:
    threads: list[str] = []
    _Held(threads)
    worked: list[int] = []

    def allocate(session: Session) -> int:
        kept = []
        for _ in range(50_000):  # many times what makes Python collect
            cycle: list[object] = []
            cycle.append(cycle)
            kept.append(cycle)
        return len(kept)

    window._engine.ask(allocate, worked.append)
    qtbot.waitUntil(lambda: bool(worked))
    assert threads == []
    (collector,) = QApplication.instance().findChildren(Collector)
    collector._last = float("-inf")
    for _ in range(30):
        for _ in range(1000):
            cycle: list[object] = []
            cycle.append(cycle)
        collector.look()
    gc.collect()
    assert threads == [threading.main_thread().name]


def test_that_what_piles_up_is_collected_and_python_goes_on_afterwards(qapp: QApplication) -> None:
    was = gc.isenabled()
    collector = Collector(qapp)
    assert not gc.isenabled()
    threads: list[str] = []
    _Held(threads)
    made = [[] for _ in range(2000)]
    for _ in range(40):
        made = [[made] for _ in range(2000)]
        collector.look()
    collector.stop()
    collector.deleteLater()
    assert threads == [threading.main_thread().name]
    assert gc.isenabled() == was
