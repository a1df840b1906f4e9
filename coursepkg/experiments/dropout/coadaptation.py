"""Do hidden units rely less on each other when any of them may be missing?"""

import numpy as np
import torch

from coursepkg.experiments import experiment
from coursepkg.experiments.dropout._nets import mlp, pictures, train
from coursepkg.training import cosine
from coursepkg.training.torch_loop import evaluate


@experiment("dropout-coadaptation", seeds=10, first_seed=100)
def run(seed, device, *, n_train=1000, epochs=40, hidden=256, p_hidden=0.5, layers=(1, 2), draws=20):
    """Correlation between hidden units, share of zeros, and test error when units are killed.

    Args:
        seed: of the pictures, the weights, the masks, the batches and the killed units.
        device: where the networks are trained.
        n_train: training pictures.
        epochs: of 50-picture batches, Adam with a cosine schedule.
        hidden: units in each hidden layer.
        p_hidden: probability of dropping a hidden unit, in the network with dropout.
        layers: numbers of hidden layers to try; what is measured is the last of them.
        draws: how often the units to kill are drawn; the error is the mean.
    Returns:
        dict: layers1, layers2 . {plain, dropout} . {test_error, correlation, zeros, activation, killed}.
        `correlation`: mean absolute value over all pairs of units that are not constant on the test set;
        `activation`: mean over all units and pictures; `killed`: list of test errors without 10, 20, ...,
        90 % of the units, the others scaled up so that their sum is as large as before.
    """
    data = pictures(seed, n_train)
    x = torch.as_tensor(data.test.x, device=device)
    y = torch.as_tensor(data.test.y, device=device)
    result = {}
    for count in layers:
        result[f"layers{count}"] = {}
        for net, p in (("plain", 0.0), ("dropout", p_hidden)):
            model = mlp((784, *[hidden] * count, 10), (0, *[p] * count), seed, device)
            train(model, data, seed, epochs=epochs, schedule=cosine)
            with torch.no_grad():
                h = model.eval()[:-2](x)  # (N, hidden), behind the last ReLU
                result[f"layers{count}"][net] = {
                    "test_error": evaluate(model, data.test)[1],
                    "correlation": _correlation(h),
                    "zeros": (h == 0).float().mean().item(),
                    "activation": h.mean().item(),
                    "killed": _errors_after_killing(h, model[-1], y, np.random.default_rng(seed), draws),
                }
    return result


def _correlation(h):
    h = h[:, h.std(0) > 0].double()
    matrix = torch.corrcoef(h.T).abs()
    return ((matrix.sum() - len(matrix)) / (len(matrix) * (len(matrix) - 1))).item()


def _errors_after_killing(h, output, y, rng, draws):
    errors = []
    for share in np.arange(1, 10) / 10:
        kept = h.shape[1] - round(share * h.shape[1])
        wrong = 0.0
        for _ in range(draws):
            mask = torch.zeros(h.shape[1], device=h.device)
            mask[rng.permutation(h.shape[1])[:kept]] = h.shape[1] / kept
            wrong += (output(h * mask).argmax(1) != y).float().mean().item()
        errors.append(wrong / draws)
    return errors
