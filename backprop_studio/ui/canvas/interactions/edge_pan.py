"""The canvas moves along when something is dragged to its edge, or beyond it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QTimer

if TYPE_CHECKING:
    from backprop_studio.ui.canvas.view import CanvasView

_EDGE = 12
"""Pixels within the edge of the canvas that count as its edge."""
_WAIT, _PAUSE = 180, 16
"""Milliseconds before it begins to move, and from one move to the next."""
_SHARE, _SLOWEST, _FASTEST = 0.12, 2, 16
"""How much of the way beyond the edge is gone with each move; the least and the most pixels."""


class EdgePan(QObject):
    """Scrolls a canvas as long as the pointer of a drag is at its edge."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._step = QPoint()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._go)

    def look(self, at: QPoint) -> None:
        """The pointer of a drag is at this point of the viewport."""
        inside = self._view.viewport().rect()
        self._step = QPoint(
            _speed(at.x(), inside.left(), inside.right()),
            _speed(at.y(), inside.top(), inside.bottom()),
        )
        if self._step.isNull():
            self._timer.stop()
        elif not self._timer.isActive():
            # Who only passes by, or begins there, does not want to go anywhere.
            self._timer.start(_WAIT)

    def stop(self) -> None:
        """The drag has ended."""
        self._timer.stop()

    def _go(self) -> None:
        self._timer.start(_PAUSE)
        self._view.sight.scroll_along(self._step)


def _speed(at: int, first: int, last: int) -> int:
    """Pixels of a move along one axis; 0 between the edges."""
    beyond = min(at - (first + _EDGE), 0) + max(at - (last - _EDGE), 0)
    pixels = min(max(round(abs(beyond) * _SHARE), _SLOWEST), _FASTEST)
    return 0 if beyond == 0 else pixels if beyond > 0 else -pixels
