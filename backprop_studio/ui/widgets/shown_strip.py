"""Says that a step of a lesson is being done for the learner, with a way to stop it."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from backprop_studio.ui import theme

PATIENCE = 300
"""Milliseconds that a step may take before anything is said: what is shorter would only flicker."""


class ShownStrip(QFrame):
    """Hidden unless a step is being shown, and takes longer than an eye needs.

    Signals
    -------
    stopped
        The rest is to be left out.
    """

    stopped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_role(self, "card")
        said = QLabel(self.tr("This step is being done for you."))
        said.setWordWrap(True)
        self.button = QToolButton()
        self.button.setText(self.tr("Stop (Esc)"))
        self.button.setToolTip(self.tr("Leave out the rest; what was done stays"))
        self.button.clicked.connect(self.stopped)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 4, 4, 4)
        row.addWidget(said, 1)
        row.addWidget(self.button)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE)
        self._patience.timeout.connect(self.show)
        self.hide()

    def follow(self, shown: bool) -> None:
        """Say whether a step is being shown."""
        if shown:
            self._patience.start()
        else:
            self._patience.stop()
            self.hide()

    def hurry(self) -> None:
        """Say it now, if there is something to say: somebody is impatient."""
        if self._patience.isActive():
            self._patience.stop()
            self.show()
