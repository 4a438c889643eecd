"""Words of others stay words: no name, note or file is read as markup that could fetch a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from networks import chain
from PIL import Image
from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtGui import Qt as GuiQt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QGraphicsTextItem,
    QGraphicsView,
    QLabel,
    QMessageBox,
    QTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from backprop_studio import project
from backprop_studio.data import Dataset, Task, own
from backprop_studio.network import Group, Network, Node, Note, UnknownLayer
from backprop_studio.nn import nodes
from backprop_studio.project import Project
from backprop_studio.project.importing import Fitting, Match
from backprop_studio.training import Boundary, State
from backprop_studio.ui import docks
from backprop_studio.ui.controllers.left_behind import Found
from backprop_studio.ui.dialogs.import_weights import ImportWeightsDialog
from backprop_studio.ui.dialogs.recover import RecoverDialog
from backprop_studio.ui.instruments import INSTRUMENTS
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.widgets.lesson_text import MarkdownLabel
from tests.ui.test_every_instrument import look
from tests.ui.waiting import answered

HARM = "<img src='/harm.png'>"


def _is_markup(text: str) -> bool:
    return HARM[:4] in text and GuiQt.mightBeRichText(text)


def _tips(view: QAbstractItemView, parent: QModelIndex, deep: int = 3) -> Iterator[str]:
    model = view.model()
    if model is None or not deep:
        return
    for row in range(min(model.rowCount(parent), 40)):
        for column in range(12):
            if not model.hasIndex(row, column, parent):
                break
            index = model.index(row, column, parent)
            yield str(index.data(Qt.ItemDataRole.ToolTipRole) or "")
            if column == 0:
                yield from _tips(view, index, deep - 1)
    for section in range(12):
        if model.hasIndex(0, section, parent):
            across = Qt.Orientation.Horizontal
            yield str(model.headerData(section, across, Qt.ItemDataRole.ToolTipRole) or "")
        if model.hasIndex(section, 0, parent):
            down = Qt.Orientation.Vertical
            yield str(model.headerData(section, down, Qt.ItemDataRole.ToolTipRole) or "")


def read_as_markup(root: QWidget) -> set[str]:
    """Where words of others are shown as markup, by widget."""
    found = set()
    for one in (root, *root.findChildren(QWidget)):
        where = f"{type(one.parent()).__name__}.{type(one).__name__}"
        if _is_markup(one.toolTip()):
            found.add(f"{where}: tool tip {one.toolTip()[:90]}")
        if isinstance(one, QLabel) and HARM[:4] in one.text():
            plain = one.textFormat() is Qt.TextFormat.PlainText
            if not plain and GuiQt.mightBeRichText(one.text()):
                found.add(f"{where}: {one.text()[:90]}")
        if isinstance(one, QTextEdit) and HARM[:4] in one.toHtml():
            found.add(f"{where}: text")
        if isinstance(one, QAbstractItemView):
            found |= {f"{where}: tip {t[:90]}" for t in _tips(one, QModelIndex()) if _is_markup(t)}
        if isinstance(one, QGraphicsView) and one.scene() is not None:
            for item in one.scene().items():
                kind = f"{where}.{type(item).__name__}"
                if _is_markup(item.toolTip()):
                    found.add(f"{kind}: tool tip")
                if isinstance(item, QGraphicsTextItem) and HARM[:4] in item.toHtml():
                    found.add(f"{kind}: text")
    for action in root.findChildren(QAction):
        if _is_markup(action.toolTip()):
            found.add(f"action: {action.toolTip()[:90]}")
    return found


def _dataset(task: Task, side: int = 0) -> str:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((40, side * side or 2)).astype(np.float32)
    classes = np.arange(40) % 2
    y = classes.astype(np.int64) if task is Task.CLASSIFICATION else x[:, :1].copy()
    names = (HARM + "a", HARM + "b")
    return own.keep(
        Dataset(
            "test", HARM + "title", HARM + "summary", x, y, task,
            names if task is Task.CLASSIFICATION else (), () if side else (HARM + "f", HARM + "g"),
            (side, side) if side else None, HARM + "citation", HARM + "licence",
        )
    ).id  # fmt: skip


def _marked(network: Network) -> Network:
    first = network.nodes[0].id
    unknown = Node("u", "u", UnknownLayer(type=HARM, settings={HARM: HARM}), 0.0, 300.0)
    custom = nodes()["custom"].from_config({"expression": HARM})
    return replace(
        network,
        nodes=(*network.nodes, unknown, Node("c", "c", custom, 200.0, 300.0)),
        notes=(Note("note_1", HARM, 0.0, 400.0),),
        groups=(Group("group_1", HARM, (first, "note_1"), collapsed=True),),
    )


def _classes() -> Network:
    layers = [("input", {}), ("dense", {"units": 2}), ("softmax_cross_entropy", {})]
    return chain(layers, dataset=_dataset(Task.CLASSIFICATION), batch_size=8)


CASES = {
    "classes": _classes,
    "numbers": lambda: chain(
        [("input", {}), ("dense", {"units": 1}), ("mse", {})],
        dataset=_dataset(Task.REGRESSION), batch_size=8,
    ),
    "pictures": lambda: chain(
        [("input", {}), ("dense", {"units": 2}), ("softmax_cross_entropy", {})],
        dataset=_dataset(Task.CLASSIFICATION, 4), batch_size=8,
    ),
    "marks": lambda: _marked(_classes()),
    "unknown data": lambda: chain(dataset=HARM),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_that_no_panel_reads_names_as_markup(
    case: str, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    engine, network = window._engine, CASES[case]()
    path = tmp_path / f"{HARM.replace('/', '')}.bps"
    project.save(Project(network), path)
    assert window.project.open_path(path)
    if window._document.analysis.trainable:
        qtbot.waitUntil(lambda: engine.state is State.PAUSED)
        with answered(qtbot, engine):
            engine.step(Boundary.BATCH)
    found = read_as_markup(window)
    canvas = window.canvas
    for key in [*(n.id for n in network.nodes), *network.marks]:
        canvas.select([key])
        QApplication.processEvents()
        found |= read_as_markup(window)
    for spec in docks.DOCKS:
        if spec.key in INSTRUMENTS:
            look(window, qtbot, spec.key)
        else:
            window.docks[spec.key].show()
            window.docks[spec.key].raise_()
            QApplication.processEvents()
        found |= read_as_markup(window.docks[spec.key])
    found |= read_as_markup(window)
    assert found == set()


def test_that_no_message_reads_the_name_of_a_file_as_markup(
    window: MainWindow, tmp_path: Path
) -> None:
    shown: list[set[str]] = []

    def meet() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        box.reject()
        shown.append(read_as_markup(box))

    path = tmp_path / f"{HARM.replace('/', '')}.bps"
    path.write_bytes(b"damaged")
    QTimer.singleShot(200, meet)
    assert not window.project.open_path(path)
    assert shown == [set()]


FILE = HARM.replace("/", "")
"""The same as a name that a file can have."""


def _table(folder: Path) -> Path:
    path = folder / f"{FILE}.csv"
    rows = "".join(f"{i},{HARM}{'uv'[i % 2]},{HARM}{'ab'[i % 2]}\n" for i in range(30))
    path.write_text(f"{HARM}x,{HARM}c,{HARM}y\n{rows}")
    return path


def _npz(folder: Path) -> Path:
    path = folder / f"{FILE}.npz"
    named = {f"{FILE}y": np.array([f"{HARM}{'ab'[i % 2]}" for i in range(30)])}
    np.savez(path, **named, **{f"{FILE}x": np.ones((30, 2), np.float32)})  # type: ignore[arg-type]
    return path


def _pictures(folder: Path) -> Path:
    for name in "ab":
        inner = folder / f"{FILE}s" / f"{FILE}{name}"
        inner.mkdir(parents=True)
        for i in range(2):
            Image.new("L", (8, 8)).save(inner / f"{FILE}{i}.png")
        (inner / f"{FILE}.txt").write_text("")
    return folder / f"{FILE}s"


@pytest.mark.parametrize("make", [_table, _npz, _pictures])
def test_that_no_import_reads_names_as_markup(
    make: Callable[[Path], Path], window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window.importing.open(make(tmp_path))
    dialog = window.importing.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: not dialog.busy)
    found = read_as_markup(dialog)
    dialog.import_button.click()
    qtbot.waitUntil(lambda: window.importing.dialog is None or dialog.imported is not None)
    found |= read_as_markup(window)
    if window.importing.dialog is not None:
        dialog.reject()
    assert found == set()


def test_that_nothing_that_stands_for_a_file_reads_its_name_as_markup(
    window: MainWindow, tmp_path: Path
) -> None:
    path = tmp_path / f"{FILE}.bps"
    project.save(Project(chain()), path)
    assert window.project.open_path(path)
    window.start.greet()
    QApplication.processEvents()
    found = read_as_markup(window)
    left = Found(path, chain(), path, datetime.now().astimezone(), 3)
    matches = (Match(HARM, (2,), None, "no layer of this name"),)
    for dialog in (
        RecoverDialog((left, left), window),
        ImportWeightsDialog(path.name, Fitting(matches, {}, (HARM,)), window),
    ):
        dialog.show()
        found |= read_as_markup(dialog)
        dialog.close()
        dialog.deleteLater()
    assert found == set()


def test_that_a_lesson_from_elsewhere_fetches_no_picture(qtbot: QtBot) -> None:
    label = MarkdownLabel()
    qtbot.addWidget(label)
    label.set_markdown(f"Look: ![x](file:///harm.png) {HARM} ![y][z]\n\n[z]: //host/share/harm.png")
    assert HARM[:4] not in label.text()
    assert "[a picture]" in label.text() and "Look" in label.text()
