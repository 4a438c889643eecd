"""Penalties on weights: visible in the training loss and its gradients, absent from tests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from networks import chain

from backprop_studio.autograd import Phase, gradcheck
from backprop_studio.network import Network, analyze
from backprop_studio.nn import optimizers
from backprop_studio.training import Boundary, Session
from tests.programs import machine_of, perceptron


def session_of(network: Network) -> Session:
    return Session(analyze(network).require(), network.setup)


def test_that_without_penalties_the_program_is_the_plain_one() -> None:
    lowered = analyze(chain()).require()
    assert lowered.heads[0].loss == lowered.program.loss
    assert not [i for i in lowered.program.instructions if "penalty" in i.op.name]


@pytest.mark.parametrize(("l1", "l2"), [(0.01, 0.0), (0.0, 0.02), (0.01, 0.02)])
def test_that_every_weight_matrix_and_no_bias_is_charged_in_the_loss_phase(
    l1: float, l2: float
) -> None:
    program = analyze(chain(l1=l1, l2=l2)).require().program
    charges = [i for i in program.instructions if i.op.name in ("l1_penalty", "l2_penalty")]
    assert {i.phase for i in charges} == {Phase.LOSS}
    charged = [program.values[i.inputs[0]] for i in charges]
    assert {v.name for v in charged} == {"weight"}
    assert sorted(v.node for v in charged) == sorted(["dense_1", "dense_2"] * ((l1 > 0) + (l2 > 0)))
    assert [i.node for i in charges] == [v.node for v in charged]
    sums = [i for i in program.instructions if i.op.name == "add" and i.phase is Phase.LOSS]
    assert len(sums) == len(charges)
    assert {i.node for i in sums} == {"loss_1"}
    accumulated = [i.node for i in program.instructions if i.op.name == "accumulate"]
    assert sorted(accumulated) == sorted(i.node for i in charges)


@pytest.mark.parametrize("layer", ["group_norm", "layer_norm", "scale"])
def test_that_gains_and_biases_are_not_charged_whatever_their_shape(layer: str) -> None:
    config: dict[str, dict[str, object]] = {
        "group_norm": {"groups": 2},
        "layer_norm": {"over": "all"},
        "scale": {"axis": "first"},
    }
    network = chain(
        [
            ("input", {"shape": "image"}),
            ("conv2d", {"channels": 4}),
            (layer, config[layer]),
            ("flatten", {}),
            ("dense", {"units": 10}),
            ("softmax_cross_entropy", {}),
        ],
        l2=0.01,
    )
    program = analyze(network).require().program
    assert {"gain", "bias"} <= {p.name for p in program.parameters if len(p.shape) >= 2}
    charged = [program.values[i.inputs[0]] for i in program.instructions if "pena" in i.op.name]
    assert {v.name for v in charged} == {"weight"}


def test_that_the_gradient_of_data_and_penalties_is_right() -> None:
    program = perceptron(3, 5, 2, l1=0.03, l2=0.2)
    assert max(gradcheck(machine_of(program, batch=4)).values()) <= 1e-7


def test_that_the_training_loss_has_the_penalties_in_it_and_the_held_out_loss_has_not() -> None:
    plain, charged = session_of(chain()), session_of(chain(l1=0.01, l2=0.1))
    assert plain.evaluate() == charged.evaluate()
    for session in (plain, charged):
        for _ in range(3):
            session.step(Boundary.PHASE)
    assert plain.last_loss is not None
    assert charged.last_loss is not None
    weights = [w for (_, name), w in charged.weights().items() if name == "weight"]
    extra = sum(0.01 * np.abs(w).sum() + 0.05 * np.square(w).sum() for w in weights)
    assert charged.last_loss == pytest.approx(plain.last_loss + extra, rel=1e-5)


def test_that_penalties_keep_weights_small_and_training_goes_back_to_the_bit() -> None:
    sgd = optimizers()["sgd"]()
    sizes = []
    for l2 in (0.0, 0.1):
        session = session_of(chain(l2=l2, optimizer=sgd))
        session.run_epoch()
        kept = {key: w.tobytes() for key, w in session.weights().items()}
        session.step(Boundary.BATCH)
        session.back(Boundary.BATCH)
        assert {key: w.tobytes() for key, w in session.weights().items()} == kept
        sizes.append(sum(np.square(w).sum() for w in session.weights().values()))
    assert sizes[1] < sizes[0]


def test_that_running_with_penalties_has_the_bits_of_stepping() -> None:
    for optimizer_id, cls in optimizers().items():
        program = perceptron(3, 5, 2, optimizer=cls(), l1=0.01, l2=0.1)
        run, stepped = (machine_of(program, batch=4, dtype=np.float32) for _ in range(2))
        assert run._fused, optimizer_id
        for _ in range(10):
            run.run()
            for index in range(len(program.instructions)):
                stepped.run(index, index + 1)
            for p in program.parameters:
                assert run.array(p).tobytes() == stepped.array(p).tobytes()


def test_that_a_strength_out_of_range_is_shown_at_its_field() -> None:
    network = chain()
    for name in ("l1", "l2"):
        setup = replace(network.setup, **{name: -1.0})
        (problem,) = analyze(replace(network, setup=setup)).errors
        assert (problem.code, problem.field) == ("setup-range", name)


def test_that_the_held_out_loss_of_a_sum_is_that_of_as_many_rows_as_a_batch() -> None:
    layers = [("input", {}), ("dense", {"units": 10})]
    mean = session_of(chain([*layers, ("softmax_cross_entropy", {})], batch_size=20))
    total = session_of(
        chain([*layers, ("softmax_cross_entropy", {"reduction": "sum"})], batch_size=20)
    )
    assert total.evaluate().loss == pytest.approx(20 * mean.evaluate().loss, rel=1e-5)
    assert total.evaluate().accuracy == mean.evaluate().accuracy


@pytest.mark.parametrize("units", [1, 2])
def test_that_binary_cross_entropy_separates_two_classes_with_one_score_or_two(units: int) -> None:
    layers: list[tuple[str, dict[str, object]]] = [
        ("input", {}),
        ("dense", {"units": 16}),
        ("tanh", {}),
        ("dense", {"units": units}),
        ("binary_cross_entropy", {}),
    ]
    adam = optimizers()["adam"].from_config({"learning_rate": 0.03})
    session = session_of(chain(layers, dataset="circles", optimizer=adam))
    before = session.evaluate().accuracy
    for _ in range(40):
        session.run_epoch()
    after = session.evaluate().accuracy
    assert before is not None
    assert after is not None
    assert before < 0.8 < 0.95 < after


def test_that_one_score_is_not_enough_for_ten_classes_or_for_another_loss() -> None:
    for loss, dataset in (("binary_cross_entropy", "digits"), ("softmax_cross_entropy", "circles")):
        layers: list[tuple[str, dict[str, object]]] = [
            ("input", {}),
            ("dense", {"units": 1}),
            (loss, {}),
        ]
        (problem,) = analyze(chain(layers, dataset=dataset)).errors
        assert problem.code == "target-mismatch"


def test_that_evaluation_stops_at_the_loss_of_the_data() -> None:
    lowered = analyze(chain(l2=0.1)).require()
    (head,) = lowered.heads
    last = lowered.evaluation.instructions[-1]
    assert last.outputs[0] == head.loss and last.phase is Phase.LOSS
    assert lowered.program.loss != head.loss
