"""Run, and step by hand in either direction, in steps of a chosen size."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.training import Boundary, State
from backprop_studio.ui import icons, theme
from backprop_studio.ui.widgets.menus import open_below

SPEEDS: tuple[float | None, ...] = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, None)
"""Instructions a second, from slow motion on; None for as fast as possible."""

FULL, TIGHTEST = 0, 5
"""How tight a transport is that has all the room it wants, and one that has next to none.

Level 1 takes nothing away yet: other parts of the toolbar give way first.
"""
_NO_STEP_WORDS, _NARROW_SIZES, _SIZES_IN_MENU, _NO_RUN_WORD = 2, 3, 4, 5
_NARROW = 54
"""Pixels of the speed's slider where room is short."""
_WIDE = 84


class Transport(QWidget):
    """The Run button, and Back and Step around the choice of the step's size.

    Parameters
    ----------
    actions
        By id: that of Run, and those of each step, whose keys the tips tell.
    """

    stepped = Signal(object)
    """The learner steps forward by this `Boundary`."""

    speed_chosen = Signal(object)
    """Instructions a second for slow motion; None for full speed."""

    stepped_back = Signal(object)
    """The learner steps back by this `Boundary`."""

    def __init__(self, actions: Mapping[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions = actions
        self._run = run = actions["run"]
        self._state = State.EMPTY
        self.run_button = QToolButton()
        self.run_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.run_button.clicked.connect(run.trigger)
        theme.set_role(self.run_button, "primary")

        self.back_button = self._button(
            "step-back", self.tr("Back"), self.tr("Take back one step of the chosen size")
        )
        self.step_button = self._button(
            "step-forward", self.tr("Step"), self.tr("Execute one step of the chosen size")
        )
        self.step_button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.back_button.clicked.connect(lambda: self.stepped_back.emit(self.boundary))
        self.step_button.clicked.connect(lambda: self.stepped.emit(self.boundary))

        self.speed = QSlider(Qt.Orientation.Horizontal)
        self.speed.setRange(0, len(SPEEDS) - 1)
        self.speed.setValue(len(SPEEDS) - 1)
        self.speed.setPageStep(1)
        self.speed.setFixedWidth(_WIDE)
        self.speed.setToolTip(
            self.tr("How fast Run goes: slow motion shows every operation, and what flows")
        )
        self.pace = QLabel()
        self.pace.setAlignment(Qt.AlignmentFlag.AlignCenter)
        theme.set_role(self.pace, "muted")
        self.speed.valueChanged.connect(self._choose_speed)
        self._sizes = QButtonGroup(self)
        labels = {
            Boundary.ELEMENT: (
                self.tr("Element"),
                self.tr("One number of an operation's result"),
            ),
            Boundary.OP: (self.tr("Op"), self.tr("One operation")),
            Boundary.LAYER: (self.tr("Layer"), self.tr("One layer")),
            Boundary.PHASE: (self.tr("Phase"), self.tr("One stage")),
            Boundary.BATCH: (self.tr("Batch"), self.tr("One update")),
            Boundary.EPOCH: (self.tr("Epoch"), self.tr("One pass over the data")),
        }
        self.size_buttons: dict[Boundary, QToolButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.run_button)
        row.addSpacing(6)
        speeds = QVBoxLayout()
        speeds.setSpacing(1)
        speeds.addStretch(1)
        speeds.addWidget(self.speed)
        speeds.addWidget(self.pace)
        speeds.addStretch(1)
        row.addLayout(speeds)
        row.addSpacing(10)
        row.addWidget(self.back_button)
        row.addSpacing(4)
        for place, (boundary, (label, tip)) in enumerate(labels.items()):
            button = QToolButton()
            button.setText(label)
            button.setCheckable(True)
            button.setAccessibleName(self.tr("Step size: {size}").format(size=label))
            side = "left" if place == 0 else "right" if place == len(labels) - 1 else "middle"
            theme.set_role(button, f"segment-{side}")
            self._sizes.addButton(button)
            self.size_buttons[boundary] = button
            row.addWidget(button)
            tell = partial(self._tell_keys, boundary, tip)
            for word in ("step", "back"):
                actions[f"{word}_{boundary}"].changed.connect(tell)
            tell()
        run.changed.connect(self._tell_run)
        self.size_menu = self._menu_of_sizes({b: label for b, (label, _) in labels.items()})
        row.addWidget(self.size_menu)
        row.addSpacing(4)
        row.addWidget(self.step_button)
        self._sizes.buttonToggled.connect(self._tell_size)
        self.size_buttons[Boundary.OP].setChecked(True)
        self.set_state(State.EMPTY)
        self.set_tightness(FULL)
        self._tell_speed()

    @property
    def boundary(self) -> Boundary:
        """The chosen size of a step."""
        return next(b for b, button in self.size_buttons.items() if button.isChecked())

    def set_tightness(self, level: int) -> None:
        """Give up words, padding and, last, the row of sizes, for a menu with the same.

        Parameters
        ----------
        level
            From `FULL` to `TIGHTEST`.
        """
        beside = Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        alone = Qt.ToolButtonStyle.ToolButtonIconOnly
        for button, last in (
            (self.back_button, _NO_STEP_WORDS),
            (self.step_button, _NO_STEP_WORDS),
            (self.run_button, _NO_RUN_WORD),
        ):
            button.setToolButtonStyle(alone if level >= last else beside)
        self.run_button.setMinimumWidth(0 if level >= _NO_RUN_WORD else self._run_width())
        self.speed.setFixedWidth(_NARROW if level >= _SIZES_IN_MENU else _WIDE)
        narrow = level >= _NARROW_SIZES
        for button in self.size_buttons.values():
            button.setVisible(level < _SIZES_IN_MENU)
            if button.property("narrow") != narrow:
                button.setProperty("narrow", narrow)
                button.style().unpolish(button)
                button.style().polish(button)
                button.updateGeometry()
        self.size_menu.setVisible(level >= _SIZES_IN_MENU)
        row = self.layout()
        assert row is not None
        # What it stands in asks at once how wide it is.
        row.invalidate()
        self.updateGeometry()

    def set_state(self, state: State) -> None:
        """Offer what can be done in this state."""
        self._state = state
        running = state is State.RUNNING
        text = self.tr("Pause") if running else self.tr("Run")
        self.run_button.setText(text)
        self.run_button.setIcon(icons.icon("pause" if running else "run", "on_accent"))
        self._tell_run()
        self._run.setText(self.tr("&Pause") if running else self.tr("&Run"))
        self._run.setIcon(icons.icon("pause" if running else "run"))
        for button in (self.run_button, self.back_button, self.step_button):
            button.setEnabled(state is not State.EMPTY)

    def _run_width(self) -> int:
        """That of its longer word, so that nothing moves when it changes."""
        word, widths = self.run_button.text(), []
        for text in (self.tr("Run"), self.tr("Pause")):
            self.run_button.setText(text)
            widths.append(self.run_button.sizeHint().width())
        self.run_button.setText(word)
        return max(widths)

    def _menu_of_sizes(self, labels: Mapping[Boundary, str]) -> QToolButton:
        """The same choice in less room: a button that says the size and opens a menu."""
        opener = QToolButton()
        menu = self.sizes = QMenu(opener)
        group = QActionGroup(menu)
        for boundary, label in labels.items():
            action = menu.addAction(label)
            action.setCheckable(True)
            group.addAction(action)
            self.size_buttons[boundary].toggled.connect(action.setChecked)
            action.triggered.connect(partial(self.size_buttons[boundary].setChecked, True))
        open_below(opener, menu)
        opener.setToolTip(self.tr("How large a step is"))
        theme.set_role(opener, "segment-menu")
        return opener

    def _tell_keys(self, boundary: Boundary, tip: str) -> None:
        """Say beside a size which keys step by it, as they are now."""
        on, back = (_keys(self._actions[f"{word}_{boundary}"]) for word in ("step", "back"))
        back = self.tr("back {keys}").format(keys=back) if back else ""
        keys = ", ".join(word for word in (on, back) if word)
        self.size_buttons[boundary].setToolTip(f"{tip}: {keys}" if keys else tip)

    def _tell_run(self) -> None:
        if self._state is State.EMPTY:
            tip = self.tr("Nothing to train yet. Messages says what is missing.")
            self.run_button.setToolTip(tip)
            return
        running = self._state is State.RUNNING
        tip = self.tr("Stop training at once") if running else self.tr("Train")
        keys = _keys(self._run)
        self.run_button.setToolTip(f"{tip} ({keys})" if keys else tip)

    def _tell_size(self) -> None:
        chosen = self._sizes.checkedButton()
        if chosen is not None:
            self.size_menu.setText(f"{chosen.text()} ▾")
            self.size_menu.setAccessibleName(chosen.accessibleName())

    def _choose_speed(self) -> None:
        self._tell_speed()
        self.speed_chosen.emit(SPEEDS[self.speed.value()])

    def _tell_speed(self) -> None:
        speed = SPEEDS[self.speed.value()]
        text = self.tr("full speed") if speed is None else self.tr("{x:g} op/s").format(x=speed)
        self.pace.setText(text)
        self.speed.setAccessibleName(self.tr("Speed: {speed}").format(speed=text))

    def _button(self, icon: str, text: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setIcon(icons.icon(icon))
        button.setToolTip(tip)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        return button


def _keys(action: QAction) -> str:
    """The keys of an action as this system writes them; empty for none."""
    return action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
