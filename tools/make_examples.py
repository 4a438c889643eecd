"""Makes the projects under resources/examples. Run it again after a change of the format.

python tools/make_examples.py
"""

import sys
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from backprop_studio import project  # noqa: E402
from backprop_studio.network import Network, Node, TrainingSetup, Wire  # noqa: E402
from backprop_studio.nn import nodes, optimizers  # noqa: E402

SPACING = 190.0
"""From one node of a row to the next, in scene units: room for a shape on each wire."""

WIDER = 30.0
"""How much further the loss stands, whose card is wider."""


def digits() -> Network:
    """Handwritten digits: one hidden layer."""
    kinds = nodes()
    layers = [
        ("input", kinds["input"]()),
        ("hidden", kinds["dense"].from_config({"units": 64, "init": "he"})),
        ("relu", kinds["relu"]()),
        ("output", kinds["dense"].from_config({"units": 10, "init": "he"})),
        ("loss", kinds["softmax_cross_entropy"]()),
    ]
    names = [name for name, _ in layers]
    adam = optimizers()["adam"].from_config({"learning_rate": 0.003})
    return Network(
        nodes=tuple(
            Node(name, name, spec, i * SPACING + (name == "loss") * WIDER, 0.0)
            for i, (name, spec) in enumerate(layers)
        ),
        wires=tuple(Wire(a, b) for a, b in pairwise(names)),
        setup=TrainingSetup(dataset="digits", optimizer=adam, batch_size=32),
    )


EXAMPLES = {"digits": digits}


def main() -> None:
    folder = ROOT / "resources" / "examples"
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in EXAMPLES.items():
        project.save(project.Project(make()), folder / f"{name}{project.SUFFIX}")


if __name__ == "__main__":
    main()
