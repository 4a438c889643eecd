"""Choose one of many by typing a few letters: the command palette, and quick-add."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QSize, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QPainter, QPalette
from PySide6.QtWidgets import (
    QDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.ui import guide, searching, theme
from backprop_studio.ui.dialogs import sizing
from backprop_studio.ui.words import plain

_WIDTH, _HEIGHT = 560, 340
_GAP = 16
_ABOUT_WORDS = 6
"""Pixels above and below the words of a row, together."""
_PARTS = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True)
class Choice:
    """One thing to choose.

    Attributes
    ----------
    text
        Its name.
    detail
        What stands at its right, such as a shortcut; it is searched as well.
    act
        What choosing it does.
    also
        Other names and words that it is found by; they are not shown.
    topic
        Page of the help about it; empty for that of the chooser.
    """

    text: str
    detail: str
    act: Callable[[], object]
    also: str = ""
    topic: str = ""


class _Columns(QStyledItemDelegate):
    """Names, and in a second column, pale, what belongs to them, as far as there is room.

    Parameters
    ----------
    names
        All of them: the widest decides where the second column begins.
    """

    def __init__(self, names: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self._names = tuple(names)

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        hint = super().sizeHint(option, index)
        return QSize(hint.width(), hint.height() + _ABOUT_WORDS)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        item = QStyleOptionViewItem(option)
        self.initStyleOption(item, index)
        name, detail = index.data(_PARTS)
        item.text = ""
        style = item.widget.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, item, painter, item.widget)
        room, metrics = item.rect.adjusted(6, 0, -6, 0), item.fontMetrics
        chosen = item.state & QStyle.StateFlag.State_Selected
        role = QPalette.ColorRole.HighlightedText if chosen else QPalette.ColorRole.Text
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.save()
        painter.setPen(item.palette.color(role))
        painter.drawText(room, middle | Qt.AlignmentFlag.AlignLeft, name)
        first = min(max(map(metrics.horizontalAdvance, self._names)), room.width() // 2)
        room.setLeft(room.left() + max(first, metrics.horizontalAdvance(name)) + _GAP)
        if not chosen:
            painter.setPen(theme.current().color("muted"))
        shown = metrics.elidedText(detail, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, middle | Qt.AlignmentFlag.AlignLeft, shown)
        painter.restore()


class Chooser(QDialog):
    """A line to type in, and below it what matches; Enter or a click chooses, Esc leaves.

    Parameters
    ----------
    title
        Of the dialog, and what a screen reader says.
    choices
        All of them, in the order in which they stand without a search.
    parent
        The window; F1 is answered there, and that closes the chooser.
    topic
        Page of the help about what is offered.
    """

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice],
        parent: QWidget | None = None,
        topic: str = guide.CANVAS,
    ) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setWindowTitle(title)
        self.setObjectName("chooser")
        self.setAccessibleName(title)
        self._choices = tuple(choices)
        self._topic = topic
        self.search = QLineEdit()
        self.search.setPlaceholderText(title)
        self.search.setAccessibleName(title)
        self.search.textChanged.connect(self._fill)
        self.search.installEventFilter(self)
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("What matches"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setItemDelegate(_Columns([c.text for c in choices], self.list))
        self.list.itemClicked.connect(lambda _: self._choose())
        self.list.currentItemChanged.connect(self._tell)
        self.nothing = QLabel(self.tr("Nothing has all these letters."), self.list)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        theme.set_role(self.nothing, "muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.search)
        layout.addWidget(self.list, 1)
        sizing.fit(self, _WIDTH, _HEIGHT)
        self._fill()

    def open_at(self, place: QPoint) -> None:
        """Show it with its upper left corner at a point of the screen, as far as there is room."""
        room = self.screen().availableGeometry()
        x = min(max(place.x(), room.left()), room.right() - self.width())
        y = min(max(place.y(), room.top()), room.bottom() - self.height())
        self.move(x, y)
        self.show()
        self.search.setFocus()

    def event(self, event: QEvent) -> bool:
        # As a menu does, it goes when something else is clicked.
        if event.type() == QEvent.Type.WindowDeactivate:
            self.reject()
        return super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.search and isinstance(event, QKeyEvent) and (
            event.type() == QEvent.Type.KeyPress
        ):  # fmt: skip
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8,
                     Qt.Key.Key_PageUp: -8}  # fmt: skip
            key = Qt.Key(event.key())
            if key in steps and self.list.count():
                row = min(max(self.list.currentRow() + steps[key], 0), self.list.count() - 1)
                self.list.setCurrentRow(row)
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose()
                return True
            if event.matches(QKeySequence.StandardKey.HelpContents):
                self._explain()
                return True
        return super().eventFilter(watched, event)

    def _fill(self) -> None:
        """What has all the words, what fits best in front."""
        search = self.search.text()
        fits = (searching.fit(search, c.text, c.also, c.detail) for c in self._choices)
        found = [(fit, place) for place, fit in enumerate(fits) if fit is not None]
        # An emptied list is not the news: what is chosen in the full one is, and is told once.
        self.list.blockSignals(True)
        self.list.clear()
        for _, place in sorted(found):
            choice = self._choices[place]
            item = QListWidgetItem(
                f"{choice.text}    {choice.detail}" if choice.detail else choice.text
            )
            item.setData(Qt.ItemDataRole.UserRole, place)
            item.setData(_PARTS, (choice.text, choice.detail))
            item.setToolTip(plain(choice.detail))
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self.list.blockSignals(False)
        self._tell(self.list.currentItem())
        self.nothing.setVisible(not found)
        self.nothing.setGeometry(self.list.rect().adjusted(0, 0, 0, -self.list.height() * 2 // 3))

    def _tell(self, item: QListWidgetItem | None) -> None:
        """Let a screen reader say what Enter would choose: the keyboard stays in the line above."""
        text = self.nothing.text() if item is None else ", ".join(filter(None, item.data(_PARTS)))
        self.search.setAccessibleDescription(text)
        place = None if item is None else item.data(Qt.ItemDataRole.UserRole)
        chosen = "" if place is None else self._choices[place].topic
        self.setProperty(guide.TOPIC, chosen or self._topic)

    def _explain(self) -> None:
        """Have the window explain what is chosen, as long as the keyboard is here."""
        window = self.parentWidget()
        action = None if window is None else window.findChild(QAction, "action-help")
        if action is not None:
            action.trigger()
            self.reject()

    def _choose(self) -> None:
        item = self.list.currentItem()
        if item is None:
            return
        choice = self._choices[item.data(Qt.ItemDataRole.UserRole)]
        self.accept()
        choice.act()
