"""Put a number in by hand: a weight, an input, an error signal."""

from __future__ import annotations

import math
from functools import partial

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.autograd import KEPT, Program, format_shape, resolve
from backprop_studio.network import Network
from backprop_studio.training import Intervention, Session, Snapshot
from backprop_studio.training.naming import value_name
from backprop_studio.ui import guide, theme
from backprop_studio.ui.asking import Ask, Enquiry
from backprop_studio.ui.dialogs.explaining import explain_with_f1


class SetNumberDialog(QDialog):
    """Choose a value that is computed, one entry of it, and the number that it is to have.

    Parameters
    ----------
    network, program
        What is trained.
    snapshot
        The moment: only what is computed there can be changed.
    ask
        Asks the worker what an entry is now.
    parent
        The window.
    """

    def __init__(
        self,
        network: Network,
        program: Program,
        snapshot: Snapshot,
        ask: Ask,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Set a number by hand"))
        explain_with_f1(self, guide.NUMBER)
        self._enquiry = Enquiry(ask, self._refuse)
        # What is asked when the dialog closes is answered to nobody.
        self.finished.connect(self._enquiry.reset)
        self._shapes: dict[int, tuple[int, ...]] = {}
        index = 0 if snapshot.cursor is None else snapshot.cursor.index
        index %= len(program.instructions)
        self.value = QComboBox()
        self.value.setAccessibleName(self.tr("Value"))
        self.value.setToolTip(self.tr("Weights, and what is computed so far in this iteration"))
        self.value.setMinimumContentsLength(28)
        for value in program.values:
            kept = value.role in KEPT
            if kept or program.producer.get(value.id, index) < index:
                shape = resolve(value.shape, {"N": snapshot.batch_size})
                self._shapes[value.id] = shape
                name = value_name(network, program, value.id)
                self.value.addItem(f"{name}  ({format_shape(shape)})", value.id)
        self.entry = QLineEdit()
        self.entry.setAccessibleName(self.tr("Entry"))
        self.entry.setToolTip(self.tr("Row and column from 0, such as 2, 5"))
        self.now = QLabel()
        theme.set_role(self.now, "muted")
        self.number = QLineEdit()
        self.number.setAccessibleName(self.tr("New number"))
        self.number.setToolTip(self.tr("What the entry is to be from this moment on"))
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        theme.set_role(self.problem, "error")
        self.hint = QLabel(
            self.tr(
                "The change is recorded at this moment and belongs to every replay. Back, right "
                "after it, takes it away. In the past it starts a branch."
            )
        )
        self.hint.setWordWrap(True)
        theme.set_role(self.hint, "muted")
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        form = QFormLayout()
        form.addRow(self.tr("Value"), self.value)
        form.addRow(self.tr("Entry"), self.entry)
        form.addRow(self.tr("Now"), self.now)
        form.addRow(self.tr("New number"), self.number)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.problem)
        layout.addWidget(self.hint)
        layout.addWidget(self.buttons)
        self.problem.hide()
        self.value.currentIndexChanged.connect(self._choose)
        self.entry.textChanged.connect(self._look)
        self._choose()

    def choose(self, value: int, entry: tuple[int, ...]) -> bool:
        """Point at an entry; False where it is not computed at this moment."""
        place = self.value.findData(value)
        if place < 0:
            return False
        self.value.setCurrentIndex(place)
        self.entry.setText(", ".join(str(i) for i in entry))
        self.number.setFocus()
        return True

    def intervention(self) -> Intervention | None:
        """What is typed; None, with a message, while it is not right."""
        place = self._place()
        if place is None:
            shape = format_shape(self._shape())
            self._refuse(
                self.tr("The entry must lie within {shape}, counted from 0.").format(shape=shape)
            )
            return None
        try:
            number = float(self.number.text().strip().replace(",", "."))
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            self._refuse(
                self.tr("'{text}' is not a number. Type one such as -0.25.").format(
                    text=self.number.text()
                )
            )
            return None
        return Intervention(self.value.currentData(), place, number)

    def accept(self) -> None:
        if self.intervention() is not None:
            super().accept()

    def _shape(self) -> tuple[int, ...]:
        return self._shapes.get(self.value.currentData(), ())

    def _place(self) -> tuple[int, ...] | None:
        """The entry that is typed; None if there is none such."""
        shape, parts = self._shape(), self.entry.text().replace(",", " ").split()
        if len(parts) != len(shape) or not all(part.isdecimal() for part in parts):
            return None
        place = tuple(int(part) for part in parts)
        return place if all(i < size for i, size in zip(place, shape, strict=True)) else None

    def _choose(self) -> None:
        shape = self._shape()
        self.entry.setEnabled(bool(shape))
        self.entry.setText(", ".join("0" for _ in shape))
        self._look()

    def _look(self) -> None:
        self.problem.hide()
        self.now.clear()
        place, value = self._place(), self.value.currentData()
        if place is not None and value is not None:
            self._enquiry.put(partial(_entry, value, place), partial(self._show, value, place))

    def _show(self, value: int, place: tuple[int, ...], number: float) -> None:
        if (value, place) == (self.value.currentData(), self._place()):
            self.now.setText(f"{number:.6g}")

    def _refuse(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.show()


def _entry(value: int, place: tuple[int, ...], session: Session) -> float:
    """One number of a session."""
    return float(session.machine.array(value)[place])
