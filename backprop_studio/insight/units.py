"""What the units of a layer respond to, and what matters in one example."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from backprop_studio.autograd import BATCH, Array, Value
from backprop_studio.insight import using
from backprop_studio.insight.flow import outputs
from backprop_studio.insight.inputs import InputGradient
from backprop_studio.insight.predictions import grid, window
from backprop_studio.insight.stations import unit_axis
from backprop_studio.network import Network
from backprop_studio.training import Session

ROWS = 600
"""Examples that are looked at, at most."""

MAPS = 24
"""Units that have a picture of their own, at most."""

FINE = 40
"""Points along a side of a response map."""

STEPS, STRIDE = 48, 0.08
"""Steps of gradient ascent, and how far the first one goes, in units of the data's range."""

SECONDS = 0.5
"""What the ascent may take."""

TOP = 6
"""Examples that are told for a unit."""


@dataclass(frozen=True)
class Units:
    """The units of one layer.

    Attributes
    ----------
    node, unit
        The layer, and the unit that is looked at closely.
    maps
        Of shape (units, down, across): over the plane of two features, what each unit answers,
        the first row where the second feature is smallest; or, of a layer of pictures, each
        channel for the example. Empty for other layers.
    plane
        Whether the maps are of the plane.
    low, high
        Ends of the features, of maps of the plane.
    here
        What each unit answers to the example; of a channel, its mean. Of shape (units,).
    mean, largest, active
        Of the examples of the data: the mean and the largest answer of each unit, and the share of
        examples that it answers with more than zero.
    top, answers
        Rows of the data set that the unit answers most to, and what it answers.
    pictures
        Features of these rows.
    ascent
        Features that the unit answers to even more, found by climbing its gradient from the mean
        example within the range of the data; None where there is no gradient.
    climb
        What the unit answers at the start and at the end of the climb.
    example
        Row of the data set that is traced.
    label
        What it is, in words.
    x
        Its features.
    saliency
        |∂/∂x| of the loss, or of a score, by each feature of the example; None where there is no
        gradient.
    image_shape
        Height and width, where features may be drawn as a picture.
    """

    node: str
    unit: int
    maps: Array
    plane: bool
    low: Array
    high: Array
    here: Array
    mean: Array
    largest: Array
    active: Array
    top: Array
    answers: Array
    pictures: Array
    ascent: Array | None
    climb: tuple[float, float]
    example: int
    label: str
    x: Array
    saliency: Array | None
    image_shape: tuple[int, int] | None


def units(
    network: Network,
    node: str,
    unit: int,
    row: int,
    score: int | None,
    session: Session,
    *,
    example: int | None = None,
) -> Units | None:
    """What the units of a layer respond to at this moment.

    Parameters
    ----------
    network
        Which layers there are.
    node
        Id of the layer.
    unit
        Which unit is looked at closely; the last one if there are fewer.
    row
        Row of the batch that is traced; the last one if there are fewer.
    score
        Output whose saliency is wanted; None for that of the loss.
    session
        The run; it is left as it is.
    example
        Row of the data set that is traced instead, in the batch or not.

    Returns
    -------
    Units or None
        None where the layer has no numbers for each example.
    """
    value = layers(network, session).get(node)
    if value is None:
        return None
    dataset = using.dataset_of(session)
    if example is None:
        example = int(session.rows[min(row, len(session.rows) - 1)])
    example = min(example, dataset.size - 1)
    picked = using.sample(session, ROWS)
    (made,) = using.applied(session, picked.x, [value])
    axis = unit_axis(session.lowered.evaluation, value.id)
    answers = per_unit(made, axis)
    count = answers.shape[1]
    unit = min(unit, count - 1)
    (own,) = using.applied(session, dataset.x[example : example + 1], [value])
    best = np.argsort(-np.nan_to_num(answers[:, unit], nan=-np.inf), kind="stable")[:TOP]
    flat = dataset.x.reshape(dataset.size, -1)
    plane = flat.shape[1] == 2 and dataset.vocabulary is None
    low, high = window(flat) if plane else (np.zeros(0), np.zeros(0))
    maps = np.zeros((0, 1, 1))
    if plane:
        (field,) = using.applied(session, grid(low, high, FINE), [value])
        maps = per_unit(field, axis)[:, :MAPS].T.reshape(-1, FINE, FINE)
    elif own.ndim == 4:
        maps = own[0, :MAPS].astype(np.float64)
    ascent, climb = _climb(session, value, axis, unit, picked.x)
    names = dataset.class_names
    target = dataset.y[example]
    label = names[int(target)] if names else ", ".join(f"{v:.3g}" for v in target[:4])
    answered = answers[np.isfinite(answers).all(axis=1)]
    if not len(answered):
        answered = np.full((1, count), np.nan)
    return Units(
        node=node,
        unit=unit,
        maps=maps,
        plane=plane,
        low=low,
        high=high,
        here=per_unit(own, axis)[0],
        mean=answered.mean(axis=0),
        largest=answered.max(axis=0),
        active=(answered > 0).mean(axis=0),
        top=picked.rows[best],
        answers=answers[best, unit],
        pictures=picked.x[best].reshape(len(best), -1),
        ascent=ascent,
        climb=climb,
        example=example,
        label=label,
        x=flat[example],
        saliency=saliency(session, example, score),
        image_shape=dataset.image_shape,
    )


def layers(network: Network, session: Session) -> dict[str, Value]:
    """The layers that have numbers for each example, with their values when the network is used."""
    program = session.lowered.evaluation
    found = {n: program.values[v] for n, v in outputs(program, network).items()}
    return {
        n: v for n, v in found.items()
        if v.shape[:1] == (BATCH,) and len(v.shape) > 1 and v.type.kind == "float"
    }  # fmt: skip


def per_unit(made: Array, axis: int) -> Array:
    """The answer of each unit to each row, of shape (rows, units).

    Units lie along an axis, see `unit_axis`; what one has at several places, as a channel has, or
    at several steps of a sequence, is averaged.
    """
    first = np.moveaxis(made, axis, 1)
    return np.asarray(first.reshape(*first.shape[:2], -1).mean(axis=2, dtype=np.float64))


def saliency(session: Session, example: int, score: int | None) -> Array | None:
    """How much each feature of a row matters: |∂L/∂x|, or |∂score/∂x|.

    Parameters
    ----------
    session
        The run; it is left as it is.
    example
        Row of the data set.
    score
        Which output; None for the loss of the row alone.

    Notes
    -----
    Simonyan, Vedaldi and Zisserman, *Deep inside convolutional networks*, 2014, section 3.
    """
    dataset, head = using.dataset_of(session), using.judged(session.lowered)
    x, y = dataset.x[example], dataset.y[example : example + 1]
    ask = InputGradient(session, head.loss if score is None else head.prediction)
    if not ask.possible:
        return None
    if score is None:
        return np.abs(ask(x, y)[1])
    seed = np.zeros(ask.shape)
    seed.reshape(-1)[min(score, seed.size - 1)] = 1.0
    return np.abs(ask(x, seed=seed)[1])


def _climb(
    session: Session, value: Value, axis: int, unit: int, x: Array
) -> tuple[Array | None, tuple[float, float]]:
    """Gradient ascent on a unit from the mean of some rows, within their range.

    Every step goes the same length, the later ones a little less; the best place is kept.
    """
    ask = InputGradient(session, value.id)
    if not ask.possible:
        return None, (float("nan"), float("nan"))
    flat = x.reshape(len(x), -1).astype(np.float64)
    low, high = flat.min(axis=0), flat.max(axis=0)
    if using.dataset_of(session).image_shape is not None:
        # Pixels are alike: one that is always blank in the data may be used all the same.
        low, high = np.full_like(low, low.min()), np.full_like(high, high.max())
    span = float((high - low).max()) or 1.0
    here = flat.mean(axis=0)
    seed = np.zeros(ask.shape)
    of_units = np.moveaxis(seed, axis, 1)
    of_units[:, unit] = 1.0 / of_units[0, unit].size
    best, began, first = here, time.perf_counter(), float("nan")
    most = -np.inf
    for step in range(STEPS):
        score, slope = ask(here, seed=seed)
        first = score if step == 0 else first
        if score > most:
            best, most = here, score
        steepest = float(np.abs(slope).max())
        if not np.isfinite(steepest) or steepest == 0.0 or time.perf_counter() - began > SECONDS:
            break
        stride = STRIDE * span * (1.0 - step / STEPS)
        here = np.clip(here + stride * slope / steepest, low, high)
    return best, (first, float(most) if np.isfinite(most) else float("nan"))
