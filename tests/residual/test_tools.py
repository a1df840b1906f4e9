"""What the chapter does to networks and measures on them."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from coursepkg.nn import Linear, ReLU, Sequential
from coursepkg.residual import paths, torch_measures, torch_surgery
from coursepkg.residual.numpy_layers import Residual
from coursepkg.residual.torch_resnet import cifar_resnet, resnet18, to_numpy


@pytest.fixture
def pictures():
    torch.manual_seed(1)
    return torch.rand(8, 1, 12, 12, dtype=torch.float64), torch.arange(8) % 10


def trained_a_little(pictures, **arguments):
    """A network whose weights and running statistics are no longer those it began with."""
    torch.manual_seed(0)
    model = cifar_resnet(14, width=4, in_channels=1, dtype=torch.float64, **arguments)
    optimizer = torch.optim.SGD(model.parameters(), 0.05)
    for _ in range(3):
        optimizer.zero_grad()
        F.cross_entropy(model(pictures[0]), pictures[1]).backward()
        optimizer.step()
    return model.eval()


@pytest.mark.parametrize("residual", [True, False])
def test_identity_blocks_change_no_logit(pictures, residual):
    model = trained_a_little(pictures, residual=residual)
    deeper = torch_surgery.extend_with_identity(model, 2)
    assert [len(stage) for stage in deeper.stages()] == [4, 4, 4] and deeper.built[1]["depth"] == 26
    torch.testing.assert_close(deeper(pictures[0]), model(pictures[0]), rtol=0, atol=1e-12)
    assert [len(stage) for stage in model.stages()] == [2, 2, 2]
    assert not deeper.training
    x = pictures[0].numpy()
    np.testing.assert_allclose(to_numpy(deeper)(x), model(pictures[0]).detach(), rtol=0, atol=1e-12)
    # What was added takes part in training.
    F.cross_entropy(deeper(pictures[0]), pictures[1]).backward()
    assert deeper.layer1[-1].bn2.weight.grad.abs().max() > 0


def test_only_basic_networks_are_extended(pictures):
    with pytest.raises(ValueError, match="block"):
        torch_surgery.extend_with_identity(trained_a_little(pictures, block="preact"), 1)
    with pytest.raises(ValueError, match="cifar_resnet"):
        torch_surgery.extend_with_identity(resnet18(device="meta"), 1)
    with pytest.raises(TypeError, match="model must be a ResNet"):
        torch_surgery.extend_with_identity(nn.Linear(2, 2), 1)


def test_a_block_is_taken_out(pictures):
    model = trained_a_little(pictures)
    assert torch_surgery.removable_blocks(model) == [(0, 0), (0, 1), (1, 1), (2, 1)]
    before = model(pictures[0])
    smaller = torch_surgery.without_block(model, 1, 1)
    assert [len(stage) for stage in smaller.stages()] == [2, 1, 2]
    assert not torch.allclose(smaller(pictures[0]), before)
    torch.testing.assert_close(model(pictures[0]), before)
    nn.init.zeros_(model.layer2[1].bn2.weight)  # a block without a branch is not missed
    nn.init.zeros_(model.layer2[1].bn2.bias)
    torch.testing.assert_close(torch_surgery.without_block(model, 1, 1)(pictures[0]), model(pictures[0]))


def test_blocks_are_exchanged(pictures):
    model = trained_a_little(pictures)
    swapped = torch_surgery.with_swapped_blocks(model, 0, 0, 1)
    assert torch.equal(swapped.layer1[0].conv1.weight, model.layer1[1].conv1.weight)
    assert not torch.allclose(swapped(pictures[0]), model(pictures[0]))
    back = torch_surgery.with_swapped_blocks(swapped, 0, 0, 1)
    assert torch.equal(back(pictures[0]), model(pictures[0]))


@pytest.mark.parametrize(
    ("stage", "position", "words"),
    [(3, 0, "stage must be from 0 to 2"), (0, 2, "position must be from 0 to 1"), (1, 0, "keeps the shape")],
)
def test_blocks_that_cannot_go_are_refused(pictures, stage, position, words):
    with pytest.raises(ValueError, match=words):
        torch_surgery.without_block(trained_a_little(pictures), stage, position)


def test_gradient_norms_are_those_of_autograd(pictures):
    model = trained_a_little(pictures)
    norms = torch_measures.gradient_norms(model, *pictures)
    names = [name for name, parameter in model.named_parameters() if parameter.ndim > 1]
    assert list(norms) == names
    F.cross_entropy(model(pictures[0]), pictures[1]).backward()
    for name, parameter in model.named_parameters():
        if name in norms:
            assert norms[name] == pytest.approx(parameter.grad.norm().item())


def test_tiny_gradients_have_a_norm():
    layer = nn.Linear(1, 2, bias=False)
    nn.init.zeros_(layer.weight)
    found = torch_measures.gradient_norms(layer, torch.full((1, 1), 1e-30), torch.tensor([0]))
    assert found[".weight"] == pytest.approx(0.5e-30 * 2**0.5)


def test_gradients_of_a_linear_map_are_alike_everywhere():
    line = torch.linspace(-1, 1, 64, dtype=torch.float64)[:, None]
    linear = nn.Linear(1, 3, dtype=torch.float64)
    np.testing.assert_allclose(torch_measures.gradient_correlation(linear, line, [1, 5, 63]), 1)
    wave = torch.linspace(0, 8 * np.pi, 65, dtype=torch.float64)[:, None]
    found = torch_measures.gradient_correlation(lambda x: (x + 0.1).sin(), wave, [8, 16])
    np.testing.assert_allclose(found, [-1, 1])  # half a period, and a whole one
    with pytest.raises(ValueError, match="lags must be from 1 to 63, got 64"):
        torch_measures.gradient_correlation(linear, line, [64])


def test_loss_slice_goes_through_the_model_and_is_blind_to_scale(pictures):
    model = trained_a_little(pictures)
    seeded = lambda: torch.Generator().manual_seed(3)  # noqa: E731
    losses = torch_measures.loss_slice(model, *pictures, radius=0.5, steps=3, generator=seeded())
    assert losses[1, 1] == pytest.approx(F.cross_entropy(model(pictures[0]), pictures[1]).item())
    assert losses.shape == (3, 3) and (losses[0] != losses[1]).all()
    # A filter ten times as long behind a normalization with a tenth of the scale is the same function.
    with torch.no_grad():
        block = model.layer1[0]
        block.conv1.weight.mul_(10)
        block.bn1.running_mean.mul_(10)
        block.bn1.running_var.mul_(100).add_(99 * block.bn1.eps)
    again = torch_measures.loss_slice(model, *pictures, radius=0.5, steps=3, generator=seeded())
    np.testing.assert_allclose(again, losses, rtol=1e-6)
    with pytest.raises(ValueError, match="steps must be odd, got 4"):
        torch_measures.loss_slice(model, *pictures, steps=4)


def small_network(n, rng):
    """Residual blocks of two linear layers without bias and a ReLU, on vectors of length 4."""
    make = lambda: Linear(4, 4, bias=False, rng=rng, dtype=np.float64)  # noqa: E731
    return [Residual(Sequential(make(), ReLU(), make())) for _ in range(n)]


def test_paths_add_up_to_the_network():
    rng = np.random.default_rng(0)
    blocks, x = small_network(5, rng), rng.standard_normal((1, 4))
    matrices = paths.branch_matrices(blocks, x)
    np.testing.assert_array_equal(matrices, paths.branch_matrices(Sequential(*blocks), x))
    outputs = paths.path_outputs(matrices, x[0])
    assert len(outputs) == 2**5
    y = Sequential(*blocks).forward(x)
    np.testing.assert_allclose(sum(outputs.values()), y[0], atol=1e-12)
    np.testing.assert_array_equal(outputs[(False,) * 5], x[0])
    lengths = [sum(through) for through in outputs]
    assert np.bincount(lengths).tolist() == paths.paths_by_length(5) == [1, 5, 10, 10, 5, 1]
    shares = paths.share_by_length(matrices, x[0])
    assert shares[0] == pytest.approx(np.linalg.norm(x)) and shares.shape == (6,)
    only = [matrices[0], np.zeros((4, 4))]
    np.testing.assert_allclose(paths.share_by_length(only, x[0])[2], 0)


def test_paths_need_plain_residual_blocks():
    rng = np.random.default_rng(0)
    with pytest.raises(TypeError, match="blocks must all be Residual"):
        paths.branch_matrices([Linear(4, 4)], rng.standard_normal((1, 4)))
    with pytest.raises(ValueError, match=r"x must have shape \(1, D\), got \(2, 4\)"):
        paths.branch_matrices(small_network(1, rng), rng.standard_normal((2, 4)))
