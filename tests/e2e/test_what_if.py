"""What if it were another number, rule or path; and what an operation is made of, by hand."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hands import Desk, missing_tools
from networks import residual

from backprop_studio import project

pytestmark = [
    pytest.mark.skipif(bool(missing_tools()), reason=f"needs {', '.join(missing_tools())}"),
    pytest.mark.timeout(120),
]


def _put_in(person: Desk, value: str, entry: str, number: str) -> None:
    person.key("ctrl+e")
    person.wait("the dialog opens", lambda s: s["dialog"] == "Set a number by hand")
    person.press("Value")
    person.type(value)
    person.key("Return")
    person.press("Entry")
    person.key("ctrl+a")
    person.type(entry)
    person.press("New number")
    person.type(number)
    person.key("Return")
    person.wait("it is put in", lambda s: s["edited"] and s["dialog"] is None)


def test_that_an_input_a_target_and_a_gradient_are_put_in_and_have_their_effect(
    person: Desk,
) -> None:
    for _ in range(3):
        person.key("F8")
    loss = person.wait("the loss is there", lambda s: s["loss"] is not None)["loss"]
    for value, entry, number in (("batch of f", "0, 20", "40"), ("batch of t", "0", "3")):
        person.key("ctrl+r")
        person.wait("the start", lambda s: s["cursor"] == [0, 0])
        person.key("F8")
        person.wait("the data are there", lambda s: s["cursor"][1] == 2)
        _put_in(person, value, entry, number)
        person.key("F8")
        person.key("F8")
        state = person.wait("a loss is there", lambda s: s["step"].startswith("softmax"))
        assert state["loss"] != pytest.approx(loss, rel=1e-4), value
    person.picture("what-if-target")

    moved = {}
    for number in ("2", "-2"):
        person.key("ctrl+r")
        person.wait("the start", lambda s: s["cursor"] == [0, 0] and not s["edited"])
        before = person.see("number", "output/bias", 3)
        for _ in range(4):
            person.key("F8")
        person.wait("backward is done", lambda s: len(s["computed"]) == 4)
        _put_in(person, "gradient of output/b", "3", number)
        person.key("F9")
        person.wait("the update is made", lambda s: s["completed"] == 1)
        moved[number] = person.see("number", "output/bias", 3) - before
    assert moved["2"] < 0 < moved["-2"]
    assert moved["2"] == pytest.approx(-moved["-2"], rel=1e-4)


def test_that_the_paths_of_a_weight_add_up_to_its_gradient(person: Desk) -> None:
    person.key("F9")
    person.key("ctrl+3")
    said = person.hear("paths", "Their products add up to")
    (told,) = (re.sub("<[^>]*>", "", line) for line in said if "products add up to" in line)
    total, backward = re.findall(r"add up to (\S+);\s+backward says (\S+) for", told)[0]
    assert float(total) == pytest.approx(float(backward), rel=1e-4)
    rows = [line for line in said if "% " in line + " " and "→" in line]
    assert sum(float(line.split(" | ")[1]) for line in rows) == pytest.approx(
        float(total), rel=0.02
    )
    person.click(person.see("row", "paths", "→ loss"))
    said = person.hear("paths", " × ")
    (product,) = (re.sub("<[^>]*>", "", line) for line in said if " × " in line and "=" in line)
    factors, result = product.split(" = ")
    number = 1.0
    for factor in factors.split(" × "):
        number *= float(factor)
    assert number == pytest.approx(float(result), rel=1e-3)
    person.picture("paths")


def test_that_credit_is_sorted_by_a_click_on_a_column(person: Desk) -> None:
    person.key("F9")
    person.key("ctrl+2")
    person.hear("credit", "output/bias |")
    for turn in (False, True):
        time.sleep(0.6)  # two clicks soon after each other are a double click
        person.click(person.see("header", "credit", "g"))
        person.wait(
            f"the gradients {'fall' if turn else 'rise'}",
            lambda s, t=turn: _column(person, 3) == sorted(_column(person, 3), reverse=t),
        )
    assert len(set(_column(person, 3))) > 1


def _column(person: Desk, place: int) -> list[float]:
    rows = (line.split(" | ") for line in person.hear("credit", "% |"))
    return [abs(float(row[place])) for row in rows if len(row) == 6]


def test_that_a_full_journal_refuses_a_branch_and_says_what_to_do(person: Desk) -> None:
    person.key("ctrl+alt+2")
    person.press("Size of the journal", "timeline")
    person.key("ctrl+a")
    person.type("1")
    person.key("Return")
    for count in range(2, 20):
        person.key("F9")
        person.key("ctrl+b")
        state = person.wait(
            "a branch, or a refusal",
            lambda s, n=count: len(s["branches"]) == n or "no room for another" in s["message"],
        )
        if "no room" in state["message"]:
            break
    assert "drop one, or give the journal more memory." in state["message"]
    person.picture("journal-full")
    person.press("Size of the journal", "timeline")
    person.key("ctrl+a")
    person.type("64")
    person.key("Return")
    person.key("ctrl+b")
    person.wait("now there is room", lambda s: len(s["branches"]) == count)


def test_that_a_frozen_gradient_goes_on_down_and_up(person: Desk) -> None:
    person.key("ctrl+5")
    person.hear("rules", "descent: −g |")
    person.press("Which gradient", "rules")
    person.key("End")
    person.key("Return")
    person.press("Steps", "rules")
    person.key("ctrl+a")
    person.type("3")
    person.key("Return")
    person.hear("rules", "With nothing done, the loss never moves")
    said = person.hear("rules", "nothing |")
    change = {line.split(" | ")[0]: line.split(" | ")[3] for line in said if line.count("|") == 3}
    assert float(change["nothing"]) == 0
    assert float(change["descent: −g"]) < 0 < float(change["ascent: +g"])
    person.picture("rules-frozen")


def test_that_the_listing_and_the_canvas_select_each_other(person: Desk) -> None:
    person.key("ctrl+alt+2")
    person.click(person.see("row", "program", "gradient of output/weight"))
    person.wait("its layer is selected", lambda s: s["selected"] == ["output"])
    person.click(person.see("node", "relu"))
    person.wait("the other one is selected", lambda s: s["selected"] == ["relu"])
    assert any("relu" in line for line in person.see("chosen", "program"))
    person.key("ctrl+1")


def test_that_a_loss_is_taken_apart_on_the_canvas_and_in_its_explanation(person: Desk) -> None:
    for _ in range(3):
        person.key("F8")
    person.wait("the loss is there", lambda s: s["loss"] is not None)
    person.double_click(person.see("node", "loss"))
    person.wait("its operations are there", lambda s: len(s["boxes"]) > 2)
    person.double_click(person.see("operation", "softmax cross entropy  +"))
    person.wait("its parts are there", lambda s: s["boxes"][:3] == ["exp", "sum over", "divide"])
    person.picture("parts-of-a-loss")
    person.press("Back to loss")
    person.wait("the layer is back", lambda s: len(s["boxes"]) > 2 and "exp" not in s["boxes"])
    person.double_click(person.see("operation", "entropy backward  +"))
    person.wait("the chain rule is there", lambda s: "divisor backward" in s["boxes"])
    person.key("Escape")
    person.press("Back to the network")
    person.wait("the network is back", lambda s: s["boxes"] == [])

    person.key("ctrl+1")
    person.press("Value", "explanation")
    person.key("Home")
    person.type("loss: loss")
    person.key("Return")
    person.hear("explanation", "<b>loss: loss</b> = ")
    said = person.hear("explanation", " × 0.03125 | ")
    first = next(line for line in said if " × 0.03125 | " in line).split(" | ")[0]
    person.click(person.see("row", "explanation", first))
    person.key("Right")
    person.hear("explanation", "X: loss: sum over [")
    person.double_click(person.see("row", "explanation", "X: loss: sum over ["))
    person.hear("explanation", "<b>loss: sum over [")
    person.picture("loss-in-between")


def test_that_a_wire_shows_its_own_part_and_a_fork_the_sum(person: Desk, tmp_path: Path) -> None:
    network, ids = residual()
    file = tmp_path / "fork.bps"
    project.save(project.Project(network), file)
    person.open(file)
    person.wait("it can be run", lambda s: s["state"] == "paused" and len(s["nodes"]) == 7)
    for _ in range(4):
        person.key("F8")
    person.wait("backward is done", lambda s: s["step"] == "affine gradient of dense_1")
    person.wait("the error signals are shown", lambda s: "Σ" in str(person.see("flow")))
    flow = person.see("flow")
    fork = ids["dense_1"]
    parts = [float(n) for wire, n in flow.items() if wire.startswith(fork + " ")]
    total = float(flow[fork].removeprefix("Σ "))
    assert len(parts) == 2
    # They are root mean squares: the parts may agree, or work against each other.
    assert abs(parts[0] - parts[1]) * 0.95 <= total <= sum(parts) * 1.05
    assert total not in parts
    person.picture("fork")
