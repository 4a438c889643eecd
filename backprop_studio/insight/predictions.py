"""What a network says of the rows of its data, and of the points between them."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np

from backprop_studio import data
from backprop_studio.autograd import Array
from backprop_studio.insight import using
from backprop_studio.training import Session

ROWS = 2000
"""Rows that are looked at, at most."""

FINE, COARSE = 120, 40
"""Points along a side of the surface; the second one where a network takes long."""

SECONDS = 0.4
"""What the surface may take, roughly."""


@dataclass(frozen=True)
class Surface:
    """What a network says all over the plane of two features, or along one.

    Attributes
    ----------
    low, high
        Ends of the features: arrays of one number for each.
    outputs
        Of shape (points, width) along one feature; (down, across, width) over two, the first row
        where the second feature is smallest.
    guesses
        The class at each point; empty for regression.
    """

    low: Array
    high: Array
    outputs: Array
    guesses: Array


@dataclass(frozen=True)
class Predictions:
    """What a network says of rows of its data set.

    Attributes
    ----------
    rows, held
        Which rows, and whether each is held out.
    of
        How many rows the data set has.
    x
        Features, of shape (rows, features).
    targets
        Class of each row, of shape (rows,); for regression, numbers of shape (rows, width).
    outputs
        Of shape (rows, width): probabilities, where the loss makes any of the scores, else what
        the network says.
    guesses
        Class that is said of each row; empty for regression.
    losses
        Of each row alone.
    kind
        As of `using.reading`.
    classes
        Their names; empty for regression.
    image_shape
        Height and width, where a row may be drawn as a picture.
    surface
        None where the data have more than two features, or are tokens.
    batch
        For each row, its place in the current batch; -1 where it is not in it.
    comes
        For each row, the number of its batch in this epoch, from 1; 0 for one that is held out.
    """

    rows: Array
    held: Array
    of: int
    x: Array
    targets: Array
    outputs: Array
    guesses: Array
    losses: Array
    kind: str
    classes: tuple[str, ...]
    image_shape: tuple[int, int] | None
    surface: Surface | None
    batch: Array
    comes: Array

    @property
    def chances(self) -> Array | None:
        """How likely each row is held to be of each class; None where the network says no such."""
        return using.chances(self.outputs, self.kind) if self.classes else None

    @property
    def wrong(self) -> Array:
        """Whether each row is said to be of another class than it is; none for regression."""
        if not self.classes:
            return np.zeros(len(self.rows), bool)
        return np.asarray(self.guesses != self.targets)

    def worst(self, count: int) -> Array:
        """Places of the rows with the largest losses, the worst first; not finite is worst."""
        order = np.where(np.isfinite(self.losses), self.losses, np.inf)
        return np.argsort(-order, kind="stable")[:count]


def predictions(session: Session, *, surface: bool = True) -> Predictions:
    """What the network says at this moment, as it is used and not trained.

    Parameters
    ----------
    session
        The run; it is left as it is.
    surface
        Whether the plane or the line of the features is wanted too.
    """
    lowered, dataset = session.lowered, using.dataset_of(session)
    head = using.judged(lowered)
    kind = using.reading(lowered, head)
    picked = using.sample(session, ROWS)
    said = lowered.evaluation.values[head.prediction]
    (scores,) = using.applied(session, picked.x, [said])
    losses = using.losses_of_rows(session, picked.x, picked.y, scores)
    flat = scores.reshape(len(scores), -1)
    outputs = using.read(flat, kind)
    x = picked.x.reshape(len(picked.rows), -1)
    targets = picked.y
    if using.wants_features(lowered, head):
        targets = x
    classes = dataset.class_names if head.classes else ()
    place = {int(row): n for n, row in enumerate(session.rows)}
    plane = x.shape[1] <= 2 and dataset.vocabulary is None and len(dataset.feature_shape) == 1
    return Predictions(
        rows=picked.rows,
        held=picked.held,
        of=picked.of,
        x=x,
        targets=targets,
        outputs=outputs,
        guesses=using.guesses(outputs, kind) if classes else np.empty(0, np.int64),
        losses=losses,
        kind=kind,
        classes=classes,
        image_shape=dataset.image_shape,
        surface=_surface(session, dataset.x) if surface and plane else None,
        batch=np.array([place.get(int(row), -1) for row in picked.rows]),
        comes=_batches(session, picked.rows),
    )


def _batches(session: Session, rows: Array) -> Array:
    """Number of the batch of this epoch that each row is in, from 1; 0 for none."""
    setup, train = session.setup, session.training_rows
    epoch = session.cursor.iteration // session.batches_per_epoch
    order = data.epoch_order(len(train), seed=setup.seed, epoch=epoch, shuffle=setup.data.shuffle)
    numbers = np.zeros(len(session.targets), np.int64)
    numbers[train[order]] = np.arange(len(train)) // setup.batch_size + 1
    return numbers[rows]


def window(x: Array) -> tuple[Array, Array]:
    """Ends of a plot of points of shape (rows, features), with room around them.

    Points that are not finite are left out; around none, it is a unit to both sides of 0.
    """
    x = x[np.isfinite(x).all(axis=1)]
    if not len(x):
        x = np.zeros((1, x.shape[1]))
    low, high = x.min(axis=0).astype(np.float64), x.max(axis=0).astype(np.float64)
    # A constant feature has no width: one unit to both sides then.
    room = np.where(high > low, 0.08 * (high - low), 1.0)
    return low - room, high + room


def grid(low: Array, high: Array, size: int) -> Array:
    """Points all over one or two features, of shape (points, features), float32."""
    axes = [np.linspace(a, b, size) for a, b in zip(low, high, strict=True)]
    if len(axes) == 1:
        return axes[0][:, None].astype(np.float32)
    across, up = np.meshgrid(*axes)
    return np.stack([across.ravel(), up.ravel()], axis=1).astype(np.float32)


def _surface(session: Session, x: Array) -> Surface:
    lowered = session.lowered
    head = using.judged(lowered)
    kind = using.reading(lowered, head)
    said = lowered.evaluation.values[head.prediction]
    low, high = window(x)
    size = side(session, low, high)
    if len(low) == 1:
        size = 400
    points = grid(low, high, size)
    (scores,) = using.applied(session, points, [said])
    outputs = using.read(scores.reshape(len(points), -1), kind)
    found = using.guesses(outputs, kind) if head.classes else np.empty(0, np.int64)
    if len(low) == 2:
        outputs = outputs.reshape(size, size, -1)
        found = found.reshape(size, size) if head.classes else found
    return Surface(low, high, outputs.astype(np.float32), found)


def side(session: Session, low: Array, high: Array, finest: int = FINE) -> int:
    """How many points along a side are got in `SECONDS`, from `COARSE` to `finest`."""
    if len(low) == 1:
        return finest
    said = session.lowered.evaluation.values[using.judged(session.lowered).prediction]
    trial = grid(low, high, 12)
    using.applied(session, trial, [said])
    began = time.perf_counter()
    using.applied(session, trial, [said])
    each = (time.perf_counter() - began) / len(trial)
    return int(min(max(math.sqrt(SECONDS / each), COARSE), finest))


def confusion(found: Predictions, which: Array) -> Array:
    """How often each class is said to be each class, of the rows where `which` is true.

    Returns
    -------
    Array of shape (classes, classes), int64
        A row for each true class, a column for each that is said.
    """
    count = len(found.classes)
    cells = found.targets[which] * count + found.guesses[which]
    return np.bincount(cells, minlength=count * count).reshape(count, count)


def judge(pixels: Array, session: Session) -> Array:
    """What the network says of one made-up row.

    Parameters
    ----------
    pixels
        Its features, as many as the data set has.
    session
        The run; it is left as it is.

    Returns
    -------
    Array of shape (width,)
        As `Predictions.outputs`.
    """
    lowered = session.lowered
    head = using.judged(lowered)
    dataset = using.dataset_of(session)
    x = np.asarray(pixels, np.float32).reshape(1, *dataset.feature_shape)
    (scores,) = using.applied(session, x, [lowered.evaluation.values[head.prediction]])
    return np.asarray(using.read(scores.reshape(1, -1), using.reading(lowered, head))[0])
