"""Runs the real application and answers, over standard input and output, where things are.

The hands of the end-to-end test are a real mouse and keyboard outside this process; these are
its eyes. One JSON object a line each way.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from PySide6.QtCore import QPoint, QPointF, QSocketNotifier
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from backprop_studio import app as application
from backprop_studio.training import Boundary
from backprop_studio.ui.dialogs.chooser import Chooser


class Eyes:
    """Looks at the window."""

    def __init__(self, window: Any) -> None:
        self.window = window

    def answer(self, ask: str, *about: Any) -> Any:
        return getattr(self, ask)(*about)

    def palette(self, layer: str) -> list[int]:
        panel = self.window.palette_panel
        return self._global(panel.view.viewport(), panel.drag_point(layer))

    def canvas(self, across: float, down: float) -> list[int]:
        port = self.window.canvas.viewport()
        return self._global(port, QPoint(int(port.width() * across), int(port.height() * down)))

    def node(self, node: str) -> list[int]:
        canvas = self.window.canvas
        return self._global(canvas.viewport(), canvas.node_center(node))

    def port(self, node: str, kind: str) -> list[int]:
        canvas = self.window.canvas
        return self._global(canvas.viewport(), canvas.port_point(node, kind))

    def beside(self, node: str, across: int, down: int) -> list[int]:
        """A point so many units of the scene away from a node's centre."""
        canvas = self.window.canvas
        place = canvas.canvas_scene.nodes[node].pos() + QPointF(across, down)
        return self._global(canvas.viewport(), canvas.mapFromScene(place))

    def fix(self, node: str) -> list[int]:
        canvas = self.window.canvas
        place = canvas.canvas_scene.nodes[node].fix_rect().center()
        return self._global(canvas.viewport(), canvas.mapFromScene(place))

    def chevron(self, group: str) -> list[int]:
        canvas = self.window.canvas
        place = canvas.canvas_scene.part(group).card_rect().topLeft() + QPointF(12, 12)
        return self._global(canvas.viewport(), canvas.mapFromScene(place))

    def button(self, name: str) -> list[int]:
        transport = self.window.transport
        buttons = {
            "run": transport.run_button,
            "step": transport.step_button,
            "back": transport.back_button,
            **{str(b): transport.size_buttons[b] for b in list(Boundary)[1:5]},
        }
        return self._middle(buttons[name])

    def setup(self, field: str) -> list[int]:
        return self._middle(self.window.setup.editor(field))

    def inspector(self, field: str) -> list[int]:
        return self._middle(self.window.inspector.form.editor(field))

    def state(self) -> dict[str, Any]:
        window = self.window
        network, engine = window._document.network, window._engine
        snapshot, losses = engine.snapshot, window.losses.losses
        tiles = window.gradients._tiles.values()
        return {
            "state": str(snapshot.state),
            "cursor": None
            if snapshot.cursor is None
            else [snapshot.cursor.iteration, snapshot.cursor.index],
            "losses": [] if not len(losses) else [float(losses[0, 1]), float(losses[-1, 1])],
            "accuracy": None if snapshot.test is None else snapshot.test.accuracy,
            "nodes": [n.id for n in network.nodes],
            "wires": [[w.source, w.target] for w in network.wires],
            "groups": [[g.id, g.name, g.collapsed] for g in network.groups],
            "notes": [n.text for n in network.notes],
            "selected": list(window.canvas.selected_parts()),
            "undo": window._document.undo_stack.undoText(),
            "chooser": any(c.isVisible() for c in window.findChildren(Chooser)),
            "dataset": network.setup.dataset,
            "problems": [d.text for d in window._document.analysis.diagnostics],
            "step": window.current_step.title.text(),
            "computed": [t.title for t in tiles if t._data is not None],
            "status": window.status.accuracy.text(),
            "title": window.windowTitle(),
            "modified": window.isWindowModified(),
            "message": window.statusBar().currentMessage(),
            "dialog": None
            if QApplication.activeModalWidget() is None
            else QApplication.activeModalWidget().windowTitle(),
            "active": window.isActiveWindow() or QApplication.activeModalWidget() is not None,
        }

    def shot(self, path: str) -> bool:
        return QGuiApplication.primaryScreen().grabWindow(0).save(path)

    def _middle(self, widget: QWidget) -> list[int]:
        return self._global(widget, widget.rect().center())

    @staticmethod
    def _global(widget: QWidget, point: QPoint) -> list[int]:
        place = widget.mapToGlobal(point)
        return [place.x(), place.y()]


def main() -> int:
    """Run until the window is closed; the exit code is the application's."""
    app, window = application.start(sys.argv[1:])
    eyes = Eyes(window)
    notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)

    def read() -> None:
        line = sys.stdin.readline()
        if not line:
            notifier.setEnabled(False)
            return
        print(json.dumps(eyes.answer(*json.loads(line))), flush=True)

    notifier.activated.connect(read)
    return application.run(app, window)


if __name__ == "__main__":
    sys.exit(main())
