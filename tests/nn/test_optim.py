"""Optimizers against PyTorch's."""

import numpy as np
import pytest
import torch

from coursepkg import nn

OPTIMIZERS = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.1, "weight_decay": 0.1}),
    ("Adam", {}),
    ("Adam", {"lr": 0.05, "betas": (0.5, 0.7), "eps": 1e-3, "weight_decay": 0.1}),
]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name, settings", OPTIMIZERS)
def test_equal_to_torch_over_30_steps(name, settings, dtype):
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Linear(3, 4, rng=rng, dtype=dtype), nn.Linear(4, 2, rng=rng, dtype=dtype))
    theirs = {key: torch.tensor(value) for key, value in model.params.items()}
    held = dict(model.params)
    ours_optimizer = getattr(nn, name)(model, **settings)
    theirs_optimizer = getattr(torch.optim, name)(theirs.values(), **settings)
    for step in range(30):
        if step == 20:
            ours_optimizer.lr *= 0.3
            theirs_optimizer.param_groups[0]["lr"] *= 0.3
        for layer in model:
            layer.grads = {key: rng.normal(size=v.shape).astype(dtype) for key, v in layer.params.items()}
        for key, value in theirs.items():
            value.grad = torch.tensor(model.grads[key])
        ours_optimizer.step()
        theirs_optimizer.step()
    for key, value in theirs.items():
        assert model.params[key] is held[key], "parameters are updated in place"
        assert model.params[key].dtype == dtype
        np.testing.assert_allclose(
            model.params[key], value, rtol=0, atol=1e-13 if dtype == "float64" else 2e-6
        )


def test_gradients_are_not_modified():
    model = nn.Linear(2, 2, dtype=np.float64)
    model.backward(model(np.ones((1, 2))))
    before = {key: grad.copy() for key, grad in model.grads.items()}
    for optimizer in (nn.SGD(model, 0.1, 0.9, 0.1), nn.Adam(model, weight_decay=0.1)):
        optimizer.step()
        for key, grad in before.items():
            np.testing.assert_array_equal(model.grads[key], grad)
