"""One operation of an opened layer, with what it reads above it and what it gives below."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from backprop_studio.autograd import Formula
from backprop_studio.ui.canvas import style
from backprop_studio.ui.widgets.formula import typeset

WIDTH, HEIGHT = 190.0, 78.0
PILL = 20.0
_BAND = 24.0
_FADED = 0.45
NEAR = 0.6
"""Above this scale there is room for formulas and shapes."""


@dataclass(frozen=True)
class Label:
    """A value beside an operation: its name, its shape, and whether it is kept."""

    name: str
    shape: str
    kept: bool = False


class OpItem(QGraphicsItem):
    """A box with the operation's name and formula, in the colour of its pass."""

    def __init__(
        self,
        index: int,
        title: str,
        formula: Formula | None,
        tone: str,
        given: tuple[Label, ...],
        taken: tuple[Label, ...],
    ) -> None:
        super().__init__()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsSelectable)
        self.index = index
        self.title = title
        self.given, self.taken = given, taken
        self.state = ""
        self._tone = tone
        self._formula = formula
        self._picture: QSvgRenderer | None = None
        words = [title, *([formula.plain, formula.says] if formula else [])]
        self.setToolTip("\n".join(words))
        self.restyle()

    def restyle(self) -> None:
        """Take over new colours."""
        self._picture = typeset(self._formula.latex, 15.0) if self._formula is not None else None
        self.update()

    def set_state(self, state: str) -> None:
        """Say whether it is `done`, `next` or `later` in this iteration."""
        if state != self.state:
            self.state = state
            self.setOpacity(_FADED if state == "later" else 1.0)
            self.update()

    def box(self) -> QRectF:
        """The box itself, from the centre."""
        return QRectF(-WIDTH / 2, -HEIGHT / 2, WIDTH, HEIGHT)

    def boundingRect(self) -> QRectF:
        above = len(self.given) * (PILL + 4) + 14
        below = len(self.taken) * (PILL + 4) + 14
        return self.box().adjusted(-10, -above, 10, below)

    def shape(self) -> QPainterPath:
        path = QPainterPath()
        path.addRect(self.box())
        return path

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        look = style.current()
        tone, box = look.tone(self._tone), self.box()
        near = option.levelOfDetailFromTransform(painter.worldTransform()) >= NEAR
        painter.setPen(look.no_pen)
        if self.state == "next":
            for grow, brush in zip((12.0, 8.0, 4.0), tone.halo, strict=True):
                painter.setBrush(brush)
                style.rounded(painter, box, grow, 8)
        painter.setBrush(look.body)
        style.rounded(painter, box, 0, 8)
        band = QRectF(box.left(), box.top(), box.width(), _BAND if near else box.height())
        painter.setBrush(tone.fill)
        style.rounded(painter, band, 0, 8)
        painter.setFont(look.title_font)
        painter.setPen(look.on_tone)
        text = look.title_metrics.elidedText(
            self.title, Qt.TextElideMode.ElideRight, band.width() - 16
        )
        painter.drawText(band, Qt.AlignmentFlag.AlignCenter, text)
        painter.setBrush(look.hollow)
        painter.setPen(look.selected if self.isSelected() else tone.outline)
        style.rounded(painter, box, 3.5 if self.isSelected() else 0, 8)
        if near:
            self._paint_formula(painter, look, box.adjusted(8, _BAND + 3, -8, -4))
            self._paint_labels(painter, look)

    def _paint_formula(self, painter: QPainter, look: style.Style, room: QRectF) -> None:
        picture = self._picture
        if picture is None:
            painter.setPen(look.text)
            painter.setFont(look.name_font)
            plain = self._formula.plain if self._formula is not None else ""
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, plain)
            return
        size = picture.viewBoxF().size()
        scale = min(1.0, room.width() / size.width(), room.height() / size.height())
        target = QRectF(QPointF(0, 0), size * scale)
        target.moveCenter(room.center())
        picture.render(painter, target)

    def _paint_labels(self, painter: QPainter, look: style.Style) -> None:
        painter.setFont(look.small_font)
        y = -HEIGHT / 2 - 8 - PILL
        for label in reversed(self.given):
            self._paint_label(painter, look, label, y)
            y -= PILL + 4
        y = HEIGHT / 2 + 8
        for label in self.taken:
            self._paint_label(painter, look, label, y)
            y += PILL + 4

    def _paint_label(self, painter: QPainter, look: style.Style, label: Label, top: float) -> None:
        rect = QRectF(-WIDTH / 2, top, WIDTH, PILL)
        painter.setPen(look.tone("update").line if label.kept else look.pill)
        painter.setBrush(look.ground)
        style.rounded(painter, rect, 0, PILL / 2 if not label.kept else 4)
        shape = look.small_metrics.horizontalAdvance(label.shape)
        painter.setPen(look.muted)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(rect.adjusted(8, 0, -8, 0), right, label.shape)
        painter.setPen(look.text)
        name = look.small_metrics.elidedText(
            label.name, Qt.TextElideMode.ElideRight, WIDTH - 24 - shape
        )
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(rect.adjusted(8, 0, -8, 0), left, name)
