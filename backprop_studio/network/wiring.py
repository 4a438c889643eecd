"""Which nodes lead to which, in tables that an edit need not make anew."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from backprop_studio.network import changes
from backprop_studio.network.changes import Changes
from backprop_studio.network.sorting import depths, one_cycle

if TYPE_CHECKING:
    from backprop_studio.network.network import Node, Wire


class Wiring:
    """The wires of a network by their ends, and the order in which its nodes compute.

    Parameters
    ----------
    nodes, wires
        Those of the network; both ends of a wire are among the nodes.
    into
        Id of a node to the wires that end there, by port; only of nodes that have some.
    onward
        Id of a node to the wires that start there; only of nodes that have some.
    known
        How far nodes are from the start, if that is known; see `sorting.depths`.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        wires: Sequence[Wire],
        into: Mapping[str, Mapping[int, Wire]],
        onward: Mapping[str, tuple[Wire, ...]],
        known: Mapping[str, int] | None = None,
    ) -> None:
        self._nodes, self._wires = nodes, wires
        self.into, self.onward = into, onward
        self._known = known

    @classmethod
    def of(cls, nodes: Sequence[Node], wires: Sequence[Wire]) -> Wiring:
        """The wiring of these nodes and wires."""
        into: dict[str, dict[int, Wire]] = {}
        onward: dict[str, list[Wire]] = {}
        for wire in wires:
            into.setdefault(wire.target, {})[wire.port] = wire
            onward.setdefault(wire.source, []).append(wire)
        return cls(nodes, wires, into, {key: tuple(found) for key, found in onward.items()})

    def edited(self, nodes: Sequence[Node], wires: Sequence[Wire]) -> Wiring:
        """The wiring after an edit: the same as `of`, from what is known before it."""
        edit = changes.between((self._nodes, nodes), (self._wires, wires))
        if not (edit.rewired or edit.come or edit.gone or edit.reordered):
            return self
        into, onward = dict(self.into), dict(self.onward)
        targets = {wire.target for wire in edit.rewired}
        sources = {wire.source for wire in edit.rewired}
        for key in targets:
            into.pop(key, None)
        for key in sources:
            onward.pop(key, None)
        if targets:
            again = Wiring.of((), [w for w in wires if w.target in targets or w.source in sources])
            into.update((key, found) for key, found in again.into.items() if key in targets)
            onward.update((key, found) for key, found in again.onward.items() if key in sources)
        edited = Wiring(nodes, wires, into, onward)
        edited._known = edited._depths_after(self, edit)
        return edited

    def _depths_after(self, before: Wiring, edit: Changes) -> Mapping[str, int] | None:
        """The depths, from those before an edit; None where they have to be found anew."""
        known = before._depths
        if len(known) < len(before._nodes) or any(
            w.source in edit.come or w.target in edit.come or known[w.source] >= known[w.target]
            for w in edit.drawn
        ):
            return None
        # The order from before still holds: no wire runs against it.
        found = {key: depth for key, depth in known.items() if key not in edit.gone}
        found.update(dict.fromkeys(edit.come, 0))
        stale = {wire.target for wire in edit.rewired}.difference(edit.gone)
        for key in before.order if stale else ():
            if key in stale:
                needed = [found[wire.source] for wire in self.into.get(key, {}).values()]
                depth = 1 + max(needed, default=-1)
                if depth != found[key]:
                    found[key] = depth
                    stale.update(wire.target for wire in self.onward.get(key, ()))
        return found

    @cached_property
    def _depths(self) -> Mapping[str, int]:
        if self._known is not None:
            return self._known
        return depths([n.id for n in self._nodes], [(w.source, w.target) for w in self._wires])

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Ids of all nodes in the order in which they compute; empty where there is a cycle.

        Nodes that are equally far from the start keep the document's order, so that the same
        network always gives the same program.
        """
        found = self._depths
        if len(found) < len(self._nodes):
            return ()
        return tuple(sorted((node.id for node in self._nodes), key=found.__getitem__))

    @cached_property
    def cycle(self) -> tuple[str, ...]:
        """Ids of one cycle; empty when there is none."""
        if len(self._depths) == len(self._nodes):
            return ()
        pairs = [(wire.source, wire.target) for wire in self._wires]
        return one_cycle([node.id for node in self._nodes], pairs)

    def upstream(self, start: Iterable[str]) -> set[str]:
        """`start` and everything whose output reaches it."""
        into = self.into
        return _reach(start, lambda key: [w.source for w in into[key].values()], into)

    def downstream(self, start: Iterable[str]) -> set[str]:
        """`start` and everything that its output reaches."""
        onward = self.onward
        return _reach(start, lambda key: [w.target for w in onward[key]], onward)


def _reach(
    start: Iterable[str], following: Callable[[str], list[str]], leading: Collection[str]
) -> set[str]:
    """`start` and all that can be reached from it.

    Parameters
    ----------
    following
        What can be reached at once from a key that leads on.
    leading
        The keys that lead on.
    """
    seen = set(start)
    waiting = list(seen)
    while waiting:
        key = waiting.pop()
        if key in leading:
            for other in following(key):
                if other not in seen:
                    seen.add(other)
                    waiting.append(other)
    return seen
