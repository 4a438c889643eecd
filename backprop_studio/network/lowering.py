"""From a network without errors to its programs, when somebody wants them."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from backprop_studio.autograd import Builder, Phase, Value
from backprop_studio.autograd.ops.arithmetic import Add
from backprop_studio.autograd.ops.penalty import L1Penalty, L2Penalty
from backprop_studio.data import DatasetInfo
from backprop_studio.network import memory
from backprop_studio.network.findings import Findings
from backprop_studio.network.forward import Forward
from backprop_studio.network.lowered import Lowered
from backprop_studio.network.network import Network
from backprop_studio.nn import add_updates

UNCHARGED = ("gain", "bias")
"""Names of parameters without a penalty, whatever their shape."""


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


class Lowering:
    """A network that can be trained, on the way to its programs.

    That it can be trained, its shapes and its problems are known without them. They are written
    when `lowered` is asked for first, by any thread: an edit is told to be right or wrong without
    waiting for that.

    Parameters
    ----------
    network
        One without errors.
    order
        Ids of the nodes that lead to a loss, each after those that it reads.
    dataset
        The data that it is made for.
    train, test
        Rows that are trained on, and held out.
    """

    def __init__(
        self,
        network: Network,
        order: Sequence[str],
        dataset: DatasetInfo,
        *,
        train: int,
        test: int,
    ) -> None:
        self.dataset = dataset
        self._network = network
        self._order = tuple(order)
        self._train, self._test = train, test
        self._lock = threading.Lock()
        self._lowered: Lowered | None = None

    @property
    def is_done(self) -> bool:
        """Whether the programs are written, so that nobody has to wait for them."""
        return self._lowered is not None

    @property
    def lowered(self) -> Lowered:
        """The programs; the same ones each time."""
        with self._lock:
            if self._lowered is None:
                self._lowered = self._lower()
            return self._lowered

    def need(self) -> int:
        """Bytes that a run will take at most, roughly: see `memory.estimate`."""
        lowered, setup = self.lowered, self._network.setup
        return memory.estimate(
            lowered.program,
            lowered.evaluation,
            batch=setup.batch_size,
            train=self._train,
            test=self._test,
            itemsize=setup.itemsize,
        )

    def _lower(self) -> Lowered:
        setup, forward = self._network.setup, self._forward(Builder())
        b, heads = forward.b, forward.heads
        evaluation, trainable = b.build(), [p for p in b.parameters if p.trainable]
        predictions = tuple(head.prediction for head in heads)
        if b.depends_on_mode:
            used = self._forward(Builder(training=False))
            heads, evaluation = used.heads, used.b.build()
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
        return Lowered(program, evaluation, forward.feeds, heads, self.dataset, predictions)

    def _forward(self, b: Builder) -> Forward:
        forward = Forward(self._network, Findings(), b)
        forward.lower(self._order, self.dataset)
        return forward
