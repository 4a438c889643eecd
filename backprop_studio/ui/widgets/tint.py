"""Items whose words have a colour of the theme, whichever theme is in use."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from backprop_studio.ui import theme

TINT = Qt.ItemDataRole.UserRole + 40
"""Role of an item's field of the theme. A foreground would keep its colour when themes change."""


class TintDelegate(QStyledItemDelegate):
    """Writes each item in the colour that it names under `TINT`, if it names one."""

    def initStyleOption(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        name = index.data(TINT)
        if name:
            palette = QPalette(option.palette)  # type: ignore[attr-defined]
            palette.setColor(QPalette.ColorRole.Text, theme.current().color(name))
            option.palette = palette  # type: ignore[attr-defined]
