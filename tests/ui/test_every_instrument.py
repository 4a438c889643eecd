"""What every instrument does with data and networks that there is nothing to see of."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from networks import Layers, chain
from PySide6.QtCore import QSize
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QStyledItemDelegate,
    QWidget,
)
from pytestqt.qtbot import QtBot

from backprop_studio.data import Dataset, Task, own
from backprop_studio.errors import StudioError
from backprop_studio.network import Network
from backprop_studio.nn import optimizers
from backprop_studio.training import Boundary, State
from backprop_studio.ui.instruments import INSTRUMENTS
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.widgets.data_table import Cell, DataTable
from tests.ui.waiting import answered

SMALL: Layers = [
    ("input", {}),
    ("dense", {"units": 4}),
    ("relu", {}),
    ("dense", {"units": 2}),
    ("softmax_cross_entropy", {}),
]

PANELS = (*INSTRUMENTS, "losses", "gradients")

OPENING = ("Change", "…", "⋯", "Export", "▾", "Set ")
"""Words of buttons that open a dialog or a menu."""


def _dataset(x: np.ndarray, y: np.ndarray) -> Dataset:
    return Dataset(
        "test", "Test", "", x.astype(np.float32), y.astype(np.int64), Task.CLASSIFICATION,
        ("a", "b"), (), None, "", "",
    )  # fmt: skip


def _of(x: np.ndarray, y: np.ndarray, *, batch_size: int = 8) -> Network:
    return chain(SMALL, dataset=own.keep(_dataset(x, y)).id, batch_size=batch_size)


def _sgd(rate: float) -> object:
    return optimizers()["sgd"].from_config({"learning_rate": rate})


def _noise(rows: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((rows, 2))


CASES: dict[str, Callable[[], Network]] = {
    "no network": Network,
    "no data": lambda: chain(dataset=""),
    "data that are not there": lambda: chain(dataset="own:0123"),
    "no parameters": lambda: chain([("input", {}), ("linear", {}), ("softmax_cross_entropy", {})],
                                   dataset="xor"),
    "no loss": lambda: chain([("input", {}), ("dense", {"units": 3})]),
    "one class": lambda: _of(_noise(40), np.zeros(40)),
    "constant features": lambda: _of(np.full((40, 2), 3.0), np.arange(40) % 2),
    "two rows": lambda: _of(_noise(2), np.array([0, 1]), batch_size=1),
    "numbers that overflow": lambda: chain([("input", {}), ("dense", {"units": 2}), ("mse", {})],
                                           dataset="xor", optimizer=_sgd(1e6)),
    "no gradients": lambda: chain(SMALL, dataset="xor",
                                  optimizer=optimizers()["random_search"].from_config({})),
}  # fmt: skip
"""Networks by what is odd about them."""


def words(panel: QWidget) -> list[str]:
    """Every sentence that a panel shows: in labels, and painted where a picture would be."""
    found = []
    for widget in (w for w in panel.findChildren(QWidget) if w.isVisible()):
        if isinstance(widget, QLabel):
            found.append(widget.text())
        painted = getattr(widget, "_empty", "")
        found += [painted] if isinstance(painted, str) else []
    return [text for text in found if len(text.split()) >= 4]


def look(window: MainWindow, qtbot: QtBot, key: str) -> None:
    """Open a panel, wait for its answer, and go through all that it can show."""
    action = window.actions_by_id.get(f"open_{key}")
    if action is not None:
        action.trigger()
    else:
        window.docks[key].raise_()
    panel, answered = window.panel(key), []
    window._engine.ask(lambda session: None, answered.append)
    if window._engine.snapshot.cursor is not None:
        qtbot.waitUntil(lambda: bool(answered), timeout=10_000)
    qtbot.waitUntil(lambda: key not in INSTRUMENTS or bool(words(panel)), timeout=10_000)
    for box in panel.findChildren(QComboBox):
        for entry in range(min(box.count(), 5)) if box.isVisible() and box.isEnabled() else ():
            box.setCurrentIndex(entry)
    for button in panel.findChildren(QAbstractButton):
        opening = any(word in button.text() for word in OPENING)
        if button.isVisible() and button.isEnabled() and not opening and key != "doctor":
            button.click()
    assert not panel.grab().isNull()


@pytest.mark.parametrize("case", CASES)
def test_that_every_instrument_explains_and_nothing_breaks(
    window: MainWindow, qtbot: QtBot, case: str
) -> None:
    engine = window._engine
    window._document.reset(CASES[case]())
    revision = window._document.analysis
    qtbot.waitUntil(
        lambda: (engine.snapshot.cursor is not None) == (revision.lowered is not None),
        timeout=10_000,
    )
    for key in PANELS:
        look(window, qtbot, key)
    if engine.snapshot.cursor is None:
        return
    for _ in range(2):
        engine.step(Boundary.EPOCH)
        with answered(qtbot, engine):
            engine.step(Boundary.BATCH)
        qtbot.waitUntil(lambda: engine.state in (State.PAUSED, State.FAILED), timeout=10_000)
    for key in PANELS:
        look(window, qtbot, key)


def test_that_data_without_rows_or_numbers_are_refused_before_any_panel_sees_them() -> None:
    with pytest.raises(StudioError, match="holds no numbers"):
        _dataset(np.empty((0, 2)), np.empty(0))
    with pytest.raises(StudioError, match="not a number"):
        _dataset(np.full((3, 2), np.nan), np.zeros(3))


def test_that_one_class_and_equal_rows_are_said_to_be_so(window: MainWindow, qtbot: QtBot) -> None:
    for case, told in (("one class", "of one class"), ("constant features", "nothing")):
        window._document.reset(CASES[case]())
        for key in ("predictions", "representations"):
            window.actions_by_id[f"open_{key}"].trigger()
            panel = window.panel(key)
            qtbot.waitUntil(
                lambda panel=panel, told=told: told in panel.story.text(), timeout=10_000
            )
    assert "better" not in window.panel("representations").story.text()


def test_that_a_network_that_cannot_be_trained_does_not_invite_to_run(
    window: MainWindow, qtbot: QtBot
) -> None:
    window._document.reset(CASES["no loss"]())
    empty = window.losses.plot._empty
    qtbot.waitUntil(lambda: "cannot be trained" in empty.text(), timeout=10_000)
    window._document.reset(chain())
    qtbot.waitUntil(lambda: "Press Run" in empty.text(), timeout=10_000)


def test_that_a_table_in_sight_is_filled_anew_at_once(qtbot: QtBot) -> None:
    table = DataTable(["a", "b", "c"], "rows", sortable=True)
    qtbot.addWidget(table)
    table.resize(400, 300)
    table.show()
    measured: list[int] = []

    class Spy(QStyledItemDelegate):
        def sizeHint(self, *arguments: object) -> QSize:
            measured.append(1)
            return super().sizeHint(*arguments)  # type: ignore[arg-type]

    table.setItemDelegate(Spy(table))
    rows = [[Cell(str(n), n), Cell("some words"), Cell("more")] for n in range(300)]
    for _ in range(2):
        measured.clear()
        table.set_rows(rows, 3)
        QApplication.processEvents()
    # Each cell a few times, and not all of them anew for each cell that is put in.
    assert len(measured) < 20 * 3 * 300
    assert table.chosen() == 3 and table.columnWidth(1) >= 60
