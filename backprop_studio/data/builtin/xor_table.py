"""The truth table of exclusive or: numbers small enough to check every step by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_studio.data._made import dataset
from backprop_studio.data.dataset import Dataset, DatasetInfo, Task
from backprop_studio.data.options import Options
from backprop_studio.specs import integer

INFO = DatasetInfo(
    id="xor_table",
    title="XOR, truth table",
    summary=(
        "The four rows of the truth table of exclusive or, many times, so that all four are "
        "trained on and tested. The smallest problem that needs a hidden layer."
    ),
    task=Task.CLASSIFICATION,
    feature_shape=(2,),
    target_width=2,
)


@dataclass(frozen=True)
class Recipe(Options):
    """How often each row is there."""

    times: int = integer(
        16, low=2, high=10_000, label="Times", doc="How often each of the four rows is there."
    )


def load(options: Recipe) -> Dataset:
    """Make the table: `x` float32 (4·times, 2) of 0 and 1; `y`, 1 where exactly one is 1."""
    row = np.arange(4 * options.times, dtype=np.int64) % 4
    bits = np.stack([row // 2, row % 2], axis=1)
    return dataset(
        INFO, bits, bits[:, 0] ^ bits[:, 1], class_names=("0", "1"), feature_names=("a", "b")
    )
