"""The ground of a plot of two features: what a network says at each point, as a colour."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor

from backprop_studio.insight.predictions import Surface
from backprop_studio.ui import theme
from backprop_studio.ui.widgets.kinds import kind_color
from backprop_studio.ui.widgets.scale_bar import color_codes

Pixels = npt.NDArray[np.uint32]

_STRENGTH = 0.42
"""Share of a class's colour where the network is sure of it."""


def of_classes(surface: Surface, probabilities: npt.NDArray[np.floating] | None) -> Pixels:
    """Colours of classes, the stronger the surer, and lines where the class changes.

    Parameters
    ----------
    surface
        Over two features.
    probabilities
        Of shape (down, across, classes); None where the network gives none: then the class that
        it says has its full colour.
    """
    now = theme.current()
    guesses = surface.guesses
    kinds = int(guesses.max()) + 1 if probabilities is None else probabilities.shape[-1]
    kinds = max(kinds, 2)
    colors = np.array([_rgb(kind_color(kind)) for kind in range(kinds)])
    ground = _rgb(QColor(now.plot_background))
    if probabilities is None:
        strength = np.eye(kinds)[guesses]
    else:
        # As likely as by chance: no colour. Sure: all of it.
        even = 1.0 / kinds
        strength = np.clip((np.nan_to_num(probabilities) - even) / (1.0 - even), 0.0, 1.0)
    rgb = ground + _STRENGTH * (strength @ (colors - ground))
    edge = np.zeros(guesses.shape, bool)
    edge[1:] |= guesses[1:] != guesses[:-1]
    edge[:, 1:] |= guesses[:, 1:] != guesses[:, :-1]
    rgb[edge] = 0.5 * rgb[edge] + 0.5 * _rgb(QColor(now.text))
    finite = np.isfinite(surface.outputs).all(axis=-1)
    rgb[~finite] = _rgb(QColor(now.nan))
    return _pack(rgb[::-1])


def of_numbers(surface: Surface, scale: float) -> Pixels:
    """Colours of the first output, blue below zero and orange above."""
    codes = color_codes(surface.outputs[..., 0], scale, log=False)
    return np.ascontiguousarray(theme.diverging_lut(theme.current())[codes][::-1])


def _rgb(color: QColor) -> npt.NDArray[np.floating]:
    return np.array([color.red(), color.green(), color.blue()], float)


def _pack(rgb: npt.NDArray[np.floating]) -> Pixels:
    whole = np.rint(np.clip(rgb, 0, 255)).astype(np.uint32)
    return np.ascontiguousarray(
        (0xFF000000 | whole[..., 0] << 16 | whole[..., 1] << 8 | whole[..., 2]).astype(np.uint32)
    )
