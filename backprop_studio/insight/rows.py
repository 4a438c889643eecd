"""The rows behind a training run: who is in which part, what was changed, how the classes stand."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from backprop_studio.data import Prepared, Task

_BINS = 8


class Part(StrEnum):
    """What a row is for."""

    TRAINING = "training"
    HELD_OUT = "held_out"
    LEFT_OUT = "left_out"


PARTS = tuple(Part)
"""In the order of the codes of `Rows.part`."""


class Which(StrEnum):
    """A choice of rows."""

    ALL = "all"
    TRAINING = "training"
    HELD_OUT = "held_out"
    LEFT_OUT = "left_out"
    CHANGED = "changed"


@dataclass(frozen=True)
class Group:
    """How many rows of a class there are; of numbers, how many targets in a range.

    Attributes
    ----------
    name
        Of the class, or the range.
    training, held_out, left_out
        Rows in each part.
    """

    name: str
    training: int
    held_out: int
    left_out: int

    @property
    def total(self) -> int:
        """Rows in all parts."""
        return self.training + self.held_out + self.left_out


class Rows:
    """What there is to say of the rows of prepared data, computed when it is asked for.

    Parameters
    ----------
    prepared
        The data.
    """

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self.size = prepared.source.size

    @cached_property
    def part(self) -> npt.NDArray[np.int8]:
        """Place in `PARTS` of each row's part, of shape (rows,)."""
        part = np.full(self.size, PARTS.index(Part.LEFT_OUT), np.int8)
        part[self.prepared.split.train] = PARTS.index(Part.TRAINING)
        part[self.prepared.split.validation] = PARTS.index(Part.HELD_OUT)
        return part

    @cached_property
    def label_changed(self) -> npt.NDArray[np.bool_]:
        """Whether the target of each row is another than in the source, of shape (rows,)."""
        old, new = self.prepared.source.y, self.prepared.raw.y
        if old is new:
            return np.zeros(self.size, bool)
        return np.asarray((old != new).reshape(self.size, -1).any(axis=1))

    @cached_property
    def features_changed(self) -> npt.NDArray[np.bool_]:
        """Whether any feature of each row is another than in the source, of shape (rows,)."""
        old, new = self.prepared.source.x, self.prepared.raw.x
        if old is new:
            return np.zeros(self.size, bool)
        if old.shape != new.shape:
            return np.ones(self.size, bool)
        return np.asarray((old != new).reshape(self.size, -1).any(axis=1))

    def chosen(self, which: Which) -> npt.NDArray[np.int64]:
        """Numbers of the rows of a choice, ascending."""
        if which is Which.ALL:
            return np.arange(self.size)
        if which is Which.CHANGED:
            return np.flatnonzero(self.label_changed | self.features_changed)
        return np.flatnonzero(self.part == PARTS.index(Part(which.value)))

    def feature(self, row: int, column: int) -> tuple[float, float | None, float]:
        """A feature of a row: as it is before scaling, as it was, and as training gets it.

        What it was is None where the source has no such feature.
        """
        source, raw, ready = (
            d.x[row].reshape(-1)
            for d in (self.prepared.source, self.prepared.raw, self.prepared.dataset)
        )
        was = float(source[column]) if column < len(source) else None
        return float(raw[column]), was, float(ready[column])

    def label(self, row: int) -> tuple[str, str]:
        """The target of a row in words, before scaling: as it is, and as it was."""
        source, raw = self.prepared.source, self.prepared.raw
        if raw.task is Task.CLASSIFICATION:
            return raw.class_names[int(raw.y[row])], source.class_names[int(source.y[row])]
        now, was = (", ".join(f"{v:.4g}" for v in d.y[row]) for d in (raw, source))
        return now, was

    def groups(self) -> tuple[Group, ...]:
        """How many rows each class has in each part, by their labels as they are in training.

        Targets that are numbers are counted in a few ranges of equal width; of several numbers a
        row, the first one is counted.
        """
        raw = self.prepared.raw
        if raw.task is Task.CLASSIFICATION:
            names, place = raw.class_names, raw.y.astype(np.int64, copy=False)
        else:
            values = raw.y[:, 0].astype(np.float64)
            edges = np.linspace(values.min(), values.max(), _BINS + 1)
            place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, _BINS - 1)
            names = tuple(f"{low:.3g} … {high:.3g}" for low, high in pairwise(edges))
        counts = [
            np.bincount(place[self.part == k], minlength=len(names)).tolist()
            for k in range(len(PARTS))
        ]
        return tuple(Group(name, *numbers) for name, *numbers in zip(names, *counts, strict=True))
