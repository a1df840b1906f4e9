"""Is a backward pass right? Central differences tell.

Nudge one number up and down a little, and the loss changes by about twice the nudge times the derivative.
This asks for nothing but the forward pass, so it can judge any backward pass.
"""

import copy
from dataclasses import dataclass
from functools import partial

import numpy as np

# A central difference is off by about step^2, and by rounding, about 1e-16 / step: least for the cube root.
STEP = np.finfo(np.float64).eps ** (1 / 3)


def numerical_gradient(f, x, dy=None):
    """Gradient of f at x by central differences.

    Args:
        f: function of an array like x that returns a number, or, with dy, an array.
        x: array; the differences are taken in float64.
        dy: array in the shape of f's result, for the gradient of sum(dy * f(x)); None if f returns a number.
    Returns:
        float64 array in x's shape.
    """
    x = np.array(x, np.float64)
    dy = 1.0 if dy is None else dy
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        value = x[index]
        step = STEP * max(1.0, abs(value))
        x[index] = value + step
        above = np.array(f(x))
        x[index] = value - step
        below = np.array(f(x))
        x[index] = value
        gradient[index] = np.sum(dy * (above - below)) / (2 * step)
    return gradient


@dataclass(frozen=True)
class Comparison:
    """Where a gradient is farthest from central differences.

    Fields:
        name: "x", or the key of a parameter.
        index: of the element.
        backward: what the layer's backward says.
        differences: what central differences say.
        error: their distance, divided by the largest value in this gradient (at least 1e-3).
        size: how many elements were compared.
    """

    name: str
    index: tuple
    backward: float
    differences: float
    error: float
    size: int

    def __str__(self):
        return (
            f"{self.name}[{', '.join(map(str, self.index))}]: backward says {self.backward:.6g}, "
            f"differences say {self.differences:.6g}"
        )


@dataclass(frozen=True)
class Report:
    """What `gradcheck` found. It prints as one line where all is well, and with the worst elements where not.

    Fields:
        layer: the layer's name.
        comparisons: a Comparison for x and for each parameter.
        tolerance: the largest error that passes.
    """

    layer: str
    comparisons: tuple
    tolerance: float

    @property
    def worst(self):
        """The Comparison with the largest error; NaN counts as the largest."""
        return max(self.comparisons, key=lambda one: np.inf if np.isnan(one.error) else one.error)

    @property
    def ok(self):
        """Whether every element is within the tolerance."""
        return all(self._passes(one) for one in self.comparisons)

    def __str__(self):
        if self.ok:
            counted = ", ".join(f"{one.name} ({one.size})" for one in self.comparisons)
            return f"{self.layer}: backward agrees with central differences in {counted}"
        lines = [f"{self.layer}: backward is wrong; the worst elements are"]
        lines += [f"  {one}" for one in self.comparisons if not self._passes(one)]
        return "\n".join(lines)

    __repr__ = __str__

    def _passes(self, one):
        return one.error <= self.tolerance


def gradcheck(layer, x, tolerance=1e-6, **forward):
    """Compares a layer's backward with central differences, for x and for every parameter, in float64.

    Works on a copy, so the layer keeps its parameters, running statistics, gradients and random state. The
    loss is the sum of the outputs, each weighted by a fixed random number.

    Args:
        layer: Layer, in the mode to be checked; a float32 layer is checked in float64.
        x: input; keep its values away from kinks, such as 0 for ReLU.
        tolerance: largest error that passes, relative to the largest value of the gradient (at least 1e-3).
        **forward: passed on to `forward` each time. A random layer needs its randomness fixed here:
            gradcheck(Dropout(), x, mask=mask).
    Returns:
        Report: `.ok`, `.worst`, and a readable `str`.
    Raises:
        ValueError: the layer is random and nothing fixes it, or a gradient is missing or has the wrong shape.
    """
    layer = copy.deepcopy(layer).astype(np.float64)
    x = _frozen(np.array(x, np.float64))
    y = np.array(layer.forward(x, **forward))
    if not np.array_equal(y, layer.forward(x, **forward), equal_nan=True):
        raise ValueError(
            f"{type(layer).__name__} gives two outputs for one input, so there is no derivative to compare: "
            "fix its randomness, for instance by mask=..., or use eval()"
        )
    dy = np.random.default_rng(0).uniform(0.5, 1.5, y.shape) * np.resize([1, -1, 1], y.shape)
    dy = _frozen(np.asarray(dy))

    dx = layer.backward(dy)
    found = {"x": np.array(dx), **{key: np.array(grad) for key, grad in layer.grads.items()}}
    params = layer.params
    _validate_shapes(found, {"x": x, **params})

    def output(x):
        return layer.forward(x, **forward)

    def output_with(param, value):
        param[...] = value
        return layer.forward(x, **forward)

    comparisons = [_compare("x", found["x"], numerical_gradient(output, x, dy))]
    for key, param in params.items():
        original = param.copy()
        differences = numerical_gradient(partial(output_with, param), original, dy)
        param[...] = original
        comparisons.append(_compare(key, found[key], differences))
    return Report(type(layer).__name__, tuple(comparisons), tolerance)


def _compare(name, backward, differences):
    if backward.size == 0:
        return Comparison(name, (), 0.0, 0.0, 0.0, 0)
    error = np.abs(backward - differences)
    # argmax finds NaN first.
    index = tuple(int(i) for i in np.unravel_index(np.argmax(error), error.shape))
    scale = max(np.abs(differences).max(), 1e-3)
    return Comparison(
        name,
        index,
        float(backward[index]),
        float(differences[index]),
        float(error[index] / scale),
        backward.size,
    )


def _validate_shapes(found, expected):
    for name, array in expected.items():
        if name not in found:
            raise ValueError(f"backward left no gradient for the parameter {name!r}")
        if found[name].shape != array.shape:
            raise ValueError(
                f"the gradient of {name} has shape {found[name].shape}, but {name} has {array.shape}"
            )


def _frozen(array):
    # A layer that writes into its input or its upstream gradient fails here.
    array.flags.writeable = False
    return array
