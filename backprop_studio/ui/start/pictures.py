"""Small pictures of networks and data, for the cards of the start page."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPixmap

from backprop_studio import data
from backprop_studio.data import Dataset, Task
from backprop_studio.network import Network, layout
from backprop_studio.ui import theme

_MOST = 400
"""Rows that a picture of data draws at most."""

_STRIP = 0.3
"""Share of a picture's height that the network has, below its data."""

_BOX = QSize(15, 11)


def picture(network: Network, size: QSize, ratio: float) -> QPixmap:
    """A network with what it learns from, in the colours of the theme.

    Parameters
    ----------
    network
        Its data set may be none, or one that is not known: then it is drawn alone.
    size
        In logical pixels.
    ratio
        Device pixels per logical pixel.
    """
    image = QPixmap(size * ratio)
    image.setDevicePixelRatio(ratio)
    image.fill(theme.current().color("canvas"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    area = QRectF(0, 0, size.width(), size.height()).adjusted(10, 8, -10, -8)
    known = {info.id for info in data.infos()}
    if network.setup.dataset in known:
        above = QRectF(area)
        above.setHeight(area.height() * (1 - _STRIP) - 6)
        area.setTop(area.bottom() - area.height() * _STRIP)
        _draw_data(painter, data.load(network.setup.dataset), above)
    _draw_network(painter, network, area)
    painter.end()
    return image


def _draw_network(painter: QPainter, network: Network, area: QRectF) -> None:
    """Boxes in layers from left to right, all of one size however long the network is."""
    colors = theme.current()
    if not network.nodes:
        return
    spread = layout.arranged(network)
    xs, ys = [x for x, _ in spread.values()], [y for _, y in spread.values()]
    columns = len({round(x) for x in xs})
    width = min(_BOX.width(), area.width() / (1.5 * columns))
    height = min(_BOX.height(), area.height() / (1.5 * len({round(y) for y in ys})))

    def at(x: float, y: float) -> QPointF:
        def along(value: float, all_of: list[float], start: float, room: float) -> float:
            low, high = min(all_of), max(all_of)
            return start + room * ((value - low) / (high - low) if high > low else 0.5)

        return QPointF(
            along(x, xs, area.left() + width / 2, area.width() - width),
            along(y, ys, area.top() + height / 2, area.height() - height),
        )

    places = {node: at(x, y) for node, (x, y) in spread.items()}
    painter.setPen(QPen(colors.color("border_strong"), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for wire in network.wires:
        start, end = places[wire.source], places[wire.target]
        path = QPainterPath(start)
        reach = QPointF(max(abs(end.x() - start.x()) / 2, 6), 0)
        path.cubicTo(start + reach, end - reach, end)
        painter.drawPath(path)
    painter.setPen(Qt.PenStyle.NoPen)
    for node in network.nodes:
        painter.setBrush(QColor(colors.node_title(node.spec.info.category.value)))
        box = QRectF(0, 0, width, height)
        box.moveCenter(places[node.id])
        painter.drawRoundedRect(box, 2.5, 2.5)


def _draw_data(painter: QPainter, rows: Dataset, area: QRectF) -> None:
    if rows.image_shape is not None:
        _draw_images(painter, rows, rows.image_shape, area)
    elif rows.vocabulary is not None:
        _draw_text(painter, rows, area)
    elif rows.x.ndim == 2 and rows.x.shape[1] == 2 and rows.task is Task.CLASSIFICATION:
        _draw_points(painter, rows.x[:, 0], rows.x[:, 1], rows.y, area, square=True)
    elif rows.x.ndim == 2 and rows.x.shape[1] == 1 and rows.task is Task.REGRESSION:
        nothing = np.zeros(len(rows.x), dtype=np.int64)
        _draw_points(painter, rows.x[:, 0], rows.y[:, 0], nothing, area, square=False)


def _draw_points(
    painter: QPainter,
    x: np.ndarray,
    y: np.ndarray,
    classes: np.ndarray,
    area: QRectF,
    *,
    square: bool,
) -> None:
    colors = theme.current()
    box = QRectF(area)
    if square:
        box.setWidth(area.height())
        box.moveCenter(area.center())
    step = max(1, len(x) // _MOST)
    few = len(set(zip(x[:_MOST].tolist(), y[:_MOST].tolist(), strict=True))) <= 16
    radius = 4.0 if few else 1.6
    box.adjust(radius, radius, -radius, -radius)
    low_x, low_y = float(x.min()), float(y.min())
    span_x, span_y = float(np.ptp(x)) or 1.0, float(np.ptp(y)) or 1.0
    wheel = [colors.color("forward"), colors.color("backward"), *map(QColor, colors.curves)]
    painter.setPen(Qt.PenStyle.NoPen)
    for i in range(0, len(x), step):
        painter.setBrush(wheel[int(classes[i]) % len(wheel)])
        across = box.left() + box.width() * (float(x[i]) - low_x) / span_x
        down = box.bottom() - box.height() * (float(y[i]) - low_y) / span_y
        painter.drawEllipse(QPointF(across, down), radius, radius)


def _draw_images(painter: QPainter, rows: Dataset, shape: tuple[int, int], area: QRectF) -> None:
    """The first image of each class, in two lines."""
    shades = [QColor(theme.current().text).rgba() & 0xFFFFFF | alpha << 24 for alpha in range(256)]
    count = min(len(rows.class_names) or 10, 10)
    firsts = [int(np.flatnonzero(rows.y == c)[0]) for c in range(count) if (rows.y == c).any()]
    across = math.ceil(len(firsts) / 2)
    side = min(area.width() / across, area.height() / 2) - 4
    left = area.center().x() - across * (side + 4) / 2 + 2
    for place, row in enumerate(firsts):
        pixels = rows.x[row].reshape(shape)
        high = float(np.abs(pixels).max()) or 1.0
        ink = np.ascontiguousarray(np.clip(pixels / high, 0, 1) * 255, dtype=np.uint8)
        image = QImage(
            ink.tobytes(), shape[1], shape[0], shape[1], QImage.Format.Format_Indexed8
        ).copy()
        image.setColorTable(shades)
        target = QRectF(0, 0, side, side)
        target.moveTopLeft(
            QPointF(
                left + (place % across) * (side + 4), area.top() + (place // across) * (side + 4)
            )
        )
        painter.drawImage(target, image)


def _draw_text(painter: QPainter, rows: Dataset, area: QRectF) -> None:
    """What the first rows say, where the classes are characters."""
    names = [name if len(name) == 1 else " " for name in rows.class_names]
    tokens = rows.x.reshape(len(rows.x), -1)
    text = "".join(
        names[int(t)] if int(t) < len(names) else "·" for t in [*tokens[0], *tokens[1:200, -1]]
    )
    painter.setPen(theme.current().color("muted"))
    flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
    painter.save()
    painter.setClipRect(area)
    painter.drawText(area, int(flags) | int(Qt.TextFlag.TextWrapAnywhere), text)
    painter.restore()
