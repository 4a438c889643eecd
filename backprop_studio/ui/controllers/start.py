"""Shows the start page in place of the canvas, and takes it away again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from PySide6.QtCore import QObject, QSize, QTimer
from PySide6.QtGui import QAction, QPixmap
from PySide6.QtWidgets import QStackedWidget, QWidget

from backprop_studio import assets, project
from backprop_studio.network import Network
from backprop_studio.network.presets import PRESETS
from backprop_studio.ui import finding
from backprop_studio.ui.controllers.layouts import Layouts
from backprop_studio.ui.controllers.project import ProjectController
from backprop_studio.ui.settings import Settings
from backprop_studio.ui.start import pictures
from backprop_studio.ui.start.cards import Entry
from backprop_studio.ui.start.page import StartPage

_RECENT = 7

STAYS = frozenset(
    ("start_page", "new_window", "open", "examples", "export_picture", "quit", "commands",
     "shortcuts", "about", "presentation", "theme", "text_larger", "text_smaller", "text_normal",
     "theme_system", "theme_light", "theme_dark", "motion_system", "motion_full",
     "motion_reduced", "new", "example", "help")
)  # fmt: skip
"""Actions that make sense on the page, or that lead away from it by what they open."""


class StartController(QObject):
    """Fills the page, and decides when it goes.

    While it is shown, the panels are aside: they speak of a network that nobody has chosen yet.
    Whatever is done to that network, or opened, leads away from the page.

    Parameters
    ----------
    pages
        What stands in the middle of the window.
    canvas
        Gives the page to go to.
    project, settings, layouts
        What its entries open; what it remembers; what puts the panels aside.
    """

    def __init__(
        self,
        pages: QStackedWidget,
        canvas: Callable[[], QWidget],
        project: ProjectController,
        settings: Settings,
        layouts: Layouts,
    ) -> None:
        super().__init__(pages)
        self._pages = pages
        self._canvas = canvas
        self._project = project
        self._settings = settings
        self._layouts = layouts
        self._staying = False
        self._page: StartPage | None = None
        self._lessons: Callable[[], Sequence[Entry]] = _lessons_to_come
        project.path_changed.connect(self._document_changed)
        layouts.put_back_now.connect(self._show_canvas)

    @property
    def shown(self) -> bool:
        """Whether the page is in front."""
        return self._page is not None and self._pages.currentWidget() is self._page

    @property
    def page(self) -> StartPage:
        """The page, made when it is first asked for."""
        if self._page is None:
            self._page = self._make()
        return self._page

    def offer_lessons(self, lessons: Callable[[], Sequence[Entry]]) -> None:
        """Offer lessons: title, a line about it, and what begins it.

        Asked for whenever the page is shown, since a learner gets on. Before, the page keeps
        room for them.
        """
        self._lessons = lessons
        if self.shown:
            QTimer.singleShot(0, self, lambda: self.page.set_lessons(self._lessons()))

    def greet(self) -> None:
        """Show the page, unless the person does not want to be greeted."""
        if self._settings.start_page:
            self.show()

    def show(self) -> None:
        """Show the page in place of the canvas and the panels."""
        page = self.page
        page.set_recent(
            [
                Entry(path.name, str(path), partial(self._project.reopen, path))
                for path in self._settings.recent_files[:_RECENT]
            ]
        )
        page.set_lessons(self._lessons())
        page.set_greets(self._settings.start_page)
        self._layouts.clear()
        self._pages.setCurrentWidget(page)
        (page.recent or page.begin)[0].setFocus()

    def leave(self, *_: object) -> None:
        """Go to the canvas."""
        if self.shown:
            self._layouts.put_back()

    def leave_for(self, actions: dict[str, QAction]) -> None:
        """Let actions lead away from the page, all but those that it can do with."""
        for key, action in actions.items():
            if key not in STAYS:
                action.triggered.connect(self.leave)

    @contextmanager
    def staying(self) -> Iterator[None]:
        """Keep the page in front whatever is opened behind it."""
        self._staying = True
        try:
            yield
        finally:
            self._staying = False

    def _make(self) -> StartPage:
        page = StartPage()
        page.set_begin(
            [
                Entry(self.tr("New network"), self.tr("An empty canvas"), self._project.new),
                Entry(
                    self.tr("Open a project…"),
                    self.tr("A .bps file of yours, or one that you were given"),
                    self._project.open,
                ),
            ]
        )
        page.set_examples(
            [
                Entry(title, detail, partial(self._project.open_example, name), _Drawn(name).draw)
                for name, (title, detail) in finding.examples().items()
            ]
        )
        page.set_presets(
            [
                Entry(
                    preset.title,
                    preset.summary,
                    partial(self._begin_with, key),
                    partial(_draw_preset, key),
                )
                for key, preset in PRESETS.items()
            ]
        )
        page.left.connect(self.leave)
        page.greeting_chosen.connect(self._remember)
        self._pages.addWidget(page)
        return page

    def _begin_with(self, preset: str) -> None:
        self._project.begin_with(PRESETS[preset].make())

    def _remember(self, shown: bool) -> None:
        self._settings.start_page = shown

    def _document_changed(self) -> None:
        if not self._staying:
            self.leave()

    def _show_canvas(self) -> None:
        canvas = self._canvas()
        self._pages.setCurrentWidget(canvas)
        canvas.setFocus()


def _lessons_to_come() -> list[Entry]:
    """An empty card for each lesson: to read them all takes a while.

    The longest title takes three lines in a window of the usual size, so nothing moves there.
    """
    try:
        count = len(list(assets.path("lessons").glob("*/lesson.md")))
    except FileNotFoundError:
        count = 0
    return [Entry("\n\n", " ", lambda: None)] * count


class _Drawn:
    """Draws an example; its file is read at most once."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._network: Network | None = None

    def draw(self, size: QSize, ratio: float) -> QPixmap:
        if self._network is None:
            self._network = project.load(assets.path("examples", f"{self._name}.bps")).network
        return pictures.picture(self._network, size, ratio)


def _draw_preset(key: str, size: QSize, ratio: float) -> QPixmap:
    return pictures.picture(PRESETS[key].make(), size, ratio)
