"""Which networks were left for other data or another seed, so that undo finds what they learned."""

from __future__ import annotations

from backprop_studio.network import Network
from backprop_studio.training.memory import MOST_SHELVED
from backprop_studio.training.messages import begins_anew


class Departures:
    """Notes the way that a document goes through its networks.

    Undo and Redo bring back the very network that was there, and nothing else does. So who chooses
    the old data again, by hand, begins anew; and who takes the choice back finds all as it was.
    """

    def __init__(self) -> None:
        self._now: Network | None = None
        self._left: list[tuple[Network, int]] = []

    def clear(self) -> None:
        """Another document begins."""
        self._now = None
        self._left.clear()

    def arrive(self, network: Network, revision: int) -> int | None:
        """Note that a network is on the screen now.

        Parameters
        ----------
        network
            The network.
        revision
            That of the network that was trained until now.

        Returns
        -------
        int or None
            The revision with which it was left for other data, if it comes back from there.
        """
        before, self._now = self._now, network
        if before is None or not begins_anew(before.setup, network.setup):
            return None
        found = next((r for other, r in self._left if other is network), None)
        kept = [entry for entry in self._left if entry[0] is not network]
        self._left = [*kept, (before, revision)][-MOST_SHELVED:]
        return found
