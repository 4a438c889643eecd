"""What a project file holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from backprop_studio.autograd import Array
from backprop_studio.network import Network

Weights = Mapping[tuple[str, str], Array]
"""Parameters by id of the node and name."""


@dataclass(frozen=True, eq=False)
class Project:
    """A network and, if it was trained, its weights.

    How far training had come is not stored, nor is the optimizer's state: a project that is opened
    again predicts and exports with these weights, and training starts from them at iteration 0.

    Attributes
    ----------
    network
        The document.
    weights
        Parameters by id of the node and name; empty when it was not trained.
    """

    network: Network
    weights: Weights = field(default_factory=dict)
