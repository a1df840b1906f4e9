"""Property checkers of the exercise on stochastic depth.

The rule at the head of `coursepkg.checks` holds: answers get arrays and numbers, and only what they return is
looked at. A mask is (N,), True where an example keeps the branch.
"""

import numpy as np

from coursepkg.checks.properties import (
    Violation,
    counter_example,
    must_be_array,
    must_be_close,
    must_be_number,
    must_be_predicted,
    must_not_modify,
    show,
)
from coursepkg.residual.rules import drop_path_shares


def predicted_blocks(value, name, expected, small):
    """A number of blocks or a probability, worked out with a pencil."""
    must_be_predicted(value, name, expected, "each block is kept with its own probability", small)


def shares_grow_evenly(shares, last, blocks):
    """shares(last, blocks): 0 for the first block, `last` for the last, and even steps between."""
    call = f"shares({show(last)}, {blocks})"
    found = must_be_array(shares(last, blocks), (blocks,), call)
    expected = np.array(drop_path_shares(last, blocks))
    ends = [0, -1]
    must_be_close(found[ends], expected[ends], "from 0 for the first block to `last` for the last", call)
    must_be_close(found, expected, "the steps are even", call)


def work_is_saved(work, last, blocks):
    """work(last, blocks): the share of all branches that is computed in training, on average."""
    call = f"work({show(last)}, {blocks})"
    got, expected = must_be_number(work(last, blocks), call), 1 - np.mean(drop_path_shares(last, blocks))
    if not abs(got - expected) <= 1e-6:
        raise Violation("the mean of the probabilities of keeping", counter_example(call, got, expected))


def branch_is_dropped(drop_branch, shape, p, mask, seed, *, dtype=np.float64):
    """drop_branch(x, branch, mask, p) is x plus the branch, scaled where it is kept.

    Args:
        drop_branch: the answer.
        shape: of x, the examples first.
        p: probability of dropping.
        mask: list of booleans.
        seed: of the numbers.
        dtype: of the numbers.
    """
    x, branch = _draw(shape, seed, dtype)
    mask = np.array(mask)
    given = x.copy(), branch.copy(), mask.copy()
    call = f"drop_branch(x, branch, mask, {show(p)}), x of shape {tuple(shape)}"
    y = must_be_array(drop_branch(*given, p), shape, call)
    must_not_modify(call, x=(given[0], x), branch=(given[1], branch), mask=(given[2], mask))
    more = {"mask": mask, "x": x, "branch": branch} if x.size <= 6 else {"mask": mask}
    must_be_close(y[~mask], x[~mask], "an example without the branch is copied", call, **more)
    right = x[mask] + branch[mask] / (1 - p)
    must_be_close(y[mask], right, "a branch that is kept is scaled by 1 / (1 - p)", call, **more)
    if y.dtype != dtype:
        raise Violation("the dtype stays", counter_example(call, str(y.dtype), str(np.dtype(dtype))))


def gradient_follows_the_mask(backward, shape, p, mask, seed):
    """drop_branch_backward(dy, mask, p) is (dx, dbranch).

    Args: as for `branch_is_dropped`.
    """
    dy, _ = _draw(shape, seed, np.float64)
    mask = np.array(mask)
    given, call = (
        (dy.copy(), mask.copy()),
        f"drop_branch_backward(dy, mask, {show(p)}), dy of shape {tuple(shape)}",
    )
    back = backward(*given, p)
    must_not_modify(call, dy=(given[0], dy), mask=(given[1], mask))
    if not isinstance(back, (tuple, list)) or len(back) != 2:
        raise Violation("returns two arrays", counter_example(call, show(back), "dx, dbranch"))
    dx, dbranch = (
        must_be_array(each, shape, call, name) for each, name in zip(back, ("dx", "dbranch"), strict=True)
    )
    more = {"mask": mask, "dy": dy} if dy.size <= 6 else {"mask": mask}
    must_be_close(dx, dy, "the shortcut is never dropped", f"dx of {call}", **more)
    right = dy * mask.reshape(-1, *[1] * (dy.ndim - 1)) / (1 - p)
    must_be_close(
        dbranch,
        right,
        "the branch's gradient has the mask and the scale of the way there",
        f"dbranch of {call}",
        **more,
    )


def masks_average_to_evaluation(mean_output, shape, p, seed):
    """mean_output(x, branch, p): the mean of drop_branch over all masks is what evaluation computes."""
    x, branch = _draw(shape, seed, np.float64)
    given, call = (x.copy(), branch.copy()), f"mean_output(x, branch, {show(p)})"
    y = must_be_array(mean_output(*given, p), shape, call)
    more = {"x": x, "branch": branch} if x.size <= 4 else {}
    must_be_close(y, x + branch, "on average a block does what it does in evaluation", call, **more)


def _draw(shape, seed, dtype):
    rng = np.random.default_rng(seed)
    return tuple(rng.standard_normal(shape).astype(dtype) for _ in range(2))
