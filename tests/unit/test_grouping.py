"""Notes, arrows and groups: what edits do to them, and that training knows nothing of them."""

from __future__ import annotations

import json

import pytest
from networks import chain, residual

from backprop_studio.errors import EditError
from backprop_studio.network import Arrow, Group, Network, Note, analyze, edits, grouping
from backprop_studio.network.marks import MAX_DEPTH, MAX_MARKS, MAX_NAME, MAX_TEXT
from backprop_studio.project import decode, encode
from backprop_studio.project.unsound import UnsoundError


def grouped() -> tuple[Network, str]:
    """The digits network with its hidden layer and ReLU in a group."""
    return grouping.group(chain(), ["dense_1", "relu_1"], "hidden")


def test_that_marks_do_not_change_what_is_trained() -> None:
    plain = chain()
    network, group = grouped()
    network, note = grouping.add_note(network, "the features", 0.0, -100.0)
    network, _ = grouping.add_arrow(network, (0, 0), (9, 9), source=note, target="dense_1")
    network = grouping.set_collapsed(network, [group], True)
    assert network.trains_like(plain) and network != plain
    a, b = analyze(plain), analyze(network)
    assert a.require().program == b.require().program
    assert a.shapes == b.shapes and a.diagnostics == b.diagnostics


def test_that_a_block_has_the_ports_that_lead_outside_and_the_free_ones() -> None:
    network, ids = residual()
    network, group = grouping.group(network, [ids["relu_1"], ids["dense_2"], ids["add_1"]])
    inputs, outputs = grouping.ports(network, group)
    assert inputs == ((ids["relu_1"], 0), (ids["add_1"], 1))
    assert outputs == (ids["add_1"],)
    cut = edits.remove(network, wires=[w for w in network.wires if w.source == ids["dense_2"]])
    inputs, outputs = grouping.ports(cut, group)
    assert inputs == ((ids["relu_1"], 0), (ids["add_1"], 0), (ids["add_1"], 1))
    assert outputs == (ids["dense_2"], ids["add_1"])


def test_that_groups_stand_in_groups_and_the_outermost_block_hides_them() -> None:
    network, inner = grouped()
    network, outer = grouping.group(network, [inner, "dense_2"])
    assert network.holders == {"dense_1": inner, "relu_1": inner, inner: outer, "dense_2": outer}
    assert network.blocks == {}
    closed = grouping.set_collapsed(network, [inner], True)
    assert closed.blocks == {"dense_1": inner, "relu_1": inner}
    closed = grouping.set_collapsed(network, [inner, outer], True)
    assert set(closed.blocks.values()) == {outer}
    assert set(closed.blocks) == {"dense_1", "relu_1", "dense_2", inner}
    assert grouping.nodes_in(closed, outer) == ("dense_1", "relu_1", "dense_2")
    assert grouping.ungroup(network, [outer]).groups == grouped()[0].groups
    assert grouping.ungroup(network, [inner]).holders == dict.fromkeys(
        ("dense_1", "relu_1", "dense_2"), outer
    )


def test_that_a_group_of_members_of_one_group_stands_in_it() -> None:
    network, outer = grouping.group(chain(), ["dense_1", "relu_1", "dense_2"])
    network, inner = grouping.group(network, ["relu_1", "dense_2"])
    assert network.holders[inner] == outer and network.holders["dense_2"] == inner
    # From two groups they leave both, and an empty one is gone.
    network, other = grouping.group(network, ["dense_1", "relu_1"])
    assert outer in network.marks and other not in network.holders
    assert network.holders["dense_1"] == network.holders["relu_1"] == other


def test_that_deleting_a_group_deletes_what_is_in_it_and_its_arrows() -> None:
    network, group = grouped()
    network, _ = grouping.add_arrow(network, (0, 0), (9, 9), target="relu_1")
    gone = edits.remove(network, [group])
    assert {n.id for n in gone.nodes} == {"input_1", "dense_2", "loss_1"}
    assert gone.groups == () and gone.arrows == () and gone.wires == network.wires[-1:]
    # One member after the other: the last takes the group along.
    less = edits.remove(network, ["relu_1"])
    assert less.groups == (Group(group, "hidden", ("dense_1",)),) and less.arrows == ()
    assert edits.remove(less, ["dense_1"]).groups == ()


def test_that_tied_ends_move_with_what_they_are_tied_to() -> None:
    network, note = grouping.add_note(chain(), "look", -100.0, -80.0)
    network, arrow = grouping.add_arrow(
        network, (-100.0, -80.0), (170.0, -32.0), source=note, target="dense_1"
    )
    moved = edits.move(network, {"dense_1": (180.0, 20.0)})
    assert moved.arrows == (Arrow(arrow, -100.0, -80.0, 180.0, -12.0, note, "dense_1"),)
    # Dragged together with all that it is tied to, it keeps its shape.
    x, y = network.arrows[0].middle
    both = edits.move(
        network, {"dense_1": (180.0, 20.0), note: (-90.0, -60.0), arrow: (x + 10, y + 20)}
    )
    assert both.arrows == (Arrow(arrow, -90.0, -60.0, 180.0, -12.0, note, "dense_1"),)
    free, loose = grouping.add_arrow(network, (0.0, 0.0), (10.0, 20.0))
    assert edits.move(free, {loose: (15.0, 10.0)}).arrows[-1].middle == (15.0, 10.0)


def test_that_a_copy_has_marks_of_its_own() -> None:
    network, group = grouped()
    network, note = grouping.add_note(network, "hidden", 170.0, -90.0)
    network, arrow = grouping.add_arrow(network, (0, 0), (9, 9), source=note, target="dense_1")
    network = grouping.join(network, group, [note])
    piece = edits.excerpt(network, [group, arrow])
    assert {n.id for n in piece.nodes} == {"dense_1", "relu_1"} and len(piece.wires) == 1
    copied, new = edits.insert(network, piece, 500.0, 500.0)
    assert len(new) == len(set(new)) == 5 and not set(new) & {note, arrow, group}
    made = copied.groups[-1]
    assert made.name == "hidden 2" and set(made.members) <= set(new)
    assert copied.arrows[-1].source in made.members and copied.arrows[-1].target in made.members
    # Alone, the arrow is tied to nothing.
    assert edits.excerpt(network, [arrow]).arrows == (Arrow(arrow, 0, 0, 9, 9),)
    assert (
        edits.insert(Network(), edits.excerpt(network, [note]), 0, 0)[0].notes[0].text == "hidden"
    )


def test_that_copied_groups_have_names_of_their_own() -> None:
    network, group = grouping.group(chain(), ["dense_1", "relu_1"], "Encoder")
    network, _ = grouping.group(network, [group], "Group 1")
    piece = edits.excerpt(network, [g.id for g in network.groups])
    for _ in range(2):
        network, _ = edits.insert(network, piece, 0.0, 500.0)
    assert [g.name for g in network.groups] == [
        "Encoder", "Group 1", "Encoder 2", "Group 2", "Encoder 3", "Group 3",
    ]  # fmt: skip
    # A copy of a copy, and names that are alike in the piece itself.
    last = edits.excerpt(network, [network.groups[-2].id])
    alike = grouping.rename_group(piece, piece.groups[1].id, "Encoder")
    for more in (last, alike):
        network, _ = edits.insert(network, more, 0.0, 500.0)
    assert [g.name for g in network.groups[6:]] == ["Encoder 4", "Encoder 5", "Encoder 6"]
    # Where nothing is called so, it keeps its name; and no name grows too long for a file.
    assert [g.name for g in edits.insert(Network(), piece, 0, 0)[0].groups] == [
        "Encoder", "Group 1",
    ]  # fmt: skip
    for name in ("w" * MAX_NAME, "w" * (MAX_NAME - 2) + " 9", "7", "007 1", "v 999999"):
        long, group = grouping.group(chain(), ["relu_1"], name)
        copied, _ = edits.insert(long, edits.excerpt(long, [group]), 0, 0)
        first, second = copied.groups
        assert first.name == name != second.name and len(second.name) <= MAX_NAME
        assert decode(encode(copied)) == copied


def test_that_a_layer_put_into_a_wire_of_a_group_joins_it() -> None:
    network, group = grouped()
    inside = next(w for w in network.wires if w.target == "relu_1")
    network, node = edits.add_node(network, network.node("relu_1").spec, 0.0, 0.0)
    assert edits.insert_into(network, node, inside).holders[node] == group
    assert node not in edits.insert_into(network, node, network.wires[0]).holders


def test_that_limits_are_named() -> None:
    with pytest.raises(EditError, match="Select"):
        grouping.group(chain(), ["nobody"])
    network, group = grouped()
    for name in ("", "  ", "x" * 65, "a\nb"):
        with pytest.raises(EditError):
            grouping.rename_group(network, group, name)
    assert (
        grouping.group_of(grouping.rename_group(network, group, " Enc 1 "), group).name == "Enc 1"
    )
    with pytest.raises(EditError, match="characters"):
        grouping.add_note(network, "x" * (MAX_TEXT + 1), 0, 0)
    full = Network(notes=tuple(Note(f"note_{k}", "") for k in range(MAX_MARKS)))
    with pytest.raises(EditError, match="at most"):
        grouping.add_note(full, "", 0, 0)
    with pytest.raises(EditError, match="at most"):
        edits.insert(full, edits.excerpt(full, ["note_1"]), 0, 0)
    for _ in range(MAX_DEPTH - 1):
        network, group = grouping.group(network, [group])
    with pytest.raises(EditError, match="each other"):
        grouping.group(network, [group])
    assert decode(encode(network)) == network


def test_that_files_without_marks_are_as_they_were() -> None:
    assert not {"notes", "arrows", "groups"} & json.loads(encode(chain())).keys()


@pytest.mark.parametrize(
    ("marks", "part"),
    [
        ({"notes": [{"id": "dense_1", "text": "", "x": 0, "y": 0}]}, "'dense_1'"),
        ({"notes": [{"id": "n", "text": "x" * 2001, "x": 0, "y": 0}]}, "text"),
        ({"notes": [{"id": "n", "text": "", "x": 1e300, "y": 0}]}, "x"),
        ({"notes": [{"id": "n", "text": "", "x": 0, "y": 0, "colour": 1}]}, "colour"),
        ({"arrows": [{"id": "a", "x1": 0, "y1": 0, "x2": 0, "y2": 0, "source": "no"}]}, "'no'"),
        ({"groups": [{"id": "g", "name": "g", "members": []}]}, "members"),
        ({"groups": [{"id": "g", "name": "\n", "members": ["relu_1"]}]}, "seen"),
        ({"groups": [{"id": "g", "name": "g", "members": ["no"]}]}, "'no'"),
        ({"groups": [{"id": "g", "name": "g", "members": ["relu_1", "relu_1"]}]}, "already"),
        ({"groups": [{"id": "g", "name": "g", "members": ["g"]}]}, "each other"),
        (
            {
                "groups": [
                    {"id": "g", "name": "g", "members": ["h"]},
                    {"id": "h", "name": "h", "members": ["g"]},
                ]
            },
            "each other",
        ),
        ({"groups": [{"id": f"g{k}", "name": "g", "members": ["relu_1"]} for k in range(1001)]},
         "groups"),
    ],
)  # fmt: skip
def test_that_marks_that_no_canvas_could_hold_are_refused(
    marks: dict[str, object], part: str
) -> None:
    document = {**json.loads(encode(chain())), **marks}
    with pytest.raises(UnsoundError, match=part):
        decode(json.dumps(document).encode())


def test_that_no_group_comes_into_itself() -> None:
    network, inner = grouped()
    network, outer = grouping.group(network, [inner])
    for parts in ([inner], [outer], [outer, inner]):
        with pytest.raises(EditError, match="stand in each other"):
            grouping.join(network, inner, parts)
