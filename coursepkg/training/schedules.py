"""Schedules: functions (step, total_steps) -> factor in (0, 1] of the learning rate. Steps count from 0."""

import math

from coursepkg.validation import validate_nonnegative_int, validate_positive_int

# The defaults of torch.optim.lr_scheduler.OneCycleLR.
WARM_UP = 0.3
FIRST = 1 / 25
LAST = FIRST / 1e4


def cosine(step, total_steps):
    """From 1 down to almost 0, along half a cosine.

    Args:
        step: from 0 to total_steps - 1.
        total_steps: steps of the whole training, >= 1.
    Returns:
        float in (0, 1].
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Loshchilov and Hutter 2017, equation 5; torch.optim.lr_scheduler.CosineAnnealingLR.
    """
    _validate(step, total_steps)
    return _between(1, 0, step / total_steps)


def one_cycle(step, total_steps):
    """Up from 1/25 to 1 in the first 30 % of the steps, then down to 1/250,000, along two half cosines.

    The optimizer's learning rate is the highest that is used.

    Args:
        step: from 0 to total_steps - 1.
        total_steps: steps of the whole training, >= 1.
    Returns:
        float in (0, 1].
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Smith and Topin 2017; torch.optim.lr_scheduler.OneCycleLR.
    """
    _validate(step, total_steps)
    peak, end = WARM_UP * total_steps - 1, total_steps - 1
    if step <= peak:
        return _between(FIRST, 1, step / peak if peak else 1)
    # Fewer than four steps leave none for the way up.
    peak = max(peak, 0)
    return _between(1, LAST, (step - peak) / (end - peak) if end > peak else 0)


def _between(start, end, share):
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


def _validate(step, total_steps):
    total_steps = validate_positive_int("total_steps", total_steps)
    if validate_nonnegative_int("step", step) >= total_steps:
        raise ValueError(f"step must be from 0 to total_steps - 1 = {total_steps - 1}, got {step}")
