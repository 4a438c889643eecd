"""A formula, typeset from LaTeX in the colour of the theme."""

from __future__ import annotations

import importlib
import logging
import math
from functools import lru_cache
from typing import Any

from PySide6.QtCore import QByteArray, QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QSizePolicy, QWidget

from backprop_studio.ui import theme

_log = logging.getLogger(__name__)


class FormulaView(QWidget):
    """Shows one formula. Where it cannot be typeset, its plain-text form stands in.

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
        self._renderer: QSvgRenderer | None = None
        self._renderer_key: tuple[str, str, float] | None = None
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
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
        self.setAccessibleName(plain)
        self.updateGeometry()
        self.update()

    def is_typeset(self) -> bool:
        """False when the plain text stands in."""
        return bool(self._latex) and self._typeset() is not None

    def sizeHint(self) -> QSize:
        if not self._latex and not self._plain:
            return QSize(0, 0)
        renderer = self._typeset()
        if renderer is not None:
            size = renderer.viewBoxF().size()
            return QSize(math.ceil(size.width()), math.ceil(size.height()))
        return self.fontMetrics().size(0, self._plain)

    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        return QSize(min(hint.width(), 60), min(hint.height(), 16))

    def heightForWidth(self, width: int) -> int:
        renderer = self._typeset() if self._latex else None
        if renderer is not None:
            size = renderer.viewBoxF().size()
            scale = min(1.0, width / size.width()) if size.width() > 0 else 1.0
            return math.ceil(size.height() * scale)
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
        renderer = self._typeset() if self._latex else None
        with QPainter(self) as painter:
            if renderer is None:
                self._paint_plain(painter)
            else:
                self._paint_typeset(painter, renderer)

    def _paint_plain(self, painter: QPainter) -> None:
        painter.setPen(QColor(theme.current().text))
        flags = int(self._alignment | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(self.rect(), flags | int(Qt.TextFlag.TextWordWrap), self._plain)

    def _paint_typeset(self, painter: QPainter, renderer: QSvgRenderer) -> None:
        size = renderer.viewBoxF().size()
        scale = min(1.0, self.width() / size.width(), self.height() / size.height())
        width, height = size.width() * scale, size.height() * scale
        left = 0.0
        if self._alignment & Qt.AlignmentFlag.AlignHCenter:
            left = (self.width() - width) / 2
        elif self._alignment & Qt.AlignmentFlag.AlignRight:
            left = self.width() - width
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        renderer.render(painter, QRectF(left, (self.height() - height) / 2, width, height))

    def _typeset(self) -> QSvgRenderer | None:
        em = self._em if self._em is not None else self.fontMetrics().height() * 1.15
        key = (self._latex, theme.current().text, em)
        if key != self._renderer_key:
            svg = _svg(*key)
            self._renderer = QSvgRenderer(QByteArray(svg)) if svg else None
            self._renderer_key = key
        return self._renderer


@lru_cache(maxsize=512)
def _svg(latex: str, color: str, em: float) -> bytes | None:
    """The formula as SVG 1.1; None when it cannot be typeset. Takes 15 to 30 ms once."""
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
    return svg.encode()
