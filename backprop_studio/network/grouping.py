"""Notes, arrows and groups: pure edits of them, and what follows from who is in which group."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from backprop_studio.errors import EditError
from backprop_studio.network.marks import (
    MAX_DEPTH,
    MAX_MARKS,
    MAX_NAME,
    MAX_TEXT,
    NARROWEST,
    WIDEST,
    Arrow,
    Group,
    Note,
)
from backprop_studio.network.network import Network

_NUMBERED = re.compile(r"(.*\S) ([0-9]{1,6})", re.DOTALL)

# Asking.


def group_of(network: Network, group_id: str) -> Group:
    """The group with this id.

    Raises
    ------
    KeyError
        There is none.
    """
    found = network.marks[group_id]
    if not isinstance(found, Group):
        raise KeyError(group_id)
    return found


def contents(network: Network, parts: Iterable[str]) -> set[str]:
    """These parts and all that is in the groups among them, at any depth."""
    found: set[str] = set()
    waiting = list(parts)
    while waiting:
        part = waiting.pop()
        if part not in found:
            found.add(part)
            mark = network.marks.get(part)
            if isinstance(mark, Group):
                waiting += mark.members
    return found


def nodes_in(network: Network, group_id: str) -> tuple[str, ...]:
    """Ids of the nodes of a group, at any depth, in the order of the document."""
    inside = contents(network, (group_id,))
    return tuple(n.id for n in network.nodes if n.id in inside)


def ports(network: Network, group_id: str) -> tuple[tuple[tuple[str, int], ...], tuple[str, ...]]:
    """The ports of a group as one block.

    Returns
    -------
    tuple
        Its inputs, each a node and the number of its port, and its outputs, each a node: those
        that have a wire from or to the outside, and those that have no wire yet.
    """
    inside = set(nodes_in(network, group_id))
    inputs: list[tuple[str, int]] = []
    outputs: list[str] = []
    for node in network.nodes:
        if node.id not in inside:
            continue
        wires = network.incoming(node.id)
        inputs += [
            (node.id, port)
            for port in range(len(node.spec.ports))
            if port not in wires or wires[port].source not in inside
        ]
        leaving = network.outgoing(node.id)
        if node.spec.has_output and (not leaving or any(w.target not in inside for w in leaving)):
            outputs.append(node.id)
    return tuple(inputs), tuple(outputs)


def anchor(
    network: Network, group_id: str, places: Mapping[str, tuple[float, float]] | None = None
) -> str:
    """The node of a group where its block stands: the one nearest to the middle; empty for none.

    Parameters
    ----------
    network
        What the group is in.
    group_id
        The group.
    places
        Where nodes are now, where that is not where the document has them.
    """
    known = {} if places is None else places
    where = {n: known.get(n, (network.node(n).x, network.node(n).y)) for n in nodes_in(
        network, group_id)}  # fmt: skip
    if not where:
        return ""
    xs, ys = [p[0] for p in where.values()], [p[1] for p in where.values()]
    x, y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    return min(where, key=lambda n: (abs(where[n][0] - x) + abs(where[n][1] - y), where[n]))


def points(network: Network) -> list[tuple[float, float]]:
    """Every point that a place is given for: centres of nodes, corners of notes, ends of arrows."""
    found = [(n.x, n.y) for n in network.nodes]
    found += [(n.x, n.y) for n in network.notes]
    found += [(a.x1, a.y1) for a in network.arrows]
    found += [(a.x2, a.y2) for a in network.arrows]
    return found


def place_of(network: Network, part: str) -> tuple[float, float] | None:
    """Where a node, a note or an arrow stands, as `edits.move` takes it; None for a group."""
    if part in network:
        node = network.node(part)
        return node.x, node.y
    match network.marks.get(part):
        case Note() as note:
            return note.x, note.y
        case Arrow() as arrow:
            return arrow.middle
        case _:
            return None


# Notes and arrows.


def add_note(
    network: Network, text: str, x: float, y: float, *, retired: Collection[str] = ()
) -> tuple[Network, str]:
    """A network with one note more, and its id.

    Raises
    ------
    EditError
        There are as many as there can be, or the text is too long.
    """
    _check_room(network.notes)
    text = _sound(text)
    note = Note(_free_id(network, "note", retired), text, x, y)
    return replace(network, notes=(*network.notes, note)), note.id


def set_text(network: Network, note_id: str, text: str) -> Network:
    """A network whose note has another text.

    Raises
    ------
    EditError
        The text is too long.
    """
    return _with_note(network, note_id, text=_sound(text))


def set_width(network: Network, note_id: str, width: float) -> Network:
    """A network whose note is so wide, within limits."""
    return _with_note(network, note_id, width=min(max(width, NARROWEST), WIDEST))


def add_arrow(
    network: Network,
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    source: str = "",
    target: str = "",
    retired: Collection[str] = (),
) -> tuple[Network, str]:
    """A network with one arrow more, and its id.

    Parameters
    ----------
    network
        Where to add it.
    start, end
        Its two ends.
    source, target
        Ids of the nodes or notes that its ends are tied to; empty for free ends.
    retired
        Ids that must not be used again.

    Raises
    ------
    EditError
        There are as many as there can be.
    """
    _check_room(network.arrows)
    arrow = Arrow(_free_id(network, "arrow", retired), *start, *end, source, target)
    return replace(network, arrows=(*network.arrows, arrow)), arrow.id


def set_arrow(network: Network, arrow: Arrow) -> Network:
    """A network whose arrow of this id is this one."""
    arrows = tuple(arrow if a.id == arrow.id else a for a in network.arrows)
    return replace(network, arrows=arrows)


# Groups.


def group(
    network: Network, parts: Iterable[str], name: str = "", *, retired: Collection[str] = ()
) -> tuple[Network, str]:
    """A network in which these parts are in a group of their own, and its id.

    Parameters
    ----------
    network
        What to group them in.
    parts
        Ids of nodes, notes and groups. What is in one of these groups stays in it. Parts that were
        in different groups leave them; when all were in the same one, the new group is in it, too.
    name
        Of the group; by default "Group" and a number.
    retired
        Ids that must not be used again.

    Raises
    ------
    EditError
        There is nothing to group, there are as many groups as there can be, or too many would
        stand in each other.
    """
    chosen = [p for p in dict.fromkeys(parts) if p in network or _is_held(network, p)]
    inside = contents(network, chosen)
    chosen = [p for p in chosen if network.holders.get(p) not in inside]
    if not chosen:
        raise EditError("group-empty")
    _check_room(network.groups)
    group_id = _free_id(network, "group", retired)
    if not name:
        taken = {g.name for g in network.groups}
        number = 1
        while f"Group {number}" in taken:
            number += 1
        name = f"Group {number}"
    _check_name(name)
    holders = {network.holders.get(p, "") for p in chosen}
    holder = holders.pop() if len(holders) == 1 else ""
    made = _without(network, chosen)
    groups = [
        replace(g, members=(*g.members, group_id)) if g.id == holder else g for g in made.groups
    ]
    made = replace(made, groups=(*groups, Group(group_id, name, tuple(chosen))))
    if depth(made) > MAX_DEPTH:
        raise EditError("group-deep", limit=MAX_DEPTH)
    return tidied(made), group_id


def ungroup(network: Network, groups: Iterable[str]) -> Network:
    """A network without these groups; what was in them stands where they stood."""
    gone = [g for g in dict.fromkeys(groups) if isinstance(network.marks.get(g), Group)]
    for group_id in gone:
        members = group_of(network, group_id).members
        network = replace(
            network,
            groups=tuple(
                replace(
                    g,
                    members=tuple(
                        part for m in g.members for part in (members if m == group_id else (m,))
                    ),
                )
                for g in network.groups
                if g.id != group_id
            ),
        )
    return network


def join(network: Network, group_id: str, parts: Collection[str]) -> Network:
    """A network in which these parts are in a group, whichever they were in before.

    Raises
    ------
    EditError
        Too many groups would stand in each other, or one in itself.
    """
    made = _without(network, parts)
    made = replace(
        made,
        groups=tuple(
            replace(g, members=(*g.members, *parts)) if g.id == group_id else g for g in made.groups
        ),
    )
    if depth(made) > MAX_DEPTH:
        raise EditError("group-deep", limit=MAX_DEPTH)
    return tidied(made)


def leave(network: Network, parts: Collection[str]) -> Network:
    """A network in which these parts are in no group; groups that were emptied are gone."""
    return tidied(_without(network, parts))


def set_collapsed(network: Network, groups: Collection[str], collapsed: bool) -> Network:
    """A network whose groups are folded into blocks, or unfolded."""
    return replace(
        network,
        groups=tuple(
            replace(g, collapsed=collapsed) if g.id in groups else g for g in network.groups
        ),
    )


def rename_group(network: Network, group_id: str, name: str) -> Network:
    """A network whose group has another name.

    Raises
    ------
    EditError
        The name is empty, too long, or has signs that cannot be seen.
    """
    name = name.strip()
    _check_name(name)
    return replace(
        network,
        groups=tuple(replace(g, name=name) if g.id == group_id else g for g in network.groups),
    )


# What other edits are made of.


def tidied(network: Network) -> Network:
    """A network without marks that lost what they are about.

    Members that are not there are forgotten, then groups without members, then arrows that were
    tied to something that is gone.
    """
    if not network.groups and not network.arrows:
        return network
    there = {n.id for n in network.nodes} | {n.id for n in network.notes}
    groups = network.groups
    while True:
        known = there | {g.id for g in groups}
        kept = tuple(
            g
            if all(m in known for m in g.members)
            else replace(g, members=tuple(m for m in g.members if m in known))
            for g in groups
        )
        kept = tuple(g for g in kept if g.members)
        if len(kept) == len(groups):
            groups = kept
            break
        groups = kept
    arrows = tuple(
        a for a in network.arrows if all(not end or end in there for end in (a.source, a.target))
    )
    return replace(network, groups=groups, arrows=arrows)


def take_over(
    network: Network, piece: Network, ids: dict[str, str], across: float, down: float
) -> Network:
    """A network with the marks of a piece added; `ids` maps its nodes, and the marks come to it.

    Groups get names of their own where theirs are taken: "Encoder 2" after "Encoder".

    Raises
    ------
    EditError
        There would be more of them than there can be.
    """
    if not piece.marks:
        return network
    _check_room(network.notes, len(piece.notes))
    _check_room(network.arrows, len(piece.arrows))
    _check_room(network.groups, len(piece.groups))
    stems = {Note: "note", Arrow: "arrow", Group: "group"}
    for mark in piece.marks.values():
        ids[mark.id] = _free_id(network, stems[type(mark)], set(ids.values()))
    notes = tuple(replace(n, id=ids[n.id], x=n.x + across, y=n.y + down) for n in piece.notes)
    arrows = tuple(
        Arrow(
            ids[a.id],
            a.x1 + across,
            a.y1 + down,
            a.x2 + across,
            a.y2 + down,
            ids.get(a.source, ""),
            ids.get(a.target, ""),
        )
        for a in piece.arrows
    )
    names = _own_names([g.name for g in piece.groups], {g.name for g in network.groups})
    groups = tuple(
        replace(g, id=ids[g.id], name=name, members=tuple(ids[m] for m in g.members if m in ids))
        for g, name in zip(piece.groups, names, strict=True)
    )
    return tidied(
        replace(
            network,
            notes=(*network.notes, *notes),
            arrows=(*network.arrows, *arrows),
            groups=(*network.groups, *groups),
        )
    )


def depth(network: Network) -> int:
    """How many groups stand in each other, at most.

    Groups that hold each other in a circle, which no edit makes, count as deeper than any limit.
    """
    deepest = 0
    for start in network.groups:
        steps, at = 1, network.holders.get(start.id)
        while at is not None and steps <= MAX_DEPTH:
            steps, at = steps + 1, network.holders.get(at)
        deepest = max(deepest, steps)
    return deepest


def _without(network: Network, parts: Collection[str]) -> Network:
    """The same groups without these members."""
    gone = set(parts)
    return replace(
        network,
        groups=tuple(
            replace(g, members=tuple(m for m in g.members if m not in gone))
            if gone.intersection(g.members)
            else g
            for g in network.groups
        ),
    )


def _with_note(network: Network, note_id: str, **changes: object) -> Network:
    return replace(
        network,
        notes=tuple(
            replace(n, **changes) if n.id == note_id else n  # type: ignore[arg-type]
            for n in network.notes
        ),
    )


def _is_held(network: Network, part: str) -> bool:
    """Whether it is a mark that can be in a group."""
    return isinstance(network.marks.get(part), Note | Group)


def _own_names(names: Iterable[str], taken: set[str]) -> list[str]:
    """These names, with another number where one is taken, or none was there."""
    found = []
    # The last number given to each stem: many copies do not count from the beginning each time.
    last: dict[str, int] = {}
    for name in names:
        made = name
        if name in taken:
            parts = _NUMBERED.fullmatch(name)
            stem, number = (parts[1], int(parts[2])) if parts else (name, 1)
            number = max(number, last.get(stem, 0))
            while made in taken:
                number += 1
                made = f"{stem[: MAX_NAME - len(str(number)) - 1]} {number}"
            last[stem] = number
        taken.add(made)
        found.append(made)
    return found


def _free_id(network: Network, stem: str, retired: Collection[str]) -> str:
    taken: Mapping[str, object] = network.marks
    number = 1
    while (found := f"{stem}_{number}") in taken or found in network or found in retired:
        number += 1
    return found


def _check_room(marks: Collection[object], more: int = 1) -> None:
    if len(marks) + more > MAX_MARKS:
        raise EditError("marks-full", limit=f"{MAX_MARKS:,}")


def _sound(text: str) -> str:
    """The text without halves of characters, which no file could hold."""
    text = text.encode(errors="replace").decode()
    if len(text) > MAX_TEXT:
        raise EditError("note-long", limit=f"{MAX_TEXT:,}")
    return text


def _check_name(name: str) -> None:
    if not name:
        raise EditError("group-nameless")
    if len(name) > MAX_NAME or not name.isprintable():
        raise EditError("group-name", limit=MAX_NAME)
