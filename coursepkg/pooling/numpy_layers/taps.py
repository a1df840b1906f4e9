"""Windows by taps: what all poolings that slide a window have in common.

A window has taps: its first element, its second, and so on. One tap of *every* window at once is a view of x
with steps as long as the stride. A tap that lies in the padding for some windows is a view of the others, so
that nothing is ever padded. One axis after the other takes kernel + kernel steps in place of kernel * kernel.
"""

import functools
import itertools
import math
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from coursepkg.pooling.rules import adaptive_bounds

BLOCK = 1 << 18  # elements of x at a time, few enough to stay in a processor's cache
MANY = 8  # from so many elements a window on, it is quicker to take window by window than tap by tap


@dataclass(frozen=True, eq=False)  # compared by identity: `sliding` and `covering` keep them
class Axis:
    """The windows along one axis of an array (planes, *spatial), piece by piece.

    Fields:
        number: of the axis in the array.
        size: samples along the axis.
        kernel: elements of a window; of the longest where they differ.
        count: windows.
        starts: int64 array, where each window's first element lies; negative in the padding.
        dilation: samples from one element of a window to the next.
        pieces: tuple of (windows, elements, places): indices of a part of the windows, and of their elements
            that lie at these places in the window. What they take has the same length along the axis.
        by_window: False where a piece is a tap, one element of many windows; True where windows are few and
            long, or of different lengths, and a piece is all of one window.
        pair: whether the first two pieces are taps that every window has.
    """

    number: int
    size: int
    kernel: int
    count: int
    starts: np.ndarray
    dilation: int
    pieces: tuple
    by_window: bool
    pair: bool

    @property
    def lengths(self):
        """int array: how many elements of each window lie inside x."""
        lengths = np.zeros(self.count, np.int64)
        for windows, _, places in self.pieces:
            lengths[windows[-1]] += np.size(places)
        return lengths


@functools.lru_cache(maxsize=256)
def sliding(windows):
    """The axes of windows that slide: a tuple of Axis from a coursepkg.pooling.rules.Windows."""
    geometry = windows.kernel_size, windows.stride, windows.padding, windows.dilation
    return tuple(map(_sliding, itertools.count(1), windows.size, *geometry, windows.output_size))


@functools.lru_cache(maxsize=256)
def covering(size, output_size):
    """The axes of adaptive windows, which together cover x: a tuple of Axis from two tuples of numbers."""
    return tuple(map(_covering, itertools.count(1), size, output_size))


def _sliding(number, size, kernel, stride, padding, dilation, count):
    """Element `tap` of window `i` is sample i * stride + tap * dilation - padding, where this is inside x."""
    by_window = kernel > MANY * count
    outer, inner = (kernel, dilation), (count, stride)
    (pieces, far), (length, step) = (inner, outer) if by_window else (outer, inner)
    before, whole, part = (slice(None),) * number, [], []
    for piece in range(pieces):
        first = piece * far - padding
        begin, end = max(0, -(first // step)), min(length, (size - 1 - first) // step + 1)
        if begin >= end:
            continue
        elements = (*before, slice(first + begin * step, first + (end - 1) * step + 1, step))
        if by_window:
            part.append(((*before, slice(piece, piece + 1)), elements, np.arange(begin, end)))
        else:
            kind = whole if end - begin == count else part
            kind.append(((*before, slice(begin, end)), elements, piece))
    starts = np.arange(count, dtype=np.int64) * stride - padding  # a browser's NumPy counts in 32 bits
    return Axis(number, size, kernel, count, starts, dilation, (*whole, *part), by_window, len(whole) > 1)


def _covering(number, size, count):
    if count and size % count == 0:
        return _sliding(number, size, size // count, size // count, 0, 1, count)
    bounds = adaptive_bounds(size, count)
    pieces = tuple(
        (along(number, slice(i, i + 1)), along(number, bound), np.arange(bound.stop - bound.start))
        for i, bound in enumerate(bounds)
    )
    longest = max((len(places) for *_, places in pieces), default=1)
    starts = np.array([bound.start for bound in bounds], np.int64)
    return Axis(number, size, longest, count, starts, 1, pieces, True, False)


def along(axis, index):
    """The index that takes `index` along an axis, and everything along those before it."""
    return (*(slice(None),) * axis, index)


def rows(x, axes):
    """The planes of x, each as one row of numbers; its last `axes` axes are spatial."""
    return x.reshape(math.prod(x.shape[:-axes]), math.prod(x.shape[-axes:]))


def blocks(planes):
    """Slices of planes (planes, *size), as many at a time as make up a block, at least one."""
    step = max(1, BLOCK // math.prod(planes.shape[1:]))
    for first in range(0, len(planes), step):
        yield slice(first, first + step)


def reduce_windows(x, axes, ufunc, start):
    """Combines the elements of every window of x (*batch, *spatial) to an array (*batch, *output).

    `ufunc` is np.maximum or np.add, `start` what it gives for a window of padding alone.
    """
    planes = x.reshape(-1, *x.shape[-len(axes) :])
    y = np.empty((len(planes), *map(attrgetter("count"), axes)), x.dtype)
    for block in blocks(planes):
        values = planes[block]
        for axis in axes:
            values = reduce_axis(values, axis, ufunc, start)
        y[block] = values
    return y.reshape(*x.shape[: -len(axes)], *y.shape[1:])


def spread_windows(shares, axes):
    """The way back of a sum: hands the number of every window to all of its elements, where it adds up."""
    batch, output = shares.shape[: -len(axes)], shares.shape[-len(axes) :]
    shares = shares.reshape(math.prod(batch), *output)
    wide = np.empty((len(shares), *map(attrgetter("size"), axes)), shares.dtype)
    for block in blocks(wide):
        values = shares[block]
        for axis in reversed(axes):
            values = spread_axis(values, axis)
        wide[block] = values
    return wide.reshape(*batch, *wide.shape[1:])


def reduce_axis(values, axis, ufunc, start):
    """`reduce_windows` along one axis of an array."""
    out = np.empty((*values.shape[: axis.number], axis.count, *values.shape[axis.number + 1 :]), values.dtype)
    pieces = axis.pieces
    if axis.pair:  # no need to begin with `start`
        (_, first, _), (_, second, _), *pieces = pieces
        ufunc(values[first], values[second], out=out)
    else:
        out.fill(start)
    for windows, elements, _ in pieces:
        combine(ufunc, values[elements], out[windows], axis)
    return out


def combine(ufunc, seen, into, axis):
    """Combines what a piece of an axis sees with what its windows hold so far, in place."""
    if axis.by_window:
        seen = ufunc.reduce(seen, axis=axis.number, keepdims=True)
    ufunc(into, seen, out=into)


def spread_axis(shares, axis):
    """`spread_windows` along one axis of an array."""
    wide = np.zeros((*shares.shape[: axis.number], axis.size, *shares.shape[axis.number + 1 :]), shares.dtype)
    for windows, elements, _ in axis.pieces:
        into = wide[elements]
        into += shares[windows]
    return wide
