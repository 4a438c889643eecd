"""How much of the scene is seen, how large, and on what ground."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QPainter, QTransform
from PySide6.QtWidgets import QFrame, QGraphicsView

from backprop_studio.ui.canvas import geometry, style

SMALLEST = 0.1
LARGEST = 4.0
_LARGEST_FIT = 1.25
_FIT_MARGIN = 28.0
_DOTS = 2.0 * geometry.GRID
_CLOSEST_DOTS = 14.0
_SMALLEST_REACH = 9.0
"""Pixels around the centre of a port that catch it, however far the canvas is zoomed out."""


def set_up(view: QGraphicsView) -> None:
    """Choose what Qt does for itself: little is redrawn, and nothing moves on its own."""
    view.setRenderHint(QPainter.RenderHint.Antialiasing)
    view.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    choose_updates(view)
    view.setCacheMode(QGraphicsView.CacheModeFlag.CacheBackground)
    view.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
    view.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
    view.setDragMode(QGraphicsView.DragMode.NoDrag)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.setFrameShape(QFrame.Shape.NoFrame)
    view.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    view.setAcceptDrops(True)
    view.viewport().setMouseTracking(True)
    # The view's own area, wider than the scene's: otherwise Qt centres what fits, and the canvas
    # jumps when a node is added.
    far = 2 * geometry.FARTHEST
    view.setSceneRect(QRectF(-far, -far, 2 * far, 2 * far))
    # The canvas is a drawing with a left and a right; wires run to the right everywhere.
    view.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


def afar(view: QGraphicsView) -> bool:
    """Whether the scene is seen from so far that it is painted at one go."""
    return view.transform().m11() < style.detail()


def port_reach(view: QGraphicsView) -> float:
    """How far from its centre a port is caught, in scene units; 0 where ports are too small.

    Where they are too small to be drawn, a press takes hold of the card.
    """
    scale = view.transform().m11()
    return max(geometry.PORT_REACH, _SMALLEST_REACH / scale) if scale >= style.PORTS else 0.0


def choose_updates(view: QGraphicsView) -> None:
    """Near by, little is painted anew; from afar all: it is cheap, and marks exceed their items."""
    modes = QGraphicsView.ViewportUpdateMode
    view.setViewportUpdateMode(
        modes.FullViewportUpdate if afar(view) else modes.MinimalViewportUpdate
    )


def scroll(view: QGraphicsView, by: QPoint) -> None:
    """Scroll by pixels of the viewport."""
    across, down = view.horizontalScrollBar(), view.verticalScrollBar()
    across.setValue(across.value() + by.x())
    down.setValue(down.value() + by.y())


class Zoom:
    """Zooms, keeping what lies at a point of the viewport where it is.

    A view scrolls by whole pixels. So that a hundred small steps of a touchpad do not add up to a
    shift, the place is remembered as long as one zooms at the same point.
    """

    def __init__(self, view: QGraphicsView) -> None:
        self._view = view
        self._kept = QPointF()
        self._stand: object = None

    def by(self, factor: float, at: QPoint) -> None:
        """Zoom about a point of the viewport."""
        view = self._view
        now = view.transform().m11()
        factor = max(SMALLEST, min(LARGEST, now * factor)) / now
        if self._stands(at) != self._stand:
            self._kept = view.viewportTransform().inverted()[0].map(QPointF(at))
        view.scale(factor, factor)
        choose_updates(view)
        scroll(view, (view.viewportTransform().map(self._kept) - QPointF(at)).toPoint())
        self._stand = self._stands(at)

    def _stands(self, at: QPoint) -> object:
        bars = self._view.horizontalScrollBar(), self._view.verticalScrollBar()
        return at.x(), at.y(), self._view.transform().m11(), *(bar.value() for bar in bars)


def fit(view: QGraphicsView, content: QRectF) -> None:
    """Show all of `content`, in the middle; a small network is not blown up to fill the view."""
    if content.isEmpty():
        view.setTransform(QTransform())
        choose_updates(view)
        view.centerOn(0, 0)
        return
    room = content.adjusted(-_FIT_MARGIN, -_FIT_MARGIN, _FIT_MARGIN, _FIT_MARGIN)
    seen = view.viewport().size()
    largest = _LARGEST_FIT * style.larger()
    scale = min(seen.width() / room.width(), seen.height() / room.height(), largest)
    scale = max(scale, SMALLEST)
    view.setTransform(QTransform.fromScale(scale, scale))
    choose_updates(view)
    view.centerOn(content.center())


class Ground:
    """The dot grid. It is one fill with a tile that is kept as long as the zoom stays."""

    def __init__(self) -> None:
        self._key: tuple[float, float, style.Style] | None = None
        self._brush = QBrush()

    def paint(self, painter: QPainter, rect: QRectF) -> None:
        """Fill `rect`, in scene units."""
        scale = painter.worldTransform().m11()
        ratio = painter.device().devicePixelRatioF()
        key = (scale, ratio, style.current())
        if key != self._key:
            self._key = key
            self._brush = self._make(scale, ratio)
        painter.fillRect(rect, self._brush)

    @staticmethod
    def _make(scale: float, ratio: float) -> QBrush:
        step = _DOTS
        while step * scale < _CLOSEST_DOTS:
            step *= 2
        tile = style.dots(step * scale, ratio)
        brush = QBrush(tile)
        size = step / tile.width()
        brush.setTransform(QTransform.fromTranslate(-step / 2, -step / 2).scale(size, size))
        return brush
