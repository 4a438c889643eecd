"""Makes `fixtures/windows.npz`: what PyTorch computes for convolutions and poolings, and back.

Needs PyTorch 2, which the studio does not. From the checkout:

    python -m tests.golden.make_window_fixtures
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

PATH = Path(__file__).parent / "fixtures" / "windows.npz"

CASES: dict[str, dict[str, int]] = {
    "conv2d": {"channels": 6, "kernel": 3, "stride": 2, "padding": 2, "dilation": 2, "groups": 2},
    "conv1d": {"channels": 4, "kernel": 2, "stride": 1, "padding": 1, "dilation": 3, "groups": 1},
    "max_pool2d": {"kernel": 3, "stride": 2, "padding": 1},
    "max_pool1d": {"kernel": 2, "stride": 3, "padding": 0},
    "avg_pool2d": {"kernel": 3, "stride": 2, "padding": 1},
    "avg_pool1d": {"kernel": 3, "stride": 1, "padding": 1},
}
"""Settings of the layer with this id."""


def start(name: str) -> dict[str, Any]:
    """Input with ties, weights and bias."""
    rng = np.random.default_rng([ord(c) for c in name])
    size = (7, 9)[: 2 if "2d" in name else 1]
    found = {"x": rng.integers(-2, 3, (3, 4, *size)).astype(float)}
    if "conv" in name:
        c = CASES[name]
        kernel = (c["kernel"],) * len(size)
        found["weight"] = rng.standard_normal((c["channels"], 4 // c["groups"], *kernel))
        found["bias"] = rng.standard_normal(c["channels"])
    return found


def main() -> None:
    """Write results `y` and gradients of Σ y², `dx`, `dweight`, `dbias`, of every case."""
    import torch

    kept = {}
    for name, c in CASES.items():
        given = {k: torch.tensor(v, requires_grad=True) for k, v in start(name).items()}
        more = {k: c[k] for k in ("dilation", "groups") if k in c}
        parts = [c["kernel"]] if "pool" in name else [given["weight"], given["bias"]]
        function = getattr(torch.nn.functional, name)
        y = function(given["x"], *parts, stride=c["stride"], padding=c["padding"], **more)
        (y**2).sum().backward()
        kept[f"{name}.y"] = y.detach().numpy()
        kept |= {f"{name}.d{k}": v.grad.numpy() for k, v in given.items()}
    np.savez_compressed(PATH, **kept)


if __name__ == "__main__":
    main()
