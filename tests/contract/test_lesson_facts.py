"""What single lessons claim, beyond what their own checks see: the claims are computed anew."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from lesson_cases import driver, lesson_named, scene_of

from backprop_studio.autograd import Array, Role
from backprop_studio.insight.depth import Trend, profile
from backprop_studio.insight.rules import Rule, try_rules
from backprop_studio.insight.units import units
from backprop_studio.lessons import Driver, Rehearsal, parse_expression
from backprop_studio.lessons.actions import action

RULES = "07_not_the_learning_rule"
DEEP = "08_fading_and_bursting"
BLIND = "09_no_understanding"
LAYERS = "10_why_it_still_works"
CASES = "11_do_not_blame_backprop"
LAST = "13_take_away"
EPOCHS = 5


def trained(*tables: dict[str, object], name: str = BLIND) -> Driver:
    """The lesson's project after these actions, begun again and trained."""
    made = driver(name)
    for table in (*tables, {"restart": True}, {"epochs": EPOCHS}):
        made.perform(action(table))
    return made


def losses(made: Driver) -> Array:
    assert made.session is not None
    return made.session.losses.points[:, 1].copy()


def weights(made: Driver, layer: str) -> Array:
    assert made.session is not None
    node = made.network.named(layer)
    assert node is not None
    program = made.session.program
    (value,) = (v.id for v in program.parameters if (v.node, v.name) == (node.id, "weight"))
    return made.session.machine.array(value).copy()


@pytest.mark.parametrize("kind", ["renamed_classes", "permuted_features"])
@pytest.mark.parametrize("drawing", [1, 2, 3])
@pytest.mark.parametrize("seed", [1, 7])
def test_that_new_names_and_places_change_no_bit_of_any_loss(
    kind: str, drawing: int, seed: int
) -> None:
    begin = {"set": "setup/seed", "to": seed}
    fair = trained(begin)
    other = trained(begin, {"spoil": kind, "settings": {"seed": drawing}})
    assert len(losses(fair)) == 16 * EPOCHS
    assert losses(fair).tobytes() == losses(other).tobytes()
    assert fair.session is not None and other.session is not None
    assert fair.session.last_test == other.session.last_test


def test_that_the_weights_are_the_same_ones_in_other_places() -> None:
    fair, renamed = trained(), trained({"spoil": "renamed_classes"})
    permuted = trained({"spoil": "permuted_features"})
    for layer, made, axis in (("last", renamed, 1), ("first", permuted, 0)):
        a, b = weights(fair, layer), weights(made, layer)
        assert not np.array_equal(a, b), "something was learned, and it is elsewhere now"
        rows, others = (np.moveaxis(w, axis, 0) for w in (a, b))
        assert sorted(map(tuple, rows)) == sorted(map(tuple, others))
    for made in (renamed, permuted):
        assert np.array_equal(weights(fair, "middle"), weights(made, "middle"))


def test_that_no_sum_is_rounded_before_the_last_one() -> None:
    made = trained()
    session = made.session
    assert session is not None
    for parameter in session.program.parameters:
        array = session.machine.array(parameter.id)
        assert np.array_equal(array * 64, np.round(array * 64)), "weights stay on the grid"
    # The last batch again, from its data and with exact fractions.
    machine = driver(BLIND)
    for table in ({"epochs": EPOCHS}, {"step": "phase", "times": 3}):
        machine.perform(action(table))
    run = machine.session
    assert run is not None
    data = machine.network.setup.prepared().dataset
    x, y = data.x[run.rows], data.y[run.rows]

    def parameter(layer: str, name: str) -> Array:
        node = machine.network.named(layer)
        assert node is not None
        found = [v for v in run.program.values if v.role is Role.PARAMETER]
        (value,) = (v.id for v in found if (v.node, v.name) == (node.id, name))
        return exact(run.machine.array(value))

    h = exact(x)
    for layer in ("first", "middle", "last"):
        h = h @ parameter(layer, "weight") + parameter(layer, "bias")
        if layer != "last":
            h = np.maximum(h, Fraction(0))
    target = exact(np.eye(10)[y])
    loss = np.sum((h - target) ** 2)
    assert run.last_loss is not None
    assert Fraction(run.last_loss) == loss


def exact(array: Array) -> Array:
    """The numbers as fractions."""
    return np.vectorize(Fraction, otypes=[object])(np.asarray(array, np.float64))


@pytest.mark.parametrize("kind", ["renamed_classes", "permuted_features"])
def test_that_with_adam_the_same_is_so_but_for_rounding(kind: str) -> None:
    adam = ({"set": "optimizer", "to": "adam"}, {"set": "optimizer/learning_rate", "to": 0.005})
    fair, other = losses(trained(*adam)), losses(trained(*adam, {"spoil": kind}))
    np.testing.assert_allclose(other, fair, rtol=1e-10)


def test_that_shuffled_labels_leave_nothing_to_find_in_the_held_out_rows() -> None:
    network = scene_of(BLIND).network
    spoilt = action({"spoil": "shuffled_labels"}).edit(network).setup.prepared()
    clean = network.setup.prepared()
    train, held = clean.split.train, clean.split.validation
    assert np.mean(spoilt.dataset.y[train] == clean.dataset.y[train]) < 0.2
    assert np.array_equal(spoilt.dataset.y[held], clean.dataset.y[held])


def after(name: str, step: str) -> Driver:
    """The run as the lesson's own solutions leave it at the end of a step."""
    rehearsal = Rehearsal(lesson_named(name), scene_of(name))
    for played in rehearsal.play():
        assert played.problem == ""
        if played.step.id == step:
            return rehearsal.driver
    raise LookupError(step)


@pytest.mark.parametrize(
    ("step", "trend"),
    [
        ("fade", Trend.VANISHING), ("skip", Trend.STEADY), ("relu", Trend.STEADY),
        ("burst", Trend.EXPLODING), ("norm", Trend.STEADY),
    ],
)  # fmt: skip
def test_that_gradient_flow_says_what_the_lesson_says(step: str, trend: Trend) -> None:
    session = after(DEEP, step).session
    assert session is not None
    assert profile(session).trend is trend


def test_that_a_chain_of_sigmoids_loses_more_than_nine_tenths_and_learns_nothing() -> None:
    faded = after(DEEP, "fade")
    assert number(faded, "gradnorm:squash1") < 0.1 * number(faded, "gradnorm:squash4")
    assert number(after(DEEP, "stuck"), "accuracy") < 0.15


def test_that_all_the_relus_die_and_that_clipped_scores_have_no_gradient() -> None:
    dead = after(DEEP, "dead")
    assert number(dead, "zeros:squash4") == 1.0
    before = number(dead, "norm:layer1/weight")
    dead.perform(action({"epochs": 3}))
    assert number(dead, "norm:layer1/weight") == before, "dead is dead"
    limited = after(DEEP, "clip-values")
    assert all(number(limited, f"gradnorm:layer{k}/weight") == 0.0 for k in (1, 2, 3, 4))


def test_that_the_unit_of_the_lesson_answers_to_threes_once_it_has_learned() -> None:
    for step, threes in (("before", False), ("after", True)):
        made = after(LAYERS, step)
        assert made.session is not None
        node = made.network.named("relu1")
        assert node is not None
        found = units(made.network, node.id, 14, 0, None, made.session)
        assert found is not None
        digits = made.network.setup.prepared().dataset.y[found.top]
        assert bool((digits == 3).all()) is threes
        assert found.active[14] > 0


def test_that_seven_rules_make_of_one_gradient_what_the_lesson_says() -> None:
    session = after(RULES, "gradient").session
    assert session is not None
    change = {t.rule: t.losses[-1] - t.losses[0] for t in try_rules(0.05, 20, False, session)}
    assert len(change) == len(Rule) == 7
    assert change[Rule.NOTHING] == 0 and change[Rule.DESCENT] < 0 < change[Rule.ASCENT]
    assert number(after(RULES, "free"), "held_out_loss") > number(
        after(RULES, "descent"), "held_out_loss"
    )


def test_that_a_gradient_check_is_run_before_the_bad_rule_spoils_the_numbers() -> None:
    """Why the lesson has it run on a new network."""
    bad = after(RULES, "bad-rule")
    bad.perform(action({"gradient_check": True}))
    assert bad.gradient_error is not None and bad.gradient_error > 1e-4
    bad.perform(action({"restart": True}))
    bad.perform(action({"gradient_check": True}))
    assert bad.gradient_error < 1e-7


def test_that_the_burst_kills_the_network_unless_its_gradient_is_clipped() -> None:
    clipped = after(DEEP, "clip")
    assert number(clipped, "accuracy") > 0.4 and number(clipped, "zeros:squash1") < 1
    for table in ({"set": "setup/clip", "to": "none"}, {"restart": True}, {"epochs": EPOCHS}):
        clipped.perform(action(table))
    assert number(clipped, "accuracy") < 0.15 and number(clipped, "zeros:squash1") == 1


def test_that_labels_by_lot_are_learned_by_heart() -> None:
    lots = after(BLIND, "lots")
    assert number(lots, "training_accuracy") > 0.95 and number(lots, "accuracy") < 0.2


def test_that_points_from_one_side_are_too_few_sides_and_not_too_few() -> None:
    biased = after(CASES, "half")
    assert number(biased, "training_accuracy") > 0.95
    assert number(biased, "accuracy") < 0.75 and number(biased, "recall:1") < 0.5
    # More epochs do not help. Half of all points, from everywhere, do.
    biased.perform(action({"epochs": 100}))
    assert number(biased, "accuracy") <= 0.75
    fewer = trained({"set": "setup/validation", "to": 0.5}, name=CASES)
    fewer.perform(action({"epochs": 15}))
    assert number(fewer, "training_rows") == 250 and number(fewer, "accuracy") > 0.95


def test_that_a_straight_line_never_has_more_than_three_clouds_of_four() -> None:
    line = after(CASES, "line")
    found = []
    for _ in range(10):
        found.append(number(line, "training_accuracy"))
        line.perform(action({"epochs": 5}))
    assert max(found) < 0.8


def test_that_large_measures_flatten_every_hidden_unit() -> None:
    raw = after(CASES, "units")
    assert number(raw, "gradnorm:hidden/weight") == 0
    assert {number(raw, "recall:malignant"), number(raw, "recall:benign")} == {0.0, 1.0}


def test_that_zero_weights_stay_zero_in_every_batch() -> None:
    """The biases of the output may hear something in a later one; that moves no weight."""
    zero = after(LAST, "zero")
    zero.perform(action({"epochs": 3}))
    layers = ("first", "second", "output")
    assert [number(zero, f"norm:{layer}/weight") for layer in layers] == [0, 0, 0]
    assert number(zero, "accuracy") == 0.5


def number(made: Driver, text: str) -> float:
    found = made.facts([parse_expression(text)]).number(parse_expression(text))
    assert found is not None
    return found
