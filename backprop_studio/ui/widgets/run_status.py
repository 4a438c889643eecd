"""The line that says where training stands."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from backprop_studio.training import Snapshot, State
from backprop_studio.ui import theme
from backprop_studio.ui.pacing import Seldom

PARTS = ("position", "loss", "held_out", "rate", "seed")
"""What can be left out, by name."""


class RunStatus(QWidget):
    """State, position, loss, held-out accuracy, speed and seed, each with its name."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 8, 0)
        row.setSpacing(16)
        self.state = QLabel()
        self._seldom = Seldom()
        self.position = QLabel()
        self.loss = QLabel()
        self.accuracy = QLabel()
        self.rate = QLabel()
        self.seed = QLabel()
        for label in (self.state, self.position, self.loss, self.accuracy, self.rate, self.seed):
            row.addWidget(label)
        theme.set_role(self.seed, "muted")
        self._states = {
            State.EMPTY: (self.tr("Not ready"), "muted"),
            State.PAUSED: (self.tr("Paused"), "muted"),
            State.RUNNING: (self.tr("Running"), "ok"),
            State.FAILED: (self.tr("Stopped"), "error"),
        }
        self.show_snapshot(Snapshot(0, State.EMPTY))

    def leave_out(self, parts: Iterable[str]) -> None:
        """Show all but these.

        Parameters
        ----------
        parts
            Names among `PARTS`.
        """
        labels = (self.position, self.loss, self.accuracy, self.rate, self.seed)
        hidden = set(parts)
        for name, label in zip(PARTS, labels, strict=True):
            label.setHidden(name in hidden)

    def set_seed(self, seed: int) -> None:
        """Show the seed of the run."""
        self.seed.setText(self.tr("seed {n}").format(n=seed))

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show where training stands."""
        if not self._seldom.due(snapshot):
            return
        text, role = self._states[snapshot.state]
        if self.state.text() != text:
            self.state.setText(text)
            theme.set_role(self.state, role)
        cursor = snapshot.cursor
        if cursor is None:
            for label in (self.position, self.loss, self.accuracy, self.rate):
                label.clear()
            return
        self.position.setText(
            self.tr("epoch {epoch:.2f}, iteration {n:,}").format(
                epoch=snapshot.epoch, n=cursor.iteration + (cursor.index > 0)
            )
        )
        self.loss.setText(
            "" if snapshot.loss is None else self.tr("loss {x:.4g}").format(x=snapshot.loss)
        )
        test = snapshot.test
        if test is None:
            self.accuracy.clear()
        elif test.accuracy is None:
            self.accuracy.setText(self.tr("held-out loss {x:.4g}").format(x=test.loss))
        else:
            self.accuracy.setText(self.tr("held-out accuracy {x:.1%}").format(x=test.accuracy))
        self.rate.setText(
            self.tr("{x:,.0f} steps/s").format(x=snapshot.rate) if snapshot.rate else ""
        )
