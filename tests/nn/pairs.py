"""Every layer of coursepkg.nn beside PyTorch's, with inputs: what the suites of this folder run over."""

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import torch

from coursepkg import nn


@dataclass(frozen=True)
class Pair:
    """One layer in both backends, made by the same call, and the shape of its input."""

    name: str
    args: tuple
    kwargs: dict
    shape: tuple
    eval: bool = False

    def numpy(self, dtype=np.float64):
        """The NumPy layer, its parameters random."""
        constructor = getattr(nn, self.name)
        takes_dtype = self.name in HAVE_DTYPE
        layer = constructor(*self.args, **self.kwargs, **({"dtype": dtype} if takes_dtype else {}))
        rng = np.random.default_rng(1)
        for value in layer.params.values():
            value[...] = rng.normal(0, 0.7, value.shape)
        for key, value in layer.buffers.items():
            value[...] = 3 if key == "num_batches_tracked" else rng.uniform(0.5, 2, value.shape)
        return layer.train(not self.eval)

    def torch(self, layer, dtype=np.float64):
        """PyTorch's layer with the parameters and buffers of a NumPy layer."""
        module = getattr(torch.nn, self.name)(*self.args, **self.kwargs).to(as_torch(dtype))
        module.load_state_dict({key: torch.tensor(value) for key, value in layer.state_dict().items()})
        return module.train(not self.eval)

    def x(self, dtype=np.float64):
        """An input without values near 0, where some layers have a kink."""
        rng = np.random.default_rng(2)
        return (rng.choice([-1, 1], self.shape) * rng.uniform(0.1, 2, self.shape)).astype(dtype)

    def __str__(self):
        words = [str(arg) for arg in self.args] + [f"{key}={value}" for key, value in self.kwargs.items()]
        shape = "x".join(map(str, self.shape))
        return f"{self.name}({', '.join(words)}) {shape}{' eval' if self.eval else ''}".replace("'", "")


HAVE_DTYPE = ("Linear", "Conv2d", "BatchNorm1d", "BatchNorm2d", "LayerNorm")


def pair(name, *args, shape, eval=False, **kwargs: Any):
    return Pair(name, args, kwargs, shape, eval)


def as_torch(dtype):
    return getattr(torch, np.dtype(dtype).name)


def convolutions():
    """Kernels, strides, paddings and dilations, alone and together, where the picture is large enough."""
    for kernel, stride, padding, dilation in product(
        (1, 2, 3, (3, 1)), (1, 2, (3, 1)), (0, 1, (1, 2)), (1, 2, (1, 3))
    ):
        yield pair(
            "Conv2d", 2, 3, kernel, shape=(3, 2, 8, 7), stride=stride, padding=padding, dilation=dilation
        )
    yield pair("Conv2d", 2, 3, 3, shape=(3, 2, 3, 3))  # one position
    yield pair("Conv2d", 1, 9, 3, shape=(2, 1, 5, 5), padding=1)  # many more outputs than inputs
    yield pair("Conv2d", 6, 1, 3, shape=(2, 6, 5, 5), padding=1, bias=False)
    yield pair("Conv2d", 2, 3, 2, shape=(2, 2, 3, 3), padding=4)  # more padding than kernel
    yield pair("Conv2d", 1, 1, 5, shape=(2, 1, 9, 9), stride=7)  # pixels that no window sees
    yield pair("Conv2d", 2, 3, 3, shape=(0, 2, 5, 5), padding=1)
    yield pair("Conv2d", 2, 3, 3, shape=(0, 2, 5, 5), stride=2)


def normalizations():
    shapes = {"BatchNorm1d": ((5, 3), (4, 3, 6), (0, 3)), "BatchNorm2d": ((4, 3, 5, 2), (0, 3, 2, 2))}
    for name, of_name in shapes.items():
        for shape, training in product(of_name, (True, False)):
            yield pair(name, 3, shape=shape, eval=not training)
        for kwargs in (
            {"eps": 0.1, "momentum": 0.5},
            {"momentum": None},
            {"affine": False},
            {"track_running_stats": False},
            {"affine": False, "track_running_stats": False},
            {"bias": False},
        ):
            yield pair(name, 3, shape=of_name[0], **kwargs)
        yield pair(name, 3, shape=of_name[0], eval=True, track_running_stats=False)
        yield pair(name, 3, shape=of_name[0], eval=True, affine=False)
    yield pair("LayerNorm", 6, shape=(4, 6))
    yield pair("LayerNorm", (3, 2), shape=(4, 5, 3, 2))
    yield pair("LayerNorm", (4, 3), shape=(4, 3), eps=0.1)
    yield pair("LayerNorm", 6, shape=(2, 3, 6), elementwise_affine=False)
    yield pair("LayerNorm", 6, shape=(2, 3, 6), bias=False)
    yield pair("LayerNorm", 6, shape=(0, 6))


PAIRS = [
    pair("Linear", 4, 3, shape=(5, 4)),
    pair("Linear", 4, 3, shape=(4,)),
    pair("Linear", 4, 3, shape=(2, 3, 5, 4), bias=False),
    pair("Linear", 1, 1, shape=(1, 1)),
    pair("Linear", 4, 3, shape=(0, 4)),
    *convolutions(),
    *normalizations(),
    pair("ReLU", shape=(3, 4)),
    pair("LeakyReLU", shape=(3, 4)),
    pair("LeakyReLU", 0.3, shape=(2, 3, 4)),
    pair("GELU", shape=(3, 4)),
    pair("GELU", approximate="tanh", shape=(3, 4)),
    pair("Tanh", shape=(3, 4)),
    pair("Sigmoid", shape=(3, 4)),
    *(pair(name, shape=(0, 3)) for name in ("ReLU", "LeakyReLU", "GELU", "Tanh", "Sigmoid", "Flatten")),
    pair("Flatten", shape=(3, 2, 4, 5)),
    pair("Flatten", 0, shape=(3, 2, 4)),
    pair("Flatten", 1, 2, shape=(3, 2, 4, 5)),
    pair("Flatten", -2, -1, shape=(3, 2, 4, 5)),
]
