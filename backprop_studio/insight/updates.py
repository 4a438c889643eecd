"""What the update of an iteration adds to each parameter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_studio.autograd import Array
from backprop_studio.insight.stations import norm
from backprop_studio.training import Session


@dataclass(frozen=True, eq=False)
class Update:
    """Of one parameter.

    Attributes
    ----------
    parameter
        Id of the value.
    change
        What is added to it, read-only.
    ratio
        Norm of the change over that of the parameter before; NaN where that is zero.
    """

    parameter: int
    change: Array
    ratio: float


def updates(recent: bool, session: Session) -> tuple[Update, ...]:
    """What the iteration that a session stands in adds, or added, to all that is trained.

    Parameters
    ----------
    recent
        Whether the newest iteration with a keyframe will do, which costs less while training runs.
    session
        The run; it is left as it is.
    """
    machine = session.recent() if recent else session.twin()
    program = machine.program
    trained = [v for v in program.parameters if v.trainable]
    before = [machine.array(v.id).copy() for v in trained]
    found = []
    with np.errstate(all="ignore"):
        machine.run()
        for value, old in zip(trained, before, strict=True):
            change = machine.array(value.id) - old
            change.flags.writeable = False
            size = norm(old)
            found.append(Update(value.id, change, norm(change) / size if size else float("nan")))
    return tuple(found)
