"""The curves of a run: what is shown of them, and what is written to files."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backprop_studio.errors import ExportError
from backprop_studio.training import (
    BranchView,
    CurveUpdate,
    Event,
    Intervention,
    Snapshot,
    State,
    What,
)
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.panels.loss_curves import LossCurvesPanel
from tests.ui.waiting import answered

Do = Callable[[str], None]
NO_TESTS = np.empty((0, 5))


@pytest.fixture
def panel(qtbot: QtBot) -> LossCurvesPanel:
    panel = LossCurvesPanel()
    qtbot.addWidget(panel)
    panel.resize(500, 260)
    panel.show()
    return panel


def fill(panel: LossCurvesPanel, points: int = 400, *, accuracy: bool = True) -> None:
    epochs = np.arange(1, points + 1) / 40
    noise = 0.1 * np.sin(np.arange(points) * 2.1)
    losses = np.stack([epochs, 2 * np.exp(-epochs / 3) + 0.2 + noise], axis=1)
    ends = np.arange(0, points // 40 + 1, dtype=float)
    right = 1 - np.exp(-ends / 3) if accuracy else np.full(len(ends), np.nan)
    # A schedule cuts the rate after four epochs and after eight.
    rates = np.where(ends == 0, np.nan, 0.1 * 0.5 ** ((ends - 1) // 4))
    learned = np.where(ends == 0, np.nan, right + 0.01)
    tests = np.stack([ends, 2 * np.exp(-ends / 3) + 0.3, right, learned, rates], axis=1)
    other = np.stack([epochs, losses[:, 1] + 0.5], axis=1)
    branches = (
        BranchView(1, "main", 1, 0.0, points, other, tests),
        BranchView(
            2, "branch 2", 1, 2.5, points, losses[:0], tests[:0],
            (
                Event(2.5, What.BRANCH),
                Event(2.5, What.RATE, "0.1 → 0.01"),
                Event(4, What.EDIT, "1"),
            ),
        ),
    )  # fmt: skip
    snapshot = Snapshot(1, State.PAUSED, branches=branches, branch=2)
    panel.show_update(snapshot, (CurveUpdate(-1.0, losses, tests),))


def test_that_a_smoothed_curve_keeps_the_single_batches_behind_it(panel: LossCurvesPanel) -> None:
    fill(panel)
    assert panel.plot.curve_names() == ("train", "validation", "main")
    panel.smoothing.actions()[2].trigger()
    assert panel.plot.curve_names() == (
        "train", "train, each batch", "validation", "main", "main, each batch",
    )  # fmt: skip
    assert np.array_equal(panel.plot._raw["train, each batch"][1], panel.losses[:, 1])
    smooth = panel.plot._raw["train"][1]
    assert smooth[-1] == pytest.approx(panel.losses[-20:, 1].mean())
    faint, plain = (panel.plot._lines[n].opts["pen"].color() for n in
                    ("train, each batch", "train"))  # fmt: skip
    assert faint.alpha() < plain.alpha() and faint.rgb() == plain.rgb()
    # Both numbers are read at one place.
    panel.plot.setFocus()
    QTest.keyClick(panel.plot, Qt.Key.Key_End)
    assert "each batch" in panel.plot.accessibleDescription()
    panel.smoothing.actions()[0].trigger()
    assert panel.plot.curve_names() == ("train", "validation", "main")


def test_that_epochs_and_branches_and_accuracy_are_shown_when_wanted(
    panel: LossCurvesPanel,
) -> None:
    fill(panel)
    panel.epochs.trigger()
    assert len(panel.plot._raw["train"][0]) == 10
    panel.branches.trigger()
    assert "main, held out" in panel.plot.curve_names()
    panel.accuracy.trigger()
    assert panel.plot.curve_names() == (
        "train", "validation", "main", "main, training",
    )  # fmt: skip
    learned, held = (panel.plot._raw[n][1] for n in panel.plot.curve_names()[:2])
    # At the start, nothing was learned yet, but the held-out rows are tested.
    assert len(learned) == 10 and len(held) == 11
    assert learned == pytest.approx(held[1:] + 0.01)
    assert panel.plot._raw["validation"][1][-1] == pytest.approx(1 - np.exp(-10 / 3))
    assert "accuracy" in panel.plot.accessibleName()


def test_that_regression_says_why_there_is_no_accuracy(panel: LossCurvesPanel) -> None:
    fill(panel, accuracy=False)
    panel.accuracy.trigger()
    assert panel.plot.curve_names() == ()
    assert "numbers for targets" in panel.plot._empty.text() and panel.plot._empty.isVisible()
    panel.accuracy.actionGroup().actions()[0].trigger()
    assert panel.plot.curve_names() == ("train", "validation", "main")


def test_that_what_was_done_is_marked_and_read(panel: LossCurvesPanel) -> None:
    fill(panel)
    marks = panel.plot.marks()
    assert [(m.x, m.text, m.short) for m in marks] == [
        (2.5, "branch, rate 0.1 → 0.01", "rate 0.01"),
        (4, "edit by hand, rate 0.1 → 0.05", "rate 0.05"),
        (8, "rate 0.05 → 0.025", "rate 0.025"),
    ]  # fmt: skip
    assert "rate 0.1 → 0.01 (epoch 2.5)" in panel.plot.read_out(2.5)
    panel.marks.trigger()
    fill(panel)
    assert panel.plot.marks() == ()


def test_that_a_rate_that_changes_is_a_curve_of_its_own_and_read_at_the_pointer(
    panel: LossCurvesPanel,
) -> None:
    fill(panel)
    panel.plot.setFocus()
    for _ in range(2):
        QTest.keyClick(panel.plot, Qt.Key.Key_Home)
    assert panel.plot._legend.text().endswith("epoch 0.025, rate 0.1")
    QTest.keyClick(panel.plot, Qt.Key.Key_End)
    assert panel.plot._legend.text().endswith("epoch 10, rate 0.025")
    panel.rate.trigger()
    assert panel.plot.curve_names() == ("learning rate", "main")
    epochs, rates = panel.plot._raw["learning rate"]
    # Each from the start of its epoch to the end.
    assert list(rates) == [0.1] * 8 + [0.05] * 8 + [0.025] * 4
    assert list(epochs[:4]) == [0, 1, 1, 2] and epochs[-1] == 10
    assert "learning rate" in panel.plot.accessibleName()


def test_that_a_narrow_legend_shortens_names_and_not_numbers(panel: LossCurvesPanel) -> None:
    legend = panel.plot._legend
    legend.resize(150, legend.height())
    told: list[str] = []

    class Spy(QPainter):
        def drawText(self, *arguments: object) -> None:  # type: ignore[override]
            told.append(str(arguments[-1]))
            super().drawText(*arguments)  # type: ignore[arg-type]

    legend.set_entries([("a run with quite a long name", "#f00", "0.1234 (0.5678)")], "")
    image = QImage(150, 40, QImage.Format.Format_RGB32)
    painter = Spy(image)
    legend.paint(painter)
    painter.end()
    assert told[0].endswith("…") and told[1] == "0.1234 (0.5678)"


def test_that_the_button_opens_the_menu_by_mouse_and_keys_and_does_not_wait_for_it(
    panel: LossCurvesPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []
    monkeypatch.setattr(panel.menu, "popup", opened.append)
    panel.view.setFocus()
    QTest.keyClick(panel.view, Qt.Key.Key_Space)
    QTest.mouseClick(panel.view, Qt.MouseButton.LeftButton)
    assert len(opened) == 2


def test_that_keys_zoom_and_fit(panel: LossCurvesPanel) -> None:
    fill(panel)
    whole = panel.plot.view_range()
    QTest.keyClick(panel.plot, Qt.Key.Key_Plus)
    near = panel.plot.view_range()
    assert near[1] - near[0] < 0.7 * (whole[1] - whole[0])
    fill(panel)
    assert panel.plot.view_range() == near
    QTest.keyClick(panel.plot, Qt.Key.Key_0)
    assert panel.plot.view_range() == whole


def test_that_the_table_has_each_epoch_and_is_copied(panel: LossCurvesPanel) -> None:
    fill(panel)
    panel.as_table.trigger()
    assert panel.table.isVisible() and panel.table.rowCount() == 11
    panel.copy_text()
    lines = QApplication.clipboard().text().splitlines()
    assert lines[0].split("\t") == [
        "Epoch", "Loss", "Held out", "Accuracy", "Held out", "Rate",
    ]  # fmt: skip
    assert lines[1].split("\t") == ["0", "–", "2.3", "–", "0", "–"]
    assert lines[-1].split("\t")[-1] == "0.025"


def test_that_files_hold_the_picture_and_every_point(
    panel: LossCurvesPanel, tmp_path: Path
) -> None:
    fill(panel)
    for name in ("ü.png", "b.svg", "c.csv"):
        panel.write(tmp_path / name)
    image = QImage(str(tmp_path / "ü.png"))
    assert image.width() == 1920
    # A picture with a curve in it, and not an empty one.
    assert len({image.pixel(x, y) for x in range(0, 1900, 7) for y in range(0, 1000, 9)}) > 20
    svg = (tmp_path / "b.svg").read_bytes()
    assert QSvgRenderer(str(tmp_path / "b.svg")).isValid() and b"validation" in svg
    rows = list(csv.reader(io.StringIO((tmp_path / "c.csv").read_text())))[1:]
    count = {(name, what): 0 for name, what, *_ in rows}
    for name, what, *_ in rows:
        count[name, what] += 1
    assert count[("train", "loss")] == 400 and count[("main train", "loss")] == 400
    assert count[("validation", "accuracy")] == 11
    assert count[("train", "accuracy")] == count[("train", "learning rate")] == 10
    with pytest.raises(ExportError, match="ending"):
        panel.write(tmp_path / "d.gif")
    with pytest.raises(ExportError):
        panel.write(tmp_path / "missing" / "e.csv")
    assert len(list(tmp_path.iterdir())) == 3


def test_that_many_points_are_drawn_now_and_then_and_none_is_lost(
    panel: LossCurvesPanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    count = 1_000_000
    points = np.stack([np.arange(1, count + 1) / 1000, rng.random(count) + 1], axis=1)
    points[123_456, 1] = 50.0
    snapshot = Snapshot(1, State.RUNNING)
    panel.show_update(snapshot, (CurveUpdate(-1.0, points, NO_TESTS),))
    drawn: list[float] = []
    draw = panel._draw
    monkeypatch.setattr(panel, "_draw", lambda: (drawn.append(time.monotonic()), draw()))
    for place in range(20):
        more = np.array([[1000 + (place + 1) / 1000, 1.0]])
        panel.show_update(snapshot, (CurveUpdate(None, more, NO_TESTS),))
    assert len(drawn) <= 1
    qtbot.waitUntil(lambda: panel.plot._raw["train"][0][-1] == 1000.02, timeout=5000)
    assert len(panel.losses) == count + 20
    # The one peak among a million is still in what is drawn.
    panel.grab()
    _, shown = panel.plot._lines["train"].curve.getData()
    assert len(shown) < 20_000 and shown.max() == 50.0


def test_that_an_edit_by_hand_in_the_window_is_marked(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    do("step_batch")
    weight = window._document.analysis.require().program.parameters[0].id
    with answered(qtbot, window._engine):
        window._engine.intervene(Intervention(weight, (0, 0), 1.0))
    qtbot.waitUntil(lambda: len(window.losses.plot.marks()) == 1)
    assert window.losses.plot.marks()[0].text == "edit by hand"


def test_that_the_window_asks_where_to_export_the_curves(
    window: MainWindow, do: Do, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    do("step_batch")
    path = tmp_path / "curves.csv"
    monkeypatch.setattr(window.project, "_ask_where", lambda *_: path)
    window.losses.export_requested.emit(window.losses.write)
    assert path.read_text().startswith("curve,quantity,epoch,value\ntrain,loss,")
