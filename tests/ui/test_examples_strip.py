"""The row of small pictures beside the choice of a data set."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from backprop_studio.ui.widgets.examples_strip import ExamplesStrip


@pytest.mark.parametrize(
    ("width", "side", "shown"),
    [(400, 24, 10), (252, 23, 10), (218, 20, 10), (200, 24, 7), (20, 24, 0)],
)
def test_that_pictures_are_a_little_smaller_where_all_of_them_fit_then(
    width: int, side: int, shown: int, qtbot: QtBot
) -> None:
    strip = ExamplesStrip()
    qtbot.addWidget(strip)
    strip.set_pictures(np.ones((10, 8, 8), np.float32))
    strip.resize(width, 24)
    assert (strip.side(), strip.shown) == (side, shown)
    assert strip.shown * (side + strip.GAP) - strip.GAP <= width
