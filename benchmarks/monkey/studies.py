"""Deeds around lessons, files of weights and branches, and what must be as it was after them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtTest import QTest

from backprop_studio import lessons
from backprop_studio.autograd import Array
from backprop_studio.network import Network
from backprop_studio.training import Cursor, State
from backprop_studio.ui.controllers.project import Aside, ProjectController
from benchmarks.monkey.forms import change_layer, press_key, undo_or_redo
from benchmarks.monkey.hands import LEFT, Hands
from benchmarks.monkey.window import train
from benchmarks.screen import wait

Weights = Mapping[tuple[str, str], Array]


def same_weights(a: Weights, b: Weights) -> bool:
    """Whether these are the same numbers, under the same names."""
    return a.keys() == b.keys() and all(
        np.array_equal(b[k], w, equal_nan=True) for k, w in a.items()
    )


@dataclass(frozen=True)
class _Before:
    """A project at the moment when it is put aside."""

    network: Network
    place: tuple[int, int, bool]
    path: Path | None
    weights: Weights
    cursor: Cursor | None
    branches: int


@contextmanager
def watching_what_waits(hands: Hands) -> Iterator[None]:
    """Let every project that waits aside during a lesson come back as it went."""
    waiting: dict[int, _Before] = {}
    say = hands.report.failures.append
    put_aside, bring_back = ProjectController.put_aside, ProjectController.bring_back

    def take_note(project: ProjectController) -> Aside:
        document = project._document
        network, path = document.network, project.path
        place = _place(hands)
        aside = put_aside(project)
        run = aside.run.aside
        session = run.timeline.session if run.state is not State.EMPTY else None
        waiting[id(aside)] = _Before(
            network,
            place,
            path,
            {} if session is None else {k: w.copy() for k, w in session.weights().items()},
            run.snapshot.cursor,
            len(run.timeline.branches),
        )
        return aside

    def compare(project: ProjectController, aside: Aside) -> None:
        before = waiting.pop(id(aside))
        bring_back(project, aside)
        if project._document.network is not before.network:
            say("another network came back after the lesson")
        if _place(hands) != before.place:
            say(f"the history was at {before.place} before the lesson, it is at {_place(hands)}")
        if project.path != before.path:
            say(f"the file was {before.path} before the lesson, it is {project.path}")
        # The answer comes once the worker has taken up what came back.
        weights = project._engine.weights()
        if before.weights and not same_weights(weights, before.weights):
            say("other weights came back after the lesson")
        now = hands.engine._worker.timeline
        if len(now.branches) != before.branches:
            say(f"{before.branches} branches went aside, {len(now.branches)} came back")
        if before.cursor is not None and (
            now.session is None or now.session.cursor != before.cursor
        ):
            say(f"the run was at {before.cursor} before the lesson and is elsewhere")

    ProjectController.put_aside = take_note  # type: ignore[method-assign, assignment]
    ProjectController.bring_back = compare  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        ProjectController.put_aside = put_aside  # type: ignore[method-assign]
        ProjectController.bring_back = bring_back  # type: ignore[method-assign]


def _place(hands: Hands) -> tuple[int, int, bool]:
    stack = hands.document.undo_stack
    return stack.index(), stack.count(), stack.isClean()


def study(hands: Hands) -> str:
    """Open a lesson or go on in one: to any step, back, away; most often it is left again."""
    controller = hands.window.lessons
    done = []
    if controller.runner is None or hands.random.random() < 0.1:
        path = hands.random.choice(sorted(lessons.shipped()))
        name = path.parent.name
        done.append(f"open {name}" if controller.open(path) else f"{name} not opened")
    for _ in range(hands.random.randint(1, 5)):
        if controller.runner is None:
            break
        done.append(_lesson_deed(hands))
    if controller.runner is not None and hands.random.random() < 0.7:
        done.append("leave")
        QTest.mouseClick(controller.panel.leave, LEFT)
        if controller.runner is not None:
            # The panel may be behind another one, where no mouse reaches it.
            controller.leave()
    if controller.runner is None and hands.random.random() < 0.5:
        # At once, while the worker still takes the project up again.
        done.append(_undone_and_redone(hands))
    return ", ".join(done)


def _lesson_deed(hands: Hands) -> str:
    controller = hands.window.lessons
    runner, panel = controller.runner, controller.panel
    assert runner is not None
    what = hands.random.choice(
        ("jump", "jump", "jump", "button", "show", "reset", "predict", "other", "wait", "again")
    )
    if what == "jump":
        to = hands.random.randrange(len(runner.lesson.steps))
        panel.step_requested.emit(to)
        return f"jump to {to + 1}"
    if what == "button":
        button = hands.random.choice(
            (panel.hint, panel.next, panel.extra, panel.back, panel.onward)
        )
        if button.isVisible() and button.isEnabled():
            QTest.mouseClick(button, LEFT)
        return f"press {button.text()}"
    if what == "show":
        panel.show_requested.emit()
    elif what == "reset":
        hands.random.choice((panel.reset_requested, panel.restart_requested)).emit()
    elif what == "predict":
        for asked in runner.step.predictions:
            said = hands.random.choice(asked.choices or (0.5,))
            controller.predict(asked, said, hands.random.randint(1, 3))
    elif what == "other":
        deed: Callable[[Hands], str] = hands.random.choice(
            (train, press_key, undo_or_redo, change_layer)
        )
        return f"{deed.__name__} {deed(hands)}"
    elif what == "wait":
        wait(hands.random.choice((1, 30, 150)))
    else:
        path = hands.random.choice(sorted(lessons.shipped()))
        controller.open(path)
        return f"open {path.parent.name} from within"
    return what


def _undone_and_redone(hands: Hands) -> str:
    stack, before = hands.document.undo_stack, hands.document.network
    times = min(stack.index(), hands.random.randint(1, 4))
    for _ in range(times):
        hands.window.actions_by_id["undo"].trigger()
    if hands.random.random() < 0.5:
        wait(0)
    for _ in range(times):
        hands.window.actions_by_id["redo"].trigger()
    if hands.document.network != before:
        hands.report.failures.append(f"undo and redo ×{times} led to another network")
    return f"undo and redo ×{times}"


def import_weights(hands: Hands) -> str:
    """Write the weights, train on, and take them from the file again; then perhaps undo that."""
    hands.settle()
    if hands.document.analysis.lowered is None or hands.engine.snapshot.failure is not None:
        return "nothing"
    suffix = hands.random.choice((".npz", ".safetensors"))
    path = hands.folder / f"weights{suffix}"
    then, network = hands.engine.weights(), hands.document.network
    if hands.random.random() < 0.7 and not hands.window.project.export_path(path):
        return "not exported"
    for _ in range(hands.random.randint(1, 3)):
        hands.window.actions_by_id["step_batch"].trigger()
    if hands.random.random() < 0.3:
        hands.window.actions_by_id["back_batch"].trigger()
    hands.settle()
    if hands.document.network is not network:
        # A step takes over what is typed and not yet entered.
        return "typed meanwhile"
    if not path.exists() or hands.engine.snapshot.failure is not None:
        return "nothing to import"
    if hands.window.lessons.is_busy:
        return "while a lesson is at work"
    before, cursor = hands.engine.weights(), hands.engine.snapshot.cursor
    written = path.stat().st_mtime_ns
    if not hands.window.weights.open(path):
        hands.settle()
        if hands.document.network is not network or not same_weights(
            hands.engine.weights(), before
        ):
            hands.report.failures.append("weights that were not imported changed something")
        hands.complaints.clear()
        return f"{path.name}, not taken"
    hands.settle()
    if hands.engine.snapshot.refused or hands.engine.snapshot.failure:
        return "no room"
    if hands.document.network != network:
        hands.report.failures.append("importing weights changed the network")
    now, fits = hands.engine.weights(), path.stat().st_mtime_ns == written
    if now.keys() != then.keys():
        hands.report.failures.append("importing weights changed which there are")
    elif fits and hands.random.random() < 0.6 and cursor is not None:
        hands.window.actions_by_id["undo"].trigger()
        hands.settle()
        if hands.document.network is not network:
            hands.report.failures.append("undo of an import leads to another network")
        if cursor.index == 0 and not same_weights(hands.engine.weights(), before):
            hands.report.failures.append("undo of an import leads to other weights")
        return f"{path.name}, undone"
    return path.name


def branch(hands: Hands) -> str:
    """Begin branches, change the past, and go to and fro between them."""
    engine, done = hands.engine, []
    for _ in range(hands.random.randint(1, 4)):
        snapshot = engine.snapshot
        what = hands.random.choice(("fork", "seek", "switch", "switch", "drop", "rate", "wait"))
        if what == "fork":
            engine.fork()
        elif what == "seek":
            engine.seek(hands.random.randint(snapshot.first, max(snapshot.first, snapshot.live)))
        elif what in ("switch", "drop") and snapshot.branches:
            view = hands.random.choice(snapshot.branches)
            (engine.switch if what == "switch" else engine.drop_branch)(view.id)
            what = f"{what} {view.name}"
        elif what == "rate":
            setup = hands.window.setup
            hands.edit(setup.editor("batch_size"))
        else:
            wait(5)
        done.append(what)
    return ", ".join(done)
