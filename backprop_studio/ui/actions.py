"""Every action of the window in one table; menus, toolbars and shortcuts are made from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from backprop_studio.ui import icons

_N = "Actions"


def _tr(text: str) -> str:
    return QCoreApplication.translate(_N, text)


@dataclass(frozen=True)
class ActionSpec:
    """One action.

    Attributes
    ----------
    id
        Key of the handler that the window gives.
    menu
        Menu that it stands in.
    text
        Name in the menu, with its mnemonic.
    shortcut
        Key sequence in Qt's portable notation, or empty.
    icon
        Name of an icon of the family, or empty.
    tip
        One sentence for tooltip and status bar; the text without mnemonic if empty.
    separator
        Whether a line stands above it in the menu.
    """

    id: str
    menu: str
    text: str
    shortcut: str = ""
    icon: str = ""
    tip: str = ""
    separator: bool = False


MENUS = {"file": "&File", "edit": "&Edit", "view": "&View", "train": "&Train", "help": "&Help"}

ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("new", "file", "&New", "Ctrl+N", "new", "Start with an empty canvas"),
    ActionSpec("open", "file", "&Open…", "Ctrl+O", "open", "Open a project file"),
    ActionSpec("example", "file", "Open the &digits example", "", "", "Open the example network"),
    ActionSpec("save", "file", "&Save", "Ctrl+S", "save", "Save the project", True),
    ActionSpec("save_as", "file", "Save &as…", "Ctrl+Shift+S"),
    ActionSpec(
        "export", "file", "&Export weights…", "Ctrl+Shift+E", "export",
        "Write the trained weights as .npz or .safetensors", True,
    ),
    ActionSpec("quit", "file", "&Quit", "Ctrl+Q", "", "", True),
    ActionSpec("undo", "edit", "&Undo", "Ctrl+Z", "undo", "Undo the last edit of the network"),
    ActionSpec("redo", "edit", "&Redo", "Ctrl+Shift+Z", "redo", "Do the undone edit again"),
    ActionSpec("connect", "edit", "&Connect selected", "C", "", "Wire first to second", True),
    ActionSpec("delete", "edit", "&Delete selected", "Del", "delete"),
    ActionSpec("select_all", "edit", "Select &all", "Ctrl+A"),
    ActionSpec("zoom_in", "view", "Zoom &in", "Ctrl++"),
    ActionSpec("zoom_out", "view", "Zoom &out", "Ctrl+-"),
    ActionSpec("zoom_fit", "view", "Zoom to &fit", "Ctrl+0", "zoom-fit", "Show the whole network"),
    ActionSpec("theme", "view", "Light or dark &theme", "Ctrl+T", "theme", "Switch themes", True),
    ActionSpec("reset_layout", "view", "&Reset panel layout"),
    ActionSpec("run", "train", "&Run", "F5", "run", "Train until paused"),
    ActionSpec("step_op", "train", "Step one &op", "F6", "", "Execute one operation", True),
    ActionSpec("step_layer", "train", "Step one &layer", "F7", "", "Execute one layer"),
    ActionSpec("step_phase", "train", "Step one &phase", "F8", "", "Execute one stage"),
    ActionSpec("step_batch", "train", "Step one &batch", "F9", "", "Execute to the next update"),
    ActionSpec("step_epoch", "train", "Step one &epoch", "Ctrl+F9", "", "To the end of the data"),
    ActionSpec("back_op", "train", "Back one op", "Shift+F6", "", "Take back one operation", True),
    ActionSpec("back_layer", "train", "Back one layer", "Shift+F7", "", "Take back one layer"),
    ActionSpec("back_phase", "train", "Back one phase", "Shift+F8", "", "Take back one stage"),
    ActionSpec("back_batch", "train", "Back one batch", "Shift+F9", "", "Take back one update"),
    ActionSpec("back_epoch", "train", "Back one epoch", "Ctrl+Shift+F9", "", "Take back an epoch"),
    ActionSpec(
        "fork", "train", "Start a &branch here", "Ctrl+B", "",
        "Try something else from this moment on; what was recorded stays", True,
    ),
    ActionSpec(
        "set_number", "train", "Set a &number…", "Ctrl+E", "",
        "What if this weight, input or error signal were another?",
    ),
    ActionSpec(
        "restart", "train", "Re&start, same weights", "Ctrl+R", "restart",
        "Begin again with the same first weights", True,
    ),
    ActionSpec(
        "new_weights", "train", "Restart, &new weights", "Ctrl+Shift+R", "dice",
        "Begin again with another seed: other first weights, other order of the data",
    ),
    ActionSpec("shortcuts", "help", "&Keyboard shortcuts", "F1"),
    ActionSpec("about", "help", "&About Backprop Studio"),
)  # fmt: skip


def _without_state(handler: Callable[[], object]) -> Callable[[bool], None]:
    """`triggered` brings whether the action is checked; no handler here has a use for it."""

    def call(checked: bool) -> None:
        handler()

    return call


def build(
    window: QMainWindow, handlers: Mapping[str, Callable[[], object]]
) -> tuple[dict[str, QAction], dict[str, QMenu]]:
    """Make every action and the menu bar; return both by id.

    Raises
    ------
    KeyError
        An action has no handler.
    """
    actions: dict[str, QAction] = {}
    menus: dict[str, QMenu] = {key: window.menuBar().addMenu(_tr(t)) for key, t in MENUS.items()}
    for spec in ACTIONS:
        action = QAction(_tr(spec.text), window)
        action.setObjectName(f"action-{spec.id}")
        if spec.shortcut:
            action.setShortcut(QKeySequence(spec.shortcut))
        if spec.icon:
            action.setIcon(icons.icon(spec.icon))
        plain = _tr(spec.text).replace("&", "").rstrip("…")
        tip = _tr(spec.tip) if spec.tip else plain
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{tip} ({keys})" if keys else tip)
        action.setStatusTip(tip)
        action.triggered.connect(_without_state(handlers[spec.id]))
        if spec.separator:
            menus[spec.menu].addSeparator()
        menus[spec.menu].addAction(action)
        actions[spec.id] = action
    return actions, menus
