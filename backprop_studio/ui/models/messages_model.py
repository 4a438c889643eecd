"""The problems of a document as a list model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from backprop_studio.errors import Diagnostic, Severity
from backprop_studio.network import Analysis, fixes
from backprop_studio.ui import icons

_MOST_REMEDIES = 50
"""Problems whose remedies are offered; each has to be looked for."""

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Message:
    """One row.

    Attributes
    ----------
    text
        What is wrong, and what to do.
    severity
        How much it matters.
    node
        Id of the layer at fault; None when the whole network or its set-up is.
    name
        Name of that layer; empty without one.
    remedy
        What would mend it, in a few words; empty where only a person can know.
    problem
        The diagnostic itself.
    """

    text: str
    severity: Severity
    node: str | None = None
    name: str = ""
    remedy: str = ""
    problem: Diagnostic | None = None


def messages(analysis: Analysis) -> tuple[Message, ...]:
    """The problems found by an analysis, errors first."""
    found: list[Message] = []
    for problem in analysis.diagnostics:
        known = problem.node is not None and problem.node in analysis.network
        name = analysis.network.node(problem.node).name if known and problem.node else ""
        fix = fixes.fix_for(analysis, problem) if len(found) < _MOST_REMEDIES else None
        remedy = "" if fix is None else fix.text
        node = problem.node if known else None
        found.append(Message(problem.text, problem.severity, node, name, remedy, problem))
    return tuple(sorted(found, key=lambda m: m.severity is not Severity.ERROR))


class MessageRole(IntEnum):
    """What a row knows beyond its text."""

    NODE = Qt.ItemDataRole.UserRole + 1
    NAME = Qt.ItemDataRole.UserRole + 2
    SEVERITY = Qt.ItemDataRole.UserRole + 3
    REMEDY = Qt.ItemDataRole.UserRole + 4
    PROBLEM = Qt.ItemDataRole.UserRole + 5


class MessagesModel(QAbstractListModel):
    """A list of messages. A new list moves only the rows that differ, so the selection stays."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._messages: tuple[Message, ...] = ()

    @property
    def messages(self) -> tuple[Message, ...]:
        """What it shows."""
        return self._messages

    def set_messages(self, new: Sequence[Message]) -> None:
        """Show other messages; rows that are the same above and below the change are kept."""
        old, new = self._messages, tuple(new)
        shorter = min(len(old), len(new))
        head = 0
        while head < shorter and old[head] == new[head]:
            head += 1
        tail = 0
        while tail < shorter - head and old[-1 - tail] == new[-1 - tail]:
            tail += 1
        if len(old) > head + tail:
            self.beginRemoveRows(QModelIndex(), head, len(old) - tail - 1)
            self._messages = old[:head] + old[len(old) - tail :]
            self.endRemoveRows()
        if len(new) > head + tail:
            self.beginInsertRows(QModelIndex(), head, len(new) - tail - 1)
            self._messages = new
            self.endInsertRows()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._messages)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self._messages):
            return None
        message = self._messages[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return message.text
            case Qt.ItemDataRole.DecorationRole:
                return icons.icon(message.severity.value, message.severity.value)
            case Qt.ItemDataRole.AccessibleTextRole:
                kind = (
                    self.tr("Error") if message.severity is Severity.ERROR else self.tr("Warning")
                )
                remedy = f" {self.tr('Remedy: {text}').format(text=message.remedy)}"
                return f"{kind}: {message.text}" + (remedy if message.remedy else "")
            case MessageRole.REMEDY:
                return message.remedy
            case MessageRole.PROBLEM:
                return message.problem
            case MessageRole.NODE:
                return message.node
            case MessageRole.NAME:
                return message.name
            case MessageRole.SEVERITY:
                return message.severity.value
        return None
