"""What checks, numbers and predictions say of a run whose every number is known."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from lesson_cases import driver, facts_of, lesson_named, scene_of

from backprop_studio.errors import EditError, StudioError
from backprop_studio.insight.representations import representations
from backprop_studio.lessons import Driver, Facts, Forecast, Prediction, Runner, parse_expression
from backprop_studio.lessons.actions import action
from backprop_studio.lessons.check import Check, kinds
from backprop_studio.lessons.checks.choice import Choice
from backprop_studio.lessons.facts import Curves
from backprop_studio.lessons.lesson import fill, said_number
from backprop_studio.lessons.predictions import SIGNS

NEURON = "01_one_neuron"
MAZUR = "04_error_flows_backward"


def do(target: Driver, *tables: dict[str, object]) -> Driver:
    for table in tables:
        target.perform(action(table))
    return target


def number(target: Driver, text: str) -> float | None:
    return target.facts([parse_expression(text)]).number(parse_expression(text))


def make(kind: str, **keys: object) -> Check:
    made = kinds()[kind](text="Do it", **keys)  # type: ignore[call-arg]
    assert made.faults() == []
    return made


def met(target: Driver, check: Check, answers: dict[str, float] | None = None) -> bool:
    return check.met(facts_of(target, check, answers))


def test_the_neuron_that_everybody_can_check_by_hand() -> None:
    neuron = driver(NEURON)
    assert number(neuron, "value:w") == 3.0
    assert number(neuron, "value:x") is None
    assert number(neuron, "loss") is None
    do(neuron, {"step": "phase", "times": 4})
    for text, expected in {
        "value:x": 2.0, "value:target": 9.0, "value:prediction": 7.0, "loss": 4.0,
        "grad:w": -8.0, "grad:b": -4.0, "grad:prediction": -4.0, "next:w": 3.4, "next:b": 1.2,
        "gradnorm:w": 8.0, "norm:w": 3.0, "zeros:w": 0.0, "setting:optimizer/learning_rate": 0.05,
        "rows": 1.0, "parameters": 2.0, "iteration": 0.0, "value:w[0]": 3.0,
    }.items():  # fmt: skip
        assert number(neuron, text) == pytest.approx(expected, rel=1e-15), text
    assert number(neuron, "value:w") == 3.0, "looking at what comes next must change nothing"
    do(neuron, {"step": "phase", "times": 4})
    assert number(neuron, "loss") == pytest.approx(1.0, rel=1e-12)
    assert number(neuron, "value:prediction") == pytest.approx(8.0, rel=1e-12)


def test_the_example_of_mazur_to_the_last_digit() -> None:
    """Mazur 2015, *A Step by Step Backpropagation Example*."""
    network = do(driver(MAZUR), {"step": "phase", "times": 3})
    assert number(network, "loss") == pytest.approx(0.2983711087600027, rel=1e-15)
    do(network, {"step": "phase"})
    for text, published in {
        "grad:output_out[0, 0]": 0.74136507, "grad:output/weight[0, 0]": 0.082167041,
        "grad:hidden_out[0, 0]": 0.036350306, "grad:hidden/weight[0, 0]": 0.000438568,
    }.items():  # fmt: skip
        assert number(network, text) == pytest.approx(published, abs=5e-10), text
    do(network, {"step": "phase", "times": 4})
    assert number(network, "value:output/weight[0, 0]") == pytest.approx(0.35891648, abs=5e-9)
    assert number(network, "loss") == pytest.approx(0.29102777369359933, rel=1e-15)


@pytest.mark.parametrize(
    "text", ["value:nowhere", "value:w/nothing", "value:w[5]", "value:w[0, 0]", "next:prediction",
             "setting:w/nothing", "setting:setup/dataset", "accuracy", "grad:target"]
)  # fmt: skip
def test_that_what_does_not_exist_is_unknown_and_no_error(text: str) -> None:
    assert number(do(driver(NEURON), {"step": "batch"}), text) is None


def test_reached() -> None:
    neuron = driver(NEURON)
    first, exact = make("reached", phase="loss"), make("reached", phase="loss", exactly=True)
    third, epoch = make("reached", iteration=3), make("reached", epoch=2, exactly=True)
    assert not met(neuron, first)
    do(neuron, {"step": "phase", "times": 2})
    assert not met(neuron, first)
    do(neuron, {"step": "phase"})
    assert met(neuron, first) and met(neuron, exact)
    do(neuron, {"step": "phase"})
    assert met(neuron, first) and not met(neuron, exact)
    assert not met(neuron, third)
    do(neuron, {"step": "batch", "times": 3})
    assert met(neuron, first) and met(neuron, third) and not met(neuron, epoch)
    do(neuron, {"epochs": 2})
    assert met(neuron, epoch)
    do(neuron, {"epochs": 1})
    assert not met(neuron, epoch)


def test_number_and_computed() -> None:
    neuron = driver(NEURON)
    known = make("computed", about=("loss", "grad:w"))
    right = make("number", about="loss", equals=4)
    between = make("number", about="value:w", above=2.5, below="setting:setup/batch_size")
    assert not met(neuron, known) and not met(neuron, right)
    do(neuron, {"step": "phase", "times": 4})
    assert met(neuron, known) and met(neuron, right)
    assert not met(neuron, between), "w is above 2.5, and not below a batch size of 1"
    assert met(neuron, make("number", about="value:w", above=2.5, below=3.5))


def test_setting_and_layers() -> None:
    neuron = driver(NEURON)
    rate = make("setting", of="optimizer/learning_rate", equals=0.3)
    kind = make("setting", of="optimizer", equals="adam")
    seed = make("setting", of="setup/seed", differs=1)
    frozen = make("setting", of="w/frozen", equals=True)
    tanh = make("layers", type="tanh")
    wire = make("layers", wire=("product", "tanh"), trains=True)
    checks = (rate, kind, seed, frozen, tanh, wire)
    assert [met(neuron, check) for check in checks] == [False] * 6
    do(neuron, {"set": "optimizer/learning_rate", "to": 0.3})
    assert met(neuron, rate)
    do(
        neuron,
        {"set": "optimizer", "to": "adam"},
        {"set": "setup/seed", "to": 5},
        {"set": "w/frozen", "to": True},
        {"add": "tanh", "name": "squash", "after": "product"},
    )
    assert [met(neuron, check) for check in checks[1:]] == [True] * 5
    do(neuron, {"unwire": ["squash", "prediction"]})
    assert not met(neuron, wire), "a network in pieces does not train"
    do(neuron, {"wire": ["squash", "prediction"]})
    assert met(neuron, wire)
    do(neuron, {"remove": "squash", "bridge": True})
    assert not met(neuron, tanh)
    assert met(neuron, make("layers", wire=("product", "prediction"), trains=True))


def test_corruption() -> None:
    moons = driver("07_not_the_learning_rule")
    clean, renamed = make("corruption"), make("corruption", types=("renamed_classes",))
    both = make("corruption", types=("renamed_classes", "label_noise"))
    assert [met(moons, c) for c in (clean, renamed, both)] == [True, False, False]
    do(moons, {"spoil": "label_noise", "settings": {"share": 0.25}}, {"spoil": "renamed_classes"})
    assert [met(moons, c) for c in (clean, renamed, both)] == [False, False, True]
    noise, _ = moons.network.setup.data.corruptions
    assert noise.config()["share"] == 0.25
    do(moons, {"mend": "label_noise"})
    assert [met(moons, c) for c in (clean, renamed, both)] == [False, True, False]
    do(moons, {"mend": "all"})
    assert met(moons, clean)
    do(moons, {"spoil": "renamed_classes"})
    assert [met(moons, c) for c in (clean, renamed, both)] == [False, True, False]
    unknown = kinds()["corruption"](text="Do it", types=("nothing",))  # type: ignore[call-arg]
    assert unknown.faults()[0][0] == "types"
    with pytest.raises(EditError, match="There is no type 'nothing'"):
        do(moons, {"spoil": "nothing"})


def test_probe_is_what_representations_show() -> None:
    moons = driver("07_not_the_learning_rule")
    session = moons.session
    assert session is not None
    shown = representations(moons.network, {}, None, session).layers
    for layer in shown:
        name = moons.network.node(layer.node).name
        assert number(moons, f"probe:{name}") == layer.probe
    assert number(moons, "probe:loss") is None and number(moons, "probe:nobody") is None


def test_opened_breakpoint_branched_and_gradient_check() -> None:
    neuron = driver(NEURON)
    opened, stop = make("opened", panel="credit"), make("breakpoint", phase="backward")
    branch, hand = make("branched", branches=2), make("branched", by_hand=1)
    checked = make("gradient_check", below=1e-7)
    checks = (opened, stop, branch, hand, checked)
    assert [met(neuron, check) for check in checks] == [False] * 5
    do(neuron, {"open": "credit"}, {"breakpoint": "backward"}, {"gradient_check": True})
    assert [met(neuron, check) for check in checks] == [True, True, False, False, True]
    do(neuron, {"step": "batch", "times": 2}, {"number": "w", "to": 5.0})
    assert number(neuron, "value:w") == 5.0
    assert met(neuron, hand) and not met(neuron, branch)
    do(neuron, {"seek": 1}, {"branch": True})
    assert met(neuron, branch)


def test_that_a_curve_is_compared_with_those_of_earlier_runs_to_the_last_bit() -> None:
    moons = driver("07_not_the_learning_rule")
    same = make("same_curve", iterations=20)
    other = make("same_curve", iterations=20, same=False)
    do(moons, {"epochs": 2})
    assert not met(moons, same) and not met(moons, other), "there is no earlier run"
    do(moons, {"restart": True})
    assert not met(moons, same), "the new run has no curve yet"
    do(moons, {"epochs": 2})
    assert met(moons, same) and not met(moons, other)
    do(moons, {"set": "optimizer/learning_rate", "to": 0.2}, {"restart": True}, {"epochs": 2})
    assert met(moons, other) and not met(moons, same)


def test_that_going_back_is_no_other_run() -> None:
    curves = Curves()
    whole = np.arange(5.0)
    assert curves.see(whole[:3]) == ()
    assert curves.see(whole) == ()
    assert curves.see(whole) == ()
    assert len(curves.see(whole[:0])) == 1


def test_answer_and_choice() -> None:
    neuron = do(driver(NEURON), {"step": "phase", "times": 4})
    answer = make("answer", id="a", about="next:w", within=0.01)
    choice = make("choice", id="c", options=("x", "y"), right=2)
    assert not met(neuron, answer) and not met(neuron, choice)
    assert not met(neuron, answer, {"a": 3.0}) and not met(neuron, choice, {"c": 1})
    assert met(neuron, answer, {"a": 3.405}) and met(neuron, choice, {"c": 2})


def test_that_a_wrong_option_has_a_word_of_its_own_where_one_was_written() -> None:
    plain = make("choice", id="c", options=("x", "y"), right=2)
    told = make("choice", id="c", options=("x", "y"), right=2, replies=("No x here.", ""))
    assert isinstance(plain, Choice) and isinstance(told, Choice)
    assert [plain.reply(1), told.reply(1), told.reply(2)] == ["", "No x here.", ""]
    assert told.reply(3) == "", "kept from a text that had more options"
    pick = foresee("pick", options=("x", "y"), right=2, replies=("No x here.", ""))
    assert [pick.reply("x"), pick.reply("y")] == ["No x here.", ""]
    assert foresee("pick", options=("x", "y"), right=2).reply("x") == ""


def test_that_drawn_points_are_data_of_ones_own() -> None:
    learner = driver(MAZUR)
    check = make("own_data", rows=4, classes=2)
    assert not met(learner, check), "a data set of the program is not one's own"
    points = [[0.5, 0.5, 0], [-0.5, 0.5, 1], [0.5, -0.5, 0]]
    do(learner, {"draw": points})
    assert not met(learner, check), "these are three"
    do(learner, {"draw": [*points, [0.1, 0.2, 0]]})
    assert met(learner, check)
    do(learner, {"draw": [[float(k), 0.0, 0] for k in range(6)]})
    assert not met(learner, check), "all are of one class"


def test_that_every_kind_of_check_is_looked_at_here_and_described_in_the_guide() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    guide = Path(__file__).parents[2].joinpath("docs/lessons.md").read_text(encoding="utf-8")
    for kind in kinds():
        assert f'make("{kind}"' in source
        assert f"| `{kind}` |" in guide


@pytest.mark.parametrize(
    "table",
    [
        {"set": "nowhere/units", "to": 1},
        {"set": "setup/batch_size", "to": "many"},
        {"set": "setup/nothing", "to": 1},
        {"set": "optimizer", "to": "magic"},
        {"add": "magic"},
        {"remove": "nothing"},
        {"wire": ["w", "w"]},
        {"unwire": ["w", "loss"]},
        {"number": "nothing", "to": 1.0},
        {"number": "prediction", "to": 1.0},
    ],
)
def test_that_what_cannot_be_done_is_said_and_changes_nothing(table: dict[str, object]) -> None:
    neuron = driver(NEURON)
    before = neuron.network
    with pytest.raises(StudioError):
        do(neuron, table)
    assert neuron.network == before


def foresee(kind: str, **keys: object) -> Prediction:
    made = Prediction(id="p", question="?", kind=kind, **keys)  # type: ignore[arg-type]
    assert made.faults() == []
    return made


def test_what_comes_of_predictions() -> None:
    neuron = do(driver(NEURON), {"step": "phase", "times": 4})

    def truth(prediction: Prediction, before: float | None = None) -> object:
        return prediction.truth(neuron.facts(prediction.wanted()).number, before)

    assert truth(foresee("sign", about="grad:w")) == "negative"
    assert truth(foresee("sign", about="zeros:w")) == SIGNS[2]
    assert truth(foresee("compare", about="grad:w", than="grad:b")) == "smaller"
    assert truth(foresee("compare", about="value:w"), 3.0) == "the same"
    assert truth(foresee("compare", about="value:w")) is None
    both = ("grad:w", "grad:b")
    assert truth(foresee("pick", options=("w", "b"), largest=both)) == "w"
    assert truth(foresee("pick", options=("w", "b"), smallest=both)) == "b"
    assert truth(foresee("pick", options=("w", "b"), right=2)) == "b"
    assert truth(foresee("sign", about="accuracy")) is None
    close = foresee("number", about="loss", within=0.1)
    assert truth(close) == 4.0
    assert close.is_right(4.05, 4.0) and not close.is_right(4.2, 4.0)
    assert not close.accepts("four") and not close.accepts(float("nan"))
    assert not foresee("sign", about="loss").accepts("up")


def test_that_a_prediction_is_settled_when_the_step_is_done_and_not_before() -> None:
    lesson = lesson_named(NEURON)
    runner, neuron = Runner(lesson), driver(NEURON)
    runner.go(3)

    def look() -> None:
        runner.see(neuron.facts(runner.wanted()))

    look()
    sign, more = runner.step.predictions
    runner.predict(sign, "positive", 70)
    do(neuron, {"step": "phase", "times": 4})
    look()
    assert not runner.is_solved, "the other prediction is still to be made"
    assert runner.progress.forecasts[sign.id].truth is None
    runner.predict(more, "the weight w", 99)
    assert runner.is_solved
    told = runner.progress.forecasts
    assert told[sign.id] == Forecast("positive", 70, None, False, "negative", False)
    assert told[more.id].right and told[more.id].late, "it was said when all was to be seen"
    runner.predict(sign, "negative", 99)
    assert runner.progress.forecasts[sign.id].said == "positive", "it came out: too late to change"


def test_that_numbers_in_a_text_stay_and_those_of_its_end_are_kept_for_later_steps() -> None:
    lesson = lesson_named(NEURON)
    runner, neuron = Runner(lesson), driver(NEURON)
    w = parse_expression("value:w")
    runner.see(neuron.facts(runner.wanted()))
    assert runner.number(w) == 3.0
    do(neuron, {"step": "batch", "times": 2})
    runner.see(neuron.facts(runner.wanted()))
    assert runner.number(w) == 3.0
    assert runner.is_solved, "further on is done as well"
    runner.go(2)
    runner.predict(runner.step.predictions[0], 4.0, 90)
    runner.see(neuron.facts(runner.wanted()))
    assert runner.progress.kept["loss@loss"] == pytest.approx(1.0)


def test_how_numbers_are_written() -> None:
    numbers = {"loss": -0.25, "accuracy": 0.875, "epoch": 1e-7}

    def give(expression: object) -> float | None:
        return numbers.get(getattr(expression, "key"))  # noqa: B009

    assert fill("{{loss}}, {{ loss | .3f }}, {{accuracy|.1%}}", give) == "−0.25, −0.250, 87.5%"
    assert fill("{{iteration}}", give) == "…"
    assert fill("{{loss}}", give, latex=True) == "{-0.25}"
    assert fill("{{epoch}}", give, latex=True) == r"{1 \cdot 10^{-7}}"
    assert fill("{{iteration}}", give, latex=True).strip() == r"\ldots"
    assert said_number("{{loss}}", give) == -0.25
    assert said_number(3, give) == 3.0
    assert said_number("{{iteration}}", give) is None
    assert said_number("x", give) is None


def test_that_a_lesson_about_a_broken_network_has_nothing_met_and_no_numbers() -> None:
    neuron = do(driver(NEURON), {"remove": "loss"})
    facts: Facts = neuron.facts([parse_expression("loss")])
    assert facts.moment is None
    assert not make("reached", phase="data").met(facts)
    with pytest.raises(StudioError):
        do(neuron, {"step": "op"})
    assert scene_of(NEURON).network != neuron.network


def test_what_is_measured_about_a_chain_whose_every_number_is_known() -> None:
    chain = do(driver("02_a_model_is_a_chain"), {"step": "phase", "times": 4})
    for text, expected in {
        "sources:total": 3.0, "sources:output": 5.0, "sources:loss": 6.0,
        "instructions:data": 2.0, "instructions:forward": 4.0, "instructions:loss": 1.0,
        # L = (2 (1.5 x + b)² − 1 − t)² with b = −1 is 4; with b = −0.9 it is (8.82 − 10)².
        "change:b by 0.1": 1.18**2 - 4, "expected:b by 0.1": -3.2,
        "gap:b by 0.1": abs(1.18**2 - 4 + 3.2),
        "change:output/weight[0, 0] by -0.5": 12.0, "paths:w": 1.0,
    }.items():  # fmt: skip
        assert number(chain, text) == pytest.approx(expected, rel=1e-9), text
    for text in ("change:product by 0.1", "share:product", "paths:product", "part:b > loss"):
        assert number(chain, text) is None, text


def test_the_part_of_an_error_signal_that_comes_back_by_one_wire() -> None:
    forked = do(driver("05_local_information"), {"step": "phase", "times": 3})
    assert number(forked, "part:relu > sum[0, 1]") is None, "it is not computed yet"
    do(forked, {"step": "phase"})
    first, second = (number(forked, f"part:relu > {w}[0, 1]") for w in ("sum", "product"))
    assert (first, second) == (0.5, 1.5)
    assert number(forked, "grad:relu[0, 1]") == 2.0
    assert number(forked, "part:relu > output[0, 1]") is None


def test_what_a_gradient_costs() -> None:
    """Multiply-adds of the products alone are 32 rows times the weights, and twice that back."""
    digits = driver("06_why_it_is_efficient")
    weights = 64 * 32 + 32 * 16 + 16 * 10
    assert number(digits, "cost:passes") == 2 * (weights + 32 + 16 + 10)
    forward, both = number(digits, "cost:forward"), number(digits, "cost:both")
    assert forward is not None and both is not None
    assert 32 * weights < forward < 1.1 * 32 * weights
    assert number(digits, "cost:backward") == both - forward
    assert number(digits, "cost:differences") == 5556 * forward
    assert number(digits, "cost:ratio") == pytest.approx(5556 * forward / both, rel=1e-12)
    assert number(digits, "paths:hidden/weight[20, 0]") == 16 * 10
    # Batch, two activations, and what the loss needs, each read by the backward pass.
    kept = number(digits, "cost:kept_bytes")
    assert kept is not None and kept >= 4 * 32 * (64 + 32 + 16)


@pytest.mark.parametrize(
    ("text", "says"),
    [("cost:nothing", "is not a cost"), ("instructions:later", "is not a phase"),
     ("change:w", "by 0.1"), ("value:w by 0.1", "write layer/name[row, column]"),
     ("part:relu", "layer > other"), ("grad:a > b", "write layer")],
)  # fmt: skip
def test_that_names_that_say_nothing_are_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        parse_expression(text)
