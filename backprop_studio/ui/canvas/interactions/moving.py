"""Moves what is selected, as one edit; also without a mouse."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF

from backprop_studio.network import Group, Network, Note, edits, grouping
from backprop_studio.ui.canvas.geometry import GRID, shifted, snap

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.view import CanvasView


def places_of(network: Network, parts: Iterable[str]) -> dict[str, QPointF]:
    """Where these parts stand, and all that is in the groups among them."""
    found = {}
    inside = grouping.contents(network, parts)
    for key in (*(n.id for n in network.nodes), *network.marks):
        place = grouping.place_of(network, key) if key in inside else None
        if place is not None:
            found[key] = QPointF(*place)
    return found


def nudge(view: CanvasView, dx: int, dy: int, *, held: bool = False) -> None:
    """Move what is selected by steps of the grid, as one edit.

    Parameters
    ----------
    view
        The canvas.
    dx, dy
        Steps of the grid.
    held
        The key is still held: it all is one edit.
    """
    network = view.document.network
    places = places_of(network, view.selected_parts())
    if not places:
        return
    first = next(iter(places.values()))
    # All by the same step, by which the first comes to stand on the grid in this direction.
    there = QPointF(*snap(first.x() + dx * GRID, first.y() + dy * GRID)) - first
    step = QPointF(there.x() if dx else 0.0, there.y() if dy else 0.0)
    made = edits.move(network, shifted(places, step))
    label = view.tr("Move {what}").format(what=called(view, places))
    view.document.apply(label, made, goes_on=held)


def called(view: CanvasView, places: Iterable[str]) -> str:
    """What is moved is called so in the history.

    Parameters
    ----------
    view
        The canvas, on which it is selected.
    places
        Ids of the nodes, notes and arrows that are given another place.
    """
    network, moved = view.document.network, list(places)
    nodes = [key for key in moved if key in network]
    chosen = view.selected_parts()
    if len(chosen) == 1 and isinstance(found := network.marks.get(chosen[0]), Group):
        return found.name
    if len(nodes) == 1 and len(moved) == 1:
        return network.node(nodes[0]).name
    if nodes:
        return view.tr("{n} layers").format(n=len(nodes))
    if len(moved) > 1:
        return view.tr("{n} notes and arrows").format(n=len(moved))
    only = isinstance(network.marks[moved[0]], Note)
    return view.tr("a note") if only else view.tr("an arrow")
