"""The stylesheet of a theme: spacing, titles, buttons, focus rings. The rest is palette."""

from __future__ import annotations

import re
from string import Template
from typing import TYPE_CHECKING

from backprop_studio import assets

if TYPE_CHECKING:
    from backprop_studio.ui.theme import Theme

_SHEET = Template(
    """
QMainWindow::separator { background: $border; width: 1px; height: 1px; }
QMainWindow::separator:hover { background: $accent; }
QDockWidget { font-weight: 600; }
QDockWidget::title {
    background: $surface_alt; border-bottom: 1px solid $border;
    padding: 6px 8px; text-align: left;
}
QToolButton#close-panel {
    image: url("$controls/close-$name.svg"); background: $surface_alt; border: none;
    border-radius: 0; padding: 3sp;
}
QToolButton#close-panel:hover { background: $button_hover; }
QToolTip {
    color: $text; background: $button; border: 1px solid $border_strong; padding: 3px 5px;
}
QToolBar { border: none; border-bottom: 1px solid $border; spacing: 2px; padding: 3px 6px; }
QToolBar { icon-size: 18sp; }
QToolBar::separator { background: $border; width: 1px; margin: 5px 6px; }
QStatusBar { border-top: 1px solid $border; }
QStatusBar::item { border: none; }

QToolButton {
    color: $text; background: transparent; border: 1px solid transparent;
    border-radius: 5px; padding: 4px 6px;
}
QToolButton, QPushButton, QComboBox, QMenu, QAbstractItemView, QTabBar { icon-size: 16sp; }
QToolButton#more { icon-size: 10sp; }
QToolButton:hover { background: $button_hover; }
QToolButton:pressed, QToolButton:checked { background: $selection; color: $on_selection; }
QToolButton:focus { border-color: $accent; }
QToolButton:disabled { color: $disabled; }

QPushButton {
    color: $text; background: $button; border: 1px solid $border_strong;
    border-radius: 5px; padding: 5px 14px; min-height: 1.15em;
}
QPushButton:hover { background: $button_hover; }
QPushButton:pressed, QPushButton:checked { background: $selection; color: $on_selection; }
QPushButton:focus { border: 2px solid $accent; padding: 4px 13px; }
QPushButton:disabled { color: $disabled; background: $window; border-color: $border; }

QPushButton[role="primary"], QToolButton[role="primary"] {
    color: $on_accent; background: $accent; border: 1px solid $accent;
    border-radius: 5px; padding: 5px 14px; font-weight: 600;
}
QPushButton[role="primary"]:hover, QToolButton[role="primary"]:hover {
    background: $accent_hover; border-color: $accent_hover;
}
QPushButton[role="primary"]:focus, QToolButton[role="primary"]:focus {
    border: 2px solid $text; padding: 4px 13px;
}
QPushButton[role="primary"]:disabled, QToolButton[role="primary"]:disabled {
    color: $disabled; background: $button_hover; border-color: $border;
}

QToolButton[role="segment-left"], QToolButton[role="segment-middle"],
QToolButton[role="segment-right"] {
    background: $button; border: 1px solid $border_strong; border-radius: 0; padding: 3px 7px;
}
QToolButton[role="segment-left"] {
    border-top-left-radius: 5px; border-bottom-left-radius: 5px;
}
QToolButton[role="segment-middle"], QToolButton[role="segment-right"] { border-left: none; }
QToolButton[role="segment-right"] {
    border-top-right-radius: 5px; border-bottom-right-radius: 5px;
}
QToolButton[role="segment-menu"] {
    background: $button; border: 1px solid $border_strong; border-radius: 5px; padding: 3px 7px;
}
QToolButton[role^="segment"]:hover { background: $button_hover; }
QToolButton[role^="segment"]:checked {
    background: $selection; color: $on_selection; font-weight: 600;
}
QToolButton[role^="segment"]:focus { border: 2px solid $accent; padding: 2px 6px; }
QToolButton[narrow="true"] { padding: 3px 4px; }
QToolButton[narrow="true"]:focus { padding: 2px 3px; }

QPushButton[role="link"] {
    color: $forward; background: transparent; border: 1px solid transparent;
    text-align: left; padding: 3px 7px; min-height: 1.1em;
}
QPushButton[role="link"]:hover { background: $button_hover; }
QPushButton[role="link"]:focus { border: 2px solid $accent; padding: 2px 6px; }

QLabel[role="muted"] { color: $muted; }
QLabel[role="heading"] { font-weight: 600; }
QLabel[role="error"] { color: $error; }
QLabel[role="warning"] { color: $warning; }
QLabel[role="ok"] { color: $ok; }
QLabel[role="forward"] { color: $forward; font-weight: 600; }
QLabel[role="backward"] { color: $backward; font-weight: 600; }
QLabel[role="update"] { color: $update; font-weight: 600; }
QDialog#chooser { border: 1px solid $border_strong; }
QFrame#start-side { background: $surface_alt; border-right: 1px solid $border; }
QFrame[role="card"] { background: $surface; border: 1px solid $border; border-radius: 6px; }

QMainWindow > QTabBar { qproperty-elideMode: ElideNone; qproperty-usesScrollButtons: true; }
QTabBar QToolButton {
    background: $button; border: 1px solid $border_strong; border-radius: 0; padding: 0;
}

QAbstractItemView { border: 1px solid $border; outline: none; }
QAbstractItemView:focus { border-color: $accent; }
QScrollArea, PlotWidget { border: 1px solid transparent; }
QScrollArea:focus, PlotWidget:focus, PlotWidget[role="focus"] { border-color: $accent; }
QLineEdit, QPlainTextEdit, QTextEdit { padding: 3px 5px; }
QLineEdit, QPlainTextEdit, QTextEdit {
    background: $surface; border: 1px solid $border_strong; border-radius: 4px;
}
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus {
    border: 2px solid $accent; padding: 2px 4px;
}
QPlainTextEdit[role="error"], QPlainTextEdit[role="error"]:focus { border: 2px solid $error; }
QLineEdit:disabled, QPlainTextEdit:disabled, QTextEdit:disabled {
    color: $disabled; background: $window; border-color: $border;
}

QSpinBox, QDoubleSpinBox, QComboBox {
    color: $text; background: $surface; border: 1px solid $border_strong; border-radius: 4px;
    padding: 3px 5px; min-height: 1.15em;
}
QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus {
    border: 2px solid $accent; padding: 2px 4px;
}
QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled {
    color: $disabled; background: $window; border-color: $border;
}
QAbstractSpinBox QLineEdit { border: none; background: transparent; padding: 0 2px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {
    subcontrol-origin: padding; width: 18sp; border: none; border-radius: 2px;
}
QAbstractSpinBox::up-button { subcontrol-position: top right; }
QAbstractSpinBox::down-button { subcontrol-position: bottom right; }
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover {
    background: $button_hover;
}
QAbstractSpinBox::up-arrow { image: url("$controls/up-$name.svg"); width: 9sp; height: 9sp; }
QAbstractSpinBox::down-arrow { image: url("$controls/down-$name.svg"); width: 9sp; height: 9sp; }
QComboBox { combobox-popup: 0; }
QComboBox::drop-down { border: none; width: 20sp; }
QComboBox::down-arrow { image: url("$controls/down-$name.svg"); width: 12sp; height: 12sp; }
QComboBox QAbstractItemView {
    background: $button; border: 1px solid $border_strong; padding: 2px;
    selection-background-color: $selection; selection-color: $on_selection;
}
QComboBox QAbstractItemView::item { min-height: 1.6em; padding: 0 4px; border: none; }
QComboBox QAbstractItemView::item:selected {
    background: $selection; color: $on_selection;
}
QCheckBox, QRadioButton { spacing: 6sp; }
QCheckBox::indicator, QAbstractItemView::indicator, QGroupBox::indicator {
    width: 14sp; height: 14sp; background: $surface;
    border: 1px solid $border_strong; border-radius: 3px;
}
QCheckBox::indicator:checked, QAbstractItemView::indicator:checked,
QGroupBox::indicator:checked {
    background: $accent; border-color: $accent; image: url("$controls/check-$name.svg");
}
QRadioButton::indicator {
    width: 14sp; height: 14sp; background: $surface;
    border: 1px solid $border_strong; border-radius: ${radio_radius}px;
}
QRadioButton::indicator:checked {
    width: ${radio_dot}px; height: ${radio_dot}px; background: $on_accent;
    border: ${radio_ring}px solid $accent;
}
QCheckBox::indicator:focus, QRadioButton::indicator:focus { border-color: $accent; }
QCheckBox::indicator:checked:focus {
    border: 2px solid $text; width: ${check_inside}px; height: ${check_inside}px;
}
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled {
    background: $window; border-color: $border;
}
QCheckBox:focus, QRadioButton:focus { color: $accent; }
QSlider:horizontal { min-height: ${knob_height}px; }
QSlider::groove:horizontal { height: 4sp; background: $border; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent; border-radius: 2px; }
QSlider::sub-page:horizontal:disabled { background: $border; }
QSlider::handle:horizontal {
    width: ${knob}px; margin: -${knob_over}px 0; background: $surface;
    border: 2px solid $accent; border-radius: ${knob_radius}px;
}
QSlider::handle:horizontal:hover { background: $selection; }
QSlider::handle:horizontal:focus { background: $accent; }
QSlider::handle:horizontal:disabled { border-color: $border_strong; }
QProgressBar {
    color: $text; background: $surface; border: 1px solid $border_strong;
    border-radius: 4px; text-align: center; min-height: 1.2em;
}
QProgressBar::chunk { background: $selection; border-radius: 3px; }

QMenu { background: $button; border: 1px solid $border_strong; padding: 4px 0; }
QMenu::separator { height: 1px; background: $border; margin: 4px 8px; }
"""
)


_SCALED = re.compile(r"(\d+)sp\b")


def build(theme: Theme, text: float = 1.0) -> str:
    """The application stylesheet in a theme's colours.

    Parameters
    ----------
    theme
        Its colours.
    text
        How much larger than the system's the text is. Lengths in ``sp`` grow with it, so that
        icons, check boxes and knobs stay in proportion to the words beside them.
    """
    names = {key: getattr(theme, key) for key in theme.__slots__}
    colors = {key: value for key, value in names.items() if type(value) is str}
    controls = assets.path("icons", "controls").as_posix()
    sheet = _SHEET.substitute(colors, controls=controls, **_round_things(text))
    return _SCALED.sub(lambda found: f"{_scaled(int(found[1]), text)}px", sheet)


def _scaled(length: int, text: float) -> int:
    return max(round(length * text), 1)


def _round_things(text: float) -> dict[str, int]:
    """Lengths that must fit each other to the pixel, lest things jump or lose their roundness."""
    box = _scaled(14, text)
    ring = (box + 2 - _scaled(8, text)) // 2
    groove, knob = _scaled(4, text), _scaled(12, text)
    # As much above the groove as below it.
    knob += (knob + 4 - groove) % 2
    return {
        "check_inside": box - 2,
        "radio_radius": (box + 2) // 2,
        "radio_ring": ring,
        "radio_dot": box + 2 - 2 * ring,
        "knob": knob,
        "knob_height": knob + 6,
        "knob_over": (knob + 4 - groove) // 2,
        "knob_radius": (knob + 4) // 2,
    }
