"""Runs the real application and answers, over standard input and output, where things are.

The hands of the end-to-end test are a real mouse and keyboard outside this process; these are
its eyes. One JSON object a line each way.
"""

from __future__ import annotations

import itertools
import json
import sys
from typing import Any

from PySide6.QtCore import QModelIndex, QPoint, QPointF, QRect, QSocketNotifier, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QButtonGroup,
    QHeaderView,
    QLabel,
    QScrollArea,
    QTabBar,
    QTableView,
    QWidget,
)

from backprop_studio import app as application
from backprop_studio.training import Boundary
from backprop_studio.ui import theme
from backprop_studio.ui.dialogs.chooser import Chooser


class Eyes:
    """Looks at the window."""

    def __init__(self, window: Any) -> None:
        self.window = window
        self._root: QWidget = window

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

    def wire(self, source: str, target: str, share: float) -> list[int]:
        """A place on a wire, between 0 at its beginning and 1 at its end."""
        canvas = self.window.canvas
        wires = canvas.canvas_scene.wires
        item = next(i for w, i in wires.items() if (w.source, w.target) == (source, target))
        place = canvas.mapFromScene(item._path.pointAtPercent(share))
        return self._global(canvas.viewport(), place)

    def block(self, part: str) -> list[int]:
        """The middle of a group's title, of a block, or of a note."""
        canvas = self.window.canvas
        item = canvas.canvas_scene.part(part)
        rect = item.title_rect() if hasattr(item, "title_rect") else item.card_rect()
        return self._global(canvas.viewport(), canvas.mapFromScene(rect.center()))

    def menu(self, action: str) -> list[int]:
        """An action in the menu that is open on the canvas."""
        menu = self.window.layers.menu.menu
        rect = menu.actionGeometry(self.window.actions_by_id[action])
        return self._global(menu, rect.center())

    def front(self) -> dict[str, Any]:
        """What is in front of everything, and how it looks."""
        window, menu = self.window, self.window.layers.menu.menu
        page, focus = window.pages.currentWidget(), QApplication.focusWidget()
        actions = [] if menu is None else menu.actions()
        bubble = window.canvas.bubble
        return {
            "page": type(page).__name__,
            "menu": [a.objectName().removeprefix("action-") for a in actions],
            "bubble": bubble.text() if bubble.isVisible() else "",
            "theme": theme.current().name,
            "type": QApplication.font().pointSizeF(),
            "full": window.isFullScreen(),
            "keyboard": "" if focus is None else focus.accessibleName(),
            "docks": [k for k, d in window.docks.items() if d.isVisible()],
            "shares": [n.id for n in window._document.network.nodes if n.shares],
            "keys": {k: a.shortcut().toString() for k, a in window.actions_by_id.items()},
            "kept": window.project.recovery._file.exists(),
        }

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

    def data(self, what: str) -> list[int]:
        """A place in the Data panel, or the button that opens it."""
        window, panel = self.window, self.window.data
        bar = panel.tabs.tabBar()
        if what.startswith("tab "):
            return self._global(bar, bar.tabRect(int(what[4:])).center())
        parts = {
            "open": window.setup.data_button,
            "add": panel.corruptions.add_button,
            "list": panel.corruptions.list,
            "rows": panel.rows.table.viewport(),
            "which": panel.rows.which,
        }
        return self._middle(parts[what])

    def plane(self, x: float, y: float) -> list[int]:
        """A place on the plane that points are drawn on."""
        plane = self.window.draw.plane
        return self._global(plane, plane.at(x, y).toPoint())

    def drawn(self) -> list[list[float]]:
        """The points on the plane."""
        places: list[list[float]] = self.window.draw.plane.drawing.places.tolist()
        return places

    def columns(self, row: int, column: int) -> list[int]:
        """A cell in the preview of a table that is imported."""
        view = self.window.importing.dialog.page.view
        index = view.model().index(row, column)
        return self._global(view.viewport(), view.visualRect(index).center())

    def inspector(self, field: str) -> list[int]:
        return self._middle(self.window.inspector.form.editor(field))

    def widget(self, name: str, key: str = "") -> list[int]:
        """What is called so, by its accessible name or its words, in a dock or a dialog."""
        return self._middle(self._named(name, key))

    def described(self, name: str, key: str = "") -> str:
        """What a screen reader is told of what is called so, besides its name."""
        return self._named(name, key).accessibleDescription()

    def tab(self, title: str) -> list[int]:
        """The tab of a dock."""
        for bar in self.window.findChildren(QTabBar):
            for index in range(bar.count()):
                if bar.isVisible() and bar.tabText(index) == title:
                    return self._global(bar, bar.tabRect(index).center())
        raise LookupError(f"no tab is called {title!r}")

    def row(self, key: str, text: str) -> list[int]:
        """The first row of a table, list or tree in a dock that has this text."""
        view, index = self._row(key, text)
        view.scrollTo(index)
        return self._global(view.viewport(), view.visualRect(index).center())

    def chosen(self, key: str) -> list[str]:
        """The row that is selected in each table, list or tree of a dock."""
        views = (v for v in self._views(key) if v.isVisible() and v.selectionModel() is not None)
        rows = (v.selectionModel().selectedRows(0) or v.selectedIndexes()[:1] for v in views)
        return [" | ".join(_cells(row)) for found in rows for row in found]

    def gutter(self, key: str, text: str) -> list[int]:
        """The left edge of such a row: where a listing has its breakpoints."""
        view, index = self._row(key, text)
        view.scrollTo(index)
        rect: QRect = view.visualRect(index.siblingAtColumn(0))
        return self._global(view.viewport(), QPoint(10, rect.center().y()))

    def says(self, key: str) -> list[str]:
        """All words in a dock: of its labels, and of the rows of its tables."""
        words = [w.text() for w in self._within(key) if isinstance(w, QLabel) and w.isVisible()]
        for view in self._views(key):
            if view.isVisible():
                words += [" | ".join(_cells(index)) for index in _rows(view)]
        return [word for word in words if word]

    def timeline(self, share: float) -> list[int]:
        """A place in the course of training, between 0 and 1."""
        slider = self.window.timeline.slider
        area = slider._area()
        x = area.left() + share * area.width()
        return self._global(slider, QPoint(round(x), round(area.center().y())))

    def slider(self, name: str, share: float, key: str = "") -> list[int]:
        """A place on a slider, between 0 and 1."""
        found = next(w for w in self._within(key) if w.accessibleName().startswith(name))
        return self._global(found, QPoint(round(share * found.width()), found.height() // 2))

    def operation(self, title: str) -> list[int]:
        """A box in an opened layer."""
        view = self.window.operations
        item = next(i for i in view.items.values() if title in i.title)
        return self._global(view.view.viewport(), view.view.mapFromScene(item.pos()))

    def tile(self, title: str) -> list[int]:
        """The middle of a gradient's picture."""
        tile = next(t for t in self.window.gradients._tiles.values() if t.title == title)
        self.window.gradients.findChild(QScrollArea).ensureWidgetVisible(tile)
        return self._global(tile, tile.image_rect().center())

    def point(self, row: int) -> list[int]:
        """The point of an example in the plot of the batch."""
        panel = self.window.instruments.example
        spot = panel.points.points()[row]
        place = panel.plot.mapFromScene(panel.points.mapToScene(spot.pos()))
        return self._global(panel.plot.viewport(), place)

    def lesson(self) -> dict[str, Any] | None:
        """The lesson that is open: where one is in it, and what the panel says of the step."""
        panel, runner = self.window.lessons.panel, self.window.lessons.runner
        if runner is None:
            return None
        labels = panel.area.widget().findChildren(QLabel)
        bar = panel.area.verticalScrollBar()
        return {
            "lesson": runner.lesson.head.id,
            "step": runner.step.id,
            "number": runner.index,
            "ready": not runner.is_held,
            "steps": len(runner.lesson.steps),
            "done": list(runner.progress.solved),
            "solved": runner.is_solved,
            "checks": [[row.text.accessibleName(), row.mark.text()] for row in panel._rows],
            "outcomes": [form.outcome.text() for form in panel._forms],
            "hints": [h.accessibleName() for h in panel._hints if h.isVisible()],
            "explained": panel._explained.isVisible(),
            "says": [w.accessibleName() or w.text() for w in labels if w.isVisible()],
            "scroll": [bar.value(), bar.maximum()],
            "buttons": [
                b.text() for b in (panel.hint, panel.show_me, panel.back, panel.next, panel.onward)
                if b.isVisible()
            ],
        }  # fmt: skip

    def lesson_part(self, what: str, which: int = 0, option: str = "") -> list[int]:
        """A part of the lesson's panel: x, y, and how far one has to scroll down to see it."""
        panel = self.window.lessons.panel
        if what in ("next", "onward", "back", "hint", "show_me", "again", "leave", "steps"):
            widget = getattr(panel, what)
        elif what in ("number", "sure", "predict", "option"):
            form = panel._forms[which]
            widget = {
                "number": lambda: form.number,
                "sure": lambda: form.confidence.button(int(option)),
                "predict": lambda: form.button,
                "option": lambda: _option(form.options, option),
            }[what]()
        else:
            row = panel._rows[which]
            widget = {
                "answer": lambda: row.answer,
                "choice": lambda: _option(row.options, option),
                "button": lambda: row.button,
            }[what]()
        if not widget.isVisible():
            raise LookupError(f"{what} {which} {option} is not to be seen")
        port, away = panel.area.viewport(), 0
        if port.isAncestorOf(widget):
            top = widget.mapTo(port, QPoint(0, 0)).y()
            away = max(top + widget.height() - port.height(), 0) or min(top, 0)
        return [*self._middle(widget), away]

    def header(self, key: str, column: str) -> list[int]:
        """The name of a table's column."""
        for view in self._views(key):
            if isinstance(view, QTableView) and view.isVisible():
                header, model = view.horizontalHeader(), view.model()
                for place in range(model.columnCount()):
                    if model.headerData(place, Qt.Orientation.Horizontal) == column:
                        x = header.sectionViewportPosition(place) + header.sectionSize(place) // 2
                        return self._global(header.viewport(), QPoint(x, header.height() // 2))
        raise LookupError(f"no column {column!r} in {key!r}")

    def flow(self) -> dict[str, str]:
        """What stands on the wires, and below the nodes."""
        scene = self.window.canvas.canvas_scene
        told = {
            f"{w.source} {w.target}": i.reading.text for w, i in scene.wires.items() if i.reading
        }
        return told | {n: i.picture.text for n, i in scene.nodes.items() if i.picture}

    def clipboard(self) -> str:
        return QGuiApplication.clipboard().text()

    def number(self, value: str, *entry: int) -> float:
        """An entry of a weight, from the worker."""
        node, _, name = value.partition("/")
        return float(self.window._engine.weights()[node, name][tuple(entry)])

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
            "corruptions": [c.info.id for c in network.setup.data.corruptions],
            "rows": window.data.rows.count.text(),
            "row": window.data.rows.said.text() if window.data.rows.isVisible() else "",
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
            "popup": QApplication.activePopupWidget() is not None,
            "import": "" if (asked := window.importing.dialog) is None else asked.summary.text(),
            "import note": "" if asked is None else asked.note.text,
            "completed": snapshot.completed,
            "loss": snapshot.loss,
            "live": snapshot.live,
            "edited": snapshot.edited,
            "element": snapshot.element,
            "branches": [b.name for b in snapshot.branches],
            "branch": next((b.name for b in snapshot.branches if b.id == snapshot.branch), ""),
            "curves": list(window.losses.plot.curve_names()),
            "focus": window.canvas.canvas_scene._focus_node,
            "traced": window.tracer._row,
            "badges": dict(window.canvas.canvas_scene._badges),
            "boxes": [i.title for i in window.operations.items.values()]
            if window.pages.currentWidget() is window.operations
            else [],
            "pace": window.transport.pace.text(),
            "flowing": window.canvas._stream.isActive(),
            "active": window.isActiveWindow() or QApplication.activeModalWidget() is not None,
        }

    def _within(self, key: str) -> list[QWidget]:
        modal = QApplication.activeModalWidget()
        root = self.window.docks[key] if key else modal or self.window
        # As long as Python knows a dialog of Qt's own, it knows what is in it.
        self._root = root
        return [root, *root.findChildren(QWidget)]

    def _named(self, name: str, key: str) -> QWidget:
        found = [w for w in self._within(key) if w.isVisible() and name in _names(w)]
        # A field and the line that is typed in have one name.
        found = [w for w in found if not any(w.isAncestorOf(o) for o in found if o is not w)]
        if len(found) != 1:
            raise LookupError(f"{len(found)} widgets are called {name!r} in {key!r}")
        return found[0]

    def _views(self, key: str) -> list[QAbstractItemView]:
        """Tables, lists and trees. The header of a table is a view of the same rows in Qt."""
        return [
            w
            for w in self._within(key)
            if isinstance(w, QAbstractItemView) and not isinstance(w, QHeaderView)
        ]

    def _row(self, key: str, text: str) -> tuple[QAbstractItemView, QModelIndex]:
        for view in self._views(key):
            if view.isVisible():
                for index in _rows(view):
                    if any(text in cell for cell in _cells(index)):
                        return view, index
        raise LookupError(f"no row with {text!r} in {key!r}: {self.says(key)}")

    def shot(self, path: str) -> bool:
        return QGuiApplication.primaryScreen().grabWindow(0).save(path)

    def _middle(self, widget: QWidget) -> list[int]:
        return self._global(widget, widget.rect().center())

    @staticmethod
    def _global(widget: QWidget, point: QPoint) -> list[int]:
        place = widget.mapToGlobal(point)
        return [place.x(), place.y()]


def _option(group: QButtonGroup, words: str) -> QAbstractButton:
    """The answer that has these words."""
    return next(b for b in group.buttons() if words in b.accessibleName())


def _names(widget: QWidget) -> set[str]:
    words = widget.text() if isinstance(widget, QAbstractButton) else ""
    return {widget.accessibleName(), words.replace("&", "")} - {""}


def _rows(view: QAbstractItemView, parent: QModelIndex | None = None) -> list[QModelIndex]:
    """All rows, and all that hang on them, at the column that has words."""
    model, out = view.model(), []
    parent = QModelIndex() if parent is None else parent
    for row in range(model.rowCount(parent)):
        first = model.index(row, 0, parent)
        out += [first.siblingAtColumn(1) if not first.data() else first, *_rows(view, first)]
    return out


def _cells(index: QModelIndex) -> list[str]:
    cells = itertools.takewhile(
        QModelIndex.isValid, (index.siblingAtColumn(column) for column in itertools.count())
    )
    return [str(cell.data() or "") for cell in cells]


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
        try:
            # As an action would, should the first frame be only just painted.
            window.furnish()
            answer = {"answer": eyes.answer(*json.loads(line))}
        except Exception as error:  # told, so that the hands do not wait for ever
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)

    notifier.activated.connect(read)
    return application.run(app, window)


if __name__ == "__main__":
    sys.exit(main())
