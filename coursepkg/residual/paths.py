"""A residual network as a sum over paths: each block is passed through its branch, or by its shortcut."""

from itertools import product
from math import comb

import numpy as np

from coursepkg.residual.numpy_layers import Residual
from coursepkg.validation import validate_float_array, validate_positive_int, validate_shape


def branch_matrices(blocks, x):
    """What each branch does to small changes of its input, at the input that it gets for x.

    For branches of linear layers without bias and ReLUs this is also what it does to the input itself: with
    the ReLUs frozen as x sets them, branch(h) = matrix @ h.

    Args:
        blocks: list of Residual without a shortcut layer, one after another, for vectors (1, D).
        x: float array (1, D).
    Returns:
        list of arrays (D, D): row i is the gradient of the branch's output i with respect to its input.
    Raises:
        TypeError: a block is no such Residual. ValueError: x is not (1, D).
    """
    validate_float_array("x", x)
    if x.ndim != 2 or len(x) != 1:
        raise ValueError(f"x must have shape (1, D), got {x.shape}")
    if not isinstance(blocks, list | tuple):
        raise TypeError(f"blocks must be a list of Residual, got {blocks!r}")
    matrices = []
    for position, block in enumerate(blocks):
        if not isinstance(block, Residual) or block.shortcut is not None:
            raise TypeError(
                f"blocks must all be Residual without a shortcut layer, got {block!r} at {position}"
            )
        branch = block.branch
        branch.forward(x)
        matrices.append(
            np.concatenate([branch.backward(row) for row in np.eye(x.shape[1], dtype=x.dtype)[:, None]])
        )
        x = block.forward(x)
    return matrices


def path_outputs(matrices, x):
    """What arrives at the end of a linearized residual network along each of its 2^n paths.

    Args:
        matrices: list of n arrays (D, D), the branches, first block first.
        x: array (D,).
    Returns:
        dict: a tuple of n booleans, True where the path goes through the branch -> array (D,). They add up
        to (I + M_n) ... (I + M_1) x.
    Raises:
        ValueError, TypeError: names the argument, its value or shape, and what is allowed.
    Source: Veit, Wilber and Belongie 2016, Residual Networks Behave Like Ensembles of Relatively Shallow
        Networks, section 3.1.
    """
    _validate_linear(matrices, x)
    outputs = {}
    for through in product((False, True), repeat=len(matrices)):
        outputs[through] = x
        for matrix, taken in zip(matrices, through, strict=True):
            if taken:
                outputs[through] = matrix @ outputs[through]
    return outputs


def paths_by_length(n):
    """How many of the 2^n paths of n blocks go through 0, 1, ..., n branches.

    Args:
        n: number of blocks, >= 1.
    Returns:
        list of n + 1 int.
    """
    n = validate_positive_int("n", n)
    return [comb(n, length) for length in range(n + 1)]


def share_by_length(matrices, x):
    """The size of what arrives along the paths of each length, on average over these paths.

    Args:
        matrices, x: as in `path_outputs`.
    Returns:
        array (n + 1,): the mean Euclidean norm of the outputs of the paths through 0, 1, ..., n branches.
    Raises:
        ValueError, TypeError: names the argument, its value or shape, and what is allowed.
    """
    outputs = path_outputs(matrices, x)
    norms = [[] for _ in range(len(matrices) + 1)]
    for through, output in outputs.items():
        norms[sum(through)].append(np.linalg.norm(output))
    return np.array([np.mean(norm) for norm in norms])


def _validate_linear(matrices, x):
    validate_float_array("x", x)
    if x.ndim != 1:
        raise ValueError(f"x must have shape (D,), got {x.shape}")
    if not isinstance(matrices, list | tuple):
        raise TypeError(f"matrices must be a list of arrays, got {matrices!r}")
    for matrix in matrices:
        validate_shape("matrices", validate_float_array("matrices", matrix), (len(x), len(x)))
