"""The keyboard: walk, move, delete, select, and give up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from backprop_studio.network import graph
from backprop_studio.ui.canvas.interactions.move_nodes import nudge

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.view import CanvasView

_STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_TABS = (Qt.Key.Key_Tab, Qt.Key.Key_Backtab)
_EXTENDING = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.MetaModifier


def press(view: CanvasView, event: QKeyEvent) -> bool:
    """Do what a key stands for; False when it stands for nothing here."""
    key = event.key()
    if event.matches(QKeySequence.StandardKey.SelectAll):
        view.select_all()
    elif key in _TABS and event.modifiers() & _EXTENDING:
        # With Control a walk keeps what is selected: so two nodes are chosen for a wire.
        walk(view, forward=key == Qt.Key.Key_Tab, extend=True)
    elif event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
        return False
    elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
        view.delete_selection()
    elif key in _STEPS and view.selected_nodes():
        nudge(view, *_STEPS[Qt.Key(key)])
    elif key == Qt.Key.Key_Escape:
        if not view.cancel_gesture():
            view.select([])
    elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and view.selected_nodes():
        view.node_opened.emit(view.selected_nodes()[-1])
    elif key == Qt.Key.Key_C:
        view.connect_selection()
    else:
        return False
    return True


def reading_order(view: CanvasView) -> list[str]:
    """Ids of all nodes in the order in which they compute."""
    network = view.document.network
    found, _ = graph.order(network)
    # A circle has no order; the document's own is as good as any.
    return list(found) if found else [n.id for n in network.nodes]


def walk(view: CanvasView, *, forward: bool, extend: bool = False) -> bool:
    """Go to the next node or the one before; False at the end, where the focus leaves.

    Parameters
    ----------
    view
        The canvas.
    forward
        Along the wires, or against them.
    extend
        Keep what is selected, and add the node to it.
    """
    order = reading_order(view)
    if view.current in order:
        place = order.index(view.current) + (1 if forward else -1)
    else:
        place = 0 if forward else len(order) - 1
    if not 0 <= place < len(order):
        return False
    kept = [i for i in view.selected_nodes() if extend and i != order[place]]
    view.select([*kept, order[place]])
    view.set_current(order[place])
    return True
