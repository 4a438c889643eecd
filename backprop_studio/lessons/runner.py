"""A lesson in progress: which step is in front, what was said, what is done."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from backprop_studio.errors import StudioError
from backprop_studio.lessons.check import Check
from backprop_studio.lessons.expressions import Expression
from backprop_studio.lessons.facts import Facts
from backprop_studio.lessons.lesson import Lesson, Step
from backprop_studio.lessons.predictions import Forecast, Prediction, Said
from backprop_studio.lessons.way import Leg, lacking, way_to


class LessonError(StudioError):
    """A lesson cannot be opened, or something in it cannot be done."""


@dataclass
class Progress:
    """How far a learner is in one lesson; kept between starts.

    Attributes
    ----------
    digest
        Of the lesson's text.
    step
        Id of the step that is in front.
    solved
        Ids of the steps that are done, in the order in which they were.
    forecasts
        What was predicted, by the prediction's id.
    answers
        What was answered, by the question's id.
    hints
        How many hints of a step were shown, by its id.
    shown
        Numbers in the texts of each step, as they were when they were first known.
    told
        Numbers in the explanations, as they were when the step was done.
    kept
        Numbers as they were at the end of a step, by `Expression.key`.
    """

    digest: str = ""
    step: str = ""
    solved: list[str] = field(default_factory=list)
    forecasts: dict[str, Forecast] = field(default_factory=dict)
    answers: dict[str, float | int] = field(default_factory=dict)
    hints: dict[str, int] = field(default_factory=dict)
    shown: dict[str, dict[str, float]] = field(default_factory=dict)
    told: dict[str, dict[str, float]] = field(default_factory=dict)
    kept: dict[str, float] = field(default_factory=dict)


class Runner:
    """Leads through a lesson. It looks at facts and does nothing to the app.

    Nothing is locked: every step can be gone to at any time.

    Parameters
    ----------
    lesson
        The lesson.
    progress
        How far the learner was; what belongs to steps that the lesson has no more is dropped.
    """

    def __init__(self, lesson: Lesson, progress: Progress | None = None) -> None:
        self.lesson = lesson
        self.progress = _fitting(lesson, progress or Progress())
        self._met: tuple[bool, ...] = ()
        self._facts: Facts | None = None
        self._began: int | None = None
        self._held = False
        ids = [step.id for step in lesson.steps]
        self._index = ids.index(self.progress.step) if self.progress.step in ids else 0
        self._scene: int | None = None
        self._at = 0
        """Place of the step as whose beginning the app stands, if nothing strange was done."""
        self._carried: int | None = None
        self.go(self._index)

    @property
    def index(self) -> int:
        """Place of the step that is in front."""
        return self._index

    @property
    def step(self) -> Step:
        """The step that is in front."""
        return self.lesson.steps[self._index]

    @property
    def is_solved(self) -> bool:
        """Whether the step in front is done."""
        return self.step.id in self.progress.solved

    @property
    def is_finished(self) -> bool:
        """Whether all steps are done that are not extra."""
        return self.lesson.needed <= set(self.progress.solved)

    @property
    def met(self) -> tuple[bool, ...]:
        """Which checks of the step in front were met when last looked at; all, once it is done."""
        if self.is_solved:
            return (True,) * len(self.step.checks)
        return self._met or (False,) * len(self.step.checks)

    @property
    def lacks_predictions(self) -> bool:
        """Whether all is done that was to be done, and something is still to be predicted."""
        return not self.is_solved and all(self.met) and not self._all_said()

    @property
    def is_past(self) -> bool:
        """Whether the run has gone past the place where the step could have been done.

        What it asks for is then not computed any more, or is another iteration's, and the
        learner would wait for ever.
        """
        facts, checks = self._facts, self.step.checks
        if self.is_solved or facts is None or facts.moment is None or not checks:
            return False
        open_ = [check for check, met in zip(checks, self.met, strict=True) if not met]
        if self._is_too_far(facts) or not open_:
            return bool(open_) or self._all_said()
        over = [check.passed(facts) for check in open_]
        return any(over) and all(
            gone or check.question for gone, check in zip(over, open_, strict=True)
        )

    @property
    def is_held(self) -> bool:
        """Whether nothing that is seen counts."""
        return self._held

    @property
    def is_carried(self) -> bool:
        """Whether what comes before the step in front was done in the app, and not by the learner.

        So it is where a learner comes to a step otherwise than from the one before it.
        """
        return self._carried == self._index

    @property
    def following(self) -> int | None:
        """Place of the step that comes next; None at the end."""
        return self.lesson.after(self._index)

    @property
    def preceding(self) -> int | None:
        """Place of the step that one comes from; None at the beginning."""
        return self.lesson.before(self._index)

    @property
    def offered(self) -> int | None:
        """Place of the extra that may be done now: the one behind the step that is in front.

        At the end, the first one that was left out. None where there is none, and in the midst of
        one.
        """
        lesson, done = self.lesson, self.progress.solved
        begins = [
            i for i in range(len(lesson.steps)) if lesson.is_extra(i) and not lesson.goes_on(i)
        ]
        if self.following is None:
            return next((i for i in begins if lesson.steps[i].id not in done), None)
        behind = self._index + 1
        return behind if behind in begins and behind != self.following else None

    def hold(self) -> None:
        """Let nothing count that is seen: the app is being made ready for the step."""
        self._held = True

    def release(self) -> None:
        """Let count what is seen from now on: the app is as the step in front needs it."""
        self._held = False
        self._met, self._began = (), None

    def go(self, index: int) -> None:
        """Bring another step to the front.

        If the app was being made ready for one, that is broken off, and it is ready for none.
        """
        if self._held:
            self._at, self._scene = -1, None
        self._index = min(max(index, 0), len(self.lesson.steps) - 1)
        self.progress.step = self.step.id
        self.release()

    def take_way(self) -> tuple[Leg, ...]:
        """What is to be done in the app so that the step in front can begin; at most once.

        Nothing, where the step before it was just done here. Its own scene, if it has one. After
        a jump, all that comes before it. A step that is done is only looked at, and sets nothing
        as long as there are others to be done; then, its scene.
        """
        lesson, index = self.lesson, self._index
        scene = lesson.scene_of(index)
        if self._carried != index:
            self._carried = None
        if self.is_solved:
            if scene is None or scene == self._scene or not self.is_finished:
                return ()
            self._scene = scene
            return (Leg(scene),)
        if self._stands_at(index) and not lacking(lesson, index, self.progress.kept):
            if scene != index or scene == self._scene:
                return ()
            self._scene = scene
            return (Leg(scene),)
        self._scene, self._at = scene, index
        return self._carry(way_to(lesson, index, self.progress.kept))

    def _stands_at(self, index: int) -> bool:
        """Whether the app is as a step needs it, but for a scene of its own."""
        lesson, at = self.lesson, self._at
        if index == at:
            return True
        # Extras were passed by: they have done nothing to the app.
        passed = 0 <= at < index and all(lesson.is_extra(i) for i in range(at, index))
        from_main = at == 0 or not lesson.is_extra(at - 1)
        return passed and from_main and lesson.scene_of(index) in (index, self._scene)

    def take_way_back(self, *, beyond: bool = False) -> tuple[Leg, ...]:
        """All that comes before the step in front, whatever the app was made ready for.

        Parameters
        ----------
        beyond
            Whether the step itself is carried out as well if it is done, as one left it.
        """
        index = self._index
        self._scene, self._at = self.lesson.scene_of(index), index
        *before, last = way_to(self.lesson, index, self.progress.kept)
        if beyond and self.is_solved:
            self._at = index + 1
            last = replace(last, steps=(*last.steps, index))
        return self._carry((*before, last))

    def _carry(self, legs: tuple[Leg, ...]) -> tuple[Leg, ...]:
        self._carried = self._index if any(leg.steps for leg in legs) else None
        return legs

    def pass_by(self, place: int, facts: Facts) -> None:
        """Keep the numbers of a step that was done in the app for the sake of a later one."""
        self._keep_numbers(self.lesson.steps[place].id, self.lesson.wanted(place), facts)

    def wanted(self) -> tuple[Expression, ...]:
        """The numbers that `see` needs in the facts."""
        return self.lesson.wanted(self._index)

    def see(self, facts: Facts) -> bool:
        """Look at what is so now; whether anything is to be shown anew."""
        facts = self._with_kept(facts)
        self._facts = facts
        step, progress = self.step, self.progress
        if self._held:
            return False
        if self._began is None and facts.moment is not None:
            self._began = facts.moment.cursor.iteration
        before = (self._met, len(progress.solved), len(progress.shown.get(step.id, {})))
        self._take_numbers(progress.shown, step.in_text(), facts)
        if not self.is_solved:
            self._met = tuple(check.met(facts) for check in step.checks)
            ready = self._all_said() and all(self._met) and not self._has_missed(facts)
            if ready and self._settle(facts):
                progress.solved.append(step.id)
                self._take_numbers(progress.told, step.in_explanation(), facts)
                self._keep_numbers(step.id, self.lesson.wanted(self._index), facts)
                if self._at == self._index:
                    self._at += 1
        return before != (self._met, len(progress.solved), len(progress.shown.get(step.id, {})))

    def predict(self, prediction: Prediction, said: Said, confidence: int) -> None:
        """Say a prediction of the step in front; it stays as it is once it came out.

        Raises
        ------
        LessonError
            That is no answer to the question.
        """
        if not prediction.accepts(said):
            raise LessonError("lesson-said", said=said, question=prediction.id)
        known = self.progress.forecasts.get(prediction.id)
        if known is not None and known.truth is not None:
            return
        before = None
        if prediction.about and self._facts is not None:
            before = self._facts.number(prediction.wanted()[0])
        late = bool(self.step.checks) and all(self._met) and bool(self._met)
        forecast = Forecast(said, confidence, before, late)
        self.progress.forecasts[prediction.id] = forecast
        if self._facts is not None:
            self.see(self._facts)

    def answer(self, question: Check, said: float | int) -> bool:
        """Answer a question of the step in front; whether it is right."""
        name = str(getattr(question, "id"))  # noqa: B009
        self.progress.answers[name] = said
        if self._facts is None:
            return False
        facts = replace(self._facts, answers=dict(self.progress.answers))
        self.see(facts)
        return question.met(facts)

    @property
    def hints(self) -> tuple[str, ...]:
        """The hints of the step that were shown so far."""
        return self.step.hints[: self.progress.hints.get(self.step.id, 0)]

    def hint(self) -> bool:
        """Show one hint more; False when there is none."""
        shown = len(self.hints)
        if shown == len(self.step.hints):
            return False
        self.progress.hints[self.step.id] = shown + 1
        return True

    def number(self, expression: Expression) -> float | None:
        """A number of the step's text, as it was when it was first known."""
        shown = self.progress.shown.get(self.step.id, {})
        if expression.key in shown:
            return shown[expression.key]
        return None if self._facts is None else self._facts.number(expression)

    def told(self, expression: Expression) -> float | None:
        """A number of the step's explanation, as it was when the step was done."""
        return self.progress.told.get(self.step.id, {}).get(expression.key)

    def _all_said(self) -> bool:
        return all(p.id in self.progress.forecasts for p in self.step.predictions)

    def _has_missed(self, facts: Facts) -> bool:
        """Whether what was predicted would be compared with another iteration's numbers."""
        return any(p.about for p in self.step.predictions) and self._is_too_far(facts)

    def _is_too_far(self, facts: Facts) -> bool:
        """Whether the run is beyond the iteration that the step is about.

        Steps that ask for more than a stage of an iteration go where they like.
        """
        checks = [check for check in self.step.checks if not check.question]
        ends = [check.last_iteration(self._began or 0) for check in checks]
        if facts.moment is None or not checks or None in ends:
            return False
        return facts.moment.cursor.iteration > max(end for end in ends if end is not None)

    def _with_kept(self, facts: Facts) -> Facts:
        """The facts, and what was so at the end of earlier steps."""
        facts = replace(facts, answers=dict(self.progress.answers))
        if facts.moment is None:
            return facts
        numbers = {**facts.moment.numbers, **self.progress.kept}
        return replace(facts, moment=replace(facts.moment, numbers=numbers))

    def _take_numbers(
        self,
        kept: dict[str, dict[str, float]],
        expressions: tuple[Expression, ...],
        facts: Facts,
    ) -> None:
        """Keep each number of a text the first time that it is known: a text does not flicker."""
        mine = kept.setdefault(self.step.id, {})
        for expression in expressions:
            number = facts.number(expression)
            if number is not None:
                mine.setdefault(expression.key, number)

    def _keep_numbers(
        self, step_id: str, expressions: tuple[Expression, ...], facts: Facts
    ) -> None:
        """Keep what is so at the end of a step, for those that go back to it."""
        for expression in expressions:
            number = facts.number(expression)
            if number is not None:
                self.progress.kept[f"{expression.text}@{step_id}"] = number

    def _settle(self, facts: Facts) -> bool:
        """Find out what came of the predictions; False while one cannot be told."""
        settled = {}
        for prediction in self.step.predictions:
            forecast = self.progress.forecasts[prediction.id]
            truth = prediction.truth(facts.number, forecast.before)
            if truth is None:
                return False
            right = prediction.is_right(forecast.said, truth)
            settled[prediction.id] = replace(forecast, truth=truth, right=right)
        self.progress.forecasts.update(settled)
        return True


def _fitting(lesson: Lesson, progress: Progress) -> Progress:
    """What of a progress belongs to the lesson as it is now."""
    steps = {step.id: step for step in lesson.steps}
    asked = {p.id: p for step in lesson.steps for p in step.predictions}
    questions = {
        str(getattr(c, "id")) for s in lesson.steps for c in s.checks if c.question  # noqa: B009
    }  # fmt: skip

    forecasts = {
        key: forecast
        for key, forecast in progress.forecasts.items()
        if key in asked and asked[key].accepts(forecast.said)
    }
    same = progress.digest == lesson.digest
    solved = [
        key
        for key in dict.fromkeys(progress.solved)
        if key in steps and all(p.id in forecasts for p in steps[key].predictions)
    ]
    return Progress(
        digest=lesson.digest,
        step=progress.step,
        solved=solved,
        forecasts=forecasts,
        answers={k: v for k, v in progress.answers.items() if k in questions},
        hints={k: v for k, v in progress.hints.items() if k in steps},
        shown={k: v for k, v in progress.shown.items() if k in steps} if same else {},
        # What came of a step that is done stays true, whatever is said of it now.
        told={k: v for k, v in progress.told.items() if same or k in solved},
        # With another text comes perhaps another project: they are found anew where needed.
        kept=dict(progress.kept) if same else {},
    )
