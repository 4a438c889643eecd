"""Of the rows of a model, those that a search is about."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QObject, QSortFilterProxyModel


class WordsFilter(QSortFilterProxyModel):
    """Keeps the rows that have every word of a search, and what they hang from.

    What a row is searched by, `filterAcceptsRow` of a subclass says.
    """

    def __init__(self, model: QAbstractItemModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: tuple[str, ...] = ()
        self.setRecursiveFilteringEnabled(True)
        self.setSourceModel(model)

    def set_search(self, text: str) -> None:
        """Show the rows that have every word of `text`; all when it is blank."""
        self._words = tuple(text.casefold().split())
        self.invalidate()

    def has_all(self, text: str) -> bool:
        """Whether a text has every word of the search."""
        found = text.casefold()
        return all(word in found for word in self._words)
