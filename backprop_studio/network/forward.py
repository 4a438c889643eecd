"""The forward pass of a network: from nodes and wires to instructions, losses and feeds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from backprop_studio.autograd import (
    BATCH,
    MEMORY_LIMIT,
    Builder,
    Phase,
    Shape,
    Value,
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
from backprop_studio.nn import LossSpec
from backprop_studio.nn.layers.input import Input
from backprop_studio.specs import Kind

_FIELDS = {"class-weights": "class_weights", "weights-listed": "values"}
"""The setting at fault, for problems with shapes that a setting causes."""


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
    """

    def __init__(self, network: Network, found: Findings, b: Builder) -> None:
        self.network = network
        self.b = b
        self._found = found
        self.shapes: dict[str, Shape] = {}
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
    def heads(self) -> tuple[Head, ...]:
        """The losses, in the order of the document."""
        return tuple(self._heads[n.id] for n in self.network.nodes if n.id in self._heads)

    @property
    def values(self) -> Mapping[str, Value]:
        """Id of a node to its output, for the nodes that could be lowered."""
        return self._values

    def go_on(
        self, values: Mapping[str, Value], shapes: Mapping[str, Shape], nodes: Collection[str]
    ) -> None:
        """Take over what is known of some nodes, so that others can be lowered after them."""
        self._values.update((key, values[key]) for key in nodes if key in values)
        self.shapes.update((key, shapes[key]) for key in nodes if key in shapes)

    def lower(
        self, order: Sequence[str], used: Collection[str], dataset: DatasetInfo | None
    ) -> None:
        """Lower every node whose inputs are known."""
        for node_id in sorted(order, key=lambda i: i not in used):
            node = self.network.node(node_id)
            if isinstance(node.spec, UnknownLayer):
                continue
            wires = self.network.incoming(node_id)
            sources = [wires.get(p) for p in range(len(node.spec.ports))]
            if any(w is None or w.source not in self._values for w in sources):
                continue
            given = [self._values[w.source] for w in sources if w is not None]
            if node_id in self._found.blamed:
                if given:
                    self._say_memory(node, given)
                continue
            # Side branches are lowered on a builder of their own: their shapes are of use to
            # the person at the canvas, their instructions are not.
            b = self.b if node_id in used or not self.network.losses else Builder()
            try:
                with b.scope(
                    node=node_id,
                    phase=Phase.FORWARD,
                    weights=node.weights,
                    frozen=node_id in self._frozen,
                ):
                    value = self._lower_node(b, node, given, dataset)
            except ShapeError as error:
                params = {**error.params, "name": node.name}
                at = _FIELDS.get(error.code)
                self._found.report(Diagnostic(error.code, params, node=node_id, field=at))
                continue
            if value is not None:
                self.shapes[node_id] = value.shape

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
        value = self._values[node.id] = spec.lower(b, *given)
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

    def _say_memory(self, node: Node, given: Sequence[Value]) -> None:
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
            fed = [b.input(f"x{i}", v.shape, v.type.kind) for i, v in enumerate(given)]
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
