from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from backprop_studio.ui import theme
from backprop_studio.ui.widgets.curves import CurvePlot
from backprop_studio.ui.widgets.ranges import decades, stepped


@pytest.fixture(autouse=True)
def _light_again(qapp: QApplication) -> Iterator[None]:
    theme.apply(qapp, "light")
    yield
    theme.apply(qapp, "light")


@pytest.fixture
def plot(qtbot: QtBot) -> CurvePlot:
    plot = CurvePlot()
    qtbot.addWidget(plot)
    plot.resize(500, 300)
    plot.show()
    qtbot.waitExposed(plot)
    return plot


def colors(plot: CurvePlot) -> dict[str, int]:
    image = plot.grab().toImage()
    counts: dict[str, int] = {}
    for y in range(30, image.height()):
        for x in range(image.width()):
            name = image.pixelColor(x, y).name()
            counts[name] = counts.get(name, 0) + 1
    return counts


def empty_label(plot: CurvePlot) -> QLabel:
    return next(label for label in plot.findChildren(QLabel) if "Press Run" in label.text())


def test_that_an_empty_plot_says_what_to_do_and_a_curve_takes_its_place(plot: CurvePlot) -> None:
    assert empty_label(plot).isVisible()
    plot.set_curve("training", np.arange(3.0), np.ones(3))
    assert not empty_label(plot).isVisible()
    plot.clear()
    assert empty_label(plot).isVisible()
    assert plot.curve_names() == ()


def test_that_the_axes_stand_still_while_the_curve_grows(plot: CurvePlot) -> None:
    x = np.arange(1, 1001.0)
    y = 2.0 * np.exp(-x / 200) + 0.1
    ranges = set()
    for n in range(10, 1000, 10):
        plot.set_curve("training", x[:n], y[:n])
        left, right, bottom, top = plot.view_range()
        assert left <= x[0] and right >= x[n - 1] and bottom <= y[:n].min() and top >= y[:n].max()
        ranges.add((left, right, bottom, top))
    assert len(ranges) <= 24


def test_that_the_axes_come_back_when_a_new_run_is_much_shorter(plot: CurvePlot) -> None:
    plot.set_curve("training", np.arange(10_000.0), np.full(10_000, 50.0))
    plot.set_curve("training", np.arange(20.0), np.full(20, 0.5))
    assert plot.view_range()[1] < 100
    assert plot.view_range()[3] < 5


def test_that_pointing_gives_the_exact_numbers(plot: CurvePlot, qtbot: QtBot) -> None:
    x = np.arange(0, 100.0)
    y = np.random.default_rng(0).random(100).astype(np.float32)
    plot.set_curve("training", x, y)
    plot.set_curve("validation", x[::10], y[::10] + np.float32(1))
    heard: list[str] = []
    plot.hovered.connect(heard.append)
    box = plot._plot.getPlotItem().getViewBox()
    plot._plot.scene().sigMouseMoved.emit(box.mapViewToScene(QPointF(42.2, 0.5)))
    assert heard[-1] == (
        f"training {y[42]!s} (iteration 42), validation {y[40] + np.float32(1)!s} (iteration 40)"
    )
    plot._plot.scene().sigMouseMoved.emit(QPointF(-5, -5))
    assert heard[-1] == ""


def test_that_keys_read_the_points_one_by_one(plot: CurvePlot, qtbot: QtBot) -> None:
    plot.set_curve("training", np.array([5.0, 6.0, 9.0]), np.array([0.5, 0.25, 0.125]))
    for key, value in ((Qt.Key.Key_Left, "0.125 (iteration 9)"), (Qt.Key.Key_Left, "0.25"),
                       (Qt.Key.Key_Home, "0.5 (iteration 5)"), (Qt.Key.Key_Left, "0.5"),
                       (Qt.Key.Key_End, "0.125")):  # fmt: skip
        qtbot.keyClick(plot, key)
        assert plot.accessibleDescription().startswith(f"training {value}")


def test_that_a_logarithmic_axis_leaves_out_what_has_no_logarithm(plot: CurvePlot) -> None:
    y = np.array([100.0, 0.0, -1.0, np.nan, np.inf, 0.01])
    plot.set_curve("training", np.arange(6.0), y)
    with_signal: list[bool] = []
    plot.log_toggled.connect(with_signal.append)
    plot.set_log(True)
    assert plot.is_log() and with_signal == [True]
    _, _, bottom, top = plot.view_range()
    assert (bottom, top) == (-2.0, 2.0)
    assert "nan" in plot.read_out(3.0)
    assert "inf" in plot.read_out(4.0)
    plot.grab()
    plot.set_log(False)
    assert plot.view_range()[2] <= -1.0


@pytest.mark.parametrize("values", [[], [1.0], [np.nan], [np.nan, np.inf], [0.0, 0.0], [-3.0, -3.0],
                                    [1e-30, 2e-30], [1e30, -1e30], [7.0] * 5])  # fmt: skip
@pytest.mark.parametrize("log", [False, True])
def test_that_odd_curves_are_drawn(plot: CurvePlot, values: list[float], log: bool) -> None:
    plot.set_log(log)
    plot.set_curve("training", np.arange(len(values), dtype=float), np.array(values))
    plot.grab()
    plot._point_at(0.0)
    plot.grab()


def test_that_the_cursor_stands_at_its_place_and_goes(plot: CurvePlot) -> None:
    plot.set_curve("training", np.arange(101.0), np.full(101, 0.5))
    before = colors(plot).get(theme.LIGHT.text, 0)
    plot.set_cursor(50.0)
    assert colors(plot).get(theme.LIGHT.text, 0) > before + 100
    plot.set_cursor(None)
    assert colors(plot).get(theme.LIGHT.text, 0) == before


@pytest.mark.parametrize("visible", [True, False])
def test_that_a_theme_switch_recolours_curves_and_ground(
    plot: CurvePlot, qapp: QApplication, visible: bool
) -> None:
    plot.set_curve("training", np.arange(50.0), np.full(50, 0.3))
    plot.set_curve("validation", np.arange(50.0), np.full(50, 0.7))
    plot.setVisible(visible)
    for mode, look in (("dark", theme.DARK), ("light", theme.LIGHT)):
        theme.apply(qapp, mode)
        seen = colors(plot)
        assert max(seen, key=lambda name: seen[name]) == look.plot_background
        other = theme.LIGHT if look is theme.DARK else theme.DARK
        for field in ("curve_train", "curve_validation"):
            assert seen.get(getattr(look, field), 0) > 50
            assert seen.get(getattr(other, field), 0) == 0


def test_that_curves_can_be_replaced_and_removed(plot: CurvePlot) -> None:
    for name in ("training", "branch 1", "branch 2"):
        plot.set_curve(name, np.arange(5.0), np.ones(5))
    plot.set_curve("branch 1", np.arange(9.0), np.ones(9) * 2)
    plot.remove_curve("branch 2")
    plot.remove_curve("never there")
    assert plot.curve_names() == ("training", "branch 1")
    assert plot.read_out(8.0).endswith("branch 1 2.0 (iteration 8)")


def test_that_arrays_of_different_lengths_are_refused(plot: CurvePlot) -> None:
    with pytest.raises(ValueError, match="one length"):
        plot.set_curve("training", np.arange(3.0), np.arange(4.0))


def test_that_a_hundred_thousand_points_still_show_a_single_spike(plot: CurvePlot) -> None:
    y = np.full(100_000, 0.1)
    y[54_321] = 1.0
    plot.set_curve("training", np.arange(100_000.0), y)
    image = plot.grab().toImage()
    rows = {yy for yy in range(40, image.height()) for x in range(80, image.width())
            if image.pixelColor(x, yy).name() == theme.LIGHT.curve_train}  # fmt: skip
    assert max(rows) - min(rows) > 150


@given(low=st.floats(-1e9, 1e9), size=st.floats(0, 1e9))
@example(low=0.0, size=5e-324)
@example(low=-5e-324, size=5e-324)
@example(low=-5e-324, size=15.0)
def test_that_stepped_ends_enclose_and_are_kept(low: float, size: float) -> None:
    high = low + size
    ends = stepped(low, high)
    assert ends[0] <= low and high <= ends[1] and ends[0] < ends[1]
    assert stepped(low, high, ends)[0] <= low


@given(low=st.floats(-30, 30), size=st.floats(0, 30))
def test_that_decades_enclose(low: float, size: float) -> None:
    ends = decades(low, low + size)
    assert ends[0] <= low and low + size <= ends[1] and ends[1] - ends[0] >= 1.0
