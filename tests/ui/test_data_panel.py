"""The Data panel: source, split, corruption and rows, each change one entry of the history."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from networks import chain
from PySide6.QtCore import QAbstractItemModel, QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QComboBox
from pytestqt.qtbot import QtBot

from backprop_studio import data
from backprop_studio.data import DataSettings
from backprop_studio.insight.rows import Which
from backprop_studio.network import edits
from backprop_studio.training import State
from backprop_studio.ui import theme
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.models.rows_model import CHANGED, RowsModel
from backprop_studio.ui.panels.data import DataPanel

ROLE = Qt.ItemDataRole


@pytest.fixture
def document(qapp: QApplication) -> Document:
    document = Document()
    document.reset(chain())
    return document


@pytest.fixture
def panel(document: Document, qtbot: QtBot) -> DataPanel:
    panel = DataPanel(document)
    qtbot.addWidget(panel)
    panel.resize(380, 520)
    with qtbot.waitActive(panel):
        panel.show()
        panel.activateWindow()
    return panel


def settings(document: Document) -> DataSettings:
    return document.network.setup.data


def choose(combo: QComboBox, key: object) -> None:
    combo.setCurrentIndex(combo.findData(key))


def keys(document: Document) -> list[str]:
    return [c.info.id for c in settings(document).corruptions]


def cell(model: QAbstractItemModel, row: int, column: int, role: int = ROLE.DisplayRole) -> object:
    return model.data(model.index(row, column), role)


# --- Source


def test_that_a_source_comes_with_the_scaling_that_suits_it_in_one_edit(
    panel: DataPanel, document: Document
) -> None:
    choose(panel.source.combo, "wine")
    assert document.network.setup.dataset == "wine"
    assert settings(document).scaling == "standard"
    assert document.undo_stack.count() == 1
    choose(panel.source.combo, "moons")
    assert settings(document).scaling == "none"
    document.undo_stack.undo()
    assert settings(document).scaling == "standard"
    assert panel.source.combo.currentData() == "wine"


def test_that_options_make_other_rows_and_go_with_their_source(
    panel: DataPanel, document: Document
) -> None:
    assert not panel.options.isVisible()
    choose(panel.source.combo, "spirals")
    assert set(panel.options.names()) == {"count", "noise", "turns", "classes", "seed"}
    panel.options.editor("classes").setValue(4)
    assert document.undo_stack.undoText() == "Change Arms"
    assert document.network.setup.prepared().dataset.target_width == 4
    assert "4 classes" in panel.source.caption.text()
    assert [g.name for g in panel.bars.groups][-1] == "fourth arm"
    panel.options.editor("classes").setValue(2)
    assert settings(document).options is None, "as it always is"
    panel.options.editor("count").setValue(1000)
    assert sum(g.total for g in panel.bars.groups) == 1000
    choose(panel.source.combo, "iris")
    assert settings(document).options is None
    assert not panel.options.isVisible()


def test_that_split_and_order_are_seen_and_set(panel: DataPanel, document: Document) -> None:
    choose(panel.source.combo, "iris")
    assert panel.counts.text() == "120 to train on · 30 held out"
    assert [(g.training, g.held_out) for g in panel.bars.groups] == [(40, 10)] * 3
    panel.settings.editor("stratified").click()
    assert document.undo_stack.undoText() == "Change Stratified"
    assert [(g.training, g.held_out) for g in panel.bars.groups] != [(40, 10)] * 3
    panel.settings.editor("shuffle").click()
    assert not settings(document).shuffle
    editor = panel.split.editor("validation")
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, "0.5")
    panel.commit_edits()
    assert document.network.setup.validation == 0.5
    assert panel.counts.text() == "75 to train on · 75 held out"


def test_that_only_settings_that_do_something_are_shown(
    panel: DataPanel, document: Document
) -> None:
    def shown() -> set[str]:
        return {n for n in panel.settings.names() if not panel.settings.widget(n).isHidden()}

    choose(panel.source.combo, "sine")
    assert shown() == {"shuffle", "scaling"}
    choose(panel.settings.editor("scaling"), "range")
    assert shown() == {"shuffle", "scaling", "scale_targets"}
    choose(panel.source.combo, "story")
    assert shown() == {"stratified", "shuffle"}
    choose(panel.source.combo, "digits")
    assert shown() == {"stratified", "shuffle", "scaling"}


def test_that_a_fault_is_told_where_it_is_and_no_old_rows_are_left(
    panel: DataPanel, document: Document
) -> None:
    network = document.network
    moons = data.recipe("moons")
    assert moons is not None
    wrong = DataSettings(options=moons.from_config({"count": 3}))
    setup = replace(network.setup, dataset="moons", data=wrong)
    document.apply("x", edits.set_setup(network, setup))
    assert "from 20" in panel.options.note("count")
    assert panel.rows.model.rowCount() == 0
    assert "Rows" in panel.rows.reason.text
    document.undo_stack.undo()
    assert panel.rows.reason.text == ""
    assert panel.rows.model.rowCount() == 1797


# --- Corruption


def test_that_corruptions_are_added_ordered_changed_and_removed(
    panel: DataPanel, document: Document
) -> None:
    spoil = panel.corruptions
    for key in ("label_noise", "swapped_labels", "permuted_features"):
        spoil.add(key)
    assert keys(document) == ["label_noise", "swapped_labels", "permuted_features"]
    assert document.undo_stack.undoText() == "Add Permuted features"
    assert spoil.list.currentRow() == 2
    assert spoil.list.item(0).text() == "Label noise · 288 rows"
    assert panel.tabs.tabText(1) == "Corruption (3)"
    spoil.move_by(-1)
    assert keys(document) == ["label_noise", "permuted_features", "swapped_labels"]
    assert spoil.list.currentRow() == 1
    spoil.list.setCurrentRow(2)
    choose(spoil.form.editor("second"), 7)
    assert document.undo_stack.undoText() == "Change And class of Swapped labels"
    assert settings(document).corruptions[2].config()["second"] == 7
    assert spoil.list.currentRow() == 2
    spoil.remove()
    assert keys(document) == ["label_noise", "permuted_features"]
    assert document.undo_stack.count() == 6
    for _ in range(6):
        document.undo_stack.undo()
    assert keys(document) == [] == [spoil.list.item(k).text() for k in range(spoil.list.count())]
    assert spoil.form.names() == ()
    assert not spoil.remove_button.isEnabled()


def test_that_corruptions_are_edited_by_keyboard(
    panel: DataPanel, document: Document, qtbot: QtBot
) -> None:
    panel.tabs.setCurrentIndex(1)
    spoil = panel.corruptions
    spoil.add("label_noise")
    spoil.add("renamed_classes")
    spoil.list.setFocus()
    QTest.keyClick(spoil.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert keys(document) == ["renamed_classes", "label_noise"]
    QTest.keyClick(spoil.list, Qt.Key.Key_Down)
    assert spoil.list.currentRow() == 1
    QTest.keyClick(spoil.list, Qt.Key.Key_Delete)
    assert keys(document) == ["renamed_classes"]


def test_that_every_corruption_is_offered_and_has_a_form(
    panel: DataPanel, document: Document
) -> None:
    titles = [a.text() for a in panel.corruptions.menu.actions()]
    assert titles == [kind.info.title for kind in data.corruptions().values()]
    for action, (key, kind) in zip(
        panel.corruptions.menu.actions(), data.corruptions().items(), strict=True
    ):
        action.trigger()
        assert keys(document)[-1] == key
        assert panel.corruptions.summary.text() == kind.info.summary
        assert set(panel.corruptions.form.names()) == {f.name for f in kind.fields()}
        assert not document.analysis.errors, key


def test_that_classes_and_features_are_chosen_by_name(panel: DataPanel, document: Document) -> None:
    choose(panel.source.combo, "iris")
    panel.corruptions.add("swapped_labels")
    editor = panel.corruptions.form.editor("first")
    assert [editor.itemText(k) for k in range(3)] == ["setosa", "versicolor", "virginica"]
    panel.corruptions.add("unscaled_feature")
    editor = panel.corruptions.form.editor("column")
    assert editor.itemText(3) == "petal width (cm)"
    editor.setCurrentIndex(3)
    assert settings(document).corruptions[1].config()["column"] == 3
    choose(panel.source.combo, "wine")
    assert panel.corruptions.form.editor("column").itemText(12) == "proline"


def test_that_a_corruption_that_does_not_fit_says_why(panel: DataPanel, document: Document) -> None:
    panel.corruptions.add("renamed_classes")
    choose(panel.source.combo, "sine")
    assert panel.corruptions.list.item(0).text() == "Renamed classes · does not fit"
    assert "not classes" in panel.corruptions.note.text
    assert "not classes" in panel.rows.reason.text
    assert not panel.tabs.tabIcon(1).isNull()
    panel.corruptions.remove()
    assert panel.corruptions.note.text == "" == panel.rows.reason.text
    assert panel.tabs.tabIcon(1).isNull()


# --- Rows


def test_that_the_table_keeps_the_rules_of_models(panel: DataPanel, document: Document) -> None:
    tester = QAbstractItemModelTester(
        panel.rows.model, QAbstractItemModelTester.FailureReportingMode.Fatal
    )
    choose(panel.source.combo, "iris")
    panel.corruptions.add("leaked_feature")
    choose(panel.rows.which, Which.HELD_OUT)
    choose(panel.source.combo, "story")
    assert tester.model() is panel.rows.model


def test_that_rows_tell_part_label_and_what_was_changed(
    panel: DataPanel, document: Document
) -> None:
    choose(panel.source.combo, "iris")
    panel.corruptions.add("label_noise")
    panel.corruptions.add("leaked_feature")
    model = panel.rows.model
    prepared = document.network.setup.prepared()
    assert (model.rowCount(), model.columnCount()) == (150, 2 + 7)
    heads = [model.headerData(c, Qt.Orientation.Horizontal) for c in range(9)]
    assert heads[:3] == ["Part", "Label", "sepal length (cm)"]
    assert heads[6] == "leaked label: setosa"
    wrong = int(np.flatnonzero(prepared.source.y != prepared.raw.y)[0])
    now = prepared.raw.class_names[prepared.raw.y[wrong]]
    was = prepared.raw.class_names[prepared.source.y[wrong]]
    assert cell(model, wrong, 1) == f"{now} ← {was}"
    assert cell(model, wrong, 1, ROLE.ForegroundRole) == theme.current().color("warning")
    assert cell(model, wrong, 0) == "training"
    held = int(prepared.split.validation[0])
    assert cell(model, held, 0) == "held out"
    assert cell(model, 0, 2) == "5.1"
    assert "Scaled for training" in str(cell(model, 0, 2, ROLE.ToolTipRole))
    assert str(cell(model, 0, 6)).endswith(CHANGED)
    assert "added" in str(cell(model, 0, 6, ROLE.ToolTipRole))


def test_that_a_choice_of_rows_lists_these_and_finds_them_by_number(
    panel: DataPanel, document: Document
) -> None:
    panel.tabs.setCurrentIndex(2)
    panel.corruptions.add("imbalanced_classes")
    prepared = document.network.setup.prepared()
    gone = np.setdiff1d(prepared.drawn.train, prepared.split.train)
    choose(panel.rows.which, Which.LEFT_OUT)
    model = panel.rows.model
    assert [model.number(k) for k in range(model.rowCount())] == gone.tolist()
    assert panel.rows.count.text() == f"{len(gone)} of 1,797"
    panel.rows.go_to.setValue(int(gone[5]))
    assert panel.rows.table.currentIndex().row() == 5
    panel.rows.go_to.setValue(int(prepared.split.train[3]))
    assert panel.rows.which.currentData() == Which.ALL
    assert panel.rows.table.currentIndex().row() == int(prepared.split.train[3])


def test_that_pictures_are_shown_as_they_were_and_as_they_are(
    panel: DataPanel, document: Document
) -> None:
    panel.tabs.setCurrentIndex(2)
    panel.rows.table.selectRow(0)
    assert panel.rows.pictures.isVisible() and not panel.rows.before.isVisible()
    assert not cell(panel.rows.model, 0, 0, ROLE.DecorationRole).isNull()
    panel.corruptions.add("permuted_features")
    panel.rows.table.selectRow(0)
    assert panel.rows.before.isVisible()
    before, after = panel.rows.before.pixmap().toImage(), panel.rows.after.pixmap().toImage()
    assert before != after
    choose(panel.source.combo, "moons")
    panel.rows.table.selectRow(0)
    assert not panel.rows.pictures.isVisible()


def test_that_selected_rows_are_copied_as_text(panel: DataPanel, document: Document) -> None:
    choose(panel.source.combo, "iris")
    panel.tabs.setCurrentIndex(2)
    panel.rows.table.setFocus()
    panel.rows.table.selectRow(2)
    QTest.keyClick(panel.rows.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QApplication.clipboard().text().splitlines()
    assert lines[0].split("\t")[:3] == ["", "Part", "Label"]
    assert lines[1].split("\t")[2:5] == ["setosa", "4.7", "3.2"]


def test_that_a_million_rows_cost_only_what_is_in_sight(qapp: QApplication) -> None:
    class Counting(RowsModel):
        asked = 0

        def data(self, index: QModelIndex, role: int = ROLE.DisplayRole) -> object:
            Counting.asked += 1
            return super().data(index, role)

    from backprop_studio.insight.rows import Rows
    from backprop_studio.ui.widgets.rows_table import RowsTable

    recipe = data.recipe("xor")
    assert recipe is not None
    made = DataSettings(options=recipe.from_config({"count": 1_000_000}))
    table = RowsTable()
    table.model = Counting(table)
    table.table.setModel(table.model)
    table.table.selectionModel().currentRowChanged.connect(table._show_row)
    table.set_rows(Rows(data.prepare("xor", made, 0.2, 1)))
    table.resize(380, 500)
    table.show()
    qapp.processEvents()
    table.go_to.setValue(999_999)
    qapp.processEvents()
    assert table.table.currentIndex().row() == 999_999
    assert 0 < Counting.asked < 10_000
    table.close()
    table.deleteLater()
    data.registry.forget()
    data.prepare.cache_clear()


# --- In the window


def test_that_hidden_it_does_nothing_and_catches_up_when_shown(
    document: Document, qtbot: QtBot
) -> None:
    panel = DataPanel(document)
    qtbot.addWidget(panel)
    assert panel.rows.model.rowCount() == 0
    network = document.network
    document.apply("x", edits.set_setup(network, replace(network.setup, dataset="iris")))
    assert panel.rows.model.rowCount() == 0
    with qtbot.waitExposed(panel):
        panel.show()
    assert panel.rows.model.rowCount() == 150


def test_that_the_set_up_leads_to_it_and_tells_what_is_done(
    window: MainWindow, qtbot: QtBot
) -> None:
    assert not window.data.isVisible()
    window.setup.data_button.click()
    qtbot.waitUntil(window.data.isVisible)
    window.data.corruptions.add("label_noise")
    window.data.settings.editor("shuffle").click()
    assert window.setup._data_state.text() == "one corruption · not shuffled"
    assert window.setup.source.combo.currentData() == "digits"


def test_that_other_data_start_the_training_anew(window: MainWindow, qtbot: QtBot) -> None:
    engine = window._engine
    engine.run()
    qtbot.waitUntil(lambda: engine.snapshot.completed > 20)
    engine.pause()
    qtbot.waitUntil(lambda: engine.state is State.PAUSED)
    window.actions_by_id["data"].trigger()
    window.data.corruptions.add("shuffled_labels")
    qtbot.waitUntil(lambda: engine.snapshot.completed == 0)
    assert window._document.undo_stack.canUndo()


def test_that_it_fits_its_dock_in_the_smallest_useful_width(panel: DataPanel) -> None:
    for index in range(panel.tabs.count()):
        panel.tabs.setCurrentIndex(index)
        assert panel.minimumSizeHint().width() <= 380
        assert panel.tabs.widget(index).minimumSizeHint().width() <= 380
