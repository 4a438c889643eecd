"""Makes the fixture of `test_layers_against_pytorch.py`: values and gradients of single layers.

Needs PyTorch 2, which the studio does not. From the checkout:

    python -m tests.golden.make_layer_fixtures

For each case the fixture holds what PyTorch gives in float64 for the same inputs: the output, and
the gradients of Σ output · c by the inputs. Inputs and c are made anew by `inputs_of`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

PATH = Path(__file__).parent / "fixtures" / "pytorch_layers.npz"
SEED = 7
GRID = np.concatenate(
    [
        np.linspace(-9, 9, 145),
        [-1e4, -710.0, -100.0, -40.0, -20.5, -1e-3, -1e-8, -0.0, 0.0],
        [1e-8, 1e-3, 19.5, 20.5, 40.0, 100.0, 710.0, 1e4],
    ]
).reshape(-1, 9)
"""Where the activations are compared, kinks and far out included."""


@dataclass(frozen=True)
class Case:
    """A layer of ours with settings, and the same function in PyTorch."""

    layer: str
    theirs: Callable[..., Any]
    config: dict[str, object] = field(default_factory=dict)
    shapes: tuple[tuple[int, ...], ...] = ()
    """Shapes of the inputs; the grid when there are none."""
    single: bool = True
    """Whether single precision gives it, too, to its own digits: where the double is in reach."""

    @property
    def name(self) -> str:
        """Key in the fixture."""
        note = "_".join([self.layer, *(f"{k}_{v}" for k, v in self.config.items())])
        return re.sub(r"[^\w.-]+", "", note)


def cases() -> tuple[Case, ...]:
    """Every case. PyTorch is imported only where one of them is called."""

    def torch() -> Any:
        import torch

        return torch

    def call(name: str, **settings: object) -> Callable[..., Any]:
        return lambda x: getattr(torch().nn.functional, name)(x, **settings)

    image = (3, 2, 4, 5)
    pair, rows = ((3, 4), (3, 4)), ((3, 4), (4,))
    return (
        Case("leaky_relu", call("leaky_relu")),
        Case("leaky_relu", call("leaky_relu", negative_slope=0.3), {"negative_slope": 0.3}),
        Case("elu", call("elu")),
        Case("elu", call("elu", alpha=0.4), {"alpha": 0.4}),
        Case("gelu", call("gelu")),
        Case("gelu", call("gelu", approximate="tanh"), {"approximate": "tanh"}),
        Case("silu", call("silu")),
        Case("softplus", call("softplus")),
        Case(
            "softplus",
            call("softplus", beta=2.5, threshold=3.0),
            {"beta": 2.5, "threshold": 3.0},
        ),
        Case("softmax", call("softmax", dim=-1)),
        Case("softmax", call("softmax", dim=-1), {}, ((3, 4, 6),)),
        Case("linear", lambda x: x.clone()),
        Case("add", lambda a, b: a + b, {}, ((3, 4), (3, 4))),
        Case("multiply", lambda a, b: a * b, {}, ((3, 4), (3, 4))),
        Case("concatenate", lambda a, b: torch().cat([a, b], -1), {}, ((3, 4), (3, 2))),
        Case(
            "concatenate",
            lambda a, b: torch().cat([a, b], 1),
            {"axis": "first"},
            (image, (3, 1, 4, 5)),
        ),
        Case("slice", lambda x: x[..., 1:6:2], {"start": 1, "stop": 6, "step": 2}, ((3, 7),)),
        Case("slice", lambda x: x[..., -3:], {"start": -3}, (image,)),
        Case("flatten", lambda x: torch().flatten(x, 1), {}, (image,)),
        Case(
            "reshape",
            lambda x: x.reshape(-1, 4, 5, 2),
            {"channels": 4, "height": 5, "width": 2},
            (image,),
        ),
        Case("permute", lambda x: x.permute(0, 2, 1), {"order": "ba"}, ((3, 4, 6),)),
        Case("permute", lambda x: x.permute(0, 2, 3, 1), {"order": "bca"}, (image,)),
        Case("permute", lambda x: x.permute(0, 3, 1, 2), {"order": "cab"}, (image,)),
        Case("add", lambda a, b: a + b, {}, ((3, 4), (3, 1))),
        *(Case("subtract", lambda a, b: a - b, {}, shapes) for shapes in (pair, rows)),
        *(Case("divide", lambda a, b: a / b, {}, shapes) for shapes in (pair, rows)),
        *(
            Case(layer, lambda a, b, layer=layer: getattr(torch(), layer)(a, b), {}, shapes)
            for layer in ("maximum", "minimum")
            for shapes in (pair, rows)
        ),
        Case("matmul", lambda a, b: a @ b, {}, ((3, 4), (4, 5))),
        Case("negate", lambda x: -x),
        Case("exp", lambda x: x.exp(), single=False),
        Case("log", lambda x: x.log()),
        Case("square", lambda x: x.square()),
        Case("sqrt", lambda x: x.sqrt()),
        Case("reciprocal", lambda x: x.reciprocal()),
        Case("absolute", lambda x: x.abs()),
        Case("sin", lambda x: x.sin()),
        Case("cos", lambda x: x.cos()),
        *(Case("power", lambda x, p=p: x**p, {"exponent": p}) for p in (3.0, 0.0, -2.0, 2.5)),
        Case("sum", lambda x: x.flatten(1).sum(1, keepdim=True), {}, (image,)),
        Case("mean", lambda x: x.flatten(1).mean(1, keepdim=True), {}, (image,)),
        Case("custom", lambda x: x * x.sigmoid(), {"expression": "x * sigmoid(x)"}),
        Case("custom", lambda x: x.abs() * x.relu(), {"expression": "abs(x) * relu(x)"}),
        Case(
            "custom", lambda x: x.sign() + x.tan(), {"expression": "sign(x) + tan(x)"}, single=False
        ),
        *(
            Case(
                "custom",
                lambda a, b: torch().maximum(a, b) * torch().minimum(a, -b) / b.exp() + a**2.0,
                {"inputs": "two", "expression": "maximum(a, b) * minimum(a, -b) / exp(b) + a**2"},
                shapes,
            )
            for shapes in (pair, rows)
        ),
    )


def inputs_of(case: Case) -> list[Array]:
    """The inputs of a case in float64."""
    rng = np.random.default_rng(SEED)
    return [rng.standard_normal(shape) for shape in case.shapes] or [GRID]


def weights_of(shape: tuple[int, ...]) -> Array:
    """The numbers c by which an output of this shape is multiplied before it is summed."""
    return np.random.default_rng(SEED + 1).uniform(0.5, 1.5, shape)


def with_pytorch(case: Case) -> list[Array]:
    """Output, and gradients of Σ output · c by each input."""
    import torch

    inputs = [torch.from_numpy(x.copy()).requires_grad_() for x in inputs_of(case)]
    y = case.theirs(*inputs)
    (y * torch.from_numpy(weights_of(tuple(y.shape)))).sum().backward()
    return [y.detach().numpy(), *(x.grad.numpy() for x in inputs)]


def keys(index: int, case: Case) -> list[str]:
    """Where the fixture keeps output and gradients of a case."""
    stem = f"{index:02}_{case.name}"
    return [f"{stem}_y", *(f"{stem}_d{i}" for i in range(max(1, len(case.shapes))))]


def main() -> None:
    """Write the fixture."""
    found: dict[str, Array] = {}
    for index, case in enumerate(cases()):
        found.update(zip(keys(index, case), with_pytorch(case), strict=True))
    np.savez_compressed(PATH, **found)  # type: ignore[arg-type]
    print(f"{PATH.name}: {PATH.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
