"""Which activations make one network with scaled weights a good stand-in for the mean of all thinned ones?"""

import itertools

import numpy as np
import torch
from torch import nn

from coursepkg.data import digits
from coursepkg.dropout.torch_layers import Maxout
from coursepkg.experiments import experiment
from coursepkg.experiments.dropout._nets import mlp, pictures, train
from coursepkg.training.torch_loop import evaluate


def _hidden(activation):
    return lambda fan_in, units: nn.Sequential(nn.Linear(fan_in, units), activation())


HIDDEN = {
    "linear": nn.Linear,
    "relu": _hidden(nn.ReLU),
    "maxout": Maxout,
    "tanh": _hidden(nn.Tanh),
    "sigmoid": _hidden(nn.Sigmoid),
}


@experiment("dropout-activations", seeds=6, first_seed=100)
def run(
    seed, device, *, n_train=2000, width=128, epochs=40, draws=2000, narrow=12, behind=32, narrow_epochs=100
):
    """Distance from the weight-scaled network to the geometric mean of its thinned networks, by activation.

    Args:
        seed: of the pictures, the weights, the masks and the batches.
        device: where the networks are trained.
        n_train: Fashion-MNIST pictures for the wide networks, 784-width-width-10, p = 0.5 in both hidden
            layers.
        epochs, narrow_epochs: of 50-picture batches, Adam.
        draws: masks sampled for each picture in the wide networks.
        narrow, behind: units of the narrow networks for 8x8 digits, 64-narrow-behind-10, p = 0.5 in the first
            hidden layer alone, so that all its 2^narrow masks can be enumerated.
    Returns:
        dict: {wide, narrow} . {start, plain, dropout} . {linear, relu, maxout, tanh, sigmoid} . {kl,
        disagree, train_loss, test_error}: before training, after training without dropout, and with it. kl:
        KL(geometric mean, weight-scaled) in nats, mean over 300 test pictures; for the wide networks the bias
        of sampling is extrapolated away, and kl_sampled still has it. disagree: share of these pictures in
        which the two predict different classes.
    """
    clothes, written = pictures(seed, n_train), digits(rng=np.random.default_rng(seed))
    cases = {
        "wide": (clothes, (784, width, width, 10), (0, 0.5, 0.5), epochs),
        "narrow": (written, (64, narrow, behind, 10), (0, 0.5, 0), narrow_epochs),
    }
    result = {}
    for case, (data, sizes, rates, length) in cases.items():
        x = torch.as_tensor(data.test.x[:300], device=device)
        result[case] = {"start": {}, "plain": {}, "dropout": {}}
        for name, hidden in HIDDEN.items():
            for moment in result[case]:
                dropped = mlp(sizes, rates, seed, device, hidden=hidden)
                if moment == "dropout":
                    train(dropped, data, seed, epochs=length)
                if moment == "plain":
                    plain = mlp(sizes, (0, 0, 0), seed, device, hidden=hidden)
                    train(plain, data, seed, epochs=length)
                    dropped.load_state_dict(plain.state_dict())
                distance = _sampled(dropped, x, draws) if case == "wide" else _enumerated(dropped, x, narrow)
                result[case][moment][name] = {
                    **distance,
                    "train_loss": evaluate(dropped, data.train)[0],
                    "test_error": evaluate(dropped, data.test)[1],
                }
    return result


@torch.no_grad()
def _enumerated(model, x, units):
    scaled = model.eval()(x)
    before, behind = model[:2], model[3:]  # the dropout between them is done by hand
    h = before(x)
    total = 0
    for mask in itertools.product([0.0, 2.0], repeat=units):
        total += behind(h * torch.tensor(mask, device=x.device)).log_softmax(1).double()
    kl, disagree = _distance(total / 2**units, scaled)
    return {"kl": kl, "disagree": disagree}


@torch.no_grad()
def _sampled(model, x, draws):
    scaled = model.eval()(x)
    h = model[:2](x)  # nothing is dropped before
    behind = model[2:].train()
    at_once = 50
    halves = []
    for _ in range(2):
        total = 0
        for _ in range(draws // (2 * at_once)):
            logs = behind(h.repeat(at_once, 1)).log_softmax(1).double()
            total += logs.unflatten(0, (at_once, -1)).sum(0)  # (50 N, 10) -> (N, 10)
        halves.append(total / (draws // (2 * at_once) * at_once))
    kl_half = np.mean([_distance(half, scaled)[0] for half in halves])
    kl_all, disagree = _distance((halves[0] + halves[1]) / 2, scaled)
    # Sampling adds a bias in proportion to 1 / draws: twice the whole less the half is free of it.
    return {"kl": 2 * kl_all - kl_half, "kl_sampled": kl_all, "disagree": disagree}


def _distance(mean_log, logits):
    geometric = mean_log.log_softmax(1)
    scaled = logits.double().log_softmax(1)
    kl = (geometric.exp() * (geometric - scaled)).sum(1).mean().item()
    return kl, (geometric.argmax(1) != scaled.argmax(1)).double().mean().item()
