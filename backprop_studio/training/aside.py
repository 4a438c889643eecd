"""A run that waits while another document is on the screen."""

from __future__ import annotations

from dataclasses import dataclass

from backprop_studio.errors import Diagnostic
from backprop_studio.training.memory import Memory
from backprop_studio.training.messages import Load, Snapshot, State
from backprop_studio.training.timeline import Timeline


@dataclass(frozen=True, eq=False)
class Aside:
    """All that belongs to a run, out of the worker's hands until it is brought back.

    Attributes
    ----------
    state
        What the worker was doing; it does not run.
    timeline
        The branches with their sessions.
    memory
        Weights of layers that may come back.
    load
        What is trained; None before the first network.
    barred
        A change that there was no room for as another branch.
    failure
        Why the state is FAILED.
    snapshot
        The run as it was left.
    """

    state: State
    timeline: Timeline
    memory: Memory
    load: Load | None
    barred: Load | None
    failure: Diagnostic | None
    snapshot: Snapshot
