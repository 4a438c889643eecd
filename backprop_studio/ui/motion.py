"""Whether things on the screen may move by themselves. Asked by whatever animates."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Literal

Motion = Literal["system", "full", "reduced"]

_PATIENCE = 2.0
"""Seconds that a tool of the system gets to answer."""


class _State:
    mode: Motion = "system"
    desktop: bool | None = None


def mode() -> Motion:
    """What was last given to `apply`."""
    return _State.mode


def apply(mode: Motion) -> None:
    """Set whether things may move: as the system says, always, or never."""
    _State.mode = mode
    # Who chooses this anew may have changed the system's mind before.
    _asked.cache_clear()


def hear_desktop(less: bool | None) -> None:
    """Take in whether a desktop that tells of changes wants less; None where none does."""
    _State.desktop = less


def reduced() -> bool:
    """Whether nothing should move that need not. May change at any time."""
    return _State.mode == "reduced" or (_State.mode == "system" and system_wants_less())


def system_wants_less() -> bool:
    """Whether the person has told the system to leave animations out.

    Qt has no such hint. A Linux desktop with a portal tells by itself; any other system is asked in
    its own way, once. One that does not answer wants nothing special.
    """
    return _asked() if _State.desktop is None else _State.desktop


@lru_cache(maxsize=1)
def _asked() -> bool:
    try:
        if sys.platform == "win32":
            return _windows()
        if sys.platform == "darwin":
            return _answer("defaults", "read", "com.apple.universalaccess", "reduceMotion") == "1"
        return _gnome() or _kde()
    except (OSError, ValueError, subprocess.SubprocessError):
        return False


def _windows() -> bool:
    client_area_animation = 0x1042  # SPI_GETCLIENTAREAANIMATION
    shown = ctypes.c_int(1)
    user32 = getattr(ctypes, "windll").user32  # noqa: B009  (it is there on Windows only)
    user32.SystemParametersInfoW(client_area_animation, 0, ctypes.byref(shown), 0)
    return not shown.value


def _gnome() -> bool:
    if shutil.which("gsettings") is None:
        return False
    key = ("org.gnome.desktop.interface", "enable-animations")
    return _answer("gsettings", "get", *key) == "false"


def _kde() -> bool:
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    lines = (home / "kdeglobals").read_text(encoding="utf-8").splitlines()
    factors = [x.partition("=")[2] for x in lines if x.startswith("AnimationDurationFactor=")]
    return bool(factors) and float(factors[-1]) == 0


def _answer(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    return done.stdout.strip()
