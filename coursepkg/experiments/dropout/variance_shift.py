"""Dropout in front of batch normalization: the variance it was trained on is not the one it meets in use."""

import torch
from torch import nn

from coursepkg.dropout.torch_layers import Dropout
from coursepkg.experiments import experiment
from coursepkg.experiments.dropout._nets import pictures, train
from coursepkg.training import cosine
from coursepkg.training.torch_loop import evaluate


@experiment("dropout-variance-shift", seeds=6, first_seed=100)
def run(seed, device, *, n_train=1000, epochs=40, hidden=256, depths=(2, 6), rates=(0.2, 0.5)):
    """Variance entering a batch normalization in training and in use, and test error, by dropout's place.

    Args:
        seed: of the pictures, the weights, the masks and the batches.
        device: where the networks are trained.
        n_train: training pictures.
        epochs: of 50-picture batches, Adam with a cosine schedule.
        hidden: units in each hidden layer, which is linear, batch normalization, ReLU.
        depths: numbers of hidden layers.
        rates: probabilities of dropping a hidden unit.
    Returns:
        dict: depth2, depth6 . {none, p20 . place, p50 . place} . {train_loss, test_loss, test_error,
        variance_ratio, recalibrated_loss, recalibrated_error}. Places: once, behind the last hidden layer and
        so behind all normalizations (after); behind every hidden layer but the last, so that a linear layer
        lies between dropout and normalization (before); in front of each normalization (direct).
        variance_ratio: of what enters the last normalization, on the training pictures, with dropout on over
        dropout off, mean over units. recalibrated: the normalizations' running statistics computed again with
        dropout switched off. Losses and errors are those with dropout off.
    Source: Li et al., Understanding the disharmony between dropout and batch normalization, CVPR 2019.
    """
    data = pictures(seed, n_train)
    x = torch.as_tensor(data.train.x, device=device)

    def measured(depth, place, p):
        model = _net(depth, place, p, hidden, seed, device)
        train(model, data, seed, epochs=epochs, schedule=cosine)
        (train_loss, _), (test_loss, test_error) = (evaluate(model, split) for split in data)
        ratio = _variance_ratio(model, x)
        _recalibrate(model, x)
        recalibrated_loss, recalibrated_error = evaluate(model, data.test)
        return {
            "train_loss": train_loss,
            "test_loss": test_loss,
            "test_error": test_error,
            "variance_ratio": ratio,
            "recalibrated_loss": recalibrated_loss,
            "recalibrated_error": recalibrated_error,
        }

    result = {}
    for depth in depths:
        result[f"depth{depth}"] = {"none": measured(depth, "none", 0.0)}
        for p in rates:
            places = {place: measured(depth, place, p) for place in ("after", "before", "direct")}
            result[f"depth{depth}"][f"p{100 * p:.0f}"] = places
    return result


def _net(depth, place, p, hidden, seed, device):
    rng = torch.Generator(device).manual_seed(seed)
    layers = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for number in range(1, depth + 1):
            layers += [nn.Linear(hidden if layers else 784, hidden)]
            layers += [Dropout(p, rng=rng)] if place == "direct" else []
            layers += [nn.BatchNorm1d(hidden), nn.ReLU()]
            layers += [Dropout(p, rng=rng)] if place == ("after" if number == depth else "before") else []
        layers += [nn.Linear(hidden, 10)]
    return nn.Sequential(*layers).to(device)


@torch.no_grad()
def _variance_ratio(model, x):
    last = max(number for number, layer in enumerate(model) if isinstance(layer, nn.BatchNorm1d))
    to_norm = model[:last].eval()
    off = to_norm(x).var(0, correction=0)
    for layer in to_norm:
        layer.train(isinstance(layer, Dropout))
    on = torch.cat([to_norm(x) for _ in range(20)]).var(0, correction=0)
    model.eval()
    return (on / off)[off > 0].mean().item()


@torch.no_grad()
def _recalibrate(model, x):
    model.eval()
    for norm in [layer for layer in model if isinstance(layer, nn.BatchNorm1d)]:
        norm.momentum = 1.0  # the statistics of all pictures at once, in place of a running mean
        norm.train()
        model(x)
        norm.eval()
