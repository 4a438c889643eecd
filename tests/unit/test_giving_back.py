"""Memory goes back to the system when another document is opened."""

from __future__ import annotations

import sys
import weakref
from concurrent.futures import Future

import numpy as np
import pytest
from networks import chain

from backprop_studio.network import Network
from backprop_studio.training import Aside, BringBack, PutAside, Run, Session, worker
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


def test_that_the_run_of_the_document_before_is_free_when_memory_is_given_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was still held then: its journal of up to 64 MB stayed with the program."""
    gone: list[bool] = []
    runs: list[weakref.ref[Session]] = []
    monkeypatch.setattr(worker, "give_back", lambda: gone.append(runs[-1]() is None))
    for _ in range(2):
        assert desk.worker.session is not None
        runs.append(weakref.ref(desk.worker.session))
        desk.worker.turn(Run())
        desk.worker.turn(None)
        desk.load(chain(), forget=True)
    reply: Future[Aside] = Future()
    desk.worker.turn(PutAside(reply))
    desk.load(chain(), forget=True)
    runs.append(weakref.ref(desk.worker.session))
    desk.worker.turn(BringBack(reply.result(0)))
    assert gone == [True] * 4
