"""Which networks the branches of a run train, so that Undo and a switch find the right one."""

from __future__ import annotations

from collections.abc import Container

from backprop_studio.network import Network

Place = tuple[int, int]
"""A branch by its id, and how many iterations it has finished."""


class Trained:
    """Remembers the networks of one document's run, by the object and not by what is in it.

    Designs that are the same may have been trained apart, on branches of their own.
    """

    def __init__(self) -> None:
        self._networks: dict[int, Network] = {}
        self._apart: list[Network] = []
        self._homes: dict[int, Place] = {}

    def clear(self) -> None:
        """Another document begins."""
        self._networks.clear()
        self._apart.clear()
        self._homes.clear()

    def note(self, revision: int, network: Network) -> None:
        """Note under which revision a network was given to the worker."""
        self._networks[revision] = network

    def keep(self, revisions: Container[int]) -> None:
        """Let go of the networks that no branch trains any more."""
        self._networks = {r: n for r, n in self._networks.items() if r in revisions}

    def of(self, revision: int) -> Network | None:
        """The network that was given with a revision, while a branch trains it."""
        return self._networks.get(revision)

    def networks(self) -> tuple[Network, ...]:
        """All that a branch leads back to."""
        return (*self._networks.values(), *self._apart)

    def part(self, before: Network, after: Network, place: Place) -> None:
        """Note that `after` is trained on a branch of its own, beside that of `before`.

        Parameters
        ----------
        before, after
            The networks; both are held from now on.
        place
            Where `before` was left.
        """
        self._apart += [before, after]
        self._homes[id(before)] = place

    def is_apart(self, network: Network | None) -> bool:
        """Whether this very network has a branch of its own."""
        return any(network is other for other in self._apart)

    def leave(self, network: Network | None, place: Place) -> None:
        """Note where a network is left, if it has a branch of its own."""
        if self.is_apart(network):
            self._homes[id(network)] = place

    def home(self, network: Network) -> Place | None:
        """Where to go when this very network comes back."""
        return self._homes.get(id(network))
