"""The gradient doctor, on runs that were made ill, and on runs that are well."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from networks import DIGITS, Layers, chain, diverging

from backprop_studio import data
from backprop_studio.autograd import Array
from backprop_studio.insight.doctor import Finding, Report, Rule, consult, overfitting
from backprop_studio.insight.history import History
from backprop_studio.insight.remedies import BY_RULE, Remedy, experiments
from backprop_studio.insight.vitals import examine
from backprop_studio.network import Network, TrainingSetup, analyze
from backprop_studio.nn import optimizers
from backprop_studio.training import Boundary, Session
from benchmarks.doctor import findings as found_in
from benchmarks.doctor import healthy

WIDE: Layers = [
    ("input", {}),
    ("dense", {"units": 20}),
    ("relu", {}),
    ("dense", {"units": 10}),
    ("softmax_cross_entropy", {}),
]


def _deep(activation: str, count: int, **dense: object) -> Layers:
    hidden = [("dense", {"units": 16, **dense}), (activation, {})] * count
    return [("input", {}), *hidden, ("dense", {"units": 10}), ("softmax_cross_entropy", {})]


def _session(network: Network, weights: Mapping[tuple[str, str], Array] | None = None) -> Session:
    return Session(analyze(network).require(), network.setup, weights=weights)


def _examined(session: Session) -> Report:
    history = History()
    while (report := consult(history, session)).missing:
        pass
    return report


def _only(session: Session, rule: Rule) -> Finding:
    """The finding of a rule; whatever else is found comes of it."""
    (found,) = [f for f in _examined(session).findings if f.rule is rule]
    return found


def _sgd(rate: float) -> object:
    return optimizers()["sgd"].from_config({"learning_rate": rate})


def test_a_deep_sigmoid_chain_lets_the_gradient_vanish() -> None:
    network = chain(_deep("sigmoid", 7), batch_size=64)
    session = _session(network)
    for _ in range(8):
        session.step(Boundary.BATCH)
    found = _only(session, Rule.VANISHING)
    assert found.since == 0 and found.numbers["share"] < 1e-2
    assert found.node != "dense_8"
    (offer,) = experiments(found, network)
    assert offer.remedy is Remedy.RELU and "dense_1" in offer.redraw
    cured = _session(offer.network)
    for _ in range(8):
        cured.step(Boundary.BATCH)
    assert not _examined(cured).findings


def test_first_weights_that_are_too_large_let_it_explode() -> None:
    network = chain(_deep("relu", 6, init="normal", scale=2.0), batch_size=64)
    session = _session(network)
    for _ in range(6):
        session.step(Boundary.BATCH)
    found = _only(session, Rule.EXPLODING)
    assert found.since == 0 and found.numbers["share"] > 100
    first = experiments(found, network)[0]
    assert first.remedy is Remedy.FRESH
    assert first.redraw == {n.weights for n in network.nodes if n.name < "dense_7"
                            and n.name.startswith("dense")}  # fmt: skip
    cured = _session(first.network)
    for _ in range(6):
        cured.step(Boundary.BATCH)
    assert not [f for f in _examined(cured).findings if f.rule is Rule.EXPLODING]


def test_dead_units_are_counted_over_all_training_rows() -> None:
    network = chain(WIDE, batch_size=64)
    bias = np.zeros(20)
    bias[:13] = -1000.0
    session = _session(network, {("dense_1", "bias"): bias})
    for _ in range(4):
        session.step(Boundary.BATCH)
    found = _only(session, Rule.DEAD_RELU)
    assert found.node == "relu_1" and found.numbers["dead"] == 13 and found.since == 0
    assert found.numbers["rows"] == len(session.training_rows)
    assert [e.remedy for e in experiments(found, network)] == [Remedy.LEAKY, Remedy.SLOWER]
    bias[9:] = 0.0
    fewer = _session(network, {("dense_1", "bias"): bias})
    fewer.step(Boundary.BATCH)
    assert not _examined(fewer).findings


def test_saturated_units_are_told_by_their_share() -> None:
    layers = [(name if name != "relu" else "tanh", config) for name, config in WIDE]
    network = chain(layers, batch_size=64)
    huge = 50 * np.random.default_rng(1).standard_normal((64, 20))
    session = _session(network, {("dense_1", "weight"): huge})
    session.step(Boundary.BATCH)
    found = _only(session, Rule.SATURATED)
    assert found.node == "tanh_1" and 0.9 < found.numbers["share"] <= 1.0


def test_a_planted_symmetric_start_is_found_and_broken() -> None:
    layers: Layers = [("input", {}), ("dense", {"units": 6, "init": "constant"}), ("tanh", {}),
                      ("dense", {"units": 10, "init": "constant"}),
                      ("softmax_cross_entropy", {})]  # fmt: skip
    network = chain(layers, batch_size=64)
    session = _session(network)
    for _ in range(5):
        session.step(Boundary.BATCH)
    found = _only(session, Rule.SYMMETRIC)
    # The units of the last layer have targets of their own, which tells them apart.
    assert (found.node, found.numbers["same"], found.numbers["count"]) == ("dense_1", 6, 6)
    (offer,) = experiments(found, network)
    assert offer.redraw == {"dense_1", "dense_2"}
    # Two copies among others are found too.
    weights = np.random.default_rng(1).standard_normal((64, 20)) / 8
    weights[:, 3] = weights[:, 11]
    last = np.random.default_rng(2).standard_normal((20, 10)) / 4
    last[3] = last[11]
    copied = _session(chain(WIDE), {("dense_1", "weight"): weights, ("dense_2", "weight"): last})
    assert _only(copied, Rule.SYMMETRIC).numbers["same"] == 2


@pytest.mark.parametrize(("loss", "rate"), [("mse", 20.0), ("softmax_cross_entropy", 10.0)])
def test_a_rate_that_is_too_high_is_told_before_numbers_overflow(loss: str, rate: float) -> None:
    network = chain([*WIDE[:-1], (loss, {})], batch_size=64, optimizer=_sgd(rate))
    session = _session(network)
    for _ in range(12):
        session.step(Boundary.BATCH)
    found = _only(session, Rule.RATE_HIGH)
    assert found.numbers["peak"] > 2 * found.numbers["start"] and 1 <= found.since < 10
    assert session.losses.points[found.since, 1] > 1.5 * session.losses.points[0, 1]
    slower = next(e for e in experiments(found, network) if e.remedy is Remedy.SLOWER)
    assert slower.network.setup.optimizer.rate == rate / 10


def test_the_first_operation_that_is_not_finite_is_named() -> None:
    session = _session(diverging())
    session.step(Boundary.EPOCH)
    assert session.failure is not None
    found = _only(session, Rule.NON_FINITE)
    assert found.node == session.failure.node
    assert found.numbers["op"] == session.failure.params["op"]
    assert found.since == session.cursor.iteration


@pytest.mark.parametrize(("rate", "rule"), [(1e-8, Rule.UPDATE_SMALL), (1.0, Rule.UPDATE_LARGE)])
def test_updates_far_from_a_thousandth_of_the_weights_are_told(rate: float, rule: Rule) -> None:
    layers: Layers = [("input", {}), ("dense", {"units": 10}), ("mse", {})]
    session = _session(chain(layers, batch_size=64, optimizer=_sgd(rate)))
    for _ in range(32):
        session.step(Boundary.BATCH)
    found = _only(session, rule)
    assert found.node == "dense_1"
    assert (found.numbers["ratio"] > 0.1) == (rule is Rule.UPDATE_LARGE)


def test_a_loss_at_chance_is_told_with_what_chance_gives() -> None:
    layers: Layers = [("input", {}), ("dense", {"units": 10, "init": "zeros"}),
                      ("softmax_cross_entropy", {})]  # fmt: skip
    session = _session(chain(layers, batch_size=16, optimizer=_sgd(1e-7)))
    for _ in range(3):
        session.step(Boundary.EPOCH)
    found = _only(session, Rule.CHANCE)
    assert found.numbers["chance"] == pytest.approx(np.log(10), rel=1e-2)
    assert found.numbers["loss"] == pytest.approx(found.numbers["chance"], rel=0.02)


def test_learning_few_rows_by_heart_is_overfitting(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = data.split

    def few(*arguments: object, **options: object) -> data.Split:
        """Only some rows are left to learn from; the held-out ones are all there."""
        split = whole(*arguments, **options)  # type: ignore[arg-type]
        return replace(split, train=split.train[:24])

    # Where training gets its rows; what is prepared so is not kept.
    monkeypatch.setattr(sys.modules["backprop_studio.data.prepare"], "split", few)
    monkeypatch.setattr(TrainingSetup, "prepared", lambda s: data.prepare.__wrapped__(
        s.dataset, s.data, s.validation, s.seed))  # fmt: skip
    layers = [(name, {"units": 200} if config == {"units": 20} else config)
              for name, config in WIDE]  # fmt: skip
    adam = optimizers()["adam"].from_config({"learning_rate": 0.03})
    network = chain(layers, batch_size=8, validation=0.5, optimizer=adam)
    session = _session(network)
    for _ in range(60):
        session.step(Boundary.EPOCH)
    found = _only(session, Rule.OVERFIT)
    assert found.numbers["now"] > found.numbers["best"] > found.numbers["training"]
    assert 0 <= found.since < session.completed
    offers = {e.remedy: e.network for e in experiments(found, network)}
    assert offers[Remedy.PENALTY].setup.l2 > 0
    added = offers[Remedy.DROPOUT].named("dropout_1")
    assert added is not None and offers[Remedy.DROPOUT].incoming(added.id)[0].source == "relu_1"


def test_a_held_out_loss_that_doubles_next_to_nothing_is_no_overfitting() -> None:
    session = _session(chain(DIGITS, batch_size=64))
    session.step(Boundary.EPOCH)
    vitals = examine(session, ())
    epochs = np.arange(9.0)

    def found(worst: float) -> set[Rule]:
        """With a held-out loss that falls from 2 to 0.005 and goes up again, to `worst`."""
        held_out = np.concatenate([np.geomspace(2.0, 0.005, 5), np.full(4, worst)])
        tests = np.full((9, 5), np.nan)
        tests[:, 0], tests[:, 1] = epochs, held_out
        losses = np.stack([np.linspace(0.1, 8, 80), np.geomspace(2.0, 1e-4, 80)], axis=1)
        changed = replace(vitals, tests=tests, losses=losses, batches=10)
        return {finding.rule for finding in overfitting(changed)}

    assert found(0.012) == set()
    assert found(0.5) == {Rule.OVERFIT}


@pytest.mark.parametrize("name", ["digits", "xor", "preset mlp", "preset residual", "preset lenet"])
def test_nothing_is_found_on_healthy_runs(name: str) -> None:
    network, _ = healthy()[name]
    for seed in (1, 2):
        assert list(found_in(network, 2, seed)) == []


def test_a_run_is_left_as_it_is_and_nothing_is_said_before_it_began() -> None:
    session = _session(chain(DIGITS, batch_size=64))
    assert _examined(session).findings == ()
    session.step(Boundary.BATCH)
    session.step(Boundary.PHASE)
    before = session.weights(), session.cursor
    _examined(session)
    assert session.cursor == before[1]
    assert all(np.array_equal(before[0][k], v) for k, v in session.weights().items())


def test_every_rule_has_something_to_try() -> None:
    assert set(BY_RULE) == set(Rule)


def test_networks_without_gradients_or_classes_are_examined_too() -> None:
    layers: Layers = [("input", {}), ("dense", {"units": 1}), ("mse", {})]
    for network in (
        chain(layers, dataset="sine"),
        chain(optimizer=optimizers()["random_search"]()),
    ):
        session = _session(network)
        session.step(Boundary.BATCH)
        assert _examined(session).findings == ()


def test_a_dead_channel_of_a_sequence_is_one_unit() -> None:
    network = chain(
        [
            ("input", {}),
            ("reshape", {"channels": 1, "height": 64, "width": 0}),
            ("conv1d", {"channels": 4}),
            ("relu", {}),
            ("flatten", {}),
            ("dense", {"units": 10}),
            ("softmax_cross_entropy", {}),
        ]
    )
    session = _session(network)
    for value in session.program.parameters:
        if value.node == "conv1d_1":
            kept = session.storage.view(value)
            kept[:3] = -1.0 if value.name == "bias" else -np.abs(kept[:3])
    (looked,) = examine(session, ()).units
    assert (looked.kind, looked.dead, looked.count) == ("relu", 3, 4)


def test_that_twins_are_not_sought_among_gradients_that_are_no_numbers() -> None:
    network = chain(WIDE)
    first = _session(network).weights()
    # So large that the scores, and with them all gradients, are infinite or no numbers.
    huge = {key: np.full_like(array, 1e30) for key, array in first.items()}
    session = _session(network, huge)
    assert examine(session, ()).twins == ()
