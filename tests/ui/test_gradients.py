"""The panel of gradients."""

from __future__ import annotations

import numpy as np
import pytest
from networks import chain
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from backprop_studio.network import analyze, edits
from backprop_studio.nn import nodes, optimizers
from backprop_studio.ui.panels import gradients


@pytest.mark.parametrize("shape", [(), (3,), (300, 700), (0, 4)])
@pytest.mark.parametrize("size", [1e-30, 1.0, 1e30])
def test_that_the_norm_is_that_of_double_precision(shape: tuple[int, ...], size: float) -> None:
    array = (size * np.random.default_rng(1).standard_normal(shape)).astype(np.float32)
    wanted = np.linalg.norm(array.astype(np.float64))
    assert gradients.norm_of(array) == pytest.approx(wanted, rel=1e-12)


def test_that_the_norm_of_a_large_gradient_copies_it_only_piece_by_piece() -> None:
    # A whole copy in double precision made the window hang while large networks train.
    largest = 0

    class Watched(np.ndarray):
        def astype(self, *args: object, **kwargs: object) -> np.ndarray:
            nonlocal largest
            largest = max(largest, self.size)
            return np.asarray(self).astype(*args, **kwargs)  # type: ignore[call-overload]

    array = np.ones((1000, 1000), np.float32).view(Watched)
    assert gradients.norm_of(array) == 1000.0
    assert 0 < largest <= 2**16


def test_that_an_optimizer_without_gradient_is_said_to_use_none(qtbot: QtBot) -> None:
    panel = gradients.GradientsPanel()
    qtbot.addWidget(panel)
    panel.show()
    wanted: list[frozenset[int]] = []
    panel.watch_changed.connect(wanted.append)

    def said() -> list[str]:
        return [
            x.text() for x in panel.findChildren(QLabel) if x.isVisible() and "radient" in x.text()
        ]

    assert said() == ["The gradients of the weights appear here."]
    search = chain(optimizer=optimizers()["random_search"]())
    panel.set_network(analyze(search))
    assert said() == ["This optimizer uses no gradient."]
    assert wanted[-1] == frozenset()
    panel.set_network(analyze(chain()))
    assert said() == []
    assert panel.tile("dense_1/weight").isVisible()
    panel.set_network(analyze(search))
    panel.set_network(analyze(search))
    assert said() == ["This optimizer uses no gradient."]


def test_that_no_gradient_is_awaited_for_frozen_weights(qtbot: QtBot) -> None:
    panel = gradients.GradientsPanel()
    qtbot.addWidget(panel)
    network = chain()
    first = next(n.id for n in network.nodes if isinstance(n.spec, nodes()["dense"]))
    panel.set_network(analyze(network))
    assert panel.tile(f"{first}/weight") is not None
    panel.set_network(analyze(edits.freeze(network, first, True)))
    with pytest.raises(KeyError):
        panel.tile(f"{first}/weight")
    assert panel.tile("dense_2/weight") is not None
