import logging
from collections.abc import Iterator

import pytest
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from backprop_studio.ui import theme
from backprop_studio.ui.widgets import formula
from backprop_studio.ui.widgets.formula import FormulaView

LATEX = r"\frac{\partial L}{\partial W} = X^\top \frac{\partial L}{\partial Y}"
PLAIN = "dL/dW = transpose of X times dL/dY"


@pytest.fixture(autouse=True)
def _light_again(qapp: QApplication) -> Iterator[None]:
    theme.apply(qapp, "light")
    yield
    theme.apply(qapp, "light")


@pytest.fixture
def view(qtbot: QtBot) -> FormulaView:
    view = FormulaView()
    qtbot.addWidget(view)
    view.set_formula(LATEX, PLAIN)
    view.resize(view.sizeHint())
    return view


def inked_columns(image: QImage, ground: str) -> list[int]:
    rows = range(image.height())
    return [
        x
        for x in range(image.width())
        if any(image.pixelColor(x, y).name() != ground for y in rows)
    ]


def test_that_a_formula_shows_in_the_text_colour_of_both_themes(
    qapp: QApplication, view: FormulaView
) -> None:
    for mode, look in (("light", theme.LIGHT), ("dark", theme.DARK)):
        theme.apply(qapp, mode)  # type: ignore[arg-type]
        image = view.grab().toImage()
        # Glyphs from one end to the other: with SVG 2, QtSvg drew the fraction bars alone.
        columns = inked_columns(image, look.window)
        assert len(columns) > 0.7 * image.width()
        darkest = {image.pixelColor(x, y).name() for x in columns for y in range(image.height())}
        assert look.text in darkest


def test_that_it_shrinks_to_fit_and_is_not_clipped(view: FormulaView) -> None:
    natural = view.sizeHint()
    width = natural.width() // 2
    assert view.heightForWidth(width) < natural.height()
    view.resize(width, view.heightForWidth(width))
    columns = inked_columns(view.grab().toImage(), theme.LIGHT.window)
    assert 0 <= columns[0] <= 3
    assert width - 5 <= columns[-1] < width


def test_that_it_does_not_grow_beyond_its_size(view: FormulaView) -> None:
    natural = view.sizeHint()
    view.resize(natural.width() * 3, natural.height() * 3)
    assert inked_columns(view.grab().toImage(), theme.LIGHT.window)[-1] <= natural.width() + 1


def test_that_screen_readers_get_the_plain_form(view: FormulaView) -> None:
    assert view.accessibleName() == PLAIN
    assert view.is_typeset()


def test_that_the_plain_form_stands_in_for_what_cannot_be_typeset(
    view: FormulaView, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        view.set_formula(r"\frac{a", "a over nothing")
        view.resize(view.sizeHint())
        columns = inked_columns(view.grab().toImage(), QColor(theme.LIGHT.window).name())
    assert not view.is_typeset()
    assert len(columns) > 20
    assert len(caplog.records) == 1
    view.set_formula(LATEX, PLAIN)
    assert view.is_typeset()


def test_that_an_empty_view_takes_no_room(qtbot: QtBot) -> None:
    view = FormulaView()
    qtbot.addWidget(view)
    assert view.sizeHint().isEmpty()
    view.grab()


@pytest.mark.parametrize("latex", [
    r"\begin{bmatrix} a & b \\ c & d \end{bmatrix}",
    r"f(x) = \begin{cases} x & x > 0 \\ 0 & x \le 0 \end{cases}",
    r"L = -\frac{1}{N} \sum_{n} \log \hat{y}_{n,t_n}",
    r"\sigma(x) = \frac{1}{1 + e^{-x}}, \quad \lVert g \rVert_2",
])  # fmt: skip
def test_that_the_notation_of_the_lessons_is_typeset(qtbot: QtBot, latex: str) -> None:
    view = FormulaView()
    qtbot.addWidget(view)
    view.set_formula(latex, "plain")
    assert view.is_typeset()


def test_that_a_wide_formula_is_broken_between_its_parts(qtbot: QtBot) -> None:
    part = r"C_t = F_t \odot C_{t-1} + I_t \odot G_t"
    one, three = FormulaView(), FormulaView()
    for view, parts in ((one, 1), (three, 3)):
        qtbot.addWidget(view)
        view.set_formula(r", \quad ".join([part] * parts), "plain")
    natural = one.sizeHint()
    assert three.heightForWidth(three.sizeHint().width()) <= natural.height() + 3
    width = natural.width() + 12  # a comma more than one part
    assert three.heightForWidth(width) > 2.9 * natural.height()
    assert one.heightForWidth(width // 2) < natural.height(), "one part can only shrink"
    host = QWidget()
    qtbot.addWidget(host)
    column = QVBoxLayout(host)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(three)
    column.addStretch(1)
    host.resize(width, 400)
    columns = inked_columns(host.grab().toImage(), theme.LIGHT.window)
    assert natural.width() - 8 <= columns[-1] < width, "as large as one part by itself"


def test_that_a_quad_within_braces_breaks_no_formula(qtbot: QtBot) -> None:
    view = FormulaView()
    qtbot.addWidget(view)
    view.set_formula(r"X = \frac{A \quad B}{C \quad D}", "plain")
    natural = view.sizeHint()
    assert view.heightForWidth(natural.width() // 2) < natural.height()


def test_that_formulas_that_are_kept_take_little_memory() -> None:
    latex = r"\frac{\partial L}{\partial w_{12}} = 0.25 \cdot 3.5 + 1.75 \cdot 0.125"
    svg = formula._svg(latex, "#202020", 12.0)
    assert svg is not None and svg.startswith(b"<svg")
    packed = formula._packed(latex, "#202020", 12.0)
    assert packed is not None and len(packed) < len(svg) / 2
    assert formula._svg(latex, "#202020", 12.0) == svg
    assert formula._svg("", "#202020", 12.0) is None
