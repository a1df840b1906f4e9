"""What both backends share: how many windows fit and where they lie, and the validation of shapes."""

import functools
import math
import operator
from dataclasses import dataclass

import numpy as np

from coursepkg.pooling.dimensions import AXES
from coursepkg.validation import (
    Setting,
    validate_int,
    validate_nonnegative_int,
    validate_per_axis,
    validate_positive_int,
    validate_positive_number,
)


def pool_output_size(size, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """Number of windows that fit along one axis.

    Args:
        size: input length, in samples, >= 1.
        kernel_size: samples that a window looks at, >= 1.
        stride: samples from one window to the next, >= 1; None means kernel_size.
        padding: samples added at each end, at most kernel_size // 2.
        dilation: samples from one element of a window to the next, >= 1.
        ceil_mode: whether a last window may reach beyond the padding.
    Returns:
        int: floor((size + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1, or the ceiling with
        `ceil_mode`, less one when the last window would start in the right padding.
    Raises: ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.MaxPool2d, "Shape".
    """
    size = validate_positive_int("size", size)
    geometry = validate_geometry(1, kernel_size, stride, padding, dilation)
    return _output_size(size, *(value for (value,) in geometry), ceil_mode)


def validate_padding(padding, kernel_size):
    """A padding of at most half the kernel, so that every window reaches the input; both of one axis."""
    if padding > kernel_size // 2:
        raise ValueError(
            f"padding must be at most half of kernel_size {kernel_size}, {kernel_size // 2}, got {padding}"
        )


def _output_size(size, kernel_size, stride, padding, dilation, ceil_mode):
    validate_padding(padding, kernel_size)
    span, padded = dilation * (kernel_size - 1) + 1, size + 2 * padding
    count = (-((span - padded) // stride) if ceil_mode else (padded - span) // stride) + 1
    if ceil_mode and (count - 1) * stride >= size + padding:
        count -= 1
    if count < 1:
        raise ValueError(
            f"kernel_size {kernel_size} with dilation {dilation} spans {span} samples, "
            f"more than the {padded} of an input of {size} with padding {padding}"
        )
    return count


@dataclass(frozen=True)
class Windows:
    """Where the windows of a pooling lie: entries per spatial axis, and `batch`, (N, C) or (C,)."""

    size: tuple
    kernel_size: tuple
    stride: tuple
    padding: tuple
    dilation: tuple
    output_size: tuple
    batch: tuple

    @property
    def axes(self):
        """How many spatial axes there are."""
        return len(self.size)

    @property
    def output_shape(self):
        """The shape of the output."""
        return (*self.batch, *self.output_size)

    @property
    def span(self):
        """Samples from the first to the last element of a window, both included, per axis."""
        return tuple(d * (k - 1) + 1 for d, k in zip(self.dilation, self.kernel_size, strict=True))

    @property
    def border(self):
        """Samples to add before and after each axis so that every window lies inside, per axis a pair."""
        return tuple(
            (pad, max(0, (count - 1) * stride - pad + span - size))
            for size, pad, stride, span, count in zip(
                self.size, self.padding, self.stride, self.span, self.output_size, strict=True
            )
        )

    def counts(self, include_pad):
        """Elements in each window, as an int array per axis, whose product an average divides by.

        With include_pad the padding on both sides counts, too; never what lies beyond it.
        """
        counts = []
        for size, kernel, stride, pad, count in zip(
            self.size, self.kernel_size, self.stride, self.padding, self.output_size, strict=True
        ):
            starts, counted = np.arange(count) * stride - pad, pad * include_pad
            counts.append(np.minimum(starts + kernel, size + counted) - np.maximum(starts, -counted))
        return counts


def place_windows(shape, axes, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """Where the windows of a pooling of an input of this shape lie, whose arguments it validates."""
    geometry = validate_geometry(axes, kernel_size, stride, padding, dilation)
    return windows_of(tuple(shape), axes, *geometry, bool(ceil_mode))


@functools.lru_cache(maxsize=256)  # a network asks for the same windows in every step
def windows_of(shape, axes, kernel_size, stride, padding, dilation, ceil_mode):
    """`place_windows` of arguments that are validated one by one, as a layer's settings are."""
    batch, size = split_shape(shape, axes)
    settings = kernel_size, stride, padding, dilation
    geometry = [value if isinstance(value, tuple) else (value,) * axes for value in settings]
    output_size = tuple(map(_output_size, size, *geometry, (ceil_mode,) * axes))
    return Windows(size, *geometry, output_size, batch)


def validate_geometry(axes, kernel_size, stride=None, padding=0, dilation=1):
    """Kernel, stride, padding and dilation with an entry per axis; a stride of None is the kernel."""
    kernel_size = validate_per_axis("kernel_size", kernel_size, axes, minimum=1)
    stride = kernel_size if stride is None else validate_per_axis("stride", stride, axes, minimum=1)
    padding = validate_per_axis("padding", padding, axes, minimum=0)
    dilation = validate_per_axis("dilation", dilation, axes, minimum=1)
    for pad, kernel in zip(padding, kernel_size, strict=True):
        validate_padding(pad, kernel)
    return kernel_size, stride, padding, dilation


class PerAxis(Setting):
    """A setting of one whole number >= minimum for all of a layer's `axes`, or one for each; or None."""

    def __init__(self, minimum, optional=False):
        self.minimum, self.optional = minimum, optional

    def __set__(self, layer, value):
        if value is None and self.optional:
            layer.__dict__[self.name] = None
            return
        each = validate_per_axis(self.name, value, layer.axes, self.minimum)
        layer.__dict__[self.name] = each if isinstance(value, tuple | list) else each[0]


class OutputSize(Setting):
    """A setting of an adaptive pooling's output size: a whole number or None, or one for each of `axes`."""

    def __init__(self):
        pass

    def __set__(self, layer, value):
        adaptive_output_size((1,) * layer.axes, value)
        layer.__dict__[self.name] = tuple(value) if isinstance(value, list) else value


def split_shape(shape, axes, batched=False):
    """The shape of an input as (N, C) or (C,), and its spatial axes, none of them empty.

    `batched` refuses an input without a batch axis.
    """
    shape = tuple(shape)
    allowed = [f"(N, C, {AXES[axes]})"] + [f"(C, {AXES[axes]})"] * (not batched)
    if len(shape) not in (axes + 2, axes + 2 - (not batched)) or 0 in shape[-axes:]:
        raise ValueError(
            f"x must have shape {' or '.join(allowed)} with no empty axis but N and C, got {shape}"
        )
    return shape[:-axes], shape[-axes:]


def adaptive_output_size(size, output_size):
    """The output size of an adaptive pooling, with an entry per axis of `size`; None keeps an axis as it is.

    Source: torch.nn.AdaptiveAvgPool2d.
    """
    if not isinstance(output_size, tuple | list):
        output_size = (output_size,) * len(size)
    if len(output_size) != len(size):
        raise ValueError(f"output_size must be an int or have {len(size)} entries, got {output_size!r}")
    return tuple(
        n if wanted is None else validate_nonnegative_int("output_size", wanted)
        for n, wanted in zip(size, output_size, strict=True)
    )


def adaptive_bounds(size, output_size):
    """Where the windows of an adaptive pooling lie along one axis: a list of slices.

    Window i covers the samples from floor(i size / output_size) to ceil((i + 1) size / output_size), so
    that together they cover all, and two neighbors share a sample where the sizes do not divide.

    Source: torch.nn.AdaptiveAvgPool2d; its documentation does not give the rule, its code does.
    """
    return [slice(i * size // output_size, -(-(i + 1) * size // output_size)) for i in range(output_size)]


def unpool_output_size(shape, axes, kernel_size, stride=None, padding=0, output_size=None):
    """Size of the plane that a max-unpooling of a pooled input of this shape fills.

    Several sizes pool to one, so output_size, the plane's size or the whole shape, may differ along an axis
    by less than its stride from the usual (n - 1) stride - 2 padding + kernel_size, which None means.
    Source: torch.nn.MaxUnpool2d.
    """
    kernel_size, stride, padding, _ = validate_geometry(axes, kernel_size, stride, padding)
    _, size = split_shape(shape, axes)
    usual = tuple(
        (n - 1) * s - 2 * p + k for n, s, p, k in zip(size, stride, padding, kernel_size, strict=True)
    )
    if output_size is None:
        if min(usual) < 1:
            raise ValueError(f"an input of shape {tuple(shape)} unpools to the size {usual}, which is empty")
        return usual
    given = tuple(output_size)
    if len(given) == len(shape):
        given = given[-axes:]
    allowed = [range(u - s + 1, u + s) for u, s in zip(usual, stride, strict=True)]
    if len(given) != axes or any(g not in a or g < 1 for g, a in zip(given, allowed, strict=True)):
        nearby = ", ".join(f"{max(1, a.start)} to {a.stop - 1}" for a in allowed)
        raise ValueError(f"output_size must have {axes} entries, {nearby}, got {tuple(output_size)}")
    return given


def binomial_filter(filt_size):
    """The row of Pascal's triangle with filt_size entries, divided by its sum: [0.25, 0.5, 0.25] for 3.

    Source: Zhang 2019, Making Convolutional Networks Shift-Invariant Again, section 3.
    """
    filt_size = validate_filt_size("filt_size", filt_size)
    return [math.comb(filt_size - 1, i) / 2 ** (filt_size - 1) for i in range(filt_size)]


def reflected_positions(size, filt_size):
    """Which samples a blurring filter meets along an axis whose borders are mirrors: those of the axis, with
    (filt_size - 1) // 2 reflected ones before it and filt_size // 2 behind it."""
    before, after = (filt_size - 1) // 2, filt_size // 2
    if max(before, after) >= size:
        raise ValueError(f"filt_size must be less than twice the size {size} of x, got {filt_size}")
    return size - 1 - np.abs(size - 1 - np.abs(np.arange(-before, size + after)))


def fractional_output_size(shape, kernel_size, output_size=None, output_ratio=None):
    """The kernel and the number of windows of fractional max pooling over x of this shape, both as pairs.

    One of output_size and output_ratio is given, the output's share of the input in (0, 1).
    Source: torch.nn.FractionalMaxPool2d.
    """
    kernel_size = validate_per_axis("kernel_size", kernel_size, 2, minimum=1)
    _, size = split_shape(shape, 2)
    if (output_size is None) == (output_ratio is None):
        raise ValueError(
            "one of output_size and output_ratio must be given, "
            f"got output_size={output_size!r} and output_ratio={output_ratio!r}"
        )
    if output_size is None:
        ratios = validate_ratio("output_ratio", output_ratio)
        output_size = tuple(int(n * ratio) for n, ratio in zip(size, ratios, strict=True))
    output_size = validate_per_axis("output_size", output_size, 2, minimum=1)
    for n, kernel, count in zip(size, kernel_size, output_size, strict=True):
        if count + kernel - 1 > n:
            raise ValueError(
                f"output_size must be at most size - kernel_size + 1 = {n - kernel + 1}, got {count}"
            )
    return kernel_size, output_size


def validate_ratio(name, value):
    """A number in (0, 1), or a pair of them, as a pair; or None."""
    if value is None:
        return None
    pair = value if isinstance(value, tuple | list) else (value,) * 2
    pair = tuple(validate_positive_number(name, ratio) for ratio in pair)
    if len(pair) != 2 or max(pair) >= 1:
        raise ValueError(f"{name} must be a number in (0, 1) or a pair of them, got {value!r}")
    return pair


def validate_divisor(name, value):
    """A whole number other than 0, as int, or None."""
    if value is None:
        return None
    if validate_int(name, value) == 0:
        raise ValueError(f"{name} must not be 0")
    return operator.index(value)


def validate_filt_size(name, value):
    """A whole number from 1 to 7."""
    value = validate_positive_int(name, value)
    if value > 7:
        raise ValueError(f"{name} must be from 1 to 7, got {value}")
    return value


def validate_levels(name, value):
    """A tuple of whole numbers >= 1, at least one."""
    if not isinstance(value, tuple | list) or not value:
        raise ValueError(f"{name} must be a tuple of at least one whole number >= 1, got {value!r}")
    return tuple(validate_positive_int(name, level) for level in value)


def validate_mode(name, value):
    """ "max" or "avg"."""
    if value not in ("max", "avg"):
        raise ValueError(f'{name} must be "max" or "avg", got {value!r}')
    return value
