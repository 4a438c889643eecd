"""Keyframes of a training run, within a budget of bytes."""

from __future__ import annotations

from bisect import bisect_right

from backprop_studio.autograd import Saved

DEFAULT_BUDGET = 64 * 2**20
"""Bytes that keyframes may take."""

FIRST_INTERVAL = 16
"""Iterations between keyframes at first: copying costs about a hundredth of the training."""


class Journal:
    """Copies of all parameters and optimizer state at the start of some iterations.

    Any other moment is reached by replay from the nearest earlier keyframe; the same program on
    the same numbers gives the same bits. When the budget is used up, every second keyframe goes
    and the interval doubles, so that the whole run stays within reach.
    """

    def __init__(self, budget: int = DEFAULT_BUDGET) -> None:
        self.budget = budget
        self.interval = FIRST_INTERVAL
        self._iterations: list[int] = []
        self._saved: list[Saved] = []

    @property
    def nbytes(self) -> int:
        """Bytes taken by the keyframes."""
        return sum(s.nbytes for s in self._saved)

    @property
    def first(self) -> int:
        """The earliest iteration that can be gone back to."""
        return self._iterations[0]

    def wants(self, iteration: int) -> bool:
        """Whether the start of this iteration should become a keyframe."""
        if not self._iterations:
            return True
        return iteration >= self._iterations[-1] + self.interval

    def add(self, iteration: int, saved: Saved) -> None:
        """Keep a keyframe; it must be later than all others."""
        self._iterations.append(iteration)
        self._saved.append(saved)
        # The first keyframe always stays: it is how the run began.
        while len(self._saved) > 2 and self._saved[-1].nbytes * len(self._saved) > self.budget:
            self._iterations = self._iterations[::2]
            self._saved = self._saved[::2]
            self.interval *= 2

    def before(self, iteration: int) -> tuple[int, Saved]:
        """The last keyframe at or before the start of `iteration`."""
        place = bisect_right(self._iterations, iteration) - 1
        if place < 0:
            raise IndexError(f"iteration {iteration} is before the first keyframe")
        return self._iterations[place], self._saved[place]
