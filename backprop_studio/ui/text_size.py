"""How large the text of the program is, beside the size that the system gives it."""

from __future__ import annotations

from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication

from backprop_studio.ui import theme

SMALLEST, LARGEST, STEP = 80, 200, 10
"""Percent of the system's size."""

PRESENTATION = 1.4
"""How much larger it is besides, before an audience; text that is large already grows no further
than to the largest size."""


class _State:
    base: QFont | None = None
    factor: float = 1.0


def bounded(percent: int) -> int:
    """The nearest size that there is."""
    return min(max(percent, SMALLEST), LARGEST)


def factor() -> float:
    """How much larger text is than the system's."""
    return _State.factor


def scaled(pixels: float) -> int:
    """A length, such as the side of an icon, in proportion to the text in use.

    Whoever keeps one asks anew when its font changes.
    """
    return max(round(pixels * _State.factor), 1)


def apply(app: QApplication, percent: int, *, presenting: bool = False) -> None:
    """Give all text of the program a size.

    Parameters
    ----------
    app
        The running application.
    percent
        Of the system's size.
    presenting
        Whether it is read from across a room.
    """
    wanted = bounded(percent) / 100
    if presenting:
        wanted = min(wanted * PRESENTATION, LARGEST / 100)
    if wanted == _State.factor:
        return
    if _State.base is None or _State.factor == 1.0:
        _State.base = QFont(app.font())
    _State.factor = wanted
    font = QFont(_State.base)
    if font.pointSizeF() > 0:
        font.setPointSizeF(font.pointSizeF() * wanted)
    else:
        font.setPixelSize(round(font.pixelSize() * wanted))
    app.setFont(font)
    theme.polish_text(app, wanted)
