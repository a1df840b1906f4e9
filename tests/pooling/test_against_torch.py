"""Every function of both backends against torch.nn.functional: values, indices and gradients, to the edge."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from coursepkg.pooling import numpy_layers, torch_layers
from tests.pooling.grid import geometries, mixed_geometries, numbers

pytestmark = pytest.mark.filterwarnings("ignore:.*lp_pool:UserWarning")

AXES = (1, 2, 3)
KINDS = ("distinct", "ties", "special")
TOLERANCE = {"float32": 2e-5, "float64": 1e-12}
few = settings(max_examples=60, deadline=None, derandomize=True)

each_axes = pytest.mark.parametrize("axes", AXES)
each_kind = pytest.mark.parametrize("kind", KINDS)
each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])
kind_and_dtype = pytest.mark.parametrize(
    ("kind", "dtype"),
    [("distinct", "float32"), ("distinct", "float64"), ("ties", "float64"), ("special", "float32")],
)


def assert_same(ours, expected, dtype, what):
    expected = expected.detach().numpy()
    assert ours.shape == expected.shape and ours.dtype == expected.dtype, (what, ours.shape, expected.shape)
    scale = max(1, np.abs(np.nan_to_num(expected, posinf=0, neginf=0)).max(initial=0))
    np.testing.assert_allclose(ours, expected, rtol=0, atol=TOLERANCE[dtype] * scale, err_msg=str(what))


def assert_equal(ours, expected, what):
    np.testing.assert_array_equal(ours, expected.detach().numpy(), err_msg=str(what))


def torch_gradient(y, x, dy):
    return torch.autograd.grad(y, x, torch.from_numpy(dy))[0]


def check(name, arguments, x, dtype="float64", torch_arguments=None):
    """Forward and backward of one function in both backends against torch's function of that name."""
    what = (name, x.shape, arguments)
    tensor = torch.tensor(x, requires_grad=True)
    expected = getattr(F, name)(tensor, *(arguments if torch_arguments is None else torch_arguments))
    y = getattr(numpy_layers, name)(x, *arguments)
    assert_same(y, expected, dtype, what)
    dy = np.random.default_rng(1).standard_normal(y.shape).astype(dtype)
    gradient = torch_gradient(expected, tensor, dy)
    assert_same(getattr(numpy_layers, f"{name}_backward")(dy, x, *arguments), gradient, dtype, what)
    own = getattr(torch_layers, name)(tensor, *arguments)
    assert_same(own.detach().numpy(), expected, dtype, what)
    assert_same(torch_gradient(own, tensor, dy).numpy(), gradient, dtype, what)


def check_max(axes, size, geometry, x, dtype="float64"):
    name, what = f"max_pool{axes}d", (size, geometry)
    check(name, geometry, x, dtype)
    _, expected = getattr(F, name)(torch.from_numpy(x), *geometry, return_indices=True)
    y, indices = getattr(numpy_layers, name)(x, *geometry, return_indices=True)
    _, own = getattr(torch_layers, name)(torch.from_numpy(x), *geometry, return_indices=True)
    assert_equal(indices, expected, what)
    assert_equal(own.numpy(), expected, what)
    dy = np.random.default_rng(1).standard_normal(y.shape).astype(dtype)
    backward = getattr(numpy_layers, f"{name}_backward")
    np.testing.assert_array_equal(backward(dy, x, *geometry, indices=indices), backward(dy, x, *geometry))


@each_axes
@kind_and_dtype
def test_max_over_the_grid(axes, kind, dtype):
    for size, geometry in geometries(axes):
        check_max(axes, size, geometry, numbers((2, 3, *size), kind).astype(dtype), dtype)


@each_axes
@each_kind
def test_max_with_mixed_geometries(axes, kind):
    @few
    @given(mixed_geometries(axes), st.booleans())
    def run(case, batched):
        size, geometry = case
        check_max(axes, size, geometry, numbers((2, 3, *size) if batched else (3, *size), kind))

    run()


@each_axes
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64"])
def test_max_of_integers(axes, dtype):
    for size, geometry in geometries(axes):
        x = np.random.default_rng(0).integers(0, 5, (2, 2, *size))
        x = (x - 3 * (np.dtype(dtype).kind == "i")).astype(dtype)
        expected, where = getattr(F, f"max_pool{axes}d")(torch.from_numpy(x), *geometry, return_indices=True)
        for y, indices in (
            getattr(numpy_layers, f"max_pool{axes}d")(x, *geometry, return_indices=True),
            getattr(torch_layers, f"max_pool{axes}d")(torch.from_numpy(x), *geometry, return_indices=True),
        ):
            assert_equal(np.asarray(y), expected, (size, geometry))
            assert_equal(np.asarray(indices), where, (size, geometry))
            assert np.asarray(y).dtype == dtype


@pytest.mark.parametrize("backend", [numpy_layers, torch_layers], ids=["numpy", "torch"])
def test_a_window_of_padding_alone(backend):
    """torch gives -inf, too, but an index that points outside the plane."""
    x = np.arange(2.0)[None, None]
    tensor = torch.tensor(x, requires_grad=True)
    given = x if backend is numpy_layers else tensor
    y, indices = backend.max_pool1d(given, 2, 1, 1, 3, return_indices=True)
    assert np.array_equal(np.asarray(y.tolist()), F.max_pool1d(tensor, 2, 1, 1, 3).tolist())
    assert y.tolist() == [[[-np.inf]]] and indices.tolist() == [[[-1]]]
    if backend is numpy_layers:
        dx = numpy_layers.max_pool1d_backward(np.ones((1, 1, 1)), x, 2, 1, 1, 3)
    else:
        dx = torch.autograd.grad(y.sum(), tensor)[0].numpy()
    assert not dx.any()


@each_axes
@kind_and_dtype
def test_average_over_the_grid(axes, kind, dtype):
    for size, (kernel, stride, padding, dilation, ceil) in geometries(axes):
        if dilation > 1:
            continue
        x = numbers((2, 3, *size), kind).astype(dtype)
        for include_pad, override in itertools.product((False, True), (None, 2, -3)):
            arguments = (kernel, stride, padding, ceil, include_pad)
            if axes > 1:
                check(f"avg_pool{axes}d", (*arguments, override), x, dtype)
            elif override is None:
                check(f"avg_pool{axes}d", arguments, x, dtype)


@each_axes
def test_average_with_mixed_geometries(axes):
    @few
    @given(mixed_geometries(axes, dilated=False), st.booleans(), st.booleans())
    def run(case, include_pad, batched):
        size, (kernel, stride, padding, _, ceil) = case
        if axes == 3:  # torch's avg_pool3d alone asks for this
            size = tuple(map(max, size, kernel))
        x = numbers((2, 3, *size) if batched else (3, *size), "distinct")
        check(f"avg_pool{axes}d", (kernel, stride, padding, ceil, include_pad), x)

    run()


def test_one_axis_takes_a_divisor_too():
    x = numbers((2, 3, 8), "distinct")
    whole = numpy_layers.avg_pool1d(x, 3, 2, 1)
    np.testing.assert_allclose(numpy_layers.avg_pool1d(x, 3, 2, 1, divisor_override=6), whole / 2)


@each_axes
@pytest.mark.parametrize("p", [1, 2, 3, 2.5, 0.5])
@each_dtype
def test_power_average(axes, p, dtype):
    for size, (kernel, stride, padding, dilation, ceil) in geometries(axes):
        if padding or dilation > 1:
            continue
        for kind in ("distinct", "ties"):
            x = numbers((2, 3, *size), kind).astype(dtype)
            x = x if p in (1, 2, 3) else np.abs(x)
            if p < 1:
                x += dtype == dtype  # away from 0, where the slope is infinite
            check(f"lp_pool{axes}d", (p, kernel, stride, ceil), x, dtype)


@each_axes
@kind_and_dtype
def test_adaptive(axes, kind, dtype):
    for size, count in itertools.product((1, 2, 5, 7), (1, 2, 3, 5, 8)):
        x = numbers((2, 3, *range(size, size + axes)), kind).astype(dtype)
        arguments = (count if axes > 1 else (count,),)
        check(f"adaptive_avg_pool{axes}d", arguments, x, dtype)
        check(f"adaptive_max_pool{axes}d", arguments, x, dtype)
        name = f"adaptive_max_pool{axes}d"
        _, expected = getattr(F, name)(torch.from_numpy(x), *arguments, return_indices=True)
        assert_equal(getattr(numpy_layers, name)(x, *arguments, True)[1], expected, (x.shape, count))
        own = getattr(torch_layers, name)(torch.from_numpy(x), *arguments, True)[1]
        assert_equal(own.numpy(), expected, (x.shape, count))


@pytest.mark.parametrize("output_size", [(None, 2), (3, None), (None, None)], ids=str)
@pytest.mark.parametrize("name", ["adaptive_avg_pool2d", "adaptive_max_pool2d"])
def test_adaptive_sizes_kept(name, output_size):
    check(name, (output_size,), numbers((2, 3, 5, 4), "distinct"))


@pytest.mark.parametrize("output_size", [0, (0, 2)], ids=str)
@pytest.mark.parametrize("name", ["adaptive_avg_pool2d", "adaptive_max_pool2d"])
def test_adaptive_to_nothing(name, output_size):
    """torch has a forward for it, but no backward."""
    x = numbers((2, 3, 5, 4), "distinct")
    expected = getattr(F, name)(torch.from_numpy(x), output_size)
    y = getattr(numpy_layers, name)(x, output_size)
    assert_equal(y, expected, output_size)
    assert_equal(getattr(torch_layers, name)(torch.from_numpy(x), output_size).numpy(), expected, output_size)
    assert not getattr(numpy_layers, f"{name}_backward")(y, x, output_size).any()


@each_axes
@each_kind
def test_global_is_adaptive_to_one(axes, kind):
    x = numbers((2, 3, *range(3, 3 + axes)), kind)
    dy = np.random.default_rng(1).standard_normal((2, 3, *(1,) * axes))
    for pool in ("max", "avg"):
        tensor = torch.tensor(x, requires_grad=True)
        expected = getattr(F, f"adaptive_{pool}_pool{axes}d")(tensor, 1)
        gradient = torch_gradient(expected, tensor, dy)
        name = f"global_{pool}_pool"
        assert_same(getattr(numpy_layers, name)(x), expected, "float64", name)
        assert_same(getattr(numpy_layers, f"{name}_backward")(dy, x), gradient, "float64", name)
        own = getattr(torch_layers, name)(tensor)
        assert_same(own.detach().numpy(), expected, "float64", name)
        assert_same(torch_gradient(own, tensor, dy).numpy(), gradient, "float64", name)


@each_axes
@each_dtype
def test_unpooling(axes, dtype):
    name = f"max_unpool{axes}d"
    for size, (kernel, stride, padding, dilation, ceil) in geometries(axes):
        if dilation > 1 or ceil or kernel == 1 or (stride or kernel) < kernel:
            continue
        x = numbers((2, 3, *size), "distinct").astype(dtype)
        y, indices = getattr(numpy_layers, f"max_pool{axes}d")(
            x, kernel, stride, padding, return_indices=True
        )
        given = kernel, stride, padding, size
        usual = tuple((n - 1) * (stride or kernel) - 2 * padding + kernel for n in y.shape[2:])
        if any(abs(n - u) >= (stride or kernel) for n, u in zip(size, usual, strict=True)):
            continue
        tensor, where = torch.tensor(y, requires_grad=True), torch.from_numpy(indices)
        expected = getattr(F, name)(tensor, where, *given)
        dy = np.random.default_rng(1).standard_normal(expected.shape).astype(dtype)
        gradient = torch_gradient(expected, tensor, dy)
        assert_equal(getattr(numpy_layers, name)(y, indices, *given), expected, given)
        assert_equal(getattr(numpy_layers, f"{name}_backward")(dy, y, indices, *given), gradient, given)
        own = getattr(torch_layers, name)(tensor, where, *given)
        assert_equal(own.detach().numpy(), expected, given)
        assert_equal(torch_gradient(own, tensor, dy).numpy(), gradient, given)
        np.testing.assert_array_equal(
            getattr(numpy_layers, name)(y, indices, kernel, stride, padding, (2, 3, *size)), expected.detach()
        )


@each_kind
@pytest.mark.parametrize(
    ("size", "kernel", "wanted"),
    [
        ((6, 7), 2, {"output_size": 3}),
        ((9, 8), (2, 3), {"output_ratio": (0.5, 0.6)}),
        ((4, 4), 3, {"output_size": 1}),
    ],
    ids=str,
)
@each_dtype
def test_fractional(size, kernel, wanted, kind, dtype):
    x = numbers((2, 3, *size), kind).astype(dtype)
    for seed in range(20):
        samples = np.random.default_rng(seed).random((2, 3, 2)).astype(dtype)
        tensor, drawn = torch.tensor(x, requires_grad=True), torch.from_numpy(samples)
        expected, where = F.fractional_max_pool2d(
            tensor, kernel, return_indices=True, _random_samples=drawn, **wanted
        )
        dy = np.random.default_rng(1).standard_normal(expected.shape).astype(dtype)
        gradient = torch_gradient(expected, tensor, dy)
        y, indices = numpy_layers.fractional_max_pool2d(
            x, kernel, return_indices=True, samples=samples, **wanted
        )
        own, own_indices = torch_layers.fractional_max_pool2d(
            tensor, kernel, return_indices=True, samples=drawn, **wanted
        )
        assert_equal(y, expected, wanted)
        assert_equal(indices, where, wanted)
        assert_equal(own.detach().numpy(), expected, wanted)
        assert_equal(own_indices.numpy(), where, wanted)
        backward = numpy_layers.fractional_max_pool2d_backward
        assert_same(backward(dy, x, kernel, samples=samples, **wanted), gradient, dtype, wanted)
        assert_same(backward(dy, x, kernel, indices=indices, **wanted), gradient, dtype, wanted)
        assert_same(torch_gradient(own, tensor, dy).numpy(), gradient, dtype, wanted)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_fractional_in_half_precision(dtype):
    """The windows, too, are those of torch: it places them in the dtype of the samples."""
    for seed in range(50):
        rng = torch.Generator().manual_seed(seed)
        x, samples = torch.rand(2, 3, 13, 17, generator=rng), torch.rand(2, 3, 2, generator=rng)
        x, samples = x.to(dtype), samples.clamp(max=0.99).to(dtype)
        expected = F.fractional_max_pool2d(x, 2, 5, return_indices=True, _random_samples=samples)
        own = torch_layers.fractional_max_pool2d(x, 2, 5, return_indices=True, samples=samples)
        assert torch.equal(own[0], expected[0]) and torch.equal(own[1], expected[1]), seed


@pytest.mark.parametrize("filt_size", range(1, 8))
@pytest.mark.parametrize("stride", [1, 2, 3])
@each_dtype
def test_blur(filt_size, stride, dtype):
    """Against a depthwise convolution of the reflected picture, as in the paper's own code."""
    for size in ((4, 5), (8, 7), (9, 6)):
        x = numbers((2, 3, *size), "distinct").astype(dtype)
        row = torch.tensor((np.poly1d([0.5, 0.5]) ** (filt_size - 1)).coeffs, dtype=getattr(torch, dtype))
        tensor = torch.tensor(x, requires_grad=True)
        before, after = (filt_size - 1) // 2, filt_size // 2
        padded = F.pad(tensor, (before, after, before, after), mode="reflect")
        kernel = (row[:, None] * row).expand(3, 1, filt_size, filt_size)
        expected = F.conv2d(padded, kernel, stride=stride, groups=3)
        dy = np.random.default_rng(1).standard_normal(expected.shape).astype(dtype)
        gradient = torch_gradient(expected, tensor, dy)
        assert_same(numpy_layers.blur_pool2d(x, filt_size, stride), expected, dtype, size)
        assert_same(numpy_layers.blur_pool2d_backward(dy, x, filt_size, stride), gradient, dtype, size)
        own = torch_layers.blur_pool2d(tensor, filt_size, stride)
        assert_same(own.detach().numpy(), expected, dtype, size)
        assert_same(torch_gradient(own, tensor, dy).numpy(), gradient, dtype, size)
