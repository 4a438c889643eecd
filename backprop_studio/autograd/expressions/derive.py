"""The rules of differentiation, on trees."""

from __future__ import annotations

from backprop_studio.autograd.expressions.tree import (
    ONE,
    TWO,
    ZERO,
    Expr,
    Number,
    Variable,
    add,
    apply,
    divide,
    multiply,
    negative,
    power,
    subtract,
    tidy,
)


def derive(expression: Expr, name: str) -> Expr:
    """The derivative of a formula by the variable `name`.

    Where a function has a corner, its derivative there is PyTorch's: 0 for `abs` and `relu`, and
    a half to each side where the arguments of `maximum` or `minimum` are equal. Where the base
    and the exponent of a power both depend on the variables, the rule has a logarithm in it and
    is NaN at a base of zero, where PyTorch puts a zero.
    """
    return _derive(tidy(expression), name)


def _derive(expression: Expr, name: str) -> Expr:
    match expression:
        case Number():
            return ZERO
        case Variable():
            return ONE if expression.name == name else ZERO
    function, parts = expression.function, expression.arguments
    inner = [_derive(part, name) for part in parts]
    if all(d == ZERO for d in inner):
        return ZERO
    if len(parts) == 1:
        return multiply(inner[0], _slope(function, parts[0]))
    return _of_two(function, parts[0], parts[1], inner[0], inner[1])


def _slope(function: str, u: Expr) -> Expr:
    """The derivative of a function of one argument."""
    match function:
        case "negative":
            return Number(-1.0)
        case "exp":
            return apply("exp", u)
        case "log":
            return divide(ONE, u)
        case "sqrt":
            return divide(ONE, multiply(TWO, apply("sqrt", u)))
        case "sin":
            return apply("cos", u)
        case "cos":
            return negative(apply("sin", u))
        case "tan":
            return add(ONE, power(apply("tan", u), TWO))
        case "tanh":
            return subtract(ONE, power(apply("tanh", u), TWO))
        case "sigmoid":
            s = apply("sigmoid", u)
            return multiply(s, subtract(ONE, s))
        case "abs":
            return apply("sign", u)
        case "relu":
            return apply("step", u)
        case "sign" | "step":
            return ZERO
    raise KeyError(function)


def _of_two(function: str, u: Expr, v: Expr, du: Expr, dv: Expr) -> Expr:
    """The derivative of a function of two arguments, whose own derivatives are `du` and `dv`."""
    match function:
        case "add":
            return add(du, dv)
        case "subtract":
            return subtract(du, dv)
        case "multiply":
            return add(multiply(du, v), multiply(u, dv))
        case "divide":
            return subtract(divide(du, v), multiply(divide(divide(u, v), v), dv))
        case "power":
            by_base = multiply(du, multiply(v, power(u, subtract(v, ONE))))
            by_exponent = multiply(dv, multiply(power(u, v), apply("log", u)))
            return add(by_base, ZERO if dv == ZERO else by_exponent)
        case "maximum" | "minimum":
            # The sign of the difference is 1, 0 or -1: it takes one side, or half of each.
            sides = (du, dv) if function == "maximum" else (dv, du)
            lead = apply("sign", subtract(u, v))
            half = Number(0.5)
            first = multiply(multiply(half, add(ONE, lead)), sides[0])
            second = multiply(multiply(half, subtract(ONE, lead)), sides[1])
            return add(first, second)
    raise KeyError(function)
