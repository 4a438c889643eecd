"""The menu of the canvas: of what is selected, those actions that one is likely to want there."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication, QObject, QPoint, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from backprop_studio.network import Arrow, Group, Note
from backprop_studio.ui.actions import ACTIONS, SUBMENUS
from backprop_studio.ui.canvas.view import CanvasView
from backprop_studio.ui.widgets.menus import OwnLetters

_GROUND = (
    "quick_add", "note", "arrow", "", "paste", "select_all", "", "arrange", "zoom_fit", "", "help",
)  # fmt: skip
_EDIT = ("", "cut", "copy", "duplicate", "duplicate_shared", "delete")
_LAYER = (
    "enter", "rename", "explain_output", "open_inside", "stop_here", "fix", *_EDIT,
    "", "group", "leave_group", "", "help",
)  # fmt: skip
_WIRE = ("insert_layer", "explain_output", "", "delete")
_WIRES = ("delete",)
_SEVERAL = (
    "connect",
    "arrow",
    *_EDIT,
    "",
    "align",
    "",
    "group",
    "join_group",
    "ungroup",
    "leave_group",
)
_GROUP = ("fold", "rename", *_EDIT, "", "group", "ungroup", "leave_group")
_NOTE = ("rename", "", "cut", "copy", "duplicate", "delete", "", "group", "leave_group")
_ARROW = ("delete",)

MENUS: Mapping[str, tuple[str, ...]] = {
    "ground": _GROUND,
    "layer": _LAYER,
    "wire": _WIRE,
    "wires": _WIRES,
    "several": _SEVERAL,
    "group": _GROUP,
    "note": _NOTE,
    "arrow": _ARROW,
}
"""Ids of actions or of submenus, by what is selected; an empty one is a line."""


def kind_of(canvas: CanvasView) -> str:
    """Which of `MENUS` is that of what is selected."""
    parts, wires = canvas.selected_parts(), canvas.canvas_scene.selected_wires()
    if len(parts) + len(wires) > 1:
        return "several" if parts else "wires"
    if wires:
        return "wire"
    if not parts:
        return "ground"
    mark = canvas.document.network.marks.get(parts[0])
    if isinstance(mark, Group):
        return "group"
    if isinstance(mark, Note):
        return "note"
    return "arrow" if isinstance(mark, Arrow) else "layer"


class CanvasMenu(QObject):
    """Opens the menu of what is selected, with the window's own actions.

    Parameters
    ----------
    canvas
        Whose menu it is.
    actions
        All actions, by id.
    parent
        The window.
    """

    def __init__(
        self, canvas: CanvasView, actions: Mapping[str, QAction], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._actions = actions
        self.menu: QMenu | None = None
        """The one that was opened last, while it is open."""

    def open(self, at: QPoint) -> None:
        """Open it at a point of the screen."""
        if self.menu is not None:
            return
        menu = self.menu = QMenu(self._canvas.window())
        OwnLetters(menu)
        menu.setAccessibleName(self.tr("What can be done here"))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        for key in MENUS[kind_of(self._canvas)]:
            action = self._actions.get(key)
            if key in SUBMENUS:
                self._add_submenu(menu, key)
            elif action is None:
                menu.addSeparator()
            elif self._applies(key):
                menu.addAction(action)
        menu.aboutToHide.connect(self._closed)
        menu.popup(at)

    def _add_submenu(self, menu: QMenu, key: str) -> None:
        """A submenu of the menu bar, with the same actions."""
        found = [spec for spec in ACTIONS if spec.submenu == key]
        inner = menu.addMenu(QCoreApplication.translate("Actions", SUBMENUS[key]))
        OwnLetters(inner)
        inner.setToolTipsVisible(True)
        inner.addActions([self._actions[spec.id] for spec in found])

    def _applies(self, key: str) -> bool:
        """Whether something can come of it; what never can is left out."""
        network, parts = self._canvas.document.network, self._canvas.selected_parts()
        inside = any(p in network.holders for p in parts)
        match key:
            case "fix":
                return any(d.node in parts for d in self._canvas.document.analysis.diagnostics)
            case "leave_group":
                return inside
            case "join_group":
                return any(isinstance(network.marks.get(p), Group) for p in parts)
            case "ungroup":
                return inside or any(isinstance(network.marks.get(p), Group) for p in parts)
            case "connect" | "arrow":
                return len(parts) in (0, 2)
            case "open_inside" | "stop_here":
                return network.node(parts[0]).spec.ports != ()
        return True

    def _closed(self) -> None:
        self.menu = None
        # What was chosen is done first: it is about the place where the menu was.
        QTimer.singleShot(0, self, self._forget_place)

    def _forget_place(self) -> None:
        if self.menu is None:
            self._canvas.aimed = None
