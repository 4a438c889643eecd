"""Panels are readable in a small window and in large type: nothing overlaps, nothing is cut off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QTableWidget,
)
from pytestqt.qtbot import QtBot

from backprop_studio.ui import columns, docks, text_size, theme
from backprop_studio.ui.canvas import camera, style
from backprop_studio.ui.main_window import MainWindow
from backprop_studio.ui.widgets.data_table import Cell, DataTable
from backprop_studio.ui.widgets.flow import Flow
from backprop_studio.ui.widgets.readable_axis import clear_of_each_other
from backprop_studio.ui.widgets.short_edit import ShortEdit

BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea
SIZES = [(800, 700), (1024, 700), (1280, 800)]


@pytest.fixture(autouse=True)
def _themed(qapp: QApplication) -> Iterator[None]:
    theme.apply(qapp, "light")
    yield
    text_size.apply(qapp, 100)


def _front(window: MainWindow) -> dict[str, QDockWidget]:
    return {key: dock for key, dock in window.docks.items() if docks.is_in_front(dock)}


def _columns(window: MainWindow) -> list[set[str]]:
    """Which docks share a place below the canvas, from left to right."""
    below = {
        key: dock for key, dock in _front(window).items() if window.dockWidgetArea(dock) == BOTTOM
    }
    names = {dock: key for key, dock in window.docks.items()}
    ordered = sorted(below.items(), key=lambda pair: pair[1].x())
    return [
        {key, *(names[d] for d in window.tabifiedDockWidgets(dock) if not d.isHidden())}  # type: ignore[index]
        for key, dock in ordered
    ]


def _settled(window: MainWindow, size: tuple[int, int], qtbot: QtBot) -> None:
    window.resize(*size)
    qtbot.wait(60)
    docks.settle(window)


def _faults(window: MainWindow) -> list[str]:
    """Docks in front that reach over each other or out of the window."""
    seen = _front(window)
    found = [key for key, dock in seen.items() if not window.rect().contains(dock.geometry())]
    pairs = [(a, b) for a in seen for b in seen if a < b]
    found += [f"{a}, {b}" for a, b in pairs if seen[a].geometry().intersects(seen[b].geometry())]
    # What is in a dock is as wide as it is, or scrolls.
    for key, dock in seen.items():
        inside = dock.widget()
        assert isinstance(inside, QScrollArea)
        if not dock.rect().contains(inside.geometry()):
            found.append(f"{key} does not fit its dock")
    return found


@pytest.mark.parametrize("presenting", [False, True])
def test_that_docks_neither_overlap_nor_leave_the_window_in_any_arrangement(
    presenting: bool, window: MainWindow, qtbot: QtBot
) -> None:
    if presenting:
        window.actions_by_id["presentation"].trigger()
        window.showNormal()
    for size in SIZES:
        for name in ("", *docks.ARRANGEMENTS):
            window.actions_by_id[f"layout_{name}" if name else "reset_layout"].trigger()
            _settled(window, size, qtbot)
            assert (window.width(), window.height()) == size, (size, name)
            assert _faults(window) == [], (size, name)
            wide = [_front(window)[next(iter(c & set(_front(window))))] for c in _columns(window)]
            least = text_size.scaled(140)
            assert all(dock.width() >= least for dock in wide), (size, name)


def test_that_the_window_fits_a_small_screen_whatever_is_open(
    window: MainWindow, qtbot: QtBot
) -> None:
    for percent in (100, text_size.LARGEST):
        window.appearance.set_text(percent)
        for key in window.docks:
            window.layouts.open(key)
        _settled(window, (1280, 800), qtbot)
        least = window.minimumSizeHint()
        assert least.width() <= (800 if percent == 100 else 1280)
        assert least.height() <= (600 if percent == 100 else 768)


def test_that_docks_below_the_canvas_come_together_and_apart_with_the_room(
    window: MainWindow, qtbot: QtBot
) -> None:
    _settled(window, (1400, 800), qtbot)
    apart = [
        {"losses", "timeline"}, {"gradients", "breakpoints"},
        {"current_step", "program", "messages"},
    ]  # fmt: skip
    assert _columns(window) == apart
    assert set(_front(window)) >= {"losses", "gradients", "current_step"}
    window.docks["messages"].raise_()
    _settled(window, (800, 700), qtbot)
    assert _columns(window) == [apart[0], apart[1] | apart[2]]
    assert "gradients" in _front(window)
    _settled(window, (1400, 800), qtbot)
    assert _columns(window) == apart
    # One that is closed meanwhile stays closed.
    _settled(window, (800, 700), qtbot)
    window.docks["breakpoints"].close()
    _settled(window, (1400, 800), qtbot)
    assert window.docks["breakpoints"].isHidden()
    assert _columns(window) == [apart[0], {"gradients"}, apart[2]]


def test_that_what_somebody_has_put_together_otherwise_is_left_alone(
    window: MainWindow, qtbot: QtBot
) -> None:
    _settled(window, (1400, 800), qtbot)
    window.tabifyDockWidget(window.docks["current_step"], window.docks["losses"])
    _settled(window, (800, 700), qtbot)
    before = _columns(window)
    assert {"losses", "current_step"} <= next(c for c in before if "losses" in c)
    assert not columns.fit(window, window.docks)
    assert _columns(window) == before


def test_that_the_layout_of_a_narrow_window_is_not_what_a_wide_one_begins_with(
    window: MainWindow, qtbot: QtBot
) -> None:
    _settled(window, (800, 700), qtbot)
    assert len(_columns(window)) == 2
    window.layouts.keep()
    _settled(window, (1400, 800), qtbot)
    window.layouts._restore(window._settings.window_state)
    _settled(window, (1401, 800), qtbot)
    assert len(_columns(window)) == 3


def test_that_an_instrument_gets_most_of_its_column_in_large_type(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.actions_by_id["presentation"].trigger()
    window.showNormal()
    _settled(window, (1280, 800), qtbot)
    for key in ("credit", "paths", "credit"):
        window.layouts.open(key)
        _settled(window, (1280, 800), qtbot)
        dock, inspector = window.docks[key], window.docks["inspector"]
        assert dock.width() >= docks.readable_width(window) - 2
        assert dock.height() > 2 * inspector.height()
        dock.close()


def test_that_credit_is_read_by_scrolling_down_and_never_sideways(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.actions_by_id["presentation"].trigger()
    window.showNormal()
    window.layouts.open("credit")
    _settled(window, (1280, 800), qtbot)
    area = window.docks["credit"].widget()
    panel = window.instruments.credit
    assert isinstance(area, QScrollArea)
    assert panel.width() <= area.viewport().width()
    qtbot.waitUntil(lambda: panel.table.rowCount() > 0)
    # The sentences have all the height that they need, and the table shows rows.
    for label in (panel.summary, panel.subject, panel.verdict):
        assert label.height() >= label.heightForWidth(label.width())
    assert panel.table.height() >= panel.table.height_of(3)
    shown = [c for c in range(6) if not panel.table.isColumnHidden(c)]
    assert {0, 1, 5} <= set(shown)
    assert sum(panel.table.columnWidth(c) for c in shown) <= panel.table.viewport().width() + 1


def test_that_the_docks_beside_the_canvas_grow_with_the_text_and_shrink_back(
    window: MainWindow, qtbot: QtBot
) -> None:
    _settled(window, (1600, 900), qtbot)
    window.actions_by_id["reset_layout"].trigger()
    _settled(window, (1600, 900), qtbot)
    sides = ("palette", "setup", "losses")

    def sizes() -> list[int]:
        palette, setup, losses = (window.docks[key] for key in sides)
        return [palette.width(), setup.width(), losses.height()]

    before = sizes()
    window.appearance.set_text(140)
    _settled(window, (1600, 900), qtbot)
    assert all(now > then * 1.15 for now, then in zip(sizes(), before, strict=True))
    window.appearance.set_text(100)
    _settled(window, (1600, 900), qtbot)
    assert sizes() == pytest.approx(before, rel=0.06)


def test_that_a_presentation_grows_no_text_beyond_the_largest(qapp: QApplication) -> None:
    points = qapp.font().pointSizeF()
    text_size.apply(qapp, text_size.LARGEST, presenting=True)
    assert qapp.font().pointSizeF() == pytest.approx(points * text_size.LARGEST / 100)
    text_size.apply(qapp, 120, presenting=True)
    assert qapp.font().pointSizeF() == pytest.approx(points * 1.2 * text_size.PRESENTATION)


# Widgets


def test_that_a_row_breaks_into_lines_and_what_can_grow_fills_them(qtbot: QtBot) -> None:
    wide = QLineEdit()
    wide.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    first, last = QPushButton("First"), QPushButton("Last")
    row = Flow(first, wide, last, spacing=4)
    qtbot.addWidget(row)
    need = row.sizeHint().width()
    row.resize(need + 100, row.heightForWidth(need + 100))
    row.show()
    assert first.y() == wide.y() == last.y() or abs(first.y() - wide.y()) < 10
    assert last.geometry().right() == row.width() - 1
    assert wide.width() == wide.sizeHint().width() + 100
    narrow = need - 20
    row.resize(narrow, row.heightForWidth(narrow))
    assert last.y() > first.geometry().bottom() and last.x() == 0
    assert wide.geometry().right() == narrow - 1
    assert row.height() == row.rect().bottom() + 1 >= last.geometry().bottom() + 1
    # One that goes makes room.
    first.hide()
    qtbot.waitUntil(lambda: wide.x() == 0)
    assert row.minimumSizeHint().width() <= narrow


def test_that_a_short_field_shows_its_digits_at_every_size_of_text(
    qapp: QApplication, qtbot: QtBot
) -> None:
    field = ShortEdit(7)
    qtbot.addWidget(field)
    for percent in (100, 200):
        text_size.apply(qapp, percent)
        assert field.sizeHint().width() > field.fontMetrics().horizontalAdvance("0" * 7) + 8
        assert field.minimumSizeHint() == field.sizeHint()


def test_that_spare_columns_go_one_after_the_other_and_come_back(qtbot: QtBot) -> None:
    table = DataTable(["Name", "One", "Two", "Three"], "Numbers")
    qtbot.addWidget(table)
    table.set_spare(2, 1)
    table.set_rows([[Cell("a name of some length"), Cell("123456", 1), Cell("123456", 2),
                     Cell("123456", 3)]])  # fmt: skip
    table.show()

    def hidden(width: int) -> list[int]:
        table.resize(width, 120)
        qtbot.wait(1)
        return [c for c in range(4) if QTableWidget.isColumnHidden(table, c)]

    assert hidden(600) == []
    found = [hidden(width) for width in range(420, 150, -10)]
    assert [2] in found and [1, 2] in found and found.index([2]) < found.index([1, 2])
    assert all(columns in ([], [2], [1, 2]) for columns in found)
    assert hidden(600) == []
    assert "Two" in table.as_text()


def test_that_numbers_on_an_axis_stand_clear_and_powers_of_ten_stay() -> None:
    def at(y: float, text: str) -> tuple[QRectF, int, str]:
        return QRectF(0, y, 20, 10), 0, text

    close = [at(0, "0.1"), at(4, "0.2"), at(7, "0.5"), at(30, "1"), at(44, "2")]
    assert [t[-1] for t in clear_of_each_other(close)] == ["0.1", "1", "2"]
    powers = [at(0, "3·10⁻³"), at(5, "10⁻²"), at(40, "2·10⁻²"), at(46, "5·10⁻²")]
    assert [t[-1] for t in clear_of_each_other(powers)] == ["10⁻²", "5·10⁻²"]
    assert clear_of_each_other([]) == []


def test_that_pictures_of_the_start_page_scroll_where_the_window_is_low(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.start.show()
    _settled(window, (800, 420), qtbot)
    assert window.height() == 420
    assert QPixmap(window.start.page.grab()).size() == QSize(window.start.page.size())


def test_that_words_on_cards_that_could_not_be_read_in_large_type_give_way_to_names(
    window: MainWindow, qtbot: QtBot
) -> None:
    _settled(window, (1280, 800), qtbot)
    canvas = window.canvas
    small = style.DETAIL * 1.1
    canvas.zoom_by(small / canvas.transform().m11())
    usual = canvas.viewportUpdateMode()
    assert small > style.detail() and not camera.afar(canvas)
    near = canvas.grab().toImage()
    window.actions_by_id["presentation"].trigger()
    window.showNormal()
    _settled(window, (1280, 800), qtbot)
    canvas.zoom_by(small / canvas.transform().m11())
    assert camera.afar(canvas) and canvas.viewportUpdateMode() != usual
    assert style.larger() == pytest.approx(text_size.PRESENTATION)
    assert canvas.grab().toImage() != near
    window.actions_by_id["presentation"].trigger()
    _settled(window, (1280, 800), qtbot)
    canvas.zoom_by(small / canvas.transform().m11())
    assert not camera.afar(canvas) and canvas.viewportUpdateMode() == usual
