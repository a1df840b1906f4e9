"""How weights start: functions (shape, rng, dtype) -> array.

A weight has shape (out_features, in_features) or (out_channels, in_channels, height, width), as in PyTorch.
Draws are made in float64 and then rounded, so that a seed gives the same weights in both dtypes.
"""

import math

import numpy as np

from coursepkg.validation import (
    validate_dtype,
    validate_generator,
    validate_nonnegative_int,
    validate_nonnegative_number,
)


def fan_in(shape):
    """How many inputs one output of a layer with a weight of this shape sums over."""
    return math.prod(shape[1:])


def fan_out(shape):
    """How many outputs one input reaches, leaving stride aside."""
    return shape[0] * math.prod(shape[2:])


def small_normal(std=0.01):
    """Normal with mean 0 and one standard deviation for every layer.

    Args:
        std: standard deviation, >= 0.
    Returns:
        function (shape, rng, dtype) -> array.
    Raises:
        ValueError, TypeError: names std, its value and what is allowed.
    """
    std = validate_nonnegative_number("std", std)

    def draw(shape, rng, dtype):
        return _normal(std, *_validate(shape, rng, dtype))

    return draw


def glorot_uniform(shape, rng, dtype):
    """Uniform with variance 2 / (fan_in + fan_out), which suits tanh.

    Args:
        shape: of the weight.
        rng: numpy.random.Generator; None means a fresh one.
        dtype: float32 or float64.
    Returns:
        array of `shape`.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Glorot and Bengio 2010, equation 16; torch.nn.init.xavier_uniform_.
    """
    shape, rng, dtype = _validate(shape, rng, dtype)
    return _uniform(math.sqrt(6 / max(fan_in(shape) + fan_out(shape), 1)), shape, rng, dtype)


def he_normal(shape, rng, dtype):
    """Normal with variance 2 / fan_in, which suits ReLU.

    Args:
        shape: of the weight.
        rng: numpy.random.Generator; None means a fresh one.
        dtype: float32 or float64.
    Returns:
        array of `shape`.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: He et al. 2015, "Delving deep into rectifiers", section 2.2; torch.nn.init.kaiming_normal_.
    """
    shape, rng, dtype = _validate(shape, rng, dtype)
    return _normal(math.sqrt(2 / max(fan_in(shape), 1)), shape, rng, dtype)


def torch_default(shape, rng, dtype, fan=None):
    """Uniform on ±1 / sqrt(fan_in), which is how PyTorch starts linear layers and convolutions, biases too.

    Args:
        shape: of the weight or the bias.
        rng: numpy.random.Generator; None means a fresh one.
        dtype: float32 or float64.
        fan: fan_in of the layer; None takes it from `shape`, which a bias's shape does not tell.
    Returns:
        array of `shape`.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.Linear.reset_parameters.
    """
    shape, rng, dtype = _validate(shape, rng, dtype)
    fan = fan_in(shape) if fan is None else validate_nonnegative_int("fan", fan)
    return _uniform(1 / math.sqrt(max(fan, 1)), shape, rng, dtype)


def initial_weight(init, shape, rng, dtype):
    """A weight as `init` starts it.

    Args:
        init: function (shape, rng, dtype) -> array.
        shape: of the weight.
        rng: numpy.random.Generator.
        dtype: float32 or float64.
    Returns:
        array of `shape`.
    Raises:
        TypeError: init is no function. ValueError: what it returns has another shape.
    """
    if not callable(init):
        raise TypeError(f"init must be a function (shape, rng, dtype) -> array, got {init!r}")
    weight = np.asarray(init(shape, rng, dtype), dtype)
    if weight.shape != shape:
        raise ValueError(f"init must return an array of shape {shape}, got shape {weight.shape}")
    return weight


def initial_bias(weight, init, rng):
    """The bias that goes with a weight: PyTorch's with `torch_default`, otherwise 0.

    Args:
        weight: array (out, in, ...).
        init: the function that made it.
        rng: numpy.random.Generator.
    Returns:
        array (out,).
    """
    if init is torch_default:
        return torch_default(weight.shape[:1], rng, weight.dtype, fan_in(weight.shape))
    return np.zeros(weight.shape[0], weight.dtype)


def _normal(std, shape, rng, dtype):
    return rng.normal(0, std, shape).astype(dtype)


def _uniform(limit, shape, rng, dtype):
    return rng.uniform(-limit, limit, shape).astype(dtype)


def _validate(shape, rng, dtype):
    if not isinstance(shape, tuple | list) or not shape:
        raise TypeError(f"shape must be a tuple of whole numbers, (out, in, ...), got {shape!r}")
    shape = tuple(validate_nonnegative_int("shape", length) for length in shape)
    return shape, validate_generator("rng", rng), validate_dtype("dtype", dtype)
