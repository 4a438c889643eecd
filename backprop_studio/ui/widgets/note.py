"""A short message with its icon: why something is wrong, beside the thing that is."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.errors import Severity
from backprop_studio.ui import icons, theme
from backprop_studio.ui.widgets.square import Square
from backprop_studio.ui.words import plain


class IconView(Square):
    """An icon, painted in the colours of the theme in use; it grows with the text.

    Parameters
    ----------
    name, tint
        Which icon, in which colour of the theme.
    size
        Side in pixels, beside text of the system's size.
    """

    def __init__(
        self, name: str, size: int = 14, *, tint: icons.Tint = "text", parent: QWidget | None = None
    ) -> None:
        super().__init__(size, parent)
        self._name, self._tint = name, tint

    def set_icon(self, name: str, tint: icons.Tint) -> None:
        """Show another icon."""
        self._name, self._tint = name, tint
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        icons.icon(self._name, self._tint).paint(painter, self.rect())
        painter.end()


class Note(QWidget):
    """A message that wraps, with the icon and the colour of its severity. Hidden while empty.

    It may have a button below it with a remedy.
    """

    remedy_chosen = Signal()
    """The button was pressed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = IconView("error", tint="error")
        self._label = QLabel()
        self._label.setWordWrap(True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.remedy = QPushButton()
        self.remedy.setAccessibleName(self.tr("Mend it"))
        self.remedy.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.remedy.clicked.connect(self.remedy_chosen)
        self.remedy.hide()
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addWidget(self._label)
        column.addWidget(self.remedy)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(column, 1)
        self.hide()

    @property
    def text(self) -> str:
        """What it says now; empty while hidden."""
        return self._label.text()

    def show_text(self, text: str, severity: Severity = Severity.ERROR) -> None:
        """Say something, or nothing when `text` is empty."""
        self._icon.set_icon(severity.value, severity.value)
        if self._label.property("role") != severity.value:
            theme.set_role(self._label, severity.value)
        self._label.setText(text)
        self.setVisible(bool(text))

    def offer(self, remedy: str) -> None:
        """Offer a remedy on a button; none for an empty text."""
        self.remedy.setText(remedy.replace("&", "&&"))
        self.remedy.setAccessibleName(remedy or self.tr("Mend it"))
        self.remedy.setToolTip(plain(remedy))
        self.remedy.setVisible(bool(remedy))
