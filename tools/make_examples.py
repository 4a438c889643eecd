"""Makes the projects under resources/examples. Run it again after a change of the format.

python tools/make_examples.py
"""

import sys
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from backprop_studio import data, project  # noqa: E402
from backprop_studio.network import Network, Node, TrainingSetup, Wire  # noqa: E402
from backprop_studio.nn import nodes, optimizers  # noqa: E402

SPACING = 190.0
"""From one node of a row to the next, in scene units: room for a shape on each wire."""

WIDER = 30.0
"""How much further the loss stands, whose card is wider."""


ROW_HEIGHT = 150.0
"""From one row of nodes to the next."""

Layers = list[tuple[str, str, dict[str, object]]]
"""Name, type and settings of each layer, one after the other."""


def chain(*rows: Layers, dataset: str, rate: float, batch: int = 32) -> Network:
    """Layers one after the other, in rows from left to right, trained with Adam."""
    placed = [
        Node(
            name,
            name,
            nodes()[kind].from_config(config),
            column * SPACING + (name == "loss") * WIDER,
            row * ROW_HEIGHT,
        )
        for row, layers in enumerate(rows)
        for column, (name, kind, config) in enumerate(layers)
    ]
    adam = optimizers()["adam"].from_config({"learning_rate": rate})
    return Network(
        nodes=tuple(placed),
        wires=tuple(Wire(a.name, b.name) for a, b in pairwise(placed)),
        setup=TrainingSetup(dataset=dataset, optimizer=adam, batch_size=batch),
    )


def perceptron(*hidden: int, activation: str = "relu", classes: int = 2) -> Layers:
    """Input, hidden layers of so many units, an output for each class, and the loss."""
    init = "he" if activation == "relu" else "xavier"
    layers: Layers = [("input", "input", {})]
    for place, units in enumerate(hidden, 1):
        number = "" if len(hidden) == 1 else str(place)
        layers += [
            (f"hidden{number}", "dense", {"units": units, "init": init}),
            (f"{activation}{number}", activation, {}),
        ]
    return [
        *layers,
        ("output", "dense", {"units": classes, "init": init}),
        ("loss", "softmax_cross_entropy", {}),
    ]


def digits() -> Network:
    """Handwritten digits: one hidden layer."""
    return chain(perceptron(64, classes=10), dataset="digits", rate=0.003)


def digits_cnn() -> Network:
    """Handwritten digits: two convolutions look for strokes, wherever they are."""
    return chain(
        [
            ("input", "input", {"shape": "image"}),
            ("conv1", "conv2d", {"channels": 16}),
            ("relu1", "relu", {}),
            ("pool1", "max_pool2d", {}),
        ],
        [
            ("conv2", "conv2d", {"channels": 32}),
            ("relu2", "relu", {}),
            ("pool2", "max_pool2d", {}),
        ],
        [
            ("flatten", "flatten", {}),
            ("output", "dense", {"units": 10}),
            ("loss", "softmax_cross_entropy", {}),
        ],
        dataset="digits",
        rate=0.003,
    )


def circles() -> Network:
    """A disc in a ring: one hidden layer closes the curve."""
    return chain(perceptron(16), dataset="circles", rate=0.02, batch=16)


def moons() -> Network:
    """Two moons: one hidden layer bends the line."""
    return chain(perceptron(16), dataset="moons", rate=0.02, batch=16)


def spirals() -> Network:
    """Two spirals: a second hidden layer to wind with."""
    layers = perceptron(32, 32)
    return chain(layers[:3], layers[3:], dataset="spirals", rate=0.01)


def xor() -> Network:
    """Four clouds: four hidden units are enough."""
    return chain(perceptron(4, activation="tanh"), dataset="xor", rate=0.02, batch=16)


def xor_table() -> Network:
    """The truth table: small enough to follow every number by hand."""
    return chain(perceptron(4, activation="tanh"), dataset="xor_table", rate=0.05, batch=8)


def story() -> Network:
    """A story: tokens become vectors, and two layers guess the next character."""
    vocabulary = data.info("story").vocabulary
    return chain(
        [
            ("input", "input", {}),
            ("embedding", "embedding", {"vocabulary": vocabulary, "width": 8}),
            ("flatten", "flatten", {}),
        ],
        [
            ("hidden", "dense", {"units": 64}),
            ("relu", "relu", {}),
            ("output", "dense", {"units": vocabulary}),
            ("loss", "softmax_cross_entropy", {}),
        ],
        dataset="story",
        rate=0.003,
    )


EXAMPLES = {
    make.__name__: make
    for make in (digits, digits_cnn, circles, moons, spirals, story, xor, xor_table)
}


def main() -> None:
    folder = ROOT / "resources" / "examples"
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in EXAMPLES.items():
        project.save(project.Project(make()), folder / f"{name}{project.SUFFIX}")


if __name__ == "__main__":
    main()
