"""The last few results of a function, which can be looked for without being computed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import update_wrapper
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """A function of hashable arguments that gives the same object when it is asked again.

    Unlike `functools.lru_cache` it can tell what it knows, and what is computed on two threads at
    once is one object all the same.

    Parameters
    ----------
    function
        Takes its arguments by place, and may take `tell`, which is no part of the question.
    most
        Results that are kept, those asked for last.
    """

    def __init__(self, function: Callable[..., T], most: int) -> None:
        self._function = function
        self._most = most
        self._results: OrderedDict[tuple[Hashable, ...], T] = OrderedDict()
        self._lock = threading.Lock()
        update_wrapper(self, function)

    def __call__(self, *question: Hashable, **aside: Any) -> T:
        """The result, computed if it is not there; `aside` is only for who computes it."""
        found = self.find(*question)
        if found is not None:
            return found
        made = self._function(*question, **aside)
        with self._lock:
            found = self._results.setdefault(question, made)
            while len(self._results) > self._most:
                self._results.popitem(last=False)
        return found

    def find(self, *question: Hashable) -> T | None:
        """The result, if it is there."""
        with self._lock:
            found = self._results.get(question)
            if found is not None:
                self._results.move_to_end(question)
        return found

    def forget(self, wanted: Callable[..., bool]) -> None:
        """Forget the results of the questions of which `wanted` says no."""
        with self._lock:
            for question in [q for q in self._results if not wanted(*q)]:
                del self._results[question]

    def cache_clear(self) -> None:
        """Forget all results."""
        with self._lock:
            self._results.clear()


def kept(most: int) -> Callable[[Callable[..., T]], Kept[T]]:
    """Keep the last results of the function that this decorates; see `Kept`."""
    return lambda function: Kept(function, most)
