"""What a remedy is, and what those who look for one look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from backprop_studio import data
from backprop_studio.data import DatasetInfo
from backprop_studio.errors import Diagnostic, StudioError
from backprop_studio.network import edits
from backprop_studio.network.analysis import Analysis
from backprop_studio.network.network import Network, Node
from backprop_studio.nn import LayerSpec

ASIDE = 200.0
"""How far a layer that is added stands from the one that it is added for, in scene units."""

_CARD = 170.0, 90.0
"""Width and height that a layer takes up at most, with some room around it, in scene units."""
_STEP = 30.0

Edit = Callable[[Network], Network]


@dataclass(frozen=True)
class Fix:
    """A remedy.

    Attributes
    ----------
    text
        What it does, in a few words; the name of the edit.
    edit
        Makes a network without the problem. It is pure, and may raise `EditError`.
    """

    text: str
    edit: Edit


def node_of(analysis: Analysis, problem: Diagnostic) -> Node:
    """The node at fault; there must be one."""
    assert problem.node is not None
    return analysis.network.node(problem.node)


def with_settings(node: Node, text: str, **settings: object) -> Fix:
    """Other settings of a layer; `{name}` in the text stands for its name."""
    spec = replace(node.spec, **settings)
    words = text.replace("{name}", node.name)
    return Fix(words, partial(edits.set_spec, node_id=node.id, spec=spec))


def free_place(network: Network, x: float, y: float) -> tuple[float, float]:
    """Where a layer covers none that stands there: at a place, or else straight below it."""
    across, down = _CARD
    near = sorted(n.y for n in network.nodes if abs(n.x - x) < across)
    while any(abs(other - y) < down for other in near):
        y += _STEP
    return round(x, -1), round(y, -1)


def dataset_of(network: Network) -> DatasetInfo | None:
    """What the data are like that reach the network, as far as that is known."""
    setup = network.setup
    try:
        if not setup.has_sound_data:
            return data.info(setup.dataset)
        if setup.has_quick_data:
            return setup.prepared().dataset.info
        return data.outline(setup.dataset, setup.data, setup.validation, setup.seed)
    except StudioError:
        return None


def takes_pictures(spec: LayerSpec) -> bool:
    """Whether a layer says of itself that it takes pictures."""
    return spec.info.shape.startswith("(N, channels, height, width)")


def takes_sequences(spec: LayerSpec) -> bool:
    """Whether a layer says of itself that it takes sequences of numbers."""
    return spec.info.shape.startswith(("(N, steps, features)", "(N, T, features)"))
