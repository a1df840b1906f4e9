"""Activations, and softmax."""

import functools
import math

import numpy as np

from coursepkg.layer import Layer
from coursepkg.masking import keep
from coursepkg.validation import (
    Setting,
    validate_axis,
    validate_choice,
    validate_float_array,
    validate_gradient,
    validate_nonnegative_number,
)


class ReLU(Layer):
    """max(x, 0). Its derivative at 0 is taken as 0.

    Source: torch.nn.ReLU.
    """

    def forward(self, x):
        self.saved = y = np.maximum(validate_float_array("x", x), 0)
        return y

    def backward(self, dy):
        y = self.saved
        return keep(validate_gradient(dy, y.shape, y.dtype), ~(y <= 0))  # NaN lets dy pass


class LeakyReLU(Layer):
    """x where x > 0, negative_slope * x elsewhere.

    Args:
        negative_slope: >= 0.
    Raises:
        ValueError, TypeError: names negative_slope, its value and what is allowed.
    Source: torch.nn.LeakyReLU.
    """

    negative_slope = Setting(validate_nonnegative_number)

    def __init__(self, negative_slope=0.01):
        super().__init__()
        self.negative_slope = negative_slope

    def forward(self, x):
        validate_float_array("x", x)
        self.saved = slope = np.where(x > 0, x.dtype.type(1), x.dtype.type(self.negative_slope))
        return x * slope

    def backward(self, dy):
        slope = self.saved
        return validate_gradient(dy, slope.shape, slope.dtype) * slope

    def extra_repr(self):
        return f"negative_slope={self.negative_slope}"


class GELU(Layer):
    """x Phi(x), where Phi is the distribution function of the standard normal.

    Args:
        approximate: "none", or "tanh" for x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.
    Raises:
        ValueError: approximate is neither.
    Source: Hendrycks and Gimpel 2016; torch.nn.GELU.
    """

    approximate = Setting(functools.partial(validate_choice, choices=("none", "tanh")))

    def __init__(self, approximate="none"):
        super().__init__()
        self.approximate = approximate

    def forward(self, x):
        # Farther out the gate is 0 or 1 to the last bit, its slope is 0, and only powers of x would overflow.
        near = np.clip(validate_float_array("x", x), -50, 50)
        gate, slope = self._gate(near)
        self.saved = gate + near * slope
        return np.maximum(x, -50) * gate

    def backward(self, dy):
        derivative = self.saved
        return validate_gradient(dy, derivative.shape, derivative.dtype) * derivative

    def extra_repr(self):
        return f"approximate={self.approximate!r}"

    def _gate(self, x):
        """The factor of x, between 0 and 1, and the factor's own derivative."""
        if self.approximate == "tanh":
            scale = math.sqrt(2 / math.pi)
            t = np.tanh(scale * (x + 0.044715 * x**3))
            return (1 + t) / 2, (1 - t**2) / 2 * scale * (1 + 3 * 0.044715 * x**2)
        from scipy.special import erf  # only here: in a browser scipy is a download of its own

        return (1 + erf(x / math.sqrt(2))) / 2, np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)


class Tanh(Layer):
    """tanh(x).

    Source: torch.nn.Tanh.
    """

    def forward(self, x):
        self.saved = y = np.tanh(validate_float_array("x", x))
        return y

    def backward(self, dy):
        y = self.saved
        return validate_gradient(dy, y.shape, y.dtype) * (1 - y**2)


class Sigmoid(Layer):
    """1 / (1 + exp(-x)).

    Source: torch.nn.Sigmoid.
    """

    def forward(self, x):
        # The same function, but exp(-x) overflows where x is very negative.
        self.saved = y = np.exp(-np.logaddexp(0, -validate_float_array("x", x)))
        return y

    def backward(self, dy):
        y = self.saved
        return validate_gradient(dy, y.shape, y.dtype) * y * (1 - y)


def log_softmax(logits, axis=-1):
    """Logarithm of `softmax`, exact also where a probability rounds to 0.

    Args:
        logits: float32 or float64 array.
        axis: the axis of the classes.
    Returns:
        array like logits.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    validate_float_array("logits", logits)
    axis = validate_axis("axis", axis, logits.shape)
    if logits.size == 0:
        return logits.copy()
    shifted = logits - logits.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def softmax(logits, axis=-1):
    """Probabilities exp(logits) / sum(exp(logits)).

    Args:
        logits: float32 or float64 array.
        axis: the axis of the classes, which the probabilities sum to 1 over.
    Returns:
        array like logits.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    return np.exp(log_softmax(logits, axis))
