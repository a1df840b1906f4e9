"""Pooling in PyTorch: the names of `numpy_layers`, from tensor operations; autograd does the backward pass.

Arguments, defaults and results are those of torch.nn.functional, to the edge; it is not called here.
"""

import itertools
import math

import torch
from torch import nn

from coursepkg.pooling.rules import (
    adaptive_bounds,
    adaptive_output_size,
    binomial_filter,
    fractional_output_size,
    place_windows,
    pool_output_size,
    reflected_positions,
    split_shape,
    unpool_output_size,
    validate_divisor,
    validate_geometry,
    validate_levels,
    validate_mode,
    validate_ratio,
)
from coursepkg.validation import (
    validate_per_axis,
    validate_positive_int,
    validate_positive_number,
    validate_shape,
)
from coursepkg.validation_torch import validate_float_tensor, validate_generator

__all__ = ["pool_output_size"]  # of rules, where both backends find it


def gather_windows(x, windows, fill):
    """Every window's elements in memory order (..., *output_size, K), `fill` where there is only padding.

    Args:
        x: tensor (..., *windows.size).
        windows: coursepkg.pooling.rules.Windows.
        fill: a number.
    """
    border = [samples for pair in reversed(windows.border) for samples in pair]
    view, leading = nn.functional.pad(x, border, value=fill), x.ndim - windows.axes
    for axis, (span, stride, count) in enumerate(
        zip(windows.span, windows.stride, windows.output_size, strict=True), start=leading
    ):
        view = view.unfold(axis, span, stride).narrow(axis, 0, count)
    view = view[(..., *(slice(None, None, dilation) for dilation in windows.dilation))]
    return view.flatten(-windows.axes)


def place_winners(values, allowed=True):
    """Which of the elements of windows (..., K) wins: of equals the first, of NaNs the last."""
    is_nan = values != values
    wins = (((values == values.amax(dim=-1, keepdim=True)) | is_nan) & allowed).to(torch.uint8)
    last = values.shape[-1] - 1 - wins.flip(-1).argmax(dim=-1)
    return torch.where(is_nan.any(dim=-1), last, wins.argmax(dim=-1))


def take(x, indices, axes):
    """The elements of x (*batch, *spatial) at flat indices (*batch, *output_size) into its planes.

    Autograd sends a gradient back to where its element was taken, and adds up where several were.
    """
    return x.flatten(-axes).gather(-1, indices.flatten(-axes)).view(indices.shape)


def lowest(dtype):
    """What no number of this dtype is below: -inf, or the smallest integer."""
    return -math.inf if dtype.is_floating_point else torch.iinfo(dtype).min


# Maximum


def max_pool1d(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """`max_pool2d` for x of shape (N, C, L) or (C, L)."""
    return _max_pool(x, 1, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The maximum of every window.

    Args:
        x: (N, C, H, W) or (C, H, W), of floats or integers.
        kernel_size, stride, padding, dilation: an int or a pair, as in torch.nn.MaxPool2d.
        ceil_mode: whether a last window may reach beyond the padding.
        return_indices: whether to return also where each maximum was found.
    Returns:
        tensor (N, C, OH, OW) or (C, OH, OW), OH and OW by `pool_output_size`. With return_indices
        (y, indices): int64 of y's shape, flat in the plane. Of equals the first in memory order wins, of NaNs
        the last; a window of padding alone gives -inf (or the lowest integer) and the index -1.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.functional.max_pool2d.
    """
    return _max_pool(x, 2, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """`max_pool2d` for x of shape (N, C, D, H, W) or (C, D, H, W)."""
    return _max_pool(x, 3, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def _max_pool(x, axes, kernel_size, stride, padding, dilation, ceil_mode, return_indices):
    validate_numbers("x", x)
    windows = place_windows(x.shape, axes, kernel_size, stride, padding, dilation, ceil_mode)
    plane = torch.arange(math.prod(windows.size), device=x.device).view(windows.size)
    position = gather_windows(plane, windows, -1)  # (*output_size, K)
    with torch.no_grad():
        values = gather_windows(x, windows, lowest(x.dtype))  # (*batch, *output_size, K)
        winner = place_winners(values, position >= 0)[..., None]
        indices = position.expand_as(values).gather(-1, winner)[..., 0]
    y = take(x, indices.clamp(min=0), axes).masked_fill(indices < 0, lowest(x.dtype))
    return (y, indices) if return_indices else y


# Average


def avg_pool1d(
    x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
):
    """`avg_pool2d` for x of shape (N, C, L) or (C, L)."""
    windows = place_windows(x.shape, 1, kernel_size, stride, padding, 1, ceil_mode)
    return _avg_pool(x, windows, count_include_pad, divisor_override)


def avg_pool2d(
    x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
):
    """The average of every window.

    Args:
        x: floating-point tensor (N, C, H, W) or (C, H, W).
        kernel_size, stride, padding: an int or a pair, as in torch.nn.AvgPool2d.
        ceil_mode: whether a last window may reach beyond the padding; what lies there is never counted.
        count_include_pad: whether the padding counts as pixels when the sum is divided.
        divisor_override: a whole number other than 0 to divide by; None divides by the pixels counted.
    Returns:
        tensor (N, C, OH, OW) or (C, OH, OW), OH and OW by `pool_output_size`.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.functional.avg_pool2d; its avg_pool1d has no divisor_override.
    """
    windows = place_windows(x.shape, 2, kernel_size, stride, padding, 1, ceil_mode)
    return _avg_pool(x, windows, count_include_pad, divisor_override)


def avg_pool3d(
    x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
):
    """`avg_pool2d` for x of shape (N, C, D, H, W) or (C, D, H, W)."""
    windows = place_windows(x.shape, 3, kernel_size, stride, padding, 1, ceil_mode)
    return _avg_pool(x, windows, count_include_pad, divisor_override)


def _avg_pool(x, windows, count_include_pad, divisor_override):
    validate_float_tensor("x", x)
    total = gather_windows(x, windows, 0).sum(dim=-1)
    if divisor_override is not None:
        return total / validate_divisor("divisor_override", divisor_override)
    counts = [torch.tensor(axis, device=x.device) for axis in windows.counts(count_include_pad)]
    return total / math.prod(torch.meshgrid(counts, indexing="ij")).to(x.dtype)


# Power average


def lp_pool1d(x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """`lp_pool2d` for x of shape (N, C, L) or (C, L)."""
    return _lp_pool(x, norm_type, place_windows(x.shape, 1, kernel_size, stride, ceil_mode=ceil_mode))


def lp_pool2d(x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """The p-th root of the sum of p-th powers in every window.

    Args:
        x: floating-point tensor (N, C, H, W) or (C, H, W).
        norm_type: p, a finite number > 0. The power is that of x, not of its magnitude, so the root of a
            negative sum is NaN. Where the sum is 0 the gradient is 0.
        kernel_size, stride, ceil_mode: as in `avg_pool2d`. A window cut short by ceil_mode counts as much as
            a whole one: its mean power times kernel_size.
    Returns:
        tensor (N, C, OH, OW) or (C, OH, OW).
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.functional.lp_pool2d.
    """
    return _lp_pool(x, norm_type, place_windows(x.shape, 2, kernel_size, stride, ceil_mode=ceil_mode))


def lp_pool3d(x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """`lp_pool2d` for x of shape (N, C, D, H, W) or (C, D, H, W)."""
    return _lp_pool(x, norm_type, place_windows(x.shape, 3, kernel_size, stride, ceil_mode=ceil_mode))


def _lp_pool(x, norm_type, windows):
    p = validate_positive_number("norm_type", norm_type)
    validate_float_tensor("x", x)
    total = _avg_pool(x**p, windows, True, None) * math.prod(windows.kernel_size)
    # The root of 0 has an infinite slope; a constant in its place has none.
    is_zero = total == 0
    return total.masked_fill(is_zero, 1).pow(1 / p).masked_fill(is_zero, 0)


# Adaptive and global


def adaptive_max_pool1d(x, output_size, return_indices=False):
    """`adaptive_max_pool2d` for x of shape (N, C, L) or (C, L)."""
    return _adaptive_max_pool(x, 1, output_size, return_indices)


def adaptive_max_pool2d(x, output_size, return_indices=False):
    """The maximum of as many windows as are asked for, which together cover the input.

    Args:
        x: floating-point tensor (N, C, H, W) or (C, H, W).
        output_size: number of windows, for both axes or (OH, OW), >= 0; None keeps an axis as it is.
        return_indices: whether to return also where each maximum was found.
    Returns:
        tensor (N, C, OH, OW) or (C, OH, OW); with return_indices (y, indices) as in `max_pool2d`.
        Window i of n over H rows covers rows floor(i H / n) to ceil((i + 1) H / n).
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.functional.adaptive_max_pool2d.
    """
    return _adaptive_max_pool(x, 2, output_size, return_indices)


def adaptive_max_pool3d(x, output_size, return_indices=False):
    """`adaptive_max_pool2d` for x of shape (N, C, D, H, W) or (C, D, H, W)."""
    return _adaptive_max_pool(x, 3, output_size, return_indices)


def adaptive_avg_pool1d(x, output_size):
    """`adaptive_avg_pool2d` for x of shape (N, C, L) or (C, L)."""
    return _adaptive_avg_pool(x, 1, output_size)


def adaptive_avg_pool2d(x, output_size):
    """The average of as many windows as are asked for, which together cover the input.

    Args:
        x, output_size: as in `adaptive_max_pool2d`.
    Returns:
        tensor (N, C, OH, OW) or (C, OH, OW).
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.functional.adaptive_avg_pool2d.
    """
    return _adaptive_avg_pool(x, 2, output_size)


def adaptive_avg_pool3d(x, output_size):
    """`adaptive_avg_pool2d` for x of shape (N, C, D, H, W) or (C, D, H, W)."""
    return _adaptive_avg_pool(x, 3, output_size)


def global_max_pool(x):
    """The maximum of every plane.

    Args:
        x: floating-point tensor (N, C, *spatial) with one to three spatial axes.
    Returns:
        tensor (N, C, 1, ...): the spatial axes stay, with size 1.
    Raises:
        ValueError, TypeError: names x, its shape or dtype and what is allowed.
    Source: adaptive max pooling to size 1. torch.amax shares the gradient among equals, this does not.
    """
    return _adaptive_max_pool(x, _global_axes(x), 1, False)


def global_avg_pool(x):
    """The average of every plane. Arguments and result as in `global_max_pool`.

    Source: Lin et al. 2014, Network In Network, section 3.2.
    """
    return x.mean(dim=tuple(range(2, 2 + _global_axes(x))), keepdim=True)


def _adaptive_max_pool(x, axes, output_size, return_indices):
    validate_float_tensor("x", x)
    (batch, size), bounds = _adaptive(x, axes, output_size)
    shape = (*batch, *map(len, bounds))
    plane = torch.arange(math.prod(size), device=x.device).view(size)
    indices = plane.new_empty(shape)
    with torch.no_grad():
        for cell in itertools.product(*(range(len(axis)) for axis in bounds)):
            window = tuple(axis[i] for axis, i in zip(bounds, cell, strict=True))
            winner = place_winners(x[(..., *window)].flatten(-axes))
            indices[(..., *cell)] = plane[window].flatten()[winner]
    y = take(x, indices, axes)
    return (y, indices) if return_indices else y


def _adaptive_avg_pool(x, axes, output_size):
    validate_float_tensor("x", x)
    (batch, _), bounds = _adaptive(x, axes, output_size)
    for axis, windows in enumerate(bounds, start=len(batch)):
        at = (slice(None),) * axis
        means = [x[(*at, window)].mean(dim=axis, keepdim=True) for window in windows]
        x = torch.cat(means, dim=axis) if means else x[(*at, slice(0))]
    return x


def _adaptive(x, axes, output_size):
    batch, size = split_shape(x.shape, axes)
    wanted = adaptive_output_size(size, output_size)
    return (batch, size), [adaptive_bounds(*one) for one in zip(size, wanted, strict=True)]


def _global_axes(x):
    validate_float_tensor("x", x)
    axes = min(max(x.ndim - 2, 1), 3)
    split_shape(x.shape, axes, batched=True)
    return axes


# Back to the size before


def max_unpool1d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """`max_unpool2d` for x of shape (N, C, L) or (C, L)."""
    return _max_unpool(x, indices, 1, kernel_size, stride, padding, output_size)


def max_unpool2d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Puts every number back where max pooling found it, and 0 elsewhere.

    Args:
        x: floating-point tensor (N, C, H, W) or (C, H, W), as pooled.
        indices: int64 tensor of x's shape, flat in the plane to be filled.
        kernel_size, stride, padding: of the max pooling.
        output_size: size (or whole shape) of the result; None means (H - 1) stride - 2 padding + kernel_size.
    Returns:
        tensor (N, C, *output_size) or (C, *output_size).
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.functional.max_unpool2d.
    """
    return _max_unpool(x, indices, 2, kernel_size, stride, padding, output_size)


def max_unpool3d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """`max_unpool2d` for x of shape (N, C, D, H, W) or (C, D, H, W)."""
    return _max_unpool(x, indices, 3, kernel_size, stride, padding, output_size)


def _max_unpool(x, indices, axes, kernel_size, stride, padding, output_size):
    validate_float_tensor("x", x)
    size = unpool_output_size(x.shape, axes, kernel_size, stride, padding, output_size)
    validate_indices(indices, x.shape, size)
    batch = x.shape[:-axes]
    empty = x.new_zeros((*batch, math.prod(size)))
    return empty.scatter(-1, indices.flatten(-axes), x.flatten(-axes)).view(*batch, *size)


# Blurred before it is thinned out


def blur_pool2d(x, filt_size=3, stride=2):
    """Smooths with a row of Pascal's triangle, along both axes, and keeps every stride-th pixel.

    Args:
        x: floating-point tensor (N, C, H, W) or (C, H, W); an axis must be longer than filt_size // 2.
        filt_size: taps of the filter, 1 to 7; 1 does not blur.
        stride: pixels from one output to the next, >= 1.
    Returns:
        tensor (N, C, OH, OW) or (C, OH, OW), OH = (H - 1) // stride + 1. Beyond the border lies the picture's
        reflection.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Zhang 2019, Making Convolutional Networks Shift-Invariant Again, section 3.2.
    """
    validate_float_tensor("x", x)
    taps, stride = binomial_filter(filt_size), validate_positive_int("stride", stride)
    batch, size = split_shape(x.shape, 2)
    for axis, length in enumerate(size, start=len(batch)):
        padded = reflected_positions(length, len(taps))
        span = (length - 1) // stride * stride + 1
        x = sum(
            tap * x.index_select(axis, torch.tensor(padded[i : i + span : stride], device=x.device))
            for i, tap in enumerate(taps)
        )
    return x


# By chance


def fractional_max_pool2d(
    x, kernel_size, output_size=None, output_ratio=None, return_indices=False, samples=None, rng=None
):
    """Max pooling over windows whose steps are of two lengths, in random order, and average to any fraction.

    Args:
        x: floating-point tensor (N, C, H, W) or (C, H, W).
        kernel_size: side of a window in pixels, >= 1; an int or a pair.
        output_size: number of windows, an int or a pair (OH, OW), with OH + kernel_size - 1 <= H.
        output_ratio: instead of output_size, its share of the input, a number or a pair, in (0, 1).
        return_indices: whether to return also where each maximum was found.
        samples: (N, C, 2) or (C, 2) tensor of numbers in [0, 1), width before height, that decide the steps
            of each plane; None draws them.
        rng: torch.Generator; None means torch's default one.
    Returns:
        tensor (N, C, OH, OW) or (C, OH, OW); with return_indices (y, indices) as in `max_pool2d`.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Graham 2014, Fractional Max-Pooling; torch.nn.functional.fractional_max_pool2d.
    """
    kernel_size, output_size = fractional_output_size(x.shape, kernel_size, output_size, output_ratio)
    validate_float_tensor("x", x)
    validate_generator("rng", rng)
    samples = draw_samples(x, rng) if samples is None else samples
    validate_samples(samples, x)
    height, width = x.shape[-2:]
    rows, columns = (
        _fractional_starts(samples[..., at], size, count, kernel)[..., None]
        + torch.arange(kernel, device=x.device)
        for at, size, count, kernel in zip((1, 0), (height, width), output_size, kernel_size, strict=True)
    )  # (*batch, OH, KH) and (*batch, OW, KW)
    position = rows[..., :, None, :, None] * width + columns[..., None, :, None, :]
    position = position.flatten(-2)  # (*batch, OH, OW, KH*KW)
    with torch.no_grad():
        values = x.flatten(-2).gather(-1, position.flatten(-3)).view(position.shape)
        winner = place_winners(values)[..., None]
        indices = position.gather(-1, winner)[..., 0]
    y = take(x, indices, 2)
    return (y, indices) if return_indices else y


def _fractional_starts(samples, size, count, kernel):
    """First positions (*batch, count) of windows whose steps are two neighboring whole numbers."""
    last = samples.new_full((*samples.shape, 1), size - kernel, dtype=torch.int64)
    if count == 1:
        return last
    step = (size - kernel) / (count - 1)
    ends = ((torch.arange(count - 1, device=samples.device) + samples[..., None]) * step).long()
    return torch.cat([ends - (samples[..., None] * step).long(), last], dim=-1)


def draw_samples(x, rng):
    """The numbers that decide the windows of fractional max pooling: two for each plane, in [0, 1)."""
    return torch.rand((*x.shape[:-2], 2), generator=rng, dtype=x.dtype, device=x.device)


def stochastic_pool2d(x, kernel_size, stride=None, training=True, mask=None, rng=None):
    """Picks one pixel of every window, with a probability in proportion to its value.

    Args:
        x: floating-point tensor (N, C, H, W) or (C, H, W), meant to come from a ReLU. Negative values are
            never picked, unless a window has no positive one: there all are equally probable.
        kernel_size, stride: as in `max_pool2d`.
        training: False gives the average over all picks, each with its probability.
        mask: boolean tensor (*output shape, KH * KW), True at the one pixel to pick; None draws it.
        rng: torch.Generator; None means torch's default one.
    Returns:
        tensor (N, C, OH, OW) or (C, OH, OW).
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Zeiler and Fergus 2013, Stochastic Pooling, section 3.
    """
    windows = place_windows(x.shape, 2, kernel_size, stride)
    validate_float_tensor("x", x)
    validate_generator("rng", rng)
    return _stochastic_pool(gather_windows(x, windows, 0), training, mask, rng)[0]


def _stochastic_pool(values, training, mask, rng):
    """The pooled windows (..., K), and the mask that picked; None where it is the average over picks."""
    if not training:
        return (pick_probabilities(values) * values).sum(dim=-1), None
    mask = draw_picks(values, rng) if mask is None else mask
    validate_picks(mask, values.shape)
    return values.masked_fill(~mask, 0).sum(dim=-1), mask


def pick_probabilities(values):
    """Probabilities of the pixels of windows (..., K) in stochastic pooling."""
    positive = values.clamp(min=0)
    total = positive.sum(dim=-1, keepdim=True)
    share = positive / total.masked_fill(total <= 0, 1)
    return torch.where(total > 0, share, torch.full_like(values, 1 / values.shape[-1]))


def draw_picks(values, rng):
    """Picks a pixel of every window (..., K), as a boolean mask with one True per window."""
    bound = pick_probabilities(values.detach()).double().cumsum(dim=-1)
    bound = bound / bound[..., -1:]
    coins = torch.rand((*values.shape[:-1], 1), generator=rng, dtype=torch.float64, device=values.device)
    picked = (coins >= bound).sum(dim=-1)
    return torch.arange(values.shape[-1], device=values.device) == picked[..., None]


# Whole planes to a few numbers


def spatial_pyramid_pool2d(x, levels=(1, 2, 4), mode="max"):
    """Adaptive pooling to several sizes, all results in one row: as long whatever the picture's size.

    Args:
        x: floating-point tensor (N, C, H, W).
        levels: sizes of the grids, whole numbers >= 1.
        mode: "max" or "avg".
    Returns:
        tensor (N, C * sum of the levels' squares): level by level, in each channel by channel.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: He et al. 2014, Spatial Pyramid Pooling in Deep Convolutional Networks, section 2.2.
    """
    validate_float_tensor("x", x)
    split_shape(x.shape, 2, batched=True)
    pool = adaptive_max_pool2d if validate_mode("mode", mode) == "max" else adaptive_avg_pool2d
    return torch.cat([pool(x, level).flatten(1) for level in validate_levels("levels", levels)], dim=1)


def gem_pool2d(x, p=3.0, eps=1e-6):
    """The generalized mean of every plane: p = 1 is its average, a large p comes close to its maximum.

    Args:
        x: floating-point tensor (N, C, H, W); values below eps count as eps.
        p: exponent, a finite number > 0, or a tensor that holds one.
        eps: smallest value, > 0.
    Returns:
        tensor (N, C, 1, 1): the p-th root of the mean p-th power.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Radenovic et al. 2019, Fine-Tuning CNN Image Retrieval with No Human Annotation, equation 3.
    """
    validate_float_tensor("x", x)
    split_shape(x.shape, 2, batched=True)
    if not isinstance(p, torch.Tensor):
        p = validate_positive_number("p", p)
    powers = x.clamp(min=validate_positive_number("eps", eps)) ** p
    return powers.mean(dim=(2, 3), keepdim=True) ** (1 / p)


# Validation


def validate_numbers(name, x):
    """A tensor of floats or integers."""
    if isinstance(x, torch.Tensor) and not (x.is_floating_point() or x.is_complex() or x.dtype == torch.bool):
        return x
    return validate_float_tensor(name, x)


def validate_indices(indices, shape, size):
    """An int64 tensor of this shape, flat indices into planes of this size."""
    if not isinstance(indices, torch.Tensor) or indices.dtype != torch.int64:
        kind = indices.dtype if isinstance(indices, torch.Tensor) else type(indices).__name__
        raise TypeError(f"indices must be an int64 tensor, got {kind}")
    validate_shape("indices", indices, shape)
    count = math.prod(size)
    if indices.numel() and not (indices.min() >= 0 and indices.max() < count):
        raise ValueError(f"indices must be from 0 to {count - 1}, got {indices.min()} to {indices.max()}")


def validate_picks(mask, shape):
    """A boolean tensor (*output shape, pixels of a window), one True in each window."""
    if not isinstance(mask, torch.Tensor) or mask.dtype != torch.bool:
        kind = mask.dtype if isinstance(mask, torch.Tensor) else type(mask).__name__
        raise TypeError(f"mask must be a boolean tensor, True = picked, got {kind}")
    validate_shape("mask", mask, shape)
    if not (mask.sum(dim=-1) == 1).all():
        raise ValueError("mask must pick one pixel of every window")


def validate_samples(samples, x):
    """Numbers in [0, 1), two for each plane of x and of its dtype."""
    if not isinstance(samples, torch.Tensor) or samples.dtype != x.dtype:
        kind = samples.dtype if isinstance(samples, torch.Tensor) else type(samples).__name__
        raise TypeError(f"samples must be a tensor of x's dtype {x.dtype}, got {kind}")
    validate_shape("samples", samples, (*x.shape[:-2], 2))
    if samples.numel() and not (samples.min() >= 0 and samples.max() < 1):
        raise ValueError(f"samples must be in [0, 1), got {samples.min()} to {samples.max()}")


# Layers


class _MaxPool(nn.Module):
    def __init__(
        self, kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False
    ):
        super().__init__()
        self.kernel_size, self.stride, self.padding, self.dilation = validate_geometry(
            self._axes, kernel_size, stride, padding, dilation
        )
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, x):
        """Args: x (N, C, *spatial) or (C, *spatial). Returns: y, or (y, indices) with return_indices."""
        geometry = self.kernel_size, self.stride, self.padding, self.dilation
        return _max_pool(x, self._axes, *geometry, self.ceil_mode, self.return_indices)


class MaxPool1d(_MaxPool):
    """`max_pool1d` as a module, with torch.nn.MaxPool1d's arguments."""

    _axes = 1


class MaxPool2d(_MaxPool):
    """`max_pool2d` as a module, with torch.nn.MaxPool2d's arguments."""

    _axes = 2


class MaxPool3d(_MaxPool):
    """`max_pool3d` as a module, with torch.nn.MaxPool3d's arguments."""

    _axes = 3


class _AvgPool(nn.Module):
    def __init__(
        self,
        kernel_size,
        stride=None,
        padding=0,
        ceil_mode=False,
        count_include_pad=True,
        divisor_override=None,
    ):
        super().__init__()
        self.kernel_size, self.stride, self.padding, _ = validate_geometry(
            self._axes, kernel_size, stride, padding
        )
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad
        self.divisor_override = (
            None if divisor_override is None else validate_divisor("divisor_override", divisor_override)
        )

    def forward(self, x):
        """Args: x (N, C, *spatial) or (C, *spatial). Returns: the averages."""
        geometry = self.kernel_size, self.stride, self.padding, 1
        windows = place_windows(x.shape, self._axes, *geometry, self.ceil_mode)
        return _avg_pool(x, windows, self.count_include_pad, self.divisor_override)


class AvgPool1d(_AvgPool):
    """`avg_pool1d` as a module, with torch.nn.AvgPool1d's arguments and divisor_override."""

    _axes = 1


class AvgPool2d(_AvgPool):
    """`avg_pool2d` as a module, with torch.nn.AvgPool2d's arguments."""

    _axes = 2


class AvgPool3d(_AvgPool):
    """`avg_pool3d` as a module, with torch.nn.AvgPool3d's arguments."""

    _axes = 3


class _LPPool(nn.Module):
    def __init__(self, norm_type, kernel_size, stride=None, ceil_mode=False):
        super().__init__()
        self.norm_type = validate_positive_number("norm_type", norm_type)
        self.kernel_size, self.stride, _, _ = validate_geometry(self._axes, kernel_size, stride)
        self.ceil_mode = ceil_mode

    def forward(self, x):
        """Args: x (N, C, *spatial) or (C, *spatial). Returns: the roots of the sums of powers."""
        windows = place_windows(x.shape, self._axes, self.kernel_size, self.stride, ceil_mode=self.ceil_mode)
        return _lp_pool(x, self.norm_type, windows)


class LPPool1d(_LPPool):
    """`lp_pool1d` as a module, with torch.nn.LPPool1d's arguments."""

    _axes = 1


class LPPool2d(_LPPool):
    """`lp_pool2d` as a module, with torch.nn.LPPool2d's arguments."""

    _axes = 2


class LPPool3d(_LPPool):
    """`lp_pool3d` as a module, with torch.nn.LPPool3d's arguments."""

    _axes = 3


class _AdaptiveMaxPool(nn.Module):
    def __init__(self, output_size, return_indices=False):
        super().__init__()
        adaptive_output_size((1,) * self._axes, output_size)
        self.output_size, self.return_indices = output_size, return_indices

    def forward(self, x):
        """Args: x (N, C, *spatial) or (C, *spatial). Returns: y, or (y, indices) with return_indices."""
        return _adaptive_max_pool(x, self._axes, self.output_size, self.return_indices)


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """`adaptive_max_pool1d` as a module, with torch.nn.AdaptiveMaxPool1d's arguments."""

    _axes = 1


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """`adaptive_max_pool2d` as a module, with torch.nn.AdaptiveMaxPool2d's arguments."""

    _axes = 2


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """`adaptive_max_pool3d` as a module, with torch.nn.AdaptiveMaxPool3d's arguments."""

    _axes = 3


class _AdaptiveAvgPool(nn.Module):
    def __init__(self, output_size):
        super().__init__()
        adaptive_output_size((1,) * self._axes, output_size)
        self.output_size = output_size

    def forward(self, x):
        """Args: x (N, C, *spatial) or (C, *spatial). Returns: the averages."""
        return _adaptive_avg_pool(x, self._axes, self.output_size)


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """`adaptive_avg_pool1d` as a module, with torch.nn.AdaptiveAvgPool1d's arguments."""

    _axes = 1


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """`adaptive_avg_pool2d` as a module, with torch.nn.AdaptiveAvgPool2d's arguments."""

    _axes = 2


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """`adaptive_avg_pool3d` as a module, with torch.nn.AdaptiveAvgPool3d's arguments."""

    _axes = 3


class GlobalMaxPool(nn.Module):
    """`global_max_pool` as a module, for one to three spatial axes."""

    def __init__(self):
        super().__init__()

    def forward(self, x):
        """Args: x (N, C, *spatial). Returns: (N, C, 1, ...)."""
        return global_max_pool(x)


class GlobalAvgPool(nn.Module):
    """`global_avg_pool` as a module, for one to three spatial axes."""

    def __init__(self):
        super().__init__()

    def forward(self, x):
        """Args: x (N, C, *spatial). Returns: (N, C, 1, ...)."""
        return global_avg_pool(x)


class _MaxUnpool(nn.Module):
    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self.kernel_size, self.stride, self.padding, _ = validate_geometry(
            self._axes, kernel_size, stride, padding
        )

    def forward(self, x, indices, output_size=None):
        """The maxima back in their places.

        Args:
            x, indices: as max pooling returned them.
            output_size: as in `max_unpool2d`.
        Returns:
            the plane filled.
        """
        return _max_unpool(x, indices, self._axes, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool1d(_MaxUnpool):
    """`max_unpool1d` as a module, with torch.nn.MaxUnpool1d's arguments."""

    _axes = 1


class MaxUnpool2d(_MaxUnpool):
    """`max_unpool2d` as a module, with torch.nn.MaxUnpool2d's arguments."""

    _axes = 2


class MaxUnpool3d(_MaxUnpool):
    """`max_unpool3d` as a module, with torch.nn.MaxUnpool3d's arguments."""

    _axes = 3


class BlurPool2d(nn.Module):
    """`blur_pool2d` as a module.

    Args:
        filt_size: taps of the filter, 1 to 7.
        stride: pixels from one output to the next, >= 1.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Zhang 2019, Making Convolutional Networks Shift-Invariant Again.
    """

    def __init__(self, filt_size=3, stride=2):
        super().__init__()
        binomial_filter(filt_size)
        self.filt_size, self.stride = filt_size, validate_positive_int("stride", stride)

    def forward(self, x):
        """Args: x (N, C, H, W) or (C, H, W). Returns: (N, C, OH, OW) or (C, OH, OW)."""
        return blur_pool2d(x, self.filt_size, self.stride)


class FractionalMaxPool2d(nn.Module):
    """`fractional_max_pool2d` as a module, in evaluation mode, too, with windows drawn anew each time.

    `samples` are those of the last forward pass.

    Args:
        kernel_size, output_size, output_ratio: as in `fractional_max_pool2d`.
        return_indices: whether forward returns (y, indices).
        rng: torch.Generator; None means torch's default one.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.FractionalMaxPool2d.
    """

    def __init__(self, kernel_size, output_size=None, output_ratio=None, return_indices=False, *, rng=None):
        super().__init__()
        self.kernel_size = validate_per_axis("kernel_size", kernel_size, 2, minimum=1)
        if output_size is not None:
            output_size = validate_per_axis("output_size", output_size, 2, minimum=1)
        if output_ratio is not None:
            output_ratio = validate_ratio("output_ratio", output_ratio)
        self.output_size, self.output_ratio = output_size, output_ratio
        self.return_indices, self.rng = return_indices, validate_generator("rng", rng)
        self.samples = None

    def forward(self, x, samples=None):
        """The maxima of windows of random places.

        Args:
            x: (N, C, H, W) or (C, H, W).
            samples: as in `fractional_max_pool2d`; None draws them.
        Returns:
            y, or (y, indices) with return_indices.
        """
        validate_float_tensor("x", x)
        self.samples = draw_samples(x, self.rng) if samples is None else samples
        return fractional_max_pool2d(
            x, self.kernel_size, self.output_size, self.output_ratio, self.return_indices, self.samples
        )


class StochasticPool2d(nn.Module):
    """`stochastic_pool2d` as a module: a pick in training, the average over all picks in evaluation mode.

    `mask` is the mask of the last forward pass, None after one in evaluation mode.

    Args:
        kernel_size, stride: as in `stochastic_pool2d`.
        rng: torch.Generator; None means torch's default one.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Zeiler and Fergus 2013, Stochastic Pooling.
    """

    def __init__(self, kernel_size, stride=None, *, rng=None):
        super().__init__()
        self.kernel_size, self.stride, _, _ = validate_geometry(2, kernel_size, stride)
        self.rng, self.mask = validate_generator("rng", rng), None

    def forward(self, x, mask=None):
        """One pixel of every window in training, their weighted average in evaluation mode.

        Args:
            x: (N, C, H, W) or (C, H, W).
            mask: as in `stochastic_pool2d`; None draws one in training.
        Returns:
            (N, C, OH, OW) or (C, OH, OW).
        """
        windows = place_windows(x.shape, 2, self.kernel_size, self.stride)
        validate_float_tensor("x", x)
        y, self.mask = _stochastic_pool(gather_windows(x, windows, 0), self.training, mask, self.rng)
        return y


class SpatialPyramidPool2d(nn.Module):
    """`spatial_pyramid_pool2d` as a module.

    Args:
        levels, mode: as in `spatial_pyramid_pool2d`.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: He et al. 2014, Spatial Pyramid Pooling in Deep Convolutional Networks.
    """

    def __init__(self, levels=(1, 2, 4), mode="max"):
        super().__init__()
        self.levels, self.mode = validate_levels("levels", levels), validate_mode("mode", mode)

    def forward(self, x):
        """Args: x (N, C, H, W). Returns: (N, C * sum of the levels' squares)."""
        return spatial_pyramid_pool2d(x, self.levels, self.mode)


class GeMPool2d(nn.Module):
    """`gem_pool2d` as a module that learns its exponent.

    Args:
        p: the exponent to begin with, > 0.
        eps: smallest value, > 0.
        device, dtype: of the parameter "p", shape (1,); None means torch's default ones.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Radenovic et al. 2019, Fine-Tuning CNN Image Retrieval with No Human Annotation.
    """

    def __init__(self, p=3.0, eps=1e-6, *, device=None, dtype=None):
        super().__init__()
        self.p = nn.Parameter(torch.full((1,), validate_positive_number("p", p), device=device, dtype=dtype))
        self.eps = validate_positive_number("eps", eps)

    def forward(self, x):
        """Args: x (N, C, H, W). Returns: (N, C, 1, 1)."""
        validate_float_tensor("x", x)
        if x.dtype != self.p.dtype and not torch.is_autocast_enabled(x.device.type):
            raise TypeError(f"x must have the dtype of the layer's parameters, {self.p.dtype}, got {x.dtype}")
        return gem_pool2d(x, self.p, self.eps)
