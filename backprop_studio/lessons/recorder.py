"""Writes down what a learner does in a lesson, so that it can be done again and compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from backprop_studio.network import Network
from backprop_studio.project import encode
from backprop_studio.training import (
    Back,
    Command,
    Cursor,
    DropBranch,
    Fork,
    Intervene,
    Load,
    Restart,
    Run,
    Seek,
    SetBreakpoints,
    Snapshot,
    State,
    Step,
    Switch,
)
from backprop_studio.training.breakpoints import AtPhase, Breakpoint

MAX_EVENTS = 20_000

Place = tuple[int, int]
"""A moment of the run: iteration, and instructions of it that were executed."""


class Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing that was done.

    Attributes
    ----------
    do
        What: `begin`, `design`, `restart`, `number`, `fork`, `switch`, `drop`, `stops`, `open`,
        `gradient_check`, `go`, `predict`, `answer`, `done`, or `passed`, where a step was done in
        the app for the sake of a later one.
    at
        Where the run stood before; None where that does not matter.
    far
        How far it had been since the last event, if further than `at`.
    id
        Of the step, the prediction or the question; key of the panel. With `begin`, the lesson's
        project is put on the screen as it was, and this step is in front.
    said
        What was said.
    sure
        Confidence of a prediction, in percent.
    network
        The design, as in a project file.
    branch
        Id of the branch.
    value, entry, number
        What was put in by hand.
    phases, others
        Breakpoints before phases, and how many others there are.
    """

    do: str
    at: Place | None = None
    far: Place | None = None
    id: str = ""
    said: str | float | None = None
    sure: int = 0
    network: dict[str, Any] | None = None
    branch: int = 0
    value: int = 0
    entry: tuple[int, ...] = ()
    number: float = 0.0
    phases: tuple[int, ...] = ()
    others: int = 0


class Recorder:
    """The events of one lesson, from its beginning.

    Parameters
    ----------
    before
        Those of earlier sittings.
    """

    def __init__(self, before: Sequence[Event] = ()) -> None:
        self.events: list[Event] = list(before)
        self.is_full = len(self.events) >= MAX_EVENTS
        self._kept = len(self.events)
        self._last: Place | None = None
        self._far: Place | None = None
        self._moving = False
        self._open: list[int] = []
        """Events whose moment is not known yet."""
        self._begun = False
        self._revision = 0

    def begin(self, step: str = "") -> None:
        """What comes now is the lesson; before was the opening of its project.

        Parameters
        ----------
        step
            Id of the step that is in front, where something was done before; empty where the
            lesson begins.
        """
        self._begun = True
        if step and not self.is_full:
            self._put(Event("begin", id=step))

    def take_settled(self, *, ending: bool = False) -> list[Event]:
        """What is to be kept and was not taken yet: events that will not change any more.

        Parameters
        ----------
        ending
            Whether nothing comes after these.
        """
        end = len(self.events) if ending else min(self._open, default=len(self.events))
        taken, self._kept = self.events[self._kept : end], max(self._kept, end)
        return taken

    def hear(self, command: Command, network: Network) -> None:
        """Take note of a command on its way to the worker.

        Parameters
        ----------
        command
            The command.
        network
            The document at this moment.
        """
        match command:
            case Run() | Step() | Back() | Seek():
                self._moving = True
            case Load(revision=revision, forget=forget):
                self._revision = revision
                if self._begun and not forget:
                    self._add(Event("design", network=plain(network)))
                self._last, self._far, self._moving = None, None, True
            case Restart():
                # What came before is over: where it was done is not known yet, nor needed.
                self._open.clear()
                if self._begun and not self.is_full:
                    at = None if self._moving else self._last
                    self._put(Event("restart", at=at))
                self._last, self._far, self._moving = None, None, True
            case Fork():
                self._add(Event("fork"))
            case Switch(branch=branch):
                self._add(Event("switch", branch=branch))
                self._moving = True
            case DropBranch(branch=branch):
                self._add(Event("drop", branch=branch))
            case Intervene(intervention=put_in):
                self._add(
                    Event("number", value=put_in.value, entry=put_in.entry, number=put_in.number)
                )
            case SetBreakpoints(breakpoints=points):
                self._add(stops_event(points))

    def see(self, snapshot: Snapshot, length: int) -> None:
        """Take note of where the run stands.

        Parameters
        ----------
        snapshot
            What the worker says.
        length
            Instructions of a training step.
        """
        if snapshot.cursor is None or snapshot.revision != self._revision:
            return
        here = place(snapshot.cursor, length)
        self._far = here if self._far is None else max(self._far, here)
        if snapshot.state is State.RUNNING:
            return
        self._last, self._moving = here, False
        for index in self._open:
            event = self.events[index]
            # A design that came while training ran took over where its own run begins.
            at = (snapshot.first, 0) if event.do == "design" else here
            self.events[index] = msgspec.structs.replace(event, at=at)
        self._open.clear()

    def note(self, event: Event, at: Place | None) -> None:
        """Write down what the learner did in the lesson itself."""
        if self._begun and not self.is_full:
            self._put(msgspec.structs.replace(event, at=at))

    @property
    def last(self) -> Place | None:
        """Where the run stood when it was last seen at rest."""
        return self._last

    def _add(self, event: Event) -> None:
        if not self._begun or self.is_full:
            return
        if self._moving:
            self._open.append(len(self.events))
            self._put(event)
        else:
            self._put(msgspec.structs.replace(event, at=self._last))

    def _put(self, event: Event) -> None:
        if event.at is not None and self._far is not None and self._far > event.at:
            event = msgspec.structs.replace(event, far=self._far)
        self._far = event.at
        self.events.append(event)
        self.is_full = len(self.events) >= MAX_EVENTS


def place(cursor: Cursor, length: int) -> Place:
    """A cursor, the end of an iteration being the start of the next one."""
    if cursor.index == length:
        return cursor.iteration + 1, 0
    return cursor.iteration, cursor.index


def plain(network: Network) -> dict[str, Any]:
    """A network as in a project file."""
    made: dict[str, Any] = msgspec.json.decode(encode(network))
    return made


def stops_event(points: tuple[Breakpoint, ...]) -> Event:
    """Breakpoints as an event."""
    phases = tuple(int(p.phase) for p in points if isinstance(p, AtPhase))
    return Event("stops", phases=phases, others=len(points) - len(phases))
