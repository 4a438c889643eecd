"""The palette: every layer there is, and networks to begin with, to drag onto the canvas."""

from __future__ import annotations

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QDrag, QFont, QKeyEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLabel,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.ui import searching, text_size, theme
from backprop_studio.ui.canvas import mime
from backprop_studio.ui.guide import TOPIC
from backprop_studio.ui.models.palette_model import PaletteFilter, PaletteModel, PaletteRole
from backprop_studio.ui.widgets.chip import paint_chip

_CHIP = 26
"""Side of a layer's chip in pixels, beside text of the system's size."""
_PAD = 8
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class PalettePanel(QWidget):
    """Layers in groups, with a search. A layer is dragged from here, or chosen by Enter.

    At the end there are whole networks, which stand on the canvas as layers to be changed.

    Signals
    -------
    layer_chosen(layer_id)
        A layer was double-clicked, or Enter was pressed on it: add it where there is room. For a
        network it is the id of `mime.of_preset`.
    """

    layer_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search layers"))
        self.search.setAccessibleName(self.tr("Search layers"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._choose_best)
        self.search.installEventFilter(self)
        self._model = PaletteModel(parent=self)
        self._shown = PaletteFilter(self._model, self)
        self.view = PaletteView()
        self.view.setModel(self._shown)
        self.view.setAccessibleName(self.tr("Layers"))
        self.view.setAccessibleDescription(
            self.tr("Drag a layer onto the canvas, or press Enter to add it.")
        )
        self.view.chosen.connect(self.layer_chosen)
        self._nothing = QLabel(self.tr("No layer matches."))
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._nothing.setContentsMargins(8, 16, 8, 8)
        theme.set_role(self._nothing, "muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        top = QVBoxLayout()
        top.setContentsMargins(8, 8, 8, 0)
        top.addWidget(self.search)
        layout.addLayout(top)
        layout.addWidget(self.view, 1)
        layout.addWidget(self._nothing, 1)
        self._filter("")

    def shown_layers(self) -> tuple[str, ...]:
        """Ids of the layers that the search leaves, from top to bottom."""
        found = []
        for group in range(self._shown.rowCount()):
            parent = self._shown.index(group, 0)
            for row in range(self._shown.rowCount(parent)):
                found.append(self._shown.index(row, 0, parent).data(PaletteRole.LAYER_ID))
        return tuple(found)

    def drag_point(self, layer_id: str) -> QPoint:
        """The centre of a layer's row in coordinates of the viewport of `view`; it scrolls there.

        Raises
        ------
        KeyError
            There is no such layer, or the search hides it.
        """
        index = self._shown.mapFromSource(self._model.index_of(layer_id))
        if not index.isValid():
            raise KeyError(layer_id)
        self.view.scrollTo(index)
        return self.view.visualRect(index).center()

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if (
            watched is self.search
            and isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
        ):
            if event.key() == Qt.Key.Key_Down:
                if not self.view.currentIndex().isValid():
                    self.view.setCurrentIndex(self._best())
                self.view.setFocus(Qt.FocusReason.TabFocusReason)
                return True
            if event.key() == Qt.Key.Key_Escape and self.search.text():
                self.search.clear()
                return True
        return False

    def _filter(self, text: str) -> None:
        self._shown.set_search(text)
        # Groups that come back are collapsed again.
        self.view.expandAll()
        layers = self.shown_layers()
        # What Enter would add is seen while one types.
        best = self._best() if text.strip() else QModelIndex()
        self.view.setCurrentIndex(best)
        self.search.setAccessibleDescription(str(best.data() or ""))
        self.view.setVisible(bool(layers))
        self._nothing.setVisible(not layers)

    def _choose_best(self) -> None:
        if self.search.text().strip() and self.shown_layers():
            self.layer_chosen.emit(self.view.currentIndex().data(PaletteRole.LAYER_ID))

    def _best(self) -> QModelIndex:
        """The row that fits the search best: it is what Enter adds."""
        search, found = self.search.text(), []
        for group in range(self._shown.rowCount()):
            parent = self._shown.index(group, 0)
            for row in range(self._shown.rowCount(parent)):
                index = self._shown.index(row, 0, parent)
                rank = searching.fit(search, *index.data(PaletteRole.SEARCH))
                found.append((99 if rank is None else rank, group, row))
        if not found:
            return QModelIndex()
        _, group, row = min(found)
        return self._shown.index(row, 0, self._shown.index(group, 0))


class PaletteView(QTreeView):
    """The tree of the palette, always open; see `PalettePanel`."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setItemsExpandable(False)
        self.setExpandsOnDoubleClick(False)
        self.setIndentation(0)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setItemDelegate(PaletteDelegate(self))
        self.doubleClicked.connect(self._choose)

    def currentChanged(
        self,
        current: QModelIndex | QPersistentModelIndex,
        previous: QModelIndex | QPersistentModelIndex,
    ) -> None:
        super().currentChanged(current, previous)
        # Of a whole network there is no more to say than its tooltip does.
        layer = current.data(PaletteRole.LAYER_ID)
        known = layer is not None and mime.preset_in(layer) is None
        self.setProperty(TOPIC, current.data() if known else None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ENTER:
            self._choose(self.currentIndex())
            return
        super().keyPressEvent(event)

    def startDrag(self, supportedActions: Qt.DropAction) -> None:
        index = self.currentIndex()
        layer_id = index.data(PaletteRole.LAYER_ID)
        if not layer_id:
            return
        drag = QDrag(self)
        drag.setMimeData(mime.encode(layer_id))
        picture = self._picture(index)
        drag.setPixmap(picture)
        size = picture.deviceIndependentSize()
        drag.setHotSpot(QPoint(round(size.width() / 2), round(size.height() / 2)))
        drag.exec(Qt.DropAction.CopyAction)

    def _choose(self, index: QModelIndex) -> None:
        layer_id = index.data(PaletteRole.LAYER_ID)
        if layer_id:
            self.chosen.emit(layer_id)

    def _picture(self, index: QModelIndex) -> QPixmap:
        """What hangs on the pointer: chip and title on a card."""
        now, ratio = theme.current(), self.devicePixelRatioF()
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        title = str(index.data())
        chip = text_size.scaled(_CHIP)
        width = self.fontMetrics().horizontalAdvance(title) * 1.1 + chip + 3 * _PAD
        height = chip + 2 * 6
        picture = QPixmap(QSize(round(width * ratio), round(height * ratio)))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(0.94)
        painter.setPen(QPen(now.color("accent"), 1.5))
        painter.setBrush(now.color("node_body"))
        painter.drawRoundedRect(QRectF(1, 1, width - 2, height - 2), 7, 7)
        category = str(index.data(PaletteRole.CATEGORY))
        paint_chip(painter, QRectF(_PAD, 6, chip, chip), category)
        painter.setFont(font)
        painter.setPen(now.color("text"))
        place = QRectF(chip + 2 * _PAD, 0, width - chip - 2 * _PAD, height)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, title)
        painter.end()
        return picture


class PaletteDelegate(QStyledItemDelegate):
    """Paints the title of a group, or chip, title and formula of a layer."""

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        line = option.fontMetrics.lineSpacing()
        if index.data(PaletteRole.LAYER_ID) is None:
            return QSize(80, line + (6 if index.row() == 0 else 11))
        return QSize(80, max(text_size.scaled(_CHIP), 2 * line) + 4)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        painter.save()
        if index.data(PaletteRole.LAYER_ID) is None:
            self._paint_group(painter, option, index)
        else:
            self._paint_layer(painter, option, index)
        painter.restore()

    def _paint_group(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        font = QFont(option.font)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(theme.current().color("muted"))
        place = option.rect.adjusted(_PAD, 0, -_PAD, -3)
        side = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
        painter.drawText(place, side, str(index.data()))

    def _paint_layer(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        now = theme.current()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        focused = bool(option.state & QStyle.StateFlag.State_HasFocus)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QRectF(option.rect).adjusted(1.5, 1.5, -1.5, -1.5)
        if selected or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(now.color("selection" if selected else "button_hover"))
            painter.drawRoundedRect(ground, 5, 5)
        if focused:
            painter.setPen(QPen(now.color("accent"), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(ground, 5, 5)
        rect = option.rect.adjusted(_PAD, 0, -_PAD, 0)
        side = text_size.scaled(_CHIP)
        chip = QRectF(rect.left(), rect.center().y() - side / 2 + 0.5, side, side)
        paint_chip(painter, chip, str(index.data(PaletteRole.CATEGORY)))
        line = option.fontMetrics.lineSpacing()
        left, top = rect.left() + side + _PAD, rect.top() + (rect.height() - 2 * line) // 2
        room = rect.right() - left
        for text, color in (
            (str(index.data()), "on_selection" if selected else "text"),
            (str(index.data(PaletteRole.FORMULA)), "on_selection" if selected else "muted"),
        ):
            painter.setPen(now.color(color))
            text = option.fontMetrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QRect(left, top, room, line), Qt.AlignmentFlag.AlignVCenter, text)
            top += line
