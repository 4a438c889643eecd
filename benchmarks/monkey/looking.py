"""A look at everything that must be true at any time, whatever was done before."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

from backprop_studio.autograd import Program
from backprop_studio.network import Network, grouping
from backprop_studio.network.marks import MAX_DEPTH
from backprop_studio.training import State
from backprop_studio.training.giving_back import give_back
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.panels.gradients import GRADIENT
from benchmarks.monkey.hands import Hands
from benchmarks.screen import resident, wait_until

NOISE = (
    "This plugin does not support propagateSizeHints",
    "This plugin does not support raise",
    "This plugin does not support grabbing the keyboard",
)
"""What Qt says of a screen in memory, at every window, tooltip and list that drops down."""


class _Log(logging.Handler):
    def __init__(self, found: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._found = found

    def emit(self, record: logging.LogRecord) -> None:
        trace = record.exc_info[1] if record.exc_info else None
        why = "".join(traceback.format_exception(trace)) if trace else ""
        self._found.append(f"logged: {record.getMessage()}\n{why}")


@contextmanager
def listening(found: list[str]) -> Iterator[None]:
    """Collect whatever is raised, warned about by Qt, or logged as an error."""

    def raised(kind: object, error: BaseException | None, trace: object) -> None:
        found.append("raised: " + "".join(traceback.format_exception(error)))

    def said(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        bad = (QtMsgType.QtWarningMsg, QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg)
        if kind in bad and not text.startswith(NOISE):
            found.append(f"Qt says: {text}\n" + "".join(traceback.format_stack(limit=12)))

    def warned(text: Warning | str, kind: type[Warning], file: str, line: int, *_: object) -> None:
        where = "".join(traceback.format_stack(limit=12))
        found.append(f"warned: {kind.__name__}: {text} at {file}:{line}\n{where}")

    hooks = sys.excepthook, threading.excepthook
    handler = _Log(found)
    logger = logging.getLogger("backprop_studio")
    sys.excepthook = raised
    threading.excepthook = lambda args: raised(None, args.exc_value, None)
    before = qInstallMessageHandler(said)
    show = warnings.showwarning
    warnings.showwarning = warned
    logger.addHandler(handler)
    try:
        yield
    finally:
        warnings.showwarning = show
        logger.removeHandler(handler)
        qInstallMessageHandler(before)
        sys.excepthook, threading.excepthook = hooks


def check(hands: Hands) -> None:
    """Look at everything that must be true at any time."""
    say = hands.report.failures.append
    if not hands.engine._thread.isRunning():
        say("the worker's thread has ended")
        return
    _let_the_lesson_end(hands.window)
    hands.settle()
    for problem in unlike(hands.window):
        say(problem)
    _undo_and_redo(hands, say)
    hands.settle()
    for problem in unlike(hands.window):
        say(f"after undo and redo: {problem}")
    if hands.complaints and not hands.expects_complaint:
        say(f"a dialog complained: {hands.complaints}")
    hands.complaints.clear()
    hands.expects_complaint = False
    # Of what is free, the allocator keeps more or less: that says nothing of what is held.
    give_back()
    hands.report.memory.append((hands.report.actions, resident()))


def _let_the_lesson_end(window: MainWindow) -> None:
    """Wait until a step is ready and shown; whatever came between, it must come to an end."""
    controller = window.lessons

    def at_rest() -> bool:
        runner = controller.runner
        return runner is None or not (runner.is_held or controller.is_busy)

    wait_until(at_rest, "the step of the lesson is made ready", 60.0)


def _undo_and_redo(hands: Hands, say: Callable[[str], None]) -> None:
    stack, before = hands.document.undo_stack, hands.document.network
    times = min(stack.index(), hands.random.randint(1, 12))
    for _ in range(times):
        stack.undo()
    for _ in range(times):
        stack.redo()
    if hands.document.network != before:
        say(f"undo ×{times} and redo ×{times} leads to another network")


def unlike(window: MainWindow) -> Iterator[str]:
    """Where the screen is unlike the document, once everything is answered."""
    document, engine = window._document, window._engine
    network, analysis, scene = document.network, document.analysis, window.canvas.canvas_scene
    if analysis.network != network:
        yield "the analysis is of another network"
    places = {n.id: (n.x, n.y) for n in network.nodes}
    shown = {i: (item.x(), item.y()) for i, item in scene.nodes.items()}
    if shown != places:
        yield f"the scene shows {shown}, the document has {places}"
    if set(scene.wires) != set(network.wires):
        yield f"the scene shows {set(scene.wires)}, the document has {set(network.wires)}"
    if set(scene.marks.items) != set(network.marks):
        yield f"the scene shows {set(scene.marks.items)}, the document has {set(network.marks)}"
    known = {*scene.nodes.values(), *scene.wires.values(), *scene.marks.items.values()}
    if set(scene.items()) != known:
        yield "something is left over in the scene"
    yield from _unsound(network)
    if not set(window.canvas.selected_nodes()) <= set(places):
        yield "a node is selected that is not there"
    if window.isWindowModified() != window.project.has_changes():
        yield "the title does not tell whether the document is saved"
    if (window.setup.dataset.currentData() or "") != network.setup.dataset:
        yield "the set-up shows another data set"
    if window.setup.optimizer.currentData() != network.setup.optimizer.info.id:
        yield "the set-up shows another optimizer"
    lowered, state = analysis.lowered, engine.state
    if (lowered is None) != (state is State.EMPTY):
        yield f"the worker is {state}, and the document has {analysis.errors or 'no errors'}"
    failure = engine.snapshot.failure
    if failure is not None and failure.code == "worker-failed":
        yield f"the worker failed: {failure.text}"
    if lowered is not None:
        wanted = {(p.node, p.name) for p in lowered.program.parameters}
        if engine.weights().keys() != wanted:
            yield "the worker has other weights than the document"
        yield from _panels_unlike(window, lowered.program)
    yield from _told_otherwise(window)
    yield from _branches_unlike(window)
    if window.transport.run_button.isEnabled() == (state is State.EMPTY):
        yield f"Run can be pressed or not, against the state {state}"


def _panels_unlike(window: MainWindow, program: Program) -> Iterator[str]:
    """Where the panels are unlike the session, which must be at rest."""
    engine = window._engine
    session, cursor = engine._worker.session, engine.snapshot.cursor
    if session is None or cursor != session.cursor:
        yield f"the window stands at {cursor}, the session elsewhere"
        return
    # Points of earlier sessions, on the same data, stay before those of this one.
    shown, points = window.losses.losses, session.losses.points
    if not np.array_equal(shown[len(shown) - len(points) :], points):
        yield "the loss curve does not end with the losses of this session"
    if (np.diff(shown[:, 0]) <= 0).any():
        yield "the loss curve goes back in time"
    if window.gradients.isVisible() and window.gradients.what.currentData() == GRADIENT:
        tiles = {i for i, tile in window.gradients._tiles.items() if tile._data is not None}
        known = {
            p.id
            for p in program.parameters
            if p.id in program.gradients
            and program.producer[program.gradients[p.id]] < cursor.index
        }
        if tiles != known:
            yield f"gradients {tiles} are shown, {known} are computed"
    chosen = window.canvas.selected_nodes()
    if len(chosen) == 1:
        spec, form = window._document.network.node(chosen[0]).spec, window.inspector.form
        if set(form.names()) != {f.name for f in spec.fields()}:
            yield f"the inspector shows {form.names()} of {chosen[0]}"


def _told_otherwise(window: MainWindow) -> Iterator[str]:
    """Which panels were told of another network than the document's."""
    analysis = window._document.analysis
    program = analysis.program
    if window._untold:
        yield "the panels were not told of the network, although the worker has it"
    told = {
        "program": window.program._analysis,
        "breakpoints": window.breakpoints._analysis,
        "instruments": window.instruments._analysis,
    }
    if window.outline.isVisible():
        told["outline"] = window.outline._analysis
    for key, known in told.items():
        if known is None or known.program != program:
            yield f"{key} was told of another network"
    for key, knows in (
        ("gradients", window.gradients._program),
        ("current step", window.current_step._program),
        ("instruments", window.instruments._program),
    ):
        if knows != program:
            yield f"{key} shows another program"
    for key, panel in window.instruments._built.items():
        follower = getattr(panel, "_follower", None)
        if not panel.isVisible() or follower is None:
            continue
        if key in window.instruments._behind or follower._program != program:
            yield f"{key} is in sight and shows another network"


def _branches_unlike(window: MainWindow) -> Iterator[str]:
    """Where the branches cannot be gone back to, or the session trains another network."""
    engine, lowered = window._engine, window._document.analysis.lowered
    session = engine._worker.session
    if lowered is None or session is None or engine.snapshot.cursor is None:
        return
    if session.program != lowered.program:
        yield "the session runs another program than the document's"
    for branch in engine.snapshot.branches:
        if engine._trained.of(branch.revision) is None:
            yield f"the network of the branch {branch.name} is forgotten"


def _unsound(network: Network) -> Iterator[str]:
    ids = [n.id for n in network.nodes]
    names = [n.name for n in network.nodes]
    if len(set(ids)) < len(ids) or len(set(names)) < len(names):
        yield f"ids or names are not unique: {ids}, {names}"
    ends = [(w.target, w.port) for w in network.wires]
    if len(set(ends)) < len(ends):
        yield f"two wires end at one port: {network.wires}"
    if any(w.source not in network or w.target not in network for w in network.wires):
        yield f"a wire ends nowhere: {network.wires}"
    members = [m for group in network.groups for m in group.members]
    if len(set(members)) < len(members):
        yield f"something is in two groups: {network.groups}"
    if any(m not in network and m not in network.marks for m in members):
        yield f"a group holds what is not there: {network.groups}"
    if any(group.id in grouping.contents(network, group.members) for group in network.groups):
        yield f"a group is in itself: {network.groups}"
    if grouping.depth(network) > MAX_DEPTH:
        yield f"groups lie too deep: {network.groups}"
