import dataclasses
from collections.abc import Iterator
from typing import get_args

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QComboBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from backprop_studio.ui import theme
from backprop_studio.ui.theme import DARK, LIGHT, Theme, contrast
from backprop_studio.ui.widgets.data_table import Cell, DataTable

THEMES = pytest.mark.parametrize("look", [LIGHT, DARK], ids=lambda look: look.name)

TEXT_ON_GROUND = [
    *((text, ground) for text in ("text", "muted")
      for ground in ("window", "surface", "surface_alt", "button", "canvas", "node_body",
                     "plot_background")),
    *((text, ground) for text in ("error", "warning", "ok", "info", "forward", "backward", "update")
      for ground in ("window", "surface", "canvas", "node_body")),
    ("plot_axis", "plot_background"),
    ("on_accent", "accent"),
    ("on_accent", "accent_hover"),
    ("on_selection", "selection"),
    ("text", "button_hover"),
    *(("on_node_title", f"node_{kind}") for kind in get_args(theme.Category)),
]  # fmt: skip

SHAPES_ON_GROUND = [
    ("accent", "window"), ("accent", "surface"), ("border_strong", "surface"),
    ("border_strong", "window"), ("node_border", "canvas"), ("curve_train", "plot_background"),
    ("curve_validation", "plot_background"), ("nan", "surface"),
]  # fmt: skip

# Linear RGB as seen without the green- or the red-sensitive cones (Viénot, Brettel, Mollon 1999).
DEUTERANOPIA = np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]])
PROTANOPIA = np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]])


@pytest.fixture(autouse=True)
def _light_again(qapp: QApplication) -> Iterator[None]:
    theme.apply(qapp, "light")
    yield
    theme.apply(qapp, "light")


def lab(color: str, seen_by: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of a colour after a loss of colour vision."""
    rgb = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(seen_by @ linear, 0, 1)
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    x, y, z = np.cbrt(np.maximum(to_xyz @ linear / np.array([0.9505, 1.0, 1.089]), 1e-6))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_that_the_contrast_formula_gives_the_values_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@THEMES
@pytest.mark.parametrize(("text", "ground"), TEXT_ON_GROUND)
def test_that_text_is_readable(look: Theme, text: str, ground: str) -> None:
    assert contrast(getattr(look, text), getattr(look, ground)) >= 4.5


@THEMES
@pytest.mark.parametrize(("shape", "ground"), SHAPES_ON_GROUND)
def test_that_shapes_that_mean_something_stand_out(look: Theme, shape: str, ground: str) -> None:
    assert contrast(getattr(look, shape), getattr(look, ground)) >= 3.0


@THEMES
@pytest.mark.parametrize("eye", [np.eye(3), DEUTERANOPIA, PROTANOPIA],
                         ids=["all cones", "deuteranopia", "protanopia"])  # fmt: skip
@pytest.mark.parametrize(
    ("one", "other"),
    [("forward", "backward"), ("forward", "update"), ("backward", "update"),
     ("curve_train", "curve_validation")],
)  # fmt: skip
def test_that_passes_and_curves_differ_for_every_eye(
    look: Theme, eye: np.ndarray, one: str, other: str
) -> None:
    first, second = lab(getattr(look, one), eye), lab(getattr(look, other), eye)
    assert np.linalg.norm(first - second) >= 18


@THEMES
def test_that_heatmap_colours_get_stronger_with_magnitude(look: Theme) -> None:
    lut = theme.diverging_lut(look)
    lum = np.array([theme.luminance(f"#{int(c) & 0xFFFFFF:06x}") for c in lut])
    positive, negative = lum[:128], np.concatenate([lum[:1], lum[:128:-1]])
    direction = 1 if look is DARK else -1
    assert (np.diff(positive) * direction >= -1e-3).all()
    assert (np.diff(negative) * direction >= -1e-3).all()
    assert lut[128] not in np.delete(lut, 128)


def test_that_the_themes_name_the_same_colours_and_all_are_colours() -> None:
    for look in (LIGHT, DARK):
        for field in dataclasses.fields(look):
            value = getattr(look, field.name)
            for color in value if isinstance(value, tuple) else (value,):
                assert field.name == "name" or QColor(color).name() == color
    assert LIGHT.color("forward").name() == LIGHT.forward


def test_that_widgets_hear_of_a_switch_and_already_see_the_new_theme(
    qapp: QApplication, qtbot: QtBot
) -> None:
    seen: list[str] = []

    class Listener(QWidget):
        def changeEvent(self, event: QEvent) -> None:
            if theme.is_theme_change(event):
                seen.append(theme.current().name)

    widget = Listener()
    qtbot.addWidget(widget)
    widget.show()
    seen.clear()
    assert theme.apply(qapp, "dark") is DARK
    assert set(seen) == {"dark"}
    assert widget.palette().color(QPalette.ColorRole.Window).name() == DARK.window
    theme.apply(qapp, "light")
    assert seen[-1] == "light"


def test_that_a_second_apply_of_the_same_theme_changes_nothing(
    qapp: QApplication, qtbot: QtBot
) -> None:
    theme.apply(qapp, "dark")
    sheet = qapp.styleSheet()
    theme.apply(qapp, "dark")
    assert qapp.styleSheet() == sheet


def test_that_system_follows_the_scheme_and_is_light_when_there_is_none(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Hints(QObject):
        scheme = Qt.ColorScheme.Unknown

        def colorScheme(self) -> Qt.ColorScheme:
            return self.scheme

    class App:
        hints = Hints()

        def styleHints(self) -> Hints:
            return self.hints

    app = App()
    assert theme.resolve(app, "system") is LIGHT  # type: ignore[arg-type]
    app.hints.scheme = Qt.ColorScheme.Dark
    assert theme.resolve(app, "system") is DARK  # type: ignore[arg-type]
    assert theme.resolve(app, "light") is LIGHT  # type: ignore[arg-type]


def test_that_an_unknown_category_looks_like_a_layer() -> None:
    assert LIGHT.node_title("loss") == LIGHT.node_loss
    assert LIGHT.node_title("imported") == LIGHT.node_layer


def test_that_the_primary_button_wears_the_accent(qapp: QApplication, qtbot: QtBot) -> None:
    for mode, look in (("light", LIGHT), ("dark", DARK)):
        theme.apply(qapp, mode)  # type: ignore[arg-type]
        button = QPushButton("Run")
        qtbot.addWidget(button)
        theme.set_role(button, "primary")
        button.resize(90, 30)
        assert button.grab().toImage().pixelColor(6, 15).name() == look.accent


def test_that_tinted_words_of_items_are_readable_after_a_switch(
    qapp: QApplication, qtbot: QtBot
) -> None:
    """They kept the colours of the light theme on the ground of the dark one."""
    table = DataTable(("Rule", "Change"), "Rules")
    qtbot.addWidget(table)
    table.set_rows([(Cell("descent"), Cell("███", -1.0, "ok"))])
    table.resize(300, 100)
    table.show()
    for look in (LIGHT, DARK, LIGHT):
        theme.apply(qapp, look.name)
        image = table.grab().toImage()
        middle = table.visualItemRect(table.item(0, 1)).center()
        middle.setY(middle.y() + table.viewport().y())
        row = {image.pixelColor(x, middle.y()).name() for x in range(image.width())}
        assert look.ok in row, (look.name, row)


def test_that_a_short_list_to_choose_from_is_seen_whole(qtbot: QtBot) -> None:
    box = QComboBox()
    box.addItems([f"Choice {k}" for k in range(8)])
    qtbot.addWidget(box)
    box.show()
    box.showPopup()
    view = box.view()
    qtbot.waitUntil(view.isVisible)
    rows = sum(view.sizeHintForRow(k) for k in range(box.count()))
    assert view.viewport().height() >= rows and view.verticalScrollBar().maximum() == 0
    assert view.visualRect(view.model().index(7, 0)).bottom() < view.viewport().height()
    box.hidePopup()
