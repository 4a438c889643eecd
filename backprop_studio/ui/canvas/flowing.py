"""Keeps dashes running along the wires that shine, in slow motion."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from backprop_studio.ui import motion
from backprop_studio.ui.canvas.scene import NetworkScene

_FRAME = 33
"""Milliseconds between two pictures."""

_STEP, _ROUND = 0.35, 5.5
"""How far dashes move from one to the next, and after how far they look the same again."""


class Flowing(QTimer):
    """The clock of what flows on a scene."""

    def __init__(self, scene: NetworkScene, parent: QObject) -> None:
        super().__init__(parent)
        self._scene = scene
        self._moved = 0.0
        self.setInterval(_FRAME)
        self.timeout.connect(self._move)

    def set_flowing(self, flowing: bool, /) -> None:
        """Let it be seen to flow, unless motion is not wanted; or stop it."""
        flowing = flowing and not motion.reduced()
        if flowing and not self.isActive():
            self.start()
        elif not flowing and self.isActive():
            self.stop()
            self._scene.move_flow(None)

    def _move(self) -> None:
        if motion.reduced():  # the wish may come while it flows
            self.set_flowing(False)
            return
        self._moved = (self._moved + _STEP) % _ROUND
        self._scene.move_flow(self._moved)
