"""A wire on the canvas, and the shape of what flows through it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPainterPathStroker, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from backprop_studio.network import Wire
from backprop_studio.ui.canvas import geometry, routing, style
from backprop_studio.ui.canvas.repainting import leave_place, repaint
from backprop_studio.ui.canvas.tracing import Reading

_REACH = 14.0
_PLAIN, _MARKED, _READINGS = 0.4, 1.5, 0.4
"""From afar: pixels of a plain wire and of a marked one, and of each unit of a reading's width."""

_USUAL = 70.0
"""Units of a label that there is always room for."""

_DIM = 0.38
_THINNEST, _THICKEST = 1.0, 6.0
"""Pixels, for the smallest and the largest reading."""


class WireItem(QGraphicsItem):
    """Shows one `Wire` between two points that the scene gives it.

    Parameters
    ----------
    wire
        What it shows.
    changed
        Told of each change of its look or place.
    """

    def __init__(self, wire: Wire, changed: Callable[[WireItem], object] = lambda _: None) -> None:
        super().__init__()
        self._changed = changed
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsSelectable)
        self.wire = wire
        self.label = ""
        self.broken = False
        self.hovered = False
        self.leaving = False
        self.reading: Reading | None = None
        self._tone = ""
        self._moved: float | None = None
        self._start = QPointF()
        self._end = QPointF()
        self._path = QPainterPath()
        self._plain = QPainterPath()
        self._routed = False
        self._shape: QPainterPath | None = None
        self._middle: QPointF | None = None
        self._pill: QRectF | None = None
        self._room = QRectF()
        self._wide = False
        self._bounds = QRectF()

    def runs_between(self, start: QPointF, end: QPointF) -> bool:
        """Whether it has a way, and these are its ends."""
        return start == self._start and end == self._end and not self._plain.isEmpty()

    def place(self, start: QPointF, end: QPointF, path: QPainterPath | None = None) -> None:
        """Run from `start` to `end`, in the scene, on a path around what is in the way."""
        routed = path is not None
        if self.runs_between(start, end):
            if routed == self._routed and (path is None or path == self._path):
                return
        else:
            self._start, self._end = QPointF(start), QPointF(end)
            self._plain = geometry.wire_path(start, end)
        self._path, self._routed = self._plain if path is None else path, routed
        self._lay_out()

    def minds(self, areas: routing.Cards) -> bool:
        """Whether cards that came to some areas or left them may lead this wire another way."""
        near = areas.within(routing.sides(self._bounds))
        # A plain curve stays as it is where nothing is put on it.
        return bool(near) and (
            self._routed
            or any(self._path.intersects(QRectF(QPointF(*r[:2]), QPointF(*r[2:]))) for r in near)
        )

    def content_rect(self) -> QRectF:
        """What has to be seen of it: all, where it goes around something."""
        return self._path.boundingRect() if self._routed else QRectF()

    def middle(self) -> QPointF:
        """The point halfway along it, in the scene."""
        return self._path.pointAtPercent(0.5)

    def near_end(self, at: QPointF) -> str:
        """The end that a point of the scene is nearer to, "source" or "target"."""
        first, last = at - self._start, at - self._end
        return "source" if first.manhattanLength() < last.manhattanLength() else "target"

    def describe(self, label: str, *, broken: bool) -> None:
        """Take over the shape of the value, and whether it arrives at a node with an error."""
        if label != self.label:
            self.label = label
            if self.reading is None:
                self._fit_label()
            # Nothing of it is seen from afar: a network whose shapes change is not drawn anew.
            self.update()
        if broken != self.broken:
            self.broken = broken
            self._touch()

    def show_up(self, shown: bool, /) -> None:
        """Be seen, or not."""
        if shown != self.isVisible():
            self.setVisible(shown)
            self._touch()

    def _touch(self) -> None:
        self.update()
        self._changed(self)

    def set_activity(self, tone: str, *, known: bool) -> None:
        """Shine in the colour of a pass, or stand back while the value is not known."""
        opacity = 1.0 if known else _DIM
        if opacity != self.opacity():
            self.setOpacity(opacity)
            self._touch()
        if tone != self._tone:
            self._tone = tone
            self._touch()

    def set_reading(self, reading: Reading | None) -> None:
        """Show the size of what flows here; without one, the shape."""
        if reading != self.reading:
            self.reading = reading
            self._fit_label()
            self._touch()

    def set_moved(self, moved: float | None) -> None:
        """Show that something flows, with dashes that have moved so far; None for none."""
        if moved != self._moved:
            self._moved = moved
            # Where nothing shines, nothing is seen to flow.
            if self._tone:
                self._touch()

    def set_hovered(self, hovered: bool, /) -> None:
        """Tell whether the pointer is here."""
        if hovered:
            # Written when it may be wanted, as most wires are never pointed at.
            self.setToolTip(self.toolTip())
        if hovered != self.hovered:
            self.hovered = hovered
            self._touch()

    def set_leaving(self, leaving: bool, /) -> None:
        """Tell whether it would give way to the wire that is being drawn."""
        if leaving != self.leaving:
            self.leaving = leaving
            self._touch()

    def restyle(self) -> None:
        """Measure the label anew."""
        self._lay_out()

    def toolTip(self) -> str:
        words = [f"Shape: {self.label}"] if self.label else []
        if self.reading is not None:
            what = "Error signal" if self.reading.backward else "Activation"
            words.append(f"{what} here: {self.reading.text}")
        return "\n".join(words)

    def _text(self) -> str:
        return self.label if self.reading is None else self.reading.text

    def _lay_out(self) -> None:
        """Find room for the way and for a label of usual length; later labels move nothing then."""
        self._shape = None
        self._middle = None
        self._room = self._path.controlPointRect().adjusted(-5, -5, 5, 5)
        if self._routed:
            self._room = self._room.united(self._plain.controlPointRect())
        self._room = self._room.united(self._label_room(_USUAL)).united(self._label_room(0))
        self._fit_label(moved=True)
        self._touch()

    def _fit_label(self, *, moved: bool = False) -> None:
        self._pill = None
        width = self._label_width()
        wide = width > _USUAL
        if not (wide or self._wide or moved):
            return
        self._wide = wide
        bounds = self._room.united(self._label_room(width)) if wide else self._room
        if bounds != self._bounds:
            # Only then: the scene has to find another place for it in its index.
            leave_place(self)
            self._bounds = bounds

    def _label_width(self) -> float:
        return style.current().small_width(self._text()) + 12

    def _label_room(self, width: float) -> QRectF:
        """Where a label of this width may stand."""
        if not self._routed:
            return self._label_rect(width)
        # Anywhere on its way: the middle of that takes long to find, and few labels are seen.
        across, down = width / 2, self._label_height() / 2
        return self._path.controlPointRect().adjusted(-across, -down, across, down)

    def _label_height(self) -> float:
        return style.current().small_metrics.height() + 4

    def _label_rect(self, width: float) -> QRectF:
        """Where a label of this width stands."""
        height = self._label_height()
        if self._middle is None:
            self._middle = self.middle() if self._routed else (self._start + self._end) / 2
        middle = self._middle
        pill = QRectF(middle.x() - width / 2, middle.y() - height / 2, width, height)
        gap = self._end.x() - self._start.x()
        level = abs(self._end.y() - self._start.y()) < geometry.HEIGHT and not self._routed
        if level and 0 <= gap < width:
            # No room between the cards: it stands above their upper edges.
            pill.translate(0, -(geometry.HEIGHT + height) / 2 - geometry.PORT)
        elif level and 0 <= gap < width + 3 * geometry.PORT:
            # Where it would touch the ports, it stands above the wire.
            pill.translate(0, -height / 2 - geometry.PORT)
        return pill

    def boundingRect(self) -> QRectF:
        return self._bounds

    def shape(self) -> QPainterPath:
        # Made when it is asked for: most wires are never pointed at.
        if self._shape is None:
            stroker = QPainterPathStroker()
            stroker.setWidth(_REACH)
            self._shape = stroker.createStroke(self._path)
        return self._shape

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        look = style.current()
        painter.setBrush(look.hollow)
        scale = option.levelOfDetailFromTransform(painter.worldTransform())
        painter.setPen(self.pen(look, scale))
        painter.drawPath(self.way(scale))
        if not self._text() or self.leaving or scale < style.detail():
            return
        if self._pill is None:
            self._pill = self._label_rect(self._label_width())
        painter.setBrush(look.ground)
        painter.setPen(self._edge(look))
        style.rounded(painter, self._pill, 0, self._pill.height() / 2)
        painter.setFont(look.small_font)
        painter.setPen(look.text if self.isSelected() or self.hovered else look.muted)
        painter.drawText(self._pill, Qt.AlignmentFlag.AlignCenter, self._text())

    def way(self, scale: float) -> QPainterPath:
        """The line that is drawn at this scale."""
        return self._plain if scale < style.WAYS else self._path

    def look_afar(self) -> tuple[object, ...]:
        """All that its looks from afar depend on, but for its way and its opacity."""
        if self.leaving:
            return (0, "leaving")
        if self.isSelected():
            return (2, "selected")
        if self._moved is not None and self._tone:
            back = self.reading is not None and self.reading.backward
            return (2, "flowing", self._tone, back, self._moved)
        if self.reading is not None:
            # Wires of nearly the same thickness are drawn together.
            return (1, "reading", self.reading.backward, round(self.reading.level * 24))
        if self._tone:
            return (2, "tone", self._tone)
        if self.broken:
            return (1, "broken")
        return (1, "hovered") if self.hovered else (0, "plain")

    def pen(self, look: style.Style, scale: float) -> QPen:
        """What it is drawn with. From afar its marks keep a width that can be seen."""
        pen = self._pen(look)
        if scale >= style.detail():
            return pen
        if self.reading is not None and not (self.isSelected() or self._moved is not None):
            # Thick and thin must stay apart.
            return style.at_least(pen, pen.widthF() * _READINGS, scale)
        return style.at_least(pen, _PLAIN if pen is look.wire else _MARKED, scale)

    def _pen(self, look: style.Style) -> QPen:
        if self.leaving:
            return look.tone("muted").dashed
        if self.isSelected():
            return look.selected
        if self._moved is not None and self._tone:
            pen = QPen(look.tone(self._tone).outline)
            pen.setDashPattern([3.0, 2.5])
            # Along the way of the data, or against it.
            back = self.reading is not None and self.reading.backward
            pen.setDashOffset(self._moved if back else -self._moved)
            return pen
        if self.reading is not None:
            pen = QPen(look.tone("backward" if self.reading.backward else "forward").line)
            pen.setWidthF(_THINNEST + (_THICKEST - _THINNEST) * self.reading.level)
            return pen
        if self._tone:
            return look.tone(self._tone).outline
        if self.broken:
            return look.tone("error").dashed
        return look.border_hover if self.hovered else look.wire

    def _edge(self, look: style.Style) -> QPen:
        if self.isSelected():
            return look.tone("accent").line
        return look.tone(self._tone).line if self._tone else look.pill


class WirePreview(QGraphicsItem):
    """The wire that is being drawn; it ends at the pointer."""

    def __init__(self) -> None:
        super().__init__()
        self.setZValue(3)
        self.tone = "muted"
        self._path = QPainterPath()
        self._bounds = QRectF()
        self._end = QPointF()

    def show_between(self, start: QPointF, end: QPointF, loose: QPointF, tone: str) -> None:
        """Run from `start` to `end` in a tone, with a dot at the `loose` end."""
        leave_place(self)
        self.tone = tone
        self._path = geometry.wire_path(start, end)
        self._end = QPointF(loose)
        self._bounds = self._path.controlPointRect().adjusted(-8, -8, 8, 8)
        repaint(self)

    def boundingRect(self) -> QRectF:
        return self._bounds

    def shape(self) -> QPainterPath:
        return QPainterPath()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        look = style.current()
        tone = look.tone(self.tone)
        painter.setBrush(look.hollow)
        painter.setPen(tone.outline if self.tone == "accent" else tone.dashed)
        painter.drawPath(self._path)
        painter.setPen(look.no_pen)
        painter.setBrush(tone.fill)
        painter.drawEllipse(self._end, geometry.PORT, geometry.PORT)
