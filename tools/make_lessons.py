"""Makes the projects under resources/lessons. Run it again after a change of the format.

python tools/make_lessons.py
"""

import itertools
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from backprop_studio import data, project  # noqa: E402
from backprop_studio.data import own  # noqa: E402
from backprop_studio.network import Network, Node, TrainingSetup, Wire  # noqa: E402
from backprop_studio.nn import nodes, optimizers  # noqa: E402
from backprop_studio.project import Project  # noqa: E402

COLUMN, ROW = 190.0, 130.0
"""From one node to the next, in scene units."""

Layer = tuple[str, str, dict[str, object], float, float]
"""Name, type, settings, column and row of a node."""


def network(layers: list[Layer], wires: list[str], **setup: object) -> Network:
    """Nodes at their places; a wire is written `source > target` or `source > target.port`."""
    placed = [
        Node(name, name, nodes()[kind].from_config(config), column * COLUMN, row * ROW)
        for name, kind, config, column, row in layers
    ]
    drawn = []
    for wire in wires:
        source, _, target = wire.partition(" > ")
        target, _, port = target.partition(".")
        drawn.append(Wire(source, target, int(port or 0)))
    return Network(tuple(placed), tuple(drawn), TrainingSetup(**setup))  # type: ignore[arg-type]


def in_a_row(layers: list[Layer]) -> list[str]:
    """Wires that lead from each layer to the next."""
    names = [name for name, *_ in layers]
    return [f"{source} > {target}" for source, target in itertools.pairwise(names)]


def learner(kind: str, rate: float) -> object:
    """An optimizer with this learning rate, and all else as it is in the form."""
    return optimizers()[kind].from_config({"learning_rate": rate})


def sgd(rate: float) -> object:
    """Plain descent with this learning rate."""
    return learner("sgd", rate)


def rows(title: str, names: tuple[str, ...], x: list[list[float]], y: list[list[float]]) -> str:
    """Own rows, four times over so that one can be held out; the id of the data set."""
    made = data.Dataset(
        id="",
        title=title,
        summary="Made for a lesson, with numbers that can be worked out in the head.",
        x=np.tile(np.array(x, np.float32), (4, 1)),
        y=np.tile(np.array(y, np.float32), (4, 1)),
        task=data.Task.REGRESSION,
        class_names=(),
        feature_names=names,
        image_shape=None,
        citation="Made by Backprop Studio, tools/make_lessons.py.",
        licence="CC0 1.0",
    )
    return data.own.keep(made).id


def one_neuron() -> Project:
    """One weight, one bias, from single operations: x = 2, w = 3, b = 1, t = 9."""
    return Project(
        network(
            [
                ("x", "input", {}, 0, 0),
                ("w", "parameter", {"value": 3.0}, 0, 1),
                ("product", "multiply", {}, 1, 0.5),
                ("b", "parameter", {"value": 1.0}, 1, 1.5),
                ("prediction", "add", {}, 2, 1),
                ("loss", "mse", {}, 3.1, 1),
            ],
            ["x > product", "w > product.1", "product > prediction", "b > prediction.1",
             "prediction > loss"],
            dataset="one_point", optimizer=sgd(0.05), batch_size=1, precision="float64",
        )
    )  # fmt: skip


def mazur() -> Project:
    """Two inputs, two hidden and two output neurons; biases are fixed numbers, as he has them."""
    weights = {
        # A column is a neuron: his w1 and w2 lead to the first hidden one.
        ("hidden", "weight"): np.array([[0.15, 0.25], [0.20, 0.30]]),
        ("output", "weight"): np.array([[0.40, 0.50], [0.45, 0.55]]),
    }
    dense: Mapping[str, object] = {"units": 2, "bias": False, "init": "xavier"}
    made = network(
        [
            ("input", "input", {}, 0, 0),
            ("hidden", "dense", dict(dense), 1, 0),
            ("b1", "constant_value", {"value": 0.35, "columns": 2}, 1, 1),
            ("hidden_sum", "add", {}, 2, 0),
            ("hidden_out", "sigmoid", {}, 3, 0),
            ("output", "dense", dict(dense), 1, 2),
            ("b2", "constant_value", {"value": 0.60, "columns": 2}, 1, 3),
            ("output_sum", "add", {}, 2, 2),
            ("output_out", "sigmoid", {}, 3, 2),
            ("loss", "mse", {}, 4.1, 2),
        ],
        ["input > hidden", "hidden > hidden_sum", "b1 > hidden_sum.1", "hidden_sum > hidden_out",
         "hidden_out > output", "output > output_sum", "b2 > output_sum.1",
         "output_sum > output_out", "output_out > loss"],
        dataset="mazur", optimizer=sgd(0.5), batch_size=1, precision="float64",
    )  # fmt: skip
    return Project(made, weights)


def one_hidden(dataset: str, optimizer: object, *, rows: int = 2) -> Project:
    """Two numbers in, one smooth hidden layer of eight, two classes; drawn in one or two rows."""
    output, loss, down = (3.0, 4.1, 0.0) if rows == 1 else (0.5, 1.5, 1.4)
    layers: list[Layer] = [
        ("input", "input", {}, 0, 0),
        ("hidden", "dense", {"units": 8, "init": "xavier"}, 1, 0),
        ("tanh", "tanh", {}, 2, 0),
        ("output", "dense", {"units": 2, "init": "xavier"}, output, down),
        ("loss", "softmax_cross_entropy", {}, loss, down),
    ]
    setup = {"dataset": dataset, "optimizer": optimizer, "batch_size": 16}
    return Project(network(layers, in_a_row(layers), precision="float64", **setup))


def moons() -> Project:
    """Two moons, one smooth hidden layer, plain descent."""
    return one_hidden("moons", sgd(0.3), rows=1)


def chain() -> Project:
    """Multiply, add, square, and a Dense layer of one unit: 2 → 3 → 2 → 4 → 7, and t = 9."""
    made = network(
        [
            ("x", "input", {}, 0, 0),
            ("w", "parameter", {"value": 1.5}, 0, 1),
            ("product", "multiply", {}, 1, 0.5),
            ("b", "parameter", {"value": -1.0}, 1, -0.6),
            ("total", "add", {}, 2, 0),
            ("squared", "square", {}, 0, 2.3),
            ("output", "dense", {"units": 1}, 1, 2.3),
            # Lower than its neighbours, so that the pictures below them are in view, too.
            ("loss", "mse", {}, 2, 2.7),
        ],
        ["x > product", "w > product.1", "product > total", "b > total.1", "total > squared",
         "squared > output", "output > loss"],
        dataset="one_point", optimizer=sgd(0.001), batch_size=1, precision="float64",
    )  # fmt: skip
    return Project(
        made, {("output", "weight"): np.array([[2.0]]), ("output", "bias"): np.array([-1.0])}
    )


def weather() -> Project:
    """A dry and a wet day, and the largest weight on the rain: the dry day comes first."""
    days = rows("Two days", ("rain", "sun"), [[0, 1], [1, 0]], [[1], [20]])
    made = network(
        [
            ("weather", "input", {}, 0, 0),
            ("hidden", "dense", {"units": 2}, 1, 0),
            ("relu", "relu", {}, 2, 0),
            ("output", "dense", {"units": 1}, 0.5, 1.5),
            ("loss", "mse", {}, 1.5, 1.5),
        ],
        ["weather > hidden", "hidden > relu", "relu > output", "output > loss"],
        dataset=days, optimizer=sgd(0.01), batch_size=1, precision="float64", validation=0.125,
        seed=7,
    )  # fmt: skip
    weights = {
        # A column is a neuron: rain and sun lead to the first one with 6 and 0.25.
        ("hidden", "weight"): np.array([[6.0, -0.5], [0.25, 1.0]]),
        ("hidden", "bias"): np.zeros(2),
        ("output", "weight"): np.array([[4.0], [1.0]]),
        ("output", "bias"): np.zeros(1),
    }
    return Project(made, weights)


def junctions() -> Project:
    """A layer, a fork, a product, a sum and a maximum; all numbers have two digits at most."""
    pair = rows("Two rows", ("x1", "x2"), [[1, 2], [2, 1]], [[7], [4.75]])
    made = network(
        [
            ("x", "input", {}, 0, 0),
            ("hidden", "dense", {"units": 2}, 1, 0),
            ("relu", "relu", {}, 2, 0),
            ("gain", "parameter", {"columns": 2}, 0, 1.5),
            ("product", "multiply", {}, 1, 1.5),
            ("sum", "add", {}, 2, 1.5),
            ("limit", "parameter", {"columns": 2}, 0, 3),
            ("larger", "maximum", {}, 1, 3),
            ("output", "dense", {"units": 1}, 2, 3),
            ("loss", "mse", {}, 0.4, 4.3),
        ],
        ["x > hidden", "hidden > relu", "relu > product", "gain > product.1", "relu > sum",
         "product > sum.1", "sum > larger", "limit > larger.1", "larger > output",
         "output > loss"],
        dataset=pair, optimizer=sgd(0.01), batch_size=2, precision="float64", validation=0.125,
        seed=7,
    )  # fmt: skip
    weights = {
        ("hidden", "weight"): np.array([[1.0, -1.0], [0.5, 1.0]]),
        ("hidden", "bias"): np.zeros(2),
        ("gain", "value"): np.array([2.0, 3.0]),
        ("limit", "value"): np.array([7.0, -1.0]),
        ("output", "weight"): np.array([[0.5], [1.0]]),
        ("output", "bias"): np.zeros(1),
    }
    return Project(made, weights)


def race() -> Project:
    """Digits through two smooth hidden layers: every path counts, and no kink costs digits."""
    dense: Mapping[str, object] = {"init": "xavier"}
    layers: list[Layer] = [
        ("input", "input", {}, 0, 0),
        ("hidden", "dense", {**dense, "units": 32}, 1, 0),
        ("tanh", "tanh", {}, 2, 0),
        ("second", "dense", {**dense, "units": 16}, 0, 1.4),
        ("tanh2", "tanh", {}, 1, 1.4),
        ("output", "dense", {**dense, "units": 10}, 2, 1.4),
        ("loss", "softmax_cross_entropy", {}, 0.6, 2.55),
    ]
    setup = {"dataset": "digits", "optimizer": sgd(0.3), "batch_size": 32}
    return Project(network(layers, in_a_row(layers), **setup))


def deep_sigmoid() -> Project:
    """Four hidden layers on the digits, each squashed by a formula that is easy to change.

    In three short rows, so that the formulas can be read beside a panel, too.
    """
    squash: Mapping[str, object] = {"expression": "sigmoid(x)"}
    hidden: Mapping[str, object] = {"units": 16, "init": "he"}
    layers: list[Layer] = [
        ("input", "input", {}, 0, 0),
        ("layer1", "dense", dict(hidden), 1, 0),
        ("squash1", "custom", dict(squash), 2, 0),
        ("layer2", "dense", dict(hidden), 0, 1.4),
        ("squash2", "custom", dict(squash), 1, 1.4),
        ("layer3", "dense", dict(hidden), 2, 1.4),
        ("squash3", "custom", dict(squash), 3, 1.4),
        ("layer4", "dense", dict(hidden), 0, 2.8),
        ("squash4", "custom", dict(squash), 1, 2.8),
        ("output", "dense", {"units": 10, "init": "he"}, 2, 2.8),
        ("loss", "softmax_cross_entropy", {}, 3, 2.8),
    ]
    setup = {"dataset": "digits", "optimizer": sgd(0.1), "batch_size": 32}
    return Project(network(layers, in_a_row(layers), **setup))


GRID = 64
"""First weights of `some_digits` are multiples of one over this, and so is the learning rate."""


def some_digits() -> Project:
    """A network in which no sum is ever rounded, on as many digits as can be learned by heart.

    Pixels are multiples of 1/16 and weights of 1/64, and sign descent with a rate of 1/64 keeps
    them so. Then everything up to the sum of squares fits into the 53 bits of a float64, whatever
    the order in which it is added. The first weights know no pixel and no class by its place: those
    of the first layer are all alike, those of the last one are zero.
    """
    full = data.load("digits")
    rows = replace(
        full,
        title="512 handwritten digits",
        summary="The first 512 of the handwritten digits, each a grey picture of 8 by 8 pixels.",
        x=full.x[:512],
        y=full.y[:512],
    )
    units = 30
    drawn = np.random.default_rng(9).standard_normal((units, units)) * np.sqrt(2 / units)
    middle = tuple((np.round(drawn * GRID) / GRID).ravel().tolist())
    layers: list[Layer] = [
        ("input", "input", {}, 0, 0),
        ("first", "dense", {"units": units, "init": "constant", "scale": 1 / 16}, 1, 0),
        ("relu1", "relu", {}, 2, 0),
        ("middle", "dense", {"units": units, "init": "listed", "values": middle}, 0, 1.4),
        ("relu2", "relu", {}, 1, 1.4),
        ("last", "dense", {"units": 10, "init": "zeros"}, 2, 1.4),
        ("loss", "mse", {"reduction": "sum"}, 2, 2.8),
    ]
    setup = {"dataset": own.keep(rows).id, "optimizer": learner("sign", 1 / GRID)}
    return Project(
        network(
            layers, in_a_row(layers), batch_size=16, validation=0.5, precision="float64", **setup
        )
    )


def digits() -> Project:
    """Two hidden layers on the digits."""
    layers: list[Layer] = [
        ("input", "input", {}, 0, 0),
        ("first", "dense", {"units": 32, "init": "he"}, 1, 0),
        ("relu1", "relu", {}, 2, 0),
        ("second", "dense", {"units": 16, "init": "he"}, 0, 1.4),
        ("relu2", "relu", {}, 1, 1.4),
        ("output", "dense", {"units": 10, "init": "xavier"}, 2, 1.4),
        ("loss", "softmax_cross_entropy", {}, 2, 2.8),
    ]
    setup = {"dataset": "digits", "optimizer": learner("adam", 0.005), "batch_size": 32}
    return Project(network(layers, in_a_row(layers), **setup))


def suspect() -> Project:
    """Disc and ring, one hidden layer; each case of the lesson changes something about it."""
    return one_hidden("circles", learner("adam", 0.02))


def loop() -> Project:
    """Two moons again, in two rows, so that there is room for another loss beside."""
    return one_hidden("moons", sgd(0.3))


def spirals() -> Project:
    """Two hidden layers and a shortcut past the second one, for whatever was learned before."""
    return Project(
        network(
            [
                ("input", "input", {}, 0, 0),
                ("first", "dense", {"units": 8, "init": "xavier"}, 1, 0),
                ("tanh", "tanh", {}, 2, 0),
                ("second", "dense", {"units": 8, "init": "he"}, 3, 0),
                ("relu", "relu", {}, 0.2, 1.4),
                ("sum", "add", {}, 1.2, 2.1),
                ("output", "dense", {"units": 2, "init": "xavier"}, 2.2, 2.1),
                ("loss", "softmax_cross_entropy", {}, 3.3, 2.1),
            ],
            ["input > first", "first > tanh", "tanh > second", "second > relu", "tanh > sum",
             "relu > sum.1", "sum > output", "output > loss"],
            dataset="spirals", optimizer=sgd(0.1), batch_size=16, precision="float64",
        )
    )  # fmt: skip


PROJECTS = {
    "01_one_neuron": one_neuron,
    "02_a_model_is_a_chain": chain,
    "03_credit_assignment": weather,
    "04_error_flows_backward": mazur,
    "05_local_information": junctions,
    "06_why_it_is_efficient": race,
    "07_not_the_learning_rule": moons,
    "08_fading_and_bursting": deep_sigmoid,
    "09_no_understanding": some_digits,
    "10_why_it_still_works": digits,
    "11_do_not_blame_backprop": suspect,
    "12_the_learning_loop": loop,
    "13_take_away": spirals,
}
"""What makes each lesson's project, by the lesson's folder."""


def main() -> None:
    for name, make in PROJECTS.items():
        folder = ROOT / "resources" / "lessons" / name
        folder.mkdir(parents=True, exist_ok=True)
        project.save(make(), folder / f"project{project.SUFFIX}")


if __name__ == "__main__":
    main()
