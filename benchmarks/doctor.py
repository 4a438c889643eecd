"""Whether the gradient doctor leaves healthy runs alone, over many seeds.

    python -m benchmarks.doctor                 # 20 seeds of every example and preset
    python -m benchmarks.doctor --seeds 3 digits mlp
    python -m benchmarks.doctor --first 100     # seeds 100 to 119, which no limit was set with

Each example is trained as long as `benchmarks.learning` does, each preset for ten epochs, and the
doctor is asked after every epoch. The deep sigmoid chain is there to be ill, and is left out. The
exit code is 1 when anything was found.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

from backprop_studio import assets, project  # noqa: E402
from backprop_studio.insight.doctor import Finding, consult  # noqa: E402
from backprop_studio.insight.history import History  # noqa: E402
from backprop_studio.network import Network, analyze, edits  # noqa: E402
from backprop_studio.network.presets import PRESETS  # noqa: E402
from backprop_studio.training import Session  # noqa: E402
from benchmarks.learning import GOALS  # noqa: E402

_DATA = {"mazur": "xor_table", "neuron": "sine"}
"""Data of presets that do not fit the digits."""

_ILL = ("deep_sigmoid",)


def healthy() -> Mapping[str, tuple[Network, int]]:
    """Runs that nothing is wrong with: name to network and epochs."""
    runs = {
        goal.example: (
            project.load(assets.path("examples", f"{goal.example}{project.SUFFIX}")).network,
            goal.epochs,
        )
        for goal in GOALS
    }
    for name, preset in PRESETS.items():
        network = preset.make()
        setup = replace(network.setup, dataset=_DATA.get(name, "digits"))
        network = edits.set_setup(network, setup)
        if name not in _ILL and analyze(network).lowered is not None:
            runs[f"preset {name}"] = network, 10
    return runs


def findings(network: Network, epochs: int, seed: int) -> Iterator[tuple[int, Finding]]:
    """What the doctor finds after each epoch."""
    network = replace(network, setup=replace(network.setup, seed=seed))
    session, history = Session(analyze(network).require(), network.setup), History()
    for epoch in range(epochs):
        session.run_epoch()
        assert session.failure is None
        while (report := consult(history, session)).missing:
            pass
        for finding in report.findings:
            yield epoch + 1, finding


def main() -> int:
    """Print what was found of every run."""
    parser = argparse.ArgumentParser(description="Ask the gradient doctor about healthy runs.")
    parser.add_argument("runs", nargs="*", metavar="RUN", help="which ones; all by default")
    parser.add_argument("--seeds", type=int, default=20, metavar="N", help="how many seeds (20)")
    parser.add_argument("--first", type=int, default=1, metavar="SEED", help="the first one (1)")
    arguments = parser.parse_args()
    runs, ill = healthy(), 0
    for name in arguments.runs or runs:
        found: Counter[tuple[str, str | None]] = Counter()
        first: dict[tuple[str, str | None], str] = {}
        for seed in range(arguments.first, arguments.first + arguments.seeds):
            for epoch, finding in findings(*runs[name], seed):
                key = finding.rule.value, finding.node
                found[key] += 1
                first.setdefault(key, f"seed {seed}, epoch {epoch}: {dict(finding.numbers)}")
        ill += len(found)
        print(f"{name:<22}{'healthy' if not found else ''}", flush=True)
        for key, count in found.items():
            print(f"    {key[0]} at {key[1]}: {count} times; {first[key]}", flush=True)
    return 1 if ill else 0


if __name__ == "__main__":
    raise SystemExit(main())
