"""Does in the app what comes before a step of a lesson, so that it can be begun with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal

from backprop_studio.lessons import Facts, Moment, Runner, observe
from backprop_studio.lessons.actions import Action
from backprop_studio.lessons.way import Leg
from backprop_studio.ui.controllers.demonstration import Demonstration
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.controllers.engine import Engine


class MakingReady(QObject):
    """Goes the way to a step: new beginnings, and the solutions of the steps between.

    Parameters
    ----------
    document, engine
        What is acted on.
    demonstration
        Carries out actions.
    begin
        Begins again with the lesson's project, as it was opened (None) or changed by a scene, and
        gives the actions of the scene that are left to be done.
    passed
        Called with the place of a step that was carried out, and with what is so then.

    Signals
    -------
    ended
        All is done, or what was left could not be.
    busy_changed(busy)
        It has set out, or has come to an end, whichever.
    """

    ended = Signal()
    busy_changed = Signal(bool)

    def __init__(
        self,
        document: Document,
        engine: Engine,
        demonstration: Demonstration,
        begin: Callable[[Sequence[Action] | None], Sequence[Action]],
        passed: Callable[[int, Facts], object],
    ) -> None:
        super().__init__(demonstration)
        self._document, self._engine = document, engine
        self._demonstration = demonstration
        self._begin, self._passed = begin, passed
        self._runner: Runner | None = None
        self._pieces: Iterator[Sequence[Action] | int] | None = None
        demonstration.ended.connect(self._go_on)
        demonstration.refused.connect(self._give_up)

    @property
    def is_busy(self) -> bool:
        """Whether something is left to be done."""
        return self._pieces is not None

    def start(self, runner: Runner, legs: Sequence[Leg], *, fresh: bool) -> None:
        """Go this way, and none that was begun before.

        Parameters
        ----------
        runner
            The lesson; nothing counts in it meanwhile.
        legs
            The way.
        fresh
            Whether the lesson's project was put on the screen just now.
        """
        self.stop()
        runner.hold()
        self._runner = runner
        self._take(self._divided(runner, legs, fresh))
        self._go_on()

    def stop(self) -> None:
        """Leave out what is left."""
        self._demonstration.stop()
        self._take(None)

    def _take(self, pieces: Iterator[Sequence[Action] | int] | None) -> None:
        """Have these left to be done."""
        was, self._pieces = self.is_busy, pieces
        if pieces is None:
            self._runner = None
        if was != self.is_busy:
            self.busy_changed.emit(self.is_busy)

    def _divided(
        self, runner: Runner, legs: Sequence[Leg], fresh: bool
    ) -> Iterator[Sequence[Action] | int]:
        """What is to be done, one after the other; a place where a step is to be taken note of."""
        lesson = runner.lesson
        for number, leg in enumerate(legs):
            if leg.scene is not None:
                yield self._begin(lesson.steps[leg.scene].scene)
            elif number or not fresh:
                yield self._begin(None)
            for place in leg.steps:
                yield lesson.steps[place].deeds
                if lesson.wanted(place):
                    yield place

    def _go_on(self) -> None:
        pieces = self._pieces
        if pieces is None:
            return
        match next(pieces, None):
            case None:
                self._take(None)
                self.ended.emit()
            case int(place) if self._document.analysis.trainable:
                self._note(place)
            case int():
                self._go_on()
            case actions:
                self._demonstration.start(actions)

    def _note(self, place: int) -> None:
        """Ask for the numbers at the end of a step, then go on."""
        runner, pieces, network = self._runner, self._pieces, self._document.network
        assert runner is not None

        def take(moment: Moment) -> None:
            if pieces is self._pieces:
                self._passed(place, Facts(network=network, moment=moment))
                self._go_on()

        def drop() -> None:
            if pieces is self._pieces:
                self._give_up()
                self._go_on()

        question = partial(observe, network, runner.lesson.wanted(place))
        self._engine.ask(question, take, drop)

    def _give_up(self, _: str = "") -> None:
        """The rest makes no sense: something was refused, or somebody changed the network."""
        if self._pieces is not None:
            self._pieces = iter(())
