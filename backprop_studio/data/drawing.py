"""Data sets drawn by hand: points on a plane, changed by pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from backprop_studio.data._random import philox
from backprop_studio.data.dataset import Dataset, Task

MAX_POINTS = 5_000
MIN_CLASSES, MAX_CLASSES = 2, 10

_STREAM = 201
TITLE = "Drawn points"


@dataclass(frozen=True, eq=False)
class Drawing:
    """Points on a plane.

    Attributes
    ----------
    places
        float32 array of shape (points, 2). For classes, both are features; for regression the
        first is the feature and the second the target.
    labels
        int64 array of shape (points,): the class of each; zeros for regression.
    classes
        Their names; empty for regression.
    """

    places: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.places)

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """The part of the plane that shows all points: left, bottom, right and top."""
        far = np.abs(self.places).max() if len(self) else 0.0
        if 0.25 < far <= 2.0 or not len(self):
            return -2.0, -2.0, 2.0, 2.0
        low, high = self.places.min(axis=0), self.places.max(axis=0)
        # As far in both directions, where they are of one size; what is measured may not be.
        room = np.maximum(0.08 * (high - low), 1e-6 * max(float(far), 1e-30) + 1e-30)
        room = np.where(high > low, room, np.maximum(np.abs(high), 1.0))
        left, bottom = (low - room).tolist()
        right, top = (high + room).tolist()
        return left, bottom, right, top


def empty(classes: int) -> Drawing:
    """No points yet, of so many classes; 0 for regression."""
    names = tuple(_name(i) for i in range(classes))
    return Drawing(np.zeros((0, 2), np.float32), np.zeros(0, np.int64), names)


def is_plane(dataset: Dataset) -> bool:
    """Whether a data set is points on a plane, few enough to be drawn."""
    if dataset.size > MAX_POINTS or dataset.vocabulary is not None:
        return False
    if dataset.task is Task.CLASSIFICATION:
        known = MIN_CLASSES <= len(dataset.class_names) <= MAX_CLASSES
        return dataset.feature_shape == (2,) and known
    return dataset.feature_shape == (1,) and dataset.target_width == 1


def of(dataset: Dataset) -> Drawing:
    """The points of a data set for which `is_plane` holds."""
    if dataset.task is Task.CLASSIFICATION:
        places = dataset.x.astype(np.float32)
        return Drawing(places, dataset.y.astype(np.int64), dataset.class_names)
    places = np.concatenate([dataset.x, dataset.y], axis=1).astype(np.float32)
    return Drawing(places, np.zeros(len(places), np.int64), ())


def to_dataset(drawing: Drawing) -> Dataset:
    """The data set of a drawing with at least one point. Its id is empty.

    Raises
    ------
    StudioError
        ``dataset-invalid`` if there is no point.
    """
    regression = not drawing.classes
    summary = (
        "Points drawn by hand. Predict how high each lies from how far right it lies."
        if regression
        else "Points drawn by hand on a plane. To which class does each belong?"
    )
    places = drawing.places
    return Dataset(
        id="",
        title=TITLE,
        summary=summary,
        x=places[:, :1].copy() if regression else places.copy(),
        y=places[:, 1:].copy() if regression else drawing.labels.copy(),
        task=Task.REGRESSION if regression else Task.CLASSIFICATION,
        class_names=drawing.classes,
        feature_names=("x",) if regression else ("x1", "x2"),
        image_shape=None,
        citation="Drawn in Backprop Studio",
        licence="Your own",
    )


def add(drawing: Drawing, places: npt.NDArray[np.float32], label: int) -> Drawing:
    """Points put in at the end, all of one class; what would be too many is left out."""
    places = np.asarray(places, np.float32).reshape(-1, 2)[: MAX_POINTS - len(drawing)]
    labels = np.full(len(places), label if drawing.classes else 0, np.int64)
    return replace(
        drawing,
        places=np.concatenate([drawing.places, places]),
        labels=np.concatenate([drawing.labels, labels]),
    )


def move(drawing: Drawing, point: int, place: tuple[float, float]) -> Drawing:
    """One point put elsewhere."""
    places = drawing.places.copy()
    places[point] = place
    return replace(drawing, places=places)


def remove(drawing: Drawing, points: Iterable[int]) -> Drawing:
    """Without these points."""
    keep = np.ones(len(drawing), bool)
    keep[list(points)] = False
    return replace(drawing, places=drawing.places[keep], labels=drawing.labels[keep])


def with_classes(drawing: Drawing, count: int) -> Drawing:
    """The same points with so many classes, but not fewer than have points."""
    needed = int(drawing.labels.max()) + 1 if len(drawing) else 0
    count = min(max(count, needed, MIN_CLASSES), MAX_CLASSES)
    kept = drawing.classes[:count]
    fresh = (_name(i) for i in range(MAX_CLASSES))
    more = [name for name in fresh if name not in kept][: count - len(kept)]
    return replace(drawing, classes=(*kept, *more))


def near(
    drawing: Drawing, place: tuple[float, float], reach: tuple[float, float]
) -> npt.NDArray[np.int64]:
    """Points within an ellipse of these half axes, the nearest first."""
    if not len(drawing):
        return np.zeros(0, np.int64)
    away = (drawing.places.astype(np.float64) - place) / reach
    distance = (away**2).sum(axis=1)
    found = np.flatnonzero(distance <= 1.0)
    return found[np.argsort(distance[found], kind="stable")]


def spray(
    place: tuple[float, float], reach: tuple[float, float], count: int, *, number: int
) -> npt.NDArray[np.float32]:
    """Random places of normal density around one, as Array of shape (count, 2).

    Parameters
    ----------
    place
        The middle.
    reach
        Two standard deviations in each direction.
    count
        How many.
    number
        What the random numbers depend on, such as how many points there are already.
    """
    random = np.random.Generator(philox(_STREAM, seed=number))
    spread = random.standard_normal((count, 2)).clip(-2.5, 2.5) * np.divide(reach, 2.0)
    return np.asarray(np.asarray(place) + spread, np.float32)


def _name(index: int) -> str:
    return f"class {index + 1}"
