"""Timeline, branches, breakpoints, the listing and slow motion, in the real window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backprop_studio.autograd import Phase
from backprop_studio.network import edits
from backprop_studio.training import (
    Boundary,
    Cursor,
    Intervention,
    Mailbox,
    Snapshot,
    State,
)
from backprop_studio.training.breakpoints import AtIteration, AtNode, Quantity, When, op_at
from backprop_studio.ui.dialogs.set_number import SetNumberDialog
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.models.program_model import ProgramRole
from backprop_studio.ui.panels.program import ProgramPanel
from tests.ui.waiting import answered

Do = Callable[[str], None]


def steps(window: MainWindow, do: Do, count: int) -> None:
    for _ in range(count):
        do("step_batch")


def go_to(panel: ProgramPanel, instruction: int) -> None:
    row = panel.model.instruction_index(instruction)
    panel.view.setCurrentIndex(panel.view.model().mapFromSource(row))  # type: ignore[attr-defined]


def test_that_clicking_into_the_timeline_goes_to_that_moment_exactly(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    engine = window._engine
    steps(window, do, 4)
    there = engine.weights()
    steps(window, do, 4)
    window.docks["timeline"].raise_()
    slider = window.timeline.slider
    qtbot.waitUntil(slider.isVisible)
    assert (slider.minimum(), slider.maximum(), slider.value()) == (0, 8, 8)
    with answered(qtbot, engine):
        QTest.mouseClick(
            slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, slider.height() // 2)
        )
    assert engine.snapshot.completed == 4
    assert window.timeline.place.text() == "4 of 8"
    assert all(np.array_equal(engine.weights()[k], v) for k, v in there.items())
    with answered(qtbot, engine):
        QTest.keyClick(slider, Qt.Key.Key_Right)
    assert engine.snapshot.completed == 5
    with answered(qtbot, engine):
        window.timeline.buttons["live"].click()
    assert engine.snapshot.completed == 8


def test_that_a_branch_keeps_the_old_future_on_the_chart_and_can_be_left(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    engine, panel = window._engine, window.timeline
    steps(window, do, 6)
    end = engine.weights()
    panel.sought.emit(2)
    qtbot.waitUntil(lambda: engine.snapshot.completed == 2)
    program = window._document.analysis.lowered.program  # type: ignore[union-attr]
    engine.intervene(Intervention(program.parameters[0].id, (0, 0), 0.5))
    qtbot.waitUntil(lambda: len(engine.snapshot.branches) == 2)
    steps(window, do, 2)
    assert "main" in window.losses.plot.curve_names()
    assert len(window.losses.losses) == 4
    panel.tree.setCurrentItem(panel.tree.topLevelItem(0))
    panel.switch_button.click()
    qtbot.waitUntil(lambda: engine.snapshot.branch == engine.snapshot.branches[0].id)
    assert len(window.losses.losses) == 6
    assert "main" not in window.losses.plot.curve_names()
    panel.slider.setValue(6)
    qtbot.waitUntil(lambda: engine.snapshot.completed == 6)
    assert all(np.array_equal(engine.weights()[k], v) for k, v in end.items())


def test_that_a_branch_of_another_design_brings_its_network_back(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    engine, document = window._engine, window._document
    steps(window, do, 5)
    first = document.network
    engine.seek(2)
    qtbot.waitUntil(lambda: engine.snapshot.completed == 2)
    before = engine.snapshot.revision
    setup = replace(document.network.setup, batch_size=16)
    document.apply("Batch size", edits.set_setup(document.network, setup))
    qtbot.waitUntil(lambda: engine.snapshot.revision > before and engine.state is State.PAUSED)
    assert len(engine.snapshot.branches) == 2
    steps(window, do, 1)
    engine.switch(engine.snapshot.branches[0].id)
    qtbot.waitUntil(lambda: len(window.losses.losses) == 5)
    assert document.network.trains_like(first)
    document.undo_stack.undo()
    assert document.network.setup.batch_size == 16


def test_that_a_branch_brings_its_network_back_after_hasty_edits_and_after_errors(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    engine, document = window._engine, window._document
    steps(window, do, 5)
    first = document.network
    engine.seek(2)
    qtbot.waitUntil(lambda: engine.snapshot.completed == 2)
    for size in (16, 8, 4):  # sooner than the worker can speak of any
        setup = replace(document.network.setup, batch_size=size)
        document.apply("Batch size", edits.set_setup(document.network, setup))
    qtbot.waitUntil(lambda: len(engine.snapshot.branches) == 2)
    # With errors, the worker says nothing of branches.
    document.apply("Cut", edits.remove(document.network, (), document.network.wires[:1]))
    qtbot.waitUntil(lambda: engine._worker.state is State.EMPTY)
    engine.pull()
    document.undo_stack.undo()
    qtbot.waitUntil(lambda: len(engine.snapshot.branches) == 2)
    engine.switch(engine.snapshot.branches[0].id)
    qtbot.waitUntil(lambda: engine.snapshot.live == 5)
    assert document.network.trains_like(first)
    session = engine._worker.session
    assert session is not None and session.program == document.analysis.program


def test_that_branches_are_renamed_and_dropped_with_clear_refusals(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    engine, panel = window._engine, window.timeline
    steps(window, do, 1)
    window.actions_by_id["fork"].trigger()
    qtbot.waitUntil(lambda: len(engine.snapshot.branches) == 2)
    item = panel.tree.topLevelItem(1)
    assert item is not None
    item.setText(0, "main")
    qtbot.waitUntil(lambda: "already called" in window.statusBar().currentMessage())
    assert item.text(0) == "branch 2"
    item.setText(0, "tried")
    qtbot.waitUntil(lambda: engine.snapshot.branches[1].name == "tried")
    panel.tree.setCurrentItem(panel.tree.topLevelItem(0))
    panel.drop_button.click()
    qtbot.waitUntil(lambda: [b.name for b in engine.snapshot.branches] == ["tried"])


def test_that_the_form_sets_breakpoints_and_refuses_what_is_no_limit(
    window: MainWindow, qtbot: QtBot
) -> None:
    panel, engine = window.breakpoints, window._engine
    panel.kind.setCurrentIndex(panel.kind.findData("iteration"))
    for wrong in ("", "x", "-3", "2.5", "inf", "nan"):
        panel.number.setText(wrong)
        panel.add_button.click()
        assert not panel.problem.isHidden() and panel.breakpoints == ()
    panel.number.setText("7")
    QTest.keyClick(panel.number, Qt.Key.Key_Return)
    assert panel.breakpoints == (AtIteration(7),)
    assert panel.problem.isHidden()
    window.actions_by_id["run"].trigger()
    qtbot.waitUntil(lambda: engine.snapshot.hit is not None)
    assert (engine.state, engine.snapshot.completed) == (State.PAUSED, 7)
    qtbot.waitUntil(lambda: bool(window.statusBar().currentMessage()))
    assert "after 7 iterations" in window.statusBar().currentMessage()


def test_that_a_breakpoint_on_a_deleted_layer_stays_and_says_so(
    window: MainWindow, qtbot: QtBot
) -> None:
    panel = window.breakpoints
    panel.toggle(AtNode("dense_1"))
    assert panel.list.item(0).text() == "at dense_1"
    window.canvas.select(("dense_1",))
    window.actions_by_id["delete"].trigger()
    assert panel.list.item(0).text() == "at a deleted layer: not in this network"
    assert "has nothing to stop at any more" in window.statusBar().currentMessage()
    window._document.undo_stack.undo()
    qtbot.waitUntil(lambda: panel.list.item(0).text() == "at dense_1")


def test_that_a_breakpoint_stays_on_its_operation_when_the_program_changes(
    window: MainWindow, qtbot: QtBot
) -> None:
    panel, document = window.breakpoints, window._document
    panel.kind.setCurrentIndex(panel.kind.findData("operation"))
    program = document.analysis.require().program
    last = program.start_of(Phase.UPDATE) - 1
    panel.operation.setCurrentIndex(last)
    panel.add_button.click()
    assert panel.instructions() == {last}
    name = panel.list.item(0).text()
    # Without an activation, the instructions before it are fewer.
    shorter = edits.remove(document.network, ("relu_1",))
    shorter = edits.connect(shorter, "dense_1", "dense_2")
    document.apply("Without the activation", shorter)
    after = document.analysis.require().program
    qtbot.waitUntil(lambda: panel.instructions() != {last})
    (now,) = panel.instructions()
    assert now < last and after.instructions[now].op.name == program.instructions[last].op.name
    assert panel.list.item(0).text() == name
    assert window.program.model.breakpoints == {now}
    window.actions_by_id["run"].trigger()
    qtbot.waitUntil(lambda: window._engine.snapshot.hit is not None)
    cursor = window._engine.snapshot.cursor
    assert cursor is not None and cursor.index == now


def test_that_the_listing_follows_the_cursor_and_runs_to_an_instruction(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    engine, panel = window._engine, window.program
    window.docks["program"].raise_()
    qtbot.waitUntil(panel.isVisible)
    do("step_op")
    assert panel.model.current == 1
    backward = window._document.analysis.lowered.program.start_of(Phase.BACKWARD)  # type: ignore[union-attr]
    go_to(panel, backward)
    QTest.keyClick(panel.view, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: engine.snapshot.cursor.index == backward)  # type: ignore[union-attr]
    assert engine.state is State.PAUSED
    QTest.keyClick(panel.view, Qt.Key.Key_B)
    program = window._document.analysis.require().program
    assert window.breakpoints.breakpoints == (op_at(program, backward),)
    assert panel.model.instruction_index(backward).data(ProgramRole.BREAKPOINT)


def test_that_choosing_an_instruction_chooses_its_layer_and_the_other_way_round(
    window: MainWindow, qtbot: QtBot
) -> None:
    panel = window.program
    window.docks["program"].raise_()
    qtbot.waitUntil(panel.isVisible)
    window.canvas.select(("relu_1",))
    assert panel.view.currentIndex().data(ProgramRole.NODE) == "relu_1"
    last = len(window._document.analysis.lowered.program.instructions) - 1  # type: ignore[union-attr]
    go_to(panel, last)
    assert window.canvas.selected_nodes() == ("dense_2",)


def test_that_slow_motion_shows_every_operation(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    engine, put = window._engine, Mailbox.put
    told: list[Cursor] = []
    seen: set[Cursor | None] = set()

    def note(mailbox: Mailbox, snapshot: Snapshot) -> None:
        assert snapshot.cursor is not None
        told.append(snapshot.cursor)
        put(mailbox, snapshot)

    window.transport.speed.setValue(6)
    engine.updated.connect(lambda s, _: seen.add(s.cursor))
    monkeypatch.setattr(Mailbox, "put", note)
    window.actions_by_id["run"].trigger()
    qtbot.waitUntil(lambda: len(seen) > 6, timeout=10_000)
    window.actions_by_id["run"].trigger()
    qtbot.waitUntil(lambda: engine.state is State.PAUSED)
    # A busy window may miss one; the worker leaves none out.
    for before, after in pairwise(told):
        within = after.iteration == before.iteration and after.index - before.index in {0, 1}
        assert within or (after.iteration == before.iteration + 1 and after.index <= 1)


def test_that_an_epoch_can_be_stepped_and_taken_back(window: MainWindow, do: Do) -> None:
    do("step_epoch")
    assert window._engine.snapshot.epoch == 1.0
    do("back_epoch")
    assert window._engine.snapshot.epoch == 0.0
    assert Boundary.EPOCH in window.transport.size_buttons


def test_that_a_number_is_set_by_hand_and_taken_back(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    engine = window._engine
    do("step_phase")
    before = engine.weights()
    seen: list[str] = []

    def fill() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, SetNumberDialog)
        dialog.value.setCurrentIndex(
            dialog.value.findText("dense_1/weight", Qt.MatchFlag.MatchStartsWith)
        )
        for entry, number in (("0, 99999", "1"), ("0", "1"), ("0, 1", "one"), ("0, 1", "inf")):
            dialog.entry.setText(entry)
            dialog.number.setText(number)
            dialog.accept()
            seen.append(dialog.problem.text())
            assert dialog.isVisible() and not dialog.problem.isHidden()
        dialog.number.setText("-0,25")
        QTest.keyClick(dialog.number, Qt.Key.Key_Return)

    QTimer.singleShot(200, fill)
    with answered(qtbot, engine):
        window.actions_by_id["set_number"].trigger()
    assert all(seen)
    assert engine.snapshot.edited
    assert engine.weights()[("dense_1", "weight")][0, 1] == -0.25
    do("back_op")
    assert all(np.array_equal(engine.weights()[k], v) for k, v in before.items())


def test_that_del_in_a_list_never_deletes_the_selected_layer(
    window: MainWindow, do: Do, qtbot: QtBot
) -> None:
    nodes = window._document.network.nodes
    steps(window, do, 2)
    do("fork")
    window.actions_by_id["layout_train"].trigger()
    window.canvas.select(("dense_1",))
    panel = window.breakpoints
    panel.toggle(AtIteration(3))
    window.docks["breakpoints"].raise_()
    qtbot.waitUntil(panel.list.isVisible)
    panel.list.setFocus()
    panel.list.setCurrentRow(0)
    QTest.keyClick(panel.list, Qt.Key.Key_Delete)
    assert panel.breakpoints == ()
    tree = window.timeline.tree
    window.docks["timeline"].raise_()
    qtbot.waitUntil(tree.isVisible)
    tree.setFocus()
    tree.setCurrentItem(tree.topLevelItem(0))
    QTest.keyClick(tree, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: len(window._engine.snapshot.branches) == 1)
    assert window._document.network.nodes == nodes


def test_that_the_list_marks_where_the_run_stopped_and_the_number_is_told(
    window: MainWindow, qtbot: QtBot
) -> None:
    panel, engine = window.breakpoints, window._engine
    panel.toggle(When(Quantity.LOSS, above=True, limit=1e-6))
    panel.toggle(AtIteration(9))
    engine.run()
    qtbot.waitUntil(lambda: "(it is " in window.statusBar().currentMessage(), timeout=10_000)
    assert panel.list.item(0).text() == "loss above 1e-06: the run stopped here"
    assert panel.list.item(1).text() == "after 9 iterations"
    told = float(window.statusBar().currentMessage().split("(it is ")[1].rstrip(")"))
    assert told == pytest.approx(engine.snapshot.loss, rel=1e-3)
    # One step further, the run stands there no more.
    engine.step(Boundary.OP)
    qtbot.waitUntil(lambda: panel.list.item(0).text() == "loss above 1e-06", timeout=10_000)
