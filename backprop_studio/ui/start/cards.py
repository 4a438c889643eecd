"""Cards to choose from: a picture, a title, a line or two. By mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractButton, QScrollArea, QSizePolicy, QWidget

from backprop_studio.ui import theme
from backprop_studio.ui.words import plain

GAP = 12
_LEAST = 176
_PAD = 9

Draw = Callable[[QSize, float], QPixmap]
"""Makes a picture of a size in logical pixels, with so many device pixels for each."""


@dataclass(frozen=True)
class Entry:
    """One thing to begin with.

    Attributes
    ----------
    title
        A few words.
    detail
        A line or two below it.
    act
        What choosing it does.
    draw
        Makes its picture; None for a card of text.
    """

    title: str
    detail: str
    act: Callable[[], object]
    draw: Draw | None = None


class Card(QAbstractButton):
    """One entry.

    Signals
    -------
    bare
        It was painted without its picture, which is not made before there is something to see.
    """

    bare = Signal()

    def __init__(self, entry: Entry, picture_height: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.entry = entry
        self._height = picture_height if entry.draw is not None else 0
        self._picture: QPixmap | None = None
        self.setText(entry.title)
        self.setAccessibleName(entry.title)
        self.setAccessibleDescription(entry.detail)
        self.setToolTip(plain(entry.detail))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(self._act)
        # An empty card keeps a place.
        self.setEnabled(bool(entry.title.strip()))

    def _act(self) -> None:
        self.entry.act()

    def needed(self, width: int) -> int:
        """Height that it takes at a width."""
        metrics = self.fontMetrics()
        room = QRect(0, 0, width - 2 * _PAD - 2, 10_000)
        words = metrics.boundingRect(room, int(Qt.TextFlag.TextWordWrap), self.entry.detail)
        return self._height + 2 * _PAD + self._title_height(width) + words.height() + 5

    def _title_height(self, width: int) -> int:
        """Below a picture, a title has one line; a card of text has room for all of it."""
        font = self.font()
        font.setBold(True)
        metrics = QFontMetrics(font)
        if self.entry.draw is not None:
            return metrics.lineSpacing()
        room = QRect(0, 0, width - 2 * _PAD - 2, 10_000)
        wrap = int(Qt.TextFlag.TextWordWrap)
        return metrics.boundingRect(room, wrap, self.entry.title).height()

    def draw_picture(self) -> bool:
        """Make the picture, if it is missing; whether there was anything to do."""
        if self.entry.draw is None or self._picture is not None:
            return False
        self._picture = self.entry.draw(
            QSize(max(self.width() - 2, 1), self._height), self.devicePixelRatioF()
        )
        self.update()
        return True

    def forget_picture(self) -> None:
        """Have it made anew, as for other colours or another size."""
        self._picture = None

    def sizeHint(self) -> QSize:
        return QSize(_LEAST, self.needed(_LEAST))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        page = self.parentWidget()
        while page is not None and not isinstance(page, QScrollArea):
            page = page.parentWidget()
        if page is not None and event.reason() != Qt.FocusReason.MouseFocusReason:
            page.ensureWidgetVisible(self, 0, GAP)

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        path = QPainterPath()
        path.addRoundedRect(frame, 7, 7)
        hot = self.underMouse() or self.isDown()
        painter.fillPath(path, colors.color("button_hover" if hot else "surface"))
        painter.save()
        painter.setClipPath(path)
        if self._picture is not None:
            painter.drawPixmap(1, 1, self._picture)
        elif self._height:
            painter.fillRect(QRect(0, 0, self.width(), self._height), colors.color("canvas"))
            self.bare.emit()
        painter.restore()
        focus = self.hasFocus()
        if self._height:
            painter.setPen(QPen(colors.color("border"), 1))
            painter.drawLine(1, self._height + 1, self.width() - 2, self._height + 1)
        painter.setPen(QPen(colors.color("accent" if focus else "border"), 2 if focus else 1))
        painter.drawPath(path)
        room = self.rect().adjusted(_PAD + 1, self._height + _PAD, -_PAD - 1, -_PAD)
        font = self.font()
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(colors.color("text"))
        height = self._title_height(self.width())
        title, place = self.entry.title, QRect(room.left(), room.top(), room.width(), height)
        if self.entry.draw is not None:
            elide = Qt.TextElideMode.ElideRight
            title = painter.fontMetrics().elidedText(title, elide, room.width())
        painter.drawText(place, int(Qt.TextFlag.TextWordWrap), title)
        painter.setFont(self.font())
        painter.setPen(colors.color("muted"))
        below = room.adjusted(0, height + 2, 0, 0)
        painter.drawText(below, int(Qt.TextFlag.TextWordWrap), self.entry.detail)


class Cards(QWidget):
    """Cards in rows, as many in a row as there is room for. Arrow keys go from one to another.

    Parameters
    ----------
    picture_height
        Logical pixels of the pictures' height.

    Signals
    -------
    bare
        One was painted without its picture.
    """

    bare = Signal()

    def __init__(self, picture_height: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture_height = picture_height
        self.cards: list[Card] = []
        self._columns = 1
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_entries(self, entries: Sequence[Entry]) -> None:
        """Show these."""
        for card in self.cards:
            card.hide()
            card.deleteLater()
        self.cards = [Card(entry, self._picture_height, self) for entry in entries]
        for card in self.cards:
            card.installEventFilter(self)
            card.bare.connect(self.bare)
            card.show()
        self._place()

    def draw_one(self) -> bool:
        """Make one picture that is missing; False when there was none."""
        return any(card.draw_picture() for card in self.cards)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if theme.is_theme_change(event):
            for card in self.cards:
                card.forget_picture()
        if event.type() == QEvent.Type.FontChange:
            # The cards, which say how high they must be, have their font a little later.
            QTimer.singleShot(0, self, self._place)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            steps = {
                Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1,
                Qt.Key.Key_Down: self._columns, Qt.Key.Key_Up: -self._columns,
            }  # fmt: skip
            step = steps.get(Qt.Key(event.key()))
            if step is not None and isinstance(watched, Card):
                place = self.cards.index(watched) + step
                if 0 <= place < len(self.cards):
                    self.cards[place].setFocus(Qt.FocusReason.TabFocusReason)
                return True
        return False

    def _place(self) -> None:
        width = self.width()
        # Wide enough for a title, however large the text is.
        least = max(_LEAST, 25 * self.fontMetrics().averageCharWidth())
        self._columns = max(1, (width + GAP) // (least + GAP))
        if not self.cards:
            self.setFixedHeight(0)
            return
        one = (width - GAP * (self._columns - 1)) // self._columns
        high = max(card.needed(one) for card in self.cards)
        for place, card in enumerate(self.cards):
            row, column = divmod(place, self._columns)
            if card.width() != one:
                card.forget_picture()
            card.setGeometry(column * (one + GAP), row * (high + GAP), one, high)
        rows = -(-len(self.cards) // self._columns)
        self.setFixedHeight(rows * high + (rows - 1) * GAP)
