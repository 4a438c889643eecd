"""Formulas as trees of numbers, variables and functions, tidied as they are built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np


@dataclass(frozen=True)
class Number:
    """A constant."""

    value: float


@dataclass(frozen=True)
class Variable:
    """An input, by name."""

    name: str


@dataclass(frozen=True)
class Apply:
    """A function of one or two formulas; `function` is a key of `FUNCTIONS`."""

    function: str
    arguments: tuple[Expr, ...]

    @cached_property
    def _hash(self) -> int:
        return hash((self.function, self.arguments))

    def __hash__(self) -> int:
        # Kept: derivatives share their parts, and a hash would walk each of them again.
        return self._hash


Expr = Number | Variable | Apply

ZERO, ONE, TWO = Number(0.0), Number(1.0), Number(2.0)


def _sigmoid(x: np.float64) -> np.float64:
    return np.float64(1.0 / (1.0 + np.exp(-x)))


FUNCTIONS: Mapping[str, Callable[..., np.float64]] = MappingProxyType(
    {
        "add": np.add,
        "subtract": np.subtract,
        "multiply": np.multiply,
        "divide": np.divide,
        "power": np.power,
        "negative": np.negative,
        "exp": np.exp,
        "log": np.log,
        "sqrt": np.sqrt,
        "sin": np.sin,
        "cos": np.cos,
        "tan": np.tan,
        "tanh": np.tanh,
        "abs": np.absolute,
        "maximum": np.maximum,
        "minimum": np.minimum,
        "sigmoid": _sigmoid,
        "relu": lambda x: np.maximum(x, np.float64(0.0)),
        "sign": np.sign,
        "step": lambda x: np.heaviside(x, np.float64(0.0)),
    }
)
"""Every function by name, for single numbers; `plan` has their kernels for arrays."""


def apply(function: str, *arguments: Expr) -> Expr:
    """The function of these formulas, computed at once where they are all numbers.

    A result that is not finite is left as it stands, for the reader to be told or the run to show.
    """
    if all(isinstance(a, Number) for a in arguments):
        numbers = [np.float64(a.value) for a in arguments if isinstance(a, Number)]
        with np.errstate(all="ignore"):
            value = float(FUNCTIONS[function](*numbers))
        if np.isfinite(value):
            return Number(value)
    return Apply(function, arguments)


def add(a: Expr, b: Expr) -> Expr:
    """`a + b`, without a zero."""
    if a == ZERO:
        return b
    if b == ZERO:
        return a
    if isinstance(b, Apply) and b.function == "negative":
        return subtract(a, b.arguments[0])
    return apply("add", a, b)


def subtract(a: Expr, b: Expr) -> Expr:
    """`a - b`, without a zero."""
    if b == ZERO:
        return a
    return negative(b) if a == ZERO else apply("subtract", a, b)


def negative(a: Expr) -> Expr:
    """`-a`, without a double minus."""
    if isinstance(a, Apply) and a.function == "negative":
        return a.arguments[0]
    return apply("negative", a)


def multiply(a: Expr, b: Expr) -> Expr:
    """`a b`, without a one or a zero, its minus in front and its number first."""
    if ZERO in (a, b):
        return ZERO
    if a == ONE:
        return b
    if b == ONE:
        return a
    for first, second in ((a, b), (b, a)):
        if isinstance(first, Apply) and first.function == "negative":
            return negative(multiply(first.arguments[0], second))
    if Number(-1.0) in (a, b):
        return negative(b if a == Number(-1.0) else a)
    return apply("multiply", b, a) if isinstance(b, Number) else apply("multiply", a, b)


def divide(a: Expr, b: Expr) -> Expr:
    """`a / b`, without a one below or a zero above."""
    if b == ONE:
        return a
    return ZERO if a == ZERO else apply("divide", a, b)


def power(a: Expr, b: Expr) -> Expr:
    """`a` to the power `b`, without a one."""
    return a if b == ONE else ONE if b == ZERO else apply("power", a, b)


_TIDY: Mapping[str, Callable[..., Expr]] = MappingProxyType(
    {
        "add": add,
        "subtract": subtract,
        "negative": negative,
        "multiply": multiply,
        "divide": divide,
        "power": power,
    }
)


def tidy(expression: Expr) -> Expr:
    """The same formula with its numbers computed, and without what changes nothing."""
    if not isinstance(expression, Apply):
        return expression
    parts = [tidy(part) for part in expression.arguments]
    build = _TIDY.get(expression.function)
    return build(*parts) if build is not None else apply(expression.function, *parts)
