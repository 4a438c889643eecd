"""Operations that do several things at once, taken apart."""

from __future__ import annotations

import numpy as np
from networks import chain

from backprop_studio.autograd import Machine, Phase, Storage
from backprop_studio.insight.parts import parts
from backprop_studio.network import analyze
from backprop_studio.training import Boundary, Session


def test_that_the_parts_compute_what_the_whole_does() -> None:
    network = chain()
    session = Session(analyze(network).require(), network.setup)
    program = session.program
    session.step(Boundary.BATCH)
    session.step(Boundary.BATCH)
    machine = session.precise()
    machine.run(0, program.start_of(Phase.UPDATE))
    taken = {}
    for index, instr in enumerate(program.instructions[: program.start_of(Phase.UPDATE)]):
        small = parts(program, index)
        if small is None:
            continue
        own = small.instructions[len(small.inputs) :]
        taken[instr.op.name] = [i.op.name for i in own]
        apart = Machine(small, Storage(small, np.float64), batch=machine.batch)
        for name, value in zip(small.inputs, instr.inputs, strict=True):
            # Weights are among them, which have no batch axis: `feed` takes batches only.
            apart._arrays[small.inputs[name]][...] = machine.array(value)
        apart.run(len(small.inputs))
        made = [i.outputs[0] for i in own][-len(instr.outputs) :]
        for mine, whole in zip(made, instr.outputs, strict=True):
            np.testing.assert_allclose(apart.array(mine), machine.array(whole), 1e-12, 1e-14)
    assert taken == {"affine": ["matmul", "add"], "affine_gradient": ["matmul", "sum_to"]}


def test_that_an_operation_that_does_one_thing_has_no_parts() -> None:
    program = analyze(chain()).require().program
    relu = next(i for i, instr in enumerate(program.instructions) if instr.op.name == "relu")
    assert parts(program, relu) is None
