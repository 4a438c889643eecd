"""The lesson that is open in the window: it looks at the app, and the learner's project waits."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from backprop_studio import lessons
from backprop_studio.errors import StudioError
from backprop_studio.lessons import (
    Check,
    Entry,
    Facts,
    LessonError,
    Moment,
    Prediction,
    Progress,
    ProgressStore,
    Runner,
    observe,
)
from backprop_studio.lessons.actions import Action, set_at_once
from backprop_studio.lessons.lesson import Lesson
from backprop_studio.lessons.own_rows import OwnRows
from backprop_studio.lessons.recorder import Event, Place, Recorder, place
from backprop_studio.lessons.way import Leg
from backprop_studio.project import Project
from backprop_studio.training import Command, Restart, Snapshot, State
from backprop_studio.ui.asking import Enquiry
from backprop_studio.ui.controllers.at_work import AtWork
from backprop_studio.ui.controllers.demonstration import Demonstration
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.controllers.engine import Engine
from backprop_studio.ui.controllers.evidence_export import EvidenceExport
from backprop_studio.ui.controllers.project import Aside, ProjectController
from backprop_studio.ui.controllers.witness import Witness
from backprop_studio.ui.panels.lesson import LessonPanel
from backprop_studio.ui.settings import Settings
from backprop_studio.ui.words import plain

PATIENCE = 0.5
"""Seconds between two looks while training runs."""


class LessonController(QObject):
    """Opens and leaves lessons, tells the runner what is so, and does steps for the learner.

    Signals
    -------
    opened(head)
        A lesson was opened, or its project as it was opened; its front matter.
    begun
        The lesson's project was begun with anew, for a step that needs it so.
    closed
        It was left.
    busy_changed(busy)
        The app is made ready for the step in front, or the step is done for the learner, from now
        on, or not any more.
    told(text)
        Something that is worth a word.
    """

    opened = Signal(object)
    begun = Signal()
    closed = Signal()
    busy_changed = Signal(bool)
    told = Signal(str)

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
        self._rows = OwnRows(settings.lessons_folder)
        self.panel = LessonPanel()
        self._runner: Runner | None = None
        self._scene: Project | None = None
        self._aside: Aside | None = None
        self._recorder = Recorder()
        self._enquiry = Enquiry(engine.ask, lambda reason: None)
        self.witness = Witness(document, self)
        self.witness.seen.connect(self._take_note)
        self._facts: Facts | None = None
        self._looked = 0.0
        self._work = AtWork(document, engine, self, self.panel, self._begin_anew, self._pass_by)
        self._work.ready.connect(self._end_making_ready)
        self._work.busy_changed.connect(self.busy_changed)
        self._work.told.connect(self.told)
        self._evidence = EvidenceExport(
            document, engine, settings, self._rows, window, self.told.emit
        )
        project.before_discard = self.leave
        engine.updated.connect(self._see_update)
        document.analysis_changed.connect(self._see_analysis)
        self.panel.predicted.connect(self.predict)
        self.panel.answered.connect(self.answer)
        self.panel.step_requested.connect(self._go)
        self.panel.hint_requested.connect(self._hint)
        self.panel.show_requested.connect(self._show_step)
        self.panel.restart_requested.connect(self.restart)
        self.panel.reset_requested.connect(self.reset_step)
        self.panel.onward_requested.connect(self.go_onward)
        self.panel.left.connect(self.leave)

    @property
    def runner(self) -> Runner | None:
        """The lesson that is open."""
        return self._runner

    @property
    def is_busy(self) -> bool:
        """Whether the app is made ready for a step, or a step is done for the learner."""
        return self._work.is_busy

    @property
    def demonstration(self) -> Demonstration:
        """What carries out actions in the window."""
        return self._work.demonstration

    def ask_for_patience(self) -> None:
        """Say why something cannot be done before the app is ready for the step, or it is done."""
        self._work.ask_for_patience()

    def stop_showing(self) -> bool:
        """Leave out what is left of a step that is done for the learner; False if none is."""
        return self._work.stop_showing()

    def entries(self) -> tuple[Entry, ...]:
        """The lessons of the program, and how far the learner is."""
        return self.store.entries()

    # Opening and leaving.

    def open(self, path: Path) -> bool:
        """Open a lesson from its file or folder; False, with a message, when it cannot be.

        The learner's own project is put aside and comes back afterwards.
        """
        try:
            lesson = lessons.load(path)
            scene = lessons.load_project(lesson, path)
        except StudioError as error:
            QMessageBox.warning(
                self._window, self.tr("The lesson was not opened"), plain(str(error))
            )
            return False
        return self.open_lesson(lesson, scene)

    def open_lesson(self, lesson: Lesson, scene: Project) -> bool:
        """Open a lesson with its project; False when the learner thinks better of it."""
        waits = ""
        if self._runner is None:
            if not self._project.may_put_aside():
                return False
            if self._project.has_changes():
                waits = self.tr("Your project waits as it is, and comes back when you leave.")
            try:
                self._aside = self._project.put_aside()
            except TimeoutError as error:
                QMessageBox.warning(
                    self._window, self.tr("The lesson was not opened"), plain(str(error))
                )
                return False
        else:
            self._close()
        self._scene = scene
        # What was said of another lesson would be taken for this one's.
        self.told.emit(waits)
        runner = Runner(lesson, self.store.load(lesson.head.id))
        self._show(runner, self.store.load_events(lesson.head.id))
        if (runner.index or runner.progress.solved) and not runner.is_finished:
            back = self.tr("Back where you were: the steps before are done for you.")
            self.told.emit(f"{back} {waits}".strip())
            self._make_ready(runner, runner.take_way_back(beyond=True), fresh=True)
        else:
            self._make_ready(runner, runner.take_way())
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
        self.store.forget_events(lesson.head.id)
        self._rows.forget(lesson.head.id)
        runner = Runner(lesson)
        self._show(runner, [])
        self._make_ready(runner, runner.take_way())

    def reset_step(self) -> None:
        """Make the app as the step in front needs it, whatever was done to it meanwhile.

        What was said and done in the lesson stays.
        """
        if self._runner is None:
            return
        self._keep(ending=True)
        runner = Runner(self._runner.lesson, self._runner.progress)
        self._show(runner, self._recorder.events)
        self.told.emit(self.tr("The app is as this step needs it."))
        self._make_ready(runner, runner.take_way_back(), fresh=True)

    def go_onward(self) -> None:
        """Open the lesson that comes after this one."""
        after = None if self._runner is None else self.store.after(self._runner.lesson.head.id)
        if after is not None:
            self.open(after.path)

    def _show(self, runner: Runner, events: Sequence[Event]) -> None:
        """Begin with a lesson's project on the screen, and the lesson in its panel.

        Parameters
        ----------
        runner
            The lesson, and how far one is.
        events
            What was done in it before.
        """
        self._runner = runner
        self._begin(runner, events)
        after = self.store.after(runner.lesson.head.id)
        self.panel.set_runner(runner, "" if after is None else after.title)
        self.opened.emit(runner.lesson.head)
        self.witness.see_docks()

    def leave(self) -> None:
        """Close the lesson, and bring the learner's own project back."""
        if self._runner is None:
            return
        self._close()
        self._runner = self._scene = self._facts = None
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
        self._evidence.ask(self._runner, self._recorder)

    def write_evidence(self, path: Path) -> bool:
        """What was said and done, to this file; False, with a message, when it fails."""
        runner = self._runner
        return runner is not None and self._evidence.write(runner, self._recorder, path)

    def _begin(self, runner: Runner, events: Sequence[Event]) -> None:
        """Put the lesson's project on the screen, and start writing down what is done."""
        assert self._scene is not None
        self.demonstration.stop()
        self._enquiry.reset()
        self.witness.begin()
        self._facts = None
        self._recorder = Recorder(events)
        self._engine.listen(self._hear)
        self._project.show(self._scene)
        self._recorder.begin(runner.step.id if events or runner.index else "")
        if self.witness.breakpoints:
            self._engine.set_breakpoints(self.witness.breakpoints)

    def _close(self) -> None:
        self._keep(ending=True)
        self._engine.listen(None)
        self._work.stop()
        self._enquiry.reset()

    def _keep(self, *, ending: bool = False) -> None:
        runner = self._runner
        if runner is None:
            return
        lesson = runner.lesson.head.id
        try:
            self.store.save(lesson, runner.progress)
            self._rows.add(lesson, self._recorder.events, self._document.network)
            self.store.add_events(lesson, self._recorder.take_settled(ending=ending))
        except StudioError as error:
            self.told.emit(plain(str(error)))

    # What is so.

    def _hear(self, command: Command) -> None:
        self._recorder.hear(command, self._document.network)

    def _see_update(self, snapshot: Snapshot, _: object) -> None:
        if self._runner is None:
            return
        program = None if snapshot.cursor is None else self._document.analysis.program
        if program is not None:
            self._recorder.see(snapshot, len(program.instructions))
        running = snapshot.state is State.RUNNING
        if not running or time.monotonic() - self._looked > PATIENCE:
            self.look()

    def _see_analysis(self) -> None:
        # What was asked about another network is not answered any more.
        self._enquiry.reset()
        self.look()

    def look(self) -> None:
        """Ask where the run stands, and tell the runner."""
        runner = self._runner
        if runner is None:
            return
        self._looked = time.monotonic()
        if self._engine.state is State.EMPTY or not self._document.analysis.trainable:
            self._enquiry.reset()
            self.see(None)
            return
        question = partial(observe, self._document.network, runner.wanted())
        self._enquiry.put(question, self.see)

    def see(self, moment: Moment | None) -> None:
        """Tell the runner what is so, with the run at this moment."""
        runner = self._runner
        if runner is None:
            return
        self._facts = self.witness.facts(moment, self._engine.snapshot)
        before = len(runner.progress.solved)
        if runner.see(self._facts):
            self._after(before)

    def _after(self, before: int) -> None:
        """Write down and show that something is done, or is otherwise than it was."""
        runner = self._runner
        assert runner is not None
        if len(runner.progress.solved) > before:
            self._note(Event("done", id=runner.step.id))
            if len(runner.progress.solved) == len(runner.lesson.steps):
                self.told.emit(self.tr("All steps of this lesson are done."))
            elif runner.is_finished and not runner.step.extra:
                self.told.emit(self.tr("This lesson is done. What is left is extra."))
        self._keep()
        self.panel.refresh()

    def _take_note(self, event: Event | None) -> None:
        """Look whether something that was opened, set or found is what the step asks for."""
        if self._runner is not None:
            if event is not None:
                self._note(event)
            self.look()

    def _note(self, event: Event) -> None:
        self._recorder.note(event, self._here())

    def _here(self) -> Place | None:
        """Where the run stood when it was last looked at."""
        lowered = self._document.analysis.lowered
        if self._facts is None or self._facts.moment is None or lowered is None:
            return None
        return place(self._facts.moment.cursor, len(lowered.program.instructions))

    # What the learner says.

    def predict(self, asked: Prediction, said: str | float, sure: int) -> None:
        """Say a prediction of the step in front."""
        runner = self._runner
        if runner is None:
            return
        before = len(runner.progress.solved)
        self._note(Event("predict", id=asked.id, said=said, sure=sure))
        try:
            runner.predict(asked, said, sure)
        except LessonError as error:
            self.told.emit(plain(str(error)))
        self._after(before)

    def answer(self, question: Check, said: float) -> None:
        """Answer a question of the step in front."""
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
        self._work.stop()
        runner.go(index)
        self._note(Event("go", id=runner.step.id))
        self._keep()
        self._make_ready(runner, runner.take_way())
        self.panel.refresh()

    def _hint(self) -> None:
        if self._runner is not None and self._runner.hint():
            self._keep()
            self.panel.refresh()

    # Doing steps for the learner.

    def _show_step(self) -> None:
        """Carry out the solution of the step in front."""
        if self._runner is not None:
            self._work.show(self._runner)

    def _make_ready(self, runner: Runner, legs: Sequence[Leg], *, fresh: bool = False) -> None:
        """Do in the app what comes before the step in front; only then does it count."""
        self._work.make_ready(runner, legs, fresh=fresh)
        if runner.is_held:
            self.panel.refresh()

    def _end_making_ready(self) -> None:
        runner = self._runner
        assert runner is not None
        runner.release()
        self._note(Event("go", id=runner.step.id))
        self.panel.refresh()
        self.look()

    def _pass_by(self, index: int, facts: Facts) -> None:
        """Take note that a step was carried out for the sake of a later one."""
        runner, lowered = self._runner, self._document.analysis.lowered
        if runner is None or facts.moment is None or lowered is None:
            return
        runner.pass_by(index, facts)
        here = place(facts.moment.cursor, len(lowered.program.instructions))
        self._recorder.note(Event("passed", id=runner.lesson.steps[index].id), here)

    def _begin_anew(self, scene: Sequence[Action] | None) -> Sequence[Action]:
        """Begin again with the lesson's project; what is left to be done of a scene."""
        runner = self._runner
        if runner is None:
            return ()
        if scene is None:
            self._keep(ending=True)
            self._begin(runner, self._recorder.events)
            self.opened.emit(runner.lesson.head)
            left: Sequence[Action] = ()
        else:
            left = self._set_scene(scene)
        self.begun.emit()
        # What is in sight is open, and nothing else.
        self.witness.see_docks(anew=True)
        return left

    def _set_scene(self, scene: Sequence[Action]) -> tuple[Action, ...]:
        """Begin again with the lesson's project, changed by a scene; what is left to be done.

        The edits are one entry of the history, and nobody sees what lies between them.
        """
        if self._scene is None:
            return ()
        try:
            network, rest = set_at_once(self._scene.network, scene)
        except StudioError as error:
            self._work.refuse(plain(str(error)))
            return ()
        if network != self._document.network:
            self._document.apply(self.tr("Set by the lesson"), network)
        # Whatever is asked from now on is asked about the new run.
        self._engine.send(Restart())
        self._enquiry.reset()
        self.witness.gradient_error = None
        return rest
