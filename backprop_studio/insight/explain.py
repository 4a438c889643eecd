"""Where a number comes from: its rule, the rule with numbers, and the numbers it is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations

import numpy as np

from backprop_studio.autograd import (
    BATCH,
    KEPT,
    Array,
    Formula,
    Instr,
    Machine,
    Phase,
    Program,
)
from backprop_studio.autograd.ops.affine import Affine
from backprop_studio.autograd.ops.arithmetic import Accumulate, Broadcasting
from backprop_studio.errors import StudioError
from backprop_studio.insight.filling import as_latex, as_numpy, digits, filled, filled_latex
from backprop_studio.insight.local import Factor, Spot, Term, chain_terms, local_row, row_terms
from backprop_studio.insight.parts import Parts, parts
from backprop_studio.training import Session

LIMIT = 40
"""Terms of a sum that are told one by one; the largest."""

_SHOWN = 4
"""Terms that a line of text has room for."""


class How(StrEnum):
    """What kind of a number it is."""

    DATA = "data"
    """It is read from the data."""
    KEPT = "kept"
    """A parameter, or another number that outlives the iteration, before its update."""
    CHAIN = "chain"
    """A gradient: sum of upstream gradient times local derivative."""
    SUM = "sum"
    """A sum of products."""
    RULE = "rule"
    """A function of a few numbers."""
    INFLUENCE = "influence"
    """A function of many numbers; what each of them does to it is measured."""


@dataclass(frozen=True)
class Explanation:
    """Where one number comes from.

    Attributes
    ----------
    spot, number
        What is explained. Of what outlives the iteration, the number before its update.
    how
        What kind of a number it is.
    instruction
        Index of the instruction that computes it, or updates it; None if there is none.
    formula
        The rule of that instruction's op.
    terms
        What it is made of, the largest first, at most `LIMIT`.
    count
        How many terms there are.
    rest
        Sum of the terms that are left out.
    plain, latex, numpy
        The rule with numbers, in three notations; empty where there is none.
    after
        Of what outlives the iteration, the number after its update.
    example
        For numbers that belong to one row of the batch: which row of the data set it is.
    only
        Whether the data have no other example.
    """

    spot: Spot
    number: float
    how: How
    instruction: int | None = None
    formula: Formula | None = None
    terms: tuple[Term, ...] = ()
    count: int = 0
    rest: float = 0.0
    plain: str = ""
    latex: str = ""
    numpy: str = ""
    after: float | None = None
    example: int | None = None
    only: bool = False


def beginning(session: Session) -> Spot | None:
    """A number to begin with: the largest of the result that was computed last.

    Before the first layer and during the update, it is the largest of the first parameter's
    gradient; None where there is none either.
    """
    program, done = session.program, session.cursor.index
    told = (Phase.FORWARD, Phase.LOSS, Phase.BACKWARD)
    value = next(iter(program.gradients.values()), None)
    if done and program.instructions[done - 1].phase in told:
        value = program.instructions[done - 1].outputs[0]
    if value is None:
        return None
    array = session.rerun(program.start_of(Phase.UPDATE)).array(value)
    place = int(np.argmax(np.abs(np.nan_to_num(array))))
    return Spot(value, tuple(int(i) for i in np.unravel_index(place, array.shape)))


def explain(spot: Spot, session: Session) -> Explanation:
    """Tell where a number of the current iteration comes from.

    Parameters
    ----------
    spot
        Which number. One that is not computed yet is computed, on copies.
    session
        The run; it is left as it is.

    Returns
    -------
    Explanation
        One step of the derivation; the spots in its terms lead on.

    Raises
    ------
    StudioError
        There is no such entry.

    Notes
    -----
    A gradient is upstream times local, summed over all that its value flows into. The upstream
    gradients are those of the backward pass; the local derivatives are measured by moving the
    one entry both ways through the single forward instruction, in float64. On a kink, such as
    that of ReLU at 0, the measured one is the mean of both sides.

    The result of an operation that is several in one, such as a loss, is explained by its parts.
    """
    with np.errstate(all="ignore"):
        if spot.within is not None:
            return _in_between(spot, spot.within, session)
        found = _whole(spot, session)
    only = found.example is not None and session.prepared.dataset.is_one_example
    return replace(found, only=only)


def _whole(spot: Spot, session: Session) -> Explanation:
    """An explanation of a number that an instruction has made, or that the data are."""
    program = session.program
    value = program.values[spot.value]
    if value.role in KEPT:
        return _kept(spot, session)
    machine = session.rerun(program.start_of(Phase.UPDATE))
    made = program.producer.get(spot.value)
    if made is not None and made >= program.start_of(Phase.UPDATE):
        machine.run(program.start_of(Phase.UPDATE), made + 1)
    number = _at(machine, spot)
    example = None
    if value.shape and value.shape[0] == BATCH:
        example = int(session.rows[spot.entry[0]])
    if made is None or program.instructions[made].phase is Phase.DATA:
        return Explanation(spot, number, How.DATA, made, example=example)
    target = _differentiated(program, spot.value)
    if target is not None and target != program.loss:
        terms = list(chain_terms(spot, target, machine, session))
        return _summed(spot, number, How.CHAIN, made, _CHAIN_RULE, terms, example)
    return _computed(spot, number, made, machine, session, example)


_CHAIN_RULE = Formula(
    r"\frac{\partial L}{\partial x} = \sum_k \frac{\partial L}{\partial y_k}"
    r"\, \frac{\partial y_k}{\partial x}",
    "∂L/∂x = Σ_k ∂L/∂y_k · ∂y_k/∂x",
    (),
    (),
    "Upstream gradient times local derivative, summed over all that the number flows into.",
)


def _kept(spot: Spot, session: Session) -> Explanation:
    """A parameter or what is kept with it, before its update, with the update's rule."""
    program = session.program
    index = next(
        (
            i
            for i, instr in reversed([*enumerate(program.instructions)])
            if spot.value in instr.outputs
        ),
        None,
    )
    machine = session.rerun(len(program.instructions) if index is None else index)
    number = _at(machine, spot)
    if index is None:
        return Explanation(spot, number, How.KEPT)
    told = _rule(spot, number, How.KEPT, index, machine)
    machine.run(index, index + 1)
    return replace(told, after=_at(machine, spot))


def _computed(
    spot: Spot, number: float, index: int, machine: Machine, session: Session, example: int | None
) -> Explanation:
    """A result, by the rule of the op that computed it."""
    instr = machine.program.instructions[index]
    if _pointwise(instr) or not instr.inputs:
        return replace(_rule(spot, number, How.RULE, index, machine), example=example)
    # An affine map is told as the one sum that it is.
    small = None if isinstance(instr.op, Affine) else parts(machine.program, index)
    inner = None if small is None else small.inner(spot.value)
    if small is not None and inner is not None:
        apart = small.on(machine)
        entry = _same_place(spot.entry, machine.array(spot.value), apart.array(inner))
        made = small.program.producer[inner]
        found = _computed(Spot(inner, entry), number, made, apart, session, example)
        found = _outside(found, small, index, apart, machine)
        # The rule is that of the whole, which says more of what the number is for.
        return replace(found, spot=spot, formula=_formula(instr))
    formula = _formula(instr)
    slopes = local_row(spot, instr, machine, session)
    symbols = () if formula is None else formula.inputs
    by_input = []
    for place, slope in enumerate(slopes):
        if slope is not None:
            symbol = symbols[place] if place < len(symbols) else "x"
            by_input.append(
                list(row_terms(symbol, instr.inputs[place], slope, spot, instr, machine))
            )
    # A bilinear op, such as a matrix product or a convolution, is a sum over one of its inputs.
    for size in range(1, len(by_input) + 1):
        for some in combinations(by_input, size):
            products = [term for part in some for term in part]
            whole = sum(abs(term.amount) for term in products)
            if products and abs(sum(t.amount for t in products) - number) <= 1e-5 * whole:
                return _summed(spot, number, How.SUM, index, formula, products, example)
    by_slope = [Term(t.factors, t.factors[1].number) for part in by_input for t in part]
    by_slope.sort(key=lambda term: -abs(term.amount))
    return Explanation(
        spot,
        number,
        How.INFLUENCE,
        index,
        formula,
        tuple(by_slope[:LIMIT]),
        len(by_slope),
        example=example,
    )


def _in_between(spot: Spot, index: int, session: Session) -> Explanation:
    """A result that only the parts of an operation have."""
    small = parts(session.program, index)
    if small is None:
        raise StudioError("edit-no-entry", entry=str(list(spot.entry)))
    machine = session.rerun(session.program.start_of(Phase.UPDATE))
    apart = small.on(machine)
    alone = Spot(spot.value, spot.entry)
    number, value = _at(apart, alone), small.program.values[spot.value]
    example = None
    if value.shape and value.shape[0] == BATCH:
        example = int(session.rows[spot.entry[0]])
    made = small.program.producer[spot.value]
    told = _computed(alone, number, made, apart, session, example)
    return replace(_outside(told, small, index, apart, machine), spot=spot)


def _outside(
    told: Explanation, small: Parts, index: int, apart: Machine, machine: Machine
) -> Explanation:
    """An explanation among parts as one of the network: with its own numbers where it has them."""

    def moved(factor: Factor) -> Factor:
        if factor.spot is None:
            return factor
        value, entry = factor.spot.value, factor.spot.entry
        outer = small.outer.get(value)
        if outer is None:
            return replace(factor, spot=Spot(value, entry, within=index))
        place = _same_place(entry, apart.array(value), machine.array(outer))
        return replace(factor, spot=Spot(outer, place))

    terms = tuple(replace(t, factors=tuple(moved(f) for f in t.factors)) for t in told.terms)
    return replace(told, instruction=index, terms=terms)


def _same_place(entry: tuple[int, ...], array: Array, other: Array) -> tuple[int, ...]:
    """An entry of an array, in another one of the same numbers in another shape."""
    if array.shape == other.shape:
        return entry
    place = int(np.ravel_multi_index(entry, array.shape))
    return tuple(int(i) for i in np.unravel_index(place, other.shape))


def _rule(spot: Spot, number: float, how: How, index: int, machine: Machine) -> Explanation:
    """The inputs of one entry of a pointwise op, and its rule with them filled in."""
    instr = machine.program.instructions[index]
    formula = _formula(instr)
    if formula is None or not _pointwise(instr):
        return Explanation(spot, number, how, index, formula)
    terms, numbers = [], {}
    for symbol, given in zip(formula.inputs, instr.inputs, strict=False):
        entry = _under(machine.array(given).shape, spot.entry)
        numbers[symbol] = float(machine.array(given)[entry])
        terms.append(Term((Factor(numbers[symbol], symbol, Spot(given, entry)),), numbers[symbol]))
    place = instr.outputs.index(spot.value)
    for symbol, made in zip(formula.outputs, instr.outputs, strict=False):
        if made != spot.value and machine.array(made).shape == machine.array(spot.value).shape:
            numbers.setdefault(symbol, float(machine.array(made)[spot.entry]))
    output = formula.outputs[place]
    plain = filled(formula, numbers, output) or ""
    latex = filled_latex(formula, numbers, output) or ""
    return Explanation(
        spot,
        number,
        how,
        index,
        formula,
        tuple(terms),
        len(terms),
        plain=plain,
        latex=latex,
        numpy=as_numpy(plain) or "",
    )


def _pointwise(instr: Instr) -> bool:
    """Whether an entry of a result depends on one entry of each input, under broadcasting."""
    return instr.op.elementwise or isinstance(instr.op, Broadcasting | Accumulate)


def _summed(
    spot: Spot,
    number: float,
    how: How,
    index: int,
    formula: Formula | None,
    terms: list[Term],
    example: int | None,
) -> Explanation:
    """A sum of products, the largest first."""
    terms.sort(key=lambda term: -abs(term.amount))
    # What comes to nothing, such as the part of an example that is right, is only counted.
    told = [term for term in terms[:LIMIT] if term.amount]
    left = terms[len(told) :]
    rest = sum(term.amount for term in left)
    return Explanation(
        spot,
        number,
        how,
        index,
        formula,
        tuple(told),
        len(terms),
        rest,
        _line(told, "·", " + ", "…" if len(terms) > _SHOWN else "", digits),
        # Between quads, a formula that is too wide is broken.
        _line(told, r"\cdot", r" \quad + ", r"\dots" if len(terms) > _SHOWN else "", as_latex),
        _dot(told, rest, bool(left)),
        example=example,
    )


def _line(
    terms: list[Term], times: str, plus: str, dots: str, write: Callable[[float], str]
) -> str:
    products = []
    for term in terms[:_SHOWN]:
        numbers = [write(factor.number) for factor in term.factors]
        products.append(
            f" {times} ".join(
                f"({text})" if factor.number < 0 or "cdot" in text else text
                for text, factor in zip(numbers, term.factors, strict=True)
            )
        )
    if dots:
        products.append(dots)
    return plus.join(products) if terms else write(0.0)


def _dot(terms: list[Term], rest: float, more: bool) -> str:
    """The sum as a dot product in numpy, to be pasted and checked."""
    rows = [[factor.number for factor in term.factors] for term in terms]
    if not rows:
        return f"{rest!r}"
    first, second = ([row[i] for row in rows] for i in (0, 1))
    text = f"np.dot({first}, {second})"
    return f"{text} + {rest!r}" if more else text


def _differentiated(program: Program, gradient: int) -> int | None:
    """The value that a gradient belongs to: of several, the one that is computed last.

    An addition passes its error signal on as it is, so one array may serve several values.
    """
    served = [value for value, own in program.gradients.items() if own == gradient]
    return max(served, key=lambda i: program.producer.get(i, -1), default=None)


def _formula(instr: Instr) -> Formula | None:
    try:
        return instr.op.formula()
    except NotImplementedError:
        return None


def _under(shape: tuple[int, ...], entry: tuple[int, ...]) -> tuple[int, ...]:
    """The entry that numpy's broadcasting takes to `entry`."""
    if not shape:
        return ()
    return tuple(0 if size == 1 else i for size, i in zip(shape, entry[-len(shape) :], strict=True))


def _at(machine: Machine, spot: Spot) -> float:
    array = machine.array(spot.value)
    inside = len(spot.entry) == array.ndim and all(
        0 <= i < size for i, size in zip(spot.entry, array.shape, strict=True)
    )
    if not inside:
        raise StudioError("edit-no-entry", entry=str(list(spot.entry)))
    return float(array[spot.entry])
