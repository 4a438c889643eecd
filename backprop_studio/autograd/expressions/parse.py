"""Reads a typed formula: a few names and signs, in Python's spelling, and nothing else.

The text is cut into words first, and every word must be one of those allowed; only then does
Python's parser see it, to find out what belongs together. Nothing is ever evaluated by Python.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NoReturn

from backprop_studio.autograd.expressions.tree import Apply, Expr, Number, Variable, tidy
from backprop_studio.errors import FormulaError

MAX_LENGTH = 200
"""Characters of a formula."""

MAX_DEPTH = 40
"""How deep its parts may stand in each other."""

LARGEST = 1e6
"""Of its numbers."""

LARGEST_EXPONENT = 100.0
"""Of its exponents that are numbers."""

ARGUMENTS: Mapping[str, int] = MappingProxyType(
    {
        "exp": 1, "log": 1, "sqrt": 1, "sin": 1, "cos": 1, "tan": 1, "tanh": 1, "abs": 1,
        "maximum": 2, "minimum": 2, "sigmoid": 1, "relu": 1, "sign": 1, "step": 1,
    }
)  # fmt: skip
"""The functions that may be typed, and how many arguments each takes."""

CONSTANTS: Mapping[str, float] = MappingProxyType({"pi": math.pi, "e": math.e})

ALLOWED = f"+ - * / **, ( ), numbers, {', '.join(CONSTANTS)}, {', '.join(ARGUMENTS)}"
"""What may be typed besides the variables, in words."""

_WORD = re.compile(
    r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_]\w*)|(?P<sign>\*\*|[-+*/(),])",
    re.ASCII,
)

_JOINS = frozenset(("*", "/", "**", ",", ")"))
"""Signs that need something before them."""

_OPENS = frozenset(("", "(", "+", "-", "*", "/", "**", ","))
"""What they cannot come right after: the start, and signs that need something behind them."""

_OPERATORS: Mapping[type[ast.operator], str] = MappingProxyType(
    {
        ast.Add: "add",
        ast.Sub: "subtract",
        ast.Mult: "multiply",
        ast.Div: "divide",
        ast.Pow: "power",
    }
)


def parse(
    text: str, variables: Sequence[str], *, name: str = "custom", field: str = "formula"
) -> Expr:
    """The tree of a formula.

    Parameters
    ----------
    text
        What was typed.
    variables
        The names that stand for inputs.
    name, field
        Whose formula it is, and what it is called there, for the error.

    Raises
    ------
    FormulaError
        It cannot be read; the error says what, at which character, and what is allowed.
    """
    return _Reader(text, tuple(variables), name, field).read()


class _Reader:
    """One formula being read."""

    def __init__(self, text: str, variables: tuple[str, ...], name: str, field: str) -> None:
        self.start = len(text) - len(text.lstrip(" "))
        self.text = text.strip(" ")
        self.variables = variables
        self.name, self.field = name, field

    def read(self) -> Expr:
        if not self.text:
            self._refuse("formula-empty", 0)
        if len(self.text) > MAX_LENGTH:
            self._refuse("formula-long", MAX_LENGTH, limit=MAX_LENGTH)
        self._check_words()
        try:
            tree = ast.parse(self.text, mode="eval")
        except SyntaxError as error:
            self._refuse("formula-syntax", min((error.offset or 1) - 1, len(self.text) - 1))
        return self._convert(tree.body, 1)

    def _check_words(self) -> None:
        """Refuse every character and word that is not allowed, and too many brackets."""
        at, depth, before = 0, 0, ""
        while at < len(self.text):
            if self.text[at] == " ":
                at += 1
                continue
            match = _WORD.match(self.text, at)
            if match is None and self.text[at] == "^":
                self._refuse("formula-power", at)
            if match is None:
                self._refuse("formula-character", at, found=self.text[at])
            word = match.group()
            if match.lastgroup == "name" and not self._known(word):
                self._refuse("formula-word", at, found=word)
            if before in ARGUMENTS and word != "(":
                self._refuse("formula-call", at, found=before, count=ARGUMENTS[before])
            ended = before == ")" or (before[-1:].isalnum() or before[-1:] == ".")
            if ended and before not in ARGUMENTS and (word == "(" or match.lastgroup != "sign"):
                self._refuse("formula-product", at, first=before, second=word)
            if word in _JOINS and before in _OPENS:
                self._refuse("formula-syntax", at)
            depth += (word == "(") - (word == ")")
            if depth < 0:
                self._refuse("formula-syntax", at)
            if depth > MAX_DEPTH:
                self._refuse("formula-deep", at, limit=MAX_DEPTH)
            at, before = match.end(), word
        if before in ARGUMENTS:
            at = len(self.text) - 1
            self._refuse("formula-call", at, found=before, count=ARGUMENTS[before])
        if depth or before in _OPENS:
            self._refuse("formula-syntax", len(self.text))

    def _known(self, word: str) -> bool:
        return word in ARGUMENTS or word in CONSTANTS or word in self.variables

    def _convert(self, node: ast.expr, depth: int) -> Expr:
        """The tree for a node of Python's; everything that is not expected is refused."""
        if depth > MAX_DEPTH:
            self._refuse("formula-deep", node.col_offset, limit=MAX_DEPTH)
        match node:
            case ast.Constant(value=int() | float() as value):
                return self._number(node, float(value))
            case ast.Name(id=word) if word in self.variables:
                return Variable(word)
            case ast.Name(id=word) if word in CONSTANTS:
                return Number(CONSTANTS[word])
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self._convert(operand, depth + 1)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self._convert(operand, depth + 1)
                return (
                    Number(-inner.value)
                    if isinstance(inner, Number)
                    else Apply("negative", (inner,))
                )
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                pair = (self._convert(left, depth + 1), self._convert(right, depth + 1))
                exponent = tidy(pair[1])
                if (
                    isinstance(op, ast.Pow)
                    and isinstance(exponent, Number)
                    and abs(exponent.value) > LARGEST_EXPONENT
                ):
                    self._refuse("formula-exponent", right.col_offset, limit=LARGEST_EXPONENT)
                return self._finite(node, Apply(_OPERATORS[type(op)], pair))
            case ast.Call(func=ast.Name(id=word), args=args, keywords=[]) if word in ARGUMENTS:
                if len(args) != ARGUMENTS[word]:
                    place = node.col_offset
                    self._refuse("formula-call", place, found=word, count=ARGUMENTS[word])
                return self._finite(
                    node, Apply(word, tuple(self._convert(a, depth + 1) for a in args))
                )
        self._refuse("formula-syntax", node.col_offset)

    def _number(self, node: ast.expr, value: float) -> Number:
        if abs(value) > LARGEST:
            self._refuse("formula-number", node.col_offset, limit=f"{LARGEST:,.0f}")
        return Number(value)

    def _finite(self, node: ast.expr, made: Apply) -> Apply:
        """Refuse a part without variables that has no finite value, such as 1 / 0."""
        if not _has_variable(made) and not isinstance(tidy(made), Number):
            self._refuse("formula-infinite", node.col_offset)
        return made

    def _refuse(self, code: str, at: int, **params: object) -> NoReturn:
        raise FormulaError(
            code,
            name=self.name,
            field=self.field,
            position=self.start + at + 1,
            allowed=f"{', '.join(self.variables)}, {ALLOWED}",
            **params,
        )


def _has_variable(expression: Expr) -> bool:
    if isinstance(expression, Apply):
        return any(_has_variable(part) for part in expression.arguments)
    return isinstance(expression, Variable)
