"""What the program is."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QMessageBox, QWidget

from backprop_studio import __version__


def _tr(text: str) -> str:
    return QCoreApplication.translate("About", text)


def show_about(parent: QWidget) -> None:
    """Say what this is, under which licence, and where the data come from."""
    text = _tr(
        "<b>Backprop Studio {version}</b><p>A training step is a program, and this is its "
        "debugger.</p><p>MIT licence. The digits are from the UCI Machine Learning "
        "Repository (Alpaydin and Kaynak, 1998), CC BY 4.0.</p>"
    ).format(version=__version__)
    QMessageBox.about(parent, _tr("About Backprop Studio"), text)
