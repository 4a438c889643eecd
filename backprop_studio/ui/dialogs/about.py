"""What the program is, and which keys it knows."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMessageBox, QWidget

from backprop_studio import __version__


def _tr(text: str) -> str:
    return QCoreApplication.translate("About", text)


def show_shortcuts(parent: QWidget, actions: Mapping[str, QAction]) -> None:
    """List the keys of all actions."""
    rows = "".join(
        f"<tr><td><b>{a.shortcut().toString()}</b>&nbsp;&nbsp;</td>"
        f"<td>{a.text().replace('&', '').rstrip('…')}</td></tr>"
        for a in actions.values()
        if not a.shortcut().isEmpty()
    )
    QMessageBox.information(parent, _tr("Keyboard shortcuts"), f"<table>{rows}</table>")


def show_about(parent: QWidget) -> None:
    """Say what this is, under which licence, and where the data come from."""
    text = _tr(
        "<b>Backprop Studio {version}</b><p>A training step is a program, and this is its "
        "debugger.</p><p>MIT licence. The digits are from the UCI Machine Learning "
        "Repository (Alpaydin and Kaynak, 1998), CC BY 4.0.</p>"
    ).format(version=__version__)
    QMessageBox.about(parent, _tr("About Backprop Studio"), text)
