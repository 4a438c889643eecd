"""How much memory a training run will take, known before anything is allocated."""

from __future__ import annotations

from backprop_studio.autograd import Phase, Program

CHUNK = 1024
"""Rows that are evaluated at once, at most."""

CHUNK_BYTES = 64 * 2**20
"""What they may take, roughly; a single row may take more."""

JOURNAL_BYTES = 64 * 2**20
"""What the copies of parameters that lead back in time may take."""

JOURNAL_COPIES = 3
"""Copies that are kept whatever they take: the first, the newest, and for a moment one more."""


MOST_TIMES = 64
"""A training step takes at most so many times what its forward pass takes."""


def chunk_of(evaluation: Program) -> int:
    """Rows that an evaluation computes at once."""
    row_bytes = max(evaluation.memory(2) - evaluation.memory(1), 1)
    return min(CHUNK, max(CHUNK_BYTES // row_bytes, 1))


def estimate(
    program: Program, evaluation: Program, *, batch: int, train: int, test: int, itemsize: int
) -> int:
    """Bytes that a training run takes at most, roughly.

    Counted are the rows of the data in the run's precision, parameters and optimizer state, the
    buffers of a batch and of an epoch's last, smaller one, those of the tests on held-out rows,
    and the journal. Not counted are Python itself and what the screen copies.

    Parameters
    ----------
    program
        The training step.
    evaluation
        What tests on held-out rows run.
    batch
        Rows of a batch.
    train, test
        Rows that are trained on, and held out.
    itemsize
        Bytes of a number.
    """
    kept = program.kept * itemsize
    chunk = min(chunk_of(evaluation), test)
    # What loading a batch of one row writes is one row of the data.
    loads = program.instructions[: program.start_of(Phase.FORWARD)]
    row = Program(program.values, loads, program.inputs).memory(1, itemsize)
    machines = [program.memory(batch, itemsize)]
    if train % batch:
        machines.append(max(program.memory(train % batch, itemsize) - kept, 0))
    for rows in {chunk, test % chunk} - {0}:
        machines.append(max(evaluation.memory(rows, itemsize) - kept, 0))
    return sum(machines) + row * (train + test) + max(JOURNAL_BYTES, JOURNAL_COPIES * kept)


def bound(forward: int, *, row: int, rows: int) -> int:
    """Bytes that a training run surely does not exceed, told by its forward pass alone.

    It is never below `estimate`, and quick to find. That `MOST_TIMES` is enough is not derived:
    it holds with room to spare for each layer, loss and optimizer that there is.

    Parameters
    ----------
    forward
        Bytes of all values and buffers from the data to the losses, for one batch.
    row
        Bytes of one row of the data.
    rows
        Rows that are trained on or held out.
    """
    return MOST_TIMES * forward + 2 * CHUNK_BYTES + row * rows + JOURNAL_BYTES
