"""Which keys do what: the table's, as far as the person has not chosen others."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtGui import QAction, QKeySequence

from backprop_studio.ui.actions import ACTIONS, ActionSpec, set_shortcut
from backprop_studio.ui.settings import Settings

_PORTABLE = QKeySequence.SequenceFormat.PortableText


class Shortcuts:
    """Gives actions their keys, and remembers those that were changed.

    Two actions never have the same keys: giving keys to one takes them from the other.

    Parameters
    ----------
    actions
        All of them, by id. They get their keys at once.
    settings
        Where changes are remembered.
    """

    def __init__(self, actions: Mapping[str, QAction], settings: Settings) -> None:
        self._actions = actions
        self._settings = settings
        self.specs: Mapping[str, ActionSpec] = {s.id: s for s in ACTIONS if s.id in actions}
        self._apply(settings.shortcuts)

    def keys(self, action: str) -> str:
        """Keys of an action now, in portable notation; empty for none."""
        return self._actions[action].shortcut().toString(_PORTABLE)

    def changed(self, action: str) -> bool:
        """Whether an action has other keys than at first."""
        return self.keys(action) != _clean(self.specs[action].shortcut)

    def rival(self, action: str, keys: str) -> str:
        """The other action that has these keys, or keys that begin or go on with them."""
        wanted = QKeySequence(keys)
        if wanted.isEmpty():
            return ""
        none = QKeySequence.SequenceMatch.NoMatch
        for other in self.specs:
            has = self._actions[other].shortcut()
            if other != action and not has.isEmpty() and (
                wanted.matches(has) != none or has.matches(wanted) != none
            ):  # fmt: skip
                return other
        return ""

    def set(self, action: str, keys: str) -> None:
        """Give keys to an action, and take them from whatever had them; empty for none."""
        while rival := self.rival(action, keys):
            set_shortcut(self._actions[rival], self.specs[rival], "")
        set_shortcut(self._actions[action], self.specs[action], keys)
        self._remember()

    def reset(self, action: str) -> None:
        """Give an action the keys that it had at first."""
        self.set(action, self.specs[action].shortcut)

    def reset_all(self) -> None:
        """Give all actions the keys that they had at first."""
        self._apply({})
        self._remember()

    def _apply(self, stored: Mapping[str, str]) -> None:
        given: set[str] = set()
        # Chosen keys come first: a standard one that a later version brings gives way to them.
        for key in sorted(self.specs, key=lambda k: k not in stored):
            keys = _clean(stored.get(key, self.specs[key].shortcut))
            if keys in given:
                keys = ""
            given |= {keys} - {""}
            set_shortcut(self._actions[key], self.specs[key], keys)

    def _remember(self) -> None:
        self._settings.shortcuts = {k: self.keys(k) for k in self.specs if self.changed(k)}


def _clean(keys: str) -> str:
    """Keys as Qt writes them; empty when it cannot read them."""
    return QKeySequence(keys).toString(_PORTABLE)
