"""Paints the card of a node: band, title, texts and ports. Shared by nodes and the drop preview."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath

from backprop_studio.ui.canvas import geometry
from backprop_studio.ui.canvas.style import NAMES, TITLES, Style, Tone, larger, rounded
from backprop_studio.ui.canvas.tracing import Picture

_PAD = 12.0
_BASELINES = (-15.5, 8.5, 23.5)
"""Of the title and the two rows beneath it."""

PICTURE = 34.0
"""Height of the picture of a node's output."""

AFAR_TITLE, AFAR_NAME = 10.0, 9.0
"""Pixels of the words on a card that is seen from afar, whatever the scale, beside text of the
system's size."""

_AFAR_PAD = 2.0
_AFAR_LEADING = 1.25

_GAP = 8.0
"""Between the name and the setting, at least."""

_WIDEST_FIX = 260.0
NOTE_PAD = 5.0
NOTE_LINES = 3


@dataclass(frozen=True)
class Texts:
    """What stands on a card, already cut to its width."""

    title: str
    name: str
    setting: str
    detail: str
    width: float

    @classmethod
    def fit(cls, style: Style, title: str, name: str, setting: str, detail: str) -> Texts:
        """Texts for a card that is as wide as its title needs, within limits."""
        width = width_for(style, title)
        room = width - 2 * _PAD
        right = Qt.TextElideMode.ElideRight
        if setting:
            # The name tells this layer from all others: only a short setting comes before it.
            wanted = style.name_metrics.horizontalAdvance(setting)
            least = 0.0 if wanted <= room / 2 else room * 0.6
            name = style.name_metrics.elidedText(name, right, max(least, room - wanted - _GAP))
            left = room - style.name_metrics.horizontalAdvance(name) - _GAP
            setting = style.name_metrics.elidedText(setting, right, left)
        else:
            name = style.name_metrics.elidedText(name, right, room)
        return cls(
            style.title_metrics.elidedText(title, right, room),
            name,
            setting,
            style.small_metrics.elidedText(detail, right, room),
            width,
        )


def width_for(style: Style, title: str) -> float:
    """Width of a card with this title."""
    need = style.title_width(title) + 2 * _PAD
    # Rounded up to whole units on both sides of the centre, so that edges stay sharp.
    return -(-min(max(need, geometry.WIDTH), geometry.WIDEST) // 4) * 4


@lru_cache(maxsize=64)
def band_path(width: float) -> QPainterPath:
    """The title band: round above, straight below. It is shared, and only drawn."""
    r = geometry.RADIUS
    rect = QRectF(-width / 2, -geometry.HEIGHT / 2, width, geometry.BAND)
    path = QPainterPath(rect.bottomLeft())
    path.lineTo(rect.left(), rect.top() + r)
    path.quadTo(rect.topLeft(), QPointF(rect.left() + r, rect.top()))
    path.lineTo(rect.right() - r, rect.top())
    path.quadTo(rect.topRight(), QPointF(rect.right(), rect.top() + r))
    path.lineTo(rect.bottomRight())
    path.closeSubpath()
    return path


def paint_card(painter: QPainter, style: Style, texts: Texts, category: str) -> None:
    """Body, band and texts of a card around the origin; its outline is drawn by the caller."""
    rect = geometry.card(texts.width)
    painter.setPen(style.no_pen)
    painter.setBrush(style.body)
    rounded(painter, rect, 0, geometry.RADIUS)
    painter.setBrush(style.band(category))
    painter.drawPath(band_path(texts.width))
    left, right = rect.left() + _PAD, rect.right() - _PAD
    painter.setFont(style.title_font)
    painter.setPen(style.on_title)
    painter.drawText(QPointF(left, _BASELINES[0]), texts.title)
    painter.setFont(style.name_font)
    painter.setPen(style.text)
    painter.drawText(QPointF(left, _BASELINES[1]), texts.name)
    if texts.setting:
        advance = style.name_metrics.horizontalAdvance(texts.setting)
        painter.drawText(QPointF(right - advance, _BASELINES[1]), texts.setting)
    if texts.detail:
        painter.setFont(style.small_font)
        painter.setPen(style.muted)
        painter.drawText(QPointF(left, _BASELINES[2]), texts.detail)


def paint_afar(
    painter: QPainter,
    style: Style,
    words: tuple[str, str],
    width: float,
    category: str,
    scale: float,
) -> None:
    """A card that is too small for its texts: all of it in the colour of its category.

    Parameters
    ----------
    painter
        Its origin is the middle of the card.
    style
        What to paint with.
    words
        Title and name. They keep a size on the screen that can be read, and are cut to the card;
        the name is left out where there is no room for a second line, both where there is none
        for the first.
    width
        Of the card.
    category
        Of the layer.
    scale
        Pixels for each unit of the scene.
    """
    rect = geometry.card(width)
    painter.setPen(style.no_pen)
    painter.setBrush(style.band(category))
    rounded(painter, rect, 0, geometry.RADIUS)
    if scale < TITLES * larger():
        return
    painter.setPen(style.on_title)
    paint_words(painter, style, rect, words, scale)


def paint_words(
    painter: QPainter,
    style: Style,
    rect: QRectF,
    words: tuple[str, str],
    scale: float,
    *,
    side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignHCenter,
) -> None:
    """A title in bold and a line below it, in letters that keep their size on the screen.

    They stand in the middle of `rect`, or at one side of it, and are cut to its width. Either may
    be empty; the second is left out where there is no room for it.
    """
    more = larger()
    lines = [(words[0], AFAR_TITLE * more, True)] if words[0] else []
    if scale >= NAMES * more and words[1]:
        lines.append((words[1], AFAR_NAME * more, False))
    top = rect.center().y() - sum(size for _, size, _ in lines) * _AFAR_LEADING / scale / 2
    inside = rect.adjusted(_AFAR_PAD / scale, 0, -_AFAR_PAD / scale, 0)
    for text, size, bold in lines:
        font, metrics = style.afar(round(size / scale), bold=bold)
        height = size * _AFAR_LEADING / scale
        painter.setFont(font)
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, inside.width())
        place = QRectF(inside.left(), top, inside.width(), height)
        flags = side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip
        painter.drawText(place, flags, text)
        top += height


def paint_port(
    painter: QPainter,
    style: Style,
    centre: QPointF,
    *,
    wired: bool,
    glow: Tone | None,
    taken: bool = False,
) -> None:
    """One port. It glows while a wire can be dropped on it, or the pointer is over it.

    One that is `taken` would have to give its wire for that: a ring around its dot.
    """
    if glow is not None and taken:
        painter.setPen(glow.outline)
        painter.setBrush(style.body)
        painter.drawEllipse(centre, geometry.PORT + 2, geometry.PORT + 2)
        painter.setPen(style.no_pen)
        painter.setBrush(style.port.color())
        painter.drawEllipse(centre, geometry.PORT - 1.5, geometry.PORT - 1.5)
        return
    if glow is not None:
        painter.setPen(style.no_pen)
        painter.setBrush(glow.halo[2])
        painter.drawEllipse(centre, geometry.PORT * 2.2, geometry.PORT * 2.2)
        painter.setPen(glow.outline)
        painter.setBrush(style.body)
        painter.drawEllipse(centre, geometry.PORT + 1, geometry.PORT + 1)
        return
    painter.setPen(style.port)
    painter.setBrush(style.port.color() if wired else style.body)
    painter.drawEllipse(centre, geometry.PORT, geometry.PORT)


def paint_tag(painter: QPainter, style: Style, word: str, tone: Tone) -> None:
    """The word of the running pass, on a label above the node."""
    rect = tag_rect(style, word)
    painter.setPen(style.no_pen)
    painter.setBrush(tone.fill)
    rounded(painter, rect, 0, rect.height() / 2)
    painter.setFont(style.tag_font)
    painter.setPen(style.on_tone)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, word)


def tag_rect(style: Style, word: str) -> QRectF:
    """Where `paint_tag` paints, from the node's centre."""
    width = style.tag_metrics.horizontalAdvance(word) + 22
    return QRectF(-width / 2, -geometry.HEIGHT / 2 - 34, width, 22)


def paint_picture(painter: QPainter, style: Style, picture: Picture) -> None:
    """The output of the node for one example, and its size, below the node."""
    rect = picture_rect(style, picture)
    image = QRectF(rect.left(), rect.top(), PICTURE, PICTURE)
    rows, columns = picture.image.height(), picture.image.width()
    if columns > 2 * rows:
        # A row of numbers is a strip.
        image = QRectF(rect.left(), rect.top() + PICTURE / 4, PICTURE, PICTURE / 2)
    # Its numbers are blocks, with sharp edges.
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawImage(image, picture.image)
    painter.setPen(style.pill)
    painter.setBrush(style.hollow)
    painter.drawRect(image)
    painter.setFont(style.small_font)
    painter.setPen(style.tone("backward" if picture.backward else "forward").line)
    text = QRectF(image.right() + 6, rect.top(), rect.right() - image.right() - 6, PICTURE)
    painter.drawText(text, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, picture.text)


def picture_rect(style: Style, picture: Picture) -> QRectF:
    """Where `paint_picture` paints, from the node's centre."""
    width = PICTURE + 8 + style.small_metrics.horizontalAdvance(picture.text)
    return QRectF(-width / 2, geometry.HEIGHT / 2 + 8, width, PICTURE)


def paint_label(painter: QPainter, style: Style, text: str, rect: QRectF) -> None:
    """A short text on a pill below the node."""
    painter.setPen(style.pill)
    painter.setBrush(style.ground)
    rounded(painter, rect, 0, rect.height() / 2)
    painter.setFont(style.small_font)
    painter.setPen(style.text)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)


def label_rect(style: Style, text: str, drop: float) -> QRectF:
    """The pill of a label so far below the node, from the node's centre."""
    width = style.small_metrics.horizontalAdvance(text) + 16
    height = style.small_metrics.height() + 6
    return QRectF(-width / 2, geometry.HEIGHT / 2 + 8 + drop, width, height)


def paint_badge(
    painter: QPainter, style: Style, centre: QPointF, tone: Tone, *, error: bool
) -> None:
    """A sign at the corner: a disc with a cross for an error, a triangle for a warning."""
    painter.setPen(style.no_pen)
    painter.setBrush(style.ground)
    painter.drawEllipse(centre, 11, 11)
    painter.setBrush(tone.fill)
    if error:
        painter.drawEllipse(centre, 9, 9)
        painter.setPen(style.badge)
        d = 3.2
        painter.drawLine(centre + QPointF(-d, -d), centre + QPointF(d, d))
        painter.drawLine(centre + QPointF(-d, d), centre + QPointF(d, -d))
        return
    x, y = centre.x(), centre.y()
    painter.drawPolygon([QPointF(x, y - 8), QPointF(x + 9, y + 7), QPointF(x - 9, y + 7)])
    painter.setPen(style.badge)
    painter.drawLine(QPointF(x, y - 3), QPointF(x, y + 1.5))
    painter.drawPoint(QPointF(x, y + 4.5))


def paint_note(
    painter: QPainter, style: Style, rect: QRectF, lines: tuple[str, ...], tone: Tone
) -> None:
    """The problem of a node, below it."""
    painter.setPen(style.no_pen)
    painter.setBrush(style.ground)
    rounded(painter, rect, 0, 4)
    painter.setBrush(tone.halo[0])
    rounded(painter, rect, 0, 4)
    painter.setFont(style.small_font)
    painter.setPen(tone.line)
    step = style.small_metrics.lineSpacing()
    y = rect.top() + NOTE_PAD + style.small_metrics.ascent()
    for line in lines:
        painter.drawText(QPointF(rect.left() + NOTE_PAD + 2, y), line)
        y += step


def note_rect(style: Style, card_width: float, lines: tuple[str, ...]) -> QRectF:
    """Where the problem of a node is written, from the node's centre; empty without lines."""
    if not lines:
        return QRectF()
    width = note_width(card_width) + 2 * NOTE_PAD + 4
    height = len(lines) * style.small_metrics.lineSpacing() + 2 * NOTE_PAD
    return QRectF(-width / 2, geometry.HEIGHT / 2 + 8, width, height)


def paint_fix(painter: QPainter, style: Style, rect: QRectF, text: str, *, lit: bool) -> None:
    """The remedy of a problem, as a button below it."""
    accent = style.tone("accent")
    painter.setPen(accent.line)
    painter.setBrush(accent.fill if lit else style.body)
    rounded(painter, rect, 0, 5)
    painter.setFont(style.small_font)
    painter.setPen(style.on_tone if lit else accent.line)
    inside = rect.adjusted(8, 0, -8, 0)
    text = style.small_metrics.elidedText(text, Qt.TextElideMode.ElideRight, inside.width())
    painter.drawText(inside, Qt.AlignmentFlag.AlignCenter, text)


def fix_rect(style: Style, note: QRectF, text: str) -> QRectF:
    """Where the remedy stands, below the note of a problem; empty without one."""
    if not text or note.isEmpty():
        return QRectF()
    width = max(min(style.small_metrics.horizontalAdvance(text) + 20, _WIDEST_FIX), 60.0)
    top, height = note.bottom() + 4, style.small_metrics.height() + 8
    return QRectF(note.center().x() - width / 2, top, width, height)


def note_width(card_width: float) -> float:
    """Width that the lines of a note are wrapped to."""
    return card_width + 24
