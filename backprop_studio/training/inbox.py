"""What the worker is told to do, in order, and what it is asked, when there is time for it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue

from backprop_studio.training.messages import Ask, Command, Load

SHARE = 0.08
"""Of the time that training runs, what all questions together may take."""

LONGEST = 0.5
"""Seconds of training that a question waits for at most, however long the last one took."""


class Inbox:
    """Commands that wait for the worker, and questions behind them.

    A command never waits for a question: whoever presses a key is served before the panels that
    follow. While training runs, questions get a share of the time, however many there are.

    Parameters
    ----------
    clock
        Tells how many seconds the worker has worked. Time in which other programs had the
        processor counts neither for the questions nor for training.
    """

    def __init__(self, clock: Callable[[], float] = time.thread_time) -> None:
        self._clock = clock
        self._arrived: SimpleQueue[Command] = SimpleQueue()
        self._commands: deque[Command] = deque()
        self._questions: deque[Ask] = deque()
        self._due = 0.0

    def put(self, command: Command) -> None:
        """Leave something for the worker; any thread may call this."""
        self._arrived.put(command)

    @property
    def empty(self) -> bool:
        """Whether nothing has arrived that `take` has not looked at."""
        return self._arrived.empty()

    def take(self, wait: float | None, *, sparing: bool = False) -> Command | None:
        """The next thing to do.

        Parameters
        ----------
        wait
            Seconds to wait for one, at most; None waits for ever.
        sparing
            Whether a question has to wait until the last one was long enough ago.

        Returns
        -------
        Command or None
            The oldest command or, without one, the oldest question; None when none is due.
        """
        self._sort()
        found = self._next(sparing)
        if found is not None or wait == 0:
            return found
        try:
            self._file(self._arrived.get(timeout=wait))
        except Empty:
            return None
        self._sort()
        return self._next(sparing)

    def answered(self, seconds: float) -> None:
        """Say that a question took so long: the next one is due when training had its share."""
        self._due = self._clock() + min(seconds * (1 / SHARE - 1), LONGEST)

    def pressed(self) -> bool:
        """Whether a command waits."""
        self._sort()
        return bool(self._commands)

    def put_back(self, question: Ask) -> None:
        """Leave a question that gave way to a command, to be taken before the others."""
        if any(isinstance(command, Load) for command in self._commands):
            question.reply.cancel()
        else:
            self._questions.appendleft(question)

    def _sort(self) -> None:
        while not self._arrived.empty():
            self._file(self._arrived.get())

    def _file(self, command: Command) -> None:
        if isinstance(command, Ask):
            self._questions.append(command)
            return
        if isinstance(command, Load):
            # What was asked before is about a network that is no more.
            for question in self._questions:
                question.reply.cancel()
            self._questions.clear()
        self._commands.append(command)

    def _next(self, sparing: bool) -> Command | None:
        if self._commands:
            return self._commands.popleft()
        if self._questions and not (sparing and self._clock() < self._due):
            return self._questions.popleft()
        return None
