"""Colours of the program: two themes, their palettes, and switching between them.

Widgets that paint themselves ask `current` inside ``paintEvent`` and so need nothing more: a switch
repaints every widget. Widgets that keep colours (plots, cached pictures) refresh them in
``changeEvent`` when `is_theme_change` is true for the event.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from backprop_studio.ui.stylesheet import build

Mode = Literal["light", "dark", "system"]
Category = Literal["data", "layer", "combine", "shape", "activation", "operation", "loss"]


@dataclass(frozen=True, slots=True)
class Theme:
    """Named colours as ``#rrggbb``. Every text colour reads at 4.5:1 or better on its ground.

    Forward is blue and backward orange everywhere; update is plum. The three differ in hue and
    lightness for the common kinds of colour blindness too. Run, focus and selection are teal.
    """

    name: Literal["light", "dark"]
    # Windows and controls
    window: str
    surface: str
    surface_alt: str
    button: str
    button_hover: str
    border: str
    border_strong: str
    text: str
    muted: str
    disabled: str
    accent: str
    accent_hover: str
    on_accent: str
    selection: str
    on_selection: str
    # Passes of a training step
    forward: str
    backward: str
    update: str
    # Messages
    error: str
    warning: str
    ok: str
    info: str
    # Canvas
    canvas: str
    grid: str
    node_body: str
    node_border: str
    node_data: str
    node_layer: str
    node_combine: str
    node_shape: str
    node_activation: str
    node_operation: str
    node_loss: str
    on_node_title: str
    # Plots
    plot_background: str
    plot_axis: str
    plot_grid: str
    curve_train: str
    curve_validation: str
    curves: tuple[str, ...]
    # Heatmaps: strong negative, negative, zero, positive, strong positive; not a number
    diverging: tuple[str, str, str, str, str]
    nan: str

    def color(self, field: str) -> QColor:
        """A named colour as a new ``QColor``: ``theme.color("forward")``."""
        return QColor(getattr(self, field))

    def node_title(self, category: str) -> str:
        """The title band's colour for a node category; unknown categories look like layers."""
        value: str = getattr(self, f"node_{category}", self.node_layer)
        return value


LIGHT = Theme(
    name="light",
    window="#f3f4f6",
    surface="#ffffff",
    surface_alt="#f0f2f5",
    button="#ffffff",
    button_hover="#e7eaef",
    border="#cbd2da",
    border_strong="#808c9a",
    text="#1a222d",
    muted="#566170",
    disabled="#9aa3ae",
    accent="#0b7568",
    accent_hover="#095f55",
    on_accent="#ffffff",
    selection="#c3e5df",
    on_selection="#10202b",
    forward="#0b62b0",
    backward="#b94c00",
    update="#99357a",
    error="#b3261e",
    warning="#855600",
    ok="#24733a",
    info="#2a5d8f",
    canvas="#f7f8fa",
    grid="#e3e7ec",
    node_body="#ffffff",
    node_border="#84909e",
    node_data="#2f6470",
    node_layer="#47507a",
    node_combine="#3d6537",
    node_shape="#64477a",
    node_activation="#6a5522",
    node_operation="#4c555f",
    node_loss="#84394a",
    on_node_title="#ffffff",
    plot_background="#ffffff",
    plot_axis="#566170",
    plot_grid="#dde2e8",
    curve_train="#00796b",
    curve_validation="#8a6200",
    curves=("#6a4bb5", "#b3366b", "#3c6e1f", "#1d6fa3", "#555f6b"),
    diverging=("#053f82", "#5b9bd5", "#eff1f3", "#ee9a4d", "#9e2a00"),
    nan="#ff00d4",
)

DARK = Theme(
    name="dark",
    window="#1b1f26",
    surface="#14181e",
    surface_alt="#1f242c",
    button="#2a313b",
    button_hover="#353e4a",
    border="#3d4653",
    border_strong="#717e8e",
    text="#e6eaf0",
    muted="#9ba7b6",
    disabled="#66717f",
    accent="#3cc7b1",
    accent_hover="#5ad6c2",
    on_accent="#06231f",
    selection="#1f4f49",
    on_selection="#eef5f4",
    forward="#6cb2ff",
    backward="#ff9e4a",
    update="#e58cc6",
    error="#ff8a80",
    warning="#f2c14e",
    ok="#7ccb8a",
    info="#8dbdf0",
    canvas="#161a20",
    grid="#242a33",
    node_body="#232932",
    node_border="#6f7b8b",
    node_data="#2f5a66",
    node_layer="#454e78",
    node_combine="#3a5c36",
    node_shape="#5d4570",
    node_activation="#63512a",
    node_operation="#4a525c",
    node_loss="#7a3a48",
    on_node_title="#f2f4f8",
    plot_background="#14181e",
    plot_axis="#9ba7b6",
    plot_grid="#2b323c",
    curve_train="#3cc7b1",
    curve_validation="#f2c14e",
    curves=("#b39dff", "#ff8fb8", "#a4d66b", "#6fb7e8", "#b4beca"),
    diverging=("#9fd4ff", "#2f6fb5", "#262c35", "#c25a12", "#ffc88a"),
    nan="#ff00d4",
)


class _State:
    """What `apply` last set. Before the first call, light."""

    theme: Theme = LIGHT
    mode: Mode = "light"
    connected: bool = False
    text: float = 1.0
    desktop_dark: bool | None = None


def current() -> Theme:
    """The theme in use."""
    return _State.theme


def mode() -> Mode:
    """The mode last given to `apply`."""
    return _State.mode


def resolve(app: QApplication, wanted: Mode) -> Theme:
    """The theme a mode means now; where the system states no scheme, light."""
    if wanted == "system":
        dark = _State.desktop_dark
        if dark is None:
            dark = app.styleHints().colorScheme() == Qt.ColorScheme.Dark
        return DARK if dark else LIGHT
    return DARK if wanted == "dark" else LIGHT


def apply(app: QApplication, mode: Mode) -> Theme:
    """Give the whole program a theme, and follow the system when the mode is ``"system"``.

    Parameters
    ----------
    app : QApplication
        The running application.
    mode : {"light", "dark", "system"}
        What the user chose.

    Returns
    -------
    Theme
        The theme now in use.
    """
    hints = app.styleHints()
    _State.mode = mode
    # Native title bars follow the hint where the platform knows it; elsewhere it does nothing.
    if mode == "system":
        hints.unsetColorScheme()
    else:
        hints.setColorScheme(Qt.ColorScheme.Dark if mode == "dark" else Qt.ColorScheme.Light)
    if not _State.connected:
        hints.colorSchemeChanged.connect(_follow_system)
        _State.connected = True
    return _use(app, resolve(app, mode))


def hear_desktop(dark: bool | None) -> None:
    """Take in what the desktop itself says; None lets Qt's opinion count."""
    _State.desktop_dark = dark
    _follow_system()


def _follow_system() -> None:
    app = QApplication.instance()
    if isinstance(app, QApplication) and _State.mode == "system":
        theme = resolve(app, "system")
        if theme is not _State.theme:
            _use(app, theme)


def _use(app: QApplication, theme: Theme) -> Theme:
    # The new theme is in place before Qt tells the widgets, so that changeEvent sees it.
    _State.theme = theme
    # Once: under a style sheet the style has no name any more, and setting it anew while widgets
    # are about to go has crashed Qt.
    if not app.styleSheet() and app.style().name().lower() != "fusion":
        app.setStyle("Fusion")
    app.setPalette(palette(theme))
    _set_sheet(app)
    return theme


def polish_text(app: QApplication, factor: float) -> None:
    """Let widgets take over the application's font, whose size has changed by a factor.

    Under a style sheet they keep the font that they were polished with until the sheet is another
    one. It is never taken away in between: that replaces the style, and has crashed Qt.
    """
    _State.text = factor
    if app.styleSheet():
        _set_sheet(app)


def _set_sheet(app: QApplication) -> None:
    sheet = f"{build(_State.theme, _State.text)}/* text × {_State.text:g} */"
    if app.styleSheet() != sheet:
        app.setStyleSheet(sheet)


def is_theme_change(event: QEvent) -> bool:
    """True for the events after which a widget must refresh the colours that it keeps."""
    return event.type() in (
        QEvent.Type.PaletteChange,
        QEvent.Type.ApplicationPaletteChange,
        QEvent.Type.StyleChange,
    )


def palette(theme: Theme) -> QPalette:
    """A complete Fusion palette of a theme."""
    role = QPalette.ColorRole
    dark = theme.name == "dark"
    colors = {
        role.Window: theme.window,
        role.WindowText: theme.text,
        role.Base: theme.surface,
        role.AlternateBase: theme.surface_alt,
        role.Text: theme.text,
        role.PlaceholderText: theme.muted,
        role.Button: theme.button,
        role.ButtonText: theme.text,
        role.BrightText: theme.error,
        role.Highlight: theme.selection,
        role.HighlightedText: theme.on_selection,
        role.Accent: theme.accent,
        role.Link: theme.forward,
        role.LinkVisited: theme.update,
        role.ToolTipBase: theme.button,
        role.ToolTipText: theme.text,
        role.Light: "#3a4350" if dark else "#ffffff",
        role.Midlight: "#313945" if dark else "#eceff2",
        role.Mid: "#20252d" if dark else "#c3cad3",
        role.Dark: "#0e1116" if dark else "#9aa5b1",
        role.Shadow: "#000000" if dark else "#5c6875",
    }
    result = QPalette()
    for key, value in colors.items():
        result.setColor(key, QColor(value))
    for key in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        result.setColor(QPalette.ColorGroup.Disabled, key, QColor(theme.disabled))
    result.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(theme.border))
    return result


def set_role(widget: QWidget, role: str) -> None:
    """Give a widget a look from the stylesheet.

    Parameters
    ----------
    widget : QWidget
        The widget; it is repolished at once.
    role : str
        ``"primary"`` (the Run button), ``"segment-left"``, ``"segment-middle"``,
        ``"segment-right"``, ``"muted"``, ``"heading"``, ``"error"``, ``"warning"``, ``"ok"``,
        ``"forward"``, ``"backward"``, ``"update"`` (labels), ``"card"`` (frames), or ``""``.
    """
    widget.setProperty("role", role)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def luminance(color: str) -> float:
    """Relative luminance of a colour, 0 to 1 (WCAG 2.2)."""
    value = QColor(color)
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (value.redF(), value.greenF(), value.blueF())
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@lru_cache(maxsize=4)
def diverging_lut(theme: Theme) -> npt.NDArray[np.uint32]:
    """Colours of heatmap codes as Array of shape (256,), ``0xffrrggbb``.

    A code is a signed byte read as unsigned: 0 is zero, 1 to 127 positive, 129 to 255 are
    -127 to -1, and 128 (-128) marks a value that is not finite.
    """
    stops = np.array([[QColor(c).red(), QColor(c).green(), QColor(c).blue()]
                      for c in theme.diverging], dtype=float)  # fmt: skip
    at = np.arange(-127, 128)
    rgb = np.stack([np.interp(at, np.linspace(-127, 127, 5), stops[:, k]) for k in range(3)], 1)
    packed = np.rint(rgb).astype(np.uint32)
    lut = np.empty(256, dtype=np.uint32)
    lut[at % 256] = 0xFF000000 | packed[:, 0] << 16 | packed[:, 1] << 8 | packed[:, 2]
    lut[128] = QColor(theme.nan).rgba()
    lut.flags.writeable = False
    return lut
