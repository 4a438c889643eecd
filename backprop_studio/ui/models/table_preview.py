"""The first rows of a table, under what is to become of each column."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QBrush, QFont

from backprop_studio.data import Task
from backprop_studio.data.importing.guessing import retarget, usual_missing
from backprop_studio.data.importing.layout import (
    Column,
    Kind,
    Missing,
    Plan,
    Role,
    is_missing,
    is_number,
)
from backprop_studio.data.importing.table import Preview
from backprop_studio.ui import theme
from backprop_studio.ui.words import plain

Index = QModelIndex | QPersistentModelIndex

USE, KIND, GAPS = range(3)
"""Rows that say what becomes of a column; the rows of the table come below them."""

SETTINGS = 3


class TablePreviewModel(QAbstractTableModel):
    """A preview whose first three rows are choices, each with its list in `choices`.

    Signals
    -------
    plan_changed
        Something else is to become of the table.
    """

    plan_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._preview: Preview | None = None
        self._plan: Plan | None = None

    @property
    def plan(self) -> Plan | None:
        """What is to become of the table; None before there is one."""
        return self._plan

    def set_preview(self, preview: Preview) -> None:
        """Show another table, with what it is likely to be."""
        self.beginResetModel()
        self._preview, self._plan = preview, preview.plan
        self.endResetModel()
        self.plan_changed.emit()

    def set_target(self, column: int) -> None:
        """Let this column be what is learned, instead of another one."""
        plan, preview = self._plan, self._preview
        if plan is not None and preview is not None and plan.target != column:
            self._change(retarget(plan, preview.rows, column))

    def set_task(self, task: Task) -> None:
        """Learn classes, or a number."""
        if self._plan is not None and self._plan.task is not task:
            self._change(replace(self._plan, task=task))

    def choices(self, index: Index) -> tuple[tuple[str, str], ...]:
        """Keys and names of what may be chosen at a place; empty where nothing may."""
        if self._plan is None or index.row() >= SETTINGS:
            return ()
        column = self._plan.columns[index.column()]
        if index.row() == USE:
            return (
                (Role.FEATURE, self.tr("Feature")),
                (Role.TARGET, self.tr("Target")),
                (Role.IGNORE, self.tr("Leave out")),
            )
        if column.role is Role.IGNORE:
            return ()
        if index.row() == KIND:
            if column.role is Role.TARGET:
                return (
                    (Task.CLASSIFICATION, self.tr("Classes")),
                    (Task.REGRESSION, self.tr("Number")),
                )
            return ((Kind.NUMBER, self.tr("Number")), (Kind.CATEGORY, self.tr("Category")))
        drop = (Missing.DROP, self.tr("Drop row"))
        if column.role is Role.TARGET:
            return (drop,)
        if column.kind is Kind.NUMBER:
            return ((Missing.MEAN, self.tr("Mean")), drop)
        return ((Missing.OWN, self.tr("Own category")), drop)

    def chosen(self, index: Index) -> str:
        """Key of what is chosen at a place."""
        assert self._plan is not None
        column = self._plan.columns[index.column()]
        if index.row() == USE:
            return column.role
        if index.row() == KIND:
            return self._plan.task if column.role is Role.TARGET else column.kind
        return column.missing

    # Overrides of Qt.

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        if parent.isValid() or self._preview is None:
            return 0
        return SETTINGS + len(self._preview.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() or self._plan is None else len(self._plan.columns)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if self._plan is None or role not in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.ToolTipRole,
        ):
            return None
        if orientation == Qt.Orientation.Horizontal:
            name = self._plan.columns[section].name
            return plain(name) if role == Qt.ItemDataRole.ToolTipRole else name
        names = (self.tr("Use as"), self.tr("Type"), self.tr("Missing"))
        return names[section] if section < SETTINGS else f"{section - SETTINGS + 1}"

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if len(self.choices(index)) > 1:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if self._plan is None or self._preview is None or not index.isValid():
            return None
        column = self._plan.columns[index.column()]
        setting = index.row() < SETTINGS
        match role:
            case Qt.ItemDataRole.DisplayRole:
                if not setting:
                    return self._preview.rows[index.row() - SETTINGS][index.column()]
                choices = self.choices(index)
                name = dict(choices).get(self.chosen(index), "")
                return f"{name} ▾" if len(choices) > 1 else name
            case Qt.ItemDataRole.EditRole:
                return self.chosen(index) if setting else None
            case Qt.ItemDataRole.AccessibleTextRole:
                names = self.headerData(index.row(), Qt.Orientation.Vertical)
                text = str(self.data(index) or self.tr("empty")).removesuffix(" ▾")
                return f"{column.name}, {names}: {text}"
            case Qt.ItemDataRole.ToolTipRole:
                if setting:
                    return self.tr("Press Enter or click to choose")
                cell = self._preview.rows[index.row() - SETTINGS][index.column()]
                return plain(cell) or self.tr("A missing cell")
            case Qt.ItemDataRole.BackgroundRole:
                return QBrush(theme.current().color("surface_alt")) if setting else None
            case Qt.ItemDataRole.ForegroundRole:
                return QBrush(theme.current().color(self._color(index, column)))
            case Qt.ItemDataRole.FontRole:
                if setting or column.role is Role.TARGET:
                    font = QFont()
                    font.setBold(column.role is Role.TARGET)
                    return font
            case Qt.ItemDataRole.TextAlignmentRole:
                number = column.kind is Kind.NUMBER and not setting
                side = Qt.AlignmentFlag.AlignRight if number else Qt.AlignmentFlag.AlignLeft
                return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        plan = self._plan
        keys = [str(key) for key, _ in self.choices(index)]
        if plan is None or role != Qt.ItemDataRole.EditRole or str(value) not in keys:
            return False
        place = index.column()
        column = plan.columns[place]
        if index.row() == USE:
            if value == Role.TARGET:
                self.set_target(place)
                return True
            column = replace(column, role=Role(str(value)), missing=usual_missing(column.kind))
        elif index.row() == KIND and column.role is Role.TARGET:
            self.set_task(Task(str(value)))
            return True
        elif index.row() == KIND:
            kind = Kind(str(value))
            column = replace(column, kind=kind, missing=usual_missing(kind))
        else:
            column = replace(column, missing=Missing(str(value)))
        columns = (*plan.columns[:place], column, *plan.columns[place + 1 :])
        self._change(replace(plan, columns=columns))
        return True

    def _change(self, plan: Plan) -> None:
        self._plan = plan
        last = self.index(self.rowCount() - 1, self.columnCount() - 1)
        self.dataChanged.emit(self.index(0, 0), last)
        self.plan_changed.emit()

    def _color(self, index: Index, column: Column) -> str:
        if column.role is Role.IGNORE:
            return "disabled" if index.row() >= SETTINGS else "muted"
        if index.row() < SETTINGS:
            return "accent" if len(self.choices(index)) > 1 else "muted"
        assert self._preview is not None and self._plan is not None
        cell = self._preview.rows[index.row() - SETTINGS][index.column()]
        wanted = (
            column.kind is Kind.NUMBER
            if column.role is Role.FEATURE
            else (self._plan.task is Task.REGRESSION)
        )
        wrong = wanted and not is_missing(cell) and not is_number(cell, self._plan.layout.decimal)
        return "error" if wrong else "text"
