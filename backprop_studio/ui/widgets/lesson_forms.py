"""What a learner says in a lesson: predictions, and answers to questions."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.insight.filling import digits
from backprop_studio.lessons import CONFIDENCES, Check, Expression, Forecast, Prediction
from backprop_studio.lessons.checks.answer import Answer
from backprop_studio.lessons.checks.choice import Choice
from backprop_studio.lessons.lesson import fill
from backprop_studio.ui import theme
from backprop_studio.ui.widgets.lesson_text import MarkdownLabel


def typed_number(text: str) -> float | None:
    """A number as people type it: with either minus sign, and a comma or a point."""
    text = text.strip().replace("−", "-").replace(" ", "")
    if text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


class _Option(QWidget):
    """A radio button whose words wrap, which Qt's own do not. A click on the words counts, too."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = QRadioButton()
        self.button.setAccessibleName(text)
        label = QLabel(text)
        label.setWordWrap(True)
        label.setBuddy(self.button)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(label, 1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.button.isEnabled():
            self.button.setFocus(Qt.FocusReason.MouseFocusReason)
            self.button.click()


class PredictForm(QFrame):
    """One prediction: what, how sure, and afterwards what came of it.

    Parameters
    ----------
    prediction
        The question.
    """

    said = Signal(object, int)
    """What was said, a word or a number, and how sure the learner is, in percent."""

    def __init__(self, prediction: Prediction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_role(self, "card")
        self.prediction = prediction
        self._filled = False
        self.question = MarkdownLabel()
        self.options = QButtonGroup(self)
        self.number = QLineEdit()
        self.number.setPlaceholderText(self.tr("your number"))
        self.number.setAccessibleName(prediction.question)
        self.number.returnPressed.connect(self._say)
        self.number.textChanged.connect(self._see)
        self.confidence = QButtonGroup(self)
        self.button = QPushButton(self.tr("Predict"))
        self.button.clicked.connect(self._say)
        self.outcome = QLabel()
        self.outcome.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.setSpacing(6)
        heading = QLabel(self.tr("Predict"))
        theme.set_role(heading, "forward")
        layout.addWidget(heading)
        layout.addWidget(self.question)
        self._form = QWidget()
        form = QVBoxLayout(self._form)
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(6)
        form.addWidget(self._asked())
        form.addLayout(self._sureness())
        layout.addWidget(self._form)
        last = QHBoxLayout()
        last.setSpacing(8)
        last.addWidget(self.button)
        last.addWidget(self.outcome, 1)
        layout.addLayout(last)
        self.reply = MarkdownLabel()
        self.reply.hide()
        layout.addWidget(self.reply)
        self._see()

    def show_forecast(
        self, forecast: Forecast | None, number: Callable[[Expression], float | None]
    ) -> None:
        """Show what was said, and what came of it."""
        self.question.set_markdown(fill(self.prediction.question, number))
        settled = forecast is not None and forecast.truth is not None
        self._form.setVisible(not settled)
        self.button.setVisible(not settled)
        self.button.setText(self.tr("Predict") if forecast is None else self.tr("Change it"))
        wrong = forecast is not None and forecast.right is False
        reply = self.prediction.reply(forecast.said) if forecast is not None and wrong else ""
        self.reply.set_markdown(reply)
        self.reply.setVisible(bool(reply))
        if forecast is None:
            return
        self._refill(forecast)
        said = self.tr("You said: {said} ({sure}\u00a0% sure).").format(
            said=_shown(forecast.said), sure=forecast.confidence
        )
        role = "muted"
        if forecast.truth is not None:
            truth = _shown(forecast.truth)
            role = "ok" if forecast.right else "warning"
            came = (
                self.tr("✓ It was: {truth}").format(truth=truth)
                if forecast.right
                else self.tr("✗ It was: {truth}").format(truth=truth)
            )
            said = f"{said}\n{came}"
        theme.set_role(self.outcome, role)
        self.outcome.setText(said)

    def _refill(self, forecast: Forecast) -> None:
        """Put in what was said at another time, to be seen and changed."""
        if self._filled:
            return
        self._filled = True
        sure = self.confidence.button(forecast.confidence)
        if sure is not None:
            sure.setChecked(True)
        if isinstance(forecast.said, str):
            place = self.prediction.choices.index(forecast.said)
            self.options.button(place).setChecked(True)
        elif not self.number.text():
            self.number.setText(digits(forecast.said))

    def _asked(self) -> QWidget:
        if self.prediction.kind == "number":
            return self.number
        holder = QWidget()
        # Three short words stand in one row, so that more of a step is in sight at once.
        across = self.prediction.kind in ("sign", "compare")
        column = QHBoxLayout(holder) if across else QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12 if across else 3)
        words = {
            "positive": self.tr("positive (+)"),
            "negative": self.tr("negative (−)"),
            "zero": self.tr("zero"),
            "larger": self.tr("larger"),
            "smaller": self.tr("smaller"),
            "the same": self.tr("the same"),
        }
        for place, option in enumerate(self.prediction.choices):
            shown = option if self.prediction.kind == "pick" else words[option]
            option_ = _Option(shown)
            self.options.addButton(option_.button, place)
            column.addWidget(option_)
        self.options.idToggled.connect(self._see)
        return holder

    def _sureness(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(0)
        label = QLabel(self.tr("How sure?"))
        theme.set_role(label, "muted")
        row.addWidget(label)
        row.addSpacing(6)
        last = len(CONFIDENCES) - 1
        for place, percent in enumerate(CONFIDENCES):
            button = QToolButton()
            button.setText(f"{percent}%")
            button.setCheckable(True)
            button.setAccessibleName(self.tr("{n} percent sure").format(n=percent))
            role = "left" if place == 0 else "right" if place == last else "middle"
            theme.set_role(button, f"segment-{role}")
            self.confidence.addButton(button, percent)
            row.addWidget(button)
        self.confidence.button(CONFIDENCES[1]).setChecked(True)
        row.addStretch(1)
        return row

    def _said(self) -> str | float | None:
        if self.prediction.kind == "number":
            return typed_number(self.number.text())
        place = self.options.checkedId()
        return None if place < 0 else self.prediction.choices[place]

    def _see(self) -> None:
        said, typed = self._said(), bool(self.number.text().strip())
        self.button.setEnabled(said is not None)
        if typed and said is None:
            theme.set_role(self.outcome, "warning")
            self.outcome.setText(_type_a_number(self))
        elif self.outcome.text() == _type_a_number(self):
            self.outcome.clear()

    def _say(self) -> None:
        said = self._said()
        if said is not None:
            self.said.emit(said, self.confidence.checkedId())


class CheckRow(QWidget):
    """Something to do, or a question, with its state.

    Parameters
    ----------
    check
        What it is about.
    """

    answered = Signal(object)
    """The number, or the place of the option, from 1."""

    def __init__(self, check: Check, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.check = check
        self.mark = QLabel("○")
        self.mark.setFixedWidth(18)
        self.text = MarkdownLabel()
        self.answer = QLineEdit()
        self.answer.setPlaceholderText(self.tr("your answer"))
        self.answer.setAccessibleName(check.text)
        self.answer.returnPressed.connect(self._say)
        self.options = QButtonGroup(self)
        self.button = QPushButton(self.tr("Answer"))
        self.button.clicked.connect(self._say)
        self.verdict = MarkdownLabel()
        self.verdict.hide()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.mark, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addWidget(self.text)
        if check.question:
            self._ask(column)
        layout.addLayout(column, 1)

    def show_state(
        self, met: bool, said: float | int | None, number: Callable[[Expression], float | None]
    ) -> None:
        """Show whether it is so, and for a question whether what was said is right."""
        self.text.set_markdown(fill(self.check.text, number))
        theme.set_role(self.mark, "ok" if met else "muted")
        self.mark.setText("✓" if met else "○")
        state = self.tr("done") if met else self.tr("to do")
        self.mark.setAccessibleName(state)
        if not self.check.question:
            return
        self.answer.setEnabled(not met)
        self.button.setEnabled(not met)
        for button in self.options.buttons():
            button.setEnabled(not met)
        if said is not None and not self.answer.text():
            self.answer.setText(digits(said))
        if said is not None and isinstance(self.check, Choice) and self.options.checkedId() < 0:
            chosen = self.options.button(int(said))
            if chosen is not None:
                chosen.setChecked(True)
        self.verdict.setVisible(said is not None and not met)
        theme.set_role(self.verdict, "warning")
        self.verdict.set_markdown(self._verdict(said, number))

    def _verdict(
        self, said: float | int | None, number: Callable[[Expression], float | None]
    ) -> str:
        if isinstance(self.check, Answer) and said is not None:
            right = number(*self.check.wanted())
            if right is not None and abs(said + right) <= self.check.within:
                return self.tr("The size is right. Look at the sign.")
        reply = self.check.reply(said) if isinstance(self.check, Choice) and said else ""
        if reply:
            return self.tr("Not yet. {reply}").format(reply=reply)
        return self.tr("Not yet. Look again, or ask for a hint.")

    def _ask(self, column: QVBoxLayout) -> None:
        if isinstance(self.check, Choice):
            for place, option in enumerate(self.check.options, 1):
                shown = _Option(option)
                self.options.addButton(shown.button, place)
                column.addWidget(shown)
            column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        else:
            row = QHBoxLayout()
            row.addWidget(self.answer, 1)
            row.addWidget(self.button)
            column.addLayout(row)
        column.addWidget(self.verdict)

    def _say(self) -> None:
        if isinstance(self.check, Choice):
            said: float | None = self.options.checkedId()
            said = None if self.options.checkedId() < 0 else said
        else:
            said = typed_number(self.answer.text())
        if said is None:
            choice = isinstance(self.check, Choice)
            self.verdict.set_markdown(
                self.tr("Choose one of them first.") if choice else _type_a_number(self)
            )
            self.verdict.show()
            return
        self.answered.emit(said)


def _type_a_number(widget: QWidget) -> str:
    return widget.tr("Type a number, such as −0.5.")


def _shown(said: str | float) -> str:
    return said if isinstance(said, str) else digits(said).replace("-", "−")
