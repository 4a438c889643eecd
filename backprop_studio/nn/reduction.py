"""The setting that most losses share: the mean of their terms, or the sum."""

from __future__ import annotations

import re
from typing import Any

from backprop_studio.specs import choice


def reduction(over: str) -> Any:
    """The field `reduction` of a loss whose mean is taken over `over`, such as "all entries"."""
    return choice(
        "mean",
        choices={"mean": f"Mean over {over}", "sum": "Sum"},
        label="Reduction",
        doc="Whether the terms are averaged or summed. A sum, and its gradients, grow with the "
        "batch; held-out loss is then shown for as many rows as a batch has.",
    )


def summed(latex: str, plain: str) -> tuple[str, str]:
    """A formula of a mean, written for the sum: without its division by rows or entries."""
    latex = re.sub(r"\\frac\{1\}\{[nN]\} ?", "", latex).replace(r"\frac{1}{NC}", r"\frac{1}{C}")
    return latex, plain.replace("mean of", "sum of")
