"""A layer opened into its operations."""

from __future__ import annotations

import pytest
from networks import chain
from sessions import NETWORKS

from backprop_studio.autograd import Phase
from backprop_studio.insight.operations import LANES, open_layer
from backprop_studio.network import analyze


@pytest.mark.parametrize("name", NETWORKS)
def test_every_instruction_of_every_layer_has_a_place_of_its_own(name: str) -> None:
    network = NETWORKS[name]
    program = analyze(network).require().program
    for node in network.nodes:
        opened = open_layer(program, network, node.id)
        places = [(o.lane, o.line, o.column) for o in opened.operations]
        assert len(set(places)) == len(places)
        own = {i for i, instr in enumerate(program.instructions) if instr.node == node.id}
        assert own <= {o.index for o in opened.operations}
        lanes = {o.index: o for o in opened.operations}
        for operation in opened.operations:
            assert program.instructions[operation.index].phase in LANES[operation.lane]
        for link in opened.links:
            source, target = lanes[link.source], lanes[link.target]
            assert (source.lane, source.line) == (target.lane, target.line)
            assert source.column < target.column
            assert link.value in program.instructions[link.source].outputs
            assert link.value in program.instructions[link.target].inputs


def test_a_dense_layer_has_forward_backward_and_update() -> None:
    network = chain()
    program = analyze(network).require().program
    node = next(n for n in network.nodes if n.name == "dense_2")
    opened = open_layer(program, network, node.id)
    names = [program.instructions[o.index].op.name for o in opened.operations]
    assert names[:3] == ["affine", "affine_gradient", "matmul"]
    affine = opened.operations[0]
    kept = [program.values[i].name for i, is_kept in affine.given if is_kept]
    assert kept == ["weight", "bias"]
    # One line for each weight that is updated.
    updates = [o for o in opened.operations if o.lane == 2]
    assert {o.line for o in updates} == {0, 1}
    assert all(program.instructions[o.index].phase is Phase.UPDATE for o in updates)
