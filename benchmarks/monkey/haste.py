"""Deeds that come faster than anybody answers: edits in a row, docks that come and go, presets."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from backprop_studio import nn
from backprop_studio.network import edits
from backprop_studio.network.presets import PRESETS
from backprop_studio.nn.layers.dense import Dense
from backprop_studio.ui.canvas import mime
from backprop_studio.ui.docks import ARRANGEMENTS
from benchmarks.monkey.hands import LEFT, NO_KEYS, Hands, xy
from benchmarks.screen import wait


def drop_at(hands: Hands, what: str, at: QPoint) -> None:
    """Drag something from the palette to a point of the canvas, and let go of it."""
    data, port, copy = mime.encode(what), hands.canvas.viewport(), Qt.DropAction.CopyAction
    QApplication.sendEvent(port, QDragEnterEvent(at, copy, data, LEFT, NO_KEYS))
    QApplication.sendEvent(port, QDragMoveEvent(at, copy, data, LEFT, NO_KEYS))
    QApplication.sendEvent(port, QDropEvent(QPointF(at), copy, data, LEFT, NO_KEYS))


def drop_preset(hands: Hands) -> str:
    """A whole network from the palette, beside what is there or on an empty canvas."""
    key, at, before = hands.random.choice(sorted(PRESETS)), hands.place(), hands.document.network
    count = hands.document.undo_stack.index()
    kept_off = hands.window.lessons.is_busy
    drop_at(hands, mime.of_preset(key), at)
    after = hands.document.network
    if kept_off and after is before:
        return f"{key}, while a lesson is at work"
    if len(after.nodes) <= len(before.nodes):
        hands.report.failures.append(f"the preset {key} was dropped and is not there")
    if hands.random.random() < 0.5:
        hands.window.actions_by_id["undo"].trigger()
        if hands.document.network != before or hands.document.undo_stack.index() != count:
            hands.report.failures.append(f"the preset {key} is not one edit that can be undone")
        return f"{key} at {xy(at)}, undone"
    return f"{key} at {xy(at)}"


def join_group(hands: Hands) -> str:
    """Make a group, let go of a layer inside its frame, and perhaps take all of that back."""
    ids, canvas = hands.ids(), hands.canvas
    if len(ids) < 2:
        return "nothing"
    index, before = hands.document.undo_stack.index(), hands.document.network
    groups = [g for g in canvas.canvas_scene.marks.groups() if not g.collapsed]
    if not groups or hands.random.random() < 0.4:
        canvas.select(hands.random.sample(ids, min(len(ids), hands.random.randint(2, 4))))
        hands.window.actions_by_id["group"].trigger()
        groups = [g for g in canvas.canvas_scene.marks.groups() if not g.collapsed]
        if not groups:
            return "no group came of it"
    canvas.zoom_to_fit()
    frame = hands.random.choice(groups)
    inside = canvas.mapFromScene(frame.card_rect().center())
    what = hands.random.choice(("drop", "drag", "preset"))
    if what == "drop":
        drop_at(hands, hands.random.choice(sorted(nn.nodes())), inside)
    elif what == "preset":
        drop_at(hands, mime.of_preset(hands.random.choice(sorted(PRESETS))), inside)
    else:
        node = hands.random.choice(ids)
        hands.drag(canvas.node_center(node) + QPoint(0, -15), inside)
    if hands.random.random() < 0.4:
        stack = hands.document.undo_stack
        while stack.index() > index:
            hands.window.actions_by_id["undo"].trigger()
        # A history that is full forgets its oldest edits, and with them their number.
        if stack.index() == index and hands.document.network != before:
            hands.report.failures.append("undo of a group leads to another network")
        return f"{what} into {frame.value.name}, undone"
    return f"{what} into {frame.value.name}"


def hurry(hands: Hands) -> str:
    """Many edits and undos without a pause: the worker cannot have followed all of them."""
    document, done = hands.document, []
    for _ in range(hands.random.randint(3, 12)):
        network = document.network
        dense = [n for n in network.nodes if isinstance(n.spec, Dense)]
        what = hands.random.choice(
            ("units", "units", "rate", "rename", "cut", "undo", "redo", "go")
        )
        if what == "units" and dense:
            node = hands.random.choice(dense)
            spec = replace(node.spec, units=hands.random.randint(1, 40))
            document.apply("Units", edits.set_spec(network, node.id, spec))
        elif what == "rate":
            size = hands.random.choice((1, 8, 10, 16, 32))
            setup = replace(network.setup, batch_size=size)
            document.apply("Batch", edits.set_setup(network, setup))
        elif what == "rename" and network.nodes:
            node = hands.random.choice(network.nodes)
            name = f"n{hands.random.randrange(10**6)}"
            document.apply("Rename", edits.rename(network, node.id, name))
        elif what == "cut" and network.wires:
            document.apply("Cut", edits.remove(network, (), [hands.random.choice(network.wires)]))
        elif what in ("undo", "redo"):
            hands.window.actions_by_id[what].trigger()
        elif what == "go":
            hands.engine.run()
            if hands.random.random() < 0.3:
                wait(1)
        done.append(what)
    return " ".join(done)


def juggle_docks(hands: Hands) -> str:
    """Show, hide, float, raise and arrange several docks at once."""
    done = []
    for _ in range(hands.random.randint(1, 4)):
        key = hands.random.choice(sorted(hands.window.docks))
        dock = hands.window.docks[key]
        what = hands.random.choice(("show", "show", "hide", "float", "raise", "close", "arrange"))
        if what == "float":
            dock.setFloating(not dock.isFloating())
        elif what == "raise":
            dock.show()
            dock.raise_()
        elif what == "close":
            dock.close()
        elif what == "arrange":
            key = hands.random.choice(sorted(ARRANGEMENTS))
            hands.window.actions_by_id[f"layout_{key}"].trigger()
        else:
            dock.setVisible(what == "show")
        done.append(f"{what} {key}")
        if hands.random.random() < 0.3:
            wait(1)
    return ", ".join(done)
