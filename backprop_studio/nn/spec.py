"""What a layer, a loss and an optimizer are: settings, and a way to write instructions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from backprop_studio.autograd import Builder, Phase, Shape, Value
from backprop_studio.autograd.ops.data import Column, OneHot
from backprop_studio.nn.reduction import summed
from backprop_studio.specs import ConfigError, Spec, choice, number

if TYPE_CHECKING:
    from backprop_studio.nn.step import Step


@dataclass(frozen=True)
class LayerSpec(Spec):
    """A layer: settings and a forward-only lowering. Its backward pass is derived."""

    has_output: ClassVar[bool] = True
    phase: ClassVar[Phase] = Phase.FORWARD

    def rows_needed(self, *shapes: Shape) -> int:
        """Rows that a training batch must have for this layer to pass anything of them on.

        Parameters
        ----------
        *shapes
            Shape of the input at each port.
        """
        return 1

    @property
    def ports(self) -> tuple[str, ...]:
        """Names of the inputs that wires may end at; most layers override it with a constant."""
        return ("x",)

    def lower(self, b: Builder, *inputs: Value) -> Value:
        """Emit the forward instructions and return the output.

        Parameters
        ----------
        b
            Where to emit them; the node and the phase are already set.
        *inputs
            One value for each port; an Input is given the rows of the data.

        Raises
        ------
        ShapeError
            The layer cannot take an input of this shape.
        """
        raise NotImplementedError

    def add(self, b: Builder, *inputs: Value, node: str | None = None) -> Value:
        """Write this layer into a program of your own: `lower`, on a node of its own.

        Parameters
        ----------
        b
            Where to emit it.
        *inputs
            One value for each port; for a loss, prediction and target.
        node
            What its instructions and parameters belong to; by default its id with a number, such
            as `dense_1`.

        Raises
        ------
        StudioError
            A setting is out of range (`ConfigError`), or the inputs' shapes do not fit
            (`ShapeError`).

        Examples
        --------
        >>> from backprop_studio import nn
        >>> from backprop_studio.autograd import BATCH, Builder
        >>> b = Builder()
        >>> x = b.input("x", (BATCH, 64))
        >>> y = nn.layers()["dense"](units=10).add(b, x)
        >>> y.shape, [p.key for p in b.parameters]
        (('N', 10), [('dense_1', 'weight'), ('dense_1', 'bias')])
        """
        for problem in self.problems(self.info.id):
            raise ConfigError(problem.code, **problem.params)
        name = b.unused(self.info.id) if node is None else node
        with b.scope(node=name, phase=self.phase):
            return self.lower(b, *inputs)


@dataclass(frozen=True)
class LossSpec(LayerSpec):
    """A loss: the end of a network. Its target comes from the data set, not over a wire."""

    ports: ClassVar[tuple[str, ...]] = ("prediction",)
    has_output: ClassVar[bool] = False
    phase: ClassVar[Phase] = Phase.LOSS
    needs_classes: ClassVar[bool] = False
    """Whether the targets must be classes."""
    takes_column: ClassVar[bool] = False
    """Whether one score is enough for two classes; the target is then a column of 0 and 1."""

    target: str = choice(
        "targets",
        choices={"targets": "Targets of the data", "features": "Features of the data"},
        label="Compare with",
        doc="The targets, or the features themselves, which the network then learns to rebuild.",
    )
    weight: float = number(
        1.0,
        low=0.0,
        high=1000.0,
        label="Weight",
        doc="What this loss is multiplied by when there are several; they are then added.",
    )

    @property
    def row_weights(self) -> tuple[float, ...]:
        """How much a row of each class counts in the mean; empty when all count alike."""
        return getattr(self, "class_weights", ())

    @property
    def sums(self) -> bool:
        """Whether it is a sum over the rows of a batch; otherwise it is their mean."""
        return getattr(self, "reduction", "mean") == "sum"

    def formula(self) -> tuple[str, str]:
        """Its formula with these settings: that of a mean, or of a sum."""
        return summed(*super().formula()) if self.sums else super().formula()

    def lower(self, b: Builder, *inputs: Value) -> Value:
        """Emit the loss of `inputs`, prediction and target rows; return the scalar loss."""
        raise NotImplementedError

    def add(self, b: Builder, *inputs: Value, node: str | None = None) -> Value:
        """Write this loss into a program of your own; see `LayerSpec.add`.

        The inputs are prediction and target. A target of whole numbers, shape (N,), names the
        class of each row and is written out as rows first.

        Examples
        --------
        >>> from backprop_studio import nn
        >>> from backprop_studio.autograd import BATCH, Builder
        >>> b = Builder()
        >>> scores, labels = b.input("scores", (BATCH, 10)), b.input("y", (BATCH,), "int")
        >>> loss = nn.losses()["softmax_cross_entropy"]().add(b, scores, labels)
        >>> loss.shape, [instr.op.name for instr in b.instructions]
        ((), ['load', 'load', 'one_hot', 'softmax_cross_entropy'])
        """
        prediction, target = inputs
        name = b.unused(self.info.id) if node is None else node
        if target.type.kind == "int":
            # What is no row of scores is refused by the loss, which names both shapes.
            width = prediction.shape[-1] if prediction.shape else 1
            column = self.takes_column and prediction.shape[1:] == (1,)
            with b.scope(node=name, phase=self.phase):
                target = b.apply(Column() if column else OneHot(int(width)), target)
        return super().add(b, prediction, target, node=name)


@dataclass(frozen=True)
class OptimizerSpec(Spec):
    """An optimizer: what to do with the parameters once the loss of a batch is known."""

    rate_field: ClassVar[str] = "learning_rate"
    """Name of the setting that says how far a step goes, which schedules change."""

    @property
    def rate(self) -> float:
        """How far a step goes, before any schedule."""
        return float(getattr(self, self.rate_field))

    def lower(self, b: Builder, step: Step) -> None:
        """Emit the update of each parameter.

        Parameters
        ----------
        b
            Where to emit it; the phase is already set.
        step
            Gives parameters, gradients, losses and the rate.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class ScheduleSpec(Spec):
    """A schedule: how the learning rate changes from epoch to epoch."""

    def lower(self, b: Builder, rate: float, loss: Value) -> Value:
        """Emit what computes the rate of a step, and return it, a scalar.

        Parameters
        ----------
        b
            Where to emit it; node and phase are already set.
        rate
            The learning rate of the optimizer.
        loss
            Loss of the batch.
        """
        raise NotImplementedError
