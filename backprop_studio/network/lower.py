"""From a network to a program, with every problem and every shape found on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from backprop_studio import data
from backprop_studio.autograd import (
    BATCH,
    Builder,
    Phase,
    Program,
    Shape,
    Value,
    differentiate,
    format_shape,
)
from backprop_studio.autograd.ops.arithmetic import Add
from backprop_studio.autograd.ops.data import Column, OneHot
from backprop_studio.autograd.ops.penalty import L1Penalty, L2Penalty
from backprop_studio.data import DatasetInfo, Task
from backprop_studio.errors import Diagnostic, Severity, ShapeError, StudioError
from backprop_studio.network import graph
from backprop_studio.network.network import Network, Node, UnknownLayer
from backprop_studio.nn import LossSpec, layers

MEMORY_LIMIT = 4 * 2**30
"""Bytes that a training step may need; more is refused before anything is allocated."""

SOFT_RATE_LIMIT = 10.0
"""Learning rates above this are allowed, with a warning."""


@dataclass(frozen=True)
class Lowered:
    """A network as a program.

    Attributes
    ----------
    program
        The training step. Its inputs are called `x` and `y`.
    prediction
        Id of the value that the loss compares with the target.
    dataset
        The data that it is made for.
    data_loss
        Id of the loss without the penalties on weights, which held-out rows are measured by.
        `program.loss` has the penalties in it; without any it is the same value.
    sums
        Whether the loss is a sum over the rows; otherwise it is their mean.
    """

    program: Program
    prediction: int
    dataset: DatasetInfo
    data_loss: int
    sums: bool = False


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
            # A bias is one number a unit; whatever has two dimensions or more weighs inputs.
            if len(weight.shape) >= 2:
                with b.scope(node=weight.node):
                    terms += [b.apply(penalty, weight) for penalty in penalties]
        with b.scope(node=loss.node):
            for term in terms:
                loss = b.apply(Add(), loss, term)
    return loss


def analyze(network: Network) -> Analysis:
    """Check a network, infer its shapes and, if it has no errors, lower it."""
    return _Analyzer(network).run()


class _Analyzer:
    """One pass over one network; holds what the pass has found so far."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.problems: list[Diagnostic] = []
        self.shapes: dict[str, Shape] = {}
        self.b = Builder()
        self.values: dict[str, Value] = {}
        self.blamed: set[str] = set()

    def run(self) -> Analysis:
        network = self.network
        dataset = self._check_setup()
        order, cycle = graph.order(network)
        if not network.nodes:
            self._error("network-empty")
        if cycle:
            names = [network.node(i).name for i in (*cycle, cycle[0])]
            for node_id in cycle:
                self._error("cycle", node_id, path=" → ".join(names))
        inputs = [n for n in network.nodes if n.spec.info.id == layers()["input"].info.id]
        losses = [n for n in network.nodes if isinstance(n.spec, LossSpec)]
        self._check_ends(inputs, losses)
        used = graph.upstream(network, [n.id for n in losses])
        for node in network.nodes:
            self._check_node(node, used)
        loss = self._lower_nodes(order, used, dataset)
        lowered = None
        if loss is not None and dataset is not None and not self._has_errors():
            lowered = self._finish(loss, dataset)
        self.problems.sort(key=lambda d: d.severity is not Severity.ERROR)
        return Analysis(
            network, tuple(self.problems), self.shapes, self._count_parameters(), lowered
        )

    def _check_setup(self) -> DatasetInfo | None:
        setup = self.network.setup
        for title, spec in (("", setup), (setup.optimizer.info.title, setup.optimizer)):
            for problem in spec.problems(title):
                params = {k: problem.params[k] for k in ("field", "value", "allowed")}
                self.problems.append(replace(problem, code="setup-range", params=params))
        rate = getattr(setup.optimizer, "learning_rate", 0.0)
        if rate > SOFT_RATE_LIMIT and not setup.optimizer.problems(""):
            self._warn("rate-large", field="learning_rate", value=f"{rate:g}")
        if not setup.dataset:
            self._error("dataset-missing", field="dataset")
            return None
        try:
            dataset = data.info(setup.dataset)
        except StudioError as error:
            self.problems.append(Diagnostic(error.code, error.params, field="dataset"))
            return None
        if not setup.problems(""):
            rows = _training_rows(setup.dataset, setup.validation, setup.seed)
            if setup.batch_size > rows:
                self._error(
                    "batch-too-large", field="batch_size", batch=setup.batch_size, rows=rows
                )
        return dataset

    def _check_ends(self, inputs: list[Node], losses: list[Node]) -> None:
        if self.network.nodes and not inputs:
            self._error("input-missing")
        if self.network.nodes and not losses:
            self._error("loss-missing")
        for code, found in (("input-many", inputs), ("loss-many", losses)):
            for node in found if len(found) > 1 else ():
                names = ", ".join(n.name for n in found)
                self._error(code, node.id, count=len(found), names=names)

    def _check_node(self, node: Node, used: set[str]) -> None:
        name = node.name
        if isinstance(node.spec, UnknownLayer):
            self._error("layer-unknown", node.id, layer=node.spec.type)
            return
        problems = node.spec.problems(name, node.id)
        self.problems += problems
        if problems:
            self.blamed.add(node.id)
        wired = self.network.incoming(node.id)
        open_ports = [p for p in range(len(node.spec.ports)) if p not in wired]
        needed = node.id in used
        if open_ports:
            report = self._error if needed else self._warn
            count = len(node.spec.ports)
            if count == 1:
                report("port-unconnected", node.id, name=name)
            else:
                wires = count - len(open_ports)
                report("ports-unconnected", node.id, name=name, wired=wires, count=count)
        elif not needed and node.spec.has_output and self._has_loss() and node.spec.ports:
            if any(self.network.outgoing(node.id)):
                self._warn("node-unreached", node.id, name=name)
            else:
                self._warn("node-unused", node.id, name=name)

    def _lower_nodes(
        self, order: tuple[str, ...], used: set[str], dataset: DatasetInfo | None
    ) -> tuple[Value, Value] | None:
        """Lower every node whose inputs are known; return loss and prediction if reached."""
        found: tuple[Value, Value] | None = None
        # Side branches are lowered on a builder of their own: their shapes are of use to the
        # person at the canvas, their instructions are not.
        for node_id in sorted(order, key=lambda i: i not in used):
            node = self.network.node(node_id)
            if node_id in self.blamed or isinstance(node.spec, UnknownLayer):
                continue
            wires = self.network.incoming(node_id)
            sources = [wires.get(p) for p in range(len(node.spec.ports))]
            if any(w is None or w.source not in self.values for w in sources):
                continue
            given = [self.values[w.source] for w in sources if w is not None]
            b = self.b if node_id in used or not self._has_loss() else Builder()
            try:
                if isinstance(node.spec, LossSpec):
                    found = self._lower_loss(node, given[0], dataset) or found
                else:
                    with b.scope(node=node_id, phase=Phase.FORWARD):
                        if not node.spec.ports:
                            row = self._row_shape(node, dataset)
                            if row is None:
                                continue
                            given = [b.input("x", (BATCH, *row))]
                        self.values[node_id] = value = node.spec.lower(b, *given)
                    self.shapes[node_id] = value.shape
            except ShapeError as error:
                self.blamed.add(node_id)
                params = {**error.params, "name": node.name}
                self.problems.append(Diagnostic(error.code, params, node=node_id))
        return found

    def _row_shape(self, node: Node, dataset: DatasetInfo | None) -> tuple[int, ...] | None:
        """The shape in which an Input gives a row of the data; None when it cannot."""
        if dataset is None:
            return None
        if getattr(node.spec, "shape", "flat") != "image":
            return dataset.feature_shape
        if dataset.image_shape is None:
            self._error(
                "image-missing", node.id, field="shape", name=node.name, dataset=dataset.title
            )
            return None
        return (1, *dataset.image_shape)

    def _lower_loss(
        self, node: Node, prediction: Value, dataset: DatasetInfo | None
    ) -> tuple[Value, Value] | None:
        spec = node.spec
        assert isinstance(spec, LossSpec)
        if dataset is None:
            return None
        classes = dataset.task is Task.CLASSIFICATION
        if spec.needs_classes and not classes:
            self._error(
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
            self._error(
                "target-mismatch",
                node.id,
                name=node.name,
                expected=format_shape(expected),
                got=format_shape(prediction.shape),
            )
            return None
        with self.b.scope(node=node.id, phase=Phase.LOSS):
            if classes:
                labels = self.b.input("y", (BATCH,), "int")
                rows = Column() if column else OneHot(dataset.target_width)
                target = self.b.apply(rows, labels)
            else:
                target = self.b.input("y", expected)
            loss = spec.lower(self.b, prediction, target)
        self.shapes[node.id] = loss.shape
        return loss, prediction

    def _finish(self, ends: tuple[Value, Value], dataset: DatasetInfo) -> Lowered | None:
        data_loss, prediction = ends
        setup = self.network.setup
        parameters = self.b.build().parameters
        if not parameters:
            self._error("parameters-none")
            return None
        loss = penalize(self.b, data_loss, parameters, l1=setup.l1, l2=setup.l2)
        gradients = differentiate(self.b, loss, parameters)
        pairs = [(p, gradients[p.id]) for p in parameters if p.id in gradients]
        with self.b.scope(phase=Phase.UPDATE):
            setup.optimizer.lower(self.b, pairs)
        program = self.b.build(loss)
        need = program.memory(setup.batch_size, 8 if setup.precision == "float64" else 4)
        if need > MEMORY_LIMIT:
            self._error(
                "network-too-large",
                need=f"{need / 2**30:.1f} GiB",
                limit=f"{MEMORY_LIMIT / 2**30:.0f} GiB",
            )
            return None
        sums = any(isinstance(n.spec, LossSpec) and n.spec.sums for n in self.network.nodes)
        return Lowered(program, prediction.id, dataset, data_loss.id, sums)

    def _count_parameters(self) -> dict[str, int]:
        counts = dict.fromkeys(self.shapes, 0)
        for p in self.b.build().parameters:
            size = 1
            for d in p.shape:
                size *= int(d)
            counts[p.node] = counts.get(p.node, 0) + size
        return counts

    def _has_loss(self) -> bool:
        return any(isinstance(n.spec, LossSpec) for n in self.network.nodes)

    def _has_errors(self) -> bool:
        return any(d.severity is Severity.ERROR for d in self.problems)

    def _error(
        self, code: str, node: str | None = None, *, field: str | None = None, **params: object
    ) -> None:
        if node is not None:
            self.blamed.add(node)
        self.problems.append(Diagnostic(code, params, Severity.ERROR, node, field))

    def _warn(
        self, code: str, node: str | None = None, *, field: str | None = None, **params: object
    ) -> None:
        self.problems.append(Diagnostic(code, params, Severity.WARNING, node, field))
