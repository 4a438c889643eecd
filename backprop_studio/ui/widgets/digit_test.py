"""Draw something, and see at once what the network takes it for."""

from __future__ import annotations

from html import escape

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from backprop_studio.insight.drawing import Frame, like
from backprop_studio.ui import theme
from backprop_studio.ui.widgets.chances import ChanceBars
from backprop_studio.ui.widgets.draw_pad import DrawPad
from backprop_studio.ui.widgets.pixels import PixelView


class DigitTest(QWidget):
    """A pad, what the network sees of it, and what it says."""

    drawn = Signal()
    """There is something else to be judged."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame: Frame | None = None
        self.story = QLabel()
        self.story.setWordWrap(True)
        theme.set_role(self.story, "muted")
        self.pad = DrawPad()
        self.pad.drawn.connect(self._draw)
        self.clear = QPushButton(self.tr("Clear"))
        self.clear.setToolTip(self.tr("Begin another drawing (Delete)"))
        self.clear.clicked.connect(self.pad.clear)
        self.seen = PixelView(self.tr("What the network sees"), 84)
        self.seen.set_pixels(None, caption=self.tr("it sees"))
        self.bars = ChanceBars()
        self.verdict = QLabel()
        self.verdict.setWordWrap(True)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.addWidget(self.story, 0, 0, 1, 2)
        layout.addWidget(self.pad, 1, 0)
        right = QVBoxLayout()
        right.addWidget(self.seen)
        right.addWidget(self.clear)
        right.addStretch(1)
        layout.addLayout(right, 1, 1)
        layout.addWidget(self.verdict, 2, 0, 1, 2)
        layout.addWidget(self.bars, 3, 0, 1, 2)
        layout.setRowStretch(1, 1)
        layout.setColumnStretch(0, 1)
        self.setFocusProxy(self.pad)
        self.set_frame(None)

    @property
    def frame(self) -> Frame | None:
        """What the pictures of the data are like; None where they are no pictures."""
        return self._frame

    def set_frame(self, frame: Frame | None) -> None:
        """Take over what the pictures of the data are like; None where they are no pictures."""
        self._frame = frame
        for widget in (self.pad, self.clear):
            widget.setEnabled(frame is not None)
        self.story.setText(
            self.tr("These data are no pictures, so that there is nothing to draw.")
            if frame is None
            else self.tr(
                "Draw one of the classes. Your drawing is scaled and centred as the pictures of "
                "the data are, to {height}×{width} pixels, and classified as you draw."
            ).format(height=frame.shape[0], width=frame.shape[1])
        )
        self._draw()

    def pixels(self) -> npt.NDArray[np.floating] | None:
        """What the network gets to see; None without a drawing."""
        ink = self.pad.ink()
        if self._frame is None or not (ink > 0).any():
            return None
        return like(ink, self._frame)

    def show_outputs(
        self,
        names: tuple[str, ...],
        outputs: npt.NDArray[np.floating] | None,
        *,
        percent: bool,
    ) -> None:
        """Show what the network says; None while nothing is drawn."""
        if outputs is None or not names:
            self.bars.set_bars((), percent=True)
            self.verdict.clear()
            return
        self.bars.set_bars(
            [(n, float(p)) for n, p in zip(names, outputs, strict=False)], percent=percent
        )
        best = int(np.argmax(np.nan_to_num(outputs)))
        self.verdict.setText(
            self.tr("It takes this for <b>{name}</b>.").format(name=escape(names[best]))
        )

    def _draw(self) -> None:
        pixels = self.pixels()
        self.seen.set_pixels(pixels, caption=self.tr("it sees"))
        if pixels is None:
            self.show_outputs((), None, percent=True)
        else:
            self.drawn.emit()
