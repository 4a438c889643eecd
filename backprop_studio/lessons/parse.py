"""From the text of a lesson to a `Lesson`, or to all that is wrong with it, line by line."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from backprop_studio.lessons.actions import Action, AnswerTo, Predict, action
from backprop_studio.lessons.check import kinds
from backprop_studio.lessons.expressions import parse_expression
from backprop_studio.lessons.lesson import (
    HOW,
    NUMBER,
    Block,
    Fault,
    Formula,
    Head,
    Lesson,
    Parsed,
    Step,
    Text,
    words,
)
from backprop_studio.lessons.predictions import Prediction

MAX_CHARACTERS = 500_000
MAX_STEPS = 100
MAX_FAULTS = 50
"""Faults that are listed; a text with more is not read on."""

_BLOCKS = ("scene", "predict", "check", "solution", "hint", "explain")
_CODE = ("", "text", "python", "toml")
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*(?:\{#([a-z0-9-]{1,80})( extra)?\})?\s*")
_ID = re.compile(r"[a-z0-9-]{1,80}")
_FENCE = re.compile(r"(`{3,})\s*(\S*)\s*")
_BRACES = re.compile(r"\{\{.*?(\}\}|$)", re.MULTILINE)
_TOML_PLACE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)")


def parse(text: str) -> Parsed:
    """Read a lesson.

    Parameters
    ----------
    text
        All of `lesson.md`.

    Returns
    -------
    Parsed
        The lesson, or the faults in the order of their lines.
    """
    reader = _Reader(text)
    try:
        return reader.read()
    except _TooManyError:
        return Parsed(None, tuple(reader.faults))


class _TooManyError(Exception):
    """Enough is wrong already."""


class _Reader:
    """Goes through the lines once."""

    def __init__(self, text: str) -> None:
        self.faults: list[Fault] = []
        self._text = text
        self._lines = text.splitlines()
        self._place = 0
        self._steps: list[dict[str, Any]] = []
        self._ids: dict[str, int] = {}

    def read(self) -> Parsed:
        if len(self._text) > MAX_CHARACTERS:
            return Parsed(None, (Fault(1, f"it has more than {MAX_CHARACTERS:,} characters"),))
        head = self._head()
        while self._place < len(self._lines):
            self._line()
        if not self._steps:
            self._fault(
                max(len(self._lines), 1), "it has no step; a step begins with ## and a title"
            )
        steps = tuple(self._step(raw) for raw in self._steps)
        self._check_references(steps)
        if head is None or self.faults:
            return Parsed(None, tuple(sorted(self.faults, key=lambda f: f.line)))
        digest = hashlib.sha256(self._text.encode("utf-8", "surrogatepass")).hexdigest()
        return Parsed(Lesson(head, steps, digest))

    def _fault(self, line: int, reason: str) -> None:
        self.faults.append(Fault(line, reason))
        if len(self.faults) >= MAX_FAULTS:
            raise _TooManyError

    # The front matter.

    def _head(self) -> Head | None:
        if not self._lines or self._lines[0].strip() != "+++":
            self._fault(1, "it must begin with a line +++, then settings, then +++ again")
            return None
        end = next((i for i in range(1, len(self._lines)) if self._lines[i].strip() == "+++"), None)
        if end is None:
            self._fault(1, "the settings at the top are not closed by a line +++")
            self._place = len(self._lines)
            return None
        table = self._toml(self._lines[1:end], 2)
        self._place = end + 1
        if table is None:
            return None
        head: Head | None = self._convert(table, Head, self._lines[1:end], 2)
        if head is None:
            return None
        if not _ID.fullmatch(head.id):
            self._fault(_line_of("id", self._lines[1:end], 2), "id must be a-z, 0-9 and - only")
        if not 1 <= head.minutes <= 120:
            line = _line_of("minutes", self._lines[1:end], 2)
            self._fault(line, "minutes must be from 1 to 120")
        name = head.project
        if "/" in name or "\\" in name or name.startswith(".") or not name.endswith(".bps"):
            line = _line_of("project", self._lines[1:end], 2)
            self._fault(line, "project must be the name of a .bps file beside the lesson")
        return head

    # The steps.

    def _line(self) -> None:
        line, number = self._lines[self._place], self._place + 1
        heading, fence = _HEADING.fullmatch(line), _FENCE.fullmatch(line)
        if heading is not None and len(heading[1]) <= 2:
            extra = heading[4] is not None
            self._begin(heading[1], heading[2], heading[3] or "", number, extra=extra)
            self._place += 1
        elif fence is not None:
            self._block(fence[1], fence[2], number)
        elif line.strip().startswith("$$"):
            self._formula(number)
        else:
            self._place += 1
            if self._steps:
                self._look_at(line, number)
                self._steps[-1]["blocks"].append(line)
            elif line.strip():
                self._fault(number, "text stands before the first step; a step begins with ##")

    def _begin(self, marks: str, title: str, step_id: str, number: int, *, extra: bool) -> None:
        if len(marks) == 1:
            self._fault(number, "the title of the lesson stands at the top; a step begins with ##")
            return
        if not title:
            self._fault(number, "a step needs a title")
        if len(self._steps) >= MAX_STEPS:
            self._fault(number, f"a lesson has at most {MAX_STEPS} steps")
            raise _TooManyError
        step_id = step_id or re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:80]
        self._claim(step_id or "step", number)
        self._steps.append(
            {"id": step_id, "title": title, "line": number, "blocks": [], "checks": [],
             "hints": [], "explain": [], "solution": [], "scene": [], "extra": extra}
        )  # fmt: skip

    def _claim(self, name: str, number: int) -> None:
        """Steps, predictions and questions have ids of their own."""
        if name in self._ids:
            self._fault(number, f"the id '{name}' is taken already, in line {self._ids[name]}")
        self._ids.setdefault(name, number)

    def _block(self, ticks: str, kind: str, number: int) -> None:
        """What stands between two fences."""
        lines = self._lines
        end = next(
            (i for i in range(self._place + 1, len(lines)) if lines[i].strip() == ticks), None
        )
        if end is None:
            self._fault(number, f"the block is not closed by {ticks}")
            self._place = len(lines)
            return
        inner, self._place = lines[self._place + 1 : end], end + 1
        if kind in _CODE:
            self._look_at("\n".join(inner), number + 1)
            if self._steps:
                self._steps[-1]["blocks"].extend([lines[number - 1], *inner, ticks])
            return
        if kind not in _BLOCKS:
            self._fault(number, f"there is no block '{kind}'; there are {', '.join(_BLOCKS)}")
        elif not self._steps:
            self._fault(number, "a block stands before the first step; a step begins with ##")
        else:
            self._take(kind, inner, number)

    def _take(self, kind: str, inner: list[str], number: int) -> None:
        step = self._steps[-1]
        if kind == "hint":
            self._look_at("\n".join(inner), number + 1)
            step["hints"].append("\n".join(inner).strip())
            return
        if kind == "explain":
            if step["explain"]:
                self._fault(number, "a step is explained once")
            step["explain"] = self._prose(inner, number + 1)
            return
        table = self._toml(inner, number + 1)
        if table is None:
            return
        if kind == "predict":
            made = self._convert(table, Prediction, inner, number + 1)
            if made is not None:
                self._claim(made.id, _line_of("id", inner, number + 1))
                self._see_faults(made.faults(), inner, number)
                self._look_at(words(made), number)
                step["blocks"].append(made)
        elif kind == "check":
            self._check(step, table, inner, number)
        else:
            self._actions(kind, table, inner, number)

    def _check(
        self, step: dict[str, Any], table: dict[str, Any], inner: list[str], number: int
    ) -> None:
        name = table.pop("kind", None)
        if name not in kinds():
            known = ", ".join(sorted(kinds()))
            at = _line_of("kind", inner, number + 1)
            self._fault(at, f"there is no check of kind '{name}'; there are {known}")
            return
        made = self._convert(table, kinds()[name], inner, number + 1)
        if made is None:
            return
        if made.question:
            self._claim(getattr(made, "id"), _line_of("id", inner, number + 1))  # noqa: B009
        self._see_faults(made.faults(), inner, number)
        self._look_at(made.text, _line_of("text", inner, number + 1))
        step["checks"].append(made)

    def _actions(self, kind: str, table: dict[str, Any], inner: list[str], number: int) -> None:
        """What a solution does, or a scene."""
        step = self._steps[-1]
        if step[kind]:
            self._fault(number, f"a step has one {kind}")
        do = table.get("do")
        if set(table) != {"do"} or not isinstance(do, list):
            self._fault(number, f"a {kind} is one list: do = [ … ]")
            return
        # Each line of the list that begins with a brace is one action, as lessons are written.
        at = [number + 1 + i for i, line in enumerate(inner) if line.strip().startswith("{")]
        made: list[Action] = []
        for place, entry in enumerate(do):
            line = at[place] if len(at) == len(do) else number
            if not isinstance(entry, dict) or not entry:
                self._fault(line, 'an action is a table, such as {step = "phase"}')
                continue
            try:
                made.append(action(entry))
            except msgspec.ValidationError as error:
                self._fault(line, _plain(error))
            except ValueError as error:
                self._fault(line, str(error))
            said = entry.get("say")
            if isinstance(said, str):
                self._look_at(said, line)
        if kind == "scene" and any(isinstance(a, Predict | AnswerTo) for a in made):
            self._fault(number, "a scene says nothing for the learner")
        step[kind] = tuple(made)

    def _formula(self, number: int) -> None:
        """Between two `$$`, on one line or on several."""
        if not self._steps:
            self._fault(number, "a formula stands before the first step; a step begins with ##")
        first = self._lines[self._place].strip()
        if len(first) > 4 and first.endswith("$$"):
            self._place += 1
            found = first[2:-2]
        else:
            lines = self._lines
            end = next(
                (i for i in range(self._place + 1, len(lines)) if lines[i].strip().endswith("$$")),
                None,
            )
            if end is None:
                self._fault(number, "the formula is not closed by $$")
                self._place = len(lines)
                return
            whole = " ".join(line.strip() for line in lines[self._place : end + 1])
            found, self._place = whole.strip()[2:-2], end + 1
        self._look_at(found, number)
        if self._steps:
            self._steps[-1]["blocks"].append(Formula(found.strip()))

    def _prose(self, lines: list[str], number: int) -> tuple[Text | Formula, ...]:
        """Markdown and formulas of a block."""
        self._look_at("\n".join(lines), number)
        made: list[str | Formula] = []
        for line in lines:
            bare = line.strip()
            if bare.startswith("$$") and bare.endswith("$$") and len(bare) > 4:
                made.append(Formula(bare[2:-2].strip()))
            else:
                made.append(line)
        return tuple(b for b in _joined(made) if isinstance(b, Text | Formula))

    def _step(self, raw: dict[str, Any]) -> Step:
        line = raw["line"]
        blocks = _joined(raw["blocks"])
        predicted = any(isinstance(b, Prediction) for b in blocks)
        if not raw["checks"] and not predicted and not self.faults:
            self._fault(line, "the step has nothing to do: it needs a check or a prediction")
        return Step(
            id=raw["id"],
            title=raw["title"],
            line=line,
            blocks=blocks,
            checks=tuple(raw["checks"]),
            hints=tuple(raw["hints"]),
            explain=raw["explain"] or (),
            solution=tuple(raw["solution"]),
            scene=tuple(raw["scene"]),
            extra=raw["extra"],
        )

    def _check_references(self, steps: Sequence[Step]) -> None:
        """What is said about predictions, questions and other steps must exist."""
        if self.faults:
            return  # a prediction that could not be read would be missed here as well
        order = {step.id: place for place, step in enumerate(steps)}
        for place, step in enumerate(steps):
            for expression in step.expressions():
                if expression.step and order.get(expression.step, place) >= place:
                    reason = f"'@{expression.step}' is no earlier step"
                    self._fault(step.line, f"{expression.key}: {reason}")
            known = {p.id for p in step.predictions}
            known |= {getattr(c, "id") for c in step.checks if c.question}  # noqa: B009
            for act in step.solution:
                name = getattr(act, "predict", getattr(act, "answer", None))
                if name is not None and name not in known:
                    self._fault(step.line, f"the solution speaks of '{name}', which is not asked")

    # Small things.

    def _toml(self, lines: list[str], start: int) -> dict[str, Any] | None:
        try:
            return tomllib.loads("\n".join(lines))
        except tomllib.TOMLDecodeError as error:
            place = _TOML_PLACE.search(str(error))
            within = int(place[1]) if place is not None and place[1] else max(len(lines), 1)
            reason = _TOML_PLACE.sub("", str(error))
            self._fault(start + within - 1, reason[:1].lower() + reason[1:])
        except RecursionError:
            self._fault(start, "it is nested too deeply")
        return None

    def _convert(self, table: Mapping[str, Any], kind: Any, lines: list[str], start: int) -> Any:
        try:
            return msgspec.convert(dict(table), type=kind, strict=True)
        except msgspec.ValidationError as error:
            named = re.search(r"\$\.([a-z_]+)|`([a-z_]+)`$|field `([^`]+)`", str(error))
            key = next((g for g in named.groups() if g), "") if named is not None else ""
            self._fault(_line_of(key, lines, start), _plain(error))
            return None

    def _see_faults(self, found: list[tuple[str, str]], lines: list[str], number: int) -> None:
        for key, reason in found:
            self._fault(_line_of(key, lines, number + 1), reason)

    def _look_at(self, text: str, line: int) -> None:
        """Find numbers that no app could compute."""
        for place, row in enumerate(text.split("\n")):
            for found in _BRACES.finditer(row):
                number = NUMBER.fullmatch(found[0])
                if number is None:
                    self._fault(line + place, f"'{found[0]}' is not a number like {{{{loss}}}}")
                    continue
                try:
                    parse_expression(number["what"])
                except ValueError as error:
                    self._fault(line + place, str(error))
                how = number["how"]
                if how is not None and not HOW.fullmatch(how):
                    self._fault(line + place, f"'{how}' is not a format; write .3f, .4g or .2e")


def _joined(raw: Sequence[str | Block]) -> tuple[Block, ...]:
    """Lines of text that follow each other as one block; empty ones are left out."""
    made: list[Block] = []
    lines: list[str] = []

    def close() -> None:
        if any(line.strip() for line in lines):
            made.append(Text("\n".join(lines).strip("\n")))
        lines.clear()

    for item in raw:
        if isinstance(item, str):
            lines.append(item)
        else:
            close()
            made.append(item)
    close()
    return tuple(made)


def _line_of(key: str, lines: Sequence[str], start: int) -> int:
    """Line in which a key of a TOML block stands; that before the block where it is missing."""
    for place, line in enumerate(lines):
        if key and re.match(rf"\s*{re.escape(key)}\s*=", line):
            return start + place
    return max(start - 1, 1)


def _plain(error: msgspec.ValidationError) -> str:
    """What msgspec says, in the words of this file."""
    text = str(error).replace("`", "'").replace("Object contains unknown field", "unknown key")
    text = text.replace("Invalid enum value", "there is no value")
    text = text.replace("Object missing required field", "missing key")
    text = re.sub(r" - at '\$\.?(.*?)'$", lambda m: f" for {m[1]}" if m[1] else "", text)
    for theirs, ours in (("'str'", "a text"), ("'int'", "a whole number"), ("'float'", "a number"),
                         ("'array'", "a list"), ("'bool'", "true or false")):  # fmt: skip
        text = text.replace(theirs, ours)
    return text[:1].lower() + text[1:]
