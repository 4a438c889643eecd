"""Own data from files: tables, folders of pictures, IDX and NPZ.

Each kind is a file with `inspect`, which looks at how a file begins and guesses, and `load`, which
makes a data set or raises one `ImportDataError`. Nothing is allocated before its size is known
and found small enough, and nothing is ever half-loaded.
"""

from __future__ import annotations

import os
from enum import StrEnum

from backprop_studio.data.importing import idx, npz, pictures, table
from backprop_studio.data.importing.guessing import retarget
from backprop_studio.data.importing.result import (
    ImportCancelled,
    Imported,
    Progress,
    carry_on,
    fault,
    quoted,
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
    "read",
    "source_of",
    "table",
]

_TABLES = ", ".join(table.SUFFIXES)
_HINTS = {
    "Save the workbook as CSV first": (".xlsx", ".xls", ".xlsm", ".ods", ".numbers"),
    "Save the array, and that of the targets, with numpy.savez first": (".npy", ".mat"),
    "Choose the folder that holds a folder for each class": pictures.SUFFIXES,
    "Save it as CSV first": (".json", ".parquet", ".feather", ".arff", ".xml", ".h5", ".hdf5"),
    "Unpack it first": (".zip", ".tar", ".tgz", ".bz2", ".xz", ".7z"),
}


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
    hint = next((f" {text}." for text, ends in _HINTS.items() if name.endswith(ends)), "")
    raise ImportDataError("import-unknown", path=shown(path), known=known, hint=hint)


def read(
    path: str | os.PathLike[str], *, target: str = "", progress: Progress = carry_on
) -> Imported:
    """Import a file or folder as it is guessed to be, without anybody to ask.

    Parameters
    ----------
    path
        Where it is.
    target
        Name of the column, or of the array, that is learned; guessed if left out.
    progress
        Is told how much is done.

    Raises
    ------
    ImportDataError
        It cannot be imported like this.
    ImportCancelled
        `progress` said so.
    """
    source = source_of(path)
    if source is Source.TABLE:
        preview = table.inspect(path)
        plan = preview.plan
        if target:
            names = [column.name for column in plan.columns]
            if target not in names:
                known = ", ".join(quoted(name) for name in names[:10])
                raise fault(path, f"it has no column {quoted(target)}; there are {known}")
            plan = retarget(plan, preview.rows, names.index(target))
        return table.load(path, plan, progress)
    if source is Source.NPZ:
        arrays = npz.inspect(path)
        y = target or arrays.y
        if not arrays.x or not y:
            there = ", ".join(quoted(array.name) for array in arrays.arrays[:10])
            raise fault(path, f"no two of its arrays are rows and their targets: {there}")
        chosen = next((array for array in arrays.arrays if array.name == y), None)
        task = None if chosen is None else npz.likely_task(chosen)
        return npz.load(path, arrays.x, y, task, progress)
    if source is Source.IDX:
        pair = idx.inspect(path)
        if pair.features is None or pair.labels is None:
            raise fault(path, "the other file of the pair was not found beside it")
        return idx.load(pair.features, pair.labels, progress)
    folder = pictures.inspect(path)
    return pictures.load(path, folder.height, folder.width, progress=progress)
