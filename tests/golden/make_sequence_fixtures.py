"""Makes the fixture of `test_sequences_against_pytorch.py`: attention, normalisation, a block.

Needs PyTorch 2, which the studio does not. From the checkout:

    python -m tests.golden.make_sequence_fixtures

For each case the fixture holds what PyTorch gives in float64 for the same inputs and parameters:
the output, the gradients of Σ output · c by every input and every parameter, and the attention
weights if there are any. For the block, a transformer's encoder layer between learned positions
and a classifier, it holds the losses and the last weights of 50 steps of Adam. Inputs, parameters
and c are made anew by `inputs_of`, `numbers` and `start`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Theirs = Callable[[list[Any], dict[str, Any]], tuple[Any, Any]]

PATH = Path(__file__).parent / "fixtures" / "sequences.npz"
SEED = 11

STEPS, BATCHES, BATCH = 50, 5, 6
"""Of the block: steps, different batches (they come again in the same order), rows of each."""
LENGTH, WIDTH, HEADS, HIDDEN, CLASSES = 5, 8, 2, 12, 3
RATE = 0.01


@dataclass(frozen=True)
class Case:
    """A layer of ours with settings, and the same function of inputs and parameters in PyTorch.

    That gives the output, and the attention weights or None.
    """

    layer: str
    theirs: Theirs
    shapes: tuple[tuple[int, ...], ...]
    parameters: dict[str, tuple[int, ...]] = field(default_factory=dict)
    config: dict[str, object] = field(default_factory=dict)


def cases() -> tuple[Case, ...]:
    """Every case. PyTorch is imported only where one of them is called."""
    image = (3, 4, 2, 5)
    affine = {"gain": (6,), "bias": (6,)}
    channels = {"gain": (4, 1, 1), "bias": (4, 1, 1)}
    whole = {"gain": image[1:], "bias": image[1:]}
    packed = {"in_weight": (6, 18), "in_bias": (18,), "out_weight": (6, 6), "out_bias": (6,)}
    weights = {name: shape for name, shape in packed.items() if name.endswith("weight")}
    qkv = ((3, 4, 5), (3, 6, 5), (3, 6, 2))
    return (
        Case("attention", _attention(False), qkv),
        Case("attention", _attention(True), qkv, config={"causal": True}),
        Case("attention", _attention(True), (qkv[1], qkv[0], qkv[0]), config={"causal": True}),
        *(
            Case(
                "multi_head_attention",
                _multi_head(heads, causal),
                ((3, 4, 6),),
                packed if bias else weights,
                {"heads": heads, "causal": causal, "bias": bias},
            )
            for heads, causal, bias in ((2, False, True), (2, True, True), (3, True, False))
        ),
        Case("dense", _linear, ((3, 4, 6),), {"weight": (6, 5), "bias": (5,)}, {"units": 5}),
        Case("layer_norm", _layer_norm(1), ((3, 6),), affine),
        Case("layer_norm", _layer_norm(1), ((3, 4, 6),), affine),
        Case("layer_norm", _layer_norm(3), (image,), whole, {"over": "all"}),
        Case("layer_norm", _layer_norm(1, 0.3), ((3, 4, 6),), affine, {"epsilon": 0.3}),
        Case("layer_norm", _layer_norm(1), ((3, 4, 6),), {}, {"affine": False}),
        Case("group_norm", _group_norm(2), (image,), channels, {"groups": 2}),
        Case("group_norm", _group_norm(4), (image,), channels, {"groups": 4}),
        Case("group_norm", _group_norm(1, 0.3), (image,), channels, {"groups": 1, "epsilon": 0.3}),
        Case("group_norm", _group_norm(2), ((3, 6),), affine, {"groups": 2}),
        Case("group_norm", _group_norm(3), ((3, 6, 4),), {}, {"groups": 3, "affine": False}),
    )


def _functional() -> Any:
    import torch

    return torch.nn.functional


def _attention(causal: bool) -> Theirs:
    def theirs(inputs: list[Any], _: dict[str, Any]) -> tuple[Any, Any]:
        return _functional().scaled_dot_product_attention(*inputs, is_causal=causal), None

    return theirs


def _multi_head(heads: int, causal: bool) -> Theirs:
    def theirs(inputs: list[Any], given: dict[str, Any]) -> tuple[Any, Any]:
        import torch

        (x,) = inputs
        bias = "in_bias" in given
        layer = torch.nn.MultiheadAttention(
            x.shape[-1], heads, bias=bias, batch_first=True, dtype=torch.float64
        )
        named = {"in_proj_weight": given["in_weight"].T, "out_proj.weight": given["out_weight"].T}
        if bias:
            named |= {"in_proj_bias": given["in_bias"], "out_proj.bias": given["out_bias"]}
        steps = x.shape[1]
        hidden = torch.ones(steps, steps, dtype=torch.bool).triu(1) if causal else None
        settings = {"attn_mask": hidden, "average_attn_weights": False}
        y, weights = torch.func.functional_call(layer, named, (x, x, x), settings)
        return y, weights

    return theirs


def _linear(inputs: list[Any], given: dict[str, Any]) -> tuple[Any, Any]:
    return _functional().linear(inputs[0], given["weight"].T, given["bias"]), None


def _layer_norm(axes: int, epsilon: float = 1e-5) -> Theirs:
    def theirs(inputs: list[Any], given: dict[str, Any]) -> tuple[Any, Any]:
        (x,) = inputs
        gain, bias = given.get("gain"), given.get("bias")
        return _functional().layer_norm(x, x.shape[-axes:], gain, bias, epsilon), None

    return theirs


def _group_norm(groups: int, epsilon: float = 1e-5) -> Theirs:
    def theirs(inputs: list[Any], given: dict[str, Any]) -> tuple[Any, Any]:
        gain, bias = (given[n].reshape(-1) if n in given else None for n in ("gain", "bias"))
        return _functional().group_norm(inputs[0], groups, gain, bias, epsilon), None

    return theirs


def inputs_of(case: Case) -> list[Array]:
    """The inputs of a case in float64."""
    return [numbers(f"input {i}", shape) for i, shape in enumerate(case.shapes)]


def numbers(what: str, shape: tuple[int, ...]) -> Array:
    """Normal numbers that depend on what they are for and on the shape alone."""
    return np.random.default_rng([SEED, *shape, *map(ord, what)]).standard_normal(shape)


def with_pytorch(case: Case) -> dict[str, Array]:
    """Output `y`, gradients `d0`, … by the inputs and `d_NAME` by parameters; `weights`."""
    import torch

    inputs = [torch.from_numpy(x).requires_grad_() for x in inputs_of(case)]
    given = {
        name: torch.from_numpy(numbers(name, shape)).requires_grad_()
        for name, shape in case.parameters.items()
    }
    y, weights = case.theirs(inputs, given)
    (y * torch.from_numpy(numbers("c", tuple(y.shape)))).sum().backward()
    found = {"y": y.detach().numpy()}
    found |= {f"d{i}": x.grad.numpy() for i, x in enumerate(inputs)}
    found |= {f"d_{name}": p.grad.numpy() for name, p in given.items()}
    if weights is not None:
        found["weights"] = weights.detach().numpy()
    return found


def start() -> dict[str, Array]:
    """First weights of the block by node and parameter, and features `x` and targets `y`."""
    shapes: dict[str, tuple[int, ...]] = {
        "where/positions": (LENGTH, WIDTH),
        "attend/in_weight": (WIDTH, 3 * WIDTH),
        "attend/in_bias": (3 * WIDTH,),
        "attend/out_weight": (WIDTH, WIDTH),
        "attend/out_bias": (WIDTH,),
        "wide/weight": (WIDTH, HIDDEN),
        "wide/bias": (HIDDEN,),
        "narrow/weight": (HIDDEN, WIDTH),
        "narrow/bias": (WIDTH,),
        "classes/weight": (WIDTH, CLASSES),
        "classes/bias": (CLASSES,),
    }
    found = {name: numbers(name, shape) * 0.3 for name, shape in shapes.items()}
    for name in ("first_norm", "second_norm"):
        found[f"{name}/gain"] = 1 + 0.1 * numbers(f"{name}/gain", (WIDTH,))
        found[f"{name}/bias"] = 0.1 * numbers(f"{name}/bias", (WIDTH,))
    found["x"] = numbers("x", (BATCHES, BATCH, LENGTH, WIDTH))
    # Which of the first features is the largest at the last step: attention finds it.
    found["y"] = found["x"][:, :, -1, :CLASSES].argmax(axis=-1)
    return found


def train_with_pytorch(given: dict[str, Array]) -> dict[str, Array]:
    """`losses` (50,) and the last weights of the block under the names of `start`."""
    import torch

    block = torch.nn.TransformerEncoderLayer(
        WIDTH,
        HEADS,
        HIDDEN,
        dropout=0.0,
        activation="gelu",
        batch_first=True,
        norm_first=True,
        dtype=torch.float64,
    )
    classes = torch.nn.Linear(WIDTH, CLASSES, dtype=torch.float64)
    positions = torch.nn.Parameter(torch.from_numpy(given["where/positions"].copy()))
    theirs = {
        "where/positions": positions,
        "attend/in_weight": block.self_attn.in_proj_weight,
        "attend/in_bias": block.self_attn.in_proj_bias,
        "attend/out_weight": block.self_attn.out_proj.weight,
        "attend/out_bias": block.self_attn.out_proj.bias,
        "wide/weight": block.linear1.weight,
        "wide/bias": block.linear1.bias,
        "narrow/weight": block.linear2.weight,
        "narrow/bias": block.linear2.bias,
        "first_norm/gain": block.norm1.weight,
        "first_norm/bias": block.norm1.bias,
        "second_norm/gain": block.norm2.weight,
        "second_norm/bias": block.norm2.bias,
        "classes/weight": classes.weight,
        "classes/bias": classes.bias,
    }
    for name, parameter in theirs.items():
        parameter.data = torch.from_numpy(_turned(name, given[name]))
    hidden = torch.ones(LENGTH, LENGTH, dtype=torch.bool).triu(1)
    optimizer = torch.optim.Adam(list(theirs.values()), lr=RATE)
    losses = []
    for step in range(STEPS):
        x, y = (torch.from_numpy(given[k][step % BATCHES]) for k in "xy")
        optimizer.zero_grad()
        scores = classes(block(x + positions, src_mask=hidden).mean(1))
        loss = torch.nn.functional.cross_entropy(scores, y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    last = {name: _turned(name, p.detach().numpy()) for name, p in theirs.items()}
    return {"losses": np.array(losses), **last}


def _turned(name: str, array: Array) -> Array:
    """A copy; of weight matrices, which PyTorch has the other way round, the transpose."""
    return (array.T if name.endswith("weight") else array).copy()


def prefix(index: int, case: Case) -> str:
    """How the keys of a case in the fixture begin."""
    return "_".join([f"{index:02}", case.layer, *(f"{k}_{v}" for k, v in case.config.items())])


def fixture(results: Iterable[dict[str, Array]], block: dict[str, Array]) -> dict[str, Array]:
    """All results under the keys of the fixture."""
    found = {f"block {name}": array for name, array in block.items()}
    for index, (case, result) in enumerate(zip(cases(), results, strict=True)):
        found |= {f"{prefix(index, case)} {name}": array for name, array in result.items()}
    return found


def main() -> None:
    """Write the fixture."""
    found = fixture(map(with_pytorch, cases()), train_with_pytorch(start()))
    np.savez_compressed(PATH, **found)  # type: ignore[arg-type]
    print(f"{PATH.name}: {PATH.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
