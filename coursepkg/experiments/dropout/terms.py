"""Is it the activation behind the dropout that spoils weight scaling, or the one in front of it?"""

import itertools

import numpy as np
import torch
from torch import nn

from coursepkg.data import digits
from coursepkg.dropout.torch_layers import Dropout
from coursepkg.experiments import experiment
from coursepkg.experiments.dropout._nets import train

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}
ENUMERATED_UP_TO = 12  # 4,096 masks


@experiment("dropout-terms", seeds=6, first_seed=100)
def run(seed, device, *, widths=(8, 12, 24, 48, 96), behind=32, epochs=120, draws=1000, pictures=200):
    """Error of weight scaling by the activation in front of the dropout, the one behind it, and the width.

    Args:
        seed: of the pictures, the weights, the masks and the batches.
        device: where the networks are trained.
        widths: units in the first hidden layer, the only one with dropout, p = 0.5.
        behind: units in the second hidden layer.
        epochs: of 50-picture batches of 8x8 digits, Adam.
        draws: masks for first layers of more than 12 units, in pairs of a mask and its opposite; for narrower
            ones all masks are enumerated.
        pictures: test pictures that the distances and errors are a mean over.
    Returns:
        dict: front_relu, front_tanh, front_sigmoid . behind_relu, behind_tanh . {kl, terms, average_error,
        scaled_error}, each a list over widths. kl: KL(geometric mean, weight-scaled). terms: (sum |h|)^2 /
        sum h^2 over the first hidden layer, the number of equal activations that would give the same. The
        errors are the test errors of the geometric mean and of the weight-scaled network.
    """
    data = digits(rng=np.random.default_rng(seed))
    x = torch.as_tensor(data.test.x[:pictures], device=device)
    y = torch.as_tensor(data.test.y[:pictures], device=device)
    result = {}
    for front in ACTIVATIONS:
        result[f"front_{front}"] = {}
        for back in ("relu", "tanh"):
            rows = [_measure(seed, data, x, y, front, back, width, behind, epochs, draws) for width in widths]
            result[f"front_{front}"][f"behind_{back}"] = {key: [row[key] for row in rows] for key in rows[0]}
    return result


def _measure(seed, data, x, y, front, back, width, behind, epochs, draws):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = nn.Sequential(
            nn.Linear(64, width),
            ACTIVATIONS[front](),
            Dropout(0.5, rng=torch.Generator(x.device).manual_seed(seed)),
            nn.Linear(width, behind),
            ACTIVATIONS[back](),
            nn.Linear(behind, 10),
        ).to(x.device)
        train(model, data, seed, epochs=epochs)
    model = model.eval().double()
    with torch.no_grad():
        h = model[:2](x.double())
        scaled = model[3:](h).log_softmax(1)
        average = _mean_behind(model, h, _masks(width, draws, seed).to(h)).log_softmax(1)
    return {
        "kl": (average.exp() * (average - scaled)).sum(1).mean().item(),
        # A picture that silences every unit has no terms at all.
        "terms": (h.abs().sum(1) ** 2 / (h**2).sum(1).clamp_min(1e-12)).mean().item(),
        "average_error": (average.argmax(1) != y).double().mean().item(),
        "scaled_error": (scaled.argmax(1) != y).double().mean().item(),
    }


def _masks(width, draws, seed):
    if width <= ENUMERATED_UP_TO:
        return torch.tensor(list(itertools.product([0.0, 1.0], repeat=width)))
    half = (torch.rand(draws // 2, width, generator=torch.Generator().manual_seed(seed)) < 0.5).double()
    # With its opposite, each mask's linear part cancels: what is left to sample is the curvature alone.
    return torch.cat([half, 1 - half])


def _mean_behind(model, h, masks):
    # Only the activation is nonlinear in the mask, so its mean is all that has to be averaged.
    total = sum(model[3:5](2 * mask * h) for mask in masks)
    return model[5](total / len(masks))
