"""Which part of the network the canvas shows: all of it, or what one has zoomed and scrolled to."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF, QRectF
from PySide6.QtWidgets import QGraphicsView

from backprop_studio.ui.canvas import camera


class Sight:
    """Leads a view over its scene. What shows the whole network goes on to, at another size.

    Parameters
    ----------
    view
        It is led.
    content
        What there is to be seen, in scene units.
    moved
        Called when the scene lies elsewhere under the pointer, and what is dragged is to follow.
    """

    def __init__(
        self, view: QGraphicsView, content: Callable[[], QRectF], moved: Callable[[], object]
    ) -> None:
        self._view = view
        self._content = content
        self._moved = moved
        self._zoom = camera.Zoom(view)
        # Whether the whole network is in view, and stays so when the canvas changes its size.
        self._whole = True
        self._known = False

    def fit(self) -> None:
        """Show the whole network."""
        camera.fit(self._view, self._content())
        self._whole = True

    def zoom(self, factor: float, at: QPoint | None = None) -> None:
        """Zoom about a point of the viewport, by default its middle."""
        self._whole = False
        self._zoom.by(factor, self._view.viewport().rect().center() if at is None else at)
        self._moved()

    def go_to(self, place: QPointF) -> None:
        """Bring a point of the scene to the middle."""
        self._whole = False
        self._view.centerOn(place)

    def scroll_by(self, by: QPoint) -> None:
        """Scroll by pixels."""
        self._whole = False
        camera.scroll(self._view, by)

    def scroll_along(self, by: QPoint) -> None:
        """Scroll by pixels; what is dragged stays at the pointer."""
        self.scroll_by(by)
        self._moved()

    def resized(self) -> None:
        """Take over another size of the view."""
        if self._known and self._whole:
            self.fit()

    def shown(self) -> None:
        """Begin with the whole network: only when the view is shown, its size is known."""
        if not self._known:
            self._known = True
            self.fit()
