"""The document: a network and how it is trained, as one frozen value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar

from backprop_studio.data import DataSettings, Prepared, prepare, quick
from backprop_studio.data import info as info_of
from backprop_studio.errors import StudioError
from backprop_studio.network.changes import Changes, between
from backprop_studio.network.marks import Arrow, Group, Note
from backprop_studio.network.wiring import Wiring
from backprop_studio.nn import (
    LayerSpec,
    LossSpec,
    OptimizerSpec,
    ScheduleSpec,
    optimizers,
    schedules,
)
from backprop_studio.specs import Category, Info, Spec, choice, integer, number

MAX_NODES = 5_000
"""Layers that a project may have."""


@dataclass(frozen=True)
class UnknownLayer(LayerSpec):
    """A layer type that this version does not know; kept as it was read, and not editable."""

    type: str = ""
    settings: Mapping[str, object] = field(default_factory=dict)

    info: ClassVar[Info] = Info(
        id="unknown",
        title="Unknown layer",
        category=Category.LAYER,
        summary="This version does not know this layer. It is kept as it is.",
        latex="",
        plain="",
        shape="",
    )


@dataclass(frozen=True)
class Node:
    """One layer on the canvas.

    Attributes
    ----------
    id
        Key for wires, parameters and undo; never changes and is never shown.
    name
        What people call it; unique, and part of the names of exported weights.
    spec
        Layer type and settings.
    x, y
        Centre on the canvas, in scene units.
    shares
        Name that its weights are kept under, when it is not its own id: nodes that use the same
        name learn the same numbers. It stays when the node that it once meant is deleted.
    frozen
        Whether its weights stay as they are while the rest of the network learns.
    """

    id: str
    name: str
    spec: LayerSpec
    x: float = 0.0
    y: float = 0.0
    shares: str = ""
    frozen: bool = False

    @property
    def weights(self) -> str:
        """Name that its weights are kept under."""
        return self.shares or self.id

    @property
    def learning(self) -> tuple[object, ...]:
        """All of it that training depends on."""
        return self.id, self.spec, self.shares, self.frozen


@dataclass(frozen=True, order=True)
class Wire:
    """From the output of one node to a port of another."""

    source: str
    target: str
    port: int = 0


def _default_optimizer() -> OptimizerSpec:
    return optimizers()["adam"]()


def _default_schedule() -> ScheduleSpec:
    return schedules()["constant"]()


@dataclass(frozen=True)
class TrainingSetup(Spec):
    """Everything about training that is not the network: data, batches, optimizer, seed."""

    dataset: str = ""
    data: DataSettings = field(default_factory=DataSettings, kw_only=True)
    optimizer: OptimizerSpec = field(default_factory=_default_optimizer)
    schedule: ScheduleSpec = field(default_factory=_default_schedule)
    batch_size: int = integer(
        32, low=1, high=1_000_000, label="Batch size", doc="Rows that share one update."
    )
    warmup: int = integer(
        0,
        low=0,
        high=1_000_000,
        label="Warm-up",
        doc="Iterations in which the learning rate grows to its full length; 0 is none.",
    )
    clip: str = choice(
        "none",
        choices={"none": "None", "value": "By value", "norm": "By norm"},
        label="Clip gradients",
        doc="Limits each entry of the gradients, or the norm of all of them together.",
    )
    clip_at: float = number(
        1.0, above=0.0, high=1e9, label="Clip at", doc="The limit, where gradients are clipped."
    )
    validation: float = number(
        0.2,
        low=0.05,
        high=0.5,
        label="Held out",
        doc="Share of the rows that is kept from training, to measure what was learned.",
    )
    seed: int = integer(
        1,
        low=0,
        high=2**32 - 1,
        label="Seed",
        doc="Fixes the first weights, the split and the order of the data.",
    )
    precision: str = choice(
        "float32",
        choices={"float32": "Single (float32)", "float64": "Double (float64)"},
        label="Precision",
        doc="Single is faster; double is for gradient checks.",
    )
    l1: float = number(
        0.0,
        low=0.0,
        high=1000.0,
        label="L1 penalty",
        doc="Adds this times the sum of all absolute weights to the training loss. "
        "Biases are free.",
    )
    l2: float = number(
        0.0,
        low=0.0,
        high=1000.0,
        label="L2 penalty",
        doc="Adds half of this times the sum of all squared weights to the training loss. "
        "Biases are free.",
    )

    info: ClassVar[Info] = Info(
        id="setup",
        title="Training set-up",
        category=Category.DATA,
        summary="Data, batches, optimizer and seed.",
        latex="",
        plain="",
        shape="",
    )

    def for_dataset(self, dataset_id: str) -> TrainingSetup:
        """The same set-up with another data set; empty for none.

        Options belong to one data set, and so does the scaling that suits it.

        Raises
        ------
        StudioError
            There is no such data set.
        """
        settings = replace(self.data, options=None)
        if dataset_id:
            settings = replace(settings, scaling=info_of(dataset_id).scaling.value)
        return replace(self, dataset=dataset_id, data=settings)

    def prepared(self, tell: Callable[[float], object] | None = None) -> Prepared:
        """The data as training uses them; see `data.prepare`, which keeps them.

        Parameters
        ----------
        tell
            Told how much is done, where it takes long.
        """
        aside = {} if tell is None else {"tell": tell}
        return prepare(self.dataset, self.data, self.validation, self.seed, **aside)

    @property
    def has_sound_data(self) -> bool:
        """Whether data are chosen, and nothing that is set of them is out of range."""
        return bool(self.dataset) and not self.problems("") and not self.data.problems("")

    @property
    def has_quick_data(self) -> bool:
        """Whether `prepared` answers at once, be it with an error."""
        if not self.has_sound_data:
            return True
        try:
            return quick(self.dataset, self.data, self.validation, self.seed)
        except StudioError:
            return True

    def unused(self) -> frozenset[str]:
        """As in `Spec`."""
        return frozenset({"clip_at"}) if self.clip == "none" else frozenset()

    @property
    def itemsize(self) -> int:
        """Bytes of one number in this precision."""
        return 8 if self.precision == "float64" else 4


@dataclass(frozen=True)
class Network:
    """Nodes, wires and training set-up, and marks for people. Edits make a new value; see `edits`.

    Notes, arrows and groups are drawn and selected; programs, weights and names do not depend on
    them.
    """

    nodes: tuple[Node, ...] = ()
    wires: tuple[Wire, ...] = ()
    setup: TrainingSetup = field(default_factory=TrainingSetup)
    notes: tuple[Note, ...] = ()
    arrows: tuple[Arrow, ...] = ()
    groups: tuple[Group, ...] = ()

    @cached_property
    def _by_id(self) -> Mapping[str, Node]:
        return {n.id: n for n in self.nodes}

    def node(self, node_id: str) -> Node:
        """The node with this id.

        Raises
        ------
        KeyError
            There is none.
        """
        return self._by_id[node_id]

    def trains_like(self, other: Network) -> bool:
        """Whether `other` differs in names and places at most, so that its program is the same."""
        return (
            self.setup == other.setup
            and self.wires == other.wires
            and len(self.nodes) == len(other.nodes)
            # Most nodes are the same objects before and after an edit.
            and all(
                a is b or a.learning == b.learning
                for a, b in zip(self.nodes, other.nodes, strict=True)
            )
        )

    @cached_property
    def losses(self) -> tuple[Node, ...]:
        """The nodes that are losses, in the order of the document."""
        return tuple(n for n in self.nodes if isinstance(n.spec, LossSpec))

    @cached_property
    def _shares(self) -> bool:
        """Whether any weights go by another name than that of their node: seldom, in most."""
        return any(n.shares for n in self.nodes)

    @cached_property
    def _by_weights(self) -> Mapping[str, tuple[Node, ...]]:
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            found.setdefault(node.weights, []).append(node)
        # The node that gave the weights their name speaks for them, if it is still there.
        return {key: tuple(sorted(n, key=lambda x: x.id != key)) for key, n in found.items()}

    def sharing(self, weights: str) -> tuple[Node, ...]:
        """Nodes whose weights are kept under this name, the one that speaks for them first."""
        if not self._shares:
            node = self._by_id.get(weights)
            return () if node is None else (node,)
        return self._by_weights.get(weights, ())

    @cached_property
    def wiring(self) -> Wiring:
        """Which nodes lead to which."""
        return Wiring.of(self.nodes, self.wires)

    def changes_from(self, before: Network) -> Changes:
        """The nodes and wires in which it differs from another network, best one edit before."""
        return between((before.nodes, self.nodes), (before.wires, self.wires))

    def come_from(self, before: Network) -> None:
        """Find `wiring` and `used` from those before an edit: they are the same, only quicker."""
        made, known = self.__dict__, before.__dict__
        if "wiring" in known and "wiring" not in made:
            made["wiring"] = before.wiring.edited(self.nodes, self.wires)
        same = self.wires == before.wires and _ids(self.losses) == _ids(before.losses)
        if same and "used" in known and "used" not in made:
            made["used"] = before.used

    @cached_property
    def used(self) -> frozenset[str]:
        """Ids of the nodes that lead to a loss, and of the losses."""
        return frozenset(self.wiring.upstream(node.id for node in self.losses))

    @cached_property
    def shared(self) -> frozenset[str]:
        """Ids of the nodes whose weights are those of another one as well."""
        if not self._shares:
            return frozenset()
        return frozenset(
            n.id for found in self._by_weights.values() if len(found) > 1 for n in found
        )

    def __contains__(self, node_id: object) -> bool:
        return node_id in self._by_id

    @cached_property
    def marks(self) -> Mapping[str, Note | Arrow | Group]:
        """Notes, arrows and groups by their ids."""
        found: list[Note | Arrow | Group] = [*self.notes, *self.arrows, *self.groups]
        return {mark.id: mark for mark in found}

    @cached_property
    def holders(self) -> Mapping[str, str]:
        """Id of a node, note or group to that of the group that it is directly in."""
        return {member: group.id for group in self.groups for member in group.members}

    @cached_property
    def blocks(self) -> Mapping[str, str]:
        """Id of a node, note or group that is not seen to that of the block that it is in.

        That is the outermost group around it which is collapsed.
        """
        closed = {group.id for group in self.groups if group.collapsed}
        found: dict[str, str] = {}
        for member in self.holders if closed else ():
            holder = self.holders.get(member)
            while holder is not None:
                if holder in closed:
                    found[member] = holder
                holder = self.holders.get(holder)
        return found

    def named(self, name: str) -> Node | None:
        """The node with this name, if there is one."""
        return next((n for n in self.nodes if n.name == name), None)

    def incoming(self, node_id: str) -> Mapping[int, Wire]:
        """Wires that end at a node, by port."""
        return self.wiring.into.get(node_id, {})

    @cached_property
    def open_ends(self) -> tuple[Node, ...]:
        """Nodes whose output leads nowhere, in the order of the document."""
        return tuple(n for n in self.nodes if n.spec.has_output and not self.outgoing(n.id))

    def outgoing(self, node_id: str) -> tuple[Wire, ...]:
        """Wires that start at a node."""
        return self.wiring.onward.get(node_id, ())


def _ids(nodes: tuple[Node, ...]) -> list[str]:
    return [node.id for node in nodes]
