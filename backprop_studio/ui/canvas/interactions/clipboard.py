"""Copy, cut, paste and duplicate on the canvas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QPointF
from PySide6.QtWidgets import QApplication

from backprop_studio.errors import EditError
from backprop_studio.network import Group, Network, TrainingSetup, edits, grouping
from backprop_studio.project import decode, encode
from backprop_studio.project.unsound import NewerError, UnsoundError
from backprop_studio.ui.canvas import geometry
from backprop_studio.ui.canvas.interactions import edit_actions, joining, pointing

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.group_item import GroupItem
    from backprop_studio.ui.canvas.view import CanvasView

MIME = "application/x-backprop-studio-layers+json"
_LARGEST = 4 << 20
"""Bytes; more than any network that fits on a canvas takes."""


def copy(view: CanvasView) -> bool:
    """Put what is selected and the wires between it on the clipboard; False without any."""
    chosen = view.selected_parts()
    if not chosen:
        view.refuse(view.tr("Select the layers to copy."))
        return False
    piece = edits.excerpt(view.document.network, chosen)
    data = QMimeData()
    data.setData(MIME, encode(piece))
    words = [n.name for n in piece.nodes] + [n.text for n in piece.notes]
    data.setText(", ".join(words))
    QApplication.clipboard().setMimeData(data)
    return True


def cut(view: CanvasView) -> None:
    """Copy the selected nodes, and delete them."""
    if copy(view):
        edit_actions.delete_selection(view)


def paste(view: CanvasView) -> None:
    """Add what is on the clipboard, where a menu is open, or the pointer, or in the middle."""
    data: QMimeData | None = QApplication.clipboard().mimeData()
    # Some platforms have no data at all, rather than empty ones, before anything was copied.
    if data is None or not data.hasFormat(MIME):
        view.refuse(view.tr("There are no layers on the clipboard."))
        return
    text = bytes(data.data(MIME).data())
    try:
        if len(text) > _LARGEST:
            raise ValueError("too large")
        piece = decode(text)
    except (UnsoundError, NewerError, ValueError) as error:
        told = view.tr("What is on the clipboard cannot be pasted: {reason}")
        view.refuse(told.format(reason=error))
        return
    if grouping.points(piece):
        place(view, piece, pointing.room_for(view, piece), view.tr("Paste"))


def duplicate(view: CanvasView, *, shared: bool) -> None:
    """Add what is selected once more beside it, with weights of their own or the same."""
    chosen = view.selected_parts()
    if not chosen:
        view.refuse(view.tr("Select the layers to duplicate."))
        return
    piece = edits.excerpt(view.document.network, chosen)
    aside = QPointF(pointing.ASIDE, 4 * pointing.ASIDE)
    middle = pointing.clear_of(view, piece, pointing.middle_of(piece) + aside)
    place(view, piece, middle, view.tr("Duplicate"), shared=shared)


def place(
    view: CanvasView,
    piece: Network,
    middle: QPointF,
    what: str,
    *,
    shared: bool = False,
    setup: TrainingSetup | None = None,
    name: str = "",
    into: GroupItem | None = None,
    exactly: bool = False,
) -> None:
    """Add a piece around a point of the scene as one edit, and select it.

    Parameters
    ----------
    view
        The canvas.
    piece
        What to add.
    middle
        Where, in the scene.
    what
        Word for the history, before what is added.
    shared
        Whether copies learn the numbers of their originals.
    setup
        How the network is trained from now on; None leaves it.
    name
        What is added, for the history; empty to count it.
    into
        The group that it comes into; None for none.
    exactly
        Whether it stands just there; else its first part comes to stand on the grid.
    """
    document = view.document
    at = middle if exactly else onto_grid(piece, middle)
    x, y = at.x(), at.y()
    try:
        network, ids = edits.insert(
            document.network, piece, x, y, retired=document.retired, shared=shared
        )
        # What is in a group is selected along with it.
        outer = [i for i in ids if i not in network.holders]
        if into is not None:
            room = joining.room_in(view.canvas_scene, into)
            network = joining.joined(network, into.part, outer, room)
    except EditError as error:
        view.refuse(str(error))
        return
    if not ids:
        return
    if setup is not None:
        network = edits.set_setup(network, setup)
    document.apply(f"{what} {name or _called(view, network, outer, ids)}", network)
    view.select(outer)
    if into is not None:
        joining.tell(view, network, into.part)


def onto_grid(piece: Network, middle: QPointF) -> QPointF:
    """The nearest middle with which the first part of a piece stands on the grid."""
    points = grouping.points(piece)
    if not points:
        return middle
    there = QPointF(*points[0]) + middle - pointing.middle_of(piece)
    return middle + QPointF(*geometry.snap(there.x(), there.y())) - there


def _called(view: CanvasView, network: Network, outer: Sequence[str], ids: Sequence[str]) -> str:
    """What parts are called in the history that were added together, some in groups of others."""
    made = [i for i in ids if i in network]
    if len(outer) == 1 and isinstance(group := network.marks.get(outer[0]), Group):
        return group.name
    if len(made) == 1:
        return network.node(made[0]).name
    if made:
        return view.tr("{n} layers").format(n=len(made))
    if len(ids) == 1:
        return view.tr("a note")
    return view.tr("{n} notes and arrows").format(n=len(ids))
