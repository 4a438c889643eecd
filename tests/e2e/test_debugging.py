"""Step, rewind, branch, break and change numbers: the debugger by mouse and keyboard."""

from __future__ import annotations

import time

import pytest
from hands import Desk, missing_tools

pytestmark = [
    pytest.mark.skipif(bool(missing_tools()), reason=f"needs {', '.join(missing_tools())}"),
    pytest.mark.timeout(120),
]


def _train(person: Desk, iterations: int) -> None:
    for _ in range(iterations):
        person.key("F9")
    person.wait(f"{iterations} iterations are done", lambda s: s["completed"] == iterations)


def test_that_every_size_of_step_goes_forth_and_back(person: Desk) -> None:
    person.key("F8")
    person.wait("the data are loaded", lambda s: s["step"].startswith("load"))
    person.key("F4")
    person.key("F4")
    person.wait("two numbers are shown", lambda s: s["element"] == 2)
    person.hear("explanation", "hidden: affine [0, 1]")
    person.key("shift+F4")
    person.wait("one number is taken back", lambda s: s["element"] == 1)
    person.key("F6")
    here = person.wait("the op is done", lambda s: s["element"] == 0 and s["cursor"][1] > 2)
    for forth, back in (("F6", "shift+F6"), ("F7", "shift+F7"), ("F8", "shift+F8")):
        person.key(forth)
        person.wait(f"{forth} goes on", lambda s, at=here["cursor"]: s["cursor"] > at)
        person.key(back)
        here = person.wait(f"{back} leads back", lambda s, at=here["cursor"]: s["cursor"] <= at)
    before = person.see("number", "output/bias", 0)
    person.key("F9")
    person.wait("an update is made", lambda s: s["completed"] == 1)
    assert person.see("number", "output/bias", 0) != before
    person.click(person.see("button", "batch"))
    person.click(person.see("button", "back"))
    person.wait("the update is taken back", lambda s: s["cursor"] == [0, 0])
    assert person.see("number", "output/bias", 0) == before
    person.key("ctrl+F9")
    epoch = person.wait("an epoch is over", lambda s: s["completed"] > 20)["completed"]
    assert person.state()["live"] == epoch
    person.key("ctrl+shift+F9")
    person.wait("the epoch is taken back", lambda s: s["completed"] == 0)
    person.picture("stepping")


def test_that_breakpoints_of_the_form_and_the_listing_stop_the_run(person: Desk) -> None:
    person.key("ctrl+alt+2")
    person.click(person.see("gutter", "program", "= relu(hidden"))
    person.key("F5")
    state = person.wait("it stops before the op", lambda s: "Stopped" in s["message"])
    assert "relu of relu" in state["message"] and state["cursor"] == [0, 3]
    person.key("b")
    person.click(person.see("row", "program", "gradient of hidden/weight"))
    assert person.wait("its layer is selected", lambda s: s["selected"] != [])["selected"] == [
        "hidden"
    ]
    person.key("Return")
    person.wait("it runs to the instruction", lambda s: s["cursor"] == [0, 12])

    person.key("ctrl+alt+b")
    person.press("What to stop at", "breakpoints")
    person.key("Home")
    person.key("Return")
    person.press("Limit", "breakpoints")
    person.type("nothing")
    person.key("Return")
    person.hear("breakpoints", "Type a number as the limit")
    person.key("ctrl+a")
    person.type("1.5")
    person.key("Return")
    person.hear("breakpoints", "loss below 1.5")
    person.key("F5")
    state = person.wait("it stops at the loss", lambda s: "loss below" in s["message"])
    assert state["losses"][-1] < 2.5 and state["state"] == "paused"
    person.picture("breakpoints")
    person.click(person.see("row", "breakpoints", "loss below"))
    person.key("Delete")
    person.hear("breakpoints", "Run stops by itself")
    person.key("ctrl+alt+2")


def test_that_the_past_is_scrubbed_to_and_changed_as_a_named_branch(person: Desk) -> None:
    person.key("ctrl+alt+3")
    person.click(person.see("tab", "Loss curves"))
    _train(person, 30)
    person.click(person.see("tab", "Timeline"))
    end = person.see("number", "output/bias", 0)
    person.drag(person.see("timeline", 1.0), person.see("timeline", 0.3))
    person.wait("ten iterations are done", lambda s: 8 <= s["completed"] <= 10)
    person.press("One iteration back", "timeline")
    person.press("Ten recorded iterations on", "timeline")
    person.wait("nine more", lambda s: 17 <= s["completed"] <= 19)
    person.press("To the first moment", "timeline")
    person.wait("the first moment", lambda s: s["completed"] == 0)
    person.press("To the end of what is recorded", "timeline")
    person.wait("the last moment", lambda s: s["completed"] == 30)
    assert person.see("number", "output/bias", 0) == end
    person.click(person.see("timeline", 0.5))
    person.wait("the middle", lambda s: 14 <= s["completed"] <= 16)

    person.click(person.see("setup", "learning_rate"))
    person.key("ctrl+a")
    person.type("0.05")
    person.key("Return")
    person.wait("a branch begins", lambda s: s["branch"] == "branch 2")
    person.key("F9")
    person.key("F9")
    person.wait("it goes on", lambda s: s["live"] >= 16)
    state = person.wait("both curves are there", lambda s: "main" in s["curves"])
    assert state["branches"] == ["main", "branch 2"]
    person.click(person.see("row", "timeline", "branch 2"))
    person.key("F2")
    person.key("ctrl+a")
    person.type("fast")
    person.key("Return")
    person.wait("it is called fast", lambda s: s["branches"] == ["main", "fast"])
    person.picture("timeline")
    person.double_click(person.see("row", "timeline", "main"))
    person.wait("main goes on", lambda s: s["branch"] == "main" and s["live"] == 30)
    person.press("To the end of what is recorded", "timeline")
    person.wait("its last moment", lambda s: s["completed"] == 30)
    assert person.see("number", "output/bias", 0) == end
    person.click(person.see("row", "timeline", "fast"))
    person.key("Delete")
    person.wait("it is forgotten", lambda s: s["branches"] == ["main"])
    person.key("ctrl+alt+2")


def test_that_a_number_is_typed_in_marked_and_taken_back(person: Desk) -> None:
    person.key("F8")
    before = person.see("number", "hidden/weight", 0, 0)
    person.key("ctrl+e")
    person.wait("the dialog opens", lambda s: s["dialog"] == "Set a number by hand")
    person.press("Value")
    person.type("hidden/w")
    person.key("Return")
    person.press("New number")
    person.type("half")
    person.key("Return")
    person.hear("", "'half' is not a number")
    person.key("ctrl+a")
    person.type("0.5")
    person.picture("number")
    person.key("Return")
    person.wait("it is put in", lambda s: s["edited"] and s["dialog"] is None)
    assert person.see("number", "hidden/weight", 0, 0) == 0.5
    person.key("shift+F6")
    person.wait("it is taken back", lambda s: not s["edited"])
    assert person.see("number", "hidden/weight", 0, 0) == before


def test_that_slow_motion_flows_and_full_speed_trains(person: Desk) -> None:
    person.click(person.see("slider", "Speed", 0.62))
    person.key("F5")
    person.wait("it flows", lambda s: s["flowing"] and s["cursor"][1] >= 3)
    assert person.state()["pace"].endswith("op/s")
    person.picture("slow-motion")
    person.key("F5")
    person.wait("it pauses", lambda s: s["state"] == "paused" and not s["flowing"])
    person.click(person.see("slider", "Speed", 0.99))
    person.wait("full speed is chosen", lambda s: s["pace"] == "full speed")
    person.key("F5")
    person.wait("it trains", lambda s: s["completed"] > 100)
    person.key("F5")
    person.wait("it pauses", lambda s: s["state"] == "paused")
    time.sleep(0.1)
