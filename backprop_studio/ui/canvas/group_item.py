"""A group on the canvas: a frame around its members, or a block with their ports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from backprop_studio.errors import Severity
from backprop_studio.network import Group
from backprop_studio.ui.canvas import card, geometry, style
from backprop_studio.ui.canvas.geometry import PortRef
from backprop_studio.ui.canvas.repainting import leave_place, repaint
from backprop_studio.ui.words import plain

_PAD = 22.0
_BAND = 26.0
_EDGE = 8.0
_CHEVRON = 22.0
_WIDEST = 240.0
_FOOT = 22.0
"""Height of the line below the ports, where there are several on a side."""


@dataclass(frozen=True)
class Facts:
    """What the block of a group says.

    Attributes
    ----------
    detail
        Its second line: how many layers, how many parameters.
    inputs, outputs
        Its ports. They are those of its members.
    labels
        Name of the member behind each port.
    severity
        The worst problem among its members.
    problem
        The first of their problems, in words.
    """

    detail: str = ""
    inputs: tuple[PortRef, ...] = ()
    outputs: tuple[PortRef, ...] = ()
    labels: tuple[tuple[PortRef, str], ...] = ()
    severity: Severity | None = None
    problem: str = ""


class GroupItem(QGraphicsItem):
    """Shows one `Group` value around the area that the scene gives it."""

    def __init__(self, group: Group) -> None:
        super().__init__()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsSelectable)
        self.value = group
        self.facts = Facts()
        self.hovered = self.focused = False
        self._rect = QRectF()
        self._ports: Mapping[PortRef, QPointF] = {}
        self._glowing: frozenset[PortRef] = frozenset()
        self._taken: frozenset[PortRef] = frozenset()
        self._pointed: PortRef | None = None
        self._tone = ""
        self._known = True

    @property
    def part(self) -> str:
        """Id of the group."""
        return self.value.id

    @property
    def collapsed(self) -> bool:
        """Whether it is a block."""
        return self.value.collapsed

    # What the scene tells it

    def describe(self, group: Group, facts: Facts, *, level: int) -> None:
        """Take over name, ports and state; `level` is how deep it stands in other groups."""
        leave_place(self)
        self.value, self.facts = group, facts
        self.setZValue(1.0 if group.collapsed else -1.0 + 0.01 * level)
        told = "\n".join((f"{group.name}: {facts.detail}", facts.problem)).rstrip()
        self.setToolTip(plain(told))
        repaint(self)

    def enclose(self, area: QRectF) -> None:
        """Stand around an area of the scene, or as a block in the middle of it."""
        leave_place(self)
        if self.collapsed:
            self._rect = self._block(area.center())
        else:
            self._rect = area.adjusted(-_PAD, -_PAD - _BAND, _PAD, _PAD)
        self._ports = self._place_ports() if self.collapsed else {}
        repaint(self)

    def restyle(self) -> None:
        """Take over new colours."""
        repaint(self)

    def set_marks(self, *, hovered: bool, focused: bool) -> None:
        """Tell whether the pointer or the keyboard is here."""
        if (hovered, focused) != (self.hovered, self.focused):
            self.hovered, self.focused = hovered, focused
            repaint(self)

    def point_at(self, port: PortRef | None) -> None:
        """Tell which of its ports the pointer is over."""
        if port != self._pointed:
            self._pointed = port
            repaint(self)

    def set_glowing(
        self, ports: frozenset[PortRef], taken: frozenset[PortRef] = frozenset()
    ) -> None:
        """Tell which of its ports would take the wire that is being drawn, and give theirs."""
        glowing, taken = ports & set(self._ports), taken & set(self._ports)
        if (glowing, taken) != (self._glowing, self._taken):
            self._glowing, self._taken = glowing, taken
            repaint(self)

    def set_activity(self, tone: str, *, known: bool) -> None:
        """Glow in the colour of a pass while one of its members runs, or stand back."""
        if (tone, known) != (self._tone, self._known):
            self._tone, self._known = tone, known
            repaint(self)

    # What others ask it

    @property
    def spoken(self) -> tuple[str, str]:
        """Name and state for a screen reader."""
        state = "collapsed" if self.collapsed else "open"
        return f"Group {self.value.name}", "; ".join(
            part for part in (state, self.facts.detail, self.facts.problem) if part
        )

    def card_rect(self) -> QRectF:
        """Outline in the scene."""
        return QRectF(self._rect)

    def content_rect(self) -> QRectF:
        """What has to be seen, in the scene."""
        return self.card_rect()

    def ports(self) -> tuple[PortRef, ...]:
        """The ports of its block, inputs first."""
        return tuple(self._ports)

    def port_pos(self, port: PortRef) -> QPointF:
        """Centre of a port in the scene; the middle of its side when it has no such port."""
        found = self._ports.get(port)
        if found is not None:
            return found
        edge = self._rect.left() if port.side == "in" else self._rect.right()
        return QPointF(edge, self._rect.center().y())

    def catches(self, at: QPointF) -> bool:
        """Whether a point of the scene takes hold of it: a block as a whole, a frame's edges."""
        rect = self._rect
        if self.collapsed or not rect.contains(at):
            return rect.contains(at)
        return at.y() < rect.top() + _BAND or not rect.adjusted(
            _EDGE, _EDGE, -_EDGE, -_EDGE
        ).contains(at)

    def at_chevron(self, at: QPointF) -> bool:
        """Whether a point of the scene is on the sign that opens and closes it."""
        return self._chevron().contains(at)

    def title_rect(self) -> QRectF:
        """Where its name stands in the scene."""
        rect = self._rect
        return QRectF(rect.left() + _CHEVRON, rect.top(), rect.width() - _CHEVRON - 6, _BAND)

    # Qt

    def boundingRect(self) -> QRectF:
        return self._rect.adjusted(-18, -18, 18, 18)

    def shape(self) -> QPainterPath:
        path = QPainterPath()
        path.addRect(self._rect)
        if not self.collapsed:
            inside = QPainterPath()
            inside.addRect(self._rect.adjusted(_EDGE, _BAND, -_EDGE, -_EDGE))
            path = path.subtracted(inside)
        return path

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        look, rect = style.current(), self._rect
        scale = option.levelOfDetailFromTransform(painter.worldTransform())
        if self.collapsed:
            self._paint_block(painter, look, scale)
        else:
            painter.setPen(look.border_hover if self.hovered else look.frame_edge)
            painter.setBrush(look.frame)
            painter.drawRoundedRect(rect, geometry.RADIUS, geometry.RADIUS)
        painter.setBrush(look.hollow)
        if self.isSelected():
            painter.setPen(look.selected)
            style.rounded(painter, rect, 3.5, geometry.RADIUS)
        if self.focused:
            painter.setPen(look.focus)
            style.rounded(painter, rect, 8.0, geometry.RADIUS)
        if scale < style.detail():
            self._paint_name_afar(painter, look, scale)
            return
        self._paint_chevron(painter, look)
        painter.setFont(look.title_font)
        painter.setPen(look.on_title if self.collapsed else look.text)
        title = self.title_rect()
        text = look.title_metrics.elidedText(
            self.value.name, Qt.TextElideMode.ElideRight, title.width()
        )
        painter.drawText(title, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)

    def _paint_name_afar(self, painter: QPainter, look: style.Style, scale: float) -> None:
        """The name in letters that can be read: in the block, or along the top of the frame."""
        if scale < style.TITLES * style.larger():
            return
        if self.collapsed:
            painter.setPen(look.on_title)
            words = (self.value.name, self.facts.detail)
            card.paint_words(painter, look, self._rect, words, scale)
        else:
            painter.setPen(look.text)
            rect = self._rect.adjusted(4, 0, -4, 0)
            rect.setHeight(_BAND + _PAD / 2)
            left = Qt.AlignmentFlag.AlignLeft
            card.paint_words(painter, look, rect, (self.value.name, ""), scale, side=left)

    def _paint_block(self, painter: QPainter, look: style.Style, scale: float) -> None:
        rect = self._rect
        tone = look.tone(self._tone) if self._tone else None
        if not self._known:
            painter.setOpacity(painter.opacity() * 0.38)
        if tone is not None:
            painter.setPen(look.no_pen)
            for grow, brush in zip((15.0, 10.0, 5.0), tone.halo, strict=True):
                painter.setBrush(brush)
                style.rounded(painter, rect, grow, geometry.RADIUS)
        # Two sheets behind the first: there is more in it.
        painter.setPen(look.border)
        painter.setBrush(look.body)
        for aside in (6.0, 3.0):
            painter.drawRoundedRect(rect.translated(aside, aside), geometry.RADIUS, geometry.RADIUS)
        severity = self.facts.severity
        problem = look.tone(str(severity)) if severity is not None else None
        if tone is not None:
            painter.setPen(tone.outline)
        elif problem is not None:
            painter.setPen(problem.outline)
        else:
            painter.setPen(look.border_hover if self.hovered else look.border)
        if scale < style.detail():
            painter.setBrush(look.band("operation"))
        painter.drawRoundedRect(rect, geometry.RADIUS, geometry.RADIUS)
        if scale >= style.detail():
            painter.setPen(look.no_pen)
            painter.setBrush(look.band("operation"))
            painter.save()
            painter.translate(rect.center().x(), rect.top() + geometry.HEIGHT / 2)
            painter.drawPath(card.band_path(rect.width()))
            painter.restore()
        if scale >= style.PORTS:
            for port, at in self._ports.items():
                lit = port in self._glowing or port == self._pointed
                glow = look.tone("accent") if lit else None
                taken = port in self._taken and port != self._pointed
                card.paint_port(painter, look, at, wired=True, glow=glow, taken=taken)
        if problem is not None:
            error = severity is Severity.ERROR
            card.paint_badge(painter, look, rect.topRight(), problem, error=error)
        if scale < style.detail():
            return
        painter.setFont(look.small_font)
        painter.setPen(look.muted)
        body = rect.adjusted(14, geometry.BAND, -14, 0)
        if self._many:
            self._paint_port_names(painter, look)
            body.setTop(rect.bottom() - _FOOT)
        detail = look.small_metrics.elidedText(
            self.facts.detail, Qt.TextElideMode.ElideRight, body.width()
        )
        painter.drawText(body, Qt.AlignmentFlag.AlignCenter, detail)

    def _paint_port_names(self, painter: QPainter, look: style.Style) -> None:
        half = self._rect.width() / 2 - 16
        for port, name in self.facts.labels:
            at = self._ports.get(port)
            if at is None:
                continue
            right = port.side == "out"
            text = look.small_metrics.elidedText(name, Qt.TextElideMode.ElideRight, half)
            left = at.x() - 10 - half if right else at.x() + 10
            place = QRectF(left, at.y() - 9, half, 18)
            side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
            painter.drawText(place, side | Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_chevron(self, painter: QPainter, look: style.Style) -> None:
        at = self._chevron().center()
        x, y, d = at.x(), at.y(), 3.5
        painter.setPen(look.no_pen)
        painter.setBrush(look.on_title.color() if self.collapsed else look.text.color())
        if self.collapsed:
            corners = [QPointF(x - d / 2, y - d), QPointF(x + d, y), QPointF(x - d / 2, y + d)]
        else:
            corners = [QPointF(x - d, y - d / 2), QPointF(x + d, y - d / 2), QPointF(x, y + d)]
        painter.drawPolygon(corners)

    def _chevron(self) -> QRectF:
        return QRectF(self._rect.left() + 2, self._rect.top() + 1, _CHEVRON, _BAND - 2)

    def _block(self, centre: QPointF) -> QRectF:
        look = style.current()
        need = look.title_metrics.horizontalAdvance(self.value.name) + _CHEVRON + 18
        need = max(need, look.small_metrics.horizontalAdvance(self.facts.detail) + 32)
        width = min(max(need, geometry.WIDTH + (40.0 if self._many else 0.0)), _WIDEST)
        height = geometry.HEIGHT
        if self._many:
            count = max(len(self.facts.inputs), len(self.facts.outputs))
            height = geometry.BAND + 8 + count * geometry.PORT_GAP + _FOOT
        x, y = centre.x(), centre.y()
        return QRectF(x - width / 2, y - height / 2, width, height)

    def _place_ports(self) -> dict[PortRef, QPointF]:
        rect, found = self._rect, {}
        middle = rect.center().y()
        if self._many:
            middle = (rect.top() + geometry.BAND + rect.bottom() - _FOOT) / 2
        for side, ports in ((rect.left(), self.facts.inputs), (rect.right(), self.facts.outputs)):
            for place, port in enumerate(ports):
                down = (place - (len(ports) - 1) / 2) * geometry.PORT_GAP
                found[port] = QPointF(side, middle + down)
        return found

    @property
    def _many(self) -> bool:
        """Whether there is more than one port on a side, so that they need names."""
        return max(len(self.facts.inputs), len(self.facts.outputs)) > 1
