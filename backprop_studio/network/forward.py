"""The forward pass of a network: from nodes and wires to instructions, losses and feeds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

from backprop_studio.autograd import (
    BATCH,
    MEMORY_LIMIT,
    Builder,
    Phase,
    TensorType,
    Value,
    array_size,
    format_shape,
    in_words,
    resolve,
)
from backprop_studio.autograd.ops.arithmetic import Add, BroadcastTo
from backprop_studio.autograd.ops.data import Column, OneHot
from backprop_studio.autograd.ops.weigh import Weigh
from backprop_studio.data import DatasetInfo, Task
from backprop_studio.errors import Diagnostic, ShapeError
from backprop_studio.network.findings import Findings
from backprop_studio.network.lowered import Feed, Head, Source
from backprop_studio.network.network import Network, Node, UnknownLayer
from backprop_studio.nn import LayerSpec, LossSpec
from backprop_studio.nn.layers.input import Input
from backprop_studio.specs import Kind

_FIELDS = {"class-weights": "class_weights", "weights-listed": "values"}
"""The setting at fault, for problems with shapes that a setting causes."""


class Part(NamedTuple):
    """What was found out about one node, which stays so where it reads the same again.

    Attributes
    ----------
    spec
        Its settings.
    owner
        Name that its weights are kept under; empty where it has to be lowered again each time, as
        it is not alone in that, or an input or a loss.
    frozen
        Whether its weights stay as they are.
    given
        Types of what it reads, by port.
    type
        Type of what it puts out, or of the loss.
    learned
        Its parameters; of nodes that share them, the first one has them.
    size
        Bytes of all that it reads and writes for one batch.
    """

    spec: LayerSpec
    owner: str
    frozen: bool
    given: tuple[TensorType, ...]
    type: TensorType
    learned: tuple[Value, ...]
    size: int


class Forward:
    """The forward pass and the losses of a network, on one builder.

    Parameters
    ----------
    network
        What to lower.
    found
        Where to say what cannot be lowered; nodes that are blamed there are left out.
    b
        Where to emit the instructions.
    known
        What was found out before an edit, with as many rows in a batch and the same precision.
        Nodes that it still holds for are not lowered again: what is emitted is no whole program
        then, and `parts` is all that is of use.
    """

    def __init__(
        self,
        network: Network,
        found: Findings,
        b: Builder,
        known: Mapping[str, Part] = MappingProxyType({}),
    ) -> None:
        self.network = network
        self.b = b
        self.parts: dict[str, Part] = {}
        self._found = found
        self._known = known
        self._values: dict[str, Value] = {}
        self._feeds: dict[Feed, Value] = {}
        self._heads: dict[str, Head] = {}
        frozen = {n.weights for n in self.network.nodes if n.frozen}
        self._frozen = {n.id for n in self.network.nodes if n.weights in frozen}

    @property
    def feeds(self) -> tuple[Feed, ...]:
        """Where the inputs come from, in order of creation."""
        return tuple(self._feeds)

    @property
    def row(self) -> int:
        """Bytes of one row of the data, in all that is fed."""
        itemsize = self.network.setup.itemsize
        return sum(array_size(value.type, 1, itemsize) for value in self._feeds.values())

    @property
    def heads(self) -> tuple[Head, ...]:
        """The losses, in the order of the document."""
        return tuple(self._heads[n.id] for n in self.network.nodes if n.id in self._heads)

    def lower(
        self,
        order: Sequence[str],
        dataset: DatasetInfo | None,
        standing: Mapping[str, Part] = MappingProxyType({}),
        again: Collection[str] | None = None,
    ) -> None:
        """Lower every node whose inputs are known, those that lead to a loss first.

        Parameters
        ----------
        order
            Ids of the nodes, each after those that it reads.
        dataset
            What the inputs read; None where that is not known.
        standing
            What was found out before an edit, of the nodes that could be lowered then.
        again
            The nodes of which something else may be found out now; all by default. Those that
            read something else because of that are found here.
        """
        used, onward = self.network.used, self.network.wiring.onward
        stale = set(order if again is None else again)
        for node_id in [*(i for i in order if i in used), *(i for i in order if i not in used)]:
            part = before = standing.get(node_id)
            if node_id in stale:
                part = self._part_of(node_id, dataset)
                given, gave = (None if p is None else p.type for p in (part, before))
                if given != gave:
                    stale.update(wire.target for wire in onward.get(node_id, ()))
            if part is not None:
                self.parts[node_id] = part

    def _part_of(self, node_id: str, dataset: DatasetInfo | None) -> Part | None:
        """What is found out about a node; None where its inputs are not known, or do not fit."""
        network, parts = self.network, self.parts
        node = network.node(node_id)
        if isinstance(node.spec, UnknownLayer):
            return None
        wires = network.incoming(node_id)
        sources = [w.source for p in range(len(node.spec.ports)) if (w := wires.get(p))]
        if len(sources) < len(node.spec.ports) or any(i not in parts for i in sources):
            return None
        given = tuple([parts[i].type for i in sources])
        if node_id in self._found.blamed:
            if given:
                self._say_memory(node, given)
            return None
        part = self._known.get(node_id)
        if part is not None and self._holds(part, node, given):
            return part
        # What a side branch shares with others need not fit them: nobody runs it.
        apart = node_id not in network.used and node_id in network.shared and network.losses
        return self._lower_on(Builder() if apart else self.b, node, sources, given, dataset)

    def _holds(self, part: Part, node: Node, given: tuple[TensorType, ...]) -> bool:
        """Whether what was found out about a node is still so."""
        return (
            part.spec is node.spec
            and part.given == given
            and part.owner == node.weights
            and node.id not in self.network.shared
            and part.frozen == (node.id in self._frozen)
        )

    def _lower_on(
        self,
        b: Builder,
        node: Node,
        sources: Sequence[str],
        given: tuple[TensorType, ...],
        dataset: DatasetInfo | None,
    ) -> Part | None:
        values = [self._value(b, i) for i in sources]
        since, frozen = b.extent, node.id in self._frozen
        try:
            with b.scope(node=node.id, phase=Phase.FORWARD, weights=node.weights, frozen=frozen):
                value = self._lower_node(b, node, values, dataset)
        except ShapeError as error:
            params = {**error.params, "name": node.name}
            at = _FIELDS.get(error.code)
            self._found.report(Diagnostic(error.code, params, node=node.id, field=at))
            return None
        if value is None:
            return None
        setup = self.network.setup
        # Inputs and losses take names and places among the feeds and heads of the program.
        apart = isinstance(node.spec, Input | LossSpec) or node.id in self.network.shared
        return Part(
            node.spec,
            "" if apart else node.weights,
            frozen,
            given,
            value.type,
            b.learned_since(since),
            b.footprint_since(since, setup.batch_size, setup.itemsize),
        )

    def _value(self, b: Builder, node_id: str) -> Value:
        """The output of a node; where it was not lowered on this builder, what stands for it."""
        if b is self.b and node_id in self._values:
            return self._values[node_id]
        kind = self.parts[node_id].type
        # No feed has a name like this.
        value = b.input(f"{node_id}, {b.extent}", kind.shape, kind.kind)
        if b is self.b:
            self._values[node_id] = value
        return value

    def total(self) -> Value:
        """The loss of the data that the network is trained on: the weighted sum of the losses."""
        terms = []
        for head in self.heads:
            term = self.b.value(head.loss)
            if head.weight != 1.0:
                with self.b.scope(node=head.node, phase=Phase.LOSS):
                    term = self.b.apply(Weigh(head.weight), term)
            terms.append(term)
        total = terms[0]
        for term in terms[1:]:
            with self.b.scope(node=self.heads[0].node, phase=Phase.LOSS):
                total = self.b.apply(Add(), total, term)
        return total

    def _lower_node(
        self, b: Builder, node: Node, given: Sequence[Value], dataset: DatasetInfo | None
    ) -> Value | None:
        spec = node.spec
        if isinstance(spec, LossSpec):
            return None if dataset is None else self._lower_loss(node, spec, given[0], dataset)
        if isinstance(spec, Input):
            if dataset is None:
                return None
            feed = self._feed_of(node, spec, dataset)
            if feed is None:
                return None
            given = [self._load(b, feed, self._kind(dataset))]
        value = spec.lower(b, *given)
        if b is self.b:
            self._values[node.id] = value
        return value

    def _feed_of(self, node: Node, spec: Input, dataset: DatasetInfo) -> Feed | None:
        """What an Input takes of the data; None, with a problem, when it cannot."""
        name = self._free_name("x")
        if spec.shape == "image":
            if dataset.image_shape is None:
                self._found.error(
                    "image-missing", node.id, field="shape", name=node.name, dataset=dataset.title
                )
                return None
            return Feed(name, Source.FEATURES, (1, *dataset.image_shape))
        if spec.takes_all:
            return Feed(name, Source.FEATURES, dataset.feature_shape)
        count = dataset.feature_shape[-1]
        first, last = spec.first, spec.first + spec.columns - 1 if spec.columns else count
        if len(dataset.feature_shape) > 1 or last > count or first > count:
            self._found.error(
                "columns-missing",
                node.id,
                field="columns" if first <= count else "first",
                name=node.name,
                first=first,
                last=max(first, last),
                dataset=dataset.title,
                count=count if len(dataset.feature_shape) == 1 else "no columns",
            )
            return None
        return Feed(name, Source.FEATURES, (last - first + 1,), (first - 1, last))

    @staticmethod
    def _kind(dataset: DatasetInfo) -> str:
        return "float" if dataset.vocabulary is None else "int"

    def _load(self, b: Builder, feed: Feed, kind: str) -> Value:
        value = b.input(feed.name, (BATCH, *feed.row), kind)
        if b is self.b:
            self._feeds[feed] = value
        return value

    def _free_name(self, stem: str) -> str:
        """`x`, then `x2`, `x3` and so on."""
        number = 1 + sum(f.name.startswith(stem) for f in self._feeds)
        return stem if number == 1 else f"{stem}{number}"

    def _lower_loss(
        self, node: Node, spec: LossSpec, prediction: Value, dataset: DatasetInfo
    ) -> Value | None:
        shape = prediction.shape
        if BATCH not in shape and (len(shape) == 1 or shape[:1] == (1,)):
            # Made of Parameters and Constants alone: the same prediction for every row.
            every = (BATCH, *(shape if len(shape) == 1 else shape[1:]))
            prediction = self.b.apply(BroadcastTo(every), prediction)
        if spec.target == Source.FEATURES:
            target = self._features(node, prediction, dataset)
        else:
            target = self._targets(node, spec, prediction, dataset)
        if target is None:
            return None
        classes = dataset.task is Task.CLASSIFICATION and spec.target == Source.TARGETS
        with self.b.scope(phase=Phase.LOSS):
            loss = spec.lower(self.b, prediction, target)
        self._heads[node.id] = Head(
            node.id, prediction.id, loss.id, spec.weight, spec.sums, classes, spec.row_weights
        )
        return loss

    def _features(self, node: Node, prediction: Value, dataset: DatasetInfo) -> Value | None:
        """The features as a target, in the prediction's shape: as rows or as pictures."""
        row = resolve(prediction.shape[1:], {})
        expected = [dataset.feature_shape]
        if dataset.image_shape is not None:
            expected.append((1, *dataset.image_shape))
        if row not in expected:
            self._found.error(
                "target-features",
                node.id,
                name=node.name,
                expected=" or ".join(format_shape(shape) for shape in expected),
                got=format_shape(prediction.shape),
            )
            return None
        with self.b.scope(phase=Phase.LOSS):
            feed = Feed(self._free_name("y"), Source.FEATURES, row)
            return self._load(self.b, feed, self._kind(dataset))

    def _targets(
        self, node: Node, spec: LossSpec, prediction: Value, dataset: DatasetInfo
    ) -> Value | None:
        classes = dataset.task is Task.CLASSIFICATION
        if spec.needs_classes and not classes:
            self._found.error(
                "target-kind",
                node.id,
                name=node.name,
                expected="classes",
                dataset=dataset.title,
                got="numbers",
            )
            return None
        expected = (BATCH, dataset.target_width)
        two_classes = classes and dataset.target_width == 2
        column = spec.takes_column and two_classes and prediction.shape == (BATCH, 1)
        if prediction.shape != expected and not column:
            self._found.error(
                "target-mismatch",
                node.id,
                name=node.name,
                expected=format_shape(expected),
                got=format_shape(prediction.shape),
            )
            return None
        with self.b.scope(phase=Phase.LOSS):
            row = () if classes else (dataset.target_width,)
            known = next((f for f in self._feeds if f.source is Source.TARGETS), None)
            if known is not None:
                target = self._feeds[known]
            else:
                feed = Feed(self._free_name("y"), Source.TARGETS, row)
                target = self._load(self.b, feed, "int" if classes else "float")
            if classes:
                rows = Column() if column else OneHot(dataset.target_width)
                target = self.b.apply(rows, target)
        return target

    def _say_memory(self, node: Node, given: Sequence[TensorType]) -> None:
        """Add to settings that are too large how much memory they would have needed."""
        found = [d for d in self._found.problems if d.node == node.id]
        fields = {f.name: f for f in node.spec.fields()}
        for problem in found:
            field = fields.get(problem.field or "")
            if field is None or field.kind is not Kind.INTEGER or field.high is None:
                return
            if getattr(node.spec, field.name) <= field.high:
                return
        b = Builder()
        try:
            fed = [b.input(f"x{i}", t.shape, t.kind) for i, t in enumerate(given)]
            node.spec.lower(b, *fed)
        except ShapeError:
            return
        need = b.build().memory(1, self.network.setup.itemsize)
        if need > MEMORY_LIMIT:
            for problem in found:
                params = {**problem.params, "need": in_words(need)}
                place = self._found.problems.index(problem)
                self._found.problems[place] = replace(
                    problem, code="field-range-memory", params=params
                )
