"""From a network to a program, with every problem and every shape found on the way."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from backprop_studio import data
from backprop_studio.autograd import (
    BATCH,
    MEMORY_LIMIT,
    Builder,
    Phase,
    Shape,
    Value,
    check_memory,
    format_shape,
    in_words,
    resolve,
)
from backprop_studio.autograd.ops.arithmetic import Add, BroadcastTo
from backprop_studio.autograd.ops.data import Column, OneHot
from backprop_studio.autograd.ops.penalty import L1Penalty, L2Penalty
from backprop_studio.autograd.ops.weigh import Weigh
from backprop_studio.data import DatasetInfo, Task
from backprop_studio.errors import Diagnostic, Severity, ShapeError, StudioError
from backprop_studio.network import graph, memory
from backprop_studio.network.advice import advice
from backprop_studio.network.lowered import Feed, Head, Lowered, Source
from backprop_studio.network.network import MAX_NODES, Network, Node, UnknownLayer
from backprop_studio.nn import Kind, LossSpec, add_updates
from backprop_studio.nn.layers.input import Input

UNCHARGED = ("gain", "bias")
"""Names of parameters without a penalty, whatever their shape."""


_FIELDS = {"class-weights": "class_weights"}
"""The setting at fault, for problems with shapes that a setting causes."""


@dataclass(frozen=True)
class Analysis:
    """All that is known about a network without running it.

    Attributes
    ----------
    network
        What was analysed.
    diagnostics
        Problems, errors first.
    shapes
        Id of a node to the shape of its output, as far as it is known.
    parameters
        Id of a node to how many numbers it learns, as far as it is known.
    lowered
        The program; None while there are errors.
    """

    network: Network
    diagnostics: tuple[Diagnostic, ...] = ()
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    parameters: Mapping[str, int] = field(default_factory=dict)
    lowered: Lowered | None = None

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The problems that forbid training."""
        return tuple(d for d in self.diagnostics if d.severity is Severity.ERROR)

    def require(self) -> Lowered:
        """The program.

        Raises
        ------
        StudioError
            The network cannot be trained; the text says why.
        """
        if self.lowered is None:
            raise StudioError("not-trainable", reason=self.errors[0].text)
        return self.lowered


@lru_cache(maxsize=64)
def _training_rows(dataset: str, validation: float, seed: int) -> int:
    return len(data.split(data.load(dataset), validation_fraction=validation, seed=seed).train)


def penalize(
    b: Builder, loss: Value, parameters: Sequence[Value], *, l1: float, l2: float
) -> Value:
    """The loss plus a term for each weight matrix and penalty. Biases are left alone.

    A term belongs to the node of its weight, the additions to that of the loss, so that the
    canvas shows where each of them comes from and where they meet.

    Parameters
    ----------
    b
        Where to emit them.
    loss
        Loss of the data.
    parameters
        All parameters, biases among them.
    l1, l2
        Strength of each penalty; 0 leaves it out.
    """
    penalties = [p(rate) for p, rate in ((L1Penalty, l1), (L2Penalty, l2)) if rate > 0.0]
    terms = []
    with b.scope(phase=Phase.LOSS):
        for weight in parameters:
            # A bias is one number a unit; whatever has two dimensions or more weighs inputs, save
            # gains and biases that have them to go along with what they scale.
            if len(weight.shape) >= 2 and weight.name not in UNCHARGED:
                with b.scope(node=weight.node):
                    terms += [b.apply(penalty, weight) for penalty in penalties]
        with b.scope(node=loss.node):
            for term in terms:
                loss = b.apply(Add(), loss, term)
    return loss


def _makes_up(node: Node) -> bool:
    """Whether it is a source of numbers that are not the data's: a Parameter or a Constant."""
    return not node.spec.ports and not isinstance(node.spec, Input)


def analyze(network: Network) -> Analysis:
    """Check a network, infer its shapes and, if it has no errors, lower it.

    Nothing is allocated: how much memory a run would take is reckoned, and too much is an error.

    Examples
    --------
    >>> from backprop_studio import nn
    >>> from backprop_studio.network import Network, TrainingSetup, analyze, edits
    >>> network = Network(setup=TrainingSetup(dataset="circles"))
    >>> for kind in ("input", "dense", "softmax_cross_entropy"):
    ...     network, _ = edits.add_node(network, nn.nodes()[kind](), 0.0, 0.0)
    >>> network = edits.connect(network, "input_1", "dense_1")
    >>> network = edits.connect(network, "dense_1", "loss_1")
    >>> for problem in analyze(network).diagnostics:
    ...     print(problem.text)
    'loss_1' compares with targets of shape N×2 but gets N×32.
    """
    return _Analyzer(network).run()


class _Analyzer:
    """One pass over one network; holds what the pass has found so far."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.problems: list[Diagnostic] = []
        self.shapes: Mapping[str, Shape] = {}
        self.parameters: tuple[Value, ...] = ()
        self.blamed: set[str] = set()

    def run(self) -> Analysis:
        network = self.network
        dataset = self._check_setup()
        order, cycle = graph.order(network)
        if not network.nodes:
            self.error("network-empty")
        if cycle:
            names = [network.node(i).name for i in (*cycle, cycle[0])]
            for node_id in cycle:
                self.error("cycle", node_id, path=" → ".join(names))
        inputs = [n for n in network.nodes if isinstance(n.spec, Input)]
        losses = [n for n in network.nodes if isinstance(n.spec, LossSpec)]
        self._check_ends(inputs, losses)
        used = graph.upstream(network, [n.id for n in losses])
        for node in network.nodes:
            self._check_node(node, used)
        forward = _Forward(self, Builder())
        forward.lower(order, used, dataset)
        self.shapes = forward.shapes
        self.problems += advice(network, self.shapes)
        self.parameters = forward.b.build().parameters
        lowered = None
        if forward.heads and dataset is not None and not self._has_errors():
            lowered = self._finish(forward, order, used, dataset)
        self.problems.sort(key=lambda d: d.severity is not Severity.ERROR)
        return Analysis(
            network, tuple(self.problems), self.shapes, self._count_parameters(), lowered
        )

    def _check_setup(self) -> DatasetInfo | None:
        setup = self.network.setup
        for spec in (setup, setup.optimizer, setup.schedule):
            for problem in spec.problems(spec.info.title):
                params = {k: problem.params[k] for k in ("field", "value", "allowed")}
                self.problems.append(replace(problem, code="setup-range", params=params))
        if not setup.dataset:
            self.error("dataset-missing", field="dataset")
            return None
        try:
            dataset = data.info(setup.dataset)
        except StudioError as error:
            self.problems.append(Diagnostic(error.code, error.params, field="dataset"))
            return None
        if not setup.problems(""):
            rows = _training_rows(setup.dataset, setup.validation, setup.seed)
            if setup.batch_size > rows:
                self.error("batch-too-large", field="batch_size", batch=setup.batch_size, rows=rows)
        return dataset

    def _check_ends(self, inputs: list[Node], losses: list[Node]) -> None:
        if len(self.network.nodes) > MAX_NODES:
            self.error("nodes-many", count=len(self.network.nodes), limit=f"{MAX_NODES:,}")
        made_up = any(_makes_up(n) for n in self.network.nodes)
        if self.network.nodes and not inputs and not made_up:
            self.error("input-missing")
        if self.network.nodes and not losses:
            self.error("loss-missing")

    def _check_node(self, node: Node, used: set[str]) -> None:
        name = node.name
        if isinstance(node.spec, UnknownLayer):
            self.error("layer-unknown", node.id, layer=node.spec.type)
            return
        problems = node.spec.problems(name, node.id)
        self.problems += problems
        if problems:
            self.blamed.add(node.id)
        wired = self.network.incoming(node.id)
        open_ports = [p for p in range(len(node.spec.ports)) if p not in wired]
        needed = node.id in used
        if open_ports:
            report = self.error if needed else self.warn
            count = len(node.spec.ports)
            if count == 1:
                report("port-unconnected", node.id, name=name)
            else:
                wires = count - len(open_ports)
                report("ports-unconnected", node.id, name=name, wired=wires, count=count)
        elif not needed and node.spec.has_output and self.has_loss():
            if self.network.outgoing(node.id):
                self.warn("node-unreached", node.id, name=name)
            else:
                self.warn("node-unused", node.id, name=name)

    def weigh(self, node: Node, given: Sequence[Value]) -> None:
        """Add to settings that are too large how much memory they would have needed."""
        found = [d for d in self.problems if d.node == node.id]
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
        need = b.build().memory(1, self._itemsize)
        if need > MEMORY_LIMIT:
            for problem in found:
                params = {**problem.params, "need": in_words(need)}
                place = self.problems.index(problem)
                self.problems[place] = replace(problem, code="field-range-memory", params=params)

    @property
    def _itemsize(self) -> int:
        return 8 if self.network.setup.precision == "float64" else 4

    def _finish(
        self, forward: _Forward, order: tuple[str, ...], used: set[str], dataset: DatasetInfo
    ) -> Lowered | None:
        setup, b = self.network.setup, forward.b
        if not self.parameters:
            self.error("parameters-none")
            return None
        trainable = [p for p in self.parameters if p.trainable]
        if not trainable:
            self.error("parameters-frozen")
            return None
        heads, evaluation = forward.heads, b.build()
        if b.depends_on_mode:
            used_only = _Forward(self, Builder(training=False))
            used_only.lower([i for i in order if i in used], used, dataset)
            heads, evaluation = used_only.heads, used_only.b.build()
        loss = penalize(b, forward.total(), trainable, l1=setup.l1, l2=setup.l2)
        add_updates(
            b,
            loss,
            trainable,
            setup.optimizer,
            schedule=setup.schedule,
            warmup=setup.warmup,
            clip=setup.clip,
            clip_at=setup.clip_at,
        )
        program = b.build(loss)
        train = _training_rows(setup.dataset, setup.validation, setup.seed)
        need = memory.estimate(
            program,
            evaluation,
            batch=setup.batch_size,
            train=train,
            test=data.load(setup.dataset).size - train,
            itemsize=self._itemsize,
        )
        try:
            check_memory(need, MEMORY_LIMIT)
        except StudioError as error:
            self.report(Diagnostic(error.code, error.params))
            return None
        return Lowered(program, evaluation, forward.feeds, heads, dataset)

    def _count_parameters(self) -> dict[str, int]:
        counts = dict.fromkeys(self.shapes, 0)
        for p in self.parameters:
            size = 1
            for d in p.shape:
                size *= int(d)
            # Each layer that shares weights is said to have them.
            for node in self.network.sharing(p.node):
                counts[node.id] = counts.get(node.id, 0) + size
        return counts

    def report(self, problem: Diagnostic) -> None:
        """Note a problem of a node, which is then not looked at again."""
        if problem.node is not None:
            self.blamed.add(problem.node)
        self.problems.append(problem)

    def has_loss(self) -> bool:
        """Whether there is anything to train on."""
        return any(isinstance(n.spec, LossSpec) for n in self.network.nodes)

    def _has_errors(self) -> bool:
        return any(d.severity is Severity.ERROR for d in self.problems)

    def error(
        self, code: str, node: str | None = None, *, field: str | None = None, **params: object
    ) -> None:
        """Note an error, of a node or of the whole network."""
        self.report(Diagnostic(code, params, Severity.ERROR, node, field))

    def warn(
        self, code: str, node: str | None = None, *, field: str | None = None, **params: object
    ) -> None:
        """Note something that may be meant."""
        self.problems.append(Diagnostic(code, params, Severity.WARNING, node, field))


class _Forward:
    """The forward pass and the losses of a network, on one builder.

    What cannot be lowered is reported to the analyzer, which was given the network.
    """

    def __init__(self, analyzer: _Analyzer, b: Builder) -> None:
        self.analyzer = analyzer
        self.network = analyzer.network
        self.b = b
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

    def lower(
        self, order: Sequence[str], used: Collection[str], dataset: DatasetInfo | None
    ) -> None:
        """Lower every node whose inputs are known."""
        blamed = self.analyzer.blamed
        has_loss = self.analyzer.has_loss()
        for node_id in sorted(order, key=lambda i: i not in used):
            node = self.network.node(node_id)
            if isinstance(node.spec, UnknownLayer):
                continue
            wires = self.network.incoming(node_id)
            sources = [wires.get(p) for p in range(len(node.spec.ports))]
            if any(w is None or w.source not in self._values for w in sources):
                continue
            given = [self._values[w.source] for w in sources if w is not None]
            if node_id in blamed:
                if given:
                    self.analyzer.weigh(node, given)
                continue
            # Side branches are lowered on a builder of their own: their shapes are of use to
            # the person at the canvas, their instructions are not.
            b = self.b if node_id in used or not has_loss else Builder()
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
                self.analyzer.report(Diagnostic(error.code, params, node=node_id, field=at))
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
                self.analyzer.error(
                    "image-missing", node.id, field="shape", name=node.name, dataset=dataset.title
                )
                return None
            return Feed(name, Source.FEATURES, (1, *dataset.image_shape))
        if spec.takes_all:
            return Feed(name, Source.FEATURES, dataset.feature_shape)
        count = dataset.feature_shape[-1]
        first, last = spec.first, spec.first + spec.columns - 1 if spec.columns else count
        if len(dataset.feature_shape) > 1 or last > count or first > count:
            self.analyzer.error(
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
            node.id, prediction.id, loss.id, spec.weight, spec.sums, classes
        )
        return loss

    def _features(self, node: Node, prediction: Value, dataset: DatasetInfo) -> Value | None:
        """The features as a target, in the prediction's shape: as rows or as pictures."""
        row = resolve(prediction.shape[1:], {})
        expected = [dataset.feature_shape]
        if dataset.image_shape is not None:
            expected.append((1, *dataset.image_shape))
        if row not in expected:
            self.analyzer.error(
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
            self.analyzer.error(
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
            self.analyzer.error(
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
