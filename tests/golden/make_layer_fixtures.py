"""Makes the fixture of `test_layers_against_pytorch.py`: values and gradients of single layers.

Needs PyTorch 2, which the studio does not. From the checkout:

    python -m tests.golden.make_layer_fixtures

For each case the fixture holds what PyTorch gives in float64 for the same inputs: the output, and
the gradient of Σ output · c by the first input. Inputs and c are made anew by `inputs_of`.
"""

from __future__ import annotations

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

    @property
    def name(self) -> str:
        """Key in the fixture."""
        return "_".join([self.layer, *(f"{k}_{v}" for k, v in self.config.items())])


def cases() -> tuple[Case, ...]:
    """Every case. PyTorch is imported only where one of them is called."""

    def torch() -> Any:
        import torch

        return torch

    def call(name: str, **settings: object) -> Callable[..., Any]:
        return lambda x: getattr(torch().nn.functional, name)(x, **settings)

    image = (3, 2, 4, 5)
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
    )


def inputs_of(case: Case) -> list[Array]:
    """The inputs of a case in float64."""
    rng = np.random.default_rng(SEED)
    return [rng.standard_normal(shape) for shape in case.shapes] or [GRID]


def weights_of(shape: tuple[int, ...]) -> Array:
    """The numbers c by which an output of this shape is multiplied before it is summed."""
    return np.random.default_rng(SEED + 1).uniform(0.5, 1.5, shape)


def with_pytorch(case: Case) -> tuple[Array, Array]:
    """Output, and gradient of Σ output · c by the first input."""
    import torch

    first, *others = (torch.from_numpy(x.copy()) for x in inputs_of(case))
    first.requires_grad_()
    y = case.theirs(first, *others)
    (y * torch.from_numpy(weights_of(tuple(y.shape)))).sum().backward()
    return y.detach().numpy(), first.grad.numpy()


def keys(index: int, case: Case) -> tuple[str, str]:
    """Where the fixture keeps output and gradient of a case."""
    return f"{index:02}_{case.name}_y", f"{index:02}_{case.name}_dx"


def main() -> None:
    """Write the fixture."""
    found: dict[str, Array] = {}
    for index, case in enumerate(cases()):
        found.update(zip(keys(index, case), with_pytorch(case), strict=True))
    np.savez_compressed(PATH, **found)  # type: ignore[arg-type]
    print(f"{PATH.name}: {PATH.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
