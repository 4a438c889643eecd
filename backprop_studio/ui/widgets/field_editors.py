"""Editors of one setting each, which report a value once it is meant and not while it is typed.

All have the same few methods, so that a form needs to know no more of them (`Editor`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Protocol

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QPaintEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QWidget,
)

from backprop_studio.specs import Field


class Editor(Protocol):
    """What every editor can do. Each also has the signals `committed(value)` and `rejected()`.

    `rejected` tells that something was typed which is not allowed; the old value is back then.
    """

    def show_value(self, value: object) -> None:
        """Show a value from outside. Reports nothing, and drops what was being typed."""

    def is_pending(self) -> bool:
        """Whether something was typed that has not been committed."""

    def commit(self) -> None:
        """Report what was typed, as Enter does."""

    def discard(self) -> None:
        """Go back to the last value shown, as Escape does."""


def format_number(value: float) -> str:
    """The shortest text that reads back as `value`: ``0.001``, ``1e-8``, ``20``."""
    text = repr(float(value))
    mantissa, mark, exponent = text.partition("e")
    mantissa = mantissa.removesuffix(".0")
    return f"{mantissa}e{int(exponent)}" if mark else mantissa


class _Manners(QObject):
    """Keeps an editor from taking what is not meant for it.

    The wheel scrolls the panel unless the editor has the focus, Ctrl+Z undoes in the document
    unless something is being typed, and Escape gives up what was typed. It is as
    high as its text asks for.
    """

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.FontChange and isinstance(watched, QWidget):
            _level(watched)
        elif kind == QEvent.Type.Wheel and isinstance(watched, QWidget):
            if not watched.hasFocus():
                event.ignore()
                return True
        elif kind == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            undo = event.matches(QKeySequence.StandardKey.Undo)
            redo = event.matches(QKeySequence.StandardKey.Redo)
            if (undo or redo) and not watched.is_pending():  # type: ignore[attr-defined]
                event.ignore()
                return True
        elif (
            kind == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
            and watched.is_pending()  # type: ignore[attr-defined]
        ):
            watched.discard()  # type: ignore[attr-defined]
            return True
        return False


def _level(editor: QWidget) -> None:
    """Give editors of all kinds one height; the style would give them different ones."""
    if not isinstance(editor, QCheckBox):
        editor.setFixedHeight(editor.fontMetrics().height() + 10)


def _teach(editor: QWidget) -> None:
    _level(editor)
    editor.installEventFilter(_Manners(editor))
    editor.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    editor.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)


class LineEditor(QLineEdit):
    """A line of text, reported on Enter and when the focus leaves.

    It shows the old text again before it reports: whoever takes the new one shows it.
    """

    committed = Signal(object)
    rejected = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = ""
        # As far from the frame as the text of the other editors.
        self.setTextMargins(-2, 0, 0, 0)
        self.editingFinished.connect(self.commit)
        _teach(self)

    def show_value(self, value: object) -> None:
        self._shown = str(value)
        self.discard()

    def is_pending(self) -> bool:
        return self.isModified()

    def commit(self) -> None:
        if not self.isModified():
            return
        typed = self.text().strip()
        self.discard()
        if typed != self._shown:
            self.report(typed)

    def report(self, typed: str) -> None:
        """Tell what was typed; subclasses read it first."""
        self.committed.emit(typed)

    def discard(self) -> None:
        if self.text() != self._shown:
            self.setText(self._shown)
            if not self.hasFocus():
                # Of what is too long, the beginning is seen.
                self.setCursorPosition(0)
        self.setModified(False)


class NumberEditor(LineEditor):
    """A real number, in plain or scientific notation."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._field = field
        self._value = math.nan
        self.setInputMethodHints(Qt.InputMethodHint.ImhFormattedNumbersOnly)

    def show_value(self, value: object) -> None:
        self._value = float(value) if isinstance(value, int | float) else math.nan
        super().show_value(format_number(self._value))

    def report(self, typed: str) -> None:
        try:
            value = float(typed)
        except ValueError:
            value = math.nan
        if "_" in typed or not self._field.fits_type(value) or not self._field.fits_range(value):
            self.rejected.emit()
        elif value != self._value:
            self.committed.emit(value)


class TextEditor(LineEditor):
    """A line of text, taken whatever it says: what is wrong with it, the document tells."""

    def report(self, typed: str) -> None:
        try:
            typed.encode()
        except UnicodeEncodeError:  # half of a character, which no file could hold
            self.rejected.emit()
        else:
            self.committed.emit(typed)


class NumbersEditor(LineEditor):
    """Several numbers, parted by commas or spaces; nothing means none."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._field = field
        self._value: tuple[float, ...] = ()

    def show_value(self, value: object) -> None:
        self._value = tuple(map(float, value)) if isinstance(value, list | tuple) else ()
        super().show_value(", ".join(map(format_number, self._value)))

    def report(self, typed: str) -> None:
        try:
            value = tuple(float(part) for part in typed.replace(",", " ").split())
        except ValueError:
            value = (math.nan,)
        if "_" in typed or not self._field.fits_type(value) or not self._field.fits_range(value):
            self.rejected.emit()
        elif value != self._value:
            self.committed.emit(value)


class IntegerEditor(QDoubleSpinBox):
    """A whole number. It counts in doubles because a ``QSpinBox`` ends at 2³¹ - 1; seeds do not."""

    committed = Signal(object)
    rejected = Signal()

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._field = field
        self._shown = 0
        self._acceptable = True
        self.setDecimals(0)
        self.setKeyboardTracking(False)
        self._allow(self._shown)
        self.lineEdit().setTextMargins(4, 0, 0, 0)
        _teach(self)
        self.valueChanged.connect(self._take)
        self.editingFinished.connect(self._finish)
        self.lineEdit().textEdited.connect(self._watch)
        self.lineEdit().inputRejected.connect(self.rejected)

    def show_value(self, value: object) -> None:
        self._shown = value if isinstance(value, int) else 0
        with QSignalBlocker(self):
            self._allow(self._shown)
            self.setValue(self._shown)
        self.discard()

    def minimumSizeHint(self) -> QSize:
        # Qt asks for room for the highest number allowed, which few ever type.
        room = self.fontMetrics().horizontalAdvance("0" * 6) + 28
        return QSize(room, super().minimumSizeHint().height())

    def is_pending(self) -> bool:
        return self.lineEdit().isModified()

    def commit(self) -> None:
        if self.is_pending():
            self.interpretText()
            self._finish()

    def discard(self) -> None:
        text = self.textFromValue(self._shown)
        if self.lineEdit().text() != text:
            self.lineEdit().setText(text)
        self.lineEdit().setModified(False)
        self._acceptable = True

    def _allow(self, value: int) -> None:
        # A file may hold a value out of range. It is shown as it is, not as its nearest neighbour.
        low, high = self._field.low or 0, self._field.high or 0
        self.setRange(min(low, value), max(high, value))

    def _watch(self) -> None:
        self._acceptable = self.lineEdit().hasAcceptableInput()

    def _take(self, number: float) -> None:
        value = round(number)
        if self._field.fits_range(value):
            self.lineEdit().setModified(False)
            self._shown = value
            self.committed.emit(value)
        else:
            self.show_value(self._shown)
            self.rejected.emit()

    def _finish(self) -> None:
        # Qt has put the last good value back by now.
        acceptable, self._acceptable = self._acceptable, True
        self.lineEdit().setModified(False)
        if not acceptable:
            self.rejected.emit()


class _Immediate:
    """The part of an editor that is empty where every change is meant at once."""

    def is_pending(self) -> bool:
        return False

    def commit(self) -> None:
        pass

    def discard(self) -> None:
        pass


class FlagEditor(_Immediate, QCheckBox):
    """Yes or no."""

    committed = Signal(object)
    rejected = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.toggled.connect(self._take)

    def show_value(self, value: object) -> None:
        with QSignalBlocker(self):
            self.setChecked(bool(value))

    def _take(self, checked: bool) -> None:
        # Not connected straight through: Qt makes no object of a bool.
        self.committed.emit(checked)


class ChoiceEditor(_Immediate, QComboBox):
    """One of a few named options.

    Parameters
    ----------
    choices
        Key and label of each.
    parent : QWidget, optional
    """

    committed = Signal(object)
    rejected = Signal()

    def __init__(
        self, choices: Iterable[tuple[object, str]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._known = 0
        self.set_choices(choices)
        # Long labels are shortened in the box and whole in the list, so that panels stay narrow.
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        _teach(self)
        self.currentIndexChanged.connect(self._take)

    def set_choices(self, choices: Iterable[tuple[object, str]]) -> None:
        """Offer other options; `show_value` then says which one it is."""
        with QSignalBlocker(self):
            self.clear()
            for key, label in choices:
                self.addItem(label, key)
        self._known = self.count()

    def minimumSizeHint(self) -> QSize:
        # Qt asks for room for the whole placeholder.
        return QSize(60, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        # A style sheet's combo box cuts its text off where there is no more room.
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        text = self.shown_text()
        if text == option.currentText:
            super().paintEvent(event)
            return
        option.currentText = text
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def shown_text(self) -> str:
        """What stands in the box: the chosen label, shortened to the room there is."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        room = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox,
            option,
            QStyle.SubControl.SC_ComboBoxEditField,
            self,
        )
        side = Qt.TextElideMode.ElideRight
        return self.fontMetrics().elidedText(self.currentText(), side, room.width())

    def show_value(self, value: object) -> None:
        with QSignalBlocker(self):
            while self.count() > self._known:
                self.removeItem(self._known)
            index = self.findData(value)
            if index < 0 and value:
                # From a file: an option that this version does not know is still shown.
                self.addItem(str(value), value)
                index = self._known
            self.setCurrentIndex(index)

    def _take(self, index: int) -> None:
        if index >= 0:
            self.committed.emit(self.itemData(index))
