"""A scene as it looks from afar: cards and wires by the thousand, painted at one go.

Qt paints item by item, and asks Python about each of them. From afar there are many on the screen
and little is seen of each: cards that look the same are one small picture, put down where each of
them stands, and wires that look the same are one line with many pieces. The items stay what they
are; they are found, pointed at and dragged as before.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPixmap, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem

from backprop_studio.ui.canvas import geometry, style
from backprop_studio.ui.canvas.node_item import MARGIN, NodeItem
from backprop_studio.ui.canvas.wire_item import WireItem

Look = tuple[object, ...]
Extent = tuple[float, float, float, float]
"""Left, top, right, bottom."""

_BELOW, _CARDS = 0.0, 1.0
"""Depths of wires and of cards; what else there is lies under, between or over them."""

_HALO = 8.0
"""Pixels by which marks stand out of a card when they keep their size on the screen."""

_MOST_PICTURES = 4000


class Afar:
    """The cards and wires of one scene, and how to paint them at once.

    It is told of each change of an item and looks at that item again when it is to paint next.

    Parameters
    ----------
    wanted
        Called when there is something to be painted, once for all that comes before it is.
    """

    def __init__(self, wanted: Callable[[], object]) -> None:
        self._want = wanted
        self._wanted = False
        self._stale: dict[NodeItem | WireItem, None] = {}
        self._others: list[QGraphicsItem] = []
        self._cards: dict[NodeItem, tuple[float, float, Look, str, float]] = {}
        self._look_of: dict[WireItem, Look] = {}
        self._wires: dict[Look, dict[WireItem, None]] = {}
        self._lines: dict[tuple[Look, bool], QPainterPath] = {}
        self._extents: dict[NodeItem | WireItem, Extent] = {}
        self._content: QRectF | None = None
        self._selected: set[QGraphicsItem] = set()
        self._selection_stale = False
        # With half their width and height.
        self._pictures: dict[object, tuple[QPixmap, float, float]] = {}
        self._pictured: object = None
        self._option = QStyleOptionGraphicsItem()

    # What the scene tells it

    def take(self, item: QGraphicsItem) -> None:
        """An item has come into the scene."""
        self._ask()
        if isinstance(item, NodeItem | WireItem):
            self._stale[item] = None
            if isinstance(item, NodeItem):
                # Of cards at the same depth, the later one lies above.
                self._cards[item] = (0.0, 0.0, (), "", 0.0)
        else:
            self._others.append(item)

    def drop(self, item: QGraphicsItem) -> None:
        """An item has left the scene."""
        self._ask()
        self._selected.discard(item)
        if isinstance(item, NodeItem):
            self._cards.pop(item, None)
        elif isinstance(item, WireItem):
            self._sort_out(item)
        else:
            self._others.remove(item)
            return
        self._stale.pop(item, None)
        if self._extents.pop(item, None) is not None:
            self._content = None

    def note(self, item: NodeItem | WireItem) -> None:
        """An item has changed its look or its place."""
        if item.scene() is not None:
            self._stale[item] = None
            self._ask()

    def note_selection(self) -> None:
        """Something else is selected."""
        self._selection_stale = True

    def _ask(self) -> None:
        if not self._wanted:
            self._wanted = True
            self._want()

    # What it is for

    def content(self) -> QRectF:
        """What has to be seen to see all cards, and all wires that go around something."""
        self._look_again(None)
        if self._content is None:
            if not self._extents:
                return QRectF()
            left, top, right, bottom = zip(*self._extents.values(), strict=True)
            corner = QPointF(min(left), min(top))
            self._content = QRectF(corner, QPointF(max(right), max(bottom)))
        return QRectF(self._content)

    def paint(self, painter: QPainter, seen: QRectF, selected: list[QGraphicsItem]) -> None:
        """Paint everything.

        Parameters
        ----------
        painter
            Its transform is from the scene to a widget: a scale and a shift.
        seen
            The part of the scene that is wanted.
        selected
            The items that are selected now.
        """
        self._wanted = False
        self._look_again(selected)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        over = sorted((i for i in self._others if i.isVisible()), key=QGraphicsItem.zValue)
        base, opacity = painter.worldTransform(), painter.opacity()
        self._paint_each([i for i in over if i.zValue() < _BELOW], painter, base)
        self._paint_wires(painter, base.m11())
        between = [i for i in over if _BELOW <= i.zValue() < _CARDS]
        self._paint_each(between, painter, base)
        painter.resetTransform()
        self._paint_cards(painter, base, seen)
        painter.setTransform(base)
        painter.setOpacity(opacity)
        self._paint_each([i for i in over if i.zValue() >= _CARDS], painter, base)

    # How

    def _look_again(self, selected: list[QGraphicsItem] | None) -> None:
        if selected is not None and self._selection_stale:
            self._selection_stale = False
            now = set(selected)
            for item in now ^ self._selected:
                if isinstance(item, NodeItem | WireItem):
                    self._stale[item] = None
            self._selected = now
        for item in self._stale:
            extent: Extent | None = None
            if isinstance(item, NodeItem):
                place, shown = item.pos(), item.isVisible()
                self._cards[item] = (
                    place.x(), place.y(), item.look_afar(), item.node.name,
                    item.opacity() if shown else 0.0,
                )  # fmt: skip
            else:
                shown = item.isVisible()
                self._sort_out(item)
                if shown:
                    look = (item.opacity(), *item.look_afar())
                    self._look_of[item] = look
                    self._wires.setdefault(look, {})[item] = None
                    self._forget_lines(look)
            if shown:
                rect = item.content_rect()
                if not rect.isNull():
                    extent = (rect.left(), rect.top(), rect.right(), rect.bottom())
            if extent != self._extents.get(item):
                self._content = None
                if extent is None:
                    del self._extents[item]
                else:
                    self._extents[item] = extent
        self._stale.clear()

    def _sort_out(self, item: WireItem) -> None:
        look = self._look_of.pop(item, None)
        if look is not None:
            same = self._wires[look]
            same.pop(item, None)
            if not same:
                del self._wires[look]
            self._forget_lines(look)

    def _forget_lines(self, look: Look) -> None:
        self._lines.pop((look, True), None)
        self._lines.pop((look, False), None)

    def _paint_each(self, items: list[QGraphicsItem], painter: QPainter, base: QTransform) -> None:
        for item in items:
            painter.save()
            painter.setTransform(item.sceneTransform() * base)
            painter.setOpacity(painter.opacity() * item.opacity())
            item.paint(painter, self._option, None)
            painter.restore()

    def _paint_wires(self, painter: QPainter, scale: float) -> None:
        look = style.current()
        around = scale >= style.WAYS
        painter.setBrush(look.hollow)
        for key in sorted(self._wires, key=_rank):
            items = self._wires[key]
            lines = self._lines.get((key, around))
            if lines is None:
                lines = self._lines[key, around] = QPainterPath()
                for item in items:
                    lines.addPath(item.way(scale))
            painter.setOpacity(float(key[0]))  # type: ignore[arg-type]
            painter.setPen(next(iter(items)).pen(look, scale))
            painter.drawPath(lines)
        painter.setOpacity(1.0)

    def _paint_cards(self, painter: QPainter, base: QTransform, seen: QRectF) -> None:
        scale, across, down = base.m11(), base.dx(), base.dy()
        ratio = painter.device().devicePixelRatioF()
        now = (scale, ratio, style.current())
        if self._pictured != now or len(self._pictures) > _MOST_PICTURES:
            self._pictures.clear()
            self._pictured = now
        named = scale >= style.NAMES * style.larger()
        margin = max(MARGIN, _HALO / scale)
        room = seen.adjusted(-margin, -margin, margin, margin)
        left, right = room.left() - geometry.WIDEST / 2, room.right() + geometry.WIDEST / 2
        top, bottom = room.top() - geometry.HEIGHT / 2, room.bottom() + geometry.HEIGHT / 2
        floor, at = math.floor, 1.0
        painter.setOpacity(at)
        for item, (x, y, look, name, opacity) in self._cards.items():
            if not (left < x < right and top < y < bottom and opacity):
                continue
            key = (look, name) if named else look
            known = self._pictures.get(key)
            if known is None:
                picture = self._picture(item, scale, ratio, margin)
                half = picture.deviceIndependentSize() / 2
                known = self._pictures[key] = picture, half.width(), half.height()
            if opacity != at:
                at = opacity
                painter.setOpacity(at)
            picture, half_width, half_height = known
            # On whole pixels, so that words are sharp.
            column = floor((x * scale + across - half_width) * ratio + 0.5) / ratio
            row = floor((y * scale + down - half_height) * ratio + 0.5) / ratio
            painter.drawPixmap(QPointF(column, row), picture)

    def _picture(self, item: NodeItem, scale: float, ratio: float, margin: float) -> QPixmap:
        """One card, with its middle in the middle."""
        rect = geometry.card(item.width).adjusted(-margin, -margin, margin, margin)
        size = QSize(
            2 * math.ceil(rect.width() * scale * ratio / 2),
            2 * math.ceil(rect.height() * scale * ratio / 2),
        )
        picture = QPixmap(size)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        with QPainter(picture) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.translate(size.width() / ratio / 2, size.height() / ratio / 2)
            painter.scale(scale, scale)
            item.paint(painter, self._option, None)
        return picture


def _rank(look: Look) -> tuple[str, ...]:
    """Plain wires first, then what has something to say; the order of the others is fixed."""
    return tuple(str(part) for part in look[1:])
