"""Diabetes: how far the disease gets in a year, from ten measurements."""

from __future__ import annotations

from backprop_studio.data._shipped import table
from backprop_studio.data.dataset import Dataset, DatasetInfo, Scaling, Task

_FEATURES = (
    "age (years)",
    "sex",
    "body mass index",
    "blood pressure",
    "total cholesterol",
    "LDL",
    "HDL",
    "cholesterol / HDL",
    "log triglycerides",
    "blood sugar",
)

INFO = DatasetInfo(
    id="diabetes",
    title="Diabetes",
    summary=(
        "442 patients with ten measurements each. How far will the disease have got a year later? "
        "The measurements say only about half of it: nobody gets near zero loss."
    ),
    task=Task.REGRESSION,
    feature_shape=(len(_FEATURES),),
    target_width=1,
    scaling=Scaling.STANDARD,
)


def load() -> Dataset:
    """Read the patients: `x` float32 (442, 10); `y` (442, 1), progression, 25 to 346.

    Raises
    ------
    FileNotFoundError
        If ``diabetes.npz`` is not installed.
    StudioError
        ``dataset-invalid`` if the file is damaged.
    """
    return table(
        INFO,
        _FEATURES,
        citation=(
            "B. Efron, T. Hastie, I. Johnstone and R. Tibshirani (2004). Least Angle Regression. "
            "Annals of Statistics 32(2), 407-499."
        ),
        licence="none stated by the authors; scikit-learn, whose copy this is, is BSD 3-Clause",
    )
