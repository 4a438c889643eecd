"""Which parts of the canvas are marked: the one under the pointer, and that of the keyboard."""

from __future__ import annotations

from backprop_studio.ui.canvas.group_item import GroupItem
from backprop_studio.ui.canvas.hitting import Hit
from backprop_studio.ui.canvas.node_item import NodeItem
from backprop_studio.ui.canvas.scene import NetworkScene


class Marked:
    """Tells the items of a scene that they are marked, and those that are no longer."""

    def __init__(self, scene: NetworkScene) -> None:
        self._scene = scene
        self._parts: set[str] = set()

    def show(self, over: Hit, focused: str | None) -> None:
        """Mark what the pointer is over, and the part where the keyboard is; None for none."""
        under = over.node or over.mark
        # Only those are told that were marked or are to be: others have nothing to forget.
        now = {p for p in (focused, under and under.part, over.port and over.port.node) if p}
        for key in self._parts | now:
            item = self._scene.part(key)
            if item is None:
                continue
            item.set_marks(hovered=item is under, focused=key == focused)
            if isinstance(item, NodeItem | GroupItem):
                item.point_at(over.port if item is under else None)
        self._parts = now
