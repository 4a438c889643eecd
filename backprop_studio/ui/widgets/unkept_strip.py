"""Says that nothing can be kept for the case of a crash, as long as it is so."""

from __future__ import annotations

import html

from PySide6.QtWidgets import QLabel, QWidget

from backprop_studio.ui import theme
from backprop_studio.ui.controllers.recovery import Recovery


class UnkeptStrip(QLabel):
    """Hidden unless the disk refuses what is to be kept of a document that is not saved.

    Parameters
    ----------
    recovery
        Keeps it, or tells why it cannot.
    """

    def __init__(self, recovery: Recovery, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Autosave fails"), parent)
        theme.set_role(self, "warning")
        self.hide()
        recovery.failing.connect(self._follow)

    def _follow(self, reason: str) -> None:
        told = self.tr("Nothing is kept for the case of a crash: {why}. Save the project.").format(
            why=reason.rstrip(".")
        )
        self.setToolTip(f"<p>{html.escape(told)}</p>" if reason else "")
        self.setAccessibleDescription(told if reason else "")
        self.setVisible(bool(reason))
