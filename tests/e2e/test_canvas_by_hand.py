"""The canvas by hand: adding, wiring, grouping, copying, notes and remedies, with real devices."""

from __future__ import annotations

from pathlib import Path

import pytest
from hands import desk, missing_tools

from backprop_studio import project

pytestmark = [
    pytest.mark.skipif(bool(missing_tools()), reason=f"needs {', '.join(missing_tools())}"),
    pytest.mark.timeout(240),
]


def test_that_a_network_is_drawn_grouped_copied_and_mended_by_hand(tmp_path: Path) -> None:
    with desk(tmp_path) as person:
        person.wait("the example is ready to run", lambda s: s["state"] == "paused")
        person.wait("the window is active", lambda s: s["active"])
        person.key("ctrl+n")
        person.wait("an empty canvas", lambda s: s["nodes"] == [])

        # A double-click on nothing asks what to add; a preset comes with its data.
        person.double_click(person.see("canvas", 0.5, 0.4))
        person.wait("the list opens", lambda s: s["chooser"])
        person.type("Multilayer")
        person.key("Return")
        state = person.wait("the preset stands there", lambda s: len(s["nodes"]) == 7)
        assert state["dataset"] == "digits" and state["problems"] == []
        person.key("ctrl+l")
        person.wait("it is arranged", lambda s: "arrange" in s["undo"].lower())

        # A layer dropped beside a port is wired to it; a slip is undone.
        person.drag(person.see("palette", "tanh"), person.see("beside", "dense_3", 0, 90))
        state = person.wait("tanh is dropped", lambda s: "tanh_1" in s["nodes"])
        person.key("ctrl+z")
        person.wait("and undone", lambda s: "tanh_1" not in s["nodes"])

        # An end of a wire is put elsewhere and back.
        person.click(person.see("node", "relu_1"))
        person.key("w")
        person.key("Delete")
        state = person.wait(
            "the wire is deleted", lambda s: ["dense_1", "relu_1"] not in s["wires"]
        )
        assert any("nothing wired" in p for p in state["problems"])
        person.click(person.see("fix", "relu_1"))
        person.wait("the remedy wires it", lambda s: ["dense_1", "relu_1"] in s["wires"])

        # A box around three layers, a group, a block.
        person.drag(
            person.see("beside", "dense_1", -80, -60), person.see("beside", "dense_2", 80, 50)
        )
        person.wait(
            "three are selected", lambda s: s["selected"] == ["dense_1", "relu_1", "dense_2"]
        )
        person.key("ctrl+g")
        person.wait("they are a group", lambda s: s["groups"] == [["group_1", "Group 1", False]])
        person.key("F2")
        person.type("Encoder")
        person.key("Return")
        person.wait("it has a name", lambda s: s["groups"] == [["group_1", "Encoder", False]])
        person.click(person.see("chevron", "group_1"))
        person.wait("it is a block", lambda s: s["groups"] == [["group_1", "Encoder", True]])
        person.picture("canvas-block")

        # A copy of the block, and a note.
        person.key("ctrl+c")
        person.move(*person.see("canvas", 0.5, 0.85))
        person.key("ctrl+v")
        person.wait("a second block", lambda s: len(s["groups"]) == 2 and len(s["nodes"]) == 10)
        person.key("ctrl+z")
        person.wait("it is gone", lambda s: len(s["groups"]) == 1)
        person.move(*person.see("canvas", 0.3, 0.8))
        person.key("n")
        person.type("Look here")
        person.key("ctrl+Return")
        person.wait("a note", lambda s: s["notes"] == ["Look here"])

        person.key("ctrl+s")
        person.wait("the dialog opens", lambda s: s["dialog"] == "Save project")
        person.key("ctrl+a")
        person.type(str(tmp_path / "mine.bps"))
        person.key("Return")
        person.wait("it is saved", lambda s: "mine.bps" in s["title"] and not s["modified"])
        person.picture("canvas-end")

        # Everything is undone to the start.
        for _ in range(40):
            person.key("ctrl+z")
        person.wait("all is undone", lambda s: s["nodes"] == [] and s["notes"] == [])
        person.key("ctrl+s")
        person.wait("it is saved again", lambda s: not s["modified"])
        person.key("ctrl+q")
        assert person.app.wait(20) == 0
    assert project.load(tmp_path / "mine.bps").network.nodes == ()
