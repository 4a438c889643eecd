"""The parts of an operation that does several things at once."""

from __future__ import annotations

from backprop_studio.autograd import Builder, Program
from backprop_studio.autograd.ops.affine import Affine, AffineGradient
from backprop_studio.autograd.ops.arithmetic import Add, SumTo
from backprop_studio.autograd.ops.matmul import MatMul


def parts(program: Program, index: int) -> Program | None:
    """A small program of the operations that an instruction stands for.

    The machine computes a product and a sum as one, because that is faster. Their results differ
    by rounding at most.

    Parameters
    ----------
    program
        Of the network.
    index
        Of one of its instructions.

    Returns
    -------
    Program or None
        Its inputs are those of the instruction, in their order, and its last results are the
        instruction's; None for an operation that does one thing.
    """
    instr = program.instructions[index]
    b = Builder()
    with b.scope(node=instr.node, phase=instr.phase):
        given = [b.input(f"x{k}", program.values[i].shape) for k, i in enumerate(instr.inputs)]
        match instr.op:
            case Affine():
                x, weight, bias = given
                b.apply(Add(), b.apply(MatMul(), x, weight), bias)
            case AffineGradient():
                x, signal = given
                b.apply(MatMul(transpose_a=True), x, signal)
                b.apply(SumTo(program.values[instr.outputs[1]].shape), signal)
            case _:
                return None
    return b.build()
