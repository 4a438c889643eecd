#!/usr/bin/env python3
"""Enters Backprop Studio in the desktop's menu, so that a double click opens `.bps` files.

    python3 packaging/linux/install.py [--remove]

For this user alone, below `$XDG_DATA_HOME`; nothing but the files named in `_files` is touched.
What is started is `studio.py` of this folder, which sets everything up when it is first run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
NAME = "backprop-studio"


def data_home() -> Path:
    """Where a user's desktop looks for applications."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")


def quoted(word: str) -> str:
    """A word as the key Exec of a desktop entry wants it."""
    for mark in ("\\", '"', "`", "$"):
        word = word.replace(mark, "\\" + mark)
    # The value is a string of the file's own syntax too, where a backslash stands for itself twice.
    return '"' + word.replace("\\", "\\\\").replace("%", "%%") + '"'


def _files() -> dict[Path, bytes]:
    """Every file with its content, by the place where it belongs."""
    command = f"{quoted(sys.executable)} {quoted(str(ROOT / 'studio.py'))}"
    entry = (HERE / f"{NAME}.desktop").read_text(encoding="utf-8")
    entry = entry.replace(f"Exec={NAME}", f"Exec={command}")
    home = data_home()
    return {
        home / "applications" / f"{NAME}.desktop": entry.encode(),
        home / "mime" / "packages" / f"{NAME}.xml": (HERE / f"{NAME}.xml").read_bytes(),
        home / "metainfo" / f"{NAME}.metainfo.xml": (HERE / f"{NAME}.metainfo.xml").read_bytes(),
        home / "icons" / "hicolor" / "scalable" / "apps" / f"{NAME}.svg": (
            ROOT / "resources" / "icons" / "app.svg"
        ).read_bytes(),
    }


def _refresh() -> None:
    """Let the desktop look again, as far as its tools are there."""
    home = data_home()
    for tool, folder in (
        ("update-mime-database", home / "mime"),
        ("update-desktop-database", home / "applications"),
    ):
        if shutil.which(tool) and folder.is_dir():
            subprocess.run([tool, str(folder)], check=False)


def main(argv: Sequence[str]) -> int:
    """Put the files in their places, or take them away."""
    if list(argv) not in ([], ["--remove"]):
        print(__doc__, file=sys.stderr)
        return 2
    for place, content in _files().items():
        if argv:
            place.unlink(missing_ok=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
    _refresh()
    print("Removed." if argv else f"Entered below {data_home()}. A double click opens .bps files.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
