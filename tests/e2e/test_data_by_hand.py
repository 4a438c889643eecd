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


def test_that_points_are_brushed_clicked_and_moved_while_training_runs(tmp_path: Path) -> None:
    with desk(tmp_path) as person:
        person.wait("the example is ready to run", lambda s: s["state"] == "paused")
        person.wait("the window is active", lambda s: s["active"])
        person.press("Go to the canvas")
        person.press("Draw…", "setup")
        person.press("Brush", "draw")
        person.drag(person.see("plane", -1.2, -0.8), person.see("plane", -0.4, 0.8))
        person.wait("there are points", lambda s: s["undo"] == "Draw Points")
        person.key("2")  # the class of the points that come
        person.drag(person.see("plane", 0.4, -0.8), person.see("plane", 1.2, 0.8))
        person.press("Point", "draw")
        person.click(person.see("plane", 1.6, -1.6))
        person.wait("one is added", lambda s: s["undo"] == "Add Point")
        drawn = person.see("drawn")
        assert len(drawn) > 20
        person.picture("3-drawn")

        state = person.state()
        assert any("N×2" in p for p in state["problems"]), "ten digits are no answer here"
        person.key("ctrl+period")
        person.wait("the network fits", lambda s: s["problems"] == [] and s["state"] == "paused")
        person.click(person.see("button", "run"))
        person.wait("it trains", lambda s: s["state"] == "running" and s["completed"] > 20)

        before = person.state()
        start, end = person.see("plane", 1.6, -1.6), person.see("plane", 1.6, 1.6)
        person.drag(start, end)
        moved = person.wait("the point is moved", lambda s: s["undo"] == "Move Point")
        assert moved["state"] == "running", "training has not even stopped"
        assert moved["dataset"] != before["dataset"]
        assert moved["completed"] >= before["completed"], "and what was learned is kept"
        person.wait("it goes on", lambda s: s["completed"] > moved["completed"] + 20)
        now = person.see("drawn")
        assert len(now) == len(drawn) and max(y for _, y in now) > 1.4
        person.picture("4-moved")
        person.click(person.see("button", "run"))
        person.wait("it is paused", lambda s: s["state"] == "paused")
        person.key("ctrl+z")
        person.wait("the point is back", lambda s: s["dataset"] == before["dataset"])


def test_that_a_table_of_ones_own_is_imported_mended_and_trained_with_the_mouse(
    tmp_path: Path,
) -> None:
    table = tmp_path / "fruit.csv"
    kinds = ("Apfel", "Birne", "Kirsche")
    rows = [f"{k % 3 + k / 100:.2f};{5 - k % 3};{kinds[k % 3]};{k}" for k in range(90)]
    rows[4] = rows[4].replace(";4;", ";;")
    text = "Länge;Breite;Sorte;Nummer\n" + "\n".join(row.replace(".", ",") for row in rows)
    table.write_text(text, encoding="utf-8")
    with desk(tmp_path) as person:
        person.wait("the example is ready to run", lambda s: s["state"] == "paused")
        person.wait("the window is active", lambda s: s["active"])
        person.press("Go to the canvas")
        person.press("Import…", "setup")
        person.wait("it asks what", lambda s: s["dialog"] == "Import data")
        person.press("File or folder")
        person.type(str(table))
        person.key("Return")
        person.wait("it is looked at", lambda s: "90 rows" in s["import"])

        # What is learned stands in the third column, and the number of a row tells nothing.
        person.click(person.see("widget", "Target"))
        person.key("Home")
        person.key("Down")
        person.key("Down")
        person.key("Return")
        person.wait("three classes", lambda s: "3 classes: Apfel 30" in s["import"])
        person.click(person.see("columns", 0, 3))
        person.wait("the list is open", lambda s: s["popup"])
        person.key("End")
        person.key("Return")
        person.wait("two features are left", lambda s: "2 feature columns" in s["import"])
        person.picture("5-import")
        person.press("Import")
        person.wait("it says what was missing", lambda s: "'Breite'" in s["import note"])
        person.press("Use these data")

        state = person.wait("it is the data set", lambda s: s["dataset"].startswith("own:"))
        assert "Imported 'fruit': 90 rows" in state["message"]
        (problem,) = state["problems"]
        assert "targets of shape N×3" in problem
        person.picture("6-imported")
        person.click(person.see("fix", "loss"))
        person.wait("one click mends it", lambda s: s["problems"] == [] and s["state"] == "paused")
        person.click(person.see("button", "run"))
        person.wait("it learns", lambda s: (s["accuracy"] or 0) > 0.9, seconds=60)
        person.click(person.see("button", "run"))
        person.wait("it is paused", lambda s: s["state"] == "paused")
