"""What the values of a program are called, for people."""

from __future__ import annotations

from dataclasses import replace

from backprop_studio.autograd import Instr, Phase, Program, Role
from backprop_studio.autograd.ops.arithmetic import Add
from backprop_studio.errors import Diagnostic
from backprop_studio.network import Network
from backprop_studio.training.breakpoints import (
    AtInstruction,
    AtIteration,
    AtNode,
    AtOp,
    AtPhase,
    Breakpoint,
    When,
)


def node_name(network: Network, node_id: str) -> str:
    """The visible name of a node; `optimizer` for what belongs to the whole program."""
    if node_id in network:
        return network.node(node_id).name
    return weights_name(network, node_id) if network.sharing(node_id) else "optimizer"


def weights_name(network: Network, weights: str) -> str:
    """The visible name of the node that speaks for weights kept under a name."""
    return network.sharing(weights)[0].name


def value_name(network: Network, program: Program, value_id: int) -> str:
    """A value in a few words: `hidden/weight`, `gradient of hidden/weight`, `hidden: matmul`.

    What is added up to a gradient is a part of it, and the sum of several losses is the total.
    """
    value = program.values[value_id]
    name = node_name(network, value.node)
    match value.role:
        case Role.PARAMETER | Role.BUFFER:
            return f"{weights_name(network, value.node)}/{value.name}"
        case Role.STATE if value.of is not None:
            return f"{value.name} of {weights_name(network, value.of[0])}/{value.of[-1]}"
        case Role.STATE:
            return "updates so far" if value.name == "t" else f"memory of the {_words(value.name)}"
        case Role.INPUT:
            return "batch of features" if value.name.startswith("x") else "batch of targets"
    if value_id == program.loss and value.name == Add.name:
        return "total loss"
    # An error signal that an addition passes on is a gradient and a part of another one.
    for gradient, part in ((value_id, ""), (_sum_with(program, value_id), "part of ")):
        target = program.differentiated.get(gradient)
        if target is not None:
            return f"{part}gradient of {value_name(network, program, target)}"
    if value.of is not None:
        owner = weights_name(network, value.of[0])
        return f"{_words(value.name)} of {owner}/{value.of[-1]}"
    return f"{name}: {_words(value.name)}"


def instruction_name(network: Network, instr: Instr) -> str:
    """An instruction in a few words: `matmul of hidden`."""
    return f"{_words(instr.op.name)} of {node_name(network, instr.node)}"


def breakpoint_name(network: Network, program: Program | None, point: Breakpoint) -> str:
    """Where a run stops, in a few words: `before matmul of hidden`."""
    match point:
        case AtInstruction(index):
            if program is None or index >= len(program.instructions):
                return f"before instruction {index + 1}"
            return f"before {instruction_name(network, program.instructions[index])}"
        case AtOp(phase, node, op, nth):
            if node and node not in network and not network.sharing(node):
                return f"before {_words(op)} of a deleted layer"
            again = f", number {nth + 1}" if nth else ""
            side = ", update" if phase is Phase.UPDATE else ""
            return f"before {_words(op)} of {node_name(network, node)}{side}{again}"
        case AtNode(node):
            return f"at {node_name(network, node)}" if node in network else "at a deleted layer"
        case AtPhase(phase):
            return f"before {phase.name.lower()}"
        case AtIteration(completed):
            return f"after {completed:,} iterations"
        case When(quantity, above, limit, node):
            owner = ""
            if node:
                owner = f" of {node_name(network, node)}" if node in network else " (deleted layer)"
            return f"{quantity.value}{owner} {'above' if above else 'below'} {limit:g}"


def with_names(network: Network, failure: Diagnostic) -> Diagnostic:
    """A failure of a session, which knows ids only, with the visible name of the node."""
    if failure.node is None:
        return failure
    params = {**failure.params, "name": node_name(network, failure.node)}
    return replace(failure, params=params)


def _sum_with(program: Program, value_id: int) -> int:
    """The last sum that a value is added into, where error signals meet; else the value."""
    sums, total = program.added_into, value_id
    while total in sums:
        total = sums[total]
    return total


def _words(name: str) -> str:
    return name.replace("_", " ")
