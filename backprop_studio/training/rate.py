"""How fast a run goes."""

from __future__ import annotations

import time


class Rate:
    """Iterations a second over the last half second or so."""

    def __init__(self) -> None:
        self.restart(0)

    def restart(self, completed: int) -> None:
        """Begin to measure after so many finished iterations."""
        self.value = 0.0
        self._since = time.perf_counter()
        self._completed = completed

    def count(self, completed: int) -> None:
        """Take in that so many iterations are finished now."""
        now = time.perf_counter()
        passed = now - self._since
        if passed >= 0.5:
            self.value = (completed - self._completed) / passed
            self._since, self._completed = now, completed
        elif self.value == 0.0 and passed > 0:
            self.value = (completed - self._completed) / passed
