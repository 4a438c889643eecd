"""From the session's cursor to what the canvas shows of it."""

from __future__ import annotations

from backprop_studio.autograd import Phase, Program
from backprop_studio.training import Snapshot
from backprop_studio.ui.canvas.activity import Activity


def activity_at(program: Program | None, snapshot: Snapshot) -> Activity | None:
    """The node of the last instruction, and the nodes that are done in its pass.

    None while nothing is stepped through: before the first step, and while running, when the
    cursor is somewhere else a thousand times a second.
    """
    cursor = snapshot.cursor
    if program is None or cursor is None or snapshot.at_speed or not cursor.index:
        return None
    last = program.instructions[cursor.index - 1]
    nodes = {i.node for i in program.instructions if i.node}
    layers = {i.node for i in program.instructions if i.phase is Phase.FORWARD}
    taking_part: set[str] = set()
    pending: set[str] = set()
    for index, instr in enumerate(program.instructions):
        # A layer has done its part once its output is there. The penalty on its weights, which
        # comes with the loss, is not waited for.
        late = instr.phase is Phase.LOSS and instr.node in layers
        if _pass(instr.phase) == _pass(last.phase):
            taking_part.add(instr.node)
            if index >= cursor.index and not late:
                pending.add(instr.node)
    done = nodes - pending
    if last.phase is Phase.BACKWARD:
        # The error signal goes as far as the first weights: it never reaches the data.
        done &= taking_part
    return Activity(last.node or None, last.phase, frozenset(done))


def _pass(phase: Phase) -> Phase:
    return Phase.FORWARD if phase <= Phase.LOSS else phase
