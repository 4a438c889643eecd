"""The gradients that single examples of a batch ask for, and how far they agree."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np

from backprop_studio import data
from backprop_studio.autograd import BATCH, Array, Machine, Phase, Program
from backprop_studio.insight import using
from backprop_studio.training import Session

SECONDS = 0.8
"""After this long, no other example is asked."""


@dataclass(frozen=True)
class Voices:
    """What the examples of a batch ask of one number.

    Attributes
    ----------
    parameter, entry
        Which number.
    rows
        Rows of the data set, in the order of the batch.
    kinds
        Class of each; zeros for regression.
    labels
        Class or target of each, in words.
    asked
        The gradient that each example alone asks for, of shape (examples,).
    norms
        The same of the whole parameter: Euclidean norm.
    cosines
        And its cosine with the gradient of the batch, from -1 to 1; NaN for one that is zero.
    gradient
        Of the batch: the mean of `asked`, or their sum if the loss is a sum, when all examples
        were asked. Without penalties.
    penalty
        What penalties on weights add to it.
    sums
        Whether the loss is a sum over the examples.
    of
        Examples in the batch.
    """

    parameter: int
    entry: tuple[int, ...]
    rows: Array
    kinds: Array
    labels: tuple[str, ...]
    asked: Array
    norms: Array
    cosines: Array
    gradient: float
    penalty: float
    sums: bool
    of: int

    @property
    def mean(self) -> float:
        """Of what was asked."""
        return float(np.mean(self.asked))

    @property
    def spread(self) -> float:
        """Standard deviation of what was asked: how far the examples disagree."""
        return float(np.std(self.asked))

    @property
    def against(self) -> float:
        """Share of the examples that ask for the other direction than their mean."""
        return float(np.mean(np.sign(self.asked) == -np.sign(self.mean)))

    @property
    def clarity(self) -> float:
        """The mean in units of its standard error; infinite where all examples ask the same.

        About the square root of the batch's size times the ratio of signal to noise.
        """
        error = self.spread / math.sqrt(len(self.asked))
        return abs(self.mean) / error if error else math.inf


def voices(parameter: int | None, entry: tuple[int, ...] | None, session: Session) -> Voices | None:
    """What each example of the current batch asks of a number, in float64.

    Parameters
    ----------
    parameter
        Id of the value; None for the first one with a gradient.
    entry
        Which number of it; None for the one with the largest gradient.
    session
        The run; it is left as it is.

    Returns
    -------
    Voices or None
        None where there is no gradient: the parameter is frozen, or the optimizer uses none.

    Notes
    -----
    The gradient is linear in the error signals that leave the losses. So one backward pass with
    the signals of all examples but one set to zero gives what that one adds to the gradient of
    the batch, whatever the layers do: what dropout left out stays left out, and batch
    normalisation keeps the batch's statistics. Under a mean, that is the example's own gradient
    divided by the number of examples.
    """
    began = time.perf_counter()
    program = session.program
    trained = [v.id for v in program.parameters if v.id in program.gradients]
    if parameter is None:
        parameter = next(iter(trained), None)
    if parameter is None or parameter not in trained:
        return None
    machine = session.precise()
    gradient = program.gradients[parameter]
    stop = program.producer[gradient] + 1
    nodes = {head.node for head in session.lowered.heads}
    marks = _signals(program, nodes, stop)
    with np.errstate(all="ignore"):
        machine.run(0, stop)
        total = np.array(machine.array(gradient))
        first = min((index for index, _ in marks), default=program.start_of(Phase.BACKWARD))
        penalty = _only(machine, marks, None, first, stop, gradient)
        data_part = total - penalty
        sums = session.lowered.heads[0].sums
        count = machine.batch
        if entry is None or len(entry) != total.ndim:
            largest = int(np.argmax(np.abs(np.nan_to_num(data_part))))
            entry = tuple(int(i) for i in np.unravel_index(largest, total.shape))
        entry = tuple(min(i, d - 1) for i, d in zip(entry, total.shape, strict=True))
        length = float(np.linalg.norm(data_part))
        asked, norms, cosines = [], [], []
        for row in range(count):
            if row and time.perf_counter() - began > SECONDS:
                break
            own = _only(machine, marks, row, first, stop, gradient) - penalty
            own *= 1.0 if sums else float(count)
            norm = float(np.linalg.norm(own))
            asked.append(float(own[entry]))
            norms.append(norm)
            both = norm * length
            cosines.append(float(np.sum(own * data_part)) / both if both > 0 else math.nan)
    rows = session.rows[: len(asked)]
    kinds, labels = _labels(using.dataset_of(session), rows)
    return Voices(
        parameter,
        entry,
        rows,
        kinds,
        labels,
        np.array(asked),
        np.array(norms),
        np.array(cosines),
        float(data_part[entry]),
        float(penalty[entry]),
        sums,
        count,
    )


def _signals(program: Program, losses: set[str], stop: int) -> list[tuple[int, int]]:
    """Where error signals leave the losses: index of the instruction, and id of the value."""
    start = program.start_of(Phase.BACKWARD)
    back = program.instructions[start:stop]
    read = {i for instr in back if instr.node not in losses for i in instr.inputs}
    return [
        (start + place, made)
        for place, instr in enumerate(back)
        if instr.node in losses
        for made in instr.outputs
        if made in read and program.values[made].shape[:1] == (BATCH,)
    ]


def _only(
    machine: Machine, marks: list[tuple[int, int]], row: int | None, first: int, stop: int,
    gradient: int,
) -> Array:  # fmt: skip
    """The gradient with the error signals of all examples but one set to zero; of all, for None."""
    at = first
    for index, value in marks:
        machine.run(at, index + 1)
        at = index + 1
        signal = machine.writable(machine.program.values[value])
        kept = None if row is None else np.array(signal[row])
        signal[...] = 0.0
        if kept is not None:
            signal[row] = kept
    machine.run(at, stop)
    return np.array(machine.array(gradient))


def _labels(dataset: data.Dataset, rows: Array) -> tuple[Array, tuple[str, ...]]:
    targets, names = dataset.y[rows], dataset.class_names
    if names:
        return targets, tuple(names[int(t)] for t in targets)
    return np.zeros(len(rows), np.int64), tuple(
        ", ".join(f"{v:.3g}" for v in np.ravel(t)[:3]) for t in targets
    )
