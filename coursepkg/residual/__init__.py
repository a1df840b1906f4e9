"""Residual connections: `numpy_layers` writes out forward and backward, `torch_layers` has autograd.

`numpy_resnet` and `torch_resnet` build the networks of the paper, `rules` says how large they are.
"""
