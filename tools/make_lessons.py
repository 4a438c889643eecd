"""Makes the projects under resources/lessons. Run it again after a change of the format.

python tools/make_lessons.py
"""

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from backprop_studio import project  # noqa: E402
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


def sgd(rate: float) -> object:
    """Plain descent with this learning rate."""
    return optimizers()["sgd"].from_config({"learning_rate": rate})


def adam(rate: float) -> object:
    """Adam with this learning rate."""
    return optimizers()["adam"].from_config({"learning_rate": rate})


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


def moons() -> Project:
    """Two moons, one smooth hidden layer, plain descent."""
    return Project(
        network(
            [
                ("input", "input", {}, 0, 0),
                ("hidden", "dense", {"units": 8, "init": "xavier"}, 1, 0),
                ("tanh", "tanh", {}, 2, 0),
                ("output", "dense", {"units": 2, "init": "xavier"}, 3, 0),
                ("loss", "softmax_cross_entropy", {}, 4.1, 0),
            ],
            ["input > hidden", "hidden > tanh", "tanh > output", "output > loss"],
            dataset="moons", optimizer=sgd(0.3), batch_size=16, precision="float64",
        )
    )  # fmt: skip


def suspect() -> Project:
    """Disc and ring, one hidden layer; each case of the lesson changes something about it."""
    return Project(
        network(
            [
                ("input", "input", {}, 0, 0),
                ("hidden", "dense", {"units": 8, "init": "xavier"}, 1, 0),
                ("tanh", "tanh", {}, 2, 0),
                ("output", "dense", {"units": 2, "init": "xavier"}, 0.5, 1.4),
                ("loss", "softmax_cross_entropy", {}, 1.5, 1.4),
            ],
            ["input > hidden", "hidden > tanh", "tanh > output", "output > loss"],
            dataset="circles", optimizer=adam(0.02), batch_size=16, precision="float64",
        )
    )  # fmt: skip


def loop() -> Project:
    """Two moons again, in two rows, so that there is room for another loss beside."""
    return Project(
        network(
            [
                ("input", "input", {}, 0, 0),
                ("hidden", "dense", {"units": 8, "init": "xavier"}, 1, 0),
                ("tanh", "tanh", {}, 2, 0),
                ("output", "dense", {"units": 2, "init": "xavier"}, 0.5, 1.4),
                ("loss", "softmax_cross_entropy", {}, 1.5, 1.4),
            ],
            ["input > hidden", "hidden > tanh", "tanh > output", "output > loss"],
            dataset="moons", optimizer=sgd(0.3), batch_size=16, precision="float64",
        )
    )  # fmt: skip


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
    "04_error_flows_backward": mazur,
    "07_not_the_learning_rule": moons,
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
