"""Copy, cut, paste and duplicate on the canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QPointF
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication

from backprop_studio.errors import EditError
from backprop_studio.network import Network, edits
from backprop_studio.project import decode, encode
from backprop_studio.project.unsound import NewerError, UnsoundError
from backprop_studio.ui.canvas import geometry
from backprop_studio.ui.canvas.interactions import edit_actions

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.view import CanvasView

MIME = "application/x-backprop-studio-layers+json"
_ASIDE = 3 * geometry.GRID
_LARGEST = 4 << 20
"""Bytes; more than any network that fits on a canvas takes."""


def copy(view: CanvasView) -> bool:
    """Put the selected nodes and the wires between them on the clipboard; False without any."""
    chosen = view.selected_nodes()
    if not chosen:
        view.refuse("Select the layers to copy.")
        return False
    piece = edits.excerpt(view.document.network, chosen)
    data = QMimeData()
    data.setData(MIME, encode(piece))
    data.setText(", ".join(n.name for n in piece.nodes))
    QApplication.clipboard().setMimeData(data)
    return True


def cut(view: CanvasView) -> None:
    """Copy the selected nodes, and delete them."""
    if copy(view):
        edit_actions.delete_selection(view)


def paste(view: CanvasView) -> None:
    """Add what is on the clipboard, at the pointer or else in the middle of the canvas."""
    data: QMimeData | None = QApplication.clipboard().mimeData()
    # Some platforms have no data at all, rather than empty ones, before anything was copied.
    if data is None or not data.hasFormat(MIME):
        view.refuse("There are no layers on the clipboard.")
        return
    text = bytes(data.data(MIME).data())
    try:
        if len(text) > _LARGEST:
            raise ValueError("too large")
        piece = decode(text)
    except (UnsoundError, NewerError, ValueError) as error:
        view.refuse(f"What is on the clipboard cannot be pasted: {error}")
        return
    at = view.viewport().mapFromGlobal(QCursor.pos())
    inside = view.viewport().rect().contains(at)
    place(view, piece, view.mapToScene(at if inside else view.viewport().rect().center()), "Paste")


def duplicate(view: CanvasView, *, shared: bool) -> None:
    """Add the selected nodes once more beside them, with weights of their own or the same."""
    chosen = view.selected_nodes()
    if not chosen:
        view.refuse("Select the layers to duplicate.")
        return
    piece = edits.excerpt(view.document.network, chosen)
    xs, ys = [n.x for n in piece.nodes], [n.y for n in piece.nodes]
    middle = QPointF((min(xs) + max(xs)) / 2 + _ASIDE, (min(ys) + max(ys)) / 2 + 4 * _ASIDE)
    place(view, piece, middle, "Duplicate", shared=shared)


def place(
    view: CanvasView, piece: Network, middle: QPointF, what: str, *, shared: bool = False
) -> None:
    """Add a piece around a point of the scene as one edit, and select it."""
    x, y = geometry.snap(middle.x(), middle.y())
    document = view.document
    try:
        network, ids = edits.insert(
            document.network, piece, x, y, retired=document.retired, shared=shared
        )
    except EditError as error:
        view.refuse(str(error))
        return
    if not ids:
        return
    count = len(ids)
    name = network.node(ids[0]).name if count == 1 else f"{count} layers"
    document.apply(f"{what} {name}", network)
    view.select(ids)
