"""The outline as the canvas's twin, and help on what is in front."""

from __future__ import annotations

import inspect

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from backprop_studio import data
from backprop_studio.network import edits
from backprop_studio.nn import nodes, optimizers, schedules
from backprop_studio.ui import docks
from backprop_studio.ui.canvas import mime
from backprop_studio.ui.guide import GUIDE, TOPICS
from backprop_studio.ui.main_window import MainWindow


def _row(window: MainWindow, name: str):  # type: ignore[no-untyped-def]
    tree = window.outline.tree
    items = [tree.topLevelItem(row) for row in range(tree.topLevelItemCount())]
    return next(item for item in items if name in item.text(0))


def test_that_the_outline_mirrors_the_canvas_both_ways(window: MainWindow) -> None:
    window.actions_by_id["outline"].trigger()
    tree, network = window.outline.tree, window._document.network
    names = [tree.topLevelItem(row).text(0).split()[0] for row in range(5)]
    assert names == ["input_1", "dense_1", "relu_1", "dense_2", "loss_1"]
    assert _row(window, "dense_1").text(1) == "N×16"
    assert _row(window, "dense_1").text(2) == "1,040"
    wires = [_row(window, "dense_1").child(i).text(0) for i in range(2)]
    assert wires == ["from input_1", "to relu_1"]

    spoken = _row(window, "dense_1").data(0, Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "dense_1  (Dense); output N×16; learns 1,040 numbers"

    tree.setFocus()
    tree.setCurrentItem(_row(window, "relu_1"))
    (chosen,) = window.canvas.selected_nodes()
    assert network.node(chosen).name == "relu_1"
    dense = next(n.id for n in network.nodes if n.name == "dense_2")
    window.canvas.select((dense,))
    assert window.outline.selected() == (dense,)


def test_that_an_outline_that_was_hidden_shows_what_has_come_and_what_is_selected(
    window: MainWindow,
) -> None:
    document, outline = window._document, window.outline
    network, node = edits.add_node(document.network, nodes()["relu"](), 0.0, 300.0)
    document.apply("Add", network)
    window.canvas.select((node,))
    assert not outline.isVisible() and outline.tree.topLevelItemCount() == 0
    window.actions_by_id["outline"].trigger()
    assert _row(window, network.node(node).name).isSelected()
    assert outline.tree.topLevelItemCount() == len(network.nodes)
    assert outline.selected() == (node,)


def test_that_a_network_is_edited_in_the_outline_alone(window: MainWindow) -> None:
    window.actions_by_id["outline"].trigger()
    outline, document = window.outline, window._document
    before = document.network
    # Delete a wire, then wire the two layers again, in this order.
    relu = _row(window, "relu_1")
    relu.setExpanded(True)
    outline.tree.clearSelection()
    outline.tree.setCurrentItem(relu.child(0))
    assert len(outline.wires()) == 1
    QTest.keyClick(outline.tree, Qt.Key.Key_Delete)
    assert len(document.network.wires) == len(before.wires) - 1
    assert _row(window, "⚠").text(0)
    outline.tree.clearSelection()
    _row(window, "dense_1").setSelected(True)
    _row(window, "relu_1").setSelected(True)
    QTest.keyClick(outline.tree, Qt.Key.Key_C)
    assert set(document.network.wires) == set(before.wires)

    outline.tree.setCurrentItem(_row(window, "relu_1"))
    QTest.keyClick(outline.tree, Qt.Key.Key_F2)
    assert window.inspector.name_edit.text() == "relu_1"
    outline.tree.setFocus()
    QTest.keyClick(outline.tree, Qt.Key.Key_Return)
    assert window.pages.currentWidget() is window.operations
    window.operations.left.emit()
    QTest.keyClick(outline.tree, Qt.Key.Key_Delete)
    assert document.network.named("relu_1") is None
    document.undo_stack.undo()
    assert document.network.named("relu_1") is not None


def test_that_the_outline_reads_out_what_is_wrong_and_f2_replaces_the_name(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.actions_by_id["outline"].trigger()
    with qtbot.waitActive(window):
        window.activateWindow()
    tree = window.outline.tree
    wire = window._document.network.wires[0]
    window._document.apply("Cut", edits.remove(window._document.network, wires=[wire]))
    row = _row(window, "dense_1")
    said = row.data(0, Qt.ItemDataRole.AccessibleTextRole)
    assert said.startswith("dense_1  (Dense); problem: ") and "nothing wired into it" in said
    tree.setFocus()
    tree.setCurrentItem(row)
    QTest.keyClick(tree, Qt.Key.Key_F2)
    name = window.inspector.name_edit
    qtbot.waitUntil(name.hasFocus)
    assert name.selectedText() == "dense_1"
    QTest.keyClicks(name, "a b")
    QTest.keyClick(name, Qt.Key.Key_Return)
    # Heard at once, since the keyboard is there.
    assert "cannot be a layer name" in name.accessibleDescription()
    QTest.keyClick(name, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(name, "first")
    QTest.keyClick(name, Qt.Key.Key_Return)
    assert "cannot be" not in name.accessibleDescription()
    assert "exported weights" in name.accessibleDescription()
    assert _row(window, "first").data(0, Qt.ItemDataRole.AccessibleTextRole).startswith("first")


def test_that_every_spec_and_panel_has_a_help_page(window: MainWindow) -> None:
    panel = window.help
    registries = (nodes(), optimizers(), schedules())
    specs = {s.info.title for registry in registries for s in registry.values()}
    topics = {panel.topic.itemText(row) for row in range(panel.topic.count())}
    assert specs <= topics
    assert {"Panel: Credit", "Panel: Gradients", "Panel: Timeline"} <= topics
    for row in range(panel.topic.count()):
        panel.topic.setCurrentIndex(row)
        text = panel.text.toPlainText()
        # A panel's page says how to read it, and not in the words of the programmers.
        least = 140 if panel.topic.currentText().startswith("Panel: ") else 20
        assert len(text) > least, panel.topic.currentText()
        assert "Asks the worker" not in text and "QUndoView" not in text
        assert "Parameters" not in text and "----" not in text


def test_that_every_dock_has_a_page_of_its_own(window: MainWindow) -> None:
    topics = [window.help.topic.itemText(row) for row in range(window.help.topic.count())]
    for spec in docks.DOCKS:
        assert topics.count(f"Panel: {spec.title}") == 1
    assert set(TOPICS) <= set(topics) and len(set(topics)) == len(topics)
    assert set(GUIDE) <= {spec.key for spec in docks.DOCKS}


def test_that_f1_on_the_bare_canvas_explains_the_canvas(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitActive(window):
        window.activateWindow()
    window.canvas.select(())
    window.canvas.setFocus()
    window.actions_by_id["help"].trigger()
    assert window.help.heading.text() == "<b>The canvas</b>"
    assert "Outline" in window.help.text.toPlainText()


def test_that_f1_explains_what_is_in_front(window: MainWindow) -> None:
    dense = next(n.id for n in window._document.network.nodes if n.name == "dense_1")
    window.canvas.select((dense,))
    window.canvas.setFocus()
    window.actions_by_id["help"].trigger()
    assert window.docks["help"].isVisible()
    assert window.help.heading.text() == "<b>Dense</b>"
    assert "Units" in window.help.text.toPlainText()
    window.docks["credit"].show()
    window.docks["credit"].raise_()
    window.instruments.credit.filter.setFocus()
    window.actions_by_id["help"].trigger()
    assert window.help.heading.text() == "<b>Panel: Credit</b>"


def test_that_f1_explains_the_optimizer_the_schedule_and_the_layer_in_the_palette(
    window: MainWindow, qtbot: QtBot
) -> None:
    with qtbot.waitActive(window):
        window.activateWindow()

    def explained(focus: QWidget) -> str:
        focus.setFocus()
        assert focus.hasFocus()
        window.actions_by_id["help"].trigger()
        return window.help.topic.currentText()

    setup, view = window.setup, window.palette_panel.view
    setup.set_expanded(True)
    assert explained(setup.optimizer) == window._document.network.setup.optimizer.info.title
    setup.optimizer.committed.emit("rmsprop")
    assert explained(setup.editor("learning_rate")) == "RMSprop"
    setup.schedule.committed.emit("cosine")
    assert explained(setup.schedule) == window._document.network.setup.schedule.info.title
    assert explained(setup.editor("batch_size")) == "Panel: Training set-up"
    for layer, topic in (("gelu", "GELU"), (mime.of_preset("mlp"), "Panel: Layers")):
        view.setCurrentIndex(view.indexAt(window.palette_panel.drag_point(layer)))
        assert explained(view) == topic


def test_that_every_corruption_has_a_page_that_says_why_and_what_can_be_set(
    window: MainWindow,
) -> None:
    for kind in data.corruptions().values():
        window.help.explain_topic(f"Corruption: {kind.info.title}")
        assert window.help.heading.text() == f"<b>Corruption: {kind.info.title}</b>"
        text = window.help.text.toPlainText()
        assert kind.info.summary in text
        assert all(field.label in text and field.doc in text for field in kind.fields())
        module = inspect.getmodule(kind)
        assert module is not None and str(module.__doc__).strip() in text
        assert window.help.formula.isHidden()


def test_that_f1_explains_the_corruption_that_is_selected(window: MainWindow) -> None:
    window.layouts.open("data")
    window.data.tabs.setCurrentIndex(1)
    window.data.corruptions.add("swapped_labels")
    window.data.corruptions.list.setFocus()
    window.actions_by_id["help"].trigger()
    assert window.help.heading.text() == "<b>Corruption: Swapped labels</b>"


def test_that_opening_any_panel_gives_it_the_keyboard(window: MainWindow, qtbot: QtBot) -> None:
    for key, dock in window.docks.items():
        window.layouts.open(key)
        qtbot.wait(1)
        assert dock.isAncestorOf(QApplication.focusWidget() or window), key
        focus = QApplication.focusWidget()
        assert focus is dock or focus.focusPolicy() != Qt.FocusPolicy.NoFocus, key
