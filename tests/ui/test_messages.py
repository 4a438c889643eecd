"""Messages: every problem in one list, and notices from training above it."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from backprop_studio.errors import Severity
from backprop_studio.network import Network, edits
from backprop_studio.nn import nodes
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.models.messages_model import Message, MessageRole, MessagesModel
from backprop_studio.ui.panels.messages import MessagesPanel


def loose() -> Network:
    """Return a sound network on the digits with one Tanh that nothing is wired to."""
    network = Network()
    for layer, settings in (
        ("input", {}),
        ("dense", {"units": 10}),
        ("softmax_cross_entropy", {}),
        ("tanh", {}),
    ):
        network, _ = edits.add_node(network, nodes()[layer](**settings), 0, 0)
    network = edits.connect(network, "input_1", "dense_1")
    network = edits.connect(network, "dense_1", "loss_1")
    return edits.set_setup(network, replace(network.setup, dataset="digits"))


@pytest.fixture
def document(qapp: QApplication) -> Document:
    document = Document()
    document.reset(loose())
    return document


@pytest.fixture
def panel(document: Document, qtbot: QtBot) -> MessagesPanel:
    panel = MessagesPanel(document)
    qtbot.addWidget(panel)
    panel.resize(400, 200)
    panel.show()
    return panel


def make(*texts: str) -> list[Message]:
    return [Message(text, Severity.ERROR) for text in texts]


def test_that_errors_come_before_warnings(panel: MessagesPanel, document: Document) -> None:
    document.apply("Clear", edits.remove(document.network, ["loss_1"]))
    document.apply("Setup", edits.set_setup(document.network, Network().setup))
    found = [message.severity for message in panel.model.messages]
    assert found == sorted(found, key=lambda s: s is not Severity.ERROR)
    assert len(found) == len(document.analysis.diagnostics) > 1


def test_that_choosing_a_message_asks_for_its_layer(panel: MessagesPanel, qtbot: QtBot) -> None:
    asked: list[str] = []
    panel.node_requested.connect(asked.append)
    index = panel.model.index(0)
    assert index.data(MessageRole.NAME) == "tanh_1"
    point = panel.view.visualRect(index).center()
    QTest.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=point)
    assert asked == ["tanh_1"]
    QTest.keyClick(panel.view, Qt.Key.Key_Return)
    assert asked == ["tanh_1", "tanh_1"]


def test_that_a_message_about_the_whole_network_asks_for_nothing(
    panel: MessagesPanel, document: Document, qtbot: QtBot
) -> None:
    document.reset(Network())
    with qtbot.assertNotEmitted(panel.node_requested):
        for row in range(panel.model.rowCount()):
            panel.view.activated.emit(panel.model.index(row))


def test_that_a_rename_shows_in_the_list(panel: MessagesPanel, document: Document) -> None:
    document.apply("Rename", edits.rename(document.network, "tanh_1", "curve"))
    assert panel.model.index(0).data(MessageRole.NAME) == "curve"


def test_that_an_empty_list_says_so(panel: MessagesPanel, document: Document) -> None:
    assert not panel.says_no_problems()
    document.apply("Delete", edits.remove(document.network, ["tanh_1"]))
    assert panel.model.rowCount() == 0
    assert panel.says_no_problems()
    panel.show_notice("Training stopped.")
    assert not panel.says_no_problems()
    document.undo_stack.undo()
    panel.clear_notices()
    assert not panel.says_no_problems()
    assert panel.view.isVisible()


def test_that_notices_stack_newest_first_and_can_be_dismissed(panel: MessagesPanel) -> None:
    panel.show_notice("one", Severity.WARNING)
    panel.show_notice("two", Severity.ERROR)
    panel.show_notice("one", Severity.WARNING)
    assert panel.notices == ("one", "two")
    button = next(b for b in panel.findChildren(QToolButton) if b.accessibleDescription() == "two")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert panel.notices == ("one",)
    panel.clear_notices()
    assert panel.notices == ()


def test_that_many_notices_leave_room_for_the_list(panel: MessagesPanel) -> None:
    for number in range(20):
        panel.show_notice(f"notice {number}")
    assert len(panel.notices) == 4
    assert panel.notices[0] == "notice 19"


def test_that_an_edit_of_the_network_keeps_notices(
    panel: MessagesPanel, document: Document
) -> None:
    panel.show_notice("Training stopped.")
    document.apply("Delete", edits.remove(document.network, ["tanh_1"]))
    assert panel.notices == ("Training stopped.",)


@pytest.mark.parametrize(
    ("old", "new", "removed", "inserted"),
    [
        ("", "ab", [], [(0, 1)]),
        ("abc", "abc", [], []),
        ("abc", "ac", [(1, 1)], []),
        ("ac", "abc", [], [(1, 1)]),
        ("abc", "axc", [(1, 1)], [(1, 1)]),
        ("aa", "aaa", [], [(2, 2)]),
        ("abc", "", [(0, 2)], []),
        ("abc", "xyz", [(0, 2)], [(0, 2)]),
    ],
)
def test_that_only_rows_that_differ_change(
    qtmodeltester: ModelTester,
    qapp: object,
    old: str,
    new: str,
    removed: list[tuple[int, int]],
    inserted: list[tuple[int, int]],
) -> None:
    model = MessagesModel()
    qtmodeltester.check(model, force_py=True)
    model.set_messages(make(*old))
    changes: dict[str, list[tuple[int, int]]] = {"removed": [], "inserted": []}
    resets: list[None] = []
    model.rowsRemoved.connect(lambda _, first, last: changes["removed"].append((first, last)))
    model.rowsInserted.connect(lambda _, first, last: changes["inserted"].append((first, last)))
    model.modelReset.connect(lambda: resets.append(None))
    model.set_messages(make(*new))
    assert [m.text for m in model.messages] == list(new)
    assert [model.index(row).data() for row in range(model.rowCount())] == list(new)
    assert changes == {"removed": removed, "inserted": inserted}
    assert not resets


def test_that_long_messages_wrap_in_a_narrow_panel(panel: MessagesPanel) -> None:
    index = panel.model.index(0)
    wide = panel.view.visualRect(index).height()
    panel.resize(160, 300)
    QApplication.processEvents()
    rect = panel.view.visualRect(index)
    assert rect.height() > wide
    assert rect.width() <= panel.view.viewport().width()
    assert not panel.grab().isNull()
