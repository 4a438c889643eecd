"""The listing of a training step: the model and the panel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from networks import chain
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QColor, QGuiApplication
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from backprop_studio.autograd import Phase, Program
from backprop_studio.network import Analysis, analyze, edits
from backprop_studio.training import Boundary, Cursor, Session, Snapshot, State
from backprop_studio.ui import theme
from backprop_studio.ui.models.listing_text import describe, short_count
from backprop_studio.ui.models.program_model import Column, Moment, ProgramModel, ProgramRole
from backprop_studio.ui.panels.program import ProgramPanel

ANALYSIS = analyze(chain())


def program_of(analysis: Analysis = ANALYSIS) -> Program:
    assert analysis.lowered is not None
    return analysis.lowered.program


PROGRAM = program_of()
BACKWARD = PROGRAM.start_of(Phase.BACKWARD)
DENSE = next(i for i, x in enumerate(PROGRAM.instructions) if x.phase is Phase.FORWARD)


def paused(index: int, arrays: dict[int, np.ndarray] | None = None, batch: int = 10) -> Snapshot:
    return Snapshot(
        1, State.PAUSED, Cursor(0, index), batch_size=batch, arrays={} if arrays is None else arrays
    )


def model_of(analysis: Analysis = ANALYSIS) -> ProgramModel:
    model = ProgramModel()
    model.set_program(analysis.network, program_of(analysis))
    return model


def cell(model: ProgramModel, i: int, column: int) -> str:
    return str(model.instruction_index(i, column).data())


@pytest.fixture
def panel(qtbot: QtBot) -> ProgramPanel:
    panel = ProgramPanel()
    qtbot.addWidget(panel)
    panel.resize(600, 500)
    panel.set_network(ANALYSIS)
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


def go_to(panel: ProgramPanel, i: int, column: int = Column.TEXT) -> QModelIndex:
    index = panel.view.model().mapFromSource(panel.model.instruction_index(i, column))
    panel.view.setCurrentIndex(index)
    return index


def click(qtbot: QtBot, panel: ProgramPanel, index: QModelIndex) -> None:
    panel.view.scrollTo(index)
    at = panel.view.visualRect(index).center()
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(at))


# The model


def test_that_the_model_keeps_its_promises(qtmodeltester: ModelTester) -> None:
    model = model_of()
    qtmodeltester.check(model)
    model.set_moment(Moment(BACKWARD, BACKWARD, 10, {}))
    model.set_breakpoints(frozenset({0, BACKWARD}))
    model.set_program(chain(), None)
    qtmodeltester.check(model)


def test_that_every_instruction_stands_once_in_its_layer_and_phase() -> None:
    model, seen = model_of(), []
    for p in range(model.rowCount()):
        phase = model.index(p, 0)
        for k in range(model.rowCount(phase)):
            layer = model.index(k, 0, phase)
            assert model.parent(layer) == phase
            for r in range(model.rowCount(layer)):
                index = model.index(r, 0, layer)
                i = index.data(ProgramRole.INSTRUCTION)
                assert model.parent(index) == layer
                assert model.instruction_index(i) == index
                instr = PROGRAM.instructions[i]
                assert layer.data(ProgramRole.NODE) == instr.node
                assert phase.data(ProgramRole.PHASE) is instr.phase
                seen.append(i)
    assert seen == list(range(len(PROGRAM.instructions)))


def test_that_an_instruction_reads_like_source() -> None:
    model = model_of()
    assert cell(model, DENSE, Column.TEXT) == (
        "dense_1: affine = affine(batch of features, dense_1/weight, dense_1/bias)"
    )
    assert cell(model, DENSE, Column.SHAPE) == "N×16"
    assert cell(model, DENSE, Column.COST) == ""
    model.set_moment(Moment(0, 0, 10, {}))
    assert cell(model, DENSE, Column.SHAPE) == "10×16"
    assert cell(model, DENSE, Column.COST) == f"{10 * 64 * 16:,}"


def test_that_a_result_is_shown_once_it_is_computed_and_known() -> None:
    model = model_of()
    (out,) = PROGRAM.instructions[DENSE].outputs
    arrays = {out: np.array([[-1.5, 0.25], [2.0, 0.0]], np.float32)}
    model.set_moment(Moment(DENSE, DENSE, 10, arrays))
    assert cell(model, DENSE, Column.RESULT) == ""
    model.set_moment(Moment(DENSE + 1, DENSE + 1, 10, arrays))
    assert cell(model, DENSE, Column.RESULT) == "\N{MINUS SIGN}1.5 … 2"
    model.set_moment(Moment(DENSE + 2, DENSE + 2, 10, {}))
    assert cell(model, DENSE, Column.RESULT) == ""


def test_that_a_result_that_was_overwritten_is_not_shown_as_this_ones() -> None:
    last = PROGRAM.instructions[-1]
    program = replace(PROGRAM, instructions=(*PROGRAM.instructions, last))
    model = ProgramModel()
    model.set_program(ANALYSIS.network, program)
    total = len(program.instructions)
    arrays = {out: np.zeros(3, np.float32) for out in last.outputs}
    model.set_moment(Moment(total - 1, total - 1, 10, arrays))
    shown = cell(model, total - 2, Column.RESULT)
    assert shown
    model.set_moment(Moment(0, total, 10, arrays))
    assert cell(model, total - 2, Column.RESULT) == ""
    assert cell(model, total - 1, Column.RESULT) == shown


def test_that_only_rows_that_look_different_are_announced() -> None:
    model = model_of()
    model.set_moment(Moment(DENSE, DENSE, 10, {}))
    told: list[int] = []

    def note(first: QModelIndex, last: QModelIndex) -> None:
        i = first.data(ProgramRole.INSTRUCTION)
        if i is not None:
            told.extend(range(i, last.data(ProgramRole.INSTRUCTION) + 1))

    model.dataChanged.connect(note)
    model.set_moment(Moment(DENSE, DENSE, 10, {}))
    assert told == []
    model.set_moment(Moment(DENSE + 1, DENSE + 1, 10, {}))
    assert told == [DENSE, DENSE + 1]
    told.clear()
    model.set_breakpoints(frozenset({3}))
    model.set_breakpoints(frozenset({3, 5}))
    model.set_breakpoints(frozenset({3, 5, 10_000}))
    assert told == [3, 5]


def test_that_another_name_of_a_layer_keeps_the_rows() -> None:
    model = model_of()
    resets: list[None] = []
    model.modelReset.connect(lambda: resets.append(None))
    network = ANALYSIS.network
    node = PROGRAM.instructions[DENSE].node
    renamed = analyze(edits.rename(network, node, "hidden"))
    model.set_program(renamed.network, program_of(renamed))
    assert resets == []
    assert cell(model, DENSE, Column.TEXT).startswith("hidden: affine = affine(")


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, ""),
        (20_480, "20,480"),
        (99_999, "99,999"),
        (123_456, "123 k"),
        (999_600, "1 M"),
        (1_638_400, "1.64 M"),
        (2_500_000_000_000, "2.5 T"),
    ],
)
def test_that_counts_are_short(count: int, text: str) -> None:
    assert short_count(count) == text


def test_that_numbers_that_are_none_are_shown_as_they_are() -> None:
    assert describe(np.array(0.5)) == "0.5"
    assert describe(np.array([1.0, np.nan])) == "nan … nan"


# The panel


def test_that_the_next_instruction_is_marked_and_what_follows_is_grey(
    panel: ProgramPanel,
) -> None:
    panel.show_snapshot(paused(BACKWARD))
    index = panel.model.instruction_index(BACKWARD, Column.TEXT)
    assert index.data(ProgramRole.CURRENT) is True
    grey = QColor(theme.current().muted)
    role = Qt.ItemDataRole.ForegroundRole
    assert panel.model.instruction_index(BACKWARD + 1, Column.TEXT).data(role) == grey
    assert panel.model.instruction_index(BACKWARD - 1, Column.TEXT).data(role) is None
    shown = panel.view.visualRect(panel.view.model().mapFromSource(index))
    assert panel.view.viewport().rect().intersects(shown)


def test_that_nothing_is_marked_while_training_runs(panel: ProgramPanel) -> None:
    panel.show_snapshot(paused(BACKWARD))
    panel.show_snapshot(Snapshot(1, State.RUNNING, Cursor(4, BACKWARD), batch_size=10))
    assert panel.model.current is None
    assert "→" not in panel.listing()
    slow = Snapshot(1, State.RUNNING, Cursor(4, BACKWARD), batch_size=10, slow=True)
    panel.show_snapshot(slow)
    assert panel.model.current == BACKWARD


def test_that_the_panel_shows_what_a_session_computed(panel: ProgramPanel) -> None:
    session = Session(ANALYSIS.require(), ANALYSIS.network.setup)
    (out,) = PROGRAM.instructions[DENSE].outputs
    while session.cursor.index <= DENSE:
        session.step(Boundary.OP)
    array = np.array(session.machine.array(out))
    panel.show_snapshot(paused(session.cursor.index, {out: array}, session.machine.batch))
    assert cell(panel.model, DENSE, Column.RESULT) == describe(array)
    assert cell(panel.model, DENSE, Column.SHAPE) == f"{session.machine.batch}×16"
    assert panel.model.current == DENSE + 1


def test_that_a_snapshot_of_a_longer_program_is_not_taken_for_this_ones(
    panel: ProgramPanel,
) -> None:
    panel.show_snapshot(paused(len(PROGRAM.instructions) + 5))
    assert panel.model.current is None
    panel.show_snapshot(paused(len(PROGRAM.instructions)))
    assert panel.model.current == 0


def test_that_keys_toggle_a_breakpoint_and_run(panel: ProgramPanel, qtbot: QtBot) -> None:
    go_to(panel, BACKWARD)
    with qtbot.waitSignal(panel.breakpoint_toggled) as toggled:
        qtbot.keyClick(panel.view, Qt.Key.Key_B)
    assert toggled.args == [BACKWARD]
    with qtbot.waitSignal(panel.run_to_requested) as run:
        qtbot.keyClick(panel.view, Qt.Key.Key_Return)
    assert run.args == [BACKWARD]


def test_that_a_click_in_the_first_column_toggles_and_elsewhere_does_not(
    panel: ProgramPanel, qtbot: QtBot
) -> None:
    toggled: list[int] = []
    panel.breakpoint_toggled.connect(toggled.append)
    shown = panel.view.model()
    click(qtbot, panel, shown.mapFromSource(panel.model.instruction_index(DENSE, Column.TEXT)))
    assert toggled == []
    click(qtbot, panel, shown.mapFromSource(panel.model.instruction_index(DENSE + 1)))
    assert toggled == [DENSE + 1]
    # A layer is no instruction.
    layer = panel.model.instruction_index(DENSE).parent()
    click(qtbot, panel, shown.mapFromSource(layer))
    assert toggled == [DENSE + 1]


def test_that_the_menu_says_what_it_would_do(panel: ProgramPanel, qtbot: QtBot) -> None:
    go_to(panel, DENSE)
    texts = [a.text() for a in panel.menu().actions()]
    assert texts[:2] == ["Set Breakpoint", "Run to Here"]
    panel.set_breakpoints(frozenset({DENSE}))
    toggle, run = panel.menu().actions()[:2]
    assert toggle.text() == "Remove Breakpoint"
    with qtbot.waitSignal(panel.run_to_requested) as sent:
        run.trigger()
    assert sent.args == [DENSE]
    panel.view.setCurrentIndex(QModelIndex())
    assert not any(a.isEnabled() for a in panel.menu().actions()[:2])


def listen(panel: ProgramPanel) -> tuple[list[int], list[str], Callable[[], None]]:
    instructions: list[int] = []
    nodes: list[str] = []
    panel.instruction_selected.connect(instructions.append)
    panel.node_selected.connect(nodes.append)

    def clear() -> None:
        instructions.clear()
        nodes.clear()

    return instructions, nodes, clear


def test_that_a_selection_is_told_and_one_from_outside_is_not(panel: ProgramPanel) -> None:
    instructions, nodes, clear = listen(panel)
    node = PROGRAM.instructions[DENSE].node
    go_to(panel, DENSE)
    assert (instructions, nodes) == ([DENSE], [node])
    clear()
    panel.show_snapshot(paused(BACKWARD))
    panel.view.setCurrentIndex(QModelIndex())
    panel.select_node(node)
    chosen = panel.selected()
    assert chosen is not None
    assert PROGRAM.instructions[chosen].node == node
    assert PROGRAM.instructions[chosen].phase is Phase.BACKWARD
    assert PROGRAM.instructions[chosen - 1].node != node
    panel.select_node("")
    assert panel.selected() is None
    panel.select_node("no such node")
    assert panel.selected() is None
    assert (instructions, nodes) == ([], [])


def test_that_the_instruction_chosen_here_is_not_lost_to_its_own_echo(
    panel: ProgramPanel,
) -> None:
    node = PROGRAM.instructions[BACKWARD].node
    last = max(i for i, x in enumerate(PROGRAM.instructions) if x.node == node)
    panel.node_selected.connect(panel.select_node)
    go_to(panel, last)
    assert panel.selected() == last


def test_that_a_filter_shows_what_has_all_words_and_tells_nobody(panel: ProgramPanel) -> None:
    go_to(panel, DENSE)
    instructions, nodes, _ = listen(panel)
    panel.search.setText("backward RELU")
    lines = panel.listing().splitlines()
    assert lines[0].split()[0] == "backward"
    assert any("relu_backward(" in line for line in lines)
    assert not any("affine(" in line for line in lines)
    assert (instructions, nodes) == ([], [])
    panel.search.setText("no such thing")
    assert panel.listing() == ""
    panel.search.clear()
    assert panel.listing().count(" = ") == len(PROGRAM.instructions)


def test_that_the_listing_is_copied_with_marks(panel: ProgramPanel, qtbot: QtBot) -> None:
    panel.set_breakpoints(frozenset({DENSE}))
    panel.show_snapshot(paused(DENSE))
    qtbot.keyClick(panel.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    (line,) = (
        x for x in QGuiApplication.clipboard().text().splitlines() if "= affine(" in x and "●" in x
    )
    assert line.startswith("●→")
    assert line.split()[-2:] == ["10×16", "10,240"]


def test_that_a_hidden_panel_computes_nothing_and_catches_up(qtbot: QtBot) -> None:
    panel = ProgramPanel()
    qtbot.addWidget(panel)
    node = PROGRAM.instructions[BACKWARD].node
    panel.set_network(ANALYSIS)
    panel.show_snapshot(paused(BACKWARD))
    panel.select_node(node)
    assert panel.model.rowCount() == 0
    with qtbot.waitExposed(panel):
        panel.show()
    assert panel.model.current == BACKWARD
    chosen = panel.selected()
    assert chosen is not None
    assert PROGRAM.instructions[chosen].node == node


def test_that_an_unfinished_network_says_what_is_missing(panel: ProgramPanel) -> None:
    assert not panel.empty.isVisible()
    unfinished = analyze(chain([("input", {})]))
    panel.set_network(unfinished)
    assert panel.empty.isVisible()
    assert panel.empty.text() == unfinished.errors[0].text
    assert not panel.view.isVisible()


def test_that_a_narrow_panel_has_room_for_the_instructions(
    panel: ProgramPanel, qtbot: QtBot
) -> None:
    numbers = (Column.SHAPE, Column.RESULT, Column.COST)
    assert not any(panel.view.isColumnHidden(c) for c in numbers)
    panel.resize(420, 400)
    qtbot.waitUntil(lambda: panel.view.isColumnHidden(Column.COST))
    assert not panel.view.isColumnHidden(Column.RESULT)
    panel.resize(340, 400)
    qtbot.waitUntil(lambda: panel.view.isColumnHidden(Column.RESULT))
    assert panel.view.columnWidth(Column.TEXT) >= 250
    tip = panel.model.instruction_index(DENSE, Column.TEXT).data(Qt.ItemDataRole.ToolTipRole)
    assert "N×16" in tip
