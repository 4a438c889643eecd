"""Counts the calls that a save makes to the system, and lets the Nth one fail, or be the last."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

CALLS = ("open", "fdopen", "fsync", "replace", "chmod", "stat", "lstat", "access", "close")
FILE_CALLS = ("write", "flush", "seek", "tell", "close", "fileno")


class Fault:
    """What happens at a call.

    Parameters
    ----------
    at
        Which call, from 1; 0 for none.
    code
        The error it fails with; None to be killed there.
    lasting
        Whether all later calls fail as well, as on a disk that stays full. Removing files still
        works there.
    """

    def __init__(self, at: int, code: int | None = None, *, lasting: bool = False) -> None:
        self.at = at
        self.code = code
        self.lasting = lasting
        self.calls: list[str] = []
        self._within = False

    def around(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same call, counted."""

        def counted(*args: Any, **kwargs: Any) -> Any:
            if self._within:
                return call(*args, **kwargs)
            self.calls.append(name)
            now = len(self.calls)
            if self.at and (now == self.at or (self.lasting and now > self.at)):
                if self.code is None:
                    os.kill(os.getpid(), signal.SIGKILL)
                if name in ("close", "file.close"):
                    call(*args, **kwargs)  # the system closes it all the same
                raise OSError(self.code, os.strerror(self.code or 0))
            self._within = True
            try:
                return call(*args, **kwargs)
            finally:
                self._within = False

        return counted


class _File:
    """An open file whose calls are counted."""

    def __init__(self, file: Any, fault: Fault) -> None:
        self._file = file
        for name in FILE_CALLS:
            setattr(self, name, fault.around(f"file.{name}", getattr(file, name)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> _File:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def injected(fault: Fault) -> Iterator[Fault]:
    """Let a fault happen to whatever calls the system inside the block."""
    real_fdopen = os.fdopen
    with ExitStack() as stack:
        for name in CALLS:
            if name != "fdopen":
                counted = fault.around(name, getattr(os, name))
                stack.enter_context(mock.patch.object(os, name, counted))
        opened = fault.around("fdopen", lambda *a, **k: _File(real_fdopen(*a, **k), fault))
        stack.enter_context(mock.patch.object(os, "fdopen", opened))
        yield fault
