import gc
import sys
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QImage
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from backprop_studio import assets
from backprop_studio.ui import icons, theme
from backprop_studio.ui.theme import DARK, LIGHT


@pytest.fixture(autouse=True)
def _light_again(qapp: QApplication) -> Iterator[None]:
    theme.apply(qapp, "light")
    yield
    theme.apply(qapp, "light")


def solid_colors(image: QImage) -> set[str]:
    """Colours of the pixels that the strokes cover fully."""
    pixels = (image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height()))
    return {color.name() for color in pixels if color.alpha() == 255}


def ink(icon: QIcon, side: int = 48, mode: QIcon.Mode = QIcon.Mode.Normal) -> set[str]:
    return solid_colors(icon.pixmap(QSize(side, side), 1.0, mode).toImage())


@pytest.mark.parametrize("name", icons.NAMES)
def test_that_every_icon_is_drawn_inside_its_square_in_one_colour(name: str) -> None:
    assert ink(icons.icon(name)) == {LIGHT.text}
    image = icons.icon(name).pixmap(QSize(24, 24), 1.0).toImage()
    edge = [image.pixelColor(x, y).alpha() for k in range(24)
            for x, y in ((k, 0), (k, 23), (0, k), (23, k))]  # fmt: skip
    assert max(edge) == 0


def test_that_the_folder_and_the_list_of_names_agree() -> None:
    files = {file.stem for file in assets.path("icons").glob("*.svg")}
    assert files == {*icons.NAMES, "app"}


def test_that_an_unknown_name_is_refused() -> None:
    with pytest.raises(KeyError):
        icons.icon("no-such-icon")


def test_that_an_icon_given_once_follows_the_theme(qapp: QApplication, qtbot: QtBot) -> None:
    button = QToolButton()
    qtbot.addWidget(button)
    button.setIcon(icons.icon("stop"))
    button.setIconSize(QSize(24, 24))
    button.resize(40, 40)
    assert LIGHT.text in solid_colors(button.grab().toImage())
    theme.apply(qapp, "dark")
    assert DARK.text in solid_colors(button.grab().toImage())
    assert ink(icons.icon("stop")) == {DARK.text}


def test_that_disabled_and_accent_icons_have_their_colours() -> None:
    assert ink(icons.icon("run"), mode=QIcon.Mode.Disabled) == {LIGHT.disabled}
    assert ink(icons.icon("run", "on_accent")) == {LIGHT.on_accent}


def test_that_icons_are_drawn_anew_for_twice_the_pixels() -> None:
    doubled = icons.icon("check").pixmap(QSize(16, 16), 2.0)
    assert doubled.size() == QSize(32, 32)
    assert doubled.devicePixelRatio() == 2.0
    small = icons.icon("check").pixmap(QSize(16, 16), 1.0).toImage()
    blurred = small.scaled(32, 32)
    assert doubled.toImage() != blurred
    # Drawn at its size, the stroke is 2.3 pixels wide and has pixels that are fully covered.
    assert QColor(LIGHT.text).name() in solid_colors(doubled.toImage())
    label = icons.pixmap("check", 16, ratio=2.0)
    assert label.size() == QSize(32, 32)
    assert label.devicePixelRatio() == 2.0


def test_that_the_application_icon_has_its_orange_arrow_at_every_size() -> None:
    for side in (16, 32, 256):
        assert "#ff9e4a" in ink(icons.app_icon(), side)


def test_that_icons_survive_copies_collections_and_many_paints(qtbot: QtBot) -> None:
    button = QToolButton()
    qtbot.addWidget(button)
    gc.collect()
    before = sys.getrefcount(None)
    for _ in range(200):
        icons.icon.cache_clear()
        copy = QIcon(icons.icon("dice"))
        copy.addPixmap(icons.pixmap("info", 16))  # makes Qt clone the engine
        button.setIcon(copy)
        button.grab()
        del copy
    gc.collect()
    assert sys.getrefcount(None) > before - 50
