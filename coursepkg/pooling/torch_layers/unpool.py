"""Max unpooling: back to the size before, each maximum to where it was found."""

import math

import torch

from coursepkg.layer_torch import LeafModule, has_numbers
from coursepkg.pooling.dimensions import classes, functions
from coursepkg.pooling.rules import PerAxis, unpool_output_size, validate_geometry
from coursepkg.validation_torch import validate_float_tensor, validate_tensor


def max_unpool(axes, x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Puts every number back where max pooling found it, and 0 elsewhere.

    Args:
        x: floating-point tensor (N, C, *spatial) or (C, *spatial), as pooled.
        indices: int64 tensor of x's shape, flat in the plane to be filled. Of two equal ones the later wins.
        kernel_size, stride, padding: of the max pooling.
        output_size: size (or whole shape) of the result; None means, along an axis of L samples,
            (L - 1) stride - 2 padding + kernel_size.
    Returns:
        tensor in x's dtype, of x's shape but for the spatial axes.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.functional.max_unpoolXd.
    """
    validate_float_tensor("x", x)
    size = unpool_output_size(x.shape, axes, kernel_size, stride, padding, output_size)
    validate_indices(indices, x.shape, size)
    batch = x.shape[:-axes]
    empty = x.new_zeros((*batch, math.prod(size)))
    return empty.scatter(-1, indices.flatten(-axes), x.flatten(-axes)).view(*batch, *size)


def validate_indices(indices, shape, size):
    """An int64 tensor of this shape, flat indices into planes of this size."""
    validate_tensor("indices", indices, torch.int64, "an int64 tensor", shape)
    count = math.prod(size)
    if has_numbers(indices) and indices.numel() and not (indices.min() >= 0 and indices.max() < count):
        raise ValueError(f"indices must be from 0 to {count - 1}, got {indices.min()} to {indices.max()}")


class MaxUnpool(LeafModule):
    """`max_unpoolXd` as a module.

    Args:
        kernel_size, stride, padding: of the max pooling.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.MaxUnpoolXd.
    """

    kernel_size, stride, padding = PerAxis(1), PerAxis(1), PerAxis(0)

    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        # As tuples, which is how torch.nn.MaxUnpoolXd keeps and shows them.
        self.kernel_size, self.stride, self.padding, _ = validate_geometry(
            self.axes, kernel_size, stride, padding
        )

    def extra_repr(self):
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"

    def forward(self, x, indices, output_size=None):
        """The maxima back in their places.

        Args:
            x, indices: as max pooling returned them.
            output_size: as in `max_unpoolXd`.
        Returns:
            the plane filled.
        """
        return max_unpool(self.axes, x, indices, self.kernel_size, self.stride, self.padding, output_size)


max_unpool1d, max_unpool2d, max_unpool3d = functions(max_unpool)
MaxUnpool1d, MaxUnpool2d, MaxUnpool3d = classes(MaxUnpool)
