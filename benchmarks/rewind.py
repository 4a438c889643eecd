"""How long it takes to reach earlier moments of a run: `python -m benchmarks.rewind`.

A digits network of 64-32-10 trains for 10,000 iterations with a journal of 64 MB. Then moments all
over the run are gone to, as by dragging on the timeline. The promise is at most 300 ms for each;
neighbouring moments, as a drag asks for them, come at 15 a second or more.
"""

from __future__ import annotations

import sys
import time
from itertools import pairwise

import numpy as np

from backprop_studio import nn
from backprop_studio.autograd import Array
from backprop_studio.network import Network, TrainingSetup, analyze, edits
from backprop_studio.training import Boundary, Session

ITERATIONS = 10_000


def network() -> Network:
    """The digits network that moments are looked for in."""
    chain: list[tuple[str, dict[str, object]]] = [
        ("input", {}),
        ("dense", {"units": 32}),
        ("relu", {}),
        ("dense", {"units": 10}),
        ("softmax_cross_entropy", {}),
    ]
    net = Network(setup=TrainingSetup(dataset="digits"))
    ids = []
    for name, config in chain:
        net, node_id = edits.add_node(net, nn.nodes()[name].from_config(config), 0.0, 0.0)
        ids.append(node_id)
    for source, target in pairwise(ids):
        net = edits.connect(net, source, target)
    return net


def measure(session: Session, moments: list[int]) -> Array:
    """Milliseconds that it takes to go to each of the moments, one after the other."""
    took = []
    for completed in moments:
        began = time.perf_counter()
        session.seek(completed)
        took.append(time.perf_counter() - began)
    return np.array(took) * 1000


def main() -> int:
    net = network()
    session = Session(analyze(net).require(), net.setup)
    while session.completed < ITERATIONS:
        session.step(Boundary.BATCH)
    rng = np.random.default_rng(1)
    far = measure(session, rng.integers(0, ITERATIONS, 200).tolist())
    near = measure(session, list(range(ITERATIONS, ITERATIONS - 200, -1)))
    drag = measure(session, np.linspace(ITERATIONS, 0, 120).astype(int).tolist())
    print(
        f"journal {session.journal.nbytes / 2**20:.1f} MB of {session.journal.budget / 2**20:.0f}"
    )
    for name, took in (
        ("anywhere", far),
        ("one back, 200 times", near),
        ("drag to the start", drag),
    ):
        middle, high = np.median(took), np.percentile(took, 95)
        print(
            f"{name:20s} median {middle:6.1f} ms   p95 {high:6.1f} ms   most {took.max():6.1f} ms"
        )
    return int(far.max() > 300)


if __name__ == "__main__":
    sys.exit(main())
