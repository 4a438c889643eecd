"""How a panel asks the worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from backprop_studio.training import Session, Snapshot, State

Ask = Callable[[Callable[[Session], Any], Callable[[Any], object], Callable[[], object]], None]
"""`ask(question, answer, dropped)`: the question runs on the worker's thread, and the answer comes
back here; or `dropped` is called, as the network that it is about is no more."""


def resting_at(snapshot: Snapshot) -> tuple[int, int, int] | None:
    """The iteration that a paused run is in; None while it runs, and where there is no run.

    For panels that tell of a whole iteration: an op more changes no number of it, but a number
    that is put in by hand does, and so makes another moment.
    """
    cursor = snapshot.cursor
    if cursor is None or snapshot.state is State.RUNNING:
        return None
    return snapshot.branch, cursor.iteration, cursor.index if snapshot.edited else 0


@dataclass(frozen=True)
class _Failure:
    reason: str


class Enquiry:
    """The questions of one panel: one at a time, and of those that wait only the newest.

    Parameters
    ----------
    ask
        Asks the worker.
    failed
        Called with the reason when a question could not be answered.
    """

    def __init__(self, ask: Ask, failed: Callable[[str], object]) -> None:
        self._ask = ask
        self._failed = failed
        self._round = 0
        self._busy = False
        self._next: tuple[Callable[[Session], Any], Callable[[Any], object]] | None = None

    @property
    def busy(self) -> bool:
        """Whether an answer is waited for."""
        return self._busy

    def put(self, question: Callable[[Session], Any], answer: Callable[[Any], object]) -> None:
        """Ask now, or as soon as the last question is answered.

        Parameters
        ----------
        question
            Called with the session, which it must leave as it is, on the worker's thread.
        answer
            Called with what `question` returned, on the thread of the window.
        """
        if self._busy:
            self._next = question, answer
            return
        self._busy = True
        self._ask(
            partial(_guarded, question),
            partial(self._receive, self._round, answer),
            partial(self._receive, self._round, lambda _: None, None),
        )

    def reset(self) -> None:
        """Forget what is waited for, as the network it was about is no more."""
        self._round += 1
        self._busy, self._next = False, None

    def _receive(self, number: int, answer: Callable[[Any], object], result: Any) -> None:
        if number != self._round:
            return
        self._busy = False
        waiting, self._next = self._next, None
        if isinstance(result, _Failure):
            self._failed(result.reason)
        else:
            answer(result)
        if waiting is not None:
            self.put(*waiting)


def _guarded(question: Callable[[Session], Any], session: Session) -> Any:
    try:
        return question(session)
    except Exception as error:  # told to the panel, which would wait for ever otherwise
        return _Failure(str(error) or type(error).__name__)
