"""A few lines or dots at once, drawn anew each time: for results, not for curves that grow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from backprop_studio.ui import text_size, theme
from backprop_studio.ui.widgets.curve_legend import CurveLegend
from backprop_studio.ui.widgets.readable_axis import axes


@dataclass(frozen=True)
class Line:
    """One line.

    Attributes
    ----------
    name
        In the legend; a line without one is not told there.
    xs, ys
        Its points. Those that an axis cannot show are left out.
    color
        Which of the theme's curve colours, the last one that of backward; -1 for the muted one.
    dots
        Whether its points are marked.
    dashed
        For a line to compare with, such as a slope that is expected.
    """

    name: str
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    color: int = 0
    dots: bool = False
    dashed: bool = False


class LinePlot(QWidget):
    """Lines on shared axes that fit them. It does not move under the mouse wheel or a drag.

    Parameters
    ----------
    x_label, y_label
        Names of the axes.
    log_x, log_y
        Whether an axis is logarithmic.
    """

    def __init__(
        self, x_label: str, y_label: str, *, log_x: bool = False, log_y: bool = False,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._labels = {"bottom": x_label, "left": y_label}
        self._log = log_x, log_y
        self._lines: tuple[Line, ...] = ()
        self._plot = pg.PlotWidget(parent=self, axisItems=axes())
        self._plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._plot.setFrameShape(pg.PlotWidget.Shape.NoFrame)
        item = self._plot.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.setMouseEnabled(x=False, y=False)
        item.setLogMode(x=log_x, y=log_y)
        item.showGrid(x=True, y=True, alpha=0.18)
        for side in self._labels:
            item.getAxis(side).setStyle(maxTickLevel=0)
            item.getAxis(side).enableAutoSIPrefix(False)
        self._legend = CurveLegend()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._legend)
        layout.addWidget(self._plot, 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._draw()

    def set_lines(self, lines: Sequence[Line]) -> None:
        """Draw other lines."""
        self._lines = tuple(lines)
        self._draw()

    def sizeHint(self) -> QSize:
        return QSize(text_size.scaled(280), text_size.scaled(140))

    def minimumSizeHint(self) -> QSize:
        return QSize(text_size.scaled(160), text_size.scaled(120))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if theme.is_theme_change(event) and hasattr(self, "_plot"):
            self._draw()

    def _draw(self) -> None:
        now, item = theme.current(), self._plot.getPlotItem()
        self._plot.setBackground(now.plot_background)
        for side, label in self._labels.items():
            axis = item.getAxis(side)
            axis.setPen(now.plot_axis)
            axis.setTextPen(now.muted)
            item.setLabel(side, label, color=now.muted)
        item.clear()
        entries = []
        for line in self._lines:
            colors = (*now.curves, now.backward)
            color = QColor(now.muted if line.color < 0 else colors[line.color % len(colors)])
            xs, ys = np.array(line.xs, float), np.array(line.ys, float)
            shown = np.isfinite(xs) & np.isfinite(ys)
            for numbers, log in zip((xs, ys), self._log, strict=True):
                shown &= (numbers > 0) | (not log)
            style = Qt.PenStyle.DashLine if line.dashed else Qt.PenStyle.SolidLine
            dots = {"symbol": "o", "symbolSize": 6, "symbolBrush": color, "symbolPen": None}
            if shown.any():
                item.plot(
                    xs[shown], ys[shown], pen=pg.mkPen(color, width=1.6, style=style),
                    **(dots if line.dots else {}),
                )  # fmt: skip
            if line.name:
                entries.append((line.name, color.name(), ""))
        self._legend.set_entries(entries, "")
        names = ", ".join(line.name for line in self._lines if line.name)
        self.setAccessibleName(f"{self._labels['left']} / {self._labels['bottom']}: {names}")
        item.enableAutoRange()
