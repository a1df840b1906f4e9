"""How weights start."""

import math

import numpy as np
import pytest
import torch

from coursepkg import nn
from coursepkg.nn import init

SHAPES = [(300, 400), (64, 32, 5, 3)]
LAWS = [
    (init.small_normal(0.02), lambda fan_in, fan_out: 0.02),
    (init.glorot_uniform, lambda fan_in, fan_out: math.sqrt(2 / (fan_in + fan_out))),
    (init.he_normal, lambda fan_in, fan_out: math.sqrt(2 / fan_in)),
    (init.torch_default, lambda fan_in, fan_out: math.sqrt(1 / 3 / fan_in)),
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_fans_are_those_of_torch(shape):
    fans = torch.nn.init._calculate_fan_in_and_fan_out(torch.zeros(shape))
    assert (init.fan_in(shape), init.fan_out(shape)) == fans


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("draw, std", LAWS)
def test_mean_and_spread(draw, std, shape):
    weight = draw(shape, np.random.default_rng(0), np.float64)
    expected = std(init.fan_in(shape), init.fan_out(shape))
    # Standard errors: std / sqrt(n) of the mean, below std / sqrt(2 n) of the spread.
    assert abs(weight.mean()) < 5 * expected / math.sqrt(weight.size)
    assert weight.std() == pytest.approx(expected, rel=5 / math.sqrt(2 * weight.size))


@pytest.mark.parametrize("draw, std", LAWS)
def test_a_seed_gives_the_same_weights_in_both_dtypes(draw, std):
    one, other = (draw((20, 30), np.random.default_rng(3), dtype) for dtype in (np.float32, np.float64))
    assert (one.dtype, other.dtype) == (np.float32, np.float64)
    np.testing.assert_array_equal(one, other.astype(np.float32))


@pytest.mark.parametrize(
    "ours, theirs",
    [(nn.Linear(50, 2000), torch.nn.Linear(50, 2000)), (nn.Conv2d(4, 900, 3), torch.nn.Conv2d(4, 900, 3))],
    ids=["Linear", "Conv2d"],
)
def test_torch_default_reaches_as_far_as_torch(ours, theirs):
    for key, value in theirs.named_parameters():
        largest = np.abs(ours.params[key]).max(), value.abs().max().item()
        assert largest[0] == pytest.approx(largest[1], rel=0.05), key


@pytest.mark.parametrize("draw", [init.small_normal(), init.glorot_uniform, init.he_normal])
def test_other_initializers_leave_the_bias_at_zero(draw):
    for layer in (nn.Linear(4, 3, init=draw), nn.Conv2d(4, 3, 3, init=draw)):
        assert not layer.bias.any() and layer.weight.any()


def test_layers_draw_from_their_generator():
    one, other, third = (nn.Linear(4, 3, rng=np.random.default_rng(seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.weight, other.weight)
    assert (one.weight != third.weight).all() and one.bias.any()
    assert (nn.Linear(4, 3).weight != nn.Linear(4, 3).weight).all()


def test_an_initializer_gives_a_weight_of_the_right_shape_in_the_dtype_of_the_layer():
    layer = nn.Linear(4, 3, init=lambda shape, rng, dtype: np.full(shape, 2), dtype=np.float32)
    assert layer.weight.dtype == np.float32 and (layer.weight == 2).all() and not layer.bias.any()
    for make in (lambda init: nn.Linear(4, 3, init=init), lambda init: nn.Conv2d(4, 3, 1, init=init)):
        with pytest.raises(
            ValueError, match=r"init must return an array of shape \(3, 4.*, got shape \(2,\)"
        ):
            make(lambda shape, rng, dtype: np.zeros(2))
