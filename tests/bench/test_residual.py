"""Speed of residual networks in float32 against torch: `make bench`."""

import numpy as np
import torch
from torch.nn import functional as F

from coursepkg.nn import SGD, CrossEntropyLoss
from coursepkg.residual import torch_resnet
from tests.bench.conftest import bound

SHAPE = (32, 1, 28, 28)


def test_training_step(benchmark, compare):
    """A step of ResNet-20, forward, backward and SGD: at most 1.5 times torch's time."""
    benchmark.group = "residual networks"
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal(SHAPE, np.float32), rng.integers(0, 10, SHAPE[0])
    torch.manual_seed(0)
    theirs = torch_resnet.cifar_resnet(20, in_channels=1)
    ours = torch_resnet.to_numpy(theirs)
    optimizer, loss = SGD(ours, 0.1, momentum=0.9), CrossEntropyLoss()
    torch_optimizer = torch.optim.SGD(theirs.parameters(), 0.1, momentum=0.9)
    inputs, labels = torch.from_numpy(x), torch.from_numpy(y)

    def step():
        loss.forward(ours.forward(x), y)
        ours.backward(loss.backward())
        optimizer.step()

    def torch_step():
        torch_optimizer.zero_grad()
        F.cross_entropy(theirs(inputs), labels).backward()
        torch_optimizer.step()

    ratios = compare(f"training step of ResNet-20, {SHAPE}", {"NumPy": step, "torch": torch_step})
    bound(1 / ratios["torch"], 1.5)
