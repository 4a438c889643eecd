"""Does a step of a lesson for the learner, and tells as long as nobody else may touch the app."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from backprop_studio.lessons import Moment, observe
from backprop_studio.lessons.lesson import Step
from backprop_studio.ui.controllers.demonstration import Demonstration, Learner
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.controllers.engine import Engine


class Showing(QObject):
    """Carries out the solution of a step, until what came of it was seen.

    A key that came in between would be a part of the solution: the step would be another one than
    its text says, or would not be done.

    Parameters
    ----------
    document, engine
        What is acted on.
    demonstration
        Carries out actions.
    learner
        On whose behalf.

    Signals
    -------
    busy_changed(busy)
        It has set out, or has come to an end, whichever.
    ended
        All is done and seen, or what was left could not be done.
    """

    busy_changed = Signal(bool)
    ended = Signal()

    def __init__(
        self, document: Document, engine: Engine, demonstration: Demonstration, learner: Learner
    ) -> None:
        super().__init__(demonstration)
        self._document, self._engine = document, engine
        self._demonstration, self._learner = demonstration, learner
        self._round = 0
        self._busy = False
        demonstration.ended.connect(self._look)

    @property
    def is_busy(self) -> bool:
        """Whether something is left to be done, or to be seen."""
        return self._busy

    def start(self, step: Step) -> None:
        """Do a step; nothing happens while one is being done."""
        if not self._busy:
            self._take(True)
            self._demonstration.start(step.solution)

    def stop(self) -> None:
        """Leave out what is left, and let nothing run on; what was done stays."""
        if self._busy:
            self._demonstration.stop()
            self._engine.pause()
            self._take(False)

    def _take(self, busy: bool) -> None:
        self._round += 1
        self._busy = busy
        self.busy_changed.emit(busy)

    def _look(self) -> None:
        """See what came of it, before a command that is given from now on changes it."""
        runner = self._learner.runner
        if not self._busy or self._demonstration.is_running:
            # What has ended was the way to the step, and the step has begun because of that.
            return
        if runner is None or not self._document.analysis.trainable:
            self._end()
            return
        round_ = self._round

        def see(moment: Moment) -> None:
            if round_ == self._round:
                self._learner.see(moment)
                self._end()

        def drop() -> None:
            if round_ == self._round:
                self._end()

        question = partial(observe, self._document.network, runner.wanted())
        self._engine.ask(question, see, drop)

    def _end(self) -> None:
        self._take(False)
        self.ended.emit()
