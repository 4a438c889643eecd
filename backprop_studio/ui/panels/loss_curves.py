"""The loss of every batch and of the held-out rows, as they grow."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from backprop_studio.training import CurveUpdate, Snapshot
from backprop_studio.training.metrics import Series
from backprop_studio.ui.widgets.curves import CurvePlot

TRAIN = "train"
VALIDATION = "validation"


class LossCurvesPanel(QWidget):
    """Loss by epoch: each training batch, and the held-out rows at the end of each epoch."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._losses = Series(2)
        self._tests = Series(3)
        self._others: dict[str, np.ndarray] = {}
        self.plot = CurvePlot(self.tr("epoch"), self.tr("loss"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.plot)

    @property
    def losses(self) -> np.ndarray:
        """Array of shape (points, 2): epochs, loss of the batch."""
        return self._losses.points

    def show_update(self, snapshot: Snapshot, curves: tuple[CurveUpdate, ...]) -> None:
        """Add new points and mark where the session stands."""
        for update in curves:
            if update.keep_until is not None:
                self._losses.drop_after(update.keep_until)
                # Whoever goes on from there tests there too.
                self._tests.drop_from(update.keep_until)
            self._losses.extend(update.losses)
            self._tests.extend(update.tests)
        others = {b.name: b.losses for b in snapshot.branches if len(b.losses)}
        if curves or others.keys() != self._others.keys():
            self._others = others
            self._draw()
        last = self._losses.points[-1, 0] if len(self._losses) else 0.0
        # Only after going back is there a future to be told apart from the present.
        behind = snapshot.cursor is not None and snapshot.epoch < last
        self.plot.set_cursor(snapshot.epoch if behind else None)

    def _draw(self) -> None:
        if not len(self._losses):
            # A single test before the first step is no curve yet: keep the invitation.
            self.plot.clear()
            return
        losses, tests = self._losses.points, self._tests.points
        self.plot.set_curve(TRAIN, losses[:, 0], losses[:, 1])
        self.plot.set_curve(VALIDATION, tests[:, 0], tests[:, 1])
        # Futures that were left stay to be compared with.
        for name, points in self._others.items():
            self.plot.set_curve(name, points[:, 0], points[:, 1])
        for name in self.plot.curve_names():
            if name not in (TRAIN, VALIDATION, *self._others):
                self.plot.remove_curve(name)
