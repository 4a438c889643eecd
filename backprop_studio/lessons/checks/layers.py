"""Which layers are on the canvas, and how they are wired."""

from __future__ import annotations

from typing import ClassVar

from backprop_studio.lessons.check import Check
from backprop_studio.lessons.facts import Facts
from backprop_studio.network import Network
from backprop_studio.nn import nodes


class Layers(Check, frozen=True, kw_only=True):
    """There are layers of a type, or a wire.

    Attributes
    ----------
    type
        Id of the type, such as `relu`; empty asks for none.
    least, most
        How many of them there must be at least, and may be at most.
    wire
        Names, or ids of types, of two layers: a wire must lead from the first to the second.
    trains
        Whether the network must have no errors.
    """

    kind: ClassVar[str] = "layers"

    type: str = ""
    least: int = 1
    most: int = 1_000_000
    wire: tuple[str, str] | None = None
    trains: bool = False

    def met(self, facts: Facts) -> bool:
        """Whether it is so."""
        network = facts.network
        if self.type:
            count = sum(n.spec.info.id == self.type for n in network.nodes)
            if not self.least <= count <= self.most:
                return False
        if self.wire is not None and not _wired(network, *self.wire):
            return False
        return facts.moment is not None or not self.trains

    def faults(self) -> list[tuple[str, str]]:
        """As in `Check`."""
        if self.type and self.type not in nodes():
            return [("type", f"there is no layer type '{self.type}'")]
        if not self.type and self.wire is None and not self.trains:
            return [("kind", "layers needs one of type, wire and trains")]
        return []


def _wired(network: Network, source: str, target: str) -> bool:
    def fits(node_id: str, wanted: str) -> bool:
        node = network.node(node_id)
        return wanted in (node.name, node.spec.info.id)

    return any(fits(w.source, source) and fits(w.target, target) for w in network.wires)
