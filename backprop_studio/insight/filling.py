"""A formula with numbers in the place of its symbols: as text, as LaTeX and as numpy."""

from __future__ import annotations

import re
from collections.abc import Mapping

from backprop_studio.autograd import Formula

_SIGNS = {"−": "-", "×": "*", "·": "*", "²": "**2", "½": "0.5", "√": "np.sqrt", "π": "np.pi"}
_FUNCTIONS = {
    "exp": "np.exp",
    "ln": "np.log",
    "tanh": "np.tanh",
    "cos": "np.cos",
    "sin": "np.sin",
    "sign": "np.sign",
    "max": "np.maximum",
    "min": "np.minimum",
}

_WORDS = {"inf": r"\infty", "-inf": r"-\infty", "nan": r"\mathrm{NaN}"}

# Stand for the braces around a number that was put in, so that it is known from other braces.
_OPEN, _CLOSE = "\ue000", "\ue001"


def digits(number: float) -> str:
    """A number in at most six digits, with the minus sign of the keyboard."""
    return f"{number + 0.0:.6g}"  # no minus before a zero


def as_latex(number: float) -> str:
    r"""A number in LaTeX: `-2.5 \cdot 10^{-7}`."""
    mantissa, _, exponent = digits(number).partition("e")
    if not exponent:
        return {"inf": r"\infty", "-inf": r"-\infty", "nan": r"\mathrm{NaN}"}.get(
            mantissa, mantissa
        )
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}"


def filled(formula: Formula, numbers: Mapping[str, float], output: str) -> str | None:
    """The right side of a rule in plain text, with numbers for its symbols.

    Parameters
    ----------
    formula
        The rule of an op.
    numbers
        Numbers by the symbols that the formula declares.
    output
        The symbol whose rule is wanted, of a formula with several.

    Returns
    -------
    str or None
        None where the formula has no rule for `output` alone. Symbols that no number is known
        for stay.
    """
    side = _side(re.split(r",\s+(?=\S+\s*[=←])", formula.plain), _bare(output))
    return None if side is None else _put(side, {_bare(s): n for s, n in numbers.items()})


def filled_latex(formula: Formula, numbers: Mapping[str, float], output: str) -> str | None:
    """The same in LaTeX."""
    side = _side(formula.latex.split(r"\quad"), output)
    if side is None:
        return None
    for symbol in sorted(numbers, key=len, reverse=True):
        text = as_latex(numbers[symbol])
        loose = f"({text})" if numbers[symbol] < 0 or "cdot" in text else text
        side = re.sub(_lone(symbol), f"{_OPEN}{loose}{_CLOSE}".replace("\\", r"\\"), side)
    side = side.replace(r"\odot", r"\cdot")
    # Two symbols side by side are a product; two numbers would be read as one.
    side = re.sub(rf"([\d}})]|{_CLOSE})(\\,|\s)*(?={_OPEN})", r"\1 \\cdot ", side)
    return _single(side.replace(_OPEN, "{").replace(_CLOSE, "}"))


def as_numpy(plain: str) -> str | None:
    """A filled formula as a numpy expression; None where it has a word that numpy does not know."""
    text = plain
    text = re.sub(r"√(?!\()([\w.+-]+)", r"√(\1)", text)
    for sign, written in _SIGNS.items():
        text = text.replace(sign, written)
    text = re.sub(r"\|([^|]*)\|", r"np.abs(\1)", text)
    text = text.replace("[", "(").replace("]", ")")
    text = re.sub(r"(?<![\w.])(\d+)\s*(?=\()", r"\1 * ", text)
    words = set(re.findall(r"(?<![\w.])[A-Za-z_]+(?![\w.])", text))
    for word in words:
        if word not in _FUNCTIONS:
            return None
        text = re.sub(rf"(?<![\w.]){word}\(", f"{_FUNCTIONS[word]}(", text)
    return text if text.isascii() else None


def _side(parts: list[str], output: str) -> str | None:
    """The right side of the equation, among several, that has `output` on its left."""
    for part in parts:
        left, sign, right = part.strip().rstrip(",").partition("←")
        if not sign:
            left, sign, right = left.partition(r"\leftarrow")
        if not sign:
            left, sign, right = left.partition("=")
        if sign and left.strip() == output:
            return right.strip()
    return None


def _put(side: str, numbers: Mapping[str, float]) -> str:
    for symbol in sorted(numbers, key=len, reverse=True):
        text = digits(numbers[symbol])
        # "2X" is a product, as "2 0.5" is not.
        side = re.sub(rf"(?<=\d){_lone(symbol)}", f"({text})", side)
        side = re.sub(_lone(symbol), f"({text})" if numbers[symbol] < 0 else text, side)
    return _single(side)


def _single(side: str) -> str:
    """Without parentheses around what stands in some already."""
    side = re.sub(r"\(\{?\((-[^()]*)\)\}?\)", r"(\1)", side)
    return re.sub(r"\|\((-[^()]*)\)\|", r"|\1|", side)


def _lone(symbol: str) -> str:
    """Where a symbol stands by itself: not within a word, with no index, prime or hat."""
    before = r"(?<![^\W\d])(?<![\\_])(?<!\\hat\{)(?<!\\hat )"
    return rf"{before}{re.escape(symbol)}(?![^\W²]|['′_\[\u0302])"


def _bare(symbol: str) -> str:
    """A symbol as it is written in plain text."""
    return symbol.replace("_", "").replace("'", "′")
