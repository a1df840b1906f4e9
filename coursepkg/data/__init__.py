"""Small real data sets, none of which needs a download, as NumPy arrays."""

from coursepkg.data.fashion import FASHION_MNIST_CLASSES, fashion_mnist
from coursepkg.data.labels import randomize_labels
from coursepkg.data.scikit import diabetes, digits
from coursepkg.data.sequences import mnist1d
from coursepkg.data.splits import Data, Split

__all__ = [
    "FASHION_MNIST_CLASSES",
    "Data",
    "Split",
    "diabetes",
    "digits",
    "fashion_mnist",
    "mnist1d",
    "randomize_labels",
]
