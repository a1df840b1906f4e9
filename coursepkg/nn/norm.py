"""Normalization: subtract the mean, divide by the standard deviation, scale and shift by learned numbers."""

import math

import numpy as np

from coursepkg.layer import Layer
from coursepkg.nn.channels import channels_first, channels_last, sum_of_rows
from coursepkg.validation import (
    Setting,
    validate_bool,
    validate_dtype,
    validate_gradient,
    validate_input,
    validate_nonnegative_number,
    validate_positive_int,
    validate_probability,
)


def batch_norm(x, weight, bias, eps, statistics=None):
    """Normalizes each channel over the batch and all positions.

    Args:
        x: array (N, C, ...).
        weight, bias: arrays (C,), scale and shift of the normalized channel.
        eps: added to the variance.
        statistics: pair (mean, variance) of arrays (C,) to normalize with; None takes those of x itself.
    Returns:
        (y, normalized, mean, variance): normalized is y before scale and shift, in x's shape; the variance is
        the mean square, not the unbiased estimate. The channels lie last in memory.
    Source: Ioffe and Szegedy 2015, algorithm 1; torch.nn.functional.batch_norm.
    """
    pixels, channels = channels_last(x), x.shape[1]
    rows = _rows(pixels)
    if statistics is None:
        mean = _mean(rows, channels)
        centered = rows - _along(mean, rows)
        var = _mean(centered * centered, channels)
    else:
        mean, var = statistics
        centered = rows - _along(mean, rows)
    normalized = centered * _along(1 / np.sqrt(var + eps), rows)
    y = normalized * _along(weight, rows)
    y += _along(bias, rows)
    y, normalized = (channels_first(array.reshape(pixels.shape)) for array in (y, normalized))
    return y, normalized, mean, var


def batch_norm_backward(dy, normalized, weight, var, eps, own_statistics):
    """Gradients of `batch_norm`.

    The statistics of a batch undo a common shift of its values, and a common stretch; so these two parts of a
    gradient do not come through.

    Args:
        dy: array (N, C, ...), gradient of the loss with respect to y.
        normalized, var: as `batch_norm` returned them.
        weight, eps: as in `batch_norm`.
        own_statistics: whether mean and variance were those of x, and so change with x.
    Returns:
        (dx, dweight, dbias).
    Source: Ioffe and Szegedy 2015, section 3.
    """
    pixels, channels, count = channels_last(dy), dy.shape[1], max(dy.size // dy.shape[1], 1)
    rows, normalized = _rows(pixels), _rows(channels_last(normalized))
    dbias, dweight = _sum(rows, channels), _sum(rows * normalized, channels)
    dx = rows
    if own_statistics:
        shift, stretch = _along(dbias / count, rows), _along(dweight / count, rows)
        dx = rows - shift
        dx -= normalized * stretch
    dx = dx * _along(weight / np.sqrt(var + eps), rows)
    return channels_first(dx.reshape(pixels.shape)), dweight, dbias


def _rows(pixels):
    """Pixels (N, ..., W, C) as a matrix of rows of pixels (N*..., W*C); (N, C) as it is."""
    shape = pixels.shape
    return pixels.reshape(math.prod(shape[:-2]), math.prod(shape[-2:])) if pixels.ndim > 2 else pixels


def _along(values, rows):
    """One value for each channel, repeated for each pixel of a row: an inner loop over the whole row."""
    return np.tile(values, rows.shape[1] // len(values))


def _sum(rows, channels):
    return sum_of_rows(rows).reshape(-1, channels).sum(axis=0)


def _mean(rows, channels):
    return _sum(rows, channels) / max(rows.size // channels, 1)


def validate_momentum(name, value):
    """A number in [0, 1], or None."""
    return None if value is None else validate_probability(name, value)


class _BatchNorm(Layer):
    param_names = ("weight", "bias")
    buffer_names = ("running_mean", "running_var", "num_batches_tracked")
    num_features = Setting(validate_positive_int)
    eps, momentum = Setting(validate_nonnegative_number), Setting(validate_momentum)

    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=True,
        track_running_stats=True,
        *,
        bias=True,
        dtype=np.float32,
    ):
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        affine, bias = validate_bool("affine", affine), validate_bool("bias", bias)
        track_running_stats = validate_bool("track_running_stats", track_running_stats)
        dtype = validate_dtype("dtype", dtype)
        self.weight = np.ones(num_features, dtype) if affine else None
        self.bias = np.zeros(num_features, dtype) if affine and bias else None
        self.running_mean = np.zeros(num_features, dtype) if track_running_stats else None
        self.running_var = np.ones(num_features, dtype) if track_running_stats else None
        self.num_batches_tracked = np.zeros((), np.int64) if track_running_stats else None

    def extra_repr(self):
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.weight is not None}, bias={self.bias is not None}, "
            f"track_running_stats={self.running_mean is not None}"
        )

    def forward(self, x):
        """Args: x, with the channels on axis 1. Returns: the same shape."""
        validate_input(x, self.running_mean if self.weight is None else self.weight)
        if x.ndim not in self.allowed_ndim or x.shape[1] != self.num_features:
            allowed = " or ".join(self.allowed_shapes).replace("C", str(self.num_features))
            raise ValueError(f"x has shape {x.shape}, but {self.num_features} features need shape {allowed}")
        own_statistics = self.training or self.running_mean is None
        count = x.size // self.num_features
        if own_statistics and count == 1:
            raise ValueError(
                f"x has shape {x.shape}, but the statistics of a batch need more than one value per channel: "
                "use a larger batch, or eval()"
            )
        statistics = None if own_statistics else (self.running_mean, self.running_var)
        weight = np.ones(self.num_features, x.dtype) if self.weight is None else self.weight
        bias = np.zeros(self.num_features, x.dtype) if self.bias is None else self.bias
        y, normalized, mean, var = batch_norm(x, weight, bias, self.eps, statistics)
        self.saved = (
            (normalized, weight, var.copy(), self.eps, own_statistics),
            [*self._own(self.param_names)],
        )
        if self.training and self.running_mean is not None:
            self._remember(mean, var, count)
        return y

    def backward(self, dy):
        used, learned = self.saved
        validate_gradient(dy, used[0].shape, used[0].dtype)
        dx, dweight, dbias = batch_norm_backward(dy, *used)
        self.grads = {name: grad for name, grad in (("weight", dweight), ("bias", dbias)) if name in learned}
        return dx

    def _remember(self, mean, var, count):
        self.num_batches_tracked += 1
        if count == 0:
            return
        share = 1 / int(self.num_batches_tracked) if self.momentum is None else self.momentum
        unbiased = var * (count / (count - 1))
        self.running_mean += share * (mean - self.running_mean)
        self.running_var += share * (unbiased - self.running_var)


class BatchNorm1d(_BatchNorm):
    """Batch normalization of x (N, C) or (N, C, L).

    In training mode with the mean and variance of the batch, which also move the running ones; in evaluation
    mode with the running ones.

    Args:
        num_features: C, >= 1.
        eps: added to the variance, >= 0.
        momentum: share of the new batch in the running statistics, in [0, 1]; None makes them plain averages.
        affine: False leaves scale and shift out.
        track_running_stats: False keeps no running statistics and always uses the batch's.
        bias: False leaves the shift out.
        dtype: float32 or float64.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.BatchNorm1d.
    """

    allowed_ndim = (2, 3)
    allowed_shapes = ("(N, C)", "(N, C, L)")


class BatchNorm2d(_BatchNorm):
    """Batch normalization of x (N, C, H, W).

    In training mode with the mean and variance of the batch, which also move the running ones; in evaluation
    mode with the running ones. The result lies in memory with the channels last.

    Args:
        num_features: C, >= 1.
        eps: added to the variance, >= 0.
        momentum: share of the new batch in the running statistics, in [0, 1]; None makes them plain averages.
        affine: False leaves scale and shift out.
        track_running_stats: False keeps no running statistics and always uses the batch's.
        bias: False leaves the shift out.
        dtype: float32 or float64.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.BatchNorm2d.
    """

    allowed_ndim = (4,)
    allowed_shapes = ("(N, C, H, W)",)


def validate_normalized_shape(name, value):
    """Lengths of one axis or more, >= 1, as a tuple."""
    lengths = value if isinstance(value, tuple | list) else (value,)
    if not lengths:
        raise ValueError(f"{name} must name at least one axis, got {value!r}")
    return tuple(validate_positive_int(name, length) for length in lengths)


class LayerNorm(Layer):
    """Normalizes each example over its last axes, alike in training and evaluation.

    Args:
        normalized_shape: lengths of the last axes of x, an int or a tuple.
        eps: added to the variance, >= 0.
        elementwise_affine: False leaves scale and shift out.
        bias: False leaves the shift out.
        dtype: float32 or float64.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Ba, Kiros and Hinton 2016; torch.nn.LayerNorm.
    """

    param_names = ("weight", "bias")
    normalized_shape = Setting(validate_normalized_shape)
    eps = Setting(validate_nonnegative_number)

    def __init__(self, normalized_shape, eps=1e-5, elementwise_affine=True, bias=True, *, dtype=np.float32):
        super().__init__()
        self.normalized_shape, self.eps = normalized_shape, eps
        elementwise_affine = validate_bool("elementwise_affine", elementwise_affine)
        bias, dtype = validate_bool("bias", bias), validate_dtype("dtype", dtype)
        self.weight = np.ones(self.normalized_shape, dtype) if elementwise_affine else None
        self.bias = np.zeros(self.normalized_shape, dtype) if elementwise_affine and bias else None

    def extra_repr(self):
        affine = self.weight is not None
        bias = self.bias is not None
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={affine}, bias={bias}"

    def forward(self, x):
        """Args: x (..., *normalized_shape). Returns: the same shape."""
        validate_input(x, self.weight)
        axes = tuple(range(-len(self.normalized_shape), 0))
        if x.shape[-len(axes) :] != self.normalized_shape:
            raise ValueError(
                f"x has shape {x.shape}, but normalized_shape {self.normalized_shape} must be its end"
            )
        scale = 1 / np.sqrt(x.var(axes, keepdims=True) + self.eps)
        normalized = (x - x.mean(axes, keepdims=True)) * scale
        self.saved = normalized, scale, axes, self.weight, self.bias is not None
        y = normalized if self.weight is None else normalized * self.weight
        return y if self.bias is None else y + self.bias

    def backward(self, dy):
        normalized, scale, axes, weight, has_bias = self.saved
        validate_gradient(dy, normalized.shape, normalized.dtype)
        examples = tuple(range(dy.ndim - len(axes)))
        dnormalized = dy
        if weight is not None:
            self.grads = {"weight": (dy * normalized).sum(examples)}
            dnormalized = dy * weight
        if has_bias:
            self.grads = {"weight": self.grads["weight"], "bias": dy.sum(examples)}
        shift = dnormalized.mean(axes, keepdims=True)
        stretch = (dnormalized * normalized).mean(axes, keepdims=True)
        return (dnormalized - shift - normalized * stretch) * scale
