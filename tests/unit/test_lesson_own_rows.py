"""Own rows of a lesson outlive the window's memory, for evidence of several sittings."""

from __future__ import annotations

from pathlib import Path

import pytest
from lesson_cases import scene_of

from backprop_studio.data import own
from backprop_studio.lessons import LessonError
from backprop_studio.lessons.actions import action
from backprop_studio.lessons.own_rows import OwnRows, of_events
from backprop_studio.lessons.recorder import Event, plain
from backprop_studio.network import Network

LOOP = "12_the_learning_loop"


def drawn(*points: tuple[float, float, int]) -> Network:
    """The lesson's network on these points."""
    return action({"draw": [list(point) for point in points]}).edit(scene_of(LOOP).network)


@pytest.fixture
def designs() -> list[Network]:
    return [drawn((0.5, 0.0, 0), (1.0, k, 1)) for k in (0.1, 0.2, 0.3)]


def test_that_rows_are_there_after_the_window_forgot_them(
    tmp_path: Path, designs: list[Network]
) -> None:
    first, second, third = (network.setup.dataset for network in designs)
    events = [Event("design", network=plain(network)) for network in designs[:2]]
    OwnRows(tmp_path).add("loop", events[:1], designs[1])
    rows = OwnRows(tmp_path)
    rows.add("loop", events, designs[2])
    own.release()
    assert set(rows.load("loop")) == {first, second, third}
    assert of_events(events, designs[2]) == {}
    found = of_events(events, designs[2], rows.load("loop"))
    assert list(found) == [third, second, first], "the last ones first"
    # Nothing is written twice.
    size = (tmp_path / "loop.rows.jsonl").stat().st_size
    rows.add("loop", events, designs[2])
    assert (tmp_path / "loop.rows.jsonl").stat().st_size == size
    rows.forget("loop")
    assert rows.load("loop") == {} and OwnRows(tmp_path).load("other") == {}


def test_that_a_line_a_crash_has_left_takes_no_other_with_it(
    tmp_path: Path, designs: list[Network]
) -> None:
    rows = OwnRows(tmp_path)
    rows.add("loop", [], designs[0])
    path = tmp_path / "loop.rows.jsonl"
    path.write_bytes(path.read_bytes() + b'{"id": "own:1", "entr')
    OwnRows(tmp_path).add("loop", [], designs[1])
    assert set(OwnRows(tmp_path).load("loop")) == {n.setup.dataset for n in designs[:2]}


def test_that_data_of_the_program_are_not_kept_and_a_full_disk_is_told(
    tmp_path: Path, designs: list[Network]
) -> None:
    rows = OwnRows(tmp_path / "file")
    rows.add("loop", [], scene_of(LOOP).network)
    assert not (tmp_path / "file").exists()
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(LessonError):
        rows.add("loop", [], designs[0])
