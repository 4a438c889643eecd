"""Data are looked at, spoilt and mended, with a real mouse and keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from hands import desk, missing_tools

pytestmark = [
    pytest.mark.skipif(bool(missing_tools()), reason=f"needs {', '.join(missing_tools())}"),
    pytest.mark.timeout(120),
]


def test_that_data_are_spoilt_in_order_seen_in_the_table_and_mended_by_undo(
    tmp_path: Path,
) -> None:
    with desk(tmp_path) as person:
        person.wait("the example is ready to run", lambda s: s["state"] == "paused")
        person.wait("the window is active", lambda s: s["active"])
        person.press("Go to the canvas")
        person.click(person.see("data", "open"))
        person.wait("the rows are counted", lambda s: s["rows"] == "1,797 rows")

        person.click(person.see("data", "tab 1"))
        for kind, downs in (("label_noise", 1), ("renamed_classes", 4)):
            person.click(person.see("data", "add"))
            for _ in range(downs):
                person.key("Down")
            person.key("Return")
            person.wait(f"{kind} is added", lambda s, k=kind: k in s["corruptions"])
        person.picture("1-corrupted")
        person.click(person.see("data", "list"))
        person.key("Home")
        person.key("alt+Down")
        person.wait(
            "the names are changed first",
            lambda s: s["corruptions"] == ["renamed_classes", "label_noise"],
        )
        person.key("Delete")
        person.wait("the noise is gone", lambda s: s["corruptions"] == ["renamed_classes"])

        person.click(person.see("data", "tab 2"))
        person.click(person.see("data", "rows"))
        state = person.wait("a row is shown", lambda s: "Labelled" in s["row"])
        assert "was" in state["row"], "it goes by another name now"
        person.key("Home")
        person.key("Down")
        person.wait("the next row is shown", lambda s: s["row"] != state["row"])
        person.picture("2-rows")

        person.key("ctrl+z")
        person.wait("the noise is back", lambda s: len(s["corruptions"]) == 2)
        for _ in range(3):
            person.key("ctrl+z")
        state = person.wait("the data are as they were", lambda s: s["corruptions"] == [])
        assert state["problems"] == []
        assert not state["modified"]
