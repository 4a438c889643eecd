"""Operations that do several things at once, taken apart."""

from __future__ import annotations

import numpy as np
import pytest
from networks import Layers, chain

from backprop_studio.autograd import Phase
from backprop_studio.insight.parts import RULES, parts
from backprop_studio.network import Network, Wire, analyze, edits
from backprop_studio.nn import losses, nodes
from backprop_studio.training import Boundary, Session

SEQUENCE: Layers = [("input", {}), ("reshape", {"channels": 8, "height": 8, "width": 0})]
END: Layers = [("dense", {"units": 10}), ("softmax_cross_entropy", {})]


def _of(*middle: tuple[str, dict[str, object]], first: Layers = END[:0]) -> Network:
    return chain([*(first or [("input", {})]), *middle, *END], batch_size=9)


def _with(loss: str, **config: object) -> Network:
    return chain([("input", {}), ("dense", {"units": 10}), (loss, config)], batch_size=9)


NETWORKS = {
    "dense and activations": _of(("dense", {"units": 6}), ("silu", {}), ("softmax", {})),
    "batch norm": _of(("dense", {"units": 6}), ("batch_norm", {})),
    "layer norm": _of(("dense", {"units": 6}), ("layer_norm", {})),
    "pictures": _of(
        ("reshape", {"channels": 1, "height": 8, "width": 8}),
        ("conv2d", {"channels": 4}),
        ("group_norm", {"groups": 2}),
        ("batch_norm", {}),
        ("flatten", {}),
    ),
    "attention": _of(("multi_head_attention", {"heads": 2}), ("flatten", {}), first=SEQUENCE),
    **{
        f"{name} that returns {returns}": _of(
            (name, {"units": 3, "returns": returns, "bias": bias}), ("flatten", {}), first=SEQUENCE
        )
        for name in ("lstm", "gru", "simple_rnn")
        for returns, bias in (("sequence", True), ("last", False))
    },
    **{f"{name} {r}": _with(name, reduction=r) for name in losses() for r in ("mean", "sum")},
    "weighted": _with("softmax_cross_entropy", class_weights=[1.0] * 5 + [2.0] * 5),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_that_the_parts_compute_what_the_whole_does(name: str) -> None:
    network = NETWORKS[name]
    session = Session(analyze(network).require(), network.setup)
    program = session.program
    session.step(Boundary.BATCH)
    session.step(Boundary.BATCH)
    machine = session.precise()
    machine.run(0, program.start_of(Phase.UPDATE))
    taken = 0
    for index, instr in enumerate(program.instructions[: program.start_of(Phase.UPDATE)]):
        small = parts(program, index)
        if small is None:
            continue
        taken += 1
        assert len(small.own) > 1
        apart = small.on(machine)
        # Bookkeeping for the backward pass aside, every result is among the parts.
        assert instr.outputs[0] in small.outer.values()
        for mine, outer in small.outer.items():
            whole = machine.array(outer)
            np.testing.assert_allclose(
                apart.array(mine).reshape(whole.shape), whole, 1e-9, 1e-12, err_msg=instr.op.name
            )
    assert taken


def test_that_an_operation_that_reads_a_value_twice_has_parts_that_do() -> None:
    network = chain([*SEQUENCE, ("dense", {"units": 3}), ("flatten", {}), *END], batch_size=9)
    spec = nodes()["attention"]()
    # Each port gets the same sequence: self-attention without weights of its own.
    network, node = edits.add_node(network, spec, 0.0, 0.0)
    names = {n.name: n.id for n in network.nodes}
    gone = Wire(names["dense_1"], names["flatten_1"])
    network = edits.remove(network, wires=[gone])
    for port in range(len(spec.ports)):
        network = edits.connect(network, names["dense_1"], node, port)
    network = edits.connect(network, node, names["flatten_1"])
    assert _parts_of(network, "attention_scores") == ["matmul", "weigh"]
    assert _parts_of(network, "softmax_backward") is not None


def test_that_every_rule_is_compared_above() -> None:
    met = {
        type(instr.op)
        for network in NETWORKS.values()
        for instr in analyze(network).require().program.instructions
    }
    # The statistics that outlive a batch are read when a network is used, or its layer is frozen.
    assert {op.__name__ for op in set(RULES) - met} == {"NormalizeBy"}


def _parts_of(network: Network, op: str) -> list[str] | None:
    program = analyze(network).require().program
    index = next(i for i, instr in enumerate(program.instructions) if instr.op.name == op)
    small = parts(program, index)
    return None if small is None else [small.program.instructions[i].op.name for i in small.own]


def test_that_a_loss_and_its_gradient_open_into_the_rules_of_the_textbook() -> None:
    network = _with("mse")
    assert _parts_of(network, "mse") == ["subtract", "square", "mean_over"]
    back = _parts_of(network, "mse_backward")
    assert back is not None and back[3:] == ["mean_over_backward", "square_backward"]
    network = _with("softmax_cross_entropy")
    assert _parts_of(network, "softmax_cross_entropy") == [
        *("exp", "sum_over", "divide", "log", "multiply", "negate", "sum_over", "mean_over")
    ]


def test_that_an_operation_that_does_one_thing_has_no_parts() -> None:
    assert _parts_of(chain(), "relu") is None
    assert _parts_of(chain(), "relu_backward") is None
