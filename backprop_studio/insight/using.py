"""A network as it is used, on any rows: what it says of them, and what its layers say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from backprop_studio import data
from backprop_studio.autograd import BATCH, Array, Machine, Phase, Program, Value
from backprop_studio.autograd.ops.loss import SoftmaxCrossEntropy
from backprop_studio.autograd.ops.scores import BinaryCrossEntropy
from backprop_studio.autograd.ops.weighted import WeightedCrossEntropy
from backprop_studio.network import Head, Lowered, Source, memory
from backprop_studio.training import Session
from backprop_studio.training.feeding import fed


@dataclass(frozen=True)
class Sample:
    """Some rows of a data set, always the same ones for a set-up.

    Attributes
    ----------
    rows
        Their numbers, of shape (rows,): those that are trained on first.
    held
        Whether each is held out.
    x, y
        Features and targets, as in the data set.
    of
        How many rows are in use. Those that a corruption leaves out are in no sample.
    """

    rows: Array
    held: Array
    x: Array
    y: Array
    of: int

    @property
    def train(self) -> Array:
        """Whether each is trained on."""
        return ~self.held


def dataset_of(session: Session) -> data.Dataset:
    """The data that a session trains on: after corruption and scaling."""
    return session.prepared.dataset


def sample(session: Session, most: int) -> Sample:
    """At most so many rows, evenly spaced, trained on and held out in proportion.

    Parameters
    ----------
    session
        The run; it is left as it is.
    most
        How many rows, at least 2.
    """
    dataset = dataset_of(session)
    split = session.prepared.split
    of = len(split.train) + len(split.validation)
    share = min(1.0, most / of)
    parts = []
    for rows in (split.train, split.validation):
        count = max(1, min(len(rows), round(share * len(rows))))
        parts.append(rows[np.arange(count) * len(rows) // count])
    rows = np.concatenate(parts)
    held = np.arange(len(rows)) >= len(parts[0])
    return Sample(rows, held, dataset.x[rows], dataset.y[rows], of)


def judged(lowered: Lowered) -> Head:
    """The loss that a network is judged by: the first one of classes, or else the first."""
    return next((head for head in lowered.heads if head.classes), lowered.heads[0])


def chunks(
    session: Session, x: Array, wanted: Sequence[Value]
) -> Iterator[tuple[slice, list[Array]]]:
    """What the network in use computes for rows, a part of them at a time.

    Parameters
    ----------
    session
        Whose weights are used, as they are at its moment. It is left as it is.
    x
        Features, of shape (rows, …) as in the data set.
    wanted
        Values of `Lowered.evaluation`, none of which needs the targets.

    Yields
    ------
    tuple
        Which rows, and the arrays of the wanted values, which the next part overwrites.
    """
    program = session.lowered.evaluation.computing(*wanted)
    sources = fed(session.lowered, x, None, session.storage.dtype)
    size = memory.chunk_of(program)
    machines: dict[int, Machine] = {}
    for start in range(0, len(x), size):
        session.give_way()
        part = slice(start, min(start + size, len(x)))
        count = part.stop - part.start
        if count not in machines:
            machines[count] = Machine(program, session.storage, batch=count)
        machine = machines[count]
        for name in program.inputs:
            machine.feed(name, sources[name][part])
        with np.errstate(all="ignore"):
            machine.run()
        yield part, [machine.array(value) for value in wanted]


def applied(session: Session, x: Array, wanted: Sequence[Value]) -> list[Array]:
    """The values of all rows, as `chunks`; of one without a batch, its only array."""
    made: list[list[Array]] = [[] for _ in wanted]
    for _, arrays in chunks(session, x, wanted):
        for parts, array in zip(made, arrays, strict=True):
            parts.append(np.array(array))
    return [
        np.concatenate(parts) if value.shape[:1] == (BATCH,) else parts[0]
        for value, parts in zip(wanted, made, strict=True)
    ]


def reading(lowered: Lowered, head: Head) -> str:
    """What the numbers are that a loss judges.

    Returns
    -------
    str
        ``softmax`` or ``sigmoid`` when probabilities are got from them in that way, ``plain`` when
        they are what they are.
    """
    for instr in lowered.evaluation.instructions:
        if instr.node == head.node:
            if isinstance(instr.op, SoftmaxCrossEntropy | WeightedCrossEntropy):
                return "softmax"
            if isinstance(instr.op, BinaryCrossEntropy):
                return "sigmoid"
    return "plain"


def read(scores: Array, kind: str) -> Array:
    """Scores as probabilities in float64, where `kind`, from `reading`, says how.

    Parameters
    ----------
    scores
        Of shape (rows, width).
    kind
        ``softmax``, ``sigmoid`` or ``plain``.
    """
    z = scores.astype(np.float64)
    with np.errstate(all="ignore"):
        if kind == "softmax":
            e = np.exp(z - z.max(axis=1, keepdims=True))
            return np.asarray(e / e.sum(axis=1, keepdims=True))
        if kind == "sigmoid":
            return np.asarray(np.where(z >= 0, 1, np.exp(-np.abs(z))) / (1 + np.exp(-np.abs(z))))
    return z


def chances(outputs: Array, kind: str) -> Array | None:
    """How likely each class is held to be; None where a network does not say so.

    Parameters
    ----------
    outputs
        Of shape (…, width), as `read` gives them.
    kind
        As of `reading`.

    Returns
    -------
    Array of shape (…, classes)
        Of a sigmoid for each class, every one is a yes or no of its own. What a network without
        either loss says are probabilities where they are not negative and add up to one.
    """
    if kind == "sigmoid" and outputs.shape[-1] == 1:
        return np.concatenate([1.0 - outputs, outputs], axis=-1)
    if kind != "plain":
        return outputs
    with np.errstate(all="ignore"):
        sums = outputs.sum(axis=-1)
        proper = outputs.size and (outputs >= 0).all() and np.allclose(sums, 1.0, atol=1e-3)
    return outputs if proper else None


def guesses(outputs: Array, kind: str) -> Array:
    """The class that each row of outputs is for; a single one is for the second class."""
    if outputs.shape[1] > 1:
        return np.asarray(outputs.argmax(axis=1))
    # A probability is for it above a half, a score above zero; see `Evaluation.accuracy`.
    return np.asarray(outputs[:, 0] > (0.5 if kind == "sigmoid" else 0.0)).astype(np.int64)


def wants_features(lowered: Lowered, head: Head) -> bool:
    """Whether a loss compares with the features and not with the targets, as autoencoders do."""
    program = lowered.evaluation
    needed = program.computing(program.values[head.loss]).inputs
    targets = {feed.name for feed in lowered.feeds if feed.source is Source.TARGETS}
    return not targets.intersection(needed)


def losses_of_rows(session: Session, x: Array, y: Array, scores: Array) -> Array:
    """The loss of each row alone, of the loss that the network is judged by.

    Parameters
    ----------
    session
        Whose loss it is; it is left as it is.
    x, y
        Features and targets of the rows.
    scores
        What the network said of them.

    Returns
    -------
    Array of shape (rows,)
    """
    lowered = session.lowered
    head = judged(lowered)
    program = _after(lowered.evaluation, head)
    machine = Machine(program, session.storage, batch=1)
    machine.before_run = session.give_way
    sources = fed(lowered, x, y, session.storage.dtype)
    prediction = machine.writable(program.values[head.prediction])
    found = np.empty(len(scores))
    with np.errstate(all="ignore"):
        for row, said in enumerate(scores):
            for name in program.inputs:
                machine.feed(name, sources[name][row : row + 1])
            prediction[0] = said
            machine.run()
            found[row] = machine.array(head.loss)
    return found


def _after(program: Program, head: Head) -> Program:
    """The way from a prediction to its loss."""
    wanted, steps = {head.loss}, []
    for instr in reversed(program.instructions):
        if instr.phase < Phase.UPDATE and wanted.intersection(instr.outputs):
            if head.prediction in instr.outputs:
                continue
            wanted.update(i for i in instr.inputs if i != head.prediction)
            steps.append(instr)
    inputs = {name: index for name, index in program.inputs.items() if index in wanted}
    return Program(program.values, tuple(reversed(steps)), inputs)
