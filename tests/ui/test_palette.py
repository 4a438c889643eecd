"""The palette: what it offers, finds, and gives to a drag."""

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QDrag
from PySide6.QtTest import QTest
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from backprop_studio.network.presets import PRESETS
from backprop_studio.nn import nodes
from backprop_studio.ui import theme
from backprop_studio.ui.canvas import mime
from backprop_studio.ui.models.palette_model import PaletteFilter, PaletteModel, PaletteRole
from backprop_studio.ui.panels.palette import PalettePanel

ALL = (*nodes(), *map(mime.of_preset, PRESETS))


@pytest.fixture
def panel(qtbot: QtBot) -> PalettePanel:
    panel = PalettePanel()
    qtbot.addWidget(panel)
    panel.resize(220, 600)
    with qtbot.waitActive(panel):
        panel.show()
        panel.activateWindow()
    return panel


def test_that_every_layer_is_offered_once_in_the_order_of_the_registry_and_networks_last(
    panel: PalettePanel,
) -> None:
    assert panel.shown_layers() == ALL


def test_that_the_model_and_its_filter_keep_to_the_rules_of_qt(
    qtmodeltester: ModelTester, qapp: object
) -> None:
    model = PaletteModel()
    qtmodeltester.check(model, force_py=True)
    shown = PaletteFilter(model)
    shown.set_search("the")
    qtmodeltester.check(shown, force_py=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dense", {"dense", mime.of_preset("transformer")}),
        ("lstm", {"lstm", mime.of_preset("lstm")}),
        ("whole networks", set(map(mime.of_preset, PRESETS))),
        ("NEGATIVE ones", {"relu"}),
        ("loss", {"mse", "softmax_cross_entropy"}),
        ("squared mean", {"mse"}),
        ("operations", {"parameter", "constant_value", "add", "matmul", "custom"}),
        ("  ", set(ALL)),
        ("no such thing", set()),
    ],
)
def test_that_the_search_looks_at_title_summary_and_group(
    panel: PalettePanel, text: str, expected: set[str]
) -> None:
    panel.search.setText(text)
    found = set(panel.shown_layers())
    assert expected <= found
    if text in ("dense", "whole networks", "no such thing"):
        assert found == expected
    assert panel.view.isVisible() == bool(expected)


NEWCOMERS = {
    "fully connected": "dense",
    "fc": "dense",
    "linear layer": "dense",
    "mse": "mse",
    "l2 loss": "mse",
    "mae": "mae",
    "bce": "binary_cross_entropy",
    "nll": "softmax_cross_entropy",
    "convolution": "conv1d",
    "max": "max_pool1d",
    "batch normalization": "batch_norm",
    "logistic": "sigmoid",
    "swish": "silu",
    "recurrent": "gru",
    "transpose": "permute",
    "concat": "concatenate",
    "regularization": "dropout",
    "matmul": "matmul",
    "mlp": mime.of_preset("mlp"),
    "resnet": mime.of_preset("residual"),
    "gpt": mime.of_preset("transformer"),
    # A name goes before what only speaks of it.
    "add": "add",
    "sum": "sum",
    "input": "input",
    "linear": "linear",
}


@pytest.mark.parametrize(("text", "meant"), NEWCOMERS.items())
def test_that_what_people_call_a_layer_elsewhere_finds_it_and_enter_adds_it(
    panel: PalettePanel, qtbot: QtBot, text: str, meant: str
) -> None:
    panel.search.setFocus()
    panel.search.setText(text)
    assert panel.view.currentIndex().data(PaletteRole.LAYER_ID) == meant
    assert panel.search.accessibleDescription() == panel.view.currentIndex().data()
    with qtbot.waitSignal(panel.layer_chosen) as chosen:
        QTest.keyClick(panel.search, Qt.Key.Key_Return)
    assert chosen.args == [meant]


def test_that_no_row_is_marked_when_nothing_is_searched(panel: PalettePanel) -> None:
    panel.search.setText("relu")
    panel.search.setText(" ")
    assert not panel.view.currentIndex().isValid()
    assert panel.search.accessibleDescription() == ""


def test_that_groups_are_open_again_after_a_search(panel: PalettePanel) -> None:
    panel.search.setText("no such thing")
    panel.search.clear()
    assert panel.shown_layers() == ALL
    for layer_id in ALL:
        assert not panel.view.visualRect(panel.view.indexAt(panel.drag_point(layer_id))).isEmpty()


def test_that_the_point_to_drag_from_is_on_the_row_of_the_layer(panel: PalettePanel) -> None:
    for layer_id in ALL:
        index = panel.view.indexAt(panel.drag_point(layer_id))
        assert index.data(PaletteRole.LAYER_ID) == layer_id
    panel.search.setText("dense")
    with pytest.raises(KeyError):
        panel.drag_point("relu")
    with pytest.raises(KeyError):
        panel.drag_point("no-such-layer")


@pytest.mark.parametrize("dragged", ["relu", mime.of_preset("lstm")])
def test_that_a_drag_carries_the_layer_and_a_picture(
    dragged: str, panel: PalettePanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried: list[tuple[str | None, bool]] = []

    def run(drag: QDrag, *_: object) -> Qt.DropAction:
        carried.append((mime.decode(drag.mimeData()), drag.pixmap().isNull()))
        return Qt.DropAction.CopyAction

    monkeypatch.setattr(QDrag, "exec", run)
    viewport, start = panel.view.viewport(), panel.drag_point(dragged)
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=start)
    for step in (10, 40):
        QTest.mouseMove(viewport, start + QPoint(step, 0))
    assert carried == [(dragged, False)]


def test_that_a_double_click_chooses_a_layer(panel: PalettePanel, qtbot: QtBot) -> None:
    point = panel.drag_point("tanh")
    QTest.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=point)
    with qtbot.waitSignal(panel.layer_chosen, timeout=1000) as chosen:
        QTest.mouseDClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=point)
    assert chosen.args == ["tanh"]


def test_that_the_keyboard_goes_from_search_to_layer_to_canvas(
    panel: PalettePanel, qtbot: QtBot
) -> None:
    chosen: list[str] = []
    panel.layer_chosen.connect(chosen.append)
    panel.search.setFocus()
    QTest.keyClicks(panel.search, "sig")
    QTest.keyClick(panel.search, Qt.Key.Key_Return)
    QTest.keyClick(panel.search, Qt.Key.Key_Escape)
    assert panel.search.text() == ""
    QTest.keyClick(panel.search, Qt.Key.Key_Down)
    assert panel.view.hasFocus()
    QTest.keyClick(panel.view, Qt.Key.Key_Return)
    QTest.keyClick(panel.view, Qt.Key.Key_Down)
    QTest.keyClick(panel.view, Qt.Key.Key_Return)
    assert chosen == ["sigmoid", *list(nodes())[:2]]


def test_that_a_tooltip_says_summary_formula_and_shape(qapp: object) -> None:
    model = PaletteModel()
    tip = model.index_of("dense").data(Qt.ItemDataRole.ToolTipRole)
    info = nodes()["dense"].info
    assert info.summary in tip
    assert info.plain in tip
    assert info.shape in tip


def test_that_it_paints_in_both_themes_while_narrow(panel: PalettePanel, qapp) -> None:
    panel.resize(120, 300)
    panel.search.setText("a")
    panel.view.setCurrentIndex(panel.view.indexAt(panel.drag_point(panel.shown_layers()[0])))
    try:
        pictures = []
        for mode in ("light", "dark"):
            theme.apply(qapp, mode)
            qapp.sendPostedEvents(None, QEvent.Type.PaletteChange)
            pictures.append(panel.grab().toImage())
        assert pictures[0] != pictures[1]
    finally:
        theme.apply(qapp, "light")
