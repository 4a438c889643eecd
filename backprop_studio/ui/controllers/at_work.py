"""What a lesson does in the app: a step is made ready, or done for the learner."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal

from backprop_studio.lessons import Facts, Runner
from backprop_studio.lessons.actions import Action
from backprop_studio.lessons.way import Leg
from backprop_studio.ui.controllers.demonstration import Demonstration, Learner
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.controllers.engine import Engine
from backprop_studio.ui.controllers.making_ready import MakingReady
from backprop_studio.ui.controllers.showing import Showing
from backprop_studio.ui.panels.lesson import LessonPanel


class AtWork(QObject):
    """Makes steps ready and shows them, one thing at a time, and asks for patience meanwhile.

    Parameters
    ----------
    document, engine
        What is acted on.
    learner
        On whose behalf.
    panel
        Says that it is at work.
    begin, passed
        As in `MakingReady`.

    Signals
    -------
    busy_changed(busy)
        It has begun with something, or has come to an end.
    ready
        The app is as the step in front needs it, or what was left could not be done.
    told(text)
        Something that is worth a word.
    """

    busy_changed = Signal(bool)
    ready = Signal()
    told = Signal(str)

    def __init__(
        self,
        document: Document,
        engine: Engine,
        learner: Learner,
        panel: LessonPanel,
        begin: Callable[[Sequence[Action] | None], Sequence[Action]],
        passed: Callable[[int, Facts], object],
    ) -> None:
        super().__init__(panel)
        self._learner, self._panel = learner, panel
        self._impatient = False
        self._show_then = False
        self.demonstration = Demonstration(document, engine, learner, self)
        self.demonstration.refused.connect(self.refuse)
        self._ready = MakingReady(document, engine, self.demonstration, begin, passed)
        self._ready.ended.connect(self._end_making_ready)
        self._showing = Showing(document, engine, self.demonstration, learner)
        self._showing.ended.connect(self._end_showing)
        for work in (self._ready, self._showing):
            work.busy_changed.connect(self._see_busy)
        panel.stop_requested.connect(self.stop_showing)

    @property
    def is_busy(self) -> bool:
        """Whether something is being done in the app."""
        return self._ready.is_busy or self._showing.is_busy

    def make_ready(self, runner: Runner, legs: Sequence[Leg], *, fresh: bool) -> None:
        """Go the way to the step in front, whatever was begun with before; see `MakingReady`."""
        self.stop()
        self._ready.start(runner, legs, fresh=fresh)

    def show(self, runner: Runner) -> None:
        """Do the step in front, when it is ready; nothing happens while that is being done."""
        if runner.is_held:
            # What comes before the step is done first, or it would be broken off.
            self._show_then = True
        else:
            self._showing.start(runner.step)

    def stop(self) -> None:
        """Leave out what is left."""
        self._show_then = self._impatient = False
        self._showing.stop()
        self._ready.stop()

    def stop_showing(self) -> bool:
        """Leave out what is left of a step that is done for the learner; False if none is."""
        self._show_then = False
        if not self._showing.is_busy:
            return False
        self._impatient = False
        self._showing.stop()
        self.told.emit(
            self.tr("Stopped. Start over → This step makes the app as the step needs it.")
        )
        return True

    def ask_for_patience(self) -> None:
        """Say why nobody else may touch the app now."""
        self._impatient = True
        self._panel.show_waiting()
        if self._showing.is_busy:
            self.told.emit(self.tr("One moment: this step is being done for you. Esc stops it."))
        else:
            self.told.emit(self.tr("One moment: the app is being made ready for this step."))

    def refuse(self, reason: str) -> None:
        """Say why a step could not be made ready or shown."""
        self._impatient = False
        self.told.emit(
            self.tr("The step could not be shown: {reason}").format(reason=reason.rstrip("."))
        )

    def _see_busy(self) -> None:
        self._panel.set_shown(self._showing.is_busy)
        self.busy_changed.emit(self.is_busy)

    def _end_making_ready(self) -> None:
        runner = self._learner.runner
        if runner is None or not runner.is_held:
            return
        self.ready.emit()
        self._say_that_it_is_over(self.tr("Ready now: go on with this step."))
        if self._show_then:
            self._show_then = False
            self._showing.start(runner.step)

    def _end_showing(self) -> None:
        self._say_that_it_is_over(self.tr("That was this step. It is your turn again."))

    def _say_that_it_is_over(self, text: str) -> None:
        if self._impatient:
            self._impatient = False
            self.told.emit(text)
