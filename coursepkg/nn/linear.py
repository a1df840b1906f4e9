"""Linear and Flatten."""

import math

import numpy as np

from coursepkg.layer import Layer
from coursepkg.nn.init import initial_bias, initial_weight, torch_default
from coursepkg.validation import (
    Setting,
    validate_axis,
    validate_bool,
    validate_dtype,
    validate_float_array,
    validate_generator,
    validate_gradient,
    validate_input,
    validate_int,
    validate_positive_int,
)


class Linear(Layer):
    """y = x @ weight.T + bias.

    Args:
        in_features: length of the last axis of x, >= 1.
        out_features: length of the last axis of y, >= 1.
        bias: False leaves the bias out.
        init: how the weight starts, a function of coursepkg.nn.init.
        rng: numpy.random.Generator; None means a fresh one.
        dtype: float32 or float64.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.Linear.
    """

    param_names = ("weight", "bias")

    def __init__(
        self, in_features, out_features, bias=True, *, init=torch_default, rng=None, dtype=np.float32
    ):
        super().__init__()
        in_features = validate_positive_int("in_features", in_features)
        out_features = validate_positive_int("out_features", out_features)
        bias, dtype = validate_bool("bias", bias), validate_dtype("dtype", dtype)
        rng = validate_generator("rng", rng)
        self.weight = initial_weight(init, (out_features, in_features), rng, dtype)
        self.bias = initial_bias(self.weight, init, rng) if bias else None

    def forward(self, x):
        """Args: x (..., in_features). Returns: (..., out_features)."""
        validate_input(x, self.weight)
        if x.ndim == 0 or x.shape[-1] != self.weight.shape[1]:
            raise ValueError(
                f"x has shape {x.shape}, but a weight of shape {self.weight.shape} "
                f"needs shape (..., {self.weight.shape[1]})"
            )
        self.saved = x, self.weight, self.bias is not None
        y = x @ self.weight.T
        return y if self.bias is None else y + self.bias

    def backward(self, dy):
        x, weight, has_bias = self.saved
        out_features, in_features = weight.shape
        validate_gradient(dy, (*x.shape[:-1], out_features), x.dtype)
        x_rows, dy_rows = x.reshape(-1, in_features), dy.reshape(-1, out_features)
        bias = {"bias": dy_rows.sum(axis=0)} if has_bias else {}
        self.grads = {"weight": dy_rows.T @ x_rows, **bias}
        return dy @ weight

    def extra_repr(self):
        out_features, in_features = self.weight.shape
        return f"in_features={in_features}, out_features={out_features}, bias={self.bias is not None}"


class Flatten(Layer):
    """Merges the axes start_dim to end_dim into one.

    Args:
        start_dim: first axis to merge; the default keeps the batch.
        end_dim: last axis to merge.
    Raises:
        TypeError: names the argument, its value and what is allowed. forward raises ValueError for axes that
            x has not, or that come in the wrong order.
    Source: torch.nn.Flatten.
    """

    start_dim, end_dim = Setting(validate_int), Setting(validate_int)

    def __init__(self, start_dim=1, end_dim=-1):
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, x):
        validate_float_array("x", x)
        start = validate_axis("start_dim", self.start_dim, x.shape)
        end = validate_axis("end_dim", self.end_dim, x.shape)
        if start > end:
            raise ValueError(
                f"start_dim must not come after end_dim, got {self.start_dim} and {self.end_dim} "
                f"for x of shape {x.shape}"
            )
        merged = (*x.shape[:start], math.prod(x.shape[start : end + 1]), *x.shape[end + 1 :])
        self.saved = x.shape, merged, x.dtype
        return x.reshape(merged)

    def backward(self, dy):
        shape, merged, dtype = self.saved
        return validate_gradient(dy, merged, dtype).reshape(shape)

    def extra_repr(self):
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"
