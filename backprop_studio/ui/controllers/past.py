"""Which networks were trained before: undo leads back to the very same ones."""

from __future__ import annotations

import weakref
from collections import deque

from backprop_studio.network import Network

_MOST = 200


class Past:
    """The revisions of networks that were handed to the worker, for as long as anybody has them.

    A network that is made once more with the same settings is another one: who types an old seed
    again wants its first weights, and who undoes the change wants what was learned.
    """

    def __init__(self) -> None:
        self._known: deque[tuple[weakref.ref[Network], int]] = deque(maxlen=_MOST)

    def meet(self, network: Network, revision: int) -> int | None:
        """Give a network a revision; returns the last that this very one had, None if it is new."""
        found = (before for one, before in reversed(self._known) if one() is network)
        last = next(found, None)
        self._known.append((weakref.ref(network), revision))
        return last
