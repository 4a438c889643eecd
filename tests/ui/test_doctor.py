"""The gradient doctor, in the real window."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from networks import Layers, chain
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backprop_studio.insight.doctor import Finding, Rule
from backprop_studio.insight.remedies import Remedy
from backprop_studio.network import Network
from backprop_studio.nn import optimizers
from backprop_studio.training import State
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.models import doctor_text

Do = Callable[[str], None]

SYMMETRIC: Layers = [
    ("input", {}),
    ("dense", {"units": 6, "init": "constant"}),
    ("tanh", {}),
    ("dense", {"units": 10}),
    ("softmax_cross_entropy", {}),
]


def test_that_a_cure_is_tried_on_a_branch_with_undo_and_redo(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    panel, engine = window.instruments.doctor, window._engine
    zeros: Layers = [(n, {**c, "init": "constant"} if n == "dense" else c) for n, c in SYMMETRIC]
    network = chain(zeros)
    window._document.reset(network)
    window.actions_by_id["open_doctor"].trigger()
    for _ in range(3):
        do("step_batch")
    qtbot.waitUntil(lambda: panel.table.rowCount() > 0, timeout=10_000)
    assert panel.table.item(0, 0).text() == "Symmetric weights"
    assert panel.table.item(0, 1).text() == "dense_1"
    assert "6 of 6 units" in panel.what.text() and panel.why.text().startswith("Why:")
    panel.table.setFocus()
    QTest.keyClick(panel.table, Qt.Key.Key_Return)
    (chosen,) = window.canvas.selected_nodes()
    assert window._document.network.node(chosen).name == "dense_1"
    QTest.mouseClick(panel.copy, Qt.MouseButton.LeftButton)
    assert "copies of each other" in QApplication.clipboard().text()
    shared = engine.weights()["dense_1", "weight"]
    assert (shared[:, :1] == shared).all()

    # Tried: another branch, from the first moment on, with first weights that differ.
    button = panel.buttons[0]
    assert button.isVisible() and "first weights" in button.text()
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: len(engine.snapshot.branches) == 2, timeout=10_000)
    assert engine.snapshot.completed == 0 and panel._tried
    qtbot.waitUntil(lambda: "Undo goes back" in panel.verdict.text(), timeout=10_000)
    drawn = engine.weights()["dense_1", "weight"]
    assert not (drawn[:, :1] == drawn).all()
    do("step_batch")
    do("step_batch")
    qtbot.waitUntil(lambda: "Nothing is wrong" in panel.verdict.text(), timeout=10_000)

    # Undo comes back to the design and to its branch, where it was left; redo as well.
    window.actions_by_id["undo"].trigger()
    qtbot.waitUntil(lambda: engine.snapshot.completed == 3, timeout=10_000)
    assert window._document.network == network
    assert engine.snapshot.branch == engine.snapshot.branches[0].id
    assert (engine.weights()["dense_1", "weight"] == shared).all()
    qtbot.waitUntil(lambda: panel.table.rowCount() > 0, timeout=10_000)
    window.actions_by_id["redo"].trigger()
    qtbot.waitUntil(lambda: engine.snapshot.completed == 2, timeout=10_000)
    assert engine.snapshot.branch == engine.snapshot.branches[1].id
    assert len(engine.snapshot.branches) == 2


def test_that_the_first_bad_operation_is_found_after_a_failure(
    window: MainWindow, qtbot: QtBot
) -> None:
    panel, engine = window.instruments.doctor, window._engine
    sgd = optimizers()["sgd"].from_config({"learning_rate": 1e6})
    window._document.reset(chain([("input", {}), ("dense", {"units": 10}), ("mse", {})],
                                 optimizer=sgd))  # fmt: skip
    window.actions_by_id["open_doctor"].trigger()
    qtbot.waitUntil(lambda: engine.state is State.PAUSED, timeout=10_000)
    engine.run()
    qtbot.waitUntil(lambda: engine.state is State.FAILED, timeout=10_000)
    qtbot.waitUntil(lambda: panel.table.rowCount() > 0, timeout=10_000)
    assert panel.table.item(0, 0).text() == "Not a finite number"
    assert "first operation" in panel.what.text()
    assert [b.text() for b in panel.buttons if b.isVisible()] == [
        "A tenth of the learning rate",
        "Clip gradients at norm 1",
    ]


@pytest.mark.parametrize(
    ("network", "said"),
    [
        (Network(), "no network"),
        (chain([("input", {})]), "cannot be trained"),
        (chain(), "Nothing is wrong so far"),
    ],
)
def test_that_it_says_what_it_can_say(
    window: MainWindow, qtbot: QtBot, network: Network, said: str
) -> None:
    panel = window.instruments.doctor
    window.actions_by_id["open_doctor"].trigger()
    window._document.reset(network)
    qtbot.waitUntil(lambda: said in panel.verdict.text(), timeout=10_000)
    assert not panel.table.isVisible() and not any(b.isVisible() for b in panel.buttons)


def test_that_every_rule_and_remedy_has_its_words(qtbot: QtBot) -> None:
    numbers = dict.fromkeys(
        ("op", "what", "start", "peak", "now", "share", "same", "count", "dead", "rows", "ratio",
         "loss", "chance", "best", "training"), 0.5,
    )  # fmt: skip
    for rule in Rule:
        assert doctor_text.rule_name(rule) and doctor_text.why(rule)
        assert "{" not in doctor_text.what(Finding(rule, None, None, numbers))
    assert len({doctor_text.remedy_name(remedy) for remedy in Remedy}) == len(Remedy)
