"""The training set-up: data, optimizer and numbers, each change one entry of the history."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox
from pytestqt.qtbot import QtBot

from backprop_studio import data
from backprop_studio.network import Network, edits
from backprop_studio.nn import optimizers, schedules
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.panels.setup import SetupPanel
from backprop_studio.ui.widgets.field_editors import format_number


@pytest.fixture
def document(qapp: QApplication) -> Document:
    return Document()


@pytest.fixture
def panel(document: Document, qtbot: QtBot) -> SetupPanel:
    panel = SetupPanel(document)
    qtbot.addWidget(panel)
    panel.resize(250, 400)
    with qtbot.waitActive(panel):
        panel.show()
        panel.activateWindow()
    return panel


def choose(combo: QComboBox, key: str) -> None:
    combo.setCurrentIndex(combo.findData(key))


def change(document: Document, **settings: object) -> None:
    network = document.network
    document.reset(edits.set_setup(network, replace(network.setup, **settings)))


def retype(editor: object, text: str) -> None:
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, text)
    QTest.keyClick(editor, Qt.Key.Key_Return)


def test_that_no_data_set_is_chosen_at_first_and_that_this_is_said(panel: SetupPanel) -> None:
    assert panel.dataset.currentIndex() == -1
    assert panel.dataset.placeholderText() == "Choose a data set…"
    assert "No data set" in panel.note("dataset")


def test_that_every_data_set_can_be_chosen_and_is_described(
    panel: SetupPanel, document: Document, qtbot: QtBot
) -> None:
    for count, info in enumerate(data.infos(), 1):
        choose(panel.dataset, info.id)
        assert document.network.setup.dataset == info.id
        assert document.undo_stack.count() == count
        qtbot.waitUntil(lambda: not document.analysis.preparing)
        assert f"{data.load(info.id).size:,} rows" in panel.caption
        assert data.load(info.id).licence in panel.dataset.toolTip()
        assert (panel.examples > 0) == (data.load(info.id).image_shape is not None)
    document.undo_stack.setIndex(0)
    assert panel.dataset.currentIndex() == -1
    assert panel.caption == ""


def test_that_tokens_are_counted_as_what_they_are(panel: SetupPanel) -> None:
    choose(panel.dataset, "story")
    assert "16 tokens out of 29" in panel.caption
    assert "29 classes" in panel.caption


def test_that_a_data_set_unknown_here_is_shown_and_can_be_left(
    panel: SetupPanel, document: Document
) -> None:
    change(document, dataset="from-the-future")
    assert panel.dataset.currentText() == "from-the-future"
    assert "from-the-future" in panel.note("dataset")
    assert panel.caption == ""
    choose(panel.dataset, "digits")
    assert panel.note("dataset") == ""
    assert panel.dataset.findData("from-the-future") == -1


def test_that_another_optimizer_comes_with_its_own_rate(
    panel: SetupPanel, document: Document
) -> None:
    retype(panel.editor("learning_rate"), "0.5")
    choose(panel.optimizer, "sgd")
    assert document.network.setup.optimizer == optimizers()["sgd"]()
    assert panel.editor("learning_rate").text() == format_number(
        document.network.setup.optimizer.learning_rate
    )
    with pytest.raises(KeyError):
        panel.editor("beta1")
    assert document.undo_stack.count() == 2
    document.undo_stack.undo()
    assert panel.optimizer.currentData() == "adam"
    assert panel.editor("learning_rate").text() == "0.5"
    assert panel.editor("beta1").text() == "0.9"


@pytest.mark.parametrize(("text", "value"), [("1e-3", 1e-3), ("0.02", 0.02), (" 5E-4 ", 5e-4)])
def test_that_a_rate_is_read_in_either_notation(
    panel: SetupPanel, document: Document, text: str, value: float
) -> None:
    change(document, optimizer=optimizers()["adam"](learning_rate=0.3))
    retype(panel.editor("learning_rate"), text)
    assert document.network.setup.optimizer.learning_rate == value
    assert document.undo_stack.count() == 1
    assert document.undo_stack.undoText() == "Change Learning rate"


@pytest.mark.parametrize("text", ["abc", "", "0", "-1", "nan", "inf", "1e9", "1_0", "0,1"])
def test_that_a_bad_rate_changes_nothing_and_tells_why(
    panel: SetupPanel, document: Document, text: str
) -> None:
    before = document.network
    editor = panel.editor("learning_rate")
    editor.setFocus()
    editor.selectAll()
    QTest.keyClick(editor, Qt.Key.Key_Delete)
    QTest.keyClicks(editor, text)
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert document.network is before
    assert editor.text() == "0.001"
    assert panel.note("learning_rate").startswith("Learning rate must be a number above 0")
    retype(editor, "0.1")
    assert panel.note("learning_rate") == ""


def test_that_the_numbers_of_the_setup_are_one_entry_each(
    panel: SetupPanel, document: Document
) -> None:
    retype(panel.editor("batch_size"), "64")
    retype(panel.editor("seed"), str(2**32 - 1))
    retype(panel.editor("validation"), "0.25")
    choose(panel.editor("precision"), "float64")
    retype(panel.editor("beta1"), "0.8")
    setup = document.network.setup
    assert (setup.batch_size, setup.seed, setup.validation) == (64, 2**32 - 1, 0.25)
    assert isinstance(setup.seed, int)
    assert setup.precision == "float64"
    assert setup.optimizer.beta1 == 0.8
    assert document.undo_stack.count() == 5
    document.undo_stack.setIndex(0)
    assert panel.editor("seed").text() == "1"
    assert document.undo_stack.count() == 5


def test_that_problems_stand_below_their_field(panel: SetupPanel, document: Document) -> None:
    change(
        document,
        dataset="digits",
        batch_size=5000,
        optimizer=optimizers()["sgd"](learning_rate=50.0),
    )
    assert "5000" in panel.note("batch_size")
    assert "very large" in panel.note("learning_rate")
    assert panel.note("seed") == ""
    document.reset(Network())
    assert panel.note("batch_size") == ""


def test_that_the_rarer_settings_open_for_a_problem_once(
    panel: SetupPanel, document: Document
) -> None:
    assert not panel.is_expanded()
    change(document, validation=0.9)
    assert panel.is_expanded()
    assert "0.9" in panel.note("validation")
    panel.set_expanded(False)
    change(document, seed=4)
    assert not panel.is_expanded()
    assert panel.editor("learning_rate").isVisible()


def test_that_an_edit_in_progress_is_kept_and_can_be_committed(
    panel: SetupPanel, document: Document
) -> None:
    editor = panel.editor("learning_rate")
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, "0.25")
    panel.editor("batch_size").setValue(16)
    assert editor.text() == "0.25"
    assert document.undo_stack.count() == 1
    panel.commit_edits()
    assert document.network.setup.optimizer.learning_rate == 0.25
    assert document.network.setup.batch_size == 16


def test_that_tab_goes_from_top_to_bottom_also_after_a_switch(panel: SetupPanel) -> None:
    panel.set_expanded(True)
    choose(panel.optimizer, "sgd")
    choose(panel.optimizer, "adam")
    panel.dataset.setFocus()
    visited = []
    while not visited or QApplication.focusWidget() is not panel.dataset:
        visited.append(QApplication.focusWidget().accessibleName())
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    assert visited == [
        *("Data set", "Import data", "Draw points", "Adjust the data"),
        *("Optimizer", "Learning rate", "Batch size", "Seed", "Fewer settings"),
        *("Beta 1", "Beta 2", "Epsilon", "Schedule", "Warm-up", "Clip gradients"),
        *("Held out", "Precision", "L1 penalty", "L2 penalty"),
    ]


def test_that_it_fits_a_narrow_dock_and_every_input_has_a_name(
    panel: SetupPanel, document: Document
) -> None:
    choose(panel.dataset, "digits")
    panel.set_expanded(True)
    assert panel.content_width() <= 234
    for name in ("dataset", "optimizer", "learning_rate", "beta1", "batch_size", "seed"):
        assert panel.editor(name).accessibleName()


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.001, "0.001"), (1e-8, "1e-8"), (20.0, "20"), (1e6, "1000000"), (0.999999, "0.999999"),
     (1.5e-7, "1.5e-7"), (1e22, "1e22")],
)  # fmt: skip
def test_that_numbers_are_written_short_and_exactly(value: float, text: str) -> None:
    assert format_number(value) == text
    assert float(text) == value


def test_that_a_schedule_is_chosen_with_its_settings(panel: SetupPanel, document: Document) -> None:
    panel.set_expanded(True)
    assert panel.schedule.currentData() == "constant"
    choose(panel.schedule, "step")
    assert document.network.setup.schedule == schedules()["step"]()
    assert document.undo_stack.undoText() == "Change Schedule"
    retype(panel.editor("every"), "7")
    retype(panel.editor("gamma"), "0.5")
    expected = schedules()["step"].from_config({"every": 7, "gamma": 0.5})
    assert document.network.setup.schedule == expected
    choose(panel.schedule, "plateau")
    assert panel.editor("patience").text() == "10"
    with pytest.raises(KeyError):
        panel.editor("every")
    assert document.undo_stack.count() == 4
    document.undo_stack.undo()
    assert panel.schedule.currentData() == "step"
    assert panel.editor("every").text() == "7"


def test_that_warm_up_and_clipping_are_settings_of_the_training(
    panel: SetupPanel, document: Document
) -> None:
    panel.set_expanded(True)
    retype(panel.editor("warmup"), "100")
    choose(panel.editor("clip"), "norm")
    retype(panel.editor("clip_at"), "0.5")
    setup = document.network.setup
    assert (setup.warmup, setup.clip, setup.clip_at) == (100, "norm", 0.5)


def test_that_a_schedule_out_of_range_is_shown_at_its_field(
    panel: SetupPanel, document: Document
) -> None:
    change(document, dataset="digits", schedule=schedules()["step"].from_config({"every": 0}))
    assert panel.is_expanded()
    assert "Every is 0" in panel.note("every")


def test_that_the_rate_of_an_optimizer_is_in_sight_whatever_it_is_called(
    panel: SetupPanel, document: Document
) -> None:
    assert not panel.is_expanded()
    choose(panel.optimizer, "random_search")
    assert panel.editor("sigma").isVisible()
    retype(panel.editor("sigma"), "0.25")
    assert document.network.setup.optimizer.rate == 0.25
