"""Schedules against PyTorch's."""

import numpy as np
import pytest
import torch

from coursepkg.training import cosine, one_cycle


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
