"""LP pooling and GeM in PyTorch where powers overflow, vanish or have no slope."""

import itertools

import pytest
import torch
from torch.nn import functional as F

from coursepkg.pooling.torch_layers import GeMPool2d, gem_pool2d, lp_pool2d

EXPONENTS = [1e-6, 1e-3, 0.5, 1, 3, 8, 100, 1000]
PLANES = {
    "as in the paper": [1.0, 2.0, 3.0, 40.0],
    "large": [1e30, 2e30, 1e29, 3e30],
    "small": [1e-30, 2e-30, 3e-30, 5e-31],
    "far apart": [1e-20, 1.0, 1e10, 1e20],
    "equal": [0.7, 0.7, 0.7, 0.7],
}


def exact_mean(x, p):
    """The generalized mean by way of logarithms, in float64."""
    logs = x.double().log() * p
    less = (logs - logs.max()).expm1().mean()
    return ((logs.max() + less.log1p()) / p).exp()


def plane(name, dtype):
    return torch.tensor(PLANES[name], dtype=dtype).view(1, 1, 2, 2)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("p", EXPONENTS)
@pytest.mark.parametrize("name", PLANES)
def test_gem_is_right_wherever_its_result_is_a_number(name, p, dtype):
    x = plane(name, dtype).requires_grad_()
    layer = GeMPool2d(p, 1e-40, dtype=dtype)
    y = layer(x)
    torch.testing.assert_close(y.item(), exact_mean(x, layer.p.double()).item(), rtol=2e-5, atol=0)
    dx, dp = torch.autograd.grad(y, (x, layer.p))
    # dy/dx = (x / y) ** (p - 1) / K
    expected = (x.double() / y.double()).log().mul(layer.p.double() - 1).exp() / 4
    torch.testing.assert_close(dx.double(), expected, rtol=1e-3, atol=1e-12)
    assert dp.isfinite() and dp >= -1e-2 * y


@pytest.mark.parametrize("p", EXPONENTS)
def test_gem_of_a_dead_map(p):
    x = torch.zeros(1, 1, 2, 2, requires_grad=True)
    layer = GeMPool2d(p)
    y = layer(x)
    dx, dp = torch.autograd.grad(y, (x, layer.p))
    torch.testing.assert_close(y.item(), 1e-6)
    assert not dx.any() and not dp.any()


def test_gem_learns_its_exponent():
    """dy/dp against differences."""
    x, h = plane("as in the paper", torch.float64), 1e-6
    for p in (0.5, 3.0, 100.0):
        layer = GeMPool2d(p, dtype=torch.float64)
        slope = (gem_pool2d(x, p + h) - gem_pool2d(x, p - h)).item() / (2 * h)
        dp = torch.autograd.grad(layer(x), layer.p)[0].item()
        torch.testing.assert_close(dp, slope, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_an_exponent_that_left_its_range_is_refused(value):
    layer = GeMPool2d()
    with torch.no_grad():
        layer.p.fill_(value)
    with pytest.raises(ValueError, match="p must be a finite number > 0"):
        layer(torch.ones(1, 1, 2, 2))


@pytest.mark.filterwarnings("ignore:.*lp_pool:UserWarning")
@pytest.mark.parametrize("p", [1, 2, 3, 2.5, 0.5])
def test_lp_has_the_very_bits_of_torch_where_that_is_right(p):
    x = torch.randint(-9, 10, (1, 500, 4, 4), generator=torch.Generator().manual_seed(0)).double()
    if p not in (1, 2, 3):
        x = x.abs() + 1
    x.requires_grad_()
    own, expected = lp_pool2d(x, p, 2), F.lp_pool2d(x, p, 2)
    torch.testing.assert_close(own, expected, rtol=1e-14, atol=0, equal_nan=True)
    if p in (1, 3):
        assert torch.equal(own == 0, expected == 0) and (own == 0).any()
    for ours, theirs in zip(own.flatten()[:50], expected.flatten()[:50], strict=True):
        torch.testing.assert_close(
            torch.autograd.grad(ours, x, retain_graph=True)[0],
            torch.autograd.grad(theirs, x, retain_graph=True)[0],
            equal_nan=True,
        )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("p", [2, 4, 100, 1000])
@pytest.mark.parametrize("name", PLANES)
def test_lp_is_right_where_powers_leave_the_range(name, p, dtype):
    x = plane(name, dtype).requires_grad_()
    y = lp_pool2d(x, p, 2)
    torch.testing.assert_close(y.item(), (exact_mean(x, p) * 4 ** (1 / p)).item(), rtol=2e-5, atol=0)
    dx = torch.autograd.grad(y.sum(), x)[0]
    expected = (x.double() / y.double()) ** (p - 1)
    torch.testing.assert_close(dx.double(), expected.detach(), rtol=1e-3, atol=1e-12)


@pytest.mark.parametrize("p", [0.5, 1, 1.5, 2, 3, 100])
def test_lp_of_zeros_has_no_slope(p):
    x = torch.zeros(1, 1, 2, 4)
    x[..., 2:] = 1
    x.requires_grad_()
    y = lp_pool2d(x, p, 2)
    dx = torch.autograd.grad(y.sum(), x)[0]
    assert y[..., 0] == 0 and not dx[..., :2].any() and (dx[..., 2:] > 0).all()


def test_lp_of_what_is_no_number():
    for values, p in itertools.product(([torch.inf, 1.0], [torch.nan, 1.0], [-torch.inf, 1.0]), (1, 2)):
        x = torch.tensor(values).view(1, 1, 2)
        own, expected = lp_pool2d(x[None], p, (1, 2)), F.lp_pool2d(x[None], p, (1, 2))
        assert torch.equal(own.isnan(), expected.isnan()) and torch.equal(
            own.nan_to_num(), expected.nan_to_num()
        )
