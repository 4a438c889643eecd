"""What training is doing right now, as far as the canvas shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from backprop_studio.autograd import Phase

TONES: Mapping[Phase, str] = MappingProxyType(
    {
        Phase.DATA: "forward",
        Phase.FORWARD: "forward",
        Phase.LOSS: "forward",
        Phase.BACKWARD: "backward",
        Phase.UPDATE: "update",
    }
)
"""The theme colour of each phase."""

WORDS: Mapping[Phase, str] = MappingProxyType(
    {
        Phase.DATA: "data →",
        Phase.FORWARD: "forward →",
        Phase.LOSS: "loss",
        Phase.BACKWARD: "← backward",
        Phase.UPDATE: "update",
    }
)
"""What stands above the running node; the arrow is the way in which values flow."""


@dataclass(frozen=True)
class Activity:
    """Where a training step stands.

    Attributes
    ----------
    node
        Id of the node that is running; None when none is.
    phase
        The pass it runs in.
    computed
        Ids of the nodes whose value of this pass is known. The others are dimmed.
    """

    node: str | None
    phase: Phase | None
    computed: frozenset[str] = frozenset()

    def on_wire(self, source: str, target: str) -> tuple[str, bool]:
        """The tone in which a wire shines, empty for none, and whether its value is known."""
        # A wire carries the output of its source, and backward the gradient of its target.
        back = self.phase is Phase.BACKWARD
        giver, taker = (target, source) if back else (source, target)
        known = giver in self.computed
        flows = self.phase in (Phase.FORWARD, Phase.LOSS, Phase.BACKWARD)
        lit = flows and known and taker == self.node
        return TONES[self.phase] if lit and self.phase is not None else "", known
