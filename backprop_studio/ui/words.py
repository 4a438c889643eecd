"""Words of others, for places that guess whether a text is markup."""

from __future__ import annotations

from PySide6.QtGui import Qt


def plain(text: str) -> str:
    """`text` so that a tool tip, a label or a message shows it as it is.

    Qt takes what looks like markup for markup. The name of a column or a file could then draw what
    it likes, and have pictures fetched.
    """
    if not Qt.mightBeRichText(text):
        return text
    return Qt.convertFromPlainText(text, Qt.WhiteSpaceMode.WhiteSpaceNormal)
