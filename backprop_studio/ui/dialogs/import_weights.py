"""Import weights: what of a file fits the network is shown before anything is changed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from backprop_studio.errors import Severity
from backprop_studio.files import shorten
from backprop_studio.project.importing import Fitting
from backprop_studio.ui import guide, theme
from backprop_studio.ui.dialogs import sizing
from backprop_studio.ui.dialogs.explaining import explain_with_f1
from backprop_studio.ui.widgets.data_table import Cell, DataTable
from backprop_studio.ui.widgets.note import Note

_WIDTH, _HEIGHT = 620, 420
_NAME = 80


class ImportWeightsDialog(QDialog):
    """Lists every weight of the network and of the file, and asks whether to take over what fits.

    Parameters
    ----------
    name
        Of the file.
    fitting
        What of it fits.
    """

    def __init__(self, name: str, fitting: Fitting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Import weights"))
        explain_with_f1(self, guide.WEIGHTS_IMPORT)
        taken, wanted = len(fitting.weights), fitting.wanted
        self.summary = QLabel()
        self.summary.setTextFormat(Qt.TextFormat.PlainText)
        self.summary.setWordWrap(True)
        if taken == wanted and taken:
            text = self.tr("All {wanted} weights of the network are in {name} and fit.")
        elif taken:
            text = self.tr(
                "Of the network's {wanted} weights, {taken} are in {name} and fit. "
                "The others stay as they are."
            )
        else:
            text = self.tr("None of the network's {wanted} weights fits one in {name}.")
        self.summary.setText(text.format(wanted=wanted, taken=taken, name=shorten(name, _NAME)))
        self.table = DataTable(
            [self.tr("Weight"), self.tr("In the file"), self.tr("Here"), self.tr("Verdict")],
            self.tr("Weights of the file and of the network"),
        )
        self.table.set_rows(
            [
                (
                    Cell(shorten(match.name, _NAME)),
                    Cell(_shape(match.found)),
                    Cell(_shape(match.wanted)),
                    Cell(f"✗ {match.fault}", color="warning")
                    if match.fault
                    else Cell(self.tr("✓ fits"), color="ok"),
                )
                for match in fitting.matches
            ]
        )
        self.note = Note()
        self.note.show_text("\n".join(fitting.notes), Severity.WARNING)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.import_button = buttons.addButton(
            self.tr("&Import"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        theme.set_role(self.import_button, "primary")
        self.import_button.setEnabled(taken > 0)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.summary)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.note)
        layout.addWidget(buttons)
        sizing.fit(self, _WIDTH, _HEIGHT, "import-weights")


def _shape(shape: tuple[int, ...] | None) -> str:
    if shape is None:
        return "–"
    return " × ".join(f"{n:,}" for n in shape) or "1"
