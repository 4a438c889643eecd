from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backprop_studio.ui import theme
from backprop_studio.ui.widgets.heatmap import HeatmapTile
from backprop_studio.ui.widgets.sampling import mean
from backprop_studio.ui.widgets.scale_bar import LOG_DECADES, ColorScaleBar, color_codes

# What the offscreen platform says to every tooltip.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support raise", extend=True)


@pytest.fixture(autouse=True)
def _light_again(qapp: QApplication) -> Iterator[None]:
    theme.apply(qapp, "light")
    yield
    theme.apply(qapp, "light")


def make_tile(
    qtbot: QtBot, title: str = "dense_1/weight", size: QSize | None = None
) -> HeatmapTile:
    tile = HeatmapTile(title)
    qtbot.addWidget(tile)
    tile.resize(size or QSize(240, 150))
    return tile


def picture(tile: HeatmapTile) -> QImage:
    return tile.grab(tile.image_rect()).toImage()


def color_at(tile: HeatmapTile, row: int, column: int, shape: tuple[int, int]) -> int:
    image = picture(tile)
    x = int((column + 0.5) * image.width() / shape[1])
    y = int((row + 0.5) * image.height() / shape[0])
    return image.pixel(x, y)


def lut_color(value: float, scale: float, *, log: bool = False) -> int:
    code = color_codes(np.array([value]), scale, log=log)[0]
    return int(theme.diverging_lut(theme.current())[code])


def test_that_a_tile_does_not_depend_on_another(qtbot: QtBot) -> None:
    array = np.random.default_rng(0).normal(size=(20, 30)) * 0.01
    one, other, third = (make_tile(qtbot) for _ in range(3))
    one.set_data(array, 1.0, scale=0.05)
    alone = picture(one)
    other.set_data(array * 1e6, 1.0, scale=0.05)
    other.grab()
    third.set_data(array, 1.0, scale=0.05)
    assert picture(one) == alone
    assert picture(third) == alone


def test_that_the_scale_is_fixed_and_does_not_follow_the_numbers(qtbot: QtBot) -> None:
    tile = make_tile(qtbot)
    quiet = np.zeros((4, 4))
    quiet[1, 2] = 0.3
    tile.set_data(quiet, None, scale=1.0)
    before = color_at(tile, 1, 2, (4, 4))
    loud = quiet.copy()
    loud[0, 0] = -1000.0
    tile.set_data(loud, None, scale=1.0)
    assert color_at(tile, 1, 2, (4, 4)) == before == lut_color(0.3, 1.0)
    assert color_at(tile, 0, 0, (4, 4)) == lut_color(-1.0, 1.0)
    tile.set_data(quiet * 0.01, None, scale=1.0)
    vanishing = color_at(tile, 1, 2, (4, 4))
    assert vanishing == lut_color(0.003, 1.0) == lut_color(0.0, 1.0)


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("shape", [(3, 5), (17, 40), (112, 228), (300, 500), (784, 256)])
def test_that_each_pixel_is_the_colour_of_the_entry_it_names(
    qtbot: QtBot, qapp: QApplication, mode: theme.Mode, shape: tuple[int, int]
) -> None:
    theme.apply(qapp, mode)
    rng = np.random.default_rng(3)
    array = rng.normal(size=shape).astype(np.float32)
    tile = make_tile(qtbot)
    tile.set_data(array, None, scale=2.0)
    rect, image = tile.image_rect(), picture(tile)
    for x, y in rng.integers(0, (rect.width(), rect.height()), size=(200, 2)):
        entry = tile.entry_at(rect.topLeft() + QPoint(int(x), int(y)))
        assert entry is not None
        assert image.pixel(int(x), int(y)) == lut_color(array[entry], 2.0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_that_one_bad_value_among_200_000_is_seen(qtbot: QtBot, bad: float) -> None:
    array = np.zeros((784, 256), dtype=np.float32)
    array[401, 77] = bad
    array[402, 77] = 5.0
    tile = make_tile(qtbot)
    tile.set_data(array, None, scale=1.0)
    magenta = int(theme.diverging_lut(theme.LIGHT)[128])
    rect, image = tile.image_rect(), picture(tile)
    spots = [(x, y) for x in range(image.width()) for y in range(image.height())
             if image.pixel(x, y) == magenta]  # fmt: skip
    assert len(spots) == 1
    assert tile.entry_at(rect.topLeft() + QPoint(*spots[0])) == (401, 77)


def test_that_pointing_gives_index_and_exact_number(qtbot: QtBot) -> None:
    array = np.arange(-6, 6, dtype=np.float32).reshape(3, 4) / 7
    tile = make_tile(qtbot)
    tile.set_data(array, None, scale=1.0)
    tile.show()
    rect = tile.image_rect()
    place = QPoint(rect.left() + rect.width() * 5 // 8, rect.top() + rect.height() // 6)
    heard: list[str] = []
    tile.hovered.connect(heard.append)
    QTest.mouseMove(tile, place)
    assert heard == [f"dense_1/weight[0, 2] = \N{MINUS SIGN}{-array[0, 2]!s}"]
    assert np.float32(heard[0].split("\N{MINUS SIGN}")[1]) == -array[0, 2]
    QTest.mouseMove(tile, QPoint(3, 3))
    assert heard[-1] == ""


def test_that_arrow_keys_walk_over_the_entries_and_stop_at_the_edge(qtbot: QtBot) -> None:
    array = np.arange(6.0).reshape(2, 3)
    tile = make_tile(qtbot, "w")
    tile.set_data(array, None, scale=5.0)
    tile.show()
    tile.setFocus()
    heard: list[str] = []
    tile.hovered.connect(heard.append)
    key = Qt.Key
    for pressed in (key.Key_Right, key.Key_Right, key.Key_Down, key.Key_Down, key.Key_End,
                    key.Key_Home):  # fmt: skip
        qtbot.keyClick(tile, pressed)
    assert heard == ["w[0, 0] = 0.0", "w[0, 1] = 1.0", "w[1, 1] = 4.0", "w[1, 2] = 5.0",
                     "w[1, 0] = 3.0"]  # fmt: skip
    assert tile.accessibleDescription() == "w[1, 0] = 3.0"
    tile.set_data(array * 2, None, scale=5.0)
    assert heard[-1] == "w[1, 0] = 6.0"
    tile.grab()
    tile.set_data(None, None, scale=5.0)
    assert heard[-1] == ""


def test_that_none_is_shown_as_not_yet_computed_and_never_as_zero(qtbot: QtBot) -> None:
    tile = make_tile(qtbot)
    tile.set_data(np.zeros((8, 8)), 0.0, scale=1.0)
    zero = picture(tile)
    tile.set_data(None, None, scale=1.0)
    assert picture(tile) != zero
    assert "not yet computed" in tile.accessibleName()
    assert "8×8" in tile.accessibleName()
    assert tile.entry_at(tile.image_rect().center()) is None


@pytest.mark.parametrize("visible", [True, False])
def test_that_a_theme_switch_recolours_the_picture(
    qtbot: QtBot, qapp: QApplication, visible: bool
) -> None:
    tile = make_tile(qtbot)
    tile.set_data(np.array([[0.0, 1.0], [-1.0, np.nan]]), None, scale=1.0)
    tile.setVisible(visible)
    light = picture(tile)
    theme.apply(qapp, "dark")
    assert color_at(tile, 0, 1, (2, 2)) == lut_color(1.0, 1.0)
    assert color_at(tile, 1, 0, (2, 2)) == lut_color(-1.0, 1.0)
    assert picture(tile) != light
    theme.apply(qapp, "light")
    assert picture(tile) == light


def test_that_the_array_may_change_after_it_was_given(qtbot: QtBot) -> None:
    tile = make_tile(qtbot)
    array = np.full((2, 2), 0.5)
    tile.set_data(array, None, scale=1.0)
    array[:] = -1.0
    assert color_at(tile, 0, 0, (2, 2)) == lut_color(0.5, 1.0)
    frozen = np.full((2, 2), 0.25)
    frozen.flags.writeable = False
    tile.set_data(frozen, None, scale=1.0)
    assert color_at(tile, 0, 0, (2, 2)) == lut_color(0.25, 1.0)


@pytest.mark.parametrize("array", [
    np.float32(3.0), np.ones(5), np.ones((1, 1)), np.ones((2, 3, 3, 3)), np.ones((0, 4)),
    np.ones((4, 0)), np.ones(0), np.asfortranarray(np.ones((600, 700))), np.ones((900, 4)).T,
    np.arange(6).reshape(2, 3), np.ones((3, 4), dtype=bool), np.ones(100_000),
])  # fmt: skip
@pytest.mark.parametrize("size", [QSize(240, 150), QSize(30, 20), QSize(4, 4)])
def test_that_any_shape_at_any_size_is_drawn(qtbot: QtBot, array: np.ndarray, size: QSize) -> None:
    tile = make_tile(qtbot, size=size)
    for scale in (1.0, 0.0, np.nan, np.inf):
        tile.set_data(np.asarray(array), 1e-20, scale=scale, log=True)
        tile.grab()
    tile.entry_at(tile.image_rect().center())


def test_that_a_vector_is_one_low_row_and_names_one_index(qtbot: QtBot) -> None:
    tile = make_tile(qtbot, "dense_1/bias")
    matrix_hint = tile.sizeHint().height()
    tile.set_data(np.arange(4.0), None, scale=3.0)
    assert tile.sizeHint().height() < matrix_hint
    heard: list[str] = []
    tile.hovered.connect(heard.append)
    qtbot.keyClick(tile, Qt.Key.Key_Right)
    qtbot.keyClick(tile, Qt.Key.Key_Right)
    assert heard[-1] == "dense_1/bias[1] = 1.0"


@given(
    x=st.floats(-1e6, 1e6), y=st.floats(-1e6, 1e6), scale=st.floats(1e-8, 1e4), log=st.booleans()
)
def test_that_colours_keep_order_and_sign(x: float, y: float, scale: float, log: bool) -> None:
    low, high = sorted((x, y))
    codes = color_codes(np.array([low, high, -high, 0.0]), scale, log=log).view(np.int8)
    assert codes[0] <= codes[1]
    assert codes[2] == -codes[1]
    assert codes[3] == 0


def test_that_the_logarithmic_scale_tells_decades_apart() -> None:
    values = 10.0 ** -np.arange(LOG_DECADES + 1)
    codes = color_codes(values, 1.0, log=True).astype(int)
    assert codes[0] == 127
    assert (-np.diff(codes) >= 8).all()


def test_that_the_legend_shows_the_colours_and_numbers_of_the_tiles(
    qtbot: QtBot, qapp: QApplication
) -> None:
    bar = ColorScaleBar()
    qtbot.addWidget(bar)
    bar.resize(320, bar.sizeHint().height())
    bar.set_scale(0.02)
    assert [text for _, text in bar.ticks()] == ["\N{MINUS SIGN}0.02", "0", "+0.02"]
    for mode in ("light", "dark"):
        theme.apply(qapp, mode)
        image = bar.grab().toImage()
        strong = {lut_color(-0.02 * share, 0.02) for share in (1, 126 / 127, 125 / 127)}
        assert image.pixel(2, 6) in strong
    bar.set_scale(0.02, log=True)
    places = {text: unit for unit, text in bar.ticks()}
    code = color_codes(np.array([0.0002]), 0.02, log=True)[0]
    assert places["+0.0002"] == pytest.approx(code / 127, abs=0.01)
    assert "logarithmic" in bar.accessibleDescription()
    bar.set_scale(0.0)
    bar.grab()


def test_that_kernels_stand_as_pictures_with_gaps_that_are_no_entry(qtbot: QtBot) -> None:
    tile = make_tile(qtbot, size=QSize(212, 150))
    places = np.array([[0, 1, -1, 4, 5], [2, 3, -1, 6, 7]])
    tile.set_places(places)
    array = np.arange(8.0).reshape(2, 1, 2, 2)
    tile.set_data(array, 1.0, scale=8.0)
    assert color_at(tile, 0, 3, (2, 5)) == lut_color(4.0, 8.0)
    assert color_at(tile, 0, 2, (2, 5)) == QColor(theme.current().surface).rgba()
    rect = tile.image_rect()
    assert rect.width() * 2 == rect.height() * 5  # pictures keep their shape
    read: list[str] = []
    tile.hovered.connect(read.append)
    QTest.mouseMove(tile, QPoint(rect.x() + rect.width() // 2, rect.y() + 5))
    assert not any(read)
    tile.setFocus()
    for _ in range(3):
        QTest.keyClick(tile, Qt.Key.Key_Right)
    # Over the gap, from entry 1 to entry 4.
    assert tile._cursor == (0, 3) and read[-1].endswith("[1, 0, 0, 0] = 4.0")
    chosen: list[object] = []
    tile.entry_chosen.connect(chosen.append)
    QTest.keyClick(tile, Qt.Key.Key_Return)
    assert chosen == [(1, 0, 0, 0)]


def test_that_zooming_reaches_single_entries_and_names_them_right(qtbot: QtBot) -> None:
    tile = make_tile(qtbot, size=QSize(200, 120))
    array = np.arange(600.0 * 500).reshape(600, 500)
    array.flags.writeable = False
    tile.set_data(array, 1.0, scale=1.0)
    tile.setFocus()
    for _ in range(7):
        QTest.keyClicks(tile, "+")
    assert tile._data.shape == (5, 4)
    top, left = tile._excerpt.origin
    assert color_at(tile, 2, 2, (5, 4)) == lut_color(array[top + 2, left + 2], 1.0)
    assert "×" in tile.accessibleName() and f"from {top}, {left}" in tile.accessibleName()
    QTest.keyClick(tile, Qt.Key.Key_Right)
    chosen: list[tuple[int, ...]] = []
    tile.entry_chosen.connect(chosen.append)
    QTest.keyClick(tile, Qt.Key.Key_Return)
    assert chosen == [(top, left)]
    QTest.keyClick(tile, Qt.Key.Key_Up)
    QTest.keyClick(tile, Qt.Key.Key_Return)
    # The window went along.
    assert chosen[-1] == (top - 1, left) and tile._excerpt.origin == (top - 1, left)
    tile.set_data(array, 1.0, scale=1.0)
    assert tile._excerpt.origin == (top - 1, left)
    QTest.keyClicks(tile, "0")
    assert tile._data.shape == (600, 500)


def test_that_means_are_means_and_hide_no_nan(qtbot: QtBot) -> None:
    table = np.random.default_rng(1).standard_normal((10, 7))
    means = mean(table, 5)
    assert np.allclose(means, table.reshape(5, 2, 7).mean(axis=1))
    assert mean(table, 10) is table
    table[3, 2] = np.nan
    assert np.isnan(mean(table, 4)[1, 2]) and np.isfinite(mean(table, 4)[0]).all()
