"""Puts a whole network to begin with on the canvas, as layers to be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF

from backprop_studio.network.presets import PRESETS
from backprop_studio.ui.canvas import geometry
from backprop_studio.ui.canvas.interactions import clipboard, joining
from backprop_studio.ui.canvas.interactions.ghosts import Ghosts

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.view import CanvasView

_APART = 60.0
"""Scene units between what is there and a network that is put below it."""
_CARD = 120.0
"""Width of a card that is not measured yet, in scene units."""


def ghosts(key: str) -> Ghosts:
    """The cards of a network of `PRESETS` around its middle."""
    return Ghosts(_cards(key))


def add_preset(view: CanvasView, key: str, place: QPointF | None) -> None:
    """Add a network of `PRESETS` as one edit, and select its layers.

    Parameters
    ----------
    view
        The canvas.
    key
        Which network.
    place
        Where its middle is; None for below all that there is.
    """
    preset, there = PRESETS[key], view.document.network.nodes
    into = None
    if place is not None:
        into = joining.frame_at(view.canvas_scene, view.document.network, place)
    if place is None:
        content = view.canvas_scene.content()
        half = ghosts(key).boundingRect().height() / 2
        place = QPointF(content.center().x(), content.bottom() + _APART + half)
        out_of_sight = True
    else:
        out_of_sight = not there
    # On an empty canvas it comes with the data that it is made for.
    setup = None if there else preset.started().setup
    word = view.tr("Add")
    clipboard.place(view, preset.make(), place, word, setup=setup, name=preset.title, into=into)
    if out_of_sight:
        view.zoom_to_fit()


def _cards(key: str) -> list[QRectF]:
    nodes = PRESETS[key].make().nodes
    xs, ys = [n.x for n in nodes], [n.y for n in nodes]
    middle = QPointF((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
    return [geometry.card(_CARD).translated(QPointF(n.x, n.y) - middle) for n in nodes]
