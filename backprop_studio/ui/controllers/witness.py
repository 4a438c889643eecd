"""What the window knows of itself that checks of lessons look at."""

from __future__ import annotations

from dataclasses import dataclass, field

from backprop_studio.lessons import Curves, Facts, Moment
from backprop_studio.network import Network
from backprop_studio.training import Breakpoint, Snapshot


@dataclass
class Witness:
    """Remembers what was opened, found and trained since a lesson or a scene began.

    Attributes
    ----------
    opened
        Docks by their keys, `layer/NAME`, and `race`.
    breakpoints
        Those that are set; they stay when something begins anew.
    gradient_error
        Largest error that the gradient check found; None where it was not run.
    curves
        Losses of earlier runs.
    """

    opened: set[str] = field(default_factory=set)
    breakpoints: tuple[Breakpoint, ...] = ()
    gradient_error: float | None = None
    curves: Curves = field(default_factory=Curves)

    def begin(self) -> None:
        """Forget what was so before the lesson's project was put on the screen."""
        self.opened.clear()
        self.gradient_error = None
        self.curves = Curves()

    def facts(self, network: Network, moment: Moment | None, snapshot: Snapshot) -> Facts:
        """What is so, with the run at this moment."""
        earlier = () if moment is None else self.curves.see(moment.curve)
        resting = tuple(b.losses[:, 1] for b in snapshot.branches if b.id != snapshot.branch)
        return Facts(
            network=network,
            moment=moment,
            branches=len(snapshot.branches),
            breakpoints=self.breakpoints,
            opened=frozenset(self.opened),
            gradient_error=self.gradient_error,
            earlier=(*earlier, *resting),
        )
