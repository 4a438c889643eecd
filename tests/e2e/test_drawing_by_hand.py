"""The canvas as a drawing program: taken inputs, keys held in a drag, lines, blocks, rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from hands import Desk, missing_tools
from networks import chain

from backprop_studio import project
from backprop_studio.network import Network, edits
from backprop_studio.nn import nodes
from backprop_studio.project import Project

pytestmark = [
    pytest.mark.skipif(bool(missing_tools()), reason=f"needs {', '.join(missing_tools())}"),
    pytest.mark.timeout(240),
]


def beside() -> Network:
    """Layers in a row, and below them a tanh that takes what the first dense layer gives."""
    network = chain()
    places = {n.id: (210.0 * k, 0.0) for k, n in enumerate(network.nodes)}
    network, tanh = edits.add_node(edits.move(network, places), nodes()["tanh"](), 420.0, 160.0)
    return edits.connect(network, "dense_1", tanh)


@pytest.fixture
def person(studio: Desk, tmp_path: Path) -> Desk:
    """Somebody before that network."""
    file = tmp_path / "beside.bps"
    project.save(Project(beside()), file)
    studio.open(file)
    studio.wait("it can be trained", lambda s: s["state"] == "paused")
    studio.key("ctrl+0")
    studio.click(studio.see("canvas", 0.5, 0.97))
    studio.wait("nothing is selected", lambda s: s["selected"] == [])
    return studio


def undone(person: Desk, times: int) -> None:
    """Take back all, so that the next file opens unasked."""
    for _ in range(times):
        person.key("ctrl+z")
    person.wait("all is as it was", lambda s: not s["modified"])


def test_that_a_wire_takes_the_place_of_another_by_mouse_and_by_key(person: Desk) -> None:
    old, new = ["relu_1", "dense_2"], ["tanh_1", "dense_2"]

    def told() -> None:
        person.meet("it says what it will do", lambda f: "from relu_1" in f["bubble"])

    person.drag(person.see("port", "tanh_1", "out"), person.see("port", "dense_2", "in"), told)
    state = person.wait("the new wire is there", lambda s: new in s["wires"])
    assert old not in state["wires"] and "instead of relu_1" in state["undo"]
    assert "Undo" in state["message"] and state["problems"] != []
    person.key("ctrl+z")
    person.wait("the old one is back", lambda s: old in s["wires"] and new not in s["wires"])

    # Held over it and given up.
    person.drag(
        person.see("port", "tanh_1", "out"),
        person.see("port", "dense_2", "in"),
        lambda: person.tap("Escape"),
    )
    state = person.state()
    assert old in state["wires"] and new not in state["wires"] and not state["modified"]

    person.click(person.see("node", "tanh_1"))
    with person.holding("ctrl"):
        person.click(person.see("node", "dense_2"))
    person.wait("both are selected", lambda s: s["selected"] == ["tanh_1", "dense_2"])
    person.key("c")
    person.wait("the key does the same", lambda s: new in s["wires"] and old not in s["wires"])
    undone(person, 1)


def test_that_keys_held_in_a_drag_copy_and_keep_it_straight(person: Desk) -> None:
    start, end = person.see("node", "relu_1"), person.see("beside", "relu_1", 30, -110)
    with person.holding("ctrl"):
        person.drag(start, end)
    state = person.wait("a copy is there", lambda s: "relu_2" in s["nodes"])
    assert state["undo"] == "Duplicate relu_2" and state["selected"] == ["relu_2"]
    # The canvas may have moved to show the copy; the original stands in its row.
    assert person.see("node", "relu_1")[1] == person.see("node", "dense_1")[1]
    person.key("ctrl+z")
    person.wait("it is gone", lambda s: "relu_2" not in s["nodes"])
    start, end = person.see("node", "relu_1"), person.see("beside", "relu_1", 30, -110)
    away = start[0] - person.see("node", "dense_1")[0]
    with person.holding("shift"):
        person.drag(start, end)
    person.wait("it is moved", lambda s: s["undo"] == "Move relu_1")
    (x, y), (other_x, other_y) = (person.see("node", n) for n in ("relu_1", "dense_1"))
    assert abs(x - other_x - away) <= 1 and y < other_y - 20
    undone(person, 1)


def test_that_a_layer_dropped_on_a_block_goes_into_it(person: Desk) -> None:
    person.click(person.see("node", "dense_1"))
    with person.holding("shift"):
        person.click(person.see("node", "relu_1"))
    person.key("ctrl+g")
    person.wait("a frame is there", lambda s: s["groups"] == [["group_1", "Group 1", False]])
    person.click(person.see("chevron", "group_1"))
    person.wait("it is a block", lambda s: s["groups"] == [["group_1", "Group 1", True]])

    def told() -> None:
        person.meet("it says where it goes", lambda f: "Group 1" in f["bubble"])
        person.picture("into-a-block")

    person.drag(person.see("node", "tanh_1"), person.see("block", "group_1"), told)
    state = person.wait("it is in the block", lambda s: "into Group 1" in s["undo"])
    assert state["selected"] == ["group_1"] and "Unfold" in state["message"]
    person.key("ctrl+c")
    person.move(*person.see("canvas", 0.5, 0.9))
    person.key("ctrl+v")
    state = person.wait("a copy has another name", lambda s: len(s["groups"]) == 2)
    assert state["groups"][1] == ["group_2", "Group 2", True] and "tanh_2" in state["nodes"]
    undone(person, 4)


def test_that_a_selection_is_put_in_a_row_from_its_menu(person: Desk) -> None:
    person.click(person.see("node", "tanh_1"))
    with person.holding("shift"):
        person.click(person.see("node", "loss_1"))
    person.right_click(person.see("node", "tanh_1"))
    person.meet("its menu is open", lambda f: f["menu"] != [])
    # By its letters, as its submenu opens where it likes.
    person.key("a")
    person.key("b")
    person.wait("they stand in line", lambda s: s["undo"] == "Align bottom edges")
    assert person.see("node", "tanh_1")[1] == person.see("node", "loss_1")[1]
    undone(person, 1)
    person.double_click(person.see("wire", "dense_1", "tanh_1", 0.35))
    person.wait("it asks what to put into the wire", lambda s: s["chooser"])
    person.type("sigmoid")
    person.key("Return")
    person.wait("it is in the wire", lambda s: ["sigmoid_1", "tanh_1"] in s["wires"])
    undone(person, 1)
