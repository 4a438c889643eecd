"""Predictions: what the learner expects, said before it is seen, and what came of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from backprop_studio.lessons.expressions import Expression, parse_expression

Said = str | float
"""What was predicted: a word, the text of an option, or a number."""

SIGNS = ("positive", "negative", "zero")
COMPARISONS = ("larger", "smaller", "the same")
CONFIDENCES = (50, 70, 90, 99)
"""Percent, as the form offers them."""

SAME = 1e-12
"""Relative difference up to which two numbers are the same."""


class Prediction(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A `predict` block.

    Attributes
    ----------
    id
        Unique in the lesson.
    question
        What is asked.
    kind
        What sort of answer: `sign`, `compare`, `number` or `pick`.
    about
        The number in question, for all but `pick`.
    than
        What it is compared with; by default, itself at the time of the prediction.
    within
        How far a predicted number may be off and still count as right.
    options
        What can be picked.
    right
        Place of the right option, from 1, where no number decides.
    largest, smallest
        One expression for each option: right is the option whose number is the largest, or the
        smallest, in size.
    replies
        What is said to whom picked an option that turned out to be wrong, one for each option;
        none, or an empty one, where nothing but that is to be said.
    """

    id: str
    question: str
    kind: Literal["sign", "compare", "number", "pick"]
    about: str = ""
    than: str = ""
    within: float = 0.0
    options: tuple[str, ...] = ()
    right: int = 0
    largest: tuple[str, ...] = ()
    smallest: tuple[str, ...] = ()
    replies: tuple[str, ...] = ()

    def faults(self) -> list[tuple[str, str]]:
        """What is wrong with it: pairs of the key at fault and the reason."""
        found = []
        for key in ("about", "than", "largest", "smallest"):
            given = getattr(self, key)
            for text in (given,) if isinstance(given, str) else given:
                try:
                    if text:
                        parse_expression(text)
                except ValueError as error:
                    found.append((key, str(error)))
        if self.kind == "pick":
            ways = [bool(self.right), bool(self.largest), bool(self.smallest)]
            if len(self.options) < 2:
                found.append(("options", "there must be at least two options"))
            if sum(ways) != 1:
                found.append(("kind", "a pick needs one of right, largest and smallest"))
            if self.right and not 1 <= self.right <= len(self.options):
                found.append(("right", f"there are options 1 to {len(self.options)}"))
            for key in ("largest", "smallest"):
                if getattr(self, key) and len(getattr(self, key)) != len(self.options):
                    found.append((key, "there must be one number for each option"))
            found += reply_faults(self.replies, self.options)
        elif self.replies:
            found.append(("replies", "only a pick has replies"))
        elif not self.about:
            found.append(("kind", f"a prediction of kind {self.kind} needs about"))
        if self.kind == "number" and not self.within > 0:
            found.append(("within", "a predicted number needs within, above 0"))
        return found

    @property
    def choices(self) -> tuple[str, ...]:
        """What can be said; empty for a number."""
        match self.kind:
            case "sign":
                return SIGNS
            case "compare":
                return COMPARISONS
            case "pick":
                return self.options
            case "number":
                return ()

    def wanted(self) -> tuple[Expression, ...]:
        """The numbers that decide it."""
        texts = (self.about, self.than, *self.largest, *self.smallest)
        return tuple(parse_expression(t) for t in texts if t)

    def accepts(self, said: Said) -> bool:
        """Whether this can be an answer at all."""
        if self.kind == "number":
            return not isinstance(said, str) and math.isfinite(said)
        return said in self.choices

    def truth(
        self, number: Callable[[Expression], float | None], before: float | None
    ) -> Said | None:
        """What was to be said; None while it is not known.

        Parameters
        ----------
        number
            Gives the numbers as they are now.
        before
            The number in question at the time of the prediction.
        """
        numbers = [number(e) for e in self.wanted()]
        if any(n is None for n in numbers):
            return None
        known = [n for n in numbers if n is not None]
        match self.kind:
            case "sign":
                return SIGNS[2] if known[0] == 0 else SIGNS[0] if known[0] > 0 else SIGNS[1]
            case "number":
                return known[0]
            case "compare":
                other = known[1] if self.than else before
                if other is None:
                    return None
                if math.isclose(known[0], other, rel_tol=SAME, abs_tol=0.0):
                    return COMPARISONS[2]
                return COMPARISONS[0] if known[0] > other else COMPARISONS[1]
            case "pick":
                if self.right:
                    return self.options[self.right - 1]
                sizes = [abs(n) for n in known]
                best = max(sizes) if self.largest else min(sizes)
                return self.options[sizes.index(best)]

    def is_right(self, said: Said, truth: Said) -> bool:
        """Whether what was said is what came."""
        if self.kind == "number":
            return abs(float(said) - float(truth)) <= self.within
        return said == truth

    def reply(self, said: Said) -> str:
        """What is said to an option that turned out to be wrong."""
        return self.replies[self.options.index(str(said))] if self.replies else ""


def reply_faults(replies: Sequence[str], options: Sequence[str]) -> list[tuple[str, str]]:
    """What is wrong with the replies to the options of a question, as in `Check.faults`."""
    if replies and len(replies) != len(options):
        return [("replies", "there must be one reply for each option; an empty one says nothing")]
    if any("{{" in reply for reply in replies):
        return [("replies", "a reply is given before the numbers are there: it holds none")]
    return []


@dataclass(frozen=True)
class Forecast:
    """What a learner predicted, and what came of it.

    Attributes
    ----------
    said
        The prediction.
    confidence
        How sure the learner was, in percent.
    before
        The number in question at that time, where it was known.
    late
        Whether it was said when the step's task was already done.
    truth
        What came; None until then.
    right
        Whether that is what was said; None until then.
    """

    said: Said
    confidence: int
    before: float | None = None
    late: bool = False
    truth: Said | None = None
    right: bool | None = None
