"""The networks that this engine and PyTorch both train for 50 steps, on the side of this engine."""

from __future__ import annotations

import numpy as np

from backprop_studio.autograd import BATCH, Array, Builder, Machine, Program, Storage, Value
from backprop_studio.network.lowering import penalize
from backprop_studio.nn import OptimizerSpec, layers, losses, optimizers, training_step
from tests.golden import cnn_case
from tests.golden import make_recurrent_fixtures as recurrent_case
from tests.golden.make_fixtures import STEPS
from tests.programs import perceptron


def optimizers_with_gradients() -> set[str]:
    """Ids of all optimizers but those that never ask for a gradient."""
    return {i for i, o in optimizers().items() if perceptron(2, 1, optimizer=o()).gradients}


def cnn(optimizer: OptimizerSpec, *, l1: float = 0.0, l2: float = 0.0) -> Program:
    """A training step of the network of `cnn_case.train_with_pytorch`."""
    b = Builder()
    h = b.input("x", (BATCH, 1, cnn_case.SIDE, cnn_case.SIDE))
    for name, kind, config in cnn_case.LAYERS:
        h = layers()[kind].from_config(config).add(b, h, node=name)
    return _classify(b, h, optimizer, l1=l1, l2=l2)


def recurrent(layer: str, optimizer: OptimizerSpec, *, l1: float = 0.0, l2: float = 0.0) -> Program:
    """A training step of the network of `make_recurrent_fixtures.train_with_pytorch`."""
    b = Builder()
    x = b.input("x", (BATCH, recurrent_case.STEPS, recurrent_case.FEATURES))
    h = layers()[layer].from_config({"units": recurrent_case.UNITS}).add(b, x, node="layer")
    dense = layers()["dense"].from_config({"units": recurrent_case.CLASSES})
    return _classify(b, dense.add(b, h, node="dense"), optimizer, l1=l1, l2=l2)


def _classify(
    b: Builder, scores: Value, optimizer: OptimizerSpec, *, l1: float, l2: float
) -> Program:
    """The training step that ends with softmax cross-entropy of these scores, and penalties."""
    loss = losses()["softmax_cross_entropy"]().add(b, scores, b.input("y", (BATCH,), "int"))
    return training_step(b, penalize(b, loss, b.parameters, l1=l1, l2=l2), optimizer)


def train(program: Program, given: dict[str, Array], *, prefix: str = "") -> dict[str, Array]:
    """What the `train_with_pytorch` of a network gives, by this engine in float64.

    Parameters
    ----------
    program
        A training step.
    given
        First parameters by node and name, such as `dense/weight`; and `x` and `y` of each batch,
        of shape (batches, rows, …), which come again in the same order.
    prefix
        Goes before the names of the last parameters.

    Returns
    -------
    dict
        `losses` of shape (50,), and the last parameters.
    """
    storage = Storage(program, np.float64)
    for p in program.parameters:
        storage.view(p)[...] = given["/".join(p.key)]
    batches, rows = given["y"].shape
    machine = Machine(program, storage, batch=rows)
    found = [
        machine.step(x=given["x"][step % batches], y=given["y"][step % batches])
        for step in range(STEPS)
    ]
    last = {f"{prefix}{'/'.join(p.key)}": storage.view(p).copy() for p in program.parameters}
    return {"losses": np.array(found), **last}
