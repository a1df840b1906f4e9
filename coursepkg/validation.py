"""The validation of arguments that all modules share.

Each function returns the value in the form the caller goes on with, or raises a TypeError or ValueError that
names the argument, its value and what is allowed.
"""

import math
import numbers
import operator

import numpy as np

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


class Setting:
    """An attribute of a layer that is validated whenever it is set, in the constructor and later.

        class Dropout(Layer):
            p = Setting(validate_probability)

    Args:
        validate: function (name, value) -> the value to keep, which raises ValueError or TypeError.
    """

    def __init__(self, validate):
        self.validate = validate

    def __set_name__(self, owner, name):
        self.name = name

    def __set__(self, layer, value):
        layer.__dict__[self.name] = self.validate(self.name, value)


def validate_probability(name, value):
    """A number in [0, 1], as int or float."""
    value = _validate_number(name, value, "a probability in [0, 1]")
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must be a probability in [0, 1], got {value}")
    return value


def validate_number(name, value):
    """A finite number, as int or float."""
    value = _validate_number(name, value, "a number")
    if not math.isfinite(value):
        raise ValueError(f"{name} must be a finite number, got {value}")
    return value


def validate_positive_number(name, value):
    """A finite number > 0, as int or float."""
    value = _validate_number(name, value, "a number > 0")
    if not 0 < value < math.inf:
        raise ValueError(f"{name} must be a finite number > 0, got {value}")
    return value


def validate_nonnegative_number(name, value):
    """A finite number >= 0, as int or float."""
    value = _validate_number(name, value, "a number >= 0")
    if not 0 <= value < math.inf:
        raise ValueError(f"{name} must be a finite number >= 0, got {value}")
    return value


def validate_positive_int(name, value):
    """A whole number >= 1, as int."""
    return _validate_int(name, value, 1)


def validate_nonnegative_int(name, value):
    """A whole number >= 0, as int."""
    return _validate_int(name, value, 0)


def validate_int(name, value):
    """A whole number, as int."""
    return _validate_int(name, value)


def validate_bool(name, value):
    """True or False."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def validate_choice(name, value, choices):
    """One of these strings."""
    if not isinstance(value, str) or value not in choices:
        *others, last = (f'"{choice}"' for choice in choices)
        raise ValueError(f"{name} must be {', '.join(others)} or {last}, got {value!r}")
    return value


def validate_axis(name, axis, shape):
    """An axis of an array of this shape, counted from the front."""
    if not -len(shape) <= validate_int(name, axis) < len(shape):
        raise ValueError(f"{name} must be an axis of an array of shape {tuple(shape)}, got {axis}")
    return axis % len(shape)


def validate_per_axis(name, value, axes, minimum):
    """One whole number for all axes, or one for each: always returned as a tuple of `axes` numbers."""
    if isinstance(value, tuple | list):
        if len(value) not in (1, axes):
            raise ValueError(f"{name} must be a whole number, or one for each axis, {axes}, got {value!r}")
        return tuple(_validate_int(name, entry, minimum) for entry in value) * (axes // len(value))
    return (_validate_int(name, value, minimum),) * axes


def validate_size(name, value):
    """The shape of an array or tensor, a whole number >= 0 or a tuple of them: always returned as a tuple."""
    sizes = value if isinstance(value, tuple | list) else (value,)
    return tuple(_validate_int(name, size, 0) for size in sizes)


def validate_generator(name, rng):
    """A numpy.random.Generator; None becomes a fresh one."""
    if rng is None:
        return np.random.default_rng()
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"{name} must be a numpy.random.Generator or None, got {rng!r}")
    return rng


def validate_dtype(name, dtype):
    """float32 or float64, as numpy.dtype."""
    try:
        if dtype is None:  # which NumPy takes for float64
            raise TypeError
        found = np.dtype(dtype)
    except TypeError:
        raise TypeError(f"{name} must be float32 or float64, got {dtype!r}") from None
    if found not in FLOATS:
        raise TypeError(f"{name} must be float32 or float64, got {found}")
    return found


def validate_float_array(name, x):
    """A float32 or float64 array."""
    if not isinstance(x, np.ndarray):
        raise TypeError(f"{name} must be a NumPy array, float32 or float64, got {type(x).__name__}")
    if x.dtype not in FLOATS:
        raise TypeError(f"{name} must be float32 or float64, got {x.dtype}")
    return x


def validate_shape(name, array, shape):
    """An array or tensor of exactly this shape."""
    if tuple(array.shape) != tuple(shape):
        raise ValueError(f"{name} must have shape {tuple(shape)}, got {tuple(array.shape)}")


def validate_input(x, param):
    """The input of a layer: a float array of the dtype of the layer's parameter (None: of either dtype)."""
    validate_float_array("x", x)
    if param is not None and x.dtype != param.dtype:
        raise TypeError(
            f"x must have the dtype of the layer's parameters, {param.dtype}, got {x.dtype}: "
            f"use x.astype(np.{param.dtype}) or make the layer with dtype=np.{x.dtype}"
        )
    return x


def validate_gradient(dy, shape, dtype):
    """The upstream gradient of an output of this shape and dtype."""
    validate_float_array("dy", dy)
    if dy.shape != tuple(shape):
        raise ValueError(f"dy has shape {dy.shape}, but forward returned shape {tuple(shape)}")
    if dy.dtype != dtype:
        raise TypeError(f"dy must have the dtype that forward returned, {dtype}, got {dy.dtype}")
    return dy


def validate_labels(name, labels, n, num_classes):
    """n class numbers from 0 to num_classes - 1, as an integer array (n,)."""
    labels = np.asarray(labels)
    if not np.issubdtype(labels.dtype, np.integer):
        raise TypeError(f"{name} must be class numbers of an integer dtype, got {labels.dtype}")
    if labels.shape != (n,):
        raise ValueError(f"{name} has shape {labels.shape}, but {n} examples need shape {(n,)}")
    if n and not (labels.min() >= 0 and labels.max() < num_classes):
        raise ValueError(f"{name} must be from 0 to {num_classes - 1}, got {labels.min()} to {labels.max()}")
    return labels


def _validate_number(name, value, allowed):
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be {allowed}, got {value!r}")
    return value if isinstance(value, int) else float(value)


def _validate_int(name, value, minimum=None):
    allowed = "a whole number" if minimum is None else f"a whole number >= {minimum}"
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        value = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be {allowed}, got {value!r}") from None
    if minimum is not None and value < minimum:
        raise ValueError(f"{name} must be {allowed}, got {value}")
    return value
