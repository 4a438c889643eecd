"""A parameter's numbers as a picture, on a colour scale that is fixed from outside."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from backprop_studio.ui import theme
from backprop_studio.ui.widgets import tile_paint
from backprop_studio.ui.widgets.excerpt import Excerpt
from backprop_studio.ui.widgets.raster import Pixels, fill_gaps, raster
from backprop_studio.ui.widgets.sampling import span
from backprop_studio.ui.widgets.scale_bar import Floats

_VECTOR_HEIGHT = 22
_MARGIN = 6


class HeatmapTile(QWidget):
    """One parameter's gradient or values: a title with shape and norm, and a picture below.

    The colour of a number depends on `scale` and `log` alone, never on the other numbers shown.
    A vector is drawn as one row; an array of more than two axes as one row per first index.
    The picture is stretched to the tile. Where the tile has more pixels than the array entries,
    an entry is a block of one colour (nearest sampling). Where it has fewer, a pixel shows the
    entry of largest magnitude under it, and a value that is not finite wins over all: neither a
    single spike nor a single NaN can disappear.

    With `set_places`, the entries are laid out otherwise, as pictures. With `set_average`, a pixel
    shows the mean of the entries under it instead.

    Pointing, or moving the cell cursor with the arrow keys, shows an entry's index and exact
    number. The keys + and -, or the wheel with Ctrl, zoom to single entries, 0 shows all again.

    Parameters
    ----------
    title : str
        Name of the parameter, such as ``"dense_1/weight"``.
    norm_label : str
        What the norm is called before its number.
    parent : QWidget, optional
    """

    hovered = Signal(str)
    """Index and exact number of the entry pointed at; empty when there is none."""
    entry_chosen = Signal(object)
    """Index of the entry that was double-clicked or entered: one number for each axis."""

    def __init__(
        self, title: str = "", *, norm_label: str = "‖g‖", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._title = title
        self._norm_label = norm_label
        self._norm: float | None = None
        self._excerpt = Excerpt()
        self._average = False
        self._note = ""
        self._shape: tuple[int, ...] | None = None
        self._scale = 1.0
        self._log = False
        self._cursor: tuple[int, int] | None = None
        self._image: QImage | None = None
        self._image_key: tuple[str, int, int] | None = None
        self._pixels: Pixels | None = None
        self._reading = ""
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._describe()

    @property
    def _data(self) -> Floats | None:
        """What is in sight."""
        return self._excerpt.data

    @property
    def title(self) -> str:
        """Name of the parameter."""
        return self._title

    def set_title(self, title: str) -> None:
        """Show another name."""
        self._title = title
        self._describe()
        self.update()

    def set_shape(self, shape: tuple[int, ...]) -> None:
        """Say the parameter's shape while its numbers are not yet computed."""
        self._shape = shape
        self._describe()
        self.updateGeometry()
        self.update()

    def set_places(self, places: npt.NDArray[np.intp] | None) -> None:
        """Lay the next numbers out otherwise: each place's entry by its flat index, -1 for none."""
        if places is not self._excerpt.places:
            self._excerpt.lay_out(places)
            self._cursor = None

    def set_average(self, average: bool) -> None:
        """Show means where a pixel stands for several entries, or what is largest there."""
        self._average = average
        self._image = None
        self.update()

    def set_note(self, note: str) -> None:
        """Write a line under the title."""
        if note != self._note:
            lines = bool(note) != bool(self._note)
            self._note = note
            if lines:
                self._image = None
                self.updateGeometry()
            self._describe()
            self.update()

    def zoom(self, factor: float) -> None:
        """Show a part of the entries in the room of all, around the cursor or the middle."""
        excerpt = self._excerpt
        if excerpt.empty:
            return
        cursor, (top, left) = self._cursor, excerpt.origin
        excerpt.zoom(factor, cursor)
        if cursor is not None:
            first_row, first_column = excerpt.origin
            self._cursor = cursor[0] + top - first_row, cursor[1] + left - first_column
        self._look_again()

    def _look_again(self) -> None:
        """Show another part than before."""
        self._image = None
        self._describe()
        self.update()

    def set_data(
        self, array: Floats | None, norm: float | None, *, scale: float, log: bool = False
    ) -> None:
        """Show numbers, or that there are none yet.

        Parameters
        ----------
        array : Array of any shape, or None
            The numbers; None shows the tile as not yet computed. An array that is still
            writable is copied, so that the picture and the exact numbers stay of one moment.
        norm : float or None
            The norm to write in the title row.
        scale : float
            Magnitude of the strongest colour, shared by all tiles.
        log : bool
            Logarithmic colours; the formula is at `scale_bar.color_codes`.
        """
        old_shape = self._shape
        if array is None:
            self._excerpt.clear()
        else:
            array = np.asarray(array)
            if array.dtype.kind != "f":
                array = array.astype(np.float64)
            self._shape = array.shape
            self._excerpt.set_array(array, same_part=old_shape == self._shape)
        self._norm = norm
        self._scale = scale
        self._log = log
        self._image = None
        if self._cursor is not None and (self._data is None or old_shape != self._shape):
            self._cursor = None
            self._set_reading("")
        elif self._cursor is not None:
            self._set_reading(self._text_at(*self._cursor))
        if old_shape != self._shape:
            self.updateGeometry()
        self._describe()
        self.update()

    def entry_at(self, point: QPoint) -> tuple[int, int] | None:
        """Row and column of the entry whose colour is drawn at a point of the widget."""
        rect = self.image_rect()
        data = self._data
        if data is None or data.size == 0 or not rect.contains(point):
            return None
        ratio = self.devicePixelRatioF()
        rows, columns = data.shape
        height, width = (max(round(n * ratio), 1) for n in (rect.height(), rect.width()))
        top, bottom = span((point.y() - rect.y()) * ratio, height, rows)
        left, right = span((point.x() - rect.x()) * ratio, width, columns)
        return self._excerpt.largest((top, bottom), (left, right))

    def image_rect(self) -> QRect:
        """Where the picture is, in the widget's coordinates."""
        top = self._header()
        rect = QRect(_MARGIN, top, self.width() - 2 * _MARGIN, self.height() - top - _MARGIN)
        if self._excerpt.places is not None and self._data is not None and self._data.size:
            # Pictures keep their shape, on whole pixels where there is room.
            rows, columns = self._data.shape
            unit = min(rect.width() / columns, rect.height() / rows)
            unit = float(int(unit)) if unit >= 1 else max(unit, 0.0)
            rect.setSize(QSize(max(round(unit * columns), 1), max(round(unit * rows), 1)))
        if self._is_row() and rect.height() > _VECTOR_HEIGHT:
            rect.setHeight(_VECTOR_HEIGHT)
        return rect

    # Painting

    def _header(self) -> int:
        lines = 2 if self._note else 1
        return _MARGIN + lines * self.fontMetrics().height() + 4

    def sizeHint(self) -> QSize:
        header = self._header() + _MARGIN
        return QSize(260, header + (_VECTOR_HEIGHT if self._is_row() else 120))

    def minimumSizeHint(self) -> QSize:
        header = self._header() + _MARGIN
        return QSize(110, header + (12 if self._is_row() else 32))

    def paintEvent(self, event: QPaintEvent) -> None:
        now = theme.current()
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(now.surface))
            line = self.fontMetrics().height()
            row = QRect(_MARGIN, _MARGIN - 1, self.width() - 2 * _MARGIN, line)
            words = (self._title, self._shape_text(), self._norm_text())
            tile_paint.title(painter, self, row, *words)
            if self._note:
                tile_paint.note(painter, self, row.translated(0, line), self._note)
            rect = self.image_rect()
            if rect.width() < 1 or rect.height() < 1:
                return
            if self._data is None or self._data.size == 0:
                text = self.tr("empty") if self._data is not None else self.tr("not yet computed")
                tile_paint.empty(painter, self, rect, text)
            else:
                painter.drawImage(rect, self._picture(rect, now))
                painter.setPen(QColor(now.border))
                painter.drawRect(QRectF(rect).adjusted(-0.5, -0.5, 0.5, 0.5))
                self._paint_cursor(painter, now)
            outline = (
                QPen(QColor(now.accent), 2) if self.hasFocus() else QPen(QColor(now.border), 1)
            )
            inset = 1.0 if self.hasFocus() else 0.5
            painter.setPen(outline)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.drawRoundedRect(
                QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), 3, 3
            )

    def _paint_cursor(self, painter: QPainter, now: theme.Theme) -> None:
        if self._cursor is None or self._data is None or not self.hasFocus():
            return
        cell = self._cell_rect(*self._cursor)
        painter.setPen(QPen(QColor(now.surface), 4))
        painter.drawRect(cell)
        painter.setPen(QPen(QColor(now.text), 2))
        painter.drawRect(cell)

    def _picture(self, rect: QRect, now: theme.Theme) -> QImage:
        ratio = self.devicePixelRatioF()
        width, height = (max(round(n * ratio), 1) for n in (rect.width(), rect.height()))
        key = (now.name, width, height)
        if self._image is None or self._image_key != key:
            assert self._data is not None
            # QImage does not own the memory: the array is kept beside it.
            self._pixels = raster(
                self._data,
                (height, width),
                theme.diverging_lut(now),
                scale=self._scale,
                log=self._log,
                average=self._average,
            )
            gaps = self._excerpt.gaps()
            if gaps is not None:
                fill_gaps(self._pixels, gaps, QColor(now.surface).rgba())
            form = QImage.Format.Format_RGB32
            self._image = QImage(self._pixels.data.cast("B"), width, height, width * 4, form)
            self._image_key = key
        return self._image

    def _cell_rect(self, row: int, column: int) -> QRectF:
        assert self._data is not None
        rect = QRectF(self.image_rect())
        rows, columns = self._data.shape
        cell = QRectF(
            rect.x() + column * rect.width() / columns,
            rect.y() + row * rect.height() / rows,
            max(rect.width() / columns, 3.0),
            max(rect.height() / rows, 3.0),
        )
        cell.moveRight(min(cell.right(), rect.right()))
        cell.moveBottom(min(cell.bottom(), rect.bottom()))
        return cell

    # Words

    def _is_row(self) -> bool:
        return self._shape is not None and len(self._shape) < 2

    def _shape_text(self) -> str:
        if self._shape is None:
            return ""
        text = "×".join(map(str, self._shape)) if self._shape else self.tr("scalar")
        if self._excerpt.window is None:
            return text
        top, left, height, width = self._excerpt.window
        return self.tr("{shape}, from {top}, {left}: {height}×{width}").format(
            shape=text, top=top, left=left, height=height, width=width
        )

    def _norm_text(self) -> str:
        return "" if self._norm is None else f"{self._norm_label} {self._norm:.2e}"

    def _text_at(self, row: int, column: int) -> str:
        assert self._data is not None
        index = ", ".join(str(i) for i in self._excerpt.index(row, column))
        value = self._data[row, column]
        # The shortest digits that give back this very number in its own precision.
        exact = str(value).replace("-", "\N{MINUS SIGN}", 1) if value < 0 else str(value)
        return f"{self._title}[{index}] = {exact}"

    def _describe(self) -> None:
        parts = [self._shape_text(), self._norm_text(), self._note]
        if self._data is None:
            parts.append(self.tr("not yet computed"))
        self.setAccessibleName(", ".join(p for p in (self._title, *parts) if p))

    def _set_reading(self, text: str) -> None:
        if text != self._reading:
            self._reading = text
            self.setAccessibleDescription(text)
            self.hovered.emit(text)

    # Pointing and keys

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            entry = self.entry_at(event.pos())
            text = self._text_at(*entry) if entry else self.accessibleName()
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        if theme.is_theme_change(event):
            self.update()
        super().changeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._image = None
        super().resizeEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        entry = self.entry_at(event.position().toPoint())
        self._set_reading(self._text_at(*entry) if entry else "")
        if entry:
            hint = self.tr("Double-click or Enter: explain. + and − zoom.")
            QToolTip.showText(event.globalPosition().toPoint(), f"{self._reading}\n{hint}", self)
        else:
            QToolTip.hideText()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        entry = self.entry_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and entry:
            self._cursor = entry
            self.update()
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        entry = self.entry_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and entry:
            self.entry_chosen.emit(self._excerpt.index(*entry))
        else:
            super().mouseDoubleClickEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
            return
        entry = self.entry_at(event.position().toPoint())
        if entry:
            self._cursor = entry
        self.zoom(2.0 if event.angleDelta().y() > 0 else 0.5)
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        self._set_reading(self._text_at(*self._cursor) if self._cursor and self._data is not None
                          else "")  # fmt: skip
        super().leaveEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._cursor = None
        self._set_reading("")
        super().focusOutEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if (
            event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            and self._cursor
            and self._data is not None
        ):
            self.entry_chosen.emit(self._excerpt.index(*self._cursor))
            return
        zooms = {"+": 2.0, "=": 2.0, "-": 0.5, "0": 1e-9}
        if event.text() in zooms:
            self.zoom(zooms[event.text()])
            return
        target = self._moved(Qt.Key(event.key()))
        if target is None:
            super().keyPressEvent(event)
            return
        self._cursor = target
        self._set_reading(self._text_at(*target))
        place = self.mapToGlobal(self._cell_rect(*target).bottomRight().toPoint())
        QToolTip.showText(place, self._reading, self)
        self.update()

    def _moved(self, key: Qt.Key) -> tuple[int, int] | None:
        """Where a key takes the cell cursor; None when the key is not ours."""
        if self._data is None or self._data.size == 0:
            return None
        rows, columns = self._data.shape
        row, column = self._cursor or (0, 0)
        steps = {
            Qt.Key.Key_Left: (row, column - 1),
            Qt.Key.Key_Right: (row, column + 1),
            Qt.Key.Key_Up: (row - 1, column),
            Qt.Key.Key_Down: (row + 1, column),
            Qt.Key.Key_PageUp: (row - max(rows // 10, 1), column),
            Qt.Key.Key_PageDown: (row + max(rows // 10, 1), column),
            Qt.Key.Key_Home: (row, 0),
            Qt.Key.Key_End: (row, columns - 1),
        }
        if key not in steps:
            return None
        if self._cursor is None:
            return 0, 0
        window = self._excerpt.window
        target = self._excerpt.move(self._cursor, steps[key])
        if self._excerpt.window != window:
            self._look_again()
        return target
