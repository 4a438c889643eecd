"""Reads the data files that come with the program."""

from __future__ import annotations

import zipfile
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from backprop_studio import assets
from backprop_studio.data.dataset import Dataset, DatasetInfo, Task
from backprop_studio.errors import StudioError


def arrays(name: str, title: str, *keys: str) -> tuple[npt.NDArray[Any], ...]:
    """The arrays of ``resources/datasets/<name>/<name>.npz``, in the order of `keys`.

    Parameters
    ----------
    name
        Of the folder and of the file in it.
    title
        What people call the data set, for the message.
    *keys
        Names of the arrays.

    Raises
    ------
    FileNotFoundError
        The file is not installed.
    StudioError
        ``dataset-invalid`` if the file is damaged.
    """
    # The file is opened here because np.load leaves it open when it is not a sound zip.
    with assets.path("datasets", name, f"{name}.npz").open("rb") as stream:
        try:
            found = np.load(stream, allow_pickle=False)
            return tuple(found[key] for key in keys)
        except (ValueError, LookupError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise StudioError(
                "dataset-invalid", name=title, reason=f"its file {name}.npz is damaged"
            ) from error


def table(
    info: DatasetInfo,
    feature_names: tuple[str, ...],
    class_names: tuple[str, ...] = (),
    *,
    citation: str,
    licence: str,
) -> Dataset:
    """Rows of measures with their targets, from the arrays `features` and `targets`.

    Parameters
    ----------
    info
        Its id names the folder and the file.
    feature_names, class_names, citation, licence
        As in `Dataset`; without classes the targets are one number a row.

    Raises
    ------
    FileNotFoundError, StudioError
        As `arrays`.
    """
    features, targets = arrays(info.id, info.title, "features", "targets")
    classes = info.task is Task.CLASSIFICATION
    return _dataset(
        info,
        features.astype(np.float32),
        targets.astype(np.int64) if classes else targets.reshape(-1, 1).astype(np.float32),
        feature_names,
        class_names,
        citation,
        licence,
    )


def digits(info: DatasetInfo, darkest: int, *, citation: str, licence: str) -> Dataset:
    """Pictures of the ten digits, from the arrays `images` and `labels`, as ink from 0 to 1.

    Parameters
    ----------
    info
        Its id names the folder and the file.
    darkest
        The number in the file that stands for ink all over.
    citation, licence
        As in `Dataset`.

    Raises
    ------
    FileNotFoundError, StudioError
        As `arrays`.
    """
    images, labels = arrays(info.id, info.title, "images", "labels")
    assert info.image_shape is not None
    return _dataset(
        info,
        images.reshape(len(images), -1).astype(np.float32) / np.float32(darkest),
        labels.astype(np.int64),
        pixel_names(*info.image_shape),
        tuple(str(digit) for digit in range(info.target_width)),
        citation,
        licence,
    )


def _dataset(
    info: DatasetInfo,
    x: npt.NDArray[Any],
    y: npt.NDArray[Any],
    feature_names: tuple[str, ...],
    class_names: tuple[str, ...],
    citation: str,
    licence: str,
) -> Dataset:
    return Dataset(
        id=info.id,
        title=info.title,
        summary=info.summary,
        x=x,
        y=y,
        task=info.task,
        class_names=class_names,
        feature_names=feature_names,
        image_shape=info.image_shape,
        citation=citation,
        licence=licence,
        scaling=info.scaling,
    )


def pixel_names(height: int, width: int) -> tuple[str, ...]:
    """Names of the pixels of a picture, in row-major order."""
    return tuple(f"row {row}, column {column}" for row in range(height) for column in range(width))
