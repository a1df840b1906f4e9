"""Max unpooling: back to the size before, each maximum to where it was found."""

import numpy as np

from coursepkg.layer import Layer
from coursepkg.pooling.dimensions import classes, functions
from coursepkg.pooling.numpy_layers.maximum import validate_indices
from coursepkg.pooling.numpy_layers.taps import rows
from coursepkg.pooling.rules import PerAxis, unpool_output_size, validate_geometry
from coursepkg.validation import validate_float_array, validate_gradient


def max_unpool(axes, x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Puts every number back where max pooling found it, and 0 elsewhere.

    Args:
        x: float32 or float64 array (N, C, *spatial) or (C, *spatial), as pooled.
        indices: integers of x's shape, flat in the plane to be filled. Of two equal ones the later wins.
        kernel_size, stride, padding: of the max pooling.
        output_size: size (or whole shape) of the result; None means, along an axis of L samples,
            (L - 1) stride - 2 padding + kernel_size.
    Returns:
        array in x's dtype, of x's shape but for the spatial axes.
    Source: torch.nn.functional.max_unpoolXd.
    """
    shape = _output_shape(axes, x, indices, kernel_size, stride, padding, output_size)
    y = np.zeros(shape, x.dtype)
    np.put_along_axis(rows(y, axes), rows(indices, axes), rows(x, axes), axis=1)
    return y


def max_unpool_backward(axes, dy, x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Gradient of `max_unpoolXd`: what lies at the indices.

    Args: dy, like the output; the others as given to `max_unpoolXd`. Returns: array like x.
    """
    shape = _output_shape(axes, x, indices, kernel_size, stride, padding, output_size)
    validate_gradient(dy, shape, x.dtype)
    return np.take_along_axis(rows(dy, axes), rows(indices, axes), axis=1).reshape(x.shape)


class MaxUnpool(Layer):
    """`max_unpoolXd` as a layer.

    Args:
        kernel_size, stride, padding: of the max pooling.
    Source: torch.nn.MaxUnpoolXd.
    """

    kernel_size, stride, padding = PerAxis(1), PerAxis(1), PerAxis(0)

    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding = padding
        validate_geometry(self.axes, self.kernel_size, self.stride, self.padding)

    def extra_repr(self):
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"

    def forward(self, x, indices, output_size=None):
        """The maxima back in their places. x, indices and output_size are as in the function."""
        given = x, indices, self.kernel_size, self.stride, self.padding, output_size
        y = max_unpool(self.axes, *given)
        self.saved = given
        return y

    def backward(self, dy):
        return max_unpool_backward(self.axes, dy, *self.saved)


max_unpool1d, max_unpool2d, max_unpool3d = functions(max_unpool)
max_unpool1d_backward, max_unpool2d_backward, max_unpool3d_backward = functions(max_unpool_backward)
MaxUnpool1d, MaxUnpool2d, MaxUnpool3d = classes(MaxUnpool)


def _output_shape(axes, x, indices, kernel_size, stride, padding, output_size):
    validate_float_array("x", x)
    size = unpool_output_size(x.shape, axes, kernel_size, stride, padding, output_size)
    validate_indices(indices, x.shape, size)
    return (*x.shape[:-axes], *size)
