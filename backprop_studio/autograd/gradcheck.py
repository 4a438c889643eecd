"""Compares gradients with central differences: the proof that a backward pass is right."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from backprop_studio.autograd.machine import Machine
from backprop_studio.autograd.program import Phase, Value
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


def numeric_gradient(machine: Machine, parameter: Value, epsilon: float = 1e-6) -> Array:
    """Central differences of the loss, two forward passes for each entry.

    Parameters
    ----------
    machine
        A machine in float64 whose inputs are fed.
    parameter
        Whose entries to vary; they are put back as they were.
    epsilon
        How far to vary, in units of the entry's size, at least 1.
    """
    program = machine.program
    assert program.loss is not None
    stop = program.start_of(Phase.BACKWARD)
    flat = machine.storage.view(parameter).reshape(-1)
    loss = machine.array(program.loss)
    out = np.empty(flat.size)
    for i in range(flat.size):
        kept = flat[i]
        step = epsilon * max(1.0, abs(kept))
        flat[i] = kept + step
        machine.run(0, stop)
        above = float(loss)
        flat[i] = kept - step
        machine.run(0, stop)
        out[i] = (above - float(loss)) / (2 * step)
        flat[i] = kept
    machine.run(0, stop)
    return out.reshape(machine.storage.view(parameter).shape)


def gradcheck(machine: Machine, epsilon: float = 1e-6) -> Mapping[int, float]:
    """Relative error of each parameter's gradient against central differences.

    Parameters
    ----------
    machine
        A machine in float64 whose inputs are fed. Its program must have a loss and a backward
        phase. Parameters and optimizer state are left as they were.

    Returns
    -------
    Mapping[int, float]
        Id of each parameter to its relative error; 1e-7 and less is right for smooth ops.

    Raises
    ------
    ValueError
        The machine is not in float64, or its program has no loss.
    """
    program = machine.program
    if machine.storage.dtype != np.float64:
        raise ValueError("a gradient check needs float64")
    if program.loss is None:
        raise ValueError("a gradient check needs a loss")
    machine.run(0, program.start_of(Phase.UPDATE))
    analytic = {
        p.id: machine.array(program.gradients[p.id]).copy()
        if p.id in program.gradients
        else np.zeros_like(machine.storage.view(p))
        for p in program.parameters
    }
    return {
        p.id: relative_error(analytic[p.id], numeric_gradient(machine, p, epsilon))
        for p in program.parameters
    }
