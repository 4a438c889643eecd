"""Breast cancer: is a lump malignant? From measures of cell nuclei under the microscope."""

from __future__ import annotations

from backprop_studio.data._shipped import table
from backprop_studio.data.dataset import Dataset, DatasetInfo, Scaling, Task

_FEATURES = (
    "mean radius",
    "mean texture",
    "mean perimeter",
    "mean area",
    "mean smoothness",
    "mean compactness",
    "mean concavity",
    "mean concave points",
    "mean symmetry",
    "mean fractal dimension",
    "radius error",
    "texture error",
    "perimeter error",
    "area error",
    "smoothness error",
    "compactness error",
    "concavity error",
    "concave points error",
    "symmetry error",
    "fractal dimension error",
    "worst radius",
    "worst texture",
    "worst perimeter",
    "worst area",
    "worst smoothness",
    "worst compactness",
    "worst concavity",
    "worst concave points",
    "worst symmetry",
    "worst fractal dimension",
)
_CLASSES = ("malignant", "benign")

INFO = DatasetInfo(
    id="breast_cancer",
    title="Breast cancer",
    summary=(
        "569 samples of tissue, each with thirty measures of its cell nuclei under the microscope. "
        "Is the lump malignant or benign?"
    ),
    task=Task.CLASSIFICATION,
    feature_shape=(len(_FEATURES),),
    target_width=len(_CLASSES),
    scaling=Scaling.STANDARD,
)


def load() -> Dataset:
    """Read the samples: `x` float32 (569, 30); `y` (569,), 212 malignant and 357 benign.

    Raises
    ------
    FileNotFoundError
        If ``breast_cancer.npz`` is not installed.
    StudioError
        ``dataset-invalid`` if the file is damaged.
    """
    return table(
        INFO,
        _FEATURES,
        _CLASSES,
        citation=(
            "W. Wolberg, O. Mangasarian, N. Street and W. Street (1993). Breast Cancer Wisconsin "
            "(Diagnostic). UCI Machine Learning Repository. https://doi.org/10.24432/C5DW2B"
        ),
        licence="CC BY 4.0",
    )
