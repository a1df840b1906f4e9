"""Training: `fit` and `evaluate`, the same call in `numpy_loop` and in `torch_loop`."""

from coursepkg.training.history import History
from coursepkg.training.schedules import cosine, one_cycle

__all__ = ["History", "cosine", "one_cycle"]
