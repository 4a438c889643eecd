"""How far the preparing of data is, with a way to stop it, and to go on after all."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QSizePolicy, QWidget

from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.widgets.elided_label import ElidedLabel

PATIENCE = 150
"""Milliseconds that pass before anything is said: what is shorter would only flicker."""


class PreparingStrip(QWidget):
    """Hidden unless data are being prepared, and take longer than an eye needs, or are stopped.

    Parameters
    ----------
    document
        Whose data they are.
    """

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE)
        self._patience.timeout.connect(self._tell)
        self.label = ElidedLabel()
        self.bar = QProgressBar()
        self.bar.setRange(0, 100)
        self.bar.setTextVisible(False)
        self.bar.setFixedSize(90, 8)
        self.bar.setAccessibleName(self.tr("How much of the data is prepared"))
        self.button = QPushButton(self.tr("Stop"))
        self.button.clicked.connect(self._press)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.label, 1)
        row.addWidget(self.bar, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.button)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.hide()
        document.preparing.changed.connect(self._follow)

    def _follow(self) -> None:
        preparing = self._document.preparing
        if not (preparing.busy or preparing.stopped):
            self._patience.stop()
            self.hide()
        elif preparing.stopped or not self.isHidden():
            self._tell()
        elif not self._patience.isActive():
            self._patience.start()

    def _tell(self) -> None:
        self._patience.stop()
        preparing = self._document.preparing
        self.label.setText(
            self.tr("Preparing the data…")
            if preparing.busy
            else self.tr("The data are not prepared: it was stopped.")
        )
        self.bar.setVisible(preparing.busy)
        # Nobody knows how long making the rows takes: until that is done, the bar only moves.
        self.bar.setRange(0, 0 if preparing.share == 0.0 else 100)
        self.bar.setValue(int(preparing.share * 100))
        self.button.setText(self.tr("Stop") if preparing.busy else self.tr("Prepare"))
        self.show()

    def _press(self) -> None:
        if self._document.preparing.busy:
            self._document.preparing.stop()
        else:
            self._document.prepare()
