"""The examples of a batch: where each lies among the others, and what it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_studio.autograd import Array, Machine, Phase
from backprop_studio.insight.rows import Part
from backprop_studio.network import Source
from backprop_studio.training import Session


@dataclass(frozen=True)
class Guest:
    """An example beside a batch that it is not in.

    Attributes
    ----------
    row
        Row of the data set.
    place
        Where it lies in the batch's two directions, of shape (2,).
    kind
        Its class; 0 for regression.
    label, predicted
        Class or target, and what the network says, in words.
    features
        Of shape (features,).
    part
        Whether it is trained on, held out or left out.
    """

    row: int
    place: Array
    kind: int
    label: str
    predicted: str
    features: Array
    part: Part


@dataclass(frozen=True)
class Examples:
    """The rows of a batch.

    Attributes
    ----------
    rows
        Rows of the data set.
    places
        Of shape (rows, 2): where each lies in the two directions in which the batch varies most.
    classes
        Class of each; empty for regression.
    labels
        Class or target of each, in words.
    predicted
        What the network says of each, in words.
    features
        Of shape (rows, features).
    image_shape
        Height and width, where a row may be drawn as a picture.
    of
        Examples in the data.
    guest
        One that was asked for and is not in the batch; None where there is none.
    only
        Whether the data have one example only, however many rows repeat it.
    """

    rows: tuple[int, ...]
    places: Array
    classes: tuple[int, ...]
    labels: tuple[str, ...]
    predicted: tuple[str, ...]
    features: Array
    image_shape: tuple[int, int] | None
    of: int
    guest: Guest | None = None
    only: bool = False


def examples(session: Session, wanted: int | None = None) -> Examples:
    """The examples of the current batch, with what the network says of them.

    Parameters
    ----------
    session
        The run; it is left as it is.
    wanted
        Row of the data set that is told of too, when it is not in the batch; the last one if
        there are fewer.

    Notes
    -----
    The two directions are the first principal components (Pearson, 1901), by singular values.
    Features that were put in by hand are as they were put in.
    """
    program = session.program
    dataset = session.prepared.dataset
    rows = session.rows
    machine = session.rerun(program.start_of(Phase.BACKWARD))
    x = dataset.x[rows].reshape(len(rows), -1).astype(np.float64)
    for feed in session.lowered.feeds:
        if feed.source is Source.FEATURES and feed.columns is None:
            x = machine.array(program.inputs[feed.name]).reshape(len(rows), -1).astype(np.float64)
    y = dataset.y[rows]
    names = dataset.class_names
    labels = [_label(names, target) for target in y]
    with np.errstate(all="ignore"):
        _, _, directions = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
        places = np.zeros((len(rows), 2))
        found = (x - x.mean(axis=0)) @ directions[:2].T
        places[:, : found.shape[1]] = found
    # Without what is only there for training, such as dropout.
    judge = Machine(session.lowered.evaluation, machine.storage, batch=len(rows))
    for name in judge.program.inputs:
        if name in program.inputs:
            judge.feed(name, np.array(machine.array(program.inputs[name])))
    with np.errstate(all="ignore"):
        judge.run()
    said = judge.array(session.lowered.heads[0].prediction).reshape(len(rows), -1)
    predicted = _said(names, said)
    guest = None
    if wanted is not None and wanted not in rows:
        wanted = min(wanted, dataset.size - 1)
        features = dataset.x[wanted].reshape(-1).astype(np.float64)
        used = session.used(np.array([wanted]))
        scores = used.array(session.lowered.heads[0].prediction).reshape(1, -1)
        place = np.zeros(2)
        lies = (features - x.mean(axis=0)) @ directions[:2].T
        place[: len(lies)] = lies
        guest = Guest(
            wanted,
            place,
            int(dataset.y[wanted]) if names else 0,
            _label(names, dataset.y[wanted]),
            _said(names, scores)[0],
            features,
            _part(session, wanted),
        )
    return Examples(
        tuple(int(r) for r in rows),
        places,
        tuple(int(t) for t in y) if names else (),
        tuple(labels),
        tuple(predicted),
        x,
        dataset.image_shape,
        dataset.size,
        guest,
        dataset.is_one_example,
    )


def _label(names: tuple[str, ...], target: Array) -> str:
    return names[int(target)] if names else ", ".join(f"{v:.3g}" for v in np.ravel(target))


def _said(names: tuple[str, ...], scores: Array) -> list[str]:
    if names and scores.shape[1] == len(names):
        return [names[int(i)] for i in scores.argmax(axis=1)]
    return [", ".join(f"{v:.3g}" for v in row[:3]) for row in scores]


def _part(session: Session, row: int) -> Part:
    split = session.prepared.split
    if row in split.validation:
        return Part.HELD_OUT
    return Part.TRAINING if row in split.train else Part.LEFT_OUT
