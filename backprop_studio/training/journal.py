"""Keyframes of a training run, within a budget of bytes."""

from __future__ import annotations

from bisect import bisect_right

from backprop_studio.autograd import Saved
from backprop_studio.network.memory import JOURNAL_BYTES

DEFAULT_BUDGET = JOURNAL_BYTES
"""Bytes that keyframes may take."""

DEFAULT_INTERVAL = 16
"""Iterations between keyframes: copying then costs about a hundredth of the training."""


class Journal:
    """Copies of all parameters and optimizer state at the start of some iterations.

    Any other moment is reached by replay from the nearest earlier keyframe; the same program on
    the same numbers gives the same bits. When the budget is used up, keyframes go where they
    are closest together for their age: near the present they stay dense, far back they thin
    out. The first and the newest always stay, whatever the budget.
    """

    def __init__(self, budget: int = DEFAULT_BUDGET, interval: int = DEFAULT_INTERVAL) -> None:
        self.budget = budget
        self.interval = interval
        self._iterations: list[int] = []
        self._saved: list[Saved] = []

    @property
    def nbytes(self) -> int:
        """Bytes taken by the keyframes."""
        return sum(s.nbytes for s in self._saved)

    @property
    def iterations(self) -> tuple[int, ...]:
        """The iterations whose start is kept, ascending."""
        return tuple(self._iterations)

    def wants(self, iteration: int) -> bool:
        """Whether the start of this iteration should become a keyframe."""
        return not self._iterations or iteration >= self._iterations[-1] + self.interval

    def add(self, iteration: int, saved: Saved) -> None:
        """Keep a keyframe; it must be later than all others."""
        self._iterations.append(iteration)
        self._saved.append(saved)
        self.thin()

    def thin(self) -> None:
        """Drop keyframes until they fit the budget, which may have changed."""
        while len(self._saved) > 2 and self._saved[0].nbytes * len(self._saved) > self.budget:
            place = min(range(1, len(self._saved) - 1), key=self._density)
            del self._iterations[place], self._saved[place]

    def before(self, iteration: int) -> tuple[int, Saved]:
        """The last keyframe at or before the start of `iteration`.

        Raises
        ------
        IndexError
            There is none.
        """
        place = bisect_right(self._iterations, iteration) - 1
        if place < 0:
            raise IndexError(f"iteration {iteration} is before the first keyframe")
        return self._iterations[place], self._saved[place]

    def _density(self, place: int) -> float:
        """The gap that would be left without this keyframe, as a share of its age."""
        times = self._iterations
        return (times[place + 1] - times[place - 1]) / (times[-1] - times[place - 1])
