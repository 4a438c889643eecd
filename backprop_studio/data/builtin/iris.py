"""Fisher's irises: three species of flowers, told apart by four lengths."""

from __future__ import annotations

from backprop_studio.data._shipped import table
from backprop_studio.data.dataset import Dataset, DatasetInfo, Scaling, Task

_FEATURES = (
    "sepal length (cm)",
    "sepal width (cm)",
    "petal length (cm)",
    "petal width (cm)",
)
_CLASSES = ("setosa", "versicolor", "virginica")

INFO = DatasetInfo(
    id="iris",
    title="Irises",
    summary=(
        "150 flowers of three species, each with four lengths in centimetres. One species stands "
        "apart; the other two run into each other."
    ),
    task=Task.CLASSIFICATION,
    feature_shape=(len(_FEATURES),),
    target_width=len(_CLASSES),
    scaling=Scaling.STANDARD,
)


def load() -> Dataset:
    """Read the flowers: `x` float32 (150, 4) in cm; `y` (150,), 50 of each species, in turn.

    Raises
    ------
    FileNotFoundError
        If ``iris.npz`` is not installed.
    StudioError
        ``dataset-invalid`` if the file is damaged.
    """
    return table(
        INFO,
        _FEATURES,
        _CLASSES,
        citation=(
            "R. A. Fisher (1936). Iris. UCI Machine Learning Repository. "
            "https://doi.org/10.24432/C56C76"
        ),
        licence="CC BY 4.0",
    )
