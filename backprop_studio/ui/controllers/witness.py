"""What the window knows of itself that checks of lessons look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDockWidget

from backprop_studio.lessons import Curves, Facts, Moment
from backprop_studio.lessons.recorder import Event
from backprop_studio.training import Breakpoint, Snapshot
from backprop_studio.ui.controllers.document import Document


class Witness(QObject):
    """Remembers what was opened, set, found and trained since a lesson or a scene began.

    Parameters
    ----------
    document
        What is trained.
    parent
        Owner.

    Attributes
    ----------
    opened
        Docks by their keys, `layer/NAME`, and `race`.
    breakpoints
        Those that are set; they stay when something begins anew.
    gradient_error
        Largest error that the gradient check found; None where it was not run.

    Signals
    -------
    seen(event)
        Something is otherwise than it was; an `Event` if it is one that is written down, or None.
    """

    seen = Signal(object)

    def __init__(self, document: Document, parent: QObject) -> None:
        super().__init__(parent)
        self._document = document
        self._docks: Mapping[str, QDockWidget] = {}
        self._curves = Curves()
        self.opened: set[str] = set()
        self.breakpoints: tuple[Breakpoint, ...] = ()
        self.gradient_error: float | None = None

    def begin(self) -> None:
        """Forget what was so before the lesson's project was put on the screen."""
        self.opened.clear()
        self.gradient_error = None
        self._curves = Curves()

    def watch_docks(self, docks: Mapping[str, QDockWidget]) -> None:
        """Take note of what is opened from now on."""
        self._docks = docks
        for key, dock in docks.items():
            dock.visibilityChanged.connect(partial(self._see_dock, key))

    def see_docks(self, *, anew: bool = False) -> None:
        """Those in sight count as opened; a dock behind another tab has an empty region.

        Parameters
        ----------
        anew
            Whether nothing else counts as opened.
        """
        if anew:
            self.opened.clear()
        for key, dock in self._docks.items():
            self._see_dock(key, dock.isVisible() and not dock.visibleRegion().isEmpty())

    def see_opened(self, key: str) -> None:
        """Take note that something was opened: a dock by its key, `layer/NAME`, or `race`."""
        if key not in self.opened:
            self.opened.add(key)
            self.seen.emit(Event("open", id=key))

    def see_layer(self, node: str) -> None:
        """Take note that a layer is opened into its operations."""
        self.see_opened(f"layer/{self._document.network.node(node).name}")

    def set_breakpoints(self, points: tuple[Breakpoint, ...]) -> None:
        """Take note of the breakpoints."""
        self.breakpoints = points
        self.seen.emit(None)

    def see_check(self, checks: Sequence[object]) -> None:
        """Take note of what the gradient check found."""
        errors = [float(getattr(check, "error")) for check in checks]  # noqa: B009
        self.gradient_error = max(errors, default=None)
        self.seen.emit(Event("gradient_check"))

    def facts(self, moment: Moment | None, snapshot: Snapshot) -> Facts:
        """What is so, with the run at this moment."""
        earlier = () if moment is None else self._curves.see(moment.curve)
        resting = tuple(b.losses[:, 1] for b in snapshot.branches if b.id != snapshot.branch)
        return Facts(
            network=self._document.network,
            moment=moment,
            branches=len(snapshot.branches),
            breakpoints=self.breakpoints,
            opened=frozenset(self.opened),
            gradient_error=self.gradient_error,
            earlier=(*earlier, *resting),
        )

    def _see_dock(self, key: str, visible: bool) -> None:
        if visible:
            self.see_opened(key)
