"""Explain, credit, check, race, compare and open: the instruments by mouse and keyboard."""

from __future__ import annotations

import pytest
from hands import Desk, missing_tools

pytestmark = [
    pytest.mark.skipif(bool(missing_tools()), reason=f"needs {', '.join(missing_tools())}"),
    pytest.mark.timeout(120),
]


def _backward_is_done(person: Desk) -> None:
    for _ in range(4):
        person.key("F8")
    person.wait("backward is done", lambda s: len(s["computed"]) == 4)


def test_that_a_number_is_explained_down_to_its_factors_and_copied(person: Desk) -> None:
    _backward_is_done(person)
    person.double_click(person.see("tile", "output/weight"))
    person.hear("explanation", "gradient of output/weight [")
    said = person.hear("explanation", "upstream × local = downstream")
    rows = [line for line in said if " × " in line and " | " in line]
    product, total = rows[0].split(" | ")
    first, second = (float(x) for x in product.split(" × "))
    assert first * second == pytest.approx(float(total), rel=1e-4)
    person.click(person.see("row", "explanation", product))
    person.key("Right")
    person.hear("explanation", "upstream: gradient of output")
    person.picture("explanation")
    person.double_click(person.see("row", "explanation", "upstream: gradient of output"))
    person.hear("explanation", "gradient of output: affine [")
    person.press("Back to the number before", "explanation")
    person.hear("explanation", "gradient of output/weight [")
    for letter, sign in (("t", "gradient of output/weight"), ("l", "\\cdot"), ("n", "#")):
        person.press("Copy ▾", "explanation")
        person.key(letter)
        assert sign in person.see("clipboard")


def test_that_credit_is_sorted_filtered_and_followed_by_a_nudge(person: Desk) -> None:
    person.key("ctrl+2")
    person.key("F9")
    said = person.hear("credit", "predicted ΔL")
    shares = [line.split(" | ")[1] for line in said if "% |" in line]
    assert len(shares) == 4
    handle, end = (person.see("slider", "Nudge", share, "credit") for share in (0.75, 1.0))
    person.drag(handle, end)
    person.hear("credit", "by δ = +1")
    person.hear("credit", "The gap shrinks like δ")
    person.key("F9")
    person.key("F9")
    person.press("Filter by name", "credit")
    person.type("output/b")
    person.hear("credit", "output/bias")
    person.wait("nothing else is listed", lambda s: _listed(person) == ["output/bias"])
    person.picture("credit")
    person.double_click(person.see("row", "credit", "output/bias"))
    person.wait("its layer is selected", lambda s: s["selected"] == ["output"])
    person.press("Filter by name", "credit")
    person.key("ctrl+a")
    person.key("Delete")


def _listed(person: Desk) -> list[str]:
    lines = person.see("says", "credit")
    return [line.split(" | ")[0] for line in lines if "% |" in line]


def test_that_a_layer_is_sat_inside_and_knows_a_mistake(person: Desk) -> None:
    person.click(person.see("node", "loss"))
    person.key("ctrl+6")
    person.wait("the others stand back", lambda s: s["focus"] == "loss")
    person.hear("inside", "dZ[0, 0]")
    person.press("Show the sum", "inside")
    (worked,) = (w for w in person.hear("inside", "dZ[0, 0] =") if " / 2 = " in w)
    given, right = worked.split(" = ")[1:]
    p, t = given.removesuffix(" / 2").strip("()").split(" − ")
    person.press("Your answer", "inside")
    person.type("much")
    person.key("Return")
    person.hear("inside", "'much' is not a number")
    for wrong, hint in (
        (f"{float(p) - float(t):g}", "divide by N"),
        (f"{-float(right):g}", "the sign is not"),
    ):
        person.key("ctrl+a")
        person.type(wrong)
        person.key("Return")
        person.hear("inside", hint)
    person.key("ctrl+a")
    person.type(right)
    person.key("Return")
    person.hear("inside", "dZ[0, 0]: right. 1 of 4 right.")
    person.picture("inside")
    person.key("ctrl+2")
    person.wait("the network is whole again", lambda s: s["focus"] == "")


def test_that_gradients_are_checked_and_a_bug_is_hunted(person: Desk) -> None:
    person.key("F9")
    person.key("ctrl+9")
    person.press("Check gradients", "gradient_check")
    said = person.hear("gradient_check", "Backward agrees with")
    assert sum("✓" in line for line in said) == 4
    person.picture("gradient-check")
    person.key("ctrl+7")
    person.press("Plant a bug", "bug_hunt")
    said = person.hear("bug_hunt", "A bug is in")
    assert any("wrong" in line and "|" in line for line in said)
    person.press("Accuse", "bug_hunt")
    person.press("Tell me", "bug_hunt")
    person.hear("bug_hunt", "1 found")
    person.picture("bug-hunt")


def test_that_nothing_done_with_a_gradient_changes_nothing(person: Desk) -> None:
    person.key("ctrl+5")
    said = person.hear("rules", "nothing |")
    rows = {line.split(" | ")[0]: line.split(" | ")[1:] for line in said if line.count("|") == 3}
    before, after, change = rows["nothing"]
    assert before == after and float(change) == 0
    assert float(rows["descent: −g"][2]) < 0 < float(rows["ascent: +g"][2])
    person.picture("rules")


def test_that_the_race_counts_and_marks_what_is_reused(person: Desk) -> None:
    person.key("F8")
    person.key("ctrl+4")
    person.press("Race", "efficiency")
    said = person.hear("efficiency", "times fewer multiply-adds")
    rows = [line for line in said if line.count(" | ") == 4]
    assert [row.split(" | ")[0] for row in rows] == [
        "backward", "central differences", "forward mode", "every path alone",
    ]  # fmt: skip
    assert int(rows[2].split(" | ")[3]) >= 6
    person.press("Mark on the canvas what backward reuses", "efficiency")
    person.wait("what is kept is marked", lambda s: "relu" in s["badges"])
    person.picture("efficiency")
    person.press("Mark on the canvas what backward reuses", "efficiency")
    person.wait("nothing is marked", lambda s: not s["badges"])


def test_that_two_moments_are_compared(person: Desk) -> None:
    person.key("ctrl+8")
    person.press("Mark A", "compare")
    person.hear("compare", "main, after 0 iterations")
    person.key("F9")
    person.key("F9")
    person.hear("compare", "main, after 2 iterations")
    said = person.hear("compare", "output/weight |")
    assert float(next(r for r in said if r.startswith("output/weight")).split(" | ")[1]) > 0
    person.picture("compare")
    person.press("Clear", "compare")


def test_that_an_example_is_clicked_in_the_plot_and_typed_in(person: Desk) -> None:
    person.key("ctrl+shift+x")
    person.key("F8")
    person.key("F8")
    person.hear("example", "the network says")
    person.click(person.see("point", 5))
    person.wait("it is traced", lambda s: s["traced"] == 5)
    person.picture("example")
    person.press("Features of the example", "example")
    person.key("Home")
    person.type("x")
    person.key("Return")
    person.hear("example", "These are not numbers")
    person.key("Home")
    person.key("Delete")
    person.key("Delete")
    person.type("1")
    person.key("Return")
    person.wait("it is put in", lambda s: s["edited"])


def test_that_a_layer_is_opened_down_to_its_parts_and_left(person: Desk) -> None:
    person.key("F8")
    person.double_click(person.see("node", "hidden"))
    person.wait("its operations are there", lambda s: len(s["boxes"]) > 2)
    person.double_click(person.see("operation", "affine"))
    person.wait("its parts are there", lambda s: s["boxes"] == ["matmul", "add"])
    person.picture("parts")
    person.key("Escape")
    person.key("Escape")
    person.wait("the network is back", lambda s: s["boxes"] == [])
    person.wheel(person.see("node", "hidden"), 12)
    person.wait("the wheel leads in", lambda s: s["boxes"] != [])
    person.wheel(person.see("canvas", 0.5, 0.5), -16)
    person.wait("and out", lambda s: s["boxes"] == [])
    person.key("ctrl+0")
