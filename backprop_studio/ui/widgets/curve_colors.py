"""Which colour a curve gets."""

from __future__ import annotations

from collections.abc import Sequence

from backprop_studio.ui import theme


def color_of(name: str, before: Sequence[str]) -> str:
    """The colour of a curve: that of training or validation for the first curve so called.

    Parameters
    ----------
    name
        Of the curve.
    before
        Names of those that come before it in the legend.
    """
    now, key = theme.current(), name.lower()
    for word, color in (("train", now.curve_train), ("val", now.curve_validation)):
        if word in key and not any(word in other.lower() for other in before):
            return color
    # After train and validation, the hues that differ most from theirs come first.
    return now.curves[(len(before) - 2) % len(now.curves)]
