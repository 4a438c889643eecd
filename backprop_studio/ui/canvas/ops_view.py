"""A layer opened into its operations: forward, backward and update, one row each."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QPainterPath,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QGraphicsPathItem,
    QGraphicsScene,
    QGraphicsSimpleTextItem,
    QGraphicsView,
    QHBoxLayout,
    QLabel,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.autograd import KEPT, Program, format_shape, resolve
from backprop_studio.insight.operations import OpenLayer, open_all, open_layer
from backprop_studio.insight.parts import Parts, parts
from backprop_studio.network import Analysis, Network
from backprop_studio.training import Snapshot
from backprop_studio.training.naming import value_name
from backprop_studio.ui import guide, theme
from backprop_studio.ui.canvas import camera, style
from backprop_studio.ui.canvas.op_item import HEIGHT, PILL, WIDTH, Label, OpItem
from backprop_studio.ui.widgets.elided_label import ElidedLabel

_TONES = ("forward", "backward", "update")
_ACROSS = WIDTH + 76.0
_NOTCH = 120
_READABLE = 0.75
_DEEPER, _HIGHER = 2.5, 0.55
"""Scales at which the wheel leads into an operation, and out of what is open."""


_NARROWEST = 440
"""Pixels across in which a layer can be read, whatever its names are."""


class OpsView(QWidget):
    """One layer's operations, with a way back to the network.

    An operation that does several things at once opens in turn into its parts. The wheel leads
    the same ways: in where there is more to see, out where all is seen.
    """

    left = Signal()
    """The learner goes back to the network."""
    instruction_chosen = Signal(int)
    """Index of the instruction that was double-clicked, or entered."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.node = ""
        self._network: Network | None = None
        self._analysis: Analysis | None = None
        self._snapshot: Snapshot | None = None
        self._opened = OpenLayer((), ())
        self._whole: int | None = None
        self._parts: Parts | None = None
        self.items: dict[int, OpItem] = {}
        self._wires: list[tuple[QGraphicsPathItem, str]] = []
        self._words: list[QGraphicsSimpleTextItem] = []
        self.back = QToolButton()
        self.back.setText(self.tr("Network"))
        self.back.setToolTip(self.tr("Back to the network (Esc)"))
        self.back.setAccessibleName(self.tr("Back to the network"))
        self.back.clicked.connect(self.left)
        self._arrow = QLabel("›")
        self.layer = QToolButton()
        self.layer.setToolTip(self.tr("Back to the layer (Esc)"))
        self.layer.setAccessibleName(self.tr("Back to the layer"))
        self.layer.clicked.connect(self.go_up)
        self.title = QLabel()
        # It gives way before the docks beside it have to.
        self.hint = ElidedLabel()
        theme.set_role(self.hint, "muted")
        self.hint.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.view = _View(self)
        self.view.setAccessibleName(self.tr("Operations of the layer"))
        self.setProperty(guide.TOPIC, guide.OPERATIONS)
        self.scene = QGraphicsScene(self)
        self.view.setScene(self.scene)
        crumbs = QHBoxLayout()
        crumbs.setContentsMargins(10, 6, 10, 4)
        crumbs.setSpacing(2)
        crumbs.addWidget(self.back)
        crumbs.addWidget(self._arrow)
        crumbs.addWidget(self.layer)
        crumbs.addWidget(self.title)
        crumbs.addSpacing(12)
        crumbs.addWidget(self.hint, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(crumbs)
        layout.addWidget(self.view, 1)
        self.setFocusProxy(self.view)
        # The canvas shares its place: docks leave this much to both.
        self.setMinimumWidth(_NARROWEST)

    @property
    def _program(self) -> Program | None:
        # Written when a layer is opened, if not before: the canvas is told of edits without it.
        return None if self._analysis is None else self._analysis.program

    def set_network(self, analysis: Analysis) -> None:
        """Take over another network; a layer that is gone is left."""
        self._network, self._analysis = analysis.network, analysis
        if self.node and not self.open_node(self.node):
            self.node = ""
            self.left.emit()

    def open_node(self, node: str) -> bool:
        """Show the operations of a node; False where there are none."""
        if self._program is None or self._network is None or node not in self._network:
            return False
        opened = open_layer(self._program, self._network, node)
        if not opened.operations:
            return False
        self.node, self._opened = node, opened
        self._whole, self._parts = None, None
        for crumb in (self._arrow, self.layer):
            crumb.hide()
        found = self._network.node(node)
        self.hint.setText(
            self.tr("Esc: back · Double-click or +: its parts · Enter: in the listing")
        )
        self.title.setText(f"›  <b>{found.name}</b>  ({found.spec.info.title})")
        self._show()
        return True

    def open_part(self, index: int) -> bool:
        """Show the parts of an operation; False where it has none."""
        if self._program is None or self._network is None or self._parts is not None:
            return False
        small = parts(self._program, index)
        if small is None:
            return False
        self._whole, self._parts, self._opened = index, small, open_all(small.program)
        found = self._network.node(self.node)
        self.layer.setText(found.name)
        self.layer.setAccessibleName(self.tr("Back to {name}").format(name=found.name))
        for crumb in (self._arrow, self.layer):
            crumb.show()
        # There is no room for more beside three crumbs, and nothing to open here.
        self.hint.setText(self.tr("Esc: back"))
        name = self._program.instructions[index].op.name.replace("_", " ")
        self.title.setText(
            self.tr("›  <b>{name}</b>  (computed as one, which is faster)").format(name=name)
        )
        self._show()
        return True

    def go_up(self) -> None:
        """From the parts of an operation to its layer, and from there to the network."""
        whole = self._whole
        if whole is None:
            self.left.emit()
        elif self.open_node(self.node):
            self.select(whole)

    def opens(self, index: int) -> bool:
        """Whether an operation that is shown has parts to open."""
        inside = self._program is None or self._parts is not None
        return not inside and parts(self._program, index) is not None  # type: ignore[arg-type]

    def instruction(self, index: int) -> int:
        """The instruction that stands for what is shown: of a part, that of the whole."""
        return index if self._whole is None else self._whole

    def _show(self) -> None:
        self._build()
        self.view.fit()
        if self._snapshot is not None:
            self.show_snapshot(self._snapshot)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Mark what is done, what is next, and what comes later in this iteration."""
        self._snapshot = snapshot
        if not self.node:
            return
        done = None if snapshot.cursor is None or snapshot.at_speed else snapshot.cursor.index
        for shown, item in self.items.items():
            index = self.instruction(shown)
            if done is None:
                item.set_state("done")
            else:
                item.set_state("done" if index < done else "next" if index == done else "later")

    def selected(self) -> int | None:
        """Index of the selected instruction."""
        return next((i for i, item in self.items.items() if item.isSelected()), None)

    def select(self, index: int) -> None:
        """Select an operation."""
        for other, item in self.items.items():
            item.setSelected(other == index)
        if index in self.items:
            item = self.items[index]
            self.view.ensureVisible(item.sceneBoundingRect(), 12, 12)
            self.view.setAccessibleDescription(item.toolTip())

    def step_selection(self, across: int, down: int) -> None:
        """Go to the next operation that way."""
        chosen = self.selected()
        if chosen is None:
            if self.items:
                self.select(next(iter(self.items)))
            return
        here = self.items[chosen].pos()
        best, least = chosen, float("inf")
        for index, item in self.items.items():
            way = item.pos() - here
            along = way.x() * across + way.y() * down
            aside = abs(way.x() * down) + abs(way.y() * across)
            if along > 1.0 and along + 3.0 * aside < least:
                best, least = index, along + 3.0 * aside
        self.select(best)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if theme.is_theme_change(event) and hasattr(self, "scene"):
            self._recolor()

    def _build(self) -> None:
        self.scene.clear()
        self.items, self._wires, self._words = {}, [], []
        program = self._program if self._parts is None else self._parts.program
        assert program is not None
        tops = self._row_tops()
        widest: dict[tuple[int, int], int] = {}
        for o in self._opened.operations:
            widest[o.lane, o.line] = max(widest.get((o.lane, o.line), 0), o.column)
        for operation in self._opened.operations:
            instr = program.instructions[operation.index]
            try:
                formula = instr.op.formula()
            except NotImplementedError:
                formula = None
            item = OpItem(
                operation.index,
                self._title(operation.index, instr.op.name),
                formula,
                _TONES[operation.lane],
                tuple(self._label(i, kept) for i, kept in operation.given),
                tuple(self._label(i, False) for i in operation.taken),
            )
            # Backward runs to the left, as the error signal does.
            last = widest[operation.lane, operation.line]
            column = last - operation.column if operation.lane == 1 else operation.column
            item.setPos(column * _ACROSS, tops[operation.lane, operation.line])
            self.scene.addItem(item)
            self.items[operation.index] = item
        lanes = {o.index: o.lane for o in self._opened.operations}
        for link in self._opened.links:
            back = lanes[link.source] == 1
            edge = QPointF(-WIDTH / 2 if back else WIDTH / 2, 0)
            start, end = self.items[link.source].pos() + edge, self.items[link.target].pos() - edge
            wire = QGraphicsPathItem(_path(start, end))
            wire.setZValue(-1)
            wire.setToolTip(self._label(link.value, False).name)
            self.scene.addItem(wire)
            self._wires.append((wire, _TONES[lanes[link.source]]))
            word = QGraphicsSimpleTextItem(self._shape(link.value))
            middle = (start + end) / 2
            if abs(end.x() - start.x()) >= _ACROSS:
                middle.setY(_over(start, end))  # on the way over the tops, not on a box
            word.setPos(middle - QPointF(word.boundingRect().width() / 2, 20))
            self.scene.addItem(word)
            self._words.append(word)
        self._recolor()

    def _row_tops(self) -> dict[tuple[int, int], float]:
        """Where each line stands: as far below the one above as their labels need."""
        tops, y = {}, 0.0
        for place in sorted({(o.lane, o.line) for o in self._opened.operations}):
            row = [o for o in self._opened.operations if (o.lane, o.line) == place]
            y += max(len(o.given) for o in row) * (PILL + 4) + HEIGHT / 2 + 16
            tops[place] = y
            y += max(len(o.taken) for o in row) * (PILL + 4) + HEIGHT / 2 + 30
        return tops

    def _recolor(self) -> None:
        look = style.current()
        self.view.setBackgroundBrush(look.ground)
        for item in self.items.values():
            item.restyle()
        for wire, tone in self._wires:
            wire.setPen(look.tone(tone).outline)
        for word in self._words:
            word.setFont(look.small_font)
            word.setBrush(look.muted.color())

    def _title(self, index: int, op: str) -> str:
        name = op.replace("_", " ")
        if self._parts is not None:
            # Parts of one step of a sequence say which step it is.
            place = self._parts.program.instructions[index].node.removeprefix(self.node).strip()
            return f"{name} · {place}" if place else name
        return f"{index + 1}  {name}{'  +' if self.opens(index) else ''}"

    def _label(self, value: int, kept: bool) -> Label:
        assert self._program is not None and self._network is not None
        # What goes into parts and comes out of them has the names that it has outside.
        outer = value if self._parts is None else self._parts.outer.get(value)
        if outer is None:
            assert self._parts is not None
            made = self._parts.program.producer[value]
            op = self._parts.program.instructions[made].op.name
            return Label(self._title(made, op), self._shape(value), kept)
        kept = kept or self._program.values[outer].role in KEPT
        return Label(value_name(self._network, self._program, outer), self._shape(value), kept)

    def _shape(self, value: int) -> str:
        program = self._program if self._parts is None else self._parts.program
        assert program is not None
        shape = program.values[value].shape
        if self._snapshot is not None and self._snapshot.batch_size:
            return format_shape(resolve(shape, {"N": self._snapshot.batch_size}))
        return format_shape(shape)


def _path(start: QPointF, end: QPointF) -> QPainterPath:
    """Straight to the neighbour; over the tops of what stands in between."""
    path = QPainterPath(start)
    if abs(end.x() - start.x()) < _ACROSS:
        path.lineTo(end)
        return path
    over = _over(start, end)
    side = math.copysign(30.0, end.x() - start.x())
    path.cubicTo(
        start + QPointF(side, 0), QPointF(start.x(), over), QPointF(start.x() + side, over)
    )
    path.lineTo(QPointF(end.x() - side, over))
    path.cubicTo(QPointF(end.x(), over), end - QPointF(side, 0), end)
    return path


def _over(start: QPointF, end: QPointF) -> float:
    """How high a wire goes over what stands between its ends."""
    return min(start.y(), end.y()) - HEIGHT / 2 - 10


class _View(QGraphicsView):
    """The drawing: the wheel zooms about the pointer, a drag of the ground scrolls."""

    def __init__(self, owner: OpsView) -> None:
        super().__init__()
        self._owner = owner
        self._fitted = True
        self._zoom = camera.Zoom(self)
        camera.set_up(self)
        self.setAcceptDrops(False)
        self.setDragMode(QGraphicsView.DragMode.ScrollHandDrag)

    def fit(self) -> None:
        """Show all of it."""
        self._fitted = True
        content = QRectF()
        for item in self._owner.items.values():
            content = content.united(item.sceneBoundingRect())
        camera.fit(self, content)
        if self.transform().m11() < _READABLE:
            # Rather the first part of it than all of it too small to be read.
            self.setTransform(QTransform.fromScale(_READABLE, _READABLE))
            seen = self.mapToScene(self.viewport().rect()).boundingRect().size() / 2
            middle = content.center()
            if content.height() > 2 * seen.height():
                middle.setY(content.top() + seen.height() - 8)
            if content.width() > 2 * seen.width():
                middle.setX(content.left() + seen.width() - 8)
            self.centerOn(middle)

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn, at = event.angleDelta().y(), event.position().toPoint()
        scale = self.transform().m11()
        item = self.itemAt(at)
        if turn > 0 and scale >= _DEEPER and isinstance(item, OpItem):
            self._owner.open_part(item.index)
            return
        if turn < 0 and scale <= _HIGHER:
            self._owner.go_up()
            return
        self._fitted = False
        self._zoom.by(1.2 ** (turn / _NOTCH), at)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._fitted:
            self.fit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        item = self.itemAt(event.position().toPoint())
        if isinstance(item, OpItem):
            self._owner.select(item.index)
            if not self._owner.open_part(item.index):
                self._owner.instruction_chosen.emit(self._owner.instruction(item.index))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        chosen = self._owner.selected()
        match event.key():
            case Qt.Key.Key_Escape:
                self._owner.go_up()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if chosen is not None:
                self._owner.instruction_chosen.emit(self._owner.instruction(chosen))
            case Qt.Key.Key_Plus if chosen is not None:
                self._owner.open_part(chosen)
            case Qt.Key.Key_Left:
                self._owner.step_selection(-1, 0)
            case Qt.Key.Key_Right:
                self._owner.step_selection(1, 0)
            case Qt.Key.Key_Up:
                self._owner.step_selection(0, -1)
            case Qt.Key.Key_Down:
                self._owner.step_selection(0, 1)
            case _:
                super().keyPressEvent(event)
