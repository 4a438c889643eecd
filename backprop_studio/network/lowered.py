"""A network as programs, and what a run must know to feed and read them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from backprop_studio.autograd import Program
from backprop_studio.data import DatasetInfo


class Source(StrEnum):
    """The two sides of a data set."""

    FEATURES = "features"
    TARGETS = "targets"


@dataclass(frozen=True)
class Feed:
    """Where an input of the programs comes from.

    Attributes
    ----------
    name
        Name of the input.
    source
        Side of the data set.
    row
        Shape of one of its rows.
    columns
        First column and the one after the last, of rows that are flat; None for all of it.
    """

    name: str
    source: Source
    row: tuple[int, ...]
    columns: tuple[int, int] | None = None


@dataclass(frozen=True)
class Head:
    """One loss of a network, in the program for evaluation.

    Attributes
    ----------
    node
        Id of the loss.
    prediction
        Id of the value that is compared with the target.
    loss
        Id of the scalar loss, without its weight and without penalties.
    weight
        What it is multiplied by in the loss that the network is trained on.
    sums
        Whether it is a sum over the rows of a batch; otherwise it is their mean.
    classes
        Whether the target is the class of the row.
    class_weights
        How much a row of each class counts in the mean; empty when all count alike.
    """

    node: str
    prediction: int
    loss: int
    weight: float
    sums: bool
    classes: bool
    class_weights: tuple[float, ...] = ()


@dataclass(frozen=True)
class Lowered:
    """A network as programs.

    Attributes
    ----------
    program
        The training step.
    evaluation
        The way from the data to the losses when the network is used and not trained: without
        penalties, and without what layers do in training only.
    feeds
        Where the inputs of both programs come from.
    heads
        The losses, in the order of the document; the first one is what a network is judged by.
    dataset
        The data that it is made for.
    predictions
        For each loss, what it is given in the training step: `Head.prediction` of that program.
    """

    program: Program
    evaluation: Program
    feeds: tuple[Feed, ...]
    heads: tuple[Head, ...]
    dataset: DatasetInfo
    predictions: tuple[int, ...] = ()
