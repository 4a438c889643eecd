"""The inspector: one entry of the history for each change, and nothing from bad input."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QFocusEvent, QKeySequence, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from backprop_studio.network import Network, UnknownLayer, edits
from backprop_studio.nn import nodes, optimizers
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.panels.inspector import InspectorPanel
from backprop_studio.ui.widgets.field_editors import ChoiceEditor, LineEditor
from backprop_studio.ui.widgets.spec_form import SpecForm


def network() -> Network:
    """Return Input → Dense → Softmax cross-entropy on the digits, and a loose Tanh."""
    result = Network()
    for layer, settings in (
        ("input", {}),
        ("dense", {"units": 10}),
        ("softmax_cross_entropy", {}),
        ("tanh", {}),
    ):
        result, _ = edits.add_node(result, nodes()[layer](**settings), 0, 0)
    result = edits.connect(result, "input_1", "dense_1")
    result = edits.connect(result, "dense_1", "loss_1")
    return edits.set_setup(result, replace(result.setup, dataset="digits"))


@pytest.fixture
def document(qapp: QApplication) -> Document:
    document = Document()
    document.reset(network())
    return document


@pytest.fixture
def panel(document: Document, qtbot: QtBot) -> InspectorPanel:
    panel = InspectorPanel(document)
    qtbot.addWidget(panel)
    panel.resize(250, 400)
    with qtbot.waitActive(panel):
        panel.show()
        panel.activateWindow()
    panel.set_selection(("dense_1",))
    return panel


def units(document: Document) -> int:
    return document.network.node("dense_1").spec.units  # type: ignore[attr-defined]


def retype(editor: object, text: str) -> None:
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, text)


def test_that_typing_a_number_is_one_entry_of_the_history(
    panel: InspectorPanel, document: Document
) -> None:
    editor = panel.form.editor("units")
    retype(editor, "128")
    assert (document.undo_stack.count(), units(document)) == (0, 10)
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert (document.undo_stack.count(), units(document)) == (1, 128)
    assert document.undo_stack.undoText() == "Change Units of dense_1"
    panel.name_edit.setFocus()
    assert document.undo_stack.count() == 1


def test_that_leaving_a_field_commits_it(panel: InspectorPanel, document: Document) -> None:
    retype(panel.form.editor("units"), "7")
    panel.name_edit.setFocus()
    assert (document.undo_stack.count(), units(document)) == (1, 7)


def test_that_undo_and_redo_refresh_the_form(panel: InspectorPanel, document: Document) -> None:
    editor = panel.form.editor("units")
    editor.setValue(20)
    document.undo_stack.undo()
    assert editor.value() == 10
    document.undo_stack.redo()
    assert editor.value() == 20
    assert document.undo_stack.count() == 1


def test_that_check_boxes_and_choices_are_one_entry_each(
    panel: InspectorPanel, document: Document
) -> None:
    panel.form.editor("bias").click()
    choice = panel.form.editor("init")
    assert isinstance(choice, QComboBox)
    QTest.keyClick(choice, Qt.Key.Key_Down)
    spec = document.network.node("dense_1").spec
    assert spec.bias is False  # type: ignore[attr-defined]
    assert spec.init == choice.currentData() != "he"  # type: ignore[attr-defined]
    assert document.undo_stack.count() == 2


@pytest.mark.parametrize("text", ["0", "1000000", "-5"])
def test_that_a_number_out_of_range_changes_nothing_and_tells_why(
    panel: InspectorPanel, document: Document, text: str
) -> None:
    before = document.network
    editor = panel.form.editor("units")
    retype(editor, text)
    if text == "0":
        QTest.keyClick(editor, Qt.Key.Key_Return)
        assert document.network is before
        assert editor.value() == 10
    assert panel.form.note("units") == "Units must be a whole number from 1 to 100,000."
    retype(editor, "12")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert panel.form.note("units") == ""
    assert units(document) == 12


def test_that_a_value_out_of_range_from_a_file_is_shown_as_it_is(
    panel: InspectorPanel, document: Document
) -> None:
    spec = replace(document.network.node("dense_1").spec, units=0)
    document.reset(edits.set_spec(document.network, "dense_1", spec))
    editor = panel.form.editor("units")
    assert editor.value() == 0
    assert "must be a whole number" in panel.form.note("units")
    editor.stepUp()
    assert units(document) == 1
    assert panel.form.note("units") == ""


def test_that_an_edit_in_progress_survives_a_change_elsewhere(
    panel: InspectorPanel, document: Document
) -> None:
    editor = panel.form.editor("units")
    retype(editor, "64")
    renamed = edits.rename(document.network, "dense_1", "hidden")
    document.apply("Rename", renamed)
    assert editor.hasFocus()
    assert editor.text() == "64"
    assert panel.name_edit.text() == "hidden"
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert units(document) == 64
    assert document.undo_stack.undoText() == "Change Units of hidden"


def test_that_an_edit_in_progress_can_be_committed_before_training(
    panel: InspectorPanel, document: Document
) -> None:
    retype(panel.form.editor("units"), "64")
    panel.commit_edits()
    assert units(document) == 64


def test_that_escape_gives_up_an_edit(panel: InspectorPanel, document: Document) -> None:
    editor = panel.form.editor("units")
    retype(editor, "64")
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    panel.name_edit.setFocus()
    assert (document.undo_stack.count(), editor.value()) == (0, 10)


def test_that_undoing_the_layer_away_while_typing_adds_no_entry(
    panel: InspectorPanel, document: Document
) -> None:
    grown, node = edits.add_node(document.network, nodes()["dense"](), 0, 0)
    document.apply("Add dense_2", grown)
    panel.set_selection((node,))
    retype(panel.form.editor("units"), "5")
    document.undo_stack.undo()
    assert document.undo_stack.count() == 1
    assert document.undo_stack.canRedo()
    document.undo_stack.redo()
    assert document.network == grown


def test_that_selecting_another_layer_shows_its_own_values(
    panel: InspectorPanel, document: Document
) -> None:
    grown, node = edits.add_node(document.network, nodes()["dense"](units=3), 0, 0)
    document.apply("Add dense_2", grown)
    retype(panel.form.editor("units"), "99")
    panel.set_selection((node,))
    assert panel.form.editor("units").value() == 3
    assert units(document) == 10


def test_that_a_rename_is_one_entry(panel: InspectorPanel, document: Document) -> None:
    retype(panel.name_edit, "scores")
    QTest.keyClick(panel.name_edit, Qt.Key.Key_Return)
    panel.form.editor("units").setFocus()
    assert document.network.node("dense_1").name == "scores"
    assert document.undo_stack.count() == 1
    document.undo_stack.undo()
    assert panel.name_edit.text() == "dense_1"


@pytest.mark.parametrize(
    ("name", "reason"), [("tanh_1", "already called"), ("a b", "cannot be"), (" ", "needs a name")]
)
def test_that_a_bad_name_is_refused_with_its_reason(
    panel: InspectorPanel, document: Document, name: str, reason: str
) -> None:
    before = document.network
    retype(panel.name_edit, name)
    QTest.keyClick(panel.name_edit, Qt.Key.Key_Return)
    assert document.network is before
    assert panel.name_edit.text() == "dense_1"
    assert reason in panel.name_reason
    retype(panel.name_edit, "x")
    assert panel.name_reason == ""


def test_that_ctrl_z_undoes_in_the_document_unless_something_is_typed(
    panel: InspectorPanel, document: Document
) -> None:
    undo = QAction("Undo", panel, shortcut=QKeySequence.StandardKey.Undo)
    undo.triggered.connect(document.undo_stack.undo)
    panel.addAction(undo)
    editor = panel.form.editor("units")
    retype(editor, "64")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert units(document) == 64
    QTest.keyClick(editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert units(document) == 10
    assert editor.value() == 10
    # Now a name is half typed: Ctrl+Z belongs to its text.
    document.undo_stack.redo()
    retype(panel.name_edit, "scor")
    QTest.keyClick(panel.name_edit, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert units(document) == 64
    assert panel.name_edit.text() != "scor"


def test_that_tab_goes_through_the_fields_before_it_leaves_the_panel(
    document: Document, qtbot: QtBot
) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    panel, after = InspectorPanel(document), QLineEdit()
    layout = QVBoxLayout(window)
    layout.addWidget(panel)
    layout.addWidget(after)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    # The fields come after everything else, and again with each type of layer.
    for selected in ("input_1", "dense_1", "tanh_1", "dense_1"):
        panel.set_selection((selected,))
    panel.name_edit.setFocus()
    fields = [panel.form.editor(name) for name in panel.form.names()]
    fields = [field for field in fields if field.isVisible()]
    for expected in (*fields, panel.frozen_editor, after):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        assert QApplication.focusWidget() is expected


def test_that_the_wheel_over_a_field_without_focus_changes_nothing(
    panel: InspectorPanel, document: Document
) -> None:
    panel.name_edit.setFocus()
    for name in ("units", "init"):
        editor = panel.form.editor(name)
        here = QPointF(editor.rect().center())
        wheel = QWheelEvent(
            here,
            editor.mapToGlobal(here),
            QPoint(),
            QPoint(0, -120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(editor, wheel)
    assert document.undo_stack.count() == 0


def test_that_shape_parameters_and_formula_are_shown(
    panel: InspectorPanel, document: Document
) -> None:
    assert panel.facts == ("N×64 → N×10", "650")
    panel.set_selection(("input_1",))
    assert panel.facts == ("→ N×64", "0")
    panel.set_selection(("loss_1",))
    assert panel.facts[0] == "N×10 → scalar"
    panel.set_selection(("tanh_1",))
    assert panel.facts == ("not known yet", "not known yet")


def test_that_problems_stand_below_the_layer_they_belong_to(panel: InspectorPanel) -> None:
    assert panel.problems == ()
    panel.set_selection(("tanh_1",))
    assert len(panel.problems) == 1
    assert "nothing wired into it" in panel.problems[0]


def test_that_an_unknown_layer_can_be_read_and_not_changed(
    panel: InspectorPanel, document: Document
) -> None:
    spec = UnknownLayer(type="fancy", settings={"filters": 3})
    grown, node = edits.add_node(document.network, spec, 0, 0)
    document.reset(grown)
    panel.set_selection((node,))
    assert panel.name_edit.isReadOnly()
    assert panel.form.names() == ()
    assert "fancy" in panel.message
    assert "filters = 3" in panel.message
    many = {f"s{i}" + "k" * 10_000: ["v" * 1_000_000] for i in range(30)}
    document.reset(edits.add_node(document.network, UnknownLayer("vast", many), 0, 0)[0])
    panel.set_selection((document.network.nodes[-1].id,))
    assert "s19k" in panel.message and "s20k" not in panel.message
    assert len(panel.message) < 8_000


def test_that_none_and_several_are_described(panel: InspectorPanel) -> None:
    panel.set_selection(())
    assert panel.message == "Select a layer to see its settings."
    panel.set_selection(("input_1", "dense_1", "tanh_1", "gone"))
    assert panel.message == "3 layers selected"


def test_that_it_fits_a_narrow_dock_and_every_input_has_a_name(panel: InspectorPanel) -> None:
    assert panel.content_width() <= 234
    for name in panel.form.names():
        editor = panel.form.editor(name)
        assert editor.accessibleName()
        assert editor.accessibleDescription()
        assert editor.toolTip()
        assert editor.focusPolicy() & Qt.FocusPolicy.TabFocus


def siblings(document: Document) -> Network:
    """Give the document a second Dense layer, of the same size, that nothing is wired to yet."""
    wider, second = edits.add_node(document.network, nodes()["dense"](units=10), 0, 0)
    wider = edits.connect(wider, "input_1", second)
    document.reset(wider)
    return wider


def test_that_weights_are_shared_and_parted_again_as_one_entry_each(
    panel: InspectorPanel, document: Document
) -> None:
    siblings(document)
    panel.set_selection(("dense_2",))
    box = panel.weights_editor
    assert [box.itemText(i) for i in range(box.count())] == ["Its own", "Those of dense_1"]
    box.setCurrentIndex(1)
    assert document.network.node("dense_2").shares == "dense_1"
    assert document.undo_stack.undoText() == "Change weights of dense_2"
    assert panel.weights_editor.currentText() == "Those of dense_1"
    panel.weights_editor.setCurrentIndex(0)
    assert document.network.node("dense_2").shares == ""
    document.undo_stack.undo()
    document.undo_stack.undo()
    assert panel.weights_editor.currentText() == "Its own"


def test_that_a_layer_is_frozen_with_all_that_share_its_weights(
    panel: InspectorPanel, document: Document
) -> None:
    document.reset(edits.share_weights(siblings(document), "dense_2", "dense_1"))
    panel.set_selection(("dense_2",))
    panel.frozen_editor.click()
    assert document.network.node("dense_1").frozen and document.network.node("dense_2").frozen
    document.undo_stack.undo()
    assert not panel.frozen_editor.isChecked()


def test_that_layers_without_weights_offer_no_sharing(panel: InspectorPanel) -> None:
    assert panel.frozen_editor.isVisible()
    panel.set_selection(("loss_1",))
    assert not panel.frozen_editor.isVisible()


def chosen(document: Document, panel: InspectorPanel, kind: str) -> str:
    """The id of a new node of this type, which the panel shows."""
    changed, node_id = edits.add_node(document.network, nodes()[kind](), 0.0, 0.0)
    document.reset(changed)
    panel.set_selection((node_id,))
    return node_id


def test_that_a_bad_formula_is_kept_and_told_below_its_row_until_it_is_good(
    panel: InspectorPanel, document: Document
) -> None:
    node_id = chosen(document, panel, "custom")
    editor = panel.form.editor("expression")
    for typed, note in (
        ("x ^ 2", "at character 3, '^'"),
        ("2x", "a product is written with *"),
        ("x" * 250, "at most 200 characters"),
        ("x * x", ""),
    ):
        retype(editor, typed)
        QTest.keyClick(editor, Qt.Key.Key_Return)
        assert document.network.node(node_id).spec.expression == typed  # type: ignore[attr-defined]
        assert editor.text() == typed  # type: ignore[attr-defined]
        shown = panel.form.note("expression")
        assert note in shown
        assert bool(shown) == bool(note)
    assert document.undo_stack.count() == 4
    document.undo_stack.undo()
    assert editor.text() == "x" * 250  # type: ignore[attr-defined]


def test_that_fewer_inputs_take_their_wires_with_them_in_one_entry(
    panel: InspectorPanel, document: Document
) -> None:
    node_id = chosen(document, panel, "custom")
    panel.form.editor("inputs").setCurrentIndex(1)  # type: ignore[attr-defined]
    wired = edits.connect(edits.connect(document.network, "tanh_1", node_id), "dense_1", node_id, 1)
    document.apply("Wire", wired)
    panel.form.editor("inputs").setCurrentIndex(0)  # type: ignore[attr-defined]
    assert [w.port for w in document.network.wires if w.target == node_id] == [0]
    document.undo_stack.undo()
    assert document.network == wired


def test_that_class_weights_are_typed_as_a_list(panel: InspectorPanel, document: Document) -> None:
    panel.set_selection(("loss_1",))
    editor = panel.form.editor("class_weights")

    def weights() -> tuple[float, ...]:
        return document.network.node("loss_1").spec.class_weights  # type: ignore[attr-defined]

    assert editor.text() == ""  # type: ignore[attr-defined]
    for typed, expected, shown, note in (
        ("1, 2.5 0", (1.0, 2.5, 0.0), "1, 2.5, 0", "3 class weights"),
        ("1, two", (1.0, 2.5, 0.0), "1, 2.5, 0", "must be at most 10,000 numbers"),
        ("-1", (1.0, 2.5, 0.0), "1, 2.5, 0", "each from 0 to"),
        ("1," * 9 + "2", (1.0,) * 9 + (2.0,), ", ".join("1" * 9) + ", 2", ""),
    ):
        retype(editor, typed)
        QTest.keyClick(editor, Qt.Key.Key_Return)
        assert weights() == expected
        assert editor.text() == shown  # type: ignore[attr-defined]
        assert note in panel.form.note("class_weights")
    assert panel.form.note("class_weights") == ""
    retype(editor, " ")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert weights() == ()


def test_that_a_long_label_leaves_room_for_the_settings(
    panel: InspectorPanel, document: Document, qtbot: QtBot
) -> None:
    grown, node_id = edits.add_node(document.network, nodes()["lstm"](), 0, 300)
    document.apply("LSTM", grown)
    plain = panel.form.editor("units").width()
    panel.set_selection((node_id,))
    qtbot.waitUntil(lambda: panel.form.editor("recurrent_init").width() > 0)
    panel.grab()  # lays it out
    assert panel.form.editor("init").width() >= plain - 20, "less a scroll bar"


def test_that_a_setting_is_shown_when_it_does_something(
    panel: InspectorPanel, document: Document
) -> None:
    scale = panel.form.editor("scale")
    assert not scale.isVisible()
    choose = panel.form.editor("init")
    assert isinstance(choose, QComboBox)
    choose.setCurrentIndex(choose.findData("normal"))
    assert panel.form.editor("scale").isVisible()
    document.undo_stack.undo()
    assert not panel.form.editor("scale").isVisible()


@pytest.mark.parametrize("typed", ["10", "0.5"])
def test_that_a_row_that_is_gone_reports_nothing_when_it_loses_the_focus_late(
    qtbot: QtBot, typed: str
) -> None:
    form = SpecForm()
    qtbot.addWidget(form)
    form.set_spec(optimizers()["momentum"](), "optimizer")
    said: list[object] = []
    form.edited.connect(lambda *what: said.append(what))
    editor = form.editor("momentum")
    editor.setText(typed)  # type: ignore[attr-defined]
    editor.setModified(True)  # type: ignore[attr-defined]
    form.set_spec(optimizers()["adam"](), "optimizer")
    # As in a panel that comes back into sight with other settings: the focus is lost only then.
    QApplication.sendEvent(editor, QFocusEvent(QEvent.Type.FocusOut))
    assert said == [] and not form.has_notes()


def test_that_a_label_too_long_for_its_box_ends_with_an_ellipsis(qtbot: QtBot) -> None:
    box = ChoiceEditor([("a", "Mean over the rows of the batch"), ("b", "Sum")])
    qtbot.addWidget(box)
    box.resize(100, 26)
    with qtbot.waitExposed(box):
        box.show()
    box.show_value("a")
    assert box.shown_text().startswith("Mean") and box.shown_text().endswith("…")
    drawn = box.grab().toImage()
    box.setItemText(0, box.shown_text())
    assert box.grab().toImage() == drawn, "what is drawn is what is said"
    box.show_value("b")
    assert box.shown_text() == "Sum"


def test_that_a_long_name_is_shown_from_its_beginning(qtbot: QtBot) -> None:
    line = LineEditor()
    qtbot.addWidget(line)
    line.show_value("a_name_that_is_much_longer_than_the_field_that_it_stands_in")
    assert line.cursorPosition() == 0
