"""Finds every layer, loss, optimizer and schedule: one file each, no list to keep."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from backprop_studio.nn import layers as _layers
from backprop_studio.nn import losses as _losses
from backprop_studio.nn import optimizers as _optimizers
from backprop_studio.nn import schedules as _schedules
from backprop_studio.nn.spec import LayerSpec, LossSpec, OptimizerSpec, ScheduleSpec
from backprop_studio.specs import Category, discover


@cache
def layers() -> Mapping[str, type[LayerSpec]]:
    """Every layer by id, losses excluded."""
    return MappingProxyType(discover(_layers, LayerSpec))


@cache
def losses() -> Mapping[str, type[LossSpec]]:
    """Every loss by id."""
    return MappingProxyType(discover(_losses, LossSpec))


@cache
def optimizers() -> Mapping[str, type[OptimizerSpec]]:
    """Every optimizer by id."""
    return MappingProxyType(discover(_optimizers, OptimizerSpec))


@cache
def schedules() -> Mapping[str, type[ScheduleSpec]]:
    """Every schedule of the learning rate by id, in the order of forms."""
    found = sorted(discover(_schedules, ScheduleSpec).items(), key=lambda i: (i[1].info.rank, i[0]))
    return MappingProxyType(dict(found))


@cache
def nodes() -> Mapping[str, type[LayerSpec]]:
    """Everything that can stand on the canvas, by id, in the palette's order."""
    everything = [*layers().values(), *losses().values()]
    order = list(Category)
    everything.sort(
        key=lambda c: (order.index(c.info.category), c.info.rank, c.info.title.casefold())
    )
    return MappingProxyType({cls.info.id: cls for cls in everything})
