"""Waiting for the worker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pytestqt.qtbot import QtBot

from backprop_studio.ui.controllers.engine import Engine


@contextmanager
def answered(qtbot: QtBot, engine: Engine) -> Iterator[None]:
    """Until the worker has done what it is told within, and the window has heard of it.

    A signal of `engine` would not do: it may be about what was told before.
    """
    yield
    heard: list[None] = []
    # Comes behind all else in the worker's queue, and its answer behind the news of that.
    engine.ask(lambda session: None, heard.append, lambda: heard.append(None))
    qtbot.waitUntil(lambda: bool(heard))
