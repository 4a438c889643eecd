"""The lesson that is open in the window: it looks at the app, and the learner's project waits."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDockWidget, QFileDialog, QMessageBox, QWidget

from backprop_studio import lessons
from backprop_studio.autograd import Phase
from backprop_studio.errors import StudioError
from backprop_studio.lessons import (
    Action,
    Check,
    Curves,
    Entry,
    Expression,
    Facts,
    LessonError,
    Moment,
    Prediction,
    Progress,
    ProgressStore,
    Runner,
    evidence,
    observe,
)
from backprop_studio.lessons.actions import AnswerTo, CheckGradients, Open, Predict, SetBreakpoint
from backprop_studio.lessons.driver import command_of
from backprop_studio.lessons.lesson import Lesson, said_number
from backprop_studio.lessons.recorder import Event, Place, Recorder, place
from backprop_studio.network import Network
from backprop_studio.project import Project
from backprop_studio.training import Breakpoint, Command, Session, Snapshot, State
from backprop_studio.training.breakpoints import AtPhase
from backprop_studio.ui.asking import Enquiry
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.controllers.engine import Engine
from backprop_studio.ui.controllers.project import Aside, ProjectController
from backprop_studio.ui.panels.lesson import LessonPanel
from backprop_studio.ui.settings import Settings

PATIENCE = 0.5
"""Seconds between two looks while training runs."""


class LessonController(QObject):
    """Opens and leaves lessons, tells the runner what is so, and does steps for the learner.

    Signals
    -------
    opened(head)
        A lesson was opened; its front matter.
    closed
        It was left.
    panel_wanted(key)
        A dock is to be opened.
    told(text)
        Something that is worth a word.
    check_wanted
        The gradient check is to be run.
    breakpoint_wanted(breakpoint)
        A breakpoint is to be set.
    """

    opened = Signal(object)
    closed = Signal()
    panel_wanted = Signal(str)
    told = Signal(str)
    check_wanted = Signal()
    breakpoint_wanted = Signal(object)

    def __init__(
        self,
        document: Document,
        engine: Engine,
        project: ProjectController,
        settings: Settings,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._document = document
        self._engine = engine
        self._project = project
        self._settings = settings
        self._window = window
        self.store = ProgressStore(settings.lessons_folder)
        self.panel = LessonPanel()
        self._runner: Runner | None = None
        self._scene: Project | None = None
        self._aside: Aside | None = None
        self._recorder = Recorder()
        self._enquiry = Enquiry(engine.ask, lambda reason: None)
        self._curves = Curves()
        self._docks: Mapping[str, QDockWidget] = {}
        self._opened: set[str] = set()
        self._breakpoints: tuple[Breakpoint, ...] = ()
        self._gradient_error: float | None = None
        self._facts: Facts | None = None
        self._looked = 0.0
        self._doing: list[Action] = []
        project.before_discard = self.leave
        engine.updated.connect(self._see_update)
        document.analysis_changed.connect(self._see_analysis)
        self.panel.predicted.connect(self._predict)
        self.panel.answered.connect(self._answer)
        self.panel.step_requested.connect(self._go)
        self.panel.hint_requested.connect(self._hint)
        self.panel.show_requested.connect(self._show_step)
        self.panel.restart_requested.connect(self.restart)
        self.panel.left.connect(self.leave)

    @property
    def runner(self) -> Runner | None:
        """The lesson that is open."""
        return self._runner

    def entries(self) -> tuple[Entry, ...]:
        """The lessons of the program, and how far the learner is."""
        return self.store.entries()

    def watch_docks(self, docks: Mapping[str, QDockWidget]) -> None:
        """Take note of what is opened from now on."""
        self._docks = docks
        for key, dock in docks.items():
            dock.visibilityChanged.connect(partial(self._see_dock, key))

    def set_breakpoints(self, points: tuple[Breakpoint, ...]) -> None:
        """Take note of the breakpoints."""
        self._breakpoints = points
        self._look()

    def see_check(self, checks: Sequence[object]) -> None:
        """Take note of what the gradient check found."""
        if self._runner is not None:
            errors = [float(getattr(check, "error")) for check in checks]  # noqa: B009
            self._gradient_error = max(errors, default=None)
            self._note(Event("gradient_check"))
            self._look()

    # Opening and leaving.

    def open(self, path: Path) -> bool:
        """Open a lesson from its file or folder; False, with a message, when it cannot be.

        The learner's own project is put aside and comes back afterwards.
        """
        try:
            lesson = lessons.load(path)
            scene = lessons.load_project(lesson, path)
        except StudioError as error:
            QMessageBox.warning(self._window, self.tr("The lesson was not opened"), str(error))
            return False
        return self.open_lesson(lesson, scene)

    def open_lesson(self, lesson: Lesson, scene: Project) -> bool:
        """Open a lesson with its project; False when the learner thinks better of it."""
        if self._runner is None:
            if self._project.has_changes() and not self._may_put_aside():
                return False
            try:
                self._aside = self._project.put_aside()
            except TimeoutError as error:
                QMessageBox.warning(self._window, self.tr("The lesson was not opened"), str(error))
                return False
        else:
            self._close()
        self._scene = scene
        self._runner = Runner(lesson, self.store.load(lesson.head.id))
        self._begin()
        self.panel.set_runner(self._runner)
        self.opened.emit(lesson.head)
        self._see_docks()
        if self._runner.index and not self._runner.is_finished:
            self._set_scene()
        return True

    def open_file(self) -> None:
        """A lesson that the person picks."""
        name, _ = QFileDialog.getOpenFileName(
            self._window,
            self.tr("Open lesson"),
            str(self._settings.last_folder),
            self.tr("Lessons (*.md);;All files (*)"),
        )
        if name:
            self._settings.last_folder = Path(name).parent
            self.open(Path(name))

    def restart(self) -> None:
        """Begin the lesson anew: its project as it was, and nothing said or done."""
        if self._runner is None:
            return
        lesson = self._runner.lesson
        self.store.save(lesson.head.id, Progress())
        self._runner = Runner(lesson)
        self._begin()
        self.panel.set_runner(self._runner)
        self.opened.emit(lesson.head)
        self._see_docks()

    def leave(self) -> None:
        """Close the lesson, and bring the learner's own project back."""
        if self._runner is None:
            return
        self._close()
        self._runner = None
        self.panel.set_runner(None)
        self.closed.emit()
        aside, self._aside = self._aside, None
        if aside is not None:
            self._project.bring_back(aside)

    def export_evidence(self) -> None:
        """What was said and done in the lesson, to a file that the person picks."""
        if self._runner is None:
            self.told.emit(self.tr("Open a lesson first: evidence is about one."))
            return
        suggestion = self._settings.last_folder / f"{self._runner.lesson.head.id}-evidence.json"
        name, _ = QFileDialog.getSaveFileName(
            self._window,
            self.tr("Export evidence"),
            str(suggestion),
            self.tr("Evidence (*.json)"),
        )
        if name:
            self.write_evidence(Path(name))

    def write_evidence(self, path: Path) -> bool:
        """What was said and done, to this file; False, with a message, when it fails."""
        runner = self._runner
        if runner is None:
            return False
        try:
            weights = self._engine.weights()
            made = evidence.collect(
                runner.lesson,
                runner.progress,
                self._recorder.events,
                self._document.network,
                weights,
                self._recorder.last,
            )
            evidence.save(made, path)
        except (StudioError, TimeoutError) as error:
            QMessageBox.warning(self._window, self.tr("The evidence was not exported"), str(error))
            return False
        self._settings.last_folder = path.parent
        self.told.emit(self.tr("Exported {path}").format(path=path))
        return True

    def _may_put_aside(self) -> bool:
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self._window,
            self.tr("Your project is not saved"),
            self.tr(
                "Your project waits while the lesson is open, and comes back when you leave it. "
                "It has changes that are not saved. Save them first?"
            ),
            buttons.Save | buttons.Ignore | buttons.Cancel,
            buttons.Save,
        )
        if answer == buttons.Save:
            return self._project.save()
        return answer == buttons.Ignore

    def _begin(self) -> None:
        """Put the lesson's project on the screen, and start writing down what is done."""
        assert self._scene is not None
        self._doing.clear()
        self._enquiry.reset()
        self._curves = Curves()
        self._opened.clear()
        self._gradient_error, self._facts = None, None
        self._recorder = Recorder()
        self._engine.listen(self._hear)
        self._project.show(self._scene)
        self._recorder.begin()
        if self._breakpoints:
            self._engine.set_breakpoints(self._breakpoints)

    def _close(self) -> None:
        self._keep()
        self._engine.listen(None)
        self._doing.clear()
        self._enquiry.reset()

    def _keep(self) -> None:
        runner = self._runner
        if runner is None:
            return
        try:
            self.store.save(runner.lesson.head.id, runner.progress)
        except StudioError as error:
            self.told.emit(str(error))

    # What is so.

    def _hear(self, command: Command) -> None:
        self._recorder.hear(command, self._document.network)

    def _see_dock(self, key: str, visible: bool) -> None:
        if self._runner is not None and visible and key not in self._opened:
            self._opened.add(key)
            self._note(Event("open", id=key))
            self._look()

    def _see_docks(self) -> None:
        """Those in sight count as opened; a dock behind another tab has an empty region."""
        for key, dock in self._docks.items():
            self._see_dock(key, dock.isVisible() and not dock.visibleRegion().isEmpty())

    def _see_update(self, snapshot: Snapshot, _: object) -> None:
        if self._runner is None:
            return
        lowered = self._document.analysis.lowered
        if lowered is not None:
            self._recorder.see(snapshot, len(lowered.program.instructions))
        running = snapshot.state is State.RUNNING
        if not running or time.monotonic() - self._looked > PATIENCE:
            self._look()

    def _see_analysis(self) -> None:
        # What was asked about another network is not answered any more.
        self._enquiry.reset()
        self._look()

    def _look(self) -> None:
        """Ask where the run stands, and tell the runner."""
        runner = self._runner
        if runner is None:
            return
        self._looked = time.monotonic()
        if self._engine.state is State.EMPTY or self._document.analysis.lowered is None:
            self._enquiry.reset()
            self._tell(None)
            return
        question = partial(observe, self._document.network, runner.wanted())
        self._enquiry.put(question, self._tell)

    def _tell(self, moment: Moment | None) -> None:
        runner = self._runner
        if runner is None:
            return
        snapshot = self._engine.snapshot
        earlier = () if moment is None else self._curves.see(moment.curve)
        resting = tuple(b.losses[:, 1] for b in snapshot.branches if b.id != snapshot.branch)
        self._facts = Facts(
            network=self._document.network,
            moment=moment,
            branches=len(snapshot.branches),
            breakpoints=self._breakpoints,
            opened=frozenset(self._opened),
            gradient_error=self._gradient_error,
            earlier=(*earlier, *resting),
        )
        before = len(runner.progress.solved)
        if runner.see(self._facts):
            self._after(before)

    def _after(self, before: int) -> None:
        """Write down and show that something is done, or is otherwise than it was."""
        runner = self._runner
        assert runner is not None
        if len(runner.progress.solved) > before:
            self._note(Event("done", id=runner.step.id))
            if runner.is_finished:
                self.told.emit(self.tr("All steps of this lesson are done."))
        self._keep()
        self.panel.refresh()

    def _note(self, event: Event) -> None:
        self._recorder.note(event, self._here())

    def _here(self) -> Place | None:
        """Where the run stood when it was last looked at."""
        lowered = self._document.analysis.lowered
        if self._facts is None or self._facts.moment is None or lowered is None:
            return None
        return place(self._facts.moment.cursor, len(lowered.program.instructions))

    # What the learner says.

    def _predict(self, asked: Prediction, said: str | float, sure: int) -> None:
        runner = self._runner
        if runner is None:
            return
        before = len(runner.progress.solved)
        self._note(Event("predict", id=asked.id, said=said, sure=sure))
        try:
            runner.predict(asked, said, sure)
        except LessonError as error:
            self.told.emit(str(error))
        self._after(before)

    def _answer(self, question: Check, said: float) -> None:
        runner = self._runner
        if runner is None:
            return
        before = len(runner.progress.solved)
        self._note(Event("answer", id=str(getattr(question, "id")), said=said))  # noqa: B009
        runner.answer(question, said)
        self._after(before)

    def _go(self, index: int) -> None:
        runner = self._runner
        if runner is None:
            return
        if index >= len(runner.lesson.steps):
            self.leave()
            return
        runner.go(index)
        self._note(Event("go", id=runner.step.id))
        self._keep()
        self.panel.refresh()
        self._look()

    def _hint(self) -> None:
        if self._runner is not None and self._runner.hint():
            self._keep()
            self.panel.refresh()

    # Doing steps for the learner.

    def _show_step(self) -> None:
        """Carry out the solution of the step in front."""
        if self._runner is not None and not self._doing:
            self._doing = list(self._runner.step.solution)
            self._do_next()

    def _set_scene(self) -> None:
        """Carry out what earlier steps ask for, so that the step in front can begin."""
        runner = self._runner
        assert runner is not None
        earlier = runner.lesson.steps[: runner.index]
        self._doing = [
            action
            for step in earlier
            for action in step.solution
            if not isinstance(action, Predict | AnswerTo)
        ]
        self.told.emit(self.tr("Back where you were: the steps before are done for you."))
        self._do_next()

    def _do_next(self) -> None:
        """Carry out the next action; the one after it when the worker has answered."""
        while self._doing and self._runner is not None:
            action = self._doing.pop(0)
            try:
                changed = action.edit(self._document.network)
            except StudioError as error:
                self._give_up(str(error))
                return
            if changed != self._document.network:
                # A network in the middle of a rebuild may not run: nobody is waited for.
                self._document.apply(self.tr("Shown by the lesson"), changed)
                continue
            if isinstance(action, Open):
                self.panel_wanted.emit(action.open)
                continue
            if self._engine.state is State.EMPTY and self._document.analysis.lowered is None:
                self._give_up(self.tr("Training is not possible."))
                return
            network = self._document.network
            wanted = self._runner.wanted()
            self._engine.ask(
                partial(_prepare, action, network, self._breakpoints, wanted),
                partial(self._carry_out, action),
            )
            return
        self._look()

    def _carry_out(self, action: Action, found: tuple[tuple[Command, ...], Moment]) -> None:
        """Do an action for which the worker was asked."""
        commands, moment = found
        runner = self._runner
        if runner is None:
            return
        self._tell(moment)
        match action:
            case Predict(predict=name, say=say, confidence=sure):
                asked = next(p for p in runner.step.predictions if p.id == name)
                said = said_number(say, runner.number) if asked.kind == "number" else say
                if said is not None:
                    self._predict(asked, said, sure)
            case AnswerTo(answer=name, say=say):
                question = next(c for c in runner.step.checks if getattr(c, "id", None) == name)
                number = said_number(say, runner.number)
                if number is not None:
                    self._answer(question, number)
            case CheckGradients():
                self.panel_wanted.emit("gradient_check")
                self.check_wanted.emit()
            case SetBreakpoint(breakpoint=phase):
                self.breakpoint_wanted.emit(AtPhase(Phase[phase.upper()]))
            case _:
                for command in commands:
                    self._engine.send(command)
        # Behind these commands in the worker's queue, so that the next action finds them done.
        self._engine.ask(lambda session: None, lambda _: self._do_next())

    def _give_up(self, reason: str) -> None:
        self._doing.clear()
        self.told.emit(self.tr("The step could not be shown: {reason}").format(reason=reason))


def _prepare(
    action: Action,
    network: Network,
    breakpoints: tuple[Breakpoint, ...],
    wanted: Sequence[Expression],
    session: Session,
) -> tuple[tuple[Command, ...], Moment]:
    """On the worker's thread: what to tell the worker, and where the run stands before."""
    commands = command_of(action, network, session, breakpoints)
    return commands, observe(network, wanted, session)
