"""A worker without a thread, and what the screen would have of it."""

from __future__ import annotations

from concurrent.futures import Future

import numpy as np

from backprop_studio.network import Network, analyze
from backprop_studio.training import (
    CurveUpdate,
    FetchWeights,
    Load,
    Mailbox,
    Snapshot,
    Worker,
)


class Desk:
    """A worker, and the screen's side of its mailbox."""

    def __init__(self) -> None:
        self.mailbox = Mailbox()
        self.told = 0
        self.worker = Worker(self.mailbox, self._tell)
        self.revision = 0

    def _tell(self) -> None:
        self.told += 1

    def load(self, network: Network, **options: object) -> None:
        self.revision += 1
        lowering = analyze(network).lowering
        self.worker.turn(Load(self.revision, lowering, network.setup, **options))  # type: ignore[arg-type]

    def take(self) -> tuple[Snapshot, tuple[CurveUpdate, ...]]:
        snapshot, curves = self.mailbox.take()
        assert snapshot is not None
        return snapshot, curves

    def weights(self) -> dict[tuple[str, str], np.ndarray]:
        reply: Future[dict[tuple[str, str], np.ndarray]] = Future()
        self.worker.turn(FetchWeights(reply))
        return reply.result(0)
