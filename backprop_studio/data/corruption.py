"""What a corruption is: a way to spoil data that is seen, seeded, and can be taken out again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from backprop_studio.data._random import permutation
from backprop_studio.data.dataset import Dataset, Task
from backprop_studio.data.split import Split
from backprop_studio.errors import StudioError
from backprop_studio.specs import Spec, choice, integer, number

TRAINING, ALL = "training", "all"

MOST_COLUMNS = 1_000_000
"""Features, or classes, that a corruption can be told to take."""

MOST_NUMBERS = 100_000_000
"""Numbers in all rows together that a corruption may add at most."""

CHUNK = 1_000_000
"""Numbers that are drawn at once."""

_SAMPLE = 1_000
"""Rows that are looked at to find a feature that says something."""


class CorruptionError(StudioError):
    """A corruption does not fit the data. `place` is its place in the list, once it has one."""

    place: int | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """Data on their way to training: each corruption makes another one of it.

    Attributes
    ----------
    dataset
        The rows, in the order of the source; none is ever taken out.
    split
        Which of them are trained on and held out. Rows that are in neither are left out.
    """

    dataset: Dataset
    split: Split

    def rows(self, which: str) -> npt.NDArray[np.int64]:
        """The training rows for `TRAINING`, all that are in use for `ALL`, ascending."""
        if which == TRAINING:
            return self.split.train
        return np.sort(np.concatenate([self.split.train, self.split.validation]))

    def features(self) -> npt.NDArray[Any]:
        """A copy of the features to write into, Array of shape (rows, numbers)."""
        return self.dataset.x.reshape(self.dataset.size, -1).copy()

    def with_features(self, x: npt.NDArray[Any], **changes: Any) -> Sample:
        """The same with other features, flat; `changes` go to the data set."""
        shape = self.dataset.feature_shape
        if x.shape[1] != int(np.prod(shape)):
            shape = (x.shape[1],)
        x = _given(x.reshape(len(x), *shape), self.dataset.x.dtype)
        return Sample(replace(self.dataset, x=x, **changes), self.split)

    def with_targets(self, y: npt.NDArray[Any]) -> Sample:
        """The same with other targets."""
        return Sample(replace(self.dataset, y=_given(y, self.dataset.y.dtype)), self.split)

    def without(self, rows: npt.NDArray[np.int64]) -> Sample:
        """The same with some training rows left out."""
        train = np.setdiff1d(self.split.train, rows, assume_unique=True)
        train.flags.writeable = False
        return Sample(self.dataset, Split(train, self.split.validation))


@dataclass(frozen=True)
class Corruption(Spec):
    """Base of all corruptions. Each one's summary says which rows it changes."""

    @classmethod
    def fitting(cls, dataset: Dataset) -> Self:
        """One to begin with for these data: the default, unless that would do nothing there."""
        return cls()

    def apply(self, sample: Sample) -> Sample:
        """What becomes of the data. Depends on `sample` and on the settings alone.

        Raises
        ------
        CorruptionError
            ``corruption-misfit`` if it cannot be done to these data.
        """
        raise NotImplementedError

    def misfit(self, sample: Sample, reason: str) -> CorruptionError:
        """The error to raise when it cannot be done."""
        return CorruptionError(
            "corruption-misfit", name=self.info.title, dataset=sample.dataset.title, reason=reason
        )

    def classes(self, sample: Sample) -> int:
        """How many classes there are.

        Raises
        ------
        CorruptionError
            There are none: the targets are numbers.
        """
        if sample.dataset.task is not Task.CLASSIFICATION:
            raise self.misfit(sample, "its targets are numbers, not classes")
        return sample.dataset.target_width

    def require_class(self, sample: Sample, index: int) -> None:
        """Make sure that there is such a class, counted from 0.

        Raises
        ------
        CorruptionError
            There is none.
        """
        count = self.classes(sample)
        if index >= count:
            raise self.misfit(sample, f"its classes are numbered 0 to {count - 1}, not {index}")

    def require_measured(self, sample: Sample) -> None:
        """Make sure that the features are measured.

        Raises
        ------
        CorruptionError
            They are tokens.
        """
        if sample.dataset.vocabulary is not None:
            raise self.misfit(sample, "its features are tokens, which measure nothing")

    def require_feature(self, sample: Sample, column: int, count: int = 1) -> None:
        """Make sure that there are `count` measured features from `column` on, counted from 0.

        Raises
        ------
        CorruptionError
            There are not.
        """
        self.require_measured(sample)
        there = int(np.prod(sample.dataset.feature_shape))
        last = column + count - 1
        if last >= there:
            raise self.misfit(sample, f"its features are numbered 0 to {there - 1}, not {last}")


def draw(
    rows: npt.NDArray[np.int64], share: float, stream: int, seed: int
) -> npt.NDArray[np.int64]:
    """That share of `rows`, rounded, drawn at random; a larger share contains a smaller one."""
    count = round(share * len(rows))
    return rows[permutation(len(rows), stream, seed=seed)[:count]]


def cycle(count: int, stream: int, seed: int) -> npt.NDArray[np.int64]:
    """A permutation of ``range(count)`` at random that leaves nothing in its place.

    It is a single cycle through all of them.
    """
    order = permutation(count, stream, seed=seed)
    result = np.empty_like(order)
    result[order] = np.roll(order, -1)
    return result


def liveliest(dataset: Dataset) -> int:
    """Of a picture, the pixel that varies most; of other data, the first feature."""
    if dataset.image_shape is None:
        return 0
    return int(dataset.x[:: max(dataset.size // _SAMPLE, 1)].std(axis=0).argmax())


def spread(
    array: npt.NDArray[Any], rows: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Mean and standard deviation of each column over some rows, computed in float64.

    Parameters
    ----------
    array
        Of shape (rows, columns).
    rows
        Which of them.
    """
    mean, deviation = np.empty(array.shape[1]), np.empty(array.shape[1])
    for columns in blocks(array.shape[1], len(rows)):
        seen = array[rows, columns].astype(np.float64)
        mean[columns], deviation[columns] = seen.mean(axis=0), seen.std(axis=0)
    return mean, deviation


def blocks(count: int, length: int) -> Iterator[slice]:
    """Ranges of ``range(count)`` so short that `length` numbers for each are not too many."""
    step = max(CHUNK // max(length, 1), 1)
    return (slice(start, start + step) for start in range(0, count, step))


def share_field(default: float, doc: str) -> Any:
    """A share of the rows that are concerned."""
    return number(default, low=0.0, high=1.0, label="Share", doc=doc)


def rows_field() -> Any:
    """Which rows are concerned."""
    return choice(
        TRAINING,
        choices={TRAINING: "Training rows", ALL: "All rows"},
        label="Rows",
        doc="Which rows are spoilt. Held-out rows that stay clean tell what was really learned.",
    )


def seed_field() -> Any:
    """What is drawn."""
    return integer(
        1,
        low=0,
        high=2**32 - 1,
        label="Drawing",
        doc="Another number draws otherwise. It does not depend on the seed of the training.",
    )


def feature_field(doc: str) -> Any:
    """A feature, by its number from 0."""
    return integer(0, low=0, high=MOST_COLUMNS, label="Feature", doc=doc, names="feature")


def class_field(default: int, label: str, doc: str) -> Any:
    """A class, by its number from 0."""
    return integer(default, low=0, high=MOST_COLUMNS, label=label, doc=doc, names="class")


def _given(array: npt.NDArray[Any], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """An array that nobody will write to, so that the data set need not copy it."""
    result = np.ascontiguousarray(array, dtype)
    if result.flags.owndata:
        result.flags.writeable = False
    return result
