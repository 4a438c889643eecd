"""Keyframes of a training run, within a budget of bytes."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np

from backprop_studio.autograd import Saved
from backprop_studio.network.memory import JOURNAL_BYTES

DEFAULT_BUDGET = JOURNAL_BYTES
"""Bytes that keyframes may take."""

DEFAULT_INTERVAL = 16
"""Iterations between keyframes: copying then costs about a hundredth of the training."""


_OBJECTS, _EACH = 400, 128
"""Bytes of a keyframe's own objects, and of each of its arrays beside the numbers."""


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
        # They are all of one storage, so of one size; there may be many thousands.
        return size_of(self._saved[0]) * len(self._saved) if self._saved else 0

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
        while len(self._saved) > 2 and self.nbytes > self.budget:
            # Of many, several at a time: to look through all of them for each new one would take
            # longer than the training in between.
            self._drop(max(1, len(self._saved) // 16))

    def _drop(self, count: int) -> None:
        """Drop so many keyframes at most, no two of them neighbours, where they are densest."""
        times = np.array(self._iterations)
        # The gap that would be left without each one but the ends, as a share of its age.
        gaps = (times[2:] - times[:-2]) / (times[-1] - times[:-2])
        dropped: set[int] = set()
        for place in (1 + np.argsort(gaps, kind="stable")).tolist():
            if not {place - 1, place + 1} & dropped:
                dropped.add(place)
                if len(dropped) == count:
                    break
        kept = [i for i in range(len(times)) if i not in dropped]
        self._iterations = [self._iterations[i] for i in kept]
        self._saved = [self._saved[i] for i in kept]

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


def size_of(saved: Saved) -> int:
    """Bytes that a keyframe takes, with what Python needs for its arrays: of a toy, the most."""
    return saved.nbytes + _OBJECTS + _EACH * len(saved.arenas)
