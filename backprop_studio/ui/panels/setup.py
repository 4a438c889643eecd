"""Training set-up: which data, in which batches, with which optimizer, from which seed."""

from __future__ import annotations

import html
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from backprop_studio import data
from backprop_studio.errors import Diagnostic
from backprop_studio.network import Analysis, TrainingSetup, edits
from backprop_studio.nn import optimizers, schedules
from backprop_studio.specs import Spec
from backprop_studio.ui import theme
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.guide import TOPIC
from backprop_studio.ui.widgets.data_source import DataSource
from backprop_studio.ui.widgets.elided_label import ElidedLabel
from backprop_studio.ui.widgets.field_editors import ChoiceEditor
from backprop_studio.ui.widgets.spec_form import FieldGrid, SpecForm
from backprop_studio.ui.words import plain

_RATES = tuple({kind.rate_field for kind in optimizers().values()})
_MAIN = ("batch_size", "seed")
"""Settings that are always in sight; all others of the set-up stand under More."""


class SetupPanel(QWidget):
    """Shows and edits the training set-up; each change is one entry of the history.

    Parameters
    ----------
    document : Document
        Whose set-up it is.
    parent : QWidget, optional
    """

    data_requested = Signal()
    """The panel that shows and adjusts the data is wanted."""
    import_requested = Signal()
    """Data of one's own are wanted, from a file."""
    draw_requested = Signal()
    """Data of one's own are wanted, drawn by hand."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._alarmed = False

        self.source = DataSource(document)
        self.dataset = self.source.combo
        self.data_button = QPushButton(self.tr("Look at the data…"))
        self.data_button.setToolTip(
            self.tr("Look at the rows, adjust how they are made, split, scaled, and spoil them")
        )
        self.data_button.setAccessibleName(self.tr("Adjust the data"))
        self.data_button.clicked.connect(self.data_requested)
        self.import_button = QPushButton(self.tr("Import…"))
        self.import_button.setAccessibleName(self.tr("Import data"))
        self.import_button.setToolTip(self.tr("Your own table, pictures or arrays"))
        self.import_button.clicked.connect(self.import_requested)
        self.draw_button = QPushButton(self.tr("Draw…"))
        self.draw_button.setAccessibleName(self.tr("Draw points"))
        self.draw_button.setToolTip(self.tr("Draw the points of a data set by hand"))
        self.draw_button.clicked.connect(self.draw_requested)
        self._data_state = ElidedLabel()
        theme.set_role(self._data_state, "muted")

        self.optimizer = ChoiceEditor([(i, cls.info.title) for i, cls in optimizers().items()])
        self.optimizer.committed.connect(self._set_optimizer)
        self._optimizer_grid = FieldGrid()
        self._optimizer_grid.add_row("optimizer", self.tr("Optimizer"), self.optimizer)
        self._rate_form = SpecForm(only=_RATES, after=self.optimizer)
        self._main_form = SpecForm(only=_MAIN, after=self.optimizer)
        self._more = QToolButton()
        self._more.setText(self.tr("More"))
        self._more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._more.setObjectName("more")
        self._more.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._more.clicked.connect(lambda: self.set_expanded(not self.is_expanded()))
        self._optimizer_form = SpecForm(without=_RATES, after=self._more)
        self.schedule = ChoiceEditor([(i, cls.info.title) for i, cls in schedules().items()])
        self.schedule.committed.connect(self._set_schedule)
        self._schedule_grid = FieldGrid()
        self._schedule_grid.add_row("schedule", self.tr("Schedule"), self.schedule)
        self._schedule_form = SpecForm(after=self.schedule)
        self._rest_form = SpecForm(without=_MAIN, after=self.schedule)
        self._rest = QWidget()
        for form, change in (
            (self._rate_form, self._change_optimizer),
            (self._optimizer_form, self._change_optimizer),
            (self._schedule_form, self._change_schedule),
            (self._main_form, self._change_setup),
            (self._rest_form, self._change_setup),
        ):
            form.edited.connect(change)
        self._lay_out()
        self.set_expanded(False)

        document.analysis_changed.connect(self._take)
        self._told: object = None
        self._take(document.analysis)

    @property
    def caption(self) -> str:
        """The facts about the data set shown."""
        return self.source.caption.text()

    @property
    def examples(self) -> int:
        """How many pictures of the data set there are to show."""
        return self.source.strip.count

    def content_width(self) -> int:
        """The least width in pixels that shows everything."""
        return self._content.minimumSizeHint().width()

    def editor(self, name: str) -> QWidget:
        """The editor of a field of the set-up or of the optimizer.

        Raises
        ------
        KeyError
            There is no such field now.
        """
        return self._grid_of(name).widget(name)

    def note(self, name: str) -> str:
        """What is written below a field; empty when nothing is."""
        return self._grid_of(name).note(name)

    def is_expanded(self) -> bool:
        """Whether the rarer settings are in sight."""
        return not self._rest.isHidden()

    def set_expanded(self, expanded: bool) -> None:
        """Show the rarer settings, or put them away."""
        self._more.setArrowType(Qt.ArrowType.DownArrow if expanded else Qt.ArrowType.RightArrow)
        self._more.setAccessibleName(
            self.tr("Fewer settings") if expanded else self.tr("More settings")
        )
        self._rest.setVisible(expanded)

    def commit_edits(self) -> None:
        """Take an edit in progress as meant, as before training or saving."""
        for form in self._forms():
            form.commit()

    def _lay_out(self) -> None:
        rest = QVBoxLayout(self._rest)
        rest.setContentsMargins(0, 0, 0, 0)
        rest.setSpacing(5)
        rest.addWidget(self._optimizer_form)
        rest.addWidget(self._schedule_grid)
        rest.addWidget(self._schedule_form)
        rest.addWidget(self._rest_form)
        self._content = QWidget()
        column = QVBoxLayout(self._content)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(5)
        for part in (
            self.source,
            self._data_row(),
            self._optimizer_grid,
            self._rate_form,
            self._main_form,
        ):
            column.addWidget(part)
        more = QHBoxLayout()
        # The button's own padding goes out of the column: its arrow stands below the labels.
        more.setContentsMargins(-6, 0, 0, 0)
        more.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        column.addLayout(more)
        column.addWidget(self._rest)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self._content)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)

    def _forms(self) -> tuple[SpecForm, ...]:
        return (
            self._rate_form,
            self._main_form,
            self._optimizer_form,
            self._schedule_form,
            self._rest_form,
        )

    def _grids(self) -> tuple[FieldGrid, ...]:
        return (self.source.grid, self._optimizer_grid, self._schedule_grid, *self._forms())

    def _grid_of(self, name: str) -> FieldGrid:
        for grid in self._grids():
            if name in grid.names():
                return grid
        raise KeyError(name)

    def _take(self, analysis: Analysis) -> None:
        """Show what is new: most edits are of layers, and no business of this panel."""
        setup = analysis.network.setup
        self.source.refresh()
        problems = [d for d in analysis.diagnostics if d.node is None and d.field]
        told = (setup, problems)
        if told != self._told:
            self._told = told
            self._refresh(setup)
            self._show_problems(problems)

    def _refresh(self, setup: TrainingSetup) -> None:
        done = self._what_is_done(setup)
        self._data_state.setText(done)
        self._data_state.setToolTip(plain(done))
        self._data_state.setVisible(bool(done))
        self.optimizer.show_value(setup.optimizer.info.id)
        self.optimizer.setToolTip(_paragraph(setup.optimizer.info.summary))
        self.schedule.show_value(setup.schedule.info.id)
        self.schedule.setToolTip(_paragraph(setup.schedule.info.summary))
        for info, parts in (
            (setup.optimizer.info, (self._optimizer_grid, self._rate_form, self._optimizer_form)),
            (setup.schedule.info, (self._schedule_grid, self._schedule_form)),
        ):
            for part in parts:
                part.setProperty(TOPIC, info.title)
        kind = setup.optimizer.info.id
        # The later of two that follow the same widget comes before the other, for the Tab key.
        for form, spec, key in (
            (self._main_form, setup, None),
            (self._rest_form, setup, None),
            (self._rate_form, setup.optimizer, kind),
            (self._optimizer_form, setup.optimizer, kind),
            (self._schedule_form, setup.schedule, setup.schedule.info.id),
        ):
            form.set_spec(spec, key)
            form.setVisible(bool(form.names()))

    def _show_problems(self, problems: list[Diagnostic]) -> None:
        for grid in self._grids():
            grid.set_problems(problems)
        hidden = (self._optimizer_form, self._schedule_form, self._rest_form)
        alarmed = any(form.has_notes() for form in hidden)
        if alarmed and not self._alarmed:
            # Once: who then puts it away again has seen it.
            self.set_expanded(True)
        self._alarmed = alarmed

    def _data_row(self) -> QWidget:
        row = QWidget()
        column = QVBoxLayout(row)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        for parts in (
            (self.import_button, self.draw_button),
            (self.data_button,),
            (self._data_state,),
        ):
            line = QHBoxLayout()
            for part in parts:
                line.addWidget(part, 1)
            column.addLayout(line)
        return row

    def _what_is_done(self, setup: TrainingSetup) -> str:
        """What is done to the data, in a few words; empty for nothing."""
        settings, parts = setup.data, []
        if settings.scaling != data.Scaling.NONE:
            parts.append(self.tr("scaled"))
        if settings.corruptions:
            count = len(settings.corruptions)
            many = self.tr("{count} corruptions").format(count=count)
            parts.append(self.tr("one corruption") if count == 1 else many)
        if not settings.shuffle:
            parts.append(self.tr("not shuffled"))
        return " · ".join(parts)

    def _set_optimizer(self, optimizer_id: object) -> None:
        chosen = optimizers().get(str(optimizer_id))
        # A rate that suits one optimizer rarely suits another, so its own default comes along.
        if chosen is not None and type(self._document.network.setup.optimizer) is not chosen:
            self._apply(self.tr("Change Optimizer"), optimizer=chosen())

    def _set_schedule(self, schedule_id: object) -> None:
        chosen = schedules().get(str(schedule_id))
        if chosen is not None and type(self._document.network.setup.schedule) is not chosen:
            self._apply(self.tr("Change Schedule"), schedule=chosen())

    def _change_schedule(self, field: str, value: object) -> None:
        schedule = self._document.network.setup.schedule
        changed = replace(schedule, **{field: value})
        self._apply(self._change_label(schedule, field), schedule=changed)

    def _change_optimizer(self, field: str, value: object) -> None:
        optimizer = self._document.network.setup.optimizer
        label = self._change_label(optimizer, field)
        changed = replace(optimizer, **{field: value})
        self._apply(label, optimizer=changed)

    def _change_setup(self, field: str, value: object) -> None:
        label = self._change_label(self._document.network.setup, field)
        self._apply(label, **{field: value})

    def _change_label(self, spec: Spec, field: str) -> str:
        label = next(f.label for f in spec.fields() if f.name == field)
        return self.tr("Change {field}").format(field=label)

    def _apply(self, label: str, **changes: object) -> None:
        network = self._document.network
        setup: TrainingSetup = replace(network.setup, **changes)  # type: ignore[arg-type]
        self._document.apply(label, edits.set_setup(network, setup))


def _paragraph(text: str) -> str:
    """Rich text, which tooltips wrap and plain text they do not."""
    return f"<p>{html.escape(text)}</p>"
