"""Formulas for people, typeset and in plain text."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from backprop_studio.autograd.expressions.tree import Expr, Number, Variable

_SUM, _MINUS, _PRODUCT, _POWER, _WHOLE = range(5)
"""How tightly a part holds together; what holds less tightly than its place asks is bracketed."""


@dataclass(frozen=True)
class _Script:
    """One way to write: patterns for the parts, in which `{0}` and `{1}` are the arguments."""

    patterns: Mapping[str, str]
    call: str
    bracket: str
    names: Mapping[float, str]
    fraction: bool
    """Whether a quotient is one above the other, so that neither needs brackets."""
    power: str
    """How a power of ten is written."""


_LEVELS: Mapping[str, tuple[int, tuple[int, int]]] = MappingProxyType(
    {
        "add": (_SUM, (_SUM, _PRODUCT)),
        "subtract": (_SUM, (_SUM, _PRODUCT)),
        "negative": (_MINUS, (_PRODUCT, _PRODUCT)),
        "multiply": (_PRODUCT, (_PRODUCT, _PRODUCT)),
        "divide": (_PRODUCT, (_PRODUCT, _POWER)),
        "power": (_POWER, (_WHOLE, _SUM)),
        "exp": (_POWER, (_SUM, _SUM)),
    }
)
"""How tightly a function's writing holds, and how tightly its arguments must."""

_LATEX = _Script(
    MappingProxyType(
        {
            "add": "{0} + {1}",
            "subtract": "{0} - {1}",
            "negative": "-{0}",
            "multiply": r"{0} \cdot {1}",
            "divide": r"\frac{{{0}}}{{{1}}}",
            "power": "{0}^{{{1}}}",
            "exp": "e^{{{0}}}",
            "log": r"\ln\left({0}\right)",
            "sqrt": r"\sqrt{{{0}}}",
            "abs": r"\left|{0}\right|",
            "step": r"[\,{0} > 0\,]",
            "sigmoid": r"\sigma\left({0}\right)",
            "maximum": r"\max\left({0}, {1}\right)",
            "minimum": r"\min\left({0}, {1}\right)",
            "sin": r"\sin\left({0}\right)",
            "cos": r"\cos\left({0}\right)",
            "tan": r"\tan\left({0}\right)",
            "tanh": r"\tanh\left({0}\right)",
        }
    ),
    r"\mathrm{{{name}}}\left({0}\right)",
    r"\left({0}\right)",
    MappingProxyType({math.pi: r"\pi", math.e: "e"}),
    True,
    r"{0} \cdot 10^{{{1}}}",
)

_PLAIN = _Script(
    MappingProxyType(
        {
            "add": "{0} + {1}",
            "subtract": "{0} − {1}",
            "negative": "−{0}",
            "multiply": "{0} · {1}",
            "divide": "{0} / {1}",
            "power": "{0}^{1}",
            "exp": "exp({0})",
            "log": "ln({0})",
            "sqrt": "√({0})",
            "abs": "|{0}|",
            "step": "[{0} > 0]",
            "sigmoid": "σ({0})",
            "maximum": "max({0}, {1})",
            "minimum": "min({0}, {1})",
        }
    ),
    "{name}({0})",
    "({0})",
    MappingProxyType({math.pi: "π", math.e: "e"}),
    False,
    "{0}e{1}",
)


def latex(expression: Expr, symbols: Mapping[str, str]) -> str:
    """A formula typeset, with each variable written as `symbols` has it."""
    return _write(expression, symbols, _LATEX)[0]


def plain(expression: Expr, symbols: Mapping[str, str]) -> str:
    """A formula in plain text, with each variable written as `symbols` has it."""
    return _write(expression, symbols, _PLAIN)[0]


def _write(expression: Expr, symbols: Mapping[str, str], script: _Script) -> tuple[str, int]:
    """The text, and how tightly it holds together."""
    match expression:
        case Number():
            return _number(expression.value, script)
        case Variable():
            return symbols[expression.name], _WHOLE
    function = expression.function
    level, asked = _LEVELS.get(function, (_WHOLE, (_SUM, _SUM)))
    if function == "divide" and script.fraction:
        level, asked = _POWER, (_SUM, _SUM)
    if function == "power" and not script.fraction:
        asked = (_WHOLE, _WHOLE)
    if function == "exp" and not script.fraction:
        level = _WHOLE
    parts = []
    for part, least in zip(expression.arguments, asked, strict=False):
        text, held = _write(part, symbols, script)
        parts.append(text if held >= least else script.bracket.format(text))
    pattern = script.patterns.get(function, script.call)
    return pattern.format(*parts, name=function), level


def _number(value: float, script: _Script) -> tuple[str, int]:
    known = script.names.get(abs(value))
    digits, mark, exponent = f"{abs(value):.6g}".partition("e")
    text = known or (script.power.format(digits, int(exponent)) if mark else digits)
    if value < 0.0:
        return script.patterns["negative"].format(text), _MINUS
    return text, _PRODUCT if mark else _WHOLE
