"""The program's own icons, drawn in the colours of the theme at whatever size is asked for.

The SVG files use ``currentColor``; the engine below fills it in at paint time. An icon given to an
action once therefore stays right after the theme changes, and is crisp on every screen.
"""

from __future__ import annotations

import ctypes
from functools import lru_cache
from typing import Literal

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QImage, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from backprop_studio import assets
from backprop_studio.ui import theme

# A colour of the theme: "text" for toolbars and menus, "on_accent" for the Run button, or
# "muted", "error", "warning", "ok", "info", "forward", "backward", "update", "on_node_title".
Tint = Literal[
    "text", "on_accent", "muted", "error", "warning", "ok", "info",
    "forward", "backward", "update", "accent", "on_node_title",
]  # fmt: skip

NAMES = (
    "new", "open", "save", "undo", "redo", "run", "pause", "stop", "step-forward", "step-back",
    "restart", "export", "zoom-fit", "delete", "theme", "warning", "error", "info", "check",
    "data", "layer", "combine", "shape", "activation", "operation", "loss", "dice",
    "network",
)  # fmt: skip


@lru_cache(maxsize=256)
def icon(name: str, tint: Tint = "text") -> QIcon:
    """An icon of the family, coloured from the theme in use whenever it is painted.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    tint : str
        Name of a theme colour. ``"on_accent"`` is for the primary button.

    Raises
    ------
    KeyError
        There is no icon of that name.
    """
    if name not in NAMES:
        raise KeyError(name)
    return QIcon(_Engine(name, tint))


@lru_cache(maxsize=1)
def app_icon() -> QIcon:
    """The application's icon, in its own colours."""
    return QIcon(_Engine("app", None))


def pixmap(name: str, size: int, *, ratio: float = 1.0, tint: Tint = "text") -> QPixmap:
    """An icon as a picture of `size` logical pixels, for labels and own painting.

    Parameters
    ----------
    name : str
        One of `NAMES`, or ``"app"``.
    size : int
        Side in logical pixels.
    ratio : float
        Device pixels per logical pixel (``widget.devicePixelRatioF()``).
    tint : str
        Name of a theme colour.
    """
    color = "" if name == "app" else getattr(theme.current(), tint)
    result = QPixmap(_render(name, color, round(size * ratio)))
    result.setDevicePixelRatio(ratio)
    return result


class _Engine(QIconEngine):
    def __init__(self, name: str, tint: Tint | None) -> None:
        super().__init__()
        self._name = name
        self._tint = tint

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        device = painter.device()
        ratio = device.devicePixelRatio()
        side = min(rect.width(), rect.height())
        picture = self._picture(round(side * ratio), mode)
        left = rect.x() + (rect.width() - side) // 2
        top = rect.y() + (rect.height() - side) // 2
        painter.drawPixmap(QRect(left, top, side, side), picture)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return QPixmap(self._picture(min(size.width(), size.height()), mode))

    def clone(self) -> QIconEngine:
        # Qt owns and deletes what this returns, but PySide thinks that Python does and would
        # free it again. One reference too many keeps Python's hands off it. Rare: Qt clones only
        # when somebody changes a copy of the icon.
        twin = _Engine(self._name, self._tint)
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(twin))
        return twin

    def key(self) -> str:
        return "backprop-studio"

    def iconName(self) -> str:
        return self._name

    def actualSize(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QSize:
        return size

    def _picture(self, side: int, mode: QIcon.Mode) -> QPixmap:
        if self._tint is None:
            return _render(self._name, "", side)
        now = theme.current()
        disabled = mode == QIcon.Mode.Disabled
        return _render(self._name, now.disabled if disabled else getattr(now, self._tint), side)


@lru_cache(maxsize=64)
def _source(name: str) -> str:
    return assets.path("icons", f"{name}.svg").read_text(encoding="utf-8")


@lru_cache(maxsize=1024)
def _render(name: str, color: str, side: int) -> QPixmap:
    """Draw at exactly `side` device pixels. The colour is part of the key: one entry a theme."""
    svg = _source(name).replace("currentColor", color) if color else _source(name)
    image = QImage(max(side, 1), max(side, 1), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(QPoint(0, 0), image.size()))
    painter.end()
    return QPixmap.fromImage(image)
