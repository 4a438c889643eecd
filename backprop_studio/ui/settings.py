"""What the program remembers between starts: looks, window, keys, recent files, last folder."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import cast, get_args

from PySide6.QtCore import QByteArray, QCoreApplication, QDir, QSettings, QStandardPaths

from backprop_studio.errors import StudioError
from backprop_studio.files import open_regular
from backprop_studio.ui import text_size
from backprop_studio.ui.motion import Motion
from backprop_studio.ui.theme import Mode

log = logging.getLogger(__name__)

ORGANIZATION = "Backprop Studio"
APPLICATION = "Backprop Studio"
RECENT_LIMIT = 10

_SEAL = 4
_MOST = 2**24
_OBJECT = b"@Variant("


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
        if Path(self._store.fileName()).is_absolute():  # and no place in a registry
            _put_aside_unless_harmless(self._store)

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
        """The arrangement of panels that was in use at the end; empty for none."""
        return str(self._store.value("window/arrangement", ""))

    @arrangement.setter
    def arrangement(self, value: str) -> None:
        self._store.setValue("window/arrangement", value)

    def layout(self, arrangement: str) -> QByteArray:
        """An arrangement as it was left; empty when it was never changed."""
        return self._sealed(f"window/layout-{arrangement}")

    def set_layout(self, arrangement: str, state: QByteArray) -> None:
        """Remember an arrangement as it is left; an empty state forgets it."""
        self._seal(f"window/layout-{arrangement}", state)

    def dialog_size(self, name: str) -> tuple[int, int] | None:
        """Width and height that somebody gave a dialog; None at first."""
        value = str(self._store.value(f"dialogs/{name}", ""))
        parts = re.fullmatch(r"([1-9]\d{1,4})x([1-9]\d{1,4})", value)
        return None if parts is None else (int(parts[1]), int(parts[2]))

    def set_dialog_size(self, name: str, size: tuple[int, int]) -> None:
        """Remember the size of a dialog, beside text of the system's size."""
        self._store.setValue(f"dialogs/{name}", "{}x{}".format(*size))

    @property
    def window_geometry(self) -> QByteArray:
        """For ``QWidget.restoreGeometry``; empty at first."""
        return self._sealed("window/geometry")

    @window_geometry.setter
    def window_geometry(self, value: QByteArray) -> None:
        self._seal("window/geometry", value)

    @property
    def window_state(self) -> QByteArray:
        """For ``QMainWindow.restoreState``; empty at first."""
        return self._sealed("window/state")

    @window_state.setter
    def window_state(self, value: QByteArray) -> None:
        self._seal("window/state", value)

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
        folder = Path(value) if isinstance(value, str) and value else _home()
        return folder if os.path.isdir(folder) else _home()  # which no name can disturb

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

    def _seal(self, key: str, state: QByteArray) -> None:
        """Keep the state of a window with a checksum."""
        data = bytes(state.data())
        self._store.setValue(key, QByteArray(_checksum(data) + data))

    def _sealed(self, key: str) -> QByteArray:
        """The state of a window; empty where there is none, or a damaged one.

        Qt takes a state as it is, and one with a bit turned ends the program while it starts.
        """
        value = self._store.value(key)
        data = bytes(value.data()) if isinstance(value, QByteArray) else b""
        if data[:_SEAL] != _checksum(data[_SEAL:]):
            return QByteArray()
        return QByteArray(data[_SEAL:])


def _checksum(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(_SEAL, "big")


def _put_aside_unless_harmless(store: QSettings) -> None:
    """Begin anew where the file holds Python objects: reading one can run any code.

    Nothing of the kind is ever kept. It comes from somebody else, or from another program.
    """
    file = Path(store.fileName())
    try:
        with open_regular(file, limit=_MOST) as stored:
            harmless = _OBJECT not in _unescaped(stored.read())
    except StudioError as error:
        harmless = error.code != "file-too-large"  # one that is not there does no harm
    if harmless:
        return
    aside = file.with_name(file.name + ".damaged")
    log.warning("%s holds what settings never do; it is put aside as %s", file, aside)
    with contextlib.suppress(OSError):
        os.replace(file, aside)
    store.sync()


def _unescaped(text: bytes) -> bytes:
    """The text of a settings file with its escapes, quotes and broken lines as they are read."""
    text = re.sub(rb"\\\r?\n|\"", b"", text)
    text = re.sub(rb"\\x([0-9A-Fa-f]+)", lambda m: bytes((int(m[1], 16) & 0xFF,)), text)
    return re.sub(rb"\\([0-7]+)", lambda m: bytes((int(m[1], 8) & 0xFF,)), text)


def _home() -> Path:
    # Unlike Python's, it is there also for a user whom the system does not know.
    return Path(QDir.homePath())


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
