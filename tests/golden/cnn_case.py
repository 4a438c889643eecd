"""A small convolutional network, trained for 50 steps by PyTorch: fixture and reference.

Needs PyTorch 2 to make the fixture, which the studio does not. From the checkout:

    python -m tests.golden.cnn_case

Convolution, ReLU, max pooling, a convolution with stride, average pooling that counts its padding,
Flatten and Dense, under softmax cross-entropy and plain gradient descent, all in float64. With
penalties, and by every other optimizer: see `make_trajectory_fixtures.py`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.golden.make_fixtures import Array, Settings, charged, pytorch_optimizer

PATH = Path(__file__).parent / "fixtures" / "pytorch_cnn.npz"
STEPS = 50
BATCHES = 5
BATCH = 8
RATE = 0.2
CLASSES = 4
SIDE = 10

LAYERS: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("conv1", "conv2d", {"channels": 4, "kernel": 3, "padding": 1}),
    ("relu", "relu", {}),
    ("max", "max_pool2d", {"kernel": 2, "stride": 2}),
    ("conv2", "conv2d", {"channels": 6, "kernel": 3, "stride": 2, "padding": 1, "groups": 2}),
    ("avg", "avg_pool2d", {"kernel": 2, "stride": 1, "padding": 1}),
    ("flatten", "flatten", {}),
    ("dense", "dense", {"units": CLASSES}),
)
"""Name, type and settings, by our names, of each layer."""

SHAPES: dict[str, tuple[int, ...]] = {
    "conv1/weight": (4, 1, 3, 3),
    "conv1/bias": (4,),
    "conv2/weight": (6, 2, 3, 3),
    "conv2/bias": (6,),
    "dense/weight": (6 * 4 * 4, CLASSES),
    "dense/bias": (CLASSES,),
}


def start() -> dict[str, Array]:
    """First weights, and pictures `x` and classes `y` of each batch."""
    rng = np.random.default_rng(20)
    found: dict[str, Array] = {}
    for name, shape in SHAPES.items():
        fan_in = shape[0] if name.startswith("dense") else int(np.prod(shape[1:]))
        scale = 0.1 if name.endswith("bias") else (2.0 / fan_in) ** 0.5
        found[name] = scale * rng.standard_normal(shape)
    found["y"] = rng.integers(0, CLASSES, (BATCHES, BATCH))
    # A bright quarter says which class it is; the rest is noise, in sixteenths to compress well.
    x = rng.integers(0, 9, (BATCHES, BATCH, 1, SIDE, SIDE)) / 16
    half = SIDE // 2
    for index, label in np.ndenumerate(found["y"]):
        row, column = half * (label // 2), half * (label % 2)
        x[index][0, row : row + half, column : column + half] += 0.75
    found["x"] = x
    return found


def train_with_pytorch(
    given: dict[str, Array],
    optimizer: str = "sgd",
    rate: float = RATE,
    settings: Settings = (),
    *,
    l1: float = 0.0,
    l2: float = 0.0,
) -> dict[str, Array]:
    """Losses of the steps, and last weights by the names of the first ones, by PyTorch."""
    import torch
    from torch.nn import functional

    torch.set_num_threads(1)
    w = {n: torch.from_numpy(given[n].copy()).requires_grad_() for n in SHAPES}
    stepper = pytorch_optimizer(optimizer, w.values(), rate, settings)
    weights = [p for name, p in w.items() if name.endswith("/weight")]
    losses = []
    for step in range(STEPS):
        h = torch.from_numpy(given["x"][step % BATCHES])
        h = functional.conv2d(h, w["conv1/weight"], w["conv1/bias"], padding=1)
        h = functional.max_pool2d(functional.relu(h), 2)
        h = functional.conv2d(h, w["conv2/weight"], w["conv2/bias"], 2, 1, groups=2)
        h = functional.avg_pool2d(h, 2, stride=1, padding=1)
        scores = torch.flatten(h, 1) @ w["dense/weight"] + w["dense/bias"]
        loss = functional.cross_entropy(scores, torch.from_numpy(given["y"][step % BATCHES]))
        loss = charged(loss, weights, l1=l1, l2=l2)
        stepper.zero_grad()
        loss.backward()
        stepper.step()
        losses.append(loss.item())
    last = {f"last_{name}": p.detach().numpy() for name, p in w.items()}
    return {"losses": np.array(losses), **last}


def main() -> None:
    """Write the fixture."""
    given = start()
    np.savez_compressed(PATH, **given, **train_with_pytorch(given))  # type: ignore[arg-type]
    print(f"{PATH.name}: {PATH.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
