"""A note on the canvas: a sheet with a text of the person who made it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QTextLayout
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from backprop_studio.network import Note
from backprop_studio.ui.canvas import card, style
from backprop_studio.ui.canvas.repainting import leave_place, repaint

PAD = 10.0
GRIP = 8.0
"""Width of the strip at the right edge that changes the width."""

_LEAST = 36.0
_FOLD = 10.0
_BEGINNING = 200
"""Characters of which as many are shown from afar as there is room for."""


class NoteItem(QGraphicsItem):
    """Shows one `Note` value."""

    def __init__(self, note: Note) -> None:
        super().__init__()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsSelectable)
        self.setZValue(0.5)
        self.note = note
        self.hovered = self.focused = False
        self._lines: tuple[str, ...] = ()
        self._height = _LEAST
        self.describe(note)

    @property
    def part(self) -> str:
        """Id of the note."""
        return self.note.id

    def describe(self, note: Note) -> None:
        """Take over place, width and text."""
        leave_place(self)
        self.note = note
        self.setPos(note.x, note.y)
        look = style.current()
        self._lines = _wrapped(note.text, look, note.width - 2 * PAD)
        lines = max(len(self._lines), 1) * look.name_metrics.lineSpacing()
        self._height = max(lines + 2 * PAD, _LEAST)
        self.setToolTip("" if note.text else "An empty note. Double-click it to write.")
        repaint(self)

    def restyle(self) -> None:
        """Lay the text out anew."""
        self.describe(self.note)

    def set_marks(self, *, hovered: bool, focused: bool) -> None:
        """Tell whether the pointer or the keyboard is here."""
        if (hovered, focused) != (self.hovered, self.focused):
            self.hovered, self.focused = hovered, focused
            repaint(self)

    @property
    def spoken(self) -> tuple[str, str]:
        """Name and state for a screen reader."""
        return f"Note: {self.note.text or 'empty'}", ""

    def card_rect(self) -> QRectF:
        """Outline in the scene."""
        return self._sheet().translated(self.pos())

    def content_rect(self) -> QRectF:
        """What has to be seen, in the scene."""
        return self.card_rect()

    def at_grip(self, at: QPointF) -> bool:
        """Whether a point of the scene is where the width is changed."""
        rect = self.card_rect()
        return rect.contains(at) and at.x() > rect.right() - GRIP

    def _sheet(self) -> QRectF:
        return QRectF(0.0, 0.0, self.note.width, self._height)

    def boundingRect(self) -> QRectF:
        return self._sheet().adjusted(-10, -10, 10, 10)

    def shape(self) -> QPainterPath:
        path = QPainterPath()
        path.addRect(self._sheet())
        return path

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        look, rect = style.current(), self._sheet()
        scale = option.levelOfDetailFromTransform(painter.worldTransform())
        painter.setPen(look.border_hover if self.hovered else look.note_edge)
        painter.setBrush(look.note)
        corner = rect.topRight()
        painter.drawPolygon(
            [rect.topLeft(), corner - QPointF(_FOLD, 0), corner + QPointF(0, _FOLD),
             rect.bottomRight(), rect.bottomLeft()]
        )  # fmt: skip
        painter.drawPolyline(
            [
                corner - QPointF(_FOLD, 0),
                corner + QPointF(-_FOLD, _FOLD),
                corner + QPointF(0, _FOLD),
            ]
        )
        painter.setBrush(look.hollow)
        if self.isSelected():
            painter.setPen(look.selected)
            style.rounded(painter, rect, 3.5, 2.0)
        if self.focused:
            painter.setPen(look.focus)
            style.rounded(painter, rect, 8.0, 2.0)
        painter.setPen(look.text)
        if scale < style.detail():
            # What it begins with, where there is room for a line.
            letters = card.AFAR_NAME * style.larger()
            if self._height * scale >= letters:
                font, metrics = look.afar(round(letters / scale), bold=False)
                room = rect.width() - 4 / scale
                text = self.note.text[:_BEGINNING].split("\n")[0]
                text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
                painter.setFont(font)
                flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip
                painter.drawText(rect, flags, text)
            return
        painter.setFont(look.name_font)
        step, y = look.name_metrics.lineSpacing(), PAD + look.name_metrics.ascent()
        for line in self._lines:
            painter.drawText(QPointF(PAD, y), line)
            y += step


def _wrapped(text: str, look: style.Style, width: float) -> tuple[str, ...]:
    """The lines of a text; each line that was typed begins a new one."""
    found: list[str] = []
    for typed in text.split("\n") if text else ():
        if not typed:
            found.append("")
            continue
        layout = QTextLayout(typed, look.name_font)
        layout.beginLayout()
        starts: list[int] = []
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(width, 10.0))
            starts.append(line.textStart())
        layout.endLayout()
        ends = [*starts[1:], len(typed)]
        found += [typed[a:b] for a, b in zip(starts, ends, strict=True)]
    return tuple(found)
