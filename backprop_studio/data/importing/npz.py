"""NPZ: arrays as NumPy saves them, one for the features and one for the targets."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, replace
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from backprop_studio.data.dataset import Task
from backprop_studio.data.importing.binary import UnsoundBytesError, read_features
from backprop_studio.data.importing.npz_arrays import (
    ArrayInfo,
    array_fault,
    first_rows,
    header_of,
    open_array,
    opened,
    read_raw,
)
from backprop_studio.data.importing.result import (
    MAX_CLASSES,
    Imported,
    Progress,
    carry_on,
    check_size,
    fault,
    finish,
    sort_names,
    title_of,
    warning,
)
from backprop_studio.errors import Diagnostic
from backprop_studio.files import shorten

SUFFIXES = (".npz",)

_FEATURES = ("x", "x_train", "train_x", "features", "images", "data", "inputs")
_TARGETS = ("y", "y_train", "train_y", "targets", "target", "labels", "outputs")
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Preview:
    """What a file holds.

    Attributes
    ----------
    arrays
        Those that can be features or targets.
    x, y
        Names of the likely features and targets; empty where nothing is likely.
    unusable
        Names of the arrays that are of no use, each with the reason.
    """

    arrays: tuple[ArrayInfo, ...]
    x: str
    y: str
    unusable: tuple[tuple[str, str], ...] = ()


def inspect(path: str | os.PathLike[str]) -> Preview:
    """Look at the headers of all arrays, and at their first rows.

    Raises
    ------
    ImportDataError
        It is no NPZ file, or holds no array of numbers.
    """
    found = []
    unusable = []
    with opened(path) as archive:
        for entry in archive.infolist():
            if not entry.filename.endswith(".npy"):
                continue
            name = entry.filename.removesuffix(".npy")
            with archive.open(entry) as part:
                try:
                    info = header_of(name, part)
                except UnsoundBytesError as error:
                    unusable.append((name, str(error)))
                else:
                    found.append(replace(info, first=first_rows(info, part)))
    if not found:
        why = f": of '{shorten(unusable[0][0], 60)}', {unusable[0][1]}" if unusable else ""
        raise fault(path, f"it holds no arrays of numbers{why}")
    return Preview(tuple(found), *_guess(found), tuple(unusable))


def likely_task(targets: ArrayInfo) -> Task:
    """Whether an array of targets is likely to hold classes or numbers."""
    if targets.dtype.kind != "f":
        return Task.CLASSIFICATION
    first = targets.first
    one_hot = (
        first is not None
        and first.ndim == 2
        and first.shape[1] > 1
        and bool(np.isin(first, (0, 1)).all() and (first.sum(axis=1) == 1).all())
    )
    return Task.CLASSIFICATION if one_hot else Task.REGRESSION


def pictures(x: npt.NDArray[Any]) -> npt.NDArray[np.float32] | None:
    """Rows of an array as the pictures that they would be imported as.

    Parameters
    ----------
    x
        Array of shape (rows, ...), of any numbers.

    Returns
    -------
    Array of shape (rows, height, width), or None where the rows are no pictures.
    """
    if x.dtype.kind not in "biuf" or not 3 <= x.ndim <= 4:
        return None
    with np.errstate(all="ignore"):
        flat, image = _pictures(x.astype(np.float32), [])
    return None if image is None else flat.reshape(-1, *image)


def load(
    path: str | os.PathLike[str],
    x: str,
    y: str,
    task: Task | None = None,
    progress: Progress = carry_on,
) -> Imported:
    """Make a data set of two arrays.

    Parameters
    ----------
    path
        The file.
    x, y
        Names of the features and the targets.
    task
        Whether the targets are classes or numbers; words and whole numbers are classes if left
        out.

    Raises
    ------
    ImportDataError
        The file or one of the arrays is at fault; nothing was loaded.
    ImportCancelled
        `progress` said so.
    """
    with opened(path) as archive:
        features, source = open_array(path, archive, x)
        with source:
            if features.dtype.kind not in "biuf":
                raise array_fault(path, x, "features must be numbers")
            if not 1 <= len(features.shape) <= 4 or 0 in features.shape:
                raise array_fault(path, x, f"it has shape {features.shape}, and needs 1 to 4 axes")
            check_size(path, math.prod(features.shape))
            rows = _read_features(path, features, source, progress)
        targets, source = open_array(path, archive, y)
        with source:
            if targets.shape[:1] != features.shape[:1]:
                count = targets.shape[0] if targets.shape else 0
                raise array_fault(
                    path, y, f"it has {count:,} rows, and '{shorten(x, 60)}' has {len(rows):,}"
                )
            check_size(path, math.prod(features.shape) + math.prod(targets.shape))
            if task is None:
                task = Task.REGRESSION if targets.dtype.kind == "f" else Task.CLASSIFICATION
            values: npt.NDArray[Any]
            names: tuple[str, ...] = ()
            if task is Task.CLASSIFICATION:
                values, names = _read_classes(path, targets, source)
            else:
                values = _read_numbers(path, targets, source)
    warnings: list[Diagnostic] = []
    flat, image = _pictures(rows, warnings)
    return finish(
        path,
        title=title_of(path),
        summary=f"{len(flat):,} rows of the file {shorten(os.path.basename(path), 80)}.",
        x=flat,
        y=values,
        task=task,
        class_names=names,
        image_shape=image,
        warnings=tuple(warnings),
    )


def _guess(arrays: list[ArrayInfo]) -> tuple[str, str]:
    by_name = {a.name.casefold(): a.name for a in reversed(arrays)}
    x = next((by_name[n] for n in _FEATURES if n in by_name), "")
    y = next((by_name[n] for n in _TARGETS if n in by_name), "")
    if not x:
        numeric = [a for a in arrays if a.dtype.kind in "biuf" and a.name != y and a.shape]
        x = max(numeric, key=lambda a: math.prod(a.shape)).name if numeric else ""
    if not y and x:
        rows = next(a.shape[:1] for a in arrays if a.name == x)
        same = [a for a in arrays if a.name != x and a.shape and a.shape[:1] == rows]
        y = min(same, key=lambda a: math.prod(a.shape)).name if same else ""
    return x, y


def _read_features(
    path: str | os.PathLike[str], info: ArrayInfo, part: IO[bytes], progress: Progress
) -> npt.NDArray[np.float32]:
    shape = info.shape[::-1] if info.fortran else info.shape
    try:
        array = read_features(part.read, shape, info.dtype, progress)
    except UnsoundBytesError as error:
        raise array_fault(path, info.name, str(error)) from None
    return np.ascontiguousarray(array.T) if info.fortran else array


def _read_numbers(
    path: str | os.PathLike[str], info: ArrayInfo, part: IO[bytes]
) -> npt.NDArray[np.float32]:
    if info.dtype.kind not in "biuf" or len(info.shape) not in (1, 2) or 0 in info.shape:
        raise array_fault(path, info.name, "targets must be numbers, in one row or in columns")
    # Bytes are shares of 255 as features only.
    wide = np.dtype("<u2") if info.dtype == np.uint8 else info.dtype
    if wide is info.dtype:
        array = _read_features(path, info, part, carry_on)
    else:
        array = read_raw(path, info, part).astype(np.float32)
    return array.reshape(len(array), -1).copy()


def _read_classes(
    path: str | os.PathLike[str], info: ArrayInfo, part: IO[bytes]
) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    values = read_raw(path, info, part)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim == 2 and values.dtype.kind in "biuf":
        # One column a class, of which one is 1.
        if not (np.isin(values, (0, 1)).all() and (values.sum(axis=1) == 1).all()):
            raise array_fault(path, info.name, "classes must be in one row, or one-hot in columns")
        values = values.argmax(axis=1)
    if values.ndim != 1:
        raise array_fault(
            path, info.name, f"it has shape {values.shape}, and classes have one axis"
        )
    if values.dtype.kind == "f" and not (np.isfinite(values).all() and (values % 1 == 0).all()):
        raise array_fault(
            path, info.name, "it holds other than whole numbers, which are no classes"
        )
    there, y = np.unique(values, return_inverse=True)
    if len(there) > MAX_CLASSES:
        raise array_fault(path, info.name, f"it has more than {MAX_CLASSES:,} different classes")
    if there.dtype.kind == "S":
        names = [name.decode("utf-8", errors="replace") for name in there.tolist()]
    elif there.dtype.kind == "U":
        names = [str(name) for name in there]
    else:
        names = [str(int(name)) for name in there]
    order = sort_names(names)
    place = {name: i for i, name in enumerate(order)}
    y = np.array([place[name] for name in names], np.int64)[y.reshape(-1)]
    return y, tuple(shorten(name, 80) or "(empty)" for name in order)


def _pictures(
    x: npt.NDArray[np.float32], warnings: list[Diagnostic]
) -> tuple[npt.NDArray[np.float32], tuple[int, int] | None]:
    """Rows of numbers, and as what picture each may be drawn."""
    if x.ndim == 4:
        if x.shape[3] in (3, 4) and min(x.shape[1:3]) > 1:
            x = x[..., :3] @ _LUMA
            warnings.append(warning("import-grey"))
        elif x.shape[1] == 3 and min(x.shape[2:]) > 1:
            x = np.einsum("nchw,c->nhw", x, _LUMA)
            warnings.append(warning("import-grey"))
        elif 1 in (x.shape[1], x.shape[3]):
            x = x.reshape(len(x), *(x.shape[2:] if x.shape[1] == 1 else x.shape[1:3]))
    image = (x.shape[1], x.shape[2]) if x.ndim == 3 else None
    if x.ndim != 2:
        x = x.reshape(len(x), -1).copy()
    return x, image
