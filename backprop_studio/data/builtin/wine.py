"""Wines of three growers, told apart by thirteen measures in units of their own."""

from __future__ import annotations

from backprop_studio.data._shipped import table
from backprop_studio.data.dataset import Dataset, DatasetInfo, Scaling, Task

_FEATURES = (
    "alcohol",
    "malic acid",
    "ash",
    "alcalinity of ash",
    "magnesium",
    "total phenols",
    "flavanoids",
    "nonflavanoid phenols",
    "proanthocyanins",
    "colour intensity",
    "hue",
    "OD280/OD315 of diluted wines",
    "proline",
)
_CLASSES = ("grower 1", "grower 2", "grower 3")

INFO = DatasetInfo(
    id="wine",
    title="Wines",
    summary=(
        "178 wines from the grapes of three growers, each with thirteen measures of a chemist. "
        "Their units are far apart, so without scaling the largest one drowns out the others."
    ),
    task=Task.CLASSIFICATION,
    feature_shape=(len(_FEATURES),),
    target_width=len(_CLASSES),
    scaling=Scaling.STANDARD,
)


def load() -> Dataset:
    """Read the wines: `x` float32 (178, 13), each in its unit; `y` (178,), 59, 71 and 48 rows.

    Raises
    ------
    FileNotFoundError
        If ``wine.npz`` is not installed.
    StudioError
        ``dataset-invalid`` if the file is damaged.
    """
    return table(
        INFO,
        _FEATURES,
        _CLASSES,
        citation=(
            "S. Aeberhard and M. Forina (1992). Wine. UCI Machine Learning Repository. "
            "https://doi.org/10.24432/C5PC7J"
        ),
        licence="CC BY 4.0",
    )
