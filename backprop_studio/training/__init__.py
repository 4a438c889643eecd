"""A training run: stepping, rewinding, measuring, and the worker's loop. Free of Qt."""

from backprop_studio.training.cursor import Boundary, Cursor
from backprop_studio.training.mailbox import Mailbox
from backprop_studio.training.messages import (
    Ask,
    Back,
    Command,
    CurveUpdate,
    FetchWeights,
    Load,
    Pause,
    Quit,
    Restart,
    Run,
    Snapshot,
    State,
    Step,
    Watch,
)
from backprop_studio.training.metrics import Evaluation
from backprop_studio.training.session import Session, Weights
from backprop_studio.training.worker import Worker

__all__ = [
    "Ask",
    "Back",
    "Boundary",
    "Command",
    "Cursor",
    "CurveUpdate",
    "Evaluation",
    "FetchWeights",
    "Load",
    "Mailbox",
    "Pause",
    "Quit",
    "Restart",
    "Run",
    "Session",
    "Snapshot",
    "State",
    "Step",
    "Watch",
    "Weights",
    "Worker",
]
