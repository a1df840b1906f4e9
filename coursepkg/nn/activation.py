"""Activations, and softmax."""

import math

import numpy as np

from coursepkg.layer import Layer
from coursepkg.validation import validate_float_array, validate_gradient, validate_nonnegative_number


class ReLU(Layer):
    """max(x, 0). Its derivative at 0 is taken as 0.

    Source: torch.nn.ReLU.
    """

    def forward(self, x):
        self.saved = y = np.maximum(validate_float_array("x", x), 0)
        return y

    def backward(self, dy):
        y = self.saved
        return validate_gradient(dy, y.shape, y.dtype) * (y > 0)


class LeakyReLU(Layer):
    """x where x > 0, negative_slope * x elsewhere.

    Args:
        negative_slope: >= 0.
    Raises:
        ValueError, TypeError: names negative_slope, its value and what is allowed.
    Source: torch.nn.LeakyReLU.
    """

    def __init__(self, negative_slope=0.01):
        super().__init__()
        self.negative_slope = validate_nonnegative_number("negative_slope", negative_slope)

    def forward(self, x):
        self.saved = validate_float_array("x", x)
        return x * self._slope(x)

    def backward(self, dy):
        x = self.saved
        return validate_gradient(dy, x.shape, x.dtype) * self._slope(x)

    def _slope(self, x):
        return np.where(x > 0, x.dtype.type(1), x.dtype.type(self.negative_slope))


class GELU(Layer):
    """x Phi(x), where Phi is the distribution function of the standard normal.

    Args:
        approximate: "none", or "tanh" for x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.
    Raises:
        ValueError: approximate is neither.
    Source: Hendrycks and Gimpel 2016; torch.nn.GELU.
    """

    def __init__(self, approximate="none"):
        super().__init__()
        if approximate not in ("none", "tanh"):
            raise ValueError(f'approximate must be "none" or "tanh", got {approximate!r}')
        self.approximate = approximate

    def forward(self, x):
        gate, slope = self._gate(validate_float_array("x", x))
        self.saved = gate + x * slope
        return x * gate

    def backward(self, dy):
        derivative = self.saved
        return validate_gradient(dy, derivative.shape, derivative.dtype) * derivative

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
        TypeError: logits is no float array.
    """
    validate_float_array("logits", logits)
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
        TypeError: logits is no float array.
    """
    return np.exp(log_softmax(logits, axis))
