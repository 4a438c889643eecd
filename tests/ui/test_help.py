"""F1 leads to the right page from wherever one is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QWidget
from pytestqt.qtbot import QtBot

from backprop_studio.autograd import Program
from backprop_studio.network import Network, edits
from backprop_studio.nn import nodes, optimizers, schedules
from backprop_studio.project.importing import Fitting
from backprop_studio.ui import docks, guide
from backprop_studio.ui.controllers.shortcuts import Shortcuts
from backprop_studio.ui.dialogs.chooser import Chooser
from backprop_studio.ui.dialogs.explaining import TopicWindow
from backprop_studio.ui.dialogs.import_data import ImportDialog
from backprop_studio.ui.dialogs.import_weights import ImportWeightsDialog
from backprop_studio.ui.dialogs.lesson_editor import LessonEditor
from backprop_studio.ui.dialogs.lesson_list import LessonList
from backprop_studio.ui.dialogs.set_number import SetNumberDialog
from backprop_studio.ui.dialogs.shortcuts import ShortcutsDialog
from backprop_studio.ui.main_window import MainWindow

Explained = Callable[[], str]


@pytest.fixture
def explained(window: MainWindow, qtbot: QtBot) -> Explained:
    """Asks for help, and gives the title of the page that is shown then."""
    with qtbot.waitActive(window):
        window.activateWindow()

    def ask() -> str:
        window.actions_by_id["help"].trigger()
        assert window.docks["help"].isVisible()
        shown = window.help.topic.currentText()
        assert window.help.heading.text() == f"<b>{shown}</b>"
        return shown

    return ask


def test_that_the_start_page_is_explained_beside_itself(
    window: MainWindow, explained: Explained
) -> None:
    window.start.show()
    for focus in (window.start.page.begin[0], window.start.page.examples.cards[0]):
        focus.setFocus()
        assert explained() == guide.START_PAGE
        assert window.start.shown
    text = window.help.text.toPlainText()
    assert all(word in text for word in ("Lessons", "Examples", "Networks", "Begin", "Continue"))
    assert {k for k, d in window.docks.items() if not d.isHidden()} == {"help"}
    # Asked from there once more, and from the help itself.
    assert explained() == guide.START_PAGE
    window.start.leave()
    assert window.docks["palette"].isVisible() and not window.start.shown


def test_that_every_panel_leads_to_its_own_page(window: MainWindow, explained: Explained) -> None:
    window.canvas.select(())
    for spec in docks.DOCKS:
        window.layouts.open(spec.key)
        QApplication.processEvents()
        dock, focus = window.docks[spec.key], QApplication.focusWidget()
        assert focus is not None and (focus is dock or dock.isAncestorOf(focus)), spec.key
        assert explained() == f"Panel: {spec.title}", spec.key


def test_that_those_that_speak_of_the_selected_layer_explain_it(
    window: MainWindow, explained: Explained
) -> None:
    node = next(n for n in window._document.network.nodes if n.name == "relu_1")
    for key in ("inspector", "outline", "help"):
        window.layouts.open(key)
        window.canvas.select((node.id,))
        assert explained() == "ReLU", key
    window.layouts.open("history")
    assert explained() == "Panel: Undo history"


def test_that_every_layer_and_loss_on_the_canvas_leads_to_its_page(
    window: MainWindow, explained: Explained
) -> None:
    network, ids = Network(), {}
    for place, (key, kind) in enumerate(nodes().items()):
        network, ids[key] = edits.add_node(network, kind(), 170.0 * place, 0.0)
    window._document.apply("All of them", network)
    for key, kind in nodes().items():
        window.canvas.setFocus()
        window.canvas.select((ids[key],))
        assert explained() == kind.info.title


def test_that_every_entry_of_the_palette_leads_to_its_page(
    window: MainWindow, explained: Explained
) -> None:
    panel = window.palette_panel
    assert set(panel.shown_layers()) >= set(nodes())
    for key, kind in nodes().items():
        view = panel.view
        view.setFocus()
        view.setCurrentIndex(view.indexAt(panel.drag_point(key)))
        assert explained() == kind.info.title


def test_that_every_optimizer_and_schedule_leads_to_its_page(
    window: MainWindow, explained: Explained
) -> None:
    setup = window.setup
    setup.set_expanded(True)
    for key, optimizer in optimizers().items():
        setup.optimizer.committed.emit(key)
        setup.optimizer.setFocus()
        assert explained() == optimizer.info.title
        window.layouts.open("setup")
    for key, schedule in schedules().items():
        setup.schedule.committed.emit(key)
        setup.schedule.setFocus()
        assert explained() == schedule.info.title
        window.layouts.open("setup")


def test_that_the_rest_of_the_window_has_pages_too(
    window: MainWindow, explained: Explained, qtbot: QtBot
) -> None:
    node = window._document.network.nodes[1]
    window.canvas.select(())
    window.canvas.setFocus()
    assert explained() == guide.CANVAS
    window.canvas.select((node.id,))
    window.canvas.group_selection()
    (group,) = window._document.network.groups
    window.canvas.setFocus()
    window.canvas.select((group.id,))
    assert explained() == guide.MARKS
    window.transport.run_button.setFocus()
    assert explained() == guide.TOOLBAR
    window.canvas.select((node.id,))
    window.transport.run_button.setFocus()
    assert explained() == guide.TOOLBAR
    next(iter(window.loop.stages.values())).setFocus()
    assert explained() == guide.LOOP
    window.canvas.node_opened.emit(node.id)
    assert explained() == guide.OPERATIONS


@pytest.mark.parametrize(
    ("action", "typed", "topic"),
    [("quick_add", "tanh", "Tanh"), ("quick_add", "autoenc", guide.CANVAS),
     ("commands", "presentation", guide.COMMANDS), ("examples", "moons", guide.START_PAGE),
     ("find", "relu_1", "ReLU")],
)  # fmt: skip
def test_that_f1_in_a_list_to_choose_from_explains_what_is_chosen(
    action: str, typed: str, topic: str, window: MainWindow, explained: Explained, qtbot: QtBot
) -> None:
    window.canvas.select(())
    window.actions_by_id[action].trigger()
    chooser = window.findChildren(Chooser)[-1]
    qtbot.waitUntil(chooser.search.hasFocus)
    QTest.keyClicks(chooser.search, typed)
    QTest.keyClick(chooser.search, Qt.Key.Key_F1)
    assert window.help.topic.currentText() == topic
    assert window.docks["help"].isVisible()
    qtbot.waitUntil(lambda: not window.findChildren(Chooser))


@pytest.fixture
def dialogs(window: MainWindow, tmp_path: Path) -> Iterator[dict[str, QDialog]]:
    """Every dialog of the program, by the page that belongs to it."""
    analysis, engine = window._document.analysis, window._engine
    program: Program = analysis.require().program
    made: dict[str, QDialog] = {
        guide.NUMBER: SetNumberDialog(
            analysis.network, program, engine.snapshot, engine.ask, window
        ),
        guide.KEYS: ShortcutsDialog(Shortcuts(window.actions_by_id, window._settings), window),
        guide.DATA_IMPORT: ImportDialog(tmp_path, window),
        guide.WEIGHTS_IMPORT: ImportWeightsDialog("w.npz", Fitting({}, ()), window),
        guide.LESSONS: LessonList(window.lessons, window),
        guide.WRITING: LessonEditor(window.lessons, window.project.current, window),
    }
    yield made
    for dialog in made.values():
        dialog.close()
        dialog.deleteLater()


def test_that_f1_in_a_dialog_explains_it_over_it(dialogs: dict[str, QDialog], qtbot: QtBot) -> None:
    for topic, dialog in dialogs.items():
        dialog.open()
        qtbot.waitUntil(dialog.isActiveWindow)
        inside: QWidget = dialog.focusWidget() or dialog
        QTest.keyClick(inside, Qt.Key.Key_F1)
        page = dialog.findChild(TopicWindow)
        assert page is not None and page.isVisible() and page.topic == topic
        assert topic in {label.text() for label in page.findChildren(QLabel)}
        assert len(page.text.text()) > 140
        # The dialog is there again when the page is closed.
        QTest.keyClick(page, Qt.Key.Key_Escape)
        qtbot.waitUntil(lambda d=dialog: d.findChild(TopicWindow) is None)  # type: ignore[misc]
        assert dialog.isVisible()
        dialog.hide()
