"""Property checkers of the exercise on the paths of a residual network.

The rule at the head of `coursepkg.checks` holds: answers get arrays, numbers and lists of these. A network is
a list of matrices (n, n), the branches of its blocks, first block first; block i computes x + M_i x.
"""

import math
from itertools import product

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
from coursepkg.residual.paths import path_outputs, paths_by_length


def predicted_number(value, name, expected, small):
    """A number of paths, worked out with a pencil."""
    law = "every block doubles the number of paths"
    must_be_predicted(value, name, expected, law, small, rtol=1e-9)


def one_path(along, blocks, size, through, seed):
    """along(matrices, x, through): x through the chosen branches and past the others.

    Args:
        along: the answer.
        blocks: how many matrices.
        size: n.
        through: list of booleans, one for each block.
        seed: of the numbers.
    """
    matrices, x = _net(blocks, size, seed)
    given, call = x.copy(), f"along(matrices, x, {through})"
    got = must_be_array(along([m.copy() for m in matrices], given, list(through)), (size,), call)
    must_not_modify(call, x=(given, x))
    right = path_outputs(matrices, x)[tuple(through)]
    law = (
        "a path past all branches hands on x"
        if not any(through)
        else "a path goes through its branches in order"
    )
    must_be_close(got, right, law, call, **({"x": x} if size <= 2 else {}))


def all_paths_add_up(by_length, blocks, size, seed):
    """by_length(matrices, x) has a row for each length, and the rows add up to the network's output.

    Args: as for `one_path`.
    """
    matrices, x = _net(blocks, size, seed)
    given, call = x.copy(), f"by_length(matrices, x), {blocks} blocks, x of shape ({size},)"
    found = must_be_array(by_length([m.copy() for m in matrices], given), (blocks + 1, size), call)
    must_not_modify(call, x=(given, x))
    expected = np.zeros((blocks + 1, size))
    for through, output in path_outputs(matrices, x).items():
        expected[sum(through)] += output
    must_be_close(found[0], x, "one path goes through no branch", f"{call}: row 0")
    must_be_close(found.sum(axis=0), expected.sum(axis=0), "all paths add up to the network's output", call)
    must_be_close(found, expected, "a row adds up the paths of its length", call)


def short_paths_have_a_share(short_share, blocks, factor, longest):
    """short_share(n, factor, longest): the share of the paths through at most so many branches.

    Args:
        short_share: the answer.
        blocks: n.
        factor: by which each branch multiplies.
        longest: branches.
    """
    call = f"short_share({blocks}, {factor}, {longest})"
    sizes = [count * factor**length for length, count in enumerate(paths_by_length(blocks))]
    expected, got = (
        sum(sizes[: longest + 1]) / sum(sizes),
        must_be_number(short_share(blocks, factor, longest), call),
    )
    if abs(got - expected) <= 1e-6:
        return
    if factor == 1:
        law = "there are n! / (k! (n - k)!) paths of length k"
    else:
        law = "a path through k branches brings factor ** k"
    raise Violation(law, counter_example(call, got, expected))


def lost_paths(lost, blocks, size, gone, seed):
    """lost(matrices, x, gone): how much of the output is missing without some blocks.

    Args:
        lost: the answer.
        blocks, size, seed: as for `one_path`.
        gone: list of the numbers of the blocks that are taken out.
    """
    matrices, x = _net(blocks, size, seed)
    given, call = x.copy(), f"lost(matrices, x, {gone}), {blocks} blocks, x of shape ({size},)"
    back = lost([m.copy() for m in matrices], given, list(gone))
    must_not_modify(call, x=(given, x))
    if not isinstance(back, (tuple, list)) or len(back) != 2:
        raise Violation("returns a number and an array", counter_example(call, show(back), "count, missing"))
    count = must_be_number(back[0], f"count of {call}")
    right = 2**blocks - 2 ** (blocks - len(gone))
    if count != right:
        message = counter_example(call, f"{count:g} paths", f"{right} of {2**blocks} paths")
        raise Violation("a path is lost if it goes through any missing branch", message)
    missing = must_be_array(back[1], (size,), call, "what is missing")
    expected = sum(output for path, output in path_outputs(matrices, x).items() if any(path[i] for i in gone))
    must_be_close(missing, expected, "what is missing is what the lost paths brought", call)


def paths_of(blocks):
    """Lists of booleans for all paths of so many blocks."""
    return [list(through) for through in product((False, True), repeat=blocks)]


def _net(blocks, size, seed):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((size, size)) / math.sqrt(size) for _ in range(blocks)], rng.standard_normal(
        size
    )
