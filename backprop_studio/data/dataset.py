"""What a data set is: read-only arrays of rows and targets, checked once when it is made."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from backprop_studio.errors import StudioError


class Task(StrEnum):
    """What is learned from a data set: a class for each row, or numbers."""

    CLASSIFICATION = "classification"
    REGRESSION = "regression"


_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


class Scaling(StrEnum):
    """What is done to features so that they are of like size."""

    NONE = "none"
    STANDARD = "standard"
    RANGE = "range"


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """What is known of a data set before its rows are loaded.

    Attributes
    ----------
    id
        Stable name, as stored in project files.
    title, summary
        For people: a few words, and one or two sentences.
    task
        What is learned.
    feature_shape
        Shape of one row of `Dataset.x`.
    target_width
        Number of classes, or numbers a row for regression: the width of the network's output.
    image_shape, vocabulary, scaling
        As in `Dataset`.
    size
        Number of rows; 0 where only loading them tells.
    """

    id: str
    title: str
    summary: str
    task: Task
    feature_shape: tuple[int, ...]
    target_width: int
    image_shape: tuple[int, int] | None = None
    vocabulary: int | None = None
    scaling: Scaling = Scaling.NONE
    size: int = field(default=0, compare=False)


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Dataset:
    """Rows and their targets, which never change after they are made.

    `x` and `y` become read-only and C-contiguous; an array that the caller could still write to
    is copied. Data sets are compared by identity.

    Attributes
    ----------
    id, title, summary
        As in `DatasetInfo`.
    x
        float32 array of shape (n, *feature_shape), n >= 1, all finite, or float64 where the last
        digit counts; or, with a vocabulary,
        int64 tokens in [0, vocabulary).
    y
        For classification an int64 array of shape (n,), class indices in [0, classes);
        for regression a float32 or float64 array of shape (n, k), k >= 1, all finite.
    task
        What is learned.
    class_names
        One a class, in the order of the indices; empty for regression.
    feature_names
        One a number of a row, in C order; empty when the numbers have no names.
    image_shape
        (height, width) in pixels as which a row may be drawn, or None. Row-major.
    citation
        Where the data come from, as one would cite it.
    licence
        The licence under which the data may be used.
    vocabulary
        How many different tokens there are, if the features are tokens: numbers that name
        things and measure nothing. None for features that are measured.
    scaling
        What suits the features as they are: set when somebody chooses these data, and theirs to
        change. Training goes by `DataSettings` alone.

    Raises
    ------
    StudioError
        ``dataset-invalid`` if any of the above does not hold. Rows are counted from 0.

    Examples
    --------
    >>> import numpy as np
    >>> from backprop_studio.data import Dataset, Task
    >>> Dataset("mine", "Mine", "Two rows.", np.zeros((2, 3), np.float32), np.array([0, 2]),
    ...         Task.CLASSIFICATION, ("no", "yes"), (), None, "", "")
    Traceback (most recent call last):
        ...
    backprop_studio.errors.StudioError: The data set 'Mine' cannot be used: the label of row 1 is \
2, and 2 classes are named: 0 to 1.
    """

    id: str
    title: str
    summary: str
    x: npt.NDArray[np.floating] | npt.NDArray[np.int64]
    y: npt.NDArray[np.int64] | npt.NDArray[np.floating]
    task: Task
    class_names: tuple[str, ...]
    feature_names: tuple[str, ...]
    image_shape: tuple[int, int] | None
    citation: str
    licence: str
    vocabulary: int | None = None
    scaling: Scaling = Scaling.NONE

    @property
    def is_one_example(self) -> bool:
        """Whether there is one row only, or all of them are the same one, with the same target."""
        known = 1
        while known < len(self.x):
            # Twice as many each time: rows that differ are nearly always seen at once.
            some = slice(known, 2 * known)
            if (self.x[some] != self.x[0]).any() or (self.y[some] != self.y[0]).any():
                return False
            known *= 2
        return True

    def __post_init__(self) -> None:
        reason = self._fault_of_rows() or self._fault_of_targets() or self._fault_of_names()
        if reason is not None:
            raise StudioError("dataset-invalid", name=self.title or self.id, reason=reason)
        object.__setattr__(self, "x", _frozen(self.x))
        object.__setattr__(self, "y", _frozen(self.y))

    @property
    def size(self) -> int:
        """Number of rows."""
        return int(self.x.shape[0])

    @property
    def feature_shape(self) -> tuple[int, ...]:
        """Shape of one row of `x`."""
        return self.x.shape[1:]

    @property
    def target_width(self) -> int:
        """Number of classes, or numbers a row for regression."""
        if self.task is Task.CLASSIFICATION:
            return len(self.class_names)
        return int(self.y.shape[1])

    @property
    def info(self) -> DatasetInfo:
        """The description of this data set, derived from what it holds."""
        return DatasetInfo(
            id=self.id,
            title=self.title,
            summary=self.summary,
            task=self.task,
            feature_shape=self.feature_shape,
            target_width=self.target_width,
            image_shape=self.image_shape,
            vocabulary=self.vocabulary,
            scaling=self.scaling,
            size=self.size,
        )

    def _fault_of_rows(self) -> str | None:
        expected = _FLOATS if self.vocabulary is None else (np.dtype(np.int64),)
        if self.x.dtype not in expected:
            return f"its features are {self.x.dtype} and must be {expected[0]}"
        if self.x.ndim < 2:
            return f"its features have shape {self.x.shape} and must have at least two axes"
        if self.x.size == 0:
            return f"its features have shape {self.x.shape}, which holds no numbers"
        if self.vocabulary is not None:
            names = f"there are {self.vocabulary} tokens"
            return _fault_of_indices(self.x, self.vocabulary, "token", names)
        return _fault_of_numbers(self.x, "feature")

    def _fault_of_targets(self) -> str | None:
        classes = self.task is Task.CLASSIFICATION
        expected, axes = ((np.dtype(np.int64),), 1) if classes else (_FLOATS, 2)
        if self.y.dtype not in expected:
            return f"its targets are {self.y.dtype} and must be {expected[0]}"
        if self.y.ndim != axes or self.y.size == 0:
            return f"its targets have shape {self.y.shape} and must have {axes} non-empty axes"
        if len(self.y) != len(self.x):
            return f"it has {len(self.x)} rows and {len(self.y)} targets"
        if classes:
            names = f"{len(self.class_names)} classes are named"
            return _fault_of_indices(self.y, len(self.class_names), "label", names)
        return _fault_of_numbers(self.y, "target")

    def _fault_of_names(self) -> str | None:
        width = math.prod(self.feature_shape)
        if self.task is Task.REGRESSION and self.class_names:
            return "it has numbers for targets and yet names classes"
        if self.feature_names and len(self.feature_names) != width:
            return f"it names {len(self.feature_names)} features and has {width}"
        if self.image_shape is not None and self.vocabulary is not None:
            return "its features are tokens, and a picture has none"
        if self.image_shape is not None and math.prod(self.image_shape) != width:
            height, columns = self.image_shape
            return f"a row of {width} numbers is not a picture of {height} by {columns}"
        return None


def _fault_of_numbers(array: npt.NDArray[Any], what: str) -> str | None:
    """Name the first row that holds something other than a finite number."""
    bad = _first_row(~np.isfinite(array))
    if bad is None:
        return None
    values = array[bad].reshape(-1)
    kind = "not a number" if np.isnan(values).any() else "infinite"
    return f"a {what} of row {bad} is {kind}"


def _fault_of_indices(array: npt.NDArray[Any], count: int, what: str, names: str) -> str | None:
    """Name the first row that holds something other than a whole number in [0, count)."""
    wrong = (array < 0) | (array >= count)
    bad = _first_row(wrong)
    if bad is None:
        return None
    value = array[wrong][0]
    article = "the label" if what == "label" else f"a {what}"
    return f"{article} of row {bad} is {value}, and {names}: 0 to {count - 1}"


def _first_row(wrong: npt.NDArray[np.bool_]) -> int | None:
    rows = wrong.reshape(len(wrong), -1).any(axis=1)
    return int(rows.argmax()) if rows.any() else None


def _frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return `array`, or a copy if someone else could write to it, read-only and contiguous."""
    if array.flags.writeable or not array.flags.owndata or not array.flags.c_contiguous:
        array = array.copy(order="C")
        array.flags.writeable = False
    return array
