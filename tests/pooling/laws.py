"""What must hold for the layers of coursepkg.pooling in both backends. A law is a function of a Maker."""

import re
from itertools import pairwise

import numpy as np

from tests.specs.spec import values

SHAPES = {1: (2, 3, 11), 2: (2, 3, 7, 8), 3: (2, 2, 5, 6, 5)}
WINDOWS = ((2,), (3, 2, 1), (3, 1, 1), (2, 3))


def picture(make):
    """An input with as many axes as the layer pools."""
    found = [re.search(r"(\d)d$", kind.__name__) for kind in make.constructor.__mro__]
    axes = next((int(match[1]) for match in found if match), 2)
    return values(SHAPES[axes])


def monotone_maps_pass_through(make):
    """The maximum of f(x) is f of the maximum, for every f that keeps the order."""
    x = picture(make)
    for args in WINDOWS:
        y = make(*args).forward(x)
        for f in (np.exp, np.arctan, lambda x: 3 * x - 1, np.sign):
            np.testing.assert_array_equal(make(*args).forward(f(x)), f(y))


def every_output_is_an_input(make, windows=WINDOWS):
    x = picture(make)
    for args in windows:
        assert np.isin(make(*args).forward(x), x).all()


def every_output_is_an_input_adaptive(make):
    every_output_is_an_input(make, ((1,), (3,), (9,)))


def unpooling_only_moves(make):
    """Unpooled, the numbers are those of the input, and zeros; and the gradient finds its way back."""
    x = picture(make)
    for args in WINDOWS[:3]:
        layer = make(*args)
        y = layer.forward(x)
        np.testing.assert_array_equal(np.sort(y[y != 0]), np.sort(x.ravel()))
        np.testing.assert_array_equal(layer.backward(y), x)


def gradient_is_only_moved(make):
    """Max pooling neither adds to nor takes from the sum of the gradients of a plane."""
    x = picture(make)
    for args in WINDOWS:
        layer = make(*args)
        y = layer.forward(x)
        dy = values(y.shape, seed=1)
        axes = tuple(range(2, x.ndim))
        np.testing.assert_allclose(layer.backward(dy).sum(axis=axes), dy.sum(axis=axes), rtol=1e-9, atol=1e-9)


def linear(make, windows=WINDOWS):
    x, other = picture(make), values(picture(make).shape, seed=2)
    for args in windows:
        together = make(*args).forward(2 * x - 3 * other)
        apart = 2 * make(*args).forward(x) - 3 * make(*args).forward(other)
        np.testing.assert_allclose(together, apart, rtol=0, atol=1e-12)


def backward_is_the_adjoint(make, windows=WINDOWS):
    """<A x, dy> = <x, A' dy>."""
    x = picture(make)
    for args in windows:
        layer = make(*args)
        y = layer.forward(x)
        dy = values(y.shape, seed=1)
        np.testing.assert_allclose((y * dy).sum(), (x * layer.backward(dy)).sum(), rtol=0, atol=1e-10)


def average_laws(*windows):
    def is_linear(make):
        linear(make, windows)

    def backward_is_its_adjoint(make):
        backward_is_the_adjoint(make, windows)

    return is_linear, backward_is_its_adjoint


def a_constant_stays(make, windows):
    x = np.full(picture(make).shape, 1.5)
    for args in windows:
        np.testing.assert_allclose(make(*args).forward(x), 1.5, rtol=1e-12)


def a_constant_stays_with(*windows):
    def a_constant_picture_stays_constant(make):
        a_constant_stays(make, windows)

    return a_constant_picture_stays_constant


def blur_suppresses_the_checkerboard(make):
    """The finest pattern of all, which plain subsampling turns into a constant, is blurred away."""
    board = np.indices((8, 8)).sum(axis=0) % 2 * 2.0 - 1
    x = np.broadcast_to(board, (1, 1, 8, 8)).copy()
    assert np.abs(make(1, 2).forward(x)).min() == 1
    for filt_size in (2, 3, 4, 5, 6, 7):
        np.testing.assert_allclose(make(filt_size, 2).forward(x), 0, atol=1e-12)


def power_average_grows_to_the_maximum(make):
    x = np.abs(picture(make))
    averages = [make(p, 2).forward(x) / 2 ** ((x.ndim - 2) / p) for p in (1, 2, 4, 16)]
    for smaller, larger in pairwise(averages):
        assert (smaller <= larger + 1e-12).all()
    assert (averages[-1] <= x.max()).all()


def picks_are_inputs_in_proportion(make):
    """A pixel is picked with the probability of its share of the window."""
    window = np.array([[1.0, 2.0], [0.0, 5.0]])
    x = np.broadcast_to(window, (1, 4000, 2, 2)).copy()
    picked = make(2).train().forward(x).reshape(-1)
    assert set(picked) <= {1.0, 2.0, 5.0}
    for value in (1.0, 2.0, 5.0):
        share, p = (picked == value).mean(), value / 8
        # Five standard deviations: one run in 1.7 million is farther off.
        assert abs(share - p) < 5 * np.sqrt(p * (1 - p) / picked.size), (value, share)


def evaluation_is_the_mean_over_picks(make):
    window = np.array([[1.0, 2.0], [0.0, 5.0]])
    y = make(2).eval().forward(window[None, None])
    np.testing.assert_allclose(y, (1 + 4 + 25) / 8)


def the_generator_decides(make):
    x = np.abs(values((2, 3, 8, 8)))
    same = [make(2, seed=1).train().forward(x) for _ in range(2)]
    np.testing.assert_array_equal(*same)
    assert (same[0] != make(2, seed=2).train().forward(x)).any()


def windows_without_a_positive_pixel(make):
    """All pixels are equally probable there: the evaluation mode gives the plain mean."""
    x = -np.abs(values((1, 1, 2, 2)))
    np.testing.assert_allclose(make(2).eval().forward(x), x.mean())
    assert np.isin(make(2).train().forward(x), x).all()


def as_long_whatever_the_size(make):
    for mode in ("max", "avg"):
        layer = make((1, 2, 3), mode)
        lengths = {layer.forward(values((2, 3, h, w))).shape for h, w in ((7, 8), (3, 11), (2, 1))}
        assert lengths == {(2, 3 * (1 + 4 + 9))}


def between_average_and_maximum(make):
    x = np.abs(values((2, 3, 4, 5)))
    at_one = make(1.0).forward(x)
    np.testing.assert_allclose(at_one, x.mean(axis=(2, 3), keepdims=True), rtol=1e-9)
    at_many = make(200.0).forward(x)
    largest = x.max(axis=(2, 3), keepdims=True)
    assert (at_many <= largest * (1 + 1e-12)).all() and (at_many >= 0.98 * largest).all()


def fractional_windows_cover_the_picture(make):
    """The first window begins at the first pixel, the last one ends at the last, whatever is drawn."""
    x = np.zeros((1, 50, 9, 9))
    x[:, :, 0, 0] = x[:, :, -1, -1] = 1
    y = make(2, 5).forward(x)
    assert (y[:, :, 0, 0] == 1).all() and (y[:, :, -1, -1] == 1).all()
