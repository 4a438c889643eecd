"""See learning happen, and see why it fails: the instruments by mouse and keyboard."""

from __future__ import annotations

import pytest
from hands import Desk, missing_tools

pytestmark = [
    pytest.mark.skipif(bool(missing_tools()), reason=f"needs {', '.join(missing_tools())}"),
    pytest.mark.timeout(120),
]


def _train(person: Desk, iterations: int) -> None:
    person.click(person.see("button", "run"))
    person.wait("it has trained a while", lambda s: s["completed"] >= iterations)
    person.click(person.see("button", "run"))
    person.wait("it pauses", lambda s: s["state"] in ("paused", "failed"))


def _choose(person: Desk, name: str, key: str, entry: int) -> None:
    """Choose an entry of a box with the keys, so many below the first one."""
    person.press(name, key)
    person.key("Home")
    for _ in range(entry):
        person.key("Down")
    person.key("Return")


def test_that_curves_are_read_and_copied_with_both_accuracies(person: Desk) -> None:
    _train(person, 300)
    person.move(*person.see("slider", "Curves of", 0.5, "losses"))
    person.press("View ▾", "losses")
    for _ in range(2):
        person.key("Down")
    person.key("Return")  # Accuracy
    person.wait("accuracies are drawn", lambda s: s["curves"] == ["train", "validation"])
    person.picture("accuracy")
    person.press("View ▾", "losses")
    person.key("Up")
    person.key("Up")
    person.key("Return")  # Copy as text
    head, *rows = person.see("clipboard").splitlines()
    assert head.split("\t") == ["Epoch", "Loss", "Held out", "Accuracy", "Held out", "Rate"]
    loss, held, learned, right, rate = (float(n) for n in rows[4].split("\t")[1:])
    assert loss > 0 and held > 0 and rate > 0 and 0.5 < learned <= 1 and 0.5 < right <= 1
    person.press("View ▾", "losses")
    person.key("Down")
    person.key("Return")  # Loss


def test_that_distributions_over_time_are_hills_a_map_and_a_table(person: Desk) -> None:
    _train(person, 200)
    person.key("ctrl+alt+g")
    person.hear("over_time", "moments of the run")
    _choose(person, "How it is shown", "over_time", 3)
    person.move(*person.see("slider", "Distributions over time", 0.3, "over_time"))
    person.hear("over_time", "share from")
    person.picture("ridges")
    _choose(person, "How it is shown", "over_time", 2)
    person.move(*person.see("slider", "Map over time", 0.6, "over_time"))
    person.hear("over_time", "share from")
    _choose(person, "How it is shown", "over_time", 4)
    person.hear("over_time", "output |")
    person.press("Copy", "over_time")
    assert person.see("clipboard").startswith("epoch\thidden\toutput\n")
    _choose(person, "How it is shown", "over_time", 0)


def test_that_a_confusion_lists_examples_and_one_that_is_held_out_is_traced(
    person: Desk,
) -> None:
    _train(person, 100)
    person.key("alt+1")
    person.hear("predictions", "right, loss")
    person.click(person.see("tab", "Confusion"))
    person.hear("predictions", "Rows: the true class")
    person.picture("confusion")
    person.click(person.see("tab", "Worst"))
    person.click(person.see("row", "predictions", "held out"))
    person.press("Trace this example", "predictions")
    person.hear("example", "never in a batch")
    person.hear("example", "a pass of its own")
    person.picture("traced")


def test_that_a_digit_is_drawn_and_classified(person: Desk) -> None:
    _train(person, 300)
    person.key("alt+1")
    person.hear("predictions", "right, loss")
    person.click(person.see("tab", "Draw"))
    x, y = person.see("widget", "Pad to draw on", "predictions")
    person.drag([x - 25, y - 50], [x + 5, y + 60])
    person.hear("predictions", "It takes this for")
    person.picture("drawn")
    person.press("Clear", "predictions")
    assert not any("It takes this for" in line for line in person.see("says", "predictions"))


def test_that_a_panel_of_pictures_has_its_numbers_as_a_table(person: Desk) -> None:
    _train(person, 100)
    for keys, key, told, head, row in (
        ("alt+2", "representations", "probe: ", "Layer\t", "hidden |"),
        ("alt+3", "units", "on average", "Unit\tHere\t", "0 |"),
    ):
        person.key(keys)
        person.hear(key, told)
        person.press("Table", key)
        person.hear(key, row)
        person.press("Copy", key)
        assert person.see("clipboard").startswith(head)
        person.press("Table", key)
    person.key("ctrl+alt+l")
    person.press("Compute", "landscape")
    person.hear("landscape", "plum is the path")
    person.picture("landscape")
    person.key("F8")
    person.key("ctrl+alt+f")
    person.hear("gradient_flow", "Step on")


def test_that_the_doctor_names_an_illness_and_tries_a_cure_on_a_branch(person: Desk) -> None:
    person.key("ctrl+alt+1")  # the panels for building
    person.click(person.see("setup", "learning_rate"))
    person.key("ctrl+a")
    person.type("3")
    person.key("Return")
    _train(person, 200)
    person.key("ctrl+alt+d")
    said = person.hear("doctor", "Why:")
    assert any("wrong" in line for line in said)
    person.picture("doctor")
    person.press("A tenth of the learning rate", "doctor")
    state = person.wait("a branch stands at the start", lambda s: len(s["branches"]) == 2)
    assert state["completed"] == 0
    person.hear("doctor", "a branch stands at the first moment")
    _train(person, 200)
    person.wait("both futures are drawn", lambda s: "main" in s["curves"])
    person.picture("cure")
    for _ in range(2):
        person.key("ctrl+z")
    person.wait("all is as before", lambda s: not s["modified"])
