"""Pooling by chance: fractional max pooling and stochastic pooling."""

import math

import numpy as np

from coursepkg.layer import Layer
from coursepkg.pooling.numpy_layers.gather import gather_windows, scatter_windows
from coursepkg.pooling.numpy_layers.maximum import scatter, validate_indices
from coursepkg.pooling.numpy_layers.taps import rows
from coursepkg.pooling.rules import PerAxis, fractional_output_size, place_windows, validate_ratio
from coursepkg.validation import (
    Setting,
    validate_float_array,
    validate_generator,
    validate_gradient,
    validate_shape,
)


def fractional_max_pool2d(
    x, kernel_size, output_size=None, output_ratio=None, return_indices=False, samples=None, rng=None
):
    """Max pooling over windows whose steps are of two lengths, in random order, and average to any fraction.

    Args:
        x: float32 or float64 array (N, C, H, W) or (C, H, W).
        kernel_size: side of a window in pixels, >= 1; an int or a pair.
        output_size: number of windows, an int or a pair (OH, OW), with OH + kernel_size - 1 <= H.
        output_ratio: instead of output_size, its share of the input, a number or a pair, in (0, 1).
        return_indices: whether to return also where each maximum was found.
        samples: (N, C, 2) or (C, 2) array of numbers in [0, 1), width before height, that decide the steps of
            each plane; None draws them.
        rng: numpy.random.Generator; None means a fresh one.
    Returns:
        array (N, C, OH, OW) or (C, OH, OW) in x's dtype; with return_indices (y, indices) as in `max_pool2d`.
    Raises: ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Graham 2014, Fractional Max-Pooling; torch.nn.functional.fractional_max_pool2d.
    """
    validate_float_array("x", x)
    kernel_size, output_size = fractional_output_size(x.shape, kernel_size, output_size, output_ratio)
    samples = draw_samples(x, validate_generator("rng", rng)) if samples is None else samples
    validate_samples(samples, x)
    values, positions = _fractional_windows(x, kernel_size, output_size, samples)
    winners = _winner(values)[..., None]
    y, indices = (np.take_along_axis(each, winners, axis=-1)[..., 0] for each in (values, positions))
    return (y, indices) if return_indices else y


def fractional_max_pool2d_backward(
    dy, x, kernel_size, output_size=None, output_ratio=None, samples=None, indices=None
):
    """Gradient of `fractional_max_pool2d`. It asks for the samples, or for the indices that they led to.

    Args: dy, like the output; indices as `fractional_max_pool2d` gave them; the others as given to it.
    Returns: array like x.
    Raises: ValueError, TypeError: names the argument, its value and what is allowed.
    """
    validate_float_array("x", x)
    kernel, output = fractional_output_size(x.shape, kernel_size, output_size, output_ratio)
    validate_gradient(dy, (*x.shape[:-2], *output), x.dtype)
    if samples is not None or indices is None:
        validate_samples(samples, x)
    if indices is None:
        _, indices = fractional_max_pool2d(x, kernel, output, return_indices=True, samples=samples)
    validate_indices(indices, dy.shape, x.shape[-2:])
    return scatter(dy, rows(indices, 2), x.shape, 2)


def _fractional_windows(x, kernel_size, output_size, samples):
    """The elements of the windows and their places in the plane, both (..., OH, OW, KH * KW)."""
    width, planes = x.shape[-1], rows(x, 2)
    down, right = (
        _fractional_starts(samples.reshape(-1, 2)[:, at], size, count, kernel)[..., None] + np.arange(kernel)
        for at, size, count, kernel in zip((1, 0), x.shape[-2:], output_size, kernel_size, strict=True)
    )  # (planes, OH, KH) and (planes, OW, KW)
    positions = down[:, :, None, :, None] * width + right[:, None, :, None, :]  # (planes, OH, OW, KH, KW)
    values = np.take_along_axis(
        planes, positions.reshape(len(planes), math.prod(positions.shape[1:])), axis=1
    )
    shape = (*x.shape[:-2], *output_size, math.prod(kernel_size))
    return values.reshape(shape), positions.reshape(shape)


def _fractional_starts(samples, size, count, kernel):
    """First positions (planes, count) of windows whose steps are two neighboring whole numbers."""
    if count == 1:
        return np.full((len(samples), 1), size - kernel)
    step = samples.dtype.type((size - kernel) / (count - 1))
    ends = ((np.arange(count - 1, dtype=samples.dtype) + samples[:, None]) * step).astype(np.int64)
    first = (samples[:, None] * step).astype(np.int64)
    return np.append(ends - first, np.full((len(samples), 1), size - kernel), axis=1)


def draw_samples(x, rng):
    """The numbers that decide the windows of fractional max pooling: two for each plane, in [0, 1)."""
    return rng.random((*x.shape[:-2], 2), dtype=x.dtype)


def _winner(values):
    """Which of the elements of windows (..., K) is the maximum: of equals the first, of NaNs the last."""
    largest = values.max(axis=-1, keepdims=True)
    last_nan = values.shape[-1] - 1 - np.isnan(values[..., ::-1]).argmax(axis=-1)
    return np.where(np.isnan(largest[..., 0]), last_nan, (values == largest).argmax(axis=-1))


class FractionalMaxPool2d(Layer):
    """`fractional_max_pool2d` as a layer, in evaluation mode, too, with windows drawn anew each time.

    `samples` are those of the last forward pass.

    Args:
        kernel_size, output_size, output_ratio: as in `fractional_max_pool2d`.
        return_indices: whether forward returns (y, indices).
        rng: numpy.random.Generator; None means a fresh one.
    Raises: ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.FractionalMaxPool2d.
    """

    axes = 2
    kernel_size, output_size = PerAxis(1), PerAxis(1, optional=True)
    output_ratio, rng = Setting(validate_ratio), Setting(validate_generator)

    def __init__(self, kernel_size, output_size=None, output_ratio=None, return_indices=False, *, rng=None):
        super().__init__()
        self.kernel_size, self.output_size, self.output_ratio = kernel_size, output_size, output_ratio
        self.return_indices, self.rng = return_indices, rng
        self.samples = None

    def extra_repr(self):
        sizes = f"output_size={self.output_size}, output_ratio={self.output_ratio}"
        return f"kernel_size={self.kernel_size}, {sizes}"

    def forward(self, x, samples=None):
        """Args: x (N, C, H, W) or (C, H, W). Returns: y, or (y, indices) with return_indices."""
        validate_float_array("x", x)
        windows = self.kernel_size, self.output_size, self.output_ratio
        samples = draw_samples(x, self.rng) if samples is None else samples
        y, indices = fractional_max_pool2d(x, *windows, return_indices=True, samples=samples)
        self.samples, self.saved = samples, (x, *windows, samples, indices)
        return (y, indices) if self.return_indices else y

    def backward(self, dy):
        return fractional_max_pool2d_backward(dy, *self.saved)


def stochastic_pool2d(x, kernel_size, stride=None, training=True, mask=None, rng=None):
    """Picks one pixel of every window, with a probability in proportion to its value.

    Args:
        x: float32 or float64 array (N, C, H, W) or (C, H, W), meant to come from a ReLU. Negative values are
            never picked, unless a window has no positive one: there all are equally probable.
        kernel_size, stride: as in `max_pool2d`.
        training: False gives the average over all picks, each with its probability.
        mask: boolean array (*output shape, KH * KW), True at the one pixel to pick; None draws it.
        rng: numpy.random.Generator; None means a fresh one.
    Returns:
        array (N, C, OH, OW) or (C, OH, OW) in x's dtype.
    Raises: ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Zeiler and Fergus 2013, Stochastic Pooling, section 3.
    """
    validate_float_array("x", x)
    windows = place_windows(x.shape, 2, kernel_size, stride)
    rng = validate_generator("rng", rng)
    return _stochastic_pool(gather_windows(x, windows), training, mask, rng)[0]


def stochastic_pool2d_backward(dy, x, kernel_size, stride=None, training=True, mask=None):
    """Gradient of `stochastic_pool2d`: to the pixel picked; in evaluation through the probabilities, too.

    Args: dy, like the output; mask of the forward pass, where training; the others as given to it.
    Returns: array like x.
    Raises: ValueError, TypeError: names the argument, its value and what is allowed.
    """
    validate_float_array("x", x)
    windows = place_windows(x.shape, 2, kernel_size, stride)
    validate_gradient(dy, windows.output_shape, x.dtype)
    values = gather_windows(x, windows)
    if training:
        validate_picks(mask, values.shape)
        dvalues = np.where(mask, dy[..., None], dy.dtype.type(0))
    else:
        # y = sum v^2 / sum v over the positive v, so dy/dv = (2 v - y) / sum v; else the plain mean.
        share, largest = _shares(values)
        total = share.sum(axis=-1, keepdims=True)
        y = (share / total * share).sum(axis=-1, keepdims=True)
        through = np.where(values > 0, 2 * share - y, 0) / total
        dvalues = dy[..., None] * np.where(largest > 0, through, share / total)
    return scatter_windows(dvalues, windows)


def _stochastic_pool(values, training, mask, rng):
    """The pooled windows (..., K), and the mask that picked; None where it is the average over picks."""
    if not training:
        return (pick_probabilities(values) * values).sum(axis=-1), None
    mask = draw_picks(values, rng) if mask is None else mask
    validate_picks(mask, values.shape)
    return np.where(mask, values, values.dtype.type(0)).sum(axis=-1), mask


def pick_probabilities(values):
    """Probabilities of the pixels of windows (..., K) in stochastic pooling."""
    share, _ = _shares(values)
    return share / share.sum(axis=-1, keepdims=True)


def _shares(values):
    """The positive values as shares of the largest, so that no sum overflows, and the largest itself.

    A window (..., K) without a positive value has equal shares.
    """
    positive = np.maximum(values, 0)
    largest = positive.max(axis=-1, keepdims=True)
    return np.where(largest > 0, positive / np.where(largest > 0, largest, 1), values.dtype.type(1)), largest


def draw_picks(values, rng):
    """Picks a pixel of every window (..., K), as a boolean mask with one True per window."""
    bound = pick_probabilities(values).astype(np.float64).cumsum(axis=-1)
    bound /= bound[..., -1:]
    picked = (rng.random((*values.shape[:-1], 1)) >= bound).sum(axis=-1)
    return np.arange(values.shape[-1]) == picked[..., None]


class StochasticPool2d(Layer):
    """`stochastic_pool2d` as a layer: a pick in training, the average over all picks in evaluation mode.

    `mask` is the mask of the last forward pass, None after one in evaluation mode.

    Args:
        kernel_size, stride: as in `stochastic_pool2d`.
        rng: numpy.random.Generator; None means a fresh one.
    Raises: ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Zeiler and Fergus 2013, Stochastic Pooling.
    """

    axes = 2
    kernel_size, stride, rng = PerAxis(1), PerAxis(1), Setting(validate_generator)

    def __init__(self, kernel_size, stride=None, *, rng=None):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.rng, self.mask = rng, None

    def extra_repr(self):
        return f"kernel_size={self.kernel_size}, stride={self.stride}"

    def forward(self, x, mask=None):
        """Args: x (N, C, H, W) or (C, H, W). Returns: (N, C, OH, OW) or (C, OH, OW)."""
        validate_float_array("x", x)
        windows = place_windows(x.shape, 2, self.kernel_size, self.stride)
        y, self.mask = _stochastic_pool(gather_windows(x, windows), self.training, mask, self.rng)
        self.saved = x, windows.kernel_size, windows.stride, self.mask
        return y

    def backward(self, dy):
        x, kernel_size, stride, mask = self.saved
        return stochastic_pool2d_backward(dy, x, kernel_size, stride, mask is not None, mask)


def validate_picks(mask, shape):
    """A boolean array (*output shape, pixels of a window), one True in each window."""
    if not isinstance(mask, np.ndarray) or mask.dtype != bool:
        kind = getattr(mask, "dtype", type(mask).__name__)
        raise TypeError(f"mask must be a boolean array, True = picked, got {kind}")
    validate_shape("mask", mask, shape)
    if not (mask.sum(axis=-1) == 1).all():
        raise ValueError("mask must pick one pixel of every window, got none or several")


def validate_samples(samples, x):
    """Numbers in [0, 1), two for each plane of x and of its dtype."""
    if not isinstance(samples, np.ndarray) or samples.dtype != x.dtype:
        kind = getattr(samples, "dtype", type(samples).__name__)
        raise TypeError(f"samples must be an array of x's dtype {x.dtype}, got {kind}")
    validate_shape("samples", samples, (*x.shape[:-2], 2))
    if samples.size and not (samples.min() >= 0 and samples.max() < 1):
        raise ValueError(f"samples must be in [0, 1), got {samples.min()} to {samples.max()}")
