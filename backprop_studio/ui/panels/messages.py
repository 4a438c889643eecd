"""Messages: all problems of the document in one list, and what happened while training."""

from __future__ import annotations

from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QFont,
    QFontMetrics,
    QIcon,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QShowEvent,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.errors import Severity
from backprop_studio.network import Analysis, fixes
from backprop_studio.ui import text_size, theme
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.models.messages_model import MessageRole, MessagesModel, messages
from backprop_studio.ui.widgets.note import IconView, Note

_ICON = 16
"""Side of an icon in pixels, beside text of the system's size."""
_PAD = 8
_BATCH = 50
"""Rows that are laid out at one go."""

_MOST_NOTICES = 4
"""Older ones give way, so that the list below stays in sight."""


class MessagesPanel(QWidget):
    """Shows every diagnostic, errors first; choosing one asks to see its layer.

    Parameters
    ----------
    document : Document
        Whose problems to show.
    parent : QWidget, optional

    Signals
    -------
    node_requested(node_id)
        A message was clicked, or Enter was pressed on it: show and select its layer.
    fix_requested(fix)
        Its remedy was clicked, or F was pressed on it; a `Fix`.
    """

    node_requested = Signal(str)
    fix_requested = Signal(object)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._notices: list[_Notice] = []
        self.model = MessagesModel(self)
        self.view = _View()
        self.view.setModel(self.model)
        self.view.setAccessibleName(self.tr("Problems"))
        self.view.setAccessibleDescription(
            self.tr("Press Enter to go to the layer, F to carry the remedy out.")
        )
        self._document = document
        self.view.remedy_chosen.connect(self._mend)
        self.view.clicked.connect(self._request)
        self.view.activated.connect(self._request)
        self._empty = _Empty(self.tr("No problems."))
        self._top = QVBoxLayout()
        self._top.setSpacing(6)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._top)
        layout.addWidget(self.view, 1)
        layout.addWidget(self._empty, 1)
        self._waiting: Analysis | None = None
        document.analysis_changed.connect(self._take)
        self._refresh(document.analysis)

    @property
    def notices(self) -> tuple[str, ...]:
        """The run-time messages on top, newest first."""
        return tuple(notice.text for notice in self._notices)

    def says_no_problems(self) -> bool:
        """Whether the empty state is shown."""
        return not self._empty.isHidden() and not self._empty.is_quiet()

    def show_notice(self, text: str, severity: Severity = Severity.ERROR) -> None:
        """Show a run-time message on top until it is dismissed; one said twice stands once."""
        for notice in [n for n in self._notices if n.text == text]:
            self._remove(notice)
        notice = _Notice(text, severity)
        notice.dismissed.connect(lambda: self._remove(notice))
        self._notices.insert(0, notice)
        self._top.insertWidget(0, notice)
        notice.show()  # at once: whoever opens the panel asks how much there is to read
        for old in self._notices[_MOST_NOTICES:]:
            self._remove(old)
        self._show_empty()

    def clear_notices(self) -> None:
        """Remove all run-time messages."""
        for notice in tuple(self._notices):
            self._remove(notice)

    def showEvent(self, event: QShowEvent) -> None:
        # Of a large network that falls apart there are hundreds: nobody waits for what is hidden.
        if self._waiting is not None:
            self._refresh(self._waiting)
        super().showEvent(event)

    def _take(self, analysis: Analysis) -> None:
        self._waiting = analysis
        if self.isVisible():
            self._refresh(analysis)

    def _refresh(self, analysis: Analysis) -> None:
        self._waiting = None
        self.model.set_messages(messages(analysis))
        self._show_empty()

    def _show_empty(self) -> None:
        edge = 8 if self._notices else 0
        self._top.setContentsMargins(edge, edge, edge, edge)
        some = self.model.rowCount() > 0
        self.view.setVisible(some)
        # "No problems" below "Training stopped" would not be true.
        self._empty.set_quiet(bool(self._notices))
        self._empty.setVisible(not some)

    def _remove(self, notice: _Notice) -> None:
        if notice in self._notices:
            self._notices.remove(notice)
            self._top.removeWidget(notice)
            notice.hide()
            notice.deleteLater()
            self._show_empty()

    def _mend(self, index: QModelIndex | QPersistentModelIndex) -> None:
        problem, analysis = index.data(MessageRole.PROBLEM), self._document.analysis
        fix = None if problem is None else fixes.fix_for(analysis, problem)
        if fix is not None:
            self.fix_requested.emit(fix)

    def _request(self, index: QModelIndex) -> None:
        if self.view.chose_remedy:
            return
        node = index.data(MessageRole.NODE)
        if node:
            self.node_requested.emit(node)


class _Notice(QFrame):
    """A run-time message with a button that dismisses it."""

    dismissed = Signal()

    def __init__(self, text: str, severity: Severity) -> None:
        super().__init__()
        self.text = text
        theme.set_role(self, "card")
        note = Note()
        note.show_text(text, severity)
        button = QToolButton()
        button.setText(self.tr("Dismiss"))
        button.setAccessibleDescription(text)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.clicked.connect(self.dismissed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 4, 4)
        layout.setSpacing(8)
        layout.addWidget(note, 1)
        layout.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)


class _Empty(QWidget):
    """What stands in place of an empty list."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._content = QWidget()
        label = QLabel(text)
        theme.set_role(label, "muted")
        row = QHBoxLayout(self._content)
        row.setSpacing(6)
        row.addWidget(IconView("check", 16, tint="ok"))
        row.addWidget(label)
        layout = QVBoxLayout(self)
        layout.addWidget(self._content, 0, Qt.AlignmentFlag.AlignCenter)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def is_quiet(self) -> bool:
        """Whether it says nothing."""
        return self._content.isHidden()

    def set_quiet(self, quiet: bool) -> None:
        """Say nothing."""
        self._content.setVisible(not quiet)


class _View(QListView):
    """A list whose rows wrap to its width, with remedies that can be clicked."""

    remedy_chosen = Signal(QModelIndex)

    def __init__(self) -> None:
        super().__init__()
        self.chose_remedy = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        # A large network that falls apart has hundreds of rows, and few of them are in sight: the
        # others find their place while nobody waits.
        self.setLayoutMode(QListView.LayoutMode.Batched)
        self.setBatchSize(_BATCH)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setItemDelegate(_Delegate(self))

    def sizeHint(self) -> QSize:
        """As high as its rows, so that a dock that is opened knows how much there is to read."""
        return QSize(super().sizeHint().width(), self.contentsSize().height())

    def remedy_rect(self, index: QModelIndex | QPersistentModelIndex) -> QRect:
        """Where the remedy of a row can be clicked; empty without one."""
        return remedy_rect(self.visualRect(index), self.fontMetrics(), index)

    def _over_remedy(self, at: QPoint) -> QModelIndex:
        index = self.indexAt(at)
        over = index.isValid() and self.remedy_rect(index).contains(at)
        return index if over else QModelIndex()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self._over_remedy(event.position().toPoint()).isValid()
        shape = Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self._over_remedy(event.position().toPoint())
        # A click on the remedy is none on the row, which would lead to the layer.
        self.chose_remedy = index.isValid()
        super().mouseReleaseEvent(event)
        self.chose_remedy = False
        if index.isValid() and event.button() == Qt.MouseButton.LeftButton:
            self.remedy_chosen.emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F and not event.modifiers():
            if self.currentIndex().isValid():
                self.remedy_chosen.emit(self.currentIndex())
            return
        super().keyPressEvent(event)


def remedy_rect(
    row: QRect, metrics: QFontMetrics, index: QModelIndex | QPersistentModelIndex
) -> QRect:
    """Where the remedy stands in a row: a button in its last line."""
    text = str(index.data(MessageRole.REMEDY) or "")
    if not text:
        return QRect()
    height = metrics.lineSpacing() + 6
    left = row.left() + text_size.scaled(_ICON) + 2 * _PAD
    width = min(metrics.horizontalAdvance(text) + 2 * _PAD, row.right() - left - _PAD)
    return QRect(left, row.bottom() - height - _PAD // 2 + 1, width, height)


class _Delegate(QStyledItemDelegate):
    """Paints the icon, the name of the layer and the text, wrapped to the width of the list."""

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        view = self.parent()
        width = view.viewport().width() if isinstance(view, QAbstractItemView) else 300
        height = _lay_out(option, index, self._room(width)).boundingRect().height()
        remedy = option.fontMetrics.lineSpacing() + 10 if index.data(MessageRole.REMEDY) else 0
        return QSize(width, max(text_size.scaled(_ICON), round(height)) + _PAD + remedy)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        now = theme.current()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if selected or option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(option.rect, now.color("selection" if selected else "button_hover"))
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(now.color("accent"), 1))
            painter.drawRect(option.rect.adjusted(0, 0, -1, -1))
        rect = option.rect.adjusted(_PAD, _PAD // 2, -_PAD, -_PAD // 2)
        icon: QIcon = index.data(Qt.ItemDataRole.DecorationRole)
        side = text_size.scaled(_ICON)
        icon.paint(painter, QRect(rect.left(), rect.top(), side, side))
        painter.setPen(now.color("on_selection" if selected else "text"))
        text = _lay_out(option, index, self._room(option.rect.width()))
        text.draw(painter, QPointF(rect.left() + side + _PAD, rect.top()))
        button = remedy_rect(option.rect, option.fontMetrics, index)
        if not button.isEmpty():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(now.color("accent"), 1))
            painter.setBrush(now.color("surface"))
            painter.drawRoundedRect(QRectF(button).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
            inside = button.adjusted(_PAD, 0, -_PAD, 0)
            words = option.fontMetrics.elidedText(
                str(index.data(MessageRole.REMEDY)), Qt.TextElideMode.ElideRight, inside.width() + 2
            )
            painter.drawText(inside, Qt.AlignmentFlag.AlignCenter, words)
        painter.restore()

    @staticmethod
    def _room(width: int) -> int:
        return max(width - text_size.scaled(_ICON) - 3 * _PAD, 40)


def _lay_out(
    option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex, width: int
) -> QTextLayout:
    """The name in bold and the text after it, broken into lines."""
    name, text = str(index.data(MessageRole.NAME) or ""), str(index.data())
    layout = QTextLayout(f"{name}  {text}" if name else text, option.font)
    wrap = QTextOption()
    wrap.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(wrap)
    if name:
        bold = QTextLayout.FormatRange()
        bold.start, bold.length = 0, len(name)
        shape = QTextCharFormat()
        shape.setFontWeight(QFont.Weight.DemiBold)
        bold.format = shape
        layout.setFormats([bold])
    layout.beginLayout()
    top = 0.0
    while (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        line.setPosition(QPointF(0, top))
        top += line.height()
    layout.endLayout()
    return layout
