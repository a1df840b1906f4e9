"""What holds for the layers of coursepkg.residual, in either backend."""

import numpy as np

from tests.specs.spec import values


def is_a(make, name):
    """Whether the layer is of this class or of one made from it, in either backend."""
    return name in {base.__name__ for base in make.constructor.__mro__}


def the_shortcut_is_added(make):
    """A branch that puts out zero leaves the shortcut: x itself, and the gradient as it came."""
    layer, x = make(3, 3), values((4, 3))
    layer.load({key: np.zeros_like(value) for key, value in layer.params.items()})
    np.testing.assert_array_equal(layer.forward(x), x)
    dy = values(x.shape, seed=1)
    np.testing.assert_array_equal(layer.backward(dy), dy)


def padding_is_zero_and_the_rest_is_kept(make):
    x = values((2, 3, 5, 7))
    y = make(3, 5, 2).forward(x)
    np.testing.assert_array_equal(y[:, :3], x[:, :, ::2, ::2])
    assert y.shape == (2, 5, 3, 4) and not y[:, 3:].any()


def channels_are_scaled_as_wholes(make):
    x = values((3, 4, 5, 6))
    ratio = make(4, 2).forward(x) / x
    np.testing.assert_allclose(ratio, np.broadcast_to(ratio[:, :, :1, :1], x.shape), rtol=1e-9)
    assert (ratio > 0).all() and (ratio < 1).all()


def zero_branch_is_the_shortcut(make):
    """A block whose branch begins as zero passes x on, and is what is behind it: a ReLU, or nothing."""
    channels, preact = 1 if is_a(make, "Bottleneck") else 4, is_a(make, "PreActBlock")
    x = values((3, 4, 5, 5))
    block = make(4, channels, zero_init_residual=True)
    expected = x if preact else np.maximum(x, 0)
    np.testing.assert_allclose(block.forward(x), expected, rtol=0, atol=1e-12)
    # And so does the gradient: along the shortcut it comes back unchanged.
    dy = values(x.shape, seed=1)
    np.testing.assert_allclose(block.backward(dy), dy if preact else dy * (x > 0), atol=1e-12)


def kept_or_dropped(make):
    """Examples whose branch is dropped are as if they had none."""
    x = values((6, 4, 4, 4))
    block = make(4, 1 if is_a(make, "Bottleneck") else 4, drop_path=0.5)
    mask = np.array([True, False] * 3)
    y = block.forward(x, mask=mask[:, None, None, None])
    expected = x if is_a(make, "PreActBlock") else np.maximum(x, 0)
    np.testing.assert_allclose(y[~mask], expected[~mask], rtol=0, atol=1e-12)
    assert not np.allclose(y[mask], expected[mask])
    np.testing.assert_array_equal(block.eval().forward(x), block.eval().forward(x))


def closed_gate_lets_x_pass(make):
    x = values((5, 3))
    np.testing.assert_allclose(make(3, -40.0).forward(x), x, atol=1e-12)
    y = make(3, 40.0).forward(x)
    assert (y >= 0).all()  # a wide open gate leaves the rectified transform alone


def input_stays_in_front(make):
    x = values((2, 3, 4, 4))
    y = make(3, 2, 4).forward(x)
    np.testing.assert_array_equal(y[:, :3], x)
    np.testing.assert_array_equal(y[:, :7], make(3, 2, 2).forward(x))
