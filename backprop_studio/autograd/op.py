"""What an operation is: forward, vector-Jacobian product, shape rule and formula in one place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from backprop_studio.autograd.symbol import Array, TensorType

if TYPE_CHECKING:
    from backprop_studio.autograd.builder import Builder
    from backprop_studio.autograd.program import Value
    from backprop_studio.autograd.room import Room

Call = tuple[Callable[..., Any], tuple[Any, ...]]
"""One numpy call with its arguments, outputs among them. A bound op is a list of these."""


@dataclass(frozen=True, slots=True)
class Formula:
    """The rule of an op, for people.

    Attributes
    ----------
    latex
        The rule, to be typeset.
    plain
        The same rule in plain text, for screen readers, copying and the terminal.
    inputs, outputs
        The symbols in the rule, in the order of the op's inputs and outputs.
    says
        What the op does and why, in one sentence.
    """

    latex: str
    plain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    says: str


class RunContext:
    """What a machine's ops may know of the run: which batch it is, and where its rows are.

    Attributes
    ----------
    feeds
        Name of an input to the array that it comes from and the rows to take.
    seed
        Seed of the run. With the iteration and its own name, it is all that an op may make
        random numbers from, so that every moment can be reached again by replay.
    iteration
        Number of the current iteration, from 0.
    batches_per_epoch
        Iterations in one pass over the training rows.
    """

    def __init__(self) -> None:
        self.feeds: dict[str, tuple[Array, Array]] = {}
        self._rooms: dict[int, tuple[Array, Room, Array]] = {}
        self.seed = 0
        self.iteration = 0
        self.batches_per_epoch = 1

    @property
    def epoch(self) -> int:
        """Number of the current pass over the training rows, from 0."""
        return self.iteration // self.batches_per_epoch

    def keep_room(self, array: Array, room: Room, buffer: Array) -> None:
        """Record that `array`, itself and not another view, lies in a buffer."""
        self._rooms[id(array)] = array, room, buffer

    def room(self, array: Array) -> tuple[Room | None, Array]:
        """The room that an array has, and its buffer; None and the array if it has none."""
        known = self._rooms.get(id(array))
        return (None, array) if known is None else known[1:]


class Op:
    """One operation. Subclasses are frozen dataclasses; their fields are the op's settings.

    An op that changes its first input in place (an optimizer's update) sets `updates`; its
    only output is then that input.
    """

    name: ClassVar[str]
    results: ClassVar[tuple[str, ...]] = ()
    """Names of the outputs; the op's own name when empty."""
    updates: ClassVar[bool] = False
    elementwise: ClassVar[bool] = False
    """Whether entry i of each output depends on entry i of each input alone (scalars aside)."""
    adds_up: ClassVar[bool] = False
    """Whether this is a sum of the parts of one gradient, where error signals meet."""
    integers: ClassVar[tuple[int, ...]] = ()
    """Places of the inputs that may be whole numbers, such as classes or tokens.

    `Builder.apply` keeps whole numbers away from all other places. At these, `infer` decides.
    """

    def result_names(self) -> tuple[str, ...]:
        """A name for each output; they may depend on the settings."""
        return self.results or (self.name,)

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        """Types of the outputs for inputs of these types.

        Raises
        ------
        ShapeError
            The op cannot take these shapes.
        """
        raise NotImplementedError

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> list[Call]:
        """The numpy calls that compute `outputs` from `inputs`, every buffer allocated."""
        raise NotImplementedError

    def bind_in(
        self, context: RunContext, inputs: Sequence[Array], outputs: Sequence[Array]
    ) -> list[Call]:
        """As `bind`, for the few ops that depend on the run and not on their inputs alone."""
        return self.bind(inputs, outputs)

    def any_layout(self, shapes: Sequence[tuple[int, ...]]) -> bool:
        """Whether `bind` takes views of any strides, for inputs and outputs of these shapes.

        Such values may lie with their batch innermost in memory. An op that flattens an array
        into a view cannot take them.
        """
        return self.elementwise

    def rooms(self, shapes: Sequence[tuple[int, ...]]) -> Sequence[Room | None]:
        """What should lie around each input and output, if anything; empty for nothing at all."""
        return ()

    def check_data(self, data: Array) -> None:
        """Refuse whole numbers from a data set that this op cannot take.

        Asked once a data set, of every op that they reach.

        Raises
        ------
        DataError
            A number is out of the op's range.
        """

    def scratch(self, inputs: Sequence[tuple[int, ...]], itemsize: int) -> int:
        """Bytes that `bind` allocates besides the outputs, for inputs of these shapes, at most.

        Only ops whose buffers can be much larger than their inputs and outputs need to tell.
        """
        return 0

    def vjp(
        self,
        b: Builder,
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        upstream: Sequence[Value | None],
        needs: Sequence[bool],
    ) -> Sequence[Value | None]:
        """Emit the ops that turn the outputs' gradients into the inputs' gradients.

        Parameters
        ----------
        b
            Where to emit them.
        inputs, outputs
            Values of the forward instruction.
        upstream
            Gradient of the loss with respect to each output; None where it is zero.
        needs
            Which inputs' gradients are wanted.

        Returns
        -------
        Sequence[Value | None]
            One gradient per input; None where it is not wanted or is zero.
        """
        raise NotImplementedError(f"{self.name} has no gradient")

    def formula(self) -> Formula:
        """The rule of this op."""
        raise NotImplementedError


def constant(value: float, like: Array) -> Array:
    """`value` as a 0-d array of `like`'s precision: numpy's fastest scalar operand."""
    return np.array(value, like.dtype)
