"""Settings that are damaged, or were written by somebody else, cost no more than themselves."""

from __future__ import annotations

import os
import pickle
import random
import struct
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QSettings

from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.settings import Settings


def _settings(file: Path) -> Settings:
    return Settings(QSettings(str(file), QSettings.Format.IniFormat))


class _Bomb:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.folder),)


def _object(folder: Path) -> bytes:
    """A value of a settings file that PySide would unpickle."""
    pickled, name = pickle.dumps(_Bomb(folder), 2), b"PySide::PyObjectWrapper\0"
    whole = struct.pack(">II", 127, len(name)) + name + struct.pack(">I", len(pickled)) + pickled
    return b"".join(b"\\x%02x" % byte for byte in whole)


@pytest.mark.parametrize(
    "start",
    [b"@Variant(", b'@"Variant("', b"\\x40Variant(", b"\\100Variant(", b"@\\x56\\x61ri\\x61nt\\x28",
     b"a, @Variant(", b"@Var\\\niant("],
)  # fmt: skip
def test_that_no_code_is_run_by_a_settings_file(start: bytes, tmp_path: Path) -> None:
    file = tmp_path / "s.ini"
    file.write_bytes(b"[view]\ntext=150\ntheme=" + start + _object(tmp_path / "pwned") + b")\n")
    settings = _settings(file)
    assert settings.theme_mode == "system" and settings.text_size == 100
    assert settings.shortcuts == {} and settings.recent_files == []
    assert not (tmp_path / "pwned").exists()
    assert (tmp_path / "s.ini.damaged").exists(), "nothing is deleted"
    settings.text_size = 120
    settings.sync()
    assert _settings(file).text_size == 120


def test_that_settings_of_all_kinds_come_back(tmp_path: Path) -> None:
    file = tmp_path / "s.ini"
    settings = _settings(file)
    state = QByteArray(bytes(range(256)))
    settings.window_state = settings.window_geometry = state
    settings.set_layout("train", state)
    settings.shortcuts = {"run": "F5", "save": ""}
    for path in ('/a "b", c.bps', "/ü é🙂/@Variant.bps", "/x=[y];z.bps"):
        settings.add_recent_file(Path(path))
    settings.sync()
    again = _settings(file)
    assert again.window_state == again.window_geometry == again.layout("train") == state
    assert again.shortcuts == settings.shortcuts and again.recent_files == settings.recent_files
    assert not (tmp_path / "s.ini.damaged").exists()


def test_that_a_damaged_layout_is_as_good_as_none(window: MainWindow, tmp_path: Path) -> None:
    settings, dice = window._settings, random.Random(7)
    window.layouts.keep()
    assert not settings.window_state.isEmpty()
    store = settings._store
    whole = store.value("window/state")
    assert isinstance(whole, QByteArray)
    for _ in range(200):
        data = bytearray(whole.data())
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        cut = dice.choice((len(data), dice.randrange(len(data))))
        for key in ("window/state", "window/geometry", "window/layout-train"):
            store.setValue(key, QByteArray(bytes(data[:cut])))
        assert settings.window_state.isEmpty() and settings.layout("train").isEmpty()
        window.layouts.restore()
    window.layouts.show_arrangement("train")


@pytest.mark.parametrize("value", ["@Invalid()", "[]", "\x00", "@ByteArray(x)", "é" * 9_000, 3])
def test_that_values_of_any_kind_are_read_as_something_sound(value: object, tmp_path: Path) -> None:
    store = QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat)
    settings = Settings(store)
    keys = "view/theme view/motion view/text view/start window/arrangement window/state"
    for key in f"{keys} window/geometry files/recent files/folder keys/run".split():
        store.setValue(key, value)
    assert settings.theme_mode == settings.motion == "system" and 50 <= settings.text_size <= 200
    assert settings.window_state.isEmpty() and settings.last_folder.is_dir()
    assert len(settings.recent_files) <= 1 and set(settings.shortcuts) == {"run"}
    assert isinstance(settings.arrangement, str) and isinstance(settings.start_page, bool)


def test_that_nobody_needs_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.delenv("HOME")
    assert _settings(tmp_path / "s.ini").last_folder.is_dir()
