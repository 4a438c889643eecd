"""The instructions of a training step as a tree: phases, layers, instructions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)
from PySide6.QtGui import QFont

from backprop_studio.autograd import Array, Instr, Phase, Program, format_shape, resolve
from backprop_studio.insight.cost import multiply_adds
from backprop_studio.network import Network
from backprop_studio.training.naming import node_name
from backprop_studio.ui import theme
from backprop_studio.ui.models.listing_text import describe, instruction_texts, short_count
from backprop_studio.ui.models.words_filter import WordsFilter
from backprop_studio.ui.widgets.phase_strip import phase_color

Index = QModelIndex | QPersistentModelIndex

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class Column(IntEnum):
    """What stands where in a row."""

    BREAKPOINT = 0
    TEXT = 1
    SHAPE = 2
    RESULT = 3
    COST = 4


class ProgramRole(IntEnum):
    """What a row knows beyond its texts."""

    INSTRUCTION = Qt.ItemDataRole.UserRole + 1
    """Index in the program; for a phase or layer, None."""
    NODE = Qt.ItemDataRole.UserRole + 2
    """Id of the node; for a phase, empty."""
    PHASE = Qt.ItemDataRole.UserRole + 3
    CURRENT = Qt.ItemDataRole.UserRole + 4
    """Whether it is, or has in it, the instruction that runs next."""
    BREAKPOINT = Qt.ItemDataRole.UserRole + 5
    """Whether it has, or has in it, a breakpoint."""
    SEARCH = Qt.ItemDataRole.UserRole + 6
    """All text that a search looks through."""


@dataclass(frozen=True)
class Moment:
    """Where an iteration stands.

    Attributes
    ----------
    current
        Index of the instruction that runs next; None while training runs at speed.
    done
        How many instructions are computed in this iteration; None when it is not known.
    batch
        Rows of the batch; 0 before the first one.
    arrays
        Values that are known, by id.
    """

    current: int | None = None
    done: int | None = None
    batch: int = 0
    arrays: Mapping[int, Array] | None = None


@dataclass(frozen=True)
class _Block:
    """Instructions `first` to `stop - 1`: all of one phase, or those of one of its layers."""

    phase: Phase
    node: str
    first: int
    stop: int


@dataclass(frozen=True)
class _Row:
    """All that is shown of an instruction, so that a change of it is seen."""

    text: str
    shape: str
    result: str
    cost: str
    current: bool
    pending: bool


class ProgramModel(QAbstractItemModel):
    """Three levels: phases; in them the layers, in the order in which they run; instructions.

    An index has the internal id 0 for a phase, an even one for a layer (twice the place of its
    phase, from 1) and an odd one for an instruction (twice the number of its layer, plus 1).
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._titles = {
            Phase.DATA: self.tr("data"),
            Phase.FORWARD: self.tr("forward"),
            Phase.LOSS: self.tr("loss"),
            Phase.BACKWARD: self.tr("backward"),
            Phase.UPDATE: self.tr("update"),
        }
        self._headers = {
            Column.BREAKPOINT: ("", self.tr("Breakpoints; click to set or remove one")),
            Column.TEXT: (self.tr("instruction"), self.tr("What is computed, and from what")),
            Column.SHAPE: (self.tr("shape"), self.tr("Shape of the result for this batch")),
            Column.RESULT: (self.tr("result"), self.tr("The number, or smallest … largest")),
            Column.COST: (self.tr("cost"), self.tr("Multiply-adds for this batch")),
        }
        self._network = Network()
        self._program: Program | None = None
        self._instructions: tuple[Instr, ...] = ()
        self._texts: list[str] = []
        self._phases: list[_Block] = []
        self._layers: list[_Block] = []
        self._inside: list[list[int]] = []  # numbers of the layers of each phase
        self._home: list[tuple[int, int]] = []  # phase's place and layer's number, by instruction
        self._rows: list[_Row] = []
        self._costs: list[int] = []
        self._moment = Moment()
        self._breakpoints: frozenset[int] = frozenset()

    @property
    def instructions(self) -> tuple[Instr, ...]:
        """The instructions of the program; none without one."""
        return self._instructions

    @property
    def moment(self) -> Moment:
        """Where the iteration stands."""
        return self._moment

    @property
    def current(self) -> int | None:
        """Index of the instruction that runs next, if it is marked."""
        return self._moment.current

    @property
    def breakpoints(self) -> frozenset[int]:
        """Indices of the instructions with a breakpoint."""
        return self._breakpoints

    def set_program(self, network: Network, program: Program | None) -> None:
        """Show another program; the same one with other names keeps its rows."""
        self._network = network
        if program is not None and program == self._program:
            self._texts = instruction_texts(network, program)
            self._update(self._moment)
            self._emit_blocks(range(len(self._layers)))
            return
        self.beginResetModel()
        self._program = program
        self._instructions = () if program is None else program.instructions
        self._texts = [] if program is None else instruction_texts(network, program)
        self._phases, self._layers, self._inside, self._home = [], [], [], []
        for number_, instr in enumerate(self._instructions):
            self._place(number_, instr)
        self._moment = Moment()
        self._costs = self._count(0)
        self._rows = self._make_rows(self._moment)
        self.endResetModel()

    def set_moment(self, moment: Moment) -> None:
        """Show where the iteration stands. Rows that look the same are not announced."""
        total = len(self._instructions)
        if moment.done is not None and moment.done > total:
            moment = Moment(batch=moment.batch)  # of another program, which is on its way out
        before = self._moment
        if moment.done is None and moment == before:
            return
        if moment.batch != before.batch:
            self._costs = self._count(moment.batch)
        self._update(moment)
        if moment.batch != before.batch:
            self._emit_blocks(range(len(self._layers)))
        elif moment.current != before.current:
            marked = (i for i in (before.current, moment.current) if i is not None)
            self._emit_blocks({self._home[i][1] for i in marked})

    def set_breakpoints(self, breakpoints: frozenset[int]) -> None:
        """Show breakpoints before these instructions."""
        changed = [i for i in breakpoints ^ self._breakpoints if 0 <= i < len(self._instructions)]
        self._breakpoints = breakpoints
        for i in changed:
            index = self.instruction_index(i)
            self.dataChanged.emit(index, index)
        self._emit_blocks({self._home[i][1] for i in changed})

    def instruction_index(self, instruction: int, column: int = Column.BREAKPOINT) -> QModelIndex:
        """The row of an instruction.

        Raises
        ------
        IndexError
            There is no such instruction.
        """
        if not 0 <= instruction < len(self._instructions):
            raise IndexError(instruction)
        layer = self._home[instruction][1]
        row = instruction - self._layers[layer].first
        return self.createIndex(row, column, 2 * layer + 1)

    def first_of(self, node: str) -> int | None:
        """A node's first instruction in the current phase; if it has none there, of all."""
        places = [i for i, instr in enumerate(self._instructions) if instr.node == node]
        current = self._moment.current
        if current is not None:
            phase = self._instructions[current].phase
            here = [i for i in places if self._instructions[i].phase is phase]
            places = here or places
        return places[0] if places else None

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        # `hasIndex` would ask for both counts by way of Qt, thousands of times at each step.
        if not (0 <= row < self.rowCount(parent) and 0 <= column < len(Column)):
            return QModelIndex()
        if not parent.isValid():
            return self.createIndex(row, column, 0)
        if parent.internalId() == 0:
            return self.createIndex(row, column, 2 * (parent.row() + 1))
        return self.createIndex(row, column, 2 * self._layer_of(parent) + 1)

    def parent(self, child: Index | None = None) -> QModelIndex:  # type: ignore[override]
        if child is None or not child.isValid() or child.internalId() == 0:
            return QModelIndex()
        if child.internalId() % 2 == 0:
            return self.createIndex(child.internalId() // 2 - 1, 0, 0)
        return self._layer_index(child.internalId() // 2)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        if not parent.isValid():
            return len(self._phases)
        if parent.column() != 0 or parent.internalId() % 2:
            return 0
        if parent.internalId() == 0:
            return len(self._inside[parent.row()])
        block = self._layers[self._layer_of(parent)]
        return block.stop - block.first

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return len(Column)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.internalId() % 2:
            flags |= Qt.ItemFlag.ItemNeverHasChildren
        return flags

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(Column):
            return None
        title, tip = self._headers[Column(section)]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return title
            case Qt.ItemDataRole.ToolTipRole:
                return tip
            case Qt.ItemDataRole.TextAlignmentRole if section > Column.TEXT:
                return _RIGHT
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() > Column.TEXT:
            return _RIGHT
        if index.internalId() % 2:
            block = self._layers[index.internalId() // 2]
            return self._of_instruction(block.first + index.row(), index.column(), role)
        if index.internalId() == 0:
            block, title = self._phases[index.row()], self._titles[self._phases[index.row()].phase]
        else:
            block = self._layers[self._layer_of(index)]
            title = node_name(self._network, block.node)
        return self._of_block(block, title, index.column(), role)

    def _of_instruction(self, i: int, column: int, role: int) -> object:
        instr, row = self._instructions[i], self._rows[i]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return ("", row.text, row.shape, row.result, row.cost)[column]
            case Qt.ItemDataRole.ToolTipRole if column == Column.BREAKPOINT:
                return self.tr("Click: stop before this instruction, or no longer")
            case Qt.ItemDataRole.ToolTipRole:
                shown = (row.text, row.shape, row.result, self._cost_in_full(self._costs[i]))
                return "\n".join(text for text in shown if text)
            case Qt.ItemDataRole.AccessibleTextRole if column == Column.BREAKPOINT:
                said = (
                    self.tr("breakpoint") if i in self._breakpoints else "",
                    self.tr("runs next") if row.current else "",
                )
                return ", ".join(text for text in said if text)
            case Qt.ItemDataRole.ForegroundRole if row.pending and not row.current:
                return theme.current().color("muted")
            case Qt.ItemDataRole.FontRole if row.current:
                return _bold()
            case ProgramRole.INSTRUCTION:
                return i
            case ProgramRole.NODE:
                return instr.node
            case ProgramRole.PHASE:
                return instr.phase
            case ProgramRole.CURRENT:
                return row.current
            case ProgramRole.BREAKPOINT:
                return i in self._breakpoints
            case ProgramRole.SEARCH:
                layer = node_name(self._network, instr.node)
                return f"{self._titles[instr.phase]} {layer} {row.text}"
        return None

    def _of_block(self, block: _Block, title: str, column: int, role: int) -> object:
        current = self._moment.current
        match role:
            case Qt.ItemDataRole.DisplayRole if column == Column.TEXT:
                return title
            case Qt.ItemDataRole.DisplayRole if column == Column.COST:
                return short_count(sum(self._costs[block.first : block.stop]))
            case Qt.ItemDataRole.DisplayRole:
                return ""
            case Qt.ItemDataRole.ToolTipRole if column == Column.COST:
                return self._cost_in_full(sum(self._costs[block.first : block.stop]))
            case Qt.ItemDataRole.ForegroundRole if not block.node and column == Column.TEXT:
                return phase_color(block.phase)
            case Qt.ItemDataRole.FontRole if column == Column.TEXT:
                return _bold()
            case ProgramRole.NODE:
                return block.node
            case ProgramRole.PHASE:
                return block.phase
            case ProgramRole.CURRENT:
                return current is not None and block.first <= current < block.stop
            case ProgramRole.BREAKPOINT:
                return any(block.first <= i < block.stop for i in self._breakpoints)
        return None

    def _cost_in_full(self, cost: int) -> str:
        return self.tr("{count} multiply-adds").format(count=f"{cost:,}") if cost else ""

    def _place(self, i: int, instr: Instr) -> None:
        """Put an instruction at the end of the last phase and layer, or begin new ones."""
        if not self._phases or self._phases[-1].phase is not instr.phase:
            self._phases.append(_Block(instr.phase, "", i, i))
            self._inside.append([])
        inside = self._inside[-1]
        if not inside or self._layers[inside[-1]].node != instr.node:
            inside.append(len(self._layers))
            self._layers.append(_Block(instr.phase, instr.node, i, i))
        for blocks in (self._phases, self._layers):
            last = blocks[-1]
            blocks[-1] = _Block(last.phase, last.node, last.first, i + 1)
        self._home.append((len(self._phases) - 1, len(self._layers) - 1))

    def _layer_of(self, index: Index) -> int:
        """The number of the layer that an index of a layer stands for."""
        return self._inside[index.internalId() // 2 - 1][index.row()]

    def _layer_index(self, layer: int, column: int = 0) -> QModelIndex:
        phase = self._home[self._layers[layer].first][0]
        return self.createIndex(layer - self._inside[phase][0], column, 2 * (phase + 1))

    def _count(self, batch: int) -> list[int]:
        """Costs for a batch; without one, zeros."""
        if self._program is None or batch == 0:
            return [0] * len(self._instructions)
        return [multiply_adds(self._program, instr, batch) for instr in self._instructions]

    def _make_rows(self, moment: Moment) -> list[_Row]:
        results = dict(self._results(moment))
        rows = []
        for i, instr in enumerate(self._instructions):
            rows.append(
                _Row(
                    self._texts[i],
                    ", ".join(self._shape(out, moment.batch) for out in instr.outputs),
                    results.get(i, ""),
                    short_count(self._costs[i]),
                    i == moment.current,
                    moment.done is not None and i >= moment.done,
                )
            )
        return rows

    def _shape(self, value: int, batch: int) -> str:
        assert self._program is not None
        shape = self._program.values[value].shape
        return format_shape(resolve(shape, {"N": batch}) if batch else shape)

    def _results(self, moment: Moment) -> Iterator[tuple[int, str]]:
        """What is known of what instructions wrote, and no later one has overwritten."""
        written: set[int] = set()
        for i in reversed(range(moment.done or 0)):
            outputs = self._instructions[i].outputs
            arrays = [(moment.arrays or {}).get(o) for o in outputs if o not in written]
            yield i, ", ".join(describe(a) for a in arrays if a is not None and a.size)
            written.update(outputs)

    def _update(self, moment: Moment) -> None:
        """Take over a moment and announce the rows that look different, run by run."""
        self._moment = moment
        old, self._rows = self._rows, self._make_rows(moment)
        changed = [i for i, row in enumerate(self._rows) if row != old[i]]
        for first, last in _runs(changed, [layer for _, layer in self._home]):
            self.dataChanged.emit(
                self.instruction_index(first), self.instruction_index(last, Column.COST)
            )

    def _emit_blocks(self, layers: Iterable[int]) -> None:
        """Announce layers, and the phases that they are in."""
        phases = set()
        for layer in sorted(layers):
            phases.add(self._home[self._layers[layer].first][0])
            self.dataChanged.emit(self._layer_index(layer), self._layer_index(layer, Column.COST))
        for phase in sorted(phases):
            ends = (self.createIndex(phase, column, 0) for column in (0, Column.COST))
            self.dataChanged.emit(*ends)


class ProgramFilter(WordsFilter):
    """The instructions that have every word of a search in their text, layer or phase."""

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        if not self._words:
            return True
        text = self.sourceModel().index(source_row, 0, source_parent).data(ProgramRole.SEARCH)
        # Phases and layers stay for the sake of their instructions only.
        return text is not None and self.has_all(text)


def _runs(changed: list[int], homes: list[int]) -> Iterator[tuple[int, int]]:
    """First and last of neighbours in `changed` that have the same home."""
    start = 0
    for k in range(1, len(changed) + 1):
        i = changed[k - 1]
        if k < len(changed) and changed[k] == i + 1 and homes[changed[k]] == homes[i]:
            continue
        yield changed[start], i
        start = k


def _bold() -> QFont:
    font = QFont()
    font.setWeight(QFont.Weight.DemiBold)
    return font
