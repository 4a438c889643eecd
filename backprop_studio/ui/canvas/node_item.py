"""A node on the canvas: a card with ports, and below it what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from backprop_studio.errors import Diagnostic, Severity
from backprop_studio.network import Analysis, Node
from backprop_studio.ui.canvas import captions, card, geometry, style
from backprop_studio.ui.canvas.activity import TONES, WORDS, Activity
from backprop_studio.ui.canvas.geometry import PortRef
from backprop_studio.ui.canvas.repainting import leave_place
from backprop_studio.ui.canvas.tracing import Picture

MARGIN = 18.0
"""How far halo and outlines stand out of a card, in scene units."""
FADED = 0.38
"""Opacity of what stands back."""

_OF_NOTE = ("note", "_note_rect", "_fix_rect", "_content")
"""What is found out when it is wanted, and depends on what is wrong."""


class NodeItem(QGraphicsItem):
    """Shows one `Node` value. It knows nothing of the document; the scene feeds it.

    Parameters
    ----------
    node, analysis
        What it shows, and what is known of it.
    changed
        Told of each change of its look or place.
    moved
        Told before that where the card takes up another place.
    """

    def __init__(
        self,
        node: Node,
        analysis: Analysis,
        changed: Callable[[NodeItem], object] = lambda _: None,
        moved: Callable[[NodeItem], object] = lambda _: None,
    ) -> None:
        super().__init__()
        self._changed, self._moved = changed, moved
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsSelectable)
        self.setZValue(1)
        self.node = node
        self.analysis = analysis
        self.findings: tuple[Diagnostic, ...] = ()
        self.fix = ""
        self.word = ""
        self.badge = ""
        self.picture: Picture | None = None
        self.hovered = False
        self.focused = False
        self._captions = ("", "", "", "")
        self._wired: frozenset[PortRef] = frozenset()
        self._wired_sides: frozenset[tuple[str, int]] = frozenset()
        self._pointed: PortRef | None = None
        self._glowing: frozenset[PortRef] = frozenset()
        self._taken: frozenset[PortRef] = frozenset()
        self._tone = ""
        self.width = geometry.WIDTH
        """Width of the card."""
        self._fix_pointed = False
        self._bounds = QRectF()
        self.setPos(node.x, node.y)
        self.describe(node, analysis, ())

    # What the scene tells it

    @property
    def part(self) -> str:
        """Id of the node."""
        return self.node.id

    def describe(
        self, node: Node, analysis: Analysis, findings: Sequence[Diagnostic], fix: str = ""
    ) -> None:
        """Take over the texts of a node: names, settings, shape, problems, a remedy."""
        self.node = node
        found = (
            captions.title(node),
            node.name,
            captions.key_setting(node),
            captions.detail(node, analysis),
        )
        findings = tuple(findings)
        self.analysis = analysis
        if (found, findings, fix) != (self._captions, self.findings, self.fix):
            again, moves = found != self._captions, fix != self.fix
            self._captions, self.findings, self.fix = found, findings, fix
            for known in _OF_NOTE:
                self.__dict__.pop(known, None)
            if again:
                self.restyle()
            elif moves:
                self._fit()
            else:
                self._touch()

    def restyle(self) -> None:
        """Lay the texts out anew."""
        self.width = card.width_for(style.current(), self._captions[0])
        for known in (*_OF_NOTE, "_texts"):
            self.__dict__.pop(known, None)
        self._moved(self)
        self._fit()

    def _fit(self) -> None:
        """Take up the room that is needed with card, note and what else there is."""
        self.__dict__.pop("_below", None)
        leave_place(self)
        self._bounds = self._measure()
        self._touch()

    @cached_property
    def _texts(self) -> card.Texts:
        """Its texts, cut to the card; from afar nobody reads them."""
        return card.Texts.fit(style.current(), *self._captions)

    def _place_note(self) -> None:
        """Leave room below the card for what is wrong with it."""
        leave_place(self)
        for known in ("note", "_note_rect", "_fix_rect"):
            self.__dict__.pop(known, None)
        self._bounds = self._measure()
        self._touch()

    @cached_property
    def note(self) -> tuple[str, ...]:
        """Its problems, in lines; wrapped when they are seen first, as from afar nobody does."""
        if not self.findings:
            return ()
        text = " ".join(d.text for d in self.findings)
        width = card.note_width(self.width)
        return captions.wrap(text, style.current().small_font, width, card.NOTE_LINES)

    @cached_property
    def _note_rect(self) -> QRectF:
        return card.note_rect(style.current(), self.width, self.note)

    @cached_property
    def _fix_rect(self) -> QRectF:
        return card.fix_rect(style.current(), self._note_rect, self.fix)

    @cached_property
    def _below(self) -> QRectF:
        """Room for note and remedy, from the node's centre, for as many lines as there can be."""
        most = card.note_rect(style.current(), self.width, ("",) * card.NOTE_LINES)
        return most.united(card.fix_rect(style.current(), most, self.fix))

    @cached_property
    def _content(self) -> QRectF:
        """Card and note from the node's centre."""
        rect = geometry.card(self.width)
        return rect.united(self._below) if self.findings else rect

    def move_to(self, place: QPointF) -> None:
        """Stand elsewhere in the scene."""
        if place != self.pos():
            self.setPos(place)
            self._moved(self)
            self._changed(self)

    def show_up(self, shown: bool, /) -> None:
        """Be seen, or not."""
        if shown != self.isVisible():
            self.setVisible(shown)
            self._moved(self)
            self._changed(self)

    def fade(self, opacity: float) -> None:
        """Stand back, or not."""
        if opacity != self.opacity():
            self.setOpacity(opacity)
            self._changed(self)

    def _touch(self) -> None:
        self.update()
        self._changed(self)

    def set_wired(self, ports: frozenset[PortRef]) -> None:
        """Tell which of its ports have a wire."""
        if ports != self._wired:
            self._wired = ports
            self._wired_sides = frozenset((p.side, p.index) for p in ports)
            self._touch()

    def set_glowing(
        self, ports: frozenset[PortRef], taken: frozenset[PortRef] = frozenset()
    ) -> None:
        """Tell which of its ports would take the wire that is being drawn, and give theirs."""
        if (ports, taken) != (self._glowing, self._taken):
            self._glowing, self._taken = ports, taken
            self._touch()

    def toolTip(self) -> str:
        return captions.tooltip(self.node, self.analysis, self.findings)

    def set_marks(self, *, hovered: bool, focused: bool) -> None:
        """Tell whether the pointer or the keyboard is here."""
        if hovered:
            # Written when it may be wanted: most cards are never pointed at between two edits.
            self.setToolTip(self.toolTip())
        if (hovered, focused) != (self.hovered, self.focused):
            self.hovered, self.focused = hovered, focused
            self._touch()

    def point_at(self, port: PortRef | None) -> None:
        """Tell which of its ports the pointer is over."""
        if port != self._pointed:
            self._pointed = port
            self._touch()

    def point_at_fix(self, pointed: bool, /) -> None:
        """Tell whether the pointer is over the remedy."""
        if pointed != self._fix_pointed:
            self._fix_pointed = pointed
            self._touch()

    def set_activity(self, activity: Activity | None) -> None:
        """Glow, dim, or neither."""
        running = activity is not None and activity.node == self.node.id
        phase = activity.phase if activity is not None and running else None
        tone = TONES[phase] if phase is not None else ""
        word = WORDS[phase] if phase is not None else ""
        known = activity is None or running or self.node.id in activity.computed
        self.fade(1.0 if known else FADED)
        if (tone, word) != (self._tone, self.word):
            self._tone, self.word = tone, word
            self._fit()

    def set_picture(self, picture: Picture | None) -> None:
        """Show the output for the example that is traced, below the card; None for nothing."""
        if picture is self.picture:
            return
        self.picture = picture
        self._fit()

    def set_badge(self, text: str) -> None:
        """Write something below the card; nothing for an empty text."""
        if text != self.badge:
            self.badge = text
            self._fit()

    # What others ask it

    @property
    def severity(self) -> Severity | None:
        """The worst of its problems."""
        return captions.worst(self.findings)

    @property
    def running(self) -> bool:
        """Whether it glows."""
        return bool(self._tone)

    @property
    def glowing(self) -> frozenset[PortRef]:
        """Its ports that would take the wire that is being drawn."""
        return self._glowing

    def card_rect(self) -> QRectF:
        """Outline of the card in the scene."""
        return geometry.card(self.width).translated(self.pos())

    def content_rect(self) -> QRectF:
        """Card and note in the scene: what has to be seen."""
        return self._content.translated(self.pos())

    def fix_rect(self) -> QRectF:
        """Where its remedy can be clicked, in the scene; empty without one."""
        return self._fix_rect.translated(self.pos())

    def ports(self) -> tuple[PortRef, ...]:
        """Its ports, inputs first."""
        spec = self.node.spec
        found = [PortRef(self.node.id, "in", i) for i in range(len(spec.ports))]
        if spec.has_output:
            found.append(PortRef(self.node.id, "out"))
        return tuple(found)

    def port_pos(self, port: PortRef) -> QPointF:
        """Centre of a port in the scene."""
        return self.pos() + self._offset(port)

    def _offset(self, port: PortRef) -> QPointF:
        count = len(self.node.spec.ports)
        return geometry.port_offset(port.side, port.index, count, self.width)

    # Qt

    def boundingRect(self) -> QRectF:
        return self._bounds

    def shape(self) -> QPainterPath:
        path = QPainterPath()
        path.addRect(geometry.card(self.width))
        if not self._note_rect.isEmpty():
            path.addRect(self._note_rect.united(self._fix_rect))
        return path

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        look = style.current()
        scale = option.levelOfDetailFromTransform(painter.worldTransform())
        category = str(self.node.spec.info.category)
        rect = geometry.card(self.width)
        tone = look.tone(self._tone) if self._tone else None
        # From afar, what marks a card keeps a size on the screen that can be seen.
        afar = scale < style.detail()
        if tone is not None:
            painter.setPen(look.no_pen)
            for grow, brush in zip((15.0, 10.0, 5.0), tone.halo, strict=True):
                painter.setBrush(brush)
                style.rounded(painter, rect, max(grow, grow / 3 / scale), geometry.RADIUS)
        if afar:
            words = self._captions[:2]
            card.paint_afar(painter, look, words, self.width, category, scale)
        else:
            card.paint_card(painter, look, self._texts, category)
        self._paint_outlines(painter, look, 1.5 if afar else 0.0, scale)
        for port in self.ports() if scale >= style.PORTS else ():
            lit = port in self._glowing or port == self._pointed
            glow = look.tone("accent") if lit else None
            at = self._offset(port)
            wired, taken = port in self._wired, port in self._taken and port != self._pointed
            card.paint_port(painter, look, at, wired=wired, glow=glow, taken=taken)
        severity = self.severity
        problem = look.tone(str(severity)) if severity is not None else None
        if problem is not None:
            painter.save()
            painter.translate(rect.topRight())
            grow = max(1.0, 0.45 / scale)
            painter.scale(grow, grow)
            error = severity is Severity.ERROR
            card.paint_badge(painter, look, QPointF(), problem, error=error)
            painter.restore()
        if afar:
            return
        if problem is not None and self.note:
            card.paint_note(painter, look, self._note_rect, self.note, problem)
            if self.fix:
                card.paint_fix(painter, look, self._fix_rect, self.fix, lit=self._fix_pointed)
        if tone is not None:
            card.paint_tag(painter, look, self.word, tone)
        if self.picture is not None:
            card.paint_picture(painter, look, self.picture)
        if self.badge:
            card.paint_label(
                painter, look, self.badge, card.label_rect(look, self.badge, self._drop)
            )

    def _paint_outlines(
        self, painter: QPainter, look: style.Style, least: float, scale: float
    ) -> None:
        """What tells how the card stands: its edge, whether it is selected, and the focus."""
        rect = geometry.card(self.width)
        painter.setBrush(look.hollow)
        mark = self._tone or (str(self.severity) if self.severity is not None else "")
        if mark:
            painter.setPen(style.at_least(look.tone(mark).outline, least, scale))
        elif self.hovered:
            painter.setPen(style.at_least(look.border_hover, least, scale))
        else:
            painter.setPen(look.border)
        style.rounded(painter, rect, 0, geometry.RADIUS)
        if self.isSelected():
            painter.setPen(style.at_least(look.selected, least, scale))
            style.rounded(painter, rect, max(3.5, least / scale), geometry.RADIUS)
        if self.focused:
            painter.setPen(style.at_least(look.focus, least, scale))
            style.rounded(painter, rect, max(8.0, 2.5 * least / scale), geometry.RADIUS)

    def look_afar(self) -> tuple[object, ...]:
        """All that its looks from afar depend on, but for its name, its place and its opacity."""
        spec = self.node.spec
        lit = self._glowing if self._pointed is None else self._glowing | {self._pointed}
        own = frozenset((p.side, p.index, p in self._taken) for p in lit if p.node == self.node.id)
        ports = (len(spec.ports), spec.has_output, self._wired_sides, own)
        state = (self._tone, self.severity, self.isSelected(), self.hovered, self.focused)
        category = str(spec.info.category)
        return (self._captions[0], category, self.width, *state, ports)

    @property
    def _drop(self) -> float:
        """How far below the card a label stands: below a picture, if there is one."""
        return 0.0 if self.picture is None else card.PICTURE + 8.0

    def _measure(self) -> QRectF:
        bounds = geometry.card(self.width).adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)
        if self.word:
            bounds = bounds.united(card.tag_rect(style.current(), self.word))
        if self.picture is not None:
            bounds = bounds.united(card.picture_rect(style.current(), self.picture))
        if self.badge:
            bounds = bounds.united(card.label_rect(style.current(), self.badge, self._drop))
        # Problems come and go by the hundred, for one cut: the room for them stays.
        return bounds.united(self._below.adjusted(-2, -2, 2, 2))
