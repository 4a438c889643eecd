"""Curves over the course of training, with exact numbers under the pointer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.ui import icons, theme
from backprop_studio.ui.widgets.curve_colors import color_of
from backprop_studio.ui.widgets.curve_legend import CurveHeader, CurveLegend
from backprop_studio.ui.widgets.curve_marks import CurveMarks, Mark
from backprop_studio.ui.widgets.ranges import fitting, nearest, number_exact
from backprop_studio.ui.widgets.readable_axis import axes
from backprop_studio.ui.widgets.scale_bar import number, small_font

Floats = npt.NDArray[np.floating]


# Above this many points on screen a wide, smooth line costs more than it shows.
_SMOOTH_POINTS = 1500


_LEAST = QSize(150, 80)
"""Pixels of the plot itself, without its legend."""


class CurvePlot(QWidget):
    """Named curves on shared axes.

    The legend is above the plot and shows each curve's last value, or its value at the place
    pointed at. The axes grow in steps, so that a running curve does not make them twitch; after
    the user has panned or zoomed they stay, until *Fit* or a double click.

    Parameters
    ----------
    x_label, y_label : str
        Names of the axes.
    empty_text : str, optional
        What to say while there is no curve.
    parent : QWidget, optional
    """

    hovered = Signal(str)
    """The exact values at the place pointed at; empty when there is none."""

    log_toggled = Signal(bool)
    """The y-axis became logarithmic (True) or linear."""

    def __init__(
        self,
        x_label: str = "",
        y_label: str = "",
        *,
        empty_text: str | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._x_label = x_label or self.tr("iteration")
        self._y_label = y_label or self.tr("loss")
        self._raw: dict[str, tuple[Floats, Floats]] = {}
        self._lines: dict[str, pg.PlotDataItem] = {}
        self._log = False
        self._follow = True
        self._bounds: tuple[float, float, float, float] | None = None
        self._reading_x: float | None = None
        self._cursor_x: float | None = None
        self._smooth: dict[str, bool] = {}
        self._faint: dict[str, str] = {}
        self._reading = ""
        self.tell_more: Callable[[float], str] = lambda x: ""
        """What else there is to say of a place of the x-axis that is pointed at."""

        self._plot = pg.PlotWidget(parent=self, axisItems=axes())
        self._plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._plot.setFrameShape(pg.PlotWidget.Shape.NoFrame)
        item = self._plot.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.disableAutoRange()
        self._marks = CurveMarks(item)
        item.setClipToView(True)
        item.setDownsampling(auto=True, mode="peak")
        item.showGrid(x=True, y=True, alpha=0.18)
        item.setLabel("bottom", self._x_label)
        item.setLabel("left", self._y_label)
        # The plot puts the lowest pixels of the name below its own edge.
        item.layout.setContentsMargins(1, 1, 1, 4)
        for side in ("bottom", "left"):
            # One level of ticks: each further one doubles the time to draw the axes.
            item.getAxis(side).setStyle(maxTickLevel=0)
            item.getAxis(side).setTickDensity(1.6 if side == "left" else 1.0)
            item.getAxis(side).enableAutoSIPrefix(False)
        self._cursor = pg.InfiniteLine(angle=90, movable=False)
        self._probe = pg.InfiniteLine(angle=90, movable=False)
        self._dots = pg.ScatterPlotItem(size=7, pxMode=True)
        for mark, level in ((self._cursor, 10), (self._probe, 11), (self._dots, 12)):
            mark.setZValue(level)
            mark.setVisible(False)
            item.addItem(mark, ignoreBounds=True)

        self._legend = CurveLegend()
        self._log_button = QToolButton()
        self._log_button.setText(self.tr("log"))
        self._log_button.setCheckable(True)
        self._log_button.setToolTip(self.tr("Logarithmic y-axis"))
        self._log_button.setAccessibleName(self.tr("Logarithmic y-axis"))
        self._log_button.toggled.connect(self.set_log)
        self._fit_button = QToolButton()
        self._fit_button.setIcon(icons.icon("zoom-fit"))
        self._fit_button.setToolTip(
            self.tr("Fit the axes to the curves (0). Zoom with the wheel or + and −; drag to move")
        )
        self._fit_button.setAccessibleName(self.tr("Fit the axes to the curves"))
        self._fit_button.clicked.connect(self.fit)
        self._empty = QLabel(
            empty_text if empty_text is not None else
            self.tr("Press Run: the loss curves grow here."), self._plot)  # fmt: skip
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        theme.set_role(self._empty, "muted")

        self._header = CurveHeader(self._legend)
        for button in (self._log_button, self._fit_button):
            self._header.add_tool(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._header)
        layout.addWidget(self._plot, 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._plot.setMinimumSize(_LEAST)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Curves of {y} by {x}").format(
            y=self._y_label, x=self._x_label))  # fmt: skip

        self._plot.scene().sigMouseMoved.connect(self._on_moved)
        self._plot.viewport().installEventFilter(self)
        item.getViewBox().sigRangeChangedManually.connect(self._stop_following)
        self.restyle()
        self.fit()

    # What to show

    def add_tool(self, tool: QWidget) -> None:
        """Put a button beside those above the plot."""
        self._header.add_tool(tool)

    def set_y_label(self, label: str) -> None:
        """Name the y-axis anew."""
        if label != self._y_label:
            self._y_label = label
            self._plot.getPlotItem().setLabel("left", label, color=theme.current().muted)
            self.setAccessibleName(self.tr("Curves of {y} by {x}").format(y=label, x=self._x_label))

    def set_empty_text(self, text: str) -> None:
        """Say something else while there is no curve."""
        self._empty.setText(text)

    def set_marks(self, marks: Sequence[Mark]) -> None:
        """Mark places of the x-axis where something happened, in place of the last marks."""
        if self._marks.set_marks(marks, small_font(self)):
            self._update_reading()

    def marks(self) -> tuple[Mark, ...]:
        """What is marked."""
        return self._marks.marks

    def twin(self, size: QSize) -> CurvePlot:
        """A plot of another size, off the screen, that shows the same: to make pictures of."""
        other = CurvePlot(self._x_label, self._y_label)
        other.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        other.resize(size)
        other.show()
        other.set_log(self._log)
        for name, (x, y) in self._raw.items():
            other.set_curve(name, x, y, behind=self._faint.get(name, ""))
        other.set_marks(self.marks())
        other.set_cursor(self._cursor_x)
        left, right, bottom, top = self.view_range()
        other._follow = False
        box = other._plot.getPlotItem().getViewBox()
        box.setRange(xRange=(left, right), yRange=(bottom, top), padding=0.0)
        return other

    def paint(self, painter: QPainter) -> None:
        """Draw the legend and the plot as they are, without buttons, in this widget's size."""
        now = theme.current()
        painter.fillRect(self.rect(), QColor(now.plot_background))
        painter.save()
        painter.translate(8, 4)
        self._legend.paint(painter)
        painter.restore()
        below = QRectF(0, self._legend.height() + 6, self.width(), 0)
        below.setBottom(self.height())
        self._plot.render(painter, below, self._plot.viewport().rect())

    def set_curve(self, name: str, x: Floats, y: Floats, *, behind: str = "") -> None:
        """Show or replace a curve.

        A point that has no place on the axes (not finite, or not positive on a logarithmic axis)
        is left out of the line; the read-out still gives its number.

        Parameters
        ----------
        name : str
            Name in the legend. Names with ``train`` or ``val`` in them get the colours of
            the training and the validation curve.
        x : Array of shape (points,)
            Ascending. Not copied.
        y : Array of shape (points,)
            Not copied.
        behind : str
            Name of a curve that this one is drawn faintly behind of, in its colour: the single
            numbers, say, that the other one is the mean of.
        """
        if np.shape(x) != np.shape(y) or np.ndim(x) != 1:
            raise ValueError(f"x and y must be of one length, not {np.shape(x)}, {np.shape(y)}")
        if name not in self._lines:
            line = pg.PlotDataItem(connect="all", skipFiniteCheck=True)
            line.setClipToView(True)
            line.setDownsampling(auto=True, method="peak")
            self._plot.getPlotItem().addItem(line)
            self._lines[name] = line
        self._raw[name] = (np.asarray(x), np.asarray(y))
        if self._faint.get(name, "") != behind:
            self._faint[name] = behind
            self._lines[name].setZValue(-2 if behind else 0)
            self._style(name)
        self._draw(name)
        self._after_change()

    def remove_curve(self, name: str) -> None:
        """Take a curve away; nothing happens when there is none of that name."""
        line = self._lines.pop(name, None)
        if line is not None:
            del self._raw[name]
            self._smooth.pop(name, None)
            self._faint.pop(name, None)
            self._plot.getPlotItem().removeItem(line)
            self.restyle()
            self._after_change()

    def clear(self) -> None:
        """Take all curves and the cursor away and follow the next ones from their start."""
        for line in self._lines.values():
            self._plot.getPlotItem().removeItem(line)
        self._lines.clear()
        self._raw.clear()
        self._smooth.clear()
        self._faint.clear()
        self._reading_x = None
        self.set_cursor(None)
        self._follow = True
        self._bounds = None
        self._after_change()

    def curve_names(self) -> tuple[str, ...]:
        """The curves shown, in the order of the legend."""
        return tuple(self._raw)

    def set_cursor(self, x: float | None) -> None:
        """Place the vertical line that marks the moment on screen; None hides it."""
        self._cursor_x = x
        self._cursor.setVisible(x is not None)
        if x is not None:
            self._cursor.setValue(x)

    def is_log(self) -> bool:
        """True when the y-axis is logarithmic."""
        return self._log

    def set_log(self, on: bool) -> None:
        """Make the y-axis logarithmic or linear."""
        if on == self._log:
            return
        self._log = on
        self._log_button.setChecked(on)
        self._plot.getPlotItem().getAxis("left").setLogMode(x=False, y=on)
        self._bounds = None
        self._follow = True
        for name in self._lines:
            self._draw(name)
        self._after_change()
        self.log_toggled.emit(on)

    def fit(self) -> None:
        """Fit the axes to the curves now, and follow them as they grow."""
        self._follow = True
        self._bounds = None
        self._apply_range()

    def view_range(self) -> tuple[float, float, float, float]:
        """The axes' ends: left, right, bottom, top; powers of ten where logarithmic."""
        (left, right), (bottom, top) = self._plot.getPlotItem().viewRange()
        return left, right, bottom, top

    def read_out(self, x: float) -> str:
        """The exact values at the points nearest to `x`, as text."""
        parts = []
        for name, (xs, ys) in self._raw.items():
            at = nearest(xs, x)
            if at is not None:
                parts.append(f"{name} {number_exact(ys[at])} ({self._x_label} {number(xs[at])})")
        near = 0.01 * (self.view_range()[1] - self.view_range()[0])
        told = self._marks.near(x, near)
        parts += [f"{m.text} ({self._x_label} {number(m.x)})" for m in told]
        return ", ".join([*parts, *filter(None, [self.tell_more(x)])])

    def restyle(self) -> None:
        """Take the colours of the theme in use."""
        now = theme.current()
        self._plot.setBackground(QColor(now.plot_background))
        for side in ("bottom", "left"):
            axis = self._plot.getPlotItem().getAxis(side)
            axis.setPen(pg.mkPen(now.plot_axis))
            axis.setTextPen(pg.mkPen(now.muted))
            axis.setTickFont(self.font())
            axis.label.setDefaultTextColor(QColor(now.muted))
            axis.setLabel(axis.labelText, color=now.muted)
        self._cursor.setPen(pg.mkPen(now.text, width=1))
        self._probe.setPen(pg.mkPen(now.muted, width=1, style=Qt.PenStyle.DashLine))
        for name in self._lines:
            self._style(name)
        self._marks.restyle(small_font(self))
        self._update_reading()

    # Drawing

    def _color(self, name: str) -> str:
        name = self._faint.get(name) or name
        names = [n for n in self._lines if not self._faint.get(n)]
        return color_of(name, names[: names.index(name)] if name in names else names)

    def _style(self, name: str) -> None:
        smooth = self._smooth.get(name, True)
        line = self._lines[name]
        color = QColor(self._color(name))
        if self._faint.get(name):
            color.setAlphaF(0.3)
        line.setPen(pg.mkPen(color, width=1.75 if smooth and not self._faint.get(name) else 1))
        line.opts["antialias"] = smooth
        line.updateItems()

    def _draw(self, name: str) -> None:
        x, y = self._raw[name]
        shown = np.isfinite(y) & (y > 0) if self._log else np.isfinite(y)
        if not shown.all():
            x, y = x[shown], y[shown]
        if self._log:
            y = np.log10(y)
        smooth = len(x) <= _SMOOTH_POINTS
        if self._smooth.get(name) != smooth:
            self._smooth[name] = smooth
            self._style(name)
        # A single point is no line.
        dot = {"symbol": "o" if len(x) == 1 else None, "symbolBrush": self._color(name)}
        self._lines[name].setData(x, y, antialias=smooth, symbolSize=6, symbolPen=None, **dot)

    def _after_change(self) -> None:
        self._empty.setVisible(not self._raw)
        if self._follow:
            self._apply_range()
        self._update_reading()

    def _apply_range(self) -> None:
        bounds = fitting(self._raw.values(), self._bounds, log=self._log)
        if bounds != self._bounds:
            self._bounds = bounds
            self._plot.getPlotItem().getViewBox().setRange(
                xRange=bounds[:2], yRange=bounds[2:], padding=0.0, disableAutoRange=True
            )

    def _stop_following(self, *_: object) -> None:
        self._follow = False

    # Reading exact values

    def _update_reading(self) -> None:
        entries, dots, here = [], [], None
        for name, (xs, ys) in self._raw.items():
            at = len(xs) - 1 if self._reading_x is None else nearest(xs, self._reading_x)
            value = None
            if at is not None and at >= 0:
                value = float(ys[at])
                if self._reading_x is not None:
                    here = float(xs[at]) if here is None else here
                    if math.isfinite(value) and (value > 0 or not self._log):
                        height = math.log10(value) if self._log else value
                        dots.append({"pos": (float(xs[at]), height), "brush": self._color(name)})
            if not self._faint.get(name):
                text = "" if value is None else number(value)
                entries.append((name, self._color(name), text + self._single(name)))
        more = "" if here is None else self.tell_more(here)
        place = "" if here is None else f"{self._x_label} {number(here)}" + (more and f", {more}")
        self._legend.set_entries(entries, place)
        self._probe.setVisible(here is not None)
        self._dots.setVisible(bool(dots))
        if here is not None:
            self._probe.setValue(here)
        if dots:
            self._dots.setData(dots, pen=pg.mkPen(theme.current().plot_background))
        text = self.read_out(self._reading_x) if self._reading_x is not None else ""
        if text != self._reading:
            self._reading = text
            self.setAccessibleDescription(text)
            self.hovered.emit(text)

    def _single(self, name: str) -> str:
        """What is read of the curve behind another one, if there is one."""
        behind = next((n for n, front in self._faint.items() if front == name), None)
        if behind is None or self._reading_x is None:
            return ""
        xs, ys = self._raw[behind]
        at = nearest(xs, self._reading_x)
        return "" if at is None else f" ({number(float(ys[at]))})"

    def _point_at(self, x: float | None) -> None:
        if x != self._reading_x:
            self._reading_x = x
            self._update_reading()

    def _on_moved(self, position: QPointF) -> None:
        box = self._plot.getPlotItem().getViewBox()
        inside = box.sceneBoundingRect().contains(position) and bool(self._raw)
        self._point_at(float(box.mapSceneToView(position).x()) if inside else None)

    # Qt

    def eventFilter(self, watched: Any, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonDblClick:
            self.fit()
        elif event.type() == QEvent.Type.Leave:
            self._point_at(None)
        elif event.type() == QEvent.Type.Resize:
            self._empty.setGeometry(self._plot.viewport().rect().adjusted(70, 12, -16, -48))
        return super().eventFilter(watched, event)

    def changeEvent(self, event: QEvent) -> None:
        if theme.is_theme_change(event) and hasattr(self, "_legend"):
            self.restyle()
        super().changeEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        # The plot, which covers this widget, shows that the keyboard is here.
        theme.set_role(self._plot, "focus")
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        theme.set_role(self._plot, "")
        self._point_at(None)
        super().focusOutEvent(event)

    def zoom_by(self, factor: float) -> None:
        """Zoom in (above 1) or out around what is read, or else the middle."""
        box = self._plot.getPlotItem().getViewBox()
        left, right, bottom, top = self.view_range()
        x = (left + right) / 2 if self._reading_x is None else self._reading_x
        self._follow = False
        box.scaleBy((1 / factor, 1 / factor), center=(x, (bottom + top) / 2))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        zooms = {Qt.Key.Key_Plus: 1.5, Qt.Key.Key_Equal: 1.5, Qt.Key.Key_Minus: 1 / 1.5}
        if event.key() in zooms and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_by(zooms[Qt.Key(event.key())])
            return
        if event.key() == Qt.Key.Key_0 and not event.modifiers():
            self.fit()
            return
        xs = next((x for x, _ in self._raw.values() if len(x)), None)
        steps = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_PageUp: -10,
            Qt.Key.Key_PageDown: 10, Qt.Key.Key_Home: -(10**9), Qt.Key.Key_End: 10**9,
        }  # fmt: skip
        step = steps.get(Qt.Key(event.key()))
        if xs is None or step is None:
            super().keyPressEvent(event)
            return
        at = len(xs) - 1 if self._reading_x is None else (nearest(xs, self._reading_x) or 0) + step
        self._point_at(float(xs[min(max(at, 0), len(xs) - 1)]))
