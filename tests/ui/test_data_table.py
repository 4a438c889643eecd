"""The table that instruments share, at its edges."""

from __future__ import annotations

import math

from pytestqt.qtbot import QtBot

from backprop_studio.ui.widgets.data_table import Cell, DataTable, compact


def test_that_a_curve_of_what_is_never_a_number_is_left_out(qtbot: QtBot) -> None:
    table = DataTable(("name", "curve"), "curves")
    qtbot.addWidget(table)
    table.set_rows(
        [
            [Cell("a"), Cell("", curve=(math.nan,) * 3)],
            [Cell("b"), Cell("", curve=(1.0, math.nan, 2.0))],
        ]
    )
    with qtbot.waitExposed(table):
        table.show()
    assert not table.grab().isNull()


def test_that_numbers_in_narrow_columns_are_short_and_have_a_true_minus() -> None:
    given = (-0.5, -5.4e-9, 0.097, 1234567.0, 0.0, -math.inf)
    assert [compact(n) for n in given] == ["−0.5", "−5.4e-9", "0.097", "1.2e6", "0", "−inf"]
