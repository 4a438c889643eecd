"""Find by name: a layer or a preset to add, a command to carry out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QCoreApplication, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QCursor, QKeySequence
from PySide6.QtWidgets import QWidget

from backprop_studio.network.presets import PRESETS
from backprop_studio.nn import nodes
from backprop_studio.ui.canvas.view import CanvasView
from backprop_studio.ui.controllers.project import ProjectController
from backprop_studio.ui.dialogs.chooser import Choice, Chooser


def _tr(text: str) -> str:
    return QCoreApplication.translate("Finding", text)


def quick_add(canvas: CanvasView) -> None:
    """Offer every layer and preset, to be added at the pointer or in the middle of the canvas."""
    viewport, at = canvas.viewport(), QCursor.pos()
    if not viewport.rect().contains(viewport.mapFromGlobal(at)):
        at = viewport.mapToGlobal(viewport.rect().center())
    place = canvas.mapToScene(viewport.mapFromGlobal(at))
    found = [
        Choice(kind.info.title, kind.info.summary, partial(canvas.add_layer, key, place))
        for key, kind in nodes().items()
    ]
    found += [
        Choice(preset.title, preset.summary, partial(_add_preset, canvas, key, place))
        for key, preset in PRESETS.items()
    ]
    _open(Chooser(_tr("Add a layer or a preset"), found, canvas.window()), at)


def find_command(window: QWidget, actions: Mapping[str, QAction]) -> None:
    """Offer every action that is possible now, with its shortcut."""
    native = QKeySequence.SequenceFormat.NativeText
    found = [
        Choice(
            action.text().replace("&", "").rstrip("…"),
            action.shortcut().toString(native),
            action.trigger,
        )
        for key, action in actions.items()
        if action.isEnabled() and key != "commands"
    ]
    chooser = Chooser(_tr("Find a command"), found, window)
    _open(chooser, window.mapToGlobal(QPoint((window.width() - chooser.width()) // 2, 90)))


def find_layer(canvas: CanvasView) -> None:
    """Offer every layer on the canvas, to be selected and shown."""
    found = [
        Choice(node.name, node.spec.info.title, partial(_show, canvas, node.id))
        for node in canvas.document.network.nodes
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
    chooser = Chooser(_tr("Open an example"), found, window)
    _open(chooser, window.mapToGlobal(QPoint((window.width() - chooser.width()) // 2, 90)))


def _show(canvas: CanvasView, node: str) -> None:
    canvas.select((node,))
    canvas.setFocus()


def _open(chooser: Chooser, at: QPoint) -> None:
    chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    chooser.open_at(at)


def _add_preset(canvas: CanvasView, key: str, place: QPointF) -> None:
    canvas.insert(PRESETS[key].make(), place, "Add")
