"""From a source and its settings to what training uses: rows, targets and split."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from backprop_studio.data import own, registry
from backprop_studio.data.corruption import CorruptionError, Sample, blocks, spread
from backprop_studio.data.dataset import Dataset, DatasetInfo, Scaling, Task
from backprop_studio.data.kept import kept
from backprop_studio.data.settings import DataSettings
from backprop_studio.data.split import Split, split
from backprop_studio.errors import StudioError

_KEPT = 4
"""Results that are kept; each may hold copies of all rows."""

_QUICK = 1_000_000
"""Work that is done at once, in numbers that are looked at: about a hundredth of a second."""

_EACH = 32
"""How many numbers' worth of work a row is beside its features: drawing, sorting, splitting."""

_FEW = 200
"""Rows that tell which shape all will have."""

_Numbers = npt.NDArray[np.float64]

Tell = Callable[[float], object]
"""Told how much is done, from 0 to 1; what it raises ends the work."""


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
    target_shift, target_unit
        The same for targets that are numbers, of shape (numbers to predict,); empty for classes.
    """

    source: Dataset
    raw: Dataset
    dataset: Dataset
    drawn: Split
    split: Split
    affected: tuple[int, ...]
    shift: npt.NDArray[np.float64]
    unit: npt.NDArray[np.float64]
    target_shift: npt.NDArray[np.float64]
    target_unit: npt.NDArray[np.float64]


@kept(_KEPT)
def prepare(
    source: str, settings: DataSettings, validation: float, seed: int, tell: Tell = lambda _: None
) -> Prepared:
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
    tell
        Told of the progress after each stage, and no part of the question.

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
    tell(0.0)
    return _made(registry.load(source, settings.options), settings, validation, seed, tell)


def quick(source: str, settings: DataSettings, validation: float, seed: int) -> bool:
    """Whether `prepare` answers at once: it knows already, or there is little to do.

    How much there is to do is reckoned from rows and features, without loading or making any.

    Raises
    ------
    StudioError
        As `info`.
    """
    if prepare.find(source, settings, validation, seed) is not None:
        return True
    rows, width = registry.extent(source, settings.options)
    return rows * (width + _EACH) <= _QUICK


def release(wanted: Collection[str] = ()) -> None:
    """Forget what was made of own data sets but these: no design that is open leads back to them.

    Each may hold all rows twice, and they would be kept until others have taken their places.
    """

    def is_wanted(dataset_id: str) -> bool:
        return dataset_id in wanted or not own.is_own(dataset_id)

    prepare.forget(lambda source, *_: is_wanted(source))
    _split.forget(lambda dataset, *_: is_wanted(dataset.id))


def outline(source: str, settings: DataSettings, validation: float, seed: int) -> DatasetInfo:
    """What the data set will be like that `prepare` gives, told by a few rows; this is quick.

    Raises
    ------
    StudioError
        As `info`.
    """
    few = registry.few(source, settings.options, _FEW)
    if few is None:
        return registry.info(source)
    try:
        return _made(few, settings, validation, seed, lambda _: None).dataset.info
    except StudioError:
        # Too few for what is to be done to them, or it does not fit: all rows will tell.
        return few.info


def _made(
    dataset: Dataset, settings: DataSettings, validation: float, seed: int, tell: Tell
) -> Prepared:
    stages = 3 + len(settings.corruptions)
    tell(1 / stages)
    drawn = _split(dataset, validation, seed, settings.stratified)
    sample, affected = Sample(dataset, drawn), []
    for place, corruption in enumerate(settings.corruptions):
        tell((place + 2) / stages)
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
    tell((stages - 1) / stages)
    scaled, *scales = _scale(sample, settings)
    return Prepared(dataset, sample.dataset, scaled, drawn, sample.split, tuple(affected), *scales)


@kept(_KEPT)
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
) -> tuple[Dataset, _Numbers, _Numbers, _Numbers, _Numbers]:
    """The data set scaled, with shift and unit of its features, and of its targets."""
    dataset, train = sample.dataset, sample.split.train
    width = int(np.prod(dataset.feature_shape))
    targets = 0 if dataset.task is Task.CLASSIFICATION else dataset.target_width
    target_shift, target_unit = np.zeros(targets), np.ones(targets)
    if settings.scaling == Scaling.NONE:
        return dataset, np.zeros(width), np.ones(width), target_shift, target_unit
    if dataset.vocabulary is not None:
        raise StudioError("scaling-tokens", dataset=dataset.title)
    x, shift, unit = _scaled(dataset.x.reshape(dataset.size, width), train, settings.scaling)
    changes: dict[str, Any] = {"x": x.reshape(dataset.x.shape)}
    if settings.scale_targets and targets:
        changes["y"], target_shift, target_unit = _scaled(dataset.y, train, settings.scaling)
    return replace(dataset, **changes), shift, unit, target_shift, target_unit


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
