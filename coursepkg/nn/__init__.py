"""What the components plug into, in NumPy."""

from coursepkg.nn.activation import GELU, LeakyReLU, ReLU, Sigmoid, Tanh, log_softmax, softmax
from coursepkg.nn.conv import Conv2d
from coursepkg.nn.init import glorot_uniform, he_normal, small_normal, torch_default
from coursepkg.nn.linear import Flatten, Linear
from coursepkg.nn.loss import CrossEntropyLoss
from coursepkg.nn.norm import BatchNorm1d, BatchNorm2d, LayerNorm
from coursepkg.nn.optim import SGD, Adam
from coursepkg.nn.sequential import Sequential

__all__ = [
    "GELU",
    "SGD",
    "Adam",
    "BatchNorm1d",
    "BatchNorm2d",
    "Conv2d",
    "CrossEntropyLoss",
    "Flatten",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Tanh",
    "glorot_uniform",
    "he_normal",
    "log_softmax",
    "small_normal",
    "softmax",
    "torch_default",
]
