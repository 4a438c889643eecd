"""What the program remembers between starts: looks, window, keys, recent files, last folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast, get_args

from PySide6.QtCore import QByteArray, QCoreApplication, QSettings, QStandardPaths

from backprop_studio.ui import text_size
from backprop_studio.ui.motion import Motion
from backprop_studio.ui.theme import Mode

ORGANIZATION = "Backprop Studio"
APPLICATION = "Backprop Studio"
RECENT_LIMIT = 10


def set_application_names() -> None:
    """Name the application, so that every ``QSettings`` and standard path agrees."""
    QCoreApplication.setOrganizationName(ORGANIZATION)
    QCoreApplication.setApplicationName(APPLICATION)


class Settings:
    """Typed access to the stored settings. Values that make no sense read as their defaults.

    Parameters
    ----------
    store : QSettings, optional
        Where to keep them; the user's own store when left out.
    """

    def __init__(self, store: QSettings | None = None) -> None:
        self._store = store if store is not None else QSettings(
            QSettings.defaultFormat(), QSettings.Scope.UserScope, ORGANIZATION, APPLICATION
        )  # fmt: skip

    @property
    def theme_mode(self) -> Mode:
        """The theme the user chose; ``"system"`` at first."""
        value = str(self._store.value("view/theme", "system"))
        return cast(Mode, value) if value in get_args(Mode) else "system"

    @theme_mode.setter
    def theme_mode(self, value: Mode) -> None:
        self._store.setValue("view/theme", value)

    @property
    def motion(self) -> Motion:
        """Whether things may move; ``"system"`` at first."""
        value = str(self._store.value("view/motion", "system"))
        return cast(Motion, value) if value in get_args(Motion) else "system"

    @motion.setter
    def motion(self, value: Motion) -> None:
        self._store.setValue("view/motion", value)

    @property
    def text_size(self) -> int:
        """Size of all text in percent of the system's; 100 at first."""
        value = str(self._store.value("view/text", "100"))
        return text_size.bounded(int(value)) if value.isdecimal() and len(value) < 4 else 100

    @text_size.setter
    def text_size(self, value: int) -> None:
        self._store.setValue("view/text", str(value))

    @property
    def start_page(self) -> bool:
        """Whether the start page greets; it does at first."""
        return str(self._store.value("view/start", "true")) != "false"

    @start_page.setter
    def start_page(self, value: bool) -> None:
        self._store.setValue("view/start", "true" if value else "false")

    @property
    def shortcuts(self) -> dict[str, str]:
        """Key sequences that the user has changed, in portable notation, by action."""
        self._store.beginGroup("keys")
        try:
            return {key: str(self._store.value(key, "")) for key in self._store.childKeys()}
        finally:
            self._store.endGroup()

    @shortcuts.setter
    def shortcuts(self, value: Mapping[str, str]) -> None:
        self._store.remove("keys")
        for key, keys in value.items():
            self._store.setValue(f"keys/{key}", keys)

    @property
    def arrangement(self) -> str:
        """The arrangement of panels that is in use; empty for none."""
        return str(self._store.value("window/arrangement", ""))

    @arrangement.setter
    def arrangement(self, value: str) -> None:
        self._store.setValue("window/arrangement", value)

    def layout(self, arrangement: str) -> QByteArray:
        """An arrangement as it was left; empty when it was never changed."""
        return self._bytes(f"window/layout-{arrangement}")

    def set_layout(self, arrangement: str, state: QByteArray) -> None:
        """Remember an arrangement as it is left; an empty state forgets it."""
        self._store.setValue(f"window/layout-{arrangement}", state)

    @property
    def window_geometry(self) -> QByteArray:
        """For ``QWidget.restoreGeometry``; empty at first."""
        return self._bytes("window/geometry")

    @window_geometry.setter
    def window_geometry(self, value: QByteArray) -> None:
        self._store.setValue("window/geometry", value)

    @property
    def window_state(self) -> QByteArray:
        """For ``QMainWindow.restoreState``; empty at first."""
        return self._bytes("window/state")

    @window_state.setter
    def window_state(self, value: QByteArray) -> None:
        self._store.setValue("window/state", value)

    @property
    def recent_files(self) -> list[Path]:
        """Files opened or saved, newest first, at most `RECENT_LIMIT`."""
        value = self._store.value("files/recent", [])
        # An INI store gives a list of one back as a plain string.
        items = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        return [Path(item) for item in items if isinstance(item, str) and item][:RECENT_LIMIT]

    def add_recent_file(self, path: Path) -> None:
        """Put a file first in the list of recent files, and its folder as the last folder."""
        self.sync()  # another window may have added some
        path = path.absolute()
        if not _is_text(str(path)):
            return  # bytes that are no characters: the store would turn it into another name
        files = [path, *(item for item in self.recent_files if item != path)]
        self._store.setValue("files/recent", [str(item) for item in files[:RECENT_LIMIT]])
        self.last_folder = path.parent

    def remove_recent_file(self, path: Path) -> None:
        """Forget a file, as when it was not found."""
        files = [item for item in self.recent_files if item != path.absolute()]
        self._store.setValue("files/recent", [str(item) for item in files])

    @property
    def last_folder(self) -> Path:
        """The folder file dialogs start in; the home folder when unset or gone."""
        value = self._store.value("files/folder", "")
        folder = Path(value) if isinstance(value, str) and value else Path.home()
        return folder if folder.is_dir() else Path.home()

    @last_folder.setter
    def last_folder(self, value: Path) -> None:
        self._store.setValue("files/folder", str(value))

    @property
    def recovery_folder(self) -> Path:
        """Where unsaved work is kept for the case of a crash."""
        return self._folder("recovery")

    @property
    def lessons_folder(self) -> Path:
        """Where it is kept how far a learner is in each lesson."""
        return self._folder("lessons")

    def sync(self) -> None:
        """Write to disk now, and read what other windows have written."""
        self._store.sync()

    def _folder(self, name: str) -> Path:
        """A folder beside the settings, or where the system keeps such data."""
        file = Path(self._store.fileName())
        if self._store.format() == QSettings.Format.IniFormat and file.is_absolute():
            return file.parent / name
        place = QStandardPaths.StandardLocation.AppDataLocation
        return Path(QStandardPaths.writableLocation(place)) / name

    def _bytes(self, key: str) -> QByteArray:
        value = self._store.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
