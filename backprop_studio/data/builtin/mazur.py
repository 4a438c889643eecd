"""The row of a well-known worked example of backpropagation."""

from __future__ import annotations

import numpy as np

from backprop_studio.data.dataset import Dataset, DatasetInfo, Task

_TIMES = 64

INFO = DatasetInfo(
    id="mazur",
    title="Mazur's row",
    summary=(
        "The one row of Matt Mazur's step by step example, (0.05, 0.10) with the targets "
        "(0.01, 0.99), 64 times over, so that some can be held out. Exact to the last digit, to "
        "be compared with the numbers that he published."
    ),
    task=Task.REGRESSION,
    feature_shape=(2,),
    target_width=2,
)


def load() -> Dataset:
    """Make the row: `x` float64 (64, 2), `y` float64 (64, 2), all rows alike."""
    return Dataset(
        id=INFO.id,
        title=INFO.title,
        summary=INFO.summary,
        x=np.tile([0.05, 0.10], (_TIMES, 1)),
        y=np.tile([0.01, 0.99], (_TIMES, 1)),
        task=INFO.task,
        class_names=(),
        feature_names=("i1", "i2"),
        image_shape=None,
        citation="Mazur 2015, A Step by Step Backpropagation Example.",
        licence="CC0 1.0",
    )
