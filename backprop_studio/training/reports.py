"""What the screen is sent of a session: new points of the curves, branches, watched values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from backprop_studio.autograd import KEPT, Array
from backprop_studio.training.mailbox import Mailbox
from backprop_studio.training.messages import BranchView, CurveUpdate, Snapshot
from backprop_studio.training.metrics import TEST_COLUMNS
from backprop_studio.training.session import Session
from backprop_studio.training.timeline import Branch, Timeline


class Curves:
    """Sends the points of the curves that the screen has not had.

    Parameters
    ----------
    mailbox
        Where the screen finds them.
    """

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._sent = (0, 0)
        self._keep_until: float | None = None

    def begin(self, keep_until: float) -> None:
        """Another session goes on; of the points shown, those up to this epoch stay."""
        self._sent = (0, 0)
        self._keep_until = keep_until

    def clear(self) -> None:
        """Let no point that was sent stay on the screen."""
        self._keep_until = -1.0

    def send_all(self, branch: Branch) -> None:
        """Send a branch's curves anew, from its first ancestor on."""
        self._mailbox.add(CurveUpdate(-1.0, branch.all_losses(), branch.all_tests()))
        self._note(branch.session)

    def send(self, session: Session | None) -> None:
        """Send what is new; without a session, only what stays of what was sent before."""
        if session is None:
            losses, tests = np.empty((0, 2)), np.empty((0, TEST_COLUMNS))
        else:
            losses, tests = (
                series.points[sent:].copy()
                for series, sent in zip((session.losses, session.tests), self._sent, strict=True)
            )
        if len(losses) or len(tests) or self._keep_until is not None:
            self._mailbox.add(CurveUpdate(self._keep_until, losses, tests))
        self._note(session)

    def _note(self, session: Session | None) -> None:
        self._keep_until = None
        if session is not None:
            self._sent = len(session.losses), len(session.tests)


def views_of(timeline: Timeline) -> tuple[BranchView, ...]:
    """All branches as the screen shows them."""
    active = timeline.active
    return tuple(_view_of(branch, resting=branch is not active) for branch in timeline.branches)


def _view_of(branch: Branch, *, resting: bool) -> BranchView:
    """A branch as the screen shows it."""
    session = branch.session
    points, tests = session.losses.points, session.tests.points
    return BranchView(
        branch.id,
        branch.name,
        branch.revision,
        session.start / session.batches_per_epoch,
        session.live.iteration,
        # Nothing is added to a branch that rests: its points need no copy.
        points if resting else points[:0],
        tests if resting else tests[:0],
        branch.all_events(),
    )


def moment_of(told: Snapshot, session: Session, arrays: Mapping[int, Array]) -> Snapshot:
    """A snapshot with where a session stands, and these arrays of it."""
    return replace(
        told,
        cursor=session.cursor,
        epoch=session.epochs,
        batch_size=session.machine.batch,
        loss=session.last_loss,
        test=session.last_test,
        arrays=arrays,
        completed=session.completed,
        live=session.live.iteration,
        edited=session.cursor in session.interventions,
        element=session.element,
        elements=session.elements,
    )


def copies(session: Session, watched: Collection[int], *, last: bool) -> dict[int, Array]:
    """Read-only copies of those watched values that exist at the cursor, by their ids.

    Parameters
    ----------
    session
        Whose values they are.
    watched
        Ids of values; those that the program has not are left out.
    last
        Add what the last instruction read and wrote.
    """
    program, index = session.program, session.cursor.index
    wanted = set(watched)
    if last and index > 0:
        instr = program.instructions[index - 1]
        wanted.update(instr.inputs, instr.outputs)
    out: dict[int, Array] = {}
    for i in wanted:
        if not 0 <= i < len(program.values):
            continue
        kept = program.values[i].role in KEPT
        if kept or program.producer.get(i, index) < index:
            array = np.array(session.machine.array(i))
            array.flags.writeable = False
            out[i] = array
    return out
