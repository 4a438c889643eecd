"""Layers, losses, optimizers and what goes with them, written on top of the engine's ops."""

from backprop_studio.nn.fields import Field, Kind
from backprop_studio.nn.registry import layers, losses, nodes, optimizers, schedules
from backprop_studio.nn.spec import (
    Category,
    ConfigError,
    Info,
    LayerSpec,
    LossSpec,
    OptimizerSpec,
    ScheduleSpec,
    Spec,
)
from backprop_studio.nn.step import Step, add_updates, training_step

__all__ = [
    "Category",
    "ConfigError",
    "Field",
    "Info",
    "Kind",
    "LayerSpec",
    "LossSpec",
    "OptimizerSpec",
    "ScheduleSpec",
    "Spec",
    "Step",
    "add_updates",
    "layers",
    "losses",
    "nodes",
    "optimizers",
    "schedules",
    "training_step",
]
