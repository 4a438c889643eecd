"""What crashes have left: shown before anything is opened, kept or deleted."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QPixmap, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QMessageBox,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.errors import Severity, StudioError
from backprop_studio.files import shorten, shown
from backprop_studio.network import Network
from backprop_studio.ui import theme
from backprop_studio.ui.controllers.left_behind import Found
from backprop_studio.ui.start.pictures import picture
from backprop_studio.ui.widgets.note import Note
from backprop_studio.ui.words import plain

_PICTURE = QSize(380, 150)
_NAMED = 6
"""Layers that are named."""

_DRAWN = 400
"""Nodes up to which a network is drawn: arranging very many takes long."""


class RecoverDialog(QDialog):
    """Offers work that was not saved; what is not opened or discarded is offered again.

    Attributes
    ----------
    chosen
        What is to be opened; None while there is nothing.

    Signals
    -------
    discarded(found)
        The person says that it may be deleted.
    """

    discarded = Signal(object)

    def __init__(self, found: tuple[Found, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Unsaved work was found"))
        self.chosen: Found | None = None
        self._found = list(found)
        told = QLabel(
            self.tr(
                "Backprop Studio did not close properly. What was not saved then is still here. "
                "No file is changed until you save."
            )
        )
        told.setWordWrap(True)
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Unsaved work"))
        self.list.setMinimumWidth(230)
        self.list.addItems([self._title(one) for one in found])
        self.list.setSpacing(3)
        self.list.setVisible(len(found) > 1)
        self.picture = QLabel()
        self.picture.setFixedSize(_PICTURE)
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.facts = {name: _plain() for name in ("file", "when", "layers", "learned")}
        self.warning = Note()
        self.buttons = QDialogButtonBox()
        role = QDialogButtonBox.ButtonRole
        self.open_button = self.buttons.addButton(self.tr("&Open"), role.AcceptRole)
        self.discard_button = self.buttons.addButton(self.tr("&Discard…"), role.DestructiveRole)
        self.later_button = self.buttons.addButton(self.tr("&Keep for later"), role.RejectRole)
        self.later_button.setToolTip(self.tr("It is offered again at the next start"))
        theme.set_role(self.open_button, "primary")
        self.open_button.setDefault(True)
        self._arrange(told)
        self.list.currentRowChanged.connect(self._show)
        self.list.itemActivated.connect(lambda _: self.accept())
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.discard_button.clicked.connect(self.discard)
        QShortcut(QKeySequence.StandardKey.Delete, self.list, self.discard)
        self.list.setCurrentRow(0)
        (self.list if len(found) > 1 else self.open_button).setFocus()

    def accept(self) -> None:
        """Open what is selected."""
        self.chosen = self._found[self.list.currentRow()]
        super().accept()

    def discard(self) -> None:
        """Delete what is selected, after asking."""
        row = self.list.currentRow()
        one = self._found[row]
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self,
            self.tr("Discard unsaved work"),
            plain(self.tr("Delete this work for good?\n\n{name}").format(name=self._title(one))),
            buttons.Discard | buttons.Cancel,
            buttons.Cancel,
        )
        if answer != buttons.Discard:
            return
        self.discarded.emit(one)
        del self._found[row]
        self.list.takeItem(row)
        if not self._found:
            self.reject()

    def _arrange(self, told: QLabel) -> None:
        facts = QFormLayout()
        facts.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        facts.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        facts.addRow(self.tr("Project"), self.facts["file"])
        facts.addRow(self.tr("Last changed"), self.facts["when"])
        facts.addRow(self.tr("Layers"), self.facts["layers"])
        facts.addRow(self.tr("Training"), self.facts["learned"])
        right = QVBoxLayout()
        right.addWidget(self.picture)
        right.addLayout(facts)
        right.addWidget(self.warning)
        right.addStretch(1)
        middle = QHBoxLayout()
        middle.addWidget(self.list)
        middle.addLayout(right, 1)
        layout = QVBoxLayout(self)
        layout.addWidget(told)
        layout.addLayout(middle, 1)
        layout.addWidget(self.buttons)

    def _show(self, row: int) -> None:
        if not 0 <= row < len(self._found):
            return
        one = self._found[row]
        names = ", ".join(n.name for n in one.network.nodes[:_NAMED])
        count = len(one.network.nodes)
        more = "…" if count > _NAMED else ""
        none = self.tr("a project without a file")
        self.facts["file"].setText(none if one.path is None else shown(one.path))
        self.facts["when"].setText(_moment(one))
        layers = self.tr("{count}: {names}") if names else self.tr("none")
        self.facts["layers"].setText(layers.format(count=count, names=names + more))
        self.facts["learned"].setText(
            self.tr("trained to step {n:,}").format(n=one.trained)
            if one.trained
            else self.tr("not trained since it was opened")
        )
        outrun = self.tr(
            "The file has been changed since, by another window or program. Saving asks before it "
            "is replaced."
        )
        self.warning.show_text(outrun if one.is_outrun else "", Severity.WARNING)
        drawn = self._drawn(one.network)
        self.picture.setPixmap(drawn)
        self.picture.setVisible(not drawn.isNull())

    def _drawn(self, network: Network) -> QPixmap:
        """A picture of a network; none where there is nothing to see, or too much."""
        if not 0 < len(network.nodes) <= _DRAWN:
            return QPixmap()
        try:
            return picture(network, _PICTURE, self.devicePixelRatioF())
        except (StudioError, OSError):  # its data may be damaged, and it is the work that matters
            return QPixmap()

    def _title(self, one: Found) -> str:
        name = self.tr("Untitled") if one.path is None else shorten(one.path.name, 60)
        return f"{name}\n{_moment(one)}"


def _moment(one: Found) -> str:
    return one.when.strftime("%Y-%m-%d %H:%M")


def _plain() -> QLabel:
    """A label for what others have named."""
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
    label.setMinimumWidth(_PICTURE.width() - 100)
    return label
