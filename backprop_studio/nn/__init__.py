"""Layers, losses, optimizers and what goes with them, written on top of the engine's ops."""

from backprop_studio.nn.registry import layers, losses, nodes, optimizers, schedules
from backprop_studio.nn.spec import (
    LayerSpec,
    LossSpec,
    OptimizerSpec,
    ScheduleSpec,
)
from backprop_studio.nn.step import Step, add_updates, training_step

__all__ = [
    "LayerSpec",
    "LossSpec",
    "OptimizerSpec",
    "ScheduleSpec",
    "Step",
    "add_updates",
    "layers",
    "losses",
    "nodes",
    "optimizers",
    "schedules",
    "training_step",
]
