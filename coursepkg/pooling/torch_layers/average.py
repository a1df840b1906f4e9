"""Average pooling: the mean of every window."""

import math

import torch

from coursepkg.layer_torch import LeafModule, accumulator
from coursepkg.pooling.dimensions import classes, functions
from coursepkg.pooling.rules import PerAxis, validate_divisor, validate_geometry
from coursepkg.pooling.torch_layers.windows import gather_windows, place_windows
from coursepkg.validation import Setting
from coursepkg.validation_torch import validate_float_tensor


def avg_pool(
    axes,
    x,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """The average of every window.

    Args:
        x: floating-point tensor (N, C, *spatial) or (C, *spatial).
        kernel_size: elements of a window, >= 1; as the next two an int, or one for each axis.
        stride: samples from one window to the next, >= 1; None means kernel_size.
        padding: samples of value 0 added on each side, at most kernel_size // 2.
        ceil_mode: whether a last window may reach beyond the padding; what lies there is never counted.
        count_include_pad: whether the padding counts as elements when the sum is divided.
        divisor_override: a whole number other than 0 to divide by; None divides by the elements counted.
    Returns:
        tensor (N, C, *output) or (C, *output) in x's dtype, with sizes by `pool_output_size`.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.functional.avg_poolXd; its avg_pool1d has no divisor_override.
    """
    validate_float_tensor("x", x)
    windows = place_windows(x, axes, kernel_size, stride, padding, 1, ceil_mode)
    divisor = validate_divisor("divisor_override", divisor_override)
    total = gather_windows(x, windows, 0).sum(dim=-1, dtype=accumulator(x.dtype))
    return (total / (divisor or count(windows, count_include_pad, x.device))).to(x.dtype)


def count(windows, include_pad, device):
    """Elements of each window, int64 (*output_size), as `coursepkg.pooling.rules.Windows.counts` has them."""
    counts = [torch.as_tensor(axis, device=device) for axis in windows.counts(include_pad)]
    return math.prod(torch.meshgrid(counts, indexing="ij"))


class AvgPool(LeafModule):
    """`avg_poolXd` as a module.

    Args:
        kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override: as in `avg_poolXd`.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.AvgPoolXd; its AvgPool1d has no divisor_override.
    """

    kernel_size, stride, padding = PerAxis(1), PerAxis(1), PerAxis(0)
    divisor_override = Setting(validate_divisor)

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
        geometry = kernel_size, kernel_size if stride is None else stride, padding
        each = validate_geometry(self.axes, *geometry)[:3]
        # torch.nn.AvgPool1d, and no other, keeps and shows its settings as tuples.
        self.kernel_size, self.stride, self.padding = each if self.axes == 1 else geometry
        self.ceil_mode = ceil_mode
        self.count_include_pad, self.divisor_override = count_include_pad, divisor_override

    def extra_repr(self):
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"

    def forward(self, x):
        """Args: x (N, C, *spatial) or (C, *spatial). Returns: the averages."""
        geometry = self.kernel_size, self.stride, self.padding
        return avg_pool(
            self.axes, x, *geometry, self.ceil_mode, self.count_include_pad, self.divisor_override
        )


avg_pool1d, avg_pool2d, avg_pool3d = functions(avg_pool)
AvgPool1d, AvgPool2d, AvgPool3d = classes(AvgPool)
