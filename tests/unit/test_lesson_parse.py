"""The text of a lesson: what is taken, and what is refused with its line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_studio import lessons
from backprop_studio.lessons import Formula, Prediction, Progress, Runner, Text, parse
from backprop_studio.lessons.actions import Epochs, SetSetting, StepOn
from backprop_studio.lessons.library import read_text
from backprop_studio.lessons.parse import MAX_FAULTS

HEAD = ["+++", 'id = "l"', 'title = "T"', 'summary = "S"', "minutes = 5", "+++", ""]
CHECK = ["```check", 'kind = "reached"', 'text = "Go"', "iteration = 1", "```"]
WHOLE = [*HEAD, "## One {#one}", "Words, {{loss | .3f}}.", "$$ y = {{loss}} $$", *CHECK]


def faults(lines: list[str]) -> list[tuple[int, str]]:
    return [(fault.line, fault.reason) for fault in parse("\n".join(lines)).faults]


def test_that_a_whole_lesson_is_taken_apart() -> None:
    text = "\n".join(
        [
            *WHOLE,
            "```predict", 'id = "p"', 'question = "Up?"', 'kind = "sign"', 'about = "grad:w"',
            "```",
            "after it",
            "```hint", "Look.", "```",
            "```explain", "It was {{loss@one}}.", "$$ x $$", "```",
            "```solution", "do = [", '  {step = "op", times = 2},', "  {epochs = 3},",
            '  {set = "setup/seed", to = 4},', "]", "```",
            "## Two", *CHECK,
        ]
    )  # fmt: skip
    parsed = parse(text.replace("{{loss@one}}", "{{loss}}"))
    assert parsed.faults == ()
    lesson = parsed.lesson
    assert lesson is not None
    one, two = lesson.steps
    assert (one.id, two.id, one.line) == ("one", "two", 8)
    kinds = [type(block) for block in one.blocks]
    assert kinds == [Text, Formula, Prediction, Text]
    assert one.hints == ("Look.",)
    assert [type(block) for block in one.explain] == [Text, Formula]
    assert one.solution == (
        StepOn(step="op", times=2), Epochs(epochs=3), SetSetting(set="setup/seed", to=4),
    )  # fmt: skip
    assert {e.key for e in one.expressions()} == {"loss", "grad:w"}


def test_that_code_in_a_text_is_text() -> None:
    parsed = parse("\n".join([*WHOLE, "```python", "print(1)", "```"]))
    assert parsed.lesson is not None
    last = parsed.lesson.steps[0].blocks[-1]
    assert isinstance(last, Text)
    assert "print(1)" in last.markdown


@pytest.mark.parametrize(
    ("lines", "line", "reason"),
    [
        ([], 1, "must begin"),
        (["+++", "id = 1"], 1, "not closed"),
        (["+++", 'id = "x', "+++", *WHOLE[7:]], 2, ""),
        ([*HEAD[:3], *HEAD[4:], *WHOLE[7:]], 1, "missing key 'summary'"),
        ([*HEAD[:4], 'minutes = "x"', *WHOLE[5:]], 5, "a whole number"),
        ([*HEAD[:4], "minutes = 500", *WHOLE[5:]], 5, "1 to 120"),
        (["+++", 'id = "L L"', *WHOLE[2:]], 2, "a-z"),
        ([*HEAD[:5], 'project = "../x.bps"', "+++", *WHOLE[7:]], 6, "beside"),
        (HEAD, 6, "no step"),
        ([*HEAD, "words", *WHOLE[7:]], 8, "before the first step"),
        ([*HEAD, "# Title", *WHOLE[7:]], 8, "begins with ##"),
        ([*HEAD, "## One", "text"], 8, "nothing to do"),
        ([*WHOLE, "## One {#one}", *CHECK], 16, "taken already, in line 8"),
        ([*WHOLE, "```chek", "```"], 16, "no block 'chek'"),
        ([*WHOLE, "```hint", "x"], 16, "not closed"),
        ([*WHOLE, "$$ x"], 16, "not closed"),
        ([*WHOLE, "```check", 'text = "x"', 'kind = "reachd"', "```"], 18, "'reachd'"),
        ([*WHOLE, "```check", 'text = "x"', 'kind = "reached"', "```"], 18, "one of iteration"),
        ([*WHOLE, *CHECK[:3], "iteratio = 1", "```"], 19, "unknown key 'iteratio'"),
        ([*WHOLE, *CHECK[:3], 'iteration = "1"', "```"], 19, "a whole number"),
        ([*WHOLE, *CHECK[:2], "text = ", "```"], 18, ""),
        ([*WHOLE, "see {{los}}"], 16, "'los' is not a number"),
        ([*WHOLE, "see {{loss}"], 16, "is not a number like"),
        ([*WHOLE, "see {{loss | 3}}"], 16, "not a format"),
        ([*WHOLE, "see {{value:a b}}"], 16, "not a value"),
        ([*WHOLE, "see {{loss@nowhere}}"], 8, "no earlier step"),
        ([*WHOLE, "see {{loss@one}}"], 8, "no earlier step"),
        ([*WHOLE, "```solution", "do = 1", "```"], 16, "one list"),
        ([*WHOLE, "```solution", "do = [", '  {step = "op"},', "  {stop = 1},", "]", "```"],
         19, "no action"),
        ([*WHOLE, "```solution", "do = [", '  {step = "opp"},', "]", "```"], 18, "opp"),
        ([*WHOLE, "```solution", "do = [", "  {epochs = 0},", "]", "```"], 18, "1 to"),
        ([*WHOLE, "```solution", "do = [", '  {answer = "q", say = 1},', "]", "```"],
         8, "'q', which is not asked"),
        ([*WHOLE, "```predict", 'id = "p"', 'question = "?"', 'kind = "number"',
          'about = "loss"', "```"], 16, "within"),
        ([*WHOLE, "```predict", 'id = "p"', 'question = "?"', 'kind = "pick"',
          'options = ["a", "b"]', "```"], 19, "one of right"),
        ([*WHOLE, "```predict", 'id = "p"', 'question = "?"', 'kind = "sign"',
          'about = "gradd:w"', "```"], 20, "'gradd:'"),
        ([*WHOLE, "```predict", 'id = "p"', 'question = "?"', 'kind = "pick"', "right = 1",
          'options = ["a", "b"]', 'replies = ["a"]', "```"], 22, "one reply for each option"),
        ([*WHOLE, "```predict", 'id = "p"', 'question = "?"', 'kind = "sign"',
          'about = "loss"', 'replies = ["", "", ""]', "```"], 21, "only a pick"),
        ([*WHOLE, "```check", 'kind = "choice"', 'id = "q"', 'text = "?"', "right = 1",
          'options = ["a", "b"]', 'replies = ["", "{{loss}}"]', "```"], 22, "holds none"),
    ],
)  # fmt: skip
def test_that_a_fault_is_told_with_its_line(lines: list[str], line: int, reason: str) -> None:
    found = faults(lines)
    assert found, "nothing was found"
    assert any(at == line and reason in why for at, why in found), found


def test_that_faults_are_listed_in_order_and_not_without_end() -> None:
    found = faults([*WHOLE, *["{{nothing}}"] * 500])
    assert len(found) == MAX_FAULTS
    assert [line for line, _ in found] == sorted(line for line, _ in found)


SHIPPED = [read_text(path).split("\n") for path in lessons.shipped()]
SCRAPS = st.sampled_from(
    ["+++", "```", "```check", "```solution", "## ", "## x", "$$", "{{", "}}", "{{loss", "do = [",
     'kind = "pick"', "= =", "\x00", "id = 5", "[[a]]", "]", "{step = 1}", "[" * 2000, "\u200b"]
)  # fmt: skip


@settings(max_examples=150)
@given(st.data())
def test_that_no_text_breaks_the_parser(data: st.DataObject) -> None:
    """A shipped lesson with lines lost, doubled, put elsewhere, and scraps in between."""
    lines = list(data.draw(st.sampled_from(SHIPPED)))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.integers(0, 3)):
            case 0:
                del lines[at : at + data.draw(st.integers(1, 5))]
                lines = lines or [""]
            case 1:
                lines.insert(at, data.draw(SCRAPS))
            case 2:
                lines.insert(at, lines[data.draw(st.integers(0, len(lines) - 1))])
            case _:
                cut = data.draw(st.integers(0, len(lines[at])))
                lines[at] = lines[at][:cut]
    parsed = parse("\n".join(lines))
    assert (parsed.lesson is None) == bool(parsed.faults)
    for fault in parsed.faults:
        assert 1 <= fault.line <= len(lines) + 1
        assert fault.reason


@settings(max_examples=50)
@given(st.text(max_size=300))
def test_that_any_text_at_all_is_answered(text: str) -> None:
    parse(text)
    parse("\n".join([*WHOLE, text]))


def test_that_a_step_can_be_marked_as_extra_and_keeps_its_id() -> None:
    more = ["## More {#more extra}", *CHECK, "## Last {extra}", *CHECK]
    lesson = parse("\n".join([*WHOLE, *more])).lesson
    assert lesson is not None
    assert [(s.id, s.title, s.extra) for s in lesson.steps] == [
        ("one", "One", False),
        ("more", "More", True),
        ("last-extra", "Last {extra}", False),
    ]
    assert lesson.needed == {"one", "last-extra"}


def test_that_a_lesson_is_done_without_what_is_extra_unless_all_of_it_is() -> None:
    text = "\n".join([*WHOLE, "## More {#more extra}", *CHECK])
    lesson = parse(text).lesson
    assert lesson is not None
    assert not Runner(lesson).is_finished
    assert Runner(lesson, Progress(solved=["one"])).is_finished
    assert not Runner(lesson, Progress(solved=["more"])).is_finished
    every = parse(text.replace("{#one}", "{#one extra}")).lesson
    assert every is not None and not Runner(every, Progress(solved=["one"])).is_finished
