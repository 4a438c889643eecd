"""The steps of a lesson, to choose from."""

from __future__ import annotations

from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter, QWidget

from backprop_studio.lessons import Runner


class LessonSteps(QComboBox):
    """The steps. Closed, it only says which one it is: the title stands below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._which = ""
        self.setAccessibleName(self.tr("Steps of the lesson"))
        self.setToolTip(self.tr("Steps of the lesson"))
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(10)

    def name(self, runner: Runner) -> None:
        """Write which steps there are: those of the lesson have numbers, extras have none."""
        lesson, done = runner.lesson, runner.progress.solved
        for place, step in enumerate(lesson.steps):
            mark = "✓ " if step.id in done else ""
            if lesson.is_extra(place):
                text = self.tr("+ {mark}{title} (extra)")
            else:
                text = "{n}. {mark}{title}"
            text = text.format(n=lesson.number_of(place), mark=mark, title=step.title)
            if place < self.count():
                self.setItemText(place, text)
            else:
                self.addItem(text)
        place, count = runner.index, len(lesson.needed)
        which = self.tr("Extra") if lesson.is_extra(place) else self.tr("Step {n} of {all}")
        self._which = which.format(n=lesson.number_of(place), all=count)
        self.setAccessibleDescription(self._which)
        self.setCurrentIndex(place)
        self.update()

    def showPopup(self) -> None:
        view = self.view()
        # Titles are longer than the box.
        view.setMinimumWidth(view.sizeHintForColumn(0) + 32)
        super().showPopup()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        option.currentText = self._which
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
