"""The rows of prepared data as a table model; each cell is made when it comes into sight."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)
from PySide6.QtGui import QImage

from backprop_studio.insight.rows import PARTS, Part, Rows, Which
from backprop_studio.ui import text_size, theme
from backprop_studio.ui.widgets.examples_strip import picture
from backprop_studio.ui.words import plain

Index = QModelIndex | QPersistentModelIndex

CHANGED = " ✱"
"""Behind a number that a corruption has changed."""

THUMBNAIL = 24
"""Pixels of the picture in a row, beside text of the system's size."""

_PICTURES = 512
"""Pictures that are kept."""


class RowsModel(QAbstractTableModel):
    """A table of rows: part, label, and every feature before scaling. Read-only.

    What corruptions changed is marked, and says in its tooltip what it was.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: Rows | None = None
        self._which = Which.ALL
        self._chosen: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self._columns = 0
        self._names: tuple[str, ...] = ()
        self._range = 0.0, 1.0
        self._pictures: OrderedDict[int, QImage] = OrderedDict()

    @property
    def rows(self) -> Rows | None:
        """What is shown."""
        return self._rows

    def set_rows(self, rows: Rows | None, which: Which) -> None:
        """Show other rows, or another choice of them."""
        self.beginResetModel()
        self._rows, self._which = rows, which
        self._pictures.clear()
        self._chosen = np.zeros(0, np.int64) if rows is None else rows.chosen(which)
        self._columns, self._names = 0, ()
        if rows is not None:
            raw, source = rows.prepared.raw, rows.prepared.source
            self._columns = int(np.prod(raw.feature_shape))
            self._names = raw.feature_names
            if raw.image_shape is not None:
                self._range = float(source.x.min()), float(source.x.max())
        self.endResetModel()

    def forget_pictures(self) -> None:
        """Make the pictures anew, as in another theme."""
        self._pictures.clear()
        if self._chosen.size:
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, 0))

    def number(self, line: int) -> int:
        """The row of the data set that stands in a line."""
        return int(self._chosen[line])

    def line(self, number: int) -> int | None:
        """The line of a row of the data set; None where it is not among those chosen."""
        place = int(np.searchsorted(self._chosen, number))
        if place < len(self._chosen) and self._chosen[place] == number:
            return place
        return None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._chosen)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() or self._rows is None else 2 + self._columns

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        if orientation is Qt.Orientation.Vertical:
            return f"{self._chosen[section]:,}" if section < len(self._chosen) else None
        if section == 0:
            return self.tr("Part")
        if section == 1:
            return self.tr("Label")
        place = section - 2
        name = self._names[place] if place < len(self._names) else str(place)
        return plain(name) if role == Qt.ItemDataRole.ToolTipRole else name

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._rows is None or not index.isValid():
            return None
        row, column = self.number(index.row()), index.column()
        if column == 0:
            return self._of_part(row, role)
        if column == 1:
            return self._of_label(row, role)
        return self._of_feature(row, column - 2, role)

    def picture(self, row: int) -> QImage | None:
        """The picture of a row as corruptions leave it; None where rows are no pictures."""
        if self._rows is None or self._rows.prepared.raw.image_shape is None:
            return None
        raw = self._rows.prepared.raw
        return self._image(raw.x[row].reshape(raw.image_shape))

    def _thumbnail(self, row: int) -> QImage | None:
        if row not in self._pictures:
            image = self.picture(row)
            if image is None:
                return None
            keep = Qt.AspectRatioMode.KeepAspectRatio
            side = text_size.scaled(THUMBNAIL)
            self._pictures[row] = image.scaled(side, side, keep)
            if len(self._pictures) > _PICTURES:
                self._pictures.popitem(last=False)
        return self._pictures[row]

    def original(self, row: int) -> QImage | None:
        """The picture of a row as the source has it; None where rows are no pictures."""
        if self._rows is None or self._rows.prepared.source.image_shape is None:
            return None
        source = self._rows.prepared.source
        return self._image(source.x[row].reshape(source.image_shape))

    def _image(self, pixels: npt.NDArray[Any]) -> QImage:
        low, high = self._range
        scale = 255.0 / (high - low) if high > low else 0.0
        codes = np.rint(np.clip((pixels - low) * scale, 0.0, 255.0)).astype(np.uint8)
        return picture(np.ascontiguousarray(codes))

    def _of_part(self, row: int, role: int) -> Any:
        assert self._rows is not None
        part = PARTS[int(self._rows.part[row])]
        if role == Qt.ItemDataRole.DisplayRole:
            return {
                Part.TRAINING: self.tr("training"),
                Part.HELD_OUT: self.tr("held out"),
                Part.LEFT_OUT: self.tr("left out"),
            }[part]
        if role == Qt.ItemDataRole.ForegroundRole:
            return theme.current().color(
                {
                    Part.TRAINING: "curve_train",
                    Part.HELD_OUT: "curve_validation",
                    Part.LEFT_OUT: "muted",
                }[part]
            )
        if role == Qt.ItemDataRole.DecorationRole:
            return self._thumbnail(row)
        return None

    def _of_label(self, row: int, role: int) -> Any:
        assert self._rows is not None
        changed = bool(self._rows.label_changed[row])
        if role == Qt.ItemDataRole.DisplayRole:
            now, was = self._rows.label(row)
            return self.tr("{now} ← {was}").format(now=now, was=was) if changed else now
        if role == Qt.ItemDataRole.ToolTipRole and changed:
            now, was = self._rows.label(row)
            told = self.tr("A corruption made this {now}; it was {was}.")
            return plain(told.format(now=now, was=was))
        if role == Qt.ItemDataRole.ForegroundRole and changed:
            return theme.current().color("warning")
        return None

    def _of_feature(self, row: int, column: int, role: int) -> Any:
        assert self._rows is not None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role not in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.ToolTipRole,
            Qt.ItemDataRole.ForegroundRole,
        ):
            return None
        now, was, ready = self._rows.feature(row, column)
        changed = now != was
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{now:.4g}" + (CHANGED if changed else "")
        if role == Qt.ItemDataRole.ForegroundRole:
            return theme.current().color("warning") if changed else None
        lines = [f"{now:.7g}"]
        if was is None:
            lines.append(self.tr("A corruption added this feature."))
        elif changed:
            lines.append(self.tr("A corruption changed it; it was {was:.7g}.").format(was=was))
        if ready != now:
            lines.append(self.tr("Scaled for training: {ready:.7g}").format(ready=ready))
        return "\n".join(lines)
