"""Explanations of single numbers, against the numbers themselves."""

from __future__ import annotations

import numpy as np
import pytest
from networks import chain
from sessions import NETWORKS, session_of

from backprop_studio.autograd import Phase, Role, resolve
from backprop_studio.errors import StudioError
from backprop_studio.insight.explain import How, Spot, explain
from backprop_studio.network import analyze
from backprop_studio.nn import losses
from backprop_studio.training import Boundary, Intervention, Session

ENTRIES = 3


def _session(**setup: object) -> Session:
    network = chain(batch_size=32, **setup)
    return Session(analyze(network).require(), network.setup)


def _spots(session: Session) -> list[Spot]:
    """Some entries of every value of the program, by chance."""
    rng = np.random.default_rng(1)
    spots = []
    for value in session.program.values:
        shape = resolve(value.shape, {"N": len(session.rows)})
        for _ in range(ENTRIES):
            spots.append(Spot(value.id, tuple(int(rng.integers(size)) for size in shape)))
    return spots


@pytest.mark.parametrize("name", NETWORKS)
def test_every_number_of_every_network_adds_up(name: str) -> None:
    session = session_of(name)
    session.step(Boundary.BATCH)
    session.step(Boundary.PHASE)
    hows = set()
    for spot in _spots(session):
        found = explain(spot, session)
        hows.add(found.how)
        if found.how in (How.SUM, How.CHAIN):
            whole = sum(term.amount for term in found.terms) + found.rest
            size = sum(abs(term.amount) for term in found.terms)
            assert abs(whole - found.number) <= 2e-5 * max(size, 1e-3), spot
            assert eval(found.numpy, {"np": np}) == pytest.approx(whole, rel=1e-9, abs=1e-12)
            products = [t.factors[0].number * t.factors[1].number for t in found.terms]
            assert products == pytest.approx([t.amount for t in found.terms])
        elif found.numpy:
            wanted = found.number if found.after is None else found.after
            told = float(eval(found.numpy, {"np": np}))
            # The numbers are told in six digits.
            scale = max(abs(term.amount) for term in found.terms)
            assert told == pytest.approx(wanted, rel=1e-4, abs=2e-5 * max(scale, 1.0)), spot
    wanted = {How.DATA, How.KEPT, How.SUM}
    assert wanted | ({How.CHAIN} if session.program.gradients else set()) <= hows


def test_terms_lead_to_the_numbers_they_name() -> None:
    session = _session()
    session.step(Boundary.BATCH)
    machine = session.rerun(session.program.start_of(Phase.UPDATE))
    for spot in _spots(session):
        for term in explain(spot, session).terms:
            for factor in term.factors:
                if factor.spot is None or factor.spot.within is not None:
                    continue
                if factor.symbol != "local":
                    there = machine.array(factor.spot.value)[factor.spot.entry]
                    if session.program.values[factor.spot.value].role is Role.RESULT:
                        assert factor.number == pytest.approx(float(there)), spot


def test_a_weight_s_gradient_is_upstream_times_input_for_each_example() -> None:
    session = _session()
    weight = session.program.parameters[0]
    gradient = session.program.gradients[weight.id]
    found = explain(Spot(gradient, (20, 3)), session)
    assert found.how is How.CHAIN
    machine = session.rerun(session.program.start_of(Phase.UPDATE))
    features = next(v for name, v in session.program.inputs.items() if name.startswith("x"))
    x = machine.array(features)
    assert found.count == np.count_nonzero(x[:, 20])
    for term in found.terms:
        upstream, local = term.factors
        assert local.spot is not None
        assert local.number == pytest.approx(
            float(machine.array(local.spot.value)[local.spot.entry])
        )
        assert upstream.spot is not None and upstream.spot.entry[1] == 3


def test_every_derivation_ends_in_data_and_parameters() -> None:
    session = _session()
    program = session.program
    waiting = [Spot(program.gradients[program.parameters[0].id], (20, 3))]
    seen, ends = set(waiting), set()
    for _ in range(400):
        if not waiting:
            break
        spot = waiting.pop()
        found = explain(spot, session)
        if found.how in (How.DATA, How.KEPT):
            ends.add(found.how)
            continue
        nearest = [f.spot for t in found.terms[:2] for f in t.factors if f.spot is not None]
        waiting += [s for s in nearest if s not in seen]
        seen.update(nearest)
    assert ends == {How.DATA, How.KEPT}
    assert not waiting


def test_what_was_put_in_by_hand_is_what_is_explained() -> None:
    session = _session()
    program = session.program
    session.step(Boundary.OP)
    session.step(Boundary.OP)
    hidden = next(i for i in program.instructions if i.phase is Phase.FORWARD).outputs[0]
    while program.producer[hidden] >= session.cursor.index:
        session.step(Boundary.OP)
    session.intervene(Intervention(hidden, (0, 0), 7.5))
    relu = next(i for i in program.instructions if i.op.name == "relu")
    found = explain(Spot(relu.outputs[0], (0, 0)), session)
    assert (found.number, found.plain) == (7.5, "max(7.5, 0)")
    assert found.example == int(session.rows[0])


def test_an_update_is_told_with_the_number_before_and_after() -> None:
    session = _session()
    weight = session.program.parameters[0]
    found = explain(Spot(weight.id, (20, 3)), session)
    assert found.how is How.KEPT and found.after is not None
    session.step(Boundary.BATCH)
    assert session.storage.view(weight)[20, 3] == pytest.approx(found.after)
    assert explain(Spot(weight.id, (20, 3)), session).number == found.number


def test_an_explanation_leaves_the_run_as_it_is() -> None:
    session, other = _session(), _session()
    for s in (session, other):
        s.step(Boundary.BATCH)
        s.step(Boundary.PHASE)
    explain(Spot(session.program.gradients[session.program.parameters[0].id], (20, 3)), session)
    for s in (session, other):
        s.step(Boundary.BATCH)
    assert session.weights().keys() == other.weights().keys()
    for key, array in session.weights().items():
        assert np.array_equal(array, other.weights()[key])


@pytest.mark.parametrize("entry", [(), (64, 0), (-1, 0), (0, 0, 0)])
def test_an_entry_that_is_not_there_is_told(entry: tuple[int, ...]) -> None:
    session = _session()
    with pytest.raises(StudioError, match="entry"):
        explain(Spot(session.program.parameters[0].id, entry), session)


def _derived(spot: Spot, session: Session, most: int) -> set[How]:
    """What the ends of a derivation are, following the largest two numbers of each step."""
    waiting, seen, ends = [spot], {spot}, set()
    while waiting and len(seen) < most:
        here = waiting.pop()
        found = explain(here, session)
        if found.how is How.SUM:
            whole = sum(term.amount for term in found.terms) + found.rest
            assert whole == pytest.approx(found.number, rel=1e-4, abs=1e-6), here
        nearest = [f.spot for t in found.terms[:2] for f in t.factors if f.spot is not None]
        if found.how in (How.DATA, How.KEPT) or not nearest:
            ends.add(found.how)
        waiting += [s for s in nearest if s not in seen]
        seen.update(nearest)
    return ends


@pytest.mark.parametrize("loss", sorted(losses()))
def test_every_loss_is_derived_from_its_parts_down_to_data_and_parameters(loss: str) -> None:
    network = chain([("input", {}), ("dense", {"units": 10}), (loss, {})], batch_size=8)
    session = Session(analyze(network).require(), network.setup)
    session.step(Boundary.BATCH)
    program = session.program
    assert program.loss is not None
    found = explain(Spot(program.loss, ()), session)
    assert found.how is How.SUM and found.terms and found.plain
    assert found.number == pytest.approx(sum(t.amount for t in found.terms) + found.rest, rel=1e-4)
    assert {How.DATA, How.KEPT} <= _derived(Spot(program.loss, ()), session, 150)
    # What is kept for the backward pass is told as well.
    kept = program.instructions[program.producer[program.loss]].outputs[1]
    assert explain(Spot(kept, (1, 2)), session).terms


def test_a_result_in_between_has_an_address_and_one_that_is_not_there_is_refused() -> None:
    network = chain([("input", {}), ("dense", {"units": 10}), ("mse", {})], batch_size=4)
    session = Session(analyze(network).require(), network.setup)
    assert session.program.loss is not None
    told = explain(Spot(session.program.loss, ()), session)
    square = told.terms[0].factors[0].spot
    assert square is not None and square.within == told.instruction
    found = explain(square, session)
    assert found.how is How.RULE and found.number == told.terms[0].factors[0].number
    (difference,) = (factor.spot for factor in found.terms[0].factors)
    assert difference is not None and difference.within is None
    assert found.terms[0].amount ** 2 == pytest.approx(found.number, rel=1e-6)
    with pytest.raises(StudioError):
        explain(Spot(square.value, (9, 0), square.within), session)


def test_a_recurrent_layer_is_derived_step_by_step() -> None:
    network = chain(
        [
            ("input", {}),
            ("reshape", {"channels": 4, "height": 16, "width": 0}),
            ("lstm", {"units": 3}),
            ("dense", {"units": 10}),
            ("softmax_cross_entropy", {}),
        ],
        batch_size=4,
    )
    session = Session(analyze(network).require(), network.setup)
    lstm = next(i for i in session.program.instructions if i.op.name == "lstm")
    found = explain(Spot(lstm.outputs[0], (1, 2)), session)
    assert found.how is How.RULE and len(found.terms) == 2
    product = found.terms[0].amount * found.terms[1].amount
    assert product == pytest.approx(found.number, rel=1e-5)
    assert {How.KEPT} <= _derived(Spot(lstm.outputs[0], (1, 2)), session, 60)
