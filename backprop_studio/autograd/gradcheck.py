"""Compares gradients with central differences: the proof that a backward pass is right."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from backprop_studio.autograd.builder import Builder
from backprop_studio.autograd.machine import Machine
from backprop_studio.autograd.op import Op
from backprop_studio.autograd.program import Phase, Value
from backprop_studio.autograd.storage import Storage
from backprop_studio.autograd.symbol import Array


def relative_error(a: Array, b: Array) -> float:
    """Largest difference over the largest magnitude; 0 when both are zero everywhere.

    Source: the measure of Stanford's CS231n notes on gradient checks, over whole arrays.
    """
    if a.size == 0:
        return 0.0
    # numpy's maximum keeps a NaN, which is then the answer; Python's would lose it.
    scale = float(np.maximum(np.abs(a).max(), np.abs(b).max()))
    return 0.0 if scale == 0.0 else float(np.abs(a - b).max()) / scale


def numeric_gradient(machine: Machine, value: Value, epsilon: float = 1e-6) -> Array:
    """Central differences of the loss, two forward passes for each entry.

    Parameters
    ----------
    machine
        A machine in float64 whose inputs are fed.
    value
        Parameter or input whose entries to vary; they are put back as they were.
    epsilon
        How far to vary, in units of the entry's size, at least 1.

    Returns
    -------
    Array
        Of the value's shape.
    """
    program = machine.program
    assert program.loss is not None
    # Loading the batch would put an input's entries back before they have had an effect.
    machine.run(0, program.start_of(Phase.FORWARD))
    start, stop = program.start_of(Phase.FORWARD), program.start_of(Phase.BACKWARD)
    array = machine.writable(value)
    flat = array.flat
    loss = machine.array(program.loss)
    out = np.empty(array.size)
    for i in range(array.size):
        kept = flat[i]
        step = epsilon * max(1.0, abs(kept))
        flat[i] = kept + step
        machine.run(start, stop)
        above = float(loss)
        flat[i] = kept - step
        machine.run(start, stop)
        out[i] = (above - float(loss)) / (2 * step)
        flat[i] = kept
    machine.run(0, stop)
    return out.reshape(array.shape)


def gradcheck(machine: Machine, epsilon: float = 1e-6) -> Mapping[int, float]:
    """Relative error of each gradient against central differences.

    Checked are all parameters, and those inputs of real numbers that `differentiate` was asked
    for.

    Parameters
    ----------
    machine
        A machine in float64 whose inputs are fed. Its program must have a loss and a backward
        phase. Parameters and optimizer state are left as they were.
    epsilon
        How far to vary each entry, in units of its size, at least 1.

    Returns
    -------
    Mapping[int, float]
        Id of each parameter and input to its relative error; 1e-7 and less is right for smooth
        ops. A parameter that the program has no gradient of counts as one of zero.

    Raises
    ------
    ValueError
        The machine is not in float64, or its program has no loss.

    Examples
    --------
    The error of each, for a layer and a loss with random rows:

    >>> import numpy as np
    >>> from backprop_studio import nn
    >>> from backprop_studio.autograd import (
    ...     BATCH, Builder, Machine, Storage, differentiate, gradcheck)
    >>> b = Builder()
    >>> x, t = b.input("x", (BATCH, 3)), b.input("t", (BATCH, 2))
    >>> y = nn.layers()["dense"](units=2).add(b, x, node="output")
    >>> loss = nn.losses()["mse"]().add(b, y, t)
    >>> gradients = differentiate(b, loss, [*b.parameters, x])
    >>> program = b.build(loss)
    >>> storage = Storage(program, np.float64)
    >>> storage.initialize(seed=1)
    >>> machine = Machine(program, storage, batch=4)
    >>> rng = np.random.default_rng(1)
    >>> machine.feed("x", rng.standard_normal((4, 3)))
    >>> machine.feed("t", rng.standard_normal((4, 2)))
    >>> for index, error in gradcheck(machine).items():
    ...     print(program.values[index].name, error < 1e-7)
    weight True
    bias True
    x True
    """
    program = machine.program
    if machine.storage.dtype != np.float64:
        raise ValueError("a gradient check needs float64")
    if program.loss is None:
        raise ValueError("a gradient check needs a loss")
    machine.run(0, program.start_of(Phase.UPDATE))
    inputs = [program.values[i] for i in program.inputs.values() if i in program.gradients]
    checked = [*program.parameters, *inputs]
    analytic = {
        v.id: machine.array(program.gradients[v.id]).copy()
        if v.id in program.gradients
        else np.zeros_like(machine.array(v))
        for v in checked
    }
    return {
        v.id: relative_error(analytic[v.id], numeric_gradient(machine, v, epsilon)) for v in checked
    }


def vjpcheck(
    op: Op,
    *inputs: Array,
    wrt: Collection[int] | None = None,
    output: int = 0,
    seed: int = 0,
    epsilon: float = 1e-6,
) -> tuple[float | None, ...]:
    """Check the gradient rule of one op with random vectors, in a few forward passes.

    For a random u of the output's shape, `Op.vjp` gives Jᵀu. For a random direction v of an
    input, ⟨Jᵀu, v⟩ must equal ⟨u, Jv⟩, and Jv is a central difference of the op's output. Were a
    single entry of Jᵀu wrong, the two would almost surely differ. That costs two forward passes an
    input, however large it is, where `gradcheck` needs two an entry.

    Parameters
    ----------
    op
        What to check.
    *inputs
        Where to check it: float64 arrays, and int64 where the op takes whole numbers. Stay off
        kinks (zero for ReLU, equal entries for a maximum), where there is no derivative.
    wrt
        Places of the inputs to check; by default all that are real numbers. The target of a loss
        has no gradient and is left out here.
    output
        Which output of the op to look at.
    seed
        Of the random vectors.
    epsilon
        Length of the differences.

    Returns
    -------
    tuple[float | None, ...]
        For each input |⟨Jᵀu, v⟩ − ⟨u, Jv⟩| / max(Σ|Jᵀu · v|, Σ|u · Jv|); 1e-7 and less is right
        for smooth ops. None for those that were not checked, or have no gradient.

    Raises
    ------
    ShapeError
        The op cannot take these inputs.
    NotImplementedError
        It has no gradient by one of them.

    Notes
    -----
    Griewank and Walther, *Evaluating Derivatives*, 2008, section 3.3: the dot-product test.

    Examples
    --------
    >>> import numpy as np
    >>> from backprop_studio.autograd import vjpcheck
    >>> from backprop_studio.autograd.ops.matmul import MatMul
    >>> rng = np.random.default_rng(0)
    >>> errors = vjpcheck(MatMul(), rng.standard_normal((4, 3)), rng.standard_normal((3, 2)))
    >>> [error < 1e-7 for error in errors]
    [True, True]
    """
    b = Builder()
    values = [
        b.input(f"x{i}", x.shape, "int" if x.dtype.kind == "i" else "float")
        for i, x in enumerate(inputs)
    ]
    outputs = b.apply_all(op, *values)
    y = outputs[output]
    upstream = [b.input("u", y.shape) if o is y else None for o in outputs]
    real = {i for i, value in enumerate(values) if value.type.kind == "float"}
    wanted = real if wrt is None else set(wrt)
    with b.scope(phase=Phase.BACKWARD):
        gradients = op.vjp(b, values, outputs, upstream, [i in wanted for i in range(len(inputs))])
    program = b.build()
    machine = Machine(program, Storage(program, np.float64), batch=1)
    rng = np.random.default_rng(seed)
    fed: dict[str, Array] = {f"x{i}": x for i, x in enumerate(inputs)}
    fed["u"] = np.asarray(rng.standard_normal(machine.array(program.inputs["u"]).shape))
    for name, array in fed.items():
        np.copyto(machine.writable(program.values[program.inputs[name]]), array)
    start, stop = program.start_of(Phase.FORWARD), program.start_of(Phase.BACKWARD)
    machine.run(start)
    found = [None if g is None else machine.array(g).copy() for g in gradients]

    def difference(value: Value, direction: Array) -> Array:
        """J times a direction, by the op's own forward pass."""
        slot = machine.writable(value)
        kept = slot.copy()
        sides = []
        for sign in (1.0, -1.0):
            np.copyto(slot, kept + sign * epsilon * direction)
            machine.run(start, stop)
            sides.append(machine.array(y).copy())
        np.copyto(slot, kept)
        above, below = sides
        return np.asarray((above - below) / (2 * epsilon))

    errors: list[float | None] = []
    for value, gradient in zip(values, found, strict=True):
        if gradient is None:
            errors.append(None)
            continue
        direction = np.asarray(rng.standard_normal(gradient.shape))
        back, forth = gradient * direction, fed["u"] * difference(value, direction)
        scale = float(np.maximum(np.abs(back).sum(), np.abs(forth).sum()))
        errors.append(0.0 if scale == 0.0 else abs(float(back.sum() - forth.sum())) / scale)
    return tuple(errors)
