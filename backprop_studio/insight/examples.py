"""The examples of a batch: where each lies among the others, and what it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_studio.autograd import Array, Machine, Phase
from backprop_studio.network import Source
from backprop_studio.training import Session


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
    """

    rows: tuple[int, ...]
    places: Array
    classes: tuple[int, ...]
    labels: tuple[str, ...]
    predicted: tuple[str, ...]
    features: Array
    image_shape: tuple[int, int] | None


def examples(session: Session) -> Examples:
    """The examples of the current batch, with what the network says of them.

    Parameters
    ----------
    session
        The run; it is left as it is.

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
    labels = [names[int(t)] if names else ", ".join(f"{v:.3g}" for v in np.ravel(t)) for t in y]
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
    if names and said.shape[1] == len(names):
        predicted = [names[int(i)] for i in said.argmax(axis=1)]
    else:
        predicted = [", ".join(f"{v:.3g}" for v in row[:3]) for row in said]
    return Examples(
        tuple(int(r) for r in rows),
        places,
        tuple(int(t) for t in y) if names else (),
        tuple(labels),
        tuple(predicted),
        x,
        dataset.image_shape,
    )
