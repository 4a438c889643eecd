"""What is wrong with a network, the shapes in it, and whether it can be trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from backprop_studio import data
from backprop_studio.autograd import (
    MEMORY_LIMIT,
    Builder,
    Program,
    Shape,
    Value,
    check_memory,
)
from backprop_studio.data import CorruptionError, DatasetInfo, Prepared
from backprop_studio.errors import Diagnostic, Severity, StudioError
from backprop_studio.network import memory
from backprop_studio.network.advice import advice
from backprop_studio.network.findings import Findings
from backprop_studio.network.forward import Forward, Part
from backprop_studio.network.lowered import Lowered
from backprop_studio.network.lowering import Lowering
from backprop_studio.network.network import MAX_NODES, Network, Node, UnknownLayer
from backprop_studio.nn.layers.input import Input


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
    lowering
        The way to the programs; None while there are errors.
    preparing
        Whether the data are still to be prepared: shapes are known, and there is no program yet.
    parts
        Id of a node to what is known of it, for what is found out after the next edit.
    checked
        Id of a node to the problems of its settings and wires, for the same.
    """

    network: Network
    diagnostics: tuple[Diagnostic, ...] = ()
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    parameters: Mapping[str, int] = field(default_factory=dict)
    lowering: Lowering | None = field(default=None, compare=False, repr=False)
    preparing: bool = False
    parts: Mapping[str, Part] = field(default_factory=dict, compare=False, repr=False)
    checked: Mapping[str, tuple[Diagnostic, ...]] = field(
        default_factory=dict, compare=False, repr=False
    )

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The problems that forbid training."""
        return tuple(d for d in self.diagnostics if d.severity is Severity.ERROR)

    @property
    def trainable(self) -> bool:
        """Whether there are programs, which may still have to be written."""
        return self.lowering is not None

    @property
    def lowered(self) -> Lowered | None:
        """The programs; None while there are errors. Who asks first waits until they are written.

        Both threads may ask. Ask when they are wanted, not when an edit is told.
        """
        return None if self.lowering is None else self.lowering.lowered

    @property
    def program(self) -> Program | None:
        """The training step of `lowered`."""
        return None if self.lowering is None else self.lowering.lowered.program

    def require(self) -> Lowered:
        """The programs.

        Raises
        ------
        StudioError
            The network cannot be trained; the text says why.
        """
        if self.lowering is None:
            raise StudioError("not-trainable", reason=self.errors[0].text)
        return self.lowering.lowered


def _makes_up(node: Node) -> bool:
    """Whether it is a source of numbers that are not the data's: a Parameter or a Constant."""
    return not node.spec.ports and not isinstance(node.spec, Input)


def analyze(network: Network, known: Analysis | None = None, *, wait: bool = True) -> Analysis:
    """Check a network, infer its shapes and tell whether it can be trained.

    Nothing is allocated: how much memory a run would take is reckoned, and too much is an error.

    Parameters
    ----------
    network
        What to analyse.
    known
        What is known of the network before an edit. The result is the same with it and without
        it, but found faster: only nodes that are others, or read another type, are looked at.
    wait
        Whether to prepare the data, which may take long. Otherwise, unless that is quick, a few
        rows tell the shapes, and the analysis says that it is `preparing`.

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
    # Names stand in what is wrong, and in nothing else that is found out.
    if known is not None and not known.diagnostics and known.network.trains_like(network):
        return replace(known, network=network, shapes=dict(known.shapes))
    return _Analyzer(network, known, wait=wait).run()


class _Analyzer:
    """One pass over one network; holds what the pass has found so far."""

    def __init__(self, network: Network, known: Analysis | None, *, wait: bool) -> None:
        self.network = network
        self.known = known
        self.preparing = not wait and not network.setup.has_quick_data
        self.known_parts = self._known_parts()
        if known is not None:
            network.come_from(known.network)
        self.edit = None if known is None else network.changes_from(known.network)
        self.found = Findings()
        self.shapes: Mapping[str, Shape] = {}
        self.parameters: Sequence[Value] = ()
        self.prepared: Prepared | None = None

    def run(self) -> Analysis:
        network, known = self.network, self.known
        dataset = self._check_setup()
        order, used = network.wiring.order, network.used
        if not network.nodes:
            self.found.error("network-empty")
        if cycle := network.wiring.cycle:
            names = [network.node(i).name for i in (*cycle, cycle[0])]
            for node_id in cycle:
                self.found.error("cycle", node_id, path=" → ".join(names))
        inputs = [n for n in network.nodes if isinstance(n.spec, Input)]
        self._check_ends(inputs)
        again = self._again()
        checked = self._check_nodes(again)
        forward = Forward(network, self.found, Builder(), self.known_parts)
        if known is None or again is None:
            forward.lower(order, dataset)
        else:
            # Inputs and losses stand for places in a program, which is another each time.
            again.update(node.id for node in (*inputs, *network.losses))
            standing = {key: self.known_parts[key] for key in known.shapes}
            forward.lower(order, dataset, standing, again)
        self.shapes = {key: part.type.shape for key, part in forward.parts.items()}
        self.parameters = [
            value
            for key, part in forward.parts.items()
            if key in used or not network.losses
            for value in part.learned
        ]
        self.found.problems += advice(network, self.shapes)
        lowering = None
        if dataset is not None and not self.found.has_errors and forward.heads:
            lowering = self._finish(forward, dataset)
        self.found.problems.sort(key=lambda d: d.severity is not Severity.ERROR)
        return Analysis(
            network,
            tuple(self.found.problems),
            self.shapes,
            self._count_parameters(),
            lowering,
            self.preparing,
            self._parts_kept(forward.parts),
            checked,
        )

    def _parts_kept(self, parts: Mapping[str, Part]) -> Mapping[str, Part]:
        """Also of nodes that read nothing at the moment: what is cut may be joined again."""
        kept = {key: part for key, part in self.known_parts.items() if key in self.network}
        return {**kept, **parts}

    def _known_parts(self) -> Mapping[str, Part]:
        """What is known of the nodes from before, where batches are as large as now."""
        if self.known is None:
            return {}
        before, now = self.known.network.setup, self.network.setup
        same = (before.batch_size, before.itemsize) == (now.batch_size, now.itemsize)
        return self.known.parts if same else {}

    def _again(self) -> set[str] | None:
        """The nodes about which there may be something else to say than before; None for all."""
        known, edit, network = self.known, self.edit, self.network
        if known is None or edit is None or not self.known_parts:
            return None
        before = known.network
        if network.shared or before.shared or bool(network.losses) != bool(before.losses):
            return None
        if network.wiring.cycle or before.wiring.cycle:
            return None
        again = {node.id for node in edit.renewed}
        again |= {problem.node for problem in known.errors if problem.node is not None}
        for wire in edit.rewired:
            again |= {wire.source, wire.target}
        return again

    def _check_setup(self) -> DatasetInfo | None:
        setup = self.network.setup
        for spec in (setup, setup.data, setup.optimizer, setup.schedule):
            for problem in spec.problems(spec.info.title):
                params = {k: problem.params[k] for k in ("field", "value", "allowed")}
                self.found.problems.append(replace(problem, code="setup-range", params=params))
        if not setup.dataset:
            self.found.error("dataset-missing", field="dataset")
            return None
        try:
            dataset = data.info(setup.dataset)
        except StudioError as error:
            self.found.problems.append(Diagnostic(error.code, error.params, field="dataset"))
            return None
        if setup.problems("") or setup.data.problems(""):
            return dataset
        if self.preparing:
            self.found.error("data-preparing")
            return data.outline(setup.dataset, setup.data, setup.validation, setup.seed)
        try:
            self.prepared = setup.prepared()
        except CorruptionError as error:
            field = f"data.corruptions.{error.place}"
            self.found.problems.append(Diagnostic(error.code, error.params, field=field))
            return dataset
        except StudioError as error:
            field = "data.scaling" if error.code == "scaling-tokens" else "dataset"
            self.found.problems.append(Diagnostic(error.code, error.params, field=field))
            return dataset
        rows = len(self.prepared.split.train)
        if setup.batch_size > rows:
            self.found.error(
                "batch-too-large", field="batch_size", batch=setup.batch_size, rows=rows
            )
        return self.prepared.dataset.info

    def _check_ends(self, inputs: list[Node]) -> None:
        if len(self.network.nodes) > MAX_NODES:
            self.found.error("nodes-many", count=len(self.network.nodes), limit=f"{MAX_NODES:,}")
        made_up = any(_makes_up(n) for n in self.network.nodes)
        if self.network.nodes and not inputs and not made_up:
            self.found.error("input-missing")
        if self.network.nodes and not self.network.losses:
            self.found.error("loss-missing")

    def _check_nodes(self, again: Set[str] | None) -> dict[str, tuple[Diagnostic, ...]]:
        """Check these nodes, or all, and repeat what is known of the others; what each one has."""
        checked: dict[str, tuple[Diagnostic, ...]] = {}
        problems, known = self.found.problems, self.known
        if known is not None and again is not None:
            # Whether a node leads to a loss matters to what is said of it, and to nothing else.
            again = again | (self.network.used ^ known.network.used)
        for node in self.network.nodes:
            if known is not None and again is not None and node.id not in again:
                found = known.checked.get(node.id, ())
                problems += found
            else:
                since = len(problems)
                self._check_node(node)
                found = tuple(problems[since:])
            if found:
                checked[node.id] = found
        return checked

    def _check_node(self, node: Node) -> None:
        name = node.name
        if isinstance(node.spec, UnknownLayer):
            self.found.error("layer-unknown", node.id, layer=node.spec.type)
            return
        part = self.known_parts.get(node.id)
        if part is None or part.spec is not node.spec:
            problems = node.spec.problems(name, node.id)
            self.found.problems += problems
            if problems:
                self.found.blamed.add(node.id)
        wired = self.network.incoming(node.id)
        open_ports = [p for p in range(len(node.spec.ports)) if p not in wired]
        needed = node.id in self.network.used
        if open_ports:
            report = self.found.error if needed else self.found.warn
            count = len(node.spec.ports)
            if count == 1:
                report("port-unconnected", node.id, name=name)
            else:
                wires = count - len(open_ports)
                report("ports-unconnected", node.id, name=name, wired=wires, count=count)
            return
        # Of a way that ends before a loss only its end is said, and not each layer before that.
        ends = node.spec.has_output and not self.network.outgoing(node.id)
        if ends and not needed and self.network.losses:
            self.found.warn("node-unused", node.id, name=name)

    def _known_lowering(self, dataset: DatasetInfo) -> Lowering | None:
        """The programs from before the edit, where nothing that they depend on is another."""
        known, edit, network = self.known, self.edit, self.network
        if known is None or edit is None or known.lowering is None:
            return None
        before, used = known.network, network.used
        # Who shares weights has to do with whoever else is frozen.
        apart = not (network.shared or before.shared)
        same = (
            known.lowering.dataset == dataset
            and before.setup == network.setup
            and before.used == used
            and not edit.reordered
            and not any(wire.target in used for wire in edit.rewired)
            and (apart or not (edit.come or edit.gone))
            and all(
                (apart and node.id not in used) or node.learning == before.node(node.id).learning
                for node in edit.renewed
            )
        )
        return known.lowering if same else None

    def _finish(self, forward: Forward, dataset: DatasetInfo) -> Lowering | None:
        if (known := self._known_lowering(dataset)) is not None:
            return known
        if not self.parameters:
            self.found.error("parameters-none")
            return None
        if not any(p.trainable for p in self.parameters):
            self.found.error("parameters-frozen")
            return None
        assert self.prepared is not None  # or there would be errors
        split, used = self.prepared.split, self.network.used
        lowering = Lowering(
            self.network,
            [i for i in self.network.wiring.order if i in used],
            dataset,
            train=len(split.train),
            test=len(split.validation),
        )
        size = sum(part.size for key, part in forward.parts.items() if key in used)
        rows = len(split.train) + len(split.validation)
        try:
            if memory.bound(size, row=forward.row, rows=rows) > MEMORY_LIMIT:
                check_memory(lowering.need(), MEMORY_LIMIT)
        except StudioError as error:
            self.found.report(Diagnostic(error.code, error.params))
            return None
        return lowering

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
