"""Max pooling: the maximum of every window."""

import functools
import math

import torch

from coursepkg.layer_torch import LeafModule
from coursepkg.pooling.dimensions import classes, functions
from coursepkg.pooling.rules import PerAxis, validate_geometry
from coursepkg.pooling.torch_layers.windows import find_winners, gather_windows, lowest, place_windows, take
from coursepkg.validation_torch import validate_number_tensor


def max_pool(axes, x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The maximum of every window.

    Args:
        x: tensor (N, C, *spatial) or (C, *spatial), of floats or integers.
        kernel_size: elements that a window looks at, >= 1; as the next three an int, or one for each axis.
        stride: samples from one window to the next, >= 1; None means kernel_size.
        padding: samples added on each side, which never win, at most kernel_size // 2.
        dilation: samples from one element of a window to the next, >= 1.
        ceil_mode: whether a last window may reach beyond the padding.
        return_indices: whether to return also where each maximum was found.
    Returns:
        tensor (N, C, *output) or (C, *output) in x's dtype, with sizes by `pool_output_size`. With
        return_indices (y, indices): int64 of y's shape, flat in the plane. Of equals the first in memory
        order wins, of NaNs the last; a window of padding alone gives -inf (or the lowest integer), index -1.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.functional.max_poolXd.
    """
    validate_number_tensor("x", x)
    windows = place_windows(x, axes, kernel_size, stride, padding, dilation, ceil_mode)
    y, indices = find_maxima(x, windows.size, functools.partial(gather_windows, windows=windows))
    return (y, indices) if return_indices else y


def find_maxima(x, size, gather):
    """The maximum of every window, and where it was found.

    Args:
        x: tensor (*batch, *size).
        size: tuple, the spatial axes.
        gather: function (tensor (..., *size), fill=number) -> the elements of windows (..., *output_size, K).
    Returns:
        (y, indices), as `max_poolXd` returns them.
    """
    plane = torch.arange(math.prod(size), device=x.device).view(size)
    indices = find_winners(gather(x.detach(), fill=lowest(x.dtype)), gather(plane, fill=-1))
    y = take(x, indices.clamp(min=0), len(size)).masked_fill(indices < 0, lowest(x.dtype))
    return y, indices


class MaxPool(LeafModule):
    """`max_poolXd` as a module.

    Args:
        kernel_size, stride, padding, dilation, ceil_mode: as in `max_poolXd`.
        return_indices: whether forward returns (y, indices), for MaxUnpoolXd.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.MaxPoolXd.
    """

    kernel_size, stride, padding, dilation = PerAxis(1), PerAxis(1), PerAxis(0), PerAxis(1)

    def __init__(
        self, kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False
    ):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.dilation = padding, dilation
        validate_geometry(self.axes, self.kernel_size, self.stride, self.padding, self.dilation)
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def extra_repr(self):
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )

    def forward(self, x):
        """Args: x (N, C, *spatial) or (C, *spatial). Returns: y, or (y, indices) with return_indices."""
        geometry = self.kernel_size, self.stride, self.padding, self.dilation
        return max_pool(self.axes, x, *geometry, self.ceil_mode, self.return_indices)


max_pool1d, max_pool2d, max_pool3d = functions(max_pool)
MaxPool1d, MaxPool2d, MaxPool3d = classes(MaxPool)
