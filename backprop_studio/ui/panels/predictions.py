"""What the network says: of the plane, class by class, of the worst examples, of a drawing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QSizePolicy,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.autograd import Array
from backprop_studio.insight import using
from backprop_studio.insight.drawing import Frame, frame_of
from backprop_studio.insight.predictions import (
    Predictions,
    confusion,
    judge,
    predictions,
    window,
)
from backprop_studio.network import Analysis
from backprop_studio.training import Session, Snapshot
from backprop_studio.ui import theme
from backprop_studio.ui.asking import Ask, Enquiry
from backprop_studio.ui.following import Follower, Question
from backprop_studio.ui.widgets import ground
from backprop_studio.ui.widgets.confusion import ConfusionTable
from backprop_studio.ui.widgets.data_table import Cell, DataTable
from backprop_studio.ui.widgets.digit_test import DigitTest
from backprop_studio.ui.widgets.dot_plot import DotPlot, Dots, Path, View
from backprop_studio.ui.widgets.example_list import ExampleCard, ExampleList, tell
from backprop_studio.ui.widgets.kinds import KindLegend
from backprop_studio.ui.widgets.scale_bar import number
from backprop_studio.ui.widgets.two_views import TwoViews

MAP, CONFUSION, WORST, DRAW = range(4)
_LISTED = 500
_MOST_CLASSES = 40


class PredictionsPanel(QWidget):
    """What the network says at this moment, as it is used and not trained.

    *Map* shows it for every point of the plane where the data have two features, and predicted
    against true numbers elsewhere. *Confusion* counts which class is taken for which, and lists the
    examples of a cell. *Worst* has the examples with the largest losses. *Draw* classifies what you
    draw. A full mark is trained on, an outlined one is held out, and a cross is a mistake.
    """

    example_traced = Signal(int)
    """Row of the data set that is to be traced through the network."""

    def __init__(self, ask: Ask, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found: Predictions | None = None
        self._follower = Follower(self, ask, self._question, self._show, self._say)
        self._drawings = Enquiry(ask, self._say)
        self._cell: tuple[int, int] | None = None
        self.story = QLabel()
        self.story.setWordWrap(True)
        theme.set_role(self.story, "muted")
        self.tabs = _Tabs()
        self.tabs.setDocumentMode(True)
        self.tabs.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.plot = DotPlot()
        self.plot.setAccessibleName(self.tr("Examples, and what the network says of the plane"))
        self.plot.tell_dot = self._tell_dot
        self.plot.tell_place = self._tell_place
        self.plot.dot_chosen.connect(self._choose_dot)
        table = DataTable(
            [self.tr("Example"), self.tr("Features"), self.tr("True"), self.tr("Said")],
            self.tr("Examples, and what the network says of them"),
            sortable=True,
        )
        self.map = TwoViews(self.plot, table, self._rows)
        self.legend = KindLegend()
        self.card = ExampleCard()
        self.card.traced.connect(self.example_traced)
        self.which = QComboBox()
        self.which.addItems(
            [self.tr("Held-out examples"), self.tr("Training examples"), self.tr("All examples")]
        )
        self.which.setAccessibleName(self.tr("Which examples are counted"))
        self.which.setToolTip(self.tr("Which examples are counted"))
        self.which.currentIndexChanged.connect(self._draw)
        self.matrix = ConfusionTable()
        self.matrix.cell_chosen.connect(self._choose_cell)
        self.listed = QLabel()
        self.listed.setTextFormat(Qt.TextFormat.PlainText)
        self.listed.setWordWrap(True)
        theme.set_role(self.listed, "muted")
        self.members = ExampleList(self.tr("Examples of the cell"))
        self.worst = ExampleList(self.tr("Examples with the largest losses"))
        self.drawing = DigitTest()
        self.drawing.drawn.connect(self._judge)
        for examples in (self.members, self.worst):
            examples.traced.connect(self.example_traced)
        self.tabs.addTab(self._map_tab(), self.tr("Map"))
        self.tabs.addTab(self._confusion_tab(), self.tr("Confusion"))
        self.tabs.addTab(self.worst, self.tr("Worst"))
        self.tabs.addTab(self.drawing, self.tr("Draw"))
        self.tabs.currentChanged.connect(self._turn)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addWidget(self.story)
        layout.addWidget(self.tabs, 1)
        self.setFocusProxy(self.tabs)
        self._start_over()

    def _map_tab(self) -> QWidget:
        tab = QWidget()
        inside = QVBoxLayout(tab)
        inside.setContentsMargins(0, 4, 0, 0)
        inside.addWidget(self.legend)
        inside.addWidget(self.map, 1)
        inside.addWidget(self.card)
        return tab

    def _confusion_tab(self) -> QWidget:
        tab = QWidget()
        inside = QVBoxLayout(tab)
        inside.setContentsMargins(0, 2, 0, 2)
        inside.addWidget(self.which)
        inside.addWidget(self.matrix, 2)
        inside.addWidget(self.listed)
        inside.addWidget(self.members, 1)
        return tab

    # What the window tells.

    def set_network(self, analysis: Analysis) -> None:
        """Take over another network; what was found is forgotten if its program has changed."""
        if self._follower.set_network(analysis):
            self._start_over()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Ask what the network says now, if its weights have changed."""
        self._follower.show_snapshot(snapshot)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follower.refresh()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if theme.is_theme_change(event) and hasattr(self, "drawing"):
            self._draw()

    # Asking.

    def _question(self) -> Question:
        surface = self.tabs.currentIndex() == MAP
        return partial(_look, surface, self.drawing.frame is None)

    def _turn(self) -> None:
        # The map is only made where it is looked at.
        found = self._found
        if self.tabs.currentIndex() == MAP or found is None:
            self._follower.ask()
        else:
            self._draw()

    def _judge(self) -> None:
        pixels = self.drawing.pixels()
        if pixels is not None and self._found is not None:
            self._drawings.put(partial(judge, pixels), self._show_drawing)

    # Showing.

    def _start_over(self) -> None:
        self._found, self._cell = None, None
        self._drawings.reset()
        self.story.setText(
            self.tr("What the network says of each example. It appears when training is possible.")
        )
        self.plot.set_view(None, self.tr("Nothing to show yet."))
        self.map.caption.clear()
        self.legend.set_names(())
        self.card.set_example(None, None)
        self.matrix.set_counts((), np.zeros((0, 0), np.int64))
        self.members.set_examples(None, np.empty(0, np.int64))
        self.worst.set_examples(None, np.empty(0, np.int64))
        self.drawing.set_frame(None)
        self.map.refresh()

    def _say(self, reason: str) -> None:
        self.story.setText(self.tr("This could not be found: {reason}").format(reason=reason))

    def _show(self, answer: tuple[Predictions, Frame | None]) -> None:
        found, frame = answer
        first = self._found is None
        self._found = found
        if first:
            self.drawing.set_frame(frame)
            self.tabs.setTabVisible(CONFUSION, bool(found.classes))
            self.tabs.setTabVisible(DRAW, frame is not None and bool(found.classes))
        self.legend.set_names(found.classes)
        self._summarize(found)
        self._draw()

    def _summarize(self, found: Predictions) -> None:
        parts = []
        for held, name in ((False, self.tr("training")), (True, self.tr("held out"))):
            which = found.held == held
            loss = float(np.mean(found.losses[which]))
            if found.classes:
                right = 1.0 - float(np.mean(found.wrong[which]))
                parts.append(self.tr("{name}: {right} right, loss {loss}").format(
                    name=name, right=f"{right:.1%}", loss=f"{loss:.3g}"))  # fmt: skip
            else:
                parts.append(self.tr("{name}: loss {loss}").format(name=name, loss=f"{loss:.3g}"))
        text = " · ".join(parts)
        if len(found.rows) < found.of:
            text += "\n" + self.tr("Of {some} examples, evenly picked from {all}.").format(
                some=f"{len(found.rows):,}", all=f"{found.of:,}"
            )
        if len(set(found.targets.tolist() if found.classes else (0, 1))) < 2:
            text += "\n" + self.tr("All examples are of one class: there is nothing to tell apart.")
        if not np.ptp(found.x, axis=0).any():
            text += "\n" + self.tr("All examples have the same features: nothing tells them apart.")
        if not np.isfinite(found.outputs).all():
            text += "\n" + self.tr("Some outputs are not finite (NaN): training has diverged.")
        self.story.setText(text)

    def _draw(self) -> None:
        found = self._found
        if found is None:
            return
        match self.tabs.currentIndex():
            case n if n == MAP:
                self._draw_map(found)
            case n if n == CONFUSION:
                self._draw_confusion(found)
            case n if n == WORST:
                self.worst.set_examples(found, found.worst(100))
            case _:
                self._judge()

    def _draw_map(self, found: Predictions) -> None:
        surface, colors = found.surface, None
        kinds = found.targets if found.classes else np.zeros(len(found.rows), np.int64)
        marks = (kinds, found.held, found.wrong)
        names = (self.tr("feature 1"), self.tr("feature 2"))
        paths: tuple[Path, ...] = ()
        told = self.tr("Full: trained on. Outlined: held out. Cross: a mistake.")
        if surface is not None and found.x.shape[1] == 2:
            view_low, view_high = surface.low, surface.high
            places = found.x
            if found.classes:
                chances = using.chances(surface.outputs, found.kind)
                colors = ground.of_classes(surface, chances)
            else:
                scale = float(np.abs(found.targets[:, 0]).max()) or 1.0
                colors = ground.of_numbers(surface, scale)
            if surface.outputs.shape[0] < 100:
                told += " " + self.tr("The network takes long: {n}×{n} points.").format(
                    n=surface.outputs.shape[0]
                )
        elif surface is not None and not found.classes:
            x = np.linspace(surface.low[0], surface.high[0], len(surface.outputs))
            fit = np.stack([x, surface.outputs[:, 0]], axis=1)
            paths = (Path(fit, color="backward", above=True),)
            places = np.stack([found.x[:, 0], found.targets[:, 0]], axis=1)
            low, high = window(places)
            view_low, view_high = low, high
            names = (self.tr("feature"), self.tr("target, and the fit as a line"))
            told = self.tr("Points are the data, the line is what the network says. Outlined: "
                           "held out.")  # fmt: skip
        elif found.classes:
            # How likely the right class is held to be, and how likely the best other one.
            chances = found.chances
            scores = found.outputs if chances is None else chances
            places = _margins(scores, found.targets)
            view_low, view_high = window(places)
            if chances is not None:
                view_low, view_high = np.array([-0.03, -0.03]), np.array([1.03, 1.03])
            ends = np.array([[-1e6, -1e6], [1e6, 1e6]])
            paths = (Path(np.clip(ends, view_low.min(), view_high.max()), dashed=True),)
            names = (self.tr("best other class"), self.tr("the right class"))
            told = self.tr(
                "More than two features: each example by what the network gives the right class "
                "and the best other one. Below the line is a mistake."
            )
        else:
            width = found.targets.shape[1]
            wanted, said = found.targets.mean(axis=1), found.outputs.mean(axis=1)
            places = np.stack([wanted, said], axis=1)
            view_low, view_high = window(places)
            ends = np.array([[view_low[0]] * 2, [view_high[0]] * 2])
            paths = (Path(ends, dashed=True),)
            names = (
                (self.tr("true"), self.tr("predicted"))
                if width == 1
                else (self.tr("true, mean of {n}").format(n=width), self.tr("predicted, mean"))
            )
            told = self.tr("Predicted against true: on the line it is right.")
        if not np.isfinite(places).all(axis=1).any():
            told = self.tr(
                "Nothing that the network says is a finite number, so there is no point."
            )
        view = View(
            (float(view_low[0]), float(view_low[1])),
            (float(view_high[0]), float(view_high[1])),
            Dots(places, *marks),
            paths,
            colors,
            names,
        )
        self.plot.set_view(view)
        self.map.caption.setText(told)
        self.map.refresh()
        self._choose_dot(self.plot.current)

    def _draw_confusion(self, found: Predictions) -> None:
        if not found.classes:
            return
        which = [found.held, ~found.held, np.ones(len(found.held), bool)][self.which.currentIndex()]
        counts = confusion(found, which)
        present = np.flatnonzero(counts.sum(axis=0) + counts.sum(axis=1))[:_MOST_CLASSES]
        self._present = present
        names = tuple(found.classes[n] for n in present)
        self.matrix.set_counts(names, counts[np.ix_(present, present)])
        missed = len(np.flatnonzero(counts.sum(axis=0) + counts.sum(axis=1))) - len(present)
        cell = self._cell
        if cell is None:
            places = np.flatnonzero(found.wrong & which)
            text = self.tr("Rows: the true class. Columns: what is said. {n} mistakes:").format(
                n=len(places)
            )
        else:
            true, said = cell
            places = np.flatnonzero((found.targets == true) & (found.guesses == said) & which)
            text = self.tr("{n} that are {true} and are said to be {said}:").format(
                n=len(places), true=found.classes[true], said=found.classes[said]
            )
        if missed:
            text += " " + self.tr("{n} more classes are not shown.").format(n=missed)
        self.listed.setText(text)
        order = np.argsort(-np.nan_to_num(found.losses[places], nan=np.inf), kind="stable")
        self.members.set_examples(found, places[order])

    def _rows(self) -> Sequence[Sequence[Cell]]:
        found = self._found
        if found is None:
            return []
        rows = []
        for place in range(min(len(found.rows), _LISTED)):
            held = self.tr("{row} held out") if found.held[place] else "{row}"
            row, numbers = int(found.rows[place]), found.x[place]
            text = ", ".join(f"{v:.4g}" for v in numbers[:6])
            rows.append(
                [
                    Cell(held.format(row=f"{row:,}"), row),
                    Cell(text + (", …" if len(numbers) > 6 else "")),
                    Cell(self._target_of(found, place)),
                    Cell(self._said_of(found, place), color="error" if found.wrong[place] else ""),
                ]
            )
        return rows

    @staticmethod
    def _target_of(found: Predictions, place: int) -> str:
        if found.classes:
            return found.classes[int(found.targets[place])]
        return ", ".join(f"{v:.4g}" for v in np.atleast_1d(found.targets[place])[:4])

    @staticmethod
    def _said_of(found: Predictions, place: int) -> str:
        if not found.classes:
            return ", ".join(f"{v:.4g}" for v in found.outputs[place][:4])
        guess = int(found.guesses[place])
        chances = found.chances
        sure = "" if chances is None else f" {float(chances[place, guess]):.1%}"
        return found.classes[guess] + sure

    def _show_drawing(self, outputs: Array) -> None:
        found = self._found
        if found is None or self.drawing.pixels() is None:
            return
        chances = using.chances(outputs[None], found.kind)
        shown = outputs if chances is None else chances[0]
        self.drawing.show_outputs(found.classes, shown, percent=chances is not None)

    # The user.

    def _tell_dot(self, dot: int) -> str:
        found = self._found
        return "" if found is None or dot >= len(found.rows) else tell(found, dot)

    def _tell_place(self, x: float, y: float) -> str:
        found = self._found
        if found is None or found.surface is None:
            return ""
        surface = found.surface
        count = surface.outputs.shape[0]
        unit = (np.array([x, y])[: len(surface.low)] - surface.low) / (surface.high - surface.low)
        at = np.clip(np.rint(unit * (count - 1)).astype(int), 0, count - 1)
        outputs = surface.outputs[tuple(at[::-1])]
        if not found.classes:
            said = ", ".join(number(float(v)) for v in outputs[:4])
            return self.tr("x = {x}: the network says {said}").format(x=number(x), said=said)
        chances = using.chances(outputs[None], found.kind)
        shown = outputs if chances is None else chances[0]
        best = np.argsort(-shown)[:4]
        form = "{name} {p:.1%}" if chances is not None else "{name} {p:.3g}"
        said = ", ".join(form.format(name=found.classes[k], p=float(shown[k])) for k in best)
        return f"({number(x)}, {number(y)}): {said}"

    def _choose_dot(self, dot: int) -> None:
        hint = self.tr("Click an example, or go through them with the arrow keys and press Enter.")
        self.card.set_example(self._found, dot if dot >= 0 else None, hint)

    def _choose_cell(self, true: int, said: int) -> None:
        if self._found is not None:
            self._cell = int(self._present[true]), int(self._present[said])
            self._draw_confusion(self._found)


class _Tabs(QTabWidget):
    """Tabs as high as the panel leaves them, and no lower than the page in front can be."""

    def __init__(self) -> None:
        super().__init__()
        self.currentChanged.connect(lambda _: self.updateGeometry())

    def hasHeightForWidth(self) -> bool:
        return False

    def minimumSizeHint(self) -> QSize:
        page = self.currentWidget()
        least, tabs = super().minimumSizeHint(), self.tabBar().sizeHint().height()
        if page is None:
            return least
        return QSize(page.minimumSizeHint().width(), page.minimumSizeHint().height() + tabs)

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    def event(self, event: QEvent) -> bool:
        # Qt does not hand on that a page wants another size.
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().event(event)


def _look(surface: bool, framed: bool, session: Session) -> tuple[Predictions, Frame | None]:
    """The predictions and, the first time, what the pictures of the data are like."""
    return predictions(session, surface=surface), frame_of(session) if framed else None


def _margins(scores: Array, targets: Array) -> Array:
    """For each row, the largest score of a wrong class, and the score of the right one."""
    rows = np.arange(len(scores))
    if scores.shape[1] == 1:
        scores = np.concatenate([-scores, scores], axis=1)
    right = scores[rows, targets]
    others: Any = scores.astype(float).copy()
    others[rows, targets] = -math.inf
    best = others.max(axis=1)
    return np.stack([best, right], axis=1)
