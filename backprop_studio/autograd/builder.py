"""Writes programs: the one place where values and instructions come into being."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import NamedTuple

from backprop_studio.autograd.op import Op
from backprop_studio.autograd.ops.data import Load
from backprop_studio.autograd.program import (
    Initializer,
    Instr,
    Phase,
    Program,
    Role,
    Value,
    footprint,
)
from backprop_studio.autograd.symbol import Shape, TensorType, format_shape
from backprop_studio.errors import ShapeError


class Scope(NamedTuple):
    """On whose behalf a builder emits."""

    node: str = ""
    phase: Phase = Phase.FORWARD
    weights: str = ""
    frozen: bool = False
    keeper: str = ""


class _Inside:
    """A block of code in which a builder emits on another's behalf."""

    __slots__ = ("_before", "_builder", "_scope")

    def __init__(self, builder: Builder, scope: Scope) -> None:
        self._builder, self._scope = builder, scope

    def __enter__(self) -> None:
        builder = self._builder
        self._before, builder._scope = builder._scope, self._scope
        builder._nodes.add(self._scope.node)

    def __exit__(self, *_: object) -> None:
        self._builder._scope = self._before


class Builder:
    """Collects values and instructions, then freezes them into a `Program`.

    Parameters
    ----------
    training
        Whether the program trains. Layers that behave otherwise when a network is only used, as
        dropout does, ask for it.

    Examples
    --------
    >>> from backprop_studio.autograd import BATCH, Builder, Phase
    >>> from backprop_studio.autograd.ops.matmul import MatMul
    >>> b = Builder()
    >>> x = b.input("x", (BATCH, 3))
    >>> w = b.parameter("weight", (3, 2))
    >>> b.apply(MatMul(), x, w).shape
    ('N', 2)
    """

    def __init__(self, *, training: bool = True) -> None:
        self._training = training
        self._mode_asked = False
        self._values: list[Value] = []
        self._instructions: list[Instr] = []
        self._inputs: dict[str, int] = {}
        self._kept: dict[tuple[str, ...], Value] = {}
        self._gradients: dict[int, int] = {}
        self._nodes: set[str] = set()
        self._scope = Scope()

    @property
    def training(self) -> bool:
        """Whether the program trains."""
        self._mode_asked = True
        return self._training

    @property
    def depends_on_mode(self) -> bool:
        """Whether any layer has asked if the program trains."""
        return self._mode_asked

    @property
    def node(self) -> str:
        """The node that emits now."""
        return self._scope.node

    @property
    def frozen(self) -> bool:
        """Whether parameters made now are not to be trained."""
        return self._scope.frozen

    @property
    def instructions(self) -> tuple[Instr, ...]:
        """What has been emitted so far."""
        return tuple(self._instructions)

    @property
    def parameters(self) -> tuple[Value, ...]:
        """The learned values so far, frozen ones among them."""
        return tuple(v for v in self._values if v.role is Role.PARAMETER)

    @property
    def extent(self) -> tuple[int, int]:
        """How many values and how many instructions there are so far."""
        return len(self._values), len(self._instructions)

    def learned_since(self, extent: tuple[int, int]) -> tuple[Value, ...]:
        """The learned values that have come since then, frozen ones among them."""
        return tuple([v for v in self._values[extent[0] :] if v.role is Role.PARAMETER])

    def footprint_since(self, extent: tuple[int, int], batch: int, itemsize: int = 4) -> int:
        """Bytes that the instructions that have come since then need, for `batch` rows."""
        return footprint(self._values, self._instructions[extent[1] :], batch, itemsize)

    def value(self, index: int) -> Value:
        """The value with this id."""
        return self._values[index]

    def scope(
        self,
        *,
        node: str | None = None,
        phase: Phase | None = None,
        weights: str | None = None,
        frozen: bool = False,
        keeper: str | None = None,
    ) -> AbstractContextManager[None]:
        """Attribute what is emitted inside to `node` and `phase`.

        Parameters
        ----------
        node, phase
            None leaves it as it is.
        weights
            Name that parameters and buffers are kept under, if it is not the node: nodes that
            use the same name share them.
        frozen
            Whether parameters made inside are not to be trained.
        keeper
            Id of the optimizer or schedule that keeps the state made inside; None leaves it.
        """
        before = self._scope
        scope = Scope(
            before.node if node is None else node,
            before.phase if phase is None else phase,
            (before.weights if node is None else node) if weights is None else weights,
            before.frozen or frozen,
            before.keeper if keeper is None else keeper,
        )
        return _Inside(self, scope)

    def unused(self, stem: str) -> str:
        """A name for a node that no scope has had: `dense_1`, `dense_2` and so on."""
        number = 1
        while f"{stem}_{number}" in self._nodes:
            number += 1
        return f"{stem}_{number}"

    def input(self, name: str, shape: Shape, kind: str = "float") -> Value:
        """A value that the data fill, and the instruction that loads it.

        Parameters
        ----------
        name
            What `Machine.feed` knows it by.
        shape
            Dimensions; `BATCH` is the number of rows of a batch.
        kind
            "float", or "int" for classes and tokens.

        Raises
        ------
        ShapeError
            A dimension is negative.
        ValueError
            There is an input of this name.
        """
        if name in self._inputs:
            raise ValueError(f"there is already an input '{name}'")
        value = self._new(name, TensorType(shape, kind), Role.INPUT)
        self._inputs[name] = value.id
        self._emit(Load(name), (), (value,), phase=Phase.DATA)
        return value

    def parameter(self, name: str, shape: Shape, init: Initializer | None = None) -> Value:
        """A learned value of the current node. Without `init` it starts at zero.

        Raises
        ------
        ShapeError
            A dimension is negative, or the node shares its weights with another one, whose are
            of another shape.
        """
        return self._keep(Role.PARAMETER, name, shape, init)

    def buffer(self, name: str, shape: Shape, init: Initializer | None = None) -> Value:
        """A value of the current node that is kept and not learned, such as a running mean.

        What changes it is emitted in the update phase, and only when the program trains.

        Raises
        ------
        ShapeError
            As for `parameter`.
        """
        return self._keep(Role.BUFFER, name, shape, init)

    def state(self, name: str, shape: Shape, of: Value | None = None) -> Value:
        """A value that the optimizer keeps from one step to the next, zero at first."""
        return self._new(name, TensorType(shape), Role.STATE, of=None if of is None else of.key)

    def apply(self, op: Op, *inputs: Value, of: Value | None = None) -> Value:
        """Emit `op` and return its output, the first one when it has several."""
        return self.apply_all(op, *inputs, of=of)[0]

    def apply_all(self, op: Op, *inputs: Value, of: Value | None = None) -> tuple[Value, ...]:
        """Emit `op` and return all its outputs.

        Parameters
        ----------
        op
            What to compute.
        *inputs
            From what.
        of
            The parameter that the outputs belong to and have the shape of, such as one's clipped
            gradient; a machine lays such results side by side, as it does parameters.

        Raises
        ------
        ShapeError
            The op cannot take these inputs: their shapes do not fit, or they are whole numbers
            where it computes with real ones.

        Examples
        --------
        >>> from backprop_studio.autograd import BATCH, Builder
        >>> from backprop_studio.autograd.ops.activation import ReLU
        >>> b = Builder()
        >>> b.apply(ReLU(), b.input("word", (BATCH, 16), "int"))
        Traceback (most recent call last):
            ...
        backprop_studio.errors.ShapeError: 'relu' expects real numbers but gets whole numbers, N×16.
        """
        given = [value.type for value in inputs]
        for place, kind in enumerate(given):
            if kind.kind == "int" and place not in op.integers:
                got = f"whole numbers, {format_shape(kind.shape)}"
                raise ShapeError.of(op.name, "real numbers", got)
        types = op.infer(*given)
        if op.updates:
            outputs: tuple[Value, ...] = (inputs[0],)
        else:
            owner = None if of is None else of.key
            outputs = tuple(
                self._new(name, t, Role.RESULT, of=owner)
                for name, t in zip(op.result_names(), types, strict=True)
            )
        self._emit(op, inputs, outputs)
        return outputs

    def repeat(self, target: Value, replacements: Mapping[int, Value]) -> Value:
        """Emit once more, in the current phase, the way to `target` with some values replaced.

        Only what the replacements change is computed again. What an op changes in place is left
        alone: a second look must not move what the first one moved.

        Parameters
        ----------
        target
            A value that was computed, such as the loss.
        replacements
            Id of a value to the one that takes its place.

        Returns
        -------
        Value
            What `target` is with the replacements; itself if they do not matter.
        """
        emitted = [i for i in self._instructions if not i.op.updates]
        needed = {target.id}
        for instr in reversed(emitted):
            if not needed.isdisjoint(instr.outputs):
                needed.update(instr.inputs)
        taken = dict(replacements)
        for instr in emitted:
            if needed.isdisjoint(instr.outputs) or taken.keys().isdisjoint(instr.inputs):
                continue
            with self.scope(node=instr.node):
                again = self.apply_all(
                    instr.op, *(taken.get(i, self._values[i]) for i in instr.inputs)
                )
            taken.update(zip(instr.outputs, again, strict=True))
        return taken.get(target.id, target)

    def set_gradient(self, value: Value, gradient: Value) -> None:
        """Record that `gradient` holds the derivative of the loss with respect to `value`."""
        self._gradients[value.id] = gradient.id

    def build(self, loss: Value | None = None) -> Program:
        """The finished program. Instructions are ordered by phase, stably."""
        ordered = sorted(self._instructions, key=lambda i: i.phase)
        return Program(
            tuple(self._values),
            tuple(ordered),
            dict(self._inputs),
            None if loss is None else loss.id,
            dict(self._gradients),
        )

    def _keep(self, role: Role, name: str, shape: Shape, init: Initializer | None) -> Value:
        owner = self._scope.weights
        known = self._kept.get((owner, name))
        if known is None:
            known = self._kept[owner, name] = self._new(
                name,
                TensorType(shape),
                role,
                node=owner,
                init=init,
                trainable=not self._scope.frozen,
            )
        elif known.shape != shape:
            raise ShapeError.shared(name, shape, known.shape)
        return known

    def _new(
        self,
        name: str,
        type: TensorType,
        role: Role,
        *,
        node: str | None = None,
        init: Initializer | None = None,
        of: tuple[str, ...] | None = None,
        trainable: bool = True,
    ) -> Value:
        for d in type.shape:
            if isinstance(d, str) or d >= 0:
                continue
            raise ShapeError.of(name, "no negative dimension", type.shape)
        node = self._scope.node if node is None else node
        keeper = self._scope.keeper if role is Role.STATE else ""
        value = Value(len(self._values), name, type, role, node, init, of, trainable, keeper)
        self._values.append(value)
        return value

    def _emit(
        self,
        op: Op,
        inputs: tuple[Value, ...],
        outputs: tuple[Value, ...],
        phase: Phase | None = None,
    ) -> None:
        self._instructions.append(
            Instr(
                self._scope.phase if phase is None else phase,
                op,
                tuple(v.id for v in inputs),
                tuple(v.id for v in outputs),
                self._scope.node,
            )
        )
