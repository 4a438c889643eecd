"""Where there is one row, or one example many times over, that is what is said."""

from __future__ import annotations

import numpy as np
import pytest
from lesson_cases import path_of
from pytestqt.qtbot import QtBot

from backprop_studio import data
from backprop_studio.data import Dataset, Task, drawing, own
from backprop_studio.errors import Diagnostic
from backprop_studio.network import edits
from backprop_studio.training import State
from backprop_studio.ui import counts
from backprop_studio.ui.main_window import MainWindow


def made(x: list[float], y: list[float]) -> Dataset:
    rows = np.array(x, np.float32)[:, None], np.array(y, np.float32)[:, None]
    return Dataset("mine", "Mine", "", *rows, Task.REGRESSION, (), (), None, "", "")


@pytest.mark.parametrize("count", [1, 2, 3, 5, 64, 100])
def test_that_rows_are_one_example_if_none_differs_in_features_or_target(count: int) -> None:
    x, y = [2.0] * count, [9.0] * count
    assert made(x, y).is_one_example
    for place in range(1, count):
        assert not made([*x[:place], 3.0, *x[place + 1 :]], y).is_one_example
        assert not made(x, [*y[:place], 3.0, *y[place + 1 :]]).is_one_example


def test_which_of_the_program_s_data_are_one_example() -> None:
    alike = {info.id for info in data.infos() if data.load(info.id).is_one_example}
    assert alike == {"one_point", "mazur"}


def test_that_one_is_no_plural() -> None:
    assert [counts.rows(n) for n in (0, 1, 2, 1797)] == [
        "0 rows",
        "one row",
        "2 rows",
        "1,797 rows",
    ]
    assert counts.training_rows(1) == "one training row"
    assert counts.training_rows(2) == "2 training rows"


@pytest.mark.parametrize("rows", [1, 8])
def test_that_batches_that_are_too_large_are_told_of_in_words_that_fit(rows: int) -> None:
    text = Diagnostic("batch-too-large", {"batch": 64, "rows": rows}).text
    assert text == f"The batch size is 64, more than there are rows to train on ({rows})."


@pytest.mark.parametrize("name", ["01_one_neuron", "04_error_flows_backward"])
def test_that_no_number_of_a_row_is_told_where_there_is_one_example_only(
    window: MainWindow, qtbot: QtBot, name: str
) -> None:
    assert window.lessons.open(path_of(name))
    runner = window.lessons.runner
    assert runner is not None
    qtbot.waitUntil(lambda: not runner.is_held and window._engine.state is State.PAUSED)
    for key in ("data", "open_example", "open_paths", "open_explanation"):
        window.actions_by_id[key].trigger()
    window.actions_by_id["step_phase"].trigger()
    window.actions_by_id["step_phase"].trigger()
    note = window.tracer._note
    qtbot.waitUntil(lambda: note.text() == "Traced: the only example", timeout=10_000)
    assert window.setup.caption.startswith("64 rows, all alike · ")
    panels = window.instruments
    window.docks["example"].raise_()
    qtbot.waitUntil(lambda: "target" in panels.example.words.text(), timeout=10_000)
    assert panels.example.words.text().startswith("The only example: target")
    assert panels.example.row.text() == "the only row" and not panels.example.example.isVisible()
    window.docks["paths"].raise_()
    qtbot.waitUntil(lambda: panels.paths.row.text() == "the only row")
    window.docks["explanation"].raise_()
    program = window._document.analysis.require().program
    panels.explanation.explain(next(iter(program.inputs.values())), (0, 0))
    said = panels.explanation.story
    qtbot.waitUntil(lambda: "The data have this one example only." in said.text(), timeout=10_000)


def test_that_one_row_to_train_on_is_called_one(window: MainWindow, qtbot: QtBot) -> None:
    drawn = drawing.add(drawing.empty(2), np.array([0.5, 0.5], np.float32), 0)
    drawn = drawing.add(drawn, np.array([-0.5, -0.5], np.float32), 1)
    network = window._document.network
    setup = network.setup.for_dataset(own.keep(drawing.to_dataset(drawn)).id)
    window._document.apply("Draw", edits.set_setup(network, setup))
    window.actions_by_id["open_draw"].trigger()
    panel = window.draw
    qtbot.waitUntil(lambda: panel.status.text() == "one training row, filled; 1 held out, hollow.")
    assert window.setup.caption.startswith("2 rows · ")
    assert any(p.code == "batch-too-large" for p in window._document.analysis.errors)
