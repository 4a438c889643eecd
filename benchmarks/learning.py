"""How well the example projects learn, over many seeds.

    python -m benchmarks.learning                 # 20 seeds of every example
    python -m benchmarks.learning --seeds 5 spirals

A seed fixes the first weights, which rows are held out, and their order. Trained is as by
`backprop-studio train`; the figures are the accuracy on held-out rows after the stated epochs. They
depend on no clock; only the last digits of a sum, and so rarely one row, may differ from one
machine to the next.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

from backprop_studio import assets, project  # noqa: E402
from backprop_studio.network import analyze  # noqa: E402
from backprop_studio.training import Session  # noqa: E402


@dataclass(frozen=True)
class Goal:
    """What an example project has to reach.

    Attributes
    ----------
    example
        Name of a project in `resources/examples`.
    epochs
        How long it is trained.
    median, worst
        Held-out accuracy that the median of the seeds, and every seed, must reach.
    """

    example: str
    epochs: int
    median: float
    worst: float


GOALS = (
    Goal("digits", 40, 0.97, 0.95),
    Goal("digits_cnn", 30, 0.98, 0.965),
    Goal("moons", 30, 0.99, 0.97),
    Goal("circles", 30, 0.99, 0.98),
    Goal("spirals", 40, 0.99, 0.98),
    # Guessing "space" always is right for one character in five.
    Goal("story", 10, 0.28, 0.24),
    Goal("xor", 20, 0.99, 0.98),
    Goal("xor_table", 40, 1.0, 1.0),
)


def accuracy(goal: Goal, seed: int) -> float:
    """Share of the held-out rows that the example gets right after its epochs."""
    network = project.load(assets.path("examples", f"{goal.example}{project.SUFFIX}")).network
    network = replace(network, setup=replace(network.setup, seed=seed))
    session = Session(analyze(network).require(), network.setup)
    for _ in range(goal.epochs):
        session.run_epoch()
        assert session.failure is None
    reached = session.evaluate().accuracy
    assert reached is not None
    return reached


def sweep(goal: Goal, seeds: Iterable[int]) -> list[float]:
    """The accuracy with each seed."""
    return [accuracy(goal, seed) for seed in seeds]


def missed(goal: Goal, reached: Sequence[float]) -> list[str]:
    """What was not reached, in words."""
    found = []
    if median(reached) < goal.median:
        found.append(f"{goal.example}: the median is {median(reached):.4f}, not {goal.median}")
    if min(reached) < goal.worst:
        found.append(f"{goal.example}: the worst is {min(reached):.4f}, not {goal.worst}")
    return found


def main() -> int:
    """Print a table; the exit code is 1 when a goal was missed."""
    parser = argparse.ArgumentParser(description="Measure how well the example projects learn.")
    parser.add_argument("examples", nargs="*", metavar="EXAMPLE", help="which ones; all by default")
    parser.add_argument("--seeds", type=int, default=20, metavar="N", help="seeds 1 to N (20)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the accuracies")
    arguments = parser.parse_args()
    known = {goal.example: goal for goal in GOALS}
    if unknown := [name for name in arguments.examples if name not in known]:
        parser.error(f"there is no example {unknown[0]}; known: {', '.join(known)}")
    chosen = [known[name] for name in arguments.examples] or list(GOALS)
    figures: dict[str, list[float]] = {}
    problems: list[str] = []
    print(f"{'example':<12}{'epochs':>7}{'median':>9}{'worst':>9}{'best':>9}")
    for goal in chosen:
        reached = figures[goal.example] = sweep(goal, range(1, arguments.seeds + 1))
        problems += missed(goal, reached)
        numbers = "".join(f"{x:>9.4f}" for x in (median(reached), min(reached), max(reached)))
        print(f"{goal.example:<12}{goal.epochs:>7}{numbers}", flush=True)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    for problem in problems:
        print(f"missed: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
