"""What spoils the data: a list in the order in which it is done, and the settings of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from backprop_studio import data
from backprop_studio.data import MOST_CORRUPTIONS, Corruption, Dataset
from backprop_studio.errors import Diagnostic
from backprop_studio.ui import counts, theme
from backprop_studio.ui.guide import TOPIC, corruption_topic
from backprop_studio.ui.widgets.menus import open_below
from backprop_studio.ui.widgets.note import Note
from backprop_studio.ui.widgets.spec_form import SpecForm
from backprop_studio.ui.widgets.tint import TINT, TintDelegate

_PLACE = "data.corruptions."
_DELETE = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)


class CorruptionList(QWidget):
    """Adds, removes, orders and adjusts corruptions; every edit is reported, none is made here.

    Signals
    -------
    edited(label, corruptions)
        The tuple of corruptions that is wanted, and what to call the edit.
    """

    edited = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._corruptions: tuple[Corruption, ...] = ()
        self._dataset: Dataset | None = None
        self._problems: list[Diagnostic] = []
        self._wanted = 0
        """Place that is selected, or will be when the edit that was asked for is made."""
        self.story = QLabel(
            self.tr(
                "Backpropagation does not know whether data are right. Spoil them on purpose, in "
                "the order of this list, and see what is learned then."
            )
        )
        self.story.setWordWrap(True)
        theme.set_role(self.story, "muted")
        self.list = _Keys()
        self.list.setItemDelegate(TintDelegate(self.list))
        self.list.setSpacing(2)
        self.list.setMinimumHeight(96)
        self.list.setAccessibleName(self.tr("Corruptions, in order"))
        self.list.setToolTip(self.tr("Del removes a corruption, Alt+Up and Alt+Down move it"))
        self.list.currentRowChanged.connect(self._show_current)
        self.list.removed.connect(self.remove)
        self.list.moved.connect(self.move_by)
        self.add_button = QPushButton(self.tr("Add ▾"))
        self.add_button.setToolTip(self.tr("Spoil the data in one more way"))
        self.add_button.setAccessibleName(self.tr("Add a corruption"))
        self.menu = QMenu(self.add_button)
        self.menu.setToolTipsVisible(True)
        for key, kind in data.corruptions().items():
            action = self.menu.addAction(kind.info.title)
            action.setToolTip(kind.info.summary)
            action.triggered.connect(lambda _=False, key=key: self.add(key))
        open_below(self.add_button, self.menu)
        self.remove_button = QPushButton(self.tr("Remove"))
        self.remove_button.setToolTip(self.tr("Take the selected corruption out (Del)"))
        self.remove_button.clicked.connect(self.remove)
        self.up_button = QPushButton("↑")
        self.up_button.setAccessibleName(self.tr("Earlier"))
        self.up_button.setToolTip(self.tr("Do the selected corruption earlier (Alt+Up)"))
        self.up_button.clicked.connect(lambda: self.move_by(-1))
        self.down_button = QPushButton("↓")
        self.down_button.setAccessibleName(self.tr("Later"))
        self.down_button.setToolTip(self.tr("Do the selected corruption later (Alt+Down)"))
        self.down_button.clicked.connect(lambda: self.move_by(1))
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        for button in (self.add_button, self.remove_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        for button in (self.up_button, self.down_button):
            button.setFixedWidth(36)
            button.setStyleSheet("padding: 5px 0;")
            buttons.addWidget(button)
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.note = Note()
        self.form = SpecForm(after=self.down_button)
        self.form.edited.connect(self._change)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.story)
        layout.addWidget(self.list, 1)
        layout.addLayout(buttons)
        layout.addWidget(self.summary)
        layout.addWidget(self.note)
        layout.addWidget(self.form)
        layout.addStretch(1)

    def set_corruptions(
        self,
        corruptions: tuple[Corruption, ...],
        affected: tuple[int, ...],
        dataset: Dataset | None,
        problems: Iterable[Diagnostic],
    ) -> None:
        """Show a list.

        Parameters
        ----------
        corruptions
            In order.
        affected
            Rows that each changes; empty while this is not known.
        dataset
            What they are done to; None where there is none.
        problems
            What is wrong with the data; those of corruptions are shown at them.
        """
        self._corruptions, self._dataset = corruptions, dataset
        self._problems = [p for p in problems if p.field and p.field.startswith(_PLACE)]
        wrong = {_place_of(p) for p in self._problems}
        self.list.blockSignals(True)
        self.list.clear()
        for k, corruption in enumerate(corruptions):
            text = corruption.info.title
            if k in wrong:
                text += self.tr(" · does not fit")
            elif k < len(affected):
                text += " · " + counts.rows(affected[k])
            item = QListWidgetItem(text)
            item.setToolTip(corruption.info.summary)
            if k in wrong:
                item.setData(TINT, "error")
            self.list.addItem(item)
        self.list.setCurrentRow(min(max(self._wanted, 0), len(corruptions) - 1))
        self.list.blockSignals(False)
        self._show_current()

    def add(self, key: str) -> None:
        """Ask for one more corruption, after the selected one."""
        kind = data.corruptions()[key]
        made = kind() if self._dataset is None else kind.fitting(self._dataset)
        place = self.list.currentRow() + 1
        self._wanted = place
        label = self.tr("Add {name}").format(name=kind.info.title)
        self.edited.emit(label, (*self._corruptions[:place], made, *self._corruptions[place:]))

    def remove(self) -> None:
        """Ask for the list without the selected corruption."""
        place = self.list.currentRow()
        if place < 0:
            return
        self._wanted = place
        label = self.tr("Remove {name}").format(name=self._corruptions[place].info.title)
        self.edited.emit(label, (*self._corruptions[:place], *self._corruptions[place + 1 :]))

    def move_by(self, steps: int) -> None:
        """Ask for the selected corruption to be done earlier or later."""
        place = self.list.currentRow()
        if place < 0 or not 0 <= place + steps < len(self._corruptions):
            return
        order = list(self._corruptions)
        order.insert(place + steps, order.pop(place))
        label = self.tr("Move {name}").format(name=self._corruptions[place].info.title)
        self._wanted = place + steps
        self.edited.emit(label, tuple(order))

    def commit(self) -> None:
        """Take an edit in progress as meant."""
        self.form.commit()

    def _show_current(self, *_: object) -> None:
        place, count = self.list.currentRow(), len(self._corruptions)
        self._wanted = place
        current = self._corruptions[place] if 0 <= place < count else None
        self.setProperty(TOPIC, corruption_topic(type(current)) if current is not None else "")
        self.add_button.setEnabled(count < MOST_CORRUPTIONS)
        self.remove_button.setEnabled(current is not None)
        self.up_button.setEnabled(place > 0)
        self.down_button.setEnabled(0 <= place < count - 1)
        if current is None:
            self.summary.setText(self.tr("The data are as they are. Add a corruption to begin."))
            self.note.show_text("")
            self.form.clear()
            return
        self.summary.setText(current.info.summary)
        if self._dataset is not None:
            self.form.set_names(
                {"feature": self._dataset.feature_names, "class": self._dataset.class_names}
            )
        self.form.set_spec(current, (place, current.info.id))
        here = f"{_PLACE}{place}"
        whole = [p.text for p in self._problems if p.field == here]
        self.note.show_text(whole[0] if whole else "")
        self.form.set_problems(
            replace(p, field=str(p.field).removeprefix(f"{here}."))
            for p in self._problems
            if str(p.field).startswith(f"{here}.")
        )

    def _change(self, field: str, value: object) -> None:
        place = self.list.currentRow()
        current = self._corruptions[place]
        name = next(f.label for f in current.fields() if f.name == field)
        label = self.tr("Change {field} of {name}").format(field=name, name=current.info.title)
        changed = replace(current, **{field: value})
        self.edited.emit(
            label, (*self._corruptions[:place], changed, *self._corruptions[place + 1 :])
        )


class _Keys(QListWidget):
    """A list that can be edited by keyboard."""

    removed = Signal()
    moved = Signal(int)

    def event(self, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() in _DELETE
        ):
            # Elsewhere in the window the key deletes layers.
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        alt = event.modifiers() & Qt.KeyboardModifier.AltModifier
        if event.key() in _DELETE:
            self.removed.emit()
        elif alt and event.key() == Qt.Key.Key_Up:
            self.moved.emit(-1)
        elif alt and event.key() == Qt.Key.Key_Down:
            self.moved.emit(1)
        else:
            super().keyPressEvent(event)


def _place_of(problem: Diagnostic) -> int:
    return int(str(problem.field).removeprefix(_PLACE).partition(".")[0])
