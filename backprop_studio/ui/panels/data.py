"""Data: where the rows come from, what is done to them before training, and the rows themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtGui import QIcon, QShowEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QTabWidget, QVBoxLayout, QWidget

from backprop_studio import data
from backprop_studio.data import Corruption, Dataset, DataSettings, Options, Prepared
from backprop_studio.errors import Diagnostic, StudioError
from backprop_studio.insight.rows import Rows
from backprop_studio.network import Network, TrainingSetup, edits
from backprop_studio.specs import Spec
from backprop_studio.ui import icons, theme
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.widgets.class_bars import ClassBars
from backprop_studio.ui.widgets.corruption_list import CorruptionList
from backprop_studio.ui.widgets.data_source import DataSource
from backprop_studio.ui.widgets.preparing_strip import PreparingStrip
from backprop_studio.ui.widgets.rows_table import RowsTable
from backprop_studio.ui.widgets.spec_form import FieldGrid, SpecForm

_OF_SPLIT = ("validation", "seed")
_OF_DATA = ("stratified", "shuffle", "scaling", "scale_targets")


class DataPanel(QWidget):
    """Where the rows come from, how they are split and scaled, what spoils them, and each of them.

    Source says which data set it is, with the options of those that are generated, and counts the
    rows of every class. Corruption spoils the data on purpose, in steps that can be taken out
    again. Rows lists them all; what a corruption has changed is marked. Whatever is changed here
    starts the training anew, and can be undone.

    Parameters
    ----------
    document
        Whose data they are.
    """

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._shown: Prepared | None = None
        self._behind = True
        self.source = DataSource(document)
        self.options = SpecForm(after=self.source.combo)
        self.options.edited.connect(self._change_options)
        self.split = SpecForm(only=_OF_SPLIT, after=self.source.combo)
        self.split.edited.connect(self._change_setup)
        self.settings = SpecForm(only=_OF_DATA)
        self.settings.edited.connect(self._change_settings)
        self.preparing = PreparingStrip(document)
        self.counts = QLabel()
        self.counts.setWordWrap(True)
        self._bars_heading = _heading("")
        self.bars = ClassBars()
        self.corruptions = CorruptionList()
        self.corruptions.edited.connect(self._set_corruptions)
        self.rows = RowsTable()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self._source_page(), self.tr("Source"))
        self.tabs.addTab(_scrolled(self.corruptions), self.tr("Corruption"))
        self.tabs.addTab(self.rows, self.tr("Rows"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.preparing.setContentsMargins(8, 6, 8, 0)
        layout.addWidget(self.preparing)
        layout.addWidget(self.tabs, 1)
        self.setFocusProxy(self.tabs)
        document.analysis_changed.connect(self._take_note)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._behind:
            self._refresh()

    def commit_edits(self) -> None:
        """Take an edit in progress as meant, as before training or saving."""
        for form in (self.options, self.split, self.settings, self.corruptions):
            form.commit()

    def _source_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(5)
        column.addWidget(self.source)
        column.addWidget(self.options)
        column.addWidget(_heading(self.tr("Split, order and scaling")))
        column.addWidget(self.split)
        column.addWidget(self.settings)
        column.addWidget(self._bars_heading)
        column.addWidget(self.counts)
        column.addWidget(self.bars)
        column.addStretch(1)
        return _scrolled(page)

    def _take_note(self) -> None:
        self._behind = True
        if self.isVisible():
            self._refresh()

    def _refresh(self) -> None:
        self._behind = False
        setup = self._document.network.setup
        waiting = self._document.analysis.preparing
        # The last rows stand, dimmed, until the new ones are there.
        for part in (self.rows, self.bars, self.counts):
            part.setEnabled(not waiting)
        prepared = self._shown if waiting else self._prepared(setup)
        if waiting and prepared is not None and prepared.source.id != setup.dataset:
            prepared = None
        source = prepared.source if prepared is not None else _source_of(setup)
        self.source.refresh()
        self._show_forms(setup, source)
        problems = [d for d in self._document.analysis.diagnostics if d.node is None and d.field]
        self._show_problems(problems)
        affected = prepared.affected if prepared is not None and not waiting else ()
        self.corruptions.set_corruptions(setup.data.corruptions, affected, source, problems)
        count = len(setup.data.corruptions)
        title = self.tr("Corruption ({count})").format(count=count)
        self.tabs.setTabText(1, title if count else self.tr("Corruption"))
        wrong = any(str(p.field).startswith("data.corruptions.") for p in problems)
        self.tabs.setTabIcon(1, icons.icon("error", "error") if wrong else QIcon())
        if prepared is not self._shown:
            self._shown = prepared
            rows = None if prepared is None else Rows(prepared)
            self._show_counts(rows)
            if rows is not None:
                self.rows.set_rows(rows)
        if prepared is None:
            whose = ("data", "dataset", *_OF_SPLIT)
            reasons = [p.text for p in problems if str(p.field).partition(".")[0] in whose]
            self.rows.set_rows(None, reasons[0] if reasons and not waiting else "")

    def _prepared(self, setup: TrainingSetup) -> Prepared | None:
        """The data as training uses them; None while something about them is not sound."""
        if not setup.has_sound_data or not setup.has_quick_data:
            return None  # what takes long, the background has tried, and found it at fault
        try:
            return setup.prepared()
        except (StudioError, OSError):
            return None

    def _show_forms(self, setup: TrainingSetup, source: Dataset | None) -> None:
        kind = _recipe(setup.dataset)
        self.options.setVisible(kind is not None)
        if kind is None:
            self.options.clear()
        else:
            options = setup.data.options
            self.options.set_spec(options if type(options) is kind else kind(), setup.dataset)
        self.split.set_spec(setup)
        self.settings.set_spec(setup.data)
        classes = source is not None and source.task is data.Task.CLASSIFICATION
        tokens = source is not None and source.vocabulary is not None
        self.settings.show_row("stratified", source is None or classes)
        self.settings.show_row("scaling", not tokens or setup.data.scaling != data.Scaling.NONE)
        numbers = not classes and "scale_targets" not in setup.data.unused()
        self.settings.show_row("scale_targets", numbers)
        title = self.tr("Rows of each class") if classes else self.tr("Rows by target")
        self._bars_heading.setText(title)

    def _show_problems(self, problems: Sequence[Diagnostic]) -> None:
        grids: tuple[tuple[FieldGrid, str], ...] = (
            (self.source.grid, ""),
            (self.split, ""),
            (self.settings, "data."),
            (self.options, "data.options."),
        )
        for grid, place in grids:
            grid.set_problems(
                replace(p, field=str(p.field).removeprefix(place))
                for p in problems
                if str(p.field).startswith(place)
            )

    def _show_counts(self, rows: Rows | None) -> None:
        self.bars.set_groups(() if rows is None else rows.groups())
        self._bars_heading.setVisible(rows is not None)
        self.counts.setVisible(rows is not None)
        if rows is None:
            return
        split, drawn = rows.prepared.split, rows.prepared.drawn
        parts = [
            self.tr("{count} to train on").format(count=f"{len(split.train):,}"),
            self.tr("{count} held out").format(count=f"{len(split.validation):,}"),
        ]
        gone = len(drawn.train) - len(split.train)
        if gone:
            parts.append(self.tr("{count} left out").format(count=f"{gone:,}"))
        self.counts.setText(" · ".join(parts))

    # Edits, each one entry of the history.

    def _change_options(self, field: str, value: object) -> None:
        setup = self._document.network.setup
        kind = _recipe(setup.dataset)
        assert kind is not None
        options = setup.data.options
        known = options if type(options) is kind else kind()
        changed = replace(known, **{field: value})
        self._apply(_label_of(known, field), options=None if changed == kind() else changed)

    def _change_settings(self, field: str, value: object) -> None:
        self._apply(_label_of(self._document.network.setup.data, field), **{field: value})

    def _set_corruptions(self, label: str, corruptions: tuple[Corruption, ...]) -> None:
        self._document.apply(label, self._with(corruptions=corruptions))

    def _apply(self, field: str, **changes: object) -> None:
        label = self.tr("Change {field}").format(field=field)
        self._document.apply(label, self._with(**changes))

    def _with(self, **changes: object) -> Network:
        network = self._document.network
        settings: DataSettings = replace(network.setup.data, **changes)  # type: ignore[arg-type]
        return edits.set_setup(network, replace(network.setup, data=settings))

    def _change_setup(self, field: str, value: object) -> None:
        network = self._document.network
        label = self.tr("Change {field}").format(field=_label_of(network.setup, field))
        setup = replace(network.setup, **{field: value})  # type: ignore[arg-type]
        self._document.apply(label, edits.set_setup(network, setup))


def _label_of(spec: Spec, field: str) -> str:
    return next(f.label for f in spec.fields() if f.name == field)


def _recipe(dataset: str) -> type[Options] | None:
    try:
        return data.recipe(dataset)
    except StudioError:
        return None


def _source_of(setup: TrainingSetup) -> Dataset | None:
    """The data set without what is done to it, where that is not sound or not done yet."""
    try:
        return data.load(setup.dataset) if setup.dataset else None
    except (StudioError, OSError):
        return None


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    theme.set_role(label, "heading")
    label.setContentsMargins(0, 6, 0, 0)
    return label


def _scrolled(page: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setWidget(page)
    return area
