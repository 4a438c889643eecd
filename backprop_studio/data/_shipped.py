"""Reads the data files that come with the program."""

from __future__ import annotations

import zipfile
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from backprop_studio import assets
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


def pixel_names(height: int, width: int) -> tuple[str, ...]:
    """Names of the pixels of a picture, in row-major order."""
    return tuple(f"row {row}, column {column}" for row in range(height) for column in range(width))
