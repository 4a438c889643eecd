"""What fits a search best comes first, wherever something is looked for by its name."""

from __future__ import annotations

import doctest

import pytest

from backprop_studio.ui import searching


def test_that_the_examples_do_what_they_show() -> None:
    assert doctest.testmod(searching).attempted and not doctest.testmod(searching).failed


@pytest.mark.parametrize(
    ("search", "better", "worse"),
    [
        ("add", ("Add", "", ""), ("Add a note", "", "")),
        ("dense", ("Dense", "", ""), ("Embedding", "dense vectors", "")),
        ("fc", ("Dense", "fully connected, fc", ""), ("Flatten", "", "before an fc layer")),
        ("mot", ("Reduce motion", "", ""), ("Let things move", "motion", "")),
        ("save file", ("Save", "file", ""), ("Export", "save write", "a file")),
    ],
)
def test_that_a_name_is_better_than_what_is_said(
    search: str, better: tuple[str, str, str], worse: tuple[str, str, str]
) -> None:
    first, second = searching.fit(search, *better), searching.fit(search, *worse)
    assert first is not None and second is not None and first < second


@pytest.mark.parametrize("search", ["", "  ", "LAYER", "layer  fully", "Dense"])
def test_that_words_are_found_in_any_order_and_case(search: str) -> None:
    assert searching.fit(search, "Dense", "fully connected", "A layer") is not None
    assert searching.fit(search + " nonsense", "Dense", "fully connected", "A layer") is None
