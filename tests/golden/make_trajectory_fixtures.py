"""Makes the fixtures of `test_trajectories_against_pytorch.py`: a CNN and an LSTM, 50 steps each.

Needs PyTorch 2, which the studio does not. From the checkout:

    python -m tests.golden.make_trajectory_fixtures

The networks are those of `cnn_case.py` and `make_recurrent_fixtures.py`, here trained by every
optimizer that follows gradients, with penalties on the weights. A fixture holds losses and last
parameters; first parameters and batches are made anew by `start`. What dense layers do is in the
fixtures of `make_fixtures.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.golden import cnn_case
from tests.golden import make_recurrent_fixtures as recurrent_case
from tests.golden.make_fixtures import Array, Settings

FOLDER = Path(__file__).parent / "fixtures" / "trajectories"
L1, L2 = 0.003, 0.02
NETWORKS = ("cnn", "lstm")


@dataclass(frozen=True)
class Case:
    """A network and the optimizer that trains it."""

    network: str
    optimizer: str
    rate: float
    settings: Settings = ()
    """More settings of the optimizer, by our names."""

    @property
    def name(self) -> str:
        """For people, and before the keys in the fixture."""
        return f"{self.network}_{self.optimizer}"

    @property
    def path(self) -> Path:
        """The fixture, one for each network."""
        return FOLDER / f"{self.network}.npz"


CASES = (
    Case("cnn", "sgd", 0.2),
    Case("cnn", "momentum", 0.05, (("momentum", 0.7),)),
    Case("cnn", "nesterov", 0.05, (("momentum", 0.7),)),
    Case("cnn", "adagrad", 0.05),
    Case("cnn", "rmsprop", 0.01, (("alpha", 0.9), ("momentum", 0.5))),
    Case("cnn", "adam", 0.02),
    Case("cnn", "adamw", 0.02, (("weight_decay", 0.1),)),
    Case("cnn", "sign", 0.01),
    Case("lstm", "sgd", 0.5),
    Case("lstm", "momentum", 0.2, (("momentum", 0.7),)),
    Case("lstm", "nesterov", 0.2, (("momentum", 0.7),)),
    Case("lstm", "adagrad", 0.1),
    Case("lstm", "rmsprop", 0.01, (("alpha", 0.9), ("momentum", 0.5))),
    Case("lstm", "adam", 0.02),
    Case("lstm", "adamw", 0.02, (("weight_decay", 0.1),)),
    Case("lstm", "sign", 0.01),
)


def start(case: Case) -> dict[str, Array]:
    """First parameters by node and name, and `x` and `y` of each batch."""
    if case.network == "cnn":
        return cnn_case.start()
    return recurrent_case.start_training(case.network, case.optimizer)


def train_with_pytorch(case: Case) -> dict[str, Array]:
    """`losses` (50,) and the last parameters by node and name."""
    given = (case.optimizer, case.rate, case.settings)
    if case.network == "cnn":
        found = cnn_case.train_with_pytorch(start(case), *given, l1=L1, l2=L2)
        return {name.removeprefix("last_"): array for name, array in found.items()}
    return recurrent_case.train_with_pytorch(case.network, *given, l1=L1, l2=L2)


def main() -> None:
    """Write every fixture."""
    FOLDER.mkdir(exist_ok=True)
    for network in NETWORKS:
        cases = [case for case in CASES if case.network == network]
        found = {f"{c.name}.{k}": v for c in cases for k, v in train_with_pytorch(c).items()}
        path = cases[0].path
        np.savez_compressed(path, **found)  # type: ignore[arg-type]
        print(f"{path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
