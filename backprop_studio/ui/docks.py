"""The docks around the canvas: which there are, where they stand, and how large."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QCoreApplication, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QFrame,
    QMainWindow,
    QScrollArea,
    QToolButton,
    QWidget,
)

from backprop_studio.ui import text_size

LAYOUT_VERSION = 5
"""Raised when docks come or go, so that an old saved layout is not applied to new docks."""

INSTRUMENT_WIDTH, INSTRUMENT_HEIGHT = 380, 300
"""Pixels that an instrument on the right needs to be read, beside text of the system's size."""
_LARGEST_SHARE = 0.44
"""Of the window's width, that it takes for larger text."""

_LEFT_WIDTH, _RIGHT_WIDTH, _BELOW = 216, 272, 264
"""Pixels of the palette, of the settings, and of what stands below the canvas."""
_LARGEST_LEFT, _LARGEST_RIGHT, _LARGEST_BELOW = 0.19, 0.29, 0.36
"""Shares of the window that they take at most for larger text."""

FEW_LINES = 120
"""Pixels that a message or two need from top to bottom."""

_BESIDE_AN_INSTRUMENT = {"losses": 270, "timeline": 460, "gradients": 290, "breakpoints": 290,
                         "current_step": 340, "program": 440, "messages": 290}  # fmt: skip
"""Widths of the docks at the bottom, where an instrument stands at the right."""

_BUTTON = 18
"""Pixels of the side of the button that closes a dock, beside text of the system's size."""

_LEAST_LETTERS, _LEAST_LINES = 16, 3
"""A dock is never smaller than so many letters and lines; what has no room there scrolls."""

_LEFT = Qt.DockWidgetArea.LeftDockWidgetArea
_RIGHT = Qt.DockWidgetArea.RightDockWidgetArea
_BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea


@dataclass(frozen=True)
class DockSpec:
    """One dock.

    Attributes
    ----------
    key
        Of its panel.
    title
        On its tab.
    area
        Where it stands.
    behind
        Key of the dock that it shares its place with, and is behind of; empty for a place of
        its own.
    shown
        Whether it is open in the standard layout.
    """

    key: str
    title: str
    area: Qt.DockWidgetArea
    behind: str = ""
    shown: bool = True


DOCKS = (
    DockSpec("palette", "Layers", _LEFT),
    DockSpec("outline", "Outline", _LEFT, "palette", shown=False),
    DockSpec("inspector", "Inspector", _RIGHT),
    DockSpec("setup", "Training set-up", _RIGHT),
    DockSpec("losses", "Loss curves", _BOTTOM),
    DockSpec("timeline", "Timeline", _BOTTOM, "losses"),
    DockSpec("gradients", "Gradients", _BOTTOM),
    DockSpec("breakpoints", "Breakpoints", _BOTTOM, "gradients"),
    DockSpec("current_step", "Current step", _BOTTOM),
    DockSpec("program", "Program", _BOTTOM, "current_step"),
    DockSpec("messages", "Messages", _BOTTOM, "current_step"),
    DockSpec("data", "Data", _RIGHT, "setup", shown=False),
    DockSpec("help", "Help", _RIGHT, "setup", shown=False),
    DockSpec("history", "Undo history", _RIGHT, "setup", shown=False),
    DockSpec("example", "Example", _RIGHT, "setup", shown=False),
    DockSpec("explanation", "Explanation", _RIGHT, "setup", shown=False),
    DockSpec("credit", "Credit", _RIGHT, "setup", shown=False),
    DockSpec("paths", "Paths", _RIGHT, "setup", shown=False),
    DockSpec("inside", "Inside a layer", _RIGHT, "setup", shown=False),
    DockSpec("efficiency", "Efficiency", _RIGHT, "setup", shown=False),
    DockSpec("rules", "Rules", _RIGHT, "setup", shown=False),
    DockSpec("gradient_check", "Gradient check", _RIGHT, "setup", shown=False),
    DockSpec("compare", "Compare", _RIGHT, "setup", shown=False),
    DockSpec("bug_hunt", "Bug hunt", _RIGHT, "setup", shown=False),
    DockSpec("gradient_flow", "Gradient flow", _RIGHT, "setup", shown=False),
    DockSpec("doctor", "Gradient doctor", _RIGHT, "setup", shown=False),
    DockSpec("landscape", "Loss landscape", _RIGHT, "setup", shown=False),
    DockSpec("over_time", "Gradients over time", _RIGHT, "setup", shown=False),
    DockSpec("predictions", "Predictions", _RIGHT, "setup", shown=False),
    DockSpec("representations", "Representations", _RIGHT, "setup", shown=False),
    DockSpec("lesson", "Lesson", _LEFT, "palette", shown=False),
    DockSpec("draw", "Draw points", _RIGHT, "setup", shown=False),
    DockSpec("units", "Units", _RIGHT, "setup", shown=False),
    DockSpec("voices", "Batch voices", _RIGHT, "setup", shown=False),
)


class Dock(QDockWidget):
    """A dock that is empty until it comes into sight: its panel is built then, or by `fill`.

    Parameters
    ----------
    spec
        Which dock it is.
    panel
        Gives its panel.
    window
        It stands in.

    Signals
    -------
    turned_to()
        Somebody wants to see it now, be it open already or not.
    closed()
        Somebody has closed it.
    """

    turned_to = Signal()
    closed = Signal()

    def __init__(self, spec: DockSpec, panel: Callable[[], QWidget], window: QMainWindow) -> None:
        super().__init__(title(spec), window)
        self._spec = spec
        self._make = panel
        self._panel: QWidget | None = None
        self._in_front = False
        self._button: QToolButton | None = None
        self.setObjectName(f"dock-{spec.key}")
        self.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetMovable
            | QDockWidget.DockWidgetFeature.DockWidgetClosable
        )
        self.visibilityChanged.connect(self._seen)

    def fill(self) -> None:
        """Put the panel into the dock, if it is not there yet."""
        panel = self._make()
        if self._panel is panel:
            return
        self._panel = panel
        self.setWidget(_Scrolled(panel))
        if self._spec.behind:
            panel.setVisible(self._in_front)
        _name_areas(self)

    def open(self, wanted: bool = True) -> None:
        """Show it, its panel in it at once, so that it can be given a size; or else hide it."""
        if wanted:
            self.fill()
        self.setVisible(wanted)

    def place_button(self) -> None:
        """Put the button that closes it at the end of its title, as high as that allows."""
        inside = self.widget()
        if inside is None:
            return
        if self._button is None:
            self._button = self._make_button()
        side = min(text_size.scaled(_BUTTON), inside.y() - 2)
        top = (inside.y() - side) // 2
        self._button.setGeometry(self.width() - side - 1, top, side, side)
        self._button.raise_()

    def _make_button(self) -> QToolButton:
        """It covers Qt's own, which is as small in large type, whatever style sheets say."""
        button = QToolButton(self)
        button.setObjectName("close-panel")
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setAccessibleName(self.tr("Close"))
        button.setToolTip(self.tr("Close this panel"))
        button.clicked.connect(self.close)
        button.show()
        return button

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self.closed.emit()

    def _seen(self, seen: bool) -> None:
        self._in_front = seen
        if seen and self._panel is None:
            self.fill()
        if self._panel is not None and self._spec.behind:
            # Behind another tab a dock counts as visible; its panel must not do anything then.
            self._panel.setVisible(seen)


def title(spec: DockSpec) -> str:
    """What stands on a dock's tab."""
    return QCoreApplication.translate("Docks", spec.title)


def build(window: QMainWindow, panel: Callable[[str], QWidget]) -> dict[str, Dock]:
    """Make the docks, each where it belongs. They are empty until they come into sight.

    Parameters
    ----------
    window
        It gets them.
    panel
        Gives the panel of a key when it is needed.
    """
    window.setDockNestingEnabled(True)
    window.setCorner(Qt.Corner.BottomLeftCorner, _BOTTOM)
    window.setCorner(Qt.Corner.BottomRightCorner, _RIGHT)
    docks: dict[str, Dock] = {}
    for spec in DOCKS:
        docks[spec.key] = Dock(spec, partial(panel, spec.key), window)
        if not spec.shown:
            # Before it stands there: otherwise every tab is laid out anew for each that comes.
            docks[spec.key].hide()
        window.addDockWidget(spec.area, docks[spec.key])
    for spec in DOCKS:
        if spec.behind:
            window.tabifyDockWidget(docks[spec.behind], docks[spec.key])
    close_instruments(docks)
    return docks


class _Scrolled(QScrollArea):
    """A panel that scrolls where it does not fit, so that neither window nor dock need grow for it.

    It also keeps the panel's place while that is hidden.
    """

    def __init__(self, panel: QWidget) -> None:
        super().__init__()
        self.setWidget(panel)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusProxy(panel)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        dock = self.parentWidget()
        if isinstance(dock, Dock):
            dock.place_button()

    def minimumSizeHint(self) -> QSize:
        letters = self.fontMetrics()
        least = QSize(
            _LEAST_LETTERS * letters.averageCharWidth(), _LEAST_LINES * letters.lineSpacing()
        )
        panel = self.widget()
        return least if panel is None else panel.minimumSizeHint().boundedTo(least)


def _name_areas(dock: QDockWidget) -> None:
    """Let a screen reader say which panel it is in wherever the keyboard stops to scroll."""
    if not dock.widget().accessibleName():
        dock.widget().setAccessibleName(dock.windowTitle())
    for area in dock.findChildren(QScrollArea):
        if not area.accessibleName():
            area.setAccessibleName(dock.windowTitle())


def settle(window: QMainWindow) -> None:
    """Lay out now: closed docks would otherwise still count for the window's smallest height."""
    layout = window.layout()
    assert layout is not None
    layout.activate()


def close_instruments(docks: Mapping[str, QDockWidget]) -> None:
    """Open what the standard layout shows, close the rest, the front ones in front."""
    for spec in DOCKS:
        docks[spec.key].setVisible(spec.shown)
    for spec in DOCKS:
        if not spec.behind:
            docks[spec.key].raise_()


def is_in_front(dock: QDockWidget) -> bool:
    """Whether it is to be seen in the window: open, and behind no other tab."""
    return dock.isVisible() and not dock.visibleRegion().isEmpty()


def _bounded(pixels: int, whole: int, share: float) -> int:
    """A length in proportion to the text, as far as that leaves the rest of the window its part."""
    return max(min(text_size.scaled(pixels), round(whole * share)), 1)


def arrange(window: QMainWindow, docks: Mapping[str, QDockWidget]) -> None:
    """Give the docks their standard sizes."""
    across, down = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
    sides = [
        _bounded(_LEFT_WIDTH, window.width(), _LARGEST_LEFT),
        settings_width(window),
    ]
    window.resizeDocks([docks["palette"], docks["setup"]], sides, across)
    bottom = [docks[k] for k in ("losses", "gradients", "current_step")]
    window.resizeDocks(bottom, [270, 400, 338], across)
    window.resizeDocks(bottom[:1], [_bounded(_BELOW, window.height(), _LARGEST_BELOW)], down)
    window.resizeDocks([docks["inspector"], docks["setup"]], [260, 340], down)


def follow_text(window: QMainWindow, docks: Mapping[str, QDockWidget], ratio: float) -> None:
    """Let the docks around the canvas grow or shrink as the text does, if they have the room."""
    seen = [
        dock
        for dock in docks.values()
        if window.dockWidgetArea(dock) in (_LEFT, _RIGHT)
        and is_in_front(dock)
        and not dock.isFloating()
    ]
    widths = []
    for dock in seen:
        left = window.dockWidgetArea(dock) == _LEFT
        largest = round(window.width() * (_LARGEST_LEFT if left else _LARGEST_SHARE))
        usual = _LEFT_WIDTH if left else _RIGHT_WIDTH
        grown = round(dock.width() * ratio)
        # Back from larger text, they are as wide as they were, and not what was left of that.
        widths.append(min(grown, largest) if ratio > 1 else max(grown, min(usual, largest)))
    if seen:
        window.resizeDocks(seen, widths, Qt.Orientation.Horizontal)
    below = [d for d in docks.values() if window.dockWidgetArea(d) == _BOTTOM and is_in_front(d)]
    if below:
        largest, high = round(window.height() * _LARGEST_BELOW), round(below[0].height() * ratio)
        high = min(high, largest) if ratio > 1 else max(high, min(_BELOW, largest))
        window.resizeDocks(below[:1], [high], Qt.Orientation.Vertical)


ARRANGEMENTS: Mapping[str, tuple[str, ...]] = {
    "build": ("palette", "inspector", "setup", "messages"),
    "step": ("inspector", "setup", "timeline", "current_step", "program"),
    "train": ("setup", "timeline", "losses", "breakpoints", "gradients"),
    "explain": ("inspector", "credit", "explanation", "gradients", "program", "current_step"),
}
"""Docks that are open, by what one is about to do; of those in one place, the last is in front."""


def show_arrangement(window: QMainWindow, docks: Mapping[str, Dock], name: str) -> None:
    """Open the docks of an arrangement, and close all others."""
    wanted = ARRANGEMENTS[name]
    for key, dock in docks.items():
        dock.open(key in wanted)
    for key in wanted:
        docks[key].raise_()
    arrange(window, docks)
    if name in ("step", "train"):
        # The buttons of the timeline in one line, and beside it the listing with the shapes,
        # results and costs of its instructions, or the heatmaps.
        sides = [docks["timeline"], docks["program" if name == "step" else "gradients"]]
        window.resizeDocks(sides, [460, 540], Qt.Orientation.Horizontal)
    elif name == "explain":
        # Sentences and formulas need more room than settings do.
        window.resizeDocks(
            [docks["explanation"]], [readable_width(window)], Qt.Orientation.Horizontal
        )
        sides = [docks["gradients"], docks["current_step"]]
        window.resizeDocks(sides, [460, 440], Qt.Orientation.Horizontal)
        _share_height(window, docks, docks["explanation"])
    elif "losses" not in wanted and "gradients" not in wanted:
        # Messages alone need a few lines.
        few = _bounded(FEW_LINES, window.height(), 0.25)
        window.resizeDocks([docks["messages"]], [few], Qt.Orientation.Vertical)


def _share_height(window: QMainWindow, docks: Mapping[str, Dock], instrument: Dock) -> None:
    """Give an instrument most of the height; the Inspector gets it when a layer is chosen.

    The heights add up to what both have: with more than that, the window would grow.
    """
    if docks["inspector"].isHidden():
        return
    both = docks["inspector"].height() + instrument.height()
    resize(window, [docks["inspector"], instrument], [both // 5, both - both // 5])


def resize(window: QMainWindow, docks: Sequence[QDockWidget], heights: Sequence[int]) -> None:
    """Give docks heights; each has at least a pixel, for Qt complains of less."""
    window.resizeDocks(docks, [max(h, 1) for h in heights], Qt.Orientation.Vertical)


def bring_to_front(dock: Dock) -> None:
    """Open a dock in front of the others at its place."""
    dock.open()
    dock.raise_()


def turn_to(dock: Dock) -> None:
    """Give the keyboard to a dock that is open."""
    dock.turned_to.emit()
    _give_keyboard(dock)
    # Behind another tab, its panel comes into sight only when the tabs have changed.
    QTimer.singleShot(0, dock, partial(_give_keyboard, dock))


def settings_width(window: QMainWindow) -> int:
    """Pixels that settings at the right of a window have from left to right."""
    return _bounded(_RIGHT_WIDTH, window.width(), _LARGEST_RIGHT)


def readable_width(window: QMainWindow) -> int:
    """Pixels that an instrument in a window is to have from left to right."""
    return _bounded(INSTRUMENT_WIDTH, window.width(), _LARGEST_SHARE)


def make_readable(window: QMainWindow, docks: Mapping[str, Dock], key: str) -> None:
    """Give an instrument that is open the width that it needs, and most of the height."""
    dock, inspector = docks[key], docks["inspector"]
    if window.dockWidgetArea(dock) != _RIGHT or dock.isFloating():
        return
    settle(window)
    wanted = readable_width(window)
    if dock.width() < wanted:
        window.resizeDocks([dock], [wanted], Qt.Orientation.Horizontal)
        _share_height(window, docks, dock)
        # The curves give way before the words do.
        below = {docks[k]: w for k, w in _BESIDE_AN_INSTRUMENT.items() if is_in_front(docks[k])}
        window.resizeDocks(list(below), list(below.values()), Qt.Orientation.Horizontal)
    elif dock.height() < text_size.scaled(INSTRUMENT_HEIGHT) and is_in_front(inspector):
        _share_height(window, docks, dock)


def _give_keyboard(dock: QDockWidget) -> None:
    """Put the keyboard where its panel wants it, or else at the first thing there that takes it.

    Qt is asked neither for stand-ins nor for the chain of focus: PySide then takes one widget for
    the owner of the other, and Python loses those that are still there.
    """
    panel = dock.widget()
    if _has_keyboard(panel):
        return
    panel.setFocus(Qt.FocusReason.OtherFocusReason)
    for inside in panel.findChildren(QWidget):
        if _has_keyboard(panel):
            return
        if inside.focusPolicy() & Qt.FocusPolicy.TabFocus and inside.isVisibleTo(panel):
            inside.setFocus(Qt.FocusReason.OtherFocusReason)
    if not _has_keyboard(panel):
        # F1 then still speaks of this panel.
        dock.setFocus(Qt.FocusReason.OtherFocusReason)


def _has_keyboard(panel: QWidget) -> bool:
    """Whether something in it has the keyboard, and is made for that."""
    focus = QApplication.focusWidget()
    if focus is None or focus is panel or not panel.isAncestorOf(focus):
        return False
    return focus.focusPolicy() != Qt.FocusPolicy.NoFocus
