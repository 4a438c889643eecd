"""The table of a gradient check."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from backprop_studio.insight.check import Band, ParameterCheck
from backprop_studio.ui.widgets.data_table import Cell, DataTable

_SIGNS = {Band.RIGHT: "✓", Band.CLOSE: "✓", Band.DOUBTFUL: "?", Band.WRONG: "✗"}
_COLORS = {Band.RIGHT: "ok", Band.CLOSE: "ok", Band.DOUBTFUL: "warning", Band.WRONG: "error"}


class CheckTable(DataTable):
    """One row for each parameter: how far backward is from central differences."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            [self.tr("Parameter"), self.tr("Error"), self.tr("Verdict"), self.tr("Checked")],
            self.tr("Checked gradients"),
            parent=parent,
        )

    def show_checks(self, checks: Sequence[ParameterCheck], names: Sequence[str]) -> None:
        """Show other checks, with the names of their parameters."""
        words = {
            Band.RIGHT: self.tr("right"),
            Band.CLOSE: self.tr("close"),
            Band.DOUBTFUL: self.tr("doubtful"),
            Band.WRONG: self.tr("wrong"),
        }
        self.set_rows(
            [
                (
                    Cell(name),
                    Cell(f"{check.error:.1e}", check.error),
                    Cell(f"{_SIGNS[check.band]} {words[check.band]}", color=_COLORS[check.band]),
                    Cell(f"{check.checked:,} / {check.size:,}", check.checked),
                )
                for check, name in zip(checks, names, strict=True)
            ]
        )
