"""The coins of a mask have exactly the probability p, and the mask drops whatever an element is."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursepkg.dropout import numpy_layers
from tests.dropout.chance import assert_independent, assert_share
from tests.specs.spec import layouts, values


@pytest.mark.parametrize("p", [1 / 3, 0.001, 1 / 300, 0.5, 0.25, 100.9 / 256, 0.9985, 1e-6])
def test_share_is_p_and_no_multiple_of_one_in_256(p):
    mask = numpy_layers.sample_mask(8_000_000, p, np.random.default_rng(0))
    assert_share(~mask, p, "dropped")


class Scripted(np.random.Generator):
    """A generator whose bytes and uniform numbers are known."""

    def __init__(self, data, uniforms=()):
        super().__init__(np.random.PCG64(0))
        self.data, self.uniforms = np.asarray(data, np.uint8), np.asarray(uniforms, float)
        self.asked = 0

    def bytes(self, length):
        assert length == self.data.size
        return self.data.tobytes()

    def random(self, size):
        self.asked += size
        return self.uniforms[:size]


@given(st.floats(0, 1, exclude_min=True, exclude_max=True).filter(lambda p: p != 0.5))
def test_probability_adds_up_to_p_exactly(p):
    """Of the 256 bytes, a whole number drop and one is a tie, which drops with what is missing."""
    every_byte = Scripted(np.arange(256), [1.0])
    certain = np.count_nonzero(~numpy_layers.sample_mask(256, p, every_byte))
    remainder = 256 * Fraction(p) - certain
    assert 0 <= remainder < 1
    assert every_byte.asked == (remainder > 0)
    if remainder:
        uniforms = np.array([0, 0.5, 0.999, 1, 1.001, 2, 3, 4]) * float(remainder)
        ties = Scripted(np.full(8, certain), uniforms)
        np.testing.assert_array_equal(numpy_layers.sample_mask(8, p, ties), uniforms >= float(remainder))


def test_half_uses_every_bit_once():
    bits = np.random.default_rng(1).integers(0, 2, 64, dtype=np.uint8)
    mask = numpy_layers.sample_mask(64, 0.5, Scripted(np.packbits(bits)))
    np.testing.assert_array_equal(mask, bits.astype(bool))


@pytest.mark.parametrize("p", [0.3, 0.5])
def test_rows_are_independent(p):
    mask = numpy_layers.sample_mask((3, 1 << 17), p, np.random.default_rng(4))
    assert_independent(~mask, p, "rows")


@pytest.mark.parametrize("generator", [np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64])
def test_any_bit_generator(generator):
    for p in (0.3, 0.5):
        mask = numpy_layers.sample_mask((100, 1000), p, np.random.Generator(generator(0)))
        assert_share(~mask, p, "dropped")
        assert_independent(~mask, p, "coins")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("p", [0, 0.3, 0.5, 1])
@pytest.mark.parametrize(
    ("shape", "mask_shape"),
    [
        ((), ()),
        ((0, 3), (0, 3)),
        ((7,), (7,)),
        ((4, 5), (4, 5)),
        ((4, 5), (5,)),
        ((4, 5), (1, 1)),
        ((2, 3, 4, 5), (2, 3, 1, 1)),
        ((2, 3, 4, 5), (2, 1, 1, 1)),
        ((0, 3, 4), (0, 3, 1)),
        ((3, 0, 4), (3, 1, 1)),
        ((5, 2, 40_000), (5, 2, 1)),
        ((2, 2, 100_000), (2, 1, 1)),
        ((3, 100_003), (3, 100_003)),
    ],
    ids=str,
)
def test_apply_mask_is_where_to_the_bit(shape, mask_shape, p, dtype):
    mask = np.asarray(np.random.default_rng(0).random(mask_shape) >= 0.4)
    x = values(shape, dtype=dtype)
    x.flat[1:6] = [np.inf, -np.inf, np.nan, 0.0, -0.0][: max(0, x.size - 1)]
    for name, view in layouts(x):
        scale = x.dtype.type(1 / (1 - p) if p < 1 else 1)
        expected = np.where(mask & (p < 1), view * scale, x.dtype.type(0))
        y = numpy_layers.apply_mask(view, mask, p)
        assert y.dtype == x.dtype and y.shape == shape
        np.testing.assert_array_equal(y, expected, err_msg=name)
        np.testing.assert_array_equal(np.signbit(y), np.signbit(expected), err_msg=name)


def test_result_is_always_new():
    x = values((4, 5))
    for p in (0, 0.5, 1):
        y = numpy_layers.apply_mask(x, np.ones(x.shape, bool), p)
        assert not np.shares_memory(x, y)


@pytest.mark.parametrize("p", [0.3, 0.5])
def test_dropout_is_sample_and_apply(p):
    x = values((33, 47))
    y = numpy_layers.dropout(x, p, rng=np.random.default_rng(9))
    mask = numpy_layers.sample_mask(x.shape, p, np.random.default_rng(9))
    np.testing.assert_array_equal(y, numpy_layers.apply_mask(x, mask, p))
    layer = numpy_layers.Dropout(p, rng=np.random.default_rng(9))
    np.testing.assert_array_equal(layer.forward(x), y)
