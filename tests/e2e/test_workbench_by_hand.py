"""The workbench by hand: menu, wires, copies, the keyboard alone, the window, and a crash."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hands import Desk, desk, missing_tools
from PySide6.QtGui import QImage

from backprop_studio import project
from backprop_studio.network.presets import PRESETS
from backprop_studio.project import Project

pytestmark = [
    pytest.mark.skipif(bool(missing_tools()), reason=f"needs {', '.join(missing_tools())}"),
    pytest.mark.timeout(240),
]
CHAIN = ["input_1", "dense_1", "relu_1", "dense_2", "relu_2", "dense_3", "loss_1"]


@pytest.fixture
def drawn(studio: Desk) -> Desk:
    """Somebody before a fresh network of seven layers."""
    studio.key("ctrl+n")
    state = studio.wait("the canvas is asked for", lambda s: s["dialog"] or s["nodes"] == [])
    if state["dialog"]:
        studio.press("Discard")
    studio.wait("an empty canvas", lambda s: s["nodes"] == [] and not s["dialog"])
    studio.click(studio.see("canvas", 0.5, 0.8))
    studio.move(*studio.see("canvas", 0.5, 0.4))
    studio.key("slash")
    studio.wait("the list opens", lambda s: s["chooser"])
    studio.type("Multilayer")
    studio.key("Return")
    studio.wait("the preset stands there", lambda s: s["nodes"] == CHAIN)
    studio.key("ctrl+0")
    studio.key("Escape")
    return studio


def undone(person: Desk, what: str, done: Callable[[dict[str, object]], bool]) -> None:
    """Undo, and see that it is so."""
    person.key("ctrl+z")
    person.wait(f"undone: {what}", done)


def test_that_layers_are_added_at_the_pointer_into_wires_and_by_the_menu(drawn: Desk) -> None:
    person = drawn
    # A layer dropped on a wire goes in between.
    person.drag(person.see("palette", "tanh"), person.see("wire", "dense_1", "relu_1", 0.5))
    state = person.wait("tanh is dropped", lambda s: "tanh_1" in s["nodes"])
    assert ["dense_1", "tanh_1"] in state["wires"] and ["tanh_1", "relu_1"] in state["wires"]
    assert ["dense_1", "relu_1"] not in state["wires"]
    undone(person, "the drop", lambda s: ["dense_1", "relu_1"] in s["wires"])
    # The same by the menu of the wire.
    person.right_click(person.see("wire", "dense_2", "relu_2", 0.5))
    person.meet("the wire's menu", lambda f: "insert_layer" in f["menu"])
    person.picture("menu-wire")
    person.click(person.see("menu", "insert_layer"))
    person.wait("the list opens", lambda s: s["chooser"])
    person.type("Sigmoid")
    person.key("Return")
    person.wait("it stands in between", lambda s: ["dense_2", "sigmoid_1"] in s["wires"])
    undone(person, "the insertion", lambda s: "sigmoid_1" not in s["nodes"])
    # The ground's menu.
    person.right_click(person.see("canvas", 0.5, 0.85))
    person.meet("the ground's menu", lambda f: "quick_add" in f["menu"])
    person.picture("menu-ground")
    person.click(person.see("menu", "quick_add"))
    person.wait("the list opens", lambda s: s["chooser"])
    person.type("Dropout")
    person.key("Return")
    person.wait("it stands there", lambda s: "dropout_1" in s["nodes"])
    undone(person, "the adding", lambda s: "dropout_1" not in s["nodes"])


def test_that_a_whole_network_is_dragged_in_and_its_changes_are_seen_from_afar(
    drawn: Desk, tmp_path: Path
) -> None:
    person = drawn

    def around(node: str) -> QImage:
        """What is on the screen where a card is."""
        x, y = person.see("node", node)
        assert person.see("shot", str(tmp_path / "screen.png"))
        return QImage(str(tmp_path / "screen.png")).copy(x - 30, y - 25, 60, 50)

    person.drag(person.see("palette", "preset:deep_sigmoid"), person.see("canvas", 0.5, 0.9))
    person.wait("it stands there", lambda s: len(s["nodes"]) == len(CHAIN) + 15)
    person.key("ctrl+0")
    person.wheel(person.see("canvas", 0.5, 0.5), -6)
    person.key("Escape")
    person.wait("nothing is selected", lambda s: s["selected"] == [])
    person.move(*person.see("canvas", 0.02, 0.02))
    time.sleep(0.3)
    plain = around("dense_2")
    person.click(person.see("node", "dense_2"))
    person.wait("one is", lambda s: s["selected"] == ["dense_2"])
    person.move(*person.see("canvas", 0.02, 0.02))
    time.sleep(0.3)
    assert around("dense_2") != plain
    person.key("Delete")
    person.wait("it is gone", lambda s: "dense_2" not in s["nodes"])
    undone(person, "the deletion", lambda s: "dense_2" in s["nodes"])
    person.key("Escape")
    time.sleep(0.3)
    assert around("dense_2") == plain
    undone(person, "the network", lambda s: s["nodes"] == CHAIN)


def test_that_wires_are_moved_refused_with_a_reason_and_deleted(drawn: Desk) -> None:
    person = drawn
    person.click(person.see("wire", "relu_1", "dense_2", 0.5))
    person.key("Delete")
    person.wait("the wire is gone", lambda s: ["relu_1", "dense_2"] not in s["wires"])
    # The end of another is dragged to where it was.
    person.drag(person.see("port", "relu_1", "in"), person.see("port", "dense_2", "in"))
    state = person.wait("it ends elsewhere", lambda s: ["dense_1", "dense_2"] in s["wires"])
    assert ["dense_1", "relu_1"] not in state["wires"]
    undone(person, "the end", lambda s: ["dense_1", "relu_1"] in s["wires"])
    # Backwards makes a circle; the reason stands at the pointer before the button is released.
    said: list[str] = []

    def read() -> None:
        said.append(person.see("front")["bubble"])

    person.drag(person.see("port", "relu_1", "out"), person.see("port", "input_1", "out"), read)
    person.drag(person.see("port", "relu_1", "out"), person.see("port", "dense_1", "in"), read)
    assert all(said) and len(set(said)) == 2
    state = person.state()
    assert not state["chooser"] and ["relu_1", "dense_1"] not in state["wires"]
    undone(person, "the deletion", lambda s: ["relu_1", "dense_2"] in s["wires"])


def test_that_groups_and_copies_are_made_from_the_menu_and_each_is_undone(drawn: Desk) -> None:
    person = drawn
    person.click(person.see("node", "dense_2"))
    person.right_click(person.see("node", "dense_2"))
    front = person.meet("the layer's menu", lambda f: "rename" in f["menu"])
    assert {"enter", "explain_output", "stop_here", "duplicate", "help"} <= set(front["menu"])
    person.picture("menu-layer")
    person.click(person.see("menu", "duplicate"))
    person.wait("a copy", lambda s: len(s["nodes"]) == 8)
    assert person.see("front")["shares"] == []
    undone(person, "the copy", lambda s: s["nodes"] == CHAIN)
    person.click(person.see("node", "dense_2"))
    person.key("ctrl+shift+d")
    person.wait("a copy", lambda s: len(s["nodes"]) == 8)
    assert len(person.see("front")["shares"]) == 1
    undone(person, "the shared copy", lambda s: s["nodes"] == CHAIN)
    # The menu key does it as well.
    person.click(person.see("node", "relu_1"))
    person.key("Menu")
    person.meet("the menu by key", lambda f: "cut" in f["menu"])
    person.key("t")
    person.wait("cut by its letter", lambda s: "relu_1" not in s["nodes"])
    undone(person, "the cut", lambda s: s["nodes"] == CHAIN)
    person.click(person.see("node", "relu_1"))
    person.key("shift+F10")
    person.meet("the menu by Shift+F10", lambda f: "cut" in f["menu"])
    person.key("Escape")
    person.meet("it closes", lambda f: f["menu"] == [])
    # A group, folded, unfolded, taken apart; and back through all of it.
    person.click(person.see("node", "dense_1"))
    person.key("shift+Right")
    person.wait("two are selected", lambda s: s["selected"] == ["dense_1", "relu_1"])
    person.key("ctrl+g")
    person.wait("a group", lambda s: len(s["groups"]) == 1)
    person.key("ctrl+shift+l")
    person.wait("folded", lambda s: s["groups"][0][2])
    person.key("ctrl+shift+l")
    person.wait("unfolded", lambda s: not s["groups"][0][2])
    person.key("ctrl+shift+g")
    person.wait("apart", lambda s: s["groups"] == [])
    undone(person, "taking apart", lambda s: len(s["groups"]) == 1)
    undone(person, "unfolding", lambda s: bool(s["groups"][0][2]))  # type: ignore[index]
    undone(person, "folding", lambda s: not s["groups"][0][2])  # type: ignore[index]
    undone(person, "grouping", lambda s: s["groups"] == [])
    person.key("F2")
    person.key("Escape")


def test_that_everything_is_done_in_the_outline_by_keyboard_alone(drawn: Desk) -> None:
    person = drawn
    person.key("ctrl+shift+o")
    person.meet("the outline", lambda f: f["keyboard"] == "Outline of the network")
    person.key("Home")
    person.key("Down")
    person.wait("a layer is chosen", lambda s: s["selected"] == ["dense_1"])
    person.key("shift+F10")
    person.meet("its menu", lambda f: "rename" in f["menu"])
    person.key("d")
    person.wait("a copy", lambda s: len(s["nodes"]) == 8)
    person.key("Delete")
    person.wait("deleted", lambda s: len(s["nodes"]) == 7)
    person.key("ctrl+z")
    person.key("ctrl+z")
    person.wait("both are undone", lambda s: s["nodes"] == CHAIN)
    person.key("ctrl+shift+o")
    person.key("Home")
    person.key("Down")
    person.key("Return")
    person.wait("its operations", lambda s: s["boxes"] != [])
    person.key("Escape")
    person.wait("the canvas again", lambda s: s["boxes"] == [])


def test_that_commands_keys_themes_and_presentation_are_at_hand(drawn: Desk) -> None:
    person = drawn
    before = person.see("front")
    person.key("ctrl+shift+p")
    person.wait("the palette of commands", lambda s: s["chooser"])
    person.type("light or dark")
    person.key("Return")
    front = person.meet("the other theme", lambda f: f["theme"] != before["theme"])
    person.picture(f"workbench-{front['theme']}")
    person.key("ctrl+t")
    person.meet("the first theme", lambda f: f["theme"] == before["theme"])
    person.key("F11")
    person.meet("a presentation", lambda f: f["full"] and f["type"] > before["type"])
    builds = {"palette", "inspector", "setup"}
    person.meet("room for the network", lambda f: not builds & set(f["docks"]))
    person.picture("presentation")
    person.key("F11")
    person.meet("no presentation", lambda f: not f["full"] and f["type"] == before["type"])
    person.meet("all panels again", lambda f: f["docks"] == before["docks"])
    # Other keys for an action, in use at once.
    person.key("ctrl+F1")
    person.wait("the dialog", lambda s: s["dialog"] == "Keyboard shortcuts")
    person.type("arrange")
    person.click(person.see("widget", "New keys: press them"))
    person.key("ctrl+alt+y")
    person.press("Assign")
    person.meet("other keys", lambda f: f["keys"]["arrange"] == "Ctrl+Alt+Y")
    person.press("Close")
    person.wait("the dialog is gone", lambda s: s["dialog"] is None)
    person.drag(person.see("beside", "relu_1", 0, -15), person.see("beside", "relu_1", 40, 120))
    person.wait("a layer is moved", lambda s: "move" in s["undo"].lower())
    person.key("ctrl+alt+y")
    person.wait("it is arranged", lambda s: "arrange" in s["undo"].lower())


DRAG_FROM = """
import sys
from PySide6.QtCore import QMimeData, QUrl, Qt
from PySide6.QtGui import QDrag
from PySide6.QtWidgets import QApplication, QLabel

class Source(QLabel):
    def mousePressEvent(self, event):
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(sys.argv[1])])
        drag = QDrag(self)
        drag.setMimeData(data)
        drag.exec(Qt.DropAction.CopyAction)

app = QApplication([])
label = Source("a file")
label.setWindowFlags(Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint)
label.setGeometry(20, 700, 80, 40)
label.show()
print("shown", flush=True)
app.exec()
"""


def test_that_a_file_is_dropped_a_second_window_opens_and_closing_asks(
    drawn: Desk, tmp_path: Path
) -> None:
    person, path = drawn, tmp_path / "dropped.bps"
    project.save(Project(PRESETS["neuron"].make()), path)
    person.key("ctrl+s")
    person.wait("the dialog opens", lambda s: s["dialog"] == "Save project")
    person.key("ctrl+a")
    person.type(str(tmp_path / "mine.bps"))
    person.key("Return")
    person.wait("it is saved", lambda s: "mine.bps" in s["title"] and not s["modified"])
    with subprocess.Popen(
        [sys.executable, "-c", DRAG_FROM, str(path)],
        env={**os.environ, "DISPLAY": person.display, "QT_QPA_PLATFORM": "xcb"},
        stdout=subprocess.PIPE,
        text=True,
    ) as source:
        assert source.stdout is not None and source.stdout.readline() == "shown\n"
        person.drag([60, 720], person.see("canvas", 0.5, 0.4))
        person.wait("the dropped file is open", lambda s: "dropped.bps" in s["title"])
        source.terminate()
    # The start page is a page of the same window.
    person.key("alt+Home")
    person.meet("the start page", lambda f: f["page"] == "StartPage")
    person.picture("start-page")
    person.press("New network")
    person.wait("an empty canvas", lambda s: s["nodes"] == [])
    # A second window is a process of its own, with a title of its own.
    one = person.windows("Backprop Studio$")
    person.key("ctrl+alt+n")
    person.wait("a second window", lambda s: person.windows("Backprop Studio$") > one, 60)
    person.wait("it is in front", lambda s: not s["active"])
    person.key("ctrl+q")
    person.wait("it is gone", lambda s: person.windows("Backprop Studio$") == one, 60)
    person.click(person.see("canvas", 0.5, 0.2))
    person.wait("the first is in front", lambda s: s["active"])
    # Closing asks about what is not saved, and can be called off.
    person.key("n")
    person.type("a thought")
    person.key("ctrl+Return")
    person.wait("a note", lambda s: s["notes"] == ["a thought"])
    person.key("ctrl+q")
    person.wait("it asks", lambda s: s["dialog"] == "Unsaved changes")
    person.press("Cancel")
    state = person.wait("it stays", lambda s: s["dialog"] is None)
    assert state["notes"] == ["a thought"]


def test_that_what_was_drawn_and_learned_comes_back_after_a_kill(tmp_path: Path) -> None:
    with desk(tmp_path) as person:
        person.wait("the example is ready to run", lambda s: s["state"] == "paused")
        person.wait("the window is active", lambda s: s["active"])
        person.click(person.see("canvas", 0.5, 0.85))
        person.key("n")
        person.type("kept")
        person.key("ctrl+Return")
        person.wait("a note", lambda s: s["notes"] == ["kept"])
        person.key("F5")
        person.wait("it has learned", lambda s: s["completed"] > 50)
        person.key("F5")
        learned = person.wait("it pauses", lambda s: s["state"] == "paused")["completed"]
        weight = person.see("number", "hidden/weight", 10, 3)
        person.meet("it is kept", lambda f: f["kept"])
        folder = next(p.parent for p in tmp_path.rglob("*.bps") if p.parent.name == "recovery")
        person.wait(
            "with all that was learned",
            lambda s: any(f'"trained": {learned}' in p.read_text() for p in folder.glob("*.json")),
        )
        os.kill(person.app.pid, signal.SIGKILL)
        person.app.wait(10)
    with desk(tmp_path) as person:
        person.wait("it asks", lambda s: s["dialog"] == "Unsaved work was found")
        person.picture("recovery")
        person.key("Return")
        state = person.wait("the note is back", lambda s: s["notes"] == ["kept"])
        assert state["modified"]
        person.wait("it is ready", lambda s: s["state"] == "paused")
        assert person.see("number", "hidden/weight", 10, 3) == weight
        person.key("ctrl+q")
        person.wait("it asks", lambda s: s["dialog"] == "Unsaved changes")
        person.press("Discard")
        assert person.app.wait(20) == 0
