"""Pooling: `numpy_layers` writes out forward and backward, `torch_layers` has autograd."""
