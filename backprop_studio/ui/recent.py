"""The menu of recent projects."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from backprop_studio.ui.settings import Settings


class RecentMenu(QMenu):
    """Lists recent projects whenever it opens.

    Parameters
    ----------
    settings
        Where they are remembered.
    reopen
        What choosing one does.
    """

    def __init__(
        self, settings: Settings, reopen: Callable[[Path], object], parent: QWidget
    ) -> None:
        super().__init__(self.tr("Open &recent"), parent)
        self._settings = settings
        self._reopen = reopen
        self.aboutToShow.connect(self._fill)
        self.triggered.connect(self._choose)

    def _fill(self) -> None:
        self.clear()
        for path in self._settings.recent_files:
            self.addAction(str(path).replace("&", "&&")).setData(str(path))
        if self.isEmpty():
            self.addAction(self.tr("No projects yet")).setEnabled(False)

    def _choose(self, action: QAction) -> None:
        self._reopen(Path(action.data()))
