"""The toolbar: files, undo, the transport, and at its right end what is for the whole window."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication, QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QSizePolicy, QToolBar, QToolButton, QWidget


def add_toolbar(
    window: QMainWindow, actions: Mapping[str, QAction], transport: QWidget
) -> QToolBar:
    """Put the toolbar on top of a window."""
    bar = QToolBar(QCoreApplication.translate("Toolbar", "Main toolbar"))
    bar.setObjectName("toolbar")
    bar.setMovable(False)
    bar.setIconSize(QSize(18, 18))
    for group in (("new", "open", "save"), ("undo", "redo")):
        for key in group:
            bar.addAction(actions[key])
        bar.addSeparator()
    bar.addWidget(transport)
    bar.addSeparator()
    for key in ("restart", "new_weights"):
        bar.addAction(actions[key])
    spacer = QWidget()
    spacer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    bar.addWidget(spacer)
    bar.addAction(actions["theme"])
    bar.addSeparator()
    bar.addAction(actions["export"])
    export = bar.widgetForAction(actions["export"])
    assert isinstance(export, QToolButton)
    export.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    window.addToolBar(bar)
    return bar


def add_strip(window: QMainWindow, strip: QWidget, title: str) -> None:
    """Put a strip of the whole width below the toolbar, where it always is."""
    bar = QToolBar(title)
    bar.setObjectName("loop")
    bar.setMovable(False)
    bar.addWidget(strip)
    # It is no toolbar to be hidden by the menu that lists them.
    bar.toggleViewAction().setVisible(False)
    window.addToolBarBreak()
    window.addToolBar(bar)
