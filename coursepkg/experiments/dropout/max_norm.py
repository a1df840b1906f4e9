"""What does a limit on the weights do for a network, with dropout and without?"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from coursepkg.dropout.torch_layers import max_norm_
from coursepkg.experiments import experiment
from coursepkg.experiments.dropout._nets import BATCH, SIZES, mlp, pictures
from coursepkg.training import cosine
from coursepkg.training.torch_loop import evaluate


@experiment("dropout-max-norm", seeds=6, first_seed=100)
def run(
    seed,
    device,
    *,
    n_train=1000,
    label_noise=0.3,
    epochs=40,
    p_input=0.2,
    p_hidden=0.5,
    learning_rates=(0.03, 0.1, 0.3),
    limits=(2.0, 1.0),
):
    """Test error by learning rate, with the incoming weights of each unit free or limited in norm.

    Args:
        seed: of the pictures, the weights, the masks and the batches.
        device: where the networks are trained.
        n_train: training pictures.
        label_noise: share of the training labels drawn again.
        epochs: of 50-picture batches, SGD with momentum 0.9 and a cosine schedule.
        p_input, p_hidden: of the network with dropout.
        learning_rates: at the start of the schedule.
        limits: largest norms of the weights into a unit, enforced after each step.
    Returns:
        dict: {plain, dropout} . {free, limit2, limit1} . {test_error, hidden_norm}, lists over the learning
        rates; hidden_norm is the largest norm of the weights into a unit of the second hidden layer.
    """
    data = pictures(seed, n_train, label_noise)
    result = {}
    for net, rates in (("plain", (0, 0, 0)), ("dropout", (p_input, p_hidden, p_hidden))):
        result[net] = {}
        for name, limit in [("free", None), *((f"limit{limit:.0f}", limit) for limit in limits)]:
            measured = []
            for lr in learning_rates:
                model = mlp(SIZES, rates, seed, device)
                _train(model, data.train, seed, epochs, lr, limit)
                largest = [layer.weight.norm(dim=1).max().item() for layer in _linear(model)]
                measured.append((evaluate(model, data.test)[1], largest[1]))
            error, norm = zip(*measured, strict=True)
            result[net][name] = {"test_error": error, "hidden_norm": norm}
    return result


def _linear(model):
    return [layer for layer in model.modules() if isinstance(layer, nn.Linear)]


def _train(model, split, seed, epochs, lr, limit):
    # Not training.fit: the limit is enforced after each step, and there a loss that overflows is an error.
    x, y = torch.as_tensor(split.x), torch.as_tensor(split.y).long()
    optimizer = torch.optim.SGD(model.parameters(), lr, momentum=0.9)
    rng, step, device = np.random.default_rng(seed), 0, next(model.parameters()).device
    model.train()
    for _ in range(epochs):
        for batch in torch.as_tensor(rng.permutation(len(x))).split(BATCH):
            optimizer.param_groups[0]["lr"] = lr * cosine(step, epochs * -(-len(x) // BATCH))
            optimizer.zero_grad()
            F.cross_entropy(model(x[batch].to(device)), y[batch].to(device)).backward()
            optimizer.step()
            step += 1
            for layer in _linear(model) if limit else ():
                max_norm_(layer.weight, limit)
