"""Parity: is the number of ones odd? Every bit matters, and none alone tells anything."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_studio.data._made import dataset, generator
from backprop_studio.data._random import permutation
from backprop_studio.data.dataset import Dataset, DatasetInfo, Task
from backprop_studio.data.options import Options, count_field, noise_field, seed_field
from backprop_studio.specs import integer

_STREAM = 110
_BITS = 6

INFO = DatasetInfo(
    id="parity",
    title="Parity",
    summary=(
        "Rows of bits: is the number of ones odd? Exclusive or of many, where each bit alone says "
        "nothing. A network may learn the rows by heart and miss the rule."
    ),
    task=Task.CLASSIFICATION,
    feature_shape=(_BITS,),
    target_width=2,
)


@dataclass(frozen=True)
class Recipe(Options):
    """How many rows of how many bits, and how far these are from 0 and 1."""

    count: int = count_field(2**_BITS)
    noise: float = noise_field(0.0, "Standard deviation of what is added to each bit.")
    bits: int = integer(_BITS, low=2, high=16, label="Bits", doc="How many bits a row has.")
    seed: int = seed_field()

    @property
    def width(self) -> int:
        """As in `Options`."""
        return self.bits


def load(options: Recipe) -> Dataset:
    """Make the rows: `x` float32 (count, bits) of 0 and 1; `y` (count,), 1 for an odd number.

    The rows are all different as long as there are different ones; then they come again. Normal
    noise, if any, is added last.
    """
    random, bits = generator(_STREAM, options.seed), options.bits
    order = permutation(2**bits, _STREAM, seed=options.seed, index=1)
    number = np.resize(order, options.count)
    x = (number[:, np.newaxis] >> np.arange(bits)[::-1]) & 1
    y = x.sum(axis=1) % 2
    noisy = x + options.noise * random.standard_normal(x.shape)
    names = tuple(f"bit {k + 1}" for k in range(bits))
    return dataset(INFO, noisy, y, class_names=("even", "odd"), feature_names=names)
