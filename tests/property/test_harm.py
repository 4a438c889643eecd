"""A few cases of each kind that `benchmarks.fuzz` goes through by the thousand."""

from __future__ import annotations

import random
import warnings
from pathlib import Path

import pytest

from benchmarks.harm import KINDS, Refused


@pytest.mark.parametrize("kind", KINDS)
def test_that_what_is_made_to_do_harm_is_refused_in_words_or_sound(
    kind: str, tmp_path: Path
) -> None:
    told = []
    for number in range(12):
        folder = tmp_path / str(number)
        folder.mkdir()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # names that stand twice, as is meant
            made = KINDS[kind].make(random.Random(f"{kind} {number}"), folder)
        try:
            more = KINDS[kind].open(made)
            if more is not None:
                more()
        except Refused as refused:
            told.append(str(refused))
            assert 0 < len(told[-1]) < 2_000 and "\n" not in told[-1]
    assert told or kind == "drawn", "some of them are refused"
