"""The gradient doctor's words: what is wrong, why it happens, and what may help."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from backprop_studio.insight.doctor import Finding, Rule
from backprop_studio.insight.remedies import Remedy

_N = "Doctor"


@dataclass(frozen=True)
class Words:
    """Of one rule: a short name, what was seen with its numbers, and why it happens."""

    name: str
    what: str
    why: str


_WORDS = {
    Rule.NON_FINITE: Words(
        "Not a finite number",
        "{op} gave {what}. It is the first operation that did.",
        (
            "Numbers grew until they left the range of the precision, most often because steps "
            "were too long, or because of a logarithm or a quotient of zero."
        ),
    ),
    Rule.RATE_HIGH: Words(
        "Learning rate too high",
        "The loss leapt from {start} to {peak}, and is {now} now.",
        (
            "Each step jumps over the valley and lands higher on the other side: the gradient is "
            "true only close to where it was computed."
        ),
    ),
    Rule.EXPLODING: Words(
        "Exploding gradient",
        "The error signal grows {share} times on its way back.",
        (
            "Every layer multiplies the signal by its weights. When these are too large, the "
            "factors above 1 multiply up with the depth."
        ),
    ),
    Rule.VANISHING: Words(
        "Vanishing gradient",
        "Only {share} of the error signal is left in the first layers.",
        (
            "Every layer multiplies the signal by its local derivative. That of a sigmoid is 1/4 "
            "at most, so layer after layer little is left, and the first ones hardly learn."
        ),
    ),
    Rule.SYMMETRIC: Words(
        "Symmetric weights",
        "{same} of {count} units are copies of each other.",
        (
            "Units that start with the same weights get the same gradients, so they stay the same "
            "for ever: the layer is as good as one with fewer units."
        ),
    ),
    Rule.DEAD_RELU: Words(
        "Dead ReLU units",
        "{dead} of {count} units ({share}) answer to none of the rows looked at ({rows}).",
        (
            "Their input is negative for every row, where the slope of ReLU is 0: no gradient "
            "comes back, so they cannot recover. "
            "A step that is too long often pushes them there."
        ),
    ),
    Rule.SATURATED: Words(
        "Saturated units",
        "{share} of the outputs lie on the flat ends; rows looked at: {rows}.",
        (
            "Large inputs push a sigmoid or tanh to where it is nearly flat. Its derivative there "
            "is almost 0, and stops the error signal."
        ),
    ),
    Rule.UPDATE_LARGE: Words(
        "Updates too large",
        "An update is {ratio} of the weights; about 0.001 is usual.",
        (
            "Such steps replace the weights instead of improving them: what one batch teaches, the "
            "next one overwrites."
        ),
    ),
    Rule.UPDATE_SMALL: Words(
        "Updates too small",
        "An update is {ratio} of the weights; about 0.001 is usual.",
        (
            "With such steps the weights stay practically where they started, and the loss has "
            "not fallen yet. The rate is too low, or the gradient too weak."
        ),
    ),
    Rule.CHANCE: Words(
        "Loss at chance",
        "The loss is {loss}; guessing by how frequent each class is gives {chance}.",
        (
            "The network answers the same for every row, so it has not begun to learn: steps that "
            "are too small or too large, or a signal that does not arrive."
        ),
    ),
    Rule.OVERFIT: Words(
        "Overfitting",
        "The held-out loss grew from {best} to {now}, while the training loss is {training}.",
        (
            "The network has room enough to learn the training rows by heart, noise and all, which "
            "does not help with others."
        ),
    ),
}

_REMEDIES = {
    Remedy.SLOWER: "A tenth of the learning rate",
    Remedy.FASTER: "Ten times the learning rate",
    Remedy.CLIP: "Clip gradients at norm 1",
    Remedy.RELU: "ReLU for sigmoid and tanh",
    Remedy.LEAKY: "Leaky ReLU here",
    Remedy.FRESH: "He's first weights",
    Remedy.ADAM: "Adam as optimizer",
    Remedy.PENALTY: "Stronger L2 penalty",
    Remedy.DROPOUT: "Dropout before the end",
}

_PERCENT = ("share",)


def rule_name(rule: Rule) -> str:
    """What is wrong, in two or three words."""
    return QCoreApplication.translate(_N, _WORDS[rule].name)


def what(finding: Finding) -> str:
    """What was measured, in a sentence."""
    return QCoreApplication.translate(_N, _WORDS[finding.rule].what).format(
        **{key: _written(finding, key) for key in finding.numbers}
    )


def why(rule: Rule) -> str:
    """Why it happens, in a sentence or two."""
    return QCoreApplication.translate(_N, _WORDS[rule].why)


def remedy_name(remedy: Remedy) -> str:
    """What to try, in a few words."""
    return QCoreApplication.translate(_N, _REMEDIES[remedy])


def _written(finding: Finding, key: str) -> str:
    number = finding.numbers[key]
    if isinstance(number, str):
        return number
    if key in _PERCENT and finding.rule not in (Rule.EXPLODING, Rule.VANISHING):
        return f"{number:.0%}"
    whole = isinstance(number, int) or 1000 <= abs(number) < 1e6
    return f"{number:,.0f}" if whole else f"{number:.3g}"
