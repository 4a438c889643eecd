"""Finds the files under ``resources/``, in an installed package and in a source checkout."""

from __future__ import annotations

import errno
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_ROOTS = (_PACKAGE / "resources", _PACKAGE.parent / "resources")


def path(*parts: str) -> Path:
    """Locate a file or folder under ``resources/``.

    Parameters
    ----------
    *parts
        The path below ``resources/``, one component each: ``path("datasets", "digits")``.

    Returns
    -------
    Path
        An absolute path that exists. The copy packed into the package wins over the one
        beside the package, so an installed program never reads a stranger's folder.

    Raises
    ------
    FileNotFoundError
        If no such resource exists; ``filename`` is its path below ``resources/``.
    """
    for root in _ROOTS:
        candidate = root.joinpath(*parts)
        if candidate.exists():
            return candidate
    raise FileNotFoundError(errno.ENOENT, "No such resource", "/".join(("resources", *parts)))
