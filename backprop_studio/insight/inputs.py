"""Gradients with respect to the data: a program of its own, with the network's weights."""

from __future__ import annotations

import numpy as np

from backprop_studio.autograd import (
    Array,
    Builder,
    Machine,
    Program,
    Role,
    Value,
    differentiate,
    pull_back,
)
from backprop_studio.insight import using
from backprop_studio.network import Source
from backprop_studio.training import Session
from backprop_studio.training.feeding import fed

SEED = "seed"
"""Input of the upstream gradient."""


def rebuilt(program: Program, target: int) -> tuple[Builder, dict[int, Value]]:
    """The way to one value, written anew, so that a backward phase of another kind can follow.

    Parameters
    ----------
    program
        Whose way.
    target
        Id of the value.

    Returns
    -------
    tuple
        A builder, and the new value of each old id. Parameters and buffers have their old keys, so
        a machine may use the old storage.
    """
    b = Builder(training=False)
    new: dict[int, Value] = {}
    names = {index: name for name, index in program.inputs.items()}
    for instr in program.computing(program.values[target]).instructions:
        for index in instr.inputs:
            value = program.values[index]
            if index in new:
                continue
            with b.scope(node=value.node):
                make = b.parameter if value.role is Role.PARAMETER else b.buffer
                new[index] = make(value.name, value.shape)
        if instr.outputs[0] in names:
            value = program.values[instr.outputs[0]]
            new[value.id] = b.input(names[value.id], value.shape, value.type.kind)
            continue
        with b.scope(node=instr.node, phase=instr.phase):
            made = b.apply_all(instr.op, *(new[i] for i in instr.inputs))
        new.update(zip(instr.outputs, made, strict=True))
    return b, new


class InputGradient:
    """The gradient of a score, or of the loss, with respect to the features of single rows.

    Parameters
    ----------
    session
        Whose weights are used; it is left as it is.
    target
        Id of a value of `Lowered.evaluation` with a batch: the score is the sum of its entries,
        each times its seed. Or of a scalar loss, which needs no seed.
    """

    def __init__(self, session: Session, target: int) -> None:
        lowered = session.lowered
        program = lowered.evaluation
        head = using.judged(lowered)
        self._session = session
        self._shape = using.dataset_of(session).feature_shape
        self._scalar = program.values[target].shape == ()
        b, new = rebuilt(program, target)
        # What a loss compares with is not what it is asked about.
        reached = target if not self._scalar else head.prediction
        read = program.computing(program.values[reached]).inputs
        self._feeds = [
            feed for feed in lowered.feeds
            if feed.source is Source.FEATURES and feed.name in read
            and program.values[program.inputs[feed.name]].type.kind == "float"
        ]  # fmt: skip
        wrt = [new[program.inputs[feed.name]] for feed in self._feeds]
        if self._scalar:
            found = differentiate(b, new[target], wrt)
        else:
            seed = b.input(SEED, new[target].shape)
            found = pull_back(b, {new[target].id: seed}, wrt)
        self._gradients = [found.get(value.id) for value in wrt]
        self._target = new[target]
        self._machine = Machine(b.build(), session.storage, batch=1)
        self._machine.before_run = session.give_way

    @property
    def possible(self) -> bool:
        """Whether there is any: tokens have none, nor has what does not depend on the features."""
        return any(g is not None for g in self._gradients)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the target, for one row."""
        return tuple(self._machine.array(self._target).shape)

    def __call__(
        self, x: Array, y: Array | None = None, seed: Array | None = None
    ) -> tuple[float, Array]:
        """The score, or the loss, of one row and its gradient.

        Parameters
        ----------
        x
            Features, as many as the data set has.
        y
            Target of the row, where the loss is asked for: an array of one.
        seed
            Of `shape`, where it is not.

        Returns
        -------
        tuple
            The number, and an array like `x`, flat, in float64.
        """
        machine, dtype = self._machine, self._session.storage.dtype
        rows = np.asarray(x).reshape(1, *self._shape)
        for name, source in fed(self._session.lowered, rows, y, dtype).items():
            if name in machine.program.inputs:
                machine.feed(name, source)
        if not self._scalar:
            assert seed is not None
            machine.feed(SEED, seed.astype(dtype))
        with np.errstate(all="ignore"):
            machine.run()
            made = machine.array(self._target)
            score = float(made if seed is None else np.sum(made * seed))
        found = np.zeros(rows.size)
        for feed, gradient in zip(self._feeds, self._gradients, strict=True):
            if gradient is not None:
                part = slice(*feed.columns) if feed.columns is not None else slice(None)
                found[part] += machine.array(gradient).reshape(-1).astype(np.float64)
        return score, found
