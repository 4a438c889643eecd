"""A training step as data: an immutable list of instructions over named values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from functools import cached_property, lru_cache
from typing import Protocol

import numpy as np

from backprop_studio.autograd.op import Op
from backprop_studio.autograd.symbol import Array, Shape, TensorType, resolve


class Phase(IntEnum):
    """The five stages of a training step, in order."""

    DATA = 0
    FORWARD = 1
    LOSS = 2
    BACKWARD = 3
    UPDATE = 4


class Role(StrEnum):
    """Where a value comes from and how long it lives.

    Parameters are learned. Buffers are kept with them but not learned, such as a running mean.
    State is what the optimizer remembers. Results and inputs are new in each step.
    """

    INPUT = "input"
    PARAMETER = "parameter"
    BUFFER = "buffer"
    STATE = "state"
    RESULT = "result"


KEPT = frozenset({Role.PARAMETER, Role.BUFFER, Role.STATE})
"""Roles of values that outlive a training step."""


class Initializer(Protocol):
    """Draws the first value of a parameter or buffer."""

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Array of `shape` in float64."""
        ...


@dataclass(frozen=True)
class Value:
    """One named array of a program.

    Attributes
    ----------
    id
        Position in `Program.values`; also the slot of a machine that holds it.
    name
        Short name, unique per node for parameters and buffers: `weight`.
    type
        Shape and kind.
    role
        Input, parameter, buffer, optimizer state or result.
    node
        Id of the node that it belongs to; empty for values of the whole program. For parameters
        and buffers, the name that they are kept under, which several nodes may share.
    init
        How a parameter or buffer starts; None for zero, as states do.
    of
        For state and results: key of the parameter it belongs to, or None when it belongs to
        no single one.
    trainable
        False for a parameter that is frozen: no gradient is asked for, no update is made.
    kept_by
        For state: id of the optimizer or schedule that keeps it, so that no other one finds it.
    """

    id: int
    name: str
    type: TensorType
    role: Role
    node: str
    init: Initializer | None = field(default=None, compare=False)
    of: tuple[str, ...] | None = None
    trainable: bool = True
    kept_by: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """What a kept value is known by in every program of the same network."""
        if self.role is Role.STATE:
            return (*(self.of or (self.node,)), self.kept_by, self.name)
        return (self.node, self.name)

    @property
    def shape(self) -> Shape:
        """Dimensions, the batch as a symbol."""
        return self.type.shape


@dataclass(frozen=True)
class Instr:
    """One visible step of a program: `outputs = op(inputs)` on behalf of a node."""

    phase: Phase
    op: Op
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    node: str


@dataclass(frozen=True)
class Program:
    """An immutable training step.

    Attributes
    ----------
    values
        Every value, indexed by id.
    instructions
        The steps in the order in which they run, phases ascending.
    inputs
        Name to id of the values that the data fill.
    loss
        Id of the scalar loss; None for a program without one.
    gradients
        Id of a value to the id of the loss's gradient with respect to it.
    """

    values: tuple[Value, ...]
    instructions: tuple[Instr, ...]
    inputs: Mapping[str, int]
    loss: int | None = None
    gradients: Mapping[int, int] = field(default_factory=dict)

    @cached_property
    def parameters(self) -> tuple[Value, ...]:
        """The learned values in order of creation, frozen ones among them."""
        return tuple(v for v in self.values if v.role is Role.PARAMETER)

    @cached_property
    def buffers(self) -> tuple[Value, ...]:
        """What is kept with the parameters and not learned, in order of creation."""
        return tuple(v for v in self.values if v.role is Role.BUFFER)

    @cached_property
    def states(self) -> tuple[Value, ...]:
        """The optimizer's values in order of creation."""
        return tuple(v for v in self.values if v.role is Role.STATE)

    @cached_property
    def producer(self) -> Mapping[int, int]:
        """Id of a result or input to the index of the instruction that first writes it."""
        made: dict[int, int] = {}
        for index, instr in enumerate(self.instructions):
            for out in instr.outputs:
                if self.values[out].role in (Role.RESULT, Role.INPUT):
                    made.setdefault(out, index)
        return made

    @cached_property
    def differentiated(self) -> Mapping[int, int]:
        """Id of a gradient to that of the first value that it is the gradient of."""
        found: dict[int, int] = {}
        for value, gradient in self.gradients.items():
            found.setdefault(gradient, value)
        return found

    @cached_property
    def added_into(self) -> Mapping[int, int]:
        """Id of a part of a gradient to that of the sum that it is added into."""
        return {
            part: instr.outputs[0]
            for instr in self.instructions
            if instr.op.adds_up
            for part in instr.inputs
        }

    def start_of(self, phase: Phase) -> int:
        """Index of the first instruction of `phase` or of a later one; the length if none."""
        for index, instr in enumerate(self.instructions):
            if instr.phase >= phase:
                return index
        return len(self.instructions)

    def computing(self, *values: Value) -> Program:
        """The part that computes some values and no more: a prediction, without targets or loss.

        It shares parameters with this program, so a machine for it may use the same storage.
        """
        wanted, steps = {v.id for v in values}, []
        for instr in reversed(self.instructions):
            if instr.phase < Phase.UPDATE and wanted.intersection(instr.outputs):
                wanted.update(instr.inputs)
                steps.append(instr)
        inputs = {name: index for name, index in self.inputs.items() if index in wanted}
        return Program(self.values, tuple(reversed(steps)), inputs)

    def memory(self, batch: int, itemsize: int = 4) -> int:
        """Bytes of all values and buffers that the instructions need, for `batch` rows."""
        return footprint(self.values, self.instructions, batch, itemsize)

    @property
    def kept(self) -> int:
        """How many numbers a `Storage` holds: those of parameters, buffers and optimizer state."""
        return sum(math.prod(resolve(v.shape, {})) for v in self.values if v.role in KEPT)


def footprint(
    values: Sequence[Value], instructions: Iterable[Instr], batch: int, itemsize: int = 4
) -> int:
    """Bytes of all values and buffers that some instructions need.

    Parameters
    ----------
    values
        Every value, indexed by id.
    instructions
        The steps; what they read counts, too.
    batch
        Rows of a batch.
    itemsize
        Bytes of a real number.
    """
    used: set[int] = set()
    total = 0
    for instr in instructions:
        used.update(instr.inputs, instr.outputs)
        # Most ops have no buffers of their own.
        if type(instr.op).scratch is not Op.scratch:
            shapes = [resolve(values[i].shape, {"N": batch}) for i in instr.inputs]
            total += instr.op.scratch(shapes, itemsize)
    for i in used:
        total += array_size(values[i].type, batch, itemsize)
    return total


def array_size(type: TensorType, batch: int, itemsize: int = 4) -> int:
    """Bytes of an array of this type, for `batch` rows; whole numbers take eight each."""
    return _entries(type.shape, batch) * (itemsize if type.kind == "float" else 8)


@lru_cache(maxsize=1024)
def _entries(shape: Shape, batch: int) -> int:
    # Few shapes belong to many values.
    return math.prod(resolve(shape, {"N": batch}))
