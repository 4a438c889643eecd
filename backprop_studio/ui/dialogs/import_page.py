"""What the pages of the import dialog share: one page a kind of source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QHBoxLayout, QLabel, QWidget

from backprop_studio.data.importing import Imported, Progress
from backprop_studio.ui.widgets.flow import Flow

_CLASSES_SHOWN = 6


def class_list(counts: dict[str, int] | Counter[str]) -> str:
    """The classes with their numbers of rows, the first of them by name."""
    shown = [f"{name} {count:,}" for name, count in list(counts.items())[:_CLASSES_SHOWN]]
    return ", ".join(shown) + (", …" if len(counts) > _CLASSES_SHOWN else "")


class Page(QWidget):
    """One kind of source.

    Signals
    -------
    changed
        Something else was chosen.
    look_again
        The source has to be looked at again, as it is read differently now.
    """

    changed = Signal()
    look_again = Signal()

    def inspect(self, path: Path, progress: Progress) -> object:
        """Look at the source, on a thread of its own."""
        raise NotImplementedError

    def show_found(self, found: object) -> None:
        """Show what `inspect` has found."""
        raise NotImplementedError

    def problem(self) -> str:
        """Why it cannot be imported like this; empty if it can."""
        return ""

    def summary(self) -> str:
        """What would be imported, as far as that is known."""
        raise NotImplementedError

    def load(self, path: Path, progress: Progress) -> Imported:
        """Make the data set, on a thread of its own."""
        raise NotImplementedError


def choices(*boxes: QWidget) -> Flow:
    """Fields with their accessible names before them, in as many lines as they need.

    A check box, which says itself what it is for, stands there as it is.
    """
    row = Flow(spacing=8)
    for box in boxes:
        if isinstance(box, QCheckBox):
            row.add(box)
            continue
        label = QLabel(box.accessibleName())
        label.setBuddy(box)
        pair = QWidget()
        line = QHBoxLayout(pair)
        line.setContentsMargins(0, 0, 8, 0)
        line.addWidget(label)
        line.addWidget(box)
        row.add(pair)
    return row


def narrow_form() -> QFormLayout:
    """Fields as wide as what they hold."""
    form = QFormLayout()
    form.setContentsMargins(0, 0, 0, 0)
    form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.FieldsStayAtSizeHint)
    return form


def choice_box(name: str, choices: Iterable[tuple[object, str]] = ()) -> QComboBox:
    """A list of keys, each with the name under which it is shown."""
    box = QComboBox()
    box.setAccessibleName(name)
    # What can be chosen may come later.
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    for key, label in choices:
        box.addItem(label, key)
    return box
