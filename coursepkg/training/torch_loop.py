"""The training loop for PyTorch models: the same call as in `numpy_loop`."""

import torch
from torch.nn import functional as F

from coursepkg.training.batches import batches, count_batches, progress_bar
from coursepkg.training.history import Average, History, validate_loss
from coursepkg.validation import validate_generator, validate_positive_int


def fit(model, data, optimizer, epochs, batch_size, schedule=None, rng=None, *, progress=None, autocast=None):
    """Trains a classifier with the cross-entropy loss.

    Args:
        model: nn.Module whose output is (N, classes); changed in place, and left in training mode. Batches
            move to its device.
        data: Data(train, test) of NumPy arrays; test may be None. uint8 pictures become float32 in [0, 1].
        optimizer: torch.optim.Optimizer over the model's parameters.
        epochs: how often to go through the training set, >= 1.
        batch_size: examples per step, >= 1; the last batch of an epoch may be smaller.
        schedule: function (step, total_steps) -> factor of the optimizer's learning rates; None keeps them.
            Afterwards the learning rates are what they were before.
        rng: numpy.random.Generator for the order of the examples; None means a fresh one.
        progress: True or False shows or hides a progress bar; None shows it unless TQDM_DISABLE is set.
        autocast: torch.bfloat16 computes the training's forward passes in mixed precision; None, in the
            model's own.
    Returns:
        History.
    Raises:
        FloatingPointError: the loss is not finite; names epoch and step.
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    rng = validate_generator("rng", rng)
    if autocast not in (None, torch.bfloat16):
        raise ValueError(f"autocast must be torch.bfloat16 or None, got {autocast!r}")
    total_steps = validate_positive_int("epochs", epochs) * count_batches(data.train, batch_size)
    device, history, step = device_of(model), History(), 0
    rates = [group["lr"] for group in optimizer.param_groups]
    try:
        with progress_bar(total_steps, progress) as bar:
            for epoch in range(epochs):
                model.train()
                average = Average()
                for x, y in batches(data.train, batch_size, rng):
                    if schedule is not None:
                        factor = schedule(step, total_steps)
                        for group, lr in zip(optimizer.param_groups, rates, strict=True):
                            group["lr"] = lr * factor
                    x, y = to_device(x, y, device)
                    optimizer.zero_grad()
                    with torch.autocast(device.type, autocast, enabled=autocast is not None):
                        logits = model(x)
                        loss = F.cross_entropy(logits, y)
                    validate_loss(loss.item(), epoch, step)
                    loss.backward()
                    optimizer.step()
                    average.add(loss.item(), int((logits.argmax(dim=1) != y).sum()), len(y))
                    step += 1
                    bar.update()
                history.add("train", *average.result())
                if data.test is not None:
                    history.add("test", *evaluate(model, data.test))
    finally:
        for group, lr in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = lr
    return history


@torch.no_grad()
def evaluate(model, split, batch_size=1000):
    """Loss and error of a classifier in evaluation mode. Every module is put back into the mode it was in.

    Args:
        model: nn.Module whose output is (N, classes).
        split: Split(x, y) of NumPy arrays.
        batch_size: examples at a time, >= 1.
    Returns:
        (loss, error): mean cross-entropy, and the fraction classified wrong.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    count_batches(split, batch_size)
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    device, average = device_of(model), Average()
    try:
        for x, y in batches(split, batch_size):
            x, y = to_device(x, y, device)
            logits = model(x)
            average.add(F.cross_entropy(logits, y).item(), int((logits.argmax(dim=1) != y).sum()), len(y))
    finally:
        for module, training in modes:
            module.training = training
    return average.result()


def device_of(model):
    """The device of the model's first parameter; the CPU where it has none."""
    return next((parameter.device for parameter in model.parameters()), torch.device("cpu"))


def to_device(x, y, device):
    """A batch of NumPy arrays as tensors: x in its dtype, y as class numbers."""
    return torch.from_numpy(x).to(device), torch.from_numpy(y).to(device, torch.long)
