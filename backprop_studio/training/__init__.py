"""A training run: stepping, rewinding, measuring, and the worker's loop. Free of Qt."""

from backprop_studio.training.aside import Aside
from backprop_studio.training.breakpoints import Breakpoint, Quantity, Stops, When
from backprop_studio.training.cursor import Boundary, Cursor
from backprop_studio.training.interventions import Intervention
from backprop_studio.training.mailbox import Mailbox
from backprop_studio.training.messages import (
    Ask,
    Back,
    BranchView,
    BringBack,
    Command,
    CurveUpdate,
    DropBranch,
    FetchWeights,
    Fork,
    Intervene,
    Load,
    Pause,
    PutAside,
    Quit,
    RenameBranch,
    Restart,
    Run,
    Seek,
    SetBreakpoints,
    SetBudget,
    SetSpeed,
    Snapshot,
    State,
    Step,
    Switch,
    Watch,
)
from backprop_studio.training.metrics import Evaluation
from backprop_studio.training.recorded import Weights
from backprop_studio.training.session import Session
from backprop_studio.training.timeline import Branch, Event, Timeline, What
from backprop_studio.training.worker import Worker

__all__ = [
    "Aside",
    "Ask",
    "Back",
    "Boundary",
    "Branch",
    "BranchView",
    "Breakpoint",
    "BringBack",
    "Command",
    "Cursor",
    "CurveUpdate",
    "DropBranch",
    "Evaluation",
    "Event",
    "FetchWeights",
    "Fork",
    "Intervene",
    "Intervention",
    "Load",
    "Mailbox",
    "Pause",
    "PutAside",
    "Quantity",
    "Quit",
    "RenameBranch",
    "Restart",
    "Run",
    "Seek",
    "Session",
    "SetBreakpoints",
    "SetBudget",
    "SetSpeed",
    "Snapshot",
    "State",
    "Step",
    "Stops",
    "Switch",
    "Timeline",
    "Watch",
    "Weights",
    "What",
    "When",
    "Worker",
]
