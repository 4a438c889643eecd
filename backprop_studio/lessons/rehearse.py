"""Plays a lesson with its own solutions: each step must be open before, and done after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from backprop_studio.errors import StudioError
from backprop_studio.lessons.actions import Action, AnswerTo, Predict
from backprop_studio.lessons.driver import Driver
from backprop_studio.lessons.expressions import Expression
from backprop_studio.lessons.lesson import Lesson, Step, said_number
from backprop_studio.lessons.runner import LessonError, Runner
from backprop_studio.project import Project


@dataclass(frozen=True)
class Rehearsed:
    """What became of one step.

    Attributes
    ----------
    step
        The step.
    open_before
        Whether it was not done before its solution.
    tasks_open
        Whether some task of it, other than a prediction, was not done before; true without tasks.
    done_after
        Whether it was done after it.
    untold
        Numbers of its texts that were not known when they had to be told.
    problem
        Why its solution could not be carried out; empty if it could.
    """

    step: Step
    open_before: bool
    tasks_open: bool
    done_after: bool
    untold: tuple[Expression, ...] = ()
    problem: str = ""

    @property
    def sound(self) -> bool:
        """Whether all is as it should be."""
        return (
            self.open_before
            and self.tasks_open
            and self.done_after
            and not self.untold
            and not self.problem
        )


class Rehearsal:
    """A lesson, played without a window.

    Parameters
    ----------
    lesson
        The lesson.
    project
        The project that it is about.
    """

    def __init__(self, lesson: Lesson, project: Project) -> None:
        self.driver = Driver(project)
        self.runner = Runner(lesson)
        for key in lesson.head.open:
            self.driver.opened |= {key}

    def look(self) -> None:
        """Let the runner see what is so."""
        self.runner.see(self.driver.facts(self.runner.wanted()))

    def do(self, action: Action) -> None:
        """Carry out one action, then look.

        Raises
        ------
        StudioError
            It cannot be done.
        """
        step = self.runner.step
        match action:
            case Predict(predict=name, say=say, confidence=confidence):
                asked = next(p for p in step.predictions if p.id == name)
                said = self.said(say) if asked.kind == "number" else say
                self.runner.predict(asked, said, confidence)
            case AnswerTo(answer=name, say=say):
                question = next(c for c in step.checks if getattr(c, "id", None) == name)
                self.runner.answer(question, self.said(say))
            case _:
                self.driver.perform(action)
        self.look()

    def said(self, say: float | str) -> float:
        """A number to be said; a name stands for what the app computes.

        Raises
        ------
        LessonError
            It is not computed.
        """
        number = said_number(say, self.runner.number)
        if number is None:
            raise LessonError("lesson-action", reason=f"'{say}' is not computed")
        return number

    def play(self) -> Iterator[Rehearsed]:
        """Play all steps, one after the other."""
        for index in range(len(self.runner.lesson.steps)):
            yield self.play_step(index)

    def play_step(self, index: int) -> Rehearsed:
        """Go to a step, from wherever one is, and play it."""
        runner, step = self.runner, self.runner.lesson.steps[index]
        runner.go(index)
        problem = self.make_ready()
        self.look()
        open_before = not runner.is_solved
        tasks_open = not step.checks or not all(runner.met)
        untold = [e for e in step.in_text() if runner.number(e) is None]
        try:
            for action in step.solution:
                self.do(action)
        except StudioError as error:
            problem = str(error)
        untold += [e for e in step.in_explanation() if runner.told(e) is None]
        return Rehearsed(step, open_before, tasks_open, runner.is_solved, tuple(untold), problem)

    def make_ready(self) -> str:
        """Do what the step in front needs before it; why that cannot be, empty if it can."""
        runner, driver, steps = self.runner, self.driver, self.runner.lesson.steps
        runner.hold()
        try:
            for leg in runner.take_way():
                driver.begin(None if leg.scene is None else steps[leg.scene].scene)
                for place in leg.steps:
                    for action in steps[place].deeds:
                        driver.perform(action)
                    runner.pass_by(place, driver.facts(runner.lesson.wanted(place)))
        except StudioError as error:
            return str(error)
        finally:
            runner.release()
        return ""
