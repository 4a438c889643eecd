"""Starts the studio: the window, or a command without one."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from backprop_studio import cli
from backprop_studio.errors import message

_HEADLESS = (*cli.COMMANDS, "-h", "--help", "--version")
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def main(argv: Sequence[str] | None = None) -> int:
    """Run what the arguments ask for and return the exit code.

    Parameters
    ----------
    argv
        Arguments without the program's name; those of the process by default.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    # Read once, when numpy is imported. More threads make small matrices slower, and results
    # would depend on how many there are.
    for name in _THREADS:
        os.environ.setdefault(name, "1")
    for stream in (sys.stdout, sys.stderr):
        # File names may hold what the terminal cannot show.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    if arguments and arguments[0] in _HEADLESS:
        return cli.main(arguments)
    return _open_window(arguments)


def _open_window(arguments: list[str]) -> int:
    options = [a for a in arguments if a.startswith("-")]
    if options:
        return cli.complain(f"unknown option: {options[0]}", cli.MISUSED)
    if len(arguments) > 1:
        return cli.complain(
            f"unexpected argument: {arguments[1]} (commands are {', '.join(cli.COMMANDS)})",
            cli.MISUSED,
        )
    if lacks_display(os.environ, sys.platform):
        launcher = Path(__file__).parents[1] / "studio.py"
        command = "python3 studio.py" if launcher.exists() else cli.PROGRAM
        return cli.complain(message("no-display", {"command": command}), cli.FAILED)
    from backprop_studio import app

    return app.main(arguments)


def lacks_display(environment: Mapping[str, str], platform: str) -> bool:
    """Whether a window cannot open, so that Qt would abort the process."""
    if not platform.startswith("linux"):
        return False
    if environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"):
        return False
    wanted = environment.get("QT_QPA_PLATFORM", "")
    return not wanted or wanted.startswith(("xcb", "wayland"))


if __name__ == "__main__":
    sys.exit(main())
