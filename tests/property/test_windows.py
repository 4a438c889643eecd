"""Convolution and pooling equal their definitions, at odd sizes, strides, padding and gaps."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_studio.autograd import Array, Op, TensorType, shifts, windows
from backprop_studio.autograd.op import RunContext
from backprop_studio.autograd.ops.convolution import (
    ChannelSum,
    Conv1d,
    Conv1dInputGradient,
    Conv1dWeightGradient,
    Conv2d,
    Conv2dInputGradient,
    Conv2dWeightGradient,
)
from backprop_studio.autograd.ops.pooling import (
    AvgPool,
    AvgPoolBackward,
    MaxPool,
    MaxPoolBackward,
)
from backprop_studio.autograd.windows import Window
from tests import naive_windows as naive


@st.composite
def cases(draw: st.DrawFn) -> tuple[Window, tuple[int, ...], int, int]:
    """A window that fits into a size, a number of groups and of images."""
    axes = draw(st.sampled_from([1, 2]))

    def numbers(low: int, high: int) -> tuple[int, ...]:
        return tuple(draw(st.integers(low, high)) for _ in range(axes))

    window = Window(numbers(1, 4), numbers(1, 3), numbers(0, 3), numbers(1, 3))
    least = [
        max(1, d * (k - 1) + 1 - 2 * p)
        for k, p, d in zip(window.kernel, window.padding, window.dilation, strict=True)
    ]
    size = tuple(n + draw(st.integers(0, 4)) for n in least)
    return window, size, draw(st.integers(1, 3)), draw(st.integers(1, 4))


def computed(op: Op, *inputs: Array) -> Array:
    """The output of an op that has run twice, in portions of one image."""
    (kind,) = op.infer(*(TensorType(x.shape) for x in inputs))
    out = np.full([int(d) for d in kind.shape], 77.0)
    with patch.object(windows, "COLUMN_BYTES", 1):
        calls = op.bind(inputs, [out])
    for function, arguments in [*calls, *calls]:
        function(*arguments)
    return out


def computed_in_rooms(op: Op, *inputs: Array, roomless: int) -> Array:
    """The same where inputs and output have the room that the op wants, but for one of them."""
    (kind,) = op.infer(*(TensorType(x.shape) for x in inputs))
    result = np.zeros([int(d) for d in kind.shape])
    context, placed = RunContext(), []
    arrays = [*inputs, result]
    rooms = op.rooms([a.shape for a in arrays]) or [None] * len(arrays)
    for place, (array, room) in enumerate(zip(arrays, rooms, strict=True)):
        if room is not None and place != roomless:
            buffer, view = room.make(array.shape, array.dtype)
            view[...] = array
            context.keep_room(view, room, buffer)
            array = view
        placed.append(array)
    with patch.object(shifts, "PART_BYTES", 400), patch.object(windows, "COLUMN_BYTES", 1):
        calls = op.bind_in(context, placed[:-1], placed[-1:])
    for function, arguments in [*calls, *calls]:
        function(*arguments)
    return placed[-1]


@settings(max_examples=60, deadline=None)
@given(cases(), st.integers(-1, 3))
def test_that_convolutions_by_shifts_equal_their_definition(
    case: tuple[Window, tuple[int, ...], int, int], roomless: int
) -> None:
    found, _, _, images = case
    window = Window(found.kernel, (1,) * found.axes, found.padding, found.dilation)
    size = tuple(n + 3 for n in case[1])
    rng = np.random.default_rng(0)
    x = rng.standard_normal((images, 2, *size))
    w, b = rng.standard_normal((3, 2, *window.kernel)), rng.standard_normal(3)
    g = rng.standard_normal((images, 3, *window.places(size)))
    plain, to_input, to_weight = (
        (Conv1d, Conv1dInputGradient, Conv1dWeightGradient)
        if window.axes == 1
        else (Conv2d, Conv2dInputGradient, Conv2dWeightGradient)
    )
    dx, dw = naive.convolve_back(window, 1, x, w, g)
    for op, inputs, expected in (
        (plain(window), (x, w, b), naive.convolve(window, 1, x, w, b)),
        (plain(window, bias=False), (x, w), naive.convolve(window, 1, x, w)),
        (to_input(window, size), (w, g), dx),
        (to_weight(window), (x, g), dw),
        (ChannelSum(), (g,), g.sum((0, *range(2, g.ndim)))),
    ):
        y = computed_in_rooms(op, *inputs, roomless=roomless)
        np.testing.assert_allclose(y, expected, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(cases())
def test_that_convolutions_equal_their_definition(
    case: tuple[Window, tuple[int, ...], int, int],
) -> None:
    window, size, groups, images = case
    rng = np.random.default_rng(0)
    x = rng.standard_normal((images, 2 * groups, *size))
    w, b = rng.standard_normal((groups, 2, *window.kernel)), rng.standard_normal(groups)
    g = rng.standard_normal((images, groups, *window.places(size)))
    plain, to_input, to_weight = (
        (Conv1d, Conv1dInputGradient, Conv1dWeightGradient)
        if window.axes == 1
        else (Conv2d, Conv2dInputGradient, Conv2dWeightGradient)
    )
    dx, dw = naive.convolve_back(window, groups, x, w, g)
    y = naive.convolve(window, groups, x, w, b)
    np.testing.assert_allclose(computed(plain(window, groups), x, w, b), y, atol=1e-12)
    np.testing.assert_allclose(computed(to_input(window, size, groups), w, g), dx, atol=1e-12)
    np.testing.assert_allclose(computed(to_weight(window, groups), x, g), dw, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(cases())
def test_that_pooling_equals_its_definition_with_ties(
    case: tuple[Window, tuple[int, ...], int, int],
) -> None:
    found, size, _, images = case
    padding = tuple(min(p, k // 2) for p, k in zip(found.padding, found.kernel, strict=True))
    window = Window(found.kernel, found.stride, padding, (1,) * found.axes)
    size = tuple(max(n, k) for n, k in zip(size, window.kernel, strict=True))
    rng = np.random.default_rng(0)
    x = rng.integers(0, 3, (images, 2, *size)).astype(float)
    g = rng.standard_normal((images, 2, *window.places(size)))
    y, mean = naive.pool(window, "max", x), naive.pool(window, "mean", x)
    back, shared = naive.pool(window, "max", x, g), naive.pool(window, "mean", x, g)
    np.testing.assert_array_equal(computed(MaxPool(window), x), y)
    np.testing.assert_allclose(computed(AvgPool(window), x), mean, atol=1e-12)
    np.testing.assert_allclose(computed(MaxPoolBackward(window), x, y, g), back, atol=1e-12)
    np.testing.assert_allclose(computed(AvgPoolBackward(window, size), g), shared, atol=1e-12)
