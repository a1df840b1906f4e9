"""Adaptive and global pooling: as many windows as are asked for, which together cover the input."""

import functools

import torch
from torch import nn

from coursepkg.layer_torch import LeafModule, accumulator
from coursepkg.pooling.dimensions import classes, functions
from coursepkg.pooling.rules import OutputSize, adaptive_bounds, adaptive_output_size, split_shape
from coursepkg.pooling.torch_layers.maximum import find_maxima
from coursepkg.validation_torch import validate_float_tensor


def adaptive_max_pool(axes, x, output_size, return_indices=False):
    """The maximum of as many windows as are asked for, which together cover the input.

    Args:
        x: floating-point tensor (N, C, *spatial) or (C, *spatial).
        output_size: number of windows, for all axes or one for each, >= 0; None keeps an axis as it is.
        return_indices: whether to return also where each maximum was found.
    Returns:
        tensor (N, C, *output) or (C, *output) in x's dtype; with return_indices (y, indices) as in
        `max_poolXd`. Window i of n over L samples covers those from floor(i L / n) to ceil((i + 1) L / n).
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.functional.adaptive_max_poolXd.
    """
    size, bounds = place_bounds(axes, x, output_size)
    y, indices = find_maxima(x, size, functools.partial(gather_bounds, bounds=bounds))
    return (y, indices) if return_indices else y


def adaptive_avg_pool(axes, x, output_size):
    """The average of as many windows as are asked for, which together cover the input.

    Args:
        x, output_size: as in `adaptive_max_poolXd`.
    Returns:
        tensor (N, C, *output) or (C, *output) in x's dtype.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.functional.adaptive_avg_poolXd.
    """
    _, bounds = place_bounds(axes, x, output_size)
    y = x.to(accumulator(x.dtype))
    for axis, windows in enumerate(bounds, start=x.ndim - axes):
        means = [y.narrow(axis, one.start, one.stop - one.start).mean(axis, keepdim=True) for one in windows]
        y = torch.cat(means, dim=axis) if means else y.narrow(axis, 0, 0)
    return y.to(x.dtype)


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
    return adaptive_max_pool(global_axes(x), x, 1)


def global_avg_pool(x):
    """The average of every plane. Arguments and result as in `global_max_pool`.

    Source: Lin et al. 2014, Network In Network, section 3.2.
    """
    spatial = tuple(range(2, 2 + global_axes(x)))
    return x.mean(dim=spatial, keepdim=True, dtype=accumulator(x.dtype)).to(x.dtype)


def global_axes(x):
    """The number of spatial axes of x (N, C, *spatial), one to three."""
    validate_float_tensor("x", x)
    axes = min(max(x.ndim - 2, 1), 3)
    split_shape(x.shape, axes, batched=True)
    return axes


def place_bounds(axes, x, output_size):
    """The spatial axes of x, and for each the windows that cover it, a list of slices."""
    validate_float_tensor("x", x)
    _, size = split_shape(x.shape, axes)
    wanted = adaptive_output_size(size, output_size)
    return size, [adaptive_bounds(*one) for one in zip(size, wanted, strict=True)]


def gather_bounds(x, bounds, fill):
    """Every window's elements in memory order (..., *output_size, K), `fill` where a window has fewer."""
    axes, index = len(bounds), []
    for axis, (size, windows) in enumerate(zip(x.shape[-axes:], bounds, strict=True)):
        longest = max([1, *(one.stop - one.start for one in windows)])
        at = torch.tensor([one.start for one in windows], device=x.device, dtype=torch.int64)
        at = at[:, None] + torch.arange(longest, device=x.device)  # (windows, longest)
        stop = torch.tensor([one.stop for one in windows], device=x.device, dtype=torch.int64)[:, None]
        shape = [1] * 2 * axes
        shape[axis], shape[axes + axis] = at.shape
        index.append(at.where(at < stop, size).view(shape))  # what a window has not lies past the end
    return nn.functional.pad(x, (0, 1) * axes, value=fill)[(..., *index)].flatten(-axes)


class AdaptiveMaxPool(LeafModule):
    """`adaptive_max_poolXd` as a module.

    Args:
        output_size: as in `adaptive_max_poolXd`.
        return_indices: whether forward returns (y, indices).
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.AdaptiveMaxPoolXd.
    """

    output_size = OutputSize()

    def __init__(self, output_size, return_indices=False):
        super().__init__()
        self.output_size, self.return_indices = output_size, return_indices

    def extra_repr(self):
        return f"output_size={self.output_size}"

    def forward(self, x):
        """Args: x (N, C, *spatial) or (C, *spatial). Returns: y, or (y, indices) with return_indices."""
        return adaptive_max_pool(self.axes, x, self.output_size, self.return_indices)


class AdaptiveAvgPool(LeafModule):
    """`adaptive_avg_poolXd` as a module.

    Args:
        output_size: as in `adaptive_avg_poolXd`.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.AdaptiveAvgPoolXd.
    """

    output_size = OutputSize()

    def __init__(self, output_size):
        super().__init__()
        self.output_size = output_size

    def extra_repr(self):
        return f"output_size={self.output_size}"

    def forward(self, x):
        """Args: x (N, C, *spatial) or (C, *spatial). Returns: the averages."""
        return adaptive_avg_pool(self.axes, x, self.output_size)


class GlobalMaxPool(LeafModule):
    """`global_max_pool` as a module, for one to three spatial axes."""

    def __init__(self):
        super().__init__()

    def forward(self, x):
        """Args: x (N, C, *spatial). Returns: (N, C, 1, ...)."""
        return global_max_pool(x)


class GlobalAvgPool(LeafModule):
    """`global_avg_pool` as a module, for one to three spatial axes."""

    def __init__(self):
        super().__init__()

    def forward(self, x):
        """Args: x (N, C, *spatial). Returns: (N, C, 1, ...)."""
        return global_avg_pool(x)


adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d = functions(adaptive_max_pool)
adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d = functions(adaptive_avg_pool)
AdaptiveMaxPool1d, AdaptiveMaxPool2d, AdaptiveMaxPool3d = classes(AdaptiveMaxPool)
AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d = classes(AdaptiveAvgPool)
