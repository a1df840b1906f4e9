"""sample_mask, apply_mask, dropout, dropout_backward and max_norm_, in both backends."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from coursepkg.dropout import numpy_layers, torch_layers
from tests.dropout.chance import assert_independent, assert_share
from tests.specs.spec import values

BACKENDS = [numpy_layers, torch_layers]
both = pytest.mark.parametrize("backend", BACKENDS, ids=["numpy", "torch"])


def own(backend, array):
    """The array as this backend has it."""
    return array if backend is numpy_layers else torch.tensor(array)


def generator(backend, seed=0):
    return np.random.default_rng(seed) if backend is numpy_layers else torch.Generator().manual_seed(seed)


@both
@pytest.mark.parametrize("p", [0, 0.001, 1 / 3, 0.5, 0.999, 1])
def test_sample_mask(backend, p):
    mask = np.asarray(backend.sample_mask((400, 500), p, generator(backend)))
    assert mask.dtype == bool and mask.shape == (400, 500)
    assert_share(~mask, p, "dropped")
    if p == 0.5:
        assert_independent(~mask, p, "coins")
    again = np.asarray(backend.sample_mask((400, 500), p, generator(backend)))
    np.testing.assert_array_equal(again, mask)
    assert backend.sample_mask(7, p, generator(backend)).shape == (7,)


@both
def test_without_a_generator_every_call_draws_anew(backend):
    x = own(backend, np.ones((20, 50)))
    masks = [np.asarray(backend.dropout(x)) != 0 for _ in range(2)]
    masks += [np.asarray(backend.sample_mask((20, 50), 0.5, None)) for _ in range(2)]
    assert len({mask.tobytes() for mask in masks}) == 4


@both
def test_dropout_in_eval_mode_is_x_itself(backend):
    x = own(backend, values((4, 5)))
    assert backend.dropout(x, 0.7, training=False) is x


@both
def test_dropout_values(backend):
    x = own(backend, values((400, 500)))
    y = np.asarray(backend.dropout(x, 0.3, rng=generator(backend)))
    kept = y != 0
    np.testing.assert_allclose(y[kept], np.asarray(x)[kept] / 0.7, rtol=1e-12)
    assert_share(~kept, 0.3, "dropped")


@both
def test_default_is_one_half_in_training(backend):
    y = np.asarray(backend.dropout(own(backend, np.ones((400, 500))), rng=generator(backend)))
    assert set(np.unique(y)) == {0, 2}
    assert_share(y == 0, 0.5, "dropped")


@both
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("mask_shape", [(4, 3, 5), (4, 3, 1), (1, 3, 1), (5,), ()], ids=str)
def test_apply_mask_and_backward(backend, mask_shape, dtype):
    x, mask = values((4, 3, 5), dtype=dtype), np.asarray(np.random.default_rng(0).random(mask_shape) < 0.6)
    for p in (0, 0.3, 1):
        for function in (backend.apply_mask, backend.dropout_backward):
            y = np.asarray(function(own(backend, x), own(backend, mask), p))
            scale = 0 if p == 1 else 1 / (1 - p)
            assert y.dtype == x.dtype
            np.testing.assert_allclose(
                y, np.where(mask, x * scale, 0), rtol=1e-6 if dtype == "float32" else 1e-12
            )


def test_dropout_backward_is_what_autograd_finds():
    x, dy = torch.tensor(values((6, 7)), requires_grad=True), torch.tensor(values((6, 7), seed=1))
    mask = torch_layers.sample_mask((6, 7), 0.3, generator(torch_layers))
    torch_layers.apply_mask(x, mask, 0.3).backward(dy)
    torch.testing.assert_close(x.grad, torch_layers.dropout_backward(dy, mask, 0.3))
    ours = numpy_layers.dropout_backward(dy.numpy(), mask.numpy(), 0.3)
    np.testing.assert_allclose(ours, x.grad.numpy(), rtol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_torch_takes_half_precision_too(dtype):
    x = torch.ones(40, 50, dtype=dtype)
    for layer in (torch_layers.Dropout(), torch_layers.AlphaDropout(), torch_layers.GaussianDropout()):
        assert layer(x).dtype == dtype
    y = torch_layers.DropBlock2d(0.3, 2)(torch.ones(40, 50, 8, 8, dtype=dtype))
    assert y.dtype == dtype and y.isfinite().all() and (y > 1).any()


@both
@pytest.mark.parametrize("value", [math.nan, -0.1, 1.1, "a", None, True, [0.5]], ids=repr)
def test_bad_p_is_refused(backend, value):
    x, mask = own(backend, np.ones(3)), own(backend, np.ones(3, bool))
    calls = [
        lambda: backend.sample_mask(3, value, generator(backend)),
        lambda: backend.apply_mask(x, mask, value),
        lambda: backend.dropout(x, value),
        lambda: backend.dropout(x, value, training=False),
        lambda: backend.dropout_backward(x, mask, value),
        lambda: backend.alpha_dropout(x, mask, value),
        lambda: backend.sample_noise(3, value, generator(backend)),
        lambda: backend.sample_block_mask((1, 1, 3, 3), value, 2, generator(backend)),
    ]
    error = ValueError if isinstance(value, float) else TypeError
    for call in calls:
        with pytest.raises(error) as caught:
            call()
        assert "p must be a probability in [0, 1]" in str(caught.value) and str(value) in str(caught.value)


@both
def test_other_wrong_arguments_are_refused(backend):
    x, mask = own(backend, np.ones((2, 3))), own(backend, np.ones((2, 3), bool))
    for bad in (own(backend, np.ones(3, int)), own(backend, np.ones(3, bool)), [1.0], 1.0):
        with pytest.raises(TypeError, match="x must"):
            backend.dropout(bad)
        with pytest.raises(TypeError, match="x must"):
            backend.dropout(bad, training=False)
        with pytest.raises(TypeError, match="x must"):
            backend.apply_mask(bad, mask, 0.5)
    for bad in (x, own(backend, np.ones((2, 3), np.uint8)), [True], None):
        with pytest.raises(TypeError, match="mask must be a boolean"):
            backend.apply_mask(x, bad, 0.5)
    for shape in ((3, 2), (1, 2, 3), (2,)):
        with pytest.raises(ValueError, match="does not broadcast") as caught:
            backend.apply_mask(x, own(backend, np.ones(shape, bool)), 0.5)
        assert str(shape) in str(caught.value) and "(2, 3)" in str(caught.value)
    for bad in (0, "seed", np.random.RandomState(0)):
        with pytest.raises(TypeError, match="rng must be"):
            backend.dropout(x, rng=bad)
        with pytest.raises(TypeError, match="rng must be"):
            backend.sample_mask(3, 0.5, bad)


def test_numpy_refuses_half_precision():
    with pytest.raises(TypeError, match="x must be float32 or float64, got float16"):
        numpy_layers.dropout(np.ones(3, np.float16))


@settings(deadline=None)
@given(
    arrays.arrays(
        st.sampled_from([np.float32, np.float64]),
        arrays.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=6),
        elements=st.floats(-1e6, 1e6, width=32),
    ),
    st.floats(0, 1) | st.sampled_from([0, 1, 0.5, 1 / 256, 1e-300, 1 - 2**-53]),
    st.integers(0, 2**32),
)
def test_any_shape_and_any_p(x, p, seed):
    """Both backends, forward and backward, given the same mask; x stays as it was."""
    x.flags.writeable = False
    layer = numpy_layers.Dropout(p, rng=np.random.default_rng(seed))
    y = layer.forward(x)
    kept = np.asarray(layer.mask)
    assert y.shape == x.shape and y.dtype == x.dtype
    assert not y[~kept].any()
    if p < 1:
        np.testing.assert_array_equal(y[kept], x[kept] * x.dtype.type(1 / (1 - p)))
    assert p > 0 or kept.all()
    assert p < 1 or not kept.any()

    tensor = torch.tensor(x, requires_grad=True)
    theirs = torch_layers.Dropout(p)(tensor, torch.tensor(kept))
    np.testing.assert_array_equal(theirs.detach().numpy(), y)
    theirs.backward(torch.ones_like(theirs))
    np.testing.assert_array_equal(tensor.grad.numpy(), layer.backward(np.ones(x.shape, x.dtype)))


@settings(deadline=None)
@given(
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(1, 12),
    st.floats(0, 1),
    st.integers(0, 2**32),
)
def test_any_block_size(n, c, height, width, size, p, seed):
    layer = numpy_layers.DropBlock2d(p, size, rng=np.random.default_rng(seed))
    x = np.ones((n, c, height, width))
    y = layer.forward(x)
    kept = layer.mask
    np.testing.assert_allclose(y, kept / max(kept.mean(), 1e-9), rtol=1e-9)
    theirs = torch_layers.DropBlock2d(p, size)(torch.tensor(x), torch.tensor(kept))
    np.testing.assert_allclose(theirs.numpy(), y, rtol=1e-12)


# max_norm_


@both
@pytest.mark.parametrize("shape", [(6, 4), (3, 2, 3, 3), (5, 1), (0, 4), (4, 0)], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_max_norm(backend, shape, dtype):
    growth = np.linspace(0.1, 3, shape[0], dtype=dtype)
    before = values(shape, dtype=dtype) * growth.reshape(-1, *(1,) * (len(shape) - 1))
    w = own(backend, before.copy())
    assert backend.max_norm_(w, 2.0) is w
    after = np.asarray(w)
    norms, new_norms = (
        np.sqrt((a.astype(float) ** 2).sum(axis=tuple(range(1, a.ndim)))) for a in (before, after)
    )
    small = norms <= 2
    if before.size:
        assert small.any() and not small.all()
    np.testing.assert_array_equal(after[small], before[small])
    np.testing.assert_allclose(new_norms[~small], 2, rtol=1e-6)
    expected = torch.renorm(torch.tensor(before), 2, 0, 2.0).numpy()
    np.testing.assert_allclose(after, expected, rtol=1e-6)


@both
def test_max_norm_leaves_zero_rows_and_views(backend):
    w = own(backend, np.zeros((3, 4)))
    w[1, :2] = 30
    view = w[:2, :2]
    backend.max_norm_(view, 5.0)
    np.testing.assert_allclose(np.asarray(w)[1], [5 / 2**0.5, 5 / 2**0.5, 0, 0])
    assert not np.asarray(w)[[0, 2]].any()


@pytest.mark.parametrize(
    ("dtype", "size"),
    [
        (torch.float16, 6e4),
        (torch.bfloat16, 1e38),
        (torch.float32, 1e38),
        (torch.float32, 1e-30),
        (torch.float64, 1e300),
        (torch.float64, 1e-300),
    ],
)
def test_max_norm_of_weights_whose_squares_leave_the_range(dtype, size):
    w = torch.tensor([[3.0, 4.0], [0.03, 0.04]], dtype=torch.float64) * (size / 5)
    w = w.to(dtype)
    small = w[1].clone()
    torch_layers.max_norm_(w, size / 10)
    torch.testing.assert_close(w[0].double() / size, torch.tensor([0.06, 0.08]).double(), rtol=1e-2, atol=0)
    assert torch.equal(w[1], small)


def test_max_norm_of_a_parameter_in_training():
    weight = torch.nn.Linear(4, 3).weight
    with torch.no_grad():
        weight.mul_(100)
    torch_layers.max_norm_(weight, 1.0)
    assert weight.requires_grad and weight.grad_fn is None
    torch.testing.assert_close(weight.norm(dim=1), torch.ones(3))


@both
def test_max_norm_refuses(backend):
    w = own(backend, np.ones((2, 3)))
    for bad in (0, -1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="c must be a finite number > 0"):
            backend.max_norm_(w, bad)
    for bad in ("a", None, True):
        with pytest.raises(TypeError, match="c must be a number > 0"):
            backend.max_norm_(w, bad)
    with pytest.raises(ValueError, match=r"w must have shape \(out, in\)"):
        backend.max_norm_(own(backend, np.ones(3)), 1)
    with pytest.raises(TypeError, match="w must"):
        backend.max_norm_(own(backend, np.ones((2, 3), int)), 1)
