"""Memory goes back to the system when another document is opened."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from networks import chain

from backprop_studio.network import Network
from backprop_studio.training import worker
from backprop_studio.training.giving_back import give_back
from benchmarks.screen import resident
from tests.desk import Desk


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc keeps what is free and can be told")
def test_that_what_arrays_have_left_goes_back_to_the_system() -> None:
    give_back()
    held = [np.ones(12_000) for _ in range(1000)]  # 96 kB each: so small that they share a heap
    pins = held[::50]  # in between, so that the heap cannot just become shorter
    pins.append(np.ones(12_000))
    del held
    before = resident()
    give_back()
    assert resident() < before - 50
    assert all(pin.sum() == 12_000 for pin in pins)


def test_that_it_is_given_back_with_another_document_and_not_with_an_edit(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    times: list[bool] = []
    monkeypatch.setattr(worker, "give_back", lambda: times.append(True))
    desk.load(chain(batch_size=16))
    assert not times
    desk.load(chain(), forget=True)
    assert len(times) == 1
    desk.load(Network(), forget=True)
    assert len(times) == 2
