"""What a layer, a loss and an optimizer are: typed settings and a way to write instructions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Self

from backprop_studio.autograd import Builder, Phase, Shape, Value
from backprop_studio.autograd.ops.data import Column, OneHot
from backprop_studio.errors import Diagnostic, StudioError
from backprop_studio.nn.fields import Field, Kind, choice, fields_of, number
from backprop_studio.nn.reduction import summed

if TYPE_CHECKING:
    from backprop_studio.nn.step import Step


class Category(StrEnum):
    """Where a spec stands in the palette, and the colour of its node. In the palette's order."""

    DATA = "data"
    LAYER = "layer"
    ACTIVATION = "activation"
    LOSS = "loss"
    PICTURE = "picture"
    SEQUENCE = "sequence"
    NORMALIZATION = "normalization"
    COMBINE = "combine"
    SHAPE = "shape"
    OPERATION = "operation"
    OPTIMIZER = "optimizer"
    SCHEDULE = "schedule"


@dataclass(frozen=True)
class Info:
    """What people read of a spec.

    Attributes
    ----------
    id
        Key in files and in the registry.
    title
        Name in the palette.
    category
        Group in the palette.
    summary
        One sentence: what it does.
    latex, plain
        Its formula, typeset and in plain text.
    shape
        Its shape rule in plain text.
    rank
        Its place in the group; where it is the same, the title decides.
    """

    id: str
    title: str
    category: Category
    summary: str
    latex: str
    plain: str
    shape: str
    rank: int = 1


class ConfigError(StudioError):
    """Settings that are unknown, of the wrong type or, where they are used, out of range."""


@dataclass(frozen=True)
class Spec:
    """Base of everything with settings. Subclasses are frozen dataclasses of declared fields."""

    info: ClassVar[Info]

    @classmethod
    def fields(cls) -> tuple[Field, ...]:
        """The declared settings."""
        return fields_of(cls)

    def config(self) -> dict[str, object]:
        """Settings as plain values, for files."""
        return {f.name: f.to_plain(getattr(self, f.name)) for f in self.fields()}

    @property
    def caption(self) -> str:
        """The setting that tells it from others of its type, such as "64 units".

        A number that is as it always is tells nothing and is left out.
        """
        for f in self.fields():
            value = getattr(self, f.name)
            if f.kind is Kind.INTEGER:
                return f"{value:,} {f.label.lower()}"
            if f.kind is Kind.NUMBER and value != f.default:
                return f"{f.label.lower()} {value:g}"
        return ""

    @classmethod
    def from_config(cls, config: Mapping[str, object], name: str = "") -> Self:
        """A spec from plain values; settings that are left out take their default.

        Values of the right type but out of range are taken: the document shows them as
        problems, and whoever made them can put them right.

        Raises
        ------
        ConfigError
            A setting is unknown or of the wrong type.
        """
        title = name or cls.info.title
        known = {f.name: f for f in cls.fields()}
        for key, value in config.items():
            if key not in known:
                raise ConfigError("field-unknown", name=title, field=key)
            if not known[key].fits_type(value):
                raise ConfigError(
                    "field-type", name=title, field=key, value=value, allowed=known[key].allowed
                )
        values: dict[str, Any] = {k: known[k].from_plain(value) for k, value in config.items()}
        return cls(**values)

    def unused(self) -> frozenset[str]:
        """Names of the settings that do nothing while the others are as they are."""
        return frozenset()

    def formula(self) -> tuple[str, str]:
        """Its formula with these settings, typeset and in plain text."""
        return self.info.latex, self.info.plain

    def problems(self, name: str, node: str | None = None) -> list[Diagnostic]:
        """A diagnostic for each setting that is out of range."""
        return [
            Diagnostic(
                "field-range",
                {
                    "name": name,
                    "field": f.label,
                    "value": getattr(self, f.name),
                    "allowed": f.allowed,
                },
                node=node,
                field=f.name,
            )
            for f in self.fields()
            if not f.fits_range(getattr(self, f.name))
        ]


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
