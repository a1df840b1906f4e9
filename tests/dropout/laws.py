"""What must hold for the layers of coursepkg.dropout, whatever the random stream and whichever the backend.

A law is a function of a Maker, which asserts. The layers that keep or drop whole units and scale by
1 / (1 - p) share theirs: `Units` says what a unit is.
"""

from dataclasses import dataclass

import numpy as np

from tests.dropout.chance import assert_independent, assert_mean, assert_normal, assert_share, assert_sum
from tests.specs.spec import values

# Below 1/256, not a multiple of 1/256, a multiple, one half, and above 255/256.
PROBABILITIES = (0.002, 0.3, 0.25, 0.5, 0.999)
RTOL = 1e-12
SELU_SCALE, SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


@dataclass(frozen=True)
class Units:
    """What is kept or dropped as one: all that shares the first `axes` indices of an array of this shape."""

    shape: tuple
    axes: int

    def first(self, array):
        """One element of each unit."""
        return array[(..., *(0,) * (len(self.shape) - self.axes))]

    def per_unit(self, array):
        """(units, elements of a unit)."""
        count = int(np.prod(self.shape[: self.axes]))
        return array.reshape(count, -1)

    def laws(self):
        """The laws of an inverted dropout with these units."""
        shared = (
            every_value_is_zero_or_scaled,
            units_drop_as_a_whole,
            a_share_p_is_dropped,
            every_unit_has_its_own_coin,
            the_generator_decides,
            the_expectation_is_kept,
            eval_is_the_identity,
            backward_goes_through_the_mask_of_forward,
            p_one_leaves_zeros,
            p_zero_changes_nothing,
            the_given_mask_decides,
            dropped_is_zero_even_if_infinite,
        )
        return tuple(on(self, law) for law in shared)


def on(units, law):
    """The law for these units."""

    def bound(make):
        law(make, units)

    bound.__name__ = law.__name__
    return bound


# Layers that keep or drop units


def every_value_is_zero_or_scaled(make, units):
    x = values(units.shape)
    for p in PROBABILITIES:
        y = make(p).forward(x)
        kept = y != 0
        np.testing.assert_allclose(y[kept], x[kept] / (1 - p), rtol=RTOL)
        if 0.2 < p < 0.8:
            assert kept.any() and not kept.all()


def units_drop_as_a_whole(make, units):
    y = make(0.5).forward(values(units.shape))
    kept = units.per_unit(y != 0)
    assert (kept == kept[:, :1]).all(), "part of a unit was dropped"
    assert kept.any() and not kept.all()


def a_share_p_is_dropped(make, units):
    for p in PROBABILITIES:
        layer = make(p)
        draws = [units.first(layer.forward(np.ones(units.shape))) == 0 for _ in range(20)]
        assert_share(np.stack(draws), p, f"dropped with p = {p}")


def every_unit_has_its_own_coin(make, units):
    for p in (0.3, 0.5):
        layer = make(p)
        draws = [units.first(layer.forward(np.ones(units.shape))) == 0 for _ in range(20)]
        assert_independent(np.stack(draws), p, f"p = {p}")


def the_generator_decides(make, units):
    x = values(units.shape)
    layer, again, other = make(0.5, seed=1), make(0.5, seed=1), make(0.5, seed=2)
    first = layer.forward(x)
    np.testing.assert_array_equal(again.forward(x), first)
    assert (other.forward(x) != first).any(), "another seed gave the same mask"
    assert (layer.forward(x) != first).any(), "the second pass drew the same mask"


def the_expectation_is_kept(make, units):
    x = np.abs(values(units.shape))
    terms = units.per_unit(x).sum(axis=1)
    for p in (0.1, 0.5, 0.8):
        layer, draws = make(p), 20
        total = sum(layer.forward(x).sum() for _ in range(draws))
        variances = draws * (terms**2).sum() * p / (1 - p)
        largest = terms.max() * max(1, p / (1 - p))
        assert_sum(total, draws * terms.sum(), variances, largest, f"sum of outputs with p = {p}")


def eval_is_the_identity(make, units):
    x, dy = values(units.shape), values(units.shape, seed=1)
    for p in (0, 0.5, 1):
        layer = make(p)
        layer.forward(x)
        layer.eval()
        np.testing.assert_array_equal(layer.forward(x), x)
        np.testing.assert_array_equal(layer.backward(dy), dy)
        if p:
            assert (layer.train().forward(x) != x).any(), "training mode did not come back"


def backward_goes_through_the_mask_of_forward(make, units):
    x, dy = values(units.shape), values(units.shape, seed=1)
    for p in (0.3, 0.5):
        layer = make(p)
        factor = layer.forward(x) / x
        assert (factor == 0).any() and (factor != 0).any()
        np.testing.assert_allclose(layer.backward(dy), dy * factor, rtol=RTOL)


def p_one_leaves_zeros(make, units):
    x = values(units.shape)
    x.flat[0], x.flat[1], x.flat[2] = np.inf, -np.inf, np.nan
    layer = make(1)
    np.testing.assert_array_equal(layer.forward(x), np.zeros(units.shape))
    np.testing.assert_array_equal(layer.backward(x), np.zeros(units.shape))


def p_zero_changes_nothing(make, units):
    x = values(units.shape)
    layer = make(0)
    np.testing.assert_array_equal(layer.forward(x), x)
    np.testing.assert_array_equal(layer.backward(x), x)


def the_given_mask_decides(make, units):
    x = values(units.shape)
    layer = make(0.5)
    layer.forward(x)
    mask = ~layer.mask
    np.testing.assert_allclose(layer.forward(x, mask=mask), np.where(mask, x / 0.5, 0), rtol=RTOL)
    np.testing.assert_array_equal(layer.mask, mask)


def dropped_is_zero_even_if_infinite(make, units):
    x = values(units.shape)
    layer = make(0.5)
    dropped = layer.forward(x) == 0
    mask = layer.mask
    for bad in (np.inf, -np.inf, np.nan):
        x[dropped] = bad
        y = layer.forward(x, mask=mask)
        assert (y[dropped] == 0).all() and np.isfinite(y).all()
        dx = layer.backward(x)
        assert (dx[dropped] == 0).all() and np.isfinite(dx).all()


# ClassicDropout


def classic_values_are_zero_or_unchanged(make):
    x = values((60, 50))
    for p in PROBABILITIES:
        y = make(p).forward(x)
        np.testing.assert_array_equal(y[y != 0], x[y != 0])
        assert p > 0.9 or (y != 0).any()


def classic_eval_is_the_mean_over_masks(make):
    x = np.abs(values((60, 50)))
    for p in (0.1, 0.5, 0.8):
        layer, draws = make(p), 20
        total = sum(layer.forward(x).sum() for _ in range(draws))
        mean = layer.eval().forward(x)
        np.testing.assert_allclose(mean, x * (1 - p), rtol=RTOL)
        variances = draws * (x**2).sum() * p * (1 - p)
        assert_sum(total, draws * mean.sum(), variances, x.max(), f"sum of outputs with p = {p}")


def classic_backward_goes_through_what_forward_did(make):
    x, dy = values((60, 50)), values((60, 50), seed=1)
    layer = make(0.3)
    factor = layer.forward(x) / x
    np.testing.assert_array_equal(layer.backward(dy), dy * factor)
    layer.eval().forward(x)
    np.testing.assert_allclose(layer.backward(dy), dy * 0.7, rtol=RTOL)


def classic_p_one_leaves_zeros_in_both_modes(make):
    x = values((60, 50))
    x[0, :3] = np.inf, -np.inf, np.nan
    layer = make(1)
    for mode in (layer.train, layer.eval):
        mode()
        np.testing.assert_array_equal(layer.forward(x), np.zeros(x.shape))
        np.testing.assert_array_equal(layer.backward(x), np.zeros(x.shape))


# AlphaDropout


def alpha_values_are_two_lines(make):
    """y = a x + b where kept and a f + b where dropped, with f the limit of SELU at minus infinity."""
    x, floor = values((60, 50)), -SELU_SCALE * SELU_ALPHA
    for p in (0.1, 0.5, 0.9):
        scale = ((1 - p) * (1 + p * floor**2)) ** -0.5
        shift = -scale * p * floor
        layer = make(p)
        y = layer.forward(x)
        np.testing.assert_allclose(y, np.where(layer.mask, x, floor) * scale + shift, rtol=1e-9)
        assert_share(~layer.mask, p, f"dropped with p = {p}")


def alpha_keeps_mean_and_variance(make):
    x = np.random.default_rng(3).standard_normal((400, 500))
    for p in (0.1, 0.5, 0.8):
        y = make(p).forward(x)
        assert_mean(y, 0, f"mean with p = {p}")
        assert_mean(y**2, 1, f"variance with p = {p}")


def alpha_backward_scales_what_was_kept(make):
    x, dy, floor = values((60, 50)), values((60, 50), seed=1), -SELU_SCALE * SELU_ALPHA
    layer = make(0.3)
    layer.forward(x)
    scale = (0.7 * (1 + 0.3 * floor**2)) ** -0.5
    np.testing.assert_allclose(layer.backward(dy), dy * layer.mask * scale, rtol=1e-9)


# GaussianDropout


def gaussian_noise_is_normal(make):
    """Normal with mean 1 and variance p / (1 - p), and independent."""
    for p in (0.1, 0.5, 0.8):
        noise = make(p).forward(np.ones((200, 300)))
        assert_mean(noise, 1, f"mean with p = {p}")
        assert_mean((noise - 1) ** 2, p / (1 - p), f"variance with p = {p}")
        assert_normal(noise, 1, (p / (1 - p)) ** 0.5, f"noise with p = {p}")
        assert_independent(noise > 1, 0.5, f"sign of the noise with p = {p}")


def gaussian_noise_multiplies(make):
    x, dy = values((60, 50)), values((60, 50), seed=1)
    noise = make(0.5).forward(np.ones((60, 50)))
    layer = make(0.5)
    np.testing.assert_allclose(layer.forward(x), x * noise, rtol=RTOL)
    np.testing.assert_allclose(layer.backward(dy), dy * noise, rtol=RTOL)


# DropConnect


def connect_weights_are_zero_or_scaled(make):
    """Identity in, so that each row of the output shows the weights in use, and the bias."""
    for p in PROBABILITIES:
        layer = make(30, 40, p=p)
        weight, bias = layer.params["weight"], layer.params["bias"]
        used = (layer.forward(np.eye(30)) - bias).T
        kept = np.abs(used) > 1e-14
        np.testing.assert_allclose(used[kept], weight[kept] / (1 - p), rtol=1e-9, atol=1e-12)
        assert p > 0.9 or kept.any()


def connect_drops_a_share_p_of_single_weights(make):
    for p in PROBABILITIES:
        layer = make(100, 80, p=p, bias=False)
        dropped = np.stack([layer.forward(np.eye(100)) == 0 for _ in range(5)])
        assert_share(dropped, p, f"dropped with p = {p}")
        assert_independent(dropped, p, f"p = {p}")


def connect_eval_is_a_linear_layer(make):
    x, dy = values((7, 30)), values((7, 40), seed=1)
    layer = make(30, 40, p=0.5)
    layer.forward(x)
    layer.eval()
    weight, bias = layer.params["weight"], layer.params["bias"]
    np.testing.assert_allclose(layer.forward(x), x @ weight.T + bias, rtol=1e-9)
    np.testing.assert_allclose(layer.backward(dy), dy @ weight, rtol=1e-9)
    np.testing.assert_allclose(layer.grads["weight"], dy.T @ x, rtol=1e-9)


def connect_dropped_weights_do_not_learn(make):
    x, dy = values((7, 30)), values((7, 40), seed=1)
    layer = make(30, 40, p=0.5)
    layer.forward(x)
    layer.backward(dy)
    expected = np.where(layer.mask, dy.T @ x / 0.5, 0)
    np.testing.assert_allclose(layer.grads["weight"], expected, rtol=1e-9)
    np.testing.assert_allclose(layer.grads["bias"], dy.sum(axis=0), rtol=1e-9)


# DropBlock2d


def block_drops_whole_blocks(make):
    """Whatever is dropped is covered by dropped squares of the block's size, and each channel has its own."""
    for size in (1, 2, 3, 5):
        y = make(0.3, size).forward(np.ones((4, 6, 12, 9)))
        dropped = y == 0
        windows = np.lib.stride_tricks.sliding_window_view(dropped, (size, size), axis=(2, 3))
        corners = windows.all(axis=(-2, -1))
        covered = np.zeros_like(dropped)
        for i in range(size):
            for j in range(size):
                covered[:, :, i : i + corners.shape[2], j : j + corners.shape[3]] |= corners
        np.testing.assert_array_equal(covered, dropped)
        assert dropped.any() and not dropped.all()
        patterns = {channel.tobytes() for channel in dropped.reshape(24, -1)}
        assert len(patterns) > 12, "channels share their blocks"


def block_corners_have_probability_gamma(make):
    """A pixel stays if none of the blocks over it was drawn: (1 - gamma)^(blocks over it)."""
    height, width = 8, 7
    for p, size in ((0.1, 3), (0.4, 2), (0.3, 1)):
        gamma = p / size**2 * height * width / ((height - size + 1) * (width - size + 1))
        dropped = make(p, size).forward(np.ones((100, 100, height, width))) == 0
        for row in (0, 3, height - 1):
            for column in (0, 3, width - 1):
                over = np.prod(
                    [
                        min(place, length - size) - max(place - size + 1, 0) + 1
                        for place, length in ((row, height), (column, width))
                    ]
                )
                probability = 1 - (1 - gamma) ** over
                assert_share(dropped[:, :, row, column], probability, f"pixel {row}, {column} dropped")


def block_divides_by_the_share_kept(make):
    x, dy = values((4, 6, 12, 9)), values((4, 6, 12, 9), seed=1)
    for p in (0.1, 0.5):
        layer = make(p, 3)
        y = layer.forward(x)
        kept = y != 0
        assert 0 < kept.mean() < 1
        expected = np.where(kept, 1 / kept.mean(), 0)
        np.testing.assert_allclose(y, x * expected, rtol=1e-9)
        np.testing.assert_allclose(layer.backward(dy), dy * expected, rtol=1e-9)


def block_large_as_the_picture_drops_all_of_it(make):
    """A block larger than the picture is cut to it; where one side is left, it slides along the other."""
    dropped = make(0.5, 50).forward(np.ones((60, 10, 4, 4))) == 0
    whole = dropped.reshape(600, -1)
    assert (whole == whole[:, :1]).all()
    assert_share(whole[:, 0], 0.5, "dropped pictures")


# Maxout


def maxout_is_the_largest_piece(make):
    layer = make(5, 4, k=3)
    x = values((7, 5))
    weight, bias = layer.params["weight"].reshape(4, 3, 5), layer.params["bias"].reshape(4, 3)
    pieces = np.einsum("ni,uki->nuk", x, weight) + bias
    np.testing.assert_allclose(layer.forward(x), pieces.max(axis=2), rtol=1e-9)


def maxout_only_the_winner_learns(make):
    layer = make(5, 4, k=3)
    x, dy = values((1, 5)), values((1, 4), seed=1)
    weight, bias = layer.params["weight"].reshape(4, 3, 5), layer.params["bias"].reshape(4, 3)
    winner = (np.einsum("ni,uki->nuk", x, weight) + bias).argmax(axis=2)[0]
    layer.forward(x)
    dx = layer.backward(dy)
    expected = np.zeros((4, 3, 5))
    expected[np.arange(4), winner] = dy[0][:, None] * x
    np.testing.assert_allclose(layer.grads["weight"], expected.reshape(12, 5), rtol=1e-9)
    np.testing.assert_allclose(dx[0], dy[0] @ weight[np.arange(4), winner], rtol=1e-9)


def maxout_the_first_wins_a_tie(make):
    layer = make(5, 2, k=3)
    x = np.zeros((1, 5))
    bias = layer.params["bias"].reshape(2, 3)
    copied = np.broadcast_to(bias.max(axis=1, keepdims=True), bias.shape).ravel()
    state = {"weight": layer.params["weight"], "bias": copied.copy()}
    layer.load(state)
    layer.forward(x)
    layer.backward(np.ones((1, 2)))
    np.testing.assert_array_equal(layer.grads["bias"].reshape(2, 3), [[1, 0, 0], [1, 0, 0]])
