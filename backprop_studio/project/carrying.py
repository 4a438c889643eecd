"""What exported weights need beside them to be of use: how the data were scaled, and names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from backprop_studio.autograd import Array
from backprop_studio.data import Dataset, Prepared, Scaling
from backprop_studio.errors import ExportError, StudioError
from backprop_studio.network import Network
from backprop_studio.project.exporting import tensor_names
from backprop_studio.project.project import Weights

INPUT, TARGET = "input", "target"
"""Where shift and unit of features and of targets are: ``input/shift``, ``target/unit`` …"""


@dataclass(frozen=True)
class Carried:
    """All that is written for a trained network.

    Attributes
    ----------
    tensors
        Weights under the names that people see. If features were scaled, ``input/shift`` and
        ``input/unit``, float64 of the shape of a row: the network takes ``(row - shift) / unit``.
        If targets were, ``target/shift`` and ``target/unit``, of shape (numbers to predict,): the
        prediction is ``output * unit + shift``.
    notes
        Title of the data, and the names of their features and classes in order.
    """

    tensors: Mapping[str, Array]
    notes: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)


def carried(network: Network, weights: Weights) -> Carried:
    """The weights, with what their network was trained on.

    Raises
    ------
    ExportError
        ``export-scaling`` if the data were scaled, and are not here to tell by how much: weights
        without it would give wrong predictions.
    """
    tensors, setup = tensor_names(network, weights), network.setup
    scaled = setup.data.scaling != Scaling.NONE
    if not tensors or not setup.dataset:
        return Carried(tensors)
    try:
        if not setup.has_sound_data:
            raise StudioError("data-unsound")
        prepared = setup.prepared()
    except (StudioError, OSError) as error:
        if scaled:
            raise ExportError("export-scaling", reason=str(error).rstrip(".")) from error
        return Carried(tensors)
    if scaled:
        tensors |= scales(prepared)
    return Carried(tensors, names(prepared.raw))


def scales(prepared: Prepared) -> dict[str, Array]:
    """Shift and unit of features, and of targets where they were scaled."""
    shape = prepared.dataset.feature_shape
    found = {
        f"{INPUT}/shift": prepared.shift.reshape(shape),
        f"{INPUT}/unit": prepared.unit.reshape(shape),
    }
    if prepared.dataset.y is not prepared.raw.y:
        found[f"{TARGET}/shift"] = prepared.target_shift
        found[f"{TARGET}/unit"] = prepared.target_unit
    return {name: np.ascontiguousarray(array) for name, array in found.items()}


def names(dataset: Dataset) -> dict[str, str | tuple[str, ...]]:
    """Title, features and classes, as far as there are any."""
    found: dict[str, str | tuple[str, ...]] = {"dataset": dataset.title}
    if dataset.feature_names:
        found["features"] = dataset.feature_names
    if dataset.class_names:
        found["classes"] = dataset.class_names
    return found
