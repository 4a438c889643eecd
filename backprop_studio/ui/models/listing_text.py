"""How the listing of a program writes instructions, results and costs."""

from __future__ import annotations

import numpy as np

from backprop_studio.autograd import Array, Program
from backprop_studio.network import Network
from backprop_studio.training.naming import value_name
from backprop_studio.ui.widgets.scale_bar import number


def describe(array: Array) -> str:
    """The numbers of an array in a few characters: the number itself, or its range."""
    if array.size == 1:
        return number(array.item())
    return f"{number(float(np.min(array)))} … {number(float(np.max(array)))}"


def short_count(count: int) -> str:
    """A count in at most six characters: `20,480`, `1.64 M`; blank for zero."""
    if count < 100_000:
        return f"{count:,}" if count else ""
    for unit, factor in (("k", 10**3), ("M", 10**6), ("G", 10**9)):
        # Three digits are rounded, which must not give a thousand of a unit.
        if count < 999.5 * factor:
            return f"{float(f'{count / factor:.3g}'):g} {unit}"
    return f"{float(f'{count / 10**12:.3g}'):g} T"


def instruction_texts(network: Network, program: Program) -> list[str]:
    """Every instruction as `result = op(operands)`; a value's name is looked up once."""
    names: dict[int, str] = {}

    def name(value: int) -> str:
        if value not in names:
            names[value] = value_name(network, program, value)
        return names[value]

    texts = []
    for instr in program.instructions:
        outputs = ", ".join(map(name, instr.outputs))
        texts.append(f"{outputs} = {instr.op.name}({', '.join(map(name, instr.inputs))})")
    return texts
