"""Where the worker leaves what the screen takes when it is ready."""

from __future__ import annotations

import threading

import numpy as np

from backprop_studio.training.messages import CurveUpdate, Snapshot


class Mailbox:
    """One snapshot, the latest, and every point of the curves since the last visit.

    A slow screen misses snapshots but no point, and holds nothing up: there is no queue.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._curves: list[CurveUpdate] = []
        self._wanted = True

    @property
    def wanted(self) -> bool:
        """Whether the screen has taken the last snapshot and would like another."""
        return self._wanted

    def put(self, snapshot: Snapshot) -> None:
        """Leave a snapshot in place of the last one."""
        with self._lock:
            self._snapshot = snapshot
            self._wanted = False

    def add(self, curves: CurveUpdate) -> None:
        """Add points to those that wait."""
        with self._lock:
            if self._curves and curves.keep_until is None:
                last = self._curves.pop()
                curves = CurveUpdate(
                    last.keep_until,
                    np.concatenate([last.losses, curves.losses]),
                    np.concatenate([last.tests, curves.tests]),
                )
            self._curves.append(curves)

    def take(self) -> tuple[Snapshot | None, tuple[CurveUpdate, ...]]:
        """Take what is there, and ask for more. Points stay until there is a snapshot with them."""
        with self._lock:
            self._wanted = True
            if self._snapshot is None:
                # The worker adds points before it has the snapshot that they belong to.
                return None, ()
            taken = self._snapshot, tuple(self._curves)
            self._snapshot = None
            self._curves = []
            return taken
