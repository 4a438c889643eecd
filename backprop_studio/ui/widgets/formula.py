"""A formula, typeset from LaTeX in the colour of the theme."""

from __future__ import annotations

import importlib
import logging
import math
import re
import zlib
from functools import lru_cache
from typing import Any

from PySide6.QtCore import QByteArray, QEvent, QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QSizePolicy, QWidget

from backprop_studio.ui import theme

_log = logging.getLogger(__name__)

_LEADING = 3.0
"""Between two lines of a formula, in pixels."""

_QUAD = r"\quad"
_WORDS = re.compile(r"\\[A-Za-z]+|\\.|[^\\]")
_OPENING = ("{", r"\left", r"\begin")
_CLOSING = ("}", r"\right", r"\end")


class FormulaView(QWidget):
    """Shows one formula. Where it cannot be typeset, its plain-text form stands in.

    A formula of several parts, set apart by quads, that is too wide is broken between them; what
    is still too wide shrinks.

    Parameters
    ----------
    size : float, optional
        Height of an em in pixels; from the widget's font when left out.
    alignment : Qt.AlignmentFlag
        Where the formula stands in a larger widget.
    parent : QWidget, optional
    """

    def __init__(
        self,
        *,
        size: float | None = None,
        alignment: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._em = size
        self._alignment = alignment
        self._latex = ""
        self._plain = ""
        self._renderers: dict[tuple[str, str, float], QSvgRenderer | None] = {}
        # Not fixed: a layout would hold a broken formula to the height of one line.
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @property
    def plain(self) -> str:
        """The plain-text form, also the accessible name."""
        return self._plain

    def set_formula(self, latex: str, plain: str) -> None:
        """Show a formula.

        Parameters
        ----------
        latex : str
            Mathematics without dollar signs.
        plain : str
            The same in plain text, for screen readers, copying, and as the stand-in.
        """
        self._latex = latex
        self._plain = plain
        self._renderers.clear()
        self.setAccessibleName(plain)
        self.updateGeometry()
        self.update()

    def is_typeset(self) -> bool:
        """False when the plain text stands in."""
        return bool(self._latex) and self._typeset(self._latex) is not None

    def sizeHint(self) -> QSize:
        if not self._latex and not self._plain:
            return QSize(0, 0)
        renderer = self._typeset(self._latex)
        if renderer is not None:
            size = renderer.viewBoxF().size()
            return QSize(math.ceil(size.width()), math.ceil(size.height()))
        return self.fontMetrics().size(0, self._plain)

    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        return QSize(min(hint.width(), 60), min(hint.height(), 16))

    def heightForWidth(self, width: int) -> int:
        lines = self._lines(width)
        if lines:
            return math.ceil(_stacked(lines).height() * _scale(lines, width))
        flags = int(Qt.TextFlag.TextWordWrap)
        return self.fontMetrics().boundingRect(0, 0, width, 10_000, flags, self._plain).height()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()
        if theme.is_theme_change(event):
            self.update()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._latex and not self._plain:
            return
        lines = self._lines(self.width())
        with QPainter(self) as painter:
            if lines:
                self._paint_typeset(painter, lines)
            else:
                self._paint_plain(painter)

    def _paint_plain(self, painter: QPainter) -> None:
        painter.setPen(QColor(theme.current().text))
        flags = int(self._alignment | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(self.rect(), flags | int(Qt.TextFlag.TextWordWrap), self._plain)

    def _paint_typeset(self, painter: QPainter, lines: list[QSvgRenderer]) -> None:
        scale = _scale(lines, self.width(), self.height())
        top = (self.height() - _stacked(lines).height() * scale) / 2
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for line in lines:
            size = line.viewBoxF().size() * scale
            left = 0.0
            if self._alignment & Qt.AlignmentFlag.AlignHCenter:
                left = (self.width() - size.width()) / 2
            elif self._alignment & Qt.AlignmentFlag.AlignRight:
                left = self.width() - size.width()
            line.render(painter, QRectF(QPointF(left, top), size))
            top += size.height() + _LEADING * scale

    def _lines(self, width: float) -> list[QSvgRenderer]:
        """The formula in one line, or in as few as `width` allows; none if not typeset."""
        whole = self._typeset(self._latex)
        if whole is None:
            return []
        parts = _parts(self._latex)
        if len(parts) == 1 or whole.viewBoxF().width() <= width:
            return [whole]
        lines: list[tuple[str, QSvgRenderer]] = []
        for part in parts:
            if lines:
                longer = f"{lines[-1][0]} {_QUAD} {part}"
                joined = self._typeset(longer)
                if joined is not None and joined.viewBoxF().width() <= width:
                    lines[-1] = longer, joined
                    continue
            alone = self._typeset(part)
            if alone is None:
                return [whole]
            lines.append((part, alone))
        return [renderer for _, renderer in lines]

    def _typeset(self, latex: str) -> QSvgRenderer | None:
        em = self._em if self._em is not None else self.fontMetrics().height() * 1.15
        key = (latex, theme.current().text, em)
        if key not in self._renderers:
            self._renderers[key] = typeset(latex, em)
        return self._renderers[key]


def typeset(latex: str, em: float) -> QSvgRenderer | None:
    """A formula in the colour of the theme, to be drawn; None when it cannot be typeset."""
    svg = _svg(latex, theme.current().text, em)
    return QSvgRenderer(QByteArray(svg)) if svg else None


def _stacked(lines: list[QSvgRenderer]) -> QSizeF:
    """The size of lines one below the other."""
    sizes = [line.viewBoxF().size() for line in lines]
    height = sum(s.height() for s in sizes) + _LEADING * (len(sizes) - 1)
    return QSizeF(max(s.width() for s in sizes), height)


def _scale(lines: list[QSvgRenderer], width: float, height: float = math.inf) -> float:
    """How much lines must shrink to fit; 1 if they need not."""
    size = _stacked(lines)
    if size.isEmpty():
        return 1.0
    return min(1.0, width / size.width(), height / size.height())


def _parts(latex: str) -> list[str]:
    """The parts between quads; a quad within braces or brackets parts nothing."""
    parts, depth = [""], 0
    for word in _WORDS.findall(latex):
        depth += word in _OPENING
        depth -= word in _CLOSING
        if word == _QUAD and depth == 0:
            parts.append("")
        else:
            parts[-1] += word
    return [part.strip() for part in parts]


def _svg(latex: str, color: str, em: float) -> bytes | None:
    """The formula as SVG 1.1; None when it cannot be typeset. Takes 15 to 30 ms once."""
    packed = _packed(latex, color, em)
    return None if packed is None else zlib.decompress(packed)


@lru_cache(maxsize=512)
def _packed(latex: str, color: str, em: float) -> bytes | None:
    """The SVG of a formula, compressed: outlines are long, and many are kept."""
    if not latex:
        return None
    # Late: 150 ms that a start without formulas need not pay.
    ziamath: Any = importlib.import_module("ziamath")

    # QtSvg cannot draw the glyph references of SVG 2.
    ziamath.config.svg2 = False
    try:
        # A thin space at the end: slanted letters reach over the edge of the picture.
        svg: str = ziamath.Latex(latex + r"\,", size=em, color=color).svg()
    except Exception as error:  # its parser raises many kinds
        _log.warning("cannot typeset %r: %s", latex, error)
        return None
    return zlib.compress(svg.encode())
