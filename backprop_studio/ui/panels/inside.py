"""Sit inside a layer and compute its gradients by hand, from what it has itself."""

from __future__ import annotations

import html
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.autograd import Array, Program
from backprop_studio.insight.inside import Mistake, Task, Worksheet, layers, sit
from backprop_studio.network import Analysis, Network
from backprop_studio.training import Snapshot, State
from backprop_studio.training.naming import node_name
from backprop_studio.ui import theme
from backprop_studio.ui.asking import Ask, Enquiry
from backprop_studio.ui.widgets.data_table import Cell, DataTable

_IN_A_LINE = 3
"""Tables side by side that a narrow panel has room for."""


class InsidePanel(QWidget):
    """A worksheet of one layer, which checks each answer and knows the usual mistakes.

    Parameters
    ----------
    ask
        Asks the worker.
    """

    focus_changed = Signal(str)
    """Id of the node that is sat inside, so that all others stand back; empty for none."""

    def __init__(self, ask: Ask, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._enquiry = Enquiry(ask, self._say)
        self._network: Network | None = None
        self._program: Program | None = None
        self._sheet: Worksheet | None = None
        self._given: dict[str, float] = {}
        self._wanted = ""
        self._paused = False
        self.node = QComboBox()
        self.node.setAccessibleName(self.tr("Layer"))
        self.node.setToolTip(self.tr("The layer to sit inside"))
        self.node.currentIndexChanged.connect(self._enter)
        self.fresh = QPushButton(self.tr("New numbers"))
        self.fresh.setToolTip(self.tr("Take the numbers of the moment that is shown now"))
        self.fresh.clicked.connect(self._enter)
        self.story = QLabel(
            self.tr(
                "You are this layer. You see your own numbers and the error signal that comes "
                "back to you, and nothing else. That is enough: compute your gradients. The "
                "numbers are a cut-out of yours, with two digits; sums run over what is shown."
            )
        )
        self.story.setWordWrap(True)
        theme.set_role(self.story, "muted")
        self.rule = QLabel()
        self.rule.setWordWrap(True)
        self.numbers = QLabel()
        self.numbers.setWordWrap(True)
        self.table = DataTable(
            [self.tr("Compute"), self.tr("Yours"), ""], self.tr("Numbers to compute")
        )
        self.table.setToolTip(self.tr("Select what to compute next"))
        self.table.row_chosen.connect(self._choose)
        self.question = QLabel()
        self.answer = QLineEdit()
        self.answer.setAccessibleName(self.tr("Your answer"))
        self.answer.setToolTip(self.tr("Type the number and press Enter"))
        self.answer.returnPressed.connect(self._check)
        self.check = QPushButton(self.tr("Check"))
        self.check.setToolTip(self.tr("Check the answer (Enter)"))
        self.check.clicked.connect(self._check)
        self.reveal = QPushButton(self.tr("Show the sum"))
        self.reveal.setToolTip(self.tr("Show how this number is computed"))
        self.reveal.clicked.connect(self._reveal)
        self.verdict = QLabel()
        self.verdict.setWordWrap(True)
        head = QHBoxLayout()
        head.addWidget(self.node, 1)
        head.addWidget(self.fresh)
        answering = QHBoxLayout()
        answering.addWidget(self.question)
        answering.addWidget(self.answer, 1)
        answering.addWidget(self.check)
        answering.addWidget(self.reveal)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addLayout(head)
        for widget in (self.story, self.rule, self.numbers):
            layout.addWidget(widget)
        layout.addWidget(self.table, 1)
        layout.addLayout(answering)
        layout.addWidget(self.verdict)
        self._clear()

    # What the window tells.

    def set_network(self, analysis: Analysis) -> None:
        """Take over another network; the worksheet is kept while its program is the same."""
        program = analysis.program
        same = program is not None and program == self._program
        self._network, self._program = analysis.network, program
        chosen = self.node.currentData() if same else None
        with QSignalBlocker(self.node):
            self.node.clear()
            if program is not None:
                for node in layers(program, analysis.network):
                    self.node.addItem(node_name(analysis.network, node), node)
                places = [self.node.findData(node) for node in (self._wanted, chosen)]
                self.node.setCurrentIndex(next((p for p in places if p >= 0), 0))
        self._wanted = ""
        if not same:
            self._enquiry.reset()
            self._clear()
            self._enter()

    def set_node(self, node: str) -> None:
        """Sit inside a node, if one can; one that is not known yet, once it is."""
        place = self.node.findData(node)
        self._wanted = node if place < 0 else ""
        if place >= 0:
            self.node.setCurrentIndex(place)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Take the first numbers as soon as there are some; later ones only when asked to."""
        self._paused = snapshot.cursor is not None and snapshot.state is State.PAUSED
        if self._sheet is None:
            self._enter()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._enter()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.focus_changed.emit("")

    # The worksheet.

    def _enter(self) -> None:
        node = self.node.currentData()
        if not self.isVisible():
            return
        self.focus_changed.emit(node or "")
        if node and self._paused and self._network is not None:
            self._enquiry.put(partial(sit, node, self._network), self._show)

    def _clear(self) -> None:
        self._sheet, self._given = None, {}
        self.table.set_rows([])
        self.rule.clear()
        self.numbers.clear()
        self.question.clear()
        self.verdict.setText(self.tr("The worksheet appears here when training is possible."))
        for widget in (self.answer, self.check, self.reveal):
            widget.setEnabled(False)

    def _say(self, reason: str) -> None:
        self._clear()
        self.verdict.setText(reason)

    def _show(self, sheet: Worksheet) -> None:
        self._sheet, self._given = sheet, {}
        self.rule.setText(
            self.tr("What you do: <b>{rule}</b>").format(rule=html.escape(sheet.rule))
        )
        # Where there are many, what comes back stands below what the layer has itself.
        own = [t for t in sheet.tables if not t[0].startswith("dY")]
        back = [t for t in sheet.tables if t[0].startswith("dY")]
        lines = [own + back] if len(sheet.tables) <= _IN_A_LINE else [own, back]
        self.numbers.setText("".join(_line(line) for line in lines if line))
        for widget in (self.answer, self.check, self.reveal):
            widget.setEnabled(True)
        self._fill(0)

    def _fill(self, chosen: int) -> None:
        assert self._sheet is not None
        self.table.set_rows([self._cells(task) for task in self._sheet.tasks], chosen)
        self._choose(chosen)

    def _cells(self, task: Task) -> list[Cell]:
        given = self._given.get(task.name)
        if given is None:
            return [Cell(task.name), Cell(""), Cell("")]
        right = task.judge(given) is True
        sign, color = ("✓", "ok") if right else ("✗", "error")
        return [Cell(task.name), Cell(f"{given:.4g}", given), Cell(sign, color=color)]

    def _task(self) -> Task | None:
        row = self.table.chosen()
        return None if self._sheet is None or row is None else self._sheet.tasks[row]

    def _choose(self, row: int) -> None:
        if self._sheet is None:
            return
        task = self._sheet.tasks[row]
        self.question.setText(f"{task.name} =")
        self.answer.clear()
        self._progress()

    def _progress(self) -> None:
        assert self._sheet is not None
        right = sum(
            task.name in self._given and task.judge(self._given[task.name]) is True
            for task in self._sheet.tasks
        )
        count = len(self._sheet.tasks)
        text = self.tr("{right} of {count} right.").format(right=right, count=count)
        if right == count:
            text += " " + self.tr("All of it, from local information alone.")
        self.verdict.setText(text)

    def _check(self) -> None:
        task = self._task()
        if task is None or self._sheet is None:
            return
        try:
            given = float(self.answer.text().strip().replace(",", "."))
        except ValueError:
            self.verdict.setText(
                self.tr("'{text}' is not a number. Type one such as -0.25.").format(
                    text=self.answer.text()
                )
            )
            return
        self._given[task.name] = given
        row = self._sheet.tasks.index(task)
        judged = task.judge(given)
        if judged is True:
            # On to the next one that is not right yet.
            order = [*range(row + 1, len(self._sheet.tasks)), *range(row + 1)]
            open_ = (i for i in order if self._open(self._sheet.tasks[i]))
            self._fill(next(open_, row))
            self.answer.setFocus()
            self.verdict.setText(
                self.tr("{name}: right. ").format(name=task.name) + self.verdict.text()
            )
            return
        self._fill(row)
        self.answer.setText(f"{given:g}")
        self.answer.selectAll()
        hint = self._hint(judged) if isinstance(judged, Mistake) else self.tr(
            "Not yet. Which of your numbers does it depend on, and by how much?"
        )  # fmt: skip
        self.verdict.setText(f"{task.name}: {hint}")

    def _open(self, task: Task) -> bool:
        given = self._given.get(task.name)
        return given is None or task.judge(given) is not True

    def _reveal(self) -> None:
        task = self._task()
        if task is not None:
            self.verdict.setText(f"{task.name} = {task.worked}")

    def _hint(self, mistake: Mistake) -> str:
        return {
            Mistake.SIGN: self.tr("The size is right, the sign is not."),
            Mistake.NO_DERIVATIVE: self.tr(
                "You passed the signal on as it came: multiply it by your local derivative."
            ),
            Mistake.WRONG_SIDE: self.tr(
                "The local derivative belongs at X, before the activation, and not at Y, after it."
            ),
            Mistake.ONE_BRANCH: self.tr(
                "Your output goes to more than one place: add up what comes back from all of them."
            ),
            Mistake.ONE_EXAMPLE: self.tr(
                "That is one example's part: all examples share the weight, so add them up."
            ),
            Mistake.NO_MEAN: self.tr("The loss is a mean over the examples: divide by N."),
            Mistake.MEAN_AGAIN: self.tr(
                "You divided by N, but the error signal already has 1/N in it: just add up."
            ),
            Mistake.UNTRANSPOSED: self.tr(
                "You went through W the way forward goes. Back, it is transposed: use row i of W."
            ),
            Mistake.OWN_FACTOR: self.tr(
                "You multiplied by the number's own value: a product swaps, so take the other one."
            ),
            Mistake.NO_TWO: self.tr(
                "The derivative of a square is twice the number: a 2 is missing."
            ),
            Mistake.NOT_TAKEN: self.tr(
                "This number was not the one that was taken, so the signal goes to the other."
            ),
        }[mistake]


def _line(tables: Sequence[tuple[str, Array]]) -> str:
    """Tables side by side, with their names above them."""
    names = "".join(
        f"<th align='left' style='padding-right:24px'>{html.escape(name)}</th>"
        for name, _ in tables
    )
    grids = "".join(f"<td style='padding-right:24px'>{_grid(array)}</td>" for _, array in tables)
    return f"<table><tr>{names}</tr><tr>{grids}</tr></table>"


def _grid(array: Array) -> str:
    rows = "".join(
        "<tr>" + "".join(f"<td align='right' style='padding-right:10px'>{v:g}</td>" for v in row)
        + "</tr>"
        for row in array
    )  # fmt: skip
    return f"<table cellspacing='0'>{rows}</table>"
