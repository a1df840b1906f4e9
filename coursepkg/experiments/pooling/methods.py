"""A small convolutional network, thinned out in several ways: what it learns, and what shifts do to it."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from coursepkg.data import Data, Split, fashion_mnist
from coursepkg.experiments import experiment
from coursepkg.experiments.pooling._nets import train
from coursepkg.pooling.torch_layers import BlurPool2d, GlobalAvgPool, GlobalMaxPool
from coursepkg.training.torch_loop import evaluate


@experiment("pooling-methods", seeds=6, first_seed=100)
def run(
    seed,
    device,
    *,
    n_train=1000,
    epochs=25,
    margin=4,
    shifts=(1, 2, 4, 8),
    angles=(2, 5, 10, 20, 30),
    n_moved=1000,
):
    """Errors, and how often a prediction survives a shift or a rotation, for each way to thin out.

    Args:
        seed: of the pictures, the weights and the batches.
        device: where the networks are trained.
        n_train: training pictures, Fashion-MNIST, 28x28.
        epochs: of 50-picture batches, Adam with learning rate 0.01 and a one-cycle schedule.
        margin: pixels of white around the pictures of the networks called canvas.
        shifts: pixels, tried up, down, left and right.
        angles: degrees, tried both ways.
        n_moved: test pictures that are shifted and rotated, of 2,000 that are tested.
    Returns:
        dict: {none, max, average, blur, max_blur, stride, global_max, global_average, canvas_max,
        canvas_global_max} . {train_loss, train_error, test_loss, test_error, same_shift, same_rotation,
        moved_shift}: shares of pictures whose predicted class stays, for each shift and angle, and how far
        the features in front of the last layer move, relative to their length.
    """
    train_set, test_set = fashion_mnist(n_train, rng=np.random.default_rng(seed))
    plain = Data(train_set, test_set)
    canvas = Data(*(Split(_with_margin(split.x, margin), split.y) for split in plain))
    nets = {name: (make, plain) for name, make in METHODS.items()}
    nets |= {f"canvas_{name}": (METHODS[name], canvas) for name in ("max", "global_max")}
    return {
        name: measured(make, data, seed, device, epochs, shifts, angles, n_moved)
        for name, (make, data) in nets.items()
    }


def network(thin, seed, *, size=28, stride=1, head=nn.Identity):
    """Two convolutions of 16 and 32 maps, each with a ReLU and a layer that thins out, and a linear layer.

    Args:
        thin: function that makes the layer.
        seed: of the weights.
        size: side of the pictures in pixels.
        stride: of the convolutions.
        head: function that makes a layer in front of the linear one.
    Returns:
        nn.Sequential: the features, and the linear layer.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        features = nn.Sequential(
            *(nn.Conv2d(1, 16, 3, stride, padding=1), nn.ReLU(), thin()),
            *(nn.Conv2d(16, 32, 3, stride, padding=1), nn.ReLU(), thin()),
            *(head(), nn.Flatten()),
        )
        count = features(torch.zeros(1, 1, size, size)).shape[1]
        return nn.Sequential(features, nn.Linear(count, 10))


def max_then_blur():
    """Max pooling in steps of one pixel, and blurring when every other pixel is left out."""
    return nn.Sequential(nn.MaxPool2d(2, stride=1), BlurPool2d(3, 2))


METHODS = {
    "none": lambda seed, size: network(nn.Identity, seed, size=size),
    "max": lambda seed, size: network(lambda: nn.MaxPool2d(2), seed, size=size),
    "average": lambda seed, size: network(lambda: nn.AvgPool2d(2), seed, size=size),
    "blur": lambda seed, size: network(lambda: BlurPool2d(3, 2), seed, size=size),
    "max_blur": lambda seed, size: network(max_then_blur, seed, size=size),
    "stride": lambda seed, size: network(nn.Identity, seed, size=size, stride=2),
    "global_max": lambda seed, size: network(lambda: nn.MaxPool2d(2), seed, size=size, head=GlobalMaxPool),
    "global_average": lambda seed, size: network(
        lambda: nn.MaxPool2d(2), seed, size=size, head=GlobalAvgPool
    ),
}
"""Each a function (seed, size of the pictures) -> nn.Sequential(features, linear layer)."""


def shifted(x, down, right):
    """Pictures moved by whole pixels; what leaves them is lost and white comes in.

    Args:
        x: tensor (N, C, H, W).
        down, right: pixels; negative ones go up and left.
    """
    height, width = x.shape[-2:]
    y = torch.zeros_like(x)
    y[..., max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)] = x[
        ..., max(-down, 0) : height + min(-down, 0), max(-right, 0) : width + min(-right, 0)
    ]
    return y


def rotated(x, degrees):
    """Pictures turned about their centers, with bilinear interpolation; white comes in.

    Args:
        x: tensor (N, C, H, W), H = W.
        degrees: clockwise.
    """
    turn = torch.tensor(np.deg2rad(degrees), dtype=x.dtype)
    matrix = torch.stack([turn.cos(), turn.sin(), 0 * turn, -turn.sin(), turn.cos(), 0 * turn]).view(1, 2, 3)
    grid = F.affine_grid(matrix.expand(len(x), 2, 3), x.shape, align_corners=False)
    return F.grid_sample(x, grid.to(x), align_corners=False)


def measured(make, data, seed, device, epochs, shifts, angles, n_moved):
    """Train a network, and compare what it says of pictures, of moved and of turned ones.

    Args:
        make: function (seed, size of the pictures) -> nn.Sequential(features, linear layer).
        data: Data to train and to test with.
        seed, device, epochs, shifts, angles, n_moved: as in `run`.
    Returns:
        dict, as in `run`.
    """
    model = make(seed, data.train.x.shape[-1]).to(device)
    train(model, data, seed, epochs)
    (train_loss, train_error), (test_loss, test_error) = (evaluate(model, split) for split in data)
    x = torch.as_tensor(data.test.x[:n_moved], device=device)
    kept, moved = [], []
    for pixels in shifts:
        ways = [
            shifted(x, pixels * down, pixels * right) for down, right in ((1, 0), (-1, 0), (0, 1), (0, -1))
        ]
        same, distance = zip(*(_compared(model, x, way) for way in ways), strict=True)
        kept.append(np.mean(same))
        moved.append(np.mean(distance))
    turned = [np.mean([_compared(model, x, rotated(x, a))[0] for a in (angle, -angle)]) for angle in angles]
    return {
        "train_loss": train_loss,
        "train_error": train_error,
        "test_loss": test_loss,
        "test_error": test_error,
        "same_shift": kept,
        "same_rotation": turned,
        "moved_shift": moved,
    }


def _with_margin(x, margin):
    return np.pad(x, ((0, 0), (0, 0), (margin, margin), (margin, margin)))


@torch.no_grad()
def _compared(model, x, other):
    """Share of equal predictions, and the mean relative distance of the features."""
    features, output = model
    before, after = (torch.cat([features(part) for part in y.split(500)]) for y in (x, other))
    same = (output(before).argmax(1) == output(after).argmax(1)).double().mean()
    return same.item(), ((after - before).norm(dim=1) / before.norm(dim=1)).mean().item()
