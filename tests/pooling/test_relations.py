"""What ties the functions of coursepkg.pooling to each other, in both backends, and what they refuse."""

import itertools

import numpy as np
import pytest
import torch

from coursepkg.pooling import numpy_layers, torch_layers
from coursepkg.pooling.rules import pool_output_size
from tests.pooling.grid import numbers


class InTorch:
    """torch_layers, arrays in and out."""

    def __getattr__(self, name):
        def call(*args, **kwargs):
            given = [torch.from_numpy(arg) if isinstance(arg, np.ndarray) else arg for arg in args]
            result = getattr(torch_layers, name)(*given, **kwargs)
            return tuple(one.numpy() for one in result) if isinstance(result, tuple) else result.numpy()

        return call


both = pytest.mark.parametrize("backend", [numpy_layers, InTorch()], ids=["numpy", "torch"])
SHAPES = [(2, 3, 9), (2, 3, 6, 9), (2, 3, 4, 5, 6)]
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)


@both
@each_shape
def test_global_is_adaptive_to_one_and_one_large_window(backend, shape):
    x, axes = numbers(shape, "distinct"), len(shape) - 2
    for pool in ("max", "avg"):
        y = getattr(backend, f"global_{pool}_pool")(x)
        np.testing.assert_allclose(y, getattr(backend, f"adaptive_{pool}_pool{axes}d")(x, 1), rtol=1e-12)
        np.testing.assert_allclose(y, getattr(backend, f"{pool}_pool{axes}d")(x, shape[2:]), rtol=1e-12)


@both
@each_shape
def test_unpooling_inverts_pooling_on_its_winners(backend, shape):
    x, axes = np.abs(numbers(shape, "distinct")), len(shape) - 2
    pool, unpool = (getattr(backend, f"{name}{axes}d") for name in ("max_pool", "max_unpool"))
    y, indices = pool(x, 3, return_indices=True)
    back = unpool(y, indices, 3, output_size=shape[2:])
    np.testing.assert_array_equal(np.where(back != 0, x, 0), back)
    assert np.count_nonzero(back) == y.size
    again, where = pool(back, 3, return_indices=True)
    np.testing.assert_array_equal(again, y)
    np.testing.assert_array_equal(where, indices)


@both
def test_dividing_sizes_make_adaptive_pooling_ordinary(backend):
    x = numbers((2, 3, 12, 8), "distinct")
    for pool in ("max", "avg"):
        ordinary = getattr(backend, f"{pool}_pool2d")(x, (3, 4))
        np.testing.assert_allclose(
            getattr(backend, f"adaptive_{pool}_pool2d")(x, (4, 2)), ordinary, rtol=1e-12
        )


@both
def test_unpooling_keeps_the_last_of_two_at_one_place(backend):
    y = backend.max_unpool1d(np.array([[[1.0, 2.0]]]), np.array([[[1, 1]]]), 2)
    assert y.tolist() == [[[0, 2, 0, 0]]]


def test_output_size_counts_windows():
    """Against the definition: all windows that fit, and with ceil_mode one more for samples left over."""
    ranges = range(1, 12), range(1, 6), (1, 2, 3), range(3), (1, 2)
    for size, kernel, stride, padding, dilation in itertools.product(*ranges):
        if padding > kernel // 2:
            continue
        arguments, span = (size, kernel, stride, padding, dilation), dilation * (kernel - 1) + 1
        inside = [start for start in range(-padding, size, stride) if start + span <= size + padding]
        if not inside:
            with pytest.raises(ValueError, match=f"kernel_size {kernel} .*spans {span}"):
                pool_output_size(*arguments)
            continue
        assert pool_output_size(*arguments) == len(inside), arguments
        left_over = inside[-1] + span < size + padding and inside[-1] + stride < size
        assert pool_output_size(*arguments, ceil_mode=True) == len(inside) + left_over, arguments


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 2), "size must be a whole number >= 1, got 0"),
        ((5, 0), "kernel_size must be a whole number >= 1, got 0"),
        ((5, 3, 0), "stride must be a whole number >= 1, got 0"),
        ((5, 3, 1, 2), "padding must be at most half of kernel_size 3, 1, got 2"),
        ((5, 3, 1, -1), "padding must be a whole number >= 0, got -1"),
        ((5, 3, 1, 0, 0), "dilation must be a whole number >= 1, got 0"),
    ],
)
def test_output_size_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        pool_output_size(*arguments)


X = np.ones((1, 2, 4, 4))
ONES = np.ones((1, 2, 2, 2))
ZEROS = np.zeros((1, 2, 2, 2), int)


@both
@pytest.mark.parametrize(
    ("name", "args", "error", "message"),
    [
        ("max_unpool2d", (ONES, ZEROS[:, :, :1], 2), ValueError, r"indices must have shape \(1, 2, 2, 2\)"),
        ("max_unpool2d", (ONES, ZEROS + 16, 2), ValueError, "indices must be from 0 to 15, got 16 to 16"),
        ("max_unpool2d", (ONES, ZEROS - 1, 2), ValueError, "indices must be from 0 to 15, got -1 to -1"),
        ("max_unpool2d", (ONES, ONES, 2), TypeError, "indices must be an int"),
        ("max_unpool2d", (ONES, ZEROS, 2, None, 0, (6, 4)), ValueError, "output_size .* 3 to 5, 3 to 5, got"),
        ("adaptive_avg_pool2d", (X, (1, 2, 3)), ValueError, "output_size must be an int or have 2 entries"),
        ("spatial_pyramid_pool2d", (X[0],), ValueError, r"x must have shape \(N, C, H, W\)"),
        ("gem_pool2d", (X[0],), ValueError, r"x must have shape \(N, C, H, W\)"),
        ("stochastic_pool2d", (X, 2, None, True, ONES), TypeError, "mask must be a boolean"),
        (
            "stochastic_pool2d",
            (X, 2, None, True, ONES > 0),
            ValueError,
            r"mask must have shape \(1, 2, 2, 2, 4\)",
        ),
        (
            "stochastic_pool2d",
            (X, 2, None, True, np.ones((1, 2, 2, 2, 4), bool)),
            ValueError,
            "mask must pick one pixel of every window",
        ),
        (
            "fractional_max_pool2d",
            (X, 2, 3, None, False, np.ones((1, 2, 2))),
            ValueError,
            r"samples must be in \[0, 1\)",
        ),
        (
            "fractional_max_pool2d",
            (X, 2, 3, None, False, np.zeros((1, 2))),
            ValueError,
            "samples must have shape",
        ),
    ],
)
def test_wrong_arguments(backend, name, args, error, message):
    with pytest.raises(error, match=message):
        getattr(backend, name)(*args)


@pytest.mark.parametrize(
    ("name", "args", "message"),
    [
        ("max_pool2d_backward", (ONES[:, :1], X, 2), r"dy has shape \(1, 1, 2, 2\)"),
        ("max_pool2d_backward", (ONES, X, 2, None, 0, 1, False, ZEROS - 1), "indices must be from 0 to 15"),
        ("avg_pool2d_backward", (ONES[:, :1], X, 2), r"dy has shape \(1, 1, 2, 2\)"),
        ("lp_pool2d_backward", (ONES[:, :1], X, 2, 2), r"dy has shape \(1, 1, 2, 2\)"),
        ("adaptive_max_pool2d_backward", (ONES, X, 3), r"dy has shape \(1, 2, 2, 2\)"),
        ("global_avg_pool_backward", (ONES, X), r"dy has shape \(1, 2, 2, 2\)"),
        ("blur_pool2d_backward", (X, X), r"dy has shape \(1, 2, 4, 4\)"),
        ("spatial_pyramid_pool2d_backward", (ONES, X), r"dy has shape \(1, 2, 2, 2\)"),
        ("gem_pool2d_backward", (ONES, X), r"dy has shape \(1, 2, 2, 2\)"),
    ],
)
def test_backward_refuses_what_does_not_fit(name, args, message):
    with pytest.raises(ValueError, match=message):
        getattr(numpy_layers, name)(*args)
