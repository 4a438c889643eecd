"""How well the rows are told apart: numbers of a lesson that need the network as it is used."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from backprop_studio.data import Task
from backprop_studio.insight import using
from backprop_studio.training import Session

OF_CLASSES: Mapping[str, str] = {
    "recall": "the share of a class's held-out rows that are said to be of it",
    "rows_of": "how many training rows a class has",
}
"""Names before the name of a class, or before its number from 0."""

MOST = 20_000
"""Rows that are looked at; of more, so many that are evenly spaced."""


def training_accuracy(session: Session) -> float | None:
    """Share of the training rows that are said to be what their labels say; None without classes.

    Unlike the loss of a batch, it is of the parameters as they are now.

    Parameters
    ----------
    session
        The run; it is left as it is.
    """
    return _right(session, session.prepared.split.train, None)


def of_class(kind: str, name: str, session: Session) -> float | None:
    """A number of one class.

    Parameters
    ----------
    kind
        A key of `OF_CLASSES`.
    name
        Of the class, or its number from 0.
    session
        The run; it is left as it is.
    """
    dataset, split = session.prepared.dataset, session.prepared.split
    if dataset.task is not Task.CLASSIFICATION:
        return None
    names = dataset.class_names or tuple(map(str, range(dataset.target_width)))
    index = names.index(name) if name in names else int(name) if name.isdecimal() else -1
    if not 0 <= index < dataset.target_width:
        return None
    if kind == "rows_of":
        return float(np.count_nonzero(dataset.y[split.train] == index))
    return _right(session, split.validation, index)


def _right(session: Session, rows: np.ndarray, index: int | None) -> float | None:
    head = using.judged(session.lowered)
    dataset = session.prepared.dataset
    if not head.classes:
        return None
    if index is not None:
        rows = rows[dataset.y[rows] == index]
    rows = rows[:: max(1, -(-len(rows) // MOST))]
    if not len(rows):
        return None
    said = session.lowered.evaluation.values[head.prediction]
    (scores,) = using.applied(session, dataset.x[rows], [said])
    kind = using.reading(session.lowered, head)
    guesses = using.guesses(using.read(scores.reshape(len(rows), -1), kind), kind)
    return float(np.mean(guesses == dataset.y[rows]))
