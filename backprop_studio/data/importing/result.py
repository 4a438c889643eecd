"""What all importers share: progress, what goes wrong, and the last checks of a data set."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from backprop_studio.data import own
from backprop_studio.data.dataset import Dataset, Task
from backprop_studio.errors import Diagnostic, ImportDataError, Severity
from backprop_studio.files import shorten, shown

Progress = Callable[[float], bool]
"""Called now and then with the share that is done, from 0 to 1; False gives up."""

MAX_CLASSES = 1_000
"""Classes of a target, and categories of a feature."""

_NAMED = 3
_CELL = 60
LICENCE = "Your own"


class ImportCancelled(Exception):  # noqa: N818 (no error: it was wished for)
    """The person has given up; nothing was loaded."""


@dataclass(frozen=True, eq=False)
class Imported:
    """A data set from files.

    Attributes
    ----------
    dataset
        With an empty id; `own.keep` gives it one.
    warnings
        What is worth knowing before it is used.
    """

    dataset: Dataset
    warnings: tuple[Diagnostic, ...] = ()

    @property
    def class_counts(self) -> dict[str, int]:
        """Rows of each class; empty for regression."""
        names = self.dataset.class_names
        counts = np.bincount(self.dataset.y, minlength=len(names)) if names else ()
        return {name: int(count) for name, count in zip(names, counts, strict=True)}


def carry_on(share: float) -> bool:
    """Progress that nobody looks at."""
    return True


def tell(progress: Progress, share: float) -> None:
    """Report progress.

    Raises
    ------
    ImportCancelled
        Nobody wants to wait any longer.
    """
    if not progress(min(max(share, 0.0), 1.0)):
        raise ImportCancelled


def fault(path: str | os.PathLike[str], reason: str) -> ImportDataError:
    """A file as a whole cannot be imported."""
    return ImportDataError("import-file", path=shown(path), reason=reason)


def quoted(text: str) -> str:
    """Text from a file, as messages show it."""
    return f"'{shorten(text, _CELL)}'"


def warning(code: str, **params: object) -> Diagnostic:
    """Something worth knowing that forbids nothing."""
    return Diagnostic(code, params, Severity.WARNING)


def check_size(path: str | os.PathLike[str], numbers: int) -> None:
    """Refuse more numbers than an own data set may hold, before they are allocated."""
    if numbers > own.MAX_NUMBERS:
        limit = f"{own.MAX_NUMBERS:,}"
        raise fault(path, f"it would give {numbers:,} numbers, and the limit is {limit}")


def sort_names(names: list[str]) -> list[str]:
    """Classes or categories in the order that people expect: numbers by size, words by letter."""
    try:
        return sorted(names, key=lambda name: (float(name), name))
    except ValueError:
        return sorted(names, key=lambda name: (name.casefold(), name))


def finish(
    path: str | os.PathLike[str],
    *,
    title: str,
    summary: str,
    x: npt.NDArray[np.float32],
    y: npt.NDArray[np.int64] | npt.NDArray[np.float32],
    task: Task,
    class_names: tuple[str, ...] = (),
    feature_names: tuple[str, ...] = (),
    image_shape: tuple[int, int] | None = None,
    warnings: tuple[Diagnostic, ...] = (),
) -> Imported:
    """Make a data set of arrays that are finite, after the checks that all kinds share.

    Parameters
    ----------
    path
        For messages.
    x, y
        Owned by the caller, who must not write to them afterwards.

    Raises
    ------
    ImportDataError
        Nothing could be learned from it.
    """
    if len(x) < 2:
        rows = "no rows" if len(x) == 0 else "one row"
        raise fault(path, f"it has {rows} of data, and training needs at least two")
    found = list(warnings)
    if task is Task.CLASSIFICATION:
        counts = np.bincount(y.astype(np.int64, copy=False), minlength=len(class_names))
        there = np.flatnonzero(counts)
        if len(there) < 2:
            name = quoted(class_names[int(there[0])])
            raise fault(path, f"all rows are of one class, {name}; there must be two or more")
        rare = [class_names[i] for i in np.flatnonzero(counts == 1)]
        if rare:
            found.append(warning("import-rare", count=len(rare), names=_some(rare)))
        same = Counter(name.casefold() for name in class_names)
        alike = [name for name in class_names if same[name.casefold()] > 1]
        if alike:
            found.append(warning("import-alike", names=_some(alike)))
    x.flags.writeable = y.flags.writeable = False
    # In blocks: a comparison of all at once would take as much memory again.
    first = x[0]
    changing = np.zeros(first.shape, bool)
    for start in range(0, len(x), 65536):
        changing |= (x[start : start + 65536] != first).any(axis=0)
    constant = np.flatnonzero(~changing.reshape(-1))
    if len(constant) and image_shape is None:
        names = [feature_names[i] if feature_names else f"feature {i + 1}" for i in constant]
        found.append(warning("import-constant", count=len(constant), names=_some(names)))
    dataset = Dataset(
        id="",
        title=title,
        summary=summary,
        x=x,
        y=y,
        task=task,
        class_names=class_names,
        feature_names=feature_names,
        image_shape=image_shape,
        citation=shorten(os.path.basename(os.fspath(path)), 100) or "own data",
        licence=LICENCE,
        scaling=own.suitable_scaling(x, image_shape),
    )
    return Imported(dataset, tuple(found))


def title_of(path: str | os.PathLike[str]) -> str:
    """What a data set from this file or folder is called."""
    name = os.path.basename(os.path.normpath(os.fspath(path)))
    return shorten(name.split(".")[0] or name, 60) or "own data"


def _some(names: list[str]) -> str:
    text = ", ".join(quoted(name) for name in names[:_NAMED])
    return text if len(names) <= _NAMED else f"{text} and {len(names) - _NAMED:,} more"
