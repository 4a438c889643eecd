"""Find by name: a layer or a preset to add, a command to carry out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QWidget

from backprop_studio.network import Wire
from backprop_studio.network.presets import PRESETS
from backprop_studio.nn import nodes
from backprop_studio.specs import Info
from backprop_studio.ui import guide
from backprop_studio.ui.actions import ACTIONS, submenu_title
from backprop_studio.ui.canvas import geometry
from backprop_studio.ui.controllers.project import ProjectController
from backprop_studio.ui.dialogs.chooser import Choice, Chooser
from backprop_studio.ui.models.palette_model import group_titles
from backprop_studio.ui.search_words import words

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.geometry import PortRef
    from backprop_studio.ui.canvas.view import CanvasView

_BESIDE, _BELOW = 20.0, 40.0
"""Free units around a layer that is inserted."""


def _tr(text: str) -> str:
    return QCoreApplication.translate("Finding", text)


def quick_add(canvas: CanvasView, at: QPoint | None = None, port: PortRef | None = None) -> None:
    """Offer every layer and preset, to be added to the canvas.

    Parameters
    ----------
    canvas
        Where to add it.
    at
        A point of its viewport; by default the pointer. Without that, a layer comes beside the
        selected or the last one.
    port
        What the layer is wired to; only layers that can be are offered then.
    """
    from backprop_studio.ui.canvas.interactions import pointing
    from backprop_studio.ui.canvas.interactions.marks import add_note

    viewport = canvas.viewport()
    beside = None
    if at is None or not viewport.rect().contains(at):
        beside = pointing.below_last(canvas)
        at = pointing.spot(canvas) if beside is None else beside
    place = canvas.mapToScene(at) if beside is None else None
    joined = () if port is None else (port,)
    found = [
        _layer(kind.info, partial(_add, canvas, key, place, joined))
        for key, kind in nodes().items()
        if port is None or (kind.has_output if port.side == "in" else kind().ports)
    ]
    if port is None:
        found += [
            Choice(
                preset.title, preset.summary, partial(canvas.add_preset, key, place), preset.also
            )
            for key, preset in PRESETS.items()
        ]
        found.append(
            Choice(
                _tr("Note"),
                _tr("A text for people"),
                partial(add_note, canvas, place),
                _tr("comment, label, annotation"),
            )
        )
    title = (
        _tr("Add a layer or a whole network") if port is None else _tr("Add a layer to this port")
    )
    _open(Chooser(title, found, canvas.window()), viewport.mapToGlobal(at))


def _layer(info: Info, act: Callable[[], object]) -> Choice:
    """A layer to choose, which is found by its group and its other names as well."""
    also = f"{info.also}, {group_titles()[info.category]}"
    return Choice(info.title, info.summary, act, also, topic=info.title)


def _add(
    canvas: CanvasView, layer: str, place: QPointF | None, joined: tuple[PortRef, ...]
) -> None:
    """Add a layer at the pointer; where it would cover a card, beside the selected layer."""
    from backprop_studio.ui.canvas.interactions import pointing

    if place is None:
        canvas.add_layer(layer, None, joined)
        return
    card = geometry.card(geometry.WIDTH).translated(place)
    covers = any(card.intersects(outline) for outline in pointing.seen(canvas))
    onto_wire = canvas.canvas_scene.hit(place).wire is not None
    canvas.add_layer(layer, None if covers and not onto_wire else place, joined)


def insert(canvas: CanvasView, wire: Wire) -> None:
    """Offer every layer that can go into a wire: onto it where there is room, or else beside it."""
    from backprop_studio.ui.canvas.interactions import pointing

    scene = canvas.canvas_scene
    place = scene.wires[wire].middle()
    at = canvas.mapFromScene(place)
    # With the little pictures that stand below cards while training goes on.
    new = geometry.card(geometry.WIDTH).adjusted(-_BESIDE, -_BELOW, _BESIDE, _BELOW)
    new.translate(place)
    if any(new.intersects(outline) for outline in pointing.seen(canvas)):
        place = canvas.mapToScene(pointing.free_spot(canvas, at))
    found = [
        _layer(kind.info, partial(canvas.add_layer, key, place, into=wire))
        for key, kind in nodes().items()
        if kind.has_output and kind().ports
    ]
    corner = canvas.viewport().mapToGlobal(at)
    _open(Chooser(_tr("Insert a layer"), found, canvas.window()), corner)


def find_command(window: QMainWindow, actions: Mapping[str, QAction]) -> None:
    """Offer every action with its shortcut; those that are not possible now come last.

    Parameters
    ----------
    window
        Over which they are offered.
    actions
        All of them, by id.
    """
    native = QKeySequence.SequenceFormat.NativeText
    possible, others = [], []
    for spec in ACTIONS:
        action = actions[spec.id]
        name = action.text().replace("&", "").rstrip("…")
        keys = action.shortcut().toString(native)
        also = words(spec.id)
        detail = f"{submenu_title(spec)}  {keys}".strip()
        if action.isEnabled() and spec.id != "commands":
            possible.append(Choice(name, detail, action.trigger, also))
        elif spec.id != "commands":
            why_not = _tr("{action}: there is nothing to do it with now.").format(action=name)
            tell = partial(window.statusBar().showMessage, why_not, 8000)
            others.append(Choice(name, f"{detail}  {_tr('not now')}".strip(), tell, also))
    found = [*possible, *others]
    chooser = Chooser(_tr("Find a command"), found, window, guide.COMMANDS)
    _open(chooser, window.mapToGlobal(QPoint((window.width() - chooser.width()) // 2, 90)))


def find_layer(canvas: CanvasView) -> None:
    """Offer every layer, group and note on the canvas, to be selected and shown."""
    network = canvas.document.network
    found = [
        Choice(
            node.name,
            node.spec.info.title,
            partial(_show, canvas, node.id),
            topic=node.spec.info.title,
        )
        for node in network.nodes
    ]
    found += [Choice(g.name, _tr("Group"), partial(_show, canvas, g.id)) for g in network.groups]
    found += [
        Choice(" ".join(n.text.split())[:60], _tr("Note"), partial(_show, canvas, n.id))
        for n in network.notes
        if n.text.strip()
    ]
    chooser = Chooser(_tr("Find a layer"), found, canvas.window())
    _open(chooser, canvas.mapToGlobal(QPoint((canvas.width() - chooser.width()) // 2, 40)))


_EXAMPLES = {
    "digits": ("Handwritten digits", "64 ReLU units, 97 % after 40 epochs"),
    "digits_cnn": ("Digits, convolutional", "two convolutions with pooling"),
    "moons": ("Two moons", "16 ReLU units"),
    "circles": ("Circles", "16 ReLU units"),
    "spirals": ("Spirals", "two hidden layers"),
    "xor": ("XOR", "what no single layer can do"),
    "xor_table": ("XOR, four rows", "the table itself"),
    "story": ("A short story", "next characters, recurrent"),
}
"""What stands in the examples' folder, by the names of the files."""


def examples() -> Mapping[str, tuple[str, str]]:
    """Title and a few words of every example, by the name of its file."""
    return {name: (_tr(title), _tr(detail)) for name, (title, detail) in _EXAMPLES.items()}


def open_example(window: QWidget, project: ProjectController) -> None:
    """Offer the example projects."""
    found = [
        Choice(title, detail, partial(project.open_example, name))
        for name, (title, detail) in examples().items()
    ]
    chooser = Chooser(_tr("Open an example"), found, window, guide.START_PAGE)
    _open(chooser, window.mapToGlobal(QPoint((window.width() - chooser.width()) // 2, 90)))


def _show(canvas: CanvasView, node: str) -> None:
    canvas.reveal(node)
    canvas.setFocus()


def _open(chooser: Chooser, at: QPoint) -> None:
    chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    chooser.open_at(at)
