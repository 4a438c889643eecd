"""Pens, brushes and fonts of the canvas, made once a theme and not once a frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QApplication

from backprop_studio.ui import text_size, theme
from backprop_studio.ui.theme import Theme

DETAIL = 0.55
"""Below this scale cards and wires are drawn as they look from afar: what is written on them in
their own size could not be read, and it is most of the cost. So with text of the system's size;
`detail` gives the scale for the size in use."""

_MOST_LARGER, _MOST_DETAIL = 1.45, 1.2
"""Larger text makes words on cards, and the scale where they give way to names, larger by no more:
a whole network is to be seen, and its signals as well."""

WAYS = 0.22
"""Below this scale nobody sees which way a wire takes around a card, and one curve is cheaper."""

NAMES = 0.4
"""From this scale on there is room for a second line on a card that is seen from afar."""

TITLES = 0.22
"""Below this scale no word has room on a card."""

PORTS = 0.25
"""Below this scale no ports are drawn: they are smaller than the line around the card."""

_MOST_WIDTHS = 5000


@dataclass(frozen=True)
class Tone:
    """A colour of the theme, ready to paint with."""

    color: QColor
    fill: QBrush
    line: QPen
    outline: QPen
    dashed: QPen
    halo: tuple[QBrush, QBrush, QBrush]


class Style:
    """All that the canvas paints with in one theme."""

    def __init__(self, colors: Theme) -> None:
        self.theme = colors
        family = QApplication.font().family()
        self.title_font = _font(family, 12, QFont.Weight.DemiBold)
        self.name_font = _font(family, 11, QFont.Weight.Normal)
        self.small_font = _font(family, 10, QFont.Weight.Normal)
        self.tag_font = _font(family, 12, QFont.Weight.Bold)
        self.title_metrics = QFontMetricsF(self.title_font)
        self.name_metrics = QFontMetricsF(self.name_font)
        self.small_metrics = QFontMetricsF(self.small_font)
        self.tag_metrics = QFontMetricsF(self.tag_font)
        self.canvas = colors.color("canvas")
        self.grid = colors.color("grid")
        self.body = QBrush(colors.color("node_body"))
        self.ground = QBrush(self.canvas)
        self.border = QPen(colors.color("node_border"), 1)
        self.border_hover = QPen(colors.color("text"), 1.5)
        self.selected = QPen(colors.color("accent"), 2.5)
        self.focus = QPen(colors.color("text"), 1.5, Qt.PenStyle.DotLine)
        self.port = QPen(colors.color("node_border"), 1.5)
        self.text = QPen(colors.color("text"))
        self.muted = QPen(colors.color("muted"))
        self.on_title = QPen(colors.color("on_node_title"))
        self.on_tone = QPen(colors.color("on_accent"))
        self.wire = QPen(colors.color("border_strong"), 1.5)
        self.note = QBrush(_mixed(colors.color("canvas"), colors.color("warning"), 0.16))
        self.note_edge = QPen(_mixed(colors.color("canvas"), colors.color("warning"), 0.45), 1)
        self.frame = QBrush(_faint(colors.color("muted"), 20))
        self.frame_edge = QPen(colors.color("border_strong"), 1, Qt.PenStyle.DashLine)
        self.pill = QPen(colors.color("border"), 1)
        self.badge = QPen(
            colors.color("node_body"), 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap
        )
        self.hollow = QBrush(Qt.BrushStyle.NoBrush)
        self.no_pen = QPen(Qt.PenStyle.NoPen)
        names = ("forward", "backward", "update", "error", "warning", "accent", "muted")
        self._tones = {name: _tone(colors.color(name)) for name in names}
        self._family = family
        self._widths: dict[str, float] = {}
        self._title_widths: dict[str, float] = {}
        self._afar: dict[tuple[int, bool], tuple[QFont, QFontMetricsF]] = {}
        self._bands = {
            name: QBrush(QColor(colors.node_title(name))) for name in get_args(theme.Category)
        }

    def tone(self, name: str) -> Tone:
        """Brushes and pens of a theme colour: a pass, "error", "warning", "accent", "muted"."""
        return self._tones[name]

    def small_width(self, text: str) -> float:
        """How wide a text is in small type; the labels of a large network are often the same."""
        return _width(text, self.small_metrics, self._widths)

    def title_width(self, text: str) -> float:
        """How wide a title is: the names of a few types of layers, as a rule."""
        return _width(text, self.title_metrics, self._title_widths)

    def afar(self, pixels: int, *, bold: bool) -> tuple[QFont, QFontMetricsF]:
        """A font of so many scene units, for words that keep their size on the screen."""
        found = self._afar.get((pixels, bold))
        if found is None:
            font = _font(
                self._family, pixels, QFont.Weight.DemiBold if bold else QFont.Weight.Normal
            )
            found = self._afar[pixels, bold] = font, QFontMetricsF(font)
        return found

    def band(self, category: str) -> QBrush:
        """Fill of the title band of a category."""
        return self._bands.get(category, self._bands["layer"])


def _width(text: str, metrics: QFontMetricsF, known: dict[str, float]) -> float:
    found = known.get(text)
    if found is None:
        if len(known) > _MOST_WIDTHS:
            known.clear()
        found = known[text] = metrics.horizontalAdvance(text)
    return found


class _State:
    style: Style | None = None
    larger: float = 1.0


def current() -> Style:
    """The style of the theme in use."""
    found = _State.style
    if found is None or found.theme is not theme.current():
        found = _State.style = Style(theme.current())
    return found


def refresh() -> None:
    """Make the style anew: fonts may have changed."""
    _State.style = None
    _State.larger = min(max(text_size.factor(), 1.0), _MOST_LARGER)


def larger() -> float:
    """How much larger words are that keep their size on the screen; 1 or more."""
    return _State.larger


def detail() -> float:
    """The scale below which cards and wires are drawn as they look from afar."""
    return DETAIL * min(_State.larger, _MOST_DETAIL)


def dots(spacing: float, ratio: float) -> QPixmap:
    """One tile of the dot grid.

    Parameters
    ----------
    spacing
        Distance of the dots, in logical pixels.
    ratio
        Device pixels per logical pixel.
    """
    side = max(4, round(spacing * ratio))
    tile = QPixmap(side, side)
    tile.fill(current().canvas)
    painter = QPainter(tile)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(current().grid)
    painter.drawEllipse(QPointF(side / 2, side / 2), 1.2 * ratio, 1.2 * ratio)
    painter.end()
    return tile


def rounded(painter: QPainter, rect: QRectF, grow: float, radius: float) -> None:
    """A rounded rectangle that stands out of `rect` by `grow`."""
    painter.drawRoundedRect(
        rect.adjusted(-grow, -grow, grow, grow), max(radius + grow, 0), max(radius + grow, 0)
    )


def _font(family: str, pixels: int, weight: QFont.Weight) -> QFont:
    font = QFont(family)
    # Pixels are scene units here: what fits a card must not depend on the screen's resolution.
    font.setPixelSize(pixels)
    font.setWeight(weight)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def at_least(pen: QPen, pixels: float, scale: float) -> QPen:
    """A pen that is no thinner than so many pixels at this scale."""
    if pen.widthF() * scale >= pixels:
        return pen
    wide = QPen(pen)
    wide.setWidthF(pixels / scale)
    return wide


def _faint(color: QColor, alpha: int) -> QColor:
    shade = QColor(color)
    shade.setAlpha(alpha)
    return shade


def _mixed(ground: QColor, color: QColor, share: float) -> QColor:
    """So much of a colour on a ground; opaque, so that nothing shines through."""
    pairs = (
        (ground.red(), color.red()),
        (ground.green(), color.green()),
        (ground.blue(), color.blue()),
    )
    return QColor(*(round(a + (b - a) * share) for a, b in pairs))


def _tone(color: QColor) -> Tone:
    def faint(alpha: int) -> QBrush:
        return QBrush(_faint(color, alpha))

    dashed = QPen(color, 1.5, Qt.PenStyle.DashLine)
    return Tone(
        color,
        QBrush(color),
        QPen(color, 1.5),
        QPen(color, 2),
        dashed,
        (faint(26), faint(44), faint(70)),
    )
