"""The layers of the palette, in their groups, and networks to begin with, as an item model."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from PySide6.QtCore import (
    QAbstractItemModel,
    QCoreApplication,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)

from backprop_studio.network.presets import PRESETS
from backprop_studio.nn import LayerSpec, nodes
from backprop_studio.specs import Category
from backprop_studio.ui.canvas import mime
from backprop_studio.ui.models.words_filter import WordsFilter

Index = QModelIndex | QPersistentModelIndex


class PaletteRole(IntEnum):
    """What a row knows beyond its title."""

    LAYER_ID = Qt.ItemDataRole.UserRole + 1
    """Id of the layer, or that by which a network travels; None for a group."""
    CATEGORY = Qt.ItemDataRole.UserRole + 2
    FORMULA = Qt.ItemDataRole.UserRole + 3
    SEARCH = Qt.ItemDataRole.UserRole + 4
    """All that a search looks through: its name, its other names, and what is said of it."""


@dataclass(frozen=True)
class _Row:
    """What is offered: its id, and what is said of it."""

    id: str
    title: str
    summary: str
    category: str
    line: str
    also: str
    facts: tuple[tuple[str, str], ...]


class PaletteModel(QAbstractItemModel):
    """Two levels, groups and layers, which never change; the last group is of whole networks.

    Parameters
    ----------
    layers : mapping of str to LayerSpec type, optional
        What to offer, without networks; everything when left out.
    parent : QObject, optional
    """

    def __init__(
        self,
        layers: Mapping[str, type[LayerSpec]] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        titles = group_titles()
        infos = [cls.info for cls in (nodes() if layers is None else layers).values()]
        formula, shape = self.tr("Formula"), self.tr("Shape")
        rows = [
            _Row(i.id, i.title, i.summary, i.category, i.plain, i.also,
                 ((formula, i.plain), (shape, i.shape)))
            for i in infos
        ]  # fmt: skip
        groups = [(title, [r for r in rows if r.category == c]) for c, title in titles.items()]
        if layers is None:
            networks = [
                _Row(mime.of_preset(key), p.title, p.summary, "network", p.summary, p.also, ())
                for key, p in PRESETS.items()
            ]
            groups.append((self.tr("Whole networks"), networks))
        self._groups: list[tuple[str, list[_Row]]] = [group for group in groups if group[1]]

    def index_of(self, layer_id: str) -> QModelIndex:
        """The row of a layer, or of a network.

        Raises
        ------
        KeyError
            There is none.
        """
        for group, (_, rows) in enumerate(self._groups):
            for place, row in enumerate(rows):
                if row.id == layer_id:
                    return self.createIndex(place, 0, group + 1)
        raise KeyError(layer_id)

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        # The id is 0 for a group, and for a layer one more than the row of its group.
        return self.createIndex(row, column, parent.row() + 1 if parent.isValid() else 0)

    def parent(self, child: Index | None = None) -> QModelIndex:  # type: ignore[override]
        if child is None or not child.isValid() or child.internalId() == 0:
            return QModelIndex()
        return self.createIndex(child.internalId() - 1, 0, 0)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        if not parent.isValid():
            return len(self._groups)
        if parent.internalId() == 0 and parent.column() == 0:
            return len(self._groups[parent.row()][1])
        return 0

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 1

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid() or index.internalId() == 0:
            # The arrow keys then go from layer to layer and pass the titles.
            return Qt.ItemFlag.NoItemFlags
        return (
            Qt.ItemFlag.ItemIsEnabled
            | Qt.ItemFlag.ItemIsSelectable
            | Qt.ItemFlag.ItemIsDragEnabled
            | Qt.ItemFlag.ItemNeverHasChildren
        )

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        if index.internalId() == 0:
            return self._groups[index.row()][0] if role == Qt.ItemDataRole.DisplayRole else None
        title, rows = self._groups[index.internalId() - 1]
        row = rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.title
            case Qt.ItemDataRole.ToolTipRole:
                return _tip(row)
            case Qt.ItemDataRole.AccessibleDescriptionRole:
                return row.summary
            case PaletteRole.LAYER_ID:
                return row.id
            case PaletteRole.CATEGORY:
                return row.category
            case PaletteRole.FORMULA:
                return row.line
            case PaletteRole.SEARCH:
                return row.title, row.also, f"{row.summary} {title}"
        return None


def _tip(row: _Row) -> str:
    cells = "".join(
        f"<tr><td>{html.escape(label)}&nbsp;&nbsp;</td><td>{html.escape(text)}</td></tr>"
        for label, text in row.facts
        if text
    )
    head = f"<b>{html.escape(row.title)}</b><br>{html.escape(row.summary)}"
    return f"<p>{head}</p><table>{cells}</table>"


def group_titles() -> dict[str, str]:
    """What the groups of layers are called, in their order."""
    return {
        Category.DATA: _tr("Data"),
        Category.LAYER: _tr("Layers"),
        Category.ACTIVATION: _tr("Activations"),
        Category.LOSS: _tr("Losses"),
        Category.PICTURE: _tr("Pictures"),
        Category.SEQUENCE: _tr("Sequences"),
        Category.NORMALIZATION: _tr("Normalisation and noise"),
        Category.COMBINE: _tr("Combine"),
        Category.SHAPE: _tr("Shape"),
        Category.OPERATION: _tr("Operations"),
    }


def _tr(text: str) -> str:
    return QCoreApplication.translate("PaletteModel", text)


class PaletteFilter(WordsFilter):
    """The layers whose names, summary or group has every word of a search."""

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        if not source_parent.isValid():
            # A group stays for the sake of its layers only.
            return False
        index = self.sourceModel().index(source_row, 0, source_parent)
        return self.has_all(" ".join(index.data(PaletteRole.SEARCH)))
