"""Carries out a solution without a window: the worker of the app, driven by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from backprop_studio.autograd import Array, Phase
from backprop_studio.errors import Diagnostic, StudioError
from backprop_studio.insight.check import check_gradients
from backprop_studio.lessons.actions import (
    Action,
    BranchOff,
    CheckGradients,
    Epochs,
    Open,
    Restart,
    Seek,
    SetBreakpoint,
    SetNumber,
    StepBack,
    StepOn,
    set_at_once,
)
from backprop_studio.lessons.expressions import Expression, locate, parse_expression
from backprop_studio.lessons.facts import MAX_CURVE, Curves, Facts, observe
from backprop_studio.lessons.runner import LessonError
from backprop_studio.network import Network, analyze
from backprop_studio.project import Project
from backprop_studio.training import (
    Back,
    Boundary,
    Breakpoint,
    Command,
    Fork,
    Intervene,
    Intervention,
    Load,
    Mailbox,
    Session,
    SetBreakpoints,
    State,
    Step,
    Weights,
    Worker,
)
from backprop_studio.training import Restart as RestartRun
from backprop_studio.training import Seek as SeekTo
from backprop_studio.training.breakpoints import AtPhase

CHECK_SECONDS = 5.0
"""Most that a gradient check may take; every parameter gets one entry at least."""


def command_of(
    action: Action, network: Network, session: Session | None, breakpoints: tuple[Breakpoint, ...]
) -> tuple[Command, ...]:
    """What to tell the worker for an action; nothing for what does not concern it.

    Raises
    ------
    LessonError
        A number is to be put in where there is none.
    """
    match action:
        case StepOn(step=size, times=times):
            return (Step(Boundary(size)),) * times
        case StepBack(back=size, times=times):
            return (Back(Boundary(size)),) * times
        case Epochs(epochs=count):
            return (Step(Boundary.EPOCH),) * count
        case Seek(seek=completed):
            return (SeekTo(completed),)
        case Restart():
            return (RestartRun(),)
        case BranchOff():
            return (Fork(),)
        case SetBreakpoint(breakpoint=phase):
            return (SetBreakpoints((*breakpoints, AtPhase(Phase[phase.upper()]))),)
        case SetNumber(number=text, to=number):
            return (Intervene(_intervention(text, number, network, session)),)
    return ()


def _intervention(
    text: str, number: float, network: Network, session: Session | None
) -> Intervention:
    try:
        expression = parse_expression(text if ":" in text else f"value:{text}")
    except ValueError as error:
        raise LessonError("lesson-action", reason=str(error)) from None
    value = None if session is None else locate(expression, network, session)
    if session is None or value is None:
        raise LessonError("lesson-action", reason=f"there is no number '{text}'")
    if expression.kind == "grad":
        value = session.program.gradients.get(value, value)
    entry = expression.entry or (0,) * session.machine.array(value).ndim
    return Intervention(value, entry, number)


@dataclass(frozen=True)
class _Nobody:
    """Hears nothing: there is no screen."""

    def __call__(self) -> None: ...


class Driver:
    """A document and its run without a window.

    Parameters
    ----------
    project
        What is opened.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self.network = project.network
        self.worker = Worker(Mailbox(), _Nobody())
        self.opened: frozenset[str] = frozenset()
        self.breakpoints: tuple[Breakpoint, ...] = ()
        self.gradient_error: float | None = None
        self._curves = Curves()
        self._revision = 0
        self._load(project.weights, forget=True)

    @property
    def session(self) -> Session | None:
        """The run; None while the network cannot be trained."""
        return None if self.worker.state is State.EMPTY else self.worker.session

    def perform(self, action: Action) -> None:
        """Do what an action says.

        Raises
        ------
        StudioError
            It cannot be done.
        """
        if isinstance(action, Open):
            self.opened |= {action.open}
            return
        if isinstance(action, CheckGradients):
            self.opened |= {"gradient_check"}
            checks = check_gradients(CHECK_SECONDS, self._require())
            self.gradient_error = max((c.error for c in checks), default=None)
            return
        network = action.edit(self.network)
        if network != self.network:
            self.edit(network)
        for command in command_of(action, self.network, self.session, self.breakpoints):
            if isinstance(command, SetBreakpoints):
                self.breakpoints = command.breakpoints
            self.tell(command)

    def begin(self, scene: Sequence[Action] | None) -> None:
        """Begin again with the project that was opened.

        Parameters
        ----------
        scene
            Changes it, and its first weights are drawn anew; None for as it was, weights and all.

        Raises
        ------
        StudioError
            It cannot be done.
        """
        self.opened, self.gradient_error = frozenset(), None
        if scene is None:
            self.network = self._project.network
            self._load(self._project.weights, forget=True)
            return
        network, rest = set_at_once(self._project.network, scene)
        self.edit(network)
        for action in (Restart(restart=True), *rest):
            self.perform(action)

    def edit(self, network: Network) -> None:
        """Make this the document."""
        before, self.network = self.network, network
        if not before.trains_like(network):
            self._load({}, forget=False)

    def tell(self, command: Command) -> None:
        """Let the worker carry out a command.

        Raises
        ------
        StudioError
            It is refused, or training fails.
        """
        self._require()
        self.worker.turn(command)
        self._see()
        snapshot, _ = self.worker.mailbox.take()
        problem = None if snapshot is None else snapshot.failure or snapshot.refused
        if problem is not None:
            raise _error(problem)

    def facts(
        self,
        wanted: Iterable[Expression] = (),
        answers: Mapping[str, float | int] | None = None,
    ) -> Facts:
        """What is so now."""
        session = self.session
        moment = None if session is None else observe(self.network, wanted, session)
        return Facts(
            network=self.network,
            moment=moment,
            branches=len(self.worker.timeline.branches),
            breakpoints=self.breakpoints,
            opened=self.opened,
            gradient_error=self.gradient_error,
            earlier=self._see(),
            answers=answers or {},
        )

    def _see(self) -> tuple[Array, ...]:
        session = self.session
        if session is None:
            return ()
        resting = (b for b in self.worker.timeline.branches if b.session is not session)
        earlier = self._curves.see(session.losses.points[:MAX_CURVE, 1].copy())
        return (*earlier, *(b.all_losses()[:, 1] for b in resting))

    def _load(self, weights: Weights, *, forget: bool) -> None:
        self._revision += 1
        lowering = analyze(self.network).lowering
        load = Load(self._revision, lowering, self.network.setup, weights, forget)
        self.worker.turn(load)
        self.worker.mailbox.take()

    def _require(self) -> Session:
        session = self.session
        if session is None:
            # Says what is wrong with the network.
            analyze(self.network).require()
            raise LessonError("lesson-action", reason="training is not possible")
        return session


def _error(problem: Diagnostic) -> StudioError:
    return LessonError("lesson-action", reason=problem.text.rstrip("."))
