"""Opens a second window: another project, beside the one that is open."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PySide6.QtCore import QProcess, QProcessEnvironment

_PACKAGES = Path(__file__).parents[2]


def command(*arguments: str) -> list[str]:
    """Program and arguments that start the studio once more."""
    if getattr(sys, "frozen", False):
        return [sys.executable, *arguments]
    return [sys.executable, "-m", "backprop_studio", *arguments]


def open_another(*arguments: str) -> bool:
    """Start the studio once more, as a process of its own; whether that worked.

    Parameters
    ----------
    arguments
        None, or the path of a project.
    """
    environment = QProcessEnvironment.systemEnvironment()
    paths = [str(_PACKAGES), environment.value("PYTHONPATH", "")]
    environment.insert("PYTHONPATH", os.pathsep.join(p for p in paths if p))
    process = QProcess()
    process.setProcessEnvironment(environment)
    program, *rest = command(*arguments)
    process.setProgram(program)
    process.setArguments(rest)
    return bool(process.startDetached())
