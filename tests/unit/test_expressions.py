"""Typed formulas: what is read, what is refused and where, and the rules of differentiation."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_studio.autograd import Array
from backprop_studio.autograd.expressions import (
    ALLOWED,
    Expr,
    derive,
    latex,
    parse,
    plain,
    plan,
)
from backprop_studio.autograd.expressions.parse import ARGUMENTS
from backprop_studio.errors import FormulaError

SYMBOLS = {"x": "X", "a": "A", "b": "B"}


def compute(expression: Expr, **inputs: Array) -> Array:
    out = np.full(np.broadcast_shapes(*(x.shape for x in inputs.values())), 77.0)
    for function, arguments in plan(expression).bind(inputs, out):
        function(*arguments)
    return out


VALUES = {
    "2": lambda x: 2 + 0 * x,
    "x": lambda x: x,
    "+x": lambda x: x,
    "-x ** 2": lambda x: -(x**2),
    "2 ** -x": lambda x: 2**-x,
    "2 ** 3 ** x": lambda x: 2 ** (3**x),
    "x - 1 - 2 * x": lambda x: x - 1 - 2 * x,
    "x / 2 / x": lambda x: x / 2 / x,
    ".5 * x + 1e-3 + 2.": lambda x: 0.5 * x + 1e-3 + 2,
    "  exp( -x**2 / 2 ) / sqrt(2 * pi)  ": lambda x: np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi),
    "e ** x + log(x)": lambda x: np.e**x + np.log(x),
    "sin(x) * cos(x) / tan(x)": lambda x: np.sin(x) * np.cos(x) / np.tan(x),
    "tanh(abs(x))": lambda x: np.tanh(np.abs(x)),
    "maximum(x, 1) * minimum(x, 1)": lambda x: np.maximum(x, 1) * np.minimum(x, 1),
    "sigmoid(x) * relu(x - 1)": lambda x: np.maximum(x - 1, 0) / (1 + np.exp(-x)),
    "sign(x - 1) + step(x - 1)": lambda x: np.sign(x - 1) + (x > 1),
    "(x + 1) * (x + 1) + x * (x + 1)": lambda x: (x + 1) ** 2 + x * (x + 1),
}


@pytest.mark.parametrize("text", sorted(VALUES))
def test_that_a_formula_is_computed_as_it_is_written(text: str) -> None:
    x = np.array([0.3, 0.9, 1.7, 2.6])
    np.testing.assert_allclose(compute(parse(text, ["x"]), x=x), VALUES[text](x), rtol=1e-14)


@pytest.mark.parametrize("text", sorted(VALUES))
def test_that_a_derivative_follows_from_the_rules(text: str) -> None:
    x, h = np.array([0.3, 0.9, 1.7, 2.6]), 1e-6
    tree = parse(text, ["x"])
    difference = (compute(tree, x=x + h) - compute(tree, x=x - h)) / (2 * h)
    np.testing.assert_allclose(compute(derive(tree, "x"), x=x), difference, rtol=2e-8, atol=2e-8)


@pytest.mark.parametrize(
    ("text", "by", "expected"),
    [
        ("abs(x)", "x", 0.0),
        ("relu(x)", "x", 0.0),
        ("maximum(a, b)", "a", 0.5),
        ("maximum(a, b)", "b", 0.5),
        ("minimum(a, b)", "a", 0.5),
        ("x ** 0", "x", 0.0),
    ],
)
def test_that_a_corner_has_the_derivative_that_pytorch_gives_it(
    text: str, by: str, expected: float
) -> None:
    names = ["x"] if by == "x" else ["a", "b"]
    zeros = {name: np.zeros(1) for name in names}
    assert compute(derive(parse(text, names), by), **zeros) == expected


@pytest.mark.parametrize(
    ("text", "code", "position"),
    [
        ("", "formula-empty", 1),
        ("   ", "formula-empty", 4),
        ("x ^ 2", "formula-power", 3),
        ("x % 2", "formula-character", 3),
        ("x; x", "formula-character", 2),
        ("x = 1", "formula-character", 3),
        ("x[0]", "formula-character", 2),
        ("x.real", "formula-character", 2),
        ("'x'", "formula-character", 1),
        ("x\n", "formula-character", 2),
        ("x\0", "formula-character", 2),
        ("ｘ", "formula-character", 1),
        ("2²", "formula-character", 2),
        ("  y", "formula-word", 3),
        ("__import__('os')", "formula-word", 1),
        ("lambda: x", "formula-word", 1),
        ("x if x else x", "formula-word", 3),
        ("x or x", "formula-word", 3),
        ("max(x)", "formula-word", 1),
        ("1_000", "formula-word", 2),
        ("1j", "formula-word", 2),
        ("2x", "formula-product", 2),
        ("x(2)", "formula-product", 2),
        ("(x)(x)", "formula-product", 4),
        ("x x", "formula-product", 3),
        ("2 pi", "formula-product", 3),
        ("sin x", "formula-call", 5),
        ("sin", "formula-call", 3),
        ("sin(x, x)", "formula-call", 1),
        ("maximum(x)", "formula-call", 1),
        ("x +", "formula-syntax", 4),
        ("(x", "formula-syntax", 3),
        ("x)", "formula-syntax", 2),
        ("()", "formula-syntax", 2),
        ("x // 2", "formula-syntax", 4),
        ("* x", "formula-syntax", 1),
        ("sin(*x)", "formula-syntax", 5),
        ("sin(**x)", "formula-syntax", 5),
        ("x, x", "formula-syntax", 1),
        ("007", "formula-syntax", 1),
        ("1e999", "formula-number", 1),
        ("x + 1000001", "formula-number", 5),
        ("x ** 101", "formula-exponent", 6),
        ("x ** -(200 / 1)", "formula-exponent", 6),
        ("9 ** 9 ** 9", "formula-exponent", 6),
        ("1 / 0 * x", "formula-infinite", 1),
        ("x + log(0)", "formula-infinite", 5),
        ("(1000000 ** 99) ** 9", "formula-infinite", 2),
        ("(" * 60 + "x" + ")" * 60, "formula-deep", 41),
        ("-" * 100 + "x", "formula-deep", 41),
        ("x" + " + x" * 45, "formula-deep", 1),
        ("x" * 201, "formula-long", 201),
    ],
)
def test_that_what_is_wrong_is_said_with_its_place(text: str, code: str, position: int) -> None:
    with pytest.raises(FormulaError) as caught:
        parse(text, ["x"], name="mine", field="Formula")
    assert (caught.value.code, caught.value.params["position"]) == (code, position)
    assert caught.value.params["allowed"] == f"x, {ALLOWED}"
    assert "Formula of 'mine'" in str(caught.value)


WORDS = [*"xab019.,()+-*/e ", "**", "sin(", "maximum(", "pi", "a", "b", " + ", ")"]


@given(st.lists(st.sampled_from(WORDS), max_size=40).map("".join))
def test_that_any_text_is_read_or_refused_at_once(text: str) -> None:
    began = time.perf_counter()
    try:
        tree = parse(text, ["a", "b"])
    except FormulaError as error:
        assert 1 <= int(str(error.params["position"])) <= len(text) + 1
        return
    finally:
        assert time.perf_counter() - began < 1.0
    compute_quietly(tree)
    compute_quietly(derive(tree, "a"))
    assert latex(tree, SYMBOLS).count("{") == latex(tree, SYMBOLS).count("}")


def compute_quietly(tree: Expr) -> None:
    with np.errstate(all="ignore"):
        compute(tree, a=np.array([[0.5], [2.0]]), b=np.array([0.0, -1.0]))


@pytest.mark.parametrize("function", sorted(ARGUMENTS))
def test_that_every_function_is_computed_derived_and_written(function: str) -> None:
    arguments = "x" if ARGUMENTS[function] == 1 else "x, 0.5"
    tree = parse(f"{function}({arguments})", ["x"])
    x, h = np.array([0.3, 1.2]), 1e-6
    difference = (compute(tree, x=x + h) - compute(tree, x=x - h)) / (2 * h)
    np.testing.assert_allclose(compute(derive(tree, "x"), x=x), difference, rtol=1e-8, atol=1e-8)
    assert "X" in latex(tree, SYMBOLS)
    assert "X" in plain(tree, SYMBOLS)


@pytest.mark.parametrize(
    ("text", "typeset", "in_words"),
    [
        ("x**2 - 1", "X^{2} - 1", "X^2 − 1"),
        ("(x + 1) / (2 * x)", r"\frac{X + 1}{2 \cdot X}", "(X + 1) / (2 · X)"),
        ("x - (1 - x)", r"X - \left(1 - X\right)", "X − (1 − X)"),
        ("(-x) ** 2", r"\left(-X\right)^{2}", "(−X)^2"),
        ("-x ** 2", "-X^{2}", "−X^2"),
        ("exp(-x)", "e^{-X}", "exp(−X)"),
        ("exp(x) ** 2", r"\left(e^{X}\right)^{2}", "exp(X)^2"),
        ("sqrt(2 * pi)", r"\sqrt{2 \cdot \pi}", "√(2 · π)"),
        ("abs(log(x))", r"\left|\ln\left(X\right)\right|", "|ln(X)|"),
        ("1e-7 * x", r"1 \cdot 10^{-7} \cdot X", "1e-7 · X"),
        ("x / (x / 2)", r"\frac{X}{\frac{X}{2}}", "X / (X / 2)"),
        ("x * (x / 2)", r"X \cdot \frac{X}{2}", "X · X / 2"),
    ],
)
def test_that_a_formula_is_written_with_no_bracket_too_many(
    text: str, typeset: str, in_words: str
) -> None:
    tree = parse(text, ["x"])
    assert latex(tree, SYMBOLS) == typeset
    assert plain(tree, SYMBOLS) == in_words


@pytest.mark.parametrize(
    ("text", "derivative"),
    [
        ("x ** 2", "2 · X"),
        ("3 * x + 4", "3"),
        ("x ** 3 / 3", "3 · X^2 / 3"),
        ("sin(2 * x)", "2 · cos(2 · X)"),
        ("x * x", "X + X"),
        ("exp(x)", "exp(X)"),
        ("x ** (1 / 2)", "0.5 · X^(−0.5)"),
        ("5", "0"),
    ],
)
def test_that_a_derivative_is_tidy(text: str, derivative: str) -> None:
    assert plain(derive(parse(text, ["x"]), "x"), SYMBOLS) == derivative


def test_that_a_part_that_occurs_twice_is_computed_once_and_buffers_serve_again() -> None:
    twice = plan(parse("sin(x) * sin(x) + sin(x)", ["x"]))
    assert [step.function for step in twice.steps] == ["sin", "multiply", "add"]
    chain = plan(parse("sin(cos(tan(exp(x))))", ["x"]))
    assert len(chain.steps) == 4
    assert chain.buffers == 2
