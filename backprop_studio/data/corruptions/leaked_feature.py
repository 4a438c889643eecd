"""The answer stands among the features: perfect in the notebook, useless in the world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from backprop_studio.data._random import permutation
from backprop_studio.data.corruption import (
    ALL,
    MOST_NUMBERS,
    Corruption,
    Sample,
    feature_field,
    rows_field,
    seed_field,
)
from backprop_studio.data.dataset import Dataset, Task
from backprop_studio.specs import Category, Info, choice

_STREAM = 206


@dataclass(frozen=True)
class LeakedFeature(Corruption):
    """Writes the label among the features, as a new feature or in place of one."""

    where: str = choice(
        "added",
        choices={"added": "After the last feature", "in_place": "In place of features"},
        label="Where",
        doc="Whether the label comes as further features, or in place of some that are there. "
        "Pictures have no room for further ones.",
    )
    column: int = feature_field("The first feature that the label takes the place of.")
    rows: str = rows_field()
    seed: int = seed_field()

    info: ClassVar[Info] = Info(
        id="leaked_feature",
        title="Leaked feature",
        category=Category.DATA,
        summary="The label stands among the features: one number for two classes or for a target, "
        "else one a class, 1 where it is the row's. If in training rows only, held-out rows get "
        "the label of another of them there, as when the answer is not known yet.",
        rank=6,
    )

    def unused(self) -> frozenset[str]:
        """As in `Spec`."""
        without = {"column"} if self.where == "added" else set()
        return frozenset(without | ({"seed"} if self.rows == ALL else set()))

    @classmethod
    def fitting(cls, dataset: Dataset) -> LeakedFeature:
        """As in `Corruption`."""
        return cls(
            where="added"
            if len(dataset.feature_shape) == 1 and not dataset.image_shape
            else "in_place"
        )

    def apply(self, sample: Sample) -> Sample:
        """As in `Corruption`."""
        self.require_measured(sample)
        dataset = sample.dataset
        told = np.arange(dataset.size)
        if self.rows != ALL:
            held = sample.split.validation
            told[held] = held[permutation(len(held), _STREAM, seed=self.seed)]
        if dataset.size * dataset.target_width > MOST_NUMBERS:
            raise self.misfit(sample, "it has too many rows of too many classes")
        leak, names = _as_numbers(dataset)
        leak = leak[told]
        x = sample.features()
        if self.where == "in_place":
            self.require_feature(sample, self.column, leak.shape[1])
            x[:, self.column : self.column + leak.shape[1]] = leak
            return sample.with_features(x)
        if dataset.image_shape is not None or len(dataset.feature_shape) != 1:
            raise self.misfit(
                sample, "its rows have no room for another feature; put it in place of one"
            )
        known = dataset.feature_names and (*dataset.feature_names, *names)
        return sample.with_features(np.concatenate([x, leak], axis=1), feature_names=known)


def _as_numbers(dataset: Dataset) -> tuple[npt.NDArray[np.float32], tuple[str, ...]]:
    """The targets as features, Array of shape (rows, numbers), and what to call these."""
    if dataset.task is Task.REGRESSION:
        count = dataset.target_width
        names = [f"leaked target {k + 1}" if count > 1 else "leaked target" for k in range(count)]
        return dataset.y.astype(np.float32), tuple(names)
    if dataset.target_width == 2:
        return dataset.y[:, np.newaxis].astype(np.float32), ("leaked label",)
    rows = np.eye(dataset.target_width, dtype=np.float32)[dataset.y]
    return rows, tuple(f"leaked label: {name}" for name in dataset.class_names)
