"""What an instruction costs, counted in multiply-adds."""

from __future__ import annotations

import math

from backprop_studio.autograd import Instr, Program, resolve
from backprop_studio.autograd.ops import attention
from backprop_studio.autograd.ops.affine import Affine, AffineGradient
from backprop_studio.autograd.ops.arithmetic import SumTo
from backprop_studio.autograd.ops.convolution import (
    ChannelSum,
    Conv2d,
    Conv2dInputGradient,
    Conv2dWeightGradient,
)
from backprop_studio.autograd.ops.gru import GRUBackward
from backprop_studio.autograd.ops.lstm import LSTMBackward
from backprop_studio.autograd.ops.matmul import MatMul, RowProduct
from backprop_studio.autograd.ops.recurrence import (
    Recurrent,
    RecurrentInputGradient,
    RecurrentWeightGradient,
)
from backprop_studio.autograd.ops.reduction import Loss
from backprop_studio.autograd.ops.simple_rnn import SimpleRNNBackward
from backprop_studio.autograd.ops.summation import Mean, Sum

Sizes = tuple[int, ...]

_ATTENTION = (
    attention.AttentionScores,
    attention.AttentionScoresToQuery,
    attention.AttentionScoresToKey,
    attention.AttentionToWeights,
    attention.AttentionToValue,
    attention.Attention,
)


def multiply_adds(program: Program, instr: Instr, batch: int) -> int:
    """How many products are computed and added up by an instruction.

    Parameters
    ----------
    program
        Where the instruction's values are declared.
    instr
        One of its instructions.
    batch
        Rows of the batch.

    Returns
    -------
    int
        For ops that multiply matrices, in whatever guise: entries of the result times the
        products that are summed for each, as in table 1 of Sze et al., "Efficient Processing of
        Deep Neural Networks" (2017). A bias is where a sum starts and is not counted, nor is
        its gradient; a window counts in full where it reaches into the padding. Of a recurrent
        layer, the products of all steps count, not the functions of the gates.

        For sums and losses: entries of what is summed. For every other op: entries of its
        outputs, one operation for each, however dear it is (a logarithm counts as an addition).
    """
    sizes = {"N": batch}
    inputs = [resolve(program.values[i].shape, sizes) for i in instr.inputs]
    outputs = [resolve(program.values[i].shape, sizes) for i in instr.outputs]
    written = sum(math.prod(shape) for shape in outputs)
    match instr.op:
        case MatMul() as product:
            return _product(product, inputs, outputs)
        case op if isinstance(op, _ATTENTION):
            return _product(op.product, inputs, outputs)
        case Affine():
            return math.prod(outputs[0]) * inputs[0][-1]
        case AffineGradient() | RowProduct():
            return math.prod(inputs[0]) * inputs[1][-1]
        case Conv2d():
            return math.prod(outputs[0]) * math.prod(inputs[1][1:])
        case Conv2dWeightGradient():
            return math.prod(inputs[1]) * math.prod(outputs[0][1:])
        case Conv2dInputGradient():
            return math.prod(inputs[1]) * math.prod(inputs[0][1:])
        case Recurrent():
            n, steps, _ = inputs[0]
            return n * steps * (math.prod(inputs[1]) + math.prod(inputs[2]))
        case SimpleRNNBackward() | LSTMBackward() | GRUBackward():
            # The first step has none before it; a sequence of one step has no product at all.
            steps, _, n = outputs[-1]
            return max((steps - 1) * n * math.prod(inputs[0]), written)
        case RecurrentInputGradient():
            steps, _, n = inputs[1]
            return steps * n * math.prod(inputs[0])
        case RecurrentWeightGradient():
            steps, _, n = inputs[0]
            return steps * n * (math.prod(outputs[0]) + math.prod(outputs[1]))
        case Loss() | SumTo() | ChannelSum() | Sum() | Mean():
            return math.prod(inputs[0])
    return written


def _product(op: MatMul, inputs: list[Sizes], outputs: list[Sizes]) -> int:
    common = inputs[0][-2 if op.transpose_a else -1]
    return math.prod(outputs[0]) * common
