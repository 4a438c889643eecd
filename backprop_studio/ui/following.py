"""How a panel follows training: it asks anew when the moment has changed, and not too often."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtWidgets import QWidget

from backprop_studio.autograd import Phase, Program
from backprop_studio.network import Analysis
from backprop_studio.training import Session, Snapshot, State
from backprop_studio.ui.asking import Ask, Enquiry

PAUSE = 0.6
"""Seconds between two questions while training runs, at least."""

SHARE = 0.08
"""Of the time that training runs, what the questions of a panel may take of it."""

Question = Callable[[Session], Any]


class Follower:
    """Asks one question again and again, as what is kept by the network changes.

    While training is paused it asks at every moment with other weights; while it runs, at most
    every `PAUSE` seconds, and less often where the answers take long; while the panel is hidden,
    not at all.

    Parameters
    ----------
    panel
        Whose question it is.
    ask
        Asks the worker.
    question
        Makes the question; None where there is nothing to ask.
    answer
        Gets what comes back.
    failed
        Gets the reason when nothing comes back.
    """

    def __init__(
        self,
        panel: QWidget,
        ask: Ask,
        question: Callable[[], Question | None],
        answer: Callable[[Any], object],
        failed: Callable[[str], object],
    ) -> None:
        self._panel = panel
        self._question = question
        self._answer = answer
        self._enquiry = Enquiry(ask, failed)
        self._update = 0
        self._program: Program | None = None
        self._moment: object = None
        self._asked: object = None
        self._looked = 0.0
        self._took = 0.0
        self._running = False

    def set_network(self, analysis: Analysis) -> bool:
        """Take over another network; True when its program is another, and all is forgotten."""
        program = analysis.program
        if program is not None and program == self._program:
            return False
        self._program = program
        self._update = 0 if program is None else program.start_of(Phase.UPDATE)
        self._enquiry.reset()
        self._moment, self._asked = None, None
        return True

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Take note of another moment, and ask if need be."""
        cursor = snapshot.cursor
        if cursor is None:
            self._moment = None
            return
        self._running = snapshot.state is State.RUNNING
        moment = snapshot.completed, max(cursor.index - self._update, 0)
        self._moment = (snapshot.revision, snapshot.branch, moment, snapshot.edited, self._running)
        self.refresh()

    def refresh(self) -> None:
        """Ask, unless the answer is known, or it is too soon."""
        if self._moment == self._asked or self._enquiry.busy:
            return
        wait = max(PAUSE, self._took / SHARE)
        if not self._running or time.monotonic() - self._looked >= wait:
            self.ask()

    def ask(self) -> None:
        """Ask now: what is asked has changed."""
        if self._moment is None or not self._panel.isVisible():
            return
        question = self._question()
        if question is not None:
            self._asked, self._looked = self._moment, time.monotonic()
            self._enquiry.put(partial(_timed, question), self._receive)

    def _receive(self, timed: tuple[float, Any]) -> None:
        self._took, result = timed
        self._answer(result)
        if not self._running:
            # The moment may have changed while the answer was on its way.
            self.refresh()


def _timed(question: Question, session: Session) -> tuple[float, Any]:
    began = time.perf_counter()
    result = question(session)
    return time.perf_counter() - began, result
