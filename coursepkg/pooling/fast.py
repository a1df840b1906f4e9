"""The pooling of `numpy_layers` once more, for large arrays: the same results, many times sooner.

Three things cost time there: every window is copied out, in runs too short for a processor to hurry, and
through memory too large for its cache. Here a few planes are taken at a time and seen as one flat run of
numbers. The maximum of all pairs of neighbors is one operation between the run and the run shifted by one; a
shift by the length of a row compares rows, and shifts of doubled length cover a large window in few steps.
Windows that nobody asked for, and those that cross the end of a row, are computed along with the others,
which is cheaper than stepping around them, and left out at the end.
"""

import math
import operator
import sys
from functools import reduce
from itertools import cycle

import numpy as np

# Elements of a block: few enough for a cache of some MB, and enough that Python's share of the time is small.
BLOCK = 400_000


def max_pool(x, windows):
    """The maximum of every window; a NaN in it wins, padding never does.

    Args:
        x: array (*windows.batch, *windows.size), of floats or integers.
        windows: coursepkg.pooling.rules.Windows.
    Returns:
        array of windows.output_shape in x's dtype.
    """
    return _pool(x, windows, lowest(x.dtype), _running_max, None)


def avg_pool(x, windows, divisor):
    """The sum of every window, in which padding counts as 0, divided by a number.

    Args:
        x: float32 or float64 array (*windows.batch, *windows.size).
        windows: coursepkg.pooling.rules.Windows.
        divisor: a number, or an array of windows.output_size, of x's dtype.
    Returns:
        array of windows.output_shape in x's dtype.
    """
    with np.errstate(all="ignore"):  # of windows nobody asked for
        return _pool(x, windows, 0, _running_sum, divisor)


def max_pool_winners(x, windows):
    """`max_pool`, and where each maximum was found.

    Args:
        x, windows: as in `max_pool`.
    Returns:
        (y, winners): the maxima, and a Winners: of equals the first in memory order, of NaNs the last.
    """
    blocks = _Blocks(x, windows, lowest(x.dtype))
    y, winners = blocks.output(x.dtype), Winners(windows)
    for block, values in blocks:
        stages = [values]
        for kernel, step, _ in blocks.axes:
            stages.append(_running_max(stages[-1], kernel, step))
        blocks.pick(stages[-1], y[block])
        has_nan = bool(np.isnan(y[block].max()))
        places = None
        for (kernel, step, weight), before, after in zip(blocks.axes, stages, stages[1:], strict=False):
            places = _places(before, after, places, kernel, step, weight, winners.places.dtype, has_nan)
        blocks.pick(places, winners.places[block].reshape(y[block].shape))
    if any(windows.padding):
        winners.skip_padding(y.reshape(winners.places.shape) == lowest(x.dtype))
    return y.reshape(windows.output_shape), winners


class Winners:
    """Where the maxima of windows were found, in a byte each (or two, for windows of more than 256 elements).

    Fields:
        places: (planes, windows) array of small unsigned integers: the winner's place within its window.
    """

    def __init__(self, windows):
        kernel_size = windows.kernel_size
        self.windows = windows
        self.planes, count = math.prod(windows.batch), math.prod(windows.output_size)
        self.places = np.empty((self.planes, count), np.min_scalar_type(math.prod(kernel_size) - 1))
        # The flat index in the plane is that of the window's start plus that of the place in the window.
        # int64 is said because a browser's NumPy counts in 32 bits.
        row = _steps(windows.size)
        starts = [
            (np.arange(count, dtype=np.int64) * stride - padding) * length
            for count, stride, padding, length in zip(
                windows.output_size, windows.stride, windows.padding, row, strict=True
            )
        ]
        offsets = [
            np.arange(kernel, dtype=np.int64) * dilation * length
            for kernel, dilation, length in zip(kernel_size, windows.dilation, row, strict=True)
        ]
        self._start, self._offset = _outer_sum(starts), _outer_sum(offsets)

    def __getitem__(self, block):
        """Flat indices into the planes, int64 (planes, windows), for a slice of planes."""
        return self._widen(block, np.empty(self.places[block].shape, np.int64))

    def indices(self):
        """Flat indices into the planes, int64 of the output's shape; -1 for a window of padding alone."""
        indices = np.empty(self.places.shape, np.int64)
        for block in _slices(self.planes, self.places.shape[1]):
            self._widen(block, indices[block])
        empty = empty_windows(self.windows)
        if empty is not None:
            indices[:, empty] = -1
        return indices.reshape(self.windows.output_shape)

    def _widen(self, block, indices):
        self._offset.take(self.places[block], mode="clip", out=indices)
        indices += self._start
        return indices

    def skip_padding(self, is_lowest):
        """Where the maximum is as low as the padding, let the first element inside the input win.

        Args:
            is_lowest: boolean array like `places`.
        """
        if is_lowest.any():
            inside = [
                [taps.index(True) if True in taps else 0 for taps in axis] for axis in self.windows.inside
            ]
            weights = _steps(self.windows.kernel_size)
            first = _outer_sum([np.array(axis) * w for axis, w in zip(inside, weights, strict=True)])
            self.places = np.where(is_lowest, first.astype(self.places.dtype), self.places)


def max_pool_backward(dy, indices, windows):
    """Sends each gradient to where its maximum was found. Where windows share that place, gradients add up.

    Args:
        dy: array of windows.output_shape.
        indices: Winners, or int64 array (planes, windows) of flat indices into the planes.
        windows: coursepkg.pooling.rules.Windows.
    Returns:
        array (*windows.batch, *windows.size) in dy's dtype.
    """
    planes, size = math.prod(windows.batch), math.prod(windows.size)
    dx = np.empty((*windows.batch, *windows.size), dy.dtype)
    flat, dy = dx.reshape(-1), dy.reshape(planes, math.prod(windows.output_size))
    shared = any(span > stride for span, stride in zip(windows.span, windows.stride, strict=True))
    empty = empty_windows(windows)
    if empty is not None:
        dy, shared = np.where(empty, dy.dtype.type(0), dy), True
    for block in _slices(planes, size):
        values = dy[block]
        target = indices[block] + np.arange(len(values))[:, None] * size
        into = flat[block.start * size : block.stop * size]
        into.fill(0)  # here, and not for all of dx at once, so that it is still in the cache
        if shared:
            np.add.at(into, target.reshape(-1), values.reshape(-1))
        else:
            into[target.reshape(-1)] = values.reshape(-1)
    return dx


def avg_pool_backward(dy, windows, divisor):
    """Gives every element its share of the gradients of the windows that it lies in.

    Args:
        dy: array of windows.output_shape.
        windows, divisor: as in `avg_pool`.
    Returns:
        array (*windows.batch, *windows.size) in dy's dtype.
    """
    planes, padded = math.prod(windows.batch), _padded_size(windows)
    dx = np.empty((planes, *windows.size), dy.dtype)
    dy = dy.reshape(planes, *windows.output_size)
    inside = _inside(windows)
    for block in _slices(planes, math.prod(padded)):
        spread = dy[block] / divisor
        for axis in reversed(range(windows.axes)):
            shape = (len(spread), *windows.output_size[:axis], *padded[axis:])
            last = axis == 0 and padded == windows.size
            wide = dx[block] if last else np.empty(shape, dy.dtype)
            _spread(spread, wide, axis + 1, windows.kernel_size[axis], windows.stride[axis])
            spread = wide
        if padded != windows.size:
            dx[block] = spread[inside]
    return dx.reshape(*windows.batch, *windows.size)


def lowest(dtype):
    """What no number of this dtype is below: -inf, or the smallest integer."""
    return -np.inf if np.issubdtype(dtype, np.floating) else np.iinfo(dtype).min


def empty_windows(windows):
    """The windows that hold padding alone, as a flat boolean array; None if there are none."""
    hits = [np.array([any(taps) for taps in axis]) for axis in windows.inside]
    if all(axis.all() for axis in hits):
        return None
    return ~reduce(np.logical_and.outer, hits).reshape(-1)


class _Blocks:
    """The planes of x a few at a time, padded, as one flat run.

    Iterating gives (block, values): a slice of planes, and their numbers. The next block overwrites them.
    `axes` holds (kernel, step, weight) for the last axis first: how far apart in the run the neighbors along
    this axis lie, and what a place along it counts in the place in a window.
    """

    def __init__(self, x, windows, fill):
        self.windows = windows
        self.planes = math.prod(windows.batch)
        self.x = x.reshape(self.planes, *windows.size)
        self.padded, self.fill = _padded_size(windows), fill
        self.plane, lengths = math.prod(self.padded), _steps(self.padded)
        steps = map(operator.mul, windows.dilation, lengths)
        self.axes = list(zip(windows.kernel_size, steps, _steps(windows.kernel_size), strict=True))[::-1]
        self._strides = [self.plane, *map(operator.mul, windows.stride, lengths)]
        # Not for a window of one element, which may start at the last number, with nothing behind it.
        aligned = self._strides[-1] == 2 and not any(stride % 2 for stride in self._strides)
        self._by_halves = aligned and windows.kernel_size[-1] > 1 and sys.byteorder == "little"

    def __iter__(self):
        blocks = _slices(self.planes, self.plane)
        if self.padded == self.windows.size:
            for block in blocks:
                yield block, self.x[block].ravel()  # a single column of a picture is a view with gaps
        elif blocks:
            border = np.full((blocks[0].stop, *self.padded), self.fill, self.x.dtype)
            inside = border[_inside(self.windows)]
            for block in blocks:
                count = block.stop - block.start
                inside[:count] = self.x[block]
                yield block, border[:count].reshape(-1)

    def two_in_turn(self):
        """A function like np.empty_like that hands out the same two runs, again and again.

        Fresh memory for every step would have to be fetched into the cache first.
        """
        longest = max((block.stop - block.start for block in _slices(self.planes, self.plane)), default=0)
        runs = cycle(np.empty((2, longest * self.plane), self.x.dtype))
        return lambda values: next(runs)[: len(values)]

    def output(self, dtype):
        """An array for the results, a row of windows for each plane."""
        return np.empty((self.planes, *self.windows.output_size), dtype)

    def pick(self, run, out):
        """Copies the windows asked for out of a run with a value for every start.

        Args:
            run: array as long as a block.
            out: array (planes, *output_size).
        """
        strides = [stride * run.itemsize for stride in self._strides]
        if self._by_halves and run.itemsize == 4:
            # Every other number is the lower half of an eight-byte one. To convert those takes half the time
            # of a copy in steps.
            whole = np.ndarray(out.shape, np.int64, run, strides=strides)
            np.copyto(out.view(np.int32), whole, casting="unsafe")
        else:
            out[...] = np.ndarray(out.shape, run.dtype, run, strides=strides)


def _pool(x, windows, fill, along, divisor):
    blocks = _Blocks(x, windows, fill)
    y, like = blocks.output(x.dtype), blocks.two_in_turn()
    for block, values in blocks:
        for kernel, step, _ in blocks.axes:
            values = along(values, kernel, step, like)
        blocks.pick(values, y[block])
        if divisor is not None:
            y[block] /= divisor
    return y.reshape(windows.output_shape)


# A running maximum or sum is as long as its input; the end of it, which no window reaches, is of no use.


def _running_max(values, kernel, step, like=np.empty_like):
    covered = 1
    while covered < kernel:
        shift = min(covered, kernel - covered)
        largest = like(values)
        np.maximum(values[: -shift * step], values[shift * step :], out=largest[: -shift * step])
        largest[-shift * step :] = values[-shift * step :]
        values = largest
        covered += shift
    return values


def _running_sum(values, kernel, step, like):
    total = values
    for i in range(1, kernel):
        reached = len(values) - i * step
        if i == 1:
            total = like(values)
            np.add(values[:reached], values[step:], out=total[:reached])
            total[reached:] = values[reached:]
        else:
            total[:reached] += values[i * step :]
    return total


def _places(values, largest, places, kernel, step, weight, dtype, has_nan):
    """The winner's place in every window, from the places in its slices along the axes behind this one."""

    count = len(values) - (kernel - 1) * step

    def shifted(run, i):
        return run[i * step : i * step + count]

    def place(i):
        return dtype.type(i * weight) + (dtype.type(0) if places is None else shifted(places, i))

    whole = np.zeros(len(values), dtype)
    best, largest = whole[:count], largest[:count]
    best[...] = place(kernel - 1)
    for i in range(kernel - 1):
        # All bits set where it does not win: the minimum is then the first of the winners.
        loses = (shifted(values, i) != largest).view(np.uint8).astype(dtype, copy=False)
        np.negative(loses, out=loses)
        loses |= place(i)
        np.minimum(best, loses, out=best)
    if has_nan:
        for i in range(kernel):
            np.copyto(best, place(i), where=np.isnan(shifted(values, i)))
    return whole


def _spread(dy, wide, axis, kernel, stride):
    """Adds every number of dy, along an axis, to the kernel numbers of wide that its window covers."""
    count = dy.shape[axis]
    if (count, stride) != (wide.shape[axis] // kernel, kernel) or wide.shape[axis] % kernel:
        wide[...] = 0
    for i in range(kernel):
        into = wide[(slice(None),) * axis + (slice(i, i + (count - 1) * stride + 1, stride),)]
        if i < stride:
            into[...] = dy  # the first to reach these
        else:
            into += dy


def _slices(planes, size):
    count = max(1, BLOCK // size)
    return [slice(first, min(first + count, planes)) for first in range(0, planes, count)]


def _padded_size(windows):
    return tuple(
        before + size + after for size, (before, after) in zip(windows.size, windows.border, strict=True)
    )


def _inside(windows):
    return (
        slice(None),
        *(
            slice(before, before + size)
            for size, (before, _) in zip(windows.size, windows.border, strict=True)
        ),
    )


def _steps(size):
    """How many places in memory order lie between neighbors along each axis of an array of this size."""
    return [math.prod(size[axis + 1 :]) for axis in range(len(size))]


def _outer_sum(axes):
    return sum(np.ix_(*axes)).reshape(-1)
