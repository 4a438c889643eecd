"""From a source and its settings to what training uses: rows, targets and split."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from backprop_studio.data import registry
from backprop_studio.data.corruption import CorruptionError, Sample, blocks, spread
from backprop_studio.data.dataset import Dataset, Scaling, Task
from backprop_studio.data.settings import DataSettings
from backprop_studio.data.split import Split, split
from backprop_studio.errors import StudioError

_KEPT = 4
"""Results that are kept; each may hold copies of all rows."""


@dataclass(frozen=True, eq=False, slots=True)
class Prepared:
    """Data ready for training, and how they came to be so. Rows keep their numbers throughout.

    Attributes
    ----------
    source
        The data set as it was loaded or generated.
    raw
        After all corruptions, before scaling.
    dataset
        What training uses. The same object as `raw`, and that the same as `source`, where nothing
        was done.
    drawn
        The split as it was drawn.
    split
        The split that training uses: corruptions may have left training rows out.
    affected
        For each corruption, how many rows it changed or left out.
    shift, unit
        float64 arrays of shape (numbers of a row,): features of `dataset` are those of `raw` minus
        `shift`, divided by `unit`.
    """

    source: Dataset
    raw: Dataset
    dataset: Dataset
    drawn: Split
    split: Split
    affected: tuple[int, ...]
    shift: npt.NDArray[np.float64]
    unit: npt.NDArray[np.float64]


@lru_cache(maxsize=_KEPT)
def prepare(source: str, settings: DataSettings, validation: float, seed: int) -> Prepared:
    """Load, split, corrupt and scale, in this order; asking again gives the same object.

    The split is drawn from the labels of the source, so no corruption moves a row from one part to
    the other. Scaling is measured on the training rows as they are then, and done to all.

    Parameters
    ----------
    source
        Id of the data set.
    settings
        What is done to it.
    validation
        Share of the rows to hold out, strictly between 0 and 1.
    seed
        Of the split, in [0, 2**64). What corruptions draw depends on their own seeds alone.

    Raises
    ------
    StudioError
        As `load` and `split`; ``scaling-tokens`` if tokens are to be scaled.
    CorruptionError
        A corruption does not fit, or is out of range; its `place` says which one.
    FileNotFoundError
        If the file of the data set is not where the program was installed.

    Examples
    --------
    >>> from backprop_studio import data
    >>> noise = data.corruptions()["label_noise"](share=0.1)
    >>> found = data.prepare("iris", data.DataSettings(corruptions=(noise,)), 0.2, 1)
    >>> len(found.split.train), found.affected
    (120, (12,))
    """
    dataset = registry.load(source, settings.options)
    drawn = _split(dataset, validation, seed, settings.stratified)
    sample, affected = Sample(dataset, drawn), []
    for place, corruption in enumerate(settings.corruptions):
        title = corruption.info.title
        try:
            for problem in corruption.problems(title):
                reason = problem.text.rstrip(".")
                raise CorruptionError("corruption-unsound", name=title, reason=reason)
            after = corruption.apply(sample)
        except CorruptionError as error:
            error.place = place
            raise
        affected.append(int(np.count_nonzero(_touched(sample, after))))
        sample = after
    scaled, shift, unit = _scale(sample, settings)
    return Prepared(
        dataset, sample.dataset, scaled, drawn, sample.split, tuple(affected), shift, unit
    )


@lru_cache(maxsize=_KEPT)
def _split(dataset: Dataset, validation: float, seed: int, stratified: bool) -> Split:
    """The split, which takes as long as all else for many rows, and which corruptions leave."""
    return split(dataset, validation_fraction=validation, seed=seed, stratified=stratified)


def _touched(before: Sample, after: Sample) -> npt.NDArray[np.bool_]:
    """Rows that one corruption changed or left out, Array of shape (rows,)."""
    old, new = before.dataset, after.dataset
    touched = np.zeros(old.size, bool)
    touched[np.setdiff1d(before.split.train, after.split.train, assume_unique=True)] = True
    if old.y is not new.y:
        touched |= (old.y != new.y).reshape(old.size, -1).any(axis=1)
    if old.x.shape != new.x.shape:
        touched[:] = True
    elif old.x is not new.x:
        touched |= (old.x != new.x).reshape(old.size, -1).any(axis=1)
    return touched


def _scale(
    sample: Sample, settings: DataSettings
) -> tuple[Dataset, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The data set scaled, with shift and unit of its features."""
    dataset, train = sample.dataset, sample.split.train
    width = int(np.prod(dataset.feature_shape))
    if settings.scaling == Scaling.NONE:
        return dataset, np.zeros(width), np.ones(width)
    if dataset.vocabulary is not None:
        raise StudioError("scaling-tokens", dataset=dataset.title)
    x, shift, unit = _scaled(dataset.x.reshape(dataset.size, width), train, settings.scaling)
    changes: dict[str, Any] = {"x": x.reshape(dataset.x.shape)}
    if settings.scale_targets and dataset.task is Task.REGRESSION:
        changes["y"], _, _ = _scaled(dataset.y, train, settings.scaling)
    return replace(dataset, **changes), shift, unit


def _scaled(
    array: npt.NDArray[Any], train: npt.NDArray[np.int64], scaling: str
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """All rows of `array`, scaled by what its training rows are like, with shift and unit."""
    seen = array[train]
    low, high = seen.min(axis=0).astype(np.float64), seen.max(axis=0).astype(np.float64)
    if scaling == Scaling.STANDARD:
        shift, unit = spread(array, train)
    else:
        shift, unit = low, high - low
    # Where nothing varies, the mean may miss the value by a rounding, and the deviation zero.
    still = low == high
    shift, unit = np.where(still, low, shift), np.where(still, 1.0, unit)
    scaled = np.empty(array.shape, np.float32)
    for rows in blocks(len(array), array.shape[1]):
        scaled[rows] = (array[rows] - shift) / unit
    return scaled, shift, unit
