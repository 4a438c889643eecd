"""The keyboard: walk along the wires, move, delete, select, and give up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from backprop_studio.ui.canvas.interactions.moving import nudge

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.view import CanvasView

_STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_FAR = 5
"""Steps of the grid that something is moved at once with Shift."""
_TABS = (Qt.Key.Key_Tab, Qt.Key.Key_Backtab)
_NOT_A_WALK = ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier)
_EXTENDING = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.MetaModifier


def press(view: CanvasView, event: QKeyEvent) -> bool:
    """Do what a key stands for; False when it stands for nothing here."""
    key = event.key()
    if key == Qt.Key.Key_Escape and view.cancel_gesture():
        # Whatever else is held: with some keys a drag does something else.
        return True
    if event.matches(QKeySequence.StandardKey.SelectAll):
        view.select_all()
    elif key in _TABS and event.modifiers() & _EXTENDING:
        # With Control a walk keeps what is selected: so two nodes are chosen for a wire.
        walk(view, forward=key == Qt.Key.Key_Tab, extend=True)
    elif key in _STEPS and event.modifiers() & _EXTENDING:
        far = _FAR if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        across, down = _STEPS[Qt.Key(key)]
        nudge(view, far * across, far * down, held=event.isAutoRepeat())
    elif key in _STEPS and not event.modifiers() & _NOT_A_WALK:
        extend = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        step(view, *_STEPS[Qt.Key(key)], extend=extend)
    elif asks_for_menu(event):
        view.want_menu()
    elif event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
        return False
    elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
        view.delete_selection()
    elif key == Qt.Key.Key_Escape:
        view.select([])
    elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and view.selected_parts():
        view.open_part(view.selected_parts()[-1])
    elif key == Qt.Key.Key_C:
        view.connect_selection()
    elif key == Qt.Key.Key_W:
        next_wire(view)
    else:
        return False
    return True


def asks_for_menu(event: QKeyEvent) -> bool:
    """Whether it is the menu key, or Shift+F10 for keyboards without one."""
    shifted = event.modifiers() == Qt.KeyboardModifier.ShiftModifier
    key = event.key()
    return key == Qt.Key.Key_Menu or (key == Qt.Key.Key_F10 and shifted)


def reading_order(view: CanvasView) -> list[str]:
    """Ids of all that is seen: layers and blocks in the order in which they compute, then notes."""
    network, marks = view.document.network, view.canvas_scene.marks
    found = network.wiring.order
    # A circle has no order; the document's own is as good as any.
    order = list(found) if found else [n.id for n in network.nodes]
    seen = dict.fromkeys(marks.blocks.get(i, i) for i in order)
    seen |= dict.fromkeys(item.part for item in marks.seen())
    return list(seen)


def step(view: CanvasView, dx: int, dy: int, *, extend: bool = False) -> None:
    """Go with the keyboard to what is there in a direction.

    To the right and to the left along a wire, where there is one; else to what is nearest that way.

    Parameters
    ----------
    view
        The canvas.
    dx, dy
        The direction, one of them 0.
    extend
        Keep what is selected, and add that to it.
    """
    scene, order = view.canvas_scene, reading_order(view)
    if not order:
        return
    here = view.current if view.current in order else None
    if here is None:
        chosen = view.selected_parts()
        here = chosen[-1] if chosen and chosen[-1] in order else None
    there = order[0] if here is None else (
        (_along(view, here, dx) if dx else None) or _nearest(view, here, order, dx, dy)
    )  # fmt: skip
    if there is None or scene.part(there) is None:
        return
    kept = [i for i in view.selected_parts() if extend and i != there]
    view.select([*kept, there])
    view.set_current(there)


def next_wire(view: CanvasView) -> None:
    """Select the next wire at the node where the keyboard is, those that come in first."""
    scene, marks = view.canvas_scene, view.canvas_scene.marks
    chosen, held = view.selected_parts(), scene.selected_wires()
    at = view.current or (chosen[-1] if chosen else None)
    wires = sorted(
        (
            w
            for w, item in scene.wires.items()
            if item.isVisible()
            and at in (marks.blocks.get(w.source, w.source), marks.blocks.get(w.target, w.target))
        ),
        key=lambda w: (marks.blocks.get(w.target, w.target) != at, w.port, w),
    )
    if not wires:
        view.refuse(view.tr("Go to a layer that has a wire first."))
        return
    place = wires.index(held[-1]) + 1 if held and held[-1] in wires else 0
    wire = wires[place % len(wires)]
    scene.select((), (wire,))
    network = view.document.network
    a, b = network.node(wire.source).name, network.node(wire.target).name
    text = view.tr("Wire from {source} to {target}. Del deletes it, W goes to the next one.")
    view.tell(text.format(source=a, target=b))


def _along(view: CanvasView, here: str, dx: int) -> str | None:
    """Where the first wire leads, or comes from; of several the most level one."""
    scene, blocks = view.canvas_scene, view.canvas_scene.marks.blocks
    at = scene.part(here)
    assert at is not None
    found: list[tuple[float, str]] = []
    for wire in view.document.network.wires:
        source = blocks.get(wire.source, wire.source)
        target = blocks.get(wire.target, wire.target)
        a, b = (source, target) if dx > 0 else (target, source)
        item = scene.part(b) if a == here and b != here else None
        if item is not None:
            gap = item.card_rect().center() - at.card_rect().center()
            # A short wire goes before a long skip.
            found.append((abs(gap.y()) + 0.5 * abs(gap.x()), b))
    return min(found)[1] if found else None


def _nearest(view: CanvasView, here: str, order: list[str], dx: int, dy: int) -> str | None:
    """What stands nearest in a direction; what is aside counts as farther."""
    scene = view.canvas_scene
    at = scene.part(here)
    assert at is not None
    found: list[tuple[float, str]] = []
    for key in order:
        item = scene.part(key)
        if item is None or key == here:
            continue
        gap = item.card_rect().center() - at.card_rect().center()
        ahead = gap.x() * dx + gap.y() * dy
        aside = abs(gap.y() * dx) + abs(gap.x() * dy)
        if ahead > 1.0 and aside <= 2.0 * ahead:
            found.append((ahead + 2.0 * aside, key))
    return min(found)[1] if found else None


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
    kept = [i for i in view.selected_parts() if extend and i != order[place]]
    view.select([*kept, order[place]])
    view.set_current(order[place])
    return True
