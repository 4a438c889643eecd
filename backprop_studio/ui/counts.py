"""How many rows there are, in words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication


def rows(count: int) -> str:
    """Say a number of rows: "one row", "1,797 rows"."""
    return _said(count, _tr("one row"), _tr("{count} rows"))


def training_rows(count: int) -> str:
    """Say a number of rows that are trained on."""
    return _said(count, _tr("one training row"), _tr("{count} training rows"))


def _said(count: int, one: str, many: str) -> str:
    return one if count == 1 else many.format(count=f"{count:,}")


def _tr(text: str) -> str:
    return QCoreApplication.translate("Counts", text)
