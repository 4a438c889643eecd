"""A tree as a flat list of numpy calls on buffers, every common part computed once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from types import MappingProxyType

import numpy as np

from backprop_studio.autograd.expressions.tree import Apply, Expr, Number, Variable
from backprop_studio.autograd.op import Call, constant
from backprop_studio.autograd.symbol import Array

Kernel = Callable[[tuple[Array, ...], Array], list[Call]]


def _ufunc(function: np.ufunc) -> Kernel:
    return lambda given, out: [(function, (*given, out))]


def _extremum(function: np.ufunc) -> Kernel:
    # numpy wants the output of these two by name.
    return lambda given, out: [(partial(function, out=out), given)]


def _sigmoid(given: tuple[Array, ...], out: Array) -> list[Call]:
    # As the op of that name: exp may overflow, and its reciprocal is then the right zero.
    return [
        (np.negative, (given[0], out)),
        (np.exp, (out, out)),
        (np.add, (out, constant(1.0, out), out)),
        (np.reciprocal, (out, out)),
    ]


def _relu(given: tuple[Array, ...], out: Array) -> list[Call]:
    return _extremum(np.maximum)((given[0], constant(0.0, out)), out)


def _step(given: tuple[Array, ...], out: Array) -> list[Call]:
    return [(np.heaviside, (given[0], constant(0.0, out), out))]


KERNELS: Mapping[str, Kernel] = MappingProxyType(
    {
        "add": _ufunc(np.add),
        "subtract": _ufunc(np.subtract),
        "multiply": _ufunc(np.multiply),
        "divide": _ufunc(np.divide),
        "power": _ufunc(np.power),
        "negative": _ufunc(np.negative),
        "exp": _ufunc(np.exp),
        "log": _ufunc(np.log),
        "sqrt": _ufunc(np.sqrt),
        "sin": _ufunc(np.sin),
        "cos": _ufunc(np.cos),
        "tan": _ufunc(np.tan),
        "tanh": _ufunc(np.tanh),
        "abs": _ufunc(np.absolute),
        "maximum": _extremum(np.maximum),
        "minimum": _extremum(np.minimum),
        "sigmoid": _sigmoid,
        "relu": _relu,
        "sign": _ufunc(np.sign),
        "step": _step,
    }
)
"""Functions by name. A kernel may write into one of its own arguments."""


@dataclass(frozen=True)
class Step:
    """One function: where its arguments come from, and the buffer that takes its result."""

    function: str
    sources: tuple[int | Number | Variable, ...]
    target: int


@dataclass(frozen=True)
class Plan:
    """How to compute a formula.

    Attributes
    ----------
    steps
        In order. Buffer 0 is the output, and holds the result after the last step.
    buffers
        How many buffers are needed, the output among them.
    result
        The formula itself where it has no function in it; None otherwise.
    """

    steps: tuple[Step, ...]
    buffers: int
    result: Number | Variable | None = None

    def bind(self, inputs: Mapping[str, Array], out: Array) -> list[Call]:
        """The calls for inputs that broadcast to `out`; the other buffers are allocated here."""
        arrays = [out, *(np.empty_like(out) for _ in range(self.buffers - 1))]

        def find(source: int | Number | Variable) -> Array:
            match source:
                case Number():
                    return constant(source.value, out)
                case Variable():
                    return inputs[source.name]
            return arrays[source]

        if self.result is not None:
            return [(np.copyto, (out, find(self.result)))]
        calls: list[Call] = []
        for step in self.steps:
            given = tuple(find(source) for source in step.sources)
            calls += KERNELS[step.function](given, arrays[step.target])
        return calls


@lru_cache(maxsize=256)
def plan(expression: Expr) -> Plan:
    """The shortest list of steps that computes each different part of a formula once."""
    if not isinstance(expression, Apply):
        return Plan((), 1, expression)
    order: dict[Apply, None] = {}
    _collect(expression, order)
    uses = Counter(a for part in order for a in part.arguments if isinstance(a, Apply))
    place: dict[Expr, int] = {}
    free: list[int] = []
    count = 1
    steps = []
    for part in order:
        sources = tuple(place[a] if isinstance(a, Apply) else a for a in part.arguments)
        for a in part.arguments:
            if isinstance(a, Apply):
                uses[a] -= 1
                # The output's own buffer waits for the end, so that nothing is left in it.
                if not uses[a]:
                    free.append(place[a])
        if part == expression:
            target = 0
        elif free:
            target = free.pop()
        else:
            target, count = count, count + 1
        place[part] = target
        steps.append(Step(part.function, sources, target))
    return Plan(tuple(steps), count)


def _collect(part: Apply, order: dict[Apply, None]) -> None:
    """Add the functions in `part` to `order`, arguments before what they are given to."""
    if part in order:
        return
    for argument in part.arguments:
        if isinstance(argument, Apply):
            _collect(argument, order)
    order[part] = None
