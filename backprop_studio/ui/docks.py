"""The docks around the canvas: which there are, where they stand, and how large."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QCoreApplication, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QFrame,
    QMainWindow,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

LAYOUT_VERSION = 5
"""Raised when docks come or go, so that an old saved layout is not applied to new docks."""

INSTRUMENT_WIDTH = 380
"""Pixels that an instrument on the right needs to be read."""


_BESIDE_AN_INSTRUMENT = (270, 290, 340)
"""Widths of the docks at the bottom, where an instrument stands at the right."""

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
    """

    turned_to = Signal()

    def __init__(self, spec: DockSpec, panel: Callable[[], QWidget], window: QMainWindow) -> None:
        super().__init__(title(spec), window)
        self._spec = spec
        self._make = panel
        self._panel: QWidget | None = None
        self._in_front = False
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
        self.setWidget(_held(panel) if self._spec.shown else _scrolled(panel))
        if self._spec.behind:
            panel.setVisible(self._in_front)
        _name_areas(self)

    def open(self, wanted: bool = True) -> None:
        """Show it, its panel in it at once, so that it can be given a size; or else hide it."""
        if wanted:
            self.fill()
        self.setVisible(wanted)

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


def _held(panel: QWidget) -> QWidget:
    """A panel in a frame that keeps its place while the panel is hidden."""
    frame = QWidget()
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(panel)
    frame.setFocusProxy(panel)
    return frame


def _scrolled(panel: QWidget) -> QScrollArea:
    """A panel that scrolls where it does not fit, so that the window need not grow for it."""
    area = QScrollArea()
    area.setWidget(panel)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusProxy(panel)
    return area


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


def arrange(window: QMainWindow, docks: Mapping[str, QDockWidget]) -> None:
    """Give the docks their standard sizes."""
    across, down = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
    window.resizeDocks([docks["palette"], docks["setup"]], [200, 272], across)
    bottom = [docks[k] for k in ("losses", "gradients", "current_step")]
    window.resizeDocks(bottom, [270, 400, 338], across)
    window.resizeDocks(bottom[:1], [264], down)
    window.resizeDocks([docks["inspector"], docks["setup"]], [260, 340], down)


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
    if name == "step":
        # The listing with the shapes, results and costs of its instructions.
        sides = [docks["timeline"], docks["program"]]
        window.resizeDocks(sides, [400, 600], Qt.Orientation.Horizontal)
    elif name == "explain":
        # Sentences and formulas need more room than settings do.
        window.resizeDocks([docks["explanation"]], [INSTRUMENT_WIDTH], Qt.Orientation.Horizontal)
        sides = [docks["gradients"], docks["current_step"]]
        window.resizeDocks(sides, [460, 440], Qt.Orientation.Horizontal)
        _share_height(window, docks, docks["explanation"])
    elif "losses" not in wanted and "gradients" not in wanted:
        # Messages alone need a few lines.
        window.resizeDocks([docks["messages"]], [120], Qt.Orientation.Vertical)


def _share_height(window: QMainWindow, docks: Mapping[str, Dock], instrument: Dock) -> None:
    """Give an instrument most of the height; the Inspector gets it when a layer is chosen.

    The heights add up to what both have: with more than that, the window would grow.
    """
    both = docks["inspector"].height() + instrument.height()
    resize(window, [docks["inspector"], instrument], [both // 5, both - both // 5])


def resize(window: QMainWindow, docks: Sequence[QDockWidget], heights: Sequence[int]) -> None:
    """Give docks heights; each has at least a pixel, for Qt complains of less."""
    window.resizeDocks(docks, [max(h, 1) for h in heights], Qt.Orientation.Vertical)


def open_instrument(window: QMainWindow, docks: Mapping[str, Dock], key: str) -> None:
    """Open a dock in front of the others at its place, wide enough to be read."""
    dock = docks[key]
    dock.open()
    dock.raise_()
    make_readable(window, docks, key)
    dock.turned_to.emit()
    _give_keyboard(dock)
    # Behind another tab, its panel comes into sight only when the tabs have changed.
    QTimer.singleShot(0, dock, partial(_give_keyboard, dock))


def make_readable(window: QMainWindow, docks: Mapping[str, Dock], key: str) -> None:
    """Give an instrument that is open the width that it needs, and most of the height."""
    dock = docks[key]
    if window.dockWidgetArea(dock) == _RIGHT and dock.width() < INSTRUMENT_WIDTH:
        window.resizeDocks([dock], [INSTRUMENT_WIDTH], Qt.Orientation.Horizontal)
        _share_height(window, docks, dock)
        # The curves give way before the words do.
        bottom = [docks[k] for k in ("losses", "gradients", "current_step")]
        window.resizeDocks(bottom, _BESIDE_AN_INSTRUMENT, Qt.Orientation.Horizontal)


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
