"""Pooling, or a convolution in its place, each with as many weights as the other."""

import numpy as np
import torch
from torch import nn

from coursepkg.data import fashion_mnist
from coursepkg.experiments import experiment
from coursepkg.experiments.pooling._nets import train
from coursepkg.training.torch_loop import evaluate


@experiment("pooling-all-convolutional", seeds=6, first_seed=100)
def run(seed, device, *, sizes=(1000, 5000), epochs=(25, 10)):
    """Errors on Fashion-MNIST of the four networks of the All-CNN comparison, made small.

    Args:
        seed: of the pictures, the weights and the batches.
        device: where the networks are trained.
        sizes: numbers of training pictures.
        epochs: for each of these sizes, of 50-picture batches, Adam with learning rate 0.01 and a one-cycle
            schedule.
    Returns:
        dict: {stride, max, conv_stride, conv_max} . {weights, train_loss, train_error, test_loss,
        test_error}, the last four a list over the sizes.
    Source: Springenberg et al. 2015, Striving for Simplicity: The All Convolutional Net, section 3.1.
    """
    found = {name: {"weights": 0} for name in NETS}
    for size, passes in zip(sizes, epochs, strict=True):
        data = fashion_mnist(size, rng=np.random.default_rng(seed))
        for name, parts in NETS.items():
            model = network(*parts, seed).to(device)
            train(model, data, seed, passes)
            found[name]["weights"] = sum(parameter.numel() for parameter in model.parameters())
            for part, split in zip(("train", "test"), data, strict=True):
                loss, error = evaluate(model, split)
                found[name].setdefault(f"{part}_loss", []).append(loss)
                found[name].setdefault(f"{part}_error", []).append(error)
    return found


NETS = {
    "stride": ((2,), nn.Identity),
    "max": ((1,), lambda: nn.MaxPool2d(2)),
    "conv_stride": ((1, 2), nn.Identity),
    "conv_max": ((1, 1), lambda: nn.MaxPool2d(2)),
}
"""The strides of a stage's convolutions, and what follows them. The authors call the four Strided-CNN, the
base model, All-CNN and ConvPool-CNN."""


def network(strides, thin, seed):
    """Two stages of 3x3 convolutions with ReLUs, of 16 and 32 maps, each thinned out, and a linear layer.

    Args:
        strides: of the convolutions of a stage, one for each.
        thin: function that makes the layer at the end of a stage.
        seed: of the weights.
    Returns:
        nn.Sequential, for pictures (N, 1, 28, 28).
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers, maps = [], 1
        for width in (16, 32):
            for stride in strides:
                layers += [nn.Conv2d(maps, width, 3, stride, padding=1), nn.ReLU()]
                maps = width
            layers.append(thin())
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(32 * 7 * 7, 10))
