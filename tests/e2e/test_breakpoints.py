"""Every kind of breakpoint stops the run in the real window, and says why."""

from __future__ import annotations

from pathlib import Path

import pytest
from hands import Desk, missing_tools
from networks import diverging

from backprop_studio import project

pytestmark = [
    pytest.mark.skipif(bool(missing_tools()), reason=f"needs {', '.join(missing_tools())}"),
    pytest.mark.timeout(120),
]
KINDS = (
    "loss below", "loss above", "gradient norm below", "gradient norm above", "dead units",
    "iteration", "layer", "operation", "phase",
)  # fmt: skip


def _choose(person: Desk, name: str, place: int) -> None:
    person.press(name, "breakpoints")
    person.key("Home")
    for _ in range(place):
        person.key("Down")
    person.key("Return")


def _add(person: Desk, kind: str, limit: str = "") -> None:
    _choose(person, "What to stop at", KINDS.index(kind))
    if limit:
        person.press("Limit", "breakpoints")
        person.type(limit)
        person.key("Return")


def _run_into(person: Desk, words: str) -> dict[str, object]:
    """Run, until the run has stopped with these words."""
    person.key("F5")
    state = person.wait(f"it stops: {words}", lambda s: words in s["message"])
    assert state["state"] == "paused"
    person.hear("breakpoints", "the run stopped here")
    return state


def _remove(person: Desk) -> None:
    person.click(person.see("row", "breakpoints", ""))
    person.key("Delete")
    person.hear("breakpoints", "Run stops by itself")


def test_that_a_layer_stops_the_run_in_both_passes_until_it_is_deleted(person: Desk) -> None:
    person.key("ctrl+alt+b")
    person.hear("breakpoints", "press B on a layer")
    _add(person, "layer")
    _choose(person, "Layer", 2)
    person.press("Add", "breakpoints")
    person.hear("breakpoints", "at relu")
    forward = _run_into(person, "Stopped at a breakpoint: at relu")["cursor"]
    person.picture("breakpoint-layer")
    person.key("F5")
    state = person.wait("it stops on the way back", lambda s: s["cursor"] > forward)
    assert state["cursor"][0] == forward[0] and "at relu" in state["message"]

    person.click(person.see("node", "relu"))
    person.key("Delete")
    person.hear("breakpoints", "at a deleted layer: not in this network")
    person.wait("it is said", lambda s: "Undo brings it back" in s["message"])
    person.picture("breakpoint-deleted")
    person.key("ctrl+z")
    person.wait("the layer is back", lambda s: "relu" in s["nodes"])
    person.wait("it can be run", lambda s: s["state"] == "paused")
    _said_without(person, "not in this network")
    person.key("F5")
    person.wait("it stops again", lambda s: "at relu" in s["message"])
    # The same key that has set it on the canvas takes it away.
    person.click(person.see("node", "relu"))
    person.key("b")
    person.hear("breakpoints", "Run stops by itself")


def _said_without(person: Desk, words: str) -> None:
    said = person.hear("breakpoints", "at relu")
    assert not any(words in line for line in said)


def test_that_phases_and_iterations_stop_the_run(person: Desk) -> None:
    person.key("ctrl+alt+b")
    _add(person, "phase")
    _choose(person, "Phase", 3)
    person.press("Add", "breakpoints")
    state = _run_into(person, "before backward")
    assert state["computed"] == [] and state["step"].startswith("softmax")
    person.key("F5")
    person.wait("it stops in the next iteration", lambda s: s["completed"] == 1)
    _remove(person)
    _add(person, "iteration", "many")
    person.hear("breakpoints", "Type how many iterations")
    person.key("ctrl+a")
    person.type("7")
    person.key("Return")
    assert _run_into(person, "after 7 iterations")["completed"] == 7
    _remove(person)


def test_that_norms_losses_and_dead_units_stop_the_run_and_say_what_they_are(
    person: Desk,
) -> None:
    person.key("ctrl+alt+b")
    for kind, limit, words, low, high in (
        ("gradient norm above", "0.2", "gradient norm above 0.2 (it is ", 0.2, 99),
        ("gradient norm below", "0.4", "gradient norm below 0.4 (it is ", 0, 0.4),
        ("loss above", "1e-3", "loss above 0.001 (it is ", 1e-3, 99),
    ):
        _add(person, kind, limit)
        message = str(_run_into(person, words)["message"])
        assert low <= float(message.split("(it is ")[1].rstrip(")")) <= high
        _remove(person)
    _add(person, "dead units")
    _choose(person, "Layer", 2)
    person.press("Limit", "breakpoints")
    person.type("5")
    person.key("Return")
    person.hear("breakpoints", "A share is at least 0 and below 1")
    person.key("ctrl+a")
    person.type("0.01")
    person.key("Return")
    _run_into(person, "dead units of relu above 0.01 (it is ")
    person.picture("breakpoint-dead-units")
    _remove(person)


def test_that_a_number_that_is_not_finite_stops_the_run_without_a_breakpoint(
    person: Desk, tmp_path: Path
) -> None:
    file = tmp_path / "blows-up.bps"
    project.save(project.Project(diverging()), file)
    person.open(file)
    person.wait("it can be run", lambda s: s["state"] == "paused" and len(s["nodes"]) == 3)
    person.key("F5")
    state = person.wait("it blows up", lambda s: s["state"] == "failed")
    assert "Training stopped at iteration" in state["message"]
    said = person.hear("messages", "The last good weights are kept")
    assert any(" gave " in line for line in said)
    person.picture("blown-up")
    assert abs(person.see("number", state["nodes"][1] + "/bias", 0)) < 1e38
    person.click(person.see("setup", "learning_rate"))
    person.key("ctrl+a")
    person.type("0.01")
    person.key("Return")
    person.key("ctrl+r")
    person.wait("it is at its start", lambda s: (s["state"], s["completed"]) == ("paused", 0))
    person.key("F9")
    person.key("F9")
    state = person.wait("it trains again", lambda s: s["completed"] == 2)
    assert state["losses"][1] < state["losses"][0] < 10
