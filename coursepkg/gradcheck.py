"""Is a backward pass right? Central differences tell.

Nudge one number up and down a little, and the loss changes by about twice the nudge times the derivative.
This asks for nothing but the forward pass, so it can judge any backward pass.
"""

import copy
import pickle
import random
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from inspect import isfunction

import numpy as np

from coursepkg.layer import validate_layer
from coursepkg.validation import validate_positive_number

# A central difference is off by about step^2, and by rounding, about 1e-16 / step: least for the cube root.
STEP = np.finfo(np.float64).eps ** (1 / 3)


def numerical_gradient(f, x, dy=None):
    """Gradient of f at x by central differences.

    Args:
        f: function of an array like x that returns a number, or, with dy, an array.
        x: array of real numbers; the differences are taken in float64.
        dy: array in the shape of f's result, for the gradient of sum(dy * f(x)); None if f returns a number.
    Returns:
        float64 array in x's shape.
    Raises:
        TypeError: f is no function, or x has no real numbers.
    """
    if not callable(f):
        raise TypeError(f"f must be a function of an array, got {f!r}")
    x = _validate_real("x", x).astype(np.float64)
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
        x: input, real numbers; keep its values away from kinks, such as 0 for ReLU.
        tolerance: largest error that passes, relative to the largest value of the gradient (at least 1e-3).
        **forward: passed on to `forward` each time. A random layer needs its randomness fixed here:
            gradcheck(Dropout(), x, mask=mask).
    Returns:
        Report: `.ok`, `.worst`, and a readable `str`.
    Raises:
        ValueError: the layer is random and nothing fixes it, or a gradient is missing or has the wrong shape.
        TypeError: names the argument, its value and what is allowed.
    """
    validate_positive_number("tolerance", tolerance)
    x = _frozen(_validate_real("x", x).astype(np.float64))
    reached = {}
    layer, forward = copy.deepcopy((validate_layer("layer", layer), forward), reached)
    layer.astype(np.float64)
    y = _validate_deterministic(layer, x, forward, _generators(layer, reached.values()))
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


def _validate_deterministic(layer, x, forward, generators):
    """The output, of a layer whose forward pass draws no random numbers."""
    before = _random_state(generators)
    with _unseeded_generators() as made:
        y = np.array(layer.forward(x, **forward))
    drew = made or _random_state(generators) != before
    if drew or not np.array_equal(y, layer.forward(x, **forward), equal_nan=True):
        raise ValueError(
            f"{type(layer).__name__} is random, so there is no derivative to compare: "
            "fix its randomness, for instance by mask=..., or use eval()"
        )
    return y


def _generators(layer, reached):
    """The generators among these objects, and among the globals and closures of the methods of all layers."""
    found = list(reached)
    for kind in {base for one in layer.layers() for base in type(one).__mro__}:
        for method in filter(isfunction, vars(kind).values()):
            found += [
                *method.__globals__.values(),
                *(cell.cell_contents for cell in method.__closure__ or ()),
            ]
    return [
        one for one in found if isinstance(one, np.random.Generator | np.random.RandomState | random.Random)
    ]


def _random_state(generators):
    return pickle.dumps((generators, np.random.get_state(), random.getstate()))


@contextmanager
def _unseeded_generators():
    """A list that grows whenever np.random.default_rng makes a generator that nobody can repeat."""
    made, default_rng = [], np.random.default_rng

    def watched(seed=None):
        if seed is None:
            made.append(seed)
        return default_rng(seed)

    np.random.default_rng = watched
    try:
        yield made
    finally:
        np.random.default_rng = default_rng


def _validate_real(name, x):
    array = np.asarray(x)
    if array.dtype.kind not in "fiu":
        raise TypeError(f"{name} must be an array of real numbers, got {array.dtype}")
    return array


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
