"""Own data from files: tables, folders of pictures, IDX and NPZ.

Each kind is a file with `inspect`, which looks at how a file begins and guesses, and `load`, which
makes a data set or raises one `ImportDataError`. Nothing is allocated before its size is known
and found small enough, and nothing is ever half-loaded.
"""

from __future__ import annotations

import os
from enum import StrEnum

from backprop_studio.data.importing import idx, npz, pictures, table
from backprop_studio.data.importing.result import (
    ImportCancelled,
    Imported,
    Progress,
    carry_on,
)
from backprop_studio.errors import ImportDataError
from backprop_studio.files import shown

__all__ = [
    "ImportCancelled",
    "Imported",
    "Progress",
    "Source",
    "carry_on",
    "idx",
    "npz",
    "pictures",
    "source_of",
    "table",
]

_TABLES = ", ".join(table.SUFFIXES)


class Source(StrEnum):
    """The kinds of what can be imported."""

    TABLE = "table"
    PICTURES = "pictures"
    IDX = "idx"
    NPZ = "npz"


def source_of(path: str | os.PathLike[str]) -> Source:
    """Of what kind a file or folder is, by its name alone.

    Raises
    ------
    ImportDataError
        ``import-unknown`` if of none.
    """
    if os.path.isdir(path):
        return Source.PICTURES
    name = os.path.basename(os.fspath(path)).casefold()
    if name.endswith(npz.SUFFIXES):
        return Source.NPZ
    if name.endswith(table.SUFFIXES):
        return Source.TABLE
    if idx.is_named(path):
        return Source.IDX
    known = f"{_TABLES}, .npz, .idx and .gz"
    raise ImportDataError("import-unknown", path=shown(path), known=known)
