"""The loss of every batch and of the held-out rows, as they grow."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QMenu,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.errors import ExportError
from backprop_studio.insight.curves import (
    HELD_OUT,
    LEARNED,
    RATE,
    as_csv,
    as_steps,
    per_epoch,
    points_of,
    rate_steps,
    running_mean,
)
from backprop_studio.project import write_atomically
from backprop_studio.training import BranchView, CurveUpdate, Event, Snapshot, State, What
from backprop_studio.training.metrics import TEST_COLUMNS, Series
from backprop_studio.ui.widgets.curve_marks import Mark
from backprop_studio.ui.widgets.curves import CurvePlot
from backprop_studio.ui.widgets.data_table import Cell, DataTable
from backprop_studio.ui.widgets.menus import open_below
from backprop_studio.ui.widgets.picture_bytes import png, svg
from backprop_studio.ui.widgets.scale_bar import number

TRAIN = "train"
VALIDATION = "validation"
FORMATS = {".png": "Picture (PNG)", ".svg": "Picture (SVG)", ".csv": "All points (CSV)"}
WINDOWS = (1, 5, 20, 100, 500)
"""Batches that the smoothed training curve is the mean of."""

MANY = 100_000
"""With more points than this, curves are drawn anew every `PAUSE` seconds at most."""

PAUSE = 0.5

MARKS = 12
"""Steps of a schedule that are marked, the latest: more would hide the curves."""

_ROWS = 1000
_PICTURE = QSize(960, 540)


class LossCurvesPanel(QWidget):
    """Loss by epoch: each training batch, and the held-out rows at the end of each epoch.

    *View* above the plot has the rest: accuracy or the learning rate in place of the loss, the mean
    of each epoch in place of every batch, a smoothed line with the single batches faintly behind
    it, a table, and export as PNG, SVG or CSV. The training accuracy is that of each epoch's
    batches as they were trained on (every tenth of them in a fast run), the other that of the
    held-out rows at its end. Dotted lines mark what happened: another learning rate, by your hand
    or the schedule's, a branch, a number put in by hand. Point at the plot, or press the arrow
    keys, for exact values; zoom with the wheel or + and −, drag to move, 0 fits the axes to the
    curves.
    """

    export_requested = Signal(object)
    """A function that writes to a path that is to be asked for; its ending is one of `FORMATS`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._losses = Series(2)
        self._tests = Series(TEST_COLUMNS)
        self._others: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self._drawn = 0.0
        self._steady = self._ready = True
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._draw)
        self.plot = CurvePlot(self.tr("epoch"), self.tr("loss"))
        self.plot.tell_more = self._tell_rate
        self.view = QToolButton()
        # Not of the panel: as its first child, a menu would take it out of the ring of the Tab key.
        self.menu = QMenu(self.view)
        self.view.setText(self.tr("View ▾"))
        self.view.setToolTip(self.tr("What is shown, and export"))
        open_below(self.view, self.menu)
        self.plot.add_tool(self.view)
        _, self.accuracy, self.rate = self._choice(
            self.tr("Loss"), self.tr("Accuracy"), self.tr("Learning rate")
        )
        self.menu.setToolTipsVisible(True)
        self.accuracy.setToolTip(
            self.tr(
                "train: of each epoch's batches, as they were trained on. "
                "validation: of the held-out rows, at the end of the epoch."
            )
        )
        self.menu.addSeparator()
        _, self.epochs = self._choice(self.tr("Every batch"), self.tr("Mean of each epoch"))
        self._fill_smoothing()
        self.branches = self._switch(self.tr("All curves of branches"), on=False)
        self.marks = self._switch(self.tr("Marks of what happened"), on=True)
        self.menu.addSeparator()
        self.as_table = self._switch(self.tr("Table"), on=False)
        self.menu.addAction(self.tr("Copy as text")).triggered.connect(lambda _: self.copy_text())
        export = self.menu.addAction(self.tr("Export curves…"))
        export.triggered.connect(lambda _: self.export_requested.emit(self.write))
        self.table = DataTable(
            [
                self.tr("Epoch"),
                self.tr("Loss"),
                self.tr("Held out"),
                self.tr("Accuracy"),
                self.tr("Held out"),
                self.tr("Rate"),
            ],
            self.tr("Losses, accuracies and rates by epoch"),
        )
        self._pages = QStackedWidget()
        self._pages.addWidget(self.plot)
        self._pages.addWidget(self._table_page())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)
        self.setFocusProxy(self.plot)

    def _choice(self, *texts: str) -> list[QAction]:
        """Entries of which one is chosen, the first one at first."""
        group = QActionGroup(self)
        for text in texts:
            action = self.menu.addAction(text)
            action.setCheckable(True)
            group.addAction(action)
        group.actions()[0].setChecked(True)
        group.triggered.connect(self._start_over)
        return group.actions()

    def _switch(self, text: str, *, on: bool) -> QAction:
        action = self.menu.addAction(text)
        action.setCheckable(True)
        action.setChecked(on)
        action.toggled.connect(self._draw)
        return action

    def _fill_smoothing(self) -> None:
        self.smoothing = QActionGroup(self)
        menu = self.menu.addMenu(self.tr("Smooth"))
        for window in WINDOWS:
            text = self.tr("Mean of {n} batches").format(n=window)
            action = menu.addAction(text if window > 1 else self.tr("Not at all"))
            action.setCheckable(True)
            action.setData(window)
            self.smoothing.addAction(action)
        self.smoothing.actions()[0].setChecked(True)
        self.smoothing.triggered.connect(self._start_over)

    def _table_page(self) -> QWidget:
        back = QToolButton()
        back.setText(self.tr("Plot"))
        back.setToolTip(self.tr("Back to the curves"))
        back.clicked.connect(partial(self.as_table.setChecked, False))
        copy = QToolButton()
        copy.setText(self.tr("Copy"))
        copy.setToolTip(self.tr("Copy the table as text"))
        copy.clicked.connect(self.copy_text)
        head = QHBoxLayout()
        head.addStretch(1)
        head.addWidget(back)
        head.addWidget(copy)
        page = QWidget()
        inside = QVBoxLayout(page)
        inside.setContentsMargins(4, 2, 4, 0)
        inside.setSpacing(2)
        inside.addLayout(head)
        inside.addWidget(self.table, 1)
        return page

    @property
    def losses(self) -> np.ndarray:
        """Array of shape (points, 2): epochs, loss of the batch."""
        return self._losses.points

    def show_update(self, snapshot: Snapshot, curves: tuple[CurveUpdate, ...]) -> None:
        """Add new points and mark where the session stands."""
        for update in curves:
            if update.keep_until is not None:
                self._losses.drop_after(update.keep_until)
                # Whoever goes on from there tests there too.
                self._tests.drop_from(update.keep_until)
            self._losses.extend(update.losses)
            self._tests.extend(update.tests)
        others = {b.name: (b.losses, b.tests) for b in snapshot.branches if len(b.losses)}
        ready = snapshot.state is not State.EMPTY
        if curves or others.keys() != self._others.keys() or ready != self._ready:
            self._others, self._ready = others, ready
            self._draw_soon()
        self._mark(next((b for b in snapshot.branches if b.id == snapshot.branch), None))
        last = self._losses.points[-1, 0] if len(self._losses) else 0.0
        # Only after going back is there a future to be told apart from the present.
        behind = snapshot.cursor is not None and snapshot.epoch < last
        self.plot.set_cursor(snapshot.epoch if behind else None)

    # Drawing.

    def _draw_soon(self) -> None:
        """Draw now; where that takes long, not more often than every `PAUSE` seconds."""
        count = len(self._losses) + sum(len(losses) for losses, _ in self._others.values())
        wait = PAUSE - (time.monotonic() - self._drawn) if count > MANY else 0.0
        if wait <= 0:
            self._draw()
        elif not self._later.isActive():
            self._later.start(round(1000 * wait))

    def _start_over(self) -> None:
        """Other quantities have other axes."""
        self.plot.clear()
        self._draw()

    def _draw(self) -> None:
        self._drawn = time.monotonic()
        self._later.stop()
        self._pages.setCurrentIndex(int(self.as_table.isChecked()))
        if self.as_table.isChecked():
            self.table.set_rows(self._rows(), self.table.chosen())
        if not len(self._losses):
            # A single test before the first step is no curve yet: keep the invitation.
            self.plot.clear()
            self.plot.set_empty_text(
                self.tr("Press Run: the loss curves grow here.")
                if self._ready
                else self.tr("This network cannot be trained yet. See Messages.")
            )
            return
        accuracy, rate = self.accuracy.isChecked(), self.rate.isChecked()
        if accuracy:
            wanted, label = self._accuracies(), self.tr("accuracy")
            empty = self.tr(
                "There is no accuracy: these data have numbers for targets, and not classes."
            )
        elif rate:
            wanted, label = self._rates(), self.tr("learning rate")
            empty = self.tr("The learning rate of each epoch comes here when the epoch is done.")
        else:
            wanted, label = self._loss_curves(), self.tr("loss")
            empty = ""
        self.plot.set_y_label(label)
        self.plot.set_empty_text(empty)
        self._steady = len(set(points_of(self._tests.points, RATE)[:, 1])) < 2
        for name in self.plot.curve_names():
            if name not in wanted:
                self.plot.remove_curve(name)
        for name, (points, behind) in wanted.items():
            self.plot.set_curve(name, points[:, 0], points[:, 1], behind=behind)

    def _loss_curves(self) -> dict[str, tuple[np.ndarray, str]]:
        """Points of each curve, and the name of the one that it is drawn behind of."""
        found = self._shown(TRAIN, self._losses.points)
        found[VALIDATION] = self._tests.points[:, :2], ""
        # Futures that were left stay to be compared with.
        for name, (losses, tests) in self._others.items():
            found |= self._shown(name, losses)
            if self.branches.isChecked() and len(tests):
                found[self.tr("{branch}, held out").format(branch=name)] = tests[:, :2], ""
        return found

    def _shown(self, name: str, points: np.ndarray) -> dict[str, tuple[np.ndarray, str]]:
        """A training curve as it is wanted: batch by batch, smoothed, or by epoch."""
        window = int(self.smoothing.checkedAction().data())
        if self.epochs.isChecked():
            return {name: (per_epoch(points), "")}
        if window == 1:
            return {name: (points, "")}
        smooth = np.stack([points[:, 0], running_mean(points[:, 1], window)], axis=1)
        raw = self.tr("{curve}, each batch").format(curve=name)
        return {name: (smooth, ""), raw: (points, name)}

    def _accuracies(self) -> dict[str, tuple[np.ndarray, str]]:
        found = {
            TRAIN: points_of(self._tests.points, LEARNED),
            VALIDATION: points_of(self._tests.points, HELD_OUT),
        }
        for name, (_, tests) in self._others.items():
            found[name] = points_of(tests, HELD_OUT)
            if self.branches.isChecked():
                found[self.tr("{branch}, training").format(branch=name)] = points_of(tests, LEARNED)
        return {name: (points, "") for name, points in found.items() if len(points)}

    def _rates(self) -> dict[str, tuple[np.ndarray, str]]:
        found = {self.tr("learning rate"): points_of(self._tests.points, RATE)}
        found |= {name: points_of(tests, RATE) for name, (_, tests) in self._others.items()}
        return {name: (as_steps(points), "") for name, points in found.items() if len(points)}

    def _tell_rate(self, epoch: float) -> str:
        """The learning rate at a place of the plot, where it does not stay the same."""
        rates = points_of(self._tests.points, RATE)
        if self._steady or not len(rates):
            return ""
        # An epoch's rate is noted where it ends.
        at = min(int(np.searchsorted(rates[:, 0], epoch)), len(rates) - 1)
        return self.tr("rate {rate}").format(rate=number(float(rates[at, 1])))

    def _mark(self, branch: BranchView | None) -> None:
        events: list[Event] = []
        if branch is not None and self.marks.isChecked():
            events += branch.events
            by_hand = [e.epochs for e in events if e.what in (What.RATE, What.DESIGN)]
            events += [
                Event(epochs, What.RATE, f"{before:g} → {after:g}")
                for epochs, before, after in rate_steps(self._tests.points, by_hand)[-MARKS:]
            ]
        at: dict[float, list[Event]] = {}
        for event in events:
            at.setdefault(event.epochs, []).append(event)
        self.plot.set_marks([self._told(epochs, done) for epochs, done in sorted(at.items())])

    def _told(self, epochs: float, done: Sequence[Event]) -> Mark:
        words = {
            What.RATE: self.tr("rate {detail}"),
            What.EDIT: self.tr("edit by hand"),
            What.DESIGN: self.tr("other set-up"),
            What.BRANCH: self.tr("branch"),
        }
        colors = {What.RATE: "update", What.EDIT: "accent"}
        told = dict.fromkeys(words[event.what].format(detail=event.detail) for event in done)
        # In a small plot there is room for one of them: the first one of the list above.
        first = min(done, key=lambda event: list(words).index(event.what))
        short = words[first.what].format(detail=first.detail.split(" → ")[-1])
        return Mark(epochs, ", ".join(told), short, colors.get(first.what, "muted"))

    # Numbers.

    def _rows(self) -> list[list[Cell]]:
        nothing = (np.nan,) * (TEST_COLUMNS - 1)
        tests = {round(float(x), 6): tuple(numbers) for x, *numbers in self._tests.points}
        means = {round(float(x), 6): loss for x, loss in per_epoch(self._losses.points)}
        rows = []
        for epoch in sorted({*tests, *means})[-_ROWS:]:
            held, right, learned, rate = tests.get(epoch, nothing)
            numbers = (means.get(epoch, np.nan), held, learned, right, rate)
            cells = [Cell("–" if np.isnan(n) else f"{n:.6g}", float(n)) for n in numbers]
            rows.append([Cell(f"{epoch:.6g}", epoch), *cells])
        return rows

    def copy_text(self) -> None:
        """Put the table into the clipboard."""
        self.table.set_rows(self._rows())
        QApplication.clipboard().setText(self.table.as_text())

    def write(self, path: Path) -> None:
        """Write the plot as it is shown, or all points, as the ending of the path says.

        Raises
        ------
        ExportError
            The file cannot be written, or its ending is not one of `FORMATS`.
        """
        if path.suffix not in FORMATS:
            raise ExportError("export-unknown", path=path, known=", ".join(FORMATS))
        if path.suffix == ".csv":
            content = self.csv().encode()
        else:
            plot = self.plot.twin(_PICTURE)
            content = {".png": png, ".svg": svg}[path.suffix](_PICTURE, plot.paint)
            plot.deleteLater()
        write_atomically(path, content, error=ExportError)

    def csv(self) -> str:
        """All points of all curves, none left out."""
        runs = {"": (self._losses.points, self._tests.points), **self._others}
        curves = []
        for name, (losses, tests) in runs.items():
            prefix = f"{name} " if name else ""
            curves.append((f"{prefix}{TRAIN}", "loss", losses))
            curves.append((f"{prefix}{VALIDATION}", "loss", tests[:, :2]))
            for curve, quantity, column in (
                (VALIDATION, "accuracy", HELD_OUT),
                (TRAIN, "accuracy", LEARNED),
                (TRAIN, "learning rate", RATE),
            ):
                points = points_of(tests, column)
                if len(points):
                    curves.append((f"{prefix}{curve}", quantity, points))
        return as_csv(curves)
