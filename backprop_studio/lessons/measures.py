"""Numbers that a lesson speaks of and that no instruction computes: they are measured on copies."""

from __future__ import annotations

import math
from collections.abc import Mapping

from backprop_studio.autograd import Role, resolve
from backprop_studio.errors import StudioError
from backprop_studio.insight.credit import credit, nudge
from backprop_studio.insight.efficiency import costs, reused
from backprop_studio.insight.flow import contributions
from backprop_studio.insight.paths import paths
from backprop_studio.network import Network
from backprop_studio.training import Session

COSTS: Mapping[str, str] = {
    "forward": "multiply-adds of one forward pass with its loss",
    "backward": "multiply-adds of the backward pass alone",
    "both": "multiply-adds of one forward and one backward pass",
    "passes": "forward passes that central differences take: two for each number that is learned",
    "differences": "multiply-adds of all these passes",
    "ratio": "`differences` by `both`",
    "kept": "results of the forward pass that the backward pass reads",
    "kept_bytes": "bytes that they take",
}
"""What stands after `cost:`, and what each is, for the batch that the run stands at."""

PATH_SECONDS = 0.5
"""Most that a count of paths may take."""


def cost(name: str, session: Session) -> float:
    """What a gradient of the current batch costs.

    Parameters
    ----------
    name
        A key of `COSTS`.
    session
        The run; it is left as it is.
    """
    program, batch = session.program, session.machine.batch
    if name in ("kept", "kept_bytes"):
        found = reused(program, batch, session.storage.dtype.itemsize)
        return float(len(found) if name == "kept" else sum(r.size for r in found))
    forward, backward = costs(program, batch)
    learned = (v for v in program.parameters if v.id in program.gradients)
    passes = 2 * sum(session.storage.view(v).size for v in learned)
    numbers = {
        "forward": forward,
        "backward": backward,
        "both": forward + backward,
        "passes": passes,
        "differences": passes * forward,
        "ratio": passes * forward / max(forward + backward, 1),
    }
    return float(numbers[name])


def nudged(
    kind: str, value: int, entry: tuple[int, ...], delta: float, session: Session
) -> float | None:
    """What moving one number of a parameter by `delta` does to the loss of the current batch.

    Parameters
    ----------
    kind
        `change` is what the loss really does, `expected` what the gradient says, and `gap` how
        far these are apart.
    value, entry
        The number; without an entry, the only one.
    delta
        How far it is moved.
    session
        The run; it is left as it is.
    """
    shape = session.program.values[value].shape
    if not entry and math.prod(resolve(shape, {"N": session.machine.batch})) == 1:
        entry = (0,) * len(shape)
    try:
        told = nudge(value, entry, delta, session)
    except StudioError:
        return None
    return {"change": told.real, "expected": told.predicted, "gap": told.gap}[kind]


def share(value: int, entry: tuple[int, ...], session: Session) -> float | None:
    """Share of a parameter, or of one number of it, in what the update does to the loss."""
    ledger = credit({value} if entry else None, session)
    rows = ledger.entries if entry else ledger.parameters
    return next(
        (r.share for r in rows if r.parameter == value and (not entry or r.entry == entry)), None
    )


def sources(value: int, session: Session) -> float:
    """How many numbers of the data and of parameters a value is computed from."""
    program = session.program
    part = program.computing(program.values[value])
    read = {i for instr in part.instructions for i in instr.inputs}
    given = set(program.inputs.values())
    return float(
        sum(
            math.prod(resolve(program.values[i].shape, {"N": session.machine.batch}))
            for i in read
            if i in given or program.values[i].role is Role.PARAMETER
        )
    )


def ways(value: int, entry: tuple[int, ...], session: Session) -> float | None:
    """How many paths lead from one number of a parameter to the loss, in one row of the batch."""
    try:
        return float(paths(value, entry or None, 0, PATH_SECONDS, session).count)
    except StudioError:
        return None


def part(value: int, source: str, target: str, network: Network, session: Session) -> int | None:
    """Id of the error signal that comes back to a layer by one of the wires that leave it.

    Parameters
    ----------
    value
        What the layer gives.
    source, target
        Names of the layers that the wire leads from and to.
    network
        That they are in.
    session
        The run.
    """
    nodes = network.named(source), network.named(target)
    if nodes[0] is None or nodes[1] is None:
        return None
    leaving = [w for w in network.wires if w.source == nodes[0].id]
    found = contributions(session.program, value, leaving)
    return next((made for wire, made in found.items() if wire.target == nodes[1].id), None)
