"""The whole training run: go to any moment of it, and keep several futures."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.training import BranchView, Snapshot, State
from backprop_studio.ui import theme
from backprop_studio.ui.pacing import Seldom
from backprop_studio.ui.widgets.flow import Flow
from backprop_studio.ui.widgets.loss_timeline import LossTimeline
from backprop_studio.ui.widgets.own_keys import OwnKeys

MEGABYTE = 2**20
_ID = Qt.ItemDataRole.UserRole


class TimelinePanel(QWidget):
    """A slider over all finished iterations, the branches, and the journal that makes it possible.

    Dragging asks for one moment at a time: the next is asked for once the last one is there.
    """

    sought = Signal(int)
    """Go to the moment after so many finished iterations."""

    fork_requested = Signal()
    """Start a branch at this moment."""

    switch_requested = Signal(int)
    """Go on with the branch of this id."""

    drop_requested = Signal(int)
    """Forget the branch of this id."""

    renamed = Signal(int, str)
    """The branch of this id is to have this name."""

    budget_changed = Signal(int)
    """The journal may take so many bytes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._branches: tuple[BranchView, ...] = ()
        self._active = 0
        self._asked: int | None = None
        self._wanted: int | None = None
        self._seldom = Seldom()

        self.slider = LossTimeline()
        self.slider.valueChanged.connect(self._want)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 6)
        layout.setSpacing(4)
        layout.addWidget(self._make_jumps())
        layout.addWidget(self.slider)
        layout.addWidget(self._make_tree(), 1)
        layout.addWidget(self._make_below())
        self.show_snapshot(Snapshot(0, State.EMPTY), np.empty((0, 2)))

    def _make_jumps(self) -> Flow:
        """Where the run stands, and the buttons that lead back and on from there."""
        self.place = QLabel()
        self.place.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.place.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.place.setMinimumWidth(90)
        self.buttons = {
            "first": self._button(self.tr("first"), self.tr("To the first moment")),
            "-10": self._button("−10", self.tr("Ten iterations back")),
            "-1": self._button("−1", self.tr("One iteration back")),
            "+1": self._button("+1", self.tr("One recorded iteration on")),
            "+10": self._button("+10", self.tr("Ten recorded iterations on")),
            "live": self._button(self.tr("live"), self.tr("To the end of what is recorded")),
        }
        jumps = {"-10": -10, "-1": -1, "+1": 1, "+10": 10}
        for name, button in self.buttons.items():
            if name in jumps:
                button.clicked.connect(lambda _=False, by=jumps[name]: self._move(by))
        self.buttons["first"].clicked.connect(lambda: self.slider.setValue(self.slider.minimum()))
        self.buttons["live"].clicked.connect(lambda: self.slider.setValue(self.slider.maximum()))
        back, on = (
            _together(*(self.buttons[name] for name in names), spacing=2)
            for names in (("first", "-10", "-1"), ("+1", "+10", "live"))
        )
        return Flow(back, self.place, on, spacing=2)

    def _make_tree(self) -> QTreeWidget:
        """The branches."""
        self.tree = _Branches()
        self.tree.setRootIsDecorated(False)
        self.tree.setHeaderLabels([self.tr("branch"), self.tr("from epoch"), self.tr("last loss")])
        # What is said of a branch is never cut; its name has what is left.
        header, mode = self.tree.header(), QHeaderView.ResizeMode
        header.setStretchLastSection(False)
        header.setSectionResizeMode(mode.ResizeToContents)
        header.setSectionResizeMode(0, mode.Stretch)
        self.tree.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.tree.setAccessibleName(self.tr("Branches"))
        self.tree.setToolTip(
            self.tr("Double-click or Return goes on with a branch, F2 renames it, Del drops it")
        )
        self.tree.setAllColumnsShowFocus(True)
        OwnKeys(self.tree, Qt.Key.Key_Delete)
        self.tree.itemActivated.connect(lambda item: self.switch_requested.emit(item.data(0, _ID)))
        self.tree.itemChanged.connect(self._rename)
        self.tree.itemSelectionChanged.connect(self._enable)
        return self.tree

    def _make_below(self) -> Flow:
        """What can be done with a branch, and the memory for all of them."""
        self.fork_button = QPushButton(self.tr("Branch here"))
        self.fork_button.setToolTip(self.tr("Start another future at this moment (Ctrl+B)"))
        self.fork_button.clicked.connect(self.fork_requested)
        self.switch_button = QPushButton(self.tr("Switch"))
        self.switch_button.setToolTip(self.tr("Go on with the selected branch"))
        self.switch_button.clicked.connect(lambda: self._with_selected(self.switch_requested))
        self.drop_button = QPushButton(self.tr("Drop"))
        self.drop_button.setToolTip(self.tr("Forget the selected branch"))
        self.drop_button.clicked.connect(lambda: self._with_selected(self.drop_requested))
        choices = (self.fork_button, self.switch_button, self.drop_button)
        return Flow(*choices, self._make_journal(), spacing=4)

    def _make_journal(self) -> QWidget:
        """How much memory the journal takes, and how much it may take."""
        self.journal = QLabel()
        theme.set_role(self.journal, "muted")
        self.budget = QSpinBox()
        self.budget.setRange(1, 4096)
        self.budget.setSuffix(self.tr(" MB"))
        self.budget.setKeyboardTracking(False)
        self.budget.setAccessibleName(self.tr("Size of the journal"))
        self.budget.setToolTip(
            self.tr(
                "Memory for copies of the weights, from which every earlier moment is computed "
                "again, and for what branches keep that do not go on. With less, going back takes "
                "longer."
            )
        )
        self.budget.valueChanged.connect(lambda size: self.budget_changed.emit(size * MEGABYTE))
        self.journal.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.journal.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.budget.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        together = _together(self.journal, self.budget, spacing=4)
        together.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        return together

    def keyPressEvent(self, event) -> None:  # type: ignore[no-untyped-def]
        if event.key() == Qt.Key.Key_Delete and self.tree.hasFocus():
            self._with_selected(self.drop_requested)
            return
        super().keyPressEvent(event)

    def show_snapshot(self, snapshot: Snapshot, losses: npt.NDArray[np.floating]) -> None:
        """Show where the run stands.

        Parameters
        ----------
        snapshot
            The run.
        losses
            All points of the branch that goes on, of shape (iterations, 2): epochs, loss.
        """
        # Where somebody waits for a moment, this is it.
        if self._asked is None and not self._seldom.due(snapshot):
            return
        some = snapshot.cursor is not None
        completed = 0
        if snapshot.cursor is not None:
            completed = snapshot.completed
        self.slider.blockSignals(True)
        self.slider.setRange(snapshot.first, max(snapshot.live, snapshot.first, completed))
        if self._wanted is None and not self.slider.isSliderDown():
            self.slider.setValue(completed)
        self.slider.blockSignals(False)
        self.slider.set_losses(losses)
        if some:
            self.place.setText(
                self.tr("{now:,} of {live:,}").format(now=completed, live=self.slider.maximum())
            )
        else:
            self.place.setText(self.tr("no run yet"))
        self._show_branches(snapshot, losses)
        self._show_journal(snapshot)
        self._enable()
        # One moment is there; if the pointer has gone on meanwhile, the next is asked for.
        self._asked = None
        self._send()

    def _show_branches(self, snapshot: Snapshot, losses: npt.NDArray[np.floating]) -> None:
        self._branches, self._active = snapshot.branches, snapshot.branch
        tree = self.tree
        tree.blockSignals(True)
        while tree.topLevelItemCount() > len(self._branches):
            tree.takeTopLevelItem(tree.topLevelItemCount() - 1)
        while tree.topLevelItemCount() < len(self._branches):
            added = QTreeWidgetItem()
            added.setFlags(added.flags() | Qt.ItemFlag.ItemIsEditable)
            tree.addTopLevelItem(added)
        for place, branch in enumerate(self._branches):
            item = tree.topLevelItem(place)
            assert item is not None
            active = branch.id == self._active
            points = losses if active else branch.losses
            item.setData(0, _ID, branch.id)
            item.setText(0, branch.name)
            item.setText(1, f"{branch.start:.2f}")
            item.setText(2, f"{points[-1, 1]:.4g}" if len(points) else "")
            font = item.font(0)
            font.setBold(active)
            item.setFont(0, font)
            state = self.tr("{name}, goes on") if active else "{name}"
            item.setData(0, Qt.ItemDataRole.AccessibleTextRole, state.format(name=branch.name))
        tree.blockSignals(False)

    def _show_journal(self, snapshot: Snapshot) -> None:
        self.journal.setText(self.tr("{x:.1f} of").format(x=snapshot.journal_bytes / MEGABYTE))
        self.journal.setToolTip(self.tr("Memory that the journal takes now, with all branches"))
        if snapshot.journal_budget and not self.budget.hasFocus():
            self.budget.blockSignals(True)
            self.budget.setValue(snapshot.journal_budget // MEGABYTE)
            self.budget.blockSignals(False)

    def _want(self, completed: int) -> None:
        self._wanted = completed
        self._send()

    def _send(self) -> None:
        if self._wanted is not None and self._asked is None:
            self._asked, self._wanted = self._wanted, None
            self.sought.emit(self._asked)

    def _move(self, by: int) -> None:
        self.slider.setValue(self.slider.value() + by)

    def _with_selected(self, signal) -> None:  # type: ignore[no-untyped-def]
        for item in self.tree.selectedItems():
            signal.emit(item.data(0, _ID))

    def _rename(self, item: QTreeWidgetItem, column: int) -> None:
        known = {branch.id: branch.name for branch in self._branches}
        branch = item.data(0, _ID)
        if column == 0 and item.text(0) != known.get(branch):
            self.renamed.emit(branch, item.text(0))

    def _enable(self) -> None:
        low, high, now = self.slider.minimum(), self.slider.maximum(), self.slider.value()
        for name in ("first", "-10", "-1"):
            self.buttons[name].setEnabled(now > low)
        for name in ("+1", "+10", "live"):
            self.buttons[name].setEnabled(now < high)
        self.slider.setEnabled(high > low)
        chosen = [item.data(0, _ID) for item in self.tree.selectedItems()]
        other = bool(chosen) and chosen[0] != self._active
        self.switch_button.setEnabled(other)
        self.drop_button.setEnabled(other)
        self.fork_button.setEnabled(bool(self._branches))

    def _button(self, text: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setAutoRepeat(text[0] in "+−")
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return button


class _Branches(QTreeWidget):
    """Takes what is left, and scrolls by itself: the panel need not be scrolled for it."""

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), 3 * self.fontMetrics().lineSpacing() + 8)


def _together(*widgets: QWidget, spacing: int) -> QWidget:
    """Widgets that stay together where their row has to break."""
    together = QWidget()
    row = QHBoxLayout(together)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(spacing)
    for widget in widgets:
        row.addWidget(widget)
    return together
