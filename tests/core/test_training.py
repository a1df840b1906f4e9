"""Training: the NumPy and the PyTorch run agree step by step, and `fit` and `evaluate` keep their promises."""

import warnings

import numpy as np
import pytest
import torch

from coursepkg import nn
from coursepkg.data import Data, Split
from coursepkg.layer import Layer
from coursepkg.training import History, cosine, numpy_loop, one_cycle, torch_loop

EPOCHS, BATCH, EXAMPLES = 10, 9, 44  # 5 steps an epoch, the last with 8 examples


def constant(step, total_steps):
    return 1.0


def pictures(n=EXAMPLES, side=6):
    """Random pictures whose class is the quarter with the largest sum."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 1, side, side))
    half = side // 2
    y = x.reshape(n, 2, half, 2, half).sum(axis=(2, 4)).reshape(n, 4).argmax(axis=1)
    return x, y


def data(n_test=13):
    x, y = pictures()
    return (
        Data(Split(x[:-n_test], y[:-n_test]), Split(x[-n_test:], y[-n_test:]))
        if n_test
        else Data(Split(x, y))
    )


def masks(width, p):
    """The same kept units in both backends, step by step."""
    rng = np.random.default_rng(5)
    while True:
        yield rng.random((BATCH, width)) >= p


class NumpyMasks(Layer):
    def __init__(self, width, p):
        super().__init__()
        self.masks, self.p = masks(width, p), p

    def forward(self, x):
        self.saved = next(self.masks)[: len(x)] / (1 - self.p) if self.training else np.ones_like(x)
        return x * self.saved

    def backward(self, dy):
        return dy * self.saved


class TorchMasks(torch.nn.Module):
    def __init__(self, width, p):
        super().__init__()
        self.masks, self.p = masks(width, p), p

    def forward(self, x):
        return x * torch.tensor(next(self.masks)[: len(x)] / (1 - self.p)) if self.training else x


def dense(library, dropout):
    return library.Sequential(
        library.Flatten(),
        library.Linear(36, 20),
        library.ReLU(),
        dropout(20, 0.5),
        library.Linear(20, 12),
        library.Tanh(),
        dropout(12, 0.2),
        library.Linear(12, 4),
    )


def convolutional(library, dropout):
    # No bias in front of a normalization: its gradient is 0 but for rounding, and Adam makes a full step of that.
    return library.Sequential(
        library.Conv2d(1, 3, 3, padding=1, bias=False),
        library.BatchNorm2d(3),
        library.ReLU(),
        library.Conv2d(3, 4, 3, stride=2, padding=1, bias=False),
        library.BatchNorm2d(4),
        library.GELU(),
        library.Flatten(),
        dropout(36, 0.3),
        library.Linear(36, 4),
    )


OPTIMIZERS = {
    "sgd": ("SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 1e-2}),
    "adam": ("Adam", {"lr": 0.01}),
    "adam with decay": ("Adam", {"lr": 0.01, "weight_decay": 1e-2}),
}


@pytest.mark.parametrize("schedule", [constant, cosine, one_cycle])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("network", [dense, convolutional])
def test_both_backends_agree_over_50_steps(network, optimizer, schedule):
    torch.manual_seed(0)
    theirs = network(torch.nn, TorchMasks).double()
    ours = network(nn, NumpyMasks).astype(np.float64).load_state_dict(theirs.state_dict())
    name, settings = OPTIMIZERS[optimizer]

    # A schedule is asked at each step, so it can look at the model there.
    seen_ours, seen_theirs = [], []

    def watch_ours(step, total_steps):
        seen_ours.append({key: value.copy() for key, value in ours.state_dict().items()})
        return schedule(step, total_steps)

    def watch_theirs(step, total_steps):
        seen_theirs.append({key: value.numpy().copy() for key, value in theirs.state_dict().items()})
        return schedule(step, total_steps)

    call = {"epochs": EPOCHS, "batch_size": BATCH}
    ours_history = numpy_loop.fit(
        ours,
        data(n_test=0),
        getattr(nn, name)(ours, **settings),
        schedule=watch_ours,
        rng=np.random.default_rng(1),
        **call,
    )
    theirs_history = torch_loop.fit(
        theirs,
        data(n_test=0),
        getattr(torch.optim, name)(theirs.parameters(), **settings),
        schedule=watch_theirs,
        rng=np.random.default_rng(1),
        **call,
    )

    watch_ours(0, 1), watch_theirs(0, 1)  # after the last step
    assert len(seen_ours) == len(seen_theirs) == 51
    for step, (a, b) in enumerate(zip(seen_ours, seen_theirs, strict=True)):
        assert a.keys() == b.keys()
        for key in a:
            np.testing.assert_allclose(
                a[key], b[key], rtol=0, atol=1e-10, err_msg=f"{key} before step {step}"
            )
    for key, start in seen_ours[0].items():
        assert np.abs(seen_ours[-1][key] - start).max() > 1e-3, f"{key} was not trained"
    np.testing.assert_allclose(ours_history.train_loss, theirs_history.train_loss, rtol=1e-10)
    assert ours_history.train_error == theirs_history.train_error
    assert ours_history.train_loss[-1] < ours_history.train_loss[0]
