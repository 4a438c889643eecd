"""The toolbar: files, undo, the transport, and at its right end what is for the whole window."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QLayout, QMainWindow, QSizePolicy, QToolBar, QToolButton, QWidget

from backprop_studio.ui import guide
from backprop_studio.ui.widgets.transport import FULL, TIGHTEST, Transport


class Toolbar(QToolBar):
    """A toolbar that gives up words and padding before anything of it is out of sight.

    Parameters
    ----------
    title
        Its name.
    transport
        Gives way step by step.
    """

    def __init__(self, title: str, transport: Transport) -> None:
        super().__init__(title)
        self._transport = transport
        self._worded: list[QToolButton] = []
        self._fitted = (0, "")
        """Width and font that it was fitted to last."""

    def spare_words_of(self, action: QAction) -> None:
        """Let the words beside this action's icon be the first thing to go."""
        button = self.widgetForAction(action)
        assert isinstance(button, QToolButton)
        self._worded.append(button)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()
        super().resizeEvent(event)

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        # Larger text asks for more room in a bar that is as wide as before.
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return done

    def _fit(self) -> None:
        """Show as much as there is room for."""
        now = self.width(), self.font().toString()
        if self._fitted == now:
            return
        # Before anything changes: changes ask for a new layout, and so for this once more.
        self._fitted = now
        for level in range(FULL, TIGHTEST + 1):
            self._set_level(level)
            if self._wanted() <= self.width():
                break
        self._layout().invalidate()
        self.updateGeometry()

    def _wanted(self) -> int:
        """Pixels that everything together takes.

        The bar's own layout learns only by events what has become narrower, and never of what it
        has put out of sight.
        """
        widgets = [self.widgetForAction(action) for action in self.actions()]
        ends = self._layout().contentsMargins()
        between = self._layout().spacing() * (len(widgets) - 1)
        return (
            sum(max(w.sizeHint().width(), 0) for w in widgets)
            + between
            + ends.left()
            + ends.right()
        )

    def _layout(self) -> QLayout:
        layout = self.layout()
        assert layout is not None
        return layout

    def _set_level(self, level: int) -> None:
        beside = Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        alone = Qt.ToolButtonStyle.ToolButtonIconOnly
        for button in self._worded:
            button.setToolButtonStyle(beside if level == FULL else alone)
        self._transport.set_tightness(level)


def add_toolbar(
    window: QMainWindow, actions: Mapping[str, QAction], transport: Transport
) -> Toolbar:
    """Put the toolbar on top of a window."""
    bar = Toolbar(QCoreApplication.translate("Toolbar", "Main toolbar"), transport)
    bar.setObjectName("toolbar")
    bar.setProperty(guide.TOPIC, guide.TOOLBAR)
    bar.setMovable(False)
    for group in (("new", "open", "save"), ("undo", "redo")):
        for key in group:
            bar.addAction(actions[key])
        bar.addSeparator()
    bar.addWidget(transport)
    bar.addSeparator()
    for key in ("restart", "new_weights"):
        bar.addAction(actions[key])
    spacer = QWidget()
    spacer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    bar.addWidget(spacer)
    bar.addAction(actions["theme"])
    bar.addSeparator()
    bar.addAction(actions["export"])
    bar.spare_words_of(actions["export"])
    for key in ("new", "open", "save", "restart", "new_weights", "theme", "export"):
        # A button's short words do not tell one restart from the other.
        name = actions[key].text().replace("&", "").rstrip("…")
        bar.widgetForAction(actions[key]).setAccessibleName(name)
    window.addToolBar(bar)
    return bar


def add_strip(window: QMainWindow, strip: QWidget, title: str) -> None:
    """Put a strip of the whole width below the toolbar, where it always is."""
    bar = QToolBar(title)
    bar.setObjectName("loop")
    bar.setProperty(guide.TOPIC, guide.LOOP)
    bar.setMovable(False)
    bar.addWidget(strip)
    # It is no toolbar to be hidden by the menu that lists them.
    bar.toggleViewAction().setVisible(False)
    window.addToolBarBreak()
    window.addToolBar(bar)
