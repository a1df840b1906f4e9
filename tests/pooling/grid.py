"""Geometries to try poolings on, and numbers of all kinds to pool."""

import itertools

import numpy as np
from hypothesis import strategies as st

from coursepkg.pooling.numpy_layers.taps import sliding
from coursepkg.pooling.rules import place_windows

SIZES = {1: (7, 8, 3), 2: ((5, 6), (6, 5), (3, 4)), 3: ((4, 3, 4), (3, 5, 3))}
KERNELS, STRIDES, PADDINGS, DILATIONS = (1, 2, 3), (None, 1, 2, 3), (0, 1), (1, 2)


def fits(size, geometry):
    """Whether torch takes this geometry, and every window holds an element of the input."""
    try:
        windows = place_windows((1, *size), len(size), *geometry)
    except ValueError:
        return False
    return all((axis.lengths > 0).all() for axis in sliding(windows))


def geometries(axes):
    """(size, (kernel_size, stride, padding, dilation, ceil_mode)): the whole grid, alike along every axis."""
    for size in SIZES[axes]:
        size = size if isinstance(size, tuple) else (size,)
        for geometry in itertools.product(KERNELS, STRIDES, PADDINGS, DILATIONS, (False, True)):
            if fits(size, geometry):
                yield size, geometry


@st.composite
def mixed_geometries(draw, axes, dilated=True):
    """(size, (kernel_size, stride, padding, dilation, ceil_mode)), different along every axis."""

    def each(numbers):
        return tuple(draw(numbers) for _ in range(axes))

    size, kernel = each(st.integers(1, 9)), each(st.integers(1, 5))
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    dilation = each(st.integers(1, 3)) if dilated else (1,) * axes
    geometry = kernel, each(st.integers(1, 4)), padding, dilation, draw(st.booleans())
    if not fits(size, geometry):
        # Larger pictures take any window.
        size = tuple(d * (k - 1) + 1 + s for s, k, d in zip(size, kernel, dilation, strict=True))
    return size, geometry


def numbers(shape, kind, seed=0):
    """float64: "distinct" ones, "ties" among small whole numbers, or "special" with NaN and infinities."""
    rng = np.random.default_rng(seed)
    if kind == "distinct":
        return rng.standard_normal(shape)
    x = rng.integers(-2, 3, shape).astype(np.float64)
    if kind == "special":
        x = np.where(rng.random(shape) < 0.3, rng.choice([np.nan, np.inf, -np.inf], shape), x)
    return x
