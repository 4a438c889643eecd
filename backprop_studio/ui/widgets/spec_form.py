"""Forms made from the declared settings of a spec: labels, editors and reasons below them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import cast

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from backprop_studio.errors import Diagnostic, Severity
from backprop_studio.specs import Field, Kind, Spec
from backprop_studio.ui.widgets.field_editors import (
    ChoiceEditor,
    Editor,
    FlagEditor,
    IntegerEditor,
    NumberEditor,
    NumbersEditor,
    TextEditor,
)
from backprop_studio.ui.widgets.note import Note

_MOST_NAMES = 1000
"""More things than that are chosen by their number."""


class FieldGrid(QWidget):
    """Rows of a label, a widget and a note below them that says what is wrong.

    Labels take the same width in every grid, so that grids one below the other look like one.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(5)
        self._grid.setColumnStretch(1, 1)
        self._caption_width = 0
        self._rows: dict[str, tuple[QLabel, QWidget, Note]] = {}
        self._align_captions()
        self._reasons: dict[str, str] = {}
        self._problems: dict[str, Diagnostic] = {}

    def add_row(
        self, name: str, label: str, widget: QWidget, tip: str = "", *, wide: bool = False
    ) -> None:
        """Add a row at the end.

        Parameters
        ----------
        name : str
            Key for `row`, `set_reason` and diagnostics.
        label : str
            Shown on the left, and the accessible name of `widget`.
        widget : QWidget
            An editor, or a label that shows a value.
        tip : str
            Tooltip of both.
        wide : bool
            Give `widget` the whole width, and show no label.
        """
        # With a parent from the start: hiding and showing never makes windows of them.
        caption, note = QLabel(label, self), Note(self)
        caption.setBuddy(widget)
        if caption.sizeHint().width() > 1.2 * self._caption_width:
            # In one line it would take the room of the editors, of all rows.
            caption.setText("\n".join(label.rsplit(" ", 1)))
        for part in (caption, widget):
            part.setToolTip(tip)
        widget.setAccessibleName(label)
        widget.setAccessibleDescription(tip)
        line = 2 * len(self._rows)
        top = isinstance(widget, QLabel)
        side = Qt.AlignmentFlag.AlignTop if top else Qt.AlignmentFlag.AlignVCenter
        if wide:
            self._grid.addWidget(widget, line, 0, 1, 2)
        else:
            self._grid.addWidget(caption, line, 0, side | Qt.AlignmentFlag.AlignLeft)
            self._grid.addWidget(widget, line, 1)
        self._grid.addWidget(note, line + 1, 0, 1, 2)
        # Left to itself, a layout shows what it was given after other events: a flicker.
        caption.setVisible(not wide)
        widget.show()
        self._rows[name] = (caption, widget, note)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._align_captions()

    def _align_captions(self) -> None:
        self._caption_width = self.fontMetrics().horizontalAdvance("0" * 11)
        self._grid.setColumnMinimumWidth(0, self._caption_width)

    def widget(self, name: str) -> QWidget:
        """The editor, or other widget, of a row."""
        return self._rows[name][1]

    def note(self, name: str) -> str:
        """What is written below a row; empty when nothing is."""
        return self._rows[name][2].text

    def names(self) -> tuple[str, ...]:
        """The rows there are."""
        return tuple(self._rows)

    def show_row(self, name: str, shown: bool) -> None:
        """Show or hide a row, with what is written below it."""
        caption, widget, _ = self._rows[name]
        caption.setVisible(shown)
        widget.setVisible(shown)
        self._show_note(name)

    def set_reason(self, name: str, reason: str) -> None:
        """Say why an edit of this row was refused; an empty text takes it back."""
        self._reasons[name] = reason
        self._show_note(name)

    def set_problems(self, problems: Iterable[Diagnostic]) -> None:
        """Show each diagnostic below the row that its `field` names; others are left out."""
        self._problems = {}
        for problem in problems:
            if problem.field in self._rows:
                self._problems.setdefault(problem.field, problem)
        for name in self._rows:
            self._show_note(name)

    def has_notes(self) -> bool:
        """Whether something is written below any row."""
        return any(note.text for _, _, note in self._rows.values())

    def clear_reasons(self) -> None:
        """Take all reasons back."""
        for name in tuple(self._reasons):
            self.set_reason(name, "")

    def remove_rows(self) -> None:
        """Remove all rows. Nothing that was being typed in them is reported."""
        for row in self._rows.values():
            for part in row:
                # Losing the focus would commit an edit in progress: by being hidden, or later, in
                # a panel that was out of sight already.
                part.blockSignals(True)
                part.hide()
                self._grid.removeWidget(part)
                part.deleteLater()
        self._rows.clear()
        self._reasons.clear()
        self._problems.clear()

    def _show_note(self, name: str) -> None:
        _, widget, note = self._rows[name]
        reason, problem = self._reasons.get(name), self._problems.get(name)
        if widget.isHidden():
            note.show_text("", Severity.ERROR)
        elif reason:
            note.show_text(reason)
        elif problem is not None:
            note.show_text(problem.text, problem.severity)
        else:
            note.show_text("", Severity.ERROR)
        # A screen reader says so at once where the keyboard is, and again whenever it comes back.
        said = " ".join(filter(None, (note.text, widget.toolTip())))
        if widget.accessibleDescription() != said:
            widget.setAccessibleDescription(said)


class SpecForm(FieldGrid):
    """The settings of a spec, one editor each.

    Parameters
    ----------
    only : collection of str, optional
        Names of the settings to show; all when left out.
    without : collection of str
        Names of settings to leave out.
    after : QWidget, optional
        What the Tab key goes to before the first setting.
    parent : QWidget, optional

    Signals
    -------
    edited(name, value)
        A setting was given an allowed value that it did not have.
    """

    edited = Signal(str, object)

    def __init__(
        self,
        *,
        only: Collection[str] | None = None,
        without: Collection[str] = (),
        after: QWidget | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._only, self._without, self._after = only, without, after
        self._fields: tuple[Field, ...] = ()
        self._key: object = None
        self._names: dict[str, tuple[str, ...]] = {}

    def editor(self, name: str) -> QWidget:
        """The editor of a setting."""
        return self.widget(name)

    def set_names(self, names: Mapping[str, Sequence[str]]) -> None:
        """Offer names where a setting counts things that have some; before `set_spec`.

        Parameters
        ----------
        names
            What they are called, by the kind of thing; see `Field.names`.
        """
        found = {kind: tuple(n) for kind, n in names.items() if 0 < len(n) <= _MOST_NAMES}
        if found != self._names:
            self.clear()
            self._names = found

    def set_spec(self, spec: Spec, key: object = None) -> None:
        """Show a spec.

        While `key` and the declared settings stay the same, an edit in progress stays too.

        Parameters
        ----------
        spec
            What to show.
        key
            Whose settings they are, such as the id of a node.
        """
        fields = tuple(
            f
            for f in spec.fields()
            if f.name not in self._without and (self._only is None or f.name in self._only)
        )
        if fields != self._fields:
            self.remove_rows()
            self._fields = fields
            before = self._after
            for field in fields:
                self._add(field)
                if before is not None:
                    # Qt puts what is made later behind everything else in the window.
                    QWidget.setTabOrder(before, self.widget(field.name))
                before = self.widget(field.name)
        elif key != self._key:
            self.clear_reasons()
        for field in fields:
            editor = cast(Editor, self.widget(field.name))
            if key != self._key or not editor.is_pending():
                editor.show_value(getattr(spec, field.name))
            self.show_row(field.name, field.name not in spec.unused())
        self._key = key

    def clear(self) -> None:
        """Show nothing, and drop an edit in progress."""
        self.remove_rows()
        self._fields, self._key = (), None

    def commit(self) -> None:
        """Report an edit in progress, as Enter does."""
        for field in self._fields:
            cast(Editor, self.widget(field.name)).commit()

    def _add(self, field: Field) -> None:
        editor = _make_editor(field, self._names.get(field.names, ()))
        tip = field.doc
        if field.kind in (Kind.INTEGER, Kind.NUMBER, Kind.NUMBERS) and not field.names:
            tip += "\n" + self.tr("Allowed: {range}.").format(range=field.allowed)
        self.add_row(field.name, field.label, editor, tip)
        editor.committed.connect(  # type: ignore[attr-defined]
            lambda value, name=field.name: self._take(name, value)
        )
        editor.rejected.connect(  # type: ignore[attr-defined]
            lambda field=field: self._refuse(field)
        )

    def _take(self, name: str, value: object) -> None:
        self.set_reason(name, "")
        self.edited.emit(name, value)

    def _refuse(self, field: Field) -> None:
        text = self.tr("{field} must be {range}.")
        self.set_reason(field.name, text.format(field=field.label, range=field.allowed))


def _make_editor(field: Field, names: tuple[str, ...]) -> QWidget:
    """An editor for a declared setting; of whole numbers that have names, a list of these."""
    match field.kind:
        case Kind.INTEGER if names:
            return ChoiceEditor(enumerate(names))
        case Kind.INTEGER:
            return IntegerEditor(field)
        case Kind.NUMBER:
            return NumberEditor(field)
        case Kind.FLAG:
            return FlagEditor()
        case Kind.CHOICE:
            return ChoiceEditor(field.choices)
        case Kind.TEXT:
            return TextEditor()
        case Kind.NUMBERS:
            return NumbersEditor(field)
