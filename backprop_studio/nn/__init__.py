"""Layers, losses, optimizers and initializers, each written on top of the engine's ops."""

from backprop_studio.nn.fields import Field, Kind
from backprop_studio.nn.registry import layers, losses, nodes, optimizers
from backprop_studio.nn.spec import (
    Category,
    ConfigError,
    Info,
    LayerSpec,
    LossSpec,
    OptimizerSpec,
    Spec,
)

__all__ = [
    "Category",
    "ConfigError",
    "Field",
    "Info",
    "Kind",
    "LayerSpec",
    "LossSpec",
    "OptimizerSpec",
    "Spec",
    "layers",
    "losses",
    "nodes",
    "optimizers",
]
