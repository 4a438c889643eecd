"""The same examples as each layer sees them, and how well each layer tells their classes apart."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from backprop_studio.autograd import BATCH, Array, Value
from backprop_studio.data import Task
from backprop_studio.insight import using
from backprop_studio.insight.flow import outputs
from backprop_studio.network import Network
from backprop_studio.training import Session

ROWS = 500
"""Examples that are looked at, at most."""

LAYERS = 16
"""Layers that are looked at, at most."""

WIDEST = 4096
"""Numbers of a layer that the probe and the directions are got from, at most."""

SECONDS = 1.5
"""After this long, no other layer is begun."""

RIDGE = 1e-3
"""Strength of the probe's penalty, in units of the mean of the squares that it is added to."""


@dataclass(frozen=True)
class Layer:
    """What one layer makes of the examples.

    Attributes
    ----------
    node
        Its id.
    width
        How many numbers it has for each example.
    places
        Of shape (rows, 2): each example in the plot.
    shares
        Of the two axes: the share of the layer's variance along each.
    axes
        What the axes are: numbers of units, or -1 where they are directions.
    probe
        Of the linear probe, measured on held-out rows: share of right classes or, for
        regression, the share of variance that is explained (R²); NaN where it cannot be had.
    train
        The same on the rows that the probe was fitted to.
    """

    node: str
    width: int
    places: Array
    shares: tuple[float, float]
    axes: tuple[int, int]
    probe: float
    train: float


@dataclass(frozen=True)
class Representations:
    """All layers.

    Attributes
    ----------
    layers
        In the order in which data go through them.
    rows, held
        Which rows of the data set, and whether each is held out.
    kinds
        Class of each; for regression, which fifth of the targets it is in, from 0.
    classes
        Names of the classes; empty for regression.
    left_out
        Layers that are not looked at, because there are too many or it would take too long.
    """

    layers: tuple[Layer, ...]
    rows: Array
    held: Array
    kinds: Array
    classes: tuple[str, ...]
    left_out: int


def representations(
    network: Network,
    before: Mapping[str, Array],
    units: tuple[int, int] | None,
    session: Session,
) -> Representations:
    """What each layer makes of the same examples at this moment.

    Parameters
    ----------
    network
        Which layers there are.
    before
        Places of the last time, by node. Axes are turned over or swapped so that the picture is
        as much like that one as can be.
    units
        Two units to plot instead of the two main directions; of narrower layers, the last ones.
    session
        The run; it is left as it is.
    """
    began = time.perf_counter()
    dataset = using.dataset_of(session)
    picked = using.sample(session, ROWS)
    program = session.lowered.evaluation
    found = {
        node: program.values[value]
        for node, value in outputs(program, network).items()
        if _plots(program.values[value])
    }
    names = _some(list(found), LAYERS)
    classified = dataset.task is Task.CLASSIFICATION
    targets = _targets(picked.y, len(dataset.class_names)) if classified else picked.y
    layers: list[Layer] = []
    for name in names:
        if layers and time.perf_counter() - began > SECONDS:
            break
        session.give_way()
        (made,) = using.applied(session, picked.x, [found[name]])
        numbers = made.reshape(len(made), -1)[:, :WIDEST].astype(np.float64)
        width = int(np.prod(made.shape[1:]))
        axes, places, shares = _places(numbers, units)
        if units is None:
            places, shares = steady(places, shares, before.get(name))
        train, test = probe(numbers, targets, picked.train, picked.held, classes=classified)
        layers.append(Layer(name, width, places, shares, axes, test, train))
    kinds = picked.y if classified else _fifths(picked.y)
    return Representations(
        tuple(layers),
        picked.rows,
        picked.held,
        kinds,
        dataset.class_names,
        len(found) - len(layers),
    )


def pca(numbers: Array) -> tuple[Array, tuple[float, float]]:
    """Rows in the two directions in which they vary most.

    Parameters
    ----------
    numbers
        Of shape (rows, width), finite.

    Returns
    -------
    places
        Of shape (rows, 2). Along each direction, the row farthest from the middle lies on the
        positive side. A direction without variance is all zeros.
    shares
        Of the variance, along each direction.

    Notes
    -----
    Pearson, 1901. By the eigenvectors of the smaller one of the two products of the centred rows
    with themselves, which have the singular values' squares for eigenvalues.
    """
    rows, width = numbers.shape
    centred = numbers - numbers.mean(axis=0)
    places = np.zeros((rows, 2))
    total = float(np.sum(centred * centred))
    if not total > 0.0:
        return places, (0.0, 0.0)
    if width <= rows:
        squares, directions = np.linalg.eigh(centred.T @ centred)
        found = centred @ directions[:, ::-1][:, :2]
    else:
        squares, directions = np.linalg.eigh(centred @ centred.T)
        lengths = np.sqrt(np.maximum(squares[::-1][:2], 0.0))
        found = directions[:, ::-1][:, :2] * lengths
    places[:, : found.shape[1]] = found
    farthest = places[np.abs(places).argmax(axis=0), [0, 1]]
    places *= np.where(farthest < 0, -1.0, 1.0)
    kept = np.zeros(2)
    kept[: min(2, len(squares))] = np.maximum(squares[::-1][:2], 0.0) / total
    return places, (float(kept[0]), float(kept[1]))


def steady(
    places: Array, shares: tuple[float, float], before: Array | None
) -> tuple[Array, tuple[float, float]]:
    """Turn axes over, or swap them, so that a picture looks like the last one.

    The sign of a principal component means nothing, and two that vary alike may change places from
    one moment to the next. Nothing is rotated or stretched.

    Parameters
    ----------
    places, shares
        As `pca` gives them.
    before
        Places of the same rows the last time, as they were shown.
    """
    if before is None or before.shape != places.shape or not np.isfinite(before).all():
        return places, shares
    alike = before.T @ places
    if abs(alike[0, 1]) + abs(alike[1, 0]) > abs(alike[0, 0]) + abs(alike[1, 1]):
        places, shares, alike = places[:, ::-1], (shares[1], shares[0]), alike[:, ::-1]
    return places * np.where(np.diag(alike) < 0, -1.0, 1.0), shares


def probe(
    numbers: Array, targets: Array, train: Array, test: Array, *, classes: bool
) -> tuple[float, float]:
    """How well targets are told from numbers by a linear function of them.

    Parameters
    ----------
    numbers
        Of shape (rows, width).
    targets
        Of shape (rows, k): one-hot classes, or numbers.
    train, test
        Which rows the function is fitted to, and which it is tested on.
    classes
        Whether the targets are classes.

    Returns
    -------
    tuple of float
        On `train` and on `test`: share of rows whose largest output is that of their class or,
        for numbers, R² = 1 − Σ(y − ŷ)² / Σ(y − mean)². NaN without rows or with numbers that are
        not finite.

    Notes
    -----
    Ridge regression in closed form (Hoerl and Kennard, 1970), on numbers that have mean 0 and
    variance 1 over `train`. Where there are more numbers than rows, the dual form is solved. Linear
    probes of layers: Alain and Bengio, 2016.
    """
    if not np.isfinite(numbers).all() or not train.any() or not test.any():
        return float("nan"), float("nan")
    middle, spread = numbers[train].mean(axis=0), numbers[train].std(axis=0)
    x = (numbers - middle) / np.where(spread > 1e-12 * (1 + np.abs(middle)), spread, 1.0)
    offset = targets[train].mean(axis=0)
    a, b = x[train], targets[train] - offset
    rows, width = a.shape
    square = a.T @ a if width <= rows else a @ a.T
    square[np.diag_indices_from(square)] += RIDGE * max(np.trace(square) / len(square), 1e-12)
    weights = (
        np.linalg.solve(square, a.T @ b) if width <= rows else a.T @ np.linalg.solve(square, b)
    )
    said = x @ weights + offset
    return _score(said[train], targets[train], classes), _score(said[test], targets[test], classes)


def _score(said: Array, targets: Array, classes: bool) -> float:
    if classes:
        return float(np.mean(said.argmax(axis=1) == targets.argmax(axis=1)))
    around = float(np.sum((targets - targets.mean(axis=0)) ** 2))
    return 1.0 - float(np.sum((targets - said) ** 2)) / around if around > 0 else float("nan")


def _places(
    numbers: Array, units: tuple[int, int] | None
) -> tuple[tuple[int, int], Array, tuple[float, float]]:
    """The axes of a plot, where examples lie on it, and the shares of the variance."""
    if not np.isfinite(numbers).all():
        return (-1, -1), np.full((len(numbers), 2), np.nan), (0.0, 0.0)
    if units is None:
        return (-1, -1), *pca(numbers)
    first, second = (min(unit, numbers.shape[1] - 1) for unit in units)
    variances = numbers.var(axis=0)
    total = float(variances.sum()) or 1.0
    shares = float(variances[first]) / total, float(variances[second]) / total
    return (first, second), numbers[:, [first, second]], shares


def _plots(value: Value) -> bool:
    return value.shape[:1] == (BATCH,) and len(value.shape) > 1 and value.type.kind == "float"


def _some(names: list[str], most: int) -> list[str]:
    """At most so many, evenly spaced, with the first and the last."""
    if len(names) <= most:
        return names
    return [names[round(n * (len(names) - 1) / (most - 1))] for n in range(most)]


def _targets(y: Array, classes: int) -> Array:
    return np.eye(classes)[y]


def _fifths(y: Array) -> Array:
    """Which fifth of the targets each row is in, by the first number of its target."""
    first = y[:, 0]
    return np.searchsorted(np.quantile(first, [0.2, 0.4, 0.6, 0.8]), first).astype(np.int64)
