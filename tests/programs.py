"""Small programs, and what is needed to make and run them, for tests of the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np

from backprop_studio.autograd import (
    BATCH,
    KEPT,
    Array,
    Builder,
    Formula,
    Machine,
    Op,
    Phase,
    Program,
    Storage,
    TensorType,
    Value,
    differentiate,
)
from backprop_studio.autograd.op import Call
from backprop_studio.autograd.ops.data import OneHot
from backprop_studio.network import lowering
from backprop_studio.nn import OptimizerSpec, ScheduleSpec, add_updates, layers, losses

F8 = np.float64


@dataclass(frozen=True)
class Scattered:
    """Numbers up to about 2 in magnitude, no two alike and none within 0.05 of zero.

    So no entry stands on or near a kink: ReLU has its at zero, a maximum has one where two
    entries are equal.
    """

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        size = int(np.prod(shape))
        magnitude = 0.05 + 2.0 * (rng.permutation(size) + 0.5) / max(size, 1)
        return (magnitude * rng.choice([-1.0, 1.0], size)).reshape(shape)


@dataclass(frozen=True)
class ContractBackward(Op):
    """The fixed numbers of `Contract` times the gradient of its output."""

    name: ClassVar[str] = "contract_backward"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (inputs[0],)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        return [(np.multiply, (*inputs, *outputs))]


@dataclass(frozen=True)
class Contract(Op):
    """Σ x·c over all entries: a scalar whose gradient by x is `c`, for x of any shape."""

    name: ClassVar[str] = "contract"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        assert inputs[0].shape == inputs[1].shape
        return (TensorType(()),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (x, c), (out,) = inputs, outputs
        return [(np.dot, (x.reshape(-1), c.reshape(-1), out))]

    def vjp(
        self,
        b: Builder,
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        upstream: Sequence[Value | None],
        needs: Sequence[bool],
    ) -> Sequence[Value | None]:
        (g,) = upstream
        assert g is not None
        return [b.apply(ContractBackward(), inputs[1], g), None]

    def formula(self) -> Formula:
        return Formula("L = C X", "L = C · X", ("X", "C"), ("L",), "Sums.")


def perceptron(
    *sizes: int,
    activation: str = "tanh",
    loss: str = "mse",
    optimizer: OptimizerSpec | None = None,
    bias: bool = True,
    l1: float = 0.0,
    l2: float = 0.0,
    schedule: ScheduleSpec | None = None,
    warmup: int = 0,
    clip: str = "none",
    clip_at: float = 1.0,
) -> Program:
    """A training step of dense layers with an activation between; inputs `x` and `y`.

    Targets are numbers for `mse`, and classes for every other loss. Without an optimizer the
    program ends with the gradients.
    """
    b = Builder()
    x = b.input("x", (BATCH, sizes[0]))
    for index, (_, units) in enumerate(pairwise(sizes)):
        with b.scope(node=f"dense_{index}"):
            x = layers()["dense"].from_config({"units": units, "bias": bias}).lower(b, x)
        if index + 2 < len(sizes):
            with b.scope(node=f"{activation}_{index}"):
                x = layers()[activation]().lower(b, x)
    with b.scope(node="loss", phase=Phase.LOSS):
        if loss == "mse":
            target = b.input("y", (BATCH, sizes[-1]))
        else:
            target = b.apply(OneHot(sizes[-1]), b.input("y", (BATCH,), "int"))
        end = losses()[loss]().lower(b, x, target)
    parameters = b.build().parameters
    end = lowering.penalize(b, end, parameters, l1=l1, l2=l2)
    if optimizer is None:
        differentiate(b, end, parameters)
    else:
        add_updates(
            b,
            end,
            parameters,
            optimizer,
            schedule=schedule,
            warmup=warmup,
            clip=clip,
            clip_at=clip_at,
        )
    return b.build(end)


def machine_of(
    program: Program,
    *,
    batch: int = 1,
    seed: int = 1,
    dtype: type = F8,
    data: int | None = 1,
    above: bool = False,
) -> Machine:
    """A machine with first weights, fed with random numbers unless `data` is None."""
    storage = Storage(program, dtype)
    storage.initialize(seed)
    machine = Machine(program, storage, batch=batch)
    if data is not None:
        feed_random(machine, data, above=above)
    return machine


def feed_random(machine: Machine, seed: int, *, above: bool = False) -> None:
    """Feed every input of a machine with random numbers of its own; `above` zero if that is set."""
    rng = np.random.default_rng(seed)
    rows = np.arange(machine.batch)
    for name, index in machine.program.inputs.items():
        slot = machine.array(index)
        if slot.dtype == np.int64:
            source = rng.integers(0, 2, slot.shape)
        else:
            source = np.asarray(rng.standard_normal(slot.shape), slot.dtype)
            source = np.abs(source) if above else source
        machine.feed(name, source, rows)


def bits(machine: Machine) -> dict[int, bytes]:
    """Every array of a machine that its instructions write or its storage keeps, by value."""
    program = machine.program
    written = {out for instr in program.instructions for out in instr.outputs}
    kept = {v.id for v in program.values if v.role in KEPT}
    return {i: machine.array(i).tobytes() for i in sorted(written | kept)}
