"""What a person sees first: their last projects, a new one, examples, lessons and presets."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.ui import icons, text_size, theme
from backprop_studio.ui.start.cards import Cards, Entry
from backprop_studio.ui.words import plain

_SIDE = 280
"""Width of the left part in pixels, beside text of the system's size."""
_LARGEST_SHARE = 0.3
"""Of the page's width, that it takes for larger text."""
_PICTURE = 40
_MARGIN = 24


class StartPage(QWidget):
    """How to go on, and what there is to begin with. Esc leads to the canvas behind it.

    Signals
    -------
    left
        The person wants the canvas.
    greeting_chosen(shown)
        Whether it is to be shown at the next start.
    """

    left = Signal()
    greeting_chosen = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Start page"))
        self.begin: list[QPushButton] = []
        self.recent: list[QPushButton] = []
        self.examples = Cards(112)
        self.lessons = Cards(0)
        self.presets = Cards(52)
        self._begin = QVBoxLayout()
        self._recent = QVBoxLayout()
        self._titles: dict[QWidget, QLabel] = {}
        self.greets = QCheckBox(self.tr("&Show this page at start"))
        self.greets.toggled.connect(self.greeting_chosen)
        self.leave = QPushButton(self.tr("&Go to the canvas"))
        self.leave.setToolTip(self.tr("Close this page (Esc)"))
        self.leave.clicked.connect(self.left)
        self._drawing = QTimer(self)
        self._drawing.setInterval(0)
        self._drawing.timeout.connect(self._draw_one)

        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._side())
        layout.addWidget(self._sections(), 1)

    def set_begin(self, entries: Sequence[Entry]) -> None:
        """Offer these as ways to begin."""
        self.begin = self._buttons(self._begin, entries)
        self._order()

    def set_recent(self, entries: Sequence[Entry]) -> None:
        """Offer these projects to continue with."""
        self.recent = self._buttons(self._recent, entries)
        if not entries:
            none = QLabel(self.tr("Projects that you save are listed here."))
            none.setWordWrap(True)
            theme.set_role(none, "muted")
            self._recent.addWidget(none)
        self._order()

    def set_examples(self, entries: Sequence[Entry]) -> None:
        """Offer these examples."""
        self._set(self.examples, entries)

    def set_lessons(self, entries: Sequence[Entry]) -> None:
        """Offer these lessons; without any, the page does not speak of lessons."""
        self._set(self.lessons, entries)

    def set_presets(self, entries: Sequence[Entry]) -> None:
        """Offer these networks to change."""
        self._set(self.presets, entries)

    def set_greets(self, shown: bool) -> None:
        """Say whether it is shown at the next start."""
        self.greets.setChecked(shown)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_picture"):
            self._fit_side()
            self._shorten()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_side()
        self._shorten()

    def _shorten(self) -> None:
        """Let each button say as much of its title as there is room for."""
        for button in (*self.begin, *self.recent):
            button.setText(self._shortened(button, button.accessibleName()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        super().keyPressEvent(event)

    def _side(self) -> QWidget:
        side = QFrame()
        side.setObjectName("start-side")
        layout = QVBoxLayout(side)
        layout.setContentsMargins(_MARGIN, _MARGIN, 12, 16)
        layout.setSpacing(6)
        head = QHBoxLayout()
        self._picture = QLabel()
        head.addWidget(self._picture)
        # Relative to the label's font, which may grow.
        name = QLabel('<b style="font-size: large">Backprop Studio</b>')
        name.setWordWrap(True)
        head.addWidget(name, 1)
        layout.addLayout(head)
        motto = QLabel(self.tr("A training step is a program, and this is its debugger."))
        motto.setWordWrap(True)
        theme.set_role(motto, "muted")
        layout.addWidget(motto)
        layout.addSpacing(10)
        layout.addWidget(_heading(self.tr("Begin")))
        layout.addLayout(self._begin)
        layout.addSpacing(10)
        layout.addWidget(_heading(self.tr("Continue")))
        layout.addLayout(self._recent)
        layout.addStretch(1)
        layout.addWidget(self.greets)
        layout.addWidget(self.leave)
        self._side_area = QScrollArea()
        self._side_area.setWidget(side)
        self._side_area.setWidgetResizable(True)
        self._side_area.setFrameShape(QFrame.Shape.NoFrame)
        self._side_area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._side_area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._side_area.setAccessibleName(self.tr("Begin or continue"))
        self._fit_side()
        return self._side_area

    def _fit_side(self) -> None:
        """Let the left part and its picture grow with the words, as far as there is room."""
        side = text_size.scaled(_PICTURE)
        self._picture.setPixmap(icons.pixmap("app", side, ratio=self.devicePixelRatioF()))
        self._side_area.setFixedWidth(self._side_width())

    def _side_width(self) -> int:
        return max(_SIDE, min(text_size.scaled(_SIDE), round(self.width() * _LARGEST_SHARE)))

    def _sections(self) -> QWidget:
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(16, _MARGIN, _MARGIN, _MARGIN)
        layout.setSpacing(8)
        for title, cards in (
            (self.tr("Lessons"), self.lessons),
            (self.tr("Examples that learn"), self.examples),
            (self.tr("Networks to change"), self.presets),
        ):
            self._titles[cards] = _heading(title)
            cards.setAccessibleName(title)
            layout.addWidget(self._titles[cards])
            layout.addWidget(cards)
            layout.addSpacing(10)
            self._set(cards, ())
            cards.bare.connect(self._drawing.start)
        layout.addStretch(1)
        area = QScrollArea()
        area.setWidget(inside)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setAccessibleName(self.tr("What there is to begin with"))
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        return area

    def _set(self, cards: Cards, entries: Sequence[Entry]) -> None:
        cards.set_entries(entries)
        self._titles[cards].setVisible(bool(entries))
        cards.setVisible(bool(entries))
        self._order()

    def _order(self) -> None:
        """Let the Tab key go as the page is read; Qt puts what is made later behind the rest."""
        cards = (*self.lessons.cards, *self.examples.cards, *self.presets.cards)
        stops = (*self.begin, *self.recent, self.greets, self.leave, *cards)
        for before, after in itertools.pairwise(stops):
            QWidget.setTabOrder(before, after)

    def _buttons(self, layout: QVBoxLayout, entries: Sequence[Entry]) -> list[QPushButton]:
        while (item := layout.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        made = []
        for entry in entries:
            button = QPushButton()
            theme.set_role(button, "link")
            button.setText(self._shortened(button, entry.title))
            button.setToolTip(plain(entry.detail))
            button.setAccessibleName(entry.title)
            button.setAccessibleDescription(entry.detail)
            button.setAutoDefault(True)
            button.clicked.connect(_without_state(entry))
            layout.addWidget(button)
            made.append(button)
        return made

    def _shortened(self, button: QPushButton, title: str) -> str:
        room = self._side_width() - _MARGIN - 12 - 24
        words = button.fontMetrics().elidedText(title, Qt.TextElideMode.ElideMiddle, room)
        return words.replace("&", "&&")

    def _draw_one(self) -> None:
        """Make one picture at a time, so that the page answers meanwhile."""
        if not self.isVisible() or not any(
            cards.draw_one() for cards in (self.examples, self.lessons, self.presets)
        ):
            self._drawing.stop()


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    theme.set_role(label, "heading")
    return label


def _without_state(entry: Entry) -> object:
    def act(checked: bool) -> None:
        entry.act()

    return act
