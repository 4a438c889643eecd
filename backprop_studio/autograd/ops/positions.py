"""Positions in a sequence as numbers that a network can read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from backprop_studio.autograd.op import Call, Formula, Op
from backprop_studio.autograd.symbol import Array, TensorType


@dataclass(frozen=True)
class Waves(Op):
    """Sines and cosines of the position, one pair for each wavelength: (steps, features).

    Vaswani et al. 2017, section 3.5: feature 2i of position t is sin(t / 10000^(2i / features)),
    feature 2i + 1 the cosine of the same. An odd number of features ends with a sine.
    """

    steps: int
    features: int
    name: ClassVar[str] = "positions"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (TensorType((self.steps, self.features)),)

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        (out,) = outputs
        pair = np.arange(self.features) // 2
        angle = np.arange(self.steps)[:, None] / 10000.0 ** (2 * pair / self.features)
        waves = np.where(np.arange(self.features) % 2, np.cos(angle), np.sin(angle))
        return [(np.copyto, (out, waves.astype(out.dtype)))]

    def formula(self) -> Formula:
        return Formula(
            r"P_{t,2i} = \sin\left(t / 10000^{2i/d}\right), \quad "
            r"P_{t,2i+1} = \cos\left(t / 10000^{2i/d}\right)",
            "P[t, 2i] = sin(t / 10000^(2i/d)), P[t, 2i+1] = cos(t / 10000^(2i/d))",
            (),
            ("P",),
            "Waves of many lengths: together they tell every position from the others.",
        )
