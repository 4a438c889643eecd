"""Makes `fixtures/recurrent.npz`: what PyTorch computes for recurrent layers and embeddings.

Needs PyTorch 2, which the studio does not. From the checkout:

    python -m tests.golden.make_recurrent_fixtures

All in float64. For each case: the output `y`, and the gradients of Σ y² by input and parameters.
For each training: the losses and the last parameters of 50 steps. First numbers are made anew by
`start` and `start_training`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tests.golden.make_fixtures import Array, Settings, charged, pytorch_optimizer

PATH = Path(__file__).parent / "fixtures" / "recurrent.npz"
STEPS, FEATURES, UNITS, ROWS = 6, 3, 4, 5
GATES = {"simple_rnn": 1, "lstm": 4, "gru": 3}
ITERATIONS, BATCHES, CLASSES = 50, 4, 3


@dataclass(frozen=True)
class Case:
    """A layer with settings."""

    layer: str
    config: dict[str, object] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Key in the fixture."""
        return "_".join([self.layer, *(str(v) for v in self.config.values())])


SETTINGS: tuple[dict[str, object], ...] = (
    {"returns": "last"},
    {"returns": "sequence"},
    {"returns": "sequence", "bias": False},
)

CASES = (
    *(Case(layer, settings) for layer in GATES for settings in SETTINGS),
    Case("simple_rnn", {"returns": "last", "activation": "relu"}),
    Case("simple_rnn", {"returns": "sequence", "activation": "relu"}),
    Case("embedding"),
)

TRAININGS = (("lstm", "sgd", 0.5), ("lstm", "adam", 0.02), ("gru", "adam", 0.02))
"""Layer, optimizer and learning rate: the layer, then Dense, then softmax cross-entropy."""


def parameters(rng: np.random.Generator, layer: str, bias: bool = True) -> dict[str, Array]:
    """Weights as our layer has them."""
    wide = GATES[layer] * UNITS
    found = {
        "weight": rng.standard_normal((FEATURES, wide)),
        "recurrent_weight": rng.standard_normal((UNITS, wide)) / 2,
    }
    if bias:
        found["bias"] = rng.standard_normal(wide)
        if layer == "gru":
            found["hidden_bias"] = rng.standard_normal(UNITS)
    return found


def start(case: Case) -> dict[str, Array]:
    """Input `x` and parameters of a case; tokens repeat."""
    rng = np.random.default_rng([ord(c) for c in case.name])
    if case.layer == "embedding":
        x = rng.integers(0, 5, (ROWS, STEPS))
        return {"x": x, "weight": rng.standard_normal((9, UNITS))}
    x = rng.standard_normal((ROWS, STEPS, FEATURES))
    return {"x": x, **parameters(rng, case.layer, bool(case.config.get("bias", True)))}


def start_training(layer: str, optimizer: str) -> dict[str, Array]:
    """Parameters of layer and Dense, inputs and classes of each batch."""
    rng = np.random.default_rng([ord(c) for c in layer + optimizer])
    x = rng.standard_normal((BATCHES, ROWS, STEPS, FEATURES))
    return {
        **{f"layer/{k}": v / 2 for k, v in parameters(rng, layer).items()},
        "dense/weight": rng.standard_normal((UNITS, CLASSES)),
        "dense/bias": np.zeros(CLASSES),
        "x": x,
        "y": np.argmax(x[..., :CLASSES].sum(axis=2), axis=2),
    }


def module(layer: str, given: dict[str, Array], activation: str = "tanh") -> Any:
    """PyTorch's layer with these parameters.

    It has two biases for each gate, of which it adds the sum; one of them is held at zero here,
    save that of the GRU's candidate.
    """
    import torch

    kind = {"simple_rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}[layer]
    more = {"nonlinearity": activation} if layer == "simple_rnn" else {}
    bias = "bias" in given
    net = getattr(torch.nn, kind)(
        FEATURES, UNITS, bias=bias, batch_first=True, dtype=torch.float64, **more
    )
    with torch.no_grad():
        net.weight_ih_l0.copy_(torch.from_numpy(given["weight"].T))
        net.weight_hh_l0.copy_(torch.from_numpy(given["recurrent_weight"].T))
        if bias:
            net.bias_ih_l0.copy_(torch.from_numpy(given["bias"]))
            net.bias_hh_l0.zero_()
            if layer == "gru":
                net.bias_hh_l0[2 * UNITS :] = torch.from_numpy(given["hidden_bias"])
                mask = torch.zeros(3 * UNITS, dtype=torch.float64)
                mask[2 * UNITS :] = 1
                net.bias_hh_l0.register_hook(lambda g: g * mask)
            else:
                net.bias_hh_l0.requires_grad_(False)
    return net


def ours(layer: str, net: Any, *, gradient: bool) -> dict[str, Array]:
    """Parameters of PyTorch's layer, or their gradients, as our layer has them."""
    found = {
        name: (p.grad if gradient else p.detach()).numpy()
        for name, p in net.named_parameters()
        if p.requires_grad
    }
    names = {"weight": "weight_ih_l0", "recurrent_weight": "weight_hh_l0", "bias": "bias_ih_l0"}
    kept = {k: found[v].T.copy() for k, v in names.items() if v in found}
    if layer == "gru" and "bias" in kept:
        kept["hidden_bias"] = found["bias_hh_l0"][2 * UNITS :].copy()
    return kept


def with_pytorch(case: Case) -> dict[str, Array]:
    """Output, and gradients of Σ y² by everything that has one."""
    import torch

    given = start(case)
    if case.layer == "embedding":
        table = torch.tensor(given["weight"], requires_grad=True)
        y = torch.nn.functional.embedding(torch.from_numpy(given["x"]), table)
        (y**2).sum().backward()
        return {"y": y.detach().numpy(), "dweight": table.grad.numpy()}
    net = module(case.layer, given, str(case.config.get("activation", "tanh")))
    x = torch.tensor(given["x"], requires_grad=True)
    y, _ = net(x)
    y = y[:, -1] if case.config["returns"] == "last" else y
    (y**2).sum().backward()
    gradients = ours(case.layer, net, gradient=True)
    return {
        "y": y.detach().numpy(),
        "dx": x.grad.numpy(),
        **{f"d{k}": v for k, v in gradients.items()},
    }


def train_with_pytorch(
    layer: str,
    optimizer: str,
    rate: float,
    settings: Settings = (),
    *,
    l1: float = 0.0,
    l2: float = 0.0,
) -> dict[str, Array]:
    """`losses` (50,) and the last parameters."""
    import torch

    given = start_training(layer, optimizer)
    net = module(layer, {k.removeprefix("layer/"): v for k, v in given.items()})
    dense = torch.nn.Linear(UNITS, CLASSES, dtype=torch.float64)
    dense.weight.data = torch.from_numpy(given["dense/weight"].T.copy())
    dense.bias.data = torch.from_numpy(given["dense/bias"].copy())
    trained = [p for p in (*net.parameters(), *dense.parameters()) if p.requires_grad]
    stepper = pytorch_optimizer(optimizer, trained, rate, settings)
    weights = (net.weight_ih_l0, net.weight_hh_l0, dense.weight)
    losses = []
    for step in range(ITERATIONS):
        x, y = (torch.from_numpy(given[k][step % BATCHES]) for k in "xy")
        stepper.zero_grad()
        loss = torch.nn.functional.cross_entropy(dense(net(x)[0][:, -1]), y)
        loss = charged(loss, weights, l1=l1, l2=l2)
        loss.backward()
        stepper.step()
        losses.append(loss.item())
    return {
        "losses": np.array(losses),
        **{f"layer/{k}": v for k, v in ours(layer, net, gradient=False).items()},
        "dense/weight": dense.weight.detach().numpy().T.copy(),
        "dense/bias": dense.bias.detach().numpy().copy(),
    }


def everything() -> dict[str, Array]:
    """What the fixture holds."""
    found = {f"{c.name}.{k}": v for c in CASES for k, v in with_pytorch(c).items()}
    for layer, optimizer, rate in TRAININGS:
        result = train_with_pytorch(layer, optimizer, rate)
        found |= {f"{layer}_{optimizer}.{k}": v for k, v in result.items()}
    return found


def main() -> None:
    """Write the fixture."""
    np.savez_compressed(PATH, **everything())  # type: ignore[arg-type]
    print(f"{PATH.name}: {PATH.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
