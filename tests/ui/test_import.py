"""Importing own data with the dialog, as a person would."""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox
from pytestqt.qtbot import QtBot

from backprop_studio import data
from backprop_studio.data import Task, own
from backprop_studio.data.importing import table
from backprop_studio.training import State
from backprop_studio.ui.dialogs.import_data import ImportDialog
from backprop_studio.ui.dialogs.import_npz import NpzPage
from backprop_studio.ui.dialogs.import_pictures import IdxPage, PicturesPage
from backprop_studio.ui.dialogs.import_table import TablePage
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.models.table_preview import GAPS, KIND, USE

FLOWERS = "who;a;b;colour;kind\n" + "".join(
    f"n{i};{i},5;{'?' if i == 3 else i % 7};{'red' if i % 2 else 'blue'};{'uvw'[i % 3]}\n"
    for i in range(60)
)


@pytest.fixture
def flowers(tmp_path: Path) -> Path:
    path = tmp_path / "flowers.csv"
    path.write_text(FLOWERS)
    return path


def opened(window: MainWindow, qtbot: QtBot, path: Path) -> ImportDialog:
    window.importing.open(path)
    dialog = window.importing.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: not dialog.busy)
    return dialog


def imported(window: MainWindow, qtbot: QtBot, dialog: ImportDialog) -> None:
    """Press Import, and once more where there are warnings."""
    dialog.import_button.click()
    qtbot.waitUntil(lambda: window.importing.dialog is None or dialog.imported is not None)
    if window.importing.dialog is not None:
        dialog.import_button.click()
    assert window.importing.dialog is None


def current(window: MainWindow) -> data.Dataset:
    return data.load(window._document.network.setup.dataset)


def test_that_a_table_is_shown_with_what_was_found_out(
    window: MainWindow, qtbot: QtBot, flowers: Path
) -> None:
    dialog = opened(window, qtbot, flowers)
    page = dialog.page
    assert isinstance(page, TablePage)
    assert page.delimiter.currentText() == "Semicolon" and page.decimal.currentText() == "Comma"
    assert page.header.isChecked() and page.target.currentText() == "kind"
    assert page.task.currentText() == "Classes"
    assert dialog.summary.text() == (
        "60 rows · 3 feature columns · 3 classes: u 20, v 20, w 20 · one missing cell"
    )
    rows = [[page.model.index(r, c).data() for c in range(5)] for r in range(4)]
    assert rows == [
        ["Leave out ▾", "Feature ▾", "Feature ▾", "Feature ▾", "Target ▾"],
        ["", "Number ▾", "Number ▾", "Category ▾", "Classes ▾"],
        ["", "Mean ▾", "Mean ▾", "Own category ▾", "Drop row"],
        ["n0", "0,5", "0", "blue", "u"],
    ]
    dialog.reject()
    assert window._document.network.setup.dataset == "digits"


def test_that_an_import_is_one_entry_of_the_history_and_trains(
    window: MainWindow, qtbot: QtBot, flowers: Path
) -> None:
    stack = window._document.undo_stack
    count = stack.count()
    dialog = opened(window, qtbot, flowers)
    dialog.import_button.click()
    qtbot.waitUntil(lambda: dialog.imported is not None)
    # Worth knowing before it is used.
    assert "Missing cells of 'b'" in dialog.note.text
    assert dialog.import_button.text() == "&Use these data"
    dialog.import_button.click()
    dataset = current(window)
    assert own.is_own(dataset.id) and dataset.title == "flowers" and dataset.size == 60
    assert dataset.feature_names == ("a", "b", "colour = blue", "colour = red")
    assert stack.count() == count + 1 and stack.undoText() == "Import Data"
    assert window.setup.dataset.currentText() == "flowers"
    assert "60 rows · 4 features · 3 classes" in window.setup.caption
    stack.undo()
    assert current(window).id == "digits"
    # It can still be chosen from the list.
    assert window.setup.dataset.findData(dataset.id) >= 0
    stack.redo()
    assert current(window) is dataset


def test_that_every_guess_can_be_changed(window: MainWindow, qtbot: QtBot, flowers: Path) -> None:
    dialog = opened(window, qtbot, flowers)
    page = dialog.page
    assert isinstance(page, TablePage)
    model = page.model
    assert model.setData(model.index(USE, 3), "ignore")
    assert model.setData(model.index(GAPS, 2), "drop")
    assert model.setData(model.index(KIND, 1), "category")
    assert not model.setData(model.index(GAPS, 1), "mean")
    page.target.setCurrentIndex(2)
    page.target.activated.emit(2)
    assert page.task.currentText() == "Classes"
    page.task.setCurrentIndex(1)
    page.task.activated.emit(1)
    assert model.plan is not None and model.plan.task is Task.REGRESSION
    assert model.setData(model.index(USE, 1), "ignore")
    assert model.setData(model.index(USE, 4), "ignore")
    assert dialog.note.text == "Choose at least one column as a feature."
    assert not dialog.import_button.isEnabled()
    assert model.setData(model.index(USE, 1), "feature")
    assert model.setData(model.index(KIND, 1), "number")
    assert dialog.import_button.isEnabled()
    imported(window, qtbot, dialog)
    dataset = current(window)
    assert dataset.task is Task.REGRESSION and dataset.feature_names == ("a",)
    assert dataset.size == 59


def test_that_another_layout_is_read_at_once(
    window: MainWindow, qtbot: QtBot, flowers: Path
) -> None:
    dialog = opened(window, qtbot, flowers)
    page = dialog.page
    assert isinstance(page, TablePage)
    page.header.click()
    qtbot.waitUntil(lambda: not dialog.busy)
    assert page.target.itemText(0) == "column 1" and page.model.rowCount() == 3 + 61
    page.header.click()
    qtbot.waitUntil(lambda: not dialog.busy)
    page.delimiter.setCurrentIndex(page.delimiter.findData("\t"))
    page.delimiter.activated.emit(2)
    qtbot.waitUntil(lambda: not dialog.busy)
    assert dialog.note.text.startswith("It has a single column")


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_that_the_table_is_used_with_the_keyboard_alone(
    window: MainWindow, qtbot: QtBot, flowers: Path
) -> None:
    dialog = opened(window, qtbot, flowers)
    page = dialog.page
    assert isinstance(page, TablePage)
    page.view.setFocus()
    page.view.setCurrentIndex(page.model.index(USE, 3))
    QTest.keyClick(page.view, Qt.Key.Key_F2)
    box = page.view.findChild(QComboBox)
    assert box is not None
    qtbot.waitUntil(box.view().isVisible)
    assert box.accessibleName() == "colour, Use as: Feature"
    QTest.keyClick(box.view(), Qt.Key.Key_End)
    QTest.keyClick(box.view(), Qt.Key.Key_Return)
    assert page.model.index(USE, 3).data() == "Leave out ▾"
    for widget in (page.view, page.delimiter, page.target, dialog.path_edit, dialog.progress):
        assert widget.accessibleName()
    # Esc leaves the dialog with everything as it was.
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert window.importing.dialog is None


def test_that_what_is_wrong_is_said_and_nothing_is_imported(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("a,b\n1,2.5\n3,4.5\n5\n")
    dialog = opened(window, qtbot, bad)
    assert "row 4: it has one cell" in dialog.note.text and not dialog.import_button.isEnabled()
    late = tmp_path / "late.csv"
    late.write_text("a,b\n" + "".join(f"{i},{i / 2}\n" for i in range(1200)) + "x,1\n")
    dialog.choose(late)
    qtbot.waitUntil(lambda: not dialog.busy)
    assert dialog.note.text == "" and dialog.import_button.isEnabled()
    dialog.import_button.click()
    qtbot.waitUntil(lambda: not dialog.busy)
    assert "row 1202, column 'a': 'x' is not a number" in dialog.note.text
    dialog.path_edit.setText(str(tmp_path / "none.docx"))
    QTest.keyClick(dialog.path_edit, Qt.Key.Key_Return)
    assert "no kind that can be imported" in dialog.note.text and dialog.page is None
    dialog.reject()
    assert current(window).id == "digits"


def test_that_loading_shows_how_far_it_is_and_can_be_cancelled(
    window: MainWindow, qtbot: QtBot, flowers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = opened(window, qtbot, flowers)
    stopped = threading.Event()

    def slow(path: Any, plan: Any, progress: Callable[[float], bool]) -> Any:
        share = 0.0
        while progress(share):
            share = min(share + 0.001, 0.5)
            stopped.wait(0.001)
        stopped.set()
        raise table.ImportDataError("file-missing", path="")

    monkeypatch.setattr(table, "load", slow)
    dialog.import_button.click()
    qtbot.waitUntil(lambda: dialog.progress.value() >= 5)
    assert dialog.progress.isVisible() and not dialog.import_button.isEnabled()
    dialog.reject()
    assert stopped.is_set() and window.importing.dialog is None
    assert current(window).id == "digits"


def test_that_a_folder_of_pictures_is_imported_at_the_size_that_is_wished(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    for number, name in enumerate(("cat", "dog")):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for i in range(4):
            image = Image.new("L", (20, 10), 60 * number + i)
            image.save(tmp_path / "pets" / name / f"{i}.png")
    dialog = opened(window, qtbot, tmp_path / "pets")
    page = dialog.page
    assert isinstance(page, PicturesPage)
    assert (page.height_box.value(), page.width_box.value()) == (10, 20)
    assert page.strip.count == 2 and "cat 4, dog 4" in page.classes.text()
    page.height_box.setValue(6)
    qtbot.waitUntil(lambda: not dialog.busy)
    page.dark.setChecked(True)
    imported(window, qtbot, dialog)
    dataset = current(window)
    assert dataset.image_shape == (6, 20) and dataset.class_names == ("cat", "dog")
    assert dataset.x.max() == 1.0 and window.setup.examples == 2
    # No more rows than these: the batches are as large as can be.
    assert window._document.network.setup.batch_size == 6


def test_that_arrays_and_idx_files_are_imported(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    np.savez(tmp_path / "a.npz", first=np.eye(9), second=np.arange(9) % 2, third=np.ones(9))
    dialog = opened(window, qtbot, tmp_path / "a.npz")
    page = dialog.page
    assert isinstance(page, NpzPage)
    page.target.setCurrentIndex(0)
    page.target.activated.emit(0)
    assert dialog.note.text == "Features and target are the same array."
    page.target.setCurrentIndex(1)
    page.target.activated.emit(1)
    assert dialog.summary.text() == "9 rows of 9 numbers"
    imported(window, qtbot, dialog)
    assert current(window).class_names == ("0", "1")
    labels = bytes([0, 0, 8, 1]) + struct.pack(">I", 4) + bytes([1, 0, 1, 0])
    (tmp_path / "t-labels-idx1-ubyte").write_bytes(labels)
    dialog = opened(window, qtbot, tmp_path / "t-labels-idx1-ubyte")
    idx_page = dialog.page
    assert isinstance(idx_page, IdxPage)
    assert "pictures was not found" in dialog.note.text
    images = bytes([0, 0, 8, 3]) + struct.pack(">3I", 4, 2, 2) + bytes(range(16))
    (tmp_path / "pictures").write_bytes(images)
    idx_page.features.setText(str(tmp_path / "pictures"))
    imported(window, qtbot, dialog)
    assert current(window).image_shape == (2, 2)


def test_that_arrays_are_shown_with_how_they_begin_before_one_is_chosen(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    np.savez(
        tmp_path / "c.npz",
        x=np.arange(180, dtype=np.uint8).reshape(9, 4, 5),
        flat=np.arange(360.0).reshape(9, 40),
        y=np.array(list("abcabcabc")),
        thing=np.array([{}], object),
    )
    dialog = opened(window, qtbot, tmp_path / "c.npz")
    page = dialog.page
    assert isinstance(page, NpzPage)
    lines = page.arrays.as_text().splitlines()
    assert lines[1] == "x\t9 × 4 × 5\tuint8\t0  1  2  3  4  5 …"
    assert lines[3] == "y\t9\ttext\ta  b  c  a  b  c …"
    assert lines[4].startswith("thing\t\t\tOf no use: it holds Python objects")
    assert page.strip.count == 9 and page.strip.names == tuple("abcabcabc")
    assert page.caption.text() == "The first pictures" and not page.rows.isVisibleTo(page)
    assert "shares of 255" in dialog.summary.text()
    place = page.features.findData("flat")
    page.features.setCurrentIndex(place)
    page.features.activated.emit(place)
    assert page.strip.count == 0 and page.rows.isVisibleTo(page)
    first = page.rows.as_text().splitlines()[1].split("\t")
    assert first[:4] == ["a", "0", "1", "2"] and first[-1] == "…"
    dialog.reject()


def test_that_arrays_of_different_length_are_told_before_they_are_loaded(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    np.savez(tmp_path / "b.npz", x=np.eye(9), y=np.arange(8) % 2)
    dialog = opened(window, qtbot, tmp_path / "b.npz")
    assert "'x' has 9 rows and 'y' 8 rows" in dialog.note.text
    assert not dialog.import_button.isEnabled()
    dialog.reject()


@pytest.mark.parametrize("paper", [True, False], ids=["ink on paper", "light in the dark"])
def test_that_what_is_dark_on_bright_paper_is_taken_as_ink(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, paper: bool
) -> None:
    for name in ("a", "b"):
        (tmp_path / "signs" / name).mkdir(parents=True)
        for i in range(3):
            image = Image.new("L", (12, 12), 250 if paper else 5)
            image.putpixel((i, 3), 0 if paper else 255)
            image.save(tmp_path / "signs" / name / f"{i}.png")
    dialog = opened(window, qtbot, tmp_path / "signs")
    assert isinstance(dialog.page, PicturesPage)
    assert dialog.page.dark.isChecked() is paper
    imported(window, qtbot, dialog)
    assert np.median(current(window).x) < 0.1, "what is nothing is near zero"


def test_that_after_an_import_it_is_said_what_would_make_the_network_fit(
    window: MainWindow, qtbot: QtBot, flowers: Path
) -> None:
    told: list[str] = []
    window.importing.told.connect(told.append)
    imported(window, qtbot, opened(window, qtbot, flowers))
    assert told[0].startswith("Imported 'flowers': 60 rows.")
    assert "Ctrl+. would help: Give 'dense_2' 3 units." in told[0]
    window.canvas.fix_selection()
    assert window._document.analysis.errors == ()


def test_that_features_in_large_units_are_standardised_and_small_ones_are_left(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    told: list[str] = []
    window.importing.told.connect(told.append)
    for name, unit, scaling in (("large", 1000, "standard"), ("small", 1, "none")):
        rows = "".join(f"{unit * (i % 7 - 3) / 2},{'uv'[i % 2]}\n" for i in range(20))
        (tmp_path / f"{name}.csv").write_text("a,y\n" + rows)
        imported(window, qtbot, opened(window, qtbot, tmp_path / f"{name}.csv"))
        assert window._document.network.setup.data.scaling == scaling
        assert current(window).scaling == scaling
        assert ("standardised" in told[-1]) is (name == "large")
    window._document.undo_stack.undo()
    large = current(window).id
    assert window.project.save_path(tmp_path / "net.bps")
    window.project.load_example("moons")
    assert window.project.open_path(tmp_path / "net.bps")
    assert current(window).id == large and current(window).scaling == "standard"
    qtbot.waitUntil(lambda: window._engine.state is State.EMPTY)


def test_that_a_file_dropped_on_the_window_opens_the_dialog(
    window: MainWindow, qtbot: QtBot, flowers: Path, tmp_path: Path
) -> None:
    def dropped(path: Path) -> bool:
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(path))])
        buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        copy = Qt.DropAction.CopyAction
        enter = QDragEnterEvent(QPoint(5, 5), copy, mime, buttons, keys)
        enter.ignore()
        QApplication.sendEvent(window, enter)
        if enter.isAccepted():
            QApplication.sendEvent(window, QDropEvent(QPointF(5, 5), copy, mime, buttons, keys))
        return enter.isAccepted()

    assert not dropped(tmp_path / "letter.docx")
    assert dropped(flowers)
    qtbot.waitUntil(lambda: window.importing.dialog is not None)
    dialog = window.importing.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: not dialog.busy)
    assert isinstance(dialog.page, TablePage)
    dialog.reject()


def test_that_own_data_go_with_the_project_and_leave_with_it(
    window: MainWindow, qtbot: QtBot, flowers: Path, tmp_path: Path
) -> None:
    window.setup.import_button.click()
    dialog = window.importing.dialog
    assert dialog is not None
    dialog.choose(flowers)
    qtbot.waitUntil(lambda: not dialog.busy)
    imported(window, qtbot, dialog)
    dataset = current(window)
    assert window.project.save_path(tmp_path / "net.bps")
    window.project.load_example("moons")
    assert own.find(dataset.id) is None
    assert window.project.open_path(tmp_path / "net.bps")
    assert np.array_equal(current(window).x, dataset.x)
    assert window.setup.dataset.currentText() == "flowers"
    qtbot.waitUntil(lambda: window._engine.state is State.EMPTY)
