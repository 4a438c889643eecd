"""A row of controls that goes on in the next line where there is no room for it in one."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget


class Flow(QWidget):
    """Puts widgets beside one another, as many in a line as fit; the lines below one another.

    What is left of a line goes to those of its widgets that can use it, by their size policy.

    Parameters
    ----------
    *widgets
        In the order in which they are read.
    spacing
        Pixels between widgets, and between lines.
    """

    def __init__(self, *widgets: QWidget, spacing: int = 6, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spacing = spacing
        self._widgets: list[QWidget] = []
        # Not fixed: a layout would hold several lines to the height of one.
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        for widget in widgets:
            self.add(widget)

    def add(self, widget: QWidget) -> None:
        """Put one more at the end."""
        widget.setParent(self)
        self._widgets.append(widget)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """All in one line."""
        hints = [_wanted(widget) for widget in self._shown()]
        between = self._spacing * max(len(hints) - 1, 0)
        return QSize(
            sum(h.width() for h in hints) + between, max((h.height() for h in hints), default=0)
        )

    def minimumSizeHint(self) -> QSize:
        """The widest alone, in a line."""
        hints = [_least(widget) for widget in self._shown()]
        return QSize(
            max((h.width() for h in hints), default=0), max((h.height() for h in hints), default=0)
        )

    def heightForWidth(self, width: int) -> int:
        lines = self._lines(width)
        heights = [max(_wanted(widget).height() for widget in line) for line in lines]
        return sum(heights) + self._spacing * max(len(heights) - 1, 0)

    def event(self, event: QEvent) -> bool:
        # One of the widgets wants another size, or has come or gone.
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
            self._place()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _shown(self) -> list[QWidget]:
        return [widget for widget in self._widgets if not widget.isHidden()]

    def _lines(self, width: int) -> list[list[QWidget]]:
        """What stands in each line, where it is so wide."""
        lines: list[list[QWidget]] = []
        used = 0
        for widget in self._shown():
            need = _wanted(widget).width()
            if lines and used + self._spacing + need <= width:
                lines[-1].append(widget)
                used += self._spacing + need
            else:
                lines.append([widget])
                used = need
        return lines

    def _place(self) -> None:
        y = 0
        for line in self._lines(self.width()):
            height = max(_wanted(widget).height() for widget in line)
            self._place_line(line, y, height)
            y += height + self._spacing

    def _place_line(self, line: list[QWidget], y: int, height: int) -> None:
        widths = [min(_wanted(widget).width(), self.width()) for widget in line]
        spare = max(self.width() - sum(widths) - self._spacing * (len(line) - 1), 0)
        greedy = [k for k, widget in enumerate(line) if _wants_more(widget)]
        for turn, k in enumerate(greedy):
            share = spare // (len(greedy) - turn)
            widths[k] += share
            spare -= share
        x = 0
        for widget, width in zip(line, widths, strict=True):
            own = _wanted(widget).height()
            widget.setGeometry(QRect(x, y + (height - own) // 2, width, own))
            x += width + self._spacing


def _wanted(widget: QWidget) -> QSize:
    """The size that it would like, within its bounds; one that takes what is left asks for less."""
    hint = widget.sizeHint()
    if widget.sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Ignored:
        hint.setWidth(widget.minimumSizeHint().width())
    return hint.expandedTo(widget.minimumSize()).boundedTo(widget.maximumSize())


def _least(widget: QWidget) -> QSize:
    if widget.sizePolicy().horizontalPolicy() in (
        QSizePolicy.Policy.Fixed,
        QSizePolicy.Policy.Minimum,
    ):
        return _wanted(widget)
    least = widget.minimumSizeHint().expandedTo(widget.minimumSize())
    return least.boundedTo(widget.maximumSize())


def _wants_more(widget: QWidget) -> bool:
    return widget.sizePolicy().horizontalPolicy() in (
        QSizePolicy.Policy.Expanding,
        QSizePolicy.Policy.MinimumExpanding,
        QSizePolicy.Policy.Ignored,
    )
