"""Distributions over time as hills."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from backprop_studio.ui import theme
from backprop_studio.ui.widgets.ridges import MOST, Bin, RidgePlot

BINS = [Bin("0" if n == 20 else "", f"bin {n}") for n in range(41)]


@pytest.fixture
def plot(qtbot: QtBot) -> RidgePlot:
    plot = RidgePlot("size", "epoch")
    qtbot.addWidget(plot)
    plot.resize(400, 300)
    plot.show()
    return plot


def fill(plot: RidgePlot, moments: int = 60) -> np.ndarray:
    """A hump that walks to the right."""
    at = np.linspace(12, 28, moments)
    shares = np.exp(-((np.arange(41)[:, None] - at) ** 2) / 4)
    shares /= shares.sum(axis=0)
    shares[shares < 1e-6] = 0
    plot.set_hills(shares, BINS, [float(n) for n in range(moments)], now=float(moments))
    return shares


def test_that_few_evenly_spaced_hills_stand_for_many_moments(plot: RidgePlot) -> None:
    fill(plot, 500)
    shown = plot.shown()
    assert 10 < len(shown) <= MOST and (shown[0], shown[-1]) == (0, 499)
    assert np.ptp(np.diff(shown)) <= 1
    fill(plot, 1)
    assert plot.shown() == [0]
    plot.grab()


def test_that_a_hill_is_higher_where_more_is_and_its_number_is_read(plot: RidgePlot) -> None:
    shares = fill(plot)
    read: list[str] = []
    plot.hovered.connect(read.append)
    feet, _ = plot._feet(plot.shown())
    place = QPoint(round(plot._x(28)), round(feet[-1]) - 1)
    QTest.mouseMove(plot, place)
    assert plot.entry_at(place) == (28, 59)
    assert read[-1] == f"epoch 59, bin 28: {shares[28, 59]:.4g}"
    # The newest hill is drawn: at its top there is a line, and well beside it there is none.
    image = plot.grab().toImage()
    ground = QColor(theme.current().plot_background).rgb()
    column = {image.pixel(round(plot._x(28)) + 6, y) for y in range(60, round(feet[-1]))}
    assert len(column) > 3 and ground in {image.pixel(round(plot._x(2)), y) for y in range(9, 90)}


def test_that_keys_walk_over_bins_and_moments(plot: RidgePlot) -> None:
    shares = fill(plot)
    plot.setFocus()
    QTest.keyClick(plot, Qt.Key.Key_Right)
    assert plot.accessibleDescription() == f"epoch 59, bin 28: {shares[28, 59]:.4g}"
    QTest.keyClick(plot, Qt.Key.Key_Left)
    QTest.keyClick(plot, Qt.Key.Key_Home)
    assert plot.accessibleDescription() == "epoch 0, bin 27: 0"
    for _ in range(99):
        QTest.keyClick(plot, Qt.Key.Key_Left)
    assert plot._cursor == (plot._span[0], 0)


def test_that_nothing_and_missing_numbers_and_spikes_are_no_trouble(plot: RidgePlot) -> None:
    plot.set_hills(np.empty((0, 0)), (), ())
    assert plot.shown() == [] and plot.entry_at(QPoint(100, 100)) is None
    plot.grab()
    shares = np.full((41, 3), np.nan)
    shares[:, 1] = 0
    shares[20, 1] = 1.0
    plot.set_hills(shares, BINS, (0.0, 1.0, 2.0))
    assert plot.shown() == [1] and plot._span[1] - plot._span[0] >= 12
    assert plot.text_at(20, 0).endswith("none")
    plot.grab()
    plot.set_hills(np.full((41, 3), np.nan), BINS, (0.0, 1.0, 2.0))
    assert plot.shown() == []
    plot.grab()
