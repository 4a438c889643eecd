"""The one row of Mazur's worked example of backpropagation, whose results many have by heart."""

from __future__ import annotations

import numpy as np

from backprop_studio.data.dataset import Dataset, DatasetInfo, Task

_TIMES = 64

INFO = DatasetInfo(
    id="mazur",
    title="Mazur's example",
    summary=(
        "One row, 64 times, so that there is something to train on and to test: 0.05 and 0.10 in, "
        "0.01 and 0.99 wanted. Published step by step, to compare every number with."
    ),
    task=Task.REGRESSION,
    feature_shape=(2,),
    target_width=2,
)


def load() -> Dataset:
    """Make the rows: `x` float32 (64, 2) of 0.05 and 0.10; `y` float32 (64, 2) of 0.01 and 0.99."""
    return Dataset(
        id=INFO.id,
        title=INFO.title,
        summary=INFO.summary,
        x=np.tile(np.array([[0.05, 0.10]], np.float32), (_TIMES, 1)),
        y=np.tile(np.array([[0.01, 0.99]], np.float32), (_TIMES, 1)),
        task=INFO.task,
        class_names=(),
        feature_names=("i1", "i2"),
        image_shape=None,
        citation="Mazur 2015, A Step by Step Backpropagation Example.",
        licence="CC0 1.0",
    )
