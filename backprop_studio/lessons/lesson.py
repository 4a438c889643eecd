"""A lesson as a value: what was written in `lesson.md`, checked and taken apart."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import msgspec

from backprop_studio.insight.filling import as_latex, digits
from backprop_studio.lessons.actions import Action, AnswerTo, Predict
from backprop_studio.lessons.check import Check
from backprop_studio.lessons.expressions import Expression, parse_expression
from backprop_studio.lessons.predictions import Prediction

NUMBER = re.compile(r"\{\{\s*(?P<what>[^{}|]+?)\s*(?:\|\s*(?P<how>[^{}|]*?)\s*)?\}\}")
"""A number in a text: `{{loss}}`, or with a format `{{loss | .3f}}`."""

HOW = re.compile(r"\.(?:1[0-7]|\d)[fge%]|,\.0f")
"""Formats of a number: up to 17 digits after the point, or significant ones; or thousands apart."""

UNKNOWN = "…"
"""Stands for a number that is not computed yet."""


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The front matter.

    Attributes
    ----------
    id
        Names the lesson for ever: progress is kept under it.
    title, summary
        For the list of lessons.
    minutes
        About how long it takes.
    project
        File beside the lesson that it is about.
    hide_actions
        Ids of actions that the lesson does not need, such as `new_weights`.
    hide_panels
        Keys of docks that it does not need.
    hide_status
        Parts of the status bar that would tell what is to be found out, such as `held_out`.
    open
        Keys of docks that are open when it begins, the last one in front.
    """

    id: str
    title: str
    summary: str
    minutes: int
    project: str = "project.bps"
    hide_actions: tuple[str, ...] = ()
    hide_panels: tuple[str, ...] = ()
    hide_status: tuple[str, ...] = ()
    open: tuple[str, ...] = ()


@dataclass(frozen=True)
class Text:
    """Markdown, with numbers in double braces."""

    markdown: str


@dataclass(frozen=True)
class Formula:
    """LaTeX, with numbers in double braces."""

    latex: str


Block = Text | Formula | Prediction
"""What the text of a step consists of, in the order of the page."""


@dataclass(frozen=True)
class Step:
    """One thing to do.

    Attributes
    ----------
    id
        Unique in the lesson.
    title
        Its heading.
    line
        Where it begins in the file.
    blocks
        Its text.
    checks
        What has to be so when it is done.
    hints
        Markdown, one after the other.
    explain
        What is told when it is done.
    solution
        What does it.
    scene
        What is set when it comes to the front, for it and the steps after it up to the next scene.
    extra
        Whether the lesson is done without it.
    """

    id: str
    title: str
    line: int
    blocks: tuple[Block, ...] = ()
    checks: tuple[Check, ...] = ()
    hints: tuple[str, ...] = ()
    explain: tuple[Text | Formula, ...] = ()
    solution: tuple[Action, ...] = ()
    scene: tuple[Action, ...] = ()
    extra: bool = False

    @property
    def predictions(self) -> tuple[Prediction, ...]:
        """What is to be predicted."""
        return tuple(b for b in self.blocks if isinstance(b, Prediction))

    @property
    def deeds(self) -> tuple[Action, ...]:
        """What the solution does in the app, without what is said."""
        return tuple(a for a in self.solution if not isinstance(a, Predict | AnswerTo))

    def in_text(self) -> tuple[Expression, ...]:
        """Numbers of the text before the step is done."""
        return tuple(e for b in self.blocks for e in numbers_in(words(b)))

    def in_explanation(self) -> tuple[Expression, ...]:
        """Numbers of what is told when it is done."""
        return tuple(e for b in self.explain for e in numbers_in(words(b)))

    def expressions(self) -> tuple[Expression, ...]:
        """All numbers that it speaks of or looks at."""
        found = [*self.in_text(), *self.in_explanation()]
        found += [e for hint in self.hints for e in numbers_in(hint)]
        found += [e for check in self.checks for e in (*numbers_in(check.text), *check.wanted())]
        found += [e for p in self.predictions for e in p.wanted()]
        said = (a.said for a in self.solution)
        found += [e for text in said if isinstance(text, str) for e in numbers_in(text)]
        return tuple(found)


@dataclass(frozen=True)
class Lesson:
    """A lesson.

    Attributes
    ----------
    head
        Its front matter.
    steps
        At least one.
    digest
        SHA-256 of its text, in hexadecimal.
    """

    head: Head
    steps: tuple[Step, ...]
    digest: str = ""

    @property
    def needed(self) -> frozenset[str]:
        """Ids of the steps that make the lesson done; all, if all of them are extra."""
        needed = {step.id for step in self.steps if not step.extra}
        return frozenset(needed or {step.id for step in self.steps})

    def is_extra(self, index: int) -> bool:
        """Whether the lesson is done without a step."""
        return self.steps[index].id not in self.needed

    def number_of(self, index: int) -> int:
        """Which of the steps a lesson is made of it is, from 1; of an extra, the one before it."""
        return sum(not self.is_extra(i) for i in range(index + 1))

    def goes_on(self, index: int) -> bool:
        """Whether an extra goes on with the extra before it; with a scene, it begins anew."""
        follows = index > 0 and self.is_extra(index) and self.is_extra(index - 1)
        return follows and not self.steps[index].scene

    def after(self, index: int) -> int | None:
        """Place of the step that comes next; None at the end.

        Extras are passed by, save by who is in the midst of one.
        """
        count = len(self.steps)
        if index + 1 < count and self.goes_on(index + 1):
            return index + 1
        return next((i for i in range(index + 1, count) if not self.is_extra(i)), None)

    def before(self, index: int) -> int | None:
        """Place of the step that one comes from; None at the beginning. Extras are passed by."""
        if self.goes_on(index):
            return index - 1
        return next((i for i in range(index - 1, -1, -1) if not self.is_extra(i)), None)

    def preceding(self, index: int) -> tuple[int, ...]:
        """Places of the steps that a step rests on: those of the lesson, and of its own extra."""
        begins = index
        while self.goes_on(begins):
            begins -= 1
        mine = begins if self.is_extra(index) else index
        return tuple(i for i in range(index) if i >= mine or not self.is_extra(i))

    def scene_of(self, index: int) -> int | None:
        """Place of the step whose scene a step belongs to; None where the project is as opened.

        What is set for an extra holds for it alone.
        """
        places = (i for i in (index, *reversed(self.preceding(index))) if self.steps[i].scene)
        return next(places, None)

    def wanted(self, index: int) -> tuple[Expression, ...]:
        """The numbers to read while a step is in front, those among them that others refer to."""
        step = self.steps[index]
        found = {e.text: e for e in step.expressions() if not e.step}
        for other in self.steps:
            for e in other.expressions():
                if e.step == step.id:
                    found.setdefault(e.text, replace(e, step=""))
        return tuple(found.values())


@dataclass(frozen=True)
class Fault:
    """What is wrong with a lesson's text, and in which line, from 1."""

    line: int
    reason: str


@dataclass(frozen=True)
class Parsed:
    """What became of a text: a lesson, or at least one fault."""

    lesson: Lesson | None
    faults: tuple[Fault, ...] = field(default=())


def words(block: Block) -> str:
    """The text of a block in which numbers may stand."""
    match block:
        case Text(markdown):
            return markdown
        case Formula(latex):
            return latex
        case _:
            return " ".join((block.question, *block.options))


def numbers_in(text: str) -> tuple[Expression, ...]:
    """The numbers of a text that was checked."""
    return tuple(parse_expression(found["what"]) for found in NUMBER.finditer(text))


def fill(text: str, number: Callable[[Expression], float | None], *, latex: bool = False) -> str:
    """A text, or a formula in LaTeX, with numbers in the place of their names."""

    def write(found: re.Match[str]) -> str:
        value = number(parse_expression(found["what"]))
        if value is None:
            return r"\ldots " if latex else UNKNOWN
        how = found["how"]
        shown = format(value + 0.0, how) if how else digits(value)
        if not latex:
            return shown.replace("-", "−")
        # In braces: the minus of a number is no operator, and has no room around it.
        return f"{{{shown}}}" if how or "e" not in shown else f"{{{as_latex(value)}}}"

    return NUMBER.sub(write, text)


def said_number(say: float | str, number: Callable[[Expression], float | None]) -> float | None:
    """What a solution says as a number: as it is, or by its name; None when it is not known."""
    if not isinstance(say, str):
        return float(say)
    found = NUMBER.fullmatch(say.strip())
    return None if found is None else number(parse_expression(found["what"]))
