"""The features change places, all at once: a picture that only we cannot read any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.data.corruption import (
    Corruption,
    Sample,
    cycle,
    seed_field,
)
from backprop_studio.specs import Category, Info

_STREAM = 207


@dataclass(frozen=True)
class PermutedFeatures(Corruption):
    """Puts every feature, or pixel, in the place of another, the same one in every row."""

    seed: int = seed_field()

    info: ClassVar[Info] = Info(
        id="permuted_features",
        title="Permuted features",
        category=Category.DATA,
        summary="Every feature or pixel stands in the place of another, the same in every row. A "
        "dense layer learns as well as before; a convolution, which counts on neighbours, does "
        "not. In all rows.",
        rank=7,
    )

    def apply(self, sample: Sample) -> Sample:
        """As in `Corruption`."""
        dataset, x = sample.dataset, sample.features()
        order = cycle(x.shape[1], _STREAM, self.seed)
        names = dataset.feature_names
        # Names of pixels, and of steps in time, are those of places; others go with their feature.
        if names and dataset.image_shape is None and dataset.vocabulary is None:
            names = tuple(names[k] for k in order)
        return sample.with_features(x[:, order], feature_names=names)
