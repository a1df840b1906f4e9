"""Optimizers and schedules against PyTorch's."""

import numpy as np
import pytest
import torch

from coursepkg import nn
from coursepkg.training import cosine, one_cycle

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


def rates_of_torch(scheduler, steps, **settings):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 1.0)
    schedule = getattr(torch.optim.lr_scheduler, scheduler)(optimizer, **settings)
    for _ in range(steps):
        yield optimizer.param_groups[0]["lr"]
        optimizer.step()
        if schedule.last_epoch + 1 < steps:
            schedule.step()


@pytest.mark.parametrize("total_steps", [1, 2, 7, 50, 1000])
def test_cosine_equal_to_torch(total_steps):
    theirs = list(rates_of_torch("CosineAnnealingLR", total_steps, T_max=total_steps))
    ours = [cosine(step, total_steps) for step in range(total_steps)]
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)
    assert ours[0] == 1 and min(ours) > 0


@pytest.mark.parametrize("total_steps", [4, 5, 7, 10, 50, 1000])
def test_one_cycle_equal_to_torch(total_steps):
    settings = {"max_lr": 1.0, "total_steps": total_steps, "cycle_momentum": False}
    theirs = list(rates_of_torch("OneCycleLR", total_steps, **settings))
    ours = [one_cycle(step, total_steps) for step in range(total_steps)]
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)
    assert min(ours) > 0 and max(ours) <= 1


@pytest.mark.parametrize("schedule", [cosine, one_cycle])
def test_factors_of_very_short_trainings(schedule):
    for total_steps in range(1, 6):
        assert all(0 < schedule(step, total_steps) <= 1 for step in range(total_steps))


@pytest.mark.parametrize("schedule", [cosine, one_cycle])
def test_steps_outside_the_training(schedule):
    with pytest.raises(ValueError, match="step must be from 0 to total_steps - 1 = 9, got 10"):
        schedule(10, 10)
    with pytest.raises(ValueError, match="step must be a whole number >= 0, got -1"):
        schedule(-1, 10)
    with pytest.raises(ValueError, match="total_steps must be a whole number >= 1, got 0"):
        schedule(0, 0)
